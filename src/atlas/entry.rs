//! One actor as readers need it: small, immutable, with its GeoJSON already written.

use super::category::{self, NO_CATEGORY};
use super::words;
use crate::geo::World;
use crate::model::field::{CATEGORIES_MAX, place_part};
use crate::model::{Actor, Precision, State};
use geojson::{Feature, Geometry, JsonObject, feature::Id};
use serde_json::json;
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// One actor of the map. A new state of the actor is a new entry; this one never changes.
#[derive(Debug)]
pub struct Entry {
    /// Id of the actor.
    pub id: Uuid,
    /// The territory it was created in.
    pub home: Uuid,
    /// Name as written.
    pub name: Box<str>,
    /// To check or confirmed; a deleted actor has no entry.
    pub state: State,
    /// UTC, milliseconds since 1970.
    pub updated_at: i64,
    /// Its places that lie somewhere, ordered by their id.
    pub points: Box<[PlacePoint]>,
    /// The feature of an actor that lies nowhere.
    bare: Option<Arc<str>>,
    text: Box<str>,
    name_len: u16,
    categories: [u16; CATEGORIES_MAX],
    class: u16,
    pub(super) home_number: u32,
    pub(super) listed: Box<[u32]>,
}

/// One place of an actor that lies somewhere.
#[derive(Debug)]
pub struct PlacePoint {
    /// Id of the place, unique inside its actor.
    pub place: Box<str>,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// How exactly it is known.
    pub precision: Precision,
    /// House number and street, or empty.
    pub street: Box<str>,
    /// Morton code of its point on the world's grid.
    pub(super) code: u64,
    /// Its GeoJSON feature.
    pub fragment: Arc<str>,
}

/// An entry that does not know the numbers of its territories yet; made outside the atlas's lock.
#[derive(Debug)]
pub(super) struct Draft {
    entry: Entry,
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
        for (slot, number) in categories.iter_mut().zip(actor.categories().filter_map(category::number)) {
            *slot = number;
        }
        let class = category::class(&categories, state == State::Confirmed);
        let (text, name_len) = words::text_of(actor);
        let places = actor.places();
        let first = places.first().map(|p| p.id.clone());
        let points: Box<[PlacePoint]> = places
            .iter()
            .filter_map(|place| {
                let [lon, lat] = place.point?;
                let street = actor.street(&place.id);
                let feature = feature(actor, state, Some((&place.id, Some(place.precision))), place.point, first.as_deref() == Some(&place.id));
                let code = World::at(lon, lat).code();
                Some(PlacePoint {
                    place: place.id.as_str().into(),
                    lon,
                    lat,
                    precision: place.precision,
                    street: street.into(),
                    code,
                    fragment: feature.into(),
                })
            })
            .collect();
        let bare = points.is_empty().then(|| {
            // Without a position: the place that is online, or an address that nobody has placed on the map yet.
            let online = places.first().map(|p| (p.id.as_str(), Some(p.precision)));
            let address = || actor.doc.fields.keys().find_map(|f| place_part(f).filter(|(_, part)| *part == "address"));
            feature(actor, state, online.or_else(|| address().map(|(place, _)| (place, None))), None, true).into()
        });
        let entry = Entry {
            id: actor.id,
            home: actor.home,
            name: actor.name().into(),
            state,
            updated_at: actor.updated_at,
            points,
            bare,
            text: text.into(),
            name_len,
            categories,
            class,
            home_number: 0,
            listed: Box::default(),
        };
        Some(Self { entry, listed: actor.territories.clone() })
    }

    /// Puts the numbers of the territories in.
    pub(super) fn finish(mut self, mut number: impl FnMut(Uuid) -> u32) -> Entry {
        self.entry.home_number = number(self.entry.home);
        let mut listed: Vec<u32> = self.listed.into_iter().map(number).collect();
        listed.sort_unstable();
        listed.dedup();
        self.entry.listed = listed.into();
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

    /// House number and street of its first place, or empty.
    pub fn street(&self) -> &str {
        self.points.first().map_or("", |p| &p.street)
    }

    /// Folded name: what lists are sorted by.
    pub fn sort_name(&self) -> &str {
        self.text.get(1..1 + usize::from(self.name_len)).unwrap_or("")
    }

    /// The feature without geometry of an actor that lies nowhere.
    pub fn bare(&self) -> Option<&Arc<str>> {
        self.bare.as_ref()
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

/// The GeoJSON feature of one place, or of the actor when it lies nowhere.
fn feature(actor: &Actor, state: State, place: Option<(&str, Option<Precision>)>, point: Option<[f64; 2]>, first: bool) -> String {
    let id = match place {
        Some((place, _)) if !first => format!("{}/{place}", actor.id),
        _ => actor.id.to_string(),
    };
    let category = actor.category();
    let confirmed = Some(actor.doc.text("confirmed_on")).filter(|day| !day.is_empty());
    let source = actor.origin.as_ref().and_then(|o| o.reference.split(':').next());
    let mut properties = JsonObject::new();
    for (key, value) in [
        ("id", json!(actor.id)),
        ("place", json!(place.map(|(id, _)| id))),
        ("name", json!(actor.name())),
        ("category", json!(category)),
        ("theme", json!(category.split('.').next())),
        ("categories", json!(actor.categories().collect::<Vec<_>>())),
        ("state", json!(state)),
        ("summary", json!(actor.doc.text("summary"))),
        ("street", json!(place.map(|(id, _)| actor.street(id)).unwrap_or_default())),
        ("precision", json!(place.and_then(|(_, precision)| precision))),
        ("confirmed_on", json!(confirmed)),
        ("updated_at", json!(rfc3339(actor.updated_at))),
        ("source", json!(source)),
        ("closing", json!(!actor.doc.text("closing").is_empty())),
    ] {
        properties.insert(key.to_owned(), value);
    }
    let geometry = point.map(Geometry::new_point);
    Feature { bbox: None, geometry, id: Some(Id::String(id)), properties: Some(properties), foreign_members: None }.to_string()
}

/// Milliseconds since 1970 → RFC 3339, UTC.
fn rfc3339(ms: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}
