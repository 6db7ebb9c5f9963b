//! For the tests of re-imports: what a file holds, what a server holds, uploads, and the three-way rule written down a second time.

use crate::app::{App, BOUILLON, Person, Place};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Field → value.
pub(crate) type Fields = Map<String, Value>;

/// A dated version of the demonstration commune.
pub(crate) fn fixture(year: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/solvigne-{year}-03-01.osm.pbf"))
}

/// What the reading of a file finds: reference → verdict and fields. Nothing of an import has seen it.
pub(crate) fn found(file: &Path) -> BTreeMap<String, (Value, Fields)> {
    let mut child = Command::new(BOUILLON).arg("read-osm").arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    child.stdout.as_mut().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let list = last["extract"]["extract"]["found"].as_array().unwrap_or_else(|| panic!("{last}"));
    list.iter().map(|f| (format!("osm:{}", f["osm"].as_str().unwrap()), (f["verdict"].clone(), f["fields"].as_object().unwrap().clone()))).collect()
}

/// `import osm` on the command line.
pub(crate) fn import(place: &Place, file: &Path, more: &[&str]) -> String {
    let out = place.command(&["import", "osm"]).arg(file).args(more).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Sends a file; the answer as it comes.
pub(crate) async fn send(person: &Person, slug: &str, name: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
    let url = format!("{}/api/v1/territories/{slug}/imports?name={name}", person.url);
    let mut request = person.http.post(url).header("content-type", "application/octet-stream").body(bytes);
    if let Some(cookie) = &person.cookie {
        request = request.header("cookie", cookie);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

/// Sends a file and waits for its plan.
pub(crate) async fn planned(admin: &mut Person, slug: &str, file: &Path) -> Value {
    let name = file.file_name().unwrap().to_str().unwrap();
    let (status, run) = send(admin, slug, name, std::fs::read(file).unwrap()).await;
    assert_eq!(status, 202, "{run}");
    settled(admin, &run["id"]).await
}

/// Waits until a run is neither read nor written.
pub(crate) async fn settled(person: &mut Person, id: &Value) -> Value {
    for _ in 0..1200 {
        let (status, run) = person.get(&format!("/api/v1/imports/{}", id.as_str().unwrap())).await;
        assert_eq!(status, 200, "{run}");
        if !["reading", "applying", "undoing"].contains(&run["state"].as_str().unwrap()) {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the run {id} never ends");
}

/// `apply`, `undo` or `discard`, and what came of it.
pub(crate) async fn tell(admin: &mut Person, run: &Value, word: &str) -> Value {
    let (status, told) = admin.post(&format!("/api/v1/imports/{}/{word}", run["id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(status, 202, "{word}: {told}");
    settled(admin, &run["id"]).await
}

/// Plans and applies.
pub(crate) async fn applied(admin: &mut Person, slug: &str, file: &Path) -> Value {
    let run = planned(admin, slug, file).await;
    assert_eq!(run["state"], "planned", "{run}");
    let run = tell(admin, &run, "apply").await;
    assert_eq!(run["state"], "applied", "{run}");
    run
}

/// Every item of a run.
pub(crate) async fn items(person: &mut Person, run: &Value) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let (status, page) = person.get(&format!("/api/v1/imports/{}/items?limit=50&after={after}", run["id"].as_str().unwrap())).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_i64() {
            Some(next) => after = next,
            None => return all,
        }
    }
}

/// Every open case of the queue.
pub(crate) async fn cases(moderator: &mut Person, slug: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let (status, page) = moderator.get(&format!("/api/v1/territories/{slug}/moderation?limit=20&after={after}")).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => {
                assert_eq!(page["total"].as_u64(), Some(all.len() as u64));
                return all;
            }
        }
    }
}

/// Every actor on the map of a territory, whole, by id.
pub(crate) async fn actors(person: &mut Person, slug: &str) -> BTreeMap<String, Value> {
    let (_, list) = person.get(&format!("/api/v1/territories/{slug}/actors.geojson?limit=1000")).await;
    assert_eq!(list["next"], Value::Null);
    let mut all = BTreeMap::new();
    for feature in list["features"].as_array().unwrap() {
        let id = feature["properties"]["id"].as_str().unwrap().to_owned();
        let actor = person.actor(&id).await;
        all.insert(id, actor);
    }
    all
}

/// The values of an actor.
pub(crate) fn fields(actor: &Value) -> Fields {
    actor["fields"].as_object().unwrap().clone()
}

/// Reference of an actor; its id when nobody imported it.
pub(crate) fn reference(actor: &Value) -> String {
    actor["source"]["ref"].as_str().or(actor["id"].as_str()).unwrap().to_owned()
}

/// What people can see of a territory: actors with values and origins, proposals, cases, addresses, base map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) actors: BTreeMap<String, (Value, Value)>,
    pub(crate) candidates: Value,
    pub(crate) cases: Vec<Value>,
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) basemap: Vec<u8>,
}

/// Looks at everything. Actors by id or, for comparing two servers, by reference and name.
pub(crate) async fn seen(app: &App, moderator: &mut Person, slug: &str, by_id: bool) -> Seen {
    let all = actors(moderator, slug).await;
    let actors = all.into_iter().map(|(id, a)| {
        let key = if by_id { id } else { format!("{} {}", a["source"]["ref"], a["fields"]["name"]) };
        // The extract of 2022 has no versions, so what changes leave alone has none either.
        let origin = if by_id { &a["source"] } else { &a["source"]["ref"] };
        (key, (a["fields"].clone(), origin.clone()))
    });
    let actors = actors.collect();
    let mut cases = cases(moderator, slug).await;
    if !by_id {
        for case in &mut cases {
            for own in ["id", "run", "at", "actor"] {
                case[own] = Value::Null;
            }
        }
    }
    cases.sort_by_key(Value::to_string);
    let (_, territory) = moderator.get(&format!("/api/v1/territories/{slug}")).await;
    let mut addresses = BTreeSet::new();
    for asked in ["rue", "place", "chemin", "avenue"] {
        let (_, hits) = moderator.get(&format!("/api/v1/geocode/search?q={asked}&limit=50")).await;
        addresses.extend(hits["features"].as_array().unwrap().iter().map(|f| f["properties"]["label"].to_string()));
    }
    let basemap = std::fs::read(app.place.data.join(format!("basemaps/{slug}.pmtiles"))).unwrap_or_default();
    Seen { actors, candidates: territory["candidates"].clone(), cases, addresses, basemap }
}

/// The number of the journal's last entry.
pub(crate) async fn head(person: &mut Person) -> String {
    let answer = person.send(Method::GET, "/api/v1/territories/solvigne/actors.geojson?limit=1", None, &[]).await;
    answer.headers()["bouillon-head"].to_str().unwrap().to_owned()
}

/// The rule, once more: what a field is after an import, and whether people are asked.
pub(crate) fn rule(field: &str, last: &Value, source: &Value, here: &Value) -> (Value, bool) {
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    if field == "former_names" {
        let (last, source, here_list) = (list(last), list(source), list(here));
        let stays = here_list.iter().filter(|m| !last.contains(m) || source.contains(m)).cloned();
        let comes = source.iter().filter(|m| !last.contains(m) && !here_list.contains(m)).cloned();
        let all: Vec<Value> = stays.chain(comes).collect();
        return (if all.is_empty() { Value::Null } else { json!(all) }, false);
    }
    let lost = field == "name" && source.is_null();
    match (source == here || lost, last == here, last == source) {
        (true, _, _) => (here.clone(), false),
        (_, true, _) => (source.clone(), false),
        (_, _, true) => (here.clone(), false),
        _ => (here.clone(), true),
    }
}

/// All fields of an actor after an import, and the fields that people are asked about.
pub(crate) fn ruled(last: &Fields, source: &Fields, here: &Fields) -> (Fields, BTreeSet<String>) {
    let (mut after, mut asked) = (here.clone(), BTreeSet::new());
    let names: BTreeSet<&String> = last.keys().chain(source.keys()).collect();
    for name in names {
        let of = |fields: &Fields| fields.get(name).cloned().unwrap_or(Value::Null);
        let (value, conflict) = rule(name, &of(last), &of(source), &of(here));
        if value.is_null() {
            after.remove(name);
        } else {
            after.insert(name.clone(), value);
        }
        if conflict {
            asked.insert(name.clone());
        }
    }
    (after, asked)
}
