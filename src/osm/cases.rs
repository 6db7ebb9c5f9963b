//! The broken and odd files of ../shared/data/robustness/bad-pbf: each behaves as its cases.json says, and nothing ever panics.

use super::extracts::{read, shared};
use super::{Ask, Extract, ReadError, Spot, extract};
use crate::model::Lang;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(serde::Deserialize)]
struct Case {
    expect: String,
}

fn cases() -> Option<BTreeMap<String, Case>> {
    let text = std::fs::read_to_string(shared("robustness/bad-pbf/cases.json")?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn case(name: &str) -> Option<Result<Extract, ReadError>> {
    let path = shared(&format!("robustness/bad-pbf/{name}.osm.pbf"))?;
    Some(read(&path))
}

#[test]
fn every_broken_or_odd_file_behaves_as_its_case_says() {
    let Some(cases) = cases() else { return };
    assert_eq!(cases.len(), 59);
    for (name, wanted) in cases {
        let result = case(&name).unwrap_or_else(|| panic!("{name} is missing"));
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
    assert_eq!(names("38-ways-before-nodes").len(), 1);
    assert!(names("58-nul-in-string").iter().all(|n| !n.contains('\0')));
    let lost = case("31-coords-out-of-range").unwrap().unwrap();
    assert_eq!((lost.counts.skipped["bad_coordinates"], lost.found.len()), (2, 3));
    assert!(matches!(case("13-required-historical"), Some(Err(ReadError::Historical))));
    assert!(matches!(case("20-lzma"), Some(Err(ReadError::Compression { name })) if name == "lzma"));
    let cut = case("05-cut-in-data-blob").unwrap().unwrap_err();
    assert!(matches!(cut, ReadError::Truncated { at: Spot { block: 1, .. } }), "{cut:?}");
}

#[test]
fn a_file_cut_or_changed_anywhere_never_panics() {
    let Some(path) = shared("robustness/bad-pbf/48-plain-nodes.osm.pbf") else { return };
    let bytes = std::fs::read(path).unwrap();
    let folder = std::env::temp_dir().join(format!("bouillon-osm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("changed.osm.pbf");
    let ask = Ask { boundary: None, max_memory: 1 << 30 };
    for at in 0..bytes.len() {
        std::fs::write(&file, &bytes[..at]).unwrap();
        assert!(extract(&file, &ask, &mut |_, _| {}).is_err() || at == 69, "cut at {at}");
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            std::fs::write(&file, &changed).unwrap();
            drop(extract(&file, &ask, &mut |_, _| {}));
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(extract(Path::new("/nowhere.osm.pbf"), &ask, &mut |_, _| {}), Err(ReadError::Io { .. })));
}
