//! The base map that an import builds: read back by other decoders, kept whole through kills and a full disk.

use crate::app::{App, Backend, FREE, Place, demo, shared};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn import(place: &Place, file: &Path) -> Output {
    place.run(&["import", "osm", "--apply", file.to_str().unwrap()])
}

fn told(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout)
}

fn folder(place: &Place) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(place.data.join("basemaps")).into_iter().flatten().map(|f| f.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// All tiles of a territory's base map, unpacked, as files `z-x-y.mvt` in a folder.
async fn download(app: &App, slug: &str, to: &Path) -> Vec<PathBuf> {
    let mut ana = app.person();
    let about = ana.get(&format!("/api/v1/territories/{slug}")).await.1["basemap"].clone();
    let (archive, bounds) = (about["archive"].as_str().unwrap().to_owned(), about["bounds"].as_array().unwrap().clone());
    let [w, s, e, n]: [f64; 4] = std::array::from_fn(|i| bounds[i].as_f64().unwrap());
    assert_eq!((about["minzoom"].as_u64(), about["maxzoom"].as_u64()), (Some(0), Some(14)));
    fs::create_dir_all(to).unwrap();
    let mut files = Vec::new();
    for z in 0..=14_u8 {
        let side = f64::from(1_u32 << z);
        let column = |lon: f64| ((lon + 180.0) / 360.0 * side) as u32;
        let row = |lat: f64| ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * side) as u32;
        for x in column(w)..=column(e) {
            for y in row(n)..=row(s) {
                let answer = ana.send(reqwest::Method::GET, &format!("/tiles/base/{archive}/{z}/{x}/{y}.mvt"), None, &[]).await;
                if answer.status() == 200 {
                    let file = to.join(format!("{z}-{x}-{y}.mvt"));
                    fs::write(&file, answer.bytes().await.unwrap()).unwrap();
                    files.push(file);
                }
            }
        }
    }
    files
}

/// What `@mapbox/vector-tile` finds in each tile: layer → features. It fails on rings that are not wound or closed as they should be.
fn read_by_mapbox(files: &[PathBuf]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decode.mjs");
    let out = Command::new("node").arg(script).args(files).output().unwrap();
    assert!(out.status.success(), "{}", told(&out));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What GDAL finds in a tile.
fn read_by_gdal(file: &Path) -> BTreeMap<String, u64> {
    let out = Command::new("ogrinfo").args(["-ro", "-so", "-al"]).arg(file).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && !told(&out).contains("ERROR"), "{file:?}: {}", told(&out));
    let mut layers = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(layer) = line.strip_prefix("Layer name: ") {
            name = layer.to_owned();
        } else if let Some(count) = line.strip_prefix("Feature Count: ") {
            layers.insert(name.clone(), count.parse().unwrap());
        }
    }
    layers
}

#[tokio::test]
async fn two_other_decoders_read_every_tile_alike_and_a_street_map_is_in_them() {
    let mut extracts = vec![(demo(), "solvigne", 40)];
    extracts.extend(shared("osm/monaco-2023-11.osm.pbf").map(|file| (file, "monaco", 40)));
    extracts.extend(shared("osm/redon.osm.pbf").map(|file| (file, "redon", 10)));
    for (file, slug, least) in extracts {
        let place = Place::new(Backend::Sqlite).await;
        let out = place.run(&["import", "osm", file.to_str().unwrap(), "--territory", slug]);
        assert!(out.status.success(), "{}", told(&out));
        let app = App::start_at(place, FREE, &[]);
        let files = download(&app, slug, &app.place.data.join("tiles")).await;
        assert!(files.len() >= least, "{slug}: {} tiles", files.len());
        let theirs = read_by_mapbox(&files);
        let mut deepest: BTreeMap<String, u64> = BTreeMap::new();
        for file in &files {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            assert_eq!(read_by_gdal(file), theirs[&name], "{slug} {name}");
            if name.starts_with("14-") {
                theirs[&name].iter().for_each(|(layer, n)| *deepest.entry(layer.clone()).or_default() += n);
            }
        }
        for (layer, least) in [("streets", 200), ("street_labels", 20), ("buildings", 1000), ("land", 30), ("water_polygons", 3), ("addresses", 100)]
        {
            assert!(deepest.get(layer).is_some_and(|n| *n >= least), "{slug}: {layer} in {deepest:?}");
        }
        assert_eq!(deepest.contains_key("ocean"), slug == "monaco");
    }
}

#[tokio::test]
async fn the_same_extract_gives_the_same_archive_to_the_last_byte() {
    let file = shared("osm/monaco-riviera-2016-03.osm.pbf").unwrap_or_else(demo);
    let mut archives = Vec::new();
    for _ in 0..2 {
        let place = Place::new(Backend::Sqlite).await;
        assert!(place.run(&["import", "osm", file.to_str().unwrap(), "--territory", "ici"]).status.success());
        archives.push(fs::read(place.data.join("basemaps/ici.pmtiles")).unwrap());
    }
    assert!(archives[0] == archives[1], "{} and {} bytes", archives[0].len(), archives[1].len());
}

on_both! {
    async fn imports_killed_anywhere_leave_the_old_map_in_service_and_nothing_behind(backend: Backend) {
        let place = Place::new(backend).await;
        assert!(import(&place, &demo()).status.success());
        let old = fs::read(place.data.join("basemaps/solvigne.pmtiles")).unwrap();
        let mut app = App::start_at(place, FREE, &[]);
        for round in 0..10_u64 {
            let wait = Duration::from_millis(30 + round * 67);
            if round % 2 == 0 {
                // The importing command itself.
                let place = app.stop();
                let mut child = place.command(&["import", "osm", "--apply", demo().to_str().unwrap()]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
                tokio::time::sleep(wait).await;
                child.kill().unwrap();
                child.wait().unwrap();
                app = App::start_at(place, FREE, &[]);
            } else {
                // The server that imports for a command.
                let mut child = app.place.command(&["import", "osm", "--apply", demo().to_str().unwrap()]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
                tokio::time::sleep(wait).await;
                let place = app.kill();
                child.wait().unwrap();
                app = App::start_at(place, FREE, &[]);
            }
            assert_eq!(folder(&app.place), ["solvigne.pmtiles"], "round {round}");
            let mut ana = app.person();
            let about = ana.get("/api/v1/territories/solvigne").await.1["basemap"].clone();
            assert_eq!(about["archive"], "solvigne", "round {round}: {about}");
            assert_eq!(ana.send(reqwest::Method::GET, "/tiles/base/solvigne/14/8110/5714.mvt", None, &[]).await.status(), 200);
        }
        // The same extract was imported each time, so the old archive and one that came to its end are alike.
        assert!(fs::read(app.place.data.join("basemaps/solvigne.pmtiles")).unwrap() == old);
        let out = import(&app.place, &demo());
        assert!(out.status.success(), "and the next import goes through: {}", String::from_utf8_lossy(&out.stderr));
    }
}

on_both! {
    async fn a_full_disk_gives_a_sentence_and_leaves_the_old_map_and_the_data(backend: Backend) {
        let place = Place::new(backend).await;
        assert!(import(&place, &demo()).status.success());
        let old = fs::read(place.data.join("basemaps/solvigne.pmtiles")).unwrap();
        let newer = shared("osm/monaco-2023-11.osm.pbf").unwrap_or_else(demo);
        let import = place.command(&["import", "osm", newer.to_str().unwrap(), "--territory", "solvigne", "--apply"]);
        // Files may not grow beyond 60 kB: a disk that is full, for whoever writes more.
        let words: Vec<String> = std::iter::once(import.get_program()).chain(import.get_args()).map(|w| format!("'{}'", w.to_str().unwrap())).collect();
        let out = Command::new("bash").arg("-c").arg(format!("trap '' XFSZ; ulimit -f 60; exec {}", words.join(" "))).output().unwrap();
        assert!(!out.status.success() && told(&out).contains("disk is full"), "{}", told(&out));
        assert!(!told(&out).contains("panicked"), "{}", told(&out));
        assert_eq!(folder(&place), ["solvigne.pmtiles"]);
        assert!(fs::read(place.data.join("basemaps/solvigne.pmtiles")).unwrap() == old);
        let app = App::start_at(place, FREE, &[]);
        let (_, about) = app.person().get("/api/v1/territories/solvigne").await;
        assert_eq!((about["name"].as_str(), about["basemap"]["archive"].as_str()), (Some("Solvigné"), Some("solvigne")), "{about}");
        let out = app.place.run(&["check"]);
        assert!(out.status.success(), "{}", told(&out));
    }
}

#[tokio::test]
async fn an_extract_whose_features_are_odd_or_broken_never_stops_the_map() {
    for name in ["hostile-strings", "relation-cycle", "way-without-any-node", "ways-before-nodes", "coordinates-out-of-range"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/broken/{name}.osm.pbf"));
        let place = Place::new(Backend::Sqlite).await;
        let out = place.run(&["import", "osm", file.to_str().unwrap(), "--territory", "ici"]);
        assert!(out.status.success() || out.status.code() == Some(2), "{name}: {}", told(&out));
        assert!(!told(&out).contains("panicked"), "{name}: {}", told(&out));
        if out.status.success() {
            let app = App::start_at(place, FREE, &[]);
            let about: Value = app.person().get("/api/v1/territories/ici").await.1;
            assert_eq!(about["basemap"]["archive"], "ici", "{name}");
        }
    }
}
