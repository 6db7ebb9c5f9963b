//! The live socket: edits of others as they happen, one's own answered, and nothing lost over a pause.

use crate::app::{App, Backend, Person, at, create, edit, set_edit};
use crate::live_client::{Live, Said};
use crate::operations::Beside;
use bouillon::model::Version;
use serde_json::{Value, json};
use std::time::Duration;

/// Somebody whom the journal knows, with the actor that they added.
pub(crate) async fn known(app: &App, name: &str) -> (Person, Value) {
    let mut person = app.person();
    let actor = person.add("ville", json!({"name": name, "place/p1/position": at(2.5, 48.5)})).await;
    (person, actor)
}

/// A server with a territory, and a moderator.
pub(crate) async fn ville(backend: Backend) -> (App, Person) {
    let app = App::start(backend).await;
    app.territory("ville", 2.0, 48.0).await;
    let moderator = app.with_role("moderator").await;
    (app, moderator)
}

/// The number of an edit that was applied.
fn number(ack: &Value) -> i64 {
    assert_eq!(ack["result"], "applied", "{ack}");
    ack["seq"].as_i64().unwrap()
}

/// The position that a socket holds.
fn position(live: &Live) -> Version {
    live.reader.unwrap().at
}

on_both! {
    async fn two_people_see_each_others_edits_in_order_with_their_values(backend: Backend) {
        let (app, _) = ville(backend).await;
        let (ana, ruche) = known(&app, "La Ruche").await;
        let (ben, four) = known(&app, "Le Four").await;
        let (mut ana, mut ben) = (Live::join(&ana, "ville").await, Live::join(&ben, "ville").await);
        let (mut seqs, mut hive, mut oven) = (Vec::new(), ruche.clone(), four.clone());
        for i in 0..5 {
            let by_ana = ana.write(&[set_edit(&hive, json!({"phone": format!("01 99 00 00 0{i}")}))]).await.remove(0);
            let by_ben = ben.write(&[set_edit(&oven, json!({"summary": format!("pain {i}")}))]).await.remove(0);
            seqs.extend([number(&by_ana), number(&by_ben)]);
            (hive, oven) = (by_ana["actor"].clone(), by_ben["actor"].clone());
        }
        let last = *seqs.last().unwrap();
        ana.reach(last).await;
        ben.reach(last).await;
        for live in [&ana, &ben] {
            assert_eq!(live.edits.keys().copied().collect::<Vec<_>>(), seqs);
            assert_eq!((live.gaps, live.snapshots, live.doubled), (0, 0, 0));
        }
        assert_eq!(ana.edits[&last]["fields"], json!({"summary": "pain 4"}));
        assert_eq!(ana.edits[&last]["session"], ben.welcome["you"]["session"]);
        assert_eq!(ana.edits[&last]["subject"]["id"], four["id"]);
        let seen = &ben.features[ruche["id"].as_str().unwrap()]["properties"];
        assert_eq!(seen["name"], "La Ruche");
        assert_ne!(ana.edits[&seqs[0]]["by"], ana.edits[&last]["by"]);
    }
}

on_both! {
    async fn every_kind_of_edit_goes_over_the_socket_and_the_same_id_gives_the_same_answer(backend: Backend) {
        let (app, mut moderator) = ville(backend).await;
        let (mut me, mut other) = (Live::join(&moderator, "ville").await, Live::join(&app.person(), "ville").await);
        let new = create("ville", json!({"name": "La Halle", "place/p1/position": at(2.5, 48.5)}));
        let made = me.write(std::slice::from_ref(&new)).await.remove(0);
        let actor = made["actor"].clone();
        let mut last = number(&made);
        let mut group = [set_edit(&actor, json!({"phone": "+33123456789"})), set_edit(&actor, json!({"website": "https://halle.example.org/"}))];
        for one in &mut group {
            one["group"] = json!("0190c7f2-0000-7000-8000-000000000001");
        }
        let kinds = [
            vec![set_edit(&actor, json!({"summary": "un marché"}))],
            vec![edit("add", &actor, json!({"set": {"tags": ["bio", "local"]}}))],
            vec![edit("remove", &actor, json!({"set": {"tags": ["bio"]}}))],
            group.to_vec(),
            vec![edit("delete", &actor, json!({"base": {"*": null}}))],
            vec![edit("restore", &actor, json!({}))],
        ];
        for (i, mut edits) in kinds.into_iter().enumerate() {
            if edits[0]["kind"] == "delete" {
                let (_, now) = app.person().get(&format!("/api/v1/actors/{}", actor["id"].as_str().unwrap())).await;
                edits[0]["base"] = json!({"*": now["version"]});
            }
            let acks = me.write(&edits).await;
            assert!(acks.iter().all(|a| a["result"] == "applied"), "{i}: {acks:?}");
            last = number(acks.last().unwrap());
        }
        let undone = me.write(&[edit("revert", &actor, json!({"reverts": made["seq"].as_i64().unwrap() + 1}))]).await.remove(0);
        last = last.max(number(&undone));
        other.reach(last).await;
        let told: Vec<&str> = other.edits.values().map(|e| e["kind"].as_str().unwrap()).collect();
        assert_eq!(told, ["create", "set", "add", "remove", "set", "set", "delete", "restore", "revert"]);
        assert_eq!(other.edits[&last]["fields"], json!({"summary": null}));
        let again = me.write(std::slice::from_ref(&new)).await.remove(0);
        assert_eq!((&again["seq"], &again["result"]), (&made["seq"], &made["result"]));
        let posted = moderator.edits(std::slice::from_ref(&new)).await.1;
        assert_eq!(posted["results"][0]["seq"], made["seq"], "POST and the socket are one door");
        assert_eq!(other.edits.len(), 9);
    }
}

on_both! {
    async fn a_pause_is_caught_up_and_another_history_is_read_again(backend: Backend) {
        let (app, mut moderator) = ville(backend).await;
        let mut live = Live::join(&app.person(), "ville").await;
        let first = moderator.add("ville", json!({"name": "Avant", "place/p1/position": at(2.5, 48.5)})).await;
        live.reach(first["version"][1].as_i64().unwrap()).await;
        let seen = position(&live);
        live.leave().await;
        app.territory("ailleurs", 5.0, 48.0).await;
        let mut acks = Vec::new();
        for batch in 0..7 {
            let many: Vec<Value> =
                (0..100).map(|i| create("ville", json!({"name": format!("Lieu {batch} {i}"), "place/p1/position": at(2.5, 48.5)}))).collect();
            let (status, body) = moderator.edits(&many).await;
            assert_eq!(status, 200);
            acks.extend(body["results"].as_array().unwrap().clone());
        }
        let last = acks.last().unwrap()["seq"].as_i64().unwrap();
        let mut back = Live::open(&app.person()).await.unwrap();
        back.hello("ville", Some(seen), json!({})).await.unwrap();
        back.reach(last).await;
        assert_eq!(back.edits.len(), 700, "the other territory's edits are not told");
        assert_eq!((back.gaps, back.snapshots, back.doubled), (0, 0, 0));
        assert_eq!(back.edits[&last]["fields"]["name"], "Lieu 6 99");
        let mut lost = Live::open(&app.person()).await.unwrap();
        lost.hello("ville", Some(Version { epoch: seen.epoch + 1, ..seen }), json!({})).await.unwrap();
        lost.until(|l| l.snapshots == 1).await;
        assert_eq!(position(&lost), Version { epoch: seen.epoch, seq: last });
        // A position that this node does not know yet, as after another node that is quicker: come back, rather than be told of a past.
        let mut early = Live::open(&app.person()).await.unwrap();
        early.hello("ville", Some(Version { seq: last + 1, ..seen }), json!({})).await.unwrap();
        let bye = early.hear(|said| if let Said::Bye(bye) = said { Some(bye) } else { None }).await;
        assert_eq!((&bye["code"], early.close_code().await), (&json!("behind"), Some(1013)));
    }
}

on_both! {
    async fn a_journal_that_is_replaced_under_an_open_socket_is_told_as_a_snapshot(backend: Backend) {
        let (app, mut moderator) = ville(backend).await;
        let mut live = Live::join(&app.person(), "ville").await;
        let ruche = moderator.add("ville", json!({"name": "La Ruche"})).await;
        live.reach(ruche["version"][1].as_i64().unwrap()).await;
        Beside::new(&app.place).await.run("update journal_head set epoch = epoch + 7").await;
        live.until(|l| l.snapshots == 1).await;
        assert_eq!(position(&live), Version { epoch: 8, seq: ruche["version"][1].as_i64().unwrap() });
        let four = moderator.add("ville", json!({"name": "Le Four"})).await;
        live.reach(four["version"][1].as_i64().unwrap()).await;
        assert_eq!((live.edits.len(), live.gaps, live.snapshots), (2, 0, 1));
    }
}

on_both! {
    async fn who_is_five_thousand_edits_behind_reads_everything_again(backend: Backend) {
        let (app, mut moderator) = ville(backend).await;
        let live = Live::join(&app.person(), "ville").await;
        let seen = position(&live);
        let mut last = 0;
        for batch in 0..51 {
            let many: Vec<Value> = (0..100).map(|i| create("ville", json!({"name": format!("Lieu {batch} {i}")}))).collect();
            let (_, body) = moderator.edits(&many).await;
            last = body["head"].as_i64().unwrap();
        }
        let mut behind = Live::open(&app.person()).await.unwrap();
        behind.hello("ville", Some(seen), json!({})).await.unwrap();
        behind.until(|l| l.snapshots == 1).await;
        assert_eq!((position(&behind).seq, behind.edits.len()), (last, 0));
        let mut nearly = Live::open(&app.person()).await.unwrap();
        nearly.hello("ville", Some(Version { seq: last - 5_000, ..seen }), json!({})).await.unwrap();
        nearly.reach(last).await;
        assert_eq!((nearly.snapshots, nearly.edits.len()), (0, 5_000));
    }
}

on_both! {
    async fn an_edit_elsewhere_is_a_beat_here_and_the_sequence_has_no_gap(backend: Backend) {
        let (app, mut moderator) = ville(backend).await;
        app.territory("ailleurs", 5.0, 48.0).await;
        let mut live = Live::join(&app.person(), "ville").await;
        let elsewhere = moderator.add("ailleurs", json!({"name": "Là-bas", "place/p1/position": at(5.5, 48.5)})).await;
        let mut late = Live::open(&app.person()).await.unwrap();
        late.hello("ville", Some(position(&live)), json!({})).await.unwrap();
        late.reach(elsewhere["version"][1].as_i64().unwrap()).await;
        let here = moderator.add("ville", json!({"name": "Ici", "place/p1/position": at(2.5, 48.5)})).await;
        for one in [&mut live, &mut late] {
            one.reach(here["version"][1].as_i64().unwrap()).await;
            assert_eq!(one.edits.len(), 1);
            assert_eq!((one.gaps, one.snapshots, one.doubled), (0, 0, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beats_come_when_nothing_happens_also_to_who_came_after_an_edit_elsewhere() {
    let (app, mut moderator) = ville(Backend::Sqlite).await;
    app.territory("ailleurs", 5.0, 48.0).await;
    let early = Live::join(&app.person(), "ville").await;
    moderator.add("ailleurs", json!({"name": "Là-bas", "place/p1/position": at(5.5, 48.5)})).await;
    let late = Live::join(&app.person(), "ville").await;
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    for mut live in [early, late] {
        loop {
            let said = live.next_before(end).await.unwrap().expect("a beat within 20 s");
            if let Said::Beat(range) = said {
                assert_eq!(range.upto, 3);
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_to_another_node_goes_on_where_it_was() {
    let (nodes, _wire) = crate::nodes::two(&[]).await;
    nodes[0].territory("ville", 2.0, 48.0).await;
    let mut at_first = nodes[0].with_role("moderator").await;
    let mut at_second = Person { url: nodes[1].url.clone(), ..at_first.clone() };
    let started = std::time::Instant::now();
    while at_second.get("/api/v1/territories/ville").await.0 != 200 {
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    let mut actor = at_first.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
    let mut looks = Live::join(&nodes[1].person(), "ville").await;
    let mut me = Live::join(&at_first, "ville").await;
    for i in 0..20 {
        let ack = me.write(&[set_edit(&actor, json!({"summary": format!("état {i}")}))]).await.remove(0);
        let seq = number(&ack);
        me.reach(seq).await;
        actor = ack["actor"].clone();
        let seen = position(&me);
        me.leave().await;
        me = Live::open(if i % 2 == 0 { &at_second } else { &at_first }).await.unwrap();
        me.hello("ville", Some(seen), json!({})).await.unwrap();
        me.until(|l| !l.welcome.is_null()).await;
        assert!(me.welcome["head"].as_i64().unwrap() >= seq, "{}", me.welcome);
        looks.reach(seq).await;
        assert_eq!(looks.edits[&seq]["fields"]["summary"], format!("état {i}"));
        assert_eq!((me.snapshots, me.gaps, me.doubled), (0, 0, 0));
    }
    assert_eq!((looks.edits.len(), looks.snapshots, looks.gaps, looks.doubled), (20, 0, 0, 0));
}
