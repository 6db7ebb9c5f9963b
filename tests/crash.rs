//! `kill -9` under load: what was acknowledged is there after every restart. The clients keep their own log, outside the server.

use crate::app::{App, Backend, FREE, Person, Place, create, set_edit};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const WRITERS: usize = 8;
const CYCLES: u64 = 20;

/// What the clients know: every edit they sent, and the number each acknowledged one got.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) sent: BTreeMap<String, Value>,
    pub(crate) acknowledged: BTreeMap<String, i64>,
}

/// Runs the cycles; the first broken promise ends them with a sentence.
async fn survive(backend: Backend, env: &[(&str, &str)]) -> Result<usize, String> {
    let log = Arc::new(Mutex::new(Log::default()));
    let app = App::start(backend).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut shared = Vec::new();
    let mut ana = app.person();
    for i in 0..4 {
        shared.push(ana.add("ville", json!({"name": format!("Partagé {i}")})).await);
    }
    let mut place = app.stop();
    for cycle in 0..CYCLES {
        let app = App::start_at(place, FREE, env);
        verify(&app, &log).await.map_err(|e| format!("cycle {cycle}: {e}"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS).map(|w| tokio::spawn(write(app.person(), w, shared.clone(), log.clone(), stop.clone()))).collect();
        wait_for_work(&log).await;
        // Moments that are not multiples of one another, so that the kill falls into every phase of a batch.
        tokio::time::sleep(Duration::from_millis(20 + cycle * 37 % 211)).await;
        if cycle % 5 == 4 {
            stop.store(true, Ordering::Relaxed);
            for writer in writers {
                writer.await.map_err(|e| e.to_string())?;
            }
            check(&app.place)?;
            place = app.kill();
            continue;
        }
        place = app.kill();
        for writer in writers {
            writer.await.map_err(|e| e.to_string())?;
        }
    }
    let app = App::start_at(place, FREE, env);
    verify(&app, &log).await?;
    resend(&app, &log).await?;
    check(&app.place)?;
    let acknowledged = log.lock().unwrap().acknowledged.len();
    Ok(acknowledged)
}

/// Until the writers have had 30 more answers, however slow the machine is.
pub(crate) async fn wait_for_work(log: &Arc<Mutex<Log>>) {
    let answered = || log.lock().unwrap().acknowledged.len();
    let start = answered();
    for _ in 0..500 {
        if answered() >= start + 30 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One client: adds actors and changes shared ones until the server is gone or it is told to stop.
pub(crate) async fn write(mut person: Person, writer: usize, shared: Vec<Value>, log: Arc<Mutex<Log>>, stop: Arc<AtomicBool>) {
    for i in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let edit = if i % 4 == 3 {
            let mut seen = shared[(writer + i) % shared.len()].clone();
            if let Some(now) = try_get(&person, &format!("/api/v1/actors/{}", seen["id"].as_str().unwrap())).await {
                seen = now;
            }
            set_edit(&seen, json!({"summary": format!("vu par {writer}, {i}")}))
        } else {
            create("ville", json!({"name": format!("Acteur {writer} {i}")}))
        };
        let id = edit["id"].as_str().unwrap().to_owned();
        log.lock().unwrap().sent.insert(id.clone(), edit.clone());
        match try_send(&mut person, &edit).await {
            Some(seq) => log.lock().unwrap().acknowledged.extend(seq.map(|s| (id, s))),
            None => return,
        }
    }
}

async fn try_get(person: &Person, path: &str) -> Option<Value> {
    person.http.get(format!("{}{path}", person.url)).send().await.ok()?.json().await.ok()
}

/// Sends an edit; the number of the ack, if it got one; none when the server was gone.
async fn try_send(person: &mut Person, edit: &Value) -> Option<Option<i64>> {
    let form = try_get(person, "/api/v1/form").await?;
    let body = json!({"edits": [edit], "form": {"token": form["token"], "trap": ""}});
    let mut request = person.http.post(format!("{}/api/v1/edits", person.url)).header("content-type", "application/json").body(body.to_string());
    if let Some(cookie) = &person.cookie {
        request = request.header("cookie", cookie);
    }
    let response = request.send().await.ok()?;
    if let Some(cookie) = response.headers().get("set-cookie") {
        person.cookie = cookie.to_str().ok()?.split(';').next().map(str::to_owned);
    }
    let body: Value = response.json().await.ok()?;
    Some(body["results"][0]["seq"].as_i64())
}

/// Every acknowledged edit is in the journal under its number, and no edit is there twice.
pub(crate) async fn verify(app: &App, log: &Arc<Mutex<Log>>) -> Result<(), String> {
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    let mut before = i64::MAX;
    let mut person = app.person();
    loop {
        let (_, page) = person.get(&format!("/api/v1/territories/ville/history?limit=200&before={before}")).await;
        for edit in page["edits"].as_array().ok_or("no history")? {
            let (id, seq) = (edit["id"].as_str().unwrap().to_owned(), edit["seq"].as_i64().unwrap());
            if found.insert(id.clone(), seq).is_some() {
                return Err(format!("edit {id} was applied twice"));
            }
        }
        match page["next"].as_i64() {
            Some(next) => before = next,
            None => break,
        }
    }
    let log = log.lock().unwrap();
    match log.acknowledged.iter().find(|(id, seq)| found.get(*id) != Some(seq)) {
        Some((id, seq)) => Err(format!("edit {id} was acknowledged as {seq}, and the journal has {:?}", found.get(id))),
        None => Ok(()),
    }
}

/// A client that never got its answer asks again: one effect, and the same answer as was given.
async fn resend(app: &App, log: &Arc<Mutex<Log>>) -> Result<(), String> {
    let sample: Vec<(String, Value)> = log.lock().unwrap().sent.iter().step_by(17).map(|(id, e)| (id.clone(), e.clone())).collect();
    for (id, edit) in sample {
        let mut person = app.person();
        let (_, body) = person.edits(&[edit]).await;
        let known = log.lock().unwrap().acknowledged.get(&id).copied();
        // Another browser may not read the answer of an edit that was applied; it may send one that never was.
        let result = &body["results"][0];
        if known.is_some() && result["code"] != "edit_id_reused" {
            return Err(format!("edit {id} was applied once more: {result}"));
        }
    }
    Ok(())
}

/// No gap in the sequence, and the atlas kept live equals the atlas rebuilt.
pub(crate) fn check(place: &Place) -> Result<(), String> {
    let out = place.run(&["check"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let live = text.contains("ok    atlas kept live");
    if out.status.success() && live { Ok(()) } else { Err(text) }
}

on_both! {
    async fn no_acknowledged_edit_is_lost_when_the_server_is_killed_twenty_times(backend: Backend) {
        let acknowledged = survive(backend, &[]).await.unwrap();
        eprintln!("{backend:?}: {acknowledged} acknowledged edits over {CYCLES} kills");
        assert!(acknowledged >= 500, "only {acknowledged} edits were acknowledged");
    }
}

on_both! {
    async fn the_crash_test_notices_a_server_that_answers_before_the_commit(backend: Backend) {
        let broken = survive(backend, &[("BOUILLON_BREAK", "ack-early")]).await;
        assert!(broken.is_err(), "20 kills did not show that answers came before the commit");
    }
}

#[test]
fn the_release_binary_keeps_its_promises_whatever_the_environment_says() {
    let release = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/bouillon");
    let data = std::env::temp_dir().join(format!("bouillon-release-{}", std::process::id()));
    let check = |binary: &std::path::Path| {
        let out = Command::new(binary).arg("check").arg("--data").arg(&data).env("BOUILLON_BREAK", "ack-early").output().unwrap();
        String::from_utf8_lossy(&out.stdout).contains("breaks a promise on purpose")
    };
    assert!(check(std::path::Path::new(crate::app::BOUILLON)), "the debug binary listens to BOUILLON_BREAK");
    assert!(release.exists(), "run `make build` first: this test looks at {}", release.display());
    assert!(!check(&release), "the release binary must not");
    std::fs::remove_dir_all(&data).unwrap();
}
