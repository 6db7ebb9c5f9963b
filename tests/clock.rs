//! The machine's clock jumps by a day: people stay who they are, limits stay limits, and the journal's order is that of its numbers.

use crate::app::{App, Backend, FREE, Person, Place, at, create, set_edit};
use serde_json::{Value, json};
use std::path::PathBuf;

const DAY: i64 = 24 * 3600 * 1000;

/// A clock that the server looks at.
struct Clock(PathBuf);

impl Clock {
    fn of(place: &Place) -> Self {
        Self(place.data.join("clock"))
    }

    /// Puts it so many milliseconds before or after the real one.
    fn jump(&self, by: i64) {
        std::fs::write(&self.0, by.to_string()).unwrap();
    }
}

fn start(place: Place, clock: &Clock, promise: &str, limits: &[&str]) -> App {
    let names: Vec<&str> = limits.iter().filter_map(|a| a.split('=').next()).collect();
    let rest = FREE.iter().filter(|free| !names.iter().any(|name| free.starts_with(name)));
    let args: Vec<&str> = rest.chain(limits).copied().collect();
    App::start_watched(place, &args, &[("BOUILLON_CLOCK", clock.0.to_str().unwrap()), ("BOUILLON_BREAK", promise)])
}

/// Every edit of the territory as its history tells it, newest first: number and moment.
async fn history(who: &mut Person) -> Vec<(i64, String)> {
    let (_, page) = who.get("/api/v1/territories/ville/history?limit=200").await;
    page["edits"].as_array().unwrap().iter().map(|e| (e["seq"].as_i64().unwrap(), e["at"].as_str().unwrap().to_owned())).collect()
}

/// Edits on days that jump about; the first broken promise ends it with a sentence.
async fn through_jumps(backend: Backend, promise: &str) -> Result<(), String> {
    let place = Place::new(backend).await;
    let clock = Clock::of(&place);
    clock.jump(0);
    let app = start(place, &clock, promise, &[]);
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let mut seen = ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
    let name = ana.get("/api/v1/me").await.1["name"].clone();
    let (mut numbers, mut edits) = (vec![seen["version"][1].as_i64().unwrap()], Vec::new());
    for (i, by) in [DAY, -DAY, 0, 400 * DAY, -400 * DAY, -60_000 * DAY, DAY].into_iter().enumerate() {
        clock.jump(by);
        // A session has no clock of its own here; a change is merged by versions, not by moments.
        assert_eq!(ana.get("/api/v1/me").await.1["name"], name);
        let edit = set_edit(&seen, json!({"summary": format!("jour {i}")}));
        let (status, body) = ana.edits(std::slice::from_ref(&edit)).await;
        assert_eq!(status, 200, "{body}");
        numbers.push(body["results"][0]["seq"].as_i64().unwrap());
        seen = body["results"][0]["actor"].clone();
        edits.push((edit, body["results"][0]["seq"].clone()));
    }
    assert!(numbers.is_sorted() && numbers.windows(2).all(|w| w[1] == w[0] + 1), "{numbers:?}");
    let told = history(&mut ana).await;
    if told.iter().map(|(seq, _)| *seq).ne(numbers.iter().rev().copied()) {
        return Err(format!("the history is not in the order of its numbers: {told:?}"));
    }
    assert!(!told.is_sorted_by(|a, b| a.1 >= b.1), "the clock did jump: {told:?}");
    let (_, changes) = ana.get("/api/v1/changes?after=1&territory=ville").await;
    let marks: Vec<i64> = changes["edits"].as_array().unwrap().iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(marks, numbers);
    // Somebody who saw an old state meets the same conflict on any day, and an edit that is sent again has its answer.
    let mut stale = set_edit(&seen, json!({"summary": "vieux"}));
    stale["base"]["summary"] = json!([seen["version"][0], numbers[1]]);
    assert_eq!(ana.edits(&[stale]).await.0, 409);
    for (edit, seq) in &edits {
        assert_eq!(ana.edits(std::slice::from_ref(edit)).await.1["results"][0]["seq"], *seq);
    }
    let said = app.unhurt();
    clock.jump(-DAY);
    let app = start(app.stop(), &clock, promise, &[]);
    ana.url.clone_from(&app.url);
    assert_eq!(ana.get("/api/v1/me").await.1["name"], name, "the cookie is believed after a restart, a day before it was given");
    assert_eq!(app.unhurt(), said);
    let (status, body) = ana.set(&seen, json!({"summary": "hier"})).await;
    assert_eq!((status.as_u16(), body["results"][0]["seq"].as_i64()), (200, numbers.last().map(|n| n + 1)));
    Ok(())
}

on_both! {
    async fn the_journal_keeps_its_order_and_people_their_names_when_the_clock_jumps(backend: Backend) {
        through_jumps(backend, "").await.unwrap();
    }
}

#[tokio::test]
async fn the_test_of_the_clock_notices_a_history_that_is_ordered_by_it() {
    assert!(through_jumps(Backend::Sqlite, "clock-order").await.is_err());
}

on_both! {
    async fn forms_invitations_and_limits_survive_a_day_forward_and_a_day_back(backend: Backend) {
        let place = Place::new(backend).await;
        let clock = Clock::of(&place);
        clock.jump(0);
        let app = start(place, &clock, "", &["--creations-per-hour=4", "--min-fill-seconds=1"]);
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let (_, form) = ana.get("/api/v1/form").await;
        let send = async |who: &mut Person, form: &Value| {
            let (status, body) = who.post("/api/v1/edits", &json!({"edits": [create("ville", json!({"name": "x"}))], "form": {"token": form["token"]}})).await;
            (status.as_u16(), body["code"].as_str().unwrap_or("").to_owned())
        };
        // Filled by somebody for whom, as far as the server can tell, a day went by in either direction.
        clock.jump(DAY);
        assert_eq!(send(&mut ana, &form).await, (200, String::new()));
        clock.jump(-DAY);
        assert_eq!(send(&mut ana, &form).await, (200, String::new()), "a form of tomorrow was opened here too");
        clock.jump(8 * DAY);
        assert_eq!(send(&mut ana, &form).await, (422, "form_old".into()));
        clock.jump(0);
        let (_, fresh) = ana.get("/api/v1/form").await;
        assert_eq!(send(&mut ana, &fresh).await, (422, "too_fast".into()), "and a fast script is still one");
        // The hour of the limits is an hour that passes, whatever the clock says.
        clock.jump(-DAY);
        assert_eq!((send(&mut ana, &form).await.0, send(&mut ana, &form).await.0), (200, 200));
        for by in [DAY, -DAY, 2 * DAY] {
            clock.jump(by);
            assert_eq!(send(&mut ana, &form).await, (429, "quota".into()), "{by}");
        }
        // An invitation holds for its days of the server's clock, and is not used up by a try on the wrong day.
        let link = String::from_utf8(app.place.run(&["admin", "invite", "--role", "organiser"]).stdout).unwrap();
        let token = json!({"token": link.trim().split_once('#').unwrap().1});
        clock.jump(30 * DAY);
        assert_eq!(app.person().post("/api/v1/invitations", &token).await.0, 404);
        clock.jump(-DAY);
        let mut bob = app.person();
        assert_eq!(bob.post("/api/v1/invitations", &token).await.0, 200);
        clock.jump(30 * DAY);
        assert_eq!(bob.get("/api/v1/me").await.1["role"], "organiser", "who has it keeps it");
        assert_eq!(app.person().post("/api/v1/invitations", &token).await.0, 404, "once");
        app.unhurt();
    }
}
