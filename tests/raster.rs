//! Raster tiles of the base map: what browsers without WebGL show.

use crate::app::{App, Backend, FREE, Place, demo};
use reqwest::{Method, Response};
use resvg::tiny_skia::Pixmap;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The ground of the light style.
const GROUND: [u8; 3] = [0xF0, 0xF0, 0xEA];
/// Middle of the demonstration territory.
pub(crate) const MIDDLE: [f64; 2] = [-1.793, 47.7136];

/// A server with the demonstration territory.
pub(crate) async fn solvigne(backend: Backend, more: &[&str], env: &[(&str, &str)]) -> App {
    let place = Place::new(backend).await;
    let out = place.run(&["import", "osm", "--apply", demo().to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let args: Vec<&str> = FREE.iter().chain(more).copied().collect();
    App::start_watched(place, &args, env)
}

/// The tile of a zoom that holds a position.
pub(crate) fn tile_at([lon, lat]: [f64; 2], z: u8) -> [u32; 2] {
    let side = f64::from(1_u32 << z);
    [((lon + 180.0) / 360.0 * side) as u32, ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * side) as u32]
}

pub(crate) async fn get(app: &App, path: &str, headers: &[(&str, &str)]) -> Response {
    app.person().send(Method::GET, path, None, headers).await
}

/// A tile's picture.
pub(crate) async fn tile(app: &App, z: u8, [x, y]: [u32; 2], query: &str) -> Pixmap {
    let answer = get(app, &format!("/tiles/raster/solvigne/{z}/{x}/{y}.png{query}"), &[]).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    assert_eq!(answer.headers()["content-type"], "image/png");
    Pixmap::decode_png(&answer.bytes().await.unwrap()).unwrap()
}

#[cfg(feature = "maplibre")]
pub(crate) fn rgb(picture: &Pixmap, x: u32, y: u32) -> [u8; 3] {
    let p = picture.pixel(x, y).unwrap();
    [p.red(), p.green(), p.blue()]
}

fn colours(picture: &Pixmap) -> BTreeSet<[u8; 3]> {
    picture.pixels().iter().map(|p| [p.red(), p.green(), p.blue()]).collect()
}

on_both! {
    async fn the_base_map_comes_as_pictures_that_caches_can_keep(backend: Backend) {
        let app = solvigne(backend, &[], &[]).await;
        let [x, y] = tile_at(MIDDLE, 15);
        let one = tile(&app, 15, [x, y], "").await;
        assert_eq!((one.width(), one.height()), (256, 256));
        assert!(one.pixels().iter().all(|p| p.alpha() == 255), "a tile has no holes");
        assert!(colours(&one).len() > 50, "streets, buildings and names are in it");
        let two = tile(&app, 15, [x, y], "?scale=2").await;
        assert_eq!((two.width(), two.height()), (512, 512));

        let path = format!("/tiles/raster/solvigne/15/{x}/{y}.png");
        let answer = get(&app, &path, &[]).await;
        assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        let again = get(&app, &path, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0));
        let (_, about) = app.person().get("/api/v1/territories/solvigne").await;
        let version = about["basemap"]["version"].as_str().unwrap();
        let kept = get(&app, &format!("{path}?v={version}"), &[]).await;
        assert_eq!(kept.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(kept.headers()["etag"], *tag);
        let other = get(&app, &format!("{path}?v=older"), &[]).await;
        assert_eq!(other.headers()["cache-control"], "public, max-age=300");

        // Tokyo is on the map of the world, and not on this one.
        let blank = tile(&app, 15, tile_at([139.7, 35.7], 15), "").await;
        assert_eq!(colours(&blank), BTreeSet::from([GROUND]));
        tile(&app, 0, [0, 0], "").await;
        tile(&app, 20, tile_at(MIDDLE, 20), "?scale=2").await;
    }
}

#[tokio::test]
async fn what_is_no_tile_is_refused_in_clear_words() {
    let app = solvigne(Backend::Sqlite, &[], &[]).await;
    for path in ["15/1/2", "21/0/0.png", "15/32768/0.png", "3/0/8.png", "-1/0/0.png", "x/y/z.png", "4/1/1.mvt", "2/0.5/1.png", "99999999999/1/1.png"]
    {
        let answer = get(&app, &format!("/tiles/raster/solvigne/{path}"), &[]).await;
        assert_eq!(answer.status(), 400, "{path}");
        let body: serde_json::Value = answer.json().await.unwrap();
        assert!(body["detail"].as_str().unwrap().contains("Il n’y a pas de tuile"), "{body}");
    }
    for scale in ["0", "3", "1.5", "deux", "1000000"] {
        let answer = get(&app, &format!("/tiles/raster/solvigne/15/1/2.png?scale={scale}"), &[("accept-language", "en")]).await;
        assert_eq!(answer.status(), 400, "{scale}");
        let body: serde_json::Value = answer.json().await.unwrap();
        assert!(body["detail"].as_str().unwrap().starts_with("scale is 1"), "{body}");
    }
    assert_eq!(get(&app, "/tiles/raster/atlantide/3/1/1.png", &[]).await.status(), 404);
    app.unhurt();
}

#[tokio::test]
async fn a_territory_without_a_base_map_has_blank_tiles() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let [x, y] = tile_at([2.5, 48.5], 12);
    let answer = get(&app, &format!("/tiles/raster/ville/12/{x}/{y}.png"), &[]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(colours(&Pixmap::decode_png(&answer.bytes().await.unwrap()).unwrap()), BTreeSet::from([GROUND]));
}

#[cfg(not(feature = "maplibre"))]
#[tokio::test]
async fn a_program_without_the_second_engine_says_so() {
    let place = Place::new(Backend::Sqlite).await;
    for args in [&["serve", "--listen", "127.0.0.1:0", "--raster-engine", "maplibre"][..], &["render-worker"][..]] {
        let out = place.run(args);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("built without maplibre-rs") && said.contains("--features maplibre"), "{said}");
    }
    let out = place.run(&["serve", "--raster-engine", "pinceau"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("resvg"), "it names what there is");
}

/// How many times slower the 99th percentile of actor tiles may be beside drawings; the machine that runs the tests has other work too.
const SLOWER: f64 = 5.0;

/// Milliseconds of so many actor tiles, one after the other, sorted.
async fn actor_tiles(app: &App, count: u32) -> Vec<f64> {
    let http = reqwest::Client::new();
    let mut times = Vec::new();
    let [x, y] = tile_at(MIDDLE, 12);
    for i in 0..count {
        let began = Instant::now();
        let path = format!("{}/tiles/actors/solvigne/12/{}/{}.mvt", app.url, x - 2 + i % 5, y - 2 + i / 5 % 5);
        assert_eq!(http.get(path).timeout(Duration::from_secs(30)).send().await.unwrap().status(), 200);
        times.push(began.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    times.sort_by(f64::total_cmp);
    times
}

/// The 99th percentile.
fn p99(times: &[f64]) -> f64 {
    times[times.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_who_ask_for_a_large_map_do_not_slow_the_live_map() {
    let app = solvigne(Backend::Sqlite, &[], &[]).await;
    let alone = p99(&actor_tiles(&app, 300).await);
    let http = reqwest::Client::new();
    // Each is another drawing, so that none is answered out of a cache; raster tiles come from their own queue beside them.
    let maps = (0..10).map(|i| format!("{}/api/v1/territories/solvigne/map.png?format=a3&dpi=150&title=Carte%20{i}", app.url));
    let [x, y] = tile_at(MIDDLE, 16);
    let tiles = (0..10).map(|i| format!("{}/tiles/raster/solvigne/16/{}/{y}.png?scale=2", app.url, x + 4 * i));
    let asked: Vec<_> = maps.chain(tiles).map(|url| tokio::spawn(http.get(url).timeout(Duration::from_secs(120)).send())).collect();
    let began = Instant::now();
    let mut beside = Vec::new();
    while began.elapsed() < Duration::from_secs(8) && !asked.iter().all(tokio::task::JoinHandle::is_finished) {
        beside.extend(actor_tiles(&app, 20).await);
    }
    // All are answered: drawn, or asked to come back when they waited for too long.
    for answer in asked {
        let status = answer.await.unwrap().unwrap().status().as_u16();
        assert!([200, 503].contains(&status), "{status}");
    }
    beside.sort_by(f64::total_cmp);
    assert!(beside.len() >= 60, "{} tiles beside the drawing", beside.len());
    let beside = p99(&beside);
    eprintln!("actor tile p99: {alone:.1} ms alone, {beside:.1} ms beside ten A3 maps and raster tiles");
    assert!(beside <= alone * SLOWER + 50.0, "{alone} ms alone, {beside} ms beside drawing");
    app.unhurt();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_for_the_same_sheet_share_one_drawing_and_the_live_map_goes_on() {
    let app = solvigne(Backend::Sqlite, &[], &[]).await;
    let alone = p99(&actor_tiles(&app, 300).await);
    let (http, url) = (reqwest::Client::new(), app.url.clone());
    let [x, y] = tile_at(MIDDLE, 16);
    // Sheets that nobody has asked for yet, each by sixteen tiles at once.
    let drawing = tokio::spawn(async move {
        for sheet in 0..8 {
            let all = (0..16)
                .map(|i| http.get(format!("{url}/tiles/raster/solvigne/16/{}/{}.png?scale=2", (x / 4 - 4 + sheet) * 4 + i % 4, y / 4 * 4 + i / 4)));
            let all: Vec<_> = all.map(|request| tokio::spawn(request.timeout(Duration::from_secs(60)).send())).collect();
            for answer in all {
                assert_eq!(answer.await.unwrap().unwrap().status(), 200);
            }
        }
    });
    let mut beside = Vec::new();
    while !drawing.is_finished() {
        beside.extend(actor_tiles(&app, 20).await);
    }
    drawing.await.unwrap();
    beside.sort_by(f64::total_cmp);
    assert!(beside.len() >= 60, "{} tiles beside the drawing", beside.len());
    let beside = p99(&beside);
    eprintln!("actor tile p99: {alone:.1} ms alone, {beside:.1} ms beside drawing");
    assert!(beside <= alone * SLOWER + 50.0, "{alone} ms alone, {beside} ms beside drawing");
    app.unhurt();
}
