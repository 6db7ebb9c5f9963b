//! An actor, and its places.

use super::category::taxonomy;
use super::doc::Doc;
use super::field::place_part;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// One person, association, collective, company… on the map, with everything that is read together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Actor {
    /// Id, made by the client that created it.
    pub id: Uuid,
    /// The territory it was created in; it holds actors without a place or outside every boundary.
    pub home: Uuid,
    /// Its fields.
    pub doc: Doc,
    /// UTC, milliseconds since 1970.
    pub created_at: i64,
    /// UTC, milliseconds since 1970.
    pub updated_at: i64,
    /// The territories that hold one of its places, computed when it was written; the home is not among them unless it holds a place.
    pub territories: Vec<Uuid>,
    /// `osm:node/12`, with version and licence, for an actor that came from a source.
    pub origin: Option<Origin>,
}

/// Where an imported actor comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// `osm:node/12`.
    pub reference: String,
    /// Version of the object in its source.
    pub version: i64,
    /// SPDX name of the licence.
    pub licence: String,
}

/// How exactly a place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// The door.
    Exact,
    /// Somewhere in the street.
    Street,
    /// Somewhere in the quartier.
    Quartier,
    /// Somewhere in the commune.
    Commune,
    /// No place: online only.
    Online,
}

impl Precision {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Street => "street",
            Self::Quartier => "quartier",
            Self::Commune => "commune",
            Self::Online => "online",
        }
    }
}

/// One position of an actor.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// `[a-z0-9]{1,12}`, unique inside its actor.
    pub id: String,
    /// Longitude and latitude, degrees WGS84; none when it is online.
    pub point: Option<[f64; 2]>,
    /// How exactly it is known.
    pub precision: Precision,
}

/// Whether somebody has confirmed the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Imported or added, seen by nobody else yet.
    ToCheck,
    /// Somebody said « C’est juste ».
    Confirmed,
    /// Taken off the map.
    Deleted,
}

impl State {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToCheck => "to_check",
            Self::Confirmed => "confirmed",
            Self::Deleted => "deleted",
        }
    }
}

impl Actor {
    /// Name, never empty.
    pub fn name(&self) -> &str {
        self.doc.text("name")
    }

    /// `THEME.sub`, or empty when nobody classified it.
    pub fn category(&self) -> &str {
        self.doc.text("primary_category")
    }

    /// Primary category first, then the others.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.category()).filter(|c| !c.is_empty()).chain(self.doc.set("categories"))
    }

    /// One bit per theme of its categories, in taxonomy order (13 bits).
    pub fn themes(&self) -> u16 {
        self.categories().filter_map(|c| taxonomy().theme_index(c)).fold(0, |mask, i| mask | 1 << i)
    }

    /// To check, confirmed or deleted.
    pub fn state(&self) -> State {
        if self.doc.deleted {
            State::Deleted
        } else if self.doc.text("confirmed_on").is_empty() {
            State::ToCheck
        } else {
            State::Confirmed
        }
    }

    /// Its places, ordered by id.
    pub fn places(&self) -> Vec<Place> {
        let positions = self.doc.fields.iter().filter_map(|(field, value)| match place_part(field) {
            Some((place, "position")) => Some((place, value)),
            _ => None,
        });
        positions.map(|(place, value)| read_place(place, value)).collect()
    }

    /// The address of a place.
    pub fn address(&self, place: &str) -> Option<&Value> {
        self.doc.fields.get(&format!("place/{place}/address"))
    }

    /// House number and street of a place, for a list.
    pub fn street(&self, place: &str) -> String {
        let Some(address) = self.address(place) else { return String::new() };
        let part = |key: &str| address.get(key).and_then(Value::as_str).unwrap_or("");
        match (part("housenumber"), part("street")) {
            ("", street) => street.into(),
            (_, "") => String::new(),
            (number, street) => format!("{number} {street}"),
        }
    }
}

fn read_place(id: &str, value: &Value) -> Place {
    let word = value.get("precision").cloned().unwrap_or(Value::Null);
    let precision = serde_json::from_value(word).unwrap_or(Precision::Exact);
    let number = |key: &str| value.get(key).and_then(Value::as_f64);
    Place { id: id.into(), point: number("lon").zip(number("lat")).map(|(x, y)| [x, y]), precision }
}
