//! Every route and method with the answer that it owes: to whom, to which sites, for how long, and how much it reads.
//! A route that is not in the table fails the test.

use crate::app::{App, Backend, FREE, Person, Place, at};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::collections::BTreeSet;

/// What a browser and the caches on the way may keep.
const NEVER: &str = "no-store";
const ASKING: &str = "no-cache";
/// Five minutes: lists that change with a release.
const A_WHILE: &str = "public, max-age=300";

/// One route and method.
struct Row {
    method: &'static str,
    path: &'static str,
    /// How the test asks: the path's names are replaced, the rest is added.
    more: &'static str,
    /// Pages of other sites may read it.
    open: bool,
    cache: &'static str,
    /// Answers to a visitor, a contributor, a moderator and an admin.
    answers: [u16; 4],
}

const fn all(status: u16) -> [u16; 4] {
    [status; 4]
}

const fn row(method: &'static str, path: &'static str, more: &'static str, open: bool, cache: &'static str, answers: [u16; 4]) -> Row {
    Row { method, path, more, open, cache, answers }
}

/// Open data: any site, no cookie read.
const fn data(path: &'static str, more: &'static str, cache: &'static str, status: u16) -> Row {
    row("get", path, more, true, cache, all(status))
}

/// What only our own pages read.
const fn own(method: &'static str, path: &'static str, more: &'static str, answers: [u16; 4]) -> Row {
    row(method, path, more, false, NEVER, answers)
}

const fn page(path: &'static str) -> Row {
    row("get", path, "", false, ASKING, all(200))
}

/// For moderators: 401 for nobody known, 403 for others.
const fn team(status: u16) -> [u16; 4] {
    [401, 403, status, status]
}

const fn admins(status: u16) -> [u16; 4] {
    [401, 403, 403, status]
}

/// The body of each POST comes after a space.
const TABLE: &[Row] = &[
    data("/api/v1/territories", "", NEVER, 200),
    data("/api/v1/territories/{slug}", "", NEVER, 200),
    data("/api/v1/territories/{slug}/actors.geojson", "", ASKING, 200),
    data("/api/v1/territories/{slug}/counts", "", NEVER, 200),
    data("/api/v1/territories/{slug}/pack", "", ASKING, 200),
    data("/api/v1/territories/{slug}/statistics", "", ASKING, 200),
    data("/api/v1/territories/{slug}/statistics/{file}", "", ASKING, 200),
    data("/api/v1/territories/{slug}/relations", "", ASKING, 200),
    data("/api/v1/territories/{slug}/relations.svg", "", ASKING, 200),
    data("/api/v1/taxonomy", "", A_WHILE, 200),
    data("/api/v1/fields", "", A_WHILE, 200),
    data("/api/v1/actors/{id}", "", NEVER, 200),
    data("/api/v1/search", "?q=ruche", NEVER, 200),
    data("/api/v1/nearby", "?lon=2.5&lat=48.5", NEVER, 200),
    data("/api/v1/geocode/search", "?q=rue", ASKING, 200),
    data("/api/v1/geocode/reverse", "?lon=2.5&lat=48.5", ASKING, 200),
    data("/api/v1/changes", "?after=0&territory=ville", ASKING, 200),
    data("/api/v1/territories/{slug}/figures", "", NEVER, 200),
    data("/api/v1/figures/{id}", "", NEVER, 200),
    data("/api/v1/figures/{id}/since", "", NEVER, 200),
    data("/f/{id}", ".json", ASKING, 200),
    data("/embed.js", "", A_WHILE, 200),
    data("/api/v1/openapi.json", "", NEVER, 200),
    data("/tiles/actors/{slug}/{z}/{x}/{y}", "", ASKING, 200),
    data("/tiles/actors/{slug}", ".json", NEVER, 200),
    data("/tiles/base/{archive}/{z}/{x}/{y}", "", NEVER, 404),
    data("/tiles/base/{archive}", ".json", NEVER, 404),
    row("get", "/tiles/raster/{slug}/{z}/{x}/{y}", "", true, A_WHILE, all(200)),
    data("/api/v1/territories/{slug}/map.svg", "", ASKING, 200),
    data("/api/v1/territories/{slug}/map.png", "", ASKING, 200),
    data("/api/v1/territories/{slug}/map.pdf", "", ASKING, 200),
    data("/og/{file}", "", ASKING, 200),
    data("/og/{slug}/{file}", "", ASKING, 200),
    own("post", "/api/v1/edits", " {\"edits\":[]}", all(400)),
    own("get", "/api/v1/form", "", all(200)),
    own("get", "/api/v1/actors/{id}/history", "", all(200)),
    own("get", "/api/v1/territories/{slug}/history", "", all(200)),
    own("get", "/api/v1/duplicates", "?name=ruche&territory=ville", all(200)),
    own("get", "/api/v1/site", "", all(200)),
    own("get", "/api/v1/me", "", all(200)),
    own("get", "/api/v1/me/contributions", "", all(200)),
    own("post", "/api/v1/me/recovery", " {}", [409, 200, 200, 200]),
    own("post", "/api/v1/me/recover", " {}", all(400)),
    own("post", "/api/v1/invitations", " {}", all(400)),
    own("get", "/api/v1/imports/{id}", "", team(404)),
    own("get", "/api/v1/imports/{id}/items", "", team(404)),
    own("post", "/api/v1/imports/{id}/apply", " {}", admins(404)),
    own("post", "/api/v1/imports/{id}/undo", " {}", admins(404)),
    own("post", "/api/v1/imports/{id}/discard", " {}", admins(404)),
    own("get", "/api/v1/territories/{slug}/imports", "", team(200)),
    own("post", "/api/v1/territories/{slug}/imports", "?name=x.txt {}", admins(400)),
    own("get", "/api/v1/territories/{slug}/moderation", "", team(200)),
    own("post", "/api/v1/moderation/{id}", " {\"decision\":\"here\"}", [401, 404, 404, 404]),
    own("get", "/api/v1/territories/{slug}/seances", "", all(200)),
    own("post", "/api/v1/seances/join", " {}", all(400)),
    own("get", "/api/v1/seances/{id}", "", all(200)),
    own("get", "/api/v1/seances/{id}/door", "", team(200)),
    own("post", "/api/v1/seances/{id}/door", " {\"action\":\"renew\"}", team(200)),
    own("get", "/api/v1/seances/{id}/participants", "", team(200)),
    own("post", "/api/v1/seances/{id}/participants/{participant}/revoke", " {}", team(404)),
    own("get", "/api/v1/seances/{id}/progress", "", all(200)),
    own("get", "/api/v1/seances/{id}/cells", "", all(200)),
    own("get", "/api/v1/seances/{id}/cells/next", "?lon=2.5&lat=48.5", all(200)),
    own("get", "/api/v1/seances/{id}/minutes", "", team(200)),
    own("get", "/api/v1/seances/{id}/minutes.csv", "", team(200)),
    own("get", "/api/v1/seances/{id}/edits", "", team(200)),
    own("post", "/api/v1/seances/{id}/undo", " {\"whole\":true,\"preview\":true}", team(200)),
    own("post", "/api/v1/figures/{id}/freeze", " {}", team(200)),
    own("get", "/api/v1/territories/{slug}/reports", "", all(200)),
    own("get", "/api/v1/territories/{slug}/devices", "", all(200)),
    own("get", "/api/v1/reports/{id}", "", all(200)),
    own("post", "/api/v1/territories/{slug}/erasures", " {\"actor\":\"00000000-0000-0000-0000-000000000000\"}", team(404)),
    own("post", "/api/v1/reports/{id}/picture", " {}", team(415)),
    own("post", "/api/v1/reports/{id}/remake", " {}", team(200)),
    own("post", "/api/v1/reports/{id}/freeze", " {}", team(200)),
    page("/r/{file}"),
    own("get", "/{slug}/rapports", "", all(200)),
    own("get", "/{slug}/rapports/{id}", "", all(200)),
    // From here on the visitor is somebody.
    own("post", "/api/v1/figures/{id}/remake", " {}", all(200)),
    // Without the headers of a WebSocket; tests/live*.rs open it.
    own("get", "/api/v1/live", "", all(426)),
    own("get", "/api/{*rest}", "", all(404)),
    page("/"),
    page("/mentions-legales"),
    page("/donnees-personnelles"),
    page("/accessibilite"),
    page("/invitation"),
    page("/embed/{slug}"),
    page("/{slug}"),
    page("/{slug}/acteurs/{id}"),
    page("/{slug}/carte"),
    page("/{slug}/historique"),
    page("/{slug}/mes-contributions"),
    page("/{slug}/imports"),
    page("/{slug}/moderation"),
    page("/{slug}/figures"),
    page("/{slug}/seances"),
    page("/{slug}/statistiques"),
    own("get", "/{slug}/seances/{id}", "", all(200)),
    page("/{slug}/seances/{id}/ecran"),
    page("/s"),
    page("/s/{id}"),
    own("get", "/assets/{*path}", "", all(404)),
    row("get", "/bouillon.svg", "", false, "public, max-age=86400", all(200)),
    row("get", "/sw.js", "", false, ASKING, all(200)),
    own("get", "/healthz", "", all(200)),
    own("get", "/readyz", "", all(200)),
];

/// Routes that do not look at their body.
const READS_NO_JSON: [&str; 8] = [
    "/api/v1/me/recovery",
    "/api/v1/imports/{id}/apply",
    "/api/v1/imports/{id}/undo",
    "/api/v1/imports/{id}/discard",
    "/api/v1/figures/{id}/freeze",
    "/api/v1/figures/{id}/remake",
    "/api/v1/reports/{id}/freeze",
    "/api/v1/reports/{id}/remake",
];

/// Method and path of every route that the router's source names.
fn routed() -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for line in include_str!("../src/http/mod.rs").lines() {
        let Some((path, handlers)) = line.trim().strip_prefix(".route(\"").and_then(|l| l.split_once("\", ")) else { continue };
        for method in ["get", "post", "put", "patch", "delete", "any"] {
            if handlers.starts_with(&format!("{method}(")) || handlers.contains(&format!(".{method}(")) {
                all.insert((method.to_owned(), path.to_owned()));
            }
        }
    }
    // The metrics have a port of their own.
    all.remove(&("get".to_owned(), "/metrics".to_owned()));
    assert!(all.len() > 50, "{}", all.len());
    all
}

impl Row {
    fn address(&self, ids: &Ids) -> String {
        let (query, _) = self.more.split_once(' ').unwrap_or((self.more, ""));
        let path = self
            .path
            .replace("/og/{file}", "/og/ville.png")
            .replace("/og/{slug}/{file}", &format!("/og/ville/{}.png", ids.actor))
            .replace("{slug}", "ville")
            .replace("{archive}", "ville")
            .replace("{participant}", &ids.actor);
        let known =
            [("/seances/", &ids.seance), ("/figures/", &ids.figure), ("/f/", &ids.figure), ("/reports/", &ids.report), ("/rapports/", &ids.report)];
        let id = known.iter().find(|(part, _)| path.contains(part)).map_or(&ids.actor, |(_, id)| id);
        let file = if path.starts_with("/r/") { format!("{}.html", ids.report) } else { "stock.csv".to_owned() };
        let path = path.replace("{id}", id).replace("{file}", &file);
        format!(
            "{}{query}",
            path.replace("{z}/{x}/{y}", if path.starts_with("/tiles/raster/") { "8/129/88.png" } else { "8/129/88.mvt" })
                .replace("{*rest}", "v1/rien")
                .replace("{*path}", "x.js")
        )
    }

    fn body(&self) -> Option<String> {
        self.more.split_once(' ').map(|(_, body)| body.to_owned())
    }
}

#[test]
fn the_table_names_every_route_and_nothing_else() {
    let known: BTreeSet<_> = TABLE.iter().map(|r| (r.method.to_owned(), r.path.to_owned())).collect();
    let routed = routed();
    let (new, gone) = (routed.difference(&known).collect::<Vec<_>>(), known.difference(&routed).collect::<Vec<_>>());
    assert!(new.is_empty() && gone.is_empty(), "not in the table: {new:?}; only in the table: {gone:?}");
}

/// What the addresses name.
struct Ids {
    actor: String,
    seance: String,
    figure: String,
    report: String,
}

async fn town(backend: Backend) -> (App, Ids, Vec<Person>) {
    let app = App::start_watched(Place::new(backend).await, FREE, &[]);
    app.territory("ville", 2.0, 48.0).await;
    let mut contributor = app.person();
    let made = contributor.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
    let mut people = vec![app.person(), contributor, app.with_role("moderator").await, app.with_role("admin").await];
    let seance = crate::seances::open(&mut people[2], "ville", json!({})).await.to_string();
    let report = crate::reports::published(&mut people[2], "ville").await;
    let figure = crate::figures::figure(&mut people[2], json!({"status": "published"})).await;
    (app, Ids { actor: made["id"].as_str().unwrap().to_owned(), seance, figure, report }, people)
}

on_both! {
    async fn every_route_answers_each_role_each_site_and_each_cache_as_the_table_says(backend: Backend) {
        let (app, ids, mut people) = town(backend).await;
        let mut wrong = Vec::new();
        for row in TABLE {
            let (path, method) = (row.address(&ids), row.method.to_uppercase().parse::<Method>().unwrap());
            for (person, wanted) in people.iter_mut().zip(row.answers) {
                let answer = person.send(method.clone(), &path, row.body(), &[]).await;
                let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
                let header = |name: &str| headers.get(name).map_or("", |v| v.to_str().unwrap());
                let said = answer.text().await.unwrap();
                let problem = status >= 400 && !path.starts_with("/ville");
                let told = (status, header("cache-control"), header("access-control-allow-origin"), header("content-type") == "application/problem+json");
                let owed = (wanted, row.cache, if row.open { "*" } else { "" }, problem);
                // What is open to all makes nobody known; what differs from person to person is not kept by what stands between.
                let private = header("access-control-allow-credentials").is_empty() && (!row.open || header("set-cookie").is_empty());
                let shared = row.open || !row.cache.contains("public") || path.ends_with(".svg");
                if told != owed || !private || !shared {
                    wrong.push(format!("{method} {path}: {told:?} instead of {owed:?}: {said:.200}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        app.unhurt();
    }
}

#[tokio::test]
async fn other_sites_and_other_methods_get_what_each_route_allows() {
    let (app, ids, mut people) = town(Backend::Sqlite).await;
    let ana = &mut people[1];
    let foreign = ("origin", "https://ailleurs.example.org");
    for row in TABLE {
        let path = row.address(&ids);
        let preflight = ana.send(Method::OPTIONS, &path, None, &[foreign, ("access-control-request-method", "POST")]).await;
        let allowed = preflight.headers().get("access-control-allow-methods").map_or("", |v| v.to_str().unwrap()).to_owned();
        assert_eq!(allowed, if row.open { "GET,HEAD" } else { "" }, "OPTIONS {path}");
        let (get, post) = (row.method == "get", TABLE.iter().any(|r| r.path == row.path && r.method == "post"));
        if get {
            let answer = ana.send(Method::HEAD, &path, None, &[foreign]).await;
            let usual = ana.send(Method::GET, &path, None, &[foreign]).await;
            assert_eq!(answer.status(), usual.status(), "HEAD {path}");
            assert_eq!(usual.headers().contains_key("access-control-allow-origin"), row.open, "GET {path} from another site");
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = ana.send(method.clone(), &path, Some("{}".into()), &[foreign]).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path} from another site");
            if method == Method::POST && post {
                continue;
            }
            let answer = ana.send(method.clone(), &path, Some("{}".into()), &[]).await;
            let nothing = row.path == "/api/{*rest}";
            assert_eq!(answer.status(), if nothing { StatusCode::NOT_FOUND } else { StatusCode::METHOD_NOT_ALLOWED }, "{method} {path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
            assert_eq!(answer.headers()["cache-control"], NEVER, "{method} {path}");
        }
    }
    app.unhurt();
}

#[tokio::test]
async fn every_route_that_reads_a_body_reads_so_much_of_it() {
    let (app, ids, mut people) = town(Backend::Sqlite).await;
    let ana = &mut people[1];
    let files = ["/api/v1/territories/{slug}/imports", "/api/v1/reports/{id}/picture"];
    for row in TABLE.iter().filter(|r| r.method == "post" && !files.contains(&r.path)) {
        let path = row.address(&ids);
        for (length, too_long) in [(512 * 1024 - 200, false), (512 * 1024 + 1, true), (3 << 20, true)] {
            let answer = ana.send(Method::POST, &path, Some(format!("\"{}\"", "a".repeat(length))), &[("accept-language", "en")]).await;
            assert_eq!(answer.status() == StatusCode::PAYLOAD_TOO_LARGE, too_long, "{path} {length}: {}", answer.status());
        }
        if READS_NO_JSON.contains(&row.path) {
            continue;
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let asked = ana.http.post(format!("{}{path}", app.url)).header("content-type", kind).body("{}");
            let status = asked.send().await.unwrap().status();
            assert!(matches!(status.as_u16(), 400 | 401 | 403 | 415), "{path} as {kind}, which a form of another site can send: {status}");
        }
    }
    app.unhurt();
}
