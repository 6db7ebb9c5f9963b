//! The command line: settings, exports, checks, and the lock on the data folder.

use crate::app::{App, BOUILLON, FREE, Place, at};
use serde_json::json;
use std::io::Write;
use std::process::Command;

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_and_unknown_words_are_refused() {
    let data = std::env::temp_dir().join(format!("bouillon-settings-{}", std::process::id()));
    std::fs::create_dir_all(&data).unwrap();
    let file = data.join("bouillon.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:7001\"\nbase-url = \"https://carte.example.org\"\n").unwrap();
    let listening = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = Command::new(BOUILLON);
        command.arg("check").arg("--data").arg(&data).arg("--config").arg(&file).args(args).envs(env.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(listening(&[], &[]).contains("127.0.0.1:7001, https://carte.example.org"));
    assert!(listening(&[], &[("BOUILLON_LISTEN", "127.0.0.1:7002")]).contains("127.0.0.1:7002"));
    assert!(listening(&["--listen", "127.0.0.1:7003"], &[("BOUILLON_LISTEN", "127.0.0.1:7002")]).contains("127.0.0.1:7003"));
    std::fs::write(&file, "lisen = \"127.0.0.1:7001\"\n").unwrap();
    let out = Command::new(BOUILLON).arg("check").arg("--data").arg(&data).arg("--config").arg(&file).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("lisen"));
    std::fs::remove_dir_all(&data).unwrap();
}

#[test]
fn an_address_or_a_database_that_makes_no_sense_gets_a_sentence() {
    for (args, word) in [(["--listen", "somewhere"], "somewhere"), (["--database", "mysql://x"], "mysql"), (["--base-url", "carte"], "carte")] {
        let data = std::env::temp_dir().join(format!("bouillon-bad-{}", std::process::id()));
        let out = Command::new(BOUILLON).arg("serve").arg("--data").arg(&data).args(args).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains(word) && !said.contains("panicked"), "{args:?}: {said}");
    }
}

on_both! {
    async fn one_data_folder_has_one_server(backend: Backend) {
        let app = App::start(backend).await;
        let out = app.place.command(&["serve"]).args(FREE).output().unwrap();
        assert_eq!(out.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&out.stderr).contains("is used by another bouillon"));
    }
}

on_both! {
    async fn a_second_start_finds_everything_again(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let made = ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let place = app.stop();
        let app = App::start_at(place, FREE, &[]);
        let mut again = app.person();
        again.cookie = ana.cookie.clone();
        let (_, me) = again.get("/api/v1/me").await;
        assert_eq!(me["contributions"], 1, "the cookie is still believed");
        let seen = again.actor(made["id"].as_str().unwrap()).await;
        assert_eq!(seen["versions"], made["versions"]);
        assert_eq!(again.set(&seen, json!({"phone": "01 99 00 00 01"})).await.0, 200);
    }
}

on_both! {
    async fn an_export_holds_every_place_and_no_author(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        ana.add("ville", json!({"name": "=1+1", "phone": "+33 1 99 00 12 34", "place/p1/position": at(2.5, 48.5), "place/p2/position": at(2.6, 48.6),
            "place/p1/address": {"street": "rue du Port", "housenumber": "3 bis", "postcode": "01234"}}))
            .await;
        ana.add("ville", json!({"name": "En ligne", "place/p1/position": {"precision": "online"}})).await;
        let (_, me) = ana.get("/api/v1/me").await;
        let export = |format: &str| {
            let out = app.place.run(&["export", "actors", "--territory", "ville", "--format", format]);
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            String::from_utf8(out.stdout).unwrap()
        };
        let geojson = export("geojson");
        let parsed: geojson::FeatureCollection = geojson.parse::<geojson::GeoJson>().unwrap().try_into().unwrap();
        assert_eq!(parsed.features.len(), 3);
        let csv = export("csv");
        assert!(csv.starts_with('\u{feff}'), "spreadsheets need the byte order mark");
        let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
        let head = reader.headers().unwrap().clone();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let cell = |row: usize, name: &str| rows[row].get(head.iter().position(|h| h == name).unwrap()).unwrap().to_owned();
        assert_eq!(rows.len(), 3);
        let first = (0..3).find(|r| cell(*r, "place") == "p1" && cell(*r, "name") == "'=1+1").expect("a formula is quoted");
        assert_eq!((cell(first, "postcode").as_str(), cell(first, "phone").as_str()), ("01234", "+33 1 99 00 12 34"));
        for text in [&geojson, &csv] {
            assert!(!text.contains(me["name"].as_str().unwrap()), "an export names no author");
        }
    }
}

on_both! {
    async fn check_notices_a_store_that_was_changed_behind_its_back(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        app.person().add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let place = app.stop();
        assert!(place.run(&["check"]).status.success());
        break_behind_its_back(&place).await;
        let out = place.run(&["check"]);
        assert_eq!(out.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&out.stdout).contains("FAIL  journal"));
    }
}

/// Removes the newest journal row, as a careless hand would.
async fn break_behind_its_back(place: &Place) {
    use sqlx::Connection;
    let sql = "delete from journal where seq = (select max(seq) from journal)";
    match &place.database {
        Some(url) => {
            let mut c = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query(sql).execute(&mut c).await.unwrap();
        }
        None => {
            let mut c = sqlx::SqliteConnection::connect(&format!("sqlite:{}", place.data.join("bouillon.sqlite").display())).await.unwrap();
            sqlx::query(sql).execute(&mut c).await.unwrap();
        }
    }
}

on_both! {
    async fn an_invitation_for_an_unknown_role_or_territory_gets_a_sentence(backend: Backend) {
        let place = Place::new(backend).await;
        let out = place.run(&["admin", "invite", "--role", "king"]);
        assert_eq!(out.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&out.stderr).contains("king"));
        let out = place.run(&["admin", "invite", "--territory", "nulle-part"]);
        assert_eq!(out.status.code(), Some(2));
        let out = place.run(&["export", "actors", "--territory", "nulle-part", "--format", "csv"]);
        assert_eq!(out.status.code(), Some(2));
    }
}

/// The commands that the README prints exist, and what it says about `make` is true of the Makefile.
#[test]
fn the_readme_prints_commands_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let makefile = std::fs::read_to_string(root.join("Makefile")).unwrap();
    let mut commands = 0;
    for line in readme.lines().map(str::trim) {
        if let Some(target) = line.strip_prefix("make ") {
            let target = target.split_whitespace().next().unwrap();
            assert!(makefile.contains(&format!("\n{target}:")), "the Makefile has no `{target}`");
            commands += 1;
        }
        if let Some(rest) = line.strip_prefix("bouillon ") {
            let words: Vec<&str> = rest.split_whitespace().take_while(|w| w.chars().all(|c| c.is_ascii_lowercase())).collect();
            let out = Command::new(BOUILLON).args(&words).arg("--help").output().unwrap();
            assert!(out.status.success(), "`bouillon {}` does not exist", words.join(" "));
            for flag in rest.split_whitespace().filter(|w| w.starts_with("--")) {
                let flag = flag.split('=').next().unwrap();
                let help = String::from_utf8_lossy(&out.stdout).into_owned();
                assert!(help.contains(flag), "`bouillon {}` has no {flag}", words.join(" "));
            }
            commands += 1;
        }
    }
    assert!(commands >= 8, "only {commands} commands found in the README");
    let ci = std::fs::read_to_string(root.join(".ci/run")).unwrap();
    assert!(ci.lines().any(|l| l.trim() == "make test"), ".ci/run calls exactly the README's test command");
}

/// The README's own commands, run for real on the demonstration commune in place of the reader's files.
#[test]
fn the_readmes_commands_run() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let data = std::env::temp_dir().join(format!("bouillon-readme-{}", std::process::id()));
    std::fs::create_dir_all(&data).unwrap();
    let contour = data.join("contour.geojson");
    let ring = json!([[-1.83, 47.69], [-1.75, 47.69], [-1.75, 47.74], [-1.83, 47.74], [-1.83, 47.69]]);
    std::fs::write(&contour, json!({"type": "Polygon", "coordinates": [ring]}).to_string()).unwrap();
    let basemap = data.join("bretagne.pmtiles");
    crate::archives::good(&basemap, "bretagne");
    let commune =
        json!({"type": "Feature", "properties": {"code": "99935", "nom": "Solvigné"}, "geometry": {"type": "Polygon", "coordinates": [ring]}});
    for (name, content) in [
        ("communes.geojson", json!({"type": "FeatureCollection", "features": [commune]})),
        ("communes.json", json!([{"code": "99935", "nom": "Solvigné", "population": 9000, "departement": "99", "region": "00"}])),
        ("epci.json", json!([{"code": "200099999", "nom": "CC de Solvigné", "membres": [{"code": "99935"}]}])),
        ("departements.json", json!([{"code": "99", "nom": "Essai", "chefLieu": "99935", "region": "00"}])),
    ] {
        std::fs::write(data.join(name), content.to_string()).unwrap();
    }
    let mut packed = flate2::write::GzEncoder::new(std::fs::File::create(data.join("adresses-35.csv.gz")).unwrap(), flate2::Compression::fast());
    writeln!(packed, "{}\n99935_0010_00012;;12;;Rue du Port;99350;99935;Solvigné;;;;;-1.795;47.711", crate::geocode::HEADER).unwrap();
    packed.finish().unwrap();
    let mut packed = flate2::write::GzEncoder::new(std::fs::File::create(data.join("changements.osc.gz")).unwrap(), flate2::Compression::fast());
    let node = r#"<node id="90000000001" version="1" lat="47.71" lon="-1.79"><tag k="amenity" v="public_bookcase"/><tag k="name" v="Le Livre ouvert"/></node>"#;
    writeln!(packed, r#"<osmChange version="0.6"><create>{node}</create></osmChange>"#).unwrap();
    packed.finish().unwrap();
    let demo = crate::app::demo().display().to_string();
    let newest = || {
        let out = Command::new(BOUILLON).args(["import", "runs", "--territory", "solvigne", "--data"]).arg(&data).output().unwrap();
        String::from_utf8(out.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
    };
    let mut ran = 0;
    for line in readme.lines().filter_map(|l| l.strip_prefix("    bouillon ")).filter(|l| *l != "serve") {
        let line = line.replace("\"Pays de Redon\"", "Pays-de-Redon").replace("35236", "99935").replace("--territory redon", "--territory solvigne");
        let words = line.split_whitespace().map(|w| match w {
            w if w.ends_with(".osm.pbf") => demo.clone(),
            "NUMÉRO" => newest(),
            "contour.geojson" => contour.display().to_string(),
            "bretagne.pmtiles" => basemap.display().to_string(),
            w if data.join(w).is_file() => data.join(w).display().to_string(),
            w => w.to_owned(),
        });
        let out = Command::new(BOUILLON).args(words).arg("--data").arg(&data).output().unwrap();
        assert!(out.status.success(), "bouillon {line}: {}", String::from_utf8_lossy(&out.stderr));
        assert!(!out.stdout.is_empty(), "bouillon {line} says nothing");
        ran += 1;
    }
    assert!(ran >= 8, "only {ran} commands ran");
    std::fs::remove_dir_all(&data).unwrap();
}
