//! What the fuzzer runs, one function per target: any bytes in, and nothing panics, nothing is answered with a failure, every rule holds.
//! Shared by the fuzz crate (tests/fuzz, nightly) and by tests/fuzz_replay.rs, which runs the kept corpus on every `make test`.

use axum::body::Body;
use axum::http::{Request as HttpRequest, Uri, header};
use bouillon::geocode::Geocoder;
use bouillon::http::{self, App, Limits, Options, Routes};
use bouillon::import::Imports;
use bouillon::journal::Beside;
use bouillon::journal::Journal;
use bouillon::journal::core::{Author, Known, Request, decide};
use bouillon::model::merge::texts_to_look_up;
use bouillon::model::{Doc, Edit, Entry, Lang, Outcome, Role, Subject, Version, field};
use bouillon::osm::{self, Ask, Extract, Verdict};
use bouillon::store::{AddressSource, Store};
use bouillon::tiles::{Archive, Archives};
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;
use tower_service::Service;
use uuid::Uuid;

/// A target: its name, and what it does with any bytes.
type Target = (&'static str, fn(&[u8]));

/// The targets by name.
pub(super) const TARGETS: [Target; 5] = [("pbf", pbf), ("edits", edits), ("queries", queries), ("tiles", tiles), ("archives", archives)];

/// Runs the target of a name.
pub(super) fn run(name: &str, bytes: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(n, _)| *n == name).expect("a target of this name");
    target(bytes);
}

/// A file of this process and thread, in memory where the system has such a folder.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new("/dev/shm");
    let folder = if folder.is_dir() { folder.to_owned() } else { std::env::temp_dir() };
    folder.join(format!("bouillon-fuzz-{}-{:?}-{name}", std::process::id(), std::thread::current().id()).replace(['(', ')'], ""))
}

/// An extract: the bytes as a whole file, or, after a first `=`, as the content of one data block of a sound file.
fn pbf(bytes: &[u8]) {
    let path = scratch("file.osm.pbf");
    let whole = match bytes.strip_prefix(b"=") {
        Some(block) => [framed(b"OSMHeader", b"\x22\x0eOsmSchema-V0.6\x22\x0aDenseNodes"), framed(b"OSMData", block)].concat(),
        None => bytes.to_vec(),
    };
    std::fs::write(&path, whole).expect("room for a small file");
    let ask = Ask { boundary: None, max_memory: 256 << 20 };
    match osm::extract(&path, &ask, &mut |_, _| {}) {
        Ok((extract, _)) => {
            for found in &extract.found {
                for (name, value) in &found.fields {
                    let stored = field::check(bouillon::model::SubjectKind::Actor, name, value);
                    assert_eq!(stored.as_ref(), Ok(value), "{name} is not as the journal would keep it");
                }
            }
        }
        Err(error) => {
            let said = error.sentence(Lang::Fr);
            assert!(said.ends_with('.') && !said.contains('\n'), "{said}");
        }
    }
}

/// A block that is not compressed, as it stands in a file.
fn framed(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let blob = [&[0x0a][..], &varint(content.len()), content].concat();
    let head = [&[0x0a, kind.len() as u8], kind, &[0x18], &varint(blob.len())].concat();
    [&(head.len() as u32).to_be_bytes()[..], &head, &blob].concat()
}

fn varint(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

/// A JSON list of edits, decided one after the other as the writer does.
fn edits(bytes: &[u8]) {
    let Ok(edits) = serde_json::from_slice::<Vec<Edit>>(bytes) else { return };
    let mut docs: HashMap<Subject, Doc> = HashMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    for edit in edits.into_iter().take(40) {
        // The last digit of its id says who sends it, so that the fuzzer can choose.
        let role = [Role::Visitor, Role::Contributor, Role::Moderator, Role::Admin][usize::from(edit.id.as_bytes()[15] & 3)];
        let subject = edit.subject;
        let next = Version { epoch: 1, seq: entries.len() as i64 + 1 };
        let texts: BTreeMap<String, String> = texts_to_look_up(docs.get(&subject), &edit)
            .into_iter()
            .filter_map(|(name, seen)| {
                let entry = entries.get(usize::try_from(seen.seq.checked_sub(1)?).ok()?)?;
                Some((name.clone(), entry.after.get(&name)?.as_str()?.to_owned()))
            })
            .collect();
        let undone = edit.reverts.and_then(|seq| entries.get(usize::try_from(seq.checked_sub(1)?).ok()?)).filter(|e| e.subject == subject).cloned();
        let request = Request { edit, author: Author::Identity(Uuid::nil()), source: None, lang: Lang::Fr, run: None, beside: Beside::Nothing };
        let known = Known {
            doc: docs.get(&subject),
            role,
            maker: None,
            in_ice: false,
            participant: true,
            next,
            at: 0,
            base_texts: &texts,
            undone: undone.as_ref(),
        };
        let decision = decide(&request, &known);
        assert_eq!(decision, decide(&request, &known), "deciding has no chance in it");
        let told = serde_json::to_value(&decision.ack).expect("an ack is JSON");
        assert_eq!(told["message"].is_string(), decision.ack.result == Outcome::Refused, "{told}");
        let Some(merged) = decision.merged else {
            assert_ne!(decision.ack.result, Outcome::Applied, "{told}");
            continue;
        };
        let doc = merged.doc.expect("what is applied gives a state");
        sound(subject, &doc, next);
        let edit = &request.edit;
        entries.push(Entry {
            seq: next.seq,
            epoch: 1,
            edit_id: edit.id,
            group: None,
            kind: edit.kind,
            subject,
            author: None,
            source: None,
            at: 0,
            before: merged.before,
            after: merged.after,
            reverts: edit.reverts,
            run: None,
            seance: None,
        });
        docs.insert(subject, doc);
    }
}

/// Every value is one that the rules would accept again as it is, and every field has its mark.
fn sound(subject: Subject, doc: &Doc, newest: Version) {
    assert_eq!(doc.version, newest);
    for (name, value) in &doc.fields {
        assert_eq!(field::check(subject.kind, name, value).as_ref(), Ok(value), "{name}");
        assert!(doc.meta.get(name).is_some_and(|m| m.v <= newest), "{name} has no mark");
    }
}

thread_local! {
    static TOWN: OnceCell<(Runtime, Routes)> = const { OnceCell::new() };
}

/// Asks the server that holds the demonstration commune; it must answer, and not with a failure.
fn ask(path: &str, query: &str) -> Option<(u16, String, Vec<u8>)> {
    let uri: Uri = if query.is_empty() { path.parse().ok()? } else { format!("{path}?{query}").parse().ok()? };
    let request = HttpRequest::builder().uri(&uri).body(Body::empty()).ok()?;
    TOWN.with(|town| {
        let (runtime, routes) = town.get_or_init(open_town);
        runtime.block_on(async {
            let answer = match routes.clone().call(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            let status = answer.status().as_u16();
            let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
            let bytes = axum::body::to_bytes(answer.into_body(), 64 << 20).await.expect("the whole answer");
            assert!(status < 500, "{uri}: {status}");
            if kind.contains("json") {
                let json: Value = serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{uri}: {e}"));
                assert!(status < 400 || json["detail"].as_str().is_some_and(|d| d.len() > 5), "{uri}: {json}");
            }
            Some((status, kind, bytes.to_vec()))
        })
    })
}

fn open_town() -> (Runtime, Routes) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = scratch("town");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let extract = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|a| a.join("fixtures/solvigne-2024-03-01.osm.pbf")).find(|f| f.exists());
    let extract = extract.expect("the demonstration commune");
    let routes = runtime.block_on(async {
        let store = Store::open(&format!("sqlite:{}", folder.join("town.sqlite").display())).await.expect("a store");
        let journal = Journal::open(store).await.expect("a journal");
        let ask = Ask { boundary: None, max_memory: 1 << 30 };
        let (extract, _) = osm::extract(&extract, &ask, &mut |_, _| {}).expect("the demonstration commune is sound");
        fill(&journal, &extract).await;
        let geocoder = Geocoder::open(&journal.store).await.expect("addresses");
        let limits =
            Limits { creations_per_hour: 1, edits_per_hour: 1, address_creations_per_hour: 1, address_edits_per_hour: 1, min_fill_seconds: 0 };
        let legal = [None, None, None];
        let options = Options {
            base_url: None,
            tls: false,
            data: folder.clone(),
            min_free: Some(0),
            trusted_proxies: 1,
            limits,
            tile_cache: 1 << 20,
            raster_engine: Default::default(),
            legal,
            soffice: None,
        };
        let imports = Imports::new(journal.clone(), &folder, None).expect("a folder for imports");
        http::router(App::new(journal, geocoder, options, Archives::new(folder.clone()), imports).await.expect("an app"))
    });
    (runtime, routes)
}

/// The commune, its published actors and its addresses, through the journal.
async fn fill(journal: &Journal, extract: &Extract) {
    let territory = Uuid::from_u128(1);
    let (name, boundary) = (&extract.boundary.name, &extract.boundary.geometry);
    let fields = json!({"slug": "solvigne", "name": name, "kind": "commune", "boundary": boundary});
    let mut edits = vec![json!({"id": Uuid::now_v7(), "kind": "create", "subject": {"kind": "territory", "id": territory}, "set": fields})];
    for (number, found) in extract.found.iter().filter(|f| f.verdict == Verdict::Publish).enumerate() {
        let subject = json!({"kind": "actor", "id": Uuid::from_u128(1000 + number as u128)});
        edits.push(json!({"id": Uuid::now_v7(), "kind": "create", "territory": "solvigne", "subject": subject, "set": found.fields}));
    }
    let edits = edits.into_iter().map(|edit| serde_json::from_value::<Edit>(edit).expect("an edit"));
    let request = |edit| Request { edit, author: Author::System, source: Some("osm"), lang: Lang::Fr, run: None, beside: Beside::Nothing };
    let acks = journal.writer.write(edits.map(request).collect()).await.expect("a writer");
    assert!(acks.len() > 50 && acks.iter().all(|a| a.result == Outcome::Applied), "the demonstration commune");
    let mut tx = journal.store.write().await.expect("a transaction");
    tx.put_addresses(AddressSource::Osm, &territory.to_string(), &extract.addresses).await.expect("addresses");
    tx.commit().await.expect("a commit");
}

/// The GET routes of the API, as the router's source names them.
fn routes() -> Vec<&'static str> {
    let source = include_str!("../../src/http/mod.rs");
    let routes = source.lines().filter_map(|l| l.trim().strip_prefix(".route(\"")?.split_once("\", get(")).map(|(path, _)| path);
    routes.filter(|p| p.starts_with("/api/v1/") || p.starts_with("/tiles/") || p.starts_with("/{slug}") || *p == "/").collect()
}

/// First line: which route, by number or as it is written; each further line `name=value`, put into the path where it names a part of it, else into the query.
fn queries(bytes: &[u8]) {
    let mut lines = bytes.split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let all = routes();
    let number = first.first().copied().unwrap_or(0) as usize;
    let mut path = all.iter().find(|r| r.as_bytes() == first).or_else(|| all.get(number % all.len())).copied().unwrap_or("/").to_owned();
    let mut query = String::new();
    for line in lines.take(12) {
        let at = line.iter().position(|b| *b == b'=').unwrap_or(line.len());
        let (name, value) = (&line[..at], line.get(at + 1..).unwrap_or_default());
        let part = format!("{{{}}}", String::from_utf8_lossy(name));
        if path.contains(&part) {
            path = path.replace(&part, &quoted(value));
        } else {
            query.push_str(&format!("{}{}={}", if query.is_empty() { "" } else { "&" }, quoted(name), quoted(value)));
        }
    }
    let path =
        path.replace("{slug}", "solvigne").replace("{z}", "12").replace("{x}", "2015").replace("{y}", "1430.mvt").replace("{archive}", "solvigne");
    ask(&path.replace("{id}", "00000000-0000-7000-8000-000000000000"), &query);
}

fn quoted(bytes: &[u8]) -> String {
    url::form_urlencoded::byte_serialize(bytes).collect::<String>().replace('+', "%20")
}

/// What follows `/tiles/`, as a client may write it: no tile is given for an address that names none.
fn tiles(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // What follows a `#` is never sent.
    let text = text.split('#').next().unwrap_or_default();
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let Some((status, kind, bytes)) = ask(&format!("/tiles/{path}"), query) else { return };
    if status != 200 || !kind.contains("vector-tile") {
        return;
    }
    let numbers: Vec<u64> = path.trim_end_matches(".mvt").rsplit('/').take(3).filter_map(|n| n.parse().ok()).collect();
    let [y, x, z] = numbers[..] else { panic!("a tile for {path}") };
    assert!(z <= 24 && x < 1 << z && y < 1 << z, "a tile for {path}");
    assert!(bytes.len() < 4 << 20, "{path}: {} bytes", bytes.len());
}

/// A PMTiles archive, opened as the server opens those of its data folder, and asked for a few tiles.
fn archives(bytes: &[u8]) {
    let path = scratch("archive.pmtiles");
    std::fs::write(&path, bytes).expect("room for a small file");
    TOWN.with(|_| {
        thread_local!(static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let Ok(archive) = Archive::open(&path).await else { return };
                for z in [0, 1, 7, 14] {
                    let half = 1 << z >> 1;
                    for tile in [(0, 0), (half, half)].into_iter().filter_map(|(x, y)| bouillon::geo::TileId::new(z, x, y)) {
                        let _ = archive.tile(tile).await;
                        let _ = archive.tile_unpacked(tile).await;
                    }
                }
                assert!(archive.about("x").is_object());
            });
        });
    });
}
