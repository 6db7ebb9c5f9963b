//! The invariants of ARCHITECTURE.md that a machine can check.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder with one of these endings, with their text.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|e| path.to_string_lossy().ends_with(e)) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no files in {folder}");
    found.sort();
    found
}

fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn nowhere_but(allowed: &str, words: &[&str]) {
    for (name, text) in files("src", &[".rs"]).iter().filter(|(n, _)| !n.starts_with(allowed)) {
        for (line, source) in code(text) {
            assert!(!words.iter().any(|w| source.contains(w)), "{name}:{line} uses {words:?}, which belongs in {allowed}: {source}");
        }
    }
}

#[test]
fn sql_is_only_in_the_store() {
    nowhere_but("src/store/", &["sqlx::"]);
}

#[test]
fn axum_is_only_in_http() {
    nowhere_but("src/http/", &["axum::", "axum_extra::"]);
}

#[test]
fn geometry_and_domain_are_pure() {
    for folder in ["src/geo", "src/model"] {
        for (name, text) in files(folder, &[".rs"]) {
            for (line, source) in code(&text) {
                for word in ["async ", "std::fs", "std::net", "tokio::", "SystemTime", "Instant::now", "now_v7", "new_v4", "rand::", "std::env::"] {
                    assert!(!source.contains(word), "{name}:{line} is not pure ({word}): {source}");
                }
            }
        }
    }
}

#[test]
fn both_back_ends_have_the_same_migrations_in_lower_case_with_prose_on_top() {
    let names = |folder: &str| files(folder, &[".sql"]).into_iter().map(|(n, _)| n.rsplit('/').next().unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names("migrations/sqlite"), names("migrations/postgis"));
    let embedded = fs::read_to_string(root().join("src/store/migrations.rs")).unwrap();
    for (name, text) in files("migrations", &[".sql"]) {
        assert!(text.starts_with("-- "), "{name} needs prose on top");
        let stem = Path::new(&name).file_stem().unwrap().to_string_lossy().into_owned();
        assert_eq!(embedded.matches(&format!("\"{stem}\"")).count(), 2, "{stem} must be embedded for both back-ends");
        for (line, sql) in text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("--")) {
            let words = sql.split("--").next().unwrap_or("");
            assert!(!["SELECT ", "CREATE ", "TABLE ", "INSERT "].iter().any(|w| words.contains(w)), "{name}:{} in lower case, please", line + 1);
        }
    }
}

/// The rooms in the order in which data flows: a room may use only those above it.
const ROOMS: [&str; 16] =
    ["geo", "model", "store", "atlas", "geocode", "journal", "osm", "tiles", "import", "export", "report", "backup", "seance", "live", "http", "cli"];

#[test]
fn no_room_uses_one_below_it() {
    for (name, text) in files("src", &[".rs"]) {
        let Some(room) = name.strip_prefix("src/").and_then(|n| n.split_once('/')).map(|(room, _)| room) else { continue };
        let place = ROOMS.iter().position(|r| *r == room).unwrap_or_else(|| panic!("{name}: a room that ARCHITECTURE.md does not name"));
        for (line, source) in code(&text) {
            for below in ROOMS.iter().skip(place + 1) {
                assert!(!source.contains(&format!("crate::{below}::")), "{name}:{line} looks down into {below}: {source}");
            }
        }
    }
}

#[test]
fn no_page_style_or_script_names_another_host() {
    let known = [
        "http://www.w3.org/",
        "https://www.openstreetmap.org/",
        "https://opendatacommons.org/",
        "https://schema.org",
        "https://example.org",
        ".example.org",
    ];
    let mut served = files("web/src", &[".ts", ".svelte", ".css", ".json"]);
    served.extend(files("src/http", &[".rs"]));
    served.push(("web/index.html".into(), fs::read_to_string(root().join("web/index.html")).unwrap()));
    for (name, text) in served {
        for (line, source) in code(&text) {
            for (at, _) in
                source.match_indices("http").filter(|(at, _)| source[*at..].starts_with("http://") || source[*at..].starts_with("https://"))
            {
                let rest: String = source[at..].chars().take_while(|c| !"\"'`)<> ".contains(*c)).collect();
                let host = rest.split("//").nth(1).unwrap_or("");
                let own = host.is_empty()
                    || host.starts_with('{')
                    || host.starts_with("127.0.0.1")
                    || host.starts_with("localhost")
                    || host.starts_with('$');
                let test = name.contains(".test.") || name.contains("/tests/");
                assert!(own || test || known.iter().any(|k| rest.contains(k)), "{name}:{line} names another host: {rest}");
            }
        }
    }
}

#[test]
fn files_open_with_what_belongs_in_them_and_stay_short() {
    for (name, text) in files("src", &[".rs"]).into_iter().chain(files("tests", &[".rs"])) {
        assert!(text.starts_with("//! "), "{name} must open with `//!` and what belongs there");
        let lines = text.lines().count();
        assert!(lines <= 500, "{name} has {lines} lines: split it by subject");
    }
    for (name, text) in files("web/src", &[".css", ".svelte", ".ts"]) {
        let lines = text.lines().count();
        assert!(lines <= 500, "{name} has {lines} lines: split it by subject");
    }
}

#[test]
fn source_code_never_unwraps_outside_tests() {
    for (name, text) in files("src", &[".rs"]) {
        if name.contains("tests") || name.ends_with("cases.rs") || name.ends_with("extracts.rs") || name.ends_with("decode.rs") {
            continue;
        }
        let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        for (line, source) in code(body) {
            assert!(!source.contains(".unwrap()"), "{name}:{line} unwraps: {source}");
        }
    }
}

#[test]
fn no_cargo_feature_but_maplibre() {
    let cargo = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let features = cargo.split("[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let names: Vec<&str> = features.lines().filter(|l| !l.starts_with('#')).filter_map(|l| Some(l.split_once(" = ")?.0)).collect();
    assert_eq!(names, ["maplibre"], "what is not always built is not always tested");
    let optional: BTreeSet<&str> = cargo.lines().filter(|l| l.contains("optional = true")).filter_map(|l| l.split(" =").next()).collect();
    let listed: BTreeSet<&str> = features.split("\"dep:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(optional, listed, "what the feature brings is there for nothing else");
    for (name, text) in files("src", &[".rs"]) {
        for (line, source) in code(&text).filter(|(_, source)| source.contains("feature = \"")) {
            assert!(source.contains("feature = \"maplibre\""), "{name}:{line}: {source}");
        }
    }
}

#[test]
fn every_large_dependency_is_explained() {
    let cargo = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let explained = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let list = cargo.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for name in list.lines().filter_map(|l| l.split(" =").next()).filter(|n| !n.is_empty()) {
        assert!(explained.contains(&format!("`{name}`")), "ARCHITECTURE.md does not say what `{name}` is for");
    }
}
