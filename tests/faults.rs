//! A disk that is full or broken: reads go on, writes say so and leave nothing behind, and an unknown state ends the process.

use crate::app::{App, Backend, FREE, Person, Place, at, create};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The library between SQLite and the kernel that lets writes fail, built once.
fn shim() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk.c");
        let library = std::env::temp_dir().join(format!("bouillon-disk-{}.so", std::process::id()));
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status().unwrap();
        assert!(built.success(), "cc could not build tests/faults/disk.c");
        library
    })
}

/// The disk under a database.
struct Disk {
    folder: PathBuf,
    database: Option<String>,
}

impl Disk {
    fn under(place: &Place) -> Self {
        Self { folder: place.data.clone(), database: place.database.clone() }
    }

    /// What the server's environment must hold for its disk to be this one.
    fn env(&self) -> Vec<(&'static str, String)> {
        if self.database.is_some() {
            return Vec::new();
        }
        vec![("LD_PRELOAD", shim().display().to_string()), ("BOUILLON_DISK", self.folder.display().to_string())]
    }

    async fn tell_postgis(&self, statements: &[&str]) -> bool {
        let Some(url) = &self.database else { return false };
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe((*statement).to_owned())).execute(&mut connection).await.unwrap();
        }
        true
    }

    fn mark(&self, name: &str, there: bool) {
        let mark = self.folder.join(name);
        if there { std::fs::write(mark, "").unwrap() } else { std::fs::remove_file(mark).unwrap() }
    }

    /// From here on nothing more fits. PostgreSQL says so as it does when a table's file can't grow (SQLSTATE 53100), half through a batch.
    async fn fill(&self) {
        let full = "create function no_room() returns trigger language plpgsql as $$ begin
            raise exception using errcode = '53100', message = 'could not extend file: No space left on device'; end $$";
        let triggers = [
            full,
            "create trigger no_room before insert on acks for each row execute function no_room()",
            "create trigger no_room before update on identities for each row execute function no_room()",
            "create trigger no_room before insert on grants for each row execute function no_room()",
        ];
        if !self.tell_postgis(&triggers).await {
            self.mark("full", true);
        }
    }

    /// Somebody made room.
    async fn free(&self) {
        if !self.tell_postgis(&["drop function no_room cascade"]).await {
            self.mark("full", false);
        }
    }

    /// What is committed from here on does not become durable: SQLite's fsync fails; PostgreSQL's connection ends inside the commit.
    async fn break_down(&self) {
        let end = "create function broken() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$";
        let trigger = "create constraint trigger broken after insert on journal deferrable initially deferred for each row execute function broken()";
        if !self.tell_postgis(&[end, trigger]).await {
            self.mark("broken", true);
        }
    }

    async fn repair(&self) {
        if !self.tell_postgis(&["drop function broken cascade"]).await {
            self.mark("broken", false);
        }
    }
}

/// A server on a disk that can fail, with a territory and somebody who is known there.
async fn town(backend: Backend, promise: &str) -> (App, Disk, Person) {
    let place = Place::new(backend).await;
    let disk = Disk::under(&place);
    let app = start(place, &disk, promise);
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
    (app, disk, ana)
}

fn start(place: Place, disk: &Disk, promise: &str) -> App {
    let owned = disk.env();
    let env: Vec<(&str, &str)> = owned.iter().map(|(k, v)| (*k, v.as_str())).chain([("BOUILLON_BREAK", promise)]).collect();
    App::start_watched(place, FREE, &env)
}

/// What readers see, all of it.
async fn seen(who: &mut Person, actor: &str) -> Vec<String> {
    let mut all = Vec::new();
    for path in [
        "/api/v1/territories/ville/actors.geojson",
        "/api/v1/territories/ville",
        "/api/v1/territories/ville/history",
        "/api/v1/search?q=ruche&territory=ville",
        "/api/v1/me",
        "/tiles/actors/ville/14/8305/5633.mvt",
        "/readyz",
        &format!("/ville/acteurs/{actor}"),
        &format!("/api/v1/actors/{actor}/history"),
    ] {
        let answer = who.send(Method::GET, path, None, &[]).await;
        assert_eq!(answer.status(), 200, "{path}");
        all.push(answer.text().await.unwrap());
    }
    all
}

/// Every way to write says that there is no room, in the language of whoever asks.
async fn refused(who: &mut Person, path: &str, body: &Value) -> Result<(), String> {
    for (lang, words) in [("fr", "Le disque du serveur est plein"), ("en", "The server's disk is full")] {
        let asked =
            who.http.post(format!("{}{path}", who.url)).header("accept-language", lang).header("cookie", who.cookie.clone().unwrap()).json(body);
        let answer = asked.send().await.map_err(|e| format!("{path}: {e}"))?;
        let (status, wait) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let problem: Value = answer.json().await.map_err(|e| format!("{path}: {e}"))?;
        let said = problem["detail"].as_str().unwrap_or("");
        if (status, problem["code"].as_str(), wait) != (507, Some("storage_full"), true) || !said.starts_with(words) {
            return Err(format!("{path}: {status} {problem}"));
        }
    }
    Ok(())
}

fn one(edit: &Value, form: &Value) -> Value {
    json!({"edits": [edit], "form": {"token": form["token"]}})
}

/// Fills the disk under a server, writes, makes room, writes again. The first broken promise ends it with a sentence.
async fn on_a_full_disk(backend: Backend, promise: &str) -> Result<(), String> {
    let (app, disk, mut ana) = town(backend, promise).await;
    let invitation = String::from_utf8(app.place.run(&["admin", "invite", "--role", "moderator"]).stdout).unwrap();
    let token = json!({"token": invitation.trim().split_once('#').unwrap().1});
    let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson").await;
    let actor = list["features"][0]["properties"]["id"].as_str().unwrap().to_owned();
    // The text index lags behind by so much at most.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let before = (app.unhurt(), seen(&mut ana, &actor).await);
    let (_, form) = ana.get("/api/v1/form").await;
    let small = create("ville", json!({"name": "Le Verger"}));
    // So much that SQLite must write before the commit; and a territory, since shapes are remembered by the writer.
    let long = "é".repeat(1900);
    let large: Vec<Value> = (0..100).map(|i| create("ville", json!({"name": format!("Grand {i}"), "description": long}))).collect();

    disk.fill().await;
    for _ in 0..3 {
        refused(&mut ana, "/api/v1/edits", &one(&small, &form)).await?;
        refused(&mut ana, "/api/v1/edits", &json!({"edits": large, "form": {"token": form["token"]}})).await?;
        refused(&mut ana, "/api/v1/me/recovery", &json!({})).await?;
        refused(&mut ana, "/api/v1/invitations", &token).await?;
    }
    let crowd: Vec<_> = (0..8)
        .map(|i| {
            let (mut person, form) = (ana.clone(), form.clone());
            tokio::spawn(
                async move { refused(&mut person, "/api/v1/edits", &one(&create("ville", json!({"name": format!("Foule {i}")})), &form)).await },
            )
        })
        .collect();
    for one in crowd {
        one.await.map_err(|e| e.to_string())??;
    }
    let now = (app.unhurt(), seen(&mut ana, &actor).await);
    if now != before {
        return Err(format!("something of what was refused is there: {now:?} instead of {before:?}"));
    }

    disk.free().await;
    // The same edits with the same ids: no restart, and nothing of the tries before is in their way.
    let (status, body) = ana.post("/api/v1/edits", &one(&small, &form)).await;
    if status != 200 {
        return Err(format!("with room again: {status} {body}"));
    }
    let (status, _) = ana.post("/api/v1/edits", &json!({"edits": large, "form": {"token": form["token"]}})).await;
    assert_eq!(status, 200);
    assert_eq!(ana.post("/api/v1/me/recovery", &json!({})).await.0, 200);
    assert_eq!(ana.post("/api/v1/invitations", &token).await.0, 200, "the invitation was not used up");
    let after = app.unhurt();
    let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
    assert_eq!(list["numberMatched"], 102);

    // Ended without warning on a full disk, it loses nothing. SQLite needs 32 KiB for its index to open the files again, and says so;
    // PostgreSQL runs on its own, so that readers are served at once.
    disk.fill().await;
    let place = app.kill();
    if backend == Backend::Sqlite {
        let owned = disk.env();
        let out = place.command(&["serve"]).args(FREE).envs(owned.iter().map(|(k, v)| (*k, v.as_str()))).output().unwrap();
        assert!(!out.status.success() && String::from_utf8_lossy(&out.stderr).contains("disk"), "{out:?}");
        disk.free().await;
    }
    let app = start(place, &disk, promise);
    ana.url.clone_from(&app.url);
    seen(&mut ana, &actor).await;
    if backend == Backend::Postgis {
        refused(&mut ana, "/api/v1/edits", &one(&create("ville", json!({"name": "Encore"})), &form)).await?;
        disk.free().await;
    }
    assert_eq!(app.unhurt(), after);
    assert_eq!(ana.post("/api/v1/edits", &one(&create("ville", json!({"name": "Encore"})), &form)).await.0, 200);
    Ok(())
}

on_both! {
    async fn a_full_disk_refuses_every_write_with_a_sentence_and_stops_no_reader(backend: Backend) {
        on_a_full_disk(backend, "").await.unwrap();
    }
}

on_both! {
    async fn the_test_of_the_full_disk_notices_a_server_that_forgets_its_transaction(backend: Backend) {
        assert!(on_a_full_disk(backend, "full-forgets").await.is_err());
    }
}

/// Lets a commit fail, restarts, and asks again.
async fn through_a_failed_commit(backend: Backend, promise: &str) -> Result<(), String> {
    let (app, disk, mut ana) = town(backend, promise).await;
    let (_, form) = ana.get("/api/v1/form").await;
    let lost = create("ville", json!({"name": "Le Verger", "place/p1/position": at(2.6, 48.6)}));
    disk.break_down().await;
    let asked = ana.http.post(format!("{}/api/v1/edits", app.url)).header("cookie", ana.cookie.clone().unwrap()).json(&one(&lost, &form));
    let answer = asked.send().await;
    if let Ok(answer) = answer {
        return Err(format!("it answered {} after a failed commit", answer.status()));
    }
    let log = app.log();
    let (status, place) = app.ended().ok_or("the server went on after a failed commit")?;
    assert_eq!(status, Some(74), "{log}");
    assert!(log.contains("the commit failed"), "{log}");
    disk.repair().await;

    let app = start(place, &disk, promise);
    ana.url.clone_from(&app.url);
    let journal = app.unhurt();
    let there = ana.get(&format!("/api/v1/actors/{}", lost["subject"]["id"].as_str().unwrap())).await.0 == 200;
    assert!(journal.contains(if there { " 3 entries" } else { " 2 entries" }), "{journal}");
    // The client never got its answer, and asks again: one effect.
    for _ in 0..2 {
        let (status, body) = ana.post("/api/v1/edits", &one(&lost, &form)).await;
        assert_eq!((status.as_u16(), &body["results"][0]["result"], &body["results"][0]["seq"]), (200, &json!("applied"), &json!(3)), "{body}");
    }
    assert!(app.unhurt().contains(" 3 entries"));
    let place = app.stop();
    let app = start(place, &disk, "");
    assert!(app.unhurt().contains(" 3 entries"));
    Ok(())
}

on_both! {
    async fn a_failed_commit_ends_the_process_and_a_restart_reads_the_true_state(backend: Backend) {
        through_a_failed_commit(backend, "").await.unwrap();
    }
}

on_both! {
    async fn the_test_of_the_failed_commit_notices_a_server_that_goes_on(backend: Backend) {
        assert!(through_a_failed_commit(backend, "commit-ignored").await.is_err());
    }
}
