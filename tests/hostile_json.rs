//! JSON as nobody should send it, on every address that takes a body: refused with a sentence, and nothing half written.

use crate::app::{App, Backend, FREE, Person, Place, create, shared};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use uuid::Uuid;

/// Every route that takes a POST, as the router's source names it, so that a new one is not forgotten here.
pub(crate) fn post_routes() -> Vec<String> {
    let routes = include_str!("../src/http/mod.rs").lines().filter_map(|line| {
        let (path, handlers) = line.trim().strip_prefix(".route(\"")?.split_once("\", ")?;
        // An upload is a file, not JSON: see hostile_files.rs.
        let json = !handlers.contains("imports::upload") && (handlers.starts_with("post(") || handlers.contains(".post("));
        json.then(|| path.to_owned())
    });
    let routes: Vec<String> = routes.collect();
    assert!(routes.len() >= 4, "{routes:?}");
    routes
}

/// The files of JSONTestSuite (https://github.com/nst/JSONTestSuite, MIT): name and bytes.
fn suite() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = shared("robustness/JSONTestSuite/test_parsing")?;
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut all: Vec<_> = files.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&p).unwrap())).collect();
    all.sort();
    assert!(all.len() > 300, "{}", all.len());
    Some(all)
}

async fn watched(backend: Backend) -> App {
    let args = [FREE, &["--trusted-proxies=1"]].concat();
    let app = App::start_watched(Place::new(backend).await, &args, &[]);
    app.territory("ville", 2.0, 48.0).await;
    app
}

/// POST of bytes, from an address of its own so that the guard against guessing codes does not answer first.
async fn post(who: &Person, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> reqwest::Response {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let from = format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
    let request = who.http.post(format!("{}{path}", who.url)).header("content-type", "application/json").header("x-forwarded-for", from);
    let request = match &who.cookie {
        Some(cookie) => request.header("cookie", cookie),
        None => request,
    };
    headers.iter().fold(request, |r, (name, value)| r.header(*name, *value)).body(body).send().await.unwrap()
}

on_both! {
    async fn every_file_of_the_json_test_suite_is_answered_and_changes_nothing(backend: Backend) {
        let Some(suite) = suite() else { return };
        let app = watched(backend).await;
        let mut admin = app.with_role("admin").await;
        let seen = admin.add("ville", json!({"name": "La Ruche"})).await;
        let before = app.unhurt();
        for route in post_routes() {
            let path = route.replace("{slug}", "ville").replace("{id}", seen["id"].as_str().unwrap());
            for (name, bytes) in &suite {
                let answer = post(&admin, &path, bytes.clone(), &[]).await;
                let status = answer.status().as_u16();
                assert!(status < 500, "{path} {name}: {status}");
                let body: Value = answer.json().await.unwrap_or_else(|e| panic!("{path} {name}: {e}"));
                // No file of the suite is a body that any of these addresses wants; one that wants none takes no notice.
                let refused = matches!(status, 400 | 404 | 409 | 415 | 422) && body["detail"].as_str().is_some_and(|d| d.len() > 10);
                assert!(refused || path == "/api/v1/me/recovery", "{path} {name}: {status} {body}");
            }
        }
        assert_eq!(app.unhurt(), before, "nothing was written");
    }
}

on_both! {
    async fn json_inside_an_edit_is_read_exactly_when_the_test_suite_says_that_it_is_json(backend: Backend) {
        let Some(suite) = suite() else { return };
        let app = watched(backend).await;
        let mut ana = app.person();
        let (mut read, mut refused) = (0, 0);
        for (name, bytes) in &suite {
            let (_, form) = ana.get("/api/v1/form").await;
            // The case comes last, so that what it leaves open can't be closed by what follows.
            let head = format!(
                "{{\"form\":{{\"token\":{}}},\"edits\":[{{\"id\":\"{}\",\"subject\":{{\"kind\":\"actor\",\"id\":\"{}\"}},\"kind\":\"create\",\
                 \"territory\":\"ville\",\"set\":{{\"name\":\"Témoin\",\"tags\":",
                form["token"], Uuid::now_v7(), Uuid::now_v7(),
            );
            let body = [head.as_bytes(), bytes, b"}}]}"].concat();
            let answer = post(&ana, "/api/v1/edits", body, &[]).await;
            let status = answer.status().as_u16();
            let body: Value = answer.json().await.unwrap();
            match name.as_bytes()[0] {
                b'y' => {
                    read += 1;
                    assert!(status == 200 || status == 422, "{name} is JSON: {status} {body}");
                    assert!(body["results"][0]["result"].is_string(), "{name}: {body}");
                }
                b'n' => {
                    refused += 1;
                    assert_eq!(status, 400, "{name} is no JSON: {body}");
                }
                _ => assert!(matches!(status, 200 | 400 | 422), "{name}: {status} {body}"),
            }
        }
        assert!(read > 90 && refused > 180, "{read} {refused}");
        app.unhurt();
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
        for feature in list["features"].as_array().unwrap() {
            assert_eq!(feature["properties"]["name"], "Témoin", "an actor is there whole or not at all");
        }
    }
}

/// Values and bodies that JSONTestSuite lacks: the text, and whether a value of a list of texts may be read from it.
fn oddities() -> Vec<Vec<u8>> {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000)).into_bytes();
    let mut all = vec![
        deep("[", "]"),
        "[".repeat(100_000).into_bytes(),
        format!("{}1{}", "{\"a\":".repeat(70_000), "}".repeat(70_000)).into_bytes(),
        b"NaN".to_vec(),
        b"Infinity".to_vec(),
        b"-Infinity".to_vec(),
        b"[1e400]".to_vec(),
        b"[-1e400]".to_vec(),
        format!("[{}]", "9".repeat(100_000)).into_bytes(),
        format!("[0.{}1]", "0".repeat(100_000)).into_bytes(),
        format!("[1e-{}]", "9".repeat(1000)).into_bytes(),
        b"\"a\x00b\"".to_vec(),
        b"[\"a\xffb\"]".to_vec(),
        b"[\"\xc0\x80\"]".to_vec(),
        b"[\"\xed\xa0\x80\"]".to_vec(),
        b"[\"\\ud800\"]".to_vec(),
        b"[\"\\udc00\\ud800\"]".to_vec(),
        "\u{feff}[\"a\"]".as_bytes().to_vec(),
    ];
    // The same in the encodings that JSON no longer has.
    all.push("[\"a\"]".encode_utf16().flat_map(u16::to_le_bytes).collect());
    all.push("[\"a\"]".encode_utf16().flat_map(u16::to_be_bytes).collect());
    all
}

on_both! {
    async fn depth_numbers_and_bytes_that_are_no_text_are_refused_wherever_they_stand(backend: Backend) {
        let app = watched(backend).await;
        let mut ana = app.person();
        let seen = ana.add("ville", json!({"name": "La Ruche"})).await;
        let before = app.unhurt();
        for odd in oddities() {
            let short = String::from_utf8_lossy(&odd[..odd.len().min(40)]).into_owned();
            for route in post_routes() {
                let path = route.replace("{slug}", "ville").replace("{id}", seen["id"].as_str().unwrap());
                for (start, end) in [("", ""), ("{\"code\":", "}"), ("{\"token\":", "}"), ("{\"edits\":[", "]}"), ("{\"edits\":[{\"set\":{\"name\":", "}}]}")] {
                    let body = [start.as_bytes(), &odd, end.as_bytes()].concat();
                    let answer = post(&ana, &path, body, &[]).await;
                    let status = answer.status().as_u16();
                    let takes_none = path == "/api/v1/me/recovery";
                    assert!((400..500).contains(&status) || takes_none && status == 200, "{path} {start}{short}: {status}");
                    assert!(takes_none || answer.headers()["content-type"] == "application/problem+json", "{path} {start}{short}");
                }
            }
        }
        assert_eq!(app.unhurt(), before, "nothing was written");
        assert_eq!(ana.add("ville", json!({"name": "Le Verger"})).await["fields"]["name"], "Le Verger", "and the server goes on");
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_before_anything_is_unpacked() {
    let app = watched(Backend::Sqlite).await;
    let ana = app.person();
    // 64 MiB of spaces in 64 KiB: a server that unpacks what it is sent would hold all of it.
    let spaces = vec![b' '; 64 << 20];
    let pack = |bytes: &[u8], kind: &str| {
        let (mut gz, mut zlib, mut raw) = (
            GzEncoder::new(Vec::new(), Compression::best()),
            ZlibEncoder::new(Vec::new(), Compression::best()),
            DeflateEncoder::new(Vec::new(), Compression::best()),
        );
        match kind {
            "gzip" => gz.write_all(bytes).map(|()| gz.finish().unwrap()).unwrap(),
            "deflate" => zlib.write_all(bytes).map(|()| zlib.finish().unwrap()).unwrap(),
            _ => raw.write_all(bytes).map(|()| raw.finish().unwrap()).unwrap(),
        }
    };
    let memory = || resident(app.pid());
    let small = memory();
    for coding in ["gzip", "deflate", "br", "zstd", "x-gzip", "gzip, gzip", "identity, br"] {
        let body = pack(&spaces, coding.split(',').next().unwrap());
        assert!(body.len() < 512 * 1024);
        for path in post_routes().iter().filter(|p| !p.contains("recovery") && !p.contains('{')) {
            let answer = post(&ana, path, body.clone(), &[("content-encoding", coding), ("accept-language", "en")]).await;
            assert_eq!(answer.status(), 415, "{path} {coding}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], "coded_body", "{path} {coding}");
            assert!(problem["detail"].as_str().unwrap().contains("Content-Encoding"), "{problem}");
        }
    }
    assert!(memory() < small + 32 * 1024, "{small} KiB before, {} after", memory());
    // Said without need, it changes nothing.
    let mut ana = ana;
    let (_, form) = ana.get("/api/v1/form").await;
    let body = json!({"edits": [create("ville", json!({"name": "La Ruche"}))], "form": {"token": form["token"]}}).to_string();
    let answer = ana.send(Method::POST, "/api/v1/edits", Some(body), &[("content-encoding", "identity")]).await;
    assert_eq!(answer.status(), 200);
    app.unhurt();
}

/// Resident memory of a process, KiB.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
