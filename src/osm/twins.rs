//! Finds one thing that stands twice in the file: as a point and as an area, near each other, with similar names.

use super::blocks::Kind;
use super::fields::richness;
use super::objects::Placed;
use super::{Doubt, Found, Verdict};
use crate::geo::mercator::metres;
use crate::model::similar::{PROBABLY_THE_SAME, likeness};
use geo::{Closest, ClosestPoint, Intersects, Point};
use rstar::RTree;
use rstar::primitives::{GeomWithData, Rectangle};

/// Two objects farther apart are two things. The distance of an area is that of its edge, and nothing inside it.
const NEAR_METRES: f64 = 30.0;

/// Turns the poorer one of each pair into a candidate; of equals the area stays. `found`, `kinds` and `places` go together and are sorted
/// by type and number, so the result does not depend on the order of reading.
pub(super) fn mark(found: &mut [Found], kinds: &[Kind], places: &[Placed]) {
    let boxes = (0..found.len()).filter(|i| found[*i].verdict == Verdict::Publish).map(|i| GeomWithData::new(around(&places[i], 0.0), i));
    let tree = RTree::bulk_load(boxes.collect());
    for i in 0..found.len() {
        let near = tree.locate_in_envelope_intersecting(envelope(&around(&places[i], NEAR_METRES))).map(|hit| hit.data);
        let mut near: Vec<usize> = near.filter(|j| *j > i && kinds[i] != kinds[*j]).collect();
        near.sort_unstable();
        for j in near {
            if found[i].verdict != Verdict::Publish || found[j].verdict != Verdict::Publish || !same(&found[i], &found[j]) {
                continue;
            }
            if distance(&places[i], &places[j]) > NEAR_METRES {
                continue;
            }
            // Nodes come before ways before relations, so `j` is the area, or the larger whole.
            let (kept, gone) = if richness(&found[i].fields) > richness(&found[j].fields) { (i, j) } else { (j, i) };
            found[gone].verdict = Verdict::Candidate(Doubt::Duplicate);
            found[gone].twin_of = Some(found[kept].osm.clone());
        }
    }
}

fn same(a: &Found, b: &Found) -> bool {
    let theme = |f: &Found| f.category.as_deref().and_then(|c| c.split('.').next().map(str::to_owned));
    let name = |f: &Found| f.fields.get("name").and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    theme(a) == theme(b) && likeness(&name(a), &name(b)) >= PROBABLY_THE_SAME
}

fn envelope(rectangle: &Rectangle<[f64; 2]>) -> rstar::AABB<[f64; 2]> {
    rstar::AABB::from_corners(rectangle.lower(), rectangle.upper())
}

/// The box of a place with a margin in metres.
fn around(place: &Placed, margin: f64) -> Rectangle<[f64; 2]> {
    let mut bbox = crate::geo::Bbox::EMPTY;
    bbox.add(place.point[0], place.point[1]);
    for c in place.area.iter().flat_map(|area| area.0.iter()).flat_map(|p| p.exterior().0.iter()) {
        bbox.add(c.x, c.y);
    }
    let lat = margin / 110_000.0;
    let lon = lat / place.point[1].to_radians().cos().max(0.01);
    Rectangle::from_corners([bbox.west - lon, bbox.south - lat], [bbox.east + lon, bbox.north + lat])
}

/// Metres from the point of one to the nearest part of the other.
fn distance(a: &Placed, b: &Placed) -> f64 {
    let to_area = |point: [f64; 2], place: &Placed| {
        let Some(area) = &place.area else { return metres(point, place.point) };
        let p = Point::from(point);
        if area.intersects(&p) {
            return 0.0;
        }
        // Nearest in degrees, which is near enough for thirty metres.
        match area.closest_point(&p) {
            Closest::Intersection(q) | Closest::SinglePoint(q) => metres(point, [q.x(), q.y()]),
            Closest::Indeterminate => metres(point, place.point),
        }
    };
    to_area(a.point, b).min(to_area(b.point, a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(osm: &str, name: &str, category: &str, rich: bool) -> Found {
        let mut fields = crate::model::Fields::from([("name".to_owned(), json!(name))]);
        if rich {
            fields.insert("phone".into(), json!("01 99 00 12 34"));
        }
        let category = Some(category.to_owned());
        Found { osm: osm.into(), version: 1, fields, category, verdict: Verdict::Publish, rule: String::new(), twin_of: None }
    }

    fn at(lon: f64) -> Placed {
        Placed { point: [lon, 47.0], area: None }
    }

    fn square(lon: f64, side: f64) -> Placed {
        let ring = vec![[lon, 47.0], [lon + side, 47.0], [lon + side, 47.0 + side], [lon, 47.0 + side], [lon, 47.0]];
        Placed { point: [lon + side / 2.0, 47.0 + side / 2.0], area: Some(crate::osm::rings::polygons(vec![ring])) }
    }

    fn twins(a: Found, b: Found, places: [Placed; 2], kinds: [Kind; 2]) -> [Option<String>; 2] {
        let mut found = [a, b];
        mark(&mut found, &kinds, &places);
        found.map(|f| f.twin_of)
    }

    #[test]
    fn a_point_beside_the_area_of_the_same_name_is_a_duplicate() {
        let (node, way) = (|| found("node/1", "Médiathèque", "LIE.library", false), || found("way/1", "Mediatheque", "LIE.library", false));
        let kinds = [Kind::Node, Kind::Way];
        let gone = Some("way/1".to_owned());
        assert_eq!(twins(node(), way(), [at(0.0), at(0.0003)], kinds), [gone.clone(), None]);
        assert_eq!(twins(node(), way(), [at(0.0), at(0.0006)], kinds), [None, None]);
        assert_eq!(twins(node(), way(), [at(0.0005), square(0.0, 0.002)], kinds), [gone.clone(), None], "inside a large area");
        assert_eq!(twins(node(), way(), [at(-0.0003), square(0.0, 0.002)], kinds), [gone, None], "beside a large area");
        assert_eq!(twins(node(), way(), [at(0.0), at(0.0)], [Kind::Node, Kind::Node]), [None, None]);
        let rich = found("node/1", "Médiathèque", "LIE.library", true);
        assert_eq!(twins(rich, way(), [at(0.0), at(0.0)], kinds), [None, Some("node/1".into())]);
        let other = found("way/1", "Médiathèque", "SPO.club", false);
        assert_eq!(twins(node(), other, [at(0.0), at(0.0)], kinds), [None, None]);
    }
}
