//! Statistics: what the server counts is what somebody counts who only has the exports, and small numbers of people are not told.

use crate::app::{App, Backend, at};
use serde_json::json;

on_both! {
    async fn a_territory_without_an_actor_has_every_measure_and_no_number_is_made_up(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("vide", 2.0, 48.0).await;
        let (status, all) = app.person().get("/api/v1/territories/vide/statistics").await;
        assert_eq!(status, 200, "{all}");
        assert_eq!(all["actors"], 0);
        assert_eq!(all["measures"][0]["value"], json!(0.0));
        app.person().add("vide", json!({"name": "La Ruche", "place/p1/position": at(2.5, 48.5)})).await;
        let (_, all) = app.person().get("/api/v1/territories/vide/statistics?lang=en").await;
        assert_eq!(all["measures"][0]["value"], json!(1.0));
    }
}
