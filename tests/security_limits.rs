//! Cookies, forms, and how much one person and one address may do.

use crate::app::{App, Backend, FREE, Person, Place, create, set_edit};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// A server whose limits are those given, the others free.
async fn limited(backend: Backend, args: &[&str]) -> App {
    let names: Vec<&str> = args.iter().filter_map(|a| a.split('=').next()).collect();
    let rest = FREE.iter().filter(|free| !names.iter().any(|name| free.starts_with(name)));
    let all: Vec<&str> = rest.chain(args).copied().collect();
    let app = App::start_at(Place::new(backend).await, &all, &[]);
    app.territory("ville", 2.0, 48.0).await;
    app
}

async fn add(who: &mut Person, headers: &[(&str, &str)]) -> (u16, Value, Option<u64>) {
    let (_, form) = who.get("/api/v1/form").await;
    let body = json!({"edits": [create("ville", json!({"name": "La Ruche"}))], "form": {"token": form["token"]}});
    let answer = who.send(Method::POST, "/api/v1/edits", Some(body.to_string()), headers).await;
    let wait = answer.headers().get("retry-after").map(|v| v.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), answer.json().await.unwrap(), wait)
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let app = limited(Backend::Sqlite, &[]).await;
    let mut ana = app.person();
    let made = create("ville", json!({"name": "La Ruche"}));
    let (_, form) = ana.get("/api/v1/form").await;
    assert_eq!(ana.cookie, None, "opening the form makes nobody known");
    let body = json!({"edits": [made], "form": {"token": form["token"]}}).to_string();
    let answer = ana.send(Method::POST, "/api/v1/edits", Some(body), &[]).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let parts: Vec<&str> = cookie.split("; ").collect();
    assert!(parts[0].starts_with("bouillon="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(parts.contains(&part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    assert!(!answer.headers().contains_key("access-control-allow-origin"));

    let place = app.stop();
    let app = App::start_behind(place, "https://carte.example.org");
    let mut bob = app.person();
    let (_, form) = bob.get("/api/v1/form").await;
    let body = json!({"edits": [create("ville", json!({"name": "Le Verger"}))], "form": {"token": form["token"]}}).to_string();
    let answer = bob.send(Method::POST, "/api/v1/edits", Some(body), &[]).await;
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-bouillon=") && cookie.contains("; Secure") && cookie.contains("; Path=/") && !cookie.contains("Domain"),
        "{cookie}"
    );
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
}

#[tokio::test]
async fn a_forged_or_altered_cookie_is_nobody() {
    let app = limited(Backend::Sqlite, &[]).await;
    let elsewhere = limited(Backend::Sqlite, &[]).await;
    let (mut ana, mut other) = (app.person(), elsewhere.person());
    let seen = ana.add("ville", json!({"name": "La Ruche"})).await;
    other.add("ville", json!({"name": "Le Verger"})).await;
    let mut moderator = app.with_role("moderator").await;
    let real = moderator.cookie.clone().unwrap();
    assert_eq!(moderator.get("/api/v1/me").await.1["role"], "moderator");
    let value = real.strip_prefix("bouillon=").unwrap();
    let id = &value[value.len() - 36..];
    let mut forged: Vec<String> = vec![
        String::new(),
        "bouillon=".into(),
        format!("bouillon={id}"),
        format!("bouillon={}{id}", "A".repeat(value.len() - 36)),
        format!("bouillon={}", &value[..value.len() - 1]),
        format!("bouillon={value}0"),
        format!("__Host-bouillon={value}"),
        other.cookie.unwrap(),
    ];
    // Somebody else's signature on this id.
    let own = ana.cookie.clone().unwrap();
    forged.push(format!("{}{id}", &own[..own.len() - 36]));
    for cookie in forged {
        let mut mallory = Person { cookie: Some(cookie.clone()), ..app.person() };
        let (status, me) = mallory.get("/api/v1/me").await;
        assert_eq!((status.as_u16(), &me["role"], &me["name"]), (200, &json!("visitor"), &Value::Null), "{cookie}");
        assert_eq!(mallory.get("/api/v1/me/contributions").await.1["edits"], json!([]));
        let delete = crate::app::edit("delete", &seen, json!({"base": {"*": seen["version"]}}));
        assert_eq!(mallory.edits(&[delete]).await.0, 403, "{cookie}");
    }
}

on_both! {
    async fn one_person_and_one_address_may_write_so_much_an_hour_and_moderators_more(backend: Backend) {
        let app = limited(backend, &["--creations-per-hour=2", "--edits-per-hour=3", "--address-creations-per-hour=4", "--address-edits-per-hour=5"]).await;
        let (mut ana, mut bob) = (app.person(), app.person());
        let mut moderator = app.with_role("moderator").await;
        assert_eq!((add(&mut ana, &[]).await.0, add(&mut ana, &[]).await.0), (200, 200));
        for (lang, words) in [("fr", "Vous avez beaucoup écrit"), ("en", "You have written a lot")] {
            let (status, body, wait) = add(&mut ana, &[("accept-language", lang)]).await;
            assert_eq!((status, body["code"].as_str()), (429, Some("quota")));
            assert!(body["detail"].as_str().unwrap().starts_with(words), "{body}");
            assert!(wait.is_some_and(|w| (1..=3600).contains(&w)), "{wait:?}");
        }
        // Somebody else at the same address has their own share, until the address has used up its own.
        assert_eq!((add(&mut bob, &[]).await.0, add(&mut bob, &[]).await.0), (200, 200));
        assert_eq!(add(&mut app.person(), &[]).await.0, 429);
        assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "192.0.2.1")]).await.0, 429, "whoever writes such a header is not believed");

        // Edits have a share of their own.
        let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson").await;
        assert_eq!(list["numberMatched"], 4);
        let mut seen = ana.actor(list["features"][0]["properties"]["id"].as_str().unwrap()).await;
        for i in 0..3 {
            let (status, body) = ana.set(&seen, json!({"summary": format!("{i}")})).await;
            assert_eq!(status, 200, "{body}");
            seen = body["results"][0]["actor"].clone();
        }
        let (status, body) = ana.set(&seen, json!({"summary": "de trop"})).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (429, Some("quota")));
        assert_eq!(bob.edits(&[set_edit(&seen, json!({"phone": "01 99 00 00 01"})), set_edit(&seen, json!({"summary": "b"}))]).await.0, 200);
        assert_eq!(bob.set(&seen, json!({"email": "a@example.org"})).await.0, 429, "the address's five are used up");
        for _ in 0..6 {
            assert_eq!(add(&mut moderator, &[]).await.0, 200, "moderators are exempt");
        }
        // A batch counts as so many edits, not as one.
        let many: Vec<Value> = (0..4).map(|_| create("ville", json!({"name": "x"}))).collect();
        assert_eq!(app.person().edits(&many).await.0, 429);
        assert_eq!(ana.get("/api/v1/territories/ville/counts").await.1["actors"], 10);
    }
}

#[tokio::test]
async fn the_address_is_the_one_that_our_own_proxy_wrote() {
    let app = limited(Backend::Sqlite, &["--address-creations-per-hour=1", "--trusted-proxies=1"]).await;
    assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "192.0.2.1")]).await.0, 200);
    assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "192.0.2.1")]).await.0, 429);
    assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "6.6.6.6, 192.0.2.1")]).await.0, 429, "what the client wrote itself is not believed");
    assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "192.0.2.2")]).await.0, 200);
    assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "2001:db8:1:2::1")]).await.0, 200);
    assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "2001:db8:1:2:ffff::9")]).await.0, 429, "an IPv6 subscriber has a whole /64");
    assert_eq!(add(&mut app.person(), &[("x-forwarded-for", "n'importe quoi")]).await.0, 200, "counted as the proxy itself");
    assert_eq!(add(&mut app.person(), &[]).await.0, 429);
}

on_both! {
    async fn an_anonymous_creation_needs_a_form_that_was_opened_here_and_filled_by_a_person(backend: Backend) {
        let app = limited(backend, &["--min-fill-seconds=1"]).await;
        let mut ana = app.person();
        let made = create("ville", json!({"name": "La Ruche"}));
        let (_, form) = ana.get("/api/v1/form").await;
        assert_eq!(form["min_seconds"], 1);
        let token = form["token"].as_str().unwrap();
        let (at, mac) = token.split_once('.').unwrap();
        let earlier = at.parse::<i64>().unwrap() - 60_000;
        let ancient = at.parse::<i64>().unwrap() - 30 * 24 * 3_600_000;
        for (form, code) in [
            (Value::Null, "form_token"),
            (json!({}), "form_token"),
            (json!({"token": ""}), "form_token"),
            (json!({"token": "é.é"}), "form_token"),
            (json!({"token": at}), "form_token"),
            (json!({"token": format!("{at}.")}), "form_token"),
            (json!({"token": format!("{earlier}.{mac}")}), "form_token"),
            (json!({"token": format!("{ancient}.{mac}")}), "form_token"),
            (json!({"token": format!("{at}.{}", mac.replace(['0', '1', '2', '3'], "f"))}), "form_token"),
            (json!({"token": format!("{at}.{}", &mac[..mac.len() - 2])}), "form_token"),
            (json!({"token": token}), "too_fast"),
            (json!({"token": token, "trap": "acheter"}), "trap"),
        ] {
            let (status, body) = ana.post("/api/v1/edits", &json!({"edits": [made], "form": form})).await;
            assert_eq!((status.as_u16(), body["code"].as_str()), (422, Some(code)), "{form}: {body}");
            assert!(body["detail"].as_str().unwrap().ends_with('.') || body["detail"].as_str().unwrap().ends_with(")."), "{body}");
        }
        assert_eq!(ana.cookie, None, "nobody became known by it");
        tokio::time::sleep(Duration::from_millis(1050)).await;
        let (status, body) = ana.post("/api/v1/edits", &json!({"edits": [made], "form": {"token": token}})).await;
        assert_eq!(status, 200, "{body}");
        // Everything else needs no form, and neither does who was invited.
        let seen = &body["results"][0]["actor"];
        let edit = set_edit(seen, json!({"phone": "01 99 00 00 01"}));
        assert_eq!(app.person().post("/api/v1/edits", &json!({"edits": [edit]})).await.0, 200);
        let mut organiser = app.with_role("organiser").await;
        assert_eq!(organiser.post("/api/v1/edits", &json!({"edits": [create("ville", json!({"name": "x"}))]})).await.0, 200);
    }
}

#[tokio::test]
async fn nobody_can_guess_codes_or_invitations() {
    let app = limited(Backend::Sqlite, &["--trusted-proxies=1"]).await;
    let mut ana = app.person();
    let from = [("x-forwarded-for", "192.0.2.9")];
    for i in 0..20 {
        let (path, body) =
            if i % 2 == 0 { ("/api/v1/me/recover", json!({"code": "AAAA-BBBB-CCCC"})) } else { ("/api/v1/invitations", json!({"token": "x"})) };
        assert_eq!(ana.send(Method::POST, path, Some(body.to_string()), &from).await.status(), 404, "try {i}");
    }
    for (path, body) in [("/api/v1/me/recover", json!({"code": "AAAA-BBBB-CCCC"})), ("/api/v1/invitations", json!({"token": "x"}))] {
        let answer = ana.send(Method::POST, path, Some(body.to_string()), &from).await;
        assert_eq!(answer.status(), 429);
        assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "tries");
        let elsewhere = ana.send(Method::POST, path, Some(body.to_string()), &[("x-forwarded-for", "192.0.2.10")]).await;
        assert_eq!(elsewhere.status(), 404, "other addresses are not locked out");
    }
    assert_eq!(ana.cookie, None);
}

on_both! {
    async fn a_short_address_belongs_to_one_territory(backend: Backend) {
        let app = limited(backend, &[]).await;
        let mut admin = app.with_role("admin").await;
        let make = |slug: &str| {
            let set = json!({"slug": slug, "name": "Autre", "kind": "commune"});
            json!({"id": Uuid::now_v7(), "subject": {"kind": "territory", "id": Uuid::now_v7()}, "kind": "create", "set": set})
        };
        let (status, body) = admin.edits(&[make("ville")]).await;
        assert_eq!((status.as_u16(), body["results"][0]["code"].as_str()), (422, Some("taken")), "{body}");
        // The edits around it are written.
        let (status, body) = admin.edits(&[make("bourg"), make("ville"), make("hameau")]).await;
        let results: Vec<&str> = body["results"].as_array().unwrap().iter().map(|r| r["result"].as_str().unwrap()).collect();
        assert_eq!((status.as_u16(), &results[..]), (200, &["applied", "refused", "applied"][..]));
        let seqs: Vec<i64> = [0, 2].map(|i| body["results"][i]["seq"].as_i64().unwrap()).to_vec();
        assert_eq!(seqs[1], seqs[0] + 1, "the refused one used no number");
        for slug in ["api", "tiles", "assets", "embed", "healthz", "readyz", "mentions-legales", "donnees-personnelles", "accessibilite", "invitation",
            "Ville", "vi lle", "-ville", "v", "ville/carte", "é", "..", "ville.json"] {
            let (status, body) = admin.edits(&[make(slug)]).await;
            assert_eq!(status, 422, "{slug}: {body}");
        }
        let (_, all) = admin.get("/api/v1/territories").await;
        assert_eq!(all["territories"].as_array().unwrap().len(), 3);
    }
}
