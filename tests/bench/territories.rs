//! Territories by the ten thousand: which of them cover a point, and, where the team's data are, how long a whole country takes to import.

use crate::table::{Row, Unit, duel, rate};
use anyhow::{Context, ensure};
use bouillon::atlas::{Atlas, Loader};
use bouillon::model::{Doc, Territory, Version};
use geo::{Intersects, MultiPolygon, Point, Polygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use serde_json::json;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use uuid::Uuid;

const SLICE: Duration = Duration::from_millis(250);
/// Levels: kind, territories along one side, positions of each contour.
const LEVELS: [(&str, usize, usize); 4] = [("commune", 188, 62), ("epci", 36, 500), ("departement", 10, 3000), ("region", 4, 12_000)];
/// The land: degrees along one side, from its south-west corner.
const LAND: ([f64; 2], f64) = ([-4.0, 43.0], 8.0);

/// Every row about territories.
///
/// # Errors
/// When the atlas can't be filled or an import fails.
pub(crate) fn rows(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![covering()?];
    rows.extend(importing(folder)?);
    Ok(rows)
}

/// Squares whose sides are waved, so that their contours have as many positions as real ones; neighbours share their sides.
fn contours() -> Vec<(&'static str, Polygon<f64>)> {
    let mut all = Vec::new();
    for (kind, along, positions) in LEVELS {
        let (side, each) = (LAND.1 / along as f64, positions / 4);
        let wave = |at: f64| (at * 997.0).sin() * side * 0.05;
        for i in 0..along * along {
            let (w, s) = (LAND.0[0] + (i % along) as f64 * side, LAND.0[1] + (i / along) as f64 * side);
            let step = |k: usize| k as f64 / each as f64 * side;
            // Flat at the corners, so that the four sides meet.
            let bump = |k: usize, at: f64| if k == 0 || k == each { 0.0 } else { wave(at) };
            let south = (0..each).map(|k| (w + step(k), s + bump(k, w + step(k) + s)));
            let east = (0..each).map(|k| (w + side + bump(k, s + step(k) + w + side), s + step(k)));
            let north = (0..each).map(|k| (w + step(each - k), s + side + bump(each - k, w + step(each - k) + s + side)));
            let west = (0..each).map(|k| (w + bump(each - k, s + step(each - k) + w), s + step(each - k)));
            all.push((kind, Polygon::new(south.chain(east).chain(north).chain(west).collect(), Vec::new())));
        }
    }
    all
}

fn covering() -> anyhow::Result<Row> {
    let contours = contours();
    let mut loader = Loader::default();
    for some in contours.chunks(2000) {
        let list: Vec<Territory> = some.iter().map(|(kind, area)| territory(kind, area)).collect();
        loader.add_territories(&list);
    }
    let atlas = Atlas::new();
    atlas.install(loader, Version { epoch: 1, seq: 1 })?;
    let boxes = RTree::bulk_load(
        contours
            .iter()
            .map(|(_, area)| {
                let b = geo::BoundingRect::bounding_rect(area).map_or([[0.0; 2]; 2], |r| [r.min().into(), r.max().into()]);
                GeomWithData::new(Rectangle::from_corners(b[0], b[1]), MultiPolygon(vec![area.clone()]))
            })
            .collect(),
    );
    let turn = Cell::new(1_u64);
    let next = || {
        let unit = || {
            turn.set(turn.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            (turn.get() >> 11) as f64 / (1_u64 << 53) as f64
        };
        // Farther from the outer edge than its waves reach: 0.05 of a région's side, which is a quarter of the land's.
        [LAND.0[0] + LAND.1 * (0.02 + 0.96 * unit()), LAND.0[1] + LAND.1 * (0.02 + 0.96 * unit())]
    };
    let ours = |[lon, lat]: [f64; 2]| atlas.territories_at(lon, lat).len();
    let bare = |at: [f64; 2]| boxes.locate_in_envelope_intersecting(AABB::from_point(at)).filter(|b| b.data.intersects(&Point::from(at))).count();
    for _ in 0..2000 {
        let at = next();
        ensure!(ours(at) == bare(at) && ours(at) >= LEVELS.len(), "{at:?}: {} and {}", ours(at), bare(at));
    }
    let rounds = duel(5, || Ok(rate(SLICE, || ours(next()))), || Ok(rate(SLICE, || bare(next()))))?;
    let name = format!("point → its territories, {} contours of 4 levels", contours.len());
    Ok(Row { name, peer: "rstar + geo", unit: Unit::PerSecond(""), rounds, target: "≥ 50,000/s (20 µs)" })
}

fn territory(kind: &str, area: &Polygon<f64>) -> Territory {
    let id = Uuid::now_v7();
    let mut doc = Doc { version: Version { epoch: 1, seq: 1 }, ..Doc::default() };
    for (field, text) in [("slug", id.to_string().as_str()), ("name", kind), ("kind", kind)] {
        doc.fields.insert(field.into(), json!(text));
    }
    let ring: Vec<[f64; 2]> = area.exterior().coords().map(|c| [c.x, c.y]).collect();
    doc.fields.insert("boundary".into(), json!({"type": "Polygon", "coordinates": [ring]}));
    Territory { id, doc }
}

/// All communes of France with their EPCI, départements and régions, then 73,867 places into them.
fn importing(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let file = |name: &str| data.join(name);
    if !file("osm/fr-acteurs.osm.pbf").exists() {
        return Ok(Vec::new());
    }
    let into = folder.join("france");
    let run = |args: &[PathBuf]| -> anyhow::Result<f64> {
        let began = Instant::now();
        let out = Command::new(env!("CARGO_BIN_EXE_bouillon")).args(args).arg("--data").arg(&into).output()?;
        ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        Ok(began.elapsed().as_secs_f64())
    };
    let word = |w: &str| PathBuf::from(w);
    let communes =
        [word("import"), word("territories"), file("admin/communes-france-2018.geojson.gz"), word("--population"), file("admin/communes.json.gz")];
    let groups = ["epci", "departements", "regions"].into_iter().flat_map(|g| [word("--groups"), file(&format!("admin/{g}.json.gz"))]);
    let contours = run(&communes.into_iter().chain(groups).collect::<Vec<_>>()).context("the communes of France")?;
    let places = run(&[word("import"), word("osm"), file("osm/fr-acteurs.osm.pbf"), word("--into-existing")]).context("the places of France")?;
    let row = |name: &str, seconds: f64, target| Row { name: name.into(), peer: "", unit: Unit::Seconds, rounds: vec![(seconds, None)], target };
    Ok(vec![
        row("import of 36,731 territories, unions and base map included", contours, "≤ 120 s"),
        row("import of 73,867 places into them", places, "–"),
        row("the same, per place", places / 73_867.0, "–"),
    ])
}
