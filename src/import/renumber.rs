//! One thing under another number: a node that became the building's outline, a way that was drawn anew. Pure.

use super::items::{point, reference};
use crate::geo::mercator::metres;
use crate::model::Fields;
use crate::model::similar::{PROBABLY_THE_SAME, likeness};
use crate::osm::{Doubt, Found, Verdict};
use crate::store::Known;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Farther apart are two things.
pub(super) const NEAR_METRES: f64 = 30.0;
/// Side of a cell in degrees: more than the distance at any latitude that people live at, north to south.
const CELL: f64 = 0.001;

/// Something with a name somewhere.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named<'a> {
    /// `osm:node/12`.
    pub(super) reference: &'a str,
    /// Its names: here, and as last imported.
    pub(super) names: Vec<&'a str>,
    /// Where it is or was, degrees.
    pub(super) points: Vec<[f64; 2]>,
}

/// New reference → old reference, for the objects of a source that were imported under a number that is gone.
pub(super) fn find(known: &HashMap<String, Known>, gone: &BTreeSet<String>, found: &[Found]) -> BTreeMap<String, String> {
    if gone.is_empty() {
        return BTreeMap::new();
    }
    let old = gone.iter().filter_map(|r| known.get(r)).map(|k| {
        let both = [&k.doc.fields, &k.origin.values];
        Named {
            reference: &k.origin.reference,
            names: both.into_iter().filter_map(name).collect(),
            points: both.into_iter().filter_map(point).collect(),
        }
    });
    let references: Vec<String> = found.iter().map(reference).collect();
    // What stands in the source twice is no newcomer.
    let is_new = |f: &Found, r: &String| f.verdict != Verdict::Candidate(Doubt::Duplicate) && !known.contains_key(r);
    let new = found.iter().zip(&references).filter(|(f, r)| is_new(f, r)).map(|(f, r)| Named {
        reference: r,
        names: name(&f.fields).into_iter().collect(),
        points: point(&f.fields).into_iter().collect(),
    });
    let pairs = pair(&old.collect::<Vec<_>>(), &new.collect::<Vec<_>>());
    pairs.into_iter().map(|(new, old)| (new.to_owned(), old.to_owned())).collect()
}

fn name(fields: &Fields) -> Option<&str> {
    fields.get("name").and_then(Value::as_str)
}

/// Pairs what is gone with what is new: similar names within 30 m, the most similar and then the nearest first, each once.
/// Gives new reference → old reference.
pub(super) fn pair<'a>(gone: &[Named<'a>], new: &[Named<'a>]) -> BTreeMap<&'a str, &'a str> {
    let mut cells: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
    for (i, one) in gone.iter().enumerate() {
        for point in &one.points {
            cells.entry(cell(*point)).or_default().push(i);
        }
    }
    let mut pairs: Vec<(f64, f64, &str, &str)> = Vec::new();
    for one in new {
        for i in around(&cells, &one.points) {
            let metres = distance(&one.points, &gone[i].points);
            let like = one.names.iter().flat_map(|a| gone[i].names.iter().map(|b| likeness(a, b))).fold(0.0, f64::max);
            if metres <= NEAR_METRES && like >= PROBABLY_THE_SAME {
                pairs.push((like, metres, one.reference, gone[i].reference));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let (mut taken, mut out) = (BTreeSet::new(), BTreeMap::new());
    for (_, _, new, old) in pairs {
        if !out.contains_key(new) && taken.insert(old) {
            out.insert(new, old);
        }
    }
    out
}

/// What lies in the cells around some points, each once. A degree of longitude is shorter than one of latitude, so cells beside are looked
/// at as far as 30 m can reach.
fn around(cells: &HashMap<(i64, i64), Vec<usize>>, points: &[[f64; 2]]) -> Vec<usize> {
    let mut found = Vec::new();
    for point in points {
        let (x, y) = cell(*point);
        let wide = (NEAR_METRES / (111_000.0 * point[1].to_radians().cos().max(0.001)) / CELL).ceil() as i64;
        for dx in -wide..=wide {
            for dy in -1..=1 {
                found.extend(cells.get(&(x + dx, y + dy)).into_iter().flatten().copied());
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn cell([lon, lat]: [f64; 2]) -> (i64, i64) {
    ((lon / CELL).floor() as i64, (lat / CELL).floor() as i64)
}

fn distance(a: &[[f64; 2]], b: &[[f64; 2]]) -> f64 {
    a.iter().flat_map(|p| b.iter().map(|q| metres(*p, *q))).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(reference: &'a str, name: &'a str, lon: f64) -> Named<'a> {
        Named { reference, names: vec![name], points: vec![[lon, 47.0]] }
    }

    #[test]
    fn the_most_similar_and_then_the_nearest_are_one_and_nothing_is_taken_twice() {
        let gone =
            [named("osm:node/1", "Les Quatre Vents", 1.0), named("osm:node/2", "Médiathèque", 1.0), named("osm:node/3", "Médiathèque", 1.000_1)];
        let new = [
            named("osm:way/1", "Quatre Vents", 1.000_2),
            named("osm:way/2", "Mediatheque", 1.000_12),
            named("osm:way/3", "Médiathèque", 1.0),
            named("osm:way/4", "Médiathèque", 1.000_05),
            named("osm:way/5", "Boulodrome", 1.0),
        ];
        let pairs = pair(&gone, &new);
        let wanted = [("osm:way/1", "osm:node/1"), ("osm:way/2", "osm:node/3"), ("osm:way/3", "osm:node/2")];
        assert_eq!(pairs.into_iter().collect::<Vec<_>>(), wanted);
        // 0.0005° of longitude at 47° are 38 m.
        assert!(pair(&[named("a", "Médiathèque", 1.0)], &[named("b", "Médiathèque", 1.000_5)]).is_empty());
        assert!(pair(&[named("a", "", 1.0)], &[named("b", "", 1.0)]).is_empty());
    }
}
