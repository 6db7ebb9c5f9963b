//! What hostile pages, scripts and texts may not do.

#[path = "security_limits.rs"]
mod limits;

use crate::app::{App, Backend, Place, at, create, shared};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const CSP: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors ";

#[tokio::test]
async fn every_answer_of_every_route_carries_the_headers_that_browsers_obey() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let made = ana.add("ville", json!({"name": "La Ruche"})).await;
    let router = include_str!("../src/http/mod.rs");
    let mut paths: Vec<String> =
        router.lines().filter_map(|line| Some(line.trim().strip_prefix(".route(\"")?.split_once('"')?.0.to_owned())).collect();
    assert!(paths.len() > 30);
    paths.extend(
        ["/rien/du/tout", "/%ff", "/api/v1/rien", "/tiles/actors/ville/0/0/0.mvt", "/assets/../Cargo.toml", "/nulle-part"].map(str::to_owned),
    );
    for path in paths.iter().filter(|p| *p != "/metrics") {
        let path = path.replace("{slug}", "ville").replace("{id}", made["id"].as_str().unwrap()).replace("{page}", "carte");
        let path = path.replace("{*rest}", "v1/x").replace("{*path}", "x.js").replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let answer = ana.send(method.clone(), &path, None, &[]).await;
            assert!(answer.status().as_u16() < 500, "{method} {path}: {}", answer.status());
            let header = |name: &str| answer.headers().get(name).map_or("", |v| v.to_str().unwrap());
            let framed = path.starts_with("/embed/");
            assert_eq!(header("content-security-policy"), format!("{CSP}{}", if framed { "*" } else { "'none'" }), "{method} {path}");
            assert_eq!(header("x-frame-options"), if framed { "" } else { "DENY" }, "{method} {path}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(header("referrer-policy"), "strict-origin-when-cross-origin", "{method} {path}");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{method} {path}");
            assert_eq!(header("strict-transport-security"), "", "only over https");
            // What anybody may read from anywhere is not what belongs to one person.
            let own = ["/me", "/form", "/edits", "/history", "/invitations", "/duplicates", "/seances"].iter().any(|w| path.contains(w));
            assert!(!own || header("access-control-allow-origin").is_empty(), "{method} {path} is open to other sites");
            if method == Method::GET {
                assert_eq!(header("set-cookie"), "", "{path}: reading makes nobody known");
            }
        }
    }
}

#[tokio::test]
async fn what_another_site_makes_a_browser_send_is_refused() {
    let app = App::start_behind(Place::new(Backend::Sqlite).await, "https://carte.example.org");
    let (url, mut ana) = (app.url.clone(), app.person());
    let host = url.strip_prefix("http://").unwrap().to_owned();
    let foreign: &[&[(&str, &str)]] = &[
        &[("origin", "https://ailleurs.example.org")],
        &[("origin", "https://carte.example.org.ailleurs.example.org")],
        &[("origin", "http://carte.example.org")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://carte.example.org"), ("sec-fetch-site", "cross-site")],
    ];
    let own: &[&[(&str, &str)]] = &[
        &[],
        &[("origin", "https://carte.example.org"), ("sec-fetch-site", "same-origin")],
        &[("origin", &url)],
        &[("origin", &format!("https://{host}"))],
        &[("sec-fetch-site", "none")],
    ];
    for path in ["/api/v1/edits", "/api/v1/me/recovery", "/api/v1/me/recover", "/api/v1/invitations", "/api/v1/rien", "/ville"] {
        for headers in foreign {
            for (lang, word) in [("fr", "site"), ("en", "from another site")] {
                let headers = [*headers, &[("accept-language", lang)]].concat();
                let answer = ana.send(Method::POST, path, Some("{}".into()), &headers).await;
                assert_eq!(answer.status(), 403, "{path} {headers:?}");
                let problem: Value = answer.json().await.unwrap();
                assert_eq!(problem["code"], "foreign_origin", "{path} {headers:?}");
                assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
            }
        }
        for headers in own {
            assert_ne!(ana.send(Method::POST, path, Some("{}".into()), headers).await.status(), 403, "{path} {headers:?}");
        }
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        assert_eq!(ana.send(method, "/api/v1/edits", None, foreign[0]).await.status(), 403);
    }
}

on_both! {
    async fn a_body_that_is_no_edit_gets_a_problem_document_and_harms_nobody(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let one = |edit: Value| json!({"edits": [edit]}).to_string();
        let good = create("ville", json!({"name": "La Ruche"}));
        let with = |key: &str, value: Value| {
            let mut edit = good.clone();
            edit[key] = value;
            one(edit)
        };
        let huge = vec![create("ville", json!({"name": "x"})); 101];
        let mut bodies = vec![
            String::new(),
            "null".into(),
            "[]".into(),
            "{".into(),
            "{\"edits\":[]}".into(),
            "{\"edits\":{}}".into(),
            "{\"edits\":null}".into(),
            "{\"edits\":[null]}".into(),
            "{\"edits\":[NaN]}".into(),
            "{\"edits\":[1e999]}".into(),
            "\u{0}".into(),
            "{\"edits\":[],\"edits\":[]}".into(),
            nested(100_000),
            format!("{{\"edits\":{}}}", nested(100_000)),
            json!({"edits": huge}).to_string(),
            json!({"edits": [good.clone()], "extra": 1}).to_string(),
            with("extra", json!(1)),
            with("id", json!("1")),
            with("id", json!(12)),
            with("kind", json!("destroy")),
            with("subject", json!({"kind": "site", "id": Uuid::now_v7()})),
            with("subject", json!({"kind": "actor"})),
            with("set", json!([])),
            with("set", json!("name")),
            with("base", json!({"name": "1"})),
            with("base", json!({"name": [1]})),
            with("base", json!({"name": [1, 1e30]})),
            with("reverts", json!("1")),
            with("group", json!(1)),
        ];
        let number = one(good.clone()).replace("\"La Ruche\"", "NaN");
        bodies.push(number);
        bodies.push(one(good.clone()).replace("\"La Ruche\"", &nested(200)));
        for body in bodies {
            let short: String = body.chars().take(80).collect();
            let answer = ana.send(Method::POST, "/api/v1/edits", Some(body), &[]).await;
            assert_eq!(answer.status(), 400, "{short}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{short}");
            assert!(answer.json::<Value>().await.unwrap()["detail"].as_str().is_some_and(|d| d.len() > 10), "{short}");
        }
        for path in ["/api/v1/me/recover", "/api/v1/invitations"] {
            for body in ["", "null", "[]", "{}", "{\"code\":1,\"token\":1}", "{\"code\":null,\"token\":null}"] {
                let answer = ana.send(Method::POST, path, Some(body.into()), &[]).await;
                assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (400, "application/problem+json"), "{path} {body}");
            }
        }
        for path in ["/api/v1/edits", "/api/v1/me/recover", "/api/v1/invitations"] {
            let answer = ana.send(Method::POST, path, Some(format!("\"{}\"", "a".repeat(600_000))), &[]).await;
            assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (413, "application/problem+json"), "{path}");
            let problem: Value = answer.json().await.unwrap();
            assert!(problem["detail"].as_str().unwrap().ends_with('.'), "{problem}");
        }
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(list["numberMatched"], 0);
        assert_eq!(ana.edits(&[good]).await.0, 200, "and the server goes on");
    }
}

on_both! {
    async fn values_of_any_shape_and_null_characters_are_refused_or_cleaned_never_a_failure(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let values = [
            json!(null), json!(true), json!(0), json!(-1.5e300), json!([]), json!({}), json!([[]]), json!([null]), json!({"a": {"b": []}}), json!(""),
            json!("\u{0}"), json!("a\u{0}b"), json!(["a\u{0}b"]), json!({"street": "a\u{0}b"}), json!({"lon": "2", "lat": 48}), json!({"lon": null}),
            json!({"precision": "online", "lon": {}}), json!({"type": "Polygon", "coordinates": []}),
        ];
        let fields = ["name", "summary", "description", "tags", "categories", "primary_category", "website", "siret", "status", "place/p1/position",
            "place/p1/address", "place/\u{0}/position", "\u{0}", "", "place//", "boundary", "slug", "deleted", "*"];
        let mut edits = Vec::new();
        for field in fields {
            for value in &values {
                let mut set = json!({"name": "Témoin"});
                set[field] = value.clone();
                edits.push(create("ville", set));
                let mut add = create("ville", json!({field: value}));
                add["kind"] = json!("add");
                edits.push(add);
            }
        }
        let mut odd = create("ville\u{0}", json!({"name": "x"}));
        edits.push(odd.clone());
        odd["territory"] = json!("x".repeat(10_000));
        edits.push(odd.clone());
        odd["territory"] = json!("ville");
        odd["base"] = json!({"\u{0}": [1, 1], "name": [i64::MAX, i64::MIN]});
        edits.push(odd.clone());
        odd["id"] = json!(Uuid::now_v7());
        odd["kind"] = json!("revert");
        odd["reverts"] = json!(i64::MAX);
        edits.push(odd);
        // The same on an actor that is there, and on one that was taken off the map: what is refused or clashes is kept too.
        let there = ana.add("ville", json!({"name": "Là"})).await;
        let gone = ana.add("ville", json!({"name": "Parti"})).await;
        let delete = crate::app::edit("delete", &gone, json!({"base": {"*": gone["version"]}}));
        assert_eq!(app.with_role("moderator").await.edits(&[delete]).await.0, 200);
        for (subject, value) in [(&there, &values[10]), (&there, &values[11]), (&gone, &values[10]), (&gone, &values[11]), (&gone, &values[12])] {
            let set = json!({"summary": "encore", "\u{0}": value, "place/\u{0}/position": value, "name": value, "tags": [value]});
            edits.push(crate::app::edit("set", subject, json!({"set": set})));
        }
        for batch in edits.chunks(100) {
            let (status, body) = ana.edits(batch).await;
            assert!(status.as_u16() < 500, "{status} {body}");
            for (result, edit) in body["results"].as_array().unwrap().iter().zip(batch) {
                let fine = result["result"] == "applied" || result["result"] == "conflict" || result["message"].as_str().is_some_and(|m| !m.is_empty());
                assert!(fine, "{edit}: {result}");
            }
        }
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
        assert!(!list.to_string().contains("\\u0000"));
        for path in ["/api/v1/search?q=%00&territory=ville", "/api/v1/search?q=a&territory=%00", "/api/v1/duplicates?name=a%00b&territory=ville",
            "/api/v1/territories/%00", "/api/v1/territories/ville/actors.geojson?q=%00", "/api/v1/actors/%00", "/%00", "/%ff", "/ville/acteurs/%00",
            "/api/v1/territories/%ff", "/tiles/actors/%ff/0/0/0.mvt", "/api/v1/search?q=%ff", "/tiles/base/%00.geojson", "/assets/%00", "/assets/..%2f..%2fCargo.toml"] {
            let answer = ana.send(Method::GET, path, None, &[]).await;
            assert!(answer.status().as_u16() < 500, "{path}: {}", answer.status());
            let problem = answer.headers()["content-type"] == "application/problem+json" || answer.status() == 200;
            assert!(problem || !(path.starts_with("/api") || path.starts_with("/tiles")), "{path}: {:?}", answer.headers());
        }
    }
}

#[tokio::test]
async fn a_method_that_a_route_does_not_know_gets_a_problem_document() {
    let app = App::start(Backend::Sqlite).await;
    let mut ana = app.person();
    for (method, path) in
        [(Method::GET, "/api/v1/edits"), (Method::POST, "/api/v1/territories"), (Method::DELETE, "/api/v1/me"), (Method::PUT, "/api/v1/form")]
    {
        let answer = ana.send(method.clone(), path, None, &[("accept-language", "en")]).await;
        assert_eq!(answer.status(), 405, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
        assert!(answer.headers().contains_key("allow"));
    }
}

#[tokio::test]
async fn a_page_holds_the_same_elements_whatever_people_write() {
    if !crate::pages::built() {
        return;
    }
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let mut texts: Vec<String> =
        shared("robustness/blns.json").map_or_else(Vec::new, |file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap());
    texts.extend(
        [
            "</script><script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "<!--body-->",
            "<!--head-->",
            "<!--<script>",
            "]]>",
            "' onload='x",
            "{{7*7}}",
            "</title>",
        ]
        .map(str::to_owned),
    );
    let set = |text: &str| {
        let short: String = text.chars().take(100).collect();
        json!({"name": format!("A{short}"), "summary": format!("S{short}"), "description": format!("D{short}").replace(['\n', '\u{2028}', '\u{2029}'], " "), "tags": ["t"],
            "short_name": "court", "website": "https://ruche.example.org/?a=\"'<b>&amp;", "email": "a@example.org", "opening_hours": format!("O{short}"),
            "place/p1/position": at(2.5, 48.5), "place/p1/address": {"street": format!("R{short}"), "city": format!("V{short}"), "postcode": "35000"}})
    };
    let plain = ana.add("ville", set("plain")).await;
    let mut page = async |id: &str| ana.send(Method::GET, &format!("/ville/acteurs/{id}"), None, &[]).await.text().await.unwrap();
    let wanted = elements(&page(plain["id"].as_str().unwrap()).await);
    assert!(wanted.len() > 20);
    let mut accepted = 0;
    let edits: Vec<Value> = texts.iter().map(|t| create("ville", set(t))).collect();
    let mut bob = app.person();
    for batch in edits.chunks(100) {
        let (status, body) = bob.edits(batch).await;
        assert!(status.as_u16() < 500, "{body}");
        for result in body["results"].as_array().unwrap() {
            assert_eq!(result["result"], "applied", "{result}");
            let actor = &result["actor"];
            accepted += 1;
            let html = page(actor["id"].as_str().unwrap()).await;
            assert_eq!(elements(&html), wanted, "{}", actor["fields"]["name"]);
            let data = html.split_once("<script type=\"application/ld+json\">").unwrap().1.split_once("</script>").unwrap().0;
            let data: Value = serde_json::from_str(data).unwrap();
            assert_eq!(data["name"], actor["fields"]["name"]);
            assert!(html.contains(&format!("<h1>{}</h1>", escaped(actor["fields"]["name"].as_str().unwrap()))), "{}", actor["fields"]["name"]);
        }
    }
    assert_eq!(accepted, texts.len());
    // And in the list of all of them.
    let html = bob.send(Method::GET, "/ville", None, &[]).await.text().await.unwrap();
    assert_eq!(elements(&html).iter().filter(|e| *e == "li").count(), accepted + 1);
    assert!(elements(&html).iter().all(|e| e != "img" && e != "svg" && e != "iframe"));
}

on_both! {
    async fn naughty_texts_are_searched_for_and_asked_for_without_a_failure(backend: Backend) {
        let Some(file) = shared("robustness/blns.json") else { return };
        let texts: Vec<String> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        ana.add("ville", json!({"name": "La Ruche"})).await;
        let mut admin = app.with_role("admin").await;
        for text in &texts {
            let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let path = query.replace('+', "%20");
            for address in [
                format!("/api/v1/search?territory=ville&q={query}"),
                format!("/api/v1/duplicates?territory=ville&name={query}"),
                format!("/api/v1/territories/ville/actors.geojson?q={query}&cursor={query}"),
                format!("/api/v1/territories/{path}"),
                format!("/tiles/actors/{path}/0/0/0.mvt?category={query}"),
                format!("/{path}"),
            ] {
                let answer = ana.send(Method::GET, &address, None, &[]).await;
                assert!(answer.status().as_u16() < 500, "{address}: {}", answer.status());
            }
        }
        let slugs: Vec<Value> = texts
            .iter()
            .map(|text| json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": Uuid::now_v7()}, "kind": "create", "set": {"slug": text, "name": "x"}}))
            .collect();
        for batch in slugs.chunks(100) {
            let (status, body) = admin.edits(batch).await;
            assert!(status.as_u16() < 500, "{body}");
            for (result, edit) in body["results"].as_array().unwrap().iter().zip(batch) {
                let message = result["fields"]["slug"]["message"].as_str().or(result["message"].as_str());
                assert!(result["result"] == "applied" || message.is_some_and(|m| !m.is_empty()), "{edit}: {result}");
            }
        }
        // What became an address is one: invisible marks were taken out.
        for territory in admin.get("/api/v1/territories").await.1["territories"].as_array().unwrap() {
            let slug = territory["slug"].as_str().unwrap();
            assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{slug:?} became an address");
        }
    }
}

/// Names of the elements of a page, in order, opening ones only.
pub(crate) fn elements(html: &str) -> Vec<String> {
    let starts = html.split('<').skip(1).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    starts.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
}

/// A text inside an element.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
