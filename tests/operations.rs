//! What whoever runs a server relies on: it says when it is ready, it stops in time and loses nothing, it tells systemd and Prometheus.

use crate::app::{App, Backend, FREE, Place, at};
use crate::backup::{Folder, said};
use crate::crash::{Log, WRITERS, verify, wait_for_work, write};
use serde_json::json;
use sqlx::Connection;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Status and text of `/readyz`, on a connection of its own.
async fn readyz(url: &str, lang: &str) -> (u16, String) {
    let response = reqwest::Client::new().get(format!("{url}/readyz?lang={lang}")).timeout(Duration::from_secs(15)).send().await;
    match response {
        Ok(response) => (response.status().as_u16(), response.text().await.unwrap_or_default()),
        Err(_) => (0, String::new()),
    }
}

/// Asks until the answer holds a word, or 15 s have gone by; gives the last answer.
async fn readyz_until(url: &str, status: u16, word: &str) -> (u16, String) {
    let started = Instant::now();
    loop {
        let answer = readyz(url, "fr").await;
        if (answer.0 == status && answer.1.contains(word)) || started.elapsed() > Duration::from_secs(15) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub(crate) fn terminate(app: &App) {
    assert!(Command::new("kill").arg(app.pid().to_string()).status().unwrap().success());
}

on_both! {
    async fn a_server_that_is_asked_to_stop_says_so_finishes_its_work_and_is_gone_in_time(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let mut shared = Vec::new();
        for i in 0..4 {
            shared.push(ana.add("ville", json!({"name": format!("Partagé {i}")})).await);
        }
        let (log, stop) = (Arc::new(Mutex::new(Log::default())), Arc::new(AtomicBool::new(false)));
        let writers: Vec<_> = (0..WRITERS).map(|w| tokio::spawn(write(app.person(), w, shared.clone(), log.clone(), stop.clone()))).collect();
        wait_for_work(&log).await;
        let address = app.url.trim_start_matches("http://").to_owned();
        // One that keeps its connection open, and one that sends its text a letter at a time and never ends.
        let mut idle = TcpStream::connect(&address).unwrap();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        assert!(idle.read(&mut [0; 512]).unwrap() > 0);
        let mut slow = TcpStream::connect(&address).unwrap();
        slow.write_all(b"POST /api/v1/edits HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{").unwrap();
        let (asked, url) = (Instant::now(), app.url.clone());
        terminate(&app);
        let (status, text) = readyz_until(&url, 503, "arrête").await;
        assert!(status == 503 && text.contains("Le serveur s’arrête"), "{status} {text}");
        let place = tokio::task::spawn_blocking(move || app.stop()).await.unwrap();
        let took = asked.elapsed();
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(took < Duration::from_secs(20), "it took {took:?}");
        drop(slow);
        if backend == Backend::Sqlite {
            let wal = place.data.join("bouillon.sqlite-wal").metadata().map_or(0, |m| m.len());
            assert_eq!(wal, 0, "the write-ahead log is folded in");
        }
        let app = App::start_at(place, FREE, &[]);
        verify(&app, &log).await.unwrap();
        assert!(app.place.run(&["check"]).status.success());
        let started = Instant::now();
        let _alone = tokio::task::spawn_blocking(move || app.stop()).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "a server at rest stops at once, not after {:?}", started.elapsed());
    }
}

/// Another connection to the same database, which does something behind the server's back.
pub(crate) enum Beside {
    Sqlite(sqlx::SqliteConnection),
    Postgis(sqlx::PgConnection),
}

impl Beside {
    pub(crate) async fn new(place: &Place) -> Self {
        match &place.database {
            Some(url) => Self::Postgis(sqlx::PgConnection::connect(url).await.unwrap()),
            None => {
                let url = format!("sqlite:{}", place.data.join("bouillon.sqlite").display());
                Self::Sqlite(sqlx::SqliteConnection::connect(&url).await.unwrap())
            }
        }
    }

    pub(crate) async fn run(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(c) => drop(sqlx::raw_sql(sql).execute(c).await.unwrap()),
            Self::Postgis(c) => drop(sqlx::raw_sql(sql).execute(c).await.unwrap()),
        }
    }
}

on_both! {
    async fn ready_means_that_the_database_can_be_written(backend: Backend) {
        let app = App::start(backend).await;
        assert_eq!(readyz(&app.url, "fr").await, (200, "ready\n".into()));
        let mut beside = Beside::new(&app.place).await;
        beside.run(if backend == Backend::Sqlite { "begin immediate" } else { "begin; select * from journal_head for update" }).await;
        let (status, text) = readyz_until(&app.url, 503, "base de données").await;
        assert!(status == 503 && text.contains("La base de données ne répond pas."), "{status} {text}");
        assert!(readyz(&app.url, "en").await.1.contains("The database does not answer."));
        beside.run("rollback").await;
        let (status, text) = readyz_until(&app.url, 200, "ready").await;
        assert_eq!(status, 200, "{text}");
        beside.run("insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9000, 'later', true, '', 0)").await;
        let (status, text) = readyz_until(&app.url, 503, "écriture").await;
        assert!(status == 503 && text.contains("n’accepte pas d’écriture"), "{status} {text}");
    }
}

on_both! {
    async fn ready_means_that_the_map_follows_the_journal(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        app.person().add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let mut beside = Beside::new(&app.place).await;
        // A new entry whose actor can't be read: the follower tries again and again.
        beside.run("begin").await;
        beside
            .run(
                "insert into journal (seq, epoch, edit_id, kind, subject_kind, subject_id, at, before_values, after_values)
                 select head + 1, epoch, (select subject_id from journal where seq = 1), 'set', 'actor', (select id from actors), 0, '{}', '{}' from journal_head",
            )
            .await;
        beside.run("update actors set doc = '{}'").await;
        beside.run("update journal_head set head = head + 1").await;
        beside.run("commit").await;
        let (status, text) = readyz_until(&app.url, 503, "retard").await;
        assert!(status == 503 && text.contains("de retard sur l’historique"), "{status} {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ready_means_that_the_disk_has_room() {
    let args: Vec<&str> = FREE.iter().copied().chain(["--min-free-mib", "999999999"]).collect();
    let app = App::start_at(Place::new(Backend::Sqlite).await, &args, &[]);
    let (status, text) = readyz(&app.url, "fr").await;
    assert!(status == 503 && text.contains("Le disque est presque plein"), "{status} {text}");
    assert!(readyz(&app.url, "en").await.1.contains("The disk is almost full"));
    let (status, _) = app.person().get("/api/v1/territories").await;
    assert_eq!(status, 200, "what can be answered is answered");
}

on_both! {
    async fn the_metrics_tell_of_backups_size_queue_and_lag(backend: Backend) {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let args: Vec<&str> = FREE.iter().copied().chain(["--metrics-listen", &listen]).collect();
        let app = App::start_at(Place::new(backend).await, &args, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let value = async |name: &str| {
            let text = reqwest::get(format!("http://{listen}/metrics")).await.unwrap().text().await.unwrap();
            let line = text.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}")).to_owned();
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        };
        assert_eq!(value("bouillon_backup_age_seconds").await, f64::INFINITY);
        let folder = Folder::new("metrics");
        let out = app.place.run(&["backup", folder.text()]);
        assert!(out.status.success(), "{}", said(&out));
        assert!(value("bouillon_backup_age_seconds").await < 30.0);
        assert!(value("bouillon_db_size_bytes").await > 50_000.0);
        assert!(value("bouillon_disk_free_bytes").await > 1e6);
        assert_eq!(value("bouillon_writer_queue").await, 0.0);
        assert!(value("bouillon_notify_lag_seconds").await < 5.0);
        assert!(value("bouillon_op_ack_seconds_count").await >= 1.0);
        assert_eq!(value("bouillon_moderation_backlog").await, 0.0);
        assert_eq!(value("bouillon_ready").await, 1.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_hears_that_the_server_is_ready_alive_and_stopping() {
    let place = Place::new(Backend::Sqlite).await;
    let path = place.data.join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let app = App::start_at(place, FREE, &[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "400000")]);
    let hear = || {
        let mut buffer = [0; 256];
        let n = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..n]).into_owned()
    };
    assert!(hear().contains("READY=1"));
    for _ in 0..3 {
        assert!(hear().contains("WATCHDOG=1"));
    }
    terminate(&app);
    while !hear().contains("STOPPING=1") {}
    app.stop();
}
