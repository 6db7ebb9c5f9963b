//! Newer extracts over a living map: nothing of the citizens' is lost, what they left alone follows OpenStreetMap, and a run can be looked at
//! before, and taken back after.

use crate::app::{App, Backend, FREE, Place};
use crate::reimports_support::{
    actors, applied, cases, fields, fixture, found, head, import, items, planned, reference, ruled, seen, send, settled, tell,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::time::Duration;

/// A server with the demonstration commune of a year.
async fn town(backend: Backend, year: u32, env: &[(&str, &str)]) -> App {
    let place = Place::new(backend).await;
    import(&place, &fixture(year), &[]);
    App::start_at(place, FREE, env)
}

on_both! {
    async fn what_a_newer_extract_would_change_is_said_field_by_field_and_nothing_is_written(backend: Backend) {
        let app = town(backend, 2024, &[]).await;
        let mut admin = app.with_role("admin").await;
        let (before, number) = (seen(&app, &mut admin, "solvigne", true).await, head(&mut admin).await);
        for (from, to, year) in [(2024, 2025, 2025), (2024, 2026, 2026)] {
            let run = planned(&mut admin, "solvigne", &fixture(year)).await;
            assert_eq!((run["state"].as_str(), run["kind"].as_str()), (Some("planned"), Some("extract")), "{run}");
            assert_eq!(run["data_date"], format!("{year}-03-01"));
            let list = items(&mut admin, &run).await;
            // What differs between the files, told apart here from the two readings alone.
            let (old, new) = (found(&fixture(from)), found(&fixture(to)));
            let published = |v: &Value| v == "publish";
            let mut differs = BTreeMap::new();
            for (reference, (_, fields)) in new.iter().filter(|(r, _)| old.get(*r).is_some_and(|(v, _)| published(v))) {
                let then = &old[reference].1;
                let names: BTreeSet<&String> = then.keys().chain(fields.keys()).filter(|f| then.get(*f) != fields.get(*f)).collect();
                if !names.is_empty() {
                    differs.insert(reference.clone(), names.into_iter().cloned().collect::<BTreeSet<String>>());
                }
            }
            assert!(differs.len() >= 3, "{differs:?}");
            let of = |action: &str| list.iter().filter(|i| i["action"] == action).map(|i| i["reference"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
            let updates: BTreeMap<String, BTreeSet<String>> = list.iter().filter(|i| i["action"] == "update").map(|i| {
                let fields = i["fields"].as_array().unwrap();
                assert!(fields.iter().all(|f| f["what"] == "set" && f["last"] == f["here"]), "{i}");
                (i["reference"].as_str().unwrap().to_owned(), fields.iter().map(|f| f["field"].as_str().unwrap().to_owned()).collect())
            }).collect();
            assert_eq!(updates, differs);
            // A candidate of before may be published now; a thing that is here twice is not.
            let created: BTreeSet<String> = new.iter().filter(|(r, (v, _))| published(v) && old.get(*r).is_none_or(|(w, _)| !published(w))).map(|(r, _)| r.clone()).collect();
            let renumbered = of("renumber");
            assert_eq!(of("create").union(&renumbered).cloned().collect::<BTreeSet<_>>(), created);
            let gone: BTreeSet<String> = old.iter().filter(|(r, (v, _))| published(v) && !new.contains_key(*r)).map(|(r, _)| r.clone()).collect();
            let replaced: BTreeSet<String> = list.iter().filter_map(|i| i["old_reference"].as_str().map(str::to_owned)).collect();
            assert_eq!(of("close").union(&replaced).cloned().collect::<BTreeSet<_>>(), gone);
            assert_eq!(of("conflict"), BTreeSet::new());
            let named = |action: &str, name: &str| list.iter().any(|i| i["action"] == action && i["name"] == name);
            assert!(named("close", "Café associatif L'Ardoise") && named("update", "Recyclerie du Pays de Vernelle"));
            if year == 2026 {
                assert!(named("close", "Bazar solidaire de Bel-Air") && named("close", "Foyer des cheminots"));
                assert_eq!((renumbered.into_iter().collect::<Vec<_>>(), replaced.into_iter().collect::<Vec<_>>()), (vec!["osm:way/3000000670".into()], vec!["osm:node/20000018780".into()]));
                assert!(named("create", "Les Livres voyageurs"), "it has a name at last");
            }
            for action in ["create", "update", "conflict", "close", "reappear", "renumber", "candidate", "refused"] {
                assert_eq!(run["counts"][action].as_u64(), Some(list.iter().filter(|i| i["action"] == action).count() as u64), "{action}");
            }
            assert_eq!(seen(&app, &mut admin, "solvigne", true).await, before, "a plan writes nothing");
            assert_eq!(head(&mut admin).await, number);
            assert_eq!(tell(&mut admin, &run, "discard").await["state"], "discarded");
            let said = import(&app.place, &fixture(year), &["--list"]);
            assert!(said.contains("--apply") && said.contains("Recyclerie du Pays de Vernelle") && said.contains("renuméroté Centre social") == (year == 2026), "{said}");
            assert_eq!(seen(&app, &mut admin, "solvigne", true).await, before, "nor does that of the command line");
            assert_eq!(head(&mut admin).await, number);
        }
        let place = app.stop();
        assert!(place.run(&["check"]).status.success());
    }
}

/// People change values in 2024; extracts of 2025 and 2026 come in. The first promise that does not hold is told.
async fn living(app: &App) -> Result<(), String> {
    let (mut ana, mut admin) = (app.person(), app.with_role("admin").await);
    let by_name = async |person: &mut crate::app::Person, name: &str| {
        let all = actors(person, "solvigne").await;
        all.into_values().find(|a| a["fields"]["name"] == name).unwrap_or_else(|| panic!("no {name}"))
    };
    let sources: Vec<_> = [2024, 2025, 2026].map(|year| found(&fixture(year))).into();
    for (name, set) in [
        ("Médiathèque Colette", json!({"opening_hours": "Mo 10:00-12:00", "summary": "Des livres.", "former_names": ["Bibliothèque"]})),
        // The value that the source will have too.
        ("Coopérative Les Tisserands", json!({"phone": sources[1]["osm:node/20000018877"].1["phone"], "email": "bonjour@example.org"})),
        ("Recyclerie du Pays de Vernelle", json!({"name": "La Recyclerie", "former_names": ["Chez Paulette"]})),
        ("Centre social Les Quatre-Vents", json!({"summary": "Un toit."})),
    ] {
        let seen = by_name(&mut ana, name).await;
        let (status, body) = ana.set(&seen, set).await;
        assert_eq!(status, 200, "{body}");
    }
    let mine = ana.add("solvigne", json!({"name": "Le Four commun", "place/p1/position": crate::app::at(-1.80, 47.70)})).await;
    for step in 0..2 {
        let before = actors(&mut ana, "solvigne").await;
        let run = applied(&mut admin, "solvigne", &fixture(2025 + step as u32)).await;
        let (last, source) = (&sources[step], &sources[step + 1]);
        let mut asked = BTreeSet::new();
        let after = actors(&mut ana, "solvigne").await;
        for (id, actor) in &before {
            let now = after.get(id).ok_or(format!("{} is gone", actor["fields"]["name"]))?;
            let (was, is) = (reference(actor), reference(now));
            let (Some((_, last)), Some((_, source))) = (last.get(&was).or(sources[0].get(&was)), source.get(&is)) else {
                if fields(now) != fields(actor) {
                    return Err(format!("{was} changed, and no source says why"));
                }
                continue;
            };
            let (wanted, conflicts) = ruled(last, source, &fields(actor));
            if fields(now) != wanted {
                return Err(format!("{was}: {} instead of {}", now["fields"], json!(wanted)));
            }
            asked.extend(conflicts.into_iter().map(|f| (id.clone(), f)));
        }
        let queue = cases(&mut admin, "solvigne").await;
        let conflicts: BTreeSet<(String, String)> = queue
            .iter()
            .filter(|c| c["kind"] == "conflict" && c["run"] == run["id"])
            .map(|c| (c["actor"]["id"].as_str().unwrap().to_owned(), c["field"].as_str().unwrap().to_owned()))
            .collect();
        if conflicts != asked {
            return Err(format!("asked about {conflicts:?} instead of {asked:?}"));
        }
        let again = planned(&mut admin, "solvigne", &fixture(2025 + step as u32)).await;
        let nothing =
            ["create", "update", "conflict", "close", "reappear", "renumber", "candidate", "refused"].iter().all(|a| again["counts"][a] == 0);
        if !nothing {
            return Err(format!("the same file once more changes something: {}", again["counts"]));
        }
        tell(&mut admin, &again, "discard").await;
    }
    let conflicts = cases(&mut admin, "solvigne").await.into_iter().filter(|c| c["kind"] == "conflict").count();
    assert_eq!(conflicts, 2, "the médiathèque's hours and the recyclerie's name");
    let all = actors(&mut ana, "solvigne").await;
    assert_eq!(all[mine["id"].as_str().unwrap()]["fields"], mine["fields"]);
    let social = all.values().find(|a| a["fields"]["summary"] == "Un toit.").unwrap();
    assert_eq!(reference(social), "osm:way/3000000670", "the same actor, known by its building now");
    Ok(())
}

on_both! {
    async fn what_people_wrote_stays_and_what_they_left_alone_follows_two_newer_extracts(backend: Backend) {
        let app = town(backend, 2024, &[]).await;
        living(&app).await.unwrap();
        let place = app.stop();
        assert!(place.run(&["check"]).status.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_notices_an_import_that_overwrites() {
    let app = town(Backend::Sqlite, 2024, &[("BOUILLON_BREAK", "overwrite")]).await;
    let broken = living(&app).await;
    assert!(broken.is_err(), "an import that overwrites what people wrote went unnoticed");
}

on_both! {
    async fn undoing_a_run_gives_back_what_was_there_before_it(backend: Backend) {
        let app = town(backend, 2024, &[]).await;
        let mut admin = app.with_role("admin").await;
        let before = seen(&app, &mut admin, "solvigne", true).await;
        let first = applied(&mut admin, "solvigne", &fixture(2025)).await;
        let between = seen(&app, &mut admin, "solvigne", true).await;
        assert!(between != before && between.basemap != before.basemap && between.addresses != before.addresses && !between.cases.is_empty());
        let second = applied(&mut admin, "solvigne", &fixture(2026)).await;
        let (status, refused) = admin.post(&format!("/api/v1/imports/{}/undo", first["id"].as_str().unwrap()), &json!({})).await;
        assert_eq!((status.as_u16(), refused["code"].as_str()), (409, Some("import_not_latest")), "{refused}");
        let planned_then = second["counts"].clone();
        for (run, was) in [(&second, &between), (&first, &before)] {
            let undone = tell(&mut admin, run, "undo").await;
            assert_eq!((undone["state"].as_str(), undone["undo"]["kept"].as_u64()), (Some("undone"), Some(0)), "{undone}");
            assert_eq!(&seen(&app, &mut admin, "solvigne", true).await, was);
            if run == &second {
                let again = planned(&mut admin, "solvigne", &fixture(2026)).await;
                assert_eq!(again["counts"], planned_then, "the same is proposed again");
                tell(&mut admin, &again, "discard").await;
            }
        }
        let place = app.stop();
        assert!(place.run(&["check"]).status.success());
    }
}

on_both! {
    async fn undoing_leaves_what_somebody_changed_since(backend: Backend) {
        let app = town(backend, 2024, &[]).await;
        let (mut ana, mut admin) = (app.person(), app.with_role("admin").await);
        let before = actors(&mut ana, "solvigne").await;
        let run = applied(&mut admin, "solvigne", &fixture(2026)).await;
        let list = items(&mut admin, &run).await;
        let of = |action: &str, name: &str| list.iter().find(|i| i["action"] == action && i["name"] == name).unwrap()["actor"].as_str().unwrap().to_owned();
        let (renamed, created) = (of("update", "Recyclerie du Pays de Vernelle"), of("create", "L'Atelier Dérailleur"));
        for (id, set) in [(&renamed, json!({"name": "La Remise"})), (&created, json!({"summary": "On y répare."}))] {
            let seen = ana.actor(id).await;
            assert_eq!(ana.set(&seen, set).await.0, 200);
        }
        let undone = tell(&mut admin, &run, "undo").await;
        assert_eq!(undone["undo"]["kept"], 2, "{undone}");
        let after = actors(&mut ana, "solvigne").await;
        assert_eq!(after[&renamed]["fields"]["name"], "La Remise");
        assert_eq!(after[&renamed]["fields"].get("former_names"), before[&renamed]["fields"].get("former_names"), "other fields are back");
        assert_eq!(after[&created]["fields"]["summary"], "On y répare.");
        assert_eq!(after.len(), before.len() + 1);
        let again = planned(&mut admin, "solvigne", &fixture(2026)).await;
        assert_eq!(again["counts"]["create"].as_u64(), run["counts"]["create"].as_u64().map(|n| n - 1), "what stayed is not made once more");
        assert_eq!(again["counts"]["conflict"], 1, "its name was changed on both sides");
    }
}

on_both! {
    async fn moderators_settle_what_changed_on_both_sides_and_what_is_gone(backend: Backend) {
        let app = town(backend, 2024, &[]).await;
        let (mut ana, mut moderator, mut admin) = (app.person(), app.with_role("moderator").await, app.with_role("admin").await);
        let names = ["Coopérative Les Tisserands", "Recyclerie du Pays de Vernelle"];
        let mut ids = Vec::new();
        for (name, set) in names.iter().zip([json!({"phone": "01 99 00 77 77"}), json!({"name": "La Recyclerie"})]) {
            let all = actors(&mut ana, "solvigne").await;
            let seen = all.values().find(|a| a["fields"]["name"] == *name).unwrap();
            ids.push(seen["id"].as_str().unwrap().to_owned());
            assert_eq!(ana.set(seen, set).await.0, 200);
        }
        applied(&mut admin, "solvigne", &fixture(2025)).await;
        let queue = cases(&mut moderator, "solvigne").await;
        let about = |id: &str| queue.iter().find(|c| c["actor"]["id"] == id).unwrap().clone();
        let (phone, name) = (about(&ids[0]), about(&ids[1]));
        assert_eq!((phone["field"].as_str(), phone["last"].as_str(), phone["here"].as_str()), (Some("phone"), Some("+33 1 99 00 00 01"), Some("01 99 00 77 77")));
        assert_eq!((name["here"].as_str(), name["source"].as_str()), (Some("La Recyclerie"), Some("Ressourcerie La Remise")));
        let closing = queue.iter().find(|c| c["kind"] == "closing").unwrap().clone();
        let path = |case: &Value| format!("/api/v1/moderation/{}", case["id"].as_str().unwrap());
        for (person, status) in [(&mut app.person(), 401), (&mut ana, 403)] {
            assert_eq!(person.post(&path(&phone), &json!({"decision": "source"})).await.0, status);
            assert_eq!(person.get("/api/v1/territories/solvigne/moderation").await.0, status);
        }
        assert_eq!(moderator.post(&path(&phone), &json!({"decision": "close"})).await.0, 400);
        assert_eq!(moderator.post(&path(&phone), &json!({"decision": "perhaps"})).await.0, 400);
        // Ana changes the phone again while the moderator looks at the old one.
        let now = ana.actor(&ids[0]).await;
        assert_eq!(ana.set(&now, json!({"phone": "01 99 00 88 88"})).await.0, 200);
        let (status, moved) = moderator.post(&path(&phone), &json!({"decision": "source"})).await;
        assert_eq!((status.as_u16(), moved["code"].as_str(), moved["here"].as_str()), (409, Some("moved_on"), Some("01 99 00 88 88")), "{moved}");
        assert_eq!(ana.actor(&ids[0]).await["fields"]["phone"], "01 99 00 88 88");
        let (_, page) = moderator.get("/api/v1/territories/solvigne/moderation").await;
        assert!(page["items"].as_array().unwrap().iter().any(|c| c["id"] == phone["id"] && c["here"] == "01 99 00 88 88"), "the case stays");
        let settled = json!({"settled": true});
        for (case, decision) in [(&phone, "source"), (&name, "here"), (&closing, "close")] {
            let (status, body) = moderator.post(&path(case), &json!({"decision": decision})).await;
            assert_eq!((status.as_u16(), &body), (200, &settled), "{decision}");
            assert_eq!(moderator.post(&path(case), &json!({"decision": decision})).await.0, 404, "once");
        }
        let now = ana.actor(&ids[0]).await;
        assert_eq!((&now["fields"]["phone"], &now["provenance"]["phone"]["source"]), (&phone["source"], &Value::Null), "a moderator's edit like any other");
        assert_eq!(ana.actor(&ids[1]).await["fields"]["name"], "La Recyclerie");
        assert_eq!(ana.actor(closing["actor"]["id"].as_str().unwrap()).await["fields"]["status"], "closed");
        assert_eq!(cases(&mut moderator, "solvigne").await.len(), queue.len() - 3);
        // An older file brings the thing back: nothing is asked any more, and the line says so.
        let back = planned(&mut admin, "solvigne", &fixture(2024)).await;
        let list = items(&mut admin, &back).await;
        assert!(list.iter().any(|i| i["action"] == "reappear" && i["actor"] == closing["actor"]["id"]), "{list:?}");
    }
}

on_both! {
    async fn a_run_that_is_killed_while_it_is_written_or_undone_can_be_gone_on_with(backend: Backend) {
        let mut app = town(backend, 2024, &[]).await;
        let mut admin = app.with_role("admin").await;
        let before = seen(&app, &mut admin, "solvigne", true).await;
        let run = applied(&mut admin, "solvigne", &fixture(2026)).await;
        let wanted = seen(&app, &mut admin, "solvigne", false).await;
        tell(&mut admin, &run, "undo").await;
        let (mut cut, counts) = (0, run["counts"].clone());
        for round in 0..8_u64 {
            let mut run = planned(&mut admin, "solvigne", &fixture(2026)).await;
            for (word, unfinished, done) in [("apply", "planned", "applied"), ("undo", "applied", "undone")] {
                let (status, told) = admin.post(&format!("/api/v1/imports/{}/{word}", run["id"].as_str().unwrap()), &json!({})).await;
                assert_eq!(status, 202, "{told}");
                tokio::time::sleep(Duration::from_millis(round * 13)).await;
                let cookie = admin.cookie.clone();
                app = App::start_at(app.kill(), FREE, &[]);
                admin = app.person();
                admin.cookie = cookie;
                run = settled(&mut admin, &run["id"]).await;
                if run["state"] != done {
                    assert_eq!(run["state"], unfinished, "{run}");
                    cut += 1;
                    run = tell(&mut admin, &run, word).await;
                }
                assert_eq!(run["state"], done, "{run}");
                if word == "apply" {
                    assert_eq!(seen(&app, &mut admin, "solvigne", false).await, wanted, "round {round}");
                    assert_eq!(run["counts"], counts, "round {round}");
                }
            }
            assert_eq!(seen(&app, &mut admin, "solvigne", true).await, before, "round {round}");
        }
        eprintln!("{backend:?}: {cut} of 16 were cut off");
        let place = app.stop();
        assert!(place.run(&["check"]).status.success());
    }
}

on_both! {
    async fn of_two_admins_at_once_one_is_told_that_the_other_was_first(backend: Backend) {
        let app = town(backend, 2024, &[]).await;
        let (mut one, mut two) = (app.with_role("admin").await, app.with_role("admin").await);
        let bytes = std::fs::read(fixture(2025)).unwrap();
        let both = tokio::join!(send(&one, "solvigne", "a.osm.pbf", bytes.clone()), send(&two, "solvigne", "b.osm.pbf", bytes));
        let (first, busy) = if both.0.0 == 202 { (both.0, both.1) } else { (both.1, both.0) };
        assert_eq!((first.0.as_u16(), busy.0.as_u16(), busy.1["code"].as_str()), (202, 409, Some("import_busy")), "{first:?} {busy:?}");
        assert_eq!(busy.1["run"]["id"], first.1["id"]);
        let run = settled(&mut one, &first.1["id"]).await;
        let path = format!("/api/v1/imports/{}/apply", run["id"].as_str().unwrap());
        let nothing = json!({});
        let both = tokio::join!(one.post(&path, &nothing), two.post(&path, &nothing));
        let mut statuses = [both.0.0.as_u16(), both.1.0.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 409]);
        assert_eq!(settled(&mut one, &run["id"]).await["state"], "applied");
        let out = app.place.command(&["import", "runs", "--territory", "solvigne"]).output().unwrap();
        assert_eq!(String::from_utf8(out.stdout).unwrap().matches(" applied ").count(), 2, "the first import and this one");
    }
}

on_both! {
    async fn uploads_are_for_admins_and_what_is_no_extract_leaves_a_sentence(backend: Backend) {
        let app = town(backend, 2024, &[]).await;
        let mut admin = app.with_role("admin").await;
        let before = seen(&app, &mut admin, "solvigne", true).await;
        let mut known = app.person();
        known.add("solvigne", json!({"name": "Le Four commun", "place/p1/position": crate::app::at(0.0, 0.0)})).await;
        let moderator = app.with_role("moderator").await;
        for (person, status) in [(&app.person(), 401), (&known, 403), (&moderator, 403)] {
            assert_eq!(send(person, "solvigne", "x.osm.pbf", vec![1]).await.0, status);
        }
        assert_eq!(send(&admin, "nulle-part", "x.osm.pbf", vec![1]).await.0, 404);
        assert_eq!(send(&admin, "solvigne", "x.txt", vec![1]).await.1["code"], "import_kind");
        let half = std::fs::read(fixture(2026)).unwrap();
        for (name, bytes) in [("png.osm.pbf", b"\x89PNG\r\n\x1a\n0000".to_vec()), ("half.osm.pbf", half[..half.len() / 2].to_vec()), ("empty.osm.pbf", Vec::new())] {
            let (status, run) = send(&admin, "solvigne", name, bytes).await;
            assert_eq!(status, 202, "{run}");
            let run = settled(&mut admin, &run["id"]).await;
            assert_eq!(run["state"], "failed", "{run}");
            let (_, english) = admin.get(&format!("/api/v1/imports/{}?lang=en", run["id"].as_str().unwrap())).await;
            let (fr, en) = (run["error"].as_str().unwrap(), english["error"].as_str().unwrap());
            assert!(fr.ends_with('.') && fr != en && !en.is_empty(), "{fr} / {en}");
        }
        // A length beyond the limit is refused before a byte of it is sent.
        let mut socket = std::net::TcpStream::connect(app.url.strip_prefix("http://").unwrap()).unwrap();
        let cookie = admin.cookie.clone().unwrap();
        write!(socket, "POST /api/v1/territories/solvigne/imports?name=x.osm.pbf HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\ncontent-length: 2000000000\r\n\r\n").unwrap();
        let mut answer = [0; 400];
        let n = socket.read(&mut answer).unwrap();
        assert!(String::from_utf8_lossy(&answer[..n]).starts_with("HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer[..n]));
        // A cut upload leaves no run, and the next one is not told to wait for it.
        let mut socket = std::net::TcpStream::connect(app.url.strip_prefix("http://").unwrap()).unwrap();
        write!(socket, "POST /api/v1/territories/solvigne/imports?name=x.osm.pbf HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\ncontent-length: 200000\r\n\r\nabc").unwrap();
        drop(socket);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut now = seen(&app, &mut admin, "solvigne", true).await;
        now.actors.retain(|id, _| before.actors.contains_key(id));
        assert_eq!(now, before);
        assert_eq!(planned(&mut admin, "solvigne", &fixture(2025)).await["state"], "planned");
        let left: Vec<_> = std::fs::read_dir(app.place.data.join("imports")).unwrap().flatten().filter(|f| f.path().join("file").exists()).collect();
        assert_eq!(left.len(), 1, "files of failed runs are gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_need_the_extract_that_they_are_changes_of() {
    let place = Place::new(Backend::Sqlite).await;
    let file = place.data.join("monde.osc.gz");
    std::fs::write(&file, b"x").unwrap();
    for (more, word) in [(&["--territory", "solvigne"][..], "no whole extract"), (&[][..], "--territory")] {
        let out = place.command(&["import", "osm"]).arg(&file).args(more).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!((out.status.code(), said.trim().lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(word), "{said}");
    }
}
