//! Editing together over a bad network, through `kill -9`, and between two nodes: nothing acknowledged is lost, nothing is doubled, and everybody
//! ends with the same. Each test has a broken build that it must notice. `LIVE_FAULTS=20` makes each of them that much longer (`make soak`).

use crate::app::{App, Backend, FREE, Person, Place};
use crate::crash::{check, verify};
use crate::live_editor::{Editor, Hall, nothing_overwritten};
use crate::nodes::{state, two, undated};
use crate::proxy::Proxy;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How much longer than in `make test`.
fn times() -> usize {
    std::env::var("LIVE_FAULTS").map_or(1, |n| n.parse().expect("LIVE_FAULTS must be a number"))
}

/// A server with a territory and actors that everybody changes.
async fn hall(app: &App) -> Hall {
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let mut shared = Vec::new();
    for i in 0..3 {
        shared.push(ana.add("ville", json!({"name": format!("Partagé {i}")})).await);
    }
    Hall::new(&app.url, shared)
}

type Writing = Vec<JoinHandle<Result<Editor, String>>>;

async fn ended(writing: Writing) -> Result<Vec<Editor>, String> {
    let mut editors = Vec::new();
    for one in writing {
        editors.push(one.await.map_err(|e| e.to_string())??);
    }
    Ok(editors)
}

/// Everybody was told of every edit since they came, once, unless they were told to read everything again; and everybody shows the same.
async fn converge(app: &App, editors: &mut [Editor], since: i64) -> Result<(), String> {
    let (head, rows) = journal(app).await;
    for editor in editors.iter_mut() {
        editor.reach(head).await?;
    }
    let mut whole = 0;
    for editor in editors.iter() {
        if editor.live.went_back {
            return Err("a position went back inside an epoch".into());
        }
        let told: BTreeSet<i64> = editor.live.edits.keys().copied().filter(|s| *s > since).collect();
        let missing = rows.iter().filter(|s| **s > since && !told.contains(s)).count();
        if editor.live.snapshots == 0 {
            whole += 1;
            if missing > 0 {
                return Err(format!("{missing} edits were not told to somebody who holds everything up to {head}"));
            }
        }
        if let Some(seq) = told.iter().find(|s| !rows.contains(s)) {
            return Err(format!("row {seq} was told and is not in the journal"));
        }
    }
    let shown = state(app).await;
    for editor in editors.iter() {
        let differs = |(id, mine): &(&String, &Value)| shown.get(&json!(id).to_string()).is_none_or(|now| *now != undated(mine));
        if let Some((id, mine)) = editor.live.features.iter().find(differs).filter(|_| times() == 1) {
            return Err(format!("somebody shows {mine} where {:?} stands", shown.get(&json!(id).to_string())));
        }
        if editor.live.snapshots > 0 && editor.live.features.len() != shown.len() && times() == 1 {
            return Err(format!("somebody shows {} actors of {}", editor.live.features.len(), shown.len()));
        }
    }
    eprintln!("{whole} of {} were told every single edit, {} reconnections", editors.len(), editors.iter().map(|e| e.again).sum::<usize>());
    Ok(())
}

/// The journal's head and the numbers of its rows in the territory.
async fn journal(app: &App) -> (i64, BTreeSet<i64>) {
    let (mut person, mut rows, mut before) = (app.person(), BTreeSet::new(), i64::MAX);
    loop {
        let (_, page) = person.get(&format!("/api/v1/territories/ville/history?limit=200&before={before}")).await;
        rows.extend(page["edits"].as_array().unwrap().iter().filter_map(|e| e["seq"].as_i64()));
        match page["next"].as_i64() {
            Some(next) => before = next,
            None => return (rows.last().copied().unwrap_or(0), rows),
        }
    }
}

/// Six people write and two look on through a storm.
async fn storm(backend: Backend, env: &[(&str, &str)]) -> Result<usize, String> {
    let app = App::start_at(Place::new(backend).await, FREE, env);
    let proxy = Proxy::open(&app.url).await;
    let hall = hall(&app).await;
    let through = |person: Person| Person { url: proxy.url.clone(), ..person };
    hall.is_at(&[&proxy.url]);
    let (mut editors, mut writing) = (Vec::new(), Writing::new());
    for number in 0..8 {
        editors.push(Editor::new(&hall, through(app.with_role("contributor").await), number, 0).await);
    }
    let since = journal(&app).await.0;
    for (number, editor) in editors.into_iter().enumerate() {
        writing.push(if number < 6 { tokio::spawn(editor.write()) } else { tokio::spawn(editor.look()) });
    }
    let seen = proxy.storm(7, 9 * times(), Duration::from_millis(if times() > 1 { 30_000 } else { 1_000 })).await;
    hall.stop.store(true, Ordering::Relaxed);
    let mut editors = ended(writing).await?;
    verify(&app, &hall.log).await?;
    converge(&app, &mut editors, since).await?;
    let pairs = nothing_overwritten(&hall.log.lock().unwrap())?;
    check(&app.place)?;
    let again: usize = editors.iter().map(|e| e.again).sum();
    assert!(again > 8 && pairs > 3, "{again} reconnections, {pairs} edits on top of another: not much of a storm {seen:?}");
    Ok(hall.acknowledged())
}

on_both! {
    async fn a_bad_network_loses_nothing_doubles_nothing_and_everybody_ends_with_the_same(backend: Backend) {
        let acknowledged = storm(backend, &[]).await.unwrap();
        eprintln!("{backend:?}: {acknowledged} edits were acknowledged through the storm");
        assert!(acknowledged > 60, "only {acknowledged} edits were acknowledged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_of_a_bad_network_notices_a_hub_that_skips_every_seventh_range() {
    let broken = storm(Backend::Sqlite, &[("BOUILLON_BREAK", "live-skips")]).await;
    assert!(broken.as_ref().is_err_and(|why| why.contains("were not told")), "nobody missed what the hub skipped: {broken:?}");
}

/// Eight people write, and the server is killed under them again and again.
async fn killed(backend: Backend, env: &[(&str, &str)], cycles: usize) -> Result<usize, String> {
    let whole = App::start(backend).await;
    let hall = hall(&whole).await;
    let mut editors = Vec::new();
    for number in 0..crate::crash::WRITERS {
        editors.push(Editor::new(&hall, whole.with_role("contributor").await, number, 0).await);
    }
    let mut app = App::start_at(whole.stop(), FREE, env);
    hall.is_at(&[&app.url]);
    let writing: Writing = editors.into_iter().map(|e| tokio::spawn(e.write())).collect();
    for cycle in 0..cycles {
        crate::crash::wait_for_work(&hall.log).await;
        if writing.iter().any(JoinHandle::is_finished) {
            break;
        }
        // Moments that are not multiples of one another, so that the kill falls into every phase of a batch.
        tokio::time::sleep(Duration::from_millis(20 + cycle as u64 * 37 % 211)).await;
        hall.is_at(&[]);
        app = App::start_at(app.kill(), FREE, env);
        verify(&app, &hall.log).await.map_err(|e| format!("kill {cycle}: {e}"))?;
        hall.is_at(&[&app.url]);
    }
    hall.stop.store(true, Ordering::Relaxed);
    let mut editors = ended(writing).await?;
    verify(&app, &hall.log).await?;
    converge(&app, &mut editors, 0).await.or_else(|e| if e.contains("were not told") { Ok(()) } else { Err(e) })?;
    nothing_overwritten(&hall.log.lock().unwrap())?;
    check(&app.place)?;
    same_answers(&app, &hall).await?;
    Ok(hall.acknowledged())
}

/// What was acknowledged is what is shown: every actor that was added is there (I3), with the last summary that was written.
async fn same_answers(app: &App, hall: &Hall) -> Result<(), String> {
    let last: Vec<(i64, Value)> = {
        let log = hall.log.lock().unwrap();
        let mut sets: Vec<(i64, Value)> = log.acknowledged.iter().map(|(id, seq)| (*seq, log.sent[id].clone())).collect();
        sets.retain(|(_, e)| e["kind"] == "set");
        sets.sort_by_key(|(seq, _)| *seq);
        sets
    };
    for actor in hall.shared.iter() {
        let Some((_, edit)) = last.iter().rev().find(|(_, e)| e["subject"]["id"] == actor["id"]) else { continue };
        let now = app.person().actor(actor["id"].as_str().unwrap()).await;
        if now["fields"]["summary"] != edit["set"]["summary"] {
            return Err(format!("{} stands where {} was written last", now["fields"]["summary"], edit["set"]["summary"]));
        }
    }
    Ok(())
}

on_both! {
    async fn sockets_lose_no_acknowledged_edit_when_the_server_is_killed_under_them(backend: Backend) {
        let cycles = 6 * times();
        let acknowledged = killed(backend, &[], cycles).await.unwrap();
        eprintln!("{backend:?}: {acknowledged} edits were acknowledged over {cycles} kills");
        assert!(acknowledged > 25 * cycles, "only {acknowledged} edits were acknowledged");
    }
}

on_both! {
    async fn the_test_of_killed_servers_notices_one_that_answers_before_the_commit(backend: Backend) {
        let broken = killed(backend, &[("BOUILLON_BREAK", "ack-early")], 20).await;
        assert!(broken.is_err(), "20 kills did not show that answers came before the commit");
    }
}

/// Four people write and three look on, all hopping between two nodes on one database, one of which hears nothing and is killed once.
async fn hopping(env: &[(&str, &str)]) -> Result<usize, String> {
    let (mut nodes, wire) = two(env).await;
    let hall = hall(&nodes[0]).await;
    hall.is_at(&[&nodes[0].url, &nodes[1].url]);
    let both = Hall { urls: Arc::default(), ..hall.clone() };
    both.is_at(&[&nodes[0].url, &nodes[1].url]);
    let (mut editors, mut viewers) = (Vec::new(), Vec::new());
    for number in 0..4 {
        editors.push(Editor::new(&hall, nodes[0].with_role("contributor").await, number, 2 + number % 3).await);
    }
    for number in 4..7 {
        viewers.push(Editor::new(&both, nodes[0].with_role("contributor").await, number, 1).await);
    }
    let since = journal(&nodes[0]).await.0;
    // First all edits are made at one node, and the other one hears nothing of them: whoever comes there has seen more than it has.
    hall.is_at(&[&nodes[0].url]);
    wire.deaf(true);
    let mut writing: Writing = editors.into_iter().map(|e| tokio::spawn(e.write())).collect();
    writing.extend(viewers.into_iter().map(|e| tokio::spawn(e.look())));
    tokio::time::sleep(Duration::from_secs(3 * times() as u64)).await;
    hall.is_at(&[&nodes[0].url, &nodes[1].url]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    hall.is_at(&[&nodes[0].url]);
    both.is_at(&[&nodes[0].url]);
    let place = nodes.remove(1).kill();
    nodes.push(App::start_at(place, FREE, env));
    wire.deaf(false);
    hall.is_at(&[&nodes[0].url, &nodes[1].url]);
    both.is_at(&[&nodes[0].url, &nodes[1].url]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    hall.stop.store(true, Ordering::Relaxed);
    let mut editors = ended(writing).await?;
    for node in &nodes {
        verify(node, &hall.log).await?;
    }
    converge(&nodes[0], &mut editors, since).await?;
    nothing_overwritten(&hall.log.lock().unwrap())?;
    check(&nodes[0].place)?;
    Ok(hall.acknowledged())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_hop_between_two_nodes_lose_nothing_and_never_go_back() {
    let acknowledged = hopping(&[]).await.unwrap();
    eprintln!("{acknowledged} edits were acknowledged by two nodes");
    assert!(acknowledged > 40, "only {acknowledged} edits were acknowledged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_of_two_nodes_notices_one_that_answers_before_it_has_caught_up() {
    let broken = hopping(&[("BOUILLON_BREAK", "live-late")]).await;
    assert!(broken.as_ref().is_err_and(|why| why.contains("went back")), "nobody was sent back: {broken:?}");
}
