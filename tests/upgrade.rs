//! A database of the first release, with 100,000 actors, becomes one of today: at once, and also when the power goes half-way.

use crate::app::{App, Backend, FREE, Place};
use crate::backup::{backups, manifest, said};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const ACTORS: i64 = 100_000;

macro_rules! released {
    ($folder:literal) => {
        [
            (1, "journal", include_str!(concat!("../migrations/", $folder, "/0001_journal.sql"))),
            (2, "actors and territories", include_str!(concat!("../migrations/", $folder, "/0002_actors_and_territories.sql"))),
            (3, "imports", include_str!(concat!("../migrations/", $folder, "/0003_imports.sql"))),
            (4, "accounts", include_str!(concat!("../migrations/", $folder, "/0004_accounts.sql"))),
        ]
    };
}

/// The first release's four migrations, which nobody may change any more.
fn first_release(backend: Backend) -> Migrator {
    let list = if backend == Backend::Sqlite { released!("sqlite") } else { released!("postgis") };
    let text: String = list.iter().map(|(_, _, sql)| *sql).collect();
    let hash: String = Sha256::digest(&text).iter().take(6).map(|b| format!("{b:02x}")).collect();
    let released = if backend == Backend::Sqlite { "c8883674d570" } else { "e706220dd4d8" };
    assert_eq!(hash, released, "migrations that were released are never changed");
    let numbered = list.into_iter().map(|(n, words, sql)| Migration::new(n, words.into(), MigrationType::Simple, sql.into_sql_str(), false));
    Migrator::with_migrations(numbered.collect())
}

/// What that release's program would have written: a town, its actors with places, memberships, history and answers, streets for the form.
fn rows(backend: Backend) -> Vec<String> {
    let lite = backend == Backend::Sqlite;
    let id = |kind: u8, i: &str| match lite {
        true => format!("unhex(printf('0192000000007{kind:03}8000%012x', {i}))"),
        false => format!("('01920000-0000-7{kind:03}-8000-' || lpad(to_hex({i}), 12, '0'))::uuid"),
    };
    let id_text = |kind: u8, i: &str| match lite {
        true => format!("printf('01920000-0000-7{kind:03}-8000-%012x', {i})"),
        false => format!("'01920000-0000-7{kind:03}-8000-' || lpad(to_hex({i}), 12, '0')"),
    };
    let series = match lite {
        true => format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {ACTORS})"),
        false => format!("with n(i) as (select generate_series(1, {ACTORS}))"),
    };
    let json = |text: String| match lite {
        true => text.replace("OBJECT", "json_object").replace("ARRAY", "json_array").replace("FALSE", "json('false')"),
        false => text.replace("OBJECT", "jsonb_build_object").replace("ARRAY", "jsonb_build_array").replace("FALSE", "'false'::jsonb"),
    };
    let (town, actor, ana) = (id(1, "1"), id(2, "i"), id(3, "1"));
    let square = json!({"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 49], [2, 48]]]});
    let town_fields = json!({"slug": "ville", "name": "Ville", "kind": "commune", "boundary": square});
    let meta: serde_json::Map<_, _> =
        town_fields.as_object().unwrap().keys().map(|f| (f.clone(), json!({"v": [1, 1], "at": 1_700_000_000_000_i64}))).collect();
    let town_doc = json!({"fields": town_fields, "meta": meta, "deleted": false, "version": [1, 1]});
    let at = "1700000000000 + i";
    let (lon, lat) = ("2.0 + (i % 1000) / 1024.0", "48.0 + (i / 1000) / 1024.0");
    let position = format!("OBJECT('lon', {lon}, 'lat', {lat}, 'precision', 'exact')");
    let fields = format!(
        "OBJECT('name', 'Acteur ' || i, 'summary', 'Le jardin de la rue ' || (i % 500), 'primary_category', 'ALI.amap', 'place/p1/position', {position})"
    );
    let by = id_text(3, "1");
    let mark = format!("OBJECT('v', ARRAY(1, i + 1), 'by', {by}, 'at', {at})");
    let marks = format!("OBJECT('name', {mark}, 'summary', {mark}, 'primary_category', {mark}, 'place/p1/position', {mark})");
    let doc = format!("OBJECT('fields', {fields}, 'meta', {marks}, 'deleted', FALSE, 'version', ARRAY(1, i + 1))");
    let ack = format!("OBJECT('id', {}, 'result', 'applied', 'seq', i + 1, 'epoch', 1, 'fields', OBJECT())", id_text(4, "i"));
    let (edit, key) = (id(4, "i"), if lite { "randomblob(64)" } else { "decode(repeat('a7', 64), 'hex')" });
    let whole = json!({}).to_string();
    let list = vec![
        format!("insert into identities (id, created_at) values ({ana}, 1700000000000)"),
        format!("insert into secrets (name, value) values ('cookie', {key}), ('form', {key})"),
        format!(
            "insert into territories (id, slug, deleted, doc, created_at, updated_at, seq) values ({town}, 'ville', false, '{town_doc}', 0, 0, 1)"
        ),
        format!(
            "insert into journal (seq, epoch, edit_id, kind, subject_kind, subject_id, at, before_values, after_values)
            values (1, 1, {}, 'create', 'territory', {town}, 1700000000000, '{whole}', '{town_fields}')",
            id(4, "0")
        ),
        format!(
            "{series} insert into actors (id, home, doc, deleted, created_at, updated_at, seq) select {actor}, {town}, {doc}, false, {at}, {at}, i + 1 from n"
        ),
        format!("{series} insert into places (actor, place, lon, lat, precision) select {actor}, 'p1', {lon}, {lat}, 'exact' from n"),
        format!("{series} insert into memberships (actor, territory) select {actor}, {town} from n"),
        format!(
            "{series} insert into journal (seq, epoch, edit_id, kind, subject_kind, subject_id, author, at, before_values, after_values)
            select i + 1, 1, {edit}, 'create', 'actor', {actor}, {ana}, {at}, '{whole}', {fields} from n"
        ),
        format!("{series} insert into acks (edit_id, payload_hash, ack, at) select {edit}, 'hash', {ack}, {at} from n"),
        format!(
            "{series} insert into streets (territory, name, folded, lon, lat) select {town}, 'Rue ' || i, 'rue ' || i, {lon}, {lat} from n where i <= 500"
        ),
        format!("update journal_head set head = {}", ACTORS + 1),
    ];
    list.into_iter().map(json).collect()
}

async fn first_release_place(backend: Backend) -> Place {
    let place = Place::new(backend).await;
    match &place.database {
        Some(url) => {
            let mut c = sqlx::PgConnection::connect(url).await.unwrap();
            first_release(backend).run(&mut c).await.unwrap();
            for sql in rows(backend) {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut c).await.unwrap();
            }
            c.close().await.unwrap();
        }
        None => {
            let url = format!("sqlite:{}?mode=rwc", place.data.join("bouillon.sqlite").display());
            let mut c = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::query("pragma synchronous = off").execute(&mut c).await.unwrap();
            first_release(backend).run(&mut c).await.unwrap();
            for sql in rows(backend) {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut c).await.unwrap();
            }
            c.close().await.unwrap();
        }
    }
    place
}

/// Another place with the same database.
async fn copy_of(place: &Place) -> Place {
    let copy = Place::new(if place.database.is_some() { Backend::Postgis } else { Backend::Sqlite }).await;
    match (&place.database, &copy.database) {
        (Some(from), Some(to)) => {
            let name = |url: &str| url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
            let mut c = sqlx::PgConnection::connect(&std::env::var("BOUILLON_TEST_POSTGIS").unwrap()).await.unwrap();
            for sql in [format!("drop database {}", name(to)), format!("create database {} template {}", name(to), name(from))] {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut c).await.unwrap();
            }
        }
        _ => {
            std::fs::copy(place.data.join("bouillon.sqlite"), copy.data.join("bouillon.sqlite")).unwrap();
        }
    }
    copy
}

/// A hundred thousand actors a copy would fill the disk of the throw-away cluster.
async fn remove(place: Place) {
    let Some(url) = &place.database else { return };
    let name = url.split('?').next().unwrap().rsplit('/').next().unwrap();
    let mut c = sqlx::PgConnection::connect(&std::env::var("BOUILLON_TEST_POSTGIS").unwrap()).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("drop database {name} with (force)"))).execute(&mut c).await.unwrap();
}

/// The number of the newest migration, as the database has it.
async fn schema(place: &Place) -> i64 {
    let sql = "select max(version) from _sqlx_migrations";
    match &place.database {
        Some(url) => {
            let mut c = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query_as::<_, (i64,)>(sql).fetch_one(&mut c).await.unwrap().0
        }
        None => {
            let mut c = sqlx::SqliteConnection::connect(&format!("sqlite:{}", place.data.join("bouillon.sqlite").display())).await.unwrap();
            sqlx::query_as::<_, (i64,)>(sql).fetch_one(&mut c).await.unwrap().0
        }
    }
}

/// Starts it as an operator would after an update, and looks for everything.
async fn everything_is_there(place: Place) -> Place {
    let app = App::start_at(place, FREE, &[]);
    let mut ana = app.person();
    let (_, town) = ana.get("/api/v1/territories/ville").await;
    assert_eq!(town["counts"]["actors"].as_i64().or(town["actors"].as_i64()), Some(ACTORS), "{town}");
    let first = ana.actor("01920000-0000-7002-8000-000000000001").await;
    assert_eq!((&first["fields"]["name"], &first["versions"]["name"]), (&json!("Acteur 1"), &json!([1, 2])));
    assert_eq!(ana.set(&first, json!({"name": "Acteur premier"})).await.0, 200);
    let out = app.place.run(&["check"]);
    assert!(out.status.success() && said(&out).contains(&format!("{} entries without a gap", ACTORS + 2)), "{}", said(&out));
    app.stop()
}

/// The automatic backup holds the database as the first release left it, and comes back.
async fn the_backup_before_is_whole(place: &Place) {
    let made = backups(&place.data.join("backups"));
    // The oldest: a start that was killed between two migrations is followed by one that makes a backup of its own.
    let oldest = made.first().expect("a backup was made before the migration");
    let manifest = manifest(oldest);
    assert_eq!((&manifest["schema"], &manifest["rows"]["actors"], &manifest["rows"]["streets"]), (&json!(4), &json!(ACTORS), &json!(500)));
    let other = Place::new(if place.database.is_some() { Backend::Postgis } else { Backend::Sqlite }).await;
    let out = other.run(&["restore", oldest.to_str().unwrap()]);
    assert!(out.status.success(), "{}", said(&out));
    assert_eq!(schema(&other).await, 4, "a restored database is as it was, until a server starts");
    remove(other).await;
}

/// Starts a server and kills it at a moment of its upgrade: while the backup is made, as soon as it is whole, or a little later.
async fn kill_at(place: &Place, prefix: &str, later: Duration) {
    let mut child = place.command(&["serve"]).args(FREE).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (folder, started) = (place.data.join("backups"), Instant::now());
    let begun = |folder: &Path| {
        let mut list = std::fs::read_dir(folder).into_iter().flatten().flatten();
        list.any(|e| e.file_name().to_string_lossy().starts_with(prefix))
    };
    while !begun(&folder) {
        assert!(started.elapsed() < Duration::from_secs(120), "no backup was begun");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(later).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

on_both! {
    async fn a_database_of_the_first_release_upgrades_with_a_backup_also_when_killed_half_way(backend: Backend) {
        let first = first_release_place(backend).await;
        let (mut before_migration, mut after_backup) = (0, 0);
        let moments = [(".unfinished", 0), (".unfinished", 500), ("bouillon-", 0), ("bouillon-", 3), ("bouillon-", 30)];
        for (number, (prefix, later)) in moments.into_iter().enumerate() {
            let place = copy_of(&first).await;
            kill_at(&place, prefix, Duration::from_millis(later)).await;
            before_migration += i32::from(schema(&place).await == 4);
            after_backup += i32::from(!backups(&place.data.join("backups")).is_empty());
            let place = if number == 3 { everything_is_there(place).await } else { place };
            if number == 3 {
                the_backup_before_is_whole(&place).await;
            }
            remove(place).await;
        }
        remove(first).await;
        eprintln!("{backend:?}: of 5 kills {before_migration} came before the migration, {after_backup} after the backup");
        assert!(before_migration >= 2 && after_backup >= 2, "{before_migration} before the migration, {after_backup} after the backup");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_tool_for_a_backup_the_upgrade_waits_unless_told_otherwise() {
    let place = Place::new(Backend::Postgis).await;
    let mut c = sqlx::PgConnection::connect(place.database.as_ref().unwrap()).await.unwrap();
    first_release(Backend::Postgis).run(&mut c).await.unwrap();
    let check = |args: &[&str]| {
        let mut command = place.command(&["check"]);
        command.args(args).env("PATH", "/nonexistent").env("BOUILLON_PG_TOOLS", "/nonexistent").output().unwrap()
    };
    let out = check(&[]);
    assert!(out.status.code() == Some(2) && said(&out).contains("--no-backup") && said(&out).contains("pg_dump"), "{}", said(&out));
    assert_eq!(schema(&place).await, 4, "nothing was changed");
    let out = check(&["--no-backup"]);
    assert!(out.status.success(), "{}", said(&out));
    assert!(schema(&place).await > 4);
}
