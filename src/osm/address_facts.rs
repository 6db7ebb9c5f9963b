//! What the tags of one object say about addresses.

use super::streets::{is_street, plate_name};
use super::tags::{Tags, values};
use crate::model::text::{clean, fold};

/// House numbers read from one value such as `1;3;5`.
const NUMBERS_PER_VALUE: usize = 20;

/// Places that are a part of a commune or lie in it.
const LOCALITIES: [&str; 10] = ["city", "town", "village", "hamlet", "isolated_dwelling", "farm", "locality", "suburb", "quarter", "neighbourhood"];

/// Public places that people look for, by tag, with the word that people use for each when its name does not say it.
const PUBLIC: [(&str, &[(&str, &str)]); 5] = [
    (
        "amenity",
        &[
            ("townhall", "Mairie"),
            ("school", "École"),
            ("kindergarten", "École maternelle"),
            ("college", "École"),
            ("university", "Université"),
            ("library", "Bibliothèque"),
            ("community_centre", "Salle"),
            ("social_centre", "Centre social"),
            ("hospital", "Hôpital"),
            ("theatre", "Théâtre"),
            ("cinema", "Cinéma"),
            ("arts_centre", "Centre culturel"),
            ("post_office", "Poste"),
            ("police", "Police"),
            ("fire_station", "Pompiers"),
            ("courthouse", "Tribunal"),
            ("place_of_worship", ""),
            ("marketplace", "Marché"),
            ("bus_station", "Gare routière"),
        ],
    ),
    ("railway", &[("station", "Gare"), ("halt", "Gare")]),
    (
        "leisure",
        &[
            ("park", "Parc"),
            ("garden", "Jardin"),
            ("stadium", "Stade"),
            ("sports_centre", "Salle de sport"),
            ("swimming_pool", "Piscine"),
            ("nature_reserve", ""),
        ],
    ),
    ("tourism", &[("museum", "Musée"), ("gallery", "Galerie"), ("zoo", "Zoo")]),
    ("landuse", &[("cemetery", "Cimetière")]),
];

/// What the tags of one object say about addresses.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    pub(super) numbers: Vec<String>,
    /// The street of its address.
    pub(super) street: Option<String>,
    /// The place of an address without streets: a hamlet.
    pub(super) hamlet: Option<String>,
    pub(super) postcode: Option<String>,
    pub(super) city: Option<String>,
    pub(super) name: Option<String>,
    pub(super) other: Vec<String>,
    /// It is a named street.
    pub(super) way: bool,
    /// Value of `place`.
    pub(super) place: Option<&'static str>,
    /// It is a public place of this kind.
    pub(super) poi: Option<String>,
    pub(super) population: Option<u64>,
    pub(super) citycode: Option<String>,
}

impl Facts {
    /// A street is a line even when it closes.
    pub(super) fn is_line(&self) -> bool {
        self.way
    }
}

/// What the tags say about addresses; nothing for most objects.
pub(super) fn facts(tags: &Tags<'_>) -> Option<Facts> {
    if tags.0.is_empty() {
        return None;
    }
    let text = |keys: &[&str]| tags.first(keys).map(|v| clean(v, false)).filter(|v| (1..=120).contains(&v.chars().count()));
    let numbers = tags.first(&["addr:housenumber", "contact:housenumber"]).map(house_numbers).unwrap_or_default();
    let street = tags.first(&["addr:street", "contact:street"]).and_then(plate_name);
    let hamlet = tags.get("addr:place").and_then(plate_name).filter(|_| street.is_none());
    let name = tags.name().and_then(plate_name);
    let way = is_street(tags);
    let place = tags.get("place").and_then(|p| LOCALITIES.into_iter().find(|l| *l == p)).filter(|_| name.is_some());
    let poi = name.as_ref().and_then(|_| public(tags));
    let (poi, word) = poi.map_or((None, ""), |(poi, word)| (Some(poi), word));
    if numbers.is_empty() && street.is_none() && hamlet.is_none() && !way && place.is_none() && poi.is_none() {
        return None;
    }
    let other_keys = ["alt_name", "old_name", "official_name", "short_name", "loc_name", "name", "name:fr"];
    let mut other: Vec<String> = other_keys.iter().filter_map(|k| tags.get(k)).flat_map(values).filter_map(plate_name).take(6).collect();
    other.retain(|o| Some(o) != name.as_ref());
    // « Solvigné » is a station on the map and « la gare de Solvigné » to people.
    if let Some(name) = name.as_ref().filter(|n| !word.is_empty() && !fold(n).contains(&fold(word))) {
        other.push(format!("{word} {name}"));
    }
    other.sort();
    other.dedup();
    Some(Facts {
        numbers,
        street,
        hamlet,
        postcode: text(&["addr:postcode", "contact:postcode", "postal_code"]),
        city: text(&["addr:city", "contact:city"]),
        name,
        other,
        way,
        place,
        poi,
        population: tags.get("population").and_then(|p| p.trim().parse().ok()),
        citycode: text(&["ref:INSEE"]),
    })
}

/// The tag of a public place, and the word for its kind.
fn public(tags: &Tags<'_>) -> Option<(String, &'static str)> {
    PUBLIC.iter().find_map(|(key, kinds)| {
        let value = tags.get(key)?;
        kinds.iter().find(|(kind, _)| *kind == value).map(|(_, word)| (format!("{key}={value}"), *word))
    })
}

/// `1;3` → 1 and 3; `12 Bis` → `12 bis`.
fn house_numbers(value: &str) -> Vec<String> {
    let each = value.split([';', ',']).map(|n| clean(n, false).to_lowercase()).filter(|n| (1..=12).contains(&n.chars().count()));
    each.filter(|n| n.chars().any(char::is_alphanumeric)).take(NUMBERS_PER_VALUE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_objects_say_nothing_about_addresses() {
        assert_eq!(facts(&Tags::of(&[("building", "yes"), ("name", "X")])), None);
        assert_eq!(facts(&Tags::of(&[])), None);
        assert_eq!(house_numbers("1; 3 ,,;-; 12 BIS"), ["1", "3", "12 bis"]);
    }

    #[test]
    fn a_public_place_goes_by_the_word_for_its_kind_too() {
        let other = |tags: &[(&str, &str)]| facts(&Tags::of(tags)).unwrap().other;
        assert_eq!(other(&[("railway", "station"), ("name", "Solvigné")]), ["Gare Solvigné"]);
        assert_eq!(other(&[("amenity", "library"), ("name", "Bibliothèque Colette")]), [""; 0]);
    }
}
