//! INSTALL.md is what a town-hall agent copies: its units, settings and commands are tried here as far as a test can.

use crate::app::{BOUILLON, Backend, Place};
use crate::backup::{Folder, said};
use std::path::PathBuf;
use std::process::Command;

fn page() -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("INSTALL.md")).unwrap()
}

/// The fenced blocks: kind, path (for files), text.
fn blocks() -> Vec<(String, Option<String>, String)> {
    let mut found = Vec::new();
    let page = page();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut words = info.split_whitespace();
        let (kind, path) = (words.next().unwrap_or("").to_owned(), words.next().map(str::to_owned));
        let text: String = lines.by_ref().take_while(|l| *l != "```").map(|l| format!("{l}\n")).collect();
        found.push((kind, path, text));
    }
    assert!(found.len() >= 15, "only {} blocks", found.len());
    found
}

fn file(path: &str) -> String {
    blocks().into_iter().find(|(_, p, _)| p.as_deref() == Some(path)).unwrap_or_else(|| panic!("no {path} on the page")).2
}

fn is_there(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success()
}

/// A line of a shell block as words; quoted texts are one word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], None);
    for c in line.chars() {
        match (quoted, c) {
            (None, '"' | '\'') => quoted = Some(c),
            (Some(q), c) if c == q => quoted = None,
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words.into_iter().filter(|w| !w.is_empty()).collect()
}

#[test]
fn every_command_of_the_page_exists_with_its_options() {
    let mut commands = 0;
    let units = blocks().into_iter().filter(|(kind, ..)| kind == "ini" || kind == "sh");
    for line in units.flat_map(|(.., text)| text.lines().map(str::to_owned).collect::<Vec<_>>()) {
        let line = line.trim_start_matches("ExecStart=").replace("/usr/local/bin/bouillon", "bouillon");
        let words = words(&line);
        // `sudo -u bouillon bouillon …`: the program is what follows the user's name.
        let user = words.iter().position(|w| w == "-u").map_or(0, |i| i + 2);
        if words.get(user).map(String::as_str) != Some("bouillon") {
            continue;
        }
        let args = &words[user + 1..];
        let sub: Vec<&String> = args.iter().take_while(|w| w.chars().all(|c| c.is_ascii_lowercase())).collect();
        let out = Command::new(BOUILLON).args(&sub).arg("--help").output().unwrap();
        assert!(out.status.success(), "`{line}` does not exist");
        let help = String::from_utf8_lossy(&out.stdout).into_owned();
        for flag in args.iter().filter(|w| w.starts_with("--")) {
            assert!(help.contains(flag.split('=').next().unwrap()), "`{line}` has no {flag}");
        }
        commands += 1;
    }
    assert!(commands >= 12, "only {commands} commands found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_of_the_page_are_understood_and_its_variables_known() {
    let place = Place::new(Backend::Sqlite).await;
    let config = place.data.join("bouillon.toml");
    std::fs::write(&config, file("/etc/bouillon/bouillon.toml")).unwrap();
    let out = place.run(&["check", "--config", config.to_str().unwrap()]);
    assert!(out.status.success() && said(&out).contains("https://carte.exemple.fr"), "{}", said(&out));
    let help = said(&Command::new(BOUILLON).args(["serve", "--help"]).output().unwrap())
        + &said(&Command::new(BOUILLON).args(["move", "--help"]).output().unwrap());
    for variable in page().split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(|w| w.starts_with("BOUILLON_")) {
        assert!(help.contains(variable), "{variable} is no variable of ours");
    }
}

/// The page's units in a folder, with the program's true place.
fn units(folder: &Folder) -> Vec<PathBuf> {
    let mut written = Vec::new();
    for (_, path, text) in blocks() {
        let Some(name) = path.as_deref().and_then(|p| p.strip_prefix("/etc/systemd/system/")).filter(|n| !n.contains('/')) else { continue };
        let unit = folder.0.join(name);
        std::fs::write(
            &unit,
            text.replace("/usr/local/bin/bouillon", BOUILLON).replace("User=bouillon\n", "User=root\n").replace("Group=bouillon\n", "Group=root\n"),
        )
        .unwrap();
        written.push(unit);
    }
    assert_eq!(written.len(), 5);
    written
}

#[test]
fn systemd_understands_the_units_and_finds_them_well_shut() {
    if !is_there("systemd-analyze") {
        eprintln!("not run: systemd-analyze is not installed");
        return;
    }
    let folder = Folder::new("units");
    let units = units(&folder);
    let out = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output().unwrap();
    let complaints: Vec<String> = said(&out).lines().filter(|l| l.contains(folder.text()) || l.contains("bouillon")).map(str::to_owned).collect();
    assert!(out.status.success() && complaints.is_empty(), "{}", said(&out));
    let out = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=20"])
        .arg(folder.0.join("bouillon.service"))
        .output()
        .unwrap();
    assert!(out.status.success(), "more exposed than 2.0: {}", said(&out));
}

#[test]
fn nginx_understands_its_example() {
    if !is_there("nginx") {
        eprintln!("not run: nginx is not installed");
        return;
    }
    let folder = Folder::new("nginx");
    let [cert, key] = crate::tls::certificate(&folder.0, "a");
    let site = file("/etc/nginx/sites-enabled/bouillon");
    let site = site.replace("/etc/letsencrypt/live/carte.exemple.fr/fullchain.pem", cert.to_str().unwrap());
    let site = site.replace("/etc/letsencrypt/live/carte.exemple.fr/privkey.pem", key.to_str().unwrap());
    let config = folder.0.join("nginx.conf");
    // Its own folders are where only root may write.
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = kinds.map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.text())).concat();
    let text = format!("pid {}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{site}\n}}\n", folder.text());
    std::fs::write(&config, text).unwrap();
    let out = Command::new("nginx").arg("-t").arg("-p").arg(&folder.0).arg("-c").arg(&config).output().unwrap();
    assert!(out.status.success(), "{}", said(&out));
}
