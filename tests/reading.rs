//! Reading the map: lists, counts, search, what is near, what looks alike, what changed.

#[path = "reading_lists.rs"]
mod lists;

use crate::app::{App, Backend, FREE, Place, at, create, demo, edit};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

on_both! {
    async fn whoever_wrote_and_everybody_else_read_the_edit_at_once(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let [x, y] = crate::tiles::truth::tile_of([2.5, 48.5], 12);
        let tile = format!("/tiles/actors/ville/12/{x}/{y}.mvt");
        for i in 0..20 {
            let name = format!("Acteur {i}");
            let made = ana.add("ville", json!({"name": name, "primary_category": "ALI", "place/p1/position": at(2.5, 48.5)})).await;
            let (_, list) = bob.get(&format!("/api/v1/territories/ville/actors.geojson?q=acteur+{i}")).await;
            assert!(ids(&list).contains(made["id"].as_str().unwrap()), "the list lags");
            assert_eq!(bob.get("/api/v1/territories/ville/counts").await.1["themes"]["ALI"], i + 1);
            assert_eq!(bob.get("/api/v1/territories/ville").await.1["actors"], i + 1);
            let (_, alike) = bob.get(&format!("/api/v1/duplicates?territory=ville&name=ACTEUR+{i}")).await;
            assert_eq!(alike["actors"][0]["id"], made["id"], "the duplicate check lags");
            let bytes = bob.send(Method::GET, &tile, None, &[]).await.bytes().await.unwrap();
            let layers = crate::tiles::truth::decode(&bytes);
            let clusters = layers.get("clusters").into_iter().flatten().map(|c| c.said["count"].as_u64().unwrap()).sum::<u64>();
            assert_eq!(clusters + layers.get("actors").map_or(0, Vec::len) as u64, i + 1, "the tile lags");
        }
    }
}

on_both! {
    async fn the_search_finds_an_edit_within_a_second(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        for name in ["Ressourcerie du Pont", "Chorale des Îles"] {
            let made = ana.add("ville", json!({"name": name})).await;
            let written = Instant::now();
            loop {
                let (_, found) = ana.get(&format!("/api/v1/search?territory=ville&q={}", name.split(' ').next().unwrap())).await;
                if found["actors"][0]["id"] == made["id"] {
                    break;
                }
                assert!(written.elapsed() < Duration::from_millis(1500), "not found after a second and some time to ask");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

#[tokio::test]
async fn a_search_forgives_accents_unfinished_words_initials_and_a_typing_mistake() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    app.territory("autre", 12.0, 48.0).await;
    let mut ana = app.person();
    let fields = |name: &str, i: f64| json!({"name": name, "place/p1/position": at(2.1 + i, 48.5)});
    let names = ["Maison des Jeunes et de la Culture", "Épicerie solidaire L’Étape", "Repair Café du Canal", "Les Amis de la Vernelle"];
    for (i, name) in (0..).zip(names) {
        ana.add("ville", fields(name, f64::from(i) / 10.0)).await;
    }
    ana.add("autre", json!({"name": "Repair Café d’ailleurs", "place/p1/position": at(12.5, 48.5)})).await;
    let mut deleted = ana.add("ville", fields("Repair Café fermé", 0.5)).await;
    let mut moderator = app.with_role("moderator").await;
    moderator.edits(&[edit("delete", &deleted, json!({"base": {"*": deleted["version"]}}))]).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for (typed, name) in [
        ("epicerie", names[1]),
        ("ÉPICERIE SOLIDAIRE", names[1]),
        ("l'etape", names[1]),
        ("repair ca", names[2]),
        ("mjc", names[0]),
        ("M.J.C.", names[0]),
        ("vernele", names[3]),
        ("repiar", names[2]),
        ("canal", names[2]),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let (_, found) = ana.get(&format!("/api/v1/search?territory=ville&q={query}")).await;
        assert_eq!(found["actors"][0]["name"], name, "{typed}: {found}");
    }
    let (_, found) = ana.get("/api/v1/search?territory=ville&q=repair").await;
    assert_eq!(found["actors"].as_array().unwrap().len(), 1, "neither another territory's nor a deleted one");
    let (_, found) = ana.get("/api/v1/search?q=repair&near=12.4,48.5").await;
    assert_eq!(found["actors"][0]["name"], "Repair Café d’ailleurs", "the nearer one first");
    assert_eq!(ana.get("/api/v1/search?q=repair&territory=nulle-part").await.0, 404);
    assert_eq!(ana.get("/api/v1/search?q=").await.1["actors"], json!([]));
    let (_, themes) = ana.get("/api/v1/search?q=jardin").await;
    assert!(themes["categories"].as_array().unwrap().iter().any(|c| c["code"] == "ALI.shared_garden"));
    let (_, themes) = ana.get("/api/v1/search?q=community+gar").await;
    assert_eq!(themes["categories"][0]["code"], "ALI.shared_garden");
    // It comes back when it is restored.
    deleted = ana.actor(deleted["id"].as_str().unwrap()).await;
    moderator.edits(&[edit("restore", &deleted, json!({}))]).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (_, found) = ana.get("/api/v1/search?territory=ville&q=repair").await;
    assert_eq!(found["actors"].as_array().unwrap().len(), 2);
}

on_both! {
    async fn an_imported_town_offers_its_addresses_and_the_candidates_that_were_not_published(backend: Backend) {
        let place = Place::new(backend).await;
        let out = place.run(&["import", "osm", demo().to_str().unwrap()]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let app = App::start_at(place, FREE, &[]);
        let mut ana = app.person();
        let (_, all) = ana.get("/api/v1/territories").await;
        let territories = all["territories"].as_array().unwrap();
        let town = territories.iter().find(|t| t["kind"] == "commune").unwrap();
        let slug = town["slug"].as_str().unwrap();
        assert!(town["actors"].as_u64().unwrap() > 50 && town["population"].as_u64().unwrap() > 8000, "{town}");

        let (_, found) = ana.get(&format!("/api/v1/search?territory={slug}&q=rue")).await;
        let addresses = found["addresses"].as_array().unwrap();
        assert!(!addresses.is_empty());
        let [west, south, east, north] = [0, 1, 2, 3].map(|i| town["bbox"][i].as_f64().unwrap());
        for address in addresses {
            assert!(address["properties"]["name"].as_str().unwrap().to_lowercase().contains("rue"), "{address}");
            let (lon, lat) = (address["lon"].as_f64().unwrap(), address["lat"].as_f64().unwrap());
            assert!(west <= lon && lon <= east && south <= lat && lat <= north, "{address}");
        }

        // A candidate is offered while its name is typed, by the search and by the duplicate check.
        let (_, found) = ana.get(&format!("/api/v1/search?territory={slug}&q=sel+du+boc")).await;
        let candidate = found["candidates"].as_array().unwrap().iter().find(|c| c["name"] == "SEL du Bocage");
        let candidate = candidate.unwrap_or_else(|| panic!("{found}"));
        assert_eq!(candidate["reason"], "to_classify");
        assert!(candidate["source"].as_str().unwrap().starts_with("osm:") && !candidate["lon"].is_null());
        let (_, alike) = ana.get(&format!("/api/v1/duplicates?territory={slug}&name=sel+bocage")).await;
        assert!(alike["candidates"].as_array().unwrap().iter().any(|c| c["id"] == candidate["id"]), "{alike}");

        // « Reprendre » keeps the source, and nobody is offered it again.
        let mut made = create(slug, candidate["fields"].clone());
        made["candidate"] = candidate["id"].clone();
        made["set"]["primary_category"] = json!("LIE");
        let (status, body) = ana.edits(&[made]).await;
        assert_eq!(status, 200, "{body}");
        let actor = &body["results"][0]["actor"];
        assert_eq!((&actor["source"]["ref"], &actor["licence"]), (&candidate["source"], &json!("ODbL-1.0")), "{actor}");
        assert_eq!(actor["provenance"]["name"]["source"], "osm");
        let (_, found) = ana.get(&format!("/api/v1/search?territory={slug}&q=sel+du+boc")).await;
        assert!(found["candidates"].as_array().unwrap().iter().all(|c| c["id"] != candidate["id"]));

        // What the import published is to be checked, and its history names its source alone.
        let (_, list) = ana.get(&format!("/api/v1/territories/{slug}/actors.geojson?limit=1000&q=soupe+du+lavoir")).await;
        let published = &list["features"][0]["properties"];
        assert_eq!((&published["state"], &published["source"]), (&json!("to_check"), &json!("osm")), "{list}");
        let (_, history) = ana.get(&format!("/api/v1/actors/{}/history", published["id"].as_str().unwrap())).await;
        assert_eq!(history["edits"][0]["by"], "OpenStreetMap");

        // The quartiers lie inside, and together hold no more than the town.
        let (_, town) = ana.get(&format!("/api/v1/territories/{slug}")).await;
        let quartiers = town["quartiers"].as_array().unwrap();
        assert_eq!(quartiers.len(), 4);
        for quartier in quartiers {
            let quarter = quartier["slug"].as_str().unwrap();
            let (_, list) = ana.get(&format!("/api/v1/territories/{quarter}/actors.geojson?limit=1000")).await;
            assert_eq!(list["numberMatched"], quartier["actors"], "{quarter}");
        }
        let base = ana.send(Method::GET, &format!("/tiles/base/{slug}.geojson"), None, &[]).await;
        assert_eq!((base.status().as_u16(), base.headers()["content-type"].to_str().unwrap()), (200, "application/geo+json"));
        base.text().await.unwrap().parse::<geojson::FeatureCollection>().unwrap();
    }
}

#[tokio::test]
async fn the_nearest_come_first_with_their_distance() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    for (name, lon, lat) in [("Ici", 2.5, 48.5), ("À cent mètres", 2.5, 48.5009), ("À un kilomètre", 2.5, 48.509), ("Loin", 2.9, 48.9)] {
        ana.add("ville", json!({"name": name, "place/p1/position": at(lon, lat)})).await;
    }
    ana.add("ville", json!({"name": "Nulle part"})).await;
    let (_, near) = ana.get("/api/v1/nearby?lon=2.5&lat=48.5").await;
    let told: Vec<(&str, f64)> =
        near["actors"].as_array().unwrap().iter().map(|a| (a["name"].as_str().unwrap(), a["distance_m"].as_f64().unwrap())).collect();
    assert_eq!(told, [("Ici", 0.0), ("À cent mètres", 100.0)]);
    let (_, near) = ana.get("/api/v1/nearby?lon=2.5&lat=48.5&radius=5000&limit=3").await;
    assert_eq!(near["actors"].as_array().unwrap().len(), 3);
    // 0.009° of latitude on a sphere of 6 371 008.8 m.
    assert_eq!(near["actors"][2]["distance_m"], 1001.0);
    assert_eq!(ana.get("/api/v1/nearby?lon=2.5&lat=48.5&radius=99999999").await.1["actors"].as_array().unwrap().len(), 3, "at most 50 km");
    for bad in ["lon=2.5", "lon=NaN&lat=48", "lon=181&lat=48", "lon=2&lat=-91", "lon=deux&lat=48", "lon=inf&lat=1"] {
        assert_eq!(ana.get(&format!("/api/v1/nearby?{bad}")).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn somebody_who_types_a_name_is_shown_the_actors_that_it_may_be() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    for name in ["Association Les Jardins du Canal", "Amicale Laïque Saint Michel", "Club de tennis", "Bibliothèque municipale"] {
        ana.add("ville", json!({"name": name, "place/p1/position": at(2.5, 48.5)})).await;
    }
    for (typed, name) in [
        ("asso jardins du canal", "Association Les Jardins du Canal"),
        ("Les Jardins du Canal", "Association Les Jardins du Canal"),
        ("ALSM", "Amicale Laïque Saint Michel"),
        ("bibliotheque municipale", "Bibliothèque municipale"),
        ("Biblioteque municipale", "Bibliothèque municipale"),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let (_, alike) = ana.get(&format!("/api/v1/duplicates?territory=ville&name={query}&lon=2.5&lat=48.5")).await;
        assert_eq!(alike["actors"][0]["name"], name, "{typed}: {alike}");
        assert_eq!(alike["actors"][0]["distance_m"], 0.0);
    }
    let (_, alike) = ana.get("/api/v1/duplicates?territory=ville&name=Club+de+judo").await;
    assert_eq!(alike["actors"], json!([]));
    assert_eq!(ana.get("/api/v1/duplicates?territory=ville&name=x").await.1["actors"], json!([]));
    assert_eq!(ana.get("/api/v1/duplicates?name=x").await.0, 400);
}

on_both! {
    async fn a_map_that_polls_is_told_what_changed_in_its_territory_alone(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        app.territory("autre", 12.0, 48.0).await;
        let mut ana = app.person();
        let mut moderator = app.with_role("moderator").await;
        let (_, start) = ana.get("/api/v1/changes?after=0&territory=ville").await;
        let head = start["head"].as_i64().unwrap();
        let after = |seq: i64| format!("/api/v1/changes?after={seq}&territory=ville");

        // Nothing new costs nothing.
        let answer = ana.send(Method::GET, &after(head), None, &[]).await;
        let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
        let nothing: Value = answer.json().await.unwrap();
        assert_eq!((&nothing["edits"], &nothing["features"], &nothing["gone"]), (&json!([]), &json!([]), &json!([])));
        assert_eq!(ana.send(Method::GET, &after(head), None, &[("if-none-match", &etag)]).await.status(), 304);

        let made = ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        ana.add("autre", json!({"name": "Ailleurs", "place/p1/position": at(12.5, 48.5)})).await;
        assert_eq!(ana.send(Method::GET, &after(head), None, &[("if-none-match", &etag)]).await.status(), 200);
        let (_, news) = ana.get(&after(head)).await;
        assert_eq!((&news["head"], &news["upto"], &news["more"]), (&json!(head + 2), &json!(head + 2), &json!(false)));
        assert_eq!(news["edits"].as_array().unwrap().len(), 1, "the other territory's edit is not told");
        assert_eq!((&news["edits"][0]["kind"], &news["edits"][0]["subject"]["id"]), (&json!("create"), &made["id"]));
        assert!(news["edits"][0]["by"].as_str().is_some_and(|by| !by.is_empty()));
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(news["features"], list["features"], "the same features as in the list");

        // Moving away and being deleted are both told as gone.
        ana.set(&made, json!({"place/p1/position": at(12.6, 48.5)})).await;
        let (_, news) = ana.get(&after(head + 2)).await;
        assert_eq!((&news["features"], &news["gone"]), (&json!([]), &json!([made["id"]])));
        let (_, there) = ana.get(&format!("/api/v1/changes?after={}&territory=autre", head + 2)).await;
        assert_eq!(there["features"][0]["properties"]["id"], made["id"]);
        let now = ana.actor(made["id"].as_str().unwrap()).await;
        moderator.edits(&[edit("delete", &now, json!({"base": {"*": now["version"]}}))]).await;
        let (_, there) = ana.get(&format!("/api/v1/changes?after={}&territory=autre", head + 3)).await;
        assert_eq!((&there["features"], &there["gone"]), (&json!([]), &json!([made["id"]])));

        // A number that does not exist yet is no reason to read everything again.
        let (status, ahead) = ana.get(&after(head + 1000)).await;
        assert_eq!((status.as_u16(), &ahead["edits"]), (200, &json!([])));
        assert_eq!(ana.get("/api/v1/changes?after=0&territory=nulle-part").await.0, 404);
        assert_eq!(ana.get("/api/v1/changes?after=tout&territory=ville").await.0, 400);

        // After a restart the older edits are not remembered: the map reads everything again.
        let app = App::start_at(app.stop(), FREE, &[]);
        let mut ana = app.person();
        let (status, body) = ana.get(&after(head)).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (410, Some("too_old")), "{body}");
        assert_eq!(ana.get(&after(head + 4)).await.0, 200);
    }
}

on_both! {
    async fn territories_nest_by_their_boundaries_and_count_exactly(backend: Backend) {
        let app = App::start(backend).await;
        let mut admin = app.with_role("admin").await;
        let square = |slug: &str, kind: &str, w: f64, s: f64, side: f64| {
            let ring = json!([[w, s], [w + side, s], [w + side, s + side], [w, s + side], [w, s]]);
            let set = json!({"slug": slug, "name": slug, "kind": kind, "code": "35000", "boundary": {"type": "Polygon", "coordinates": [ring]}});
            json!({"id": uuid::Uuid::now_v7(), "subject": {"kind": "territory", "id": uuid::Uuid::now_v7()}, "kind": "create", "set": set})
        };
        let (status, body) = admin.edits(&[square("ville", "commune", 2.0, 48.0, 1.0), square("dehors", "commune", 12.0, 48.0, 1.0)]).await;
        assert_eq!(status, 200, "{body}");
        let mut ana = app.person();
        ana.add("ville", json!({"name": "Dedans", "primary_category": "ALI", "categories": ["SOL"], "place/p1/position": at(2.25, 48.25)})).await;
        ana.add("ville", json!({"name": "À côté", "primary_category": "ALI", "confirmed_on": "2026-01-01", "place/p1/position": at(2.75, 48.75)})).await;
        ana.add("ville", json!({"name": "En ligne", "place/p1/position": {"precision": "online"}})).await;
        // A quartier that comes later takes the actors that already lie in it.
        let (status, body) = admin.edits(&[square("nord", "quartier", 2.2, 48.2, 0.1)]).await;
        assert_eq!(status, 200, "{body}");
        let (_, ville) = ana.get("/api/v1/territories/ville").await;
        assert_eq!((&ville["actors"], &ville["to_check"], &ville["counts"]), (&json!(3), &json!(2), &json!({"ALI": 2, "SOL": 1})));
        assert_eq!(ville["boundary"]["type"], "Polygon");
        assert_eq!(ville["bbox"], json!([2.0, 48.0, 3.0, 49.0]));
        let quartiers = ville["quartiers"].as_array().unwrap();
        assert_eq!((quartiers.len(), &quartiers[0]["slug"], &quartiers[0]["actors"]), (1, &json!("nord"), &json!(1)));
        let (_, all) = ana.get("/api/v1/territories").await;
        let slugs: Vec<&str> = all["territories"].as_array().unwrap().iter().map(|t| t["slug"].as_str().unwrap()).collect();
        assert_eq!(slugs, ["dehors", "ville", "nord"], "a quartier comes after its town");
        assert!(all["territories"][0].get("boundary").is_none(), "the list leaves boundaries out");
        let (_, nord) = ana.get("/api/v1/territories/nord/actors.geojson").await;
        assert_eq!(nord["features"][0]["properties"]["name"], "Dedans");
        let (_, history) = ana.get("/api/v1/territories/nord/history").await;
        assert_eq!(history["edits"][0]["name"], "Dedans");
        assert_eq!(ana.get("/api/v1/territories/nulle-part").await.0, 404);
    }
}

fn ids(list: &Value) -> BTreeSet<&str> {
    list["features"].as_array().unwrap().iter().map(|f| f["properties"]["id"].as_str().unwrap()).collect()
}
