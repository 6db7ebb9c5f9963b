//! EPCI, départements and régions made of the contours of their communes, on all cores.

use super::lists::{Group, Lists};
use super::read::Shaped;
use super::rings::rounded;
use geo::{Area, LineString, MapCoords, MultiPolygon, Polygon, unary_union};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Holes and islands smaller than this are gaps between contours drawn apart, square degrees: about 100 m².
const SLIVER: f64 = 1e-8;

/// The groups that have communes here but no contour of their own.
pub(super) fn groups(shapes: &[Shaped], lists: &Lists, progress: &mut dyn FnMut(&str, u64, u64)) -> Vec<Shaped> {
    let given = |kind: &str| shapes.iter().any(|s| s.kind == kind);
    let wanted: Vec<(&Group, Vec<&Shaped>)> =
        lists.groups.iter().filter(|g| !given(g.kind)).map(|g| (g, members(g, shapes, lists))).filter(|(_, list)| !list.is_empty()).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut made = Vec::new();
        while let Some((group, list)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            made.extend(join(group, list));
            done.fetch_add(1, Ordering::Relaxed);
        }
        made
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        while threads.iter().any(|t| !t.is_finished()) {
            progress("unions", done.load(Ordering::Relaxed) as u64, wanted.len() as u64);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let mut made: Vec<Shaped> = threads.into_iter().flat_map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect();
        made.sort_by(|a, b| (&a.kind, &a.code).cmp(&(&b.kind, &b.code)));
        made
    })
}

fn members<'a>(group: &Group, shapes: &'a [Shaped], lists: &Lists) -> Vec<&'a Shaped> {
    let listed: HashMap<&str, ()> = group.members.iter().map(|m| (m.as_str(), ())).collect();
    let belongs = |s: &&Shaped| {
        s.kind == "commune"
            && match group.kind {
                "departement" => s.departement.as_ref() == Some(&group.code),
                "region" => s.region.as_ref() == Some(&group.code),
                _ => s.code.as_deref().is_some_and(|c| listed.contains_key(lists.today(c)) || listed.contains_key(c)),
            }
    };
    shapes.iter().filter(belongs).collect()
}

fn join(group: &Group, members: &[&Shaped]) -> Option<Shaped> {
    let joined = unary_union(members.iter().map(|m| &m.shape)).map_coords(rounded);
    let area = |ring: &LineString<f64>| Polygon::new(ring.clone(), Vec::new()).unsigned_area();
    let cleaned = joined.into_iter().filter(|p| area(p.exterior()) > SLIVER).map(|polygon| {
        let (outer, holes) = polygon.into_inner();
        Polygon::new(outer, holes.into_iter().filter(|h| area(h) > SLIVER).collect())
    });
    let shape = MultiPolygon(cleaned.collect());
    let counted: u64 = members.iter().filter_map(|m| m.population).sum();
    let population = group.population.or((counted > 0).then_some(counted));
    let made = Shaped {
        kind: group.kind.into(),
        code: Some(group.code.clone()),
        name: group.name.clone(),
        population,
        departement: None,
        region: None,
        shape,
    };
    (!made.shape.0.is_empty()).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Shape;

    fn square(code: &str, x: f64, y: f64) -> Shaped {
        let ring = vec![(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0), (x, y)];
        let shape = MultiPolygon(vec![Polygon::new(ring.into(), Vec::new())]);
        Shaped {
            kind: "commune".into(),
            code: Some(code.into()),
            name: code.into(),
            population: Some(10),
            departement: Some("99".into()),
            region: None,
            shape,
        }
    }

    #[test]
    fn neighbours_become_one_without_the_line_between_them() {
        let communes = [square("99001", 0.0, 0.0), square("99002", 1.0, 0.0), square("99003", 1.0, 1.0)];
        let group = Group { kind: "departement", code: "99".into(), name: "Essai".into(), population: None, members: Vec::new() };
        let made = join(&group, &communes.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!((made.shape.0.len(), made.population), (1, Some(30)));
        assert!((made.shape.unsigned_area() - 3.0).abs() < 1e-6);
        let shape = Shape::new(made.shape);
        assert!(shape.covers(1.0, 0.5) && shape.covers(0.0, 0.0) && shape.covers(1.5, 1.5) && !shape.covers(0.5, 1.5));
    }
}
