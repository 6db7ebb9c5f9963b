//! Who is here, under which name, doing what; and the duplicate radar.

use crate::app::{Backend, at, create};
use crate::live::{known, ville};
use crate::live_client::{Live, Said};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Opens a socket under a nickname.
async fn called(person: &crate::app::Person, nickname: &str) -> Live {
    let mut live = Live::open(person).await.unwrap();
    live.hello("ville", None, json!({"nickname": nickname})).await.unwrap();
    live.until(|l| l.reader.is_some()).await;
    live
}

fn session(live: &Live) -> String {
    live.welcome["you"]["session"].as_str().unwrap().to_owned()
}

/// What the radar says next.
async fn radar(live: &mut Live) -> Vec<Value> {
    live.hear(|said| if let Said::Radar { near } = said { Some(near) } else { None }).await
}

fn typing(name: &str, lon: f64) -> Value {
    json!({"typing": {"name": name, "lon": lon, "lat": 48.5}})
}

on_both! {
    async fn people_are_seen_by_name_by_what_they_do_and_until_they_leave(backend: Backend) {
        let (app, _) = ville(backend).await;
        let (carla, _) = known(&app, "La Ruche").await;
        let mut ana = called(&app.person(), " A\u{202e}na ").await;
        let mut again = called(&app.person(), "ANA").await;
        let (mut by_journal, mut looks) = (Live::join(&carla, "ville").await, Live::join(&app.person(), "ville").await);
        assert_eq!((&ana.welcome["you"]["name"], &again.welcome["you"]["name"]), (&json!("Ana"), &json!("ANA 2")));
        assert_eq!((&looks.welcome["you"]["name"], &looks.welcome["you"]["visitor"]), (&json!("visiteur 1"), &json!(1)));
        assert_eq!(by_journal.welcome["role"], "contributor");
        let pseudonym = by_journal.welcome["you"]["name"].as_str().unwrap().to_owned();
        assert!(!pseudonym.starts_with("visiteur"), "{pseudonym}");
        let colors: std::collections::BTreeSet<i64> = [&ana, &again, &by_journal, &looks].iter().map(|l| l.welcome["you"]["color"].as_i64().unwrap()).collect();
        assert_eq!(colors.len(), 4);
        looks.until(|l| l.here == 4 && l.people.len() == 2).await;
        let actor = "0190c7f2-0000-7000-8000-000000000001";
        ana.present(json!({"actor": actor, "field": "opening_hours", "view": [2.0, 48.0, 2.5, 48.5]})).await.unwrap();
        let me = session(&ana);
        looks.until(|l| l.people[&me]["field"] == "opening_hours").await;
        let told = &looks.people[&me];
        assert_eq!((&told["actor"], &told["view"], &told["name"]), (&json!(actor), &json!([2.0, 48.0, 2.5, 48.5]), &json!("Ana")));
        again.present(json!({"field": "phone"})).await.unwrap();
        by_journal.present(json!({"field": "phone"})).await.unwrap();
        looks.until(|l| l.people.values().any(|p| p["name"] == pseudonym.as_str())).await;
        looks.present(json!({"nickname": "x".repeat(50)})).await.unwrap();
        ana.until(|l| l.people.values().any(|p| p["name"] == "x".repeat(30).as_str())).await;
        looks.present(json!({"nickname": ""})).await.unwrap();
        ana.until(|l| l.people.len() == 3).await;
        drop(by_journal);
        again.leave().await;
        ana.until(|l| l.people.len() == 1 && l.here == 2).await;
    }
}

on_both! {
    async fn whoever_writes_is_seen_by_name(backend: Backend) {
        let (app, _) = ville(backend).await;
        let (carla, ruche) = known(&app, "La Ruche").await;
        let (mut writes, mut looks) = (Live::join(&carla, "ville").await, Live::join(&app.person(), "ville").await);
        looks.until(|l| l.here == 2).await;
        assert!(looks.people.is_empty());
        let ack = writes.write(&[crate::app::set_edit(&ruche, json!({"summary": "du miel"}))]).await.remove(0);
        looks.until(|l| l.people.contains_key(&session(&writes))).await;
        looks.reach(ack["seq"].as_i64().unwrap()).await;
        assert_eq!(looks.edits.values().next_back().unwrap()["by"], looks.people[&session(&writes)]["name"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_of_one_another_four_times_a_second_at_most() {
    let (app, _) = ville(Backend::Sqlite).await;
    let (mut moves, mut looks) = (called(&app.person(), "Ana").await, Live::join(&app.person(), "ville").await);
    looks.until(|l| l.here == 2).await;
    let me = session(&moves);
    let start = Instant::now();
    let sending = tokio::spawn(async move {
        for i in 0..30 {
            moves.present(json!({"view": [2.0, 48.0, 2.5, 48.0 + f64::from(i) / 100.0]})).await.unwrap();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        moves
    });
    let mut told = 0;
    while looks.people.get(&me).is_none_or(|p| p["view"][3] != 48.29) {
        looks.hear(|said| matches!(said, Said::People(_)).then_some(())).await;
        told += 1;
    }
    let most = start.elapsed().as_millis() / 250 + 2;
    assert!(told as u128 <= most && told > 3, "{told} messages in {:?}", start.elapsed());
    sending.await.unwrap();
}

on_both! {
    async fn the_radar_sees_who_adds_the_same_nearby(backend: Backend) {
        let (app, mut moderator) = ville(backend).await;
        let (mut ana, mut amina) = (called(&app.person(), "Ana").await, called(&app.person(), "Amina").await);
        amina.present(typing("Repair Café", 2.5)).await.unwrap();
        ana.present(typing("repair cafe du centre", 2.5005)).await.unwrap();
        let near = radar(&mut ana).await;
        assert_eq!(near, [json!({"session": session(&amina), "name": "Amina", "title": "Repair Café", "distance_m": 37.0, "state": "typing", "actor": null})]);
        assert_eq!(radar(&mut amina).await[0]["name"], "Ana");
        amina.present(typing("Club de judo", 2.5)).await.unwrap();
        assert!(radar(&mut ana).await.is_empty() && radar(&mut amina).await.is_empty());
        amina.leave().await;
        // By POST, without a socket, and seen all the same.
        let added = moderator.add("ville", json!({"name": "Repair Café", "place/p1/position": at(2.5, 48.5)})).await;
        let near = radar(&mut ana).await;
        assert_eq!((&near[0]["state"], &near[0]["actor"], &near[0]["distance_m"]), (&json!("added"), &added["id"], &json!(37.0)));
        ana.present(json!({})).await.unwrap();
        assert!(radar(&mut ana).await.is_empty());
        // One's own is no twin, in any window.
        let mut mine = Live::join(&moderator, "ville").await;
        let mut also_mine = Live::join(&moderator, "ville").await;
        also_mine.present(typing("Repair Café", 2.5)).await.unwrap();
        mine.present(typing("Repair Café", 2.5)).await.unwrap();
        mine.write(&[create("ville", json!({"name": "Repair Café bis", "place/p1/position": at(2.5, 48.5)}))]).await;
        ana.present(typing("Repair Café", 2.5)).await.unwrap();
        assert!(radar(&mut ana).await.len() >= 3);
        assert_eq!(radar(&mut mine).await.len(), 1, "only Ana's");
    }
}
