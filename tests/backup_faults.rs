//! Backups that are killed, damaged, or meet a full disk: nothing that is not whole looks whole, and nothing is restored by halves.

use crate::app::{App, BOUILLON, Backend, FREE, Place};
use crate::backup::{Folder, backups, said, town};
use sqlx::Connection;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

on_both! {
    async fn a_backup_that_is_killed_leaves_nothing_that_looks_whole(backend: Backend) {
        let folder = Folder::new("killed");
        let (place, _) = town(backend).await;
        std::fs::create_dir_all(place.data.join("extracts")).unwrap();
        std::fs::write(place.data.join("extracts/large.osm.pbf"), vec![7; 12 << 20]).unwrap();
        let started = std::time::Instant::now();
        assert!(place.run(&["backup", folder.text()]).status.success());
        let whole = started.elapsed();
        let mut unfinished = 0;
        for step in 0..12 {
            let before = backups(&folder.0).len();
            let mut child = place.command(&["backup", folder.text()]).stdout(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(whole * step / 12).await;
            child.kill().unwrap();
            child.wait().unwrap();
            let names = std::fs::read_dir(&folder.0).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
            unfinished += names.filter(|n| n.starts_with(".unfinished")).count();
            for new in backups(&folder.0).iter().skip(before) {
                let out = place.run(&["verify", new.to_str().unwrap()]);
                assert!(out.status.success(), "{}", said(&out));
            }
        }
        assert!(unfinished >= 3, "only {unfinished} kills met a backup at work");
        // The next backup clears up, as soon as PostgreSQL's tool has noticed.
        assert!(place.run(&["backup", folder.text()]).status.success());
        let left = std::fs::read_dir(&folder.0).unwrap().filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with(".unfinished"));
        assert_eq!(left.count(), 0);
    }
}

/// How many tables of ours a database has, or whether the data folder holds one.
async fn holds_something(place: &Place) -> bool {
    let files = ["bouillon.sqlite", "basemaps/ville.pmtiles"].iter().any(|f| place.data.join(f).exists());
    let Some(url) = &place.database else { return files };
    let mut c = sqlx::PgConnection::connect(url).await.unwrap();
    let (tables,): (i64,) = sqlx::query_as("select count(*) from pg_class where relname in ('journal', 'actors')").fetch_one(&mut c).await.unwrap();
    files || tables > 0
}

on_both! {
    async fn a_flipped_byte_a_missing_file_and_a_truncated_one_are_found_and_nothing_is_written(backend: Backend) {
        let folder = Folder::new("damaged");
        let (place, _) = town(backend).await;
        assert!(place.run(&["backup", folder.text()]).status.success());
        let whole = backups(&folder.0).remove(0);
        let database = if backend == Backend::Sqlite { "bouillon.sqlite" } else { "bouillon.pgdump" };
        let target = Place::new(backend).await;
        let mut tried = 0;
        for file in [database, "basemaps/ville.pmtiles", "manifest.json", "SHA256SUMS"] {
            let bytes = std::fs::read(whole.join(file)).unwrap();
            let mut flipped = bytes.clone();
            flipped[bytes.len() / 2] ^= 1;
            for damage in [Some(flipped), Some(bytes[..bytes.len() - 7].to_vec()), Some(Vec::new()), None] {
                match &damage {
                    Some(bytes) => std::fs::write(whole.join(file), bytes).unwrap(),
                    None => std::fs::remove_file(whole.join(file)).unwrap(),
                }
                for command in ["verify", "restore"] {
                    let out = target.run(&[command, whole.to_str().unwrap()]);
                    assert_eq!(out.status.code(), Some(2), "{command} with a damaged {file}: {}", said(&out));
                    assert!(!said(&out).contains("panicked") && !said(&out).is_empty());
                }
                tried += 1;
            }
            std::fs::write(whole.join(file), bytes).unwrap();
        }
        assert_eq!(tried, 16);
        assert!(!holds_something(&target).await);
        assert!(target.run(&["restore", whole.to_str().unwrap()]).status.success(), "repaired, it comes back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_whose_sums_agree_but_is_no_sound_database_is_found_too() {
    let folder = Folder::new("forged");
    let (place, _) = town(Backend::Sqlite).await;
    assert!(place.run(&["backup", folder.text()]).status.success());
    let backup = backups(&folder.0).remove(0);
    // Whoever made this backup made the sums from a file that was damaged already.
    let file = backup.join("bouillon.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let old = sum(&file);
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&file, &bytes).unwrap();
    let manifest = std::fs::read_to_string(backup.join("manifest.json")).unwrap().replace(&old, &sum(&file));
    let sums = std::fs::read_to_string(backup.join("SHA256SUMS")).unwrap().replace(&old, &sum(&file));
    let manifest_before = sum(&backup.join("manifest.json"));
    std::fs::write(backup.join("manifest.json"), manifest).unwrap();
    std::fs::write(backup.join("SHA256SUMS"), sums.replace(&manifest_before, &sum(&backup.join("manifest.json")))).unwrap();
    let target = Place::new(Backend::Sqlite).await;
    for command in ["verify", "restore"] {
        let out = target.run(&[command, backup.to_str().unwrap()]);
        assert!(!out.status.success() && said(&out).contains("damaged"), "{command}: {}", said(&out));
    }
    assert!(!holds_something(&target).await);
}

fn sum(file: &Path) -> String {
    let out = Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(out.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// Runs a command with a folder that lies on a disk of so many KiB, then lists the folder. Where a test may not mount one, the size of files
/// is limited instead.
fn on_small_disk(folder: &Path, kib: u32, place: &Place, args: &[&str]) -> (Output, Vec<String>) {
    let inner = place.command(args);
    let may_mount = Command::new("unshare").args(["-rm", "true"]).status().is_ok_and(|s| s.success());
    let mut command = if may_mount { Command::new("unshare") } else { Command::new("sh") };
    let prepare = if may_mount {
        command.args(["-rm", "sh"]);
        format!("mount -t tmpfs -o size={kib}k small {}", folder.display())
    } else {
        format!("trap '' XFSZ; ulimit -f {}", kib * 2)
    };
    let script = format!("{prepare} || exit 99; \"$0\" \"$@\"; code=$?; cd {} && find . -type f -printf 'LEFT %P\\n'; exit $code", folder.display());
    command.args(["-c", &script, BOUILLON]).args(inner.get_args());
    let out = command.output().unwrap();
    assert_ne!(out.status.code(), Some(99), "{}", said(&out));
    let left = String::from_utf8_lossy(&out.stdout).lines().filter_map(|l| l.strip_prefix("LEFT ").map(str::to_owned)).collect();
    (out, left)
}

on_both! {
    async fn a_disk_that_fills_up_leaves_no_backup_and_no_half_restored_folder(backend: Backend) {
        let folder = Folder::new("full");
        let (place, _) = town(backend).await;
        let mut refused = 0;
        for kib in [16, 64, 160, 256, 320] {
            let (out, left) = on_small_disk(&folder.0, kib, &place, &["backup", folder.text()]);
            if out.status.success() {
                break;
            }
            assert!(!said(&out).contains("panicked") && said(&out).contains("bouillon: "), "{kib} KiB: {}", said(&out));
            assert!(!left.iter().any(|f| f.starts_with("bouillon-")), "{kib} KiB: {left:?}");
            refused += 1;
        }
        assert!(refused >= 1, "every disk was large enough");
        assert!(place.run(&["backup", folder.text()]).status.success());
        let mut refused = 0;
        for kib in [16, 64, 160, 256] {
            let target = Place::new(backend).await;
            let (out, left) = on_small_disk(&target.data, kib, &target, &["restore", folder.text()]);
            if out.status.success() {
                break;
            }
            assert!(!said(&out).contains("panicked"), "{kib} KiB: {}", said(&out));
            assert!(!left.iter().any(|f| f.contains("sqlite") || f.contains("pmtiles")), "{kib} KiB: {left:?}");
            assert!(!holds_something(&target).await, "{kib} KiB");
            refused += 1;
        }
        assert!(refused >= 1 || backend == Backend::Postgis, "every disk was large enough");
    }
}

on_both! {
    async fn a_restore_overwrites_nothing_and_waits_for_no_server(backend: Backend) {
        let folder = Folder::new("refused");
        let (place, _) = town(backend).await;
        assert!(place.run(&["backup", folder.text()]).status.success());
        let sentence = if backend == Backend::Sqlite { "nothing is ever overwritten" } else { "is not empty" };
        let out = place.run(&["restore", folder.text()]);
        assert!(!out.status.success() && said(&out).contains(sentence), "{}", said(&out));
        let other_map = Place::new(backend).await;
        std::fs::create_dir_all(other_map.data.join("basemaps")).unwrap();
        std::fs::write(other_map.data.join("basemaps/ville.pmtiles"), b"another map").unwrap();
        let out = other_map.run(&["restore", folder.text()]);
        assert!(out.status.code() == Some(2) && said(&out).contains("nothing is ever overwritten"), "{}", said(&out));
        assert_eq!(std::fs::read(other_map.data.join("basemaps/ville.pmtiles")).unwrap(), b"another map");
        assert!(place.run(&["check"]).status.success(), "what was there is as it was");
        let other = App::start(backend).await;
        let out = other.place.run(&["restore", folder.text()]);
        assert!(out.status.code() == Some(2) && said(&out).contains("is used by another bouillon"), "{}", said(&out));
    }
}

on_both! {
    async fn a_backup_of_the_other_database_or_of_a_newer_version_gets_a_sentence(backend: Backend) {
        let folder = Folder::new("other");
        let (place, _) = town(backend).await;
        assert!(place.run(&["backup", folder.text()]).status.success());
        let other = Place::new(if backend == Backend::Sqlite { Backend::Postgis } else { Backend::Sqlite }).await;
        let out = other.run(&["restore", folder.text()]);
        assert!(out.status.code() == Some(2) && said(&out).contains("--database"), "{}", said(&out));
        assert!(!holds_something(&other).await);
        newer(&place).await;
        for command in [vec!["serve"], vec!["check"], vec!["export", "actors", "--territory", "ville", "--format", "csv"]] {
            let out = place.command(&command).args(FREE).output().unwrap();
            assert!(!out.status.success() && said(&out).contains("run the newer bouillon"), "{command:?}: {}", said(&out));
        }
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let out = place.run(&["backup", folder.text()]);
        assert!(out.status.success(), "a backup of it can still be made: {}", said(&out));
        let target = Place::new(backend).await;
        let out = target.run(&["restore", folder.text()]);
        assert!(!out.status.success() && said(&out).contains("run the newer bouillon"), "{}", said(&out));
        assert!(!holds_something(&target).await);
    }
}

/// Pretends that a later version has changed the tables.
async fn newer(place: &Place) {
    let sql = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9000, 'later', true, $1, 0)";
    match &place.database {
        Some(url) => {
            let mut c = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query(sql).bind(vec![1_u8]).execute(&mut c).await.unwrap();
        }
        None => {
            let mut c = sqlx::SqliteConnection::connect(&format!("sqlite:{}", place.data.join("bouillon.sqlite").display())).await.unwrap();
            sqlx::query(sql).bind(vec![1_u8]).execute(&mut c).await.unwrap();
        }
    }
}

on_both! {
    async fn a_restore_that_is_killed_can_be_run_again_or_says_what_to_do(backend: Backend) {
        let folder = Folder::new("killed-restore");
        let (place, _) = town(backend).await;
        std::fs::create_dir_all(place.data.join("extracts")).unwrap();
        std::fs::write(place.data.join("extracts/large.osm.pbf"), vec![7; 8 << 20]).unwrap();
        assert!(place.run(&["backup", folder.text()]).status.success());
        let (started, other) = (std::time::Instant::now(), Place::new(backend).await);
        assert!(other.run(&["restore", folder.text()]).status.success());
        let whole = started.elapsed();
        let mut again = 0;
        for step in 1..12 {
            let target = Place::new(backend).await;
            let mut child = target.command(&["restore", folder.text()]).stdout(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(whole * step / 11).await;
            let finished = child.try_wait().unwrap().is_some();
            child.kill().unwrap();
            child.wait().unwrap();
            // PostgreSQL's tool may still be at work.
            tokio::time::sleep(Duration::from_millis(300)).await;
            if finished {
                assert!(target.run(&["check"]).status.success());
                continue;
            }
            let out = target.run(&["restore", folder.text()]);
            let left = holds_something(&target).await;
            if !out.status.success() {
                // Whole already, or half: then it is not served, and the sentence says what to do.
                let served = target.run(&["check"]);
                let whole = served.status.success() && said(&out).contains(if backend == Backend::Sqlite { "overwritten" } else { "not empty" });
                assert!(left && (whole || said(&served).contains("half restored")), "{}{}", said(&out), said(&served));
                continue;
            }
            assert!(target.run(&["check"]).status.success());
            again += 1;
        }
        assert!(again >= 2, "only {again} restores were killed in the midst and run again");
    }
}

on_both! {
    async fn a_half_restored_database_is_not_served(backend: Backend) {
        let (place, _) = town(backend).await;
        match &place.database {
            Some(url) => {
                let mut c = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query("delete from journal_head").execute(&mut c).await.unwrap();
            }
            None => {
                let mut c = sqlx::SqliteConnection::connect(&format!("sqlite:{}", place.data.join("bouillon.sqlite").display())).await.unwrap();
                sqlx::query("delete from journal_head").execute(&mut c).await.unwrap();
            }
        }
        for command in ["serve", "check"] {
            let out = place.command(&[command]).args(FREE).output().unwrap();
            assert!(!out.status.success() && said(&out).contains("half restored"), "{command}: {}", said(&out));
        }
    }
}
