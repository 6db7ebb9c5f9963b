//! maplibre-rs as the engine of raster tiles: it draws what resvg draws, and its faults are nobody's.
//! Needs Vulkan (tests/install-maplibre.sh); `make test-maplibre` runs it.

use crate::app::{App, BOUILLON, Backend};
use crate::raster::{MIDDLE, rgb, solvigne, tile, tile_at};
use resvg::tiny_skia::Pixmap;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Columns and rows of tiles that are compared.
const GRID: [u32; 2] = [4, 3];

/// A server with the second engine, and where its metrics are.
async fn drawn_by_maplibre(env: &[(&str, &str)]) -> (App, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let app = solvigne(Backend::Sqlite, &["--raster-engine", "maplibre", "--metrics-listen", &listen], env).await;
    (app, format!("http://{listen}/metrics"))
}

/// A counter; 0 when nothing was counted.
async fn counted(metrics: &str, name: &str) -> u64 {
    let text = reqwest::get(metrics).await.unwrap().text().await.unwrap();
    text.lines().filter(|l| l.starts_with(name)).map(|l| l.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

const BY_MAPLIBRE: &str = "bouillon_raster_frames_total{engine=\"maplibre\"}";
const BY_RESVG: &str = "bouillon_raster_frames_total{engine=\"resvg\"}";
const FALLBACKS: &str = "bouillon_raster_fallbacks_total";

/// Tiles around the middle as one grid of colours.
async fn scene(app: &App, z: u8) -> Vec<Vec<[u8; 3]>> {
    let [x, y] = tile_at(MIDDLE, z);
    let mut rows = vec![Vec::new(); GRID[1] as usize * 256];
    for j in 0..GRID[1] {
        for i in 0..GRID[0] {
            let picture: Pixmap = tile(app, z, [x - 2 + i, y - 1 + j], "").await;
            for row in 0..256 {
                rows[(j * 256 + row) as usize].extend((0..256).map(|column| rgb(&picture, column, row)));
            }
        }
    }
    rows
}

/// Mean over the pixels of the differences of red, green and blue, with the second scene moved.
fn difference(a: &[Vec<[u8; 3]>], b: &[Vec<[u8; 3]>], [dx, dy]: [i64; 2]) -> f64 {
    let (mut sum, mut count) = (0_u64, 0_u64);
    for y in 1..a.len() - 1 {
        for x in 1..a[0].len() - 1 {
            let (p, q) = (a[y][x], b[(y as i64 + dy) as usize][(x as i64 + dx) as usize]);
            sum += (0..3).map(|i| u64::from(p[i].abs_diff(q[i]))).sum::<u64>();
            count += 1;
        }
    }
    sum as f64 / count as f64
}

#[tokio::test]
async fn both_engines_draw_the_same_scene_to_the_pixel() {
    let one = solvigne(Backend::Sqlite, &[], &[]).await;
    let (two, metrics) = drawn_by_maplibre(&[]).await;
    for z in [13, 14, 15, 16, 17] {
        let (a, b) = (scene(&one, z).await, scene(&two, z).await);
        let here = difference(&a, &b, [0, 0]);
        let elsewhere = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| [dx, dy])).filter(|shift| *shift != [0, 0]);
        let nearest = elsewhere.map(|shift| difference(&a, &b, shift)).fold(f64::MAX, f64::min);
        eprintln!("zoom {z}: difference {here:.2} in place, {nearest:.2} one pixel off");
        assert!(here < 4.0, "zoom {z}: {here}");
        assert!(here < nearest / 2.0, "zoom {z}: {here} in place, {nearest} one pixel off");
        assert!(here > 0.0, "two engines never draw every edge alike: this was drawn by one");
    }
    assert!(counted(&metrics, BY_MAPLIBRE).await >= 5);
    assert_eq!((counted(&metrics, BY_RESVG).await, counted(&metrics, FALLBACKS).await), (0, 0));
    two.unhurt();
}

/// The drawing process of a server.
fn worker(app: &App) -> Option<u32> {
    std::fs::read_dir("/proc").unwrap().filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok()).find(|pid: &u32| {
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        command.split('\0').any(|word| word == "render-worker") && parent == Some(app.pid())
    })
}

#[tokio::test]
async fn a_drawing_process_that_is_killed_is_started_again_for_the_next_frame() {
    let (app, metrics) = drawn_by_maplibre(&[]).await;
    tile(&app, 14, tile_at(MIDDLE, 14), "").await;
    let first = worker(&app).expect("it draws in a process of its own");
    assert!(Command::new("kill").args(["-9", &first.to_string()]).status().unwrap().success());
    tile(&app, 15, tile_at(MIDDLE, 15), "").await;
    let second = worker(&app).unwrap();
    assert_ne!(first, second);
    assert_eq!((counted(&metrics, BY_MAPLIBRE).await, counted(&metrics, FALLBACKS).await), (2, 0));
    app.unhurt();
    // The process does not outlive its server.
    drop(app.kill());
    let ended = (0..80).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        !std::path::Path::new(&format!("/proc/{second}")).exists()
    });
    assert!(ended, "the drawing process goes on without its server");
}

#[tokio::test]
async fn a_drawing_process_that_hangs_or_leaves_holes_is_replaced_by_resvg() {
    for (fault, said, limit) in [("render-hangs", "took longer than 4 s", 4.0), ("render-holes", "has holes", 0.0)] {
        let (app, metrics) = drawn_by_maplibre(&[("BOUILLON_BREAK", fault)]).await;
        for (i, z) in [14, 15, 16, 17, 13].into_iter().enumerate() {
            let began = Instant::now();
            tile(&app, z, tile_at(MIDDLE, z), "").await;
            let took = began.elapsed().as_secs_f64();
            // After three failures it rests, and nobody waits for it any more.
            let most = if i < 3 { limit + 4.0 } else { 4.0 };
            assert!(took < most, "{fault}: tile {i} after {took} s");
            assert!(i >= 3 || took >= limit, "{fault}: tile {i} after {took} s");
        }
        let log = app.log();
        assert!(log.contains(said) && log.contains("rests for 60 s"), "{log}");
        assert_eq!((counted(&metrics, BY_MAPLIBRE).await, counted(&metrics, BY_RESVG).await, counted(&metrics, FALLBACKS).await), (0, 5, 3));
    }
}

fn feed(bytes: &[u8]) -> Output {
    let mut child = Command::new(BOUILLON).arg("render-worker").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may have stopped reading.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    child.wait_with_output().unwrap()
}

#[test]
fn a_drawing_process_that_is_fed_anything_ends_with_a_clear_word() {
    let whole = [&b"BRQ1"[..], &8_u32.to_le_bytes(), &[255; 8]].concat();
    let long = [&b"BRQ1"[..], &u32::MAX.to_le_bytes()].concat();
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"B", b"BRQ1", &whole, &long, &[0; 100_000]] {
        let out = feed(bytes);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("no request of a Bouillon server") && !said.contains("panicked"), "{said}");
        assert!(out.stdout.is_empty());
    }
    assert!(feed(b"").status.success(), "the server has stopped");
}
