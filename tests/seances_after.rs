//! The morning after a séance: minutes that add up, a review, and undoing that leaves alone what others did.

use crate::app::{App, Backend, FREE, Person, Place, at, create, demo, set_edit};
use crate::seances::{claim, joined, open, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// Writes one edit as a participant and gives the actor as it is then.
async fn write(who: &mut Person, seance: Uuid, edit: Value) -> Value {
    let (status, body) = who.edits(&[within(seance, edit)]).await;
    assert_eq!(status, 200, "{body}");
    body["results"][0]["actor"].clone()
}

async fn participant(nadia: &mut Person, seance: Uuid, nickname: &str) -> String {
    let (_, people) = nadia.get(&format!("/api/v1/seances/{seance}/participants")).await;
    people["participants"].as_array().unwrap().iter().find(|p| p["nickname"] == nickname).unwrap()["id"].as_str().unwrap().to_owned()
}

async fn undo(who: &mut Person, seance: Uuid, body: Value) -> Value {
    let (status, said) = who.post(&format!("/api/v1/seances/{seance}/undo"), &body).await;
    assert_eq!(status, 200, "{said}");
    said
}

fn sum(list: &Value, member: &str) -> i64 {
    list.as_array().unwrap().iter().map(|one| one[member].as_i64().unwrap()).sum()
}

on_both! {
    async fn the_minutes_add_up_to_what_was_written(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let (old, older) = (nadia.add("ville", json!({"name": "Déjà là", "primary_category": "SOL", "place/p1/position": at(2.2, 48.2)})).await,
            nadia.add("ville", json!({"name": "Aussi", "place/p1/position": at(2.8, 48.8)})).await);
        let seance = open(&mut nadia, "ville", json!({"grid": "cells"})).await;
        let mut people = [joined(&app, &mut nadia, seance, "Ana").await, joined(&app, &mut nadia, seance, "=HYPERLINK(1)").await];
        let (mut own, mut added) = ([0, 0], 0);
        for i in 0..30 {
            let who = &mut people[i % 2];
            let category = ["ALI.amap", "SOL", "CUL"][i % 3];
            let made = write(who, seance, create("ville", json!({"name": format!("=Acteur {i}"), "primary_category": category, "place/p1/position": at(2.0 + i as f64 / 31.0, 48.5)}))).await;
            added += 1;
            own[i % 2] += 1;
            if i % 5 == 0 {
                write(who, seance, set_edit(&made, json!({"summary": "encore", "website": "https://example.org"}))).await;
                own[i % 2] += 1;
            }
        }
        let seen = write(&mut people[0], seance, set_edit(&old, json!({"phone": "01 99 00 12 34"}))).await;
        write(&mut people[1], seance, set_edit(&seen, json!({"email": "a@example.org"}))).await;
        write(&mut people[1], seance, set_edit(&older, json!({"confirmed_on": "2026-11-22"}))).await;
        let (_, cells) = nadia.get(&format!("/api/v1/seances/{seance}/cells")).await;
        let key = cells["cells"].as_array().unwrap().iter().find(|c| c["edits"].as_i64() > Some(0)).unwrap()["key"].as_str().unwrap().to_owned();
        assert_eq!(people[0].edits(&[claim(seance, &key, "Ana")]).await.0, 200);
        own = [own[0] + 2, own[1] + 2];
        // Not in the séance, and taken back in it: neither counts.
        people[0].add("ville", json!({"name": "Ailleurs"})).await;
        let slip = write(&mut people[0], seance, create("ville", json!({"name": "Erreur"}))).await;
        let back = json!({"id": Uuid::now_v7(), "subject": {"kind": "actor", "id": slip["id"]}, "kind": "revert", "reverts": slip["version"][1]});
        let (status, body) = people[0].edits(&[within(seance, back)]).await;
        assert_eq!(status, 200, "{body}");
        let (status, m) = people[0].get(&format!("/api/v1/seances/{seance}/minutes")).await;
        assert_eq!((status.as_u16(), &m["counts"]), (200, &json!({"added": added, "completed": 1, "confirmed": 1, "edits": own[0] + own[1]})), "{m}");
        let edits: BTreeMap<&str, i64> = m["people"].as_array().unwrap().iter().map(|p| (p["nickname"].as_str().unwrap(), p["edits"].as_i64().unwrap())).collect();
        assert_eq!(edits, BTreeMap::from([("Ana", own[0]), ("=HYPERLINK(1)", own[1])]));
        assert_eq!((sum(&m["people"], "added"), sum(&m["themes"], "added"), sum(&m["pieces"], "added") + m["outside"]["added"].as_i64().unwrap()), (added, added, added), "{m}");
        assert_eq!((sum(&m["themes"], "completed"), sum(&m["themes"], "confirmed"), sum(&m["themes"], "edits")), (1, 1, own[0] + own[1] - 1), "all but the claim");
        assert_eq!(sum(&m["pieces"], "edits") + m["outside"]["edits"].as_i64().unwrap(), own[0] + own[1]);
        assert_eq!(m["actors"].as_array().unwrap().len() as i64, added + 2);
        let (_, p) = app.person().get(&format!("/api/v1/seances/{seance}/progress")).await;
        assert_eq!((&p["added"], &p["completed"], &p["confirmed"], &p["people"], &p["coverage"]["claimed"]), (&json!(added), &json!(1), &json!(1), &json!(2), &json!(1)), "{p}");
        let answer = nadia.send(Method::GET, &format!("/api/v1/seances/{seance}/minutes.csv"), None, &[]).await;
        assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
        let text = answer.text().await.unwrap();
        let mut table = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
        assert!(rows.iter().flatten().all(|cell| !cell.starts_with('=')) && text.contains("'=HYPERLINK(1)"), "{text}");
        let numbers: std::collections::BTreeSet<&str> = rows.iter().map(|r| &r[0]).collect();
        assert_eq!(numbers.len() as i64, own[0] + own[1] + 2, "every edit, the slip and its taking back too");
        assert!(rows.iter().any(|r| &r[6] == "Erreur" && &r[12] == "yes"));
        // The review's lines are the same edits, page by page and by person.
        let (mut lines, mut before) = (0, i64::MAX);
        loop {
            let (_, page) = nadia.get(&format!("/api/v1/seances/{seance}/edits?before={before}")).await;
            lines += page["edits"].as_array().unwrap().len() as i64;
            match page["next"].as_i64() {
                Some(next) => before = next,
                None => break,
            }
        }
        assert_eq!(lines, own[0] + own[1] + 2);
        let bob = participant(&mut nadia, seance, "=HYPERLINK(1)").await;
        let (_, page) = nadia.get(&format!("/api/v1/seances/{seance}/edits?participant={bob}")).await;
        assert_eq!((page["edits"].as_array().unwrap().len() as i64, &page["edits"][0]["fields"]["confirmed_on"]["after"]), (own[1], &json!("2026-11-22")));
        if crate::pages::built() {
            let page = nadia.send(Method::GET, &format!("/ville/seances/{seance}"), None, &[]).await.text().await.unwrap();
            for part in ["<h2>Compte rendu</h2>", "<th scope=\"row\">Ana</th>", "=Acteur 3", "minutes.csv"] {
                assert!(page.contains(part), "{part} is not in {page}");
            }
            let public = app.person().send(Method::GET, &format!("/ville/seances/{seance}"), None, &[]).await.text().await.unwrap();
            assert!(!public.contains(">Ana<") && public.contains("32") || public.contains("30 acteurs ajoutés"), "{public}");
        }
        app.unhurt();
    }
}

/// Ana and Bob write about the same actors; Ana is undone. The first broken promise ends it with a sentence.
async fn one_is_undone(backend: Backend, promise: &str) -> Result<(), String> {
    let app = App::start_watched(Place::new(backend).await, FREE, &[("BOUILLON_BREAK", promise)]);
    app.territory("ville", 2.0, 48.0).await;
    let (mut nadia, mut mod_) = (app.with_role("organiser").await, app.with_role("moderator").await);
    let seance = open(&mut nadia, "ville", json!({})).await;
    let (mut ana, mut bob) = (joined(&app, &mut nadia, seance, "Ana").await, joined(&app, &mut nadia, seance, "Bob").await);
    let place = |lon: f64| json!({"name": "Avant", "summary": "avant", "phone": "01", "tags": ["a"], "place/p1/position": at(lon, 48.5)});
    let mut phone = place(2.5);
    phone["phone"] = json!("01 99 00 00 00");
    let shared = nadia.add("ville", phone.clone()).await;
    // Ana twice, Bob in between and after: his words stay, hers before his go only where they still stand.
    let seen =
        write(&mut ana, seance, set_edit(&shared, json!({"summary": "ana 1", "phone": "02 99 00 00 00", "website": "https://ana.example.org"})))
            .await;
    let seen = write(&mut bob, seance, set_edit(&seen, json!({"summary": "bob", "email": "bob@example.org"}))).await;
    let seen = write(&mut ana, seance, set_edit(&seen, json!({"phone": "03 99 00 00 00", "tags": ["a", "ana"]}))).await;
    let seen = write(&mut bob, seance, set_edit(&seen, json!({"tags": ["a", "ana", "bob"]}))).await;
    // Somebody put her very word back after another: it is theirs now.
    let seen = write(&mut ana, seance, set_edit(&seen, json!({"opening_hours": "Mo"}))).await;
    let seen = write(&mut bob, seance, set_edit(&seen, json!({"opening_hours": "Tu"}))).await;
    write(&mut bob, seance, set_edit(&seen, json!({"opening_hours": "Mo"}))).await;
    let alone = write(&mut ana, seance, create("ville", json!({"name": "À Ana", "place/p1/position": at(2.51, 48.5)}))).await;
    write(&mut ana, seance, set_edit(&alone, json!({"summary": "à elle"}))).await;
    let both = write(&mut ana, seance, create("ville", json!({"name": "À deux", "place/p1/position": at(2.52, 48.5)}))).await;
    write(&mut bob, seance, set_edit(&both, json!({"summary": "par Bob"}))).await;
    assert_eq!(ana.edits(&[claim(seance, "centre", "Ana")]).await.0, 200);
    let who = participant(&mut nadia, seance, "Ana").await;
    let path = format!("/api/v1/seances/{seance}/undo");
    for (person, status) in [(&mut app.person(), 401), (&mut bob, 403), (&mut nadia, 403)] {
        assert_eq!(person.post(&path, &json!({"participant": who})).await.0, status);
    }
    for bad in [json!({}), json!({"participant": who, "whole": true}), json!({"participant": "x"})] {
        assert_eq!(mod_.post(&path, &bad).await.0, 400, "{bad}");
    }
    let head = mod_.get("/api/v1/changes?after=0&territory=ville").await.1["head"].clone();
    let would = undo(&mut mod_, seance, json!({"participant": who, "preview": true})).await;
    assert_eq!(mod_.get("/api/v1/changes?after=0&territory=ville").await.1["head"], head, "a preview writes nothing");
    let did = undo(&mut mod_, seance, json!({"participant": who})).await;
    let told =
        |v: &Value| (v["reverted"].clone(), v["kept"].clone(), v["lines"].as_array().unwrap().iter().map(|l| l["seq"].clone()).collect::<Vec<_>>());
    assert_eq!(told(&did), told(&would), "the preview said what was then done");
    let now = nadia.actor(shared["id"].as_str().unwrap()).await;
    let mut wanted = phone;
    for (field, value) in
        [("summary", json!("bob")), ("email", json!("bob@example.org")), ("opening_hours", json!("Mo")), ("tags", json!(["a", "bob"]))]
    {
        wanted[field] = value;
    }
    if now["fields"] != wanted {
        return Err(format!("{} instead of {wanted}", now["fields"]));
    }
    assert_eq!(nadia.actor(alone["id"].as_str().unwrap()).await["state"], "deleted");
    let kept = nadia.actor(both["id"].as_str().unwrap()).await;
    assert_eq!((&kept["state"], &kept["fields"]["name"], &kept["fields"]["summary"]), (&json!("to_check"), &json!("À deux"), &json!("par Bob")));
    let mut stays: Vec<(String, String, String)> =
        did["kept"].as_array().unwrap().iter().map(|k| ["field", "why", "by"].map(|m| k[m].as_str().unwrap().to_owned()).into()).collect();
    stays.sort();
    let of = |field: &str, why: &str| (field.to_owned(), why.to_owned(), "Bob".to_owned());
    assert_eq!(stays, [of("*", "used_by_others"), of("opening_hours", "changed_since"), of("summary", "changed_since")], "{did}");
    assert!(did["kept"].as_array().unwrap().iter().all(|k| k["name"] == "Avant" || k["name"] == "À deux"), "{did}");
    // Two sets on the shared actor, her own actor with its summary, and the claim.
    assert_eq!(did["reverted"], 5, "{did}");
    let again = undo(&mut mod_, seance, json!({"participant": who})).await;
    assert_eq!(
        (&again["reverted"], nadia.actor(shared["id"].as_str().unwrap()).await["version"].clone()),
        (&json!(0), now["version"].clone()),
        "{again}"
    );
    let (_, m) = nadia.get(&format!("/api/v1/seances/{seance}/minutes")).await;
    let anas = m["people"].as_array().unwrap().iter().find(|p| p["nickname"] == "Ana").unwrap().clone();
    assert_eq!((&anas["added"], &m["counts"]["added"]), (&json!(1), &json!(1)), "only what stands is counted: {m}");
    // The piece is free, and can be taken again.
    assert_eq!(bob.edits(&[claim(seance, "centre", "Bob")]).await.0, 200);
    app.unhurt();
    Ok(())
}

on_both! {
    async fn undoing_a_participant_leaves_what_others_did_since(backend: Backend) {
        one_is_undone(backend, "").await.unwrap();
    }
}

#[tokio::test]
async fn the_test_of_undoing_notices_one_that_overwrites_others() {
    assert!(one_is_undone(Backend::Sqlite, "undo-overwrites").await.is_err());
}

on_both! {
    async fn a_piece_and_then_the_whole_are_undone_also_after_a_kill_in_the_middle(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let (mut nadia, mut mod_) = (app.with_role("organiser").await, app.with_role("moderator").await);
        let old = nadia.add("ville", json!({"name": "Avant", "place/p1/position": at(2.5, 48.5)})).await;
        let seance = open(&mut nadia, "ville", json!({"grid": "cells"})).await;
        let mut ana = joined(&app, &mut nadia, seance, "Ana").await;
        let mut seen = old.clone();
        for i in 0..6 {
            seen = write(&mut ana, seance, set_edit(&seen, json!({"summary": format!("jour {i}"), "tags": [format!("t{i}")]}))).await;
        }
        for some in 0..10 {
            let made = |i: usize| within(seance, create("ville", json!({"name": format!("Acteur {some} {i}"), "place/p1/position": at(2.1 + 0.05 * f64::from(some), 48.5)})));
            let (status, body) = ana.edits(&(0..100).map(made).collect::<Vec<_>>()).await;
            assert_eq!(status, 200, "{body}");
        }
        let (_, cells) = nadia.get(&format!("/api/v1/seances/{seance}/cells")).await;
        let full: Vec<&Value> = cells["cells"].as_array().unwrap().iter().filter(|c| c["edits"].as_i64() > Some(0)).collect();
        assert_eq!(full.iter().map(|c| c["edits"].as_i64().unwrap()).sum::<i64>(), 1006, "every edit lies in a piece");
        let away = full.iter().find(|c| c["bbox"][2].as_f64() < Some(2.3)).unwrap();
        let cell = undo(&mut mod_, seance, json!({"cell": away["id"]})).await;
        assert_eq!((&cell["reverted"], cell["kept"].as_array().unwrap().len()), (&away["edits"], 0), "{cell}");
        let left = 1006 - away["edits"].as_i64().unwrap();
        assert_eq!(undo(&mut mod_, seance, json!({"whole": true, "preview": true})).await["reverted"], left);
        // The power goes while the whole is being undone.
        let mut asking = mod_.clone();
        let request = tokio::spawn(async move {
            let request = asking.http.post(format!("{}/api/v1/seances/{seance}/undo", asking.url)).header("cookie", asking.cookie.take().unwrap());
            let _ = request.json(&json!({"whole": true})).send().await;
        });
        for _ in 0..500 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let (_, list) = nadia.get("/api/v1/territories/ville/actors.geojson?limit=1").await;
            // Six edits are on the actor that was there before.
            if list["numberMatched"].as_i64() < Some(left - 6 + 1) {
                break;
            }
        }
        let app = App::start_watched(app.kill(), FREE, &[]);
        request.await.unwrap();
        for who in [&mut nadia, &mut mod_, &mut ana] {
            who.url.clone_from(&app.url);
        }
        let rest = undo(&mut mod_, seance, json!({"whole": true})).await;
        assert!((1..left).contains(&rest["reverted"].as_i64().unwrap()) && rest["kept"].as_array().unwrap().is_empty(), "{rest}");
        let (_, list) = nadia.get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
        assert_eq!(list["numberMatched"], 1, "only what was there before");
        let now = nadia.actor(old["id"].as_str().unwrap()).await;
        assert_eq!(now["fields"], old["fields"]);
        assert_eq!(undo(&mut mod_, seance, json!({"whole": true})).await["reverted"], 0);
        let (_, m) = nadia.get(&format!("/api/v1/seances/{seance}/minutes")).await;
        assert_eq!(m["counts"], json!({"added": 0, "completed": 0, "confirmed": 0, "edits": 0}), "{m}");
        app.unhurt();
    }
}

#[tokio::test]
async fn pieces_have_the_names_of_streets_or_are_quartiers_and_the_next_place_is_near_and_free() {
    let place = Place::new(Backend::Sqlite).await;
    let out = place.run(&["import", "osm", demo().to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let app = App::start_at(place, FREE, &[]);
    let mut nadia = app.with_role("organiser").await;
    let (_, list) = nadia.get("/api/v1/territories").await;
    let town = list["territories"].as_array().unwrap().iter().find(|t| t["kind"] == "commune").unwrap().clone();
    let slug = town["slug"].as_str().unwrap();
    let seance = open(&mut nadia, slug, json!({"grid": "cells"})).await;
    let (_, body) = nadia.get(&format!("/api/v1/seances/{seance}/cells")).await;
    let cells = body["cells"].as_array().unwrap();
    assert!((20..=400).contains(&cells.len()), "{}", cells.len());
    let named = cells.iter().filter(|c| c["name"].as_str().unwrap().starts_with("autour d")).count();
    let numbered = cells.iter().filter(|c| c["name"].as_str().unwrap().starts_with("autour du ")).count();
    assert!(
        named * 5 > cells.len() && numbered > 0,
        "{named} of {} after a street, {numbered} after a house: {}",
        cells.len(),
        cells[cells.len() / 2]
    );
    let full = cells.iter().max_by_key(|c| c["to_check"].as_i64()).unwrap();
    let b: Vec<f64> = full["bbox"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let next = format!("/api/v1/seances/{seance}/cells/next?lon={}&lat={}", f64::midpoint(b[0], b[2]), f64::midpoint(b[1], b[3]));
    let (_, first) = nadia.get(&next).await;
    assert_eq!(first["cell"]["key"], full["key"], "where most is to check and one stands");
    let mut ana = joined(&app, &mut nadia, seance, "Ana").await;
    assert_eq!(ana.edits(&[claim(seance, full["key"].as_str().unwrap(), "Ana")]).await.0, 200);
    let (_, second) = ana.get(&next).await;
    assert!(second["cell"]["key"] != full["key"] && second["cell"]["state"].is_null(), "{second}");
    assert_eq!(ana.get(&format!("/api/v1/seances/{seance}/cells/next?lon=200&lat=0")).await.0, 400);
    // Without a word about it, a commune with quartiers is cut into them.
    let inside =
        nadia.get(&format!("/api/v1/territories/{slug}")).await.1["quartiers"].as_array().unwrap().iter().filter(|q| q["kind"] == "quartier").count();
    let plain = open(&mut nadia, slug, json!({})).await;
    let (_, body) = nadia.get(&format!("/api/v1/seances/{plain}/cells")).await;
    assert!(inside > 1 && body["cells"].as_array().unwrap().len() == inside && body["cells"][0]["boundary"].is_object(), "{inside} quartiers");
}

on_both! {
    async fn a_backup_carries_a_seance_with_its_door_and_its_people(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({})).await;
        let mut ana = joined(&app, &mut nadia, seance, "Ana").await;
        assert_eq!(ana.edits(&[claim(seance, "centre", "Ana")]).await.0, 200);
        let (_, door) = nadia.get(&format!("/api/v1/seances/{seance}/door")).await;
        let folder = crate::backup::Folder::new("seance");
        let out = app.place.run(&["backup", folder.text()]);
        assert!(out.status.success(), "{}", crate::backup::said(&out));
        write(&mut ana, seance, create("ville", json!({"name": "Après la sauvegarde"}))).await;
        assert_eq!(nadia.get(&format!("/api/v1/seances/{seance}/minutes")).await.1["counts"]["edits"], 2);
        drop(app);
        let place = Place::new(backend).await;
        let out = place.run(&["restore", crate::backup::backups(&folder.0)[0].to_str().unwrap()]);
        assert!(out.status.success(), "{}", crate::backup::said(&out));
        let app = App::start_watched(place, FREE, &[]);
        for who in [&mut nadia, &mut ana] {
            who.url.clone_from(&app.url);
        }
        let (_, again) = nadia.get(&format!("/api/v1/seances/{seance}/door")).await;
        assert_eq!((&again["code"], crate::seances::token(&again)), (&door["code"], crate::seances::token(&door)));
        let (_, minutes) = ana.get(&format!("/api/v1/seances/{seance}/minutes")).await;
        assert_eq!((&minutes["counts"]["edits"], &minutes["people"][0]["nickname"]), (&json!(1), &json!("Ana")), "{minutes}");
        write(&mut ana, seance, create("ville", json!({"name": "Après le retour"}))).await;
        app.unhurt();
    }
}
