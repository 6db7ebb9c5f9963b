//! Finding an address: by text in all the ways people write one, by point, and what is refused.

use crate::app::{App, Backend, FREE, Person, Place, demo, shared};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;

/// The header of a BAN file.
pub(crate) const HEADER: &str =
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat";

/// A BAN file of two communes that share street names, written beside the data folder.
pub(crate) fn ban(place: &Place, name: &str, rows: &[&str]) -> PathBuf {
    let path = place.data.join(name);
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(file, "{HEADER}\n{}", rows.join("\n")).unwrap();
    path
}

/// Two invented communes in the far west, where nobody lives: Port-Blanc-le-Vieux and Kerlouan-les-Bains.
pub(crate) const ROWS: [&str; 14] = [
    "29901_0010_00002;29901_0010;2;;Rue de l'Église;29901;29901;Port-Blanc-le-Vieux;;;;;-4.5001;48.6001",
    "29901_0010_00012;29901_0010;12;;Rue de l'Église;29901;29901;Port-Blanc-le-Vieux;;;;;-4.5002;48.6002",
    "29901_0010_00012_bis;29901_0010;12;bis;Rue de l'Église;29901;29901;Port-Blanc-le-Vieux;;;;;-4.50025;48.60025",
    "29901_0010_00012_ter;29901_0010;12;ter;Rue de l'Église;29901;29901;Port-Blanc-le-Vieux;;;;;-4.50028;48.60028",
    "29901_0020_00007;29901_0020;7;;Boulevard du Général de Gaulle;29901;29901;Port-Blanc-le-Vieux;;;;;-4,5050;48,6050",
    "29901_0030_00008;29901_0030;8;;Rue du 8 Mai 1945;29901;29901;Port-Blanc-le-Vieux;;;;;-4.5060;48.6060",
    "29901_0040_00001;29901_0040;1;;Place Saint-Tugdual;29901;29901;Port-Blanc-le-Vieux;;Trézéan;;;-4.5070;48.6070",
    "29901_0050_00044;29901_0050;44;b;Avenue de Brest;29901;29901;Port-Blanc-le-Vieux;;;;;-4.5080;48.6080",
    "29902_0010_00012;29902_0010;12;;Rue de l'Église;29902;29902;Kerlouan-les-Bains;;;;;-4.4002;48.6602",
    "29902_0060_00003;29902_0060;3;;Impasse du Sacré-Cœur;29902;29902;Kerlouan-les-Bains;;;;;-4.4010;48.6610",
    "29902_0070_00005;29902_0070;5;;Chemin des Goëlands;29902;29902;Kerlouan-les-Bains;;;156000;6864000;;",
    "29902_0080_00009;29902_0080;9;;Rue de Port-Blanc;29902;29902;Kerlouan-les-Bains;;;;;-4.4030;48.6630",
    "29902_0090_00001;29902_0090;1;;Rue Pompidou;29902;29902;Kerlouan-les-Bains;;;;;-4.4040;48.6640",
    "29902_0090_00021;29902_0090;21;A;Rue Pompidou;29902;29902;Kerlouan-les-Bains;;;;;-4.4041;48.6641",
];

/// A server with the demonstration commune from OpenStreetMap and two communes from a BAN file.
async fn town(backend: Backend) -> App {
    let place = Place::new(backend).await;
    let out = place.run(&["import", "osm", demo().to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let file = ban(&place, "ban.csv", &ROWS);
    let out = place.run(&["import", "addresses", file.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    App::start_at(place, FREE, &[])
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub(crate) async fn search(person: &mut Person, text: &str, more: &str) -> Vec<Value> {
    let (status, body) = person.get(&format!("/api/v1/geocode/search?q={}{more}", encoded(text))).await;
    assert_eq!(status, 200, "{text}: {body}");
    body["features"].as_array().unwrap().iter().map(|f| f["properties"].clone()).collect()
}

async fn first(person: &mut Person, text: &str, more: &str) -> String {
    search(person, text, more).await.first().map_or("nothing".into(), |p| p["label"].as_str().unwrap().to_owned())
}

on_both! {
    async fn an_address_is_found_however_it_is_written(backend: Backend) {
        let app = town(backend).await;
        let mut ana = app.person();
        let church = "12bis Rue de l'Église 29901 Port-Blanc-le-Vieux";
        for (typed, expected) in [
            ("12 bis rue de l'église port-blanc-le-vieux", church),
            ("12bis rue eglise 29901", church),
            ("12 B r. de l’Eglise, Port Blanc le Vieux", church),
            ("port-blanc-le-vieux rue de l'eglise 12 bis", church),
            ("12 ter rue de l'église port-blanc", "12ter Rue de l'Église 29901 Port-Blanc-le-Vieux"),
            ("12 rue de l'église 29902", "12 Rue de l'Église 29902 Kerlouan-les-Bains"),
            ("12 rue de l'église kerlouan", "12 Rue de l'Église 29902 Kerlouan-les-Bains"),
            ("7 bd du gal de gaulle", "7 Boulevard du Général de Gaulle 29901 Port-Blanc-le-Vieux"),
            ("7, BLD GENERAL DE GAULLE 29901 PORT BLANC CEDEX", "7 Boulevard du Général de Gaulle 29901 Port-Blanc-le-Vieux"),
            ("8 rue du huit mai 1945", "8 Rue du 8 Mai 1945 29901 Port-Blanc-le-Vieux"),
            ("rue du 8 mai port blanc", "Rue du 8 Mai 1945 29901 Port-Blanc-le-Vieux"),
            ("1 pl st tugdual", "1 Place Saint-Tugdual 29901 Port-Blanc-le-Vieux"),
            ("1 place saint tugdual trezean", "1 Place Saint-Tugdual 29901 Port-Blanc-le-Vieux"),
            ("44 bis av de brest", "44b Avenue de Brest 29901 Port-Blanc-le-Vieux"),
            ("imp sacre coeur", "Impasse du Sacré-Cœur 29902 Kerlouan-les-Bains"),
            ("5 che goelands", "5 Chemin des Goëlands 29902 Kerlouan-les-Bains"),
            ("rue de port blanc", "Rue de Port-Blanc 29902 Kerlouan-les-Bains"),
            ("port-blanc-le-vieux", "Port-Blanc-le-Vieux"),
            ("21 a rue pompidou", "21a Rue Pompidou 29902 Kerlouan-les-Bains"),
            // A number that the street does not have still finds the street.
            ("300 rue pompidou", "Rue Pompidou 29902 Kerlouan-les-Bains"),
            // The demonstration commune, from OpenStreetMap.
            ("4 place de l'église solvigné", "4 Place de l'Église 99350 Solvigné"),
        ] {
            assert_eq!(first(&mut ana, typed, "").await, expected, "{typed}");
        }
    }
}

on_both! {
    async fn typing_errors_and_words_run_together_are_forgiven(backend: Backend) {
        let app = town(backend).await;
        let mut ana = app.person();
        for (typed, expected) in [
            ("rue ponpidou", "Rue Pompidou 29902 Kerlouan-les-Bains"),
            ("rue pom pidou", "Rue Pompidou 29902 Kerlouan-les-Bains"),
            ("7 boulvard du genral de gaule", "7 Boulevard du Général de Gaulle 29901 Port-Blanc-le-Vieux"),
            ("12 ruede leglise kerluoan", "12 Rue de l'Église 29902 Kerlouan-les-Bains"),
            ("place saint tugudal", "Place Saint-Tugdual 29901 Port-Blanc-le-Vieux"),
            ("3 impasse du sacrecoeur", "3 Impasse du Sacré-Cœur 29902 Kerlouan-les-Bains"),
            ("rue pompidou29902", "Rue Pompidou 29902 Kerlouan-les-Bains"),
        ] {
            assert_eq!(first(&mut ana, typed, "").await, expected, "{typed}");
        }
        // What is written right comes with a better score than what is not.
        let score = |hits: &[Value]| hits[0]["score"].as_f64().unwrap();
        let (right, wrong) = (search(&mut ana, "rue pompidou", "").await, search(&mut ana, "rue ponpidou", "").await);
        assert!(score(&right) > score(&wrong) && score(&right) <= 1.0 && score(&wrong) > 0.5, "{right:?} {wrong:?}");
    }
}

on_both! {
    async fn answers_come_as_one_types_and_filters_hold(backend: Backend) {
        let app = town(backend).await;
        let mut ana = app.person();
        let whole = "rue pompidou kerlouan";
        for end in 6..=whole.len() {
            let hits = search(&mut ana, &whole[..end], "&limit=5").await;
            assert!(hits.iter().any(|p| p["name"] == "Rue Pompidou"), "{}: {hits:?}", &whole[..end]);
        }
        // Without autocompletion the last word is whole.
        assert!(search(&mut ana, "pomp", "&autocomplete=0").await.is_empty());
        let labels = |hits: &[Value]| hits.iter().map(|p| p["citycode"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>();
        for (more, code) in [("&postcode=29902", "29902"), ("&citycode=29901", "29901")] {
            let hits = search(&mut ana, "12 rue de l'église", more).await;
            assert!(!hits.is_empty() && labels(&hits).iter().all(|c| c == code), "{more}: {hits:?}");
        }
        for kind in ["housenumber", "street", "locality", "municipality", "poi"] {
            let hits = search(&mut ana, "12 rue de l'église", &format!("&type={kind}")).await;
            assert!(hits.iter().all(|p| p["type"] == kind), "{kind}: {hits:?}");
        }
        assert_eq!(search(&mut ana, "kerlouan", "&type=municipality").await[0]["name"], "Kerlouan-les-Bains");
        assert_eq!(search(&mut ana, "rue", "&limit=3").await.len(), 3);
        // Of two equal streets the nearer comes first.
        for (place, city) in [("&lat=48.60&lon=-4.50", "Port-Blanc-le-Vieux"), ("&lat=48.66&lng=-4.40", "Kerlouan-les-Bains")] {
            assert_eq!(search(&mut ana, "12 rue de l'église", place).await[0]["city"], city);
        }
        // Within a territory of this server only what lies in it.
        let hits = search(&mut ana, "place de l'église", "&territory=solvigne&limit=20").await;
        assert!(!hits.is_empty() && hits.iter().all(|p| p["city"] == "Solvigné"), "{hits:?}");
    }
}

on_both! {
    async fn answers_have_the_shape_of_the_bans_api(backend: Backend) {
        let app = town(backend).await;
        let mut ana = app.person();
        let response = ana.send(reqwest::Method::GET, "/api/v1/geocode/search?q=12+bis+rue+de+l%27eglise+port+blanc", None, &[("origin", "https://elsewhere.example.org")]).await;
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.headers()["content-type"], "application/geo+json");
        let body: Value = response.json().await.unwrap();
        assert_eq!((&body["type"], &body["version"], &body["limit"]), (&"FeatureCollection".into(), &"draft".into(), &5.into()));
        assert_eq!(body["query"], "12 bis rue de l'eglise port blanc");
        assert!(body["attribution"].as_str().unwrap().contains("BAN") && body["licence"].as_str().unwrap().contains("Licence Ouverte"), "{body}");
        let f = &body["features"][0];
        assert_eq!((f["type"].as_str(), f["geometry"]["type"].as_str()), (Some("Feature"), Some("Point")));
        assert_eq!((f["geometry"]["coordinates"][0].as_f64(), f["geometry"]["coordinates"][1].as_f64()), (Some(-4.50025), Some(48.60025)));
        let p = &f["properties"];
        for (key, value) in [
            ("label", "12bis Rue de l'Église 29901 Port-Blanc-le-Vieux"),
            ("id", "29901_0010_00012_bis"),
            ("type", "housenumber"),
            ("name", "12bis Rue de l'Église"),
            ("housenumber", "12bis"),
            ("street", "Rue de l'Église"),
            ("postcode", "29901"),
            ("citycode", "29901"),
            ("city", "Port-Blanc-le-Vieux"),
            ("context", "29, Finistère, Bretagne"),
        ] {
            assert_eq!(p[key], value, "{key}: {p}");
        }
        for (key, low, high) in [("score", 0.8, 1.0), ("importance", 0.0, 1.0), ("x", 100_000.0, 200_000.0), ("y", 6_800_000.0, 6_900_000.0)] {
            let value = p[key].as_f64().unwrap_or_else(|| panic!("{key}: {p}"));
            assert!((low..=high).contains(&value), "{key}: {value}");
        }
        // What comes from OpenStreetMap says so.
        let (_, osm) = ana.get("/api/v1/geocode/search?q=solvign%C3%A9&type=municipality&postcode=99350").await;
        assert_eq!(osm["licence"], "ODbL-1.0", "{osm}");
        assert_eq!((&osm["filters"]["type"], &osm["filters"]["postcode"]), (&"municipality".into(), &"99350".into()));
        assert_eq!(osm["features"][0]["properties"]["population"], 9034);
        // Positions in Lambert-93 alone become degrees.
        let (_, lambert) = ana.get("/api/v1/geocode/search?q=5+chemin+des+go%C3%ABlands").await;
        let at = &lambert["features"][0]["geometry"]["coordinates"];
        assert!((at[0].as_f64().unwrap() + 4.4).abs() < 0.2 && (at[1].as_f64().unwrap() - 48.7).abs() < 0.2, "{at}");
        assert!((lambert["features"][0]["properties"]["x"].as_f64().unwrap() - 156_000.0).abs() < 0.5);
    }
}

on_both! {
    async fn a_point_gives_the_addresses_around_it(backend: Backend) {
        let app = town(backend).await;
        let mut ana = app.person();
        let (status, body) = ana.get("/api/v1/geocode/reverse?lat=48.60026&lon=-4.50026&limit=3").await;
        assert_eq!(status, 200);
        let hits: Vec<&Value> = body["features"].as_array().unwrap().iter().map(|f| &f["properties"]).collect();
        assert_eq!((hits[0]["housenumber"].as_str(), hits.len()), (Some("12bis"), 3), "{body}");
        let distances: Vec<f64> = hits.iter().map(|p| p["distance"].as_f64().unwrap()).collect();
        assert!(distances[0] <= 2.0 && distances.windows(2).all(|w| w[0] <= w[1]), "{distances:?}");
        assert!(hits[0]["score"].as_f64().unwrap() > 0.99);
        let mut one = async |more: &str| ana.get(&format!("/api/v1/geocode/reverse?lat=48.6642&lon=-4.4042{more}")).await.1["features"][0]["properties"].clone();
        assert_eq!(one("").await["label"], "21a Rue Pompidou 29902 Kerlouan-les-Bains");
        assert_eq!(one("&type=street").await["label"], "Rue Pompidou 29902 Kerlouan-les-Bains");
        assert_eq!(one("&type=municipality").await["citycode"], "29902");
        // In the middle of the ocean there is nothing.
        let (status, body) = ana.get("/api/v1/geocode/reverse?lat=0&lon=-30").await;
        assert_eq!((status.as_u16(), body["features"].as_array().unwrap().len()), (200, 0));
    }
}

on_both! {
    async fn requests_that_are_not_understood_get_a_sentence_in_both_languages(backend: Backend) {
        let app = App::start(backend).await;
        let ana = app.person();
        let long = "a".repeat(201);
        for (path, code) in [
            ("search".to_owned(), "missing_q"),
            ("search?q=".into(), "missing_q"),
            ("search?q=%20%20".into(), "missing_q"),
            (format!("search?q={long}"), "too_long"),
            ("search?q=a&limit=51".into(), "bad_limit"),
            ("search?q=a&limit=0".into(), "bad_limit"),
            ("search?q=a&limit=x".into(), "bad_limit"),
            ("search?q=a&type=castle".into(), "bad_type"),
            ("search?q=a&lat=48".into(), "bad_point"),
            ("search?q=a&lat=91&lon=0".into(), "bad_point"),
            ("search?q=a&lat=NaN&lon=0".into(), "bad_point"),
            ("search?q=a&territory=nowhere".into(), "unknown_territory"),
            ("reverse".into(), "bad_point"),
            ("reverse?lat=48".into(), "bad_point"),
            ("reverse?lat=48&lon=181".into(), "bad_point"),
            ("reverse?lat=48&lon=2&limit=1000".into(), "bad_limit"),
        ] {
            let mut sentences = Vec::new();
            for lang in ["fr", "en"] {
                let response = ana.clone().send(reqwest::Method::GET, &format!("/api/v1/geocode/{path}"), None, &[("accept-language", lang)]).await;
                assert_eq!(response.status().as_u16(), if code == "unknown_territory" { 404 } else { 400 }, "{path}");
                assert_eq!(response.headers()["content-type"], "application/problem+json");
                let body: Value = response.json().await.unwrap();
                assert_eq!(body["code"], code, "{path}: {body}");
                sentences.push(body["detail"].as_str().unwrap().to_owned());
            }
            assert!(sentences[0] != sentences[1] && sentences.iter().all(|s| s.len() > 10), "{sentences:?}");
        }
        // An empty server has nothing to find, and says so with an empty list.
        assert!(search(&mut app.person(), "rue de la gare", "").await.is_empty());
    }
}

on_both! {
    async fn hostile_texts_find_nothing_or_something_but_never_break(backend: Backend) {
        let app = town(backend).await;
        let mut ana = app.person();
        let mut texts: Vec<String> = vec!["'; drop table addresses; --".into(), "%".into(), "\u{0}".into(), "9".repeat(200), "a ".repeat(100), "é".repeat(200)];
        texts.extend(["bis ".repeat(50), "1 ".repeat(100), "saintsaintsaint".repeat(13), "(((((".into(), "\u{202e}eur".into(), "𝕽𝖚𝖊".into()]);
        if let Some(file) = shared("robustness/blns.json") {
            let naughty: Vec<String> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            texts.extend(naughty.into_iter().map(|t| t.chars().take(200).collect()));
        }
        for text in texts.iter().filter(|t| !t.trim().is_empty()) {
            let (status, body) = ana.get(&format!("/api/v1/geocode/search?q={}", encoded(text))).await;
            assert_eq!(status, 200, "{text:?}: {body}");
            assert!(body["features"].as_array().unwrap().iter().all(|f| (0.0..=1.0).contains(&f["properties"]["score"].as_f64().unwrap())), "{text:?}");
        }
        assert_eq!(first(&mut ana, "rue pompidou", "").await, "Rue Pompidou 29902 Kerlouan-les-Bains");
    }
}
