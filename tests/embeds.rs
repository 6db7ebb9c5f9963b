//! What a page of another site gets when it shows us in a frame: as HTTP says it. The browser's side is in tests/browser/embed.spec.ts.

use crate::app::Backend;
use crate::figures::{Town, figure, publish, town, work_edit};
use reqwest::Method;
use serde_json::json;

on_both! {
    async fn a_frame_names_who_may_show_it_sets_no_cookie_and_says_the_same_without_scripts(backend: Backend) {
        let Town { app, mut ana, mut olga, .. } = town(backend).await;
        let open = figure(&mut ana, json!({})).await;
        let chosen = figure(&mut ana, json!({"themes": ["ALI"], "embedders": ["https://mairie.example.fr", "http://localhost:3000"]})).await;
        let draft = figure(&mut ana, json!({})).await;
        for id in [&open, &chosen] {
            publish(&mut olga, id).await;
        }
        for (query, ancestors, status, says) in [
            (String::new(), "*", 200, "La Ruche"),
            ("mode=list&category=ALI&lang=en".into(), "*", 200, "As of"),
            ("mode=count".into(), "*", 200, "3 acteurs"),
            ("mode=table".into(), "*", 200, "Alimentation"),
            ("mode=chart&category=CUL".into(), "*", 200, "<svg"),
            ("mode=chart&measure=stock".into(), "*", 200, "<svg"),
            (format!("figure={open}"), "*", 200, "<noscript><img"),
            (format!("figure={chosen}"), "https://mairie.example.fr http://localhost:3000", 200, "2 acteurs"),
            (format!("figure={chosen}&mode=list"), "https://mairie.example.fr http://localhost:3000", 200, "picerie du coin"),
            (format!("figure={draft}"), "*", 404, "pas publiée"),
            ("figure=nimporte".into(), "*", 404, "pas publiée"),
            ("category=XXX".into(), "*", 400, "XXX"),
            ("bbox=1,2".into(), "*", 400, "bbox"),
            ("mode=list&area=ailleurs".into(), "*", 404, "Ouvrir la carte"),
        ] {
            let path = format!("/embed/ville?{query}");
            // With a cookie at hand: a frame neither reads nor sets one.
            let answer = ana.send(Method::GET, &path, None, &[("origin", "https://mairie.example.fr"), ("sec-fetch-dest", "iframe"), ("sec-fetch-site", "cross-site")]).await;
            let headers = answer.headers().clone();
            let csp = headers["content-security-policy"].to_str().unwrap();
            assert_eq!(answer.status(), status, "{path}");
            assert!(csp.ends_with(&format!("frame-ancestors {ancestors}")) && csp.starts_with("default-src 'self'"), "{path}: {csp}");
            assert!(!headers.contains_key("set-cookie") && !headers.contains_key("x-frame-options"), "{path}: {headers:?}");
            assert_eq!(headers["cross-origin-resource-policy"], "cross-origin", "{path}");
            let text = answer.text().await.unwrap();
            assert!(text.contains(says), "{path}: {text}");
        }
        // Changing who may show it is allowed on ice too.
        assert_eq!(olga.post(&format!("/api/v1/figures/{chosen}/freeze"), &json!({})).await.0, 200);
        let (_, seen) = olga.get(&format!("/api/v1/figures/{chosen}")).await;
        let less = work_edit("remove", &chosen, json!({"set": {"embedders": ["http://localhost:3000"]}, "base": {"embedders": seen["versions"]["embedders"]}}));
        assert_eq!(olga.edits(&[less]).await.0, 200);
        let answer = ana.send(Method::GET, &format!("/embed/ville?figure={chosen}"), None, &[]).await;
        assert!(answer.headers()["content-security-policy"].to_str().unwrap().ends_with("frame-ancestors https://mairie.example.fr"));
        // Other pages stay ours alone, and pictures may be shown anywhere.
        let page = ana.send(Method::GET, &format!("/f/{open}"), None, &[]).await;
        assert!(page.headers()["content-security-policy"].to_str().unwrap().ends_with("frame-ancestors 'none'"));
        for path in [format!("/f/{open}.svg"), "/embed.js".into()] {
            let answer = ana.send(Method::GET, &path, None, &[("origin", "https://mairie.example.fr")]).await;
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!((header("access-control-allow-origin"), header("cross-origin-resource-policy")), ("*".into(), "cross-origin".into()), "{path}");
        }
        app.unhurt();
    }
}
