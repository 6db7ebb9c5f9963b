//! Who people are: a label without an account, a code to keep it, an invitation for more, and who may do what.

use crate::app::{App, FREE, Person, at, create, edit, set_edit};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

on_both! {
    async fn somebody_becomes_known_by_the_first_edit_and_keeps_the_label(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let (_, nobody) = ana.get("/api/v1/me").await;
        assert_eq!(nobody, json!({"name": null, "role": "visitor", "contributions": 0, "has_recovery": false}));
        for path in ["/api/v1/form", "/api/v1/territories/ville/history", "/api/v1/me/contributions"] {
            ana.get(path).await;
        }
        assert_eq!(ana.cookie, None, "reading leaves no trace");

        let seen = ana.add("ville", json!({"name": "La Ruche"})).await;
        let cookie = ana.cookie.clone().expect("known from now on");
        let (_, me) = ana.get("/api/v1/me").await;
        let label = me["name"].as_str().unwrap().to_owned();
        let (word, number) = label.rsplit_once(' ').unwrap();
        assert!(!word.is_empty() && number.parse::<u32>().is_ok(), "{label}");
        assert_eq!((&me["role"], &me["contributions"]), (&json!("contributor"), &json!(1)));
        ana.set(&seen, json!({"phone": "01 99 00 00 01"})).await;
        assert_eq!(ana.cookie.clone().unwrap(), cookie, "the cookie stays");
        let (_, history) = ana.get(&format!("/api/v1/actors/{}/history", seen["id"].as_str().unwrap())).await;
        for told in history["edits"].as_array().unwrap() {
            assert_eq!((&told["by"], &told["mine"], &told["can_revert"]), (&json!(label), &json!(true), &json!(true)));
        }
        assert!(!history.to_string().contains(&cookie[cookie.len() - 36..]), "the id itself is told to nobody");

        // Others see the label, and that it is not theirs.
        let mut bob = app.person();
        bob.add("ville", json!({"name": "Le Verger"})).await;
        let (_, theirs) = bob.get(&format!("/api/v1/actors/{}/history", seen["id"].as_str().unwrap())).await;
        assert_eq!((&theirs["edits"][0]["by"], &theirs["edits"][0]["mine"], &theirs["edits"][0]["can_revert"]), (&json!(label), &json!(false), &json!(false)));
        let (_, mine) = bob.get("/api/v1/me/contributions").await;
        assert_eq!(mine["edits"].as_array().unwrap().iter().map(|e| &e["name"]).collect::<Vec<_>>(), ["Le Verger"]);

        // The label outlives the server.
        let app = App::start_at(app.stop(), FREE, &[]);
        let mut again = Person { cookie: Some(cookie), ..app.person() };
        let (_, me) = again.get("/api/v1/me").await;
        assert_eq!((me["name"].as_str(), &me["contributions"]), (Some(label.as_str()), &json!(2)));
    }
}

on_both! {
    async fn ones_own_contributions_come_newest_first_page_by_page(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        for i in 0..7 {
            ana.add("ville", json!({"name": format!("Acteur {i}")})).await;
            app.person().add("ville", json!({"name": "d’une autre"})).await;
        }
        let (mut names, mut before) = (Vec::new(), String::new());
        loop {
            let (_, page) = ana.get(&format!("/api/v1/me/contributions?limit=3{before}")).await;
            names.extend(page["edits"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_i64() else { break };
            before = format!("&before={next}");
        }
        assert_eq!(names, (0..7).rev().map(|i| format!("Acteur {i}")).collect::<Vec<_>>());
        let (_, all) = ana.get("/api/v1/territories/ville/history?limit=200").await;
        assert_eq!(all["edits"].as_array().unwrap().len(), 14);
    }
}

on_both! {
    async fn a_recovery_code_moves_somebody_to_another_browser_and_a_newer_one_voids_it(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let (status, body) = ana.post("/api/v1/me/recovery", &json!({})).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (409, Some("nothing_yet")), "there is nothing to recover yet");
        assert_eq!(ana.cookie, None);
        let seen = ana.add("ville", json!({"name": "La Ruche"})).await;
        let label = ana.get("/api/v1/me").await.1["name"].clone();
        let first = ana.post("/api/v1/me/recovery", &json!({})).await.1["code"].as_str().unwrap().to_owned();
        assert!(first.len() == 14 && first.split('-').all(|part| part.len() == 4), "{first}");
        assert!(!first.contains(['0', 'O', '1', 'I', 'L']), "nothing that paper confuses: {first}");
        assert_eq!(ana.get("/api/v1/me").await.1["has_recovery"], true);

        // However it is typed.
        let mut phone = app.person();
        let (status, me) = phone.post("/api/v1/me/recover", &json!({"code": format!(" {} ", first.to_lowercase().replace('-', " "))})).await;
        assert_eq!((status.as_u16(), &me["name"], &me["contributions"]), (200, &label, &json!(1)), "{me}");
        let seq = phone.get("/api/v1/me/contributions").await.1["edits"][0]["seq"].clone();
        ana.set(&seen, json!({"phone": "01 99 00 00 01"})).await;
        let now = phone.actor(seen["id"].as_str().unwrap()).await;
        assert_eq!(phone.set(&now, json!({"phone": "01 99 00 00 02"})).await.0, 200);
        assert_eq!(ana.get("/api/v1/me").await.1["contributions"], 3, "both browsers are one person");

        let second = ana.post("/api/v1/me/recovery", &json!({})).await.1["code"].as_str().unwrap().to_owned();
        let mut tablet = app.person();
        for wrong in [first.as_str(), "", "AAAA-BBBB-CCCC"] {
            let (status, body) = tablet.post("/api/v1/me/recover", &json!({"code": wrong})).await;
            assert_eq!((status.as_u16(), body["code"].as_str()), (404, Some("unknown_code")), "{wrong}");
            assert_eq!(tablet.cookie, None);
        }
        assert_eq!(tablet.post("/api/v1/me/recover", &json!({"code": second})).await.1["name"], label);
        // It undoes what the first browser wrote; the creation has been built upon.
        let (status, body) = tablet.edits(&[edit("revert", &seen, json!({"reverts": seq}))]).await;
        assert_eq!(status, 409, "{body}");
        let newest = tablet.get("/api/v1/me/contributions").await.1["edits"][0]["seq"].clone();
        assert_eq!(tablet.edits(&[edit("revert", &seen, json!({"reverts": newest}))]).await.0, 200);
    }
}

on_both! {
    async fn an_invitation_is_used_once_even_by_eight_at_the_same_time(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let token = invitation(&app, &["--role", "moderator"]);
        let tries = (0..8).map(|_| {
            let (mut person, token) = (app.person(), token.clone());
            tokio::spawn(async move { (person.post("/api/v1/invitations", &json!({"token": token})).await.0.as_u16(), person) })
        });
        let mut won = 0;
        for task in tries.collect::<Vec<_>>() {
            let (status, mut person) = task.await.unwrap();
            let role = person.get("/api/v1/me").await.1["role"].clone();
            match status {
                200 => won += 1,
                _ => assert_eq!(status, 404),
            }
            assert_eq!(role, if status == 200 { "moderator" } else { "visitor" });
        }
        assert_eq!(won, 1);
        let (status, body) = app.person().post("/api/v1/invitations", &json!({"token": token})).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (404, Some("invitation_void")));

        // Somebody who is known already keeps the label and the contributions.
        let mut ana = app.person();
        ana.add("ville", json!({"name": "La Ruche"})).await;
        let label = ana.get("/api/v1/me").await.1["name"].clone();
        let (_, me) = ana.post("/api/v1/invitations", &json!({"token": invitation(&app, &["--role", "organiser"])})).await;
        assert_eq!((&me["name"], &me["role"], &me["contributions"]), (&label, &json!("organiser"), &json!(1)));
        for args in [&["--role", "visitor"][..], &["--role", "roi"], &["--role", "moderator", "--territory", "nulle-part"]] {
            let out = app.place.run(&[&["admin", "invite"], args].concat());
            assert_eq!(out.status.code(), Some(2), "{args:?}");
        }
    }
}

on_both! {
    async fn a_moderator_of_one_territory_is_a_contributor_in_the_next(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        app.territory("voisine", 12.0, 48.0).await;
        let mut ana = app.person();
        let here = ana.add("ville", json!({"name": "Ici", "place/p1/position": at(2.5, 48.5)})).await;
        let there = ana.add("voisine", json!({"name": "Là-bas", "place/p1/position": at(12.5, 48.5)})).await;
        let both = ana.add("voisine", json!({"name": "Des deux côtés", "place/p1/position": at(12.5, 48.5), "place/p2/position": at(2.5, 48.5)})).await;
        let mut moderator = app.person();
        let token = invitation(&app, &["--role", "moderator", "--territory", "ville"]);
        assert_eq!(moderator.post("/api/v1/invitations", &json!({"token": token})).await.1["role"], "moderator");
        let delete = |seen: &Value| edit("delete", seen, json!({"base": {"*": seen["version"]}}));
        for (seen, allowed) in [(&here, true), (&both, true), (&there, false)] {
            let (_, history) = moderator.get(&format!("/api/v1/actors/{}/history", seen["id"].as_str().unwrap())).await;
            assert_eq!(history["edits"][0]["can_revert"], allowed, "{seen}");
            let (status, body) = moderator.edits(&[delete(seen)]).await;
            assert_eq!(status.as_u16(), if allowed { 200 } else { 403 }, "{body}");
        }
        // Its own actors of the other territory are no exception, and a territory is an administrator's.
        let own = moderator.add("voisine", json!({"name": "À moi"})).await;
        assert_eq!(moderator.edits(&[delete(&own)]).await.0, 403);
        let mut admin = app.person();
        let token = invitation(&app, &["--role", "admin", "--territory", "ville"]);
        admin.post("/api/v1/invitations", &json!({"token": token})).await;
        let made = json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": Uuid::now_v7()}, "kind": "create", "set": {"slug": "autre", "name": "x"}});
        assert_eq!(admin.edits(&[made]).await.0, 403, "an administrator of one territory makes no other");
    }
}

/// Letters from visitor to admin: `y` may, `-` may not, `c` may but the actor is gone, `.` can't come up. A visitor who writes is a contributor from then on.
const TABLE: &[(&str, &str)] = &[
    ("create", "yyyyy"),
    ("create closed", "--yyy"),
    ("set", "yyyyy"),
    ("set closed", "--yyy"),
    ("set  closed ", "--yyy"),
    ("set active after closed", "yyyyy"),
    ("add", "yyyyy"),
    ("remove", "yyyyy"),
    ("delete", "---yy"),
    ("restore", "---yy"),
    ("revert own", ".yyyy"),
    ("revert own creation", ".yyyy"),
    ("revert other", "---yy"),
    ("revert own on deleted", ".--cc"),
    ("create what was deleted", "ccccc"),
    ("create territory", "----y"),
    ("set territory", "----y"),
    ("delete territory", "----y"),
];

on_both! {
    async fn the_rights_table_holds_over_http(backend: Backend) {
        let app = App::start(backend).await;
        let territory = app.territory("ville", 2.0, 48.0).await;
        let mut people = vec![None];
        for role in ["contributor", "organiser", "moderator", "admin"] {
            let mut person = if role == "contributor" { app.person() } else { app.with_role(role).await };
            person.add("ville", json!({"name": "Pour être connu"})).await;
            people.push(Some(person));
        }
        let (mut maker, mut admin) = (app.person(), app.with_role("admin").await);
        let mut codes = BTreeSet::new();
        for (deed, letters) in TABLE {
            for (person, letter) in people.iter().zip(letters.chars()).filter(|(_, letter)| *letter != '.') {
                // Somebody whom nobody has seen before stands for the visitors.
                let mut person = person.clone().unwrap_or_else(|| app.person());
                let role = person.get("/api/v1/me").await.1["role"].clone();
                let edit = deed_on(deed, &mut maker, &mut admin, &mut person, territory).await;
                for lang in ["fr", "en"] {
                    let (_, form) = person.get("/api/v1/form").await;
                    let body = json!({"edits": [edit], "form": {"token": form["token"]}}).to_string();
                    let answer = person.send(Method::POST, "/api/v1/edits", Some(body), &[("accept-language", lang)]).await;
                    let status = answer.status().as_u16();
                    let body: Value = answer.json().await.unwrap();
                    let wanted = match letter {
                        'y' => 200,
                        'c' => 409,
                        _ => 403,
                    };
                    assert_eq!(status, wanted, "{role} {deed}: {body}");
                    if letter == '-' {
                        assert!(body["detail"].as_str().unwrap().ends_with('.') && body["results"][0]["result"] == "refused", "{body}");
                        codes.insert(format!("{lang} {}", body["detail"].as_str().unwrap()));
                    }
                }
            }
        }
        assert_eq!(codes.len(), 6, "three refusals in two languages: {codes:?}");
    }
}

/// The edit of a line of the table, on an actor made for it.
async fn deed_on(deed: &str, maker: &mut Person, admin: &mut Person, person: &mut Person, territory: Uuid) -> Value {
    let fields = json!({"name": "La Ruche", "tags": ["miel"]});
    let seen = maker.add("ville", fields.clone()).await;
    let id = seen["id"].as_str().unwrap().to_owned();
    let delete = |seen: &Value| edit("delete", seen, json!({"base": {"*": seen["version"]}}));
    let on_territory = |kind: &str, id: Uuid, set: Value| {
        let base = json!({"name": null, "*": [1, 1]});
        json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": id}, "kind": kind, "set": set, "base": base})
    };
    match deed {
        "create" => create("ville", fields),
        "create closed" => create("ville", json!({"name": "La Ruche", "status": "closed"})),
        "set" => set_edit(&seen, json!({"name": "La Ruche bleue"})),
        "set closed" => set_edit(&seen, json!({"status": "closed"})),
        "set  closed " => set_edit(&seen, json!({"status": " closed\u{200b} "})),
        "set active after closed" => {
            admin.set(&seen, json!({"status": "closed"})).await;
            set_edit(&maker.actor(&id).await, json!({"status": "active"}))
        }
        "add" => edit("add", &seen, json!({"set": {"tags": ["abeilles"]}})),
        "remove" => edit("remove", &seen, json!({"set": {"tags": ["miel"]}})),
        "delete" => delete(&seen),
        "restore" => {
            assert_eq!(admin.edits(&[delete(&seen)]).await.0, 200);
            edit("restore", &seen, json!({}))
        }
        "revert own" | "revert own on deleted" => {
            let (_, body) = person.set(&seen, json!({"phone": "01 99 00 00 01"})).await;
            let reverts = body["results"][0]["seq"].clone();
            if deed == "revert own on deleted" {
                assert_eq!(admin.edits(&[delete(&body["results"][0]["actor"])]).await.0, 200);
            }
            edit("revert", &seen, json!({"reverts": reverts}))
        }
        "revert own creation" => {
            let own = person.add("ville", fields).await;
            edit("revert", &own, json!({"reverts": own["version"][1]}))
        }
        "revert other" => {
            let (_, body) = maker.set(&seen, json!({"phone": "01 99 00 00 01"})).await;
            edit("revert", &seen, json!({"reverts": body["results"][0]["seq"]}))
        }
        "create what was deleted" => {
            assert_eq!(admin.edits(&[delete(&seen)]).await.0, 200);
            edit("create", &seen, json!({"territory": "ville", "set": {"name": "La Ruche", "phone": "01 99 00 00 01"}}))
        }
        "create territory" => on_territory("create", Uuid::now_v7(), json!({"slug": format!("t-{}", Uuid::now_v7()), "name": "Autre"})),
        "set territory" => on_territory("set", territory, json!({"population": 9000})),
        "delete territory" => {
            let other = Uuid::now_v7();
            let made = on_territory("create", other, json!({"slug": format!("t-{}", Uuid::now_v7()), "name": "Autre"}));
            let (_, body) = admin.edits(&[made]).await;
            let mut delete = on_territory("delete", other, json!({}));
            delete["base"] = json!({"*": [body["epoch"], body["results"][0]["seq"]]});
            delete
        }
        other => panic!("{other} is not in the table"),
    }
}

/// The token of a one-time link.
fn invitation(app: &App, args: &[&str]) -> String {
    let out = app.place.run(&[&["admin", "invite"], args].concat());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().split_once('#').unwrap().1.to_owned()
}
