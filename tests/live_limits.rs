//! What the live socket does not let anybody do: forge, flood, hold others up, or go on with rights that are gone.

use crate::app::{App, BOUILLON, Backend, FREE, Place, at, create, set_edit};
use crate::hostile_json::resident;
use crate::live::{known, ville};
use crate::live_client::{Live, Said};
use crate::operations::{Beside, terminate};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Error;

/// The goodbye of the server, and the code that it closes with.
async fn bye(live: &mut Live) -> (String, Option<u16>) {
    let code = live.hear(|said| if let Said::Bye(bye) = said { Some(bye) } else { None }).await;
    assert!(code["detail"].as_str().is_some_and(|d| d.ends_with('.') || d.contains(':')), "a sentence: {code}");
    (code["code"].as_str().unwrap().to_owned(), live.close_code().await)
}

/// A refusal of a whole request.
async fn refusal(live: &mut Live) -> Value {
    live.hear(|said| if let Said::Refused(why) = said { Some(why) } else { None }).await
}

/// A connection that has shaken hands as a WebSocket and then speaks bytes.
async fn raw(app: &App, receives: Option<u32>) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(bytes) = receives {
        socket.set_recv_buffer_size(bytes).unwrap();
    }
    let host = app.url.trim_start_matches("http://");
    let mut stream = socket.connect(host.parse().unwrap()).await.unwrap();
    let ask = format!(
        "GET /api/v1/live HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// A frame as a client sends it, its mask all zeros.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        n @ 0..126 => frame.push(0x80 | n as u8),
        n => {
            frame.push(0x80 | 126);
            frame.extend((n as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn hello() -> Vec<u8> {
    frame(1, json!({"type": "hello", "v": 1, "territory": "ville"}).to_string().as_bytes())
}

/// Everything that a connection still says.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut said)).await.expect("the server did not close");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_opens_no_socket_and_needs_none() {
    let (app, moderator) = ville(Backend::Sqlite).await;
    let host = app.url.trim_start_matches("http://").to_owned();
    for (origin, status) in [("https://evil.example", 403), ("null", 403), (&format!("http://{host}.evil.example"), 403), (&*app.url, 101)] {
        match Live::open_with(&moderator, &[("origin", origin)]).await {
            Ok(_) => assert_eq!(status, 101, "{origin}"),
            Err(Error::Http(answer)) => assert_eq!(answer.status().as_u16(), status, "{origin}"),
            Err(e) => panic!("{origin}: {e}"),
        }
    }
    // An embedded map polls, and may be asked for from anywhere.
    let polled =
        app.person().send(reqwest::Method::GET, "/api/v1/changes?after=0&territory=ville", None, &[("origin", "https://else.example")]).await;
    assert_eq!((polled.status().as_u16(), &polled.headers()["access-control-allow-origin"]), (200, &reqwest::header::HeaderValue::from_static("*")));
    assert_eq!(app.person().get("/embed/ville").await.0, 200);
}

on_both! {
    async fn nobody_writes_as_somebody_else(backend: Backend) {
        let (app, _) = ville(backend).await;
        let (ana, ruche) = known(&app, "La Ruche").await;
        let mut live = Live::join(&ana, "ville").await;
        for (member, value) in [("author", json!("0190c7f2-0000-7000-8000-000000000001")), ("session", json!("s1")), ("role", json!("admin"))] {
            let mut forged = set_edit(&ruche, json!({"summary": "forgé"}));
            forged[member] = value;
            live.offer(std::slice::from_ref(&forged)).await.unwrap();
            let why = refusal(&mut live).await;
            assert_eq!((&why["code"], &why["status"], &why["ids"]), (&json!("bad_body"), &json!(400), &json!([forged["id"]])));
        }
        live.send(&json!({"type": "edits", "edits": [], "form": null})).await.unwrap();
        assert_eq!(refusal(&mut live).await["code"], "bad_batch");
        let ack = live.write(&[set_edit(&ruche, json!({"summary": "vrai"}))]).await.remove(0);
        assert_eq!(ack["result"], "applied", "the socket goes on");
        let mut nobody = Live::join(&app.person(), "ville").await;
        nobody.offer(&[set_edit(&ruche, json!({"summary": "anonyme"}))]).await.unwrap();
        assert_eq!(refusal(&mut nobody).await["code"], "no_identity");
        let mut other = Live::join(&app.person(), "ville").await;
        other.send(&json!({"type": "presence", "session": live.welcome["you"]["session"], "field": "phone"})).await.unwrap();
        assert_eq!(bye(&mut other).await, ("bad_message".into(), Some(1008)));
        nobody.until(|l| l.here == 2).await;
        assert!(nobody.people.values().all(|p| p["field"].is_null()), "{:?}", nobody.people);
        let (_, history) = app.person().get(&format!("/api/v1/actors/{}/history", ruche["id"].as_str().unwrap())).await;
        assert_eq!(history["edits"].as_array().unwrap().len(), 2);
    }
}

on_both! {
    async fn rights_that_are_taken_away_are_gone_with_the_next_edit_on_an_open_socket(backend: Backend) {
        let (app, mut moderator) = ville(backend).await;
        let a = moderator.add("ville", json!({"name": "La Ruche"})).await;
        let b = moderator.add("ville", json!({"name": "Le Four"})).await;
        let mut live = Live::join(&moderator, "ville").await;
        assert_eq!(live.welcome["role"], "moderator");
        let delete = |seen: &Value| crate::app::edit("delete", seen, json!({"base": {"*": seen["version"]}}));
        assert_eq!(live.write(&[delete(&a)]).await[0]["result"], "applied");
        Beside::new(&app.place).await.run("delete from grants where role = 'moderator'").await;
        let refused = live.write(&[delete(&b)]).await.remove(0);
        assert_eq!((&refused["result"], &refused["code"]), (&json!("refused"), &json!("needs_moderator")));
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let said = live.next_before(end).await.unwrap().expect("it is told within a beat");
            if let Said::Revoked(told) = said {
                break assert_eq!(told["role"], "contributor");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_by_socket_and_by_post_counts_together() {
    let args: Vec<&str> = FREE.iter().copied().filter(|a| !a.starts_with("--edits")).chain(["--edits-per-hour=3"]).collect();
    let app = App::start_at(Place::new(Backend::Sqlite).await, &args, &[]);
    app.territory("ville", 2.0, 48.0).await;
    let (mut ana, ruche) = known(&app, "La Ruche").await;
    let mut live = Live::join(&ana, "ville").await;
    let one = live.write(&[set_edit(&ruche, json!({"summary": "un"}))]).await.remove(0);
    assert_eq!(ana.set(&one["actor"], json!({"phone": "01 99 00 00 01"})).await.0, 200);
    live.write(&[set_edit(&ruche, json!({"email": "x@example.org"}))]).await;
    let over = set_edit(&ruche, json!({"website": "https://ruche.example.org/"}));
    live.offer(std::slice::from_ref(&over)).await.unwrap();
    let why = refusal(&mut live).await;
    assert_eq!((&why["code"], &why["status"], &why["ids"][0]), (&json!("quota"), &json!(429), &over["id"]));
    assert!(why["retry_after"].as_i64().unwrap() > 0);
    assert_eq!(ana.set(&one["actor"], json!({"tags": ["x"]})).await.0, 429);
    // Without the form's token a new actor is refused as by POST.
    live.offer(&[create("ville", json!({"name": "Le Four"}))]).await.unwrap();
    assert_eq!(refusal(&mut live).await["code"], "form_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_no_message_gets_a_clear_goodbye() {
    let app = App::start_watched(Place::new(Backend::Sqlite).await, FREE, &[]);
    app.territory("ville", 2.0, 48.0).await;
    let many = format!("{{\"type\":\"presence\",\"field\":\"{}\"}}", "x".repeat(70_000));
    let deep = "[".repeat(60_000);
    let texts: [(&str, &str, u16); 9] = [
        ("{", "bad_message", 1008),
        ("", "bad_message", 1008),
        ("null", "bad_message", 1008),
        ("{\"type\":\"admin\"}", "bad_message", 1008),
        (&deep, "bad_message", 1008),
        (&many, "too_large", 1009),
        ("{\"type\":\"hello\",\"v\":2,\"new\":1}", "upgrade_required", 1008),
        ("{\"type\":\"hello\",\"v\":1,\"territory\":\"nulle-part\"}", "not_found", 1008),
        ("{\"type\":\"presence\"}", "hello_first", 1008),
    ];
    for (text, code, close) in texts {
        let mut live = Live::open(&app.person()).await.unwrap();
        live.send_text(text).await.unwrap();
        assert_eq!(bye(&mut live).await, (code.to_owned(), Some(close)), "{}", text.chars().take(60).collect::<String>());
    }
    // No text, no UTF-8, no such opcode, without a mask, reserved bits, a control frame that is too long, a continuation of nothing.
    let frames: [&[u8]; 7] = [
        &frame(2, b"\0\x01\x02"),
        &frame(1, b"\xff\xfe"),
        &frame(3, b"x"),
        &[0x81, 2, b'{', b'}'],
        &[0xf1, 0x80, 0, 0, 0, 0],
        &frame(9, &[b'x'; 126]),
        &frame(0, b"x"),
    ];
    for bytes in frames {
        let mut stream = raw(&app, None).await;
        stream.write_all(&hello()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let said = to_the_end(&mut stream).await;
        assert!(said.contains("\"type\":\"bye\"") && said.contains("bad_message"), "{bytes:?}: {said}");
    }
    app.unhurt();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_let_go_and_who_says_too_much_is_listened_to_later() {
    let (app, _) = ville(Backend::Sqlite).await;
    let (mut silent, started) = (Live::open(&app.person()).await.unwrap(), Instant::now());
    let mut loud = Live::join(&app.person(), "ville").await;
    for i in 0..120 {
        loud.present(json!({"view": [2.0, 48.0, 2.5, 48.0 + f64::from(i) / 1000.0], "nickname": "Ana"})).await.unwrap();
    }
    let busy = loud.hear(|said| if let Said::Busy(busy) = said { Some(busy) } else { None }).await;
    assert_eq!(busy["retry_ms"], 1000);
    // Nothing of it is lost, it only takes longer.
    let me = loud.welcome["you"]["session"].as_str().unwrap().to_owned();
    loud.until(|l| l.people.get(&me).is_some_and(|p| p["view"][3] == 48.119)).await;
    assert_eq!(bye(&mut silent).await, ("no_hello".into(), Some(1008)));
    assert!((8..14).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_does_not_read_is_cut_and_holds_nobody_up() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let metrics = format!("127.0.0.1:{port}");
    let args: Vec<&str> = FREE.iter().copied().chain(["--metrics-listen", &metrics]).collect();
    let app = App::start_watched(Place::new(Backend::Sqlite).await, &args, &[]);
    app.territory("ville", 2.0, 48.0).await;
    let mut moderator = app.with_role("moderator").await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = raw(&app, Some(4096)).await;
        stream.write_all(&hello()).await.unwrap();
        slow.push(stream);
    }
    let mut live = Live::join(&app.person(), "ville").await;
    live.until(|l| l.here == 21).await;
    let measured = async || reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    assert!(measured().await.contains("\nbouillon_live_sockets 21\n"));
    let before = resident(app.pid());
    let (mut slowest, mut most, mut cut) = (Duration::ZERO, before, 0);
    let started = Instant::now();
    while cut < slow.len() && started.elapsed() < Duration::from_secs(60) {
        let edits: Vec<Value> = (0..100)
            .map(|i| {
                create("ville", json!({"name": format!("Lieu {i}"), "description": "lorem ipsum ".repeat(400), "place/p1/position": at(2.5, 48.5)}))
            })
            .collect();
        let (status, body) = moderator.edits(&edits).await;
        assert_eq!(status, 200);
        let sent = Instant::now();
        live.reach(body["head"].as_i64().unwrap()).await;
        slowest = slowest.max(sent.elapsed());
        most = most.max(resident(app.pid()));
        let text = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
        cut = text
            .lines()
            .filter(|l| l.contains("bouillon_live_cut_total{why=\"slow\""))
            .map(|l| l.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
            .sum();
    }
    println!(
        "20 that do not read: cut after {:?}, slowest news for the one that reads {slowest:?}, memory {before} -> {most} KiB",
        started.elapsed()
    );
    assert_eq!(cut, slow.len());
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!((live.gaps, live.snapshots, live.doubled), (0, 0, 0));
    // What the actors themselves take is in it too.
    assert!(most - before < 20 * 2048 + 80 * 1024, "{before} -> {most} KiB");
    live.until(|l| l.here == 1).await;
    let measured = measured().await;
    assert!(measured.contains("\nbouillon_live_sockets 1\n") && measured.contains("\nbouillon_live_messages_total "), "{measured}");
    app.unhurt();
}

on_both! {
    async fn a_server_that_stops_answers_what_was_sent_says_goodbye_and_loses_nothing(backend: Backend) {
        let (app, _) = ville(backend).await;
        let mut writers = Vec::new();
        for w in 0..4 {
            let (person, actor) = known(&app, &format!("Lieu {w}")).await;
            let mut live = Live::join(&person, "ville").await;
            writers.push(tokio::spawn(async move {
                let (mut actor, mut sent, mut answered) = (actor, Vec::new(), Vec::new());
                for i in 0.. {
                    let edit = set_edit(&actor, json!({"summary": format!("état {i}")}));
                    if live.offer(std::slice::from_ref(&edit)).await.is_err() {
                        return (sent, answered, None);
                    }
                    let id = edit["id"].as_str().unwrap().to_owned();
                    sent.push(id.clone());
                    let end = tokio::time::Instant::now() + Duration::from_secs(15);
                    while !live.acks.contains_key(&id) {
                        match live.next_before(end).await {
                            Ok(Some(Said::Bye(why))) => return (sent, answered, Some((why, live.close_code().await))),
                            Ok(Some(_)) => {}
                            other => panic!("neither an answer nor a goodbye: {other:?}"),
                        }
                    }
                    actor = live.acks[&id]["actor"].clone();
                    answered.push(id);
                }
                unreachable!()
            }));
        }
        let mut looks = Live::join(&app.person(), "ville").await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        let asked = Instant::now();
        terminate(&app);
        assert_eq!(bye(&mut looks).await, ("stopping".into(), Some(1012)));
        let (mut ends, mut answered) = (0, Vec::new());
        for writer in writers {
            let (sent, acked, end) = writer.await.unwrap();
            assert!(sent.len() - acked.len() <= 1 && acked.len() > 3, "{} of {}", acked.len(), sent.len());
            if let Some((why, close)) = end {
                assert_eq!((&why["code"], close), (&json!("stopping"), Some(1012)));
                ends += 1;
            }
            answered.extend(acked);
        }
        assert!(ends >= 1);
        let place = tokio::task::spawn_blocking(move || app.stop()).await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
        let app = App::start_at(place, FREE, &[]);
        let mut looks = Live::open(&app.person()).await.unwrap();
        looks.hello("ville", Some(bouillon::model::Version { epoch: 1, seq: 0 }), json!({})).await.unwrap();
        looks.until(|l| l.reader.is_some() && (l.snapshots == 1 || l.edits.len() >= answered.len())).await;
        let (_, history) = app.person().get("/api/v1/territories/ville/history?limit=1").await;
        assert!(history["edits"][0]["seq"].as_i64().unwrap() > answered.len() as i64);
        assert!(app.place.run(&["check"]).status.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_socket_takes_less_than_twenty_kilobytes() {
    const SOCKETS: u64 = 2_000;
    let (app, _) = ville(Backend::Sqlite).await;
    let open = async |sockets: u64| {
        let mut open = Vec::new();
        for _ in 0..sockets {
            let mut stream = raw(&app, None).await;
            stream.write_all(&hello()).await.unwrap();
            open.push(stream);
        }
        open
    };
    let _first = open(100).await;
    let before = resident(app.pid());
    let _idle = open(SOCKETS).await;
    // All of them are here, and have been sent what there was.
    let mut looks = Live::join(&app.person(), "ville").await;
    looks.until(|l| l.here == SOCKETS as i64 + 101).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = (resident(app.pid()) - before) * 1024 / SOCKETS;
    println!("{each} bytes per idle socket");
    assert!(each < 20_000, "{each} bytes per idle socket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_started_in_an_ordinary_shell_takes_more_sockets_than_the_shell_allows() {
    let place = Place::new(Backend::Sqlite).await;
    let script = "ulimit -S -n 200; exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\"";
    let mut command = std::process::Command::new("sh");
    let mut child = command.args(["-c", script, BOUILLON]).arg(&place.data).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let numbers: Vec<&str> = limits.lines().find(|l| l.starts_with("Max open files")).unwrap().split_whitespace().collect();
    assert!(line.contains("http"), "{line:?}");
    assert_eq!(numbers[3], numbers[4], "the soft limit is the hard one: {limits}");
    assert_ne!(numbers[3], "200");
}
