//! Figures: made by an edit, seen as drafts by some and published to all, frozen for ever, compared with today.

use crate::app::{App, Backend, FREE, Person, Place, at};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A town with three actors of two themes.
pub(crate) struct Town {
    pub(crate) app: App,
    pub(crate) ana: Person,
    pub(crate) olga: Person,
    pub(crate) actors: Vec<Value>,
}

pub(crate) async fn town(backend: Backend) -> Town {
    town_with(backend, &[]).await
}

pub(crate) async fn town_with(backend: Backend, env: &[(&str, &str)]) -> Town {
    let app = App::start_watched(Place::new(backend).await, FREE, env);
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let mut actors = Vec::new();
    for (i, (name, category)) in
        [("La Ruche", "ALI.amap"), ("Épicerie du coin", "ALI.coop_grocery"), ("Zone libre", "CUL.centre")].into_iter().enumerate()
    {
        let place = at(2.2 + 0.1 * i as f64, 48.5);
        actors.push(ana.add("ville", json!({"name": name, "primary_category": category, "place/p1/position": place})).await);
    }
    let olga = app.with_role("organiser").await;
    Town { app, ana, olga, actors }
}

/// Makes a figure; its id.
pub(crate) async fn figure(person: &mut Person, set: Value) -> String {
    let id = Uuid::now_v7();
    let mut all = json!({"kind": "map", "title": "Les acteurs"});
    all.as_object_mut().unwrap().extend(set.as_object().unwrap().clone());
    let (status, body) = person.edits(&[work_edit("create", &id.to_string(), json!({"territory": "ville", "set": all}))]).await;
    assert_eq!(status, 200, "{body}");
    id.to_string()
}

/// An edit of a figure.
pub(crate) fn work_edit(kind: &str, id: &str, more: Value) -> Value {
    let mut edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "figure", "id": id}, "kind": kind});
    edit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    edit
}

/// Publishes a figure as an organiser.
pub(crate) async fn publish(olga: &mut Person, id: &str) {
    let (status, body) = olga.edits(&[work_edit("set", id, json!({"set": {"status": "published"}}))]).await;
    assert_eq!(status, 200, "{body}");
}

/// The SHA-256 of each file of a figure as it is served, each of which is also its entity tag.
pub(crate) async fn hashes(person: &mut Person, id: &str, formats: &[&str]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for format in formats {
        let answer = person.send(Method::GET, &format!("/f/{id}.{format}"), None, &[]).await;
        assert_eq!(answer.status(), 200, "{format}");
        let tag = answer.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned();
        let hash = format!("{:x}", Sha256::digest(answer.bytes().await.unwrap()));
        assert_eq!(tag, hash, "{format}");
        all.insert((*format).to_owned(), hash);
    }
    all
}

/// The formats that every figure has.
pub(crate) const ALL: [&str; 6] = ["geojson", "csv", "json", "svg", "png", "pdf"];

on_both! {
    async fn a_figure_is_made_read_published_and_frozen_and_stays_what_it_was(backend: Backend) {
        let Town { app, mut ana, mut olga, actors } = town(backend).await;
        let id = figure(&mut ana, json!({"themes": ["ALI"], "caption": "Deux"})).await;
        let (status, seen) = ana.get(&format!("/api/v1/figures/{id}")).await;
        assert_eq!((status, seen["actors"].as_i64(), seen["frozen"].is_null()), (StatusCode::OK, Some(2), true), "{seen}");
        publish(&mut olga, &id).await;
        let (status, frozen) = olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await;
        assert_eq!((status, frozen["frozen"]["actors"].as_i64()), (StatusCode::OK, Some(2)), "{frozen}");
        let before = hashes(&mut ana, &id, &ALL).await;
        for (format, hash) in &before {
            assert_eq!(frozen["frozen"]["files"][format]["sha256"], json!(hash), "{format}");
        }

        // What happens afterwards is told, and changes nothing.
        ana.add("ville", json!({"name": "Nouvelle", "primary_category": "ALI.amap", "place/p1/position": at(2.6, 48.6)})).await;
        ana.set(&actors[0], json!({"summary": "Du miel"})).await;
        let mut mo = app.with_role("moderator").await;
        let gone = crate::app::edit("delete", &actors[1], json!({"base": {"*": actors[1]["version"]}}));
        assert_eq!(mo.edits(&[gone]).await.0, 200);
        let (_, since) = ana.get(&format!("/api/v1/figures/{id}/since")).await;
        let names = |list: &str| since[list].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((names("added"), names("changed"), names("closed")), (vec!["Nouvelle".into()], vec!["La Ruche".into()], vec!["Épicerie du coin".into()]));
        let (_, seen) = ana.get(&format!("/api/v1/figures/{id}")).await;
        assert_eq!(seen["since"], json!({"added": 1, "changed": 1, "closed": 1}));
        assert_eq!(hashes(&mut ana, &id, &ALL).await, before);
        let (status, again) = olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await;
        assert_eq!((status, &again["frozen"]), (StatusCode::OK, &frozen["frozen"]), "freezing again changes nothing");

        // An edit of what it shows is refused; a copy is alive.
        let (status, refused) = olga.edits(&[work_edit("set", &id, json!({"set": {"title": "Autre"}}))]).await;
        assert_eq!((status, refused["results"][0]["code"].as_str()), (StatusCode::FORBIDDEN, Some("frozen")), "{refused}");
        let (status, made) = ana.post(&format!("/api/v1/figures/{id}/remake"), &json!({})).await;
        assert_eq!(status, 200, "{made}");
        let (_, copy) = ana.get(&format!("/api/v1/figures/{}", made["id"].as_str().unwrap())).await;
        assert_eq!((copy["status"].as_str(), copy["frozen"].is_null(), copy["actors"].as_i64()), (Some("draft"), true, Some(2)), "{copy}");
        app.unhurt();
    }
}

on_both! {
    async fn a_draft_is_for_its_author_and_the_organisers(backend: Backend) {
        let Town { app, mut ana, mut olga, .. } = town(backend).await;
        let id = figure(&mut ana, json!({})).await;
        let mut bob = app.person();
        bob.add("ville", json!({"name": "Bob", "place/p1/position": at(2.5, 48.5)})).await;
        let paths = [format!("/api/v1/figures/{id}"), format!("/api/v1/figures/{id}/since"), format!("/f/{id}"), format!("/f/{id}.geojson"), format!("/f/{id}.json")];
        for path in &paths {
            for (person, wanted) in [(&mut ana, 200), (&mut olga, 200), (&mut bob, 404)] {
                assert_eq!(person.send(Method::GET, path, None, &[]).await.status(), wanted, "{path}");
            }
        }
        for (person, wanted) in [(&mut ana, 1), (&mut olga, 1), (&mut bob, 0)] {
            let (_, list) = person.get("/api/v1/territories/ville/figures").await;
            assert_eq!(list["figures"].as_array().unwrap().len(), wanted);
        }
        assert_eq!(bob.post(&format!("/api/v1/figures/{id}/remake"), &json!({})).await.0, 404);
        assert_eq!(bob.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await.0, 404);
        assert_eq!(ana.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await.0, 403);
        assert_eq!(app.person().post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await.0, 401);
        assert_eq!(ana.edits(&[work_edit("set", &id, json!({"set": {"status": "published"}}))]).await.0, 403);
        publish(&mut olga, &id).await;
        assert_eq!(bob.get(&paths[0]).await.0, 200);
        // What is published is no longer its author's to change alone.
        assert_eq!(ana.edits(&[work_edit("set", &id, json!({"set": {"title": "Autre"}}))]).await.0, 403);
        assert_eq!(ana.edits(&[work_edit("delete", &id, json!({}))]).await.0, 403);
        app.unhurt();
    }
}

on_both! {
    async fn every_kind_has_its_six_files_and_its_page(backend: Backend) {
        let Town { app, mut ana, mut olga, .. } = town(backend).await;
        let kinds = [
            json!({"kind": "map"}), json!({"kind": "list"}), json!({"kind": "table"}), json!({"kind": "count"}), json!({"kind": "chart"}),
            json!({"kind": "chart", "measure": "stock"}), json!({"kind": "table", "measure": "stock"}),
        ];
        for set in kinds {
            let id = figure(&mut ana, set.clone()).await;
            publish(&mut olga, &id).await;
            let live = hashes(&mut ana, &id, &["geojson", "csv"]).await;
            let (status, frozen) = olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await;
            assert_eq!((status, frozen["frozen"]["files"].as_object().map(|f| f.len())), (StatusCode::OK, Some(6)), "{set}: {frozen}");
            let kept = hashes(&mut ana, &id, &ALL).await;
            assert!(live.iter().all(|(format, hash)| kept[format] == *hash), "{set}: freezing changes nothing of what was there");
            for (format, start) in [("svg", "<svg"), ("pdf", "%PDF-"), ("png", "\u{fffd}PNG"), ("geojson", "{\"type\""), ("csv", "\u{feff}")] {
                let bytes = ana.send(Method::GET, &format!("/f/{id}.{format}"), None, &[]).await.bytes().await.unwrap();
                assert!(String::from_utf8_lossy(&bytes).starts_with(start), "{set} {format}");
            }
            let page = ana.send(Method::GET, &format!("/f/{id}"), None, &[]).await.text().await.unwrap();
            assert!(page.contains("Figure figée") && page.contains("<table") == (set["kind"] != "count") && page.contains("ODbL 1.0"), "{set}: {page}");
            let asked = [("if-none-match", format!("\"{}\"", kept["svg"]))];
            let known = ana.send(Method::GET, &format!("/f/{id}.svg"), None, &[(asked[0].0, &asked[0].1)]).await;
            assert_eq!(known.status(), 304);
            let og = ana.send(Method::GET, &format!("/f/{id}.png?format=og"), None, &[]).await.bytes().await.unwrap();
            assert_eq!((&og[16..20], &og[20..24]), (&1200_u32.to_be_bytes()[..], &630_u32.to_be_bytes()[..]), "{set}: the size of a shared link's picture");
        }
        app.unhurt();
    }
}

on_both! {
    async fn what_a_figure_cannot_show_is_said_in_a_sentence(backend: Backend) {
        let Town { app, mut ana, mut olga, .. } = town(backend).await;
        app.territory("ailleurs", 10.0, 40.0).await;
        // A part of the territory that is not there, or elsewhere; a statistic that nobody computes.
        for (set, code) in [
            (json!({"area": "nulle-part"}), "unknown_area"), (json!({"area": "ailleurs"}), "unknown_area"),
            (json!({"kind": "chart", "measure": "inconnue"}), "unknown_measure"),
        ] {
            let id = figure(&mut ana, set.clone()).await;
            publish(&mut olga, &id).await;
            let (status, body) = olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await;
            assert_eq!((status, body["code"].as_str()), (StatusCode::CONFLICT, Some(code)), "{set}");
            assert_eq!(ana.get(&format!("/f/{id}.json")).await.0, 409);
            let page = ana.send(Method::GET, &format!("/f/{id}"), None, &[]).await;
            assert!(page.status() == 200 && page.text().await.unwrap().contains("Choisissez-en un"), "{set}");
            let (status, seen) = ana.get(&format!("/api/v1/figures/{id}")).await;
            assert_eq!((status, seen["frozen"].is_null()), (StatusCode::OK, true), "{seen}");
        }
        // Nobody to show, and an extent across the antimeridian.
        for set in [json!({"themes": ["SPO"]}), json!({"extent": "170,-20,-170,-10"}), json!({"bbox": "2,48,2.01,48.01", "kind": "list"})] {
            let id = figure(&mut ana, set.clone()).await;
            publish(&mut olga, &id).await;
            let (status, frozen) = olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await;
            assert_eq!(status, 200, "{set}: {frozen}");
            hashes(&mut ana, &id, &ALL).await;
            let page = ana.send(Method::GET, &format!("/f/{id}"), None, &[]).await.text().await.unwrap();
            assert_eq!(page.contains("Aucun acteur ne correspond"), set["extent"].is_null(), "{set}");
        }
        // Ids that name nothing.
        for id in [Uuid::now_v7().to_string(), "1".into(), "..%2f..%2fetc".into(), "%00".into(), "x.svg".into()] {
            assert_eq!(ana.send(Method::GET, &format!("/f/{id}"), None, &[]).await.status(), 404, "{id}");
            assert_eq!(ana.get(&format!("/api/v1/figures/{id}")).await.0, 404, "{id}");
            assert_eq!(ana.get(&format!("/f/{id}.pdf")).await.0, 404, "{id}");
        }
        let id = figure(&mut ana, json!({})).await;
        publish(&mut olga, &id).await;
        for query in ["format=a0", "dpi=30", "dpi=900", "style=rose", "orientation=diagonal", "dpi=x"] {
            assert_eq!(ana.get(&format!("/f/{id}.png?{query}")).await.0, 400, "{query}");
        }
        let seen = olga.get(&format!("/api/v1/figures/{id}")).await.1["version"].clone();
        assert_eq!(olga.edits(&[work_edit("delete", &id, json!({"base": {"*": seen}}))]).await.0, 200);
        assert_eq!(ana.send(Method::GET, &format!("/f/{id}"), None, &[]).await.status(), 410);
        assert_eq!(ana.get(&format!("/api/v1/figures/{id}")).await.0, 404);
        app.unhurt();
    }
}

#[tokio::test]
async fn a_hostile_caption_stays_a_text_everywhere() {
    let Town { app, mut ana, mut olga, .. } = town(Backend::Sqlite).await;
    let bad = "</script><script>alert(1)</script><img src=x onerror=alert(2)>]]>&\"'=1+1\u{202e}";
    for kind in ["map", "list", "table", "count", "chart"] {
        let id = figure(&mut ana, json!({"kind": kind, "title": bad, "caption": bad, "alt": bad})).await;
        publish(&mut olga, &id).await;
        assert_eq!(olga.post(&format!("/api/v1/figures/{id}/freeze"), &json!({})).await.0, 200, "{kind}");
        let page = ana.send(Method::GET, &format!("/f/{id}"), None, &[]).await.text().await.unwrap();
        let embed = ana.send(Method::GET, &format!("/embed/ville?figure={id}"), None, &[]).await.text().await.unwrap();
        let svg = ana.send(Method::GET, &format!("/f/{id}.svg"), None, &[]).await.text().await.unwrap();
        for text in [&page, &embed, &svg] {
            assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "{kind}: {text}");
        }
        let data = page.split("application/ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert!(data["@type"] == "Dataset" && data["name"].as_str().unwrap().contains("</script>"), "{data}");
        let mut reader = quick_xml::Reader::from_str(&svg);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                    assert!(!matches!(e.name().as_ref(), "script" | "img" | "image"), "{kind}");
                }
                _ => {}
            }
        }
    }
    app.unhurt();
}
