//! What an edit does, and what two people who edit the same thing see.

use crate::app::{App, at, create, edit, set_edit};
use serde_json::{Value, json};
use uuid::Uuid;

on_both! {
    async fn an_edit_sent_twice_has_one_effect_and_one_answer(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let made = create("ville", json!({"name": "La Ruche"}));
        let (_, first) = ana.edits(std::slice::from_ref(&made)).await;
        let (status, second) = ana.edits(std::slice::from_ref(&made)).await;
        assert_eq!(status, 200);
        assert_eq!(first["results"][0]["seq"], second["results"][0]["seq"]);
        assert_eq!(first["head"], second["head"]);
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(list["numberMatched"], 1);

        let mut other = made.clone();
        other["set"]["name"] = json!("Autre chose");
        let (status, body) = ana.edits(&[other]).await;
        assert_eq!((status.as_u16(), body["results"][0]["code"].as_str()), (422, Some("edit_id_reused")));
    }
}

on_both! {
    async fn two_people_who_change_the_same_field_both_see_both_values(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let seen = ana.add("ville", json!({"name": "La Ruche", "phone": "01 99 00 00 01"})).await;
        let (status, _) = ana.set(&seen, json!({"phone": "01 99 00 00 02"})).await;
        assert_eq!(status, 200);

        let (status, body) = bob.set(&seen, json!({"phone": "01 99 00 00 03"})).await;
        assert_eq!(status, 409);
        assert_eq!(body["code"], "conflict");
        let field = &body["results"][0]["fields"]["phone"];
        assert_eq!((field["mine"].as_str(), field["theirs"].as_str()), (Some("01 99 00 00 03"), Some("01 99 00 00 02")));
        assert!(field["by"].as_str().is_some_and(|by| !by.is_empty()) && !field["version"].is_null());

        // The other fields of the same edit still apply, and the answer to the conflict is a fresh edit on the version handed back.
        let (status, body) = bob.set(&seen, json!({"phone": "01 99 00 00 03", "website": "https://ruche.example.org"})).await;
        assert_eq!(status, 200);
        assert_eq!(body["results"][0]["fields"]["website"]["result"], "applied");
        assert_eq!(body["results"][0]["fields"]["phone"]["result"], "conflict");
        let mut answer = set_edit(&seen, json!({"phone": "01 99 00 00 03"}));
        answer["base"]["phone"] = body["results"][0]["fields"]["phone"]["version"].clone();
        let (status, body) = bob.edits(&[answer]).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(ana.actor(seen["id"].as_str().unwrap()).await["fields"]["phone"], "01 99 00 00 03");
    }
}

on_both! {
    async fn sets_and_long_texts_of_two_people_are_merged(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let seen = ana.add("ville", json!({"name": "La Ruche", "tags": ["miel"], "description": "un\ndeux\ntrois"})).await;
        let id = seen["id"].as_str().unwrap();
        ana.edits(&[edit("add", &seen, json!({"set": {"tags": ["abeilles"]}}))]).await;
        let (status, body) = bob.edits(&[edit("remove", &seen, json!({"set": {"tags": ["miel"]}}))]).await;
        assert_eq!((status.as_u16(), body["results"][0]["fields"]["tags"]["result"].as_str()), (200, Some("merged")));
        ana.set(&seen, json!({"description": "un !\ndeux\ntrois"})).await;
        let (status, body) = bob.set(&seen, json!({"description": "un\ndeux\ntrois !"})).await;
        assert_eq!((status.as_u16(), body["results"][0]["fields"]["description"]["result"].as_str()), (200, Some("merged")));
        let now = ana.actor(id).await;
        assert_eq!(now["fields"]["tags"], json!(["abeilles"]));
        assert_eq!(now["fields"]["description"], "un !\ndeux\ntrois !");

        let (status, body) = bob.set(&seen, json!({"description": "autre\ndeux\ntrois"})).await;
        assert_eq!(status, 409, "{body}");
    }
}

on_both! {
    async fn a_position_is_one_field_and_an_address_another(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let seen = ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5), "place/p1/address": {"street": "rue A"}})).await;
        assert_eq!(ana.set(&seen, json!({"place/p1/position": at(2.6, 48.6)})).await.0, 200);
        let (status, body) = bob.set(&seen, json!({"place/p1/address": {"street": "rue B"}})).await;
        assert_eq!(status, 200, "{body}");
        let (status, body) = bob.set(&seen, json!({"place/p1/position": at(2.7, 48.5)})).await;
        assert_eq!(status, 409);
        assert_eq!(body["results"][0]["fields"]["place/p1/position"]["theirs"]["lon"], 2.6);
    }
}

on_both! {
    async fn only_a_moderator_takes_an_actor_off_the_map_and_brings_it_back(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let mut moderator = app.with_role("moderator").await;
        let seen = ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let id = seen["id"].as_str().unwrap().to_owned();
        let delete = |seen: &Value| edit("delete", seen, json!({"base": {"*": seen["version"]}}));
        let (status, body) = bob.edits(&[delete(&seen)]).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("needs_moderator")));
        let (status, _) = bob.set(&seen, json!({"closing": "le local est vide"})).await;
        assert_eq!(status, 200, "a contributor proposes closing");

        // A deletion based on an older version is a conflict: somebody just wrote to it.
        let (status, body) = moderator.edits(&[delete(&seen)]).await;
        assert_eq!((status.as_u16(), body["results"][0]["result"].as_str()), (409, Some("conflict")));
        let now = moderator.actor(&id).await;
        assert_eq!(moderator.edits(&[delete(&now)]).await.0, 200);
        let (_, list) = bob.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(list["numberMatched"], 0);
        assert_eq!(bob.actor(&id).await["state"], "deleted");

        let (status, body) = bob.set(&now, json!({"name": "La Ruche bleue"})).await;
        assert_eq!((status.as_u16(), body["results"][0]["deleted"].as_bool()), (409, Some(true)), "a write to what is gone hands the value back");
        let (status, body) = moderator.edits(&[edit("restore", &now, json!({}))]).await;
        assert_eq!(status, 200, "{body}");
        let (_, list) = bob.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(list["numberMatched"], 1);
    }
}

on_both! {
    async fn people_undo_their_own_edits_and_moderators_anybodys(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let mut moderator = app.with_role("moderator").await;
        let seen = ana.add("ville", json!({"name": "La Ruche", "phone": "01 99 00 00 01"})).await;
        let id = seen["id"].as_str().unwrap().to_owned();
        let (_, body) = ana.set(&seen, json!({"phone": "01 99 00 00 02"})).await;
        let seq = body["results"][0]["seq"].clone();
        let revert = |seq: &Value| edit("revert", &seen, json!({"reverts": seq}));
        let (status, body) = bob.edits(&[revert(&seq)]).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("not_yours")));
        let (status, body) = ana.edits(&[revert(&seq)]).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(ana.actor(&id).await["fields"]["phone"], "01 99 00 00 01");

        let (_, history) = ana.get(&format!("/api/v1/actors/{id}/history")).await;
        let edits = history["edits"].as_array().unwrap();
        assert_eq!(edits.len(), 3);
        assert_eq!(edits[0]["kind"], "revert");
        assert_eq!(edits[0]["fields"]["phone"], json!({"before": "01 99 00 00 02", "after": "01 99 00 00 01"}));
        assert_eq!(edits[1]["reverted_by"], edits[0]["seq"]);

        // A field that was changed since is left alone, and the moderator sees both values.
        let now = bob.actor(&id).await;
        let (_, body) = bob.set(&now, json!({"name": "La Ruche bleue"})).await;
        let bobs = body["results"][0]["seq"].clone();
        let now = ana.actor(&id).await;
        ana.set(&now, json!({"name": "La Ruche verte"})).await;
        let (status, body) = moderator.edits(&[revert(&bobs)]).await;
        assert_eq!(status, 409, "{body}");
        assert_eq!(ana.actor(&id).await["fields"]["name"], "La Ruche verte");
        let (_, mine) = bob.get("/api/v1/me/contributions").await;
        assert_eq!(mine["edits"].as_array().unwrap().len(), 1);
        assert_eq!(mine["edits"][0]["name"], "La Ruche verte");
    }
}

on_both! {
    async fn edits_of_one_group_apply_together_or_not_at_all(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let seen = ana.add("ville", json!({"name": "La Ruche"})).await;
        let group = Uuid::now_v7();
        let mut good = create("ville", json!({"name": "Le Verger"}));
        let mut bad = set_edit(&seen, json!({"name": "x".repeat(121)}));
        good["group"] = json!(group);
        bad["group"] = json!(group);
        let (_, before) = ana.get("/api/v1/territories/ville/actors.geojson").await;
        let (status, body) = ana.edits(&[good.clone(), bad]).await;
        assert_eq!(status, 422, "{body}");
        assert_eq!(body["results"][0]["code"], "group_failed");
        assert_eq!(body["results"][1]["fields"]["name"]["code"], "too_long");
        let (_, after) = ana.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(before["head"], after["head"], "no number was used");
        let (status, _) = ana.edits(&[good]).await;
        assert_eq!(status, 200, "the same edit can be sent again later");
    }
}

on_both! {
    async fn a_value_beyond_a_limit_is_refused_with_a_sentence_that_names_the_field(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        for (set, code, words) in [
            (json!({"name": ""}), "required", "Écrivez un nom"),
            (json!({"name": "A", "summary": "é".repeat(251)}), "too_long", "En une phrase"),
            (json!({"name": "A", "siret": "12345678901234"}), "bad_siret", "SIRET"),
            (json!({"name": "A", "website": "javascript:alert(1)"}), "bad_url", "Site"),
            (json!({"name": "A", "primary_category": "ALI.soupe"}), "unknown_category", "Thème"),
            (json!({"name": "A", "categories": ["ALI", "SOL", "CUL"]}), "too_many", "thèmes"),
            (json!({"name": "A", "place/p1/position": {"lon": 200, "lat": 0}}), "bad_coordinates", "longitude"),
            (json!({"name": "A", "couleur": "bleu"}), "unknown_field", "couleur"),
        ] {
            let (status, body) = ana.edits(&[create("ville", set.clone())]).await;
            assert_eq!(status, 422, "{set} {body}");
            let fields = body["results"][0]["fields"].as_object().unwrap();
            let refused = fields.values().find(|f| f["result"] == "refused").unwrap();
            assert_eq!(refused["code"], code, "{set}");
            assert!(refused["message"].as_str().unwrap().contains(words), "{refused}");
        }
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(list["numberMatched"], 0, "nothing was half-written");
    }
}

on_both! {
    async fn the_journal_has_no_gap_whatever_forty_writers_do(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let shared = ana.add("ville", json!({"name": "La Ruche", "phone": "01 99 00 00 00"})).await;
        let writers = (0..40).map(|i| {
            let (mut person, shared) = (app.person(), shared.clone());
            tokio::spawn(async move {
                for j in 0..5 {
                    person.add("ville", json!({"name": format!("Acteur {i}-{j}")})).await;
                    person.set(&shared, json!({"phone": format!("01 99 00 {i:02} {j:02}")})).await;
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
        assert_eq!(list["numberMatched"], 201);
        let now = ana.actor(shared["id"].as_str().unwrap()).await;
        assert_ne!(now["fields"]["phone"], "01 99 00 00 00");
        let (_, history) = ana.get(&format!("/api/v1/actors/{}/history", shared["id"].as_str().unwrap())).await;
        assert_eq!(history["edits"].as_array().unwrap().len(), 2, "of 200 edits on one base, one won and the others were told");
        let place = app.stop();
        let out = place.run(&["check"]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    }
}

on_both! {
    async fn a_group_that_met_a_conflict_is_answered_the_same_when_it_comes_again(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.with_role("moderator").await;
        let (hive, oven) = (ana.add("ville", json!({"name": "La Ruche"})).await, ana.add("ville", json!({"name": "Le Four"})).await);
        let gone = edit("delete", &hive, json!({"base": {"*": hive["version"]}}));
        assert_eq!(ana.edits(&[gone]).await.0, 200);
        let mut group = [set_edit(&oven, json!({"summary": "Pain"})), set_edit(&hive, json!({"summary": "Miel"}))];
        let number = Uuid::now_v7();
        group.iter_mut().for_each(|e| e["group"] = json!(number));
        let said = |body: &Value| body["results"].as_array().unwrap().iter().map(|r| [r["result"].clone(), r["code"].clone()]).collect::<Vec<_>>();
        let (status, first) = ana.edits(&group).await;
        assert_eq!((status.as_u16(), said(&first)), (409, vec![[json!("refused"), json!("group_failed")], [json!("conflict"), Value::Null]]));
        // What the group met is no obstacle any more; but its author was told, and may have chosen otherwise.
        assert_eq!(ana.edits(&[edit("restore", &hive, json!({}))]).await.0, 200);
        for _ in 0..2 {
            assert_eq!(said(&ana.edits(&group).await.1), said(&first));
        }
        for actor in [&hive, &oven] {
            assert_eq!(ana.actor(actor["id"].as_str().unwrap()).await["fields"]["summary"], Value::Null);
        }
    }
}

on_both! {
    async fn a_revert_that_names_the_epoch_of_an_edit_undoes_no_other_edit_with_its_number(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let seen = ana.add("ville", json!({"name": "La Ruche", "phone": "01 99 00 00 01"})).await;
        let (_, body) = ana.set(&seen, json!({"phone": "01 99 00 00 02"})).await;
        let (epoch, seq) = (body["epoch"].as_i64().unwrap(), &body["results"][0]["seq"]);
        let revert = |epoch: i64| edit("revert", &seen, json!({"reverts": seq, "base": {"*": [epoch, seq]}}));
        let (status, body) = ana.edits(&[revert(epoch - 1)]).await;
        assert_eq!((status.as_u16(), body["results"][0]["code"].as_str()), (422, Some("unknown_entry")));
        assert_eq!(ana.edits(&[revert(epoch)]).await.0, 200);
        assert_eq!(ana.actor(seen["id"].as_str().unwrap()).await["fields"]["phone"], "01 99 00 00 01");
    }
}
