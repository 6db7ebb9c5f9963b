//! The streets of a territory: named ways, and names that only addresses know.

use super::tags::{Tags, values};
use super::{Boundary, Street};
use crate::geo::Shape;
use crate::geo::mercator::metres;
use crate::model::text::{clean, fold};
use std::collections::{BTreeMap, HashMap};

/// Ways with a `highway` tag that nobody lives in.
const NO_STREET: [&str; 13] = [
    "motorway",
    "motorway_link",
    "construction",
    "proposed",
    "platform",
    "services",
    "rest_area",
    "raceway",
    "corridor",
    "bus_guideway",
    "escape",
    "elevator",
    "via_ferrata",
];

/// A piece of a named street.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    name: String,
    /// Its middle, degrees.
    middle: [f64; 2],
    metres: f64,
}

/// A street as an address writes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    name: String,
    point: [f64; 2],
    postcode: Option<String>,
    city: Option<String>,
}

/// Whether the tags are those of a street or a square with a name.
pub(super) fn is_street(tags: &Tags<'_>) -> bool {
    let street = tags.get("highway").is_some_and(|h| !NO_STREET.contains(&h)) || tags.is("place", "square");
    street && tags.name().is_some()
}

/// The piece that a way with these positions is.
pub(super) fn piece(tags: &Tags<'_>, line: &[[f64; 2]]) -> Option<Piece> {
    let name = street_name(tags.name()?)?;
    let length: f64 = line.windows(2).map(|w| metres(w[0], w[1])).sum();
    let mut left = length / 2.0;
    let mut middle = *line.first()?;
    for w in line.windows(2) {
        let step = metres(w[0], w[1]);
        if step >= left && step > 0.0 {
            let part = left / step;
            middle = [w[0][0] + (w[1][0] - w[0][0]) * part, w[0][1] + (w[1][1] - w[0][1]) * part];
            break;
        }
        left -= step;
    }
    Some(Piece { name, middle, metres: length })
}

/// The street of an object's address.
pub(super) fn mention(tags: &Tags<'_>, point: impl FnOnce() -> Option<[f64; 2]>) -> Option<Mention> {
    let name = street_name(tags.first(&["addr:street", "contact:street"])?)?;
    let text = |keys: &[&str]| tags.first(keys).map(|v| clean(v, false)).filter(|v| v.chars().count() <= 120);
    Some(Mention { name, point: point()?, postcode: text(&["addr:postcode", "contact:postcode"]), city: text(&["addr:city", "contact:city"]) })
}

fn street_name(name: &str) -> Option<String> {
    let name = clean(values(name).next()?, false);
    (!fold(&name).is_empty() && name.chars().count() <= 120).then_some(name)
}

/// What is known of one street while it is put together.
#[derive(Default)]
struct Draft {
    /// Length of the piece that gave name and point; 0 for an address.
    metres: f64,
    name: String,
    point: [f64; 2],
    postcodes: BTreeMap<String, usize>,
    cities: BTreeMap<String, usize>,
}

/// Streets of a territory by name. Two streets of one name are one, unless they lie in two of its communes.
pub(super) fn streets(pieces: Vec<Piece>, mentions: Vec<Mention>, boundary: &Boundary, shape: &Shape, nested: &[Boundary]) -> Vec<Street> {
    let communes = nested.iter().filter(|b| b.kind == "commune");
    let communes: Vec<(&str, Shape)> = communes.filter_map(|b| Some((b.name.as_str(), Shape::from_geojson(&b.geometry)?))).collect();
    let commune_at = |[x, y]: [f64; 2]| {
        let inside = communes.iter().find(|(_, shape)| shape.covers(x, y)).map(|(name, _)| (*name).to_owned());
        inside.or_else(|| (boundary.kind == "commune").then(|| boundary.name.clone()))
    };
    let mut drafts: HashMap<(Option<String>, String), Draft> = HashMap::new();
    for piece in pieces.into_iter().filter(|p| shape.covers(p.middle[0], p.middle[1])) {
        let draft = drafts.entry((commune_at(piece.middle), fold(&piece.name))).or_default();
        // Of two pieces of one length the name decides, so that the order of reading does not.
        if draft.name.is_empty() || (piece.metres, &draft.name) > (draft.metres, &piece.name) {
            (draft.metres, draft.name, draft.point) = (piece.metres, piece.name, piece.middle);
        }
    }
    for mention in mentions.into_iter().filter(|m| shape.covers(m.point[0], m.point[1])) {
        let draft = drafts.entry((commune_at(mention.point), fold(&mention.name))).or_default();
        if draft.name.is_empty() {
            (draft.name, draft.point) = (mention.name, mention.point);
        }
        for (count, word) in [(&mut draft.postcodes, mention.postcode), (&mut draft.cities, mention.city)] {
            if let Some(word) = word {
                *count.entry(word).or_default() += 1;
            }
        }
    }
    let most = |words: BTreeMap<String, usize>| words.into_iter().max_by_key(|(_, n)| *n).map(|(word, _)| word);
    let grid = |degrees: f64| (degrees * 1e7).round() / 1e7;
    let mut out: Vec<(String, Street)> = drafts
        .into_iter()
        .map(|((city, folded), d)| {
            let street = Street {
                name: d.name,
                lon: grid(d.point[0]),
                lat: grid(d.point[1]),
                postcode: most(d.postcodes),
                city: city.or_else(|| most(d.cities)),
            };
            (folded, street)
        })
        .collect();
    out.sort_by(|(a, s), (b, t)| a.cmp(b).then_with(|| s.city.cmp(&t.city)));
    out.into_iter().map(|(_, street)| street).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn square(name: &str, kind: &str, west: f64, east: f64) -> Boundary {
        let geometry = json!({"type": "Polygon", "coordinates": [[[west, 0], [east, 0], [east, 1], [west, 1], [west, 0]]]});
        Boundary { name: name.into(), kind: kind.into(), code: None, population: None, osm: None, geometry, warning: None }
    }

    fn named(name: &str, line: &[[f64; 2]]) -> Piece {
        piece(&Tags::of(&[("highway", "residential"), ("name", name)]), line).unwrap()
    }

    #[test]
    fn a_street_is_one_and_its_point_is_the_middle_of_its_longest_piece() {
        let commune = square("Saint-Aubin", "commune", 0.0, 1.0);
        let shape = Shape::from_geojson(&commune.geometry).unwrap();
        let pieces = vec![
            named("Rue de l'Eglise", &[[0.1, 0.1], [0.11, 0.1]]),
            named("Rue de l’Église", &[[0.2, 0.1], [0.2, 0.1], [0.25, 0.1], [0.3, 0.1]]),
            named("Rue d'ailleurs", &[[1.1, 0.1], [1.3, 0.1]]),
        ];
        let mention = |name: &str| Mention { name: name.into(), point: [0.5, 0.5], postcode: Some("35600".into()), city: Some("X".into()) };
        let found = streets(pieces, vec![mention("rue de l'église"), mention("Le Bourg")], &commune, &shape, &[]);
        let seen: Vec<_> = found.iter().map(|s| (s.name.as_str(), s.lon, s.postcode.as_deref(), s.city.as_deref())).collect();
        let city = Some("Saint-Aubin");
        assert_eq!(seen, [("Le Bourg", 0.5, Some("35600"), city), ("Rue de l’Église", 0.25, Some("35600"), city)]);
    }

    #[test]
    fn communes_of_a_country_may_each_have_the_same_street() {
        let country = square("Pays", "country", 0.0, 2.0);
        let shape = Shape::from_geojson(&country.geometry).unwrap();
        let communes = [square("Ici", "commune", 0.0, 1.0), square("Là", "commune", 1.0, 2.0)];
        let pieces = vec![named("Grande Rue", &[[0.1, 0.1], [0.2, 0.1]]), named("Grande Rue", &[[1.1, 0.1], [1.2, 0.1]])];
        let found = streets(pieces, vec![], &country, &shape, &communes);
        assert_eq!(found.iter().map(|s| s.city.as_deref()).collect::<Vec<_>>(), [Some("Ici"), Some("Là")]);
    }
}
