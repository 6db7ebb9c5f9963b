//! Territories from contours: nesting, addresses, unions, re-imports, broken files, and the actors that fall into them.

use crate::app::{App, Backend, FREE, Person, Place, at, demo, shared};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Output;

/// A square of a tenth of a degree.
fn square(x: f64, y: f64) -> Value {
    let (e, n) = ((x * 10.0 + 1.0).round() / 10.0, (y * 10.0 + 1.0).round() / 10.0);
    json!({"type": "Polygon", "coordinates": [[[x, y], [e, y], [e, n], [x, n], [x, y]]]})
}

fn feature(code: &str, name: &str, geometry: Value) -> Value {
    json!({"type": "Feature", "properties": {"code": code, "nom": name}, "geometry": geometry})
}

/// A country of 2 départements of 10 × 5 communes each, in one région; the communes 1 to 4 of the first are an EPCI.
struct Country {
    place: Place,
}

const WEST: f64 = 2.0;
const SOUTH: f64 = 46.0;

impl Country {
    async fn new(backend: Backend) -> Self {
        Self { place: Place::new(backend).await }
    }

    fn corner(departement: usize, i: usize) -> (f64, f64) {
        let (column, row) = (i % 10, i / 10 + 5 * departement);
        ((WEST * 10.0 + column as f64).round() / 10.0, (SOUTH * 10.0 + row as f64).round() / 10.0)
    }

    fn code(departement: usize, i: usize) -> String {
        format!("{}{:03}", 35 + 21 * departement, i + 1)
    }

    fn communes() -> Vec<Value> {
        let one = |d: usize, i: usize| {
            // One name twice in a département, and once in each.
            let name = match i {
                0 => "Sainte-Colombe".to_owned(),
                1 if d == 0 => "Sainte Colombe".to_owned(),
                2 if d == 1 => "Aide".to_owned(),
                3 if d == 0 => "Finistère".to_owned(),
                _ => format!("Bourg {d} {i}"),
            };
            let (x, y) = Self::corner(d, i);
            feature(&Self::code(d, i), &name, square(x, y))
        };
        (0..2).flat_map(|d| (0..50).map(move |i| one(d, i))).collect()
    }

    fn write(&self, name: &str, value: &Value) -> PathBuf {
        let path = self.place.data.join(name);
        fs::write(&path, value.to_string()).unwrap();
        path
    }

    fn collection(&self, name: &str, features: &[Value]) -> PathBuf {
        self.write(name, &json!({"type": "FeatureCollection", "features": features}))
    }

    /// Lists of the administration: the fifth commune of the first département has another code today.
    fn lists(&self) -> [PathBuf; 4] {
        let commune = |d: usize, i: usize| {
            let code = if (d, i) == (0, 4) { "35900".to_owned() } else { Self::code(d, i) };
            let former = if (d, i) == (0, 4) { json!(["35005"]) } else { json!([]) };
            json!({"code": code, "nom": "x", "type": "commune-actuelle", "population": 100, "departement": code[..2], "region": "53", "anciensCodes": former})
        };
        let communes: Vec<Value> = (0..2).flat_map(|d| (0..50).map(move |i| commune(d, i))).collect();
        let members: Vec<Value> = ["35001", "35002", "35003", "35004", "35900"].map(|code| json!({"code": code})).to_vec();
        [
            self.write("communes.json", &json!(communes)),
            self.write("epci.json", &json!([{"code": "200000001", "nom": "CC du Coin", "membres": members, "populationTotale": 501}])),
            self.write("departements.json", &json!([
                {"code": "35", "nom": "Finistère", "chefLieu": "35001", "region": "53"}, {"code": "56", "nom": "Morbihan", "chefLieu": "56001", "region": "53"},
                {"code": "99", "nom": "Ailleurs", "chefLieu": "99001", "region": "53"}])),
            self.write("regions.json", &json!([{"code": "53", "nom": "Bretagne", "chefLieu": "35001"}])),
        ]
    }

    fn import(&self, file: &PathBuf) -> Output {
        let [communes, epci, departements, regions] = self.lists().map(|p| p.display().to_string());
        let args = [
            "import",
            "territories",
            file.to_str().unwrap(),
            "--population",
            &communes,
            "--groups",
            &epci,
            "--groups",
            &departements,
            "--groups",
            &regions,
        ];
        self.place.run(&args)
    }
}

fn told(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// Every territory by kind and code: slug, id by way of its history, population.
async fn all(ana: &mut Person) -> BTreeMap<(String, String), Value> {
    let mut found = BTreeMap::new();
    let mut cursor = json!(0);
    while !cursor.is_null() {
        let (status, page) = ana.get(&format!("/api/v1/territories?limit=30&cursor={cursor}")).await;
        assert_eq!(status, 200, "{page}");
        for t in page["territories"].as_array().unwrap() {
            let key = (t["kind"].as_str().unwrap().to_owned(), t["code"].as_str().unwrap_or("").to_owned());
            assert!(found.insert(key, t.clone()).is_none(), "twice: {t}");
        }
        cursor = page["next"].clone();
    }
    found
}

async fn territories_of(ana: &mut Person, actor: &Value) -> BTreeSet<String> {
    let actor = ana.actor(actor["id"].as_str().unwrap()).await;
    actor["territories"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

on_both! {
    async fn communes_nest_in_groups_made_of_them_and_a_second_import_changes_nothing(backend: Backend) {
        let country = Country::new(backend).await;
        let packed = country.place.data.join("contours.geojson.gz");
        let mut gz = GzEncoder::new(fs::File::create(&packed).unwrap(), Compression::fast());
        gz.write_all(json!({"type": "FeatureCollection", "features": Country::communes()}).to_string().as_bytes()).unwrap();
        gz.finish().unwrap();
        let out = country.import(&packed);
        assert!(out.status.success(), "{}", told(&out));
        assert!(told(&out).contains("créés : 104"), "{}", told(&out));

        let app = App::start_at(country.place, FREE, &[]);
        let country = |place: Place| Country { place };
        let mut ana = app.person();
        let first = all(&mut ana).await;
        assert_eq!(first.len(), 104);
        let slug = |kind: &str, code: &str| first[&(kind.to_owned(), code.to_owned())]["slug"].as_str().unwrap();
        for (kind, code, expected) in [
            ("commune", "35001", "sainte-colombe-35"),
            ("commune", "35002", "sainte-colombe-35002"),
            ("commune", "56001", "sainte-colombe-56"),
            ("commune", "56003", "aide-territoire"),
            ("commune", "35004", "finistere"),
            ("departement", "35", "finistere-departement"),
            ("departement", "56", "morbihan"),
            ("region", "53", "bretagne"),
            ("epci", "200000001", "cc-du-coin"),
        ] {
            assert_eq!(slug(kind, code), expected);
        }
        let population = |kind: &str, code: &str| first[&(kind.to_owned(), code.to_owned())]["population"].clone();
        assert_eq!((population("commune", "35001"), population("epci", "200000001")), (json!(100), json!(501)));
        assert_eq!((population("commune", "35005"), population("departement", "56")), (Value::Null, json!(5000)));

        // A point is in all that covers it, the line between two communes in both.
        let inside = ana.add("bretagne", json!({"name": "Dedans", "place/p1/position": at(WEST + 0.45, SOUTH + 0.05)})).await;
        assert_eq!(territories_of(&mut ana, &inside).await, set(&["bourg-0-4", "cc-du-coin", "finistere-departement", "bretagne"]));
        let between = ana.add("bretagne", json!({"name": "Entre deux", "place/p1/position": at(2.5, SOUTH + 0.05)})).await;
        assert_eq!(territories_of(&mut ana, &between).await, set(&["bourg-0-4", "bourg-0-5", "cc-du-coin", "finistere-departement", "bretagne"]));
        let north = ana.add("bretagne", json!({"name": "Nord", "place/p1/position": at(WEST + 0.05, SOUTH + 0.55)})).await;
        assert_eq!(territories_of(&mut ana, &north).await, set(&["sainte-colombe-56", "morbihan", "bretagne"]));

        let (_, region) = ana.get("/api/v1/territories/bretagne").await;
        assert_eq!(region["inside"], json!({"commune": 100, "departement": 2, "epci": 1}));
        assert_eq!((&region["actors"], region["quartiers"].as_array().unwrap().len()), (&json!(3), 0));
        // The whole country shows one map of limits and names, down to the communes.
        assert_eq!(region["basemap"]["archive"], "contours");
        let (_, commune) = ana.get("/api/v1/territories/bourg-0-4").await;
        assert_eq!(commune["basemap"], region["basemap"]);
        let map = ana.send(reqwest::Method::GET, "/tiles/base/contours/9/259/181.mvt", None, &[]).await;
        assert_eq!(map.status(), 200);
        let tile = map.bytes().await.unwrap();
        for word in ["boundaries", "admin_level"] {
            assert!(tile.windows(word.len()).any(|w| w == word.as_bytes()), "{word}");
        }
        let (_, epci) = ana.get("/api/v1/territories/cc-du-coin").await;
        assert_eq!((&epci["inside"], epci["quartiers"].as_array().unwrap().len()), (&json!({"commune": 5}), 5));

        // The same again, this time through the server: the same addresses, nothing written.
        let head = ana.get("/api/v1/changes?after=0").await.1["head"].clone();
        let place = app.stop();
        let country = country(place);
        let out = country.import(&packed);
        assert!(told(&out).contains("inchangés : 104"), "{}", told(&out));
        let app = App::start_at(country.place, FREE, &[]);
        let mut ana = app.person();
        assert_eq!(ana.get("/api/v1/changes?after=0").await.1["head"], head);
        let checked = app.place.run(&["check"]);
        assert!(checked.status.success(), "{}", told(&checked));
    }
}

on_both! {
    async fn a_new_shape_moves_actors_and_what_people_wrote_stays(backend: Backend) {
        let country = Country::new(backend).await;
        let mut communes = Country::communes();
        let file = country.collection("communes-essai.geojson", &communes);
        assert!(country.import(&file).status.success());
        let app = App::start_at(country.place, FREE, &[]);
        let mut ana = app.person();
        let actor = ana.add("bourg-0-7", json!({"name": "La Ruche", "place/p1/position": at(WEST + 0.75, SOUTH + 0.05)})).await;
        let before = all(&mut ana).await;
        let (_, old) = ana.get("/api/v1/territories/bourg-0-7/history").await;
        assert!(old["edits"].as_array().is_some());

        // The eighth commune gives its land to the seventh and takes a new name; the server runs meanwhile.
        let (x, y) = Country::corner(0, 6);
        communes[6]["geometry"]["coordinates"] = json!([[[x, y], [x + 0.2, y], [x + 0.2, y + 0.1], [x, y + 0.1], [x, y]]]);
        communes[7]["geometry"] = square(9.0, 46.0);
        communes[7]["properties"]["nom"] = json!("Ville neuve");
        let country = Country { place: Place { data: app.place.data.clone(), database: app.place.database.clone() } };
        let out = country.import(&country.collection("communes-essai.geojson", &communes));
        std::mem::forget(country.place);
        assert!(out.status.success(), "{}", told(&out));
        let after = all(&mut ana).await;
        let same = |map: &BTreeMap<(String, String), Value>| map.iter().map(|(k, t)| (k.clone(), t["slug"].clone())).collect::<Vec<_>>();
        assert_eq!(same(&before), same(&after), "addresses stay");
        assert_eq!(after[&("commune".into(), "35008".into())]["name"], "Ville neuve");
        assert_eq!(territories_of(&mut ana, &actor).await, set(&["bourg-0-6", "finistere-departement", "bretagne"]));
        assert_eq!((&after[&("commune".into(), "35007".into())]["actors"], &after[&("commune".into(), "35008".into())]["actors"]), (&json!(1), &json!(0)));
        let checked = app.place.run(&["check"]);
        assert!(checked.status.success(), "{}", told(&checked));
    }
}

on_both! {
    async fn broken_contours_are_counted_and_a_broken_file_writes_nothing(backend: Backend) {
        let country = Country::new(backend).await;
        let good = square(2.0, 46.0);
        let mut open = square(2.1, 46.0);
        open["coordinates"][0].as_array_mut().unwrap().pop();
        let features = [
            feature("35001", "Bonne", good.clone()),
            feature("35002", "Ouverte", open),
            feature("35003", "Mètres", json!({"type": "Polygon", "coordinates": [[[652000, 6862000], [653000, 6862000], [653000, 6863000], [652000, 6862000]]]})),
            feature("35004", "Point", json!({"type": "Point", "coordinates": [2.0, 46.0]})),
            feature("35001", "Encore", good.clone()),
            json!({"type": "Feature", "properties": {"code": "35006"}, "geometry": good}),
            json!({"type": "Polygon"}),
            json!(12),
        ];
        let out = country.place.run(&["import", "territories", country.collection("melange.geojson", &features).to_str().unwrap()]);
        assert!(out.status.success(), "{}", told(&out));
        for words in ["créés : 1 ", "1 × anneau qui ne se referme pas (par exemple « Ouverte »)", "1 × coordonnées qui ne sont pas des degrés", "1 × code déjà vu", "1 × sans nom", "2 × élément qui n’est pas un Feature"] {
            assert!(told(&out).contains(words), "{words}: {}", told(&out));
        }

        let text = |name: &str, bytes: &[u8]| {
            let path = country.place.data.join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let whole = json!({"type": "FeatureCollection", "features": [feature("35009", "Neuve", square(3.0, 46.0))]}).to_string();
        let mut bad = vec![
            (text("vide.geojson", b""), "is empty"),
            (text("coupe.geojson", &whole.as_bytes()[..whole.len() - 3]), "not whole JSON"),
            (text("double.geojson", format!("{whole}{whole}").as_bytes()), "not whole JSON"),
            (text("texte.geojson", b"Bonjour"), "not whole JSON"),
            (text("liste.geojson", b"[1, 2]"), "not GeoJSON"),
            (text("autre.geojson", b"{\"type\": \"Topology\", \"features\": []}"), "not GeoJSON"),
            (text("rien.geojson", b"{\"type\": \"FeatureCollection\", \"features\": []}"), "holds no contour"),
            (text("sans.geojson", b"{\"type\": \"FeatureCollection\"}"), "not GeoJSON"),
            (country.collection("flou.geojson", &[feature("35", "Truc", square(3.0, 46.0))]), "--kind"),
            (country.collection("points.geojson", &[feature("35001", "P", json!({"type": "Point", "coordinates": [1, 2]}))]), "1 × geometry that is no Polygon"),
            (text("cassee.geojson.gz", &[0x1f, 0x8b, 8, 0, 1, 2, 3]), "not whole JSON"),
        ];
        bad.extend(shared("admin/cantons-972-vide.geojson").map(|path| (path, "holds no contour")));
        for (path, words) in &bad {
            let out = country.place.run(&["import", "territories", path.to_str().unwrap()]);
            assert_eq!(out.status.code(), Some(2), "{path:?}: {}", told(&out));
            assert!(told(&out).contains(words), "{path:?} should say {words:?}: {}", told(&out));
        }
        let list = text("liste.json", b"{\"code\": \"35001\"}");
        let one = country.collection("une.geojson", &[feature("35010", "Une", square(3.0, 46.0))]);
        let out = country.place.run(&["import", "territories", one.to_str().unwrap(), "--groups", list.to_str().unwrap()]);
        assert_eq!((out.status.code(), told(&out).contains("no JSON list")), (Some(2), true), "{}", told(&out));
        // Files made to break readers of GeoJSON: refused or counted, never a panic.
        if let Some(folder) = shared("robustness/geojsonhint/bad") {
            for file in fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "geojson")) {
                let out = country.place.run(&["import", "territories", file.to_str().unwrap(), "--kind", "custom"]);
                assert!(matches!(out.status.code(), Some(0 | 2)) && !told(&out).contains("panicked"), "{file:?}: {}", told(&out));
            }
        }
        let app = App::start_at(country.place, FREE, &[]);
        let mut ana = app.person();
        let names: Vec<Value> = all(&mut ana).await.into_iter().filter(|((kind, _), _)| kind == "commune").map(|(_, t)| t["name"].clone()).collect();
        assert_eq!(names, ["Bonne"]);
    }
}

/// How many actors each territory tells, against how many of the listed points its boundary covers.
async fn counts_are_true(app: &App, slugs: &[String]) -> u64 {
    let mut ana = app.person();
    let mut sum = 0;
    for slug in slugs {
        let (_, t) = ana.get(&format!("/api/v1/territories/{slug}")).await;
        let mut shown = 0;
        let mut cursor = String::new();
        loop {
            let (status, page) = ana.get(&format!("/api/v1/territories/{slug}/actors.geojson?limit=1000{cursor}")).await;
            assert_eq!(status, 200, "{page}");
            shown += page["features"].as_array().unwrap().len() as u64;
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(t["actors"], shown, "{slug}");
        sum += shown;
    }
    sum
}

on_both! {
    async fn actors_of_an_extract_fall_into_the_territories_that_are_there(backend: Backend) {
        let country = Country::new(backend).await;
        // Solvigné's land in two halves, and a box around both that leaves the west of it out.
        let half = |w: f64, e: f64| json!({"type": "Polygon", "coordinates": [[[w, 47.60], [e, 47.60], [e, 47.80], [w, 47.80], [w, 47.60]]]});
        let features = [feature("35001", "Ouest", half(-1.81, -1.79)), feature("35002", "Est", half(-1.79, -1.70)), feature("35", "Tout", half(-1.81, -1.70))];
        let communes = country.collection("communes.geojson", &features[..2]);
        let whole = country.collection("departements.geojson", &features[2..]);
        for file in [&communes, &whole] {
            assert!(country.place.run(&["import", "territories", file.to_str().unwrap()]).status.success());
        }
        let demo = demo();
        for round in 0..2 {
            let out = country.place.run(&["import", "osm", demo.to_str().unwrap(), "--into-existing"]);
            assert!(out.status.success(), "{}", told(&out));
            assert!(told(&out).contains("déjà présents"), "{}", told(&out));
            assert_eq!(told(&out).contains("publiés : 0 "), round == 1, "a second import publishes nothing: {}", told(&out));
            assert!(told(&out).contains("hors du territoire"), "{}", told(&out));
        }
        let app = App::start_at(country.place, FREE, &[]);
        let mut ana = app.person();
        assert_eq!(all(&mut ana).await.len(), 3, "no territory was made");
        let west = counts_are_true(&app, &["ouest".into()]).await;
        let east = counts_are_true(&app, &["est".into()]).await;
        let both = counts_are_true(&app, &["tout".into()]).await;
        assert!(west > 20 && east > 20 && both == west + east, "{west} + {east} = {both}");
        assert!(ana.get("/api/v1/territories/ouest").await.1["candidates"].as_u64().unwrap() > 0, "proposals go to the smallest territory");
        let checked = app.place.run(&["check"]);
        assert!(checked.status.success(), "{}", told(&checked));
    }
}

/// Real contours and places: Ille-et-Vilaine's communes, all départements and régions. On PostGIS `bouillon check` holds every membership
/// against `ST_Covers`; on SQLite the same counts are expected.
#[tokio::test(flavor = "multi_thread")]
async fn the_maps_of_a_region_a_departement_and_a_commune_show_what_st_covers_says() {
    let names = [
        "admin/communes-35-ille-et-vilaine-2018.geojson",
        "admin/departements-version-simplifiee-2018.geojson",
        "admin/regions-version-simplifiee-2018.geojson",
    ];
    let Some(files) = names.iter().map(|n| shared(n)).collect::<Option<Vec<_>>>() else { return };
    let Some(places) = shared("osm/fr-acteurs.osm.pbf") else { return };
    let mut counts = Vec::new();
    for backend in [Backend::Postgis, Backend::Sqlite] {
        let place = Place::new(backend).await;
        for file in &files {
            let out = place.run(&["import", "territories", file.to_str().unwrap()]);
            assert!(out.status.success(), "{}", told(&out));
        }
        // Only what lies in Brittany, to keep the test short.
        let out = place.run(&["import", "osm", places.to_str().unwrap(), "--into-existing", "--boundary", "-5.2,47.2,-1.0,48.9"]);
        assert!(out.status.success(), "{}", told(&out));
        let app = App::start_at(place, FREE, &[]);
        let mut ana = app.person();
        let (_, communes) = ana.get("/api/v1/territories?inside=ille-et-vilaine&kind=commune&limit=500").await;
        assert_eq!(communes["total"], 345, "every commune of the file lies in the département");
        let list = communes["territories"].as_array().unwrap();
        let mut told_here: Vec<(String, u64)> =
            list.iter().map(|t| (t["slug"].as_str().unwrap().to_owned(), t["actors"].as_u64().unwrap())).collect();
        for slug in ["bretagne", "ille-et-vilaine"] {
            told_here.push((slug.into(), counts_are_true(&app, &[slug.into()]).await));
        }
        assert!(told_here.iter().find(|(slug, _)| slug == "bretagne").unwrap().1 > 1000, "{told_here:?}");
        let checked = app.place.run(&["check"]);
        assert!(checked.status.success(), "{}", told(&checked));
        if backend == Backend::Postgis {
            assert!(told(&checked).contains("ST_Covers"), "{}", told(&checked));
        }
        counts.push(told_here);
    }
    assert_eq!(counts[0], counts[1]);
}

on_both! {
    async fn many_territories_are_told_page_by_page_and_found_by_name_or_code(backend: Backend) {
        let country = Country::new(backend).await;
        assert!(country.import(&country.collection("communes.geojson", &Country::communes())).status.success());
        let app = App::start_at(country.place, FREE, &[]);
        let mut ana = app.person();
        let slugs = |page: &Value| page["territories"].as_array().unwrap().iter().map(|t| t["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let (_, page) = ana.get("/api/v1/territories").await;
        assert_eq!((page["territories"].as_array().unwrap().len(), &page["total"], &page["next"]), (100, &json!(104), &json!(100)));
        assert_eq!(slugs(&page)[..4], ["bretagne", "finistere-departement", "morbihan", "cc-du-coin"], "the larger ones first");
        let (_, rest) = ana.get("/api/v1/territories?cursor=100").await;
        assert_eq!((rest["territories"].as_array().unwrap().len(), &rest["next"]), (4, &Value::Null));
        for (query, expected) in [
            ("q=colombe", vec!["sainte-colombe-35", "sainte-colombe-35002", "sainte-colombe-56"]),
            ("q=FINISTERE", vec!["finistere-departement", "finistere"]),
            ("q=56003", vec!["aide-territoire"]),
            ("q=bretagne&kind=commune", vec![]),
            ("kind=epci,region", vec!["bretagne", "cc-du-coin"]),
            ("inside=cc-du-coin&limit=2", vec!["bourg-0-2", "bourg-0-4"]),
        ] {
            let (status, page) = ana.get(&format!("/api/v1/territories?{query}")).await;
            assert_eq!((status.as_u16(), slugs(&page)), (200, expected.into_iter().map(str::to_owned).collect()), "{query}");
        }
        assert_eq!(ana.get("/api/v1/territories?inside=atlantide").await.0, 404);
        assert_eq!(ana.get("/api/v1/territories?limit=beaucoup").await.0, 400);
        assert_eq!(ana.get("/api/v1/territories?cursor=99999999999").await.1["territories"], json!([]));

        // The page without JavaScript: a hundred at most, a way on, and a search.
        let page = ana.send(reqwest::Method::GET, "/", None, &[]).await.text().await.unwrap();
        if page.contains("a été construite") {
            return;
        }
        assert!(page.matches("<li>").count() == 100 && page.contains("/?q=&amp;from=100") && page.contains("name=\"q\""), "{page}");
        let page = ana.send(reqwest::Method::GET, "/?q=colombe", None, &[]).await.text().await.unwrap();
        assert!(page.matches("<li>").count() == 3 && page.contains("sainte-colombe-56"), "{page}");
        let page = ana.send(reqwest::Method::GET, "/?from=100", None, &[]).await.text().await.unwrap();
        assert!(page.matches("<li>").count() == 4 && page.contains("rel=\"prev\""), "{page}");
    }
}
