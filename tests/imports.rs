//! From an extract to a territory: what is published, what is kept back, and what a file that is no extract does.

use crate::app::{App, Backend, FREE, Place, demo, edit, shared};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

fn import(place: &Place, file: &Path, more: &[&str]) -> std::process::Output {
    place.command(&["import", "osm"]).arg(file).args(more).output().unwrap()
}

async fn imported(backend: Backend, file: &Path, more: &[&str]) -> App {
    let place = Place::new(backend).await;
    let out = import(&place, file, more);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    App::start_at(place, FREE, &[])
}

async fn actors(app: &App, slug: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = app.person().get(&format!("/api/v1/territories/{slug}/actors.geojson?limit=1000{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["features"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()),
            None => return all,
        }
    }
}

/// The rows of the committed table for a file: category → published; made with osmium, not with our importer.
fn expected(file: &str) -> BTreeMap<String, u64> {
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected_actors.tsv")).unwrap();
    let rows = table.lines().map(|l| l.split('\t').collect::<Vec<_>>()).filter(|r| r[0] == file);
    let counts: BTreeMap<String, u64> = rows.map(|r| (r[2].to_owned(), r[3].parse().unwrap())).filter(|(_, n)| *n > 0).collect();
    assert!(!counts.is_empty(), "the table has no row for {file}");
    counts
}

fn per_category(features: &[Value]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for feature in features {
        *counts.entry(feature["properties"]["category"].as_str().unwrap_or("").to_owned()).or_default() += 1;
    }
    counts
}

/// The contour of Redon (35236) as a file of its own.
fn redon_contour() -> Option<PathBuf> {
    let all = shared("admin/communes-france-2018.geojson.gz")?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(all).unwrap()).read_to_string(&mut text).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let redon = all["features"].as_array().unwrap().iter().find(|f| f["properties"]["code"] == "35236").unwrap();
    let file = std::env::temp_dir().join(format!("redon-{}-{:?}.geojson", std::process::id(), std::thread::current().id()));
    std::fs::write(&file, redon.to_string()).unwrap();
    Some(file)
}

on_both! {
    async fn the_demonstration_commune_has_the_actors_that_its_generator_placed(backend: Backend) {
        let app = imported(backend, &demo(), &[]).await;
        let (_, t) = app.person().get("/api/v1/territories/solvigne").await;
        assert_eq!((t["name"].as_str(), t["code"].as_str(), t["population"].as_u64()), (Some("Solvigné"), Some("99935"), Some(9034)));
        assert_eq!(t["quartiers"].as_array().unwrap().len(), 4);
        assert_eq!(per_category(&actors(&app, "solvigne").await), expected("solvigne-2026-03-01.osm.pbf"));
        let quartiers: u64 = t["quartiers"].as_array().unwrap().iter().map(|q| q["actors"].as_u64().unwrap()).sum();
        assert!(quartiers >= t["actors"].as_u64().unwrap(), "the quartiers cover the commune");
        let place = app.stop();
        assert!(place.run(&["check"]).status.success());
    }
}

on_both! {
    async fn real_extracts_give_the_actors_that_the_mapping_promises(backend: Backend) {
        let contour = redon_contour();
        for (file, more) in [
            ("redon.osm.pbf", contour.as_ref().map(|c| format!("--boundary={}", c.display()))),
            ("andorra-2021-10.osm.pbf", None),
            ("monaco-2023-11.osm.pbf", None),
            ("helsinki-2019-04.osm.pbf", None),
        ] {
            let Some(path) = shared(&format!("osm/{file}")) else { return };
            let more: Vec<&str> = more.iter().map(String::as_str).chain(["--territory=essai"]).collect();
            let app = imported(backend, &path, &more).await;
            assert_eq!(per_category(&actors(&app, "essai").await), expected(file), "{file}");
        }
    }
}

on_both! {
    async fn importing_the_same_file_twice_changes_nothing(backend: Backend) {
        let place = Place::new(backend).await;
        assert!(import(&place, &demo(), &[]).status.success());
        let app = App::start_at(place, FREE, &[]);
        let (_, before) = app.person().get("/api/v1/territories/solvigne/actors.geojson").await;
        // Beside the running server: the same command hands its work over.
        let out = import(&app.place, &demo(), &["--apply"]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(String::from_utf8_lossy(&out.stdout).contains("publiés : 0"));
        let (_, after) = app.person().get("/api/v1/territories/solvigne/actors.geojson").await;
        assert_eq!(before, after);
    }
}

on_both! {
    async fn an_import_beside_a_running_server_shows_up_live_and_keeps_what_citizens_wrote(backend: Backend) {
        let older = demo().with_file_name("solvigne-2024-03-01.osm.pbf");
        let app = App::start(backend).await;
        assert!(import(&app.place, &older, &[]).status.success());
        let mut ana = app.person();
        let (_, list) = ana.get("/api/v1/territories/solvigne/actors.geojson?q=mediatheque").await;
        let id = list["features"][0]["properties"]["id"].as_str().unwrap().to_owned();
        let seen = ana.actor(&id).await;
        assert_eq!(ana.set(&seen, json!({"name": "Médiathèque de quartier", "summary": "Des livres et un jardin."})).await.0, 200);
        let (_, before) = ana.get("/api/v1/territories/solvigne").await;
        assert!(import(&app.place, &demo(), &["--apply"]).status.success());
        let (_, after) = ana.get("/api/v1/territories/solvigne").await;
        assert!(after["actors"].as_u64() > before["actors"].as_u64(), "the newer extract's actors are there");
        let now = ana.actor(&id).await;
        assert_eq!((now["fields"]["name"].as_str(), now["fields"]["summary"].as_str()), (Some("Médiathèque de quartier"), Some("Des livres et un jardin.")));
        assert_eq!(now["provenance"]["name"]["source"], Value::Null);
        assert_eq!(now["provenance"]["primary_category"]["source"], "osm");
        assert!(now["source"]["ref"].as_str().unwrap().starts_with("osm:"));
    }
}

on_both! {
    async fn a_killed_import_can_simply_be_run_again(backend: Backend) {
        let place = Place::new(backend).await;
        let mut child = place.command(&["import", "osm"]).arg(demo()).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(450));
        child.kill().unwrap();
        child.wait().unwrap();
        let out = import(&place, &demo(), &[]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let app = App::start_at(place, FREE, &[]);
        assert_eq!(per_category(&actors(&app, "solvigne").await), expected("solvigne-2026-03-01.osm.pbf"));
        let place = app.stop();
        assert!(place.run(&["check"]).status.success());
    }
}

on_both! {
    async fn a_broken_file_gives_one_sentence_and_leaves_the_database_as_it_was(backend: Backend) {
        let app = App::start(backend).await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken");
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
        let mut rejected = 0;
        for (name, case) in cases.as_object().unwrap() {
            let out = import(&app.place, &folder.join(format!("{name}.osm.pbf")), &["--territory=essai"]);
            let said = String::from_utf8_lossy(&out.stderr).into_owned();
            assert!(!said.contains("panicked"), "{name}: {said}");
            if case["expect"] == "reject" {
                rejected += 1;
                assert_eq!(out.status.code(), Some(2), "{name}: {said}");
                assert_eq!(said.trim().lines().count(), 1, "{name}: {said}");
            } else if case["expect"] == "accept" {
                assert_eq!(out.status.code(), Some(0), "{name}: {said}");
            }
        }
        assert!(rejected >= 8, "only {rejected} files were to be rejected");
        let truncated = std::env::temp_dir().join(format!("cut-{}-{backend:?}.osm.pbf", std::process::id()));
        let whole = std::fs::read(demo()).unwrap();
        std::fs::write(&truncated, &whole[..whole.len() / 2]).unwrap();
        let (_, before) = app.person().get("/api/v1/territories").await;
        let out = import(&app.place, &truncated, &[]);
        assert_eq!(out.status.code(), Some(2));
        let (_, after) = app.person().get("/api/v1/territories").await;
        assert_eq!(before, after);
        std::fs::remove_file(truncated).unwrap();
    }
}

on_both! {
    async fn a_candidate_that_somebody_takes_over_becomes_an_actor_with_its_source(backend: Backend) {
        let app = imported(backend, &demo(), &[]).await;
        let mut ana = app.person();
        let (_, found) = ana.get("/api/v1/duplicates?territory=solvigne&name=horizon").await;
        let candidate = found["candidates"][0].clone();
        assert!(candidate["name"].as_str().is_some_and(|n| n.contains("Horizon")), "{found}");
        let mut made = crate::app::create("solvigne", candidate["fields"].clone());
        made["candidate"] = candidate["id"].clone();
        made["set"]["primary_category"] = json!("DEM.residents");
        let (status, body) = ana.edits(&[made]).await;
        assert_eq!(status, 200, "{body}");
        let actor = &body["results"][0]["actor"];
        assert_eq!(actor["source"]["ref"], candidate["source"]);
        assert_eq!(actor["provenance"]["name"]["source"], "osm");
        assert_eq!(actor["provenance"]["primary_category"]["source"], Value::Null);
        let (_, found) = ana.get("/api/v1/duplicates?territory=solvigne&name=horizon").await;
        assert!(found["candidates"].as_array().unwrap().is_empty(), "it is offered no more");
        // The next import knows it as this actor.
        assert!(import(&app.place, &demo(), &["--apply"]).status.success());
        let (_, list) = ana.get("/api/v1/territories/solvigne/actors.geojson?q=horizon").await;
        assert_eq!(list["numberMatched"], 1);
    }
}

on_both! {
    async fn a_deleted_actor_is_not_brought_back_by_the_next_import(backend: Backend) {
        let app = imported(backend, &demo(), &[]).await;
        let mut moderator = app.with_role("moderator").await;
        let (_, list) = moderator.get("/api/v1/territories/solvigne/actors.geojson?limit=1").await;
        let seen = moderator.actor(list["features"][0]["properties"]["id"].as_str().unwrap()).await;
        assert_eq!(moderator.edits(&[edit("delete", &seen, json!({"base": {"*": seen["version"]}}))]).await.0, 200);
        let (_, before) = moderator.get("/api/v1/territories/solvigne").await;
        assert!(import(&app.place, &demo(), &["--apply"]).status.success());
        let (_, after) = moderator.get("/api/v1/territories/solvigne").await;
        assert_eq!(before["actors"], after["actors"]);
    }
}

on_both! {
    async fn membership_equals_st_covers_on_real_communes(backend: Backend) {
        let Some(path) = shared("admin/communes-35-ille-et-vilaine-2018.geojson") else { return };
        let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let app = App::start(backend).await;
        let mut admin = app.with_role("admin").await;
        let communes: Vec<&Value> = all["features"].as_array().unwrap().iter().take(60).collect();
        let territory = |f: &&Value| {
            let slug = format!("c{}", f["properties"]["code"].as_str().unwrap());
            let set = json!({"slug": slug, "name": f["properties"]["nom"], "kind": "commune", "boundary": f["geometry"]});
            json!({"id": uuid::Uuid::now_v7(), "subject": {"kind": "territory", "id": uuid::Uuid::now_v7()}, "kind": "create", "set": set})
        };
        for commune in &communes {
            assert_eq!(admin.edits(&[territory(commune)]).await.0, 200);
        }
        // Points in the middle, and exactly on the corners that neighbours share.
        let mut corners = Vec::new();
        for commune in &communes {
            let mut ring = &commune["geometry"]["coordinates"][0];
            if ring[0][0].is_array() {
                ring = &ring[0];
            }
            corners.extend(ring.as_array().unwrap().iter().step_by(40).take(6).cloned());
        }
        let slug = format!("c{}", communes[0]["properties"]["code"].as_str().unwrap());
        let edits: Vec<Value> = corners
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let (lon, lat) = (c[0].as_f64().unwrap(), c[1].as_f64().unwrap());
                let nudge = if i % 3 == 0 { 0.0 } else { 0.0007 * (i % 7) as f64 };
                crate::app::create(&slug, json!({"name": format!("Coin {i}"), "place/p1/position": crate::app::at(lon + nudge, lat)}))
            })
            .collect();
        for chunk in edits.chunks(100) {
            assert_eq!(admin.edits(chunk).await.0, 200);
        }
        let place = app.stop();
        let out = place.run(&["check"]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{text}");
        assert_eq!(text.contains("ok    territories against ST_Covers"), backend == Backend::Postgis, "{text}");
    }
}

/// The table is what osmium and plain Python count, also after somebody changed the mapping.
#[test]
fn the_table_of_expected_actors_is_what_osmium_says() {
    if shared("osm/redon.osm.pbf").is_none() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = std::process::Command::new("python3").arg(root.join("tests/expected_actors.py")).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let table = std::fs::read_to_string(root.join("tests/expected_actors.tsv")).unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), table, "run tests/expected_actors.py > tests/expected_actors.tsv and look at the difference");
}

#[test]
fn the_fixtures_are_what_their_generator_draws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = std::process::Command::new("python3").arg(root.join("fixtures/generate.py")).arg("--check").output().unwrap();
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

/// QGIS and SQL see the same actors and territories as the map.
#[tokio::test]
async fn the_views_for_other_tools_hold_every_place_on_the_map() {
    use sqlx::Connection;
    let app = imported(Backend::Postgis, &demo(), &[]).await;
    let features = actors(&app, "solvigne").await;
    let mut c = sqlx::PgConnection::connect(app.place.database.as_ref().unwrap()).await.unwrap();
    let rows: Vec<(String, String, f64, i32)> =
        sqlx::query_as("select name, category, st_x(geom), st_srid(geom) from actors_on_map order by id").fetch_all(&mut c).await.unwrap();
    assert_eq!(rows.len(), features.len());
    assert!(rows.iter().all(|(name, _, lon, srid)| !name.is_empty() && *srid == 4326 && (-1.9..-1.7).contains(lon)));
    let (territories, inside): (i64, i64) =
        sqlx::query_as("select count(*), count(*) filter (where st_isvalid(geom)) from territories_on_map").fetch_one(&mut c).await.unwrap();
    assert_eq!((territories, inside), (5, 5));
}
