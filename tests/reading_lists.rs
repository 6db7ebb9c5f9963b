//! The list of a territory's actors as GeoJSON: filters, boxes, pages, orders, how it travels; and what the API says of itself.

use crate::app::{App, Backend, Person, at, create};
use crate::tiles::truth::served;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const LIST: &str = "/api/v1/territories/ville/actors.geojson";

/// A territory with some actors, and somebody who reads.
async fn town(backend: Backend) -> (App, Person) {
    let app = App::start(backend).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let made = [
        json!({"name": "Écluse", "primary_category": "ALI.shared_garden", "summary": "Un jardin à l’écluse", "place/p1/position": at(2.1, 48.1)}),
        json!({"name": "atelier vélo", "primary_category": "REE", "categories": ["ALI.amap"], "confirmed_on": "2026-01-02",
            "place/p1/position": at(2.2, 48.2), "place/p1/address": {"housenumber": "3 bis", "street": "rue du Port", "city": "Ville"},
            "place/p2/position": at(2.3, 48.3)}),
        json!({"name": "Bar associatif", "primary_category": "SOL.food_aid", "tags": ["soupe"], "place/p1/position": at(2.4, 48.4)}),
        json!({"name": "Zone libre", "place/p1/position": {"precision": "online"}}),
        json!({"name": "Amap du Lac", "primary_category": "ALI.amap", "closing": "plus personne", "confirmed_on": "2026-02-03"}),
    ];
    for set in made {
        ana.add("ville", set).await;
    }
    (app, ana)
}

async fn names(who: &mut Person, query: &str) -> Vec<String> {
    let (status, list) = who.get(&format!("{LIST}?{query}")).await;
    assert_eq!(status, 200, "{query}: {list}");
    let mut names: Vec<String> = Vec::new();
    for feature in list["features"].as_array().unwrap() {
        let name = feature["properties"]["name"].as_str().unwrap();
        if !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    }
    let counted = who.get(&format!("/api/v1/territories/ville/counts?{query}")).await.1["actors"].clone();
    assert_eq!(counted, list["numberMatched"], "{query}: the counts are those of the list");
    names
}

on_both! {
    async fn the_list_is_geojson_with_one_feature_per_place(backend: Backend) {
        let (_app, mut ana) = town(backend).await;
        let answer = ana.send(Method::GET, LIST, None, &[]).await;
        assert_eq!(answer.headers()["content-type"], "application/geo+json");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        let head = answer.headers()["bouillon-head"].to_str().unwrap().to_owned();
        let text = answer.text().await.unwrap();
        let parsed: geojson::FeatureCollection = text.parse().unwrap();
        assert_eq!(parsed.features.len(), 6);
        let list: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&list["numberMatched"], &list["numberReturned"], &list["next"]), (&json!(5), &json!(6), &Value::Null));
        assert_eq!(head, format!("{}:{}", list["head"][0], list["head"][1]));
        for feature in list["features"].as_array().unwrap() {
            assert_eq!(feature["type"], "Feature");
            let [lon, lat] = match &feature["geometry"] {
                Value::Null => continue,
                point => [0, 1].map(|i| point["coordinates"][i].as_f64().unwrap()),
            };
            assert!((2.0..3.0).contains(&lon) && (48.0..49.0).contains(&lat), "longitude first: {feature}");
        }
        let velo: Vec<&Value> = list["features"].as_array().unwrap().iter().filter(|f| f["properties"]["name"] == "atelier vélo").collect();
        let id = velo[0]["properties"]["id"].as_str().unwrap();
        assert_eq!((velo[0]["id"].as_str(), velo[1]["id"].as_str()), (Some(id), Some(format!("{id}/p2").as_str())));
        let updated = ana.actor(id).await["updated_at"].clone();
        assert_eq!(served(velo[0]), json!({"geometry": {"type": "Point", "coordinates": [2.2, 48.2]}, "id": id, "place": "p1",
            "name": "atelier vélo", "category": "REE", "theme": "REE", "categories": ["REE", "ALI.amap"], "state": "confirmed", "summary": "",
            "street": "3 bis rue du Port", "precision": "exact", "confirmed_on": "2026-01-02", "updated_at": updated, "source": null, "closing": false}));
    }
}

on_both! {
    async fn filters_choose_by_theme_state_words_and_box_and_the_counts_agree(backend: Backend) {
        let (_app, mut ana) = town(backend).await;
        for (query, wanted) in [
            ("", &["Amap du Lac", "atelier vélo", "Bar associatif", "Écluse", "Zone libre"][..]),
            ("category=ALI", &["Amap du Lac", "atelier vélo", "Écluse"]),
            ("category=ALI.amap", &["Amap du Lac", "atelier vélo"]),
            ("category=ALI.shared_garden,SOL", &["Bar associatif", "Écluse"]),
            ("category=NUM", &[]),
            ("category=", &["Amap du Lac", "atelier vélo", "Bar associatif", "Écluse", "Zone libre"]),
            ("state=confirmed", &["Amap du Lac", "atelier vélo"]),
            ("state=to_check&category=ALI", &["Écluse"]),
            ("q=ecluse", &["Écluse"]),
            ("q=%C3%89CLU", &["Écluse"]),
            ("q=soupe", &["Bar associatif"]),
            ("q=port+velo", &["atelier vélo"]),
            ("q=lac+amap&category=ALI", &["Amap du Lac"]),
            ("q=introuvable", &[]),
            ("bbox=2,48,3,49", &["atelier vélo", "Bar associatif", "Écluse"]),
            ("bbox=2.1,48.1,2.1,48.1", &["Écluse"]),
            ("bbox=2.0,48.0,2.1,48.1", &["Écluse"]),
            ("bbox=2.1000001,48.1,2.15,48.15", &[]),
            ("bbox=2.25,48.25,2.35,48.35", &["atelier vélo"]),
            ("bbox=-180,-90,180,90", &["atelier vélo", "Bar associatif", "Écluse"]),
            ("sort=name&limit=0", &["Amap du Lac"]),
            ("sort=nearest&near=2.39,48.39", &["Bar associatif", "atelier vélo", "Écluse", "Amap du Lac", "Zone libre"]),
            ("sort=oldest", &["Écluse", "atelier vélo", "Bar associatif", "Zone libre", "Amap du Lac"]),
        ] {
            let mut got = names(&mut ana, query).await;
            if query.starts_with("sort=nearest") {
                // The two that lie nowhere come last, in whatever order.
                got[3..].sort();
            }
            assert_eq!(got, wanted, "{query}");
        }
        let (_, list) = ana.get(&format!("{LIST}?bbox=2.25,48.25,2.35,48.35")).await;
        assert_eq!(list["features"].as_array().unwrap().len(), 1, "only the place inside the box");
    }
}

#[tokio::test]
async fn what_can_not_be_a_question_is_refused_with_a_sentence() {
    let (_app, mut ana) = town(Backend::Sqlite).await;
    for (query, code) in [
        ("bbox=1,2,3", "bad_bbox"),
        ("bbox=1,2,3,4,5", "bad_bbox"),
        ("bbox=", "bad_bbox"),
        ("bbox=a,b,c,d", "bad_bbox"),
        ("bbox=NaN,48,3,49", "bad_bbox"),
        ("bbox=2,48,inf,49", "bad_bbox"),
        ("bbox=2,48,1e400,49", "bad_bbox"),
        ("bbox=3,48,2,49", "bad_bbox"),
        ("bbox=2,49,3,48", "bad_bbox"),
        ("bbox=170,48,-170,49", "bad_bbox"),
        ("bbox=2,48,3,91", "bad_bbox"),
        ("bbox=-181,48,3,49", "bad_bbox"),
        ("category=TOUT", "bad_category"),
        ("state=gone", "bad_state"),
        ("sort=alea", "bad_sort"),
        ("sort=nearest", "bad_point"),
        ("sort=nearest&near=NaN,1", "bad_point"),
        ("sort=nearest&near=200,1", "bad_point"),
        ("limit=-1", "bad_query"),
        ("limit=beaucoup", "bad_query"),
        ("cursor=rien", "bad_cursor"),
        ("cursor=%00%C3%A9%C3%A9", "bad_cursor"),
    ] {
        let mut said = Vec::new();
        for lang in ["fr-FR,fr;q=0.9", "en"] {
            let answer = ana.send(Method::GET, &format!("{LIST}?{query}"), None, &[("accept-language", lang)]).await;
            assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (400, "application/problem+json"), "{query}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(400)), "{query}");
            said.push(problem["detail"].as_str().unwrap().to_owned());
        }
        assert!(said[0].ends_with('.') && said[0] != said[1], "{query}: {said:?}");
    }
    let (_, first) = ana.get(&format!("{LIST}?limit=2&sort=name")).await;
    let cursor = first["next"].as_str().unwrap();
    assert_eq!(ana.get(&format!("{LIST}?limit=2&sort=oldest&cursor={cursor}")).await.0, 400, "a cursor of another order");
    assert_eq!(ana.get("/api/v1/territories/nulle-part/actors.geojson").await.0, 404);
}

on_both! {
    async fn pages_cover_everybody_once_even_when_others_write_in_between(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let mut wanted = BTreeSet::new();
        for part in 0..3 {
            let many: Vec<Value> = (0..90)
                .map(|i| {
                    // Twenty-two names for 270 actors: the order must not hang on the name alone.
                    let name = format!("Acteur {}", i % 22);
                    create("ville", json!({"name": name, "place/p1/position": at(2.01 + f64::from(i) / 100.0, 48.1 + f64::from(part) / 10.0)}))
                })
                .collect();
            let (status, body) = ana.edits(&many).await;
            assert_eq!(status, 200);
            wanted.extend(body["results"].as_array().unwrap().iter().map(|r| r["actor"]["id"].as_str().unwrap().to_owned()));
        }
        for (sort, limit) in [("name", 40), ("nearest&near=2.5,48.2", 70), ("oldest", 100), ("name&bbox=2,48,3,49", 33)] {
            let (mut got, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let (_, page) = bob.get(&format!("{LIST}?sort={sort}&limit={limit}{cursor}")).await;
                got.extend(page["features"].as_array().unwrap().iter().map(|f| f["properties"]["id"].as_str().unwrap().to_owned()));
                pages += 1;
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
                // New actors come before and after the place where the reader is.
                for name in ["Aaa", "Zzz"] {
                    ana.add("ville", json!({"name": name, "place/p1/position": at(2.999, 48.999)})).await;
                }
            }
            assert!(pages > 2);
            let (all, once) = (got.len(), got.iter().collect::<BTreeSet<_>>().len());
            assert_eq!(all, once, "{sort}: somebody came twice");
            assert!(wanted.iter().all(|id| got.contains(id)), "{sort}: somebody did not come");
        }
        let (_, list) = bob.get(&format!("{LIST}?limit=99999")).await;
        assert_eq!(list["features"].as_array().unwrap().len() as u64, list["numberMatched"].as_u64().unwrap(), "at most 1000, and these are fewer");
        assert_eq!(bob.get(&format!("{LIST}?limit=0")).await.1["numberReturned"], 1);
    }
}

#[tokio::test]
async fn the_list_travels_packed_and_is_not_sent_again_to_who_has_it() {
    let (_app, mut ana) = town(Backend::Sqlite).await;
    let answer = ana.send(Method::GET, LIST, None, &[]).await;
    let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let plain = answer.bytes().await.unwrap();
    let other = format!("\"abc\", {etag}");
    for known in [etag.as_str(), &other] {
        let same = ana.send(Method::GET, LIST, None, &[("if-none-match", known)]).await;
        assert_eq!((same.status().as_u16(), same.headers()["etag"].to_str().unwrap()), (304, etag.as_str()));
        assert!(same.bytes().await.unwrap().is_empty());
    }
    ana.http = reqwest::Client::builder().no_gzip().build().unwrap();
    let packed = ana.send(Method::GET, LIST, None, &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.bytes().await.unwrap()[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    let packed = ana.send(Method::GET, LIST, None, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(packed.headers()["content-encoding"], "br");
    ana.add("ville", json!({"name": "Encore un"})).await;
    assert_eq!(ana.send(Method::GET, LIST, None, &[("if-none-match", &etag)]).await.status(), 200);
    let asked = ana.send(Method::OPTIONS, LIST, None, &[("origin", "https://ailleurs.example.org"), ("access-control-request-method", "GET")]).await;
    assert_eq!(asked.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn the_taxonomy_and_the_fields_say_what_may_be_written() {
    let (_app, mut ana) = town(Backend::Sqlite).await;
    let (_, taxonomy) = ana.get("/api/v1/taxonomy").await;
    let themes = taxonomy["themes"].as_array().unwrap();
    assert_eq!(themes.len(), 13);
    assert_eq!(themes.iter().map(|t| t["sub"].as_array().unwrap().len()).sum::<usize>(), 115);
    for theme in themes {
        for text in ["code", "fr", "en", "color", "maki", "lucide"] {
            assert!(theme[text].as_str().is_some_and(|t| !t.is_empty()), "{text} of {theme}");
        }
    }
    let (_, fields) = ana.get("/api/v1/fields").await;
    let fields = fields["fields"].as_object().unwrap();
    // A value of the greatest length is taken, one more character is not.
    for (name, length) in [("name", 120), ("summary", 250), ("short_name", 40), ("description", 5000), ("closing", 250)] {
        assert_eq!(fields[name]["max"], length, "{name}");
        let mut set = json!({"name": "Long"});
        set[name] = json!("é".repeat(length));
        assert_eq!(ana.edits(&[create("ville", set.clone())]).await.0, 200, "{name}");
        set[name] = json!("é".repeat(length + 1));
        assert_eq!(ana.edits(&[create("ville", set)]).await.0, 422, "{name}");
    }
    for (name, kind) in [("tags", "set"), ("description", "text"), ("place/{id}/position", "position"), ("place/{id}/address", "address")] {
        assert_eq!(fields[name]["type"], kind);
    }
    for value in fields["kind"]["values"].as_array().unwrap() {
        assert_eq!(ana.edits(&[create("ville", json!({"name": "Genre", "kind": value}))]).await.0, 200, "{value}");
    }
}

#[tokio::test]
async fn the_api_describes_itself_and_nothing_that_it_describes_is_missing() {
    let (app, mut ana) = town(Backend::Sqlite).await;
    let (_, list) = ana.get(LIST).await;
    let id = list["features"][0]["properties"]["id"].as_str().unwrap().to_owned();
    let (status, api) = ana.get("/api/v1/openapi.json").await;
    assert_eq!(status, 200);
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"), "{}", api["openapi"]);
    let described: BTreeMap<&String, &Value> = api["paths"].as_object().unwrap().iter().collect();
    let times = json!({"title": "Le tour du centre", "starts_at": crate::seances::moment(-10), "ends_at": crate::seances::moment(60)});
    let mut olga = app.with_role("organiser").await;
    let seance = crate::seances::open(&mut olga, "ville", times).await.to_string();
    let figure = crate::figures::figure(&mut olga, json!({"status": "published"})).await;
    let report = crate::reports::published(&mut olga, "ville").await;

    // Every route of the router that answers JSON or data is described, with its method.
    let router = include_str!("../src/http/mod.rs");
    let routes = router.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")?.split_once("\", "));
    let routes: Vec<(&str, &str)> = routes.filter(|(path, _)| path.starts_with("/api/v1/") || path.starts_with("/tiles/")).collect();
    assert!(routes.len() > 20, "the router's routes were not found");
    for (path, handler) in routes {
        if path == "/api/v1/openapi.json" {
            continue;
        }
        let method = handler.split('(').next().unwrap();
        let same = |known: &&&String| known.split('.').next() == Some(path) || known.as_str() == path;
        let found = described.keys().find(same).unwrap_or_else(|| panic!("{path} is not described"));
        assert!(described[found].get(method).is_some(), "{method} {path} is not described");
    }

    // Every described path leads somewhere, and every operation says what it answers.
    for (path, operations) in described {
        let known = [("/seances/", &seance), ("/figures/", &figure), ("/f/", &figure), ("/reports/", &report), ("/r/", &report)];
        let subject = known.iter().find(|(part, _)| path.contains(part)).map_or(&id, |(_, id)| id);
        let real = path
            .replace("{slug}", "ville")
            .replace("{id}", subject)
            .replace("{actor}", &id)
            .replace("{file}", "stock.csv")
            .replace("{z}", "0")
            .replace("{x}", "0")
            .replace("{y}", "0");
        for (method, operation) in operations.as_object().unwrap() {
            assert!(operation["responses"].as_object().is_some_and(|r| !r.is_empty()), "{method} {path}");
            let (method, body) = if method == "post" { (Method::POST, Some("{}".to_owned())) } else { (Method::GET, None) };
            let query = if path.ends_with("/changes") { "?after=0&territory=ville" } else { "?territory=ville&name=x&lon=2&lat=48" };
            let answer = ana.send(method.clone(), &format!("{real}{query}"), body, &[]).await;
            let status = answer.status().as_u16();
            let said: Value = answer.json().await.unwrap_or_default();
            // The simple base map was not imported here, and an empty code belongs to nobody.
            let absent = status == 404
                && (path.starts_with("/tiles/base/")
                    || said["code"] == "unknown_code"
                    || said["code"] == "invitation_void"
                    || path.ends_with("/picture"));
            assert!(status != 405 && status < 500 && (status != 404 || absent), "{method} {real}: {status} {said}");
        }
    }
    assert_eq!(app.person().get("/api/v1/nothing").await.1["code"], "not_found");
}
