//! From a point to the addresses around it, nearest first.

use super::index::{Index, NO_NUMBER, STEP};
use super::{Found, Kind};
use crate::geo::mercator::{metres, project};
use crate::store::AddressKind;
use std::collections::HashSet;

/// Nothing farther than this is an answer, metres.
const FARTHEST: f64 = 10_000.0;
/// Points looked at.
const LOOKED_AT: usize = 5_000;

/// The nearest addresses with their distance in metres. Without a kind: house numbers, streets and places, as the BAN answers.
pub(super) fn reverse(index: &Index, lon: f64, lat: f64, kind: Option<Kind>, limit: usize) -> Vec<(Found, f64)> {
    if kind == Some(Kind::Of(AddressKind::Municipality)) {
        return municipality(index, lon, lat, limit);
    }
    let mut out: Vec<(Found, f64)> = Vec::new();
    let mut seen = HashSet::new();
    for spot in index.spots.nearest_neighbor_iter(project(lon, lat)).take(LOOKED_AT) {
        let (number, doc) = (spot.data.1, &index.docs[spot.data.0 as usize]);
        let number = match kind {
            None if matches!(doc.kind, AddressKind::Poi | AddressKind::Municipality) => continue,
            None => number,
            Some(Kind::House) if number == NO_NUMBER => continue,
            Some(Kind::House) => number,
            Some(Kind::Of(kind)) if kind != doc.kind => continue,
            // The house nearby tells that the street is nearby.
            Some(Kind::Of(_)) => NO_NUMBER,
        };
        if !seen.insert((spot.data.0, number)) {
            continue;
        }
        let at = index.numbers.get(spot.data.1 as usize).map_or([doc.lon, doc.lat], |n| [n.lon, n.lat]);
        let distance = metres([f64::from(at[0]) / STEP, f64::from(at[1]) / STEP], [lon, lat]);
        if distance > FARTHEST {
            break;
        }
        out.push((Found { doc: spot.data.0, number, score: score(distance), text: 1.0 }, distance));
        // Mercator is true to direction, not to length: a few more, so that the last ones are in the right order.
        if out.len() >= limit + 4 {
            break;
        }
    }
    // A house before the point of its street, which may be the same.
    out.sort_by(|a, b| a.1.total_cmp(&b.1).then((a.0.number == NO_NUMBER).cmp(&(b.0.number == NO_NUMBER))).then(a.0.doc.cmp(&b.0.doc)));
    out.truncate(limit);
    out
}

/// The commune of the nearest address; without one, the nearest commune.
fn municipality(index: &Index, lon: f64, lat: f64, limit: usize) -> Vec<(Found, f64)> {
    let mut out: Vec<(Found, f64)> = Vec::new();
    for spot in index.spots.nearest_neighbor_iter(project(lon, lat)).take(LOOKED_AT) {
        let area = &index.areas[index.docs[spot.data.0 as usize].area as usize];
        let commune = area.citycode.as_ref().and_then(|c| index.communes.get(c));
        let Some(doc) = commune.filter(|c| out.iter().all(|(f, _)| f.doc != **c)) else { continue };
        let at = &index.docs[*doc as usize];
        let distance = metres([f64::from(at.lon) / STEP, f64::from(at.lat) / STEP], [lon, lat]);
        out.push((Found { doc: *doc, number: NO_NUMBER, score: score(distance), text: 1.0 }, distance));
        if out.len() >= limit || distance > FARTHEST * 5.0 {
            break;
        }
    }
    out
}

fn score(distance: f64) -> f32 {
    (1.0 - distance / FARTHEST).max(0.0) as f32
}
