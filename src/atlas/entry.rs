//! One actor as readers need it: small, immutable, with its GeoJSON already written.

use super::category::{self, NO_CATEGORY};
use super::words;
use crate::geo::World;
use crate::model::field::{CATEGORIES_MAX, place_part};
use crate::model::{Actor, Precision, State};
use geojson::Geometry;
use serde::Serialize;
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// One actor of the map. A new state of the actor is a new entry; this one never changes.
#[derive(Debug)]
pub struct Entry {
    /// Id of the actor.
    pub id: Uuid,
    /// Name as written.
    pub name: Box<str>,
    /// To check or confirmed; a deleted actor has no entry.
    pub state: State,
    /// UTC, milliseconds since 1970.
    pub updated_at: i64,
    places: Places,
    text: Box<str>,
    name_len: u16,
    categories: [u16; CATEGORIES_MAX],
    class: u16,
    pub(super) home_number: u32,
    pub(super) listed: Numbers,
}

/// Where an actor lies. Nearly all have one place; it is kept in the entry itself, which spares a million allocations.
#[derive(Debug)]
enum Places {
    Nowhere(Arc<str>),
    One([PlacePoint; 1]),
    Several(Box<[PlacePoint]>),
}

/// Numbers of territories, ascending; up to five without an allocation.
#[derive(Debug)]
pub(super) enum Numbers {
    Few(u8, [u32; 5]),
    Many(Box<[u32]>),
}

impl std::ops::Deref for Numbers {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        match self {
            Self::Few(len, numbers) => &numbers[..usize::from(*len)],
            Self::Many(numbers) => numbers,
        }
    }
}

impl From<Vec<u32>> for Numbers {
    fn from(mut all: Vec<u32>) -> Self {
        all.sort_unstable();
        all.dedup();
        let mut few = [0; 5];
        match few.get_mut(..all.len()) {
            Some(start) => {
                start.copy_from_slice(&all);
                Self::Few(all.len() as u8, few)
            }
            None => Self::Many(all.into()),
        }
    }
}

/// One place of an actor that lies somewhere.
#[derive(Debug)]
pub struct PlacePoint {
    /// Id of the place, filled up with zeros.
    place: [u8; 12],
    /// How exactly it is known.
    pub precision: Precision,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// Morton code of its point on the world's grid.
    pub(super) code: u64,
    /// Its GeoJSON feature.
    pub fragment: Arc<str>,
}

impl PlacePoint {
    /// Id of the place, unique inside its actor.
    pub fn place(&self) -> &str {
        std::str::from_utf8(&self.place).unwrap_or("").trim_end_matches('\0')
    }

    /// House number and street, or empty; read out of the feature.
    pub fn street(&self) -> String {
        street_of(&self.fragment)
    }
}

/// An entry that does not know the numbers of its territories yet; made outside the atlas's lock.
#[derive(Debug)]
pub(super) struct Draft {
    entry: Entry,
    home: Uuid,
    listed: Vec<Uuid>,
}

impl Draft {
    /// Reads an actor; none when it is deleted.
    pub(super) fn new(actor: &Actor) -> Option<Self> {
        let state = actor.state();
        if state == State::Deleted {
            return None;
        }
        let mut categories = [NO_CATEGORY; CATEGORIES_MAX];
        // The first slot is the primary category's, also when there is none: a second theme does not take its place.
        let all = std::iter::once(actor.category()).chain(actor.doc.set("categories")).map(category::number);
        for (slot, number) in categories.iter_mut().zip(all) {
            let Some(number) = number else { continue };
            *slot = number;
        }
        let class = category::class(&categories, state == State::Confirmed);
        let (text, name_len) = words::text_of(actor);
        let writer = FeatureWriter::new(actor, state);
        let places = actor.places();
        let mut points: Vec<PlacePoint> = Vec::with_capacity(places.len());
        for (i, place) in places.iter().enumerate() {
            let Some([lon, lat]) = place.point else { continue };
            let mut id = [0; 12];
            id.iter_mut().zip(place.id.bytes()).for_each(|(to, from)| *to = from);
            let fragment = writer.write(Some((&place.id, Some(place.precision))), place.point, i == 0).into();
            points.push(PlacePoint { place: id, precision: place.precision, lon, lat, code: World::at(lon, lat).code(), fragment });
        }
        let places = if points.is_empty() {
            // Without a position: the place that is online, or an address that nobody has placed on the map yet.
            let online = places.first().map(|p| (p.id.as_str(), Some(p.precision)));
            let address = || actor.doc.fields.keys().find_map(|f| place_part(f).filter(|(_, part)| *part == "address"));
            Places::Nowhere(writer.write(online.or_else(|| address().map(|(place, _)| (place, None))), None, true).into())
        } else {
            <[PlacePoint; 1]>::try_from(points).map_or_else(|several| Places::Several(several.into()), Places::One)
        };
        let entry = Entry {
            id: actor.id,
            name: actor.name().into(),
            state,
            updated_at: actor.updated_at,
            places,
            text: text.into(),
            name_len,
            categories,
            class,
            home_number: 0,
            listed: Numbers::Few(0, [0; 5]),
        };
        Some(Self { entry, home: actor.home, listed: actor.territories.clone() })
    }

    /// The entry, which knows no territories yet.
    pub(super) fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Puts the numbers of the territories in.
    pub(super) fn finish(mut self, mut number: impl FnMut(Uuid) -> u32) -> Entry {
        self.entry.home_number = number(self.home);
        self.entry.listed = self.listed.into_iter().map(number).collect::<Vec<_>>().into();
        self.entry
    }
}

impl Entry {
    /// `THEME.sub`, `THEME`, or empty when nobody classified it.
    pub fn category(&self) -> &'static str {
        category::code(self.categories[0])
    }

    /// Code of the primary category's theme, or empty.
    pub fn theme(&self) -> &'static str {
        self.category().split('.').next().unwrap_or("")
    }

    /// One bit per theme, in taxonomy order.
    pub fn themes(&self) -> u16 {
        self.class & category::THEMES
    }

    /// Its places that lie somewhere, ordered by their id.
    pub fn points(&self) -> &[PlacePoint] {
        match &self.places {
            Places::Nowhere(_) => &[],
            Places::One(point) => point,
            Places::Several(points) => points,
        }
    }

    /// House number and street of its first place, or empty; read out of the feature.
    pub fn street(&self) -> String {
        self.bare().or_else(|| self.points().first().map(|p| &p.fragment)).map(|f| street_of(f)).unwrap_or_default()
    }

    /// Folded name: what lists are sorted by.
    pub fn sort_name(&self) -> &str {
        self.text.get(1..1 + usize::from(self.name_len)).unwrap_or("")
    }

    /// The feature without geometry of an actor that lies nowhere.
    pub fn bare(&self) -> Option<&Arc<str>> {
        if let Places::Nowhere(feature) = &self.places { Some(feature) } else { None }
    }

    /// Numbers of the territories that it belongs to, ascending, when it is known which exist.
    pub(super) fn territories(&self, exists: impl Fn(u32) -> bool) -> Vec<u32> {
        let listed: Vec<u32> = self.listed.iter().copied().filter(|n| exists(*n)).collect();
        if listed.is_empty() && exists(self.home_number) { vec![self.home_number] } else { listed }
    }

    /// Themes and state in one number; see [`category::class`].
    pub(super) fn class(&self) -> u16 {
        self.class
    }

    /// Numbers of its categories.
    pub(super) fn category_numbers(&self) -> impl Iterator<Item = u16> {
        self.categories.into_iter().filter(|n| *n != NO_CATEGORY)
    }

    /// Folded words, each after a space, the name's first.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Writes the GeoJSON features of an actor; what its places share is prepared once.
struct FeatureWriter<'a> {
    actor: &'a Actor,
    id: String,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Feature<'a> {
    r#type: &'static str,
    id: &'a str,
    geometry: Option<Geometry>,
    properties: &'a Properties<'a>,
}

#[derive(Clone, Serialize)]
struct Properties<'a> {
    id: Uuid,
    place: Option<&'a str>,
    name: &'a str,
    category: &'a str,
    theme: &'a str,
    categories: Vec<&'a str>,
    state: State,
    summary: &'a str,
    street: String,
    precision: Option<Precision>,
    confirmed_on: Option<&'a str>,
    updated_at: String,
    source: Option<&'a str>,
    closing: bool,
}

impl<'a> FeatureWriter<'a> {
    fn new(actor: &'a Actor, state: State) -> Self {
        let properties = Properties {
            id: actor.id,
            place: None,
            name: actor.name(),
            category: actor.category(),
            theme: actor.category().split('.').next().unwrap_or(""),
            categories: actor.categories().collect(),
            state,
            summary: actor.doc.text("summary"),
            street: String::new(),
            precision: None,
            confirmed_on: Some(actor.doc.text("confirmed_on")).filter(|day| !day.is_empty()),
            updated_at: rfc3339(actor.updated_at),
            source: actor.origin.as_ref().and_then(|o| o.reference.split(':').next()),
            closing: !actor.doc.text("closing").is_empty(),
        };
        Self { actor, id: actor.id.to_string(), properties }
    }

    /// The feature of one place, or of the actor when it lies nowhere. Only the first place has the actor's own id.
    fn write(&self, place: Option<(&str, Option<Precision>)>, point: Option<[f64; 2]>, first: bool) -> String {
        let mut properties = self.properties.clone();
        properties.place = place.map(|(id, _)| id);
        properties.precision = place.and_then(|(_, precision)| precision);
        properties.street = place.map(|(id, _)| self.actor.street(id)).unwrap_or_default();
        let further = place.filter(|_| !first).map(|(place, _)| format!("{}/{place}", self.id));
        let id = further.as_deref().unwrap_or(&self.id);
        let feature = Feature { r#type: "Feature", id, geometry: point.map(Geometry::new_point), properties: &properties };
        let mut bytes = Vec::with_capacity(768);
        // Texts and numbers can always be written as JSON into memory.
        let _ = serde_json::to_writer(&mut bytes, &feature);
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// The street that a feature tells.
fn street_of(feature: &str) -> String {
    let feature: serde_json::Value = serde_json::from_str(feature).unwrap_or_default();
    feature["properties"]["street"].as_str().unwrap_or("").to_owned()
}

/// Milliseconds since 1970 → RFC 3339, UTC.
fn rfc3339(ms: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}
