//! What a device takes along of a territory: every actor whole, the addresses, and an answer that costs nothing when nothing changed.

use crate::app::{App, Backend, at, demo, edit};
use reqwest::{Method, StatusCode};
use serde_json::json;

const PACK: &str = "/api/v1/territories/solvigne/pack";

on_both! {
    async fn a_pack_holds_what_the_sheets_show_and_not_what_was_taken_away(backend: Backend) {
        let app = App::start(backend).await;
        let out = app.place.run(&["import", "osm", demo().to_str().unwrap()]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let mut moderator = app.with_role("moderator").await;
        let (_, page) = moderator.get("/api/v1/territories/solvigne/actors.geojson?limit=1000").await;
        let gone = moderator.actor(page["features"][0]["properties"]["id"].as_str().unwrap()).await;
        moderator.edits(&[edit("delete", &gone, json!({"base": {"*": gone["version"]}}))]).await;
        let made = moderator.add("solvigne", json!({"name": "Sans lieu"})).await;

        let (status, pack) = moderator.get(PACK).await;
        assert_eq!(status, 200);
        let actors = pack["actors"].as_array().unwrap();
        assert_eq!(actors.len() as u64, page["numberMatched"].as_u64().unwrap(), "one less, one more");
        assert!(!actors.iter().any(|a| a["id"] == gone["id"]), "what was taken away stays here");
        for id in [&made["id"], &page["features"][7]["properties"]["id"]] {
            let whole = moderator.actor(id.as_str().unwrap()).await;
            assert!(actors.contains(&whole), "{whole} as its sheet shows it");
        }
        let (_, found) = moderator.get("/api/v1/geocode/search?q=rue&territory=solvigne&limit=20").await;
        for street in found["features"].as_array().unwrap() {
            let name = &street["properties"]["name"];
            assert!(pack["addresses"].as_array().unwrap().iter().any(|a| a["name"] == *name), "{name} is taken along");
        }
        let numbers: usize = pack["addresses"].as_array().unwrap().iter().map(|a| a["numbers"].as_array().unwrap().len()).sum();
        assert!(numbers > 100, "{numbers} house numbers");
    }
}

on_both! {
    async fn a_pack_that_the_device_has_is_not_sent_again_until_something_changes(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("solvigne", 2.0, 48.0).await;
        let mut ana = app.person();
        let made = ana.add("solvigne", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let tag = ana.send(Method::GET, PACK, None, &[]).await.headers()["etag"].to_str().unwrap().to_owned();
        let again = ana.send(Method::GET, PACK, None, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        ana.set(&made, json!({"phone": "01 99 00 12 34"})).await;
        let newer = ana.send(Method::GET, PACK, None, &[("if-none-match", &tag)]).await;
        assert_eq!(newer.status(), 200);
        assert_eq!(newer.json::<serde_json::Value>().await.unwrap()["actors"][0]["fields"]["phone"], "01 99 00 12 34");
    }
}

#[tokio::test]
async fn a_territory_with_too_many_actors_is_not_taken_along_and_says_so() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("solvigne", 2.0, 48.0).await;
    let mut admin = app.with_role("admin").await;
    for batch in 0..201 {
        let edits: Vec<_> = (0..100).map(|i| crate::app::create("solvigne", json!({"name": format!("Acteur {batch} {i}")}))).collect();
        assert_eq!(admin.edits(&edits).await.0, 200);
    }
    let (status, problem) = admin.get(PACK).await;
    assert_eq!((status.as_u16(), problem["code"].as_str().unwrap()), (422, "too_many_actors"));
}
