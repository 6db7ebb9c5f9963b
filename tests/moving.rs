//! `bouillon move`: an installation on SQLite becomes the same installation on PostGIS.

use crate::app::{App, Backend, FREE, Person, Place, at, create, edit, set_edit};
use crate::backup::said;
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use std::time::Duration;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A life of two hundred edits by three people: actors, places, conflicts, deletions, awkward texts.
async fn live(app: &App) -> Vec<Person> {
    app.territory("ville", 2.0, 48.0).await;
    app.territory("voisine", 3.0, 48.0).await;
    let mut people = vec![app.person(), app.person(), app.with_role("moderator").await];
    let mut seen: Vec<Value> = Vec::new();
    let mut dice = Dice(7);
    for i in 0..200 {
        let mut who = dice.below(3) as usize;
        let (lon, lat) = (2.0 + dice.below(2_000_000) as f64 / 1e6, 48.0 + dice.below(1_000_000) as f64 / 1e6);
        let target = (!seen.is_empty()).then(|| seen[dice.below(seen.len() as u64) as usize].clone());
        let edit = match (dice.below(10), target) {
            (0..=3, _) | (_, None) => create("ville", json!({"name": format!("Acteur « {i} » \\N"), "place/p1/position": at(lon, lat)})),
            (4, Some(seen)) => {
                // Only a moderator takes an actor off the map.
                who = 2;
                edit("delete", &seen, json!({}))
            }
            (5, Some(seen)) => set_edit(&seen, json!({"place/p1/position": at(lon, lat), "place/p2/position": at(lat - 45.0, 48.25)})),
            (6, Some(seen)) => set_edit(&seen, json!({"primary_category": "ALI.amap", "description": format!("Ligne\nligne\tlarge \\ {i}")})),
            // Based on what was seen long ago: often a conflict.
            (_, Some(seen)) => set_edit(&seen, json!({"summary": format!("résumé {i} 🌻")})),
        };
        let (status, body) = people[who].edits(&[edit]).await;
        assert!(status == 200 || status == 409 || status == 410, "{status} {body}");
        if body["results"][0]["actor"]["id"].is_string() && dice.below(2) == 0 {
            seen.push(body["results"][0]["actor"].clone());
        }
    }
    let seance = crate::seances::open(&mut people[2], "ville", json!({"title": "Samedi « solidaire »\t"})).await;
    let mut guest = crate::seances::joined(app, &mut people[2], seance, "Ana \\N").await;
    let set = json!({"name": "À la séance", "place/p1/position": at(2.5, 48.5)});
    let edits = [crate::seances::within(seance, create("ville", set)), crate::seances::claim(seance, "centre", "Ana")];
    assert_eq!(guest.edits(&edits).await.0, 200);
    people.push(guest);
    people
}

/// Everything that can be read of a server, but for the moment it was read at.
async fn everything(app: &App) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for format in ["csv", "geojson"] {
        for territory in ["ville", "voisine"] {
            let out = app.place.run(&["export", "actors", "--territory", territory, "--format", format]);
            assert!(out.status.success(), "{}", said(&out));
            all.push(out.stdout);
        }
    }
    let mut person = app.person();
    for path in [
        "territories/ville/actors.geojson",
        "territories/voisine/counts",
        "territories/ville/history?limit=200",
        "changes?since=0",
        "territories",
        "territories/ville/seances",
    ] {
        let response = person.send(reqwest::Method::GET, &format!("/api/v1/{path}"), None, &[]).await;
        assert!(response.status().is_success() || path.starts_with("changes"), "{path}: {}", response.status());
        all.push(response.bytes().await.unwrap().to_vec());
    }
    all
}

fn mv(place: &Place, to: &str, more: &[&str]) -> Output {
    place.run(&[&["move", "--to", to], more].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_moves_to_postgis_with_its_journal_its_ids_and_its_people() {
    let app = App::start(Backend::Sqlite).await;
    let mut people = live(&app).await;
    let before = everything(&app).await;
    let (_, me) = people[0].get("/api/v1/me").await;
    let target = Place::new(Backend::Postgis).await;
    let to = target.database.clone().unwrap();
    let out = mv(&app.place, &to, &["--apply"]);
    assert!(out.status.code() == Some(2) && said(&out).contains("is used by another bouillon"), "{}", said(&out));
    let out = mv(&app.place, &to, &[]);
    assert!(out.status.success() && said(&out).contains("Rien n’a été écrit") && said(&out).contains("journal"), "{}", said(&out));
    let place = app.stop();
    let out = mv(&place, &to, &["--apply"]);
    assert!(out.status.success() && said(&out).contains("empreinte"), "{}", said(&out));
    let moved = Place { data: place.data.clone(), database: Some(to.clone()) };
    let app = App::start_at(moved, FREE, &[]);
    for (was, is) in before.iter().zip(everything(&app).await) {
        assert_eq!(String::from_utf8_lossy(was), String::from_utf8_lossy(&is));
    }
    people[0].url = app.url.clone();
    let (_, again) = people[0].get("/api/v1/me").await;
    assert_eq!(again, me, "the cookie is still believed");
    people[2].url = app.url.clone();
    assert_eq!(people[2].get("/api/v1/me").await.1["role"], "moderator");
    people[0].add("ville", json!({"name": "Après le déménagement"})).await;
    people[3].url = app.url.clone();
    let (_, list) = people[3].get("/api/v1/territories/ville/seances").await;
    let seance = list["seances"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(list["seances"][0]["you"]["nickname"], "Ana \\N", "{list}");
    let more = crate::seances::within(seance, create("ville", json!({"name": "Encore", "place/p1/position": at(2.5, 48.5)})));
    assert_eq!(people[3].edits(&[more]).await.0, 200, "whoever takes part goes on");
    let (_, minutes) = people[3].get(&format!("/api/v1/seances/{seance}/minutes")).await;
    assert_eq!(minutes["counts"], json!({"added": 2, "completed": 0, "confirmed": 0, "edits": 3}), "{minutes}");
    let out = app.place.run(&["check"]);
    assert!(out.status.success(), "{}", said(&out));
    // The data folder goes away with its place, so this one lives to the end.
    let _moved = app.stop();
    let out = mv(&place, &to, &["--apply"]);
    assert!(out.status.code() == Some(2) && said(&out).contains("not empty"), "{}", said(&out));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_killed_or_can_not_be_done_leaves_the_target_empty() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    app.person().add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
    let place = app.stop();
    let target = Place::new(Backend::Postgis).await;
    let to = target.database.clone().unwrap();
    for pause in [20, 60, 100, 140] {
        let mut child = place.command(&["move", "--to", &to, "--apply"]).stdout(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let finished = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        // The server needs a moment to see that the other side is gone.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let out = mv(&place, &to, &[]);
        assert_eq!(out.status.success(), !finished, "{}", said(&out));
        if finished {
            return;
        }
    }
    for (to, word) in [("sqlite:/tmp/x.sqlite", "postgres://"), ("postgres://nobody@localhost/none?host=/nonexistent", "bouillon:")] {
        let out = mv(&place, to, &["--apply"]);
        assert!(!out.status.success() && said(&out).contains(word) && !said(&out).contains("panicked"), "{}", said(&out));
    }
    let out = mv(&place, &to, &["--apply"]);
    assert!(out.status.success(), "{}", said(&out));
}
