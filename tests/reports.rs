//! The Diagnostic report: its outline, who may write and read it, and what its pages say.

use crate::app::{App, FREE, Person, Place, at};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// An edit that makes a work of a committee.
pub(crate) fn make(kind: &str, territory: Option<&str>, set: Value) -> (String, Value) {
    let id = Uuid::now_v7().to_string();
    let edit = json!({"id": Uuid::now_v7(), "subject": {"kind": kind, "id": id}, "kind": "create", "territory": territory, "set": set});
    (id, edit)
}

/// Makes one and gives its id.
pub(crate) async fn made(person: &mut Person, kind: &str, territory: Option<&str>, set: Value) -> String {
    let (id, edit) = make(kind, territory, set);
    let (status, body) = person.edits(&[edit]).await;
    assert_eq!(status, 200, "{body}");
    id
}

/// A published report.
pub(crate) async fn published(person: &mut Person, territory: &str) -> String {
    made(person, "report", Some(territory), json!({"title": "Diagnostic démocratique", "status": "published"})).await
}

/// Adds a block of text.
pub(crate) async fn block(person: &mut Person, report: &str, section: &str, text: &str) -> String {
    made(person, "block", None, json!({"report": report, "section": section, "text": text})).await
}

/// A text from the server, with its status.
pub(crate) async fn text(person: &mut Person, path: &str) -> (StatusCode, String) {
    let answer = person.send(Method::GET, path, None, &[]).await;
    (answer.status(), answer.text().await.unwrap())
}

fn set(kind: &str, id: &str, seen: &Value, set: Value) -> Value {
    let base: Value = set.as_object().unwrap().keys().map(|f| (f.clone(), seen["versions"][f].clone())).collect();
    json!({"id": Uuid::now_v7(), "subject": {"kind": kind, "id": id}, "kind": "set", "set": set, "base": base})
}

on_both! {
    async fn a_report_has_its_sections_in_order_with_the_blocks_that_people_write(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.with_role("organiser").await;
        ana.add("ville", json!({"name": "La Ruche", "primary_category": "ALI.amap", "place/p1/position": at(2.5, 48.5)})).await;
        let report = made(&mut ana, "report", Some("ville"), json!({"title": "Diagnostic de Ville", "summary": "Ce que la carte montre."})).await;
        let second = made(&mut ana, "block", None, json!({"report": report, "section": "summary", "order": 20, "text": "Puis ceci."})).await;
        let first = made(&mut ana, "block", None, json!({"report": report, "section": "summary", "order": 10, "text": "# Pourquoi\n\nD’abord **cela**."})).await;
        for (name, step, rung) in [("Budget participatif", "decide", "6"), ("Réunions de quartier", "inform", "3")] {
            made(&mut ana, "device", Some("ville"), json!({"name": name, "step": step, "rung": rung})).await;
        }
        let (status, told) = ana.get(&format!("/api/v1/reports/{report}")).await;
        assert_eq!(status, 200, "{told}");
        let codes: Vec<&str> = told["sections"].as_array().unwrap().iter().map(|s| s["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["summary", "governance", "devices", "map", "analysis", "network", "quality", "priorities", "method"]);
        let blocks: Vec<&str> = told["sections"][0]["blocks"].as_array().unwrap().iter().map(|b| b["id"].as_str().unwrap()).collect();
        assert_eq!(blocks, [first.as_str(), second.as_str()]);
        let devices: Vec<&str> = told["devices"].as_array().unwrap().iter().map(|d| d["fields"]["name"].as_str().unwrap()).collect();
        assert_eq!(devices, ["Réunions de quartier", "Budget participatif"], "in the order of the cycle");
        assert_eq!((&told["status"], &told["may"]["edit"], &told["frozen"]), (&json!("draft"), &json!(true), &Value::Null));
        let (status, english) = ana.get(&format!("/api/v1/reports/{report}?lang=en")).await;
        assert_eq!((status, &english["sections"][0]["title"]), (StatusCode::OK, &json!("In short")));
        let (status, page) = text(&mut ana, &format!("/r/{report}.html")).await;
        assert_eq!(status, 200, "{page}");
        for said in ["Diagnostic de Ville", "Brouillon du", "<h3 id=\"t1\">Pourquoi</h3>", "<strong>cela</strong>", "Puis ceci.", "lang=\"fr\""] {
            assert!(page.contains(said), "{said} is not in {page}");
        }
        // A draft is for those who organise; published, everybody reads it.
        let mut passer_by = app.person();
        assert_eq!(passer_by.get(&format!("/api/v1/reports/{report}")).await.0, 404);
        assert_eq!(text(&mut passer_by, &format!("/r/{report}.html")).await.0, 404);
        assert_eq!(passer_by.get("/api/v1/territories/ville/reports").await.1["reports"], json!([]));
        let (status, body) = ana.edits(&[set("report", &report, &told, json!({"status": "published"}))]).await;
        assert_eq!(status, 200, "{body}");
        let (status, told) = passer_by.get(&format!("/api/v1/reports/{report}")).await;
        assert_eq!((status, &told["may"]), (StatusCode::OK, &json!({"edit": false, "publish": false})));
        assert_eq!(passer_by.get("/api/v1/territories/ville/reports").await.1["reports"].as_array().unwrap().len(), 1);
        assert_eq!(text(&mut passer_by, &format!("/r/{}.html", Uuid::nil())).await.0, 404);
        assert_eq!(text(&mut passer_by, &format!("/r/{report}.exe")).await.0, 404);
        app.unhurt();
    }
}

on_both! {
    async fn only_organisers_write_reports_blocks_and_devices(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.with_role("organiser").await, app.person());
        bob.add("ville", json!({"name": "Bob était là"})).await;
        let report = published(&mut ana, "ville").await;
        for (kind, territory, fields) in [
            ("report", Some("ville"), json!({"title": "Le mien"})),
            ("block", None, json!({"report": report, "section": "summary", "text": "x"})),
            ("device", Some("ville"), json!({"name": "Conseil"})),
        ] {
            let (_, edit) = make(kind, territory, fields);
            let (status, body) = bob.edits(&[edit]).await;
            assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("needs_organiser")), "{kind}: {body}");
        }
        let (_, edit) = make("block", None, json!({"report": Uuid::now_v7(), "section": "summary", "text": "x"}));
        let (_, body) = ana.edits(&[edit]).await;
        assert_eq!(body["results"][0]["code"], "unknown_report", "{body}");
        let (_, edit) = make("block", None, json!({"report": report, "section": "nowhere", "text": "x"}));
        assert_eq!(ana.edits(&[edit]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
