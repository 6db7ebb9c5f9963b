//! Two processes on one PostgreSQL database: edits alternate between them, one is killed, notifications are lost, connections are cut.

#[path = "nodes_wire.rs"]
mod wire;

use crate::app::{App, Backend, FREE, Person, Place, at, edit};
use crate::crash::{Log, check, verify, wait_for_work, write};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;
pub(crate) use wire::Wire;

const STEPS: u64 = 240;
const ACTORS: usize = 24;

/// Nodes that answer for the same database, or the one that there is.
struct Town {
    nodes: Vec<App>,
    moderator: Person,
    /// Actors as the last answer showed them, and as an older one did.
    seen: Vec<[Value; 2]>,
    /// What every step was answered.
    said: Vec<String>,
    draws: u64,
}

impl Town {
    async fn new(nodes: Vec<App>) -> Self {
        nodes[0].territory("ville", 2.0, 48.0).await;
        let moderator = nodes[0].with_role("moderator").await;
        Self { nodes, moderator, seen: Vec::new(), said: Vec::new(), draws: 7 }
    }

    /// The same numbers in every run.
    fn draw(&mut self, below: u64) -> u64 {
        self.draws = self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.draws >> 33) % below
    }

    /// The moderator at a node.
    fn at(&self, step: u64) -> Person {
        let url = self.nodes[step as usize % self.nodes.len()].url.clone();
        Person { url, ..self.moderator.clone() }
    }

    /// One edit through one node; every seventh is looked for at the other.
    async fn step(&mut self, step: u64) {
        let mut here = self.at(step);
        let which = self.draw(ACTORS as u64) as usize;
        let edit = self.edit(step, which);
        let (status, body) = here.edits(&[edit]).await;
        let result = &body["results"][0];
        let mut fields = result["fields"].clone();
        for field in fields.as_object_mut().into_iter().flat_map(|f| f.values_mut()).filter_map(Value::as_object_mut) {
            // The clock, the person and the number of the conflict differ from run to run.
            ["at", "by", "conflict"].iter().for_each(|member| drop(field.remove(*member)));
        }
        self.said.push(format!("{step} {status} {} {} {fields}", result["result"], result["seq"]));
        if let Some(actor) = result["actor"].as_object() {
            let actor = Value::Object(actor.clone());
            match self.seen.iter_mut().find(|pair| pair[0]["id"] == actor["id"]) {
                Some(pair) => *pair = [actor, pair[0].take()],
                None => self.seen.push([actor.clone(), actor]),
            }
        }
        if step.is_multiple_of(7) && result["result"] == "applied" {
            let head = format!("{}:{}", body["epoch"], result["seq"]);
            let path = format!("/api/v1/actors/{}", result["actor"]["id"].as_str().unwrap());
            let there = self.at(step + 1).send(Method::GET, &path, None, &[("bouillon-head", &head)]).await;
            assert_eq!(there.status(), 200, "step {step}: the other node did not catch up");
            let there: Value = there.json().await.unwrap();
            assert_eq!(there["versions"], result["actor"]["versions"], "step {step}: the other node answers an older state");
        }
    }

    /// Additions first, then changes on what was seen lately or long ago, deletions and returns.
    fn edit(&mut self, step: u64, which: usize) -> Value {
        let Some([new, old]) = self.seen.get(which).cloned() else {
            let subject = json!({"kind": "actor", "id": Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(step))});
            let place = at(2.0 + step as f64 / 1000.0, 48.5);
            let set = json!({"name": format!("Acteur {step}"), "place/p1/position": place});
            return json!({"id": Uuid::now_v7(), "subject": subject, "kind": "create", "territory": "ville", "set": set});
        };
        let seen = if self.draw(4) == 0 { old } else { new };
        match self.draw(12) {
            0 => edit("delete", &seen, json!({"base": seen["versions"]})),
            1 => edit("restore", &seen, json!({})),
            2 | 3 => crate::app::set_edit(&seen, json!({"place/p1/position": at(2.9 - step as f64 / 1000.0, 48.2)})),
            4 | 5 => crate::app::set_edit(&seen, json!({"name": format!("Renommé {step}"), "phone": "01 99 00 12 34"})),
            _ => crate::app::set_edit(&seen, json!({"summary": format!("Vu à l’étape {step}.")})),
        }
    }
}

/// Everything that readers see of a territory, but for the clock.
pub(crate) async fn state(app: &App) -> BTreeMap<String, Value> {
    let (status, page) = app.person().get("/api/v1/territories/ville/actors.geojson?limit=1000").await;
    assert_eq!(status, 200);
    let features = page["features"].as_array().unwrap().iter().map(|feature| (feature["id"].to_string(), undated(feature)));
    features.collect()
}

/// An actor as it is shown, but for the clock.
pub(crate) fn undated(feature: &Value) -> Value {
    let mut feature = feature.clone();
    feature["properties"].as_object_mut().unwrap().remove("updated_at");
    feature
}

/// A second node on the database of another, with a data folder of its own and, if asked for, a wire to the database that can fail.
fn second(first: &App, name: &str, wire: Option<&Wire>) -> Place {
    let data = PathBuf::from(format!("{}-{name}", first.place.data.display()));
    std::fs::create_dir_all(&data).unwrap();
    let database = first.place.database.clone().unwrap();
    Place { data, database: Some(wire.map_or(database.clone(), |wire| wire.address(&database))) }
}

/// Two nodes on one database, and the wire of the second one to it.
pub(crate) async fn two(env: &[(&str, &str)]) -> (Vec<App>, Wire) {
    let first = App::start(Backend::Postgis).await;
    let wire = Wire::open(first.place.database.as_deref().unwrap(), &first.place.data).await;
    let place = second(&first, "b", Some(&wire));
    let node = App::start_at(place, FREE, env);
    (vec![first, node], wire)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_end_where_one_does_though_one_is_killed_and_hears_nothing() {
    let (nodes, wire) = two(&[]).await;
    let mut pair = Town::new(nodes).await;
    let mut alone = Town::new(vec![App::start(Backend::Sqlite).await]).await;
    for step in 0..STEPS {
        match step {
            80 => {
                let node = pair.nodes.pop().unwrap();
                pair.nodes.push(App::start_at(node.kill(), FREE, &[]));
            }
            120 => wire.deaf(true),
            180 => {
                wire.deaf(false);
                wire.cut();
            }
            _ => {}
        }
        pair.step(step).await;
        alone.step(step).await;
    }
    for (two, one) in pair.said.iter().zip(&alone.said) {
        assert_eq!(two, one, "every edit is answered as on SQLite");
    }
    let answered = |word: &str| pair.said.iter().filter(|s| s.contains(word)).count();
    assert!(answered(" \"applied\" ") > 100 && answered(" \"conflict\" ") > 20, "{:?}", pair.said);
    assert!(wire.dropped() > 20, "only {} notifications were lost", wire.dropped());
    let [a, b, one] = [state(&pair.nodes[0]).await, state(&pair.nodes[1]).await, state(&alone.nodes[0]).await];
    assert!(a.len() > ACTORS / 2 && a == b, "both nodes show the same");
    assert!(a == one, "and the same as SQLite");
    for app in pair.nodes.iter().chain(&alone.nodes) {
        check(&app.place).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_two_nodes_lose_nothing_when_one_is_killed_under_load() {
    let (mut nodes, _wire) = two(&[]).await;
    nodes[0].territory("ville", 2.0, 48.0).await;
    let mut shared = Vec::new();
    for i in 0..4 {
        shared.push(nodes[0].person().add("ville", json!({"name": format!("Partagé {i}")})).await);
    }
    let log = Arc::new(Mutex::new(Log::default()));
    let stop = Arc::new(AtomicBool::new(false));
    let writer = |app: &App, number| tokio::spawn(write(app.person(), number, shared.clone(), log.clone(), stop.clone()));
    let staying: Vec<_> = (0..4).map(|number| writer(&nodes[0], number)).collect();
    for round in 0..3 {
        let leaving: Vec<_> = (4..8).map(|number| writer(&nodes[1], 10 * round + number)).collect();
        wait_for_work(&log).await;
        tokio::time::sleep(Duration::from_millis(20 + 70 * round as u64)).await;
        let place = nodes.pop().unwrap().kill();
        for one in leaving {
            one.await.unwrap();
        }
        nodes.push(App::start_at(place, FREE, &[]));
    }
    stop.store(true, Ordering::Relaxed);
    for one in staying {
        one.await.unwrap();
    }
    assert!(log.lock().unwrap().acknowledged.len() > 80, "only {} edits were acknowledged", log.lock().unwrap().acknowledged.len());
    for app in &nodes {
        verify(app, &log).await.unwrap();
        check(&app.place).unwrap();
    }
    assert_eq!(state(&nodes[0]).await, state(&nodes[1]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_of_lost_notifications_notices_a_node_that_only_listens() {
    let (nodes, wire) = two(&[("BOUILLON_BREAK", "only-listen")]).await;
    nodes[0].territory("ville", 2.0, 48.0).await;
    // The second node must have done with this before it hears nothing more.
    while nodes[1].person().get("/api/v1/territories/ville").await.0 != 200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    wire.deaf(true);
    let made = nodes[0].person().add("ville", json!({"name": "La Ruche"})).await;
    let path = format!("/api/v1/actors/{}", made["id"].as_str().unwrap());
    let head = format!("{}:{}", made["versions"]["name"][0], made["versions"]["name"][1]);
    let answer = nodes[1].person().send(Method::GET, &path, None, &[("bouillon-head", &head)]).await;
    assert_eq!(answer.status(), 503, "a node that never looks can't know of the edit");
    assert_eq!(nodes[0].person().send(Method::GET, &path, None, &[("bouillon-head", &head)]).await.status(), 200);
}
