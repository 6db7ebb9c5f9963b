//! Naughty texts (https://github.com/minimaxir/big-list-of-naughty-strings, MIT) in every text field, query, path and header.

use crate::app::{App, Backend, FREE, Person, Place, at, create, set_edit, shared};
use crate::security::escaped;
use crate::tiles::truth::decode;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

/// The list, and what it lacks.
fn naughty() -> Option<Vec<String>> {
    let file = shared("robustness/blns.json")?;
    let mut texts: Vec<String> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(texts.len() > 400);
    texts.extend(
        [
            "a\u{0}b",
            "\u{0}",
            "\u{202e}gnp.exe",
            "\u{2066}a\u{2069}",
            "\u{85}a\u{85}b",
            "a\u{2028}b\u{2029}c",
            "\u{feff}a",
            "e\u{301}",
            "e\u{200b}\u{301}",
            "\u{1b}[31mrouge",
            "a\r\nb\rc",
            "\u{10ffff}",
            "\u{e0001}\u{e0041}",
            "\u{202e}\u{202e}",
            "\\u0000",
            "\\\\u0000",
            "%00",
            "%c0%af",
            "a\tb",
            "=1+1",
            "@x",
            "+33 1 99 00 12 34",
            "\u{d7ff}",
        ]
        .map(str::to_owned),
    );
    Some(texts)
}

/// The documented normalisation of a text (README, «What is kept of a text»), written again: NFC, without control characters, marks of
/// direction and invisible joints; line breaks only in long texts, elsewhere runs of spaces are one space; nothing around it.
fn normal(text: &str, long: bool) -> String {
    const INVISIBLE: [char; 4] = ['\u{200b}', '\u{feff}', '\u{fffe}', '\u{ffff}'];
    let text = text.replace(['\u{2028}', '\u{2029}'], "\n");
    let marks = |c: char| ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) || INVISIBLE.contains(&c);
    let control = |c: char| (c < ' ' && !matches!(c, '\n' | '\t')) || ('\u{7f}'..='\u{9f}').contains(&c);
    let kept: String = text.chars().filter(|c| !marks(*c) && !control(*c)).nfc().collect();
    if long { kept.trim().to_owned() } else { kept.split(char::is_whitespace).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ") }
}

/// What a field holds after a text was put into it; none when it can't be said here (a form is prescribed).
fn expected(kind: &str, text: &str) -> Value {
    let clean = normal(text, kind == "text");
    match kind {
        _ if clean.is_empty() => Value::Null,
        "set" => json!([clean]),
        "address" => json!({"street": clean, "city": clean}),
        _ => json!(clean),
    }
}

async fn town(backend: Backend) -> (App, Person) {
    let args = [FREE, &["--trusted-proxies=1"]].concat();
    let app = App::start_watched(Place::new(backend).await, &args, &[]);
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    ana.add("ville", json!({"name": "Ana"})).await;
    (app, ana)
}

/// The fields of an actor that hold text, from the API's own list: name → (type, longest).
async fn text_fields(who: &mut Person) -> BTreeMap<String, (String, usize)> {
    let (_, catalogue) = who.get("/api/v1/fields").await;
    let all = catalogue["fields"].as_object().unwrap().iter();
    let kinds = ["scalar", "text", "set", "address"];
    let texts = all.filter(|(_, spec)| kinds.contains(&spec["type"].as_str().unwrap()));
    texts
        .map(|(name, spec)| (name.replace("{id}", "p1"), (spec["type"].as_str().unwrap().to_owned(), spec["max"].as_u64().unwrap() as usize)))
        .collect()
}

/// Fields whose texts have a prescribed form, so that most naughty ones are refused.
const FORMED: [&str; 15] = [
    "relations",
    "primary_category",
    "categories",
    "kind",
    "scope",
    "status",
    "wheelchair",
    "website",
    "email",
    "phone",
    "links",
    "images",
    "rna",
    "siret",
    "founded_on",
];

on_both! {
    async fn what_was_accepted_comes_back_as_it_was_written_in_every_form(backend: Backend) {
        let Some(texts) = naughty() else { return };
        let (app, mut ana) = town(backend).await;
        let fields = text_fields(&mut ana).await;
        assert!(fields.len() > 20, "{fields:?}");
        let mut kept: Vec<Value> = Vec::new();
        for (batch, chunk) in texts.chunks(50).enumerate() {
            let places = (0..chunk.len()).map(|i| spot(batch * 50 + i));
            let made: Vec<Value> = places.map(|[lon, lat]| create("ville", json!({"name": "Témoin", "place/p1/position": at(lon, lat)}))).collect();
            let (status, body) = ana.edits(&made).await;
            assert_eq!(status, 200, "{body}");
            let edits: Vec<Value> = chunk.iter().zip(body["results"].as_array().unwrap()).map(|(text, made)| set_edit(&made["actor"], filled(&fields, text))).collect();
            let (status, body) = ana.edits(&edits).await;
            assert!(status == 200, "{status} {body}");
            for ((text, edit), result) in chunk.iter().zip(&edits).zip(body["results"].as_array().unwrap()) {
                for (field, (kind, max)) in &fields {
                    compare(field, kind, *max, text, result);
                }
                kept.push(ana.actor(edit["subject"]["id"].as_str().unwrap()).await);
            }
        }
        everywhere(&app, &mut ana, &kept).await;
        let said = app.unhurt();
        let place = app.stop();
        // Read again from the disk, it is the same.
        let app = App::start_watched(place, FREE, &[]);
        for actor in kept.iter().step_by(7) {
            assert_eq!(app.person().actor(actor["id"].as_str().unwrap()).await["fields"], actor["fields"]);
        }
        assert_eq!(app.unhurt(), said);
    }
}

/// Every actor has a tile of its own at zoom 16.
fn spot(i: usize) -> [f64; 2] {
    [2.1 + 0.01 * (i % 50) as f64, 48.1 + 0.01 * (i / 50) as f64]
}

/// One text in every field.
fn filled(fields: &BTreeMap<String, (String, usize)>, text: &str) -> Value {
    let value = |kind: &str| match kind {
        "set" => json!([text]),
        "address" => json!({"street": text, "city": text}),
        _ => json!(text),
    };
    fields.iter().map(|(field, (kind, _))| (field.clone(), value(kind))).collect::<serde_json::Map<_, _>>().into()
}

/// The fate of one field: kept as it should be, or refused with a sentence for a reason.
fn compare(field: &str, kind: &str, max: usize, text: &str, result: &Value) {
    let (fate, stored) = (&result["fields"][field], &result["actor"]["fields"][field]);
    let wanted = expected(kind, text);
    let refused = fate["code"].as_str();
    let long = normal(text, kind == "text").chars().count() > max;
    if let Some(code) = refused {
        assert!(fate["message"].as_str().is_some_and(|m| m.ends_with('.') || m.ends_with(')')), "{field} {text:?}: {fate}");
        let for_a_reason = match code {
            "too_long" => long,
            "required" => wanted.is_null() && field == "name",
            _ => FORMED.contains(&field) || field == "confirmed_on",
        };
        assert!(for_a_reason, "{field} {text:?}: {fate}");
        return;
    }
    assert!(!long, "{field} {text:?} is longer than {max}");
    assert_eq!(*stored, wanted, "{field} {text:?}: {fate}");
}

/// JSON, CSV, GeoJSON, the page and the tile show the same texts.
async fn everywhere(app: &App, ana: &mut Person, kept: &[Value]) {
    let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
    let listed: BTreeMap<&str, &Value> =
        list["features"].as_array().unwrap().iter().map(|f| (f["properties"]["id"].as_str().unwrap(), &f["properties"])).collect();
    let csv = app.place.run(&["export", "actors", "--territory", "ville", "--format", "csv"]);
    assert!(csv.status.success(), "{}", String::from_utf8_lossy(&csv.stderr));
    let text = String::from_utf8(csv.stdout).unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: BTreeMap<String, BTreeMap<String, String>> =
        reader.deserialize().map(|row: Result<BTreeMap<String, String>, _>| row.unwrap()).map(|row| (row["id"].clone(), row)).collect();
    let mut named = 0;
    for (i, actor) in kept.iter().enumerate() {
        let (id, fields) = (actor["id"].as_str().unwrap(), &actor["fields"]);
        let name = fields["name"].as_str().unwrap();
        named += usize::from(name != "Témoin");
        assert_eq!(listed[id]["name"], name);
        for column in ["name", "summary", "opening_hours", "legal_form", "closing"] {
            let (written, stored) = (&rows[id][column], fields[column].as_str().unwrap_or(""));
            assert!(written == stored || *written == format!("'{stored}"), "{column}: {written:?} for {stored:?}");
            assert!(!written.starts_with(['=', '@', '\t', '\r']), "{column}: {written:?} is a formula");
        }
        if crate::pages::built() {
            let html = ana.send(Method::GET, &format!("/ville/acteurs/{id}"), None, &[]).await.text().await.unwrap();
            assert!(html.contains(&format!("<h1>{}</h1>", escaped(name))), "{name:?}");
        }
        let [lon, lat] = spot(i);
        let [x, y] = crate::tiles::truth::tile_of([lon, lat], 16);
        let tile = ana.send(Method::GET, &format!("/tiles/actors/ville/16/{x}/{y}.mvt"), None, &[]).await.bytes().await.unwrap();
        let layers = decode(&tile);
        assert_eq!(layers["actors"][0].said["name"], name, "{i}");
    }
    assert!(named > 350, "only {named} naughty texts became a name");
}

/// Every GET of the API's own description: the address with its names, and the names of its queries.
async fn gets(who: &mut Person) -> Vec<(String, Vec<String>)> {
    let (_, api) = who.get("/api/v1/openapi.json").await;
    let mut all = Vec::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        let Some(get) = operations.get("get") else { continue };
        let parameters = get["parameters"].as_array().cloned().unwrap_or_default();
        let queries = parameters.iter().filter(|p| p["in"] == "query").map(|p| p["name"].as_str().unwrap().to_owned()).collect();
        all.push((path.clone(), queries));
    }
    assert!(all.len() >= 20, "{}", all.len());
    all
}

fn quoted(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A value that each name in an address or query may have.
fn sound(name: &str, actor: &str) -> String {
    match name {
        "slug" | "archive" | "territory" | "inside" => "ville".into(),
        "id" => actor.into(),
        "z" => "8".into(),
        "x" => "129".into(),
        "y" => "88".into(),
        "lon" => "2.5".into(),
        "lat" => "48.5".into(),
        "q" | "name" => "ruche".into(),
        "after" => "0".into(),
        "bbox" => "2,48,3,49".into(),
        "near" => "2.5,48.5".into(),
        _ => String::new(),
    }
}

on_both! {
    async fn naughty_texts_in_every_part_of_every_address_of_the_api_are_answered(backend: Backend) {
        let Some(texts) = naughty() else { return };
        let (app, mut ana) = town(backend).await;
        let made = ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let actor = made["id"].as_str().unwrap().to_owned();
        let before = app.unhurt();
        let whole = std::env::var_os("SOAK").is_some();
        let mut asked = 0;
        for (route, queries) in gets(&mut ana).await {
            let names: Vec<String> = route.split('{').skip(1).map(|p| p.split_once('}').unwrap().0.to_owned()).collect();
            let parts = names.iter().map(|n| (true, n.clone())).chain(queries.iter().map(|n| (false, n.clone()))).collect::<Vec<_>>();
            for (i, text) in texts.iter().enumerate() {
                // In `make test` every text meets one part of each address, another one on the other back-end; in `make soak` all.
                let turn = i + usize::from(backend == Backend::Postgis);
                let chosen = parts.iter().enumerate().filter(|(n, _)| whole || turn % parts.len() == *n);
                for (_, (in_path, name)) in chosen {
                    let value = |n: &String| if n == name && *in_path { quoted(text) } else { sound(n, &actor) };
                    let path = names.iter().fold(route.clone(), |path, n| path.replace(&format!("{{{n}}}"), &value(n)));
                    let pairs = queries.iter().map(|n| (n, if n == name && !*in_path { quoted(text) } else { sound(n, &actor) }));
                    let query: Vec<String> = pairs.filter(|(_, v)| !v.is_empty()).map(|(n, v)| format!("{n}={v}")).collect();
                    let address = format!("{path}?{}", query.join("&"));
                    let answer = ana.send(Method::GET, &address, None, &[]).await;
                    let status = answer.status().as_u16();
                    assert!(status < 500, "{address}: {status}");
                    let bytes = answer.bytes().await.unwrap();
                    if status >= 400 && !path.contains("//") && !path.contains("/.") {
                        let problem: Result<Value, _> = serde_json::from_slice(&bytes);
                        assert!(problem.is_ok_and(|p| p["detail"].is_string()), "{address}: {status}");
                    }
                    asked += 1;
                }
            }
        }
        assert!(asked > 6000, "{asked}");
        assert_eq!(app.unhurt(), before, "reading writes nothing");
    }
}

on_both! {
    async fn naughty_bytes_in_every_header_that_is_read_are_answered(backend: Backend) {
        let Some(texts) = naughty() else { return };
        let (app, mut ana) = town(backend).await;
        let before = app.unhurt();
        let read = ["accept-language", "cookie", "if-none-match", "x-forwarded-for", "origin", "accept-encoding", "sec-fetch-site", "content-type", "range"];
        let mut raw: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
        raw.extend([b"\xff\xfe\xfd".to_vec(), b"\"".repeat(4000), b",".repeat(8000), b";q=".repeat(2000), b"bouillon=%00%ff".to_vec(), b"W/".to_vec()]);
        for (i, bytes) in raw.iter().enumerate() {
            // What HTTP itself forbids in a header can't be sent.
            let Ok(value) = HeaderValue::from_bytes(bytes) else { continue };
            let name = read[i % read.len()];
            for (method, path) in [
                (Method::GET, "/api/v1/territories/ville/actors.geojson"),
                (Method::GET, "/api/v1/me"),
                (Method::GET, "/tiles/actors/ville/8/129/88.mvt"),
                (Method::GET, "/ville"),
                (Method::POST, "/api/v1/me/recover"),
                (Method::POST, "/api/v1/edits"),
            ] {
                let request = ana.http.request(method.clone(), format!("{}{path}", app.url)).header(name, value.clone());
                let request = if method == Method::POST { request.body("{\"code\":1}") } else { request };
                let status = request.send().await.unwrap().status().as_u16();
                assert!(status < 500, "{method} {path} {name}: {value:?}: {status}");
            }
        }
        assert_eq!(ana.get("/api/v1/me").await.0, 200);
        assert_eq!(app.unhurt(), before);
    }
}
