//! Base maps as served things: archives that are refused, shared, replaced and swept, and how their tiles travel.

use crate::app::{App, Backend, FREE, Person, Place, at, demo, shared};
use flate2::read::GzDecoder;
use pmtiles::{Compression, PmTilesWriter, TileCoord, TileType};
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// The bytes of a tile of a made archive; long, so that packing them pays.
fn tile(word: &str, z: u8, x: u32, y: u32) -> Vec<u8> {
    format!("{word} {z}/{x}/{y} ").repeat(50).into_bytes()
}

/// What a good archive says of itself.
fn shortbread() -> Value {
    json!({"name": "Essai", "attribution": "© essai", "vector_layers": [{"id": "streets", "fields": {}}, {"id": "land", "fields": {}}]})
}

/// Writes an archive of the tiles 0/0/0, 1/0/0 and 1/1/0, whose bytes hold a word.
fn write(path: &Path, word: &str, packed: Compression, kind: TileType, metadata: &str) {
    let file = fs::File::create(path).unwrap();
    let writer = PmTilesWriter::new(kind).tile_compression(packed).min_zoom(0).max_zoom(1).bounds(-170.0, -80.0, 170.0, 80.0);
    let mut writer = writer.metadata(metadata).create(file).unwrap();
    for (z, x, y) in [(0, 0, 0), (1, 0, 0), (1, 1, 0)] {
        writer.add_tile(TileCoord::new(z, x, y).unwrap(), &tile(word, z, x, y)).unwrap();
    }
    writer.finalize().unwrap();
}

pub(crate) fn good(path: &Path, word: &str) {
    write(path, word, Compression::Gzip, TileType::Mvt, &shortbread().to_string());
}

/// Every way for an archive to be unfit, with words that its sentence must hold.
fn unfit(folder: &Path) -> Vec<(PathBuf, Vec<&'static str>)> {
    let path = |name: &str| folder.join(format!("{name}.pmtiles"));
    good(&path("bon"), "bon");
    let whole = fs::read(path("bon")).unwrap();
    let put = |name: &str, bytes: &[u8], words: &[&'static str]| {
        fs::write(path(name), bytes).unwrap();
        (path(name), words.to_vec())
    };
    let changed = |at: usize, value: u8| {
        let mut bytes = whole.clone();
        bytes[at] = value;
        bytes
    };
    let mut noise = whole.clone();
    noise[127..150].fill(0xaa);
    let mut list = vec![
        put("vide", b"", &["is empty"]),
        put("texte", b"Ceci n'est pas une archive.", &["not a PMTiles archive"]),
        put("ancienne", b"PM\x02\x00 and more", &["version 2", "version 3 is needed"]),
        put("future", &changed(7, 4), &["version 4"]),
        put("entete", &whole[..60], &["cut", "60 bytes instead of at least 127"]),
        put("coupee", &whole[..whole.len() - 1], &["cut", "Download it again"]),
        put("repertoire", &noise, &["damaged", "directory of tiles"]),
        put("serree", &changed(98, 0), &["packed in an unknown way"]),
        put("zooms", &changed(100, 9), &["damaged", "header"]),
    ];
    let other = |name: &str, kind, metadata: &str, words: &[&'static str]| {
        write(&path(name), "autre", Compression::None, kind, metadata);
        (path(name), words.to_vec())
    };
    let omt = json!({"vector_layers": [{"id": "transportation"}, {"id": "water_polygons"}]}).to_string();
    let sites = json!({"vector_layers": [{"id": "sites"}]}).to_string();
    list.push(other("image", TileType::Png, &shortbread().to_string(), &["PNG", "MVT vector tiles are needed"]));
    list.push(other("schema", TileType::Mvt, &omt, &["Shortbread", "transportation, water_polygons"]));
    list.push(other("maigre", TileType::Mvt, &sites, &["Shortbread", "its layers are sites"]));
    list.push(other("muette", TileType::Mvt, "{}", &["names no layer"]));
    list.push(other("bavarde", TileType::Mvt, "{\"vector_layers\": ", &["description in JSON"]));
    list
}

fn told(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn kept(place: &Place) -> Vec<String> {
    let list = fs::read_dir(place.data.join("basemaps")).into_iter().flatten();
    let mut names: Vec<String> = list.map(|f| f.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

on_both! {
    async fn an_archive_that_is_no_base_map_is_refused_with_a_sentence_and_nothing_is_written(backend: Backend) {
        let place = Place::new(backend).await;
        let folder = place.data.join("archives");
        fs::create_dir(&folder).unwrap();
        let mut cases = unfit(&folder);
        let real: [(&str, &[&str]); 6] = [
            ("empty", &["is empty"]),
            ("invalid", &["not a PMTiles archive"]),
            ("invalid_v4", &["version 4"]),
            ("test_fixture_1", &["Shortbread", "test_fixture_1pmtiles"]),
            ("test_fixture_2", &["Shortbread", "test_fixture_2pmtiles"]),
            ("test_fixture_mlt", &["MLT", "buildings/building, places/place"]),
        ];
        cases.extend(real.iter().filter_map(|(name, words)| Some((shared(&format!("robustness/pmtiles/{name}.pmtiles"))?, words.to_vec()))));
        for (file, words) in &cases {
            let out = place.run(&["import", "basemap", file.to_str().unwrap()]);
            assert_eq!(out.status.code(), Some(2), "{file:?}: {}", told(&out));
            for word in words {
                assert!(told(&out).contains(word), "{file:?} should say {word:?}: {}", told(&out));
            }
            assert!(!told(&out).contains("panicked"), "{}", told(&out));
        }
        for missing in ["nulle-part.pmtiles", "."] {
            assert_eq!(place.run(&["import", "basemap", missing]).status.code(), Some(2), "{missing}");
        }
        good(&folder.join("東.pmtiles"), "bon");
        assert_eq!(place.run(&["import", "basemap", folder.join("東.pmtiles").to_str().unwrap()]).status.code(), Some(2));
        let unknown = place.run(&["import", "basemap", folder.join("bon.pmtiles").to_str().unwrap(), "--territory", "atlantide"]);
        assert_eq!((unknown.status.code(), told(&unknown).contains("atlantide")), (Some(2), true));
        let out = place.run(&["import", "osm", demo().to_str().unwrap(), "--basemap", cases[0].0.to_str().unwrap()]);
        assert_eq!((out.status.code(), told(&out).contains("is empty")), (Some(2), true), "{}", told(&out));
        assert_eq!(kept(&place), Vec::<String>::new());
        let app = App::start_at(place, FREE, &[]);
        assert_eq!(app.person().get("/api/v1/territories").await.1["territories"], json!([]), "the extract was not imported either");
    }
}

on_both! {
    async fn a_territory_shows_the_archive_it_was_given_and_those_inside_it_too(backend: Backend) {
        let place = Place::new(backend).await;
        let file = place.data.join("Fond d’Été.pmtiles");
        good(&file, "ete");
        let out = place.run(&["import", "osm", demo().to_str().unwrap(), "--apply", "--basemap", file.to_str().unwrap()]);
        assert!(out.status.success(), "{}", told(&out));
        assert_eq!(kept(&place), ["fond-d-ete.pmtiles"]);
        let app = App::start_at(place, FREE, &[]);
        let mut ana = app.person();
        let (_, town) = ana.get("/api/v1/territories/solvigne").await;
        let quarter = town["quartiers"][0]["slug"].as_str().unwrap().to_owned();
        let map = &town["basemap"];
        assert_eq!(*map, json!({"archive": "fond-d-ete", "version": map["version"], "minzoom": 0, "maxzoom": 1, "bounds": [-170.0, -80.0, 170.0, 80.0]}));
        assert_eq!(ana.get(&format!("/api/v1/territories/{quarter}")).await.1["basemap"], *map, "a quartier shows its town's");
        let version = map["version"].as_str().unwrap();

        // Another territory elsewhere shares it; a third has none.
        app.territory("ailleurs", 20.0, 40.0).await;
        app.territory("sans", 40.0, 40.0).await;
        assert_eq!(ana.get("/api/v1/territories/ailleurs").await.1["basemap"], Value::Null);
        let out = app.place.run(&["import", "basemap", file.to_str().unwrap(), "--territory", "ailleurs"]);
        assert_eq!((out.status.success(), String::from_utf8_lossy(&out.stdout).trim()), (true, "fond-d-ete"), "{}", told(&out));
        assert_eq!(ana.get("/api/v1/territories/ailleurs").await.1["basemap"]["archive"], "fond-d-ete");
        assert_eq!(ana.get("/api/v1/territories/sans").await.1["basemap"], Value::Null);

        // The quartier is given its own.
        good(&app.place.data.join("a.pmtiles"), "a");
        let own = app.place.data.join("a.pmtiles");
        assert!(app.place.run(&["import", "basemap", own.to_str().unwrap(), "--territory", &quarter]).status.success());
        assert_eq!(ana.get(&format!("/api/v1/territories/{quarter}")).await.1["basemap"]["archive"], "a");
        // And falls back on the town's when that file goes away.
        fs::remove_file(app.place.data.join("basemaps/a.pmtiles")).unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(ana.get(&format!("/api/v1/territories/{quarter}")).await.1["basemap"]["archive"], "fond-d-ete");

        let (status, about) = ana.get("/tiles/base/fond-d-ete.json").await;
        assert_eq!((status.as_u16(), &about["tilejson"], &about["attribution"]), (200, &json!("3.0.0"), &json!("© essai")));
        assert_eq!((&about["minzoom"], &about["maxzoom"], &about["vector_layers"][0]["id"]), (&json!(0), &json!(1), &json!("streets")));
        let now = ana.get("/api/v1/territories/solvigne").await.1["basemap"]["version"].as_str().unwrap().to_owned();
        assert_eq!(about["tiles"], json!([format!("{}/tiles/base/fond-d-ete/{{z}}/{{x}}/{{y}}.mvt?v={now}", app.url)]));
        assert_ne!(now, version, "the file was brought a second time");
    }
}

/// A server with one archive called `fond`, which needs no territory.
async fn served(packed: Compression) -> App {
    let place = Place::new(Backend::Sqlite).await;
    fs::create_dir(place.data.join("basemaps")).unwrap();
    write(&place.data.join("basemaps/fond.pmtiles"), "un", packed, TileType::Mvt, &shortbread().to_string());
    App::start_at(place, FREE, &[])
}

/// Somebody whose client unpacks nothing and says only what it is told to.
fn plain(app: &App) -> Person {
    Person { http: reqwest::Client::builder().no_gzip().build().unwrap(), ..app.person() }
}

fn header<'a>(answer: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|v| v.to_str().unwrap())
}

fn unpacked(coding: Option<&str>, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        None => out.extend_from_slice(bytes),
        Some("gzip") => drop(GzDecoder::new(bytes).read_to_end(&mut out).unwrap()),
        Some(other) => panic!("{other} should not be sent to this client"),
    }
    out
}

#[tokio::test]
async fn tiles_leave_as_stored_or_unpacked_and_each_coding_has_its_own_tag() {
    for (packed, stored) in
        [(Compression::Gzip, Some("gzip")), (Compression::Brotli, Some("br")), (Compression::Zstd, Some("zstd")), (Compression::None, None)]
    {
        let app = served(packed).await;
        let mut ana = plain(&app);
        let mut tags = Vec::new();
        for (accepted, sent) in
            [("gzip, br, zstd", stored), ("identity", None), ("gzip;q=0, br;q=0, zstd;q=0", None), ("gzip", stored.map(|_| "gzip"))]
        {
            let path = "/tiles/base/fond/1/1/0.mvt";
            let answer = ana.send(Method::GET, path, None, &[("accept-encoding", accepted)]).await;
            assert_eq!(answer.status(), 200, "{packed:?} {accepted}");
            assert_eq!(header(&answer, "content-encoding"), sent, "{packed:?} {accepted}");
            assert_eq!(header(&answer, "content-type"), Some("application/vnd.mapbox-vector-tile"));
            assert_eq!(header(&answer, "vary"), Some("accept-encoding"));
            assert_eq!(header(&answer, "cache-control"), Some("no-cache"));
            assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
            let etag = header(&answer, "etag").unwrap().to_owned();
            assert!(etag.starts_with('"'), "a strong tag: {etag}");
            tags.push((sent, etag.clone()));
            let bytes = answer.bytes().await.unwrap();
            if !matches!(sent, Some("br" | "zstd")) {
                assert_eq!(unpacked(sent, &bytes), tile("un", 1, 1, 0), "{packed:?} {accepted}");
            }
            let head = ana.send(Method::HEAD, path, None, &[("accept-encoding", accepted)]).await;
            assert_eq!((head.status().as_u16(), header(&head, "etag")), (200, Some(etag.as_str())));
            assert_eq!(header(&head, "content-length"), Some(bytes.len().to_string().as_str()));
            let known = ana.send(Method::GET, path, None, &[("accept-encoding", accepted), ("if-none-match", &etag)]).await;
            assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, Some(etag.as_str())));
            assert!(known.bytes().await.unwrap().is_empty());
        }
        for (sent, tag) in &tags {
            for (other, its) in &tags {
                assert_eq!(sent == other, tag == its, "{packed:?}: {tags:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_tile_of_actors_has_another_tag_when_it_is_compressed_and_a_refused_coding_is_not_sent() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    app.person().add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
    let mut ana = plain(&app);
    let mut told = Vec::new();
    for accepted in ["gzip", "identity", "gzip;q=0", "br"] {
        let answer = ana.send(Method::GET, "/tiles/actors/ville/0/0/0.mvt", None, &[("accept-encoding", accepted)]).await;
        let (coding, tag) = (header(&answer, "content-encoding").map(str::to_owned), header(&answer, "etag").unwrap().to_owned());
        told.push((coding, tag, answer.bytes().await.unwrap()));
    }
    let [gzip, plain, refused, brotli] = &told[..] else { panic!() };
    assert_eq!(gzip.0.as_deref(), Some("gzip"));
    assert_eq!((&refused, &brotli), (&plain, &plain));
    assert_eq!(plain.0, None);
    assert_ne!(gzip.1, plain.1);
    assert_eq!(unpacked(Some("gzip"), &gzip.2), plain.2);
    let known = ana.send(Method::GET, "/tiles/actors/ville/0/0/0.mvt", None, &[("accept-encoding", "gzip"), ("if-none-match", &plain.1)]).await;
    assert_eq!(known.status(), 200, "the tag of the other coding is not this one's");
}

#[tokio::test]
async fn a_tile_may_be_kept_for_ever_under_its_version_and_absent_ones_are_said_so() {
    let app = served(Compression::Gzip).await;
    let mut ana = plain(&app);
    let about = ana.get("/tiles/base/fond.json").await.1;
    let version = about["tiles"][0].as_str().unwrap().rsplit('=').next().unwrap().to_owned();
    let get = async |ana: &mut Person, path: &str| ana.send(Method::GET, path, None, &[("accept-encoding", "gzip")]).await;
    let answer = get(&mut ana, &format!("/tiles/base/fond/0/0/0.mvt?v={version}")).await;
    assert_eq!(header(&answer, "cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(header(&get(&mut ana, "/tiles/base/fond/0/0/0.mvt?v=older").await, "cache-control"), Some("no-cache"));
    // Inside the zooms but without a tile.
    let nothing = get(&mut ana, &format!("/tiles/base/fond/1/0/1.mvt?v={version}")).await;
    assert_eq!((nothing.status().as_u16(), header(&nothing, "cache-control")), (204, Some("public, max-age=31536000, immutable")));
    for (path, code) in [
        ("fond/2/0/0.mvt", "bad_tile"),
        ("fond/30/0/0.mvt", "bad_tile"),
        ("fond/300/0/0.mvt", "bad_tile"),
        ("fond/1/2/0.mvt", "bad_tile"),
        ("fond/1/-1/0.mvt", "bad_tile"),
        ("fond/1/0/-1.mvt", "bad_tile"),
        ("fond/-1/0/0.mvt", "bad_tile"),
        ("fond/a/b/c.mvt", "bad_tile"),
        ("fond/1/0/0", "bad_tile"),
        ("fond/1/0/0.png", "bad_tile"),
        ("fond/1/0/99999999999999999999.mvt", "bad_tile"),
        ("autre/0/0/0.mvt", "unknown_archive"),
        ("..%2ffond/0/0/0.mvt", "unknown_archive"),
        ("fond.pmtiles/0/0/0.mvt", "unknown_archive"),
        ("%00/0/0/0.mvt", "unknown_archive"),
        ("autre.json", "unknown_archive"),
        ("..%2f..%2fbouillon.json", "unknown_archive"),
    ] {
        let (status, body) = ana.get(&format!("/tiles/base/{path}")).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (404, Some(code)), "{path}: {body}");
        assert!(body["detail"].as_str().is_some_and(|d| d.contains("Il n’y a pas")), "{body}");
    }
    let english = ana.send(Method::GET, "/tiles/base/fond/30/0/0.mvt", None, &[("accept-language", "en")]).await;
    assert!(english.json::<Value>().await.unwrap()["detail"].as_str().unwrap().contains("zoom goes from 0 to 1"));
}

#[tokio::test]
async fn a_replaced_archive_is_served_within_a_second_and_a_broken_one_leaves_the_old() {
    let app = served(Compression::Gzip).await;
    let mut ana = app.person();
    let version = async |ana: &mut Person| ana.get("/tiles/base/fond.json").await.1["tiles"][0].as_str().unwrap().to_owned();
    let body = async |ana: &mut Person| ana.send(Method::GET, "/tiles/base/fond/1/1/0.mvt", None, &[]).await.bytes().await.unwrap();
    let first = version(&mut ana).await;
    assert_eq!(body(&mut ana).await, tile("un", 1, 1, 0));

    let other = app.place.data.join("fond.pmtiles");
    good(&other, "deux");
    let out = app.place.run(&["import", "basemap", other.to_str().unwrap()]);
    assert!(out.status.success(), "{}", told(&out));
    tokio::time::sleep(Duration::from_millis(1000)).await;
    let second = version(&mut ana).await;
    assert_ne!(first, second);
    assert_eq!(body(&mut ana).await, tile("deux", 1, 1, 0));

    // Somebody puts a cut copy there by hand, as another file: the open one goes on being served.
    let whole = fs::read(&other).unwrap();
    let target = app.place.data.join("basemaps/fond.pmtiles");
    fs::remove_file(&target).unwrap();
    fs::write(&target, &whole[..whole.len() / 2]).unwrap();
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_eq!((version(&mut ana).await, body(&mut ana).await), (second, tile("deux", 1, 1, 0).into()));

    // Then overwrites it in place, which would end a process that has the file mapped.
    fs::write(&target, []).unwrap();
    good(&target, "trois");
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_eq!(body(&mut ana).await, tile("trois", 1, 1, 0));
    for _ in 0..3 {
        fs::write(&target, []).unwrap();
        let status = ana.send(Method::GET, "/tiles/base/fond/1/1/0.mvt", None, &[]).await.status();
        assert!(status == 200 || status == 500, "{status}");
        good(&target, "quatre");
    }
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_eq!(body(&mut ana).await, tile("quatre", 1, 1, 0));
}

#[tokio::test]
async fn what_killed_processes_left_is_swept_at_the_start_and_what_is_being_written_stays() {
    let place = Place::new(Backend::Sqlite).await;
    let folder = place.data.join("basemaps");
    fs::create_dir(&folder).unwrap();
    let mut short = Command::new("true").spawn().unwrap();
    let dead = short.id();
    short.wait().unwrap();
    // Another bouillon that lives, and another program that got a dead one's number.
    let alive = App::start(Backend::Sqlite).await;
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    good(&folder.join("fond.pmtiles"), "un");
    let lay = || {
        for writer in [format!("{dead}"), format!("{dead}-3"), format!("{}", sleeper.id()), format!("{}", alive.pid())] {
            fs::write(folder.join(format!("fond.pmtiles.{writer}.tmp")), b"half").unwrap();
        }
        fs::write(folder.join("notes.txt"), b"mine").unwrap();
    };
    let left = vec!["fond.pmtiles".to_owned(), format!("fond.pmtiles.{}.tmp", alive.pid()), "notes.txt".to_owned()];
    lay();
    let app = App::start_at(place, FREE, &[]);
    assert_eq!(kept(&app.place), left, "at the start of a server");
    lay();
    let own = folder.join(format!("fond.pmtiles.{}.tmp", app.pid()));
    fs::write(&own, b"half").unwrap();
    assert!(app.place.run(&["import", "osm", demo().to_str().unwrap(), "--apply"]).status.success());
    assert!(own.exists(), "the server may be writing another one");
    fs::remove_file(&own).unwrap();
    assert_eq!(kept(&app.place).into_iter().filter(|f| f != "solvigne.pmtiles").collect::<Vec<_>>(), left, "at the start of an import");
    let place = app.stop();
    lay();
    assert!(place.run(&["import", "osm", demo().to_str().unwrap(), "--apply"]).status.success());
    assert_eq!(kept(&place).into_iter().filter(|f| f != "solvigne.pmtiles").collect::<Vec<_>>(), left, "at the start of an import without a server");
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}
