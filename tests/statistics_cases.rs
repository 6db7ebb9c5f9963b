//! Statistics in odd cases: nothing there, few people, hostile names and addresses; and former positions, which must be what was.

use crate::app::{App, Person, at, create, edit, set_edit};
use crate::statistics::{boxed, cell, measure, read, rows};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

async fn text(app: &App, address: &str) -> (u16, String, String) {
    let answer = app.person().send(Method::GET, &format!("/api/v1/territories/{address}"), None, &[]).await;
    let kind = answer.headers().get("content-type").map_or(String::new(), |v| v.to_str().unwrap().to_owned());
    (answer.status().as_u16(), kind, answer.text().await.unwrap())
}

on_both! {
    async fn with_nothing_there_no_number_is_made_up_and_every_chart_is_drawn(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("vide", 2.0, 48.0).await;
        for actors in [0, 1] {
            let all = read(&app, "vide/statistics?lang=en").await;
            assert_eq!(all["actors"], actors);
            assert_eq!(all["population"], Value::Null);
            assert_eq!(measure(&all, "density")["value"], Value::Null, "no population, no density");
            assert_eq!(measure(&all, "density")["chart"], false);
            assert_eq!(measure(&all, "coverage")["value"], Value::Null, "no base map, no coverage");
            assert_eq!(measure(&all, "coverage")["shown"], "no base map with built area");
            assert_eq!(measure(&all, "blank")["value"], Value::Null);
            assert_eq!(measure(&all, "concentration")["value"], Value::Null);
            assert_eq!(measure(&all, "diversity")["value"], if actors == 0 { Value::Null } else { json!(0.0) });
            for m in all["measures"].as_array().unwrap() {
                let code = m["code"].as_str().unwrap();
                for part in ["title", "definition", "formula", "source", "shown"] {
                    assert!(m[part].as_str().is_some_and(|t| !t.is_empty()), "{code} has no {part}");
                }
                assert!(!m["caveats"].as_array().unwrap().is_empty(), "{code}");
                let columns = m["table"]["columns"].as_array().unwrap().len();
                assert!(m["table"]["rows"].as_array().unwrap().iter().all(|r| r.as_array().unwrap().len() == columns), "{code}");
                let (status, kind, csv) = text(&app, &format!("vide/statistics/{code}.csv")).await;
                assert!(status == 200 && kind.starts_with("text/csv") && csv.starts_with('\u{feff}'), "{code} {status} {kind}");
                let (status, kind, svg) = text(&app, &format!("vide/statistics/{code}.svg")).await;
                assert_eq!(status, if m["chart"] == true { 200 } else { 404 }, "{code}");
                assert!(status == 404 || (kind == "image/svg+xml" && svg.contains("<title>") && svg.contains("<desc>")), "{code} {kind}");
            }
            app.person().add("vide", json!({"name": "La Ruche", "primary_category": "ALI", "place/p1/position": at(2.5, 48.5)})).await;
        }
    }
}

on_both! {
    async fn a_few_people_are_never_counted_out_loud(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        for people in 1..=6_u64 {
            let mut person = app.person();
            for i in 0..3 {
                person.add("ville", json!({"name": format!("Acteur {people} {i}"), "place/p1/position": at(2.5, 48.5)})).await;
            }
            let all = read(&app, "ville/statistics").await;
            let told = measure(&all, "participation");
            let row = &told["table"]["rows"].as_array().unwrap()[0];
            let whole = told.to_string() + &text(&app, "ville/statistics/participation.svg").await.2 + &text(&app, "ville/statistics/participation.csv").await.2;
            if people < 5 {
                assert_eq!((&told["value"], &row[1]), (&Value::Null, &json!("< 5")), "{people}");
                assert!(told["shown"].as_str().unwrap().starts_with("< 5"), "{}", told["shown"]);
                assert!(!whole.contains(&format!("{people} personnes")) && !whole.contains(&format!(",{people},")), "{whole}");
            } else {
                assert_eq!((&told["value"], &row[1]), (&json!(people as f64), &json!(people)));
            }
            assert_eq!(row[2], json!(people * 3), "edits are counted");
        }
        // One more person writes about food alone: a filter shows no more than the whole.
        app.person().add("ville", json!({"name": "Potager", "primary_category": "ALI", "place/p1/position": at(2.5, 48.5)})).await;
        let food = read(&app, "ville/statistics?category=ALI").await;
        assert_eq!((&food["actors"], &measure(&food, "participation")["value"]), (&json!(1), &Value::Null));
    }
}

on_both! {
    async fn what_is_not_understood_gets_a_sentence(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        app.territory("ailleurs", 12.0, 48.0).await;
        app.person().add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let head = read(&app, "ville/statistics").await["position"][1].as_i64().unwrap();
        let (beyond, late) = (format!("at={}", head + 1), format!("before=1:{}", head + 7));
        for (address, status, code) in [
            ("ville/statistics/inconnu.csv", 404, "unknown_measure"),
            ("ville/statistics/inconnu.svg", 404, "unknown_measure"),
            ("ville/statistics/stock.exe", 404, "not_found"),
            ("ville/statistics/stock", 404, "not_found"),
            ("ville/statistics/..%2f..%2fetc%2fpasswd", 404, "unknown_measure"),
            ("nulle-part/statistics", 404, "unknown_territory"),
            ("ville/statistics?area=nulle-part", 404, "unknown_territory"),
            ("ville/statistics?area=%3Cscript%3E%27%22", 404, "unknown_territory"),
            ("ville/statistics?area=%00%ff", 404, "unknown_territory"),
            ("ville/statistics?area=ailleurs", 400, "bad_area"),
            ("ville/statistics?category=XXX", 400, "bad_category"),
            ("ville/statistics?at=demain", 400, "bad_position"),
            ("ville/statistics?at=0", 400, "bad_position"),
            ("ville/statistics?at=-1", 400, "bad_position"),
            ("ville/statistics?at=99999999999999999999", 400, "bad_position"),
            ("ville/statistics?at=0:1", 400, "other_epoch"),
            ("ville/statistics?at=2:1", 400, "other_epoch"),
            ("ville/relations?at=7:1", 400, "other_epoch"),
            (&format!("ville/statistics?{beyond}"), 400, "bad_position"),
            (&format!("ville/statistics?{late}"), 400, "bad_position"),
            ("ailleurs/statistics?at=1", 400, "not_yet"),
        ] {
            let (told, kind, body) = text(&app, address).await;
            assert_eq!((told, kind.as_str()), (status, "application/problem+json"), "{address}: {body}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["code"], code, "{address}: {body}");
            assert!(body["detail"].as_str().is_some_and(|d| !d.is_empty()), "{address}");
        }
    }
}

on_both! {
    async fn names_of_any_kind_stay_text_in_charts_and_tables(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let nasty = "=HYPERLINK(\"http://x\")</text><script>alert(1)</script>&\u{202e}𝕏";
        let one = ana.add("ville", json!({"name": nasty, "place/p1/position": at(2.5, 48.5)})).await;
        let two = ana.add("ville", json!({"name": "B & Cie", "relations": [format!("funds:{}", one["id"].as_str().unwrap())]})).await;
        let (_, _, svg) = text(&app, "ville/relations.svg").await;
        assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;") && svg.contains("B &amp; Cie"), "{svg}");
        let (_, _, csv) = text(&app, "ville/statistics/network.csv").await;
        assert!(csv.contains("'=HYPERLINK") && !csv.contains("\n=HYPERLINK") && !csv.contains(",\"=HYPERLINK"), "{csv}");
        assert_eq!(two["related"][0]["direction"], "to");
    }
}

on_both! {
    async fn links_are_told_from_both_sides_and_not_to_what_is_gone(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let (ruche, amap, mairie) = (
            ana.add("ville", json!({"name": "La Ruche", "primary_category": "ALI"})).await,
            ana.add("ville", json!({"name": "AMAP", "primary_category": "ALI.amap"})).await,
            ana.add("ville", json!({"name": "Mairie", "primary_category": "DEM"})).await,
        );
        let id = |a: &Value| a["id"].as_str().unwrap().to_owned();
        let nobody = Uuid::now_v7();
        let links = |a: &Value, list: Value| set_edit(a, json!({"relations": list}));
        ana.edits(&[links(&mairie, json!([format!("funds:{}", id(&ruche)), format!("partner:{}", id(&amap)), format!("hosts:{nobody}"), format!("hosts:{}", id(&mairie))]))]).await;
        ana.edits(&[links(&amap, json!([format!("partner:{}", id(&mairie))]))]).await;
        assert_eq!(ana.actor(&id(&ruche)).await["related"], json!([{"id": mairie["id"], "name": "Mairie", "theme": "DEM", "kind": "funds", "direction": "from"}]));
        let told = read(&app, "ville/relations").await;
        assert_eq!(told["left_out"], 1, "a link to nobody is counted, one to oneself is none: {told}");
        assert_eq!(told["relations"].as_array().unwrap().len(), 2, "partners who both say so are one link: {told}");
        assert_eq!(told["actors"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect::<Vec<_>>(), ["AMAP", "La Ruche", "Mairie"]);
        let all = read(&app, "ville/statistics").await;
        assert_eq!(cell(&all, "network", &[("part", "réseau"), ("what", "groupes reliés")], "count"), 1);
        let exported = String::from_utf8(app.place.run(&["export", "actors", "--territory", "ville", "--format", "csv"]).stdout).unwrap();
        assert!(exported.contains(&format!("funds:{}", id(&ruche))), "{exported}");
        let seen = ana.actor(&id(&ruche)).await;
        let gone = edit("delete", &seen, json!({"base": {"*": seen["version"]}}));
        app.with_role("moderator").await.edits(&[gone]).await;
        let told = read(&app, "ville/relations").await;
        assert_eq!((&told["left_out"], told["relations"].as_array().unwrap().len()), (&json!(2), 1), "{told}");
        let related = ana.actor(&id(&mairie)).await["related"].clone();
        assert_eq!(related.as_array().unwrap().iter().map(|r| r["direction"].as_str().unwrap()).collect::<Vec<_>>(), ["to", "from"], "{related}");
        // Put back, its links are back.
        let seen = ana.actor(&id(&ruche)).await;
        app.with_role("moderator").await.edits(&[edit("restore", &seen, json!({}))]).await;
        assert_eq!(read(&app, "ville/relations").await["left_out"], 1);
    }
}

on_both! {
    async fn the_same_state_is_not_sent_twice(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        for path in ["statistics", "statistics/stock.svg", "statistics/stock.csv", "relations", "relations.svg"] {
            let path = format!("/api/v1/territories/ville/{path}");
            let first = app.person().send(Method::GET, &path, None, &[]).await;
            let tag = first.headers()["etag"].to_str().unwrap().to_owned();
            assert_eq!(app.person().send(Method::GET, &path, None, &[("if-none-match", &tag)]).await.status(), 304, "{path}");
            let other = app.person().send(Method::GET, &format!("{path}?lang=en"), None, &[("if-none-match", &tag)]).await;
            assert_eq!(other.status() == 304, path.ends_with("relations"), "{path} in another language");
        }
    }
}

/// A small generator, so that a failing history can be told by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// One more edit of a random history; some are refused, as those to what is gone.
async fn step(app: &App, dice: &mut Dice, people: &mut [Person], actors: &mut Vec<String>, areas: &[Uuid]) {
    let mut who = dice.roll(people.len());
    let spot = |dice: &mut Dice| at(2.0 + dice.roll(150) as f64 / 100.0, 48.0 + dice.roll(99) as f64 / 100.0);
    let theme = ["ALI", "DEM.residents", "CUL", "SOL.food_aid"][dice.roll(4)];
    let seen = if actors.is_empty() { Value::Null } else { app.person().actor(&actors[dice.roll(actors.len())]).await };
    let deed = if actors.is_empty() { 0 } else { dice.roll(10) };
    let edit = match deed {
        0 | 1 => create("ville", json!({"name": format!("Acteur {}", actors.len()), "primary_category": theme, "place/p1/position": spot(dice)})),
        2 => set_edit(&seen, json!({"place/p1/position": spot(dice)})),
        3 => set_edit(&seen, json!({"kind": "association", "primary_category": theme, "wheelchair": "yes"})),
        4 => set_edit(&seen, json!({"confirmed_on": format!("2026-0{}-01", 1 + dice.roll(9)), "kind": null})),
        5 => edit("add", &seen, json!({"set": {"relations": [format!("partner:{}", actors[dice.roll(actors.len())])]}})),
        6 => edit("remove", &seen, json!({"set": {"relations": seen["fields"]["relations"].as_array().cloned().unwrap_or_default()}})),
        7 if seen["state"] == "deleted" => edit("restore", &seen, json!({})),
        7 => edit("delete", &seen, json!({"base": {"*": seen["version"]}})),
        8 => edit("revert", &seen, json!({"reverts": seen["version"][1]})),
        _ => {
            let (id, w) = (areas[dice.roll(areas.len())], 2.0 + dice.roll(4) as f64 / 10.0);
            let ring = json!([[w, 48.0], [w + 0.5, 48.0], [w + 0.5, 48.9], [w, 48.9], [w, 48.0]]);
            let set = json!({"boundary": {"type": "Polygon", "coordinates": [ring]}, "population": 100 + dice.roll(900)});
            let base = territory_versions(app, id).await;
            who = people.len() - 1;
            json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": id}, "kind": "set", "set": set, "base": base})
        }
    };
    let (status, body) = people[who].edits(&[edit]).await;
    assert!(status.as_u16() < 500, "{body}");
    if deed < 2 && body["results"][0]["result"] == "applied" {
        actors.push(body["results"][0]["actor"]["id"].as_str().unwrap().to_owned());
    }
}

/// The versions of a territory's fields: those of the last edit that set them.
async fn territory_versions(app: &App, id: Uuid) -> Value {
    let mut admin = app.with_role("admin").await;
    let probe = json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": id}, "kind": "set", "set": {"boundary": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, "population": 1}});
    let (_, body) = admin.edits(&[probe]).await;
    let version = |field: &str| body["results"][0]["fields"][field]["version"].clone();
    json!({"boundary": version("boundary"), "population": version("population")})
}

on_both! {
    async fn a_former_position_shows_what_was_shown_then(backend: Backend) {
        let app = App::start(backend).await;
        let ville = app.territory("ville", 2.0, 48.0).await;
        let mut admin = app.with_role("admin").await;
        let areas = [
            ville,
            boxed(&mut admin, "est", "quartier", [2.5, 48.0, 3.0, 49.0], Some(900)).await,
            boxed(&mut admin, "ouest", "quartier", [2.0, 48.0, 2.5, 49.0], None).await,
        ];
        let mut people = vec![app.person(), app.with_role("moderator").await, admin];
        let mut dice = Dice(20_261_122);
        let (mut actors, mut then) = (Vec::new(), Vec::<(i64, [Value; 2])>::new());
        for i in 0..70 {
            step(&app, &mut dice, &mut people, &mut actors, &areas).await;
            if i == 30 {
                boxed(&mut people[2], "centre", "quartier", [2.3, 48.3, 2.6, 48.6], Some(50)).await;
            }
            let told = [read(&app, "ville/statistics?lang=en").await, read(&app, "ville/relations").await];
            let seq = told[0]["position"][1].as_i64().unwrap();
            then.retain(|(known, _)| *known != seq);
            then.push((seq, told));
        }
        assert!(then.len() > 45, "{}", then.len());
        let mut differing = 0;
        for (seq, told) in &then {
            let now = [read(&app, &format!("ville/statistics?lang=en&at={seq}")).await, read(&app, &format!("ville/relations?at=1:{seq}")).await];
            for part in ["actors", "population", "position"] {
                assert_eq!(now[0][part], told[0][part], "{part} at {seq}");
            }
            for m in told[0]["measures"].as_array().unwrap() {
                assert_eq!(measure(&now[0], m["code"].as_str().unwrap()), m, "at {seq}");
            }
            assert_eq!(now[1]["relations"], told[1]["relations"], "at {seq}");
            differing += usize::from(told[0]["measures"] != then[then.len() - 1].1[0]["measures"]);
        }
        assert!(differing > 40, "the history changes what is shown: {differing}");
        let (first, last) = (&then[5], &then[then.len() - 1]);
        let both = read(&app, &format!("ville/statistics?lang=en&before={}", first.0)).await;
        assert_eq!(both["before"]["position"], json!([1, first.0]));
        for m in both["measures"].as_array().unwrap() {
            let code = m["code"].as_str().unwrap();
            assert_eq!(m["before"], measure(&first.1[0], code)["value"], "{code}");
            assert_eq!(m["value"], measure(&last.1[0], code)["value"], "{code}");
        }
        assert!(!rows(&both, "stock", &[("code", "ALI")]).is_empty());
    }
}
