//! Who may do what in a séance, and until when: codes, the hall's one address, the area, the clock, the projector.

use crate::app::{App, FREE, Person, Place, at, create, set_edit};
use crate::seances::{claim, joined, moment, open, seance_edit, token, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;
use uuid::Uuid;

const HOUR: i64 = 3600 * 1000;

/// A server whose clock a test sets, with these limits instead of none.
fn start(place: Place, limits: &[&str]) -> (App, PathBuf) {
    let clock = place.data.join("clock");
    std::fs::write(&clock, "0").unwrap();
    let names: Vec<&str> = limits.iter().filter_map(|a| a.split('=').next()).collect();
    let args: Vec<&str> = FREE.iter().filter(|free| !names.iter().any(|name| free.starts_with(name))).chain(limits).copied().collect();
    (App::start_watched(place, &args, &[("BOUILLON_CLOCK", clock.to_str().unwrap())]), clock)
}

fn jump(clock: &PathBuf, by: i64) {
    std::fs::write(clock, by.to_string()).unwrap();
}

async fn knock(who: &mut Person, body: Value) -> (u16, String) {
    let (status, said) = who.post("/api/v1/seances/join", &body).await;
    (status.as_u16(), said["code"].as_str().unwrap_or("").to_owned())
}

async fn door(organiser: &mut Person, seance: Uuid) -> Value {
    organiser.get(&format!("/api/v1/seances/{seance}/door")).await.1
}

/// Status and code of the first edit's answer.
async fn write(who: &mut Person, edit: Value) -> (u16, String) {
    let (status, body) = who.edits(&[edit]).await;
    let code = body["results"][0]["code"].as_str().or(body["code"].as_str());
    (status.as_u16(), code.unwrap_or("").to_owned())
}

on_both! {
    async fn codes_and_links_open_the_door_until_they_are_renewed_revoked_or_over(backend: Backend) {
        let (app, clock) = start(Place::new(backend).await, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({"participants_max": 3})).await;
        let first = door(&mut nadia, seance).await;
        let (code, link) = (json!({"code": first["code"]}), json!({"token": token(&first)}));
        assert_eq!(knock(&mut app.person(), code.clone()).await.0, 200);
        let change = format!("/api/v1/seances/{seance}/door");
        let (_, second) = nadia.post(&change, &json!({"action": "renew"})).await;
        assert!(second["code"] != first["code"] && second["url"] != first["url"], "{second}");
        for old in [&code, &link] {
            assert_eq!(knock(&mut app.person(), old.clone()).await, (404, "unknown_code".into()));
        }
        let (mut ana, link) = (app.person(), json!({"token": token(&second), "nickname": "Ana"}));
        assert_eq!(knock(&mut ana, link.clone()).await.0, 200);
        for bad in [json!({}), json!({"token": "x", "code": "y"}), json!({"token": 1}), json!({"token": "x", "more": 1})] {
            assert_eq!(knock(&mut app.person(), bad.clone()).await, (400, "bad_body".into()), "{bad}");
        }
        assert_eq!(knock(&mut app.person(), json!({"token": token(&second), "nickname": "x".repeat(31)})).await, (422, "too_long".into()));
        assert_eq!(knock(&mut app.person(), link.clone()).await.0, 200);
        assert_eq!(knock(&mut app.person(), link.clone()).await, (409, "seance_full".into()));
        assert_eq!(knock(&mut ana, link.clone()).await.0, 200, "whoever is in comes in again");
        let (_, closed) = nadia.post(&change, &json!({"action": "revoke"})).await;
        assert!(closed["code"].is_null() && closed["url"].is_null() && closed["qr"].is_null(), "{closed}");
        assert_eq!(knock(&mut ana, link.clone()).await, (404, "unknown_code".into()));
        assert_eq!(write(&mut ana, within(seance, create("ville", json!({"name": "x"})))).await.0, 200, "a closed door sends nobody out");
        let (_, open_again) = nadia.post(&change, &json!({"action": "renew"})).await;
        jump(&clock, 2 * HOUR);
        for key in [json!({"token": token(&open_again)}), json!({"code": open_again["code"]})] {
            assert_eq!(knock(&mut app.person(), key).await, (410, "seance_over".into()));
        }
        let over = door(&mut nadia, seance).await;
        assert!(over["code"].is_null() && over["url"].is_null(), "{over}");
        app.unhurt();
    }
}

on_both! {
    async fn guessing_codes_is_stopped_and_the_hall_goes_on_by_its_link(backend: Backend) {
        let (app, _) = start(Place::new(backend).await, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({})).await;
        let door = door(&mut nadia, seance).await;
        // A hall types the right code from one address, far more often than anybody may guess.
        for _ in 0..30 {
            assert_eq!(knock(&mut app.person(), json!({"code": door["code"]})).await.0, 200);
        }
        let guess = async |i: usize| knock(&mut app.person(), json!({"code": format!("laurier {i}")})).await;
        let mut tries = Vec::new();
        for i in 0..8 {
            tries.push(guess(i).await);
        }
        // Many at once are counted one by one.
        let more = (8..60).map(|i| {
            let mut who = app.person();
            tokio::spawn(async move { knock(&mut who, json!({"code": format!("laurier {i}")})).await })
        });
        for one in more.collect::<Vec<_>>() {
            tries.push(one.await.unwrap());
        }
        let wrong = tries.iter().filter(|t| **t == (404, "unknown_code".to_owned())).count();
        let stopped = tries.iter().filter(|t| **t == (429, "tries".to_owned())).count();
        assert_eq!((wrong, stopped), (20, 40), "{tries:?}");
        assert_eq!(knock(&mut app.person(), json!({"code": door["code"]})).await, (429, "tries".into()), "the right one tells nothing any more");
        assert_eq!(knock(&mut app.person(), json!({"token": token(&door)})).await.0, 200);
        app.unhurt();
    }
}

on_both! {
    async fn sixty_people_behind_one_address_write_until_the_seance_is_over(backend: Backend) {
        let (app, clock) = start(Place::new(backend).await, &["--address-creations-per-hour=5", "--address-edits-per-hour=200", "--min-fill-seconds=1"]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({})).await;
        let mut people = Vec::new();
        for i in 0..60 {
            people.push(joined(&app, &mut nadia, seance, &format!("Ana {i}")).await);
        }
        for (i, who) in people.iter_mut().enumerate() {
            let made = within(seance, create("ville", json!({"name": format!("Acteur {i}"), "place/p1/position": at(2.5, 48.5)})));
            let (status, body) = who.post("/api/v1/edits", &json!({"edits": [made]})).await;
            assert_eq!(status, 200, "{i}: {body}");
        }
        // What is not made in the séance is a contribution like any other, with the form and the address's share.
        let bare = json!({"edits": [create("ville", json!({"name": "x"}))]});
        assert_eq!(people[0].post("/api/v1/edits", &bare).await.1["code"], "form_token");
        let mixed = json!({"edits": [within(seance, create("ville", json!({"name": "x"}))), create("ville", json!({"name": "y"}))]});
        assert_eq!(people[0].post("/api/v1/edits", &mixed).await.1["code"], "form_token", "one edit does not lift the others");
        let (_, form) = people[0].get("/api/v1/form").await;
        jump(&clock, 2 * HOUR);
        let sent = |edit: Value| json!({"edits": [edit], "form": {"token": form["token"]}});
        let (status, body) = people[1].post("/api/v1/edits", &sent(within(seance, create("ville", json!({"name": "Trop tard"}))))).await;
        assert_eq!((status.as_u16(), &body["code"]), (403, &json!("seance_over")), "{body}");
        let mut answers = Vec::new();
        for who in &mut people[2..12] {
            let (status, body) = who.post("/api/v1/edits", &sent(create("ville", json!({"name": "À la maison"})))).await;
            answers.push((status.as_u16(), body["code"].as_str().unwrap_or("").to_owned()));
        }
        let (fine, quota): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.0 == 200);
        // One of the address's five went to the edit that was refused.
        assert_eq!((fine.len(), quota.iter().all(|a| **a == (429, "quota".to_owned()))), (4, true), "{answers:?}");
        let (_, list) = nadia.get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
        assert_eq!(list["numberMatched"], 64);
        app.unhurt();
    }
}

on_both! {
    async fn a_forged_seance_is_refused_and_nothing_is_written(backend: Backend) {
        let (app, clock) = start(Place::new(backend).await, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let (seance, other) = (open(&mut nadia, "ville", json!({})).await, open(&mut nadia, "ville", json!({"title": "Une autre"})).await);
        let later = open(&mut nadia, "ville", json!({"starts_at": moment(120), "ends_at": moment(240)})).await;
        let (mut ana, mut bob) = (joined(&app, &mut nadia, seance, "Ana").await, joined(&app, &mut nadia, seance, "Bob").await);
        let mut early = joined(&app, &mut nadia, later, "Tôt").await;
        let made = || create("ville", json!({"name": "Faux", "place/p1/position": at(2.5, 48.5)}));
        let (_, people) = nadia.get(&format!("/api/v1/seances/{seance}/participants")).await;
        let bobs = people["participants"].as_array().unwrap().iter().find(|p| p["nickname"] == "Bob").unwrap()["id"].as_str().unwrap().to_owned();
        let revoke = format!("/api/v1/seances/{seance}/participants/{bobs}/revoke");
        assert_eq!(ana.post(&revoke, &json!({})).await.0, 403);
        assert_eq!(nadia.post(&revoke, &json!({})).await.0, 200);
        for (who, named, code) in [
            (&mut app.person(), seance, "not_a_participant"),
            (&mut ana, other, "not_a_participant"),
            (&mut bob, seance, "not_a_participant"),
            (&mut nadia, seance, "not_a_participant"),
            (&mut early, later, "seance_over"),
        ] {
            assert_eq!(write(who, within(named, made())).await, (403, code.into()), "{named}");
            assert_eq!(write(who, claim(named, "centre", "Faux")).await.0 / 100, 4, "{named}");
        }
        assert_eq!(write(&mut ana, within(Uuid::now_v7(), made())).await, (403, "not_a_participant".into()), "one that does not exist");
        let (_, door) = nadia.get(&format!("/api/v1/seances/{seance}/door")).await;
        assert_eq!(knock(&mut bob, json!({"token": token(&door)})).await, (403, "not_a_participant".into()), "who was sent away stays out");
        for path in ["/api/v1/territories/ville/actors.geojson", "/api/v1/territories/ville/history"] {
            assert!(!nadia.get(path).await.1.to_string().contains("Faux"), "{path}");
        }
        assert!(nadia.get(&format!("/api/v1/seances/{seance}/cells")).await.1["cells"].as_array().unwrap().iter().all(|c| c["state"].is_null()));
        // An organiser is one in the own territory.
        app.territory("voisine", 3.0, 48.0).await;
        let out = app.place.run(&["admin", "invite", "--role", "organiser", "--territory", "voisine"]);
        let (mut next_door, link) = (app.person(), String::from_utf8(out.stdout).unwrap());
        assert_eq!(next_door.post("/api/v1/invitations", &json!({"token": link.trim().split_once('#').unwrap().1})).await.0, 200);
        assert_eq!(write(&mut next_door, seance_edit("ville", json!({}))).await, (403, "needs_organiser".into()));
        assert_eq!(write(&mut next_door, seance_edit("voisine", json!({}))).await.0, 200);
        for path in ["door", "participants", "edits", "minutes"] {
            assert_eq!(next_door.get(&format!("/api/v1/seances/{seance}/{path}")).await.0, 403, "{path}");
        }
        // The clock ends it for participants, not for the organiser.
        assert_eq!(write(&mut ana, claim(seance, "centre", "Ana")).await.0, 200);
        jump(&clock, 2 * HOUR);
        assert_eq!(write(&mut ana, within(seance, made())).await, (403, "seance_over".into()));
        assert_eq!(write(&mut ana, claim(seance, "port", "Ana")).await, (403, "seance_over".into()));
        let mut hers = claim(seance, "port", "Nadia");
        hers.as_object_mut().unwrap().remove("seance");
        assert_eq!(write(&mut nadia, hers).await.0, 200);
        assert_eq!(write(&mut early, within(later, made())).await.0, 200, "two hours later the other one is open");
        jump(&clock, -24 * HOUR);
        assert_eq!(write(&mut ana, within(seance, made())).await, (403, "seance_over".into()), "not before its start either");
        app.unhurt();
    }
}

on_both! {
    async fn a_participant_writes_inside_the_area_only(backend: Backend) {
        let (app, _) = start(Place::new(backend).await, &[]);
        app.territory("ville", 2.0, 48.0).await;
        app.territory("ailleurs", 5.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let ring = [[2.4, 48.4], [2.6, 48.4], [2.6, 48.6], [2.4, 48.6], [2.4, 48.4]];
        let small = open(&mut nadia, "ville", json!({"area": {"type": "Polygon", "coordinates": [ring]}})).await;
        let whole = open(&mut nadia, "ville", json!({})).await;
        let mut ana = joined(&app, &mut nadia, small, "Ana").await;
        let link = token(&door(&mut nadia, whole).await);
        assert_eq!(knock(&mut ana, json!({"token": link})).await.0, 200);
        let made = |lon: f64| create("ville", json!({"name": "x", "place/p1/position": at(lon, 48.5)}));
        let outside = (403, "outside_area".to_owned());
        assert_eq!(write(&mut ana, within(small, made(2.5))).await.0, 200);
        assert_eq!(write(&mut ana, within(small, made(2.4))).await.0, 200, "its edge is inside");
        assert_eq!(write(&mut ana, within(small, made(2.7))).await, outside);
        assert_eq!(write(&mut ana, within(whole, made(2.7))).await.0, 200, "without an area it is the territory");
        assert_eq!(write(&mut ana, within(whole, made(3.7))).await, outside);
        assert_eq!(write(&mut ana, within(small, create("ville", json!({"name": "En ligne"})))).await.0, 200);
        assert_eq!(write(&mut ana, within(small, create("ailleurs", json!({"name": "En ligne, ailleurs"})))).await, outside);
        let (here, there) = (ana.add("ville", json!({"name": "Ici", "place/p1/position": at(2.5, 48.5)})).await, ana.add("ville", json!({"name": "Là", "place/p1/position": at(2.9, 48.5)})).await);
        assert_eq!(write(&mut ana, within(small, set_edit(&here, json!({"summary": "oui"})))).await.0, 200);
        assert_eq!(write(&mut ana, within(small, set_edit(&here, json!({"place/p1/position": at(2.9, 48.5)})))).await, outside);
        assert_eq!(write(&mut ana, within(small, set_edit(&there, json!({"summary": "non"})))).await, outside);
        assert_eq!(write(&mut ana, within(small, set_edit(&there, json!({"place/p1/position": at(2.5, 48.5)})))).await, outside);
        assert_eq!(write(&mut ana, within(small, claim(whole, "centre", "Ana"))).await, outside, "a piece of another séance");
        assert_eq!(ana.actor(there["id"].as_str().unwrap()).await["fields"]["summary"], Value::Null);
        // The same text without the séance is a contribution like any other: nothing is lost.
        assert_eq!(write(&mut ana, set_edit(&there, json!({"summary": "non"}))).await.0, 200);
        app.unhurt();
    }
}

on_both! {
    async fn the_projector_reads_the_door_and_the_progress_and_writes_nothing(backend: Backend) {
        let (app, _) = start(Place::new(backend).await, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({})).await;
        let mut ana = joined(&app, &mut nadia, seance, "Ana").await;
        let (status, body) = ana.edits(&[within(seance, create("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})))]).await;
        assert_eq!(status, 200, "{body}");
        let hung = door(&mut nadia, seance).await;
        let key = hung["screen_url"].as_str().unwrap().split_once("#k=").unwrap().1.to_owned();
        assert!(hung["screen_url"].as_str().unwrap().contains(&format!("/ville/seances/{seance}/ecran#k=")));
        let base = format!("/api/v1/seances/{seance}");
        let ask = async |method: Method, path: &str, body: Option<&str>, key: &str| {
            let mut wall = app.person();
            let answer = wall.send(method, path, body.map(str::to_owned), &[("bouillon-screen", key)]).await;
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
        };
        let (status, told) = ask(Method::GET, &format!("{base}/door"), None, &key).await;
        assert_eq!((status, &told["code"], &told["qr"], &told["screen_url"]), (200, &hung["code"], &hung["qr"], &Value::Null));
        let (_, told) = ask(Method::GET, &format!("{base}/progress"), None, &key).await;
        assert_eq!((&told["added"], &told["last"][0]["nickname"], &told["last"][0]["kind"]), (&json!(1), &json!("Ana"), &json!("added")), "{told}");
        let mut passer_by = app.person();
        let (_, public) = passer_by.get(&format!("{base}/progress")).await;
        assert!(public["last"][0]["nickname"] != "Ana" && public["last"][0]["name"] == "La Ruche", "{public}");
        let made = json!({"edits": [within(seance, create("ville", json!({"name": "Du mur"})))]}).to_string();
        for (method, path, body) in [
            (Method::POST, format!("{base}/door"), Some(json!({"action": "renew"}).to_string())),
            (Method::POST, format!("{base}/undo"), Some(json!({"whole": true}).to_string())),
            (Method::GET, format!("{base}/participants"), None),
            (Method::GET, format!("{base}/minutes"), None),
            (Method::GET, format!("{base}/edits"), None),
        ] {
            assert_eq!(ask(method, &path, body.as_deref(), &key).await.0, 401, "{path}");
        }
        assert_eq!(ask(Method::POST, "/api/v1/edits", Some(&made), &key).await.0, 422, "no form, and no participant");
        for wrong in ["", "x", &"0".repeat(32), &token(&hung)] {
            assert_eq!(ask(Method::GET, &format!("{base}/door"), None, wrong).await.0, 401, "{wrong}");
        }
        let other = open(&mut nadia, "ville", json!({})).await;
        door(&mut nadia, other).await;
        assert_eq!(ask(Method::GET, &format!("/api/v1/seances/{other}/door"), None, &key).await.0, 401, "the key of another séance");
        assert_eq!(nadia.post(&format!("{base}/door"), &json!({"action": "screen"})).await.0, 200);
        assert_eq!(ask(Method::GET, &format!("{base}/door"), None, &key).await.0, 401, "its link was renewed");
        app.unhurt();
    }
}

on_both! {
    async fn a_nickname_is_for_those_who_were_there_and_can_be_forgotten(backend: Backend) {
        let (app, _) = start(Place::new(backend).await, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({})).await;
        let (mut ana, mut bob) = (joined(&app, &mut nadia, seance, "Ana-Lucía").await, joined(&app, &mut nadia, seance, "Bob").await);
        let (_, body) = ana.edits(&[within(seance, create("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})))]).await;
        let id = body["results"][0]["actor"]["id"].as_str().unwrap().to_owned();
        let (label, history) = (ana.get("/api/v1/me").await.1["name"].clone(), format!("/api/v1/actors/{id}/history"));
        let by = async |who: &mut Person| who.get(&history).await.1["edits"][0]["by"].clone();
        let mut passer_by = app.person();
        assert_eq!((by(&mut bob).await, by(&mut nadia).await, by(&mut passer_by).await), (json!("Ana-Lucía"), json!("Ana-Lucía"), label.clone()));
        let (_, people) = nadia.get(&format!("/api/v1/seances/{seance}/participants")).await;
        assert_eq!((&people["participants"][0]["nickname"], &people["participants"][0]["edits"]), (&json!("Ana-Lucía"), &json!(1)), "{people}");
        let revoke = format!("/api/v1/seances/{seance}/participants/{}/revoke", people["participants"][0]["id"].as_str().unwrap());
        let (_, gone) = nadia.post(&revoke, &json!({"forget": true})).await;
        assert_eq!((&gone["nickname"], gone["revoked_at"].is_string()), (&label, true), "{gone}");
        for path in [history.clone(), format!("/api/v1/seances/{seance}/minutes"), format!("/api/v1/seances/{seance}/participants"),
            format!("/api/v1/seances/{seance}/edits"), format!("/api/v1/seances/{seance}/progress")] {
            let (status, body) = nadia.get(&path).await;
            assert!(status == 200 && !body.to_string().contains("Lucía") && body.to_string().contains(label.as_str().unwrap()) || path.ends_with("progress"), "{path}: {body}");
            assert!(!body.to_string().contains("Lucía"), "{path}: {body}");
        }
        // Nobody finds an identity behind a participant.
        let (_, minutes) = bob.get(&format!("/api/v1/seances/{seance}/minutes")).await;
        assert!(minutes["people"].as_array().unwrap().iter().all(|p| p.get("identity").is_none()), "{minutes}");
        assert_eq!(ana.get(&format!("/api/v1/seances/{seance}/minutes")).await.0, 403, "who was sent away reads no minutes");
        // Whoever takes part can leave and be forgotten without asking anybody; not another one.
        let leave = |i: usize| format!("/api/v1/seances/{seance}/participants/{}/revoke", people["participants"][i]["id"].as_str().unwrap());
        assert_eq!(bob.post(&leave(0), &json!({"forget": true})).await.0, 403);
        assert_eq!(bob.post(&leave(1), &json!({"forget": true})).await.0, 200);
        assert!(!nadia.get(&format!("/api/v1/seances/{seance}/participants")).await.1.to_string().contains("Bob"));
        app.unhurt();
    }
}

on_both! {
    async fn hostile_words_in_a_seance_stay_words(backend: Backend) {
        let (app, _) = start(Place::new(backend).await, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let words = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "@SUM(A1)", "\u{202e}eirocrac", "a\u{0}b", "💥\u{200d}💥", "');drop table seances;--"];
        let mut plain = None;
        for (i, word) in words.into_iter().enumerate() {
            let seance = open(&mut nadia, "ville", json!({"title": word, "summary": word})).await;
            let link = token(&door(&mut nadia, seance).await);
            let mut guest = app.person();
            let (status, body) = guest.post("/api/v1/seances/join", &json!({"token": link, "nickname": word, "color": i64::MIN + i as i64})).await;
            assert!(status == 200 && (0..5).contains(&body["you"]["color"].as_i64().unwrap()), "{word}: {body}");
            assert_eq!(write(&mut guest, claim(seance, "centre", word)).await.0, 200, "{word}");
            assert_eq!(write(&mut guest, within(seance, create("ville", json!({"name": word, "place/p1/position": at(2.5, 48.5)})))).await.0, 200, "{word}");
            for path in ["minutes", "edits", "participants", "progress", "cells"] {
                let (status, body) = nadia.get(&format!("/api/v1/seances/{seance}/{path}")).await;
                assert!(status == 200 && !body.to_string().contains("\\u0000") && !body.to_string().contains('\u{202e}'), "{path} {body}");
            }
            let table = nadia.send(Method::GET, &format!("/api/v1/seances/{seance}/minutes.csv"), None, &[]).await.text().await.unwrap();
            let mut rows = csv::Reader::from_reader(table.trim_start_matches('\u{feff}').as_bytes());
            assert!(rows.records().all(|r| r.unwrap().iter().all(|cell| !cell.starts_with(['=', '@', '+', '-', '\t', '\r']))), "{table}");
            if crate::pages::built() {
                let page = nadia.send(Method::GET, &format!("/ville/seances/{seance}"), None, &[]).await.text().await.unwrap();
                let elements = crate::security::elements(&page);
                assert_eq!(*plain.get_or_insert(elements.clone()), elements, "{word} made another element");
            }
        }
        for key in ["x".repeat(100_000), "'".into(), "\u{0}".into(), "-".repeat(5000), String::new()] {
            assert_eq!(knock(&mut app.person(), json!({"code": key})).await.0, 404);
            assert_eq!(knock(&mut app.person(), json!({"token": key})).await.0, 404);
        }
        app.unhurt();
    }
}
