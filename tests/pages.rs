//! The pages as a browser without JavaScript, a search engine and a curious administrator see them.

use crate::app::{App, Backend, Person, at, create, edit};
use crate::security::{elements, escaped};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Whether the web app was built. Its pages can't be looked at without it: CI builds it first.
pub(crate) fn built() -> bool {
    let built = dist().join("index.html").exists();
    assert!(built || std::env::var_os("CI").is_none(), "CI needs web/dist: npm --prefix web run build");
    if !built {
        eprintln!("not run: web/dist is missing");
    }
    built
}

fn dist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist")
}

async fn page(who: &mut Person, path: &str) -> (u16, String) {
    let answer = who.send(Method::GET, path, None, &[]).await;
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8", "{path}");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// What stands between two words.
fn between<'a>(html: &'a str, before: &str, after: &str) -> &'a str {
    html.split_once(before).unwrap_or_else(|| panic!("no {before} in {html}")).1.split_once(after).unwrap().0
}

fn json_ld(html: &str) -> Value {
    serde_json::from_str(between(html, "<script type=\"application/ld+json\">", "</script>")).unwrap()
}

async fn town(backend: Backend) -> (App, Person, Value) {
    let app = App::start(backend).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let ruche = ana
        .add(
            "ville",
            json!({"name": "L’Été & <la> \"Ruche\"", "kind": "association", "summary": "Du miel, pour tous & partout", "description": "Un rucher.\n\nEt des ateliers.",
                "primary_category": "ALI.shared_garden", "opening_hours": "Mo-Fr 09:00-18:00", "phone": "01 99 00 12 34", "email": "ruche@example.org",
                "website": "https://ruche.example.org/?a=1&b=2", "short_name": "Ruche", "place/p1/position": at(2.5, 48.5),
                "place/p1/address": {"housenumber": "3", "street": "rue du Port", "postcode": "35600", "city": "Ville"}}),
        )
        .await;
    (app, ana, ruche)
}

on_both! {
    async fn the_page_of_an_actor_says_everything_without_javascript(backend: Backend) {
        if !built() {
            return;
        }
        let (_app, mut ana, ruche) = town(backend).await;
        let path = ruche["url"].as_str().unwrap();
        assert_eq!(path, format!("/ville/acteurs/{}", ruche["id"].as_str().unwrap()));
        let (status, html) = page(&mut ana, path).await;
        assert_eq!(status, 200);
        let name = escaped("L’Été & <la> \"Ruche\"");
        assert!(html.starts_with("<!doctype html>") && html.contains("<html lang=\"fr\">"));
        assert_eq!(between(&html, "<title>", "</title>"), format!("{name} · ville"));
        assert_eq!(between(&html, "<meta name=\"description\" content=\"", "\">"), "Du miel, pour tous &amp; partout");
        let body = between(&html, "<article>", "</article>");
        let parts = [format!("<h1>{name}</h1>"), "Du miel, pour tous &amp; partout".into(), "Un rucher.".into(), "Et des ateliers.".into(), "jardin partagé".into(),
            "Mo-Fr 09:00-18:00".into(), "01 99 00 12 34".into(), "ruche@example.org".into(), "3 rue du Port, 35600 Ville".into(),
            "<a href=\"https://ruche.example.org/?a=1&amp;b=2\" rel=\"ugc nofollow noopener\">".into(), "href=\"/ville/carte\"".into()];
        for part in parts {
            assert!(body.contains(&part), "{part} is not in {body}");
        }
        let data = json_ld(&html);
        for (key, value) in [("@context", "https://schema.org"), ("@type", "NGO"), ("name", "L’Été & <la> \"Ruche\""), ("telephone", "01 99 00 12 34"),
            ("url", "https://ruche.example.org/?a=1&b=2"), ("description", "Du miel, pour tous & partout")] {
            assert_eq!(data[key], value, "{key}");
        }
        assert_eq!(data["address"]["addressLocality"], "Ville");
        assert_eq!(data["location"]["geo"]["latitude"], 48.5);

        // In English on demand, by the address or by the browser's language.
        for (query, headers) in [("?lang=en", &[][..]), ("", &[("accept-language", "en-GB,en;q=0.9,fr;q=0.5")])] {
            let answer = ana.send(Method::GET, &format!("{path}{query}"), None, headers).await;
            assert_eq!(answer.headers()["vary"].to_str().unwrap().to_lowercase().matches("accept-language").count(), 1);
            let html = answer.text().await.unwrap();
            assert!(html.contains("<html lang=\"en\">") && html.contains("community garden") && html.contains("Opening hours"), "{html}");
        }
        // An edit shows at once.
        ana.set(&ruche, json!({"summary": "Plus de miel"})).await;
        assert!(page(&mut ana, path).await.1.contains("<p>Plus de miel</p>"));
    }
}

on_both! {
    async fn what_is_not_there_or_no_more_has_a_page_that_says_so(backend: Backend) {
        if !built() {
            return;
        }
        let (app, mut ana, ruche) = town(backend).await;
        let nobody = "01a00000-0000-7000-8000-000000000000";
        for path in ["/nulle-part", "/nulle-part/carte", "/ville/nulle-part", "/a/b/c/d", "/embed/nulle-part", "/ville/acteurs/rien", "/favicon.ico.php",
            &format!("/ville/acteurs/{nobody}"), &format!("/nulle-part/acteurs/{}", ruche["id"].as_str().unwrap())] {
            let (status, html) = page(&mut ana, path).await;
            assert_eq!(status, 404, "{path}");
            assert!(html.contains("<h1>Il n’y a rien à cette adresse.</h1>") && html.contains("href=\"/\""), "{path}");
        }
        let delete = edit("delete", &ruche, json!({"base": {"*": ruche["version"]}}));
        assert_eq!(app.with_role("moderator").await.edits(&[delete]).await.0, 200);
        let (status, html) = page(&mut ana, ruche["url"].as_str().unwrap()).await;
        assert_eq!(status, 410);
        assert!(html.contains("<h1>Cet acteur a été retiré de la carte.</h1>") && !html.contains("Ruche"), "{html}");
        assert!(!page(&mut ana, "/ville").await.1.contains("Ruche"));
    }
}

#[tokio::test]
async fn the_pages_of_a_territory_name_it_and_lead_to_every_actor() {
    if !built() {
        return;
    }
    let (app, mut ana, ruche) = town(Backend::Sqlite).await;
    let many: Vec<Value> = (0..80).map(|i| create("ville", json!({"name": format!("Acteur {i}")}))).collect();
    assert_eq!(ana.edits(&many).await.0, 200);
    let (_, html) = page(&mut ana, "/embed/ville").await;
    assert!(html.contains("81 acteurs") && html.matches("<a href=\"/ville/acteurs/").count() == 81, "{html}");
    for path in ["/ville", "/ville/carte", "/ville/historique", "/ville/mes-contributions"] {
        let (status, html) = page(&mut ana, path).await;
        assert_eq!(status, 200, "{path}");
        assert!(between(&html, "<title>", "</title>").starts_with("ville · "), "{path}");
        assert!(html.contains("81 acteurs citoyens"), "{path}");
        assert_eq!(html.matches("<a href=\"/ville/acteurs/").count(), 81, "{path}");
        assert!(html.contains(&format!("href=\"{}\"", ruche["url"].as_str().unwrap())), "{path}");
    }
    let (_, html) = page(&mut ana, "/").await;
    assert!(html.contains("<a href=\"/ville\">ville</a>") && html.contains("81 acteurs"), "{html}");
    for path in ["/mentions-legales", "/donnees-personnelles", "/accessibilite", "/invitation"] {
        assert_eq!(page(&mut ana, path).await.0, 200, "{path}");
    }
    let empty = App::start(Backend::Sqlite).await;
    let (_, html) = page(&mut empty.person(), "/").await;
    assert!(html.contains("bouillon import osm"), "an empty installation explains itself: {html}");
    drop(app);
}

#[tokio::test]
async fn no_page_and_no_file_of_the_app_loads_anything_from_elsewhere() {
    if !built() {
        return;
    }
    let (_app, mut ana, ruche) = town(Backend::Sqlite).await;
    let mut texts = Vec::new();
    for path in ["/", "/ville", "/ville/carte", "/embed/ville", "/mentions-legales", "/nulle-part", ruche["url"].as_str().unwrap()] {
        let (_, html) = page(&mut ana, path).await;
        for attribute in ["src=\"", "srcset=\"", "action=\"", "data=\""] {
            for value in html.split(attribute).skip(1) {
                assert!(value.starts_with('/') && !value.starts_with("//"), "{path}: {attribute}{}", &value[..value.len().min(80)]);
            }
        }
        for link in html.split("<link ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let href = between(link, "href=\"", "\"");
            assert!(href.starts_with('/') && !href.starts_with("//"), "{path}: {link}");
        }
        // Scripts come from files: none is written into the page, and no element carries a style or a handler.
        for script in html.split("<script").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            assert!(script.contains("src=\"/assets/") || script.contains("application/ld+json"), "{path}: {script}");
        }
        assert!(!html.contains(" style=\"") && !html.contains("<style") && !html.contains(" onclick="), "{path}");
        assert!(elements(&html).iter().all(|e| e != "iframe" && e != "object" && e != "embed" && e != "base"), "{path}");
        texts.push((path.to_owned(), html));
    }
    for entry in std::fs::read_dir(dist().join("assets")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "js" || e == "mjs" || e == "css") {
            texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    // Links that a person follows, words in messages for developers, names of XML namespaces.
    let fine = [
        "www.w3.org",
        "schema.org",
        "www.openstreetmap.org",
        "wiki.openstreetmap.org",
        "svelte.dev",
        "maplibre.org",
        "maplibre.invalid",
        "probe.invalid",
        "creativecommons.org",
        "github.com",
        "leafletjs.com",
        // The server's own address, in the picture that a shared link shows.
        "127.0.0.1",
    ];
    for (path, text) in &texts {
        for host in text
            .split("http://")
            .skip(1)
            .chain(text.split("https://").skip(1))
            .map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))).next().unwrap())
        {
            let known = !host.contains('.') || fine.contains(&host) || host.ends_with(".example.org");
            assert!(known, "{path} names {host}");
        }
    }
    let css: Vec<&(String, String)> = texts.iter().filter(|(path, _)| path.ends_with(".css")).collect();
    assert!(!css.is_empty());
    for (path, text) in css {
        for url in text.split("url(").skip(1) {
            let url = url.trim_start_matches(['"', '\'']);
            assert!(url.starts_with('/') || url.starts_with("data:") || url.starts_with("./") || url.starts_with('#'), "{path}: {}", &url[..60]);
        }
        assert!(!text.contains("@import"), "{path}");
    }
}

#[tokio::test]
async fn the_files_of_the_app_are_kept_for_ever_and_travel_packed() {
    if !built() {
        return;
    }
    let app = App::start(Backend::Sqlite).await;
    let mut ana = app.person();
    ana.http = reqwest::Client::builder().no_gzip().build().unwrap();
    let (_, html) = page(&mut ana, "/").await;
    let script = format!("/assets/{}", between(&html, "src=\"/assets/", "\""));
    let plain = ana.send(Method::GET, &script, None, &[("accept-encoding", "identity")]).await;
    assert_eq!(plain.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(plain.headers()["content-type"], "text/javascript; charset=utf-8");
    let etag = plain.headers()["etag"].to_str().unwrap().to_owned();
    let plain = plain.bytes().await.unwrap();
    assert_eq!(plain, std::fs::read(dist().join(&script[1..])).unwrap());
    let packed = ana.send(Method::GET, &script, None, &[("accept-encoding", "gzip, deflate, br")]).await;
    assert_eq!(packed.headers()["content-encoding"], "br");
    assert!(packed.headers()["vary"].to_str().unwrap().contains("accept-encoding"));
    let packed = packed.bytes().await.unwrap();
    assert!(packed.len() < plain.len() && packed == std::fs::read(dist().join(format!("{}.br", &script[1..]))).unwrap());
    assert_eq!(ana.send(Method::GET, &script, None, &[("if-none-match", &etag)]).await.status(), 304);
    // The page itself is asked for again each time: it names the files of the newest build.
    assert_eq!(ana.send(Method::GET, "/", None, &[]).await.headers()["cache-control"], "no-cache");
    assert_eq!(ana.send(Method::GET, "/bouillon.svg", None, &[]).await.headers()["content-type"], "image/svg+xml");
    for path in
        ["/assets/nothing.js", "/assets/../index.html", "/assets/%2e%2e/index.html", "/assets/..%2f..%2f..%2fCargo.toml", "/assets/%2fetc%2fpasswd"]
    {
        assert_eq!(ana.send(Method::GET, path, None, &[]).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn without_the_app_the_server_names_the_command_that_builds_it() {
    if dist().join("index.html").exists() {
        return;
    }
    let app = App::start(Backend::Sqlite).await;
    let (status, html) = page(&mut app.person(), "/").await;
    assert_eq!(status, 200);
    assert!(html.contains("make run") && html.contains("npm --prefix web"), "{html}");
}
