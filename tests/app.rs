//! A real server in a temporary folder on a free port, and people who talk to it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// The binary under test.
pub(crate) const BOUILLON: &str = env!("CARGO_BIN_EXE_bouillon");

/// A test body that runs on SQLite and on PostGIS.
macro_rules! on_both {
    ($(#[$attr:meta])* async fn $name:ident($backend:ident: Backend) $body:block) => {
        mod $name {
            use super::*;

            async fn body($backend: $crate::app::Backend) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                body($crate::app::Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgis() {
                body($crate::app::Backend::Postgis).await;
            }
        }
    };
}

/// Where the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// A file in the data folder.
    Sqlite,
    /// A database of its own in the throw-away cluster.
    Postgis,
}

/// A temporary folder and a database, both removed at the end.
pub(crate) struct Place {
    pub(crate) data: PathBuf,
    pub(crate) database: Option<String>,
}

impl Place {
    pub(crate) async fn new(backend: Backend) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bouillon-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let data = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&data).unwrap();
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgis => Some(make_database(&name.replace('-', "_")).await),
        };
        Self { data, database }
    }

    /// A command on this data folder and database.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BOUILLON);
        command.args(args).arg("--data").arg(&self.data);
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        command.env("BOUILLON_LOG", std::env::var("BOUILLON_LOG").unwrap_or_else(|_| "warn".into()));
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

async fn make_database(name: &str) -> String {
    let base =
        std::env::var("BOUILLON_TEST_POSTGIS").expect("PostGIS tests need BOUILLON_TEST_POSTGIS: run `make test`, which starts a throw-away cluster");
    let mut connection = sqlx::PgConnection::connect(&base.replace("/bouillon?", "/postgres?")).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name} template bouillon"))).execute(&mut connection).await.unwrap();
    base.replace("/bouillon?", &format!("/{name}?"))
}

/// A running server.
pub(crate) struct App {
    pub(crate) place: Place,
    pub(crate) url: String,
    child: Child,
}

/// Limits that tests do not run into, unless they test them.
pub(crate) const FREE: &[&str] = &[
    "--listen",
    "127.0.0.1:0",
    "--creations-per-hour=1000000",
    "--edits-per-hour=1000000",
    "--address-creations-per-hour=1000000",
    "--address-edits-per-hour=1000000",
    "--min-fill-seconds=0",
];

impl App {
    /// Starts a server with free limits.
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_at(Place::new(backend).await, FREE, &[])
    }

    /// Starts a server on a place, with arguments and environment.
    pub(crate) fn start_at(place: Place, args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::spawn(place, args, env, Stdio::inherit())
    }

    fn spawn(place: Place, args: &[&str], env: &[(&str, &str)], log: Stdio) -> Self {
        let mut command = place.command(&["serve"]);
        let mut child = command.args(args).envs(env.iter().copied()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap_or("").to_owned();
        let app = Self { place, url, child };
        let log = || std::fs::read_to_string(app.place.data.join("server.log")).unwrap_or_default();
        assert!(app.url.starts_with("http"), "the server did not start: {line:?} {}", log());
        app
    }

    /// The same, with its log in a file that [`App::log`] reads.
    pub(crate) fn start_watched(place: Place, args: &[&str], env: &[(&str, &str)]) -> Self {
        let log = std::fs::File::create(place.data.join("server.log")).unwrap();
        Self::spawn(place, args, env, log.into())
    }

    /// What a watched server has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.place.data.join("server.log")).unwrap()
    }

    /// No promise was broken by what came before: nothing panicked, nothing failed inside, the journal has no gap, and the atlas kept live
    /// equals the atlas rebuilt. Gives what `check` says of the journal.
    pub(crate) fn unhurt(&self) -> String {
        let log = self.log();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
        let out = self.place.run(&["check"]);
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success() && said.contains("ok    atlas kept live"), "{said}");
        said.lines().find(|l| l.starts_with("ok    journal")).unwrap().to_owned()
    }

    /// Starts a server that people reach at another address, through a proxy; `url` leads straight to it.
    pub(crate) fn start_behind(place: Place, base_url: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let limits = FREE.iter().copied().filter(|a| a.contains('='));
        let args: Vec<&str> = limits.chain(["--listen", &listen, "--base-url", base_url]).collect();
        let mut app = Self::start_at(place, &args, &[]);
        assert_eq!(app.url, base_url, "it prints the address that people type");
        app.url = format!("http://{listen}");
        app
    }

    /// Ends the server as a power cut would, and gives its place back.
    pub(crate) fn kill(mut self) -> Place {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.take_place()
    }

    /// Asks the server to stop, waits for it, and gives its place back.
    pub(crate) fn stop(mut self) -> Place {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap();
        self.take_place()
    }

    /// Waits for a server that ends by itself, up to 20 s; its status and its place, none when it goes on.
    pub(crate) fn ended(mut self) -> Option<(Option<i32>, Place)> {
        for _ in 0..200 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some((status.code(), self.take_place()));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        None
    }

    fn take_place(&mut self) -> Place {
        let empty = Place { data: PathBuf::from("/nonexistent-bouillon"), database: None };
        std::mem::replace(&mut self.place, empty)
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Somebody with a browser of their own.
    pub(crate) fn person(&self) -> Person {
        Person { http: reqwest::Client::new(), url: self.url.clone(), cookie: None }
    }

    /// Somebody with a role everywhere, who came by an invitation.
    pub(crate) async fn with_role(&self, role: &str) -> Person {
        let out = self.place.run(&["admin", "invite", "--role", role]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let link = String::from_utf8(out.stdout).unwrap();
        let token = link.trim().split_once('#').unwrap().1.to_owned();
        let mut person = self.person();
        let (status, _) = person.post("/api/v1/invitations", &json!({"token": token})).await;
        assert_eq!(status, 200);
        person
    }

    /// A square territory of one degree with its south-west corner at a point.
    pub(crate) async fn territory(&self, slug: &str, west: f64, south: f64) -> Uuid {
        let mut admin = self.with_role("admin").await;
        let (e, n) = (west + 1.0, south + 1.0);
        let ring = json!([[west, south], [e, south], [e, n], [west, n], [west, south]]);
        let id = Uuid::now_v7();
        let fields = json!({"slug": slug, "name": slug, "kind": "commune", "boundary": {"type": "Polygon", "coordinates": [ring]}});
        let edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": id}, "kind": "create", "set": fields});
        let (status, body) = admin.edits(&[edit]).await;
        assert_eq!(status, 200, "{body}");
        id
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody with a browser: keeps the cookie.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) cookie: Option<String>,
}

impl Person {
    /// Sends a request with the cookie; remembers a new one.
    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).timeout(Duration::from_secs(30));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.unwrap();
        if let Some(cookie) = response.headers().get("set-cookie") {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        response
    }

    /// GET, as status and JSON.
    pub(crate) async fn get(&mut self, path: &str) -> (StatusCode, Value) {
        let response = self.send(Method::GET, path, None, &[]).await;
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    /// POST of JSON, as status and JSON.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> (StatusCode, Value) {
        let response = self.send(Method::POST, path, Some(body.to_string()), &[]).await;
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    /// Sends edits, with a form token as the web app does.
    pub(crate) async fn edits(&mut self, edits: &[Value]) -> (StatusCode, Value) {
        let (_, form) = self.get("/api/v1/form").await;
        self.post("/api/v1/edits", &json!({"edits": edits, "form": {"token": form["token"], "trap": ""}})).await
    }

    /// Adds an actor and gives its JSON.
    pub(crate) async fn add(&mut self, territory: &str, set: Value) -> Value {
        let (status, body) = self.edits(&[create(territory, set)]).await;
        assert_eq!(status, 200, "{body}");
        body["results"][0]["actor"].clone()
    }

    /// Sets fields of an actor as it was seen.
    pub(crate) async fn set(&mut self, seen: &Value, set: Value) -> (StatusCode, Value) {
        self.edits(&[set_edit(seen, set)]).await
    }

    /// An actor as it is now.
    pub(crate) async fn actor(&mut self, id: &str) -> Value {
        let (status, body) = self.get(&format!("/api/v1/actors/{id}")).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

/// An edit that makes an actor.
pub(crate) fn create(territory: &str, set: Value) -> Value {
    json!({"id": Uuid::now_v7(), "subject": {"kind": "actor", "id": Uuid::now_v7()}, "kind": "create", "territory": territory, "set": set})
}

/// An edit that sets fields, based on the versions that were seen.
pub(crate) fn set_edit(seen: &Value, set: Value) -> Value {
    let base: Value =
        set.as_object().unwrap().keys().filter(|f| !seen["versions"][f].is_null()).map(|f| (f.clone(), seen["versions"][f].clone())).collect();
    json!({"id": Uuid::now_v7(), "subject": {"kind": "actor", "id": seen["id"]}, "kind": "set", "set": set, "base": base})
}

/// An edit of any other kind.
pub(crate) fn edit(kind: &str, seen: &Value, more: Value) -> Value {
    let mut edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "actor", "id": seen["id"]}, "kind": kind});
    edit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    edit
}

/// The position of an actor's first place.
pub(crate) fn at(lon: f64, lat: f64) -> Value {
    json!({"lon": lon, "lat": lat, "precision": "exact"})
}

/// The newest fixture of the demonstration territory.
pub(crate) fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/solvigne-2026-03-01.osm.pbf")
}

/// A file of the team's shared data; none outside CI when it is not there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "CI needs {}", file.display());
    eprintln!("not run: {} is missing", file.display());
    None
}
