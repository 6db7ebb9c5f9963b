//! Files that are broken, odd or built to do harm: each behaves as its case says, in bounded memory and time, and leaves no half of itself.

use crate::app::{App, Backend, FREE, Person, Place, shared};
use crate::hostile_json::resident;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Resident memory of one file's reading at most, KiB; the same for every process that takes part.
const MEMORY: u64 = 512 * 1024;
const TIME: Duration = Duration::from_secs(10);

/// What a command did: its status, what it said, and how much it took.
struct Measured {
    status: Option<i32>,
    said: String,
    memory: u64,
    time: Duration,
}

/// Runs a command on a place under GNU time, which tells the largest resident memory of the command and of its children.
fn measured(place: &Place, args: &[&str], file: &Path) -> Measured {
    let command = place.command(args);
    let report = place.data.join("time.txt");
    let started = Instant::now();
    let out = std::process::Command::new("/usr/bin/time")
        .args(["--format=%M", "--output"])
        .arg(&report)
        .arg(command.get_program())
        .args(command.get_args())
        .arg(file)
        .output()
        .expect("the package `time` is installed by tests/install.sh");
    let time = started.elapsed();
    let report = std::fs::read_to_string(report).unwrap();
    let memory = report.lines().last().unwrap().trim().parse().unwrap();
    Measured { status: out.status.code(), said: String::from_utf8_lossy(&out.stderr).into_owned(), memory, time }
}

/// The line of `check` about the journal.
fn journal(place: &Place) -> String {
    let out = place.run(&["check"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}");
    said.lines().find(|l| l.starts_with("ok    journal")).unwrap().to_owned()
}

on_both! {
    async fn every_broken_or_odd_extract_ends_as_its_case_says_within_512_mib_and_10_s(backend: Backend) {
        let Some(folder) = shared("robustness/bad-pbf") else { return };
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
        let cases = cases.as_object().unwrap();
        assert_eq!(cases.len(), 59);
        let place = Place::new(backend).await;
        let mut before = journal(&place);
        for (i, (name, case)) in cases.iter().enumerate() {
            let did = measured(&place, &["import", "osm", &format!("--territory=essai-{i}")], &folder.join(format!("{name}.osm.pbf")));
            let after = if did.status == Some(0) { journal(&place) } else { String::new() };
            let Measured { status, said, memory, time } = did;
            assert!(!said.contains("panicked"), "{name}: {said}");
            assert!(memory < MEMORY && time < TIME, "{name}: {memory} KiB, {time:?}");
            match case["expect"].as_str().unwrap() {
                "accept" => assert_eq!(status, Some(0), "{name}: {said}"),
                "reject" => assert_eq!(status, Some(2), "{name}: {said}"),
                // Read as far as it makes sense, or refused like the others.
                _ => assert!(matches!(status, Some(0 | 2)), "{name}: {status:?} {said}"),
            }
            if status == Some(2) {
                assert_eq!(said.trim().lines().count(), 1, "{name}: one sentence: {said}");
            } else {
                before = after;
            }
            if i % 10 == 9 {
                assert_eq!(journal(&place), before, "a refused file wrote something, {name} or one before it");
            }
        }
        assert_eq!(journal(&place), before);
    }
}

/// Sends a file as an admin does through the site, and waits until it was read.
async fn uploaded(admin: &mut Person, name: &str, bytes: Vec<u8>) -> Value {
    let url = format!("{}/api/v1/territories/ville/imports?name={name}.osm.pbf", admin.url);
    let sent = admin.http.post(url).header("content-type", "application/octet-stream").header("cookie", admin.cookie.clone().unwrap()).body(bytes);
    let answer = sent.send().await.unwrap();
    assert_eq!(answer.status(), 202, "{name}");
    let run: Value = answer.json().await.unwrap();
    let started = Instant::now();
    loop {
        let (status, run) = admin.get(&format!("/api/v1/imports/{}", run["id"].as_str().unwrap())).await;
        assert_eq!(status, 200, "{name}: {run}");
        if run["state"] != "reading" {
            return run;
        }
        assert!(started.elapsed() < TIME, "{name} is still being read");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_both! {
    async fn every_broken_or_odd_extract_that_an_admin_uploads_ends_as_its_case_says(backend: Backend) {
        let Some(folder) = shared("robustness/bad-pbf") else { return };
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        // Where most of the cases lie: around Rennes.
        app.territory("ville", -2.0, 47.5).await;
        let mut admin = app.with_role("admin").await;
        let before = app.unhurt();
        let (mut refused, mut planned) = (0, 0);
        for (name, case) in cases.as_object().unwrap() {
            let run = uploaded(&mut admin, name, std::fs::read(folder.join(format!("{name}.osm.pbf"))).unwrap()).await;
            match run["state"].as_str().unwrap() {
                "failed" => {
                    refused += 1;
                    let said = run["error"].as_str().unwrap_or_default();
                    // Sound, but about somewhere else, or with nothing to take.
                    let elsewhere = said.contains("même endroit") || said.contains("aucun acteur de ce territoire");
                    assert!(case["expect"] != "accept" || elsewhere, "{name}: {run}");
                    assert!(said.len() > 10 && said.lines().count() == 1 && !said.contains("panicked"), "{name}: {run}");
                }
                "planned" => {
                    planned += 1;
                    assert_ne!(case["expect"], "reject", "{name}: {run}");
                    let (status, told) = admin.post(&format!("/api/v1/imports/{}/discard", run["id"].as_str().unwrap()), &json!({})).await;
                    assert_eq!(status, 202, "{name}: {told}");
                }
                other => panic!("{name}: {other}"),
            }
        }
        assert!(refused >= 30 && planned >= 8, "{refused} refused, {planned} planned");
        assert!(resident(app.pid()) < MEMORY, "{} KiB", resident(app.pid()));
        assert_eq!(app.unhurt(), before, "nothing was written to the map");
        let files = std::fs::read_dir(app.place.data.join("imports")).into_iter().flatten().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        let left: Vec<String> = files.filter(|name| name.contains(".pbf") || name.contains(".osc")).collect();
        assert!(left.is_empty(), "files of imports that are over are still there: {left:?}");
    }
}

/// A gzip file in a place whose text is a start, then a piece many times, then an end.
fn bomb(place: &Place, name: &str, start: &str, piece: &[u8], times: usize, end: &str) -> PathBuf {
    let path = place.data.join(name);
    let mut gz = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
    gz.write_all(start.as_bytes()).unwrap();
    (0..times).for_each(|_| gz.write_all(piece).unwrap());
    gz.write_all(end.as_bytes()).unwrap();
    gz.finish().unwrap();
    path
}

const HEADER: &str =
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat\n";
const COLLECTION: &str = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"nom\":\"";

#[tokio::test]
async fn a_small_file_that_unpacks_to_a_great_one_is_refused_in_bounded_memory() {
    let place = Place::new(Backend::Sqlite).await;
    let before = journal(&place);
    let mib = vec![b'a'; 1 << 20];
    let twice = |path: &Path| {
        // Packed once more: whoever unpacks until nothing is packed any more never ends.
        let mut gz = GzEncoder::new(Vec::new(), Compression::best());
        gz.write_all(&std::fs::read(path).unwrap()).unwrap();
        let packed = path.with_file_name(format!("twice-{}", path.file_name().unwrap().to_string_lossy()));
        std::fs::write(&packed, gz.finish().unwrap()).unwrap();
        packed
    };
    let open_quote = bomb(&place, "guillemet.csv.gz", &format!("{HEADER}1;;\""), &mib, 600, "");
    let long_row = bomb(&place, "ligne.csv.gz", HEADER, &mib, 600, "\n");
    let no_header = bomb(&place, "sans-entete.csv.gz", "", &mib, 600, "\n");
    let name = bomb(&place, "communes.geojson.gz", COLLECTION, &mib, 100, "\"},\"geometry\":null}]}");
    let feature = bomb(&place, "commune.geojson.gz", "{\"type\":\"Feature\",\"properties\":{\"nom\":\"", &mib, 100, "\"},\"geometry\":null}");
    let deep = bomb(&place, "communes-profondes.geojson.gz", "{\"type\":\"FeatureCollection\",\"features\":", &b"[".repeat(1 << 20), 64, "");
    let key = bomb(&place, "communes-cle.geojson.gz", "{\"", &mib, 100, "\":1}");
    let extract = bomb(&place, "extrait.osm.pbf", "\0\0\0\u{d}\n\tOSMHeader", &mib, 600, "");
    let (again, packed) = (twice(&open_quote), twice(&name));
    for (args, file) in [
        (&["import", "addresses"][..], &open_quote),
        (&["import", "addresses"], &long_row),
        (&["import", "addresses"], &no_header),
        (&["import", "addresses"], &again),
        (&["import", "territories"], &name),
        (&["import", "territories"], &feature),
        (&["import", "territories"], &deep),
        (&["import", "territories"], &key),
        (&["import", "territories"], &packed),
        (&["import", "osm", "--territory=essai"], &extract),
    ] {
        let did = measured(&place, args, file);
        let shown = file.file_name().unwrap().to_string_lossy();
        assert_eq!(did.status, Some(2), "{shown}: {}", did.said);
        assert_eq!(did.said.trim().lines().count(), 1, "{shown}: {}", did.said);
        assert!(!did.said.trim().contains(char::is_control), "{shown}: {:?}", did.said);
        assert!(did.memory < MEMORY && did.time < TIME, "{shown}: {} KiB, {:?}", did.memory, did.time);
    }
    assert_eq!(journal(&place), before, "nothing was written");
}
