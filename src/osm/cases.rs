//! The broken and odd files of ../shared/data/robustness/bad-pbf: each behaves as its cases.json says, and nothing ever panics.

use super::extracts::{read, shared};
use super::{Ask, Extract, ReadError, Spot, extract};
use crate::model::Lang;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(serde::Deserialize)]
struct Case {
    expect: String,
}

/// The cases of a folder, by the path of their file.
fn cases(folder: &Path) -> BTreeMap<PathBuf, Case> {
    let text = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: BTreeMap<String, Case> = serde_json::from_str(&text).unwrap();
    cases.into_iter().map(|(name, case)| (folder.join(format!("{name}.osm.pbf")), case)).collect()
}

fn case(name: &str) -> Option<Result<Extract, ReadError>> {
    let path = shared(&format!("robustness/bad-pbf/{name}.osm.pbf"))?;
    Some(read(&path))
}

#[test]
fn every_broken_or_odd_file_behaves_as_its_case_says() {
    let mut all = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken"));
    assert!(all.len() >= 15, "{}", all.len());
    if let Some(folder) = shared("robustness/bad-pbf") {
        let more = cases(&folder);
        assert_eq!(more.len(), 59);
        all.extend(more);
    }
    for (path, wanted) in all {
        let (name, result) = (path.display(), read(&path));
        match (wanted.expect.as_str(), &result) {
            ("accept", Err(error)) => panic!("{name}: {error}"),
            ("reject", Ok(_)) => panic!("{name} was read"),
            _ => {}
        }
        if let Err(error) = result {
            let (french, english) = (error.sentence(Lang::Fr), error.sentence(Lang::En));
            assert!(french.ends_with('.') && english.ends_with('.') && french != english, "{name}: {french}");
            assert!(!english.contains("decoder"), "{name}: only the last net caught it");
        }
    }
}

#[test]
fn odd_files_give_what_can_be_used() {
    let Some(good) = case("00-good") else { return };
    let good = good.unwrap();
    assert_eq!((good.counts.nodes, good.found.len(), good.boundary.warning.as_deref()), (12, 4, Some("no_closed_boundary")));
    let names = |name: &str| -> Vec<String> {
        let read = case(name).unwrap().unwrap();
        read.found.iter().map(|f| format!("{} {}", f.osm, f.fields.get("name").and_then(|n| n.as_str()).unwrap_or("-"))).collect()
    };
    assert_eq!(names("37-duplicate-ids").len(), 1);
    assert_eq!(names("38-ways-before-nodes").last().map(String::as_str), Some("way/1 Mairie"));
    assert!(names("58-nul-in-string").iter().all(|n| !n.contains('\0')));
    let lost = case("31-coords-out-of-range").unwrap().unwrap();
    assert_eq!((lost.counts.skipped["bad_coordinates"], lost.counts.mapped), (2, 5));
    assert!(matches!(case("13-required-historical"), Some(Err(ReadError::Historical))));
    assert!(matches!(case("20-lzma"), Some(Err(ReadError::Compression { name })) if name == "lzma"));
    let cut = case("05-cut-in-data-blob").unwrap().unwrap_err();
    assert!(matches!(cut, ReadError::Truncated { at: Spot { block: 1, .. } }), "{cut:?}");
}

#[test]
fn a_file_cut_or_changed_anywhere_never_panics() {
    let folder = std::env::temp_dir().join(format!("bouillon-osm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("changed.osm.pbf");
    let ask = Ask { boundary: None, max_memory: 1 << 30 };
    // The second one is not compressed, so that changes reach the objects.
    for name in ["39-relation-cycles", "23-raw-blob"] {
        let Some(path) = shared(&format!("robustness/bad-pbf/{name}.osm.pbf")) else { return };
        let bytes = std::fs::read(path).unwrap();
        // A file that ends between two blocks looks whole: the format has no end mark.
        let frames = super::frames::scan(&mut std::io::Cursor::new(&bytes)).unwrap();
        for at in 0..bytes.len() {
            std::fs::write(&file, &bytes[..at]).unwrap();
            let between = at > 0 && frames.iter().any(|f| f.spot.byte == at as u64);
            assert!(between || extract(&file, &ask, &mut |_, _| {}).is_err(), "{name} cut at {at}");
            for flip in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                std::fs::write(&file, &changed).unwrap();
                drop(extract(&file, &ask, &mut |_, _| {}));
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(extract(Path::new("/nowhere.osm.pbf"), &ask, &mut |_, _| {}), Err(ReadError::Io { .. })));
}

/// Polygons of a WKT multipolygon: each a list of rings.
fn wkt(text: &str) -> geo::MultiPolygon<f64> {
    let body = text.trim().strip_prefix("MULTIPOLYGON").unwrap().trim();
    let json = body.replace('(', "[").replace(')', "]");
    // `7.01 1.01,` → `[7.01,1.01],`
    let pair = |p: &str| p.trim().split_once(' ').map_or(p.to_owned(), |(x, y)| format!("[{x},{y}]"));
    let mut out = String::new();
    let mut word = String::new();
    for c in json.chars() {
        if matches!(c, '[' | ']' | ',') {
            out.push_str(&if word.contains(' ') { pair(&word) } else { word.clone() });
            out.push(c);
            word.clear();
        } else {
            word.push(c);
        }
    }
    let polygons: Vec<Vec<Vec<[f64; 2]>>> = serde_json::from_str(&out).unwrap();
    let line = |ring: &Vec<[f64; 2]>| geo::LineString::from(ring.clone());
    geo::MultiPolygon(polygons.iter().map(|p| geo::Polygon::new(line(&p[0]), p[1..].iter().map(line).collect())).collect())
}

/// The valid multipolygons of osm-testdata (https://github.com/osmcode/osm-testdata, public domain) come out as it says.
#[test]
fn multipolygons_are_put_together_as_the_reference_says() {
    use super::blocks::{At, Kind, Member, Source};
    use super::coords::Coords;
    use super::objects::{Ways, surface};
    use geo::{Area, BooleanOps};
    let Some(file) = shared("robustness/osm-testdata/grid/all.osm.pbf") else { return };
    let tests = std::fs::read_to_string(shared("robustness/osm-testdata/grid/data/tests.json").unwrap()).unwrap();
    let tests: Vec<serde_json::Value> = serde_json::from_str(&tests).unwrap();
    type Block = (Vec<(i64, At)>, Ways, Vec<(i64, Vec<Member>)>);
    let mut source = Source::open(&file).unwrap();
    let visit = |block: &mut Block, object: &super::blocks::Object<'_>| match object.kind() {
        Kind::Node => block.0.extend(object.at().map(|at| (object.id(), at))),
        Kind::Way => drop(block.1.insert(object.id(), object.refs())),
        Kind::Relation => block.2.push((object.id(), object.members())),
    };
    let (blocks, ..) = source.check(1 << 30, visit, &mut |_| {}).unwrap();
    let (mut nodes, mut ways, mut relations) = (Vec::new(), Ways::new(), BTreeMap::new());
    for block in blocks {
        nodes.push(block.0);
        ways.extend(block.1);
        relations.extend(block.2);
    }
    let coords = Coords::new(nodes);
    let mut checked = 0;
    for area in tests.iter().flat_map(|t| t["areas"]["default"].as_array().into_iter().flatten()) {
        let (id, text) = (area["from_id"].as_i64().unwrap(), area["wkt"].as_str().unwrap());
        let refs: Vec<&[i64]> = match area["from_type"].as_str().unwrap() {
            "way" => vec![&ways[&id]],
            _ => relations[&id].iter().filter(|m| m.kind == Kind::Way).filter_map(|m| ways.get(&m.id)).map(Vec::as_slice).collect(),
        };
        let found = surface(&refs, &coords);
        if text == "INVALID" {
            continue;
        }
        checked += 1;
        let wanted = wkt(text);
        // Rings that touch may be told apart in several right ways, so the surface is compared.
        let both = found.intersection(&wanted).unsigned_area();
        let same = [found.unsigned_area(), wanted.unsigned_area()].iter().all(|area| (area - both).abs() < 1e-8);
        assert!(same, "{id}: {found:?} for {text}");
    }
    assert!(checked > 60, "{checked}");
}
