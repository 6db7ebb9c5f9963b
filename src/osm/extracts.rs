//! Real extracts of ../shared/data/osm and the invented one of fixtures/: what the importer takes out of them.

use super::{Ask, BoundaryAsk, Doubt, Extract, ReadError, Verdict, extract};
use crate::geo::Shape;
use crate::model::field::check;
use crate::model::{SubjectKind, taxonomy};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

/// A file of ../shared/data. Without it the test says that it was not run; in CI that is a failure.
pub(super) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is missing");
    println!("not run: {name} is missing");
    None
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

pub(super) fn read(path: &Path) -> Result<Extract, ReadError> {
    read_as(path, None)
}

fn read_as(path: &Path, boundary: Option<BoundaryAsk>) -> Result<Extract, ReadError> {
    let mut last = 0;
    extract(path, &Ask { boundary, max_memory: 4 << 30 }, &mut |done, total| {
        assert!(last <= done && done <= total);
        last = done;
    })
    .map(|(extract, _)| extract)
}

fn osm(name: &str) -> Option<PathBuf> {
    shared(&format!("osm/{name}.osm.pbf"))
}

fn redon() -> Option<BoundaryAsk> {
    let packed = std::fs::File::open(shared("admin/communes-france-2018.geojson.gz")?).unwrap();
    let mut lines = std::io::BufReader::new(flate2::read::GzDecoder::new(packed)).lines().map(Result::unwrap);
    let line = lines.find(|l| l.contains("\"35236\"")).unwrap();
    let feature: serde_json::Value = serde_json::from_str(line.trim_end_matches(',')).unwrap();
    Some(BoundaryAsk::Shape { name: None, code: Some("35236".into()), geometry: feature["geometry"].clone() })
}

/// Category → how many are published, unnamed, off by default, to classify, duplicates.
fn figures(extract: &Extract) -> BTreeMap<String, [u64; 5]> {
    let mut out = BTreeMap::<String, [u64; 5]>::new();
    for found in &extract.found {
        let column = match found.verdict {
            Verdict::Publish => 0,
            Verdict::Candidate(Doubt::Unnamed) => 1,
            Verdict::Candidate(Doubt::OffByDefault) => 2,
            Verdict::Candidate(Doubt::ToClassify) => 3,
            Verdict::Candidate(Doubt::Duplicate) => 4,
        };
        out.entry(found.category.clone().unwrap_or("review".into())).or_default()[column] += 1;
    }
    out
}

/// The table of tests/expected_actors.tsv for one file.
fn expected(file: &str) -> BTreeMap<String, [u64; 5]> {
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected_actors.tsv")).unwrap();
    let rows = table.lines().skip(2).map(|l| l.split('\t').collect::<Vec<_>>()).filter(|cells| cells[0] == file);
    rows.map(|cells| (cells[2].to_owned(), std::array::from_fn(|i| cells[3 + i].parse().unwrap()))).collect()
}

#[test]
fn actors_are_those_that_osmium_counts() {
    let newest = "solvigne-2026-03-01.osm.pbf";
    let files = [
        (osm("redon"), redon()),
        (osm("andorra-2021-10"), None),
        (osm("monaco-2023-11"), None),
        (osm("helsinki-2019-04"), None),
        (Some(fixture(newest)), None),
    ];
    for (path, boundary) in files {
        let Some(path) = path else { continue };
        let name = path.file_name().unwrap().to_str().unwrap();
        let wanted = expected(name);
        assert!(!wanted.is_empty(), "{name}");
        let found = figures(&read_as(&path, boundary).unwrap());
        let keys = wanted.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>();
        let wrong: Vec<String> = keys
            .into_iter()
            .filter(|k| wanted.get(*k) != found.get(*k))
            .map(|k| format!("{k}: {:?} for {:?}", found.get(k), wanted.get(k)))
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn a_commune_given_as_a_shape_takes_its_name_from_the_file() {
    let (Some(path), Some(shape)) = (osm("redon"), redon()) else { return };
    let redon = read_as(&path, Some(shape)).unwrap();
    let b = &redon.boundary;
    let seen = (b.name.as_str(), b.kind.as_str(), b.code.as_deref(), b.osm.as_deref(), b.warning.as_deref());
    assert_eq!(seen, ("Redon", "commune", Some("35236"), Some("relation/961138"), None));
    assert!(redon.counts.outside > 0, "Saint-Nicolas-de-Redon lies in the extract too");
    let street = redon.addresses.iter().find(|s| s.name == "Rue Joseph Lamour de Caslou").unwrap();
    assert_eq!((street.postcode.as_deref(), street.city.as_deref(), street.citycode.as_deref()), (Some("35600"), Some("Redon"), Some("35236")));
    let open = read_as(&path, Some(BoundaryAsk::Code("35236".into()))).unwrap_err();
    assert!(matches!(&open, ReadError::BoundaryOpen { asked } if asked == "Redon (35236)"), "{open}");
    let absent = read_as(&path, Some(BoundaryAsk::Relation(1))).unwrap_err();
    assert_eq!(absent, ReadError::BoundaryAbsent { asked: "relation/1".into() });
    let elsewhere = read_as(&path, Some(BoundaryAsk::Bbox([5.0, 5.0, 6.0, 6.0])));
    assert_eq!(elsewhere, Err(ReadError::BoundaryElsewhere));
    assert_eq!(read_as(&path, Some(BoundaryAsk::Bbox([6.0, 5.0, 5.0, 6.0]))), Err(ReadError::BoundaryShape));
    let all = read(&path).unwrap();
    assert_eq!((all.boundary.warning.as_deref(), all.boundary.name.as_str()), (Some("no_closed_boundary"), "Redon"));
    assert_eq!(all.counts.outside, 0);
    let little = extract(&path, &Ask { boundary: None, max_memory: 100_000 }, &mut |_, _| {}).map(|(extract, _)| extract);
    assert!(matches!(little, Err(ReadError::TooBig { .. })), "{little:?}");
}

#[test]
fn the_default_territory_is_what_people_expect() {
    for (file, name, kind, warning, inside) in [
        ("andorra-2021-10", "Andorre", "country", None, &["commune Ordino", "quartier Santa Coloma"][..]),
        ("liechtenstein-2021-10", "Liechtenstein", "country", None, &["commune Vaduz", "commune Schaan", "custom Unterland"]),
        ("cote-divoire-admin", "Côte d’Ivoire", "country", None, &[]),
        ("gibraltar-2017-09", "Gibraltar", "country", None, &[]),
        ("monaco-riviera-2016-03", "Monaco", "commune", Some("several_communes"), &["quartier Monte-Carlo", "quartier Fontvieille"]),
        ("monaco-2023-11", "Monaco", "custom", Some("no_closed_boundary"), &["quartier Monte-Carlo"]),
        ("helsinki-2019-04", "Helsinki", "custom", Some("no_closed_boundary"), &[]),
        ("luxembourg-admin-2018-01", "Luxembourg", "country", None, &["commune Esch-sur-Alzette", "custom Canton Mersch"]),
    ] {
        let Some(path) = osm(file) else { continue };
        let read = read(&path).unwrap();
        let b = &read.boundary;
        assert_eq!((b.name.as_str(), b.kind.as_str(), b.warning.as_deref()), (name, kind, warning), "{file}");
        let all: Vec<String> = read.quartiers.iter().map(|q| format!("{} {}", q.kind, q.name)).collect();
        assert!(inside.iter().all(|i| all.iter().any(|a| a == i)), "{file}: {all:?}");
        let names: std::collections::HashSet<_> = read.quartiers.iter().map(|q| crate::model::text::slug(&q.name)).collect();
        assert_eq!(names.len(), read.quartiers.len(), "{file}: {all:?}");
    }
}

/// What holds for every extract, whatever is in it.
fn is_sound(file: &str, read: &Extract) {
    let territories = std::iter::once(&read.boundary).chain(&read.quartiers);
    for b in territories {
        for (field, value) in [
            ("name", serde_json::json!(b.name)),
            ("kind", serde_json::json!(b.kind)),
            ("code", serde_json::json!(b.code)),
            ("population", serde_json::json!(b.population)),
            ("boundary", b.geometry.clone()),
        ] {
            check(SubjectKind::Territory, field, &value).unwrap_or_else(|e| panic!("{file}: {}: {e}", b.name));
        }
    }
    let shape = Shape::from_geojson(&read.boundary.geometry).unwrap();
    let mut numbers = std::collections::HashSet::new();
    for found in &read.found {
        assert!(numbers.insert(&found.osm), "{file}: {} stands twice", found.osm);
        for (field, value) in &found.fields {
            assert_eq!(check(SubjectKind::Actor, field, value).as_ref(), Ok(value), "{file}: {}", found.osm);
        }
        let position = &found.fields["place/p1/position"];
        let [lon, lat] = ["lon", "lat"].map(|k| position[k].as_f64().unwrap());
        assert!(shape.covers(lon, lat), "{file}: {}", found.osm);
        assert!(found.category.as_ref().is_none_or(|c| taxonomy().holds(c)), "{file}: {}", found.osm);
        assert_eq!(found.category.as_deref(), found.fields.get("primary_category").and_then(|c| c.as_str()));
        assert_eq!(found.twin_of.is_some(), found.verdict == Verdict::Candidate(Doubt::Duplicate));
        assert!(found.verdict != Verdict::Publish || found.fields.contains_key("name"));
    }
    assert_eq!(read.found.len() as u64 + read.counts.outside + read.counts.skipped.get("no_position").unwrap_or(&0), read.counts.mapped, "{file}");
    assert!(read.addresses.iter().all(|a| a.lon.abs() <= 180.0 && a.lat.abs() <= 90.0 && !a.name.is_empty()), "{file}");
    let json = serde_json::to_vec(read).unwrap();
    assert_eq!(&serde_json::from_slice::<Extract>(&json).unwrap(), read, "{file}");
}

#[test]
fn every_extract_gives_something_sound() {
    let Some(folder) = shared("osm") else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.extend(shared("robustness/osm-testdata/grid/all.osm.pbf"));
    files.extend(std::fs::read_dir(fixture("")).into_iter().flatten().map(|e| e.unwrap().path()));
    files.sort();
    for path in files.iter().filter(|p| p.to_string_lossy().ends_with(".osm.pbf")) {
        let file = path.file_name().unwrap().to_string_lossy();
        match read(path) {
            Ok(read) => is_sound(&file, &read),
            Err(error) => assert!(file.contains("lz4"), "{file}: {error}"),
        }
    }
}

#[test]
fn user_names_never_enter() {
    let Some(path) = osm("saint-barthelemy-2014-01") else { return };
    let json = serde_json::to_string(&read(&path).unwrap()).unwrap();
    assert!(!json.contains("RedFox") && !json.contains("10610"), "the author of relation/537967");
}

#[test]
fn reading_twice_gives_the_same() {
    let Some(path) = osm("munchen-2020-07") else { return };
    assert_eq!(serde_json::to_string(&read(&path).unwrap()).unwrap(), serde_json::to_string(&read(&path).unwrap()).unwrap());
}

#[test]
fn the_invented_commune_has_its_quartiers_streets_and_awkward_cases() {
    let read = read(&fixture("solvigne-2026-03-01.osm.pbf")).unwrap();
    let b = &read.boundary;
    assert_eq!((b.name.as_str(), b.kind.as_str(), b.code.as_deref(), b.population), ("Solvigné", "commune", Some("99935"), Some(9034)));
    assert_eq!((read.quartiers.len(), b.warning.as_deref(), read.data_date.as_deref()), (4, None, Some("2026-03-01")));
    let totals = crate::store::AddressTotals::of(&read.addresses);
    assert!((110..150).contains(&totals.streets) && totals.numbers > 1300 && totals.municipalities == 1, "{totals:?}");
}

/// The list that the fixtures' generator wrote of what it drew. An association whose name tells its theme is published here.
#[test]
fn the_invented_commune_gives_what_its_generator_placed() {
    let table = std::fs::read_to_string(fixture("expected-actors.tsv")).unwrap();
    for file in ["solvigne-2024-03-01.osm.pbf", "solvigne-2025-03-01.osm.pbf", "solvigne-2026-03-01.osm.pbf"] {
        let read = read(&fixture(file)).unwrap();
        let found: BTreeMap<&str, &super::Found> = read.found.iter().map(|f| (f.osm.as_str(), f)).collect();
        let mut listed = 0;
        for cells in table.lines().skip(1).map(|l| l.split('\t').collect::<Vec<_>>()).filter(|c| c[0] == file) {
            let osm = format!("{}/{}", cells[1], cells[2]);
            let (kind, category) = (cells[4], cells[5]);
            let Some(found) = found.get(osm.as_str()) else {
                assert!(matches!(kind, "outside" | "ignored"), "{file}: {cells:?} is missing");
                continue;
            };
            listed += 1;
            let verdict = match found.verdict {
                Verdict::Publish => "published",
                Verdict::Candidate(Doubt::Unnamed) => "candidate:unnamed",
                Verdict::Candidate(Doubt::OffByDefault) => "candidate:off_by_default",
                Verdict::Candidate(Doubt::ToClassify) => "candidate:to_classify",
                Verdict::Candidate(Doubt::Duplicate) => "candidate:duplicate",
            };
            let guessed = category == "review" && found.rule == "office=association" && found.category.is_some() && verdict == "published";
            // Either of two twins may be the one that stays.
            let twin = kind == "candidate:duplicate" || found.twin_of.is_some() || read.found.iter().any(|f| f.twin_of.as_deref() == Some(&osm));
            let same = verdict == kind && found.category.as_deref().unwrap_or("review") == category;
            assert!(same || guessed || twin, "{file}: {cells:?} came out as {verdict} {:?}", found.category);
        }
        assert_eq!(listed, read.found.len(), "{file}: something was found that the generator did not place");
    }
}
