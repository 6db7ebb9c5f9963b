//! Statistics: what the server counts is what somebody counts who only has what everybody can read (tests/statistics_golden.py), and small
//! numbers of people are not told.

use crate::app::{App, Backend, Person, Place, at, demo};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use uuid::Uuid;

/// The statistics of a territory.
pub(crate) async fn read(app: &App, address: &str) -> Value {
    let (status, all) = app.person().get(&format!("/api/v1/territories/{address}")).await;
    assert_eq!(status, 200, "{all}");
    all
}

pub(crate) fn measure<'a>(all: &'a Value, code: &str) -> &'a Value {
    all["measures"].as_array().unwrap().iter().find(|m| m["code"] == code).unwrap_or_else(|| panic!("no measure {code}"))
}

/// Rows of a measure's table whose cells of some columns, by key, hold these words.
pub(crate) fn rows<'a>(all: &'a Value, code: &str, wanted: &[(&str, &str)]) -> Vec<&'a Value> {
    let table = &measure(all, code)["table"];
    let place = |key: &str| table["columns"].as_array().unwrap().iter().position(|c| c["key"] == key).unwrap();
    table["rows"].as_array().unwrap().iter().filter(|row| wanted.iter().all(|(key, word)| row[place(key)] == *word)).collect()
}

/// One cell of the only such row.
pub(crate) fn cell(all: &Value, code: &str, wanted: &[(&str, &str)], key: &str) -> Value {
    let found = rows(all, code, wanted);
    assert_eq!(found.len(), 1, "{code} {wanted:?}: {found:?}");
    let column = measure(all, code)["table"]["columns"].as_array().unwrap().iter().position(|c| c["key"] == key).unwrap();
    found[0][column].clone()
}

fn near(a: &Value, b: &Value, what: &str) {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => assert!((x - y).abs() <= 2e-6 * (1.0 + x.abs()), "{what}: the server says {x}, Python {y}"),
        _ => assert_eq!(a, b, "{what}"),
    }
}

/// Python with NumPy, which tests/install.sh puts beside the build; elsewhere the one of the machine.
fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    if own.exists() { own } else { "python3".into() }
}

/// What Python counts.
fn golden(app: &App, slug: &str, all: &Value) -> Value {
    let export = app.place.data.join("export.geojson");
    let out = app.place.run(&["export", "actors", "--territory", slug, "--format", "geojson"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    std::fs::write(&export, out.stdout).unwrap();
    let moment = time::OffsetDateTime::parse(all["at"].as_str().unwrap(), &time::format_description::well_known::Rfc3339).unwrap();
    let ms = (moment.unix_timestamp_nanos() / 1_000_000).to_string();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/statistics_golden.py");
    let out = Command::new(python()).arg(script).args([&app.url, slug]).arg(&export).arg(ms).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Makes a territory that is a box.
pub(crate) async fn boxed(admin: &mut Person, slug: &str, kind: &str, [w, s, e, n]: [f64; 4], population: Option<u64>) -> Uuid {
    let id = Uuid::now_v7();
    let ring = json!([[w, s], [e, s], [e, n], [w, n], [w, s]]);
    let mut set = json!({"slug": slug, "name": slug, "kind": kind, "boundary": {"type": "Polygon", "coordinates": [ring]}});
    if let Some(population) = population {
        set["population"] = json!(population);
    }
    let edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": id}, "kind": "create", "set": set});
    let (status, body) = admin.edits(&[edit]).await;
    assert_eq!(status, 200, "{body}");
    id
}

/// The demonstration commune with three quartiers, and some people who work on it.
async fn town(backend: Backend) -> App {
    let place = Place::new(backend).await;
    let out = place.run(&["import", "osm", "--apply", demo().to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let app = App::start_at(place, crate::app::FREE, &[]);
    let whole = read(&app, "solvigne").await;
    let [w, s, e, n]: [f64; 4] = std::array::from_fn(|i| whole["bbox"][i].as_f64().unwrap());
    let (x, y) = (w + (e - w) * 0.45, s + (n - s) * 0.55);
    let mut admin = app.with_role("admin").await;
    boxed(&mut admin, "q-ouest", "quartier", [w, s, x, n], Some(1234)).await;
    boxed(&mut admin, "q-nord", "quartier", [x, y, e, n], Some(420)).await;
    boxed(&mut admin, "q-sud", "quartier", [x, s, e, y], Some(2100)).await;
    let list = app.person().get("/api/v1/territories/solvigne/actors.geojson?limit=60").await.1;
    let ids: Vec<String> = list["features"].as_array().unwrap().iter().map(|f| f["properties"]["id"].as_str().unwrap().to_owned()).collect();
    for turn in 0..6_usize {
        let mut person = app.person();
        for (i, id) in ids.iter().enumerate().skip(turn * 5).take(5) {
            let seen = person.actor(id).await;
            let other = &ids[(i * 7 + 3) % ids.len()];
            let kind = ["partner", "member_of", "funds", "hosts", "shares_place"][i % 5];
            let day = format!("202{}-0{}-1{}", 4 + i % 3, 1 + i % 9, i % 10);
            let mut set = json!({"confirmed_on": day, "kind": if i % 2 == 0 { "association" } else { "company" }, "wheelchair": "limited"});
            set["relations"] = json!([format!("{kind}:{other}"), format!("partner:{}", ids[(i + 1) % ids.len()])]);
            let (status, body) = person.set(&seen, set).await;
            assert!(status == 200 && body["results"][0]["result"] == "applied", "{body}");
        }
        let (lon, lat) = (w + (e - w) * 0.1 * (turn + 2) as f64, s + (n - s) * 0.12 * (turn + 1) as f64);
        person.add("solvigne", json!({"name": format!("Ajout {turn}"), "kind": "collective", "primary_category": "DEM.residents", "place/p1/position": at(lon, lat)})).await;
    }
    // One that others are linked to goes.
    let gone = app.person().actor(&ids[3]).await;
    let edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "actor", "id": gone["id"]}, "kind": "delete", "base": {"*": gone["version"]}});
    assert_eq!(app.with_role("moderator").await.edits(&[edit]).await.1["results"][0]["result"], "applied");
    app
}

on_both! {
    async fn every_number_is_what_python_counts_from_what_everybody_can_read(backend: Backend) {
        let app = town(backend).await;
        let all = read(&app, "solvigne/statistics?lang=en").await;
        let gold = golden(&app, "solvigne", &all);
        assert_eq!(all["actors"], gold["actors"]);
        let kinds: Vec<&str> = measure(&all, "stock")["table"]["columns"].as_array().unwrap().iter().skip(3).map(|c| c["key"].as_str().unwrap()).collect();
        for row in measure(&all, "stock")["table"]["rows"].as_array().unwrap() {
            for (i, kind) in kinds.iter().enumerate() {
                let key = format!("{} {kind}", row[0].as_str().unwrap_or("-"));
                assert_eq!(row[i + 3].as_u64().unwrap(), gold["stock"][&key].as_u64().unwrap_or(0), "{key}");
            }
        }
        for (area, density) in gold["density"].as_object().unwrap() {
            near(&cell(&all, "density", &[("area", area)], "density"), density, area);
        }
        for (area, diversity) in gold["diversity"].as_object().unwrap().iter().filter(|(_, d)| !d.is_null()) {
            near(&cell(&all, "diversity", &[("area", area)], "shannon"), &diversity["shannon"], area);
            assert_eq!(cell(&all, "diversity", &[("area", area)], "themes"), diversity["themes"], "{area}");
        }
        let coverage = &gold["coverage"];
        assert!(coverage["built_ha"].as_f64().unwrap() > 10.0 && coverage["blank"].as_u64().unwrap() > 0, "{coverage}");
        near(&measure(&all, "coverage")["value"], &coverage["all"], "coverage");
        near(&measure(&all, "coverage")["table"]["rows"][0][3], &coverage["built_ha"], "built");
        for (theme, share) in coverage["themes"].as_object().unwrap() {
            near(&cell(&all, "coverage", &[("code", theme)], "share"), share, theme);
        }
        assert_eq!(measure(&all, "blank")["value"].as_f64(), coverage["blank"].as_f64());
        let gaps = coverage["gaps"].as_object().unwrap();
        assert_eq!(measure(&all, "blank")["table"]["rows"].as_array().unwrap().len(), gaps.len());
        for (gap, missing) in gaps {
            let (area, code) = gap.rsplit_once(' ').unwrap();
            near(&cell(&all, "blank", &[("area", area), ("code", code)], "missing"), missing, gap);
        }
        near(&measure(&all, "concentration")["value"], &gold["gini"], "Gini");
        near(&measure(&all, "freshness")["value"], &gold["freshness"]["median"], "median age");
        assert_eq!(cell(&all, "freshness", &[("what", "never confirmed")], "count"), gold["freshness"]["never"]);
        let recent = ["under 6 months", "6 to 12 months"].map(|w| cell(&all, "freshness", &[("what", w)], "count").as_u64().unwrap());
        assert_eq!(recent.iter().sum::<u64>(), gold["freshness"]["recent"].as_u64().unwrap());
        let pieces: Vec<&Value> = measure(&all, "completeness")["table"]["rows"].as_array().unwrap().iter().map(|r| &r[1]).collect();
        assert_eq!(json!(pieces), gold["pieces"]);
        for code in ["completeness", "precision", "practical"] {
            near(&measure(&all, code)["value"], &gold[code], code);
        }
        let sources: Vec<&Value> = measure(&all, "sources")["table"]["rows"].as_array().unwrap().iter().take(3).map(|r| &r[1]).collect();
        assert_eq!(json!(sources), gold["sources"]);
        for (month, told) in gold["participation"].as_object().unwrap() {
            assert_eq!([cell(&all, "participation", &[("month", month)], "people"), cell(&all, "participation", &[("month", month)], "edits")], [told[0].clone(), told[1].clone()]);
        }
        near(&measure(&all, "participation")["value"], &gold["people"], "people");
        for (kind, label) in [("partner", "partner"), ("member_of", "member of"), ("funds", "funds"), ("hosts", "hosts"), ("shares_place", "shares a place")] {
            assert_eq!(cell(&all, "network", &[("part", "links"), ("what", label)], "count"), gold["links"][kind], "{kind}");
        }
        assert_eq!(cell(&all, "network", &[("what", "to an actor that is absent or deleted")], "count"), gold["dangling"]);
        assert_eq!(cell(&all, "network", &[("what", "linked groups")], "count"), gold["groups"]);
        let relations = read(&app, "solvigne/relations").await;
        assert_eq!(relations["actors"].as_array().unwrap().len() as u64, gold["linked"].as_u64().unwrap());
        assert!(gold["dangling"].as_u64().unwrap() > 0);
        if backend == Backend::Postgis {
            as_sql_counts(&app, &all).await;
        }
    }
}

/// The totals are those of the tables, with PostGIS deciding where points lie.
async fn as_sql_counts(app: &App, all: &Value) {
    use sqlx::Connection;
    let mut db = sqlx::PgConnection::connect(app.place.database.as_ref().unwrap()).await.unwrap();
    let sql = "select split_part(a.doc->'fields'->>'primary_category', '.', 1), count(distinct a.id) from actors a
               join territories t on t.slug = $1 where not a.deleted
               and exists (select 1 from places p where p.actor = a.id and st_covers(t.geom, p.geom)) group by 1";
    for slug in ["solvigne", "q-ouest", "q-nord", "q-sud"] {
        let counted: Vec<(Option<String>, i64)> = sqlx::query_as(sql).bind(slug).fetch_all(&mut db).await.unwrap();
        let told = if slug == "solvigne" { all.clone() } else { read(app, &format!("solvigne/statistics?area={slug}")).await };
        assert_eq!(told["actors"].as_i64().unwrap(), counted.iter().map(|c| c.1).sum::<i64>(), "{slug}");
        for (theme, count) in counted.iter().filter_map(|(t, n)| Some((t.as_ref().filter(|t| !t.is_empty())?, n))) {
            assert_eq!(cell(&told, "stock", &[("code", theme)], "total").as_i64(), Some(*count), "{slug} {theme}");
        }
    }
}
