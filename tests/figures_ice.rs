//! Frozen figures stay what they are: through edits, imports, restarts, backups, moves and power cuts. Only an erasure changes them.

use crate::app::{App, Backend, FREE, Person, Place, at, demo, edit};
use crate::backup::backups;
use crate::figures::{ALL, Town, figure, hashes, publish, town, work_edit};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Makes, publishes and freezes a figure.
async fn ice(olga: &mut Person, set: Value) -> String {
    let id = figure(olga, set).await;
    publish(olga, &id).await;
    let (status, body) = olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await;
    assert_eq!(status, 200, "{body}");
    id
}

on_both! {
    async fn the_files_are_the_same_after_an_import_a_restart_a_backup_and_a_move(backend: Backend) {
        let place = Place::new(backend).await;
        let old = demo().with_file_name("solvigne-2025-03-01.osm.pbf");
        assert!(place.run(&["import", "osm", old.to_str().unwrap()]).status.success());
        let app = App::start_watched(place, FREE, &[]);
        let mut olga = app.with_role("organiser").await;
        let mut ids = Vec::new();
        for (kind, more) in [("map", json!({})), ("chart", json!({"measure": "stock"}))] {
            let id = uuid::Uuid::now_v7().to_string();
            let mut set = json!({"kind": kind, "title": "Au jour du vote", "themes": ["ALI", "SOL", "REE"], "status": "published"});
            set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (status, body) = olga.edits(&[work_edit("create", &id, json!({"territory": "solvigne", "set": set}))]).await;
            assert_eq!(status, 200, "{body}");
            assert_eq!(olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await.0, 200);
            ids.push(id);
        }
        let mut before: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for id in &ids {
            before.insert(id.clone(), hashes(&mut olga, id, &ALL).await);
        }
        olga.add("solvigne", json!({"name": "Encore une", "primary_category": "ALI.amap", "place/p1/position": at(-1.8, 47.71)})).await;
        app.unhurt();
        let place = app.stop();
        assert!(place.run(&["import", "osm", demo().to_str().unwrap(), "--apply"]).status.success());
        let app = App::start_at(place, FREE, &[]);
        same(&app, &before, "an import and a restart").await;
        let (_, seen) = app.person().get(&format!("/api/v1/figures/{}", ids[0])).await;
        assert!(seen["since"]["added"].as_i64() >= Some(1), "{seen}");

        let folder = app.place.data.join("copies");
        assert!(app.place.run(&["backup", folder.to_str().unwrap()]).status.success());
        let other = Place::new(backend).await;
        assert!(other.run(&["restore", backups(&folder)[0].to_str().unwrap()]).status.success());
        same(&App::start_at(other, FREE, &[]), &before, "a backup").await;
        if backend == Backend::Sqlite {
            let place = app.stop();
            let to = Place::new(Backend::Postgis).await.database.clone().unwrap();
            let out = place.run(&["move", "--to", &to, "--apply"]);
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            let moved = Place { data: place.data.clone(), database: Some(to) };
            same(&App::start_at(moved, FREE, &[]), &before, "a move").await;
        }
    }
}

async fn same(app: &App, before: &BTreeMap<String, BTreeMap<String, String>>, after: &str) {
    for (id, hashes_before) in before {
        assert_eq!(&hashes(&mut app.person(), id, &ALL).await, hashes_before, "after {after}");
    }
}

on_both! {
    async fn several_who_freeze_at_once_freeze_one_thing_and_edits_meanwhile_do_not_mix_in(backend: Backend) {
        let Town { app, mut ana, olga, .. } = town(backend).await;
        for round in 0..3 {
            let id = figure(&mut ana, json!({"kind": "count", "title": "Titre 0"})).await;
            let freezing: Vec<_> = (0..4)
                .map(|_| {
                    let (mut olga, path) = (olga.clone(), format!("/api/v1/figures/{id}/freeze"));
                    tokio::spawn(async move { olga.post(&path, &json!({})).await })
                })
                .collect();
            let mut title = "Titre 0".to_owned();
            for i in 1..40 {
                let set = work_edit("set", &id, json!({"set": {"title": format!("Titre {i}")}, "base": {"title": ana.get(&format!("/api/v1/figures/{id}")).await.1["versions"]["title"]}}));
                match ana.edits(&[set]).await {
                    (StatusCode::OK, _) => title = format!("Titre {i}"),
                    (status, body) => {
                        assert_eq!((status, body["results"][0]["code"].as_str()), (StatusCode::FORBIDDEN, Some("frozen")), "{body}");
                        break;
                    }
                }
                tokio::time::sleep(Duration::from_millis(40 * round)).await;
            }
            let mut answers = Vec::new();
            for one in freezing {
                answers.push(one.await.unwrap());
            }
            let frozen: Vec<&Value> = answers.iter().filter(|(status, _)| *status == 200).map(|(_, body)| &body["frozen"]).collect();
            assert!(answers.iter().all(|(status, body)| *status == 200 || body["code"] == "moved_on"), "{answers:?}");
            assert!(frozen.windows(2).all(|two| two[0] == two[1]), "{frozen:?}");
            if !frozen.is_empty() {
                let (_, file) = ana.get(&format!("/f/{id}.json")).await;
                let (_, seen) = ana.get(&format!("/api/v1/figures/{id}")).await;
                assert_eq!((file["title"].as_str(), seen["fields"]["title"].as_str()), (Some(&*title), Some(&*title)));
                hashes(&mut ana, &id, &ALL).await;
            }
        }
        app.unhurt();
    }
}

on_both! {
    async fn an_erasure_takes_an_actor_out_of_every_frozen_figure_and_the_page_says_so(backend: Backend) {
        let Town { app, mut ana, mut olga, actors } = town(backend).await;
        let linked = json!({"relations": [format!("partner:{}", actors[0]["id"].as_str().unwrap())]});
        assert_eq!(ana.set(&actors[2], linked).await.0, 200);
        let (map, chart, other) = (ice(&mut olga, json!({})).await, ice(&mut olga, json!({"kind": "chart"})).await, ice(&mut olga, json!({"themes": ["SPO"]})).await);
        let (before, untouched) = (hashes(&mut ana, &map, &ALL).await, hashes(&mut ana, &other, &ALL).await);
        let mut mo = app.with_role("moderator").await;
        let path = "/api/v1/territories/ville/erasures";
        let whom = json!({"actor": actors[0]["id"]});
        assert_eq!(app.person().post(path, &whom).await.0, 401);
        assert_eq!(olga.post(path, &whom).await.0, 403);
        assert_eq!(mo.post(path, &json!({"actor": uuid::Uuid::now_v7()})).await.0, 404);
        assert_eq!(mo.post(path, &json!({"who": 1})).await.0, 400);
        let (status, erased) = mo.post(path, &whom).await;
        let mut figures: Vec<&str> = erased["figures"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
        figures.sort_unstable();
        let mut wanted = [map.as_str(), chart.as_str()];
        wanted.sort_unstable();
        assert_eq!((status, figures), (StatusCode::OK, wanted.to_vec()), "{erased}");

        let after = hashes(&mut ana, &map, &ALL).await;
        assert!(ALL.iter().all(|format| before[*format] != after[*format]), "every file was drawn again");
        assert_eq!(hashes(&mut ana, &other, &ALL).await, untouched);
        for format in ["geojson", "csv", "json", "svg"] {
            let text = ana.send(Method::GET, &format!("/f/{map}.{format}"), None, &[]).await.text().await.unwrap();
            assert!(!text.contains("La Ruche") && !text.contains(actors[0]["id"].as_str().unwrap()), "{format}");
        }
        for id in [&map, &chart] {
            let (_, seen) = ana.get(&format!("/api/v1/figures/{id}")).await;
            assert_eq!((seen["actors"].as_i64(), seen["frozen"]["erased_at"].is_null()), (Some(2), false), "{seen}");
            let page = ana.send(Method::GET, &format!("/f/{id}"), None, &[]).await.text().await.unwrap();
            assert!(page.contains("Un acteur a été retiré de cette figure le") && !page.contains("La Ruche"), "{page}");
        }
        assert_eq!(ana.actor(actors[0]["id"].as_str().unwrap()).await["state"], "deleted");
        assert_eq!(leftovers(&app.place, &before, actors[0]["id"].as_str().unwrap()).await, 0, "the old bytes are gone");
        let (status, again) = mo.post(path, &whom).await;
        assert_eq!((status, &again["figures"]), (StatusCode::OK, &json!([])));
        assert_eq!(hashes(&mut ana, &map, &ALL).await, after);
        app.unhurt();
    }
}

/// Files in the database that were replaced, or still hold an id.
async fn leftovers(place: &Place, before: &BTreeMap<String, String>, id: &str) -> usize {
    use sqlx::Connection;
    let sql = "select sha256, bytes from files";
    let rows: Vec<(String, Vec<u8>)> = match &place.database {
        Some(url) => sqlx::query_as(sql).fetch_all(&mut sqlx::PgConnection::connect(url).await.unwrap()).await.unwrap(),
        None => {
            let file = format!("sqlite:{}", place.data.join("bouillon.sqlite").display());
            sqlx::query_as(sql).fetch_all(&mut sqlx::SqliteConnection::connect(&file).await.unwrap()).await.unwrap()
        }
    };
    assert!(rows.len() > 6, "the files were read");
    rows.iter().filter(|(hash, bytes)| before.values().any(|b| b == hash) || String::from_utf8_lossy(bytes).contains(id)).count()
}

on_both! {
    async fn two_erasures_and_a_freeze_at_once_bring_nobody_back(backend: Backend) {
        let Town { app, olga, actors, .. } = town(backend).await;
        let id = ice(&mut olga.clone(), json!({"kind": "list"})).await;
        let late = figure(&mut olga.clone(), json!({"kind": "list", "status": "published"})).await;
        let mo = app.with_role("moderator").await;
        let mut working = Vec::new();
        for actor in &actors[..2] {
            let (mut mo, whom) = (mo.clone(), json!({"actor": actor["id"]}));
            working.push(tokio::spawn(async move { mo.post("/api/v1/territories/ville/erasures", &whom).await.0 }));
        }
        let (mut org, path) = (olga.clone(), format!("/api/v1/figures/{late}/freeze"));
        working.push(tokio::spawn(async move { org.post(&path, &json!({})).await.0 }));
        for one in working {
            assert_eq!(one.await.unwrap(), 200);
        }
        for id in [&id, &late] {
            let (_, file) = app.person().get(&format!("/f/{id}.json")).await;
            let names: Vec<&str> = file["actors"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
            assert_eq!(names, ["Zone libre"], "{id}");
            hashes(&mut app.person(), id, &ALL).await;
        }
        app.unhurt();
    }
}

/// Kills the server again and again while figures are being frozen; the first half of one ends it with a sentence. Gives how many were frozen.
async fn survive(backend: Backend, env: &[(&str, &str)], cycles: u64) -> Result<usize, String> {
    let mut frozen = 0;
    let mut place = {
        let Town { app, .. } = town(backend).await;
        app.kill()
    };
    for cycle in 0..cycles {
        let app = App::start_at(place, FREE, env);
        let mut olga = app.with_role("organiser").await;
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(figure(&mut olga, json!({"kind": "count", "status": "published"})).await);
        }
        for id in &ids {
            let (mut olga, path) = (olga.clone(), format!("/api/v1/figures/{id}/freeze"));
            // The server is gone before some of them are answered.
            tokio::spawn(async move {
                let request = olga.http.post(format!("{}{path}", olga.url)).header("content-type", "application/json").body("{}");
                let _ = request.header("cookie", olga.cookie.take().unwrap_or_default()).send().await;
            });
        }
        tokio::time::sleep(Duration::from_millis(150 + cycle * 271 % 900)).await;
        place = app.kill();
        let app = App::start_at(place, FREE, env);
        for id in &ids {
            frozen += usize::from(whole(&app, id).await?);
        }
        place = app.kill();
    }
    Ok(frozen)
}

/// Whether a figure is frozen, with all its files, or not at all.
async fn whole(app: &App, id: &str) -> Result<bool, String> {
    let mut person = app.person();
    let (status, seen) = person.get(&format!("/api/v1/figures/{id}")).await;
    if status != 200 {
        return Err(format!("{id}: {status} {seen}"));
    }
    if seen["fields"]["frozen"].is_null() {
        return Ok(false);
    }
    for format in ALL {
        let answer = person.send(Method::GET, &format!("/f/{id}.{format}"), None, &[]).await;
        let tag = answer.headers().get("etag").map_or(String::new(), |t| t.to_str().unwrap().replace('"', ""));
        if answer.status() != 200 || seen["frozen"]["files"][format]["sha256"] != json!(tag) {
            return Err(format!("{id}: {format} is not what was frozen: {seen}"));
        }
    }
    Ok(true)
}

on_both! {
    async fn no_figure_is_half_frozen_when_the_server_is_killed(backend: Backend) {
        let frozen = survive(backend, &[], 8).await.unwrap();
        assert!(frozen > 0, "none was frozen before its kill");
    }
}

on_both! {
    async fn the_freezing_test_notices_a_server_that_writes_the_files_after_the_edit(backend: Backend) {
        let broken = survive(backend, &[("BOUILLON_BREAK", "half-frozen")], 20).await;
        assert!(broken.is_err(), "20 kills did not show that the files came after the edit");
    }
}

#[tokio::test]
async fn an_actor_that_was_taken_off_the_map_stays_in_what_was_frozen_before() {
    let Town { app, mut olga, actors, .. } = town(Backend::Sqlite).await;
    let id = ice(&mut olga, json!({})).await;
    let mut mo = app.with_role("moderator").await;
    assert_eq!(mo.edits(&[edit("delete", &actors[0], json!({"base": {"*": actors[0]["version"]}}))]).await.0, 200);
    let page = olga.send(Method::GET, &format!("/f/{id}"), None, &[]).await.text().await.unwrap();
    assert!(page.contains("3 acteurs") && page.contains("La Ruche") && page.contains("Retirés ou sortis"), "{page}");
}
