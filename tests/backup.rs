//! Backups: made while people write, restored elsewhere, thinned out. What goes wrong is in `backup_faults`.

use crate::app::{App, Backend, FREE, Place, at};
use crate::crash::{Log, WRITERS, verify, wait_for_work, write};
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A folder for backups, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bouillon-backups-{name}-{}-{}", std::process::id(), uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The folders that look like whole backups, oldest first.
pub(crate) fn backups(folder: &Path) -> Vec<PathBuf> {
    let list = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut found: Vec<PathBuf> = list.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("bouillon-")).collect();
    found.sort();
    found
}

pub(crate) fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

pub(crate) fn manifest(backup: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(backup.join("manifest.json")).unwrap()).unwrap()
}

/// A place with a town, a few actors and a base map.
pub(crate) async fn town(backend: Backend) -> (Place, Value) {
    let app = App::start(backend).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let mut last = Value::Null;
    for i in 0..5 {
        last = ana.add("ville", json!({"name": format!("Acteur {i}"), "place/p1/position": at(2.5, 48.5)})).await;
    }
    let place = app.stop();
    std::fs::create_dir_all(place.data.join("basemaps")).unwrap();
    crate::archives::good(&place.data.join("basemaps/ville.pmtiles"), "ville");
    (place, last)
}

/// Backups under eight writers, each restored elsewhere; the first broken promise ends it with a sentence.
async fn survive(backend: Backend, env: &[(&str, &str)]) -> Result<usize, String> {
    let folder = Folder::new("writers");
    let app = App::start(backend).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let mut shared = Vec::new();
    for i in 0..4 {
        shared.push(ana.add("ville", json!({"name": format!("Partagé {i}")})).await);
    }
    let (log, stop) = (Arc::new(Mutex::new(Log::default())), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..WRITERS).map(|w| tokio::spawn(write(app.person(), w, shared.clone(), log.clone(), stop.clone()))).collect();
    let mut promised = Vec::new();
    for _ in 0..3 {
        wait_for_work(&log).await;
        let before = Log { sent: Default::default(), acknowledged: log.lock().unwrap().acknowledged.clone() };
        let mut command = app.place.command(&["backup", folder.text()]);
        let out = tokio::task::spawn_blocking({
            command.envs(env.iter().copied());
            move || command.output().unwrap()
        });
        let out = out.await.unwrap();
        if !out.status.success() {
            return Err(said(&out));
        }
        promised.push(before);
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.map_err(|e| e.to_string())?;
    }
    drop(app);
    let made = backups(&folder.0);
    assert_eq!(made.len(), promised.len());
    let mut acknowledged = 0;
    for (backup, before) in made.iter().zip(promised) {
        acknowledged = before.acknowledged.len();
        let place = Place::new(backend).await;
        let out = place.run(&["restore", backup.to_str().unwrap()]);
        if !out.status.success() {
            return Err(said(&out));
        }
        let out = place.run(&["check"]);
        if !out.status.success() {
            return Err(said(&out));
        }
        let app = App::start_at(place, FREE, &[]);
        verify(&app, &Arc::new(Mutex::new(before))).await?;
        still_lives(&app, backup, &ana.cookie).await?;
    }
    Ok(acknowledged)
}

/// The restored journal is another one, and people go on with the cookies that they had.
async fn still_lives(app: &App, backup: &Path, cookie: &Option<String>) -> Result<(), String> {
    let mut ana = app.person();
    ana.cookie = cookie.clone();
    let response = ana.send(reqwest::Method::GET, "/api/v1/territories/ville/actors.geojson", None, &[]).await;
    let head = response.headers()["bouillon-head"].to_str().unwrap().to_owned();
    let epoch: i64 = head.split(':').next().unwrap().parse().unwrap();
    let before = manifest(backup)["epoch"].as_i64().unwrap();
    if epoch <= before {
        return Err(format!("the epoch is {epoch}, and was {before}"));
    }
    let (_, me) = ana.get("/api/v1/me").await;
    if me["contributions"] != 4 {
        return Err(format!("the cookie is not believed: {me}"));
    }
    let made = ana.add("ville", json!({"name": "Après la restauration"})).await;
    if made["versions"]["name"][0] != epoch {
        return Err(format!("a new edit is not of the new epoch: {made}"));
    }
    Ok(())
}

on_both! {
    async fn a_backup_under_eight_writers_holds_every_edit_that_was_acknowledged_before(backend: Backend) {
        let acknowledged = survive(backend, &[]).await.unwrap();
        assert!(acknowledged >= 60, "only {acknowledged} edits were acknowledged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backup_test_notices_a_plain_copy_of_the_file_that_is_being_written() {
    let broken = survive(Backend::Sqlite, &[("BOUILLON_BREAK", "backup-copy")]).await;
    assert!(broken.is_err(), "three plain copies of a live database passed for backups");
}

on_both! {
    async fn a_backup_comes_back_with_its_base_maps_and_verify_says_so(backend: Backend) {
        let folder = Folder::new("whole");
        let (place, actor) = town(backend).await;
        std::fs::create_dir_all(place.data.join("extracts")).unwrap();
        std::fs::write(place.data.join("extracts/ville.osm.pbf"), b"an extract").unwrap();
        std::fs::create_dir_all(place.data.join("imports/0192/before")).unwrap();
        std::fs::write(place.data.join("imports/0192/before/beside.json"), b"{}").unwrap();
        std::fs::write(place.data.join("imports/0192/reading.tmp"), b"half").unwrap();
        let out = place.run(&["backup", folder.text()]);
        assert!(out.status.success(), "{}", said(&out));
        let backup = backups(&folder.0).remove(0);
        assert!(said(&out).contains(backup.to_str().unwrap()), "{}", said(&out));
        let manifest = manifest(&backup);
        let files = ["basemaps/ville.pmtiles", "extracts/ville.osm.pbf", "imports/0192/before/beside.json", "imports/node"];
        assert_eq!((manifest["files"].as_array().unwrap().len(), &manifest["rows"]["actors"]), (files.len() + 1, &json!(5)), "{manifest}");
        assert_eq!(manifest["bouillon"], env!("CARGO_PKG_VERSION"));
        let sums = std::process::Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&backup).output().unwrap();
        assert!(sums.status.success(), "{}", said(&sums));
        let out = place.run(&["verify", folder.text()]);
        assert!(out.status.success() && said(&out).contains("ok    journal") && !said(&out).contains("FAIL"), "{}", said(&out));
        let other = Place::new(backend).await;
        let out = other.run(&["restore", folder.text()]);
        assert!(out.status.success(), "{}", said(&out));
        for file in files {
            assert_eq!(std::fs::read(other.data.join(file)).unwrap(), std::fs::read(place.data.join(file)).unwrap(), "{file}");
        }
        let export = |place: &Place| place.run(&["export", "actors", "--territory", "ville", "--format", "geojson"]).stdout;
        assert_eq!(export(&other), export(&place));
        let app = App::start_at(other, FREE, &[]);
        assert_eq!(app.person().actor(actor["id"].as_str().unwrap()).await["versions"], actor["versions"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_change_is_shared_with_the_backup_before_and_a_copy_that_went_bad_is_not() {
    let folder = Folder::new("links");
    let (place, _) = town(Backend::Sqlite).await;
    let inode = |backup: &Path| backup.join("basemaps/ville.pmtiles").metadata().unwrap().ino();
    for n in 1..=2 {
        assert!(place.run(&["backup", folder.text()]).status.success());
        assert_eq!(backups(&folder.0).len(), n);
    }
    let made = backups(&folder.0);
    assert_eq!(inode(&made[0]), inode(&made[1]), "one copy on disk");
    // One byte of the shared copy goes bad: the next backup copies again.
    let shared = made[0].join("basemaps/ville.pmtiles");
    let mut bytes = std::fs::read(&shared).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&shared, bytes).unwrap();
    assert!(place.run(&["backup", folder.text()]).status.success());
    let made = backups(&folder.0);
    assert_ne!(inode(&made[1]), inode(&made[2]));
    assert!(place.run(&["verify", made[2].to_str().unwrap()]).status.success());
    assert_eq!(place.run(&["verify", made[1].to_str().unwrap()]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_backups_are_thinned_out_as_asked_and_nothing_else_is_touched() {
    let folder = Folder::new("keep");
    let (place, _) = town(Backend::Sqlite).await;
    let backup = |more: &[&str]| place.run(&[&["backup", folder.text()], more].concat());
    assert!(backup(&[]).status.success());
    let first = backups(&folder.0).remove(0);
    for name in ["2020-03-02T080000Z", "2020-03-02T090000Z", "2020-03-03T090000Z", "2020-03-12T090000Z"] {
        let copied = std::process::Command::new("cp").arg("-r").arg(&first).arg(folder.0.join(format!("bouillon-{name}"))).status().unwrap();
        assert!(copied.success());
    }
    std::fs::create_dir(folder.0.join("photos")).unwrap();
    std::fs::create_dir(folder.0.join("bouillon-2020-01-01T000000Z")).unwrap();
    let out = backup(&["--keep", "daily=3,weekly=4"]);
    assert!(out.status.success() && said(&out).contains("supprimées : 3"), "{}", said(&out));
    let left: Vec<String> = backups(&folder.0).iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let old: Vec<&str> = left.iter().filter(|n| n.contains("2020")).map(|n| n.trim_start_matches("bouillon-")).collect();
    // An empty folder of such a name is no backup, so it is not ours to remove.
    assert_eq!(old, ["2020-01-01T000000Z", "2020-03-03T090000Z", "2020-03-12T090000Z"]);
    assert!(folder.0.join("photos").exists());
    assert_eq!(backup(&["--keep", "daily=none"]).status.code(), Some(2));
}
