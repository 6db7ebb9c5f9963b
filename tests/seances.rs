//! The life of a séance: opened by an organiser, joined by a hall, written in, and over.

use crate::app::{App, FREE, Person, Place, at, create, set_edit};
use crate::live_client::Live;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// A moment so many minutes from now, as fields of a séance hold it.
pub(crate) fn moment(minutes: i64) -> String {
    let at = time::OffsetDateTime::now_utc() + time::Duration::minutes(minutes);
    at.replace_nanosecond(0).unwrap().format(&time::format_description::well_known::Rfc3339).unwrap()
}

/// An edit that opens a séance from an hour ago until in an hour; `set` overrides.
pub(crate) fn seance_edit(territory: &str, set: Value) -> Value {
    let mut fields = json!({"title": "Carto-party", "starts_at": moment(-60), "ends_at": moment(60)});
    fields.as_object_mut().unwrap().extend(set.as_object().unwrap().clone());
    json!({"id": Uuid::now_v7(), "subject": {"kind": "seance", "id": Uuid::now_v7()}, "kind": "create", "territory": territory, "set": fields})
}

/// Opens a séance and gives its id.
pub(crate) async fn open(organiser: &mut Person, territory: &str, set: Value) -> Uuid {
    let edit = seance_edit(territory, set);
    let (status, body) = organiser.edits(std::slice::from_ref(&edit)).await;
    assert_eq!(status, 200, "{body}");
    edit["subject"]["id"].as_str().unwrap().parse().unwrap()
}

/// The token behind a door's QR code.
pub(crate) fn token(door: &Value) -> String {
    door["url"].as_str().unwrap().split_once("#t=").unwrap().1.to_owned()
}

/// Somebody who came in with a nickname.
pub(crate) async fn joined(app: &App, organiser: &mut Person, seance: Uuid, nickname: &str) -> Person {
    let (status, door) = organiser.get(&format!("/api/v1/seances/{seance}/door")).await;
    assert_eq!(status, 200, "{door}");
    let mut person = app.person();
    let (status, body) = person.post("/api/v1/seances/join", &json!({"token": token(&door), "nickname": nickname})).await;
    assert_eq!((status.as_u16(), body["you"]["nickname"].as_str()), (200, Some(nickname)), "{body}");
    person
}

/// The same edit, made as a participant.
pub(crate) fn within(seance: Uuid, mut edit: Value) -> Value {
    edit["seance"] = json!(seance);
    edit
}

/// An edit that claims a piece of the area.
pub(crate) fn claim(seance: Uuid, key: &str, team: &str) -> Value {
    let id = Uuid::new_v5(&seance, key.as_bytes());
    let set = json!({"seance": seance, "key": key, "state": "claimed", "team": team});
    json!({"id": Uuid::now_v7(), "subject": {"kind": "cell", "id": id}, "kind": "create", "set": set, "seance": seance})
}

on_both! {
    async fn a_seance_is_opened_joined_written_in_and_told(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({"title": "  Samedi   solidaire ", "themes": ["ALI", "SOL"], "grid": "cells"})).await;
        let (status, told) = app.person().get(&format!("/api/v1/seances/{seance}")).await;
        assert_eq!((status.as_u16(), told["state"].as_str(), told["fields"]["title"].as_str()), (200, Some("open"), Some("Samedi solidaire")), "{told}");
        assert_eq!((&told["territory"]["slug"], &told["participants"], &told["you"], &told["role"]), (&json!("ville"), &json!(0), &Value::Null, &json!("visitor")));
        let (_, list) = nadia.get("/api/v1/territories/ville/seances").await;
        assert_eq!((list["seances"][0]["id"].as_str(), list["seances"][0]["role"].as_str()), (Some(seance.to_string().as_str()), Some("organiser")));
        let (_, door) = nadia.get(&format!("/api/v1/seances/{seance}/door")).await;
        assert!(door["url"].as_str().unwrap().contains(&format!("/s/{seance}#t=")) && door["qr"]["path"].as_str().unwrap().starts_with('M'), "{door}");
        assert_eq!(nadia.get(&format!("/api/v1/seances/{seance}/door")).await.1, door, "shown again, it is the same");
        let mut ana = app.person();
        let code = door["code"].as_str().unwrap().to_lowercase().replace('-', " ");
        let (status, body) = ana.post("/api/v1/seances/join", &json!({"code": code, "nickname": " Ana\u{202e} "})).await;
        assert_eq!((status.as_u16(), &body["you"]["nickname"], &body["seance"]["you"]["id"]), (200, &json!("Ana"), &body["you"]["id"]), "{body}");
        let mut other = joined(&app, &mut nadia, seance, "Bob").await;
        let (status, body) = other.post("/api/v1/seances/join", &json!({"token": token(&door), "nickname": "ana"})).await;
        assert_eq!((status.as_u16(), &body["you"]["nickname"], &body["seance"]["participants"]), (200, &json!("ana 2"), &json!(2)), "the same person, another name");
        let made = create("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)}));
        let (status, body) = ana.post("/api/v1/edits", &json!({"edits": [within(seance, made)]})).await;
        assert_eq!(status, 200, "without a form: {body}");
        let actor = body["results"][0]["actor"].clone();
        let (status, body) = other.edits(&[within(seance, set_edit(&actor, json!({"summary": "Un jardin"})))]).await;
        assert_eq!(status, 200, "{body}");
        let (_, changes) = ana.get("/api/v1/changes?after=0&territory=ville").await;
        let kinds: Vec<&str> = changes["edits"].as_array().unwrap().iter().map(|e| e["subject"]["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["territory", "seance", "actor", "actor"], "{changes}");
        for path in ["/api/v1/territories/ville/actors.geojson", "/api/v1/search?q=samedi&territory=ville", "/api/v1/nearby?lon=2.5&lat=48.5"] {
            let (_, body) = ana.get(path).await;
            assert!(!body.to_string().contains("solidaire") && !body.to_string().contains(&seance.to_string()), "{path}: {body}");
        }
        app.unhurt();
    }
}

on_both! {
    async fn two_who_claim_one_cell_both_see_both_names(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({})).await;
        let (mut ana, mut bob) = (joined(&app, &mut nadia, seance, "Ana").await, joined(&app, &mut nadia, seance, "Bob").await);
        assert_eq!(ana.edits(&[claim(seance, "17/66000/45000", "Ana")]).await.0, 200);
        let (status, body) = bob.edits(&[claim(seance, "17/66000/45000", "Bob")]).await;
        let fields = &body["results"][0]["fields"];
        assert_eq!((status.as_u16(), &fields["team"]["mine"], &fields["team"]["theirs"], &fields["state"]["result"]), (409, &json!("Bob"), &json!("Ana"), &json!("same")), "{body}");
        // Without a team two claims would be the same; without the right id they would be two pieces.
        let mut nameless = claim(seance, "17/66000/45001", "");
        nameless["set"].as_object_mut().unwrap().remove("team");
        let mut elsewhere = claim(seance, "17/66000/45001", "Bob");
        elsewhere["subject"]["id"] = json!(Uuid::now_v7());
        let mut stranger = app.person();
        for (who, edit, code) in [(&mut bob, nameless, "required"), (&mut ana, elsewhere, "unknown_seance"), (&mut stranger, claim(seance, "17/66000/45001", "X"), "not_a_participant")] {
            let (status, body) = who.edits(&[edit]).await;
            assert!(status == 422 || status == 403, "{body}");
            assert_eq!(body["results"][0]["code"], code, "{body}");
        }
        // A claim of the participant's own, without naming the séance, is one too.
        let mut plain = claim(seance, "centre", "Bob");
        plain.as_object_mut().unwrap().remove("seance");
        assert_eq!(bob.edits(&[plain]).await.0, 200);
        app.unhurt();
    }
}

on_both! {
    async fn only_organisers_open_seances_and_only_sensible_ones(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let (status, body) = app.person().edits(&[seance_edit("ville", json!({}))]).await;
        assert_eq!((status.as_u16(), &body["code"]), (403, &json!("needs_organiser")), "{body}");
        for (set, code) in [
            (json!({"title": ""}), "required"),
            (json!({"ends_at": moment(-61)}), "bad_span"),
            (json!({"ends_at": moment(49 * 60)}), "bad_span"),
            (json!({"starts_at": "demain"}), "bad_moment"),
            (json!({"participants_max": 501}), "wrong_shape"),
            (json!({"themes": ["ALI.amap"]}), "unknown_theme"),
            (json!({"area": {"type": "Polygon", "coordinates": []}}), "bad_boundary"),
            (json!({"slug": "x"}), "unknown_field"),
        ] {
            let (status, body) = nadia.edits(&[seance_edit("ville", set.clone())]).await;
            assert_eq!((status.as_u16(), &body["results"][0]["code"]), (422, &json!(code)), "{set}: {body}");
        }
        let (status, body) = nadia.edits(&[seance_edit("nulle-part", json!({}))]).await;
        assert_eq!((status.as_u16(), &body["results"][0]["code"]), (422, &json!("unknown_territory")), "{body}");
        let seance = open(&mut nadia, "ville", json!({})).await;
        let (_, told) = nadia.get(&format!("/api/v1/seances/{seance}")).await;
        let earlier = json!({"id": Uuid::now_v7(), "subject": {"kind": "seance", "id": seance}, "kind": "set",
            "set": {"ends_at": moment(-90)}, "base": {"ends_at": told["versions"]["ends_at"]}});
        let (status, body) = nadia.edits(&[earlier]).await;
        assert_eq!((status.as_u16(), &body["results"][0]["code"]), (422, &json!("bad_span")), "{body}");
        assert_eq!(nadia.get("/api/v1/territories/ville/seances").await.1["seances"].as_array().unwrap().len(), 1);
        // The door is the organiser's.
        assert_eq!(app.person().get(&format!("/api/v1/seances/{seance}/door")).await.0, 401);
        let mut ana = joined(&app, &mut nadia, seance, "Ana").await;
        let answer = ana.send(Method::POST, &format!("/api/v1/seances/{seance}/door"), Some(json!({"action": "renew"}).to_string()), &[]).await;
        assert_eq!(answer.status(), 403);
        app.unhurt();
    }
}

on_both! {
    async fn a_claim_reaches_every_open_map_and_a_right_that_ended_ends_on_an_open_socket(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        app.territory("loin", 5.0, 48.0).await;
        let mut nadia = app.with_role("organiser").await;
        let seance = open(&mut nadia, "ville", json!({})).await;
        let ana = joined(&app, &mut nadia, seance, "Ana").await;
        let (mut wall, mut far, mut hers) = (Live::join(&app.person(), "ville").await, Live::join(&app.person(), "loin").await, Live::join(&ana, "ville").await);
        let made = || within(seance, create("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})));
        let acks = hers.write(&[claim(seance, "centre", "Ana"), made()]).await;
        assert!(acks.iter().all(|a| a["result"] == "applied"), "{acks:?}");
        let last = acks[1]["seq"].as_i64().unwrap();
        wall.reach(last).await;
        let told: Vec<(&Value, &Value)> = wall.edits.values().map(|e| (&e["subject"]["kind"], &e["seance"])).collect();
        assert_eq!(told, [(&json!("cell"), &json!(seance)), (&json!("actor"), &json!(seance))]);
        let far_away = nadia.add("loin", json!({"name": "Au loin", "place/p1/position": at(5.5, 48.5)})).await;
        far.reach(far_away["version"][1].as_i64().unwrap()).await;
        assert_eq!(far.edits.values().map(|e| &e["subject"]["id"]).collect::<Vec<_>>(), [&far_away["id"]]);
        let (_, people) = nadia.get(&format!("/api/v1/seances/{seance}/participants")).await;
        let revoke = format!("/api/v1/seances/{seance}/participants/{}/revoke", people["participants"][0]["id"].as_str().unwrap());
        assert_eq!(nadia.post(&revoke, &json!({})).await.0, 200);
        for edit in [claim(seance, "port", "Ana"), claim(seance, "gare", "Ana")] {
            let acks = hers.write(&[edit]).await;
            assert_eq!((&acks[0]["result"], &acks[0]["code"]), (&json!("refused"), &json!("not_a_participant")), "{acks:?}");
        }
        app.unhurt();
    }
}
