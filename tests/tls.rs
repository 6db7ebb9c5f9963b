//! https without a proxy: headers and cookies, renewal while serving, files that can't be used. The client is OpenSSL's.

use crate::app::{App, Backend, FREE, Place};
use crate::backup::{Folder, said};
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A new self-made certificate and its key.
pub(crate) fn certificate(folder: &Path, name: &str) -> [PathBuf; 2] {
    let [cert, key] = ["crt", "key"].map(|ending| folder.join(format!("{name}.{ending}")));
    let out = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", said(&out));
    [cert, key]
}

/// A request over TLS to somebody who must hold the key of this certificate; none when it does not.
fn ask(app: &App, trusted: &Path, request: &str, body: &str) -> Option<String> {
    let address = app.url.trim_start_matches("https://");
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-ign_eof", "-verify_return_error", "-verify_ip", "127.0.0.1", "-connect", address, "-CAfile"])
        .arg(trusted)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = client.stdin.take().unwrap().write_all(format!("{head}{body}").as_bytes());
    let out = client.wait_with_output().unwrap();
    Some(String::from_utf8_lossy(&out.stdout).into_owned()).filter(|text| text.starts_with("HTTP/1.1"))
}

async fn start(cert: &Path, key: &Path) -> App {
    let args: Vec<&str> = FREE.iter().copied().chain(["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]).collect();
    App::start_at(Place::new(Backend::Sqlite).await, &args, &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_come_over_https_with_strict_transport_and_secure_cookies() {
    let folder = Folder::new("tls");
    let [cert, key] = certificate(&folder.0, "a");
    let app = start(&cert, &key).await;
    assert!(app.url.starts_with("https://127.0.0.1:"), "{}", app.url);
    // People who open a connection and say nothing, or speak plain http, hold nobody up.
    let address = app.url.trim_start_matches("https://").to_owned();
    let _silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&address).unwrap()).collect();
    TcpStream::connect(&address).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let page = ask(&app, &cert, "GET /", "").expect("an answer over TLS");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<html"), "{page}");
    assert!(page.to_lowercase().contains("strict-transport-security: max-age=31536000"), "{page}");
    let out = app.place.run(&["admin", "invite", "--role", "moderator"]);
    let link = String::from_utf8(out.stdout).unwrap();
    let token = link.trim().strip_prefix(&format!("{}/invitation#", app.url)).unwrap_or_else(|| panic!("{link}")).to_owned();
    let answer = ask(&app, &cert, "POST /api/v1/invitations", &format!("{{\"token\":\"{token}\"}}")).unwrap();
    let cookie = answer.lines().find(|l| l.to_lowercase().starts_with("set-cookie: ")).unwrap_or_else(|| panic!("{answer}"));
    assert!(cookie.contains("__Host-bouillon=") && cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_taken_up_while_serving_and_a_broken_one_is_not() {
    let folder = Folder::new("renewal");
    let [cert, key] = certificate(&folder.0, "served");
    let app = start(&cert, &key).await;
    let first = folder.0.join("first.crt");
    std::fs::copy(&cert, &first).unwrap();
    assert!(ask(&app, &first, "GET /healthz", "").is_some());
    let [new_cert, new_key] = certificate(&folder.0, "new");
    assert!(ask(&app, &new_cert, "GET /healthz", "").is_none(), "the new one is not served yet");
    std::fs::write(&cert, "-----BEGIN CERTIFICATE-----\nnonsense\n").unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(ask(&app, &first, "GET /healthz", "").is_some(), "the certificate that works stays");
    std::fs::copy(&new_key, &key).unwrap();
    std::fs::copy(&new_cert, &cert).unwrap();
    let started = Instant::now();
    while ask(&app, &new_cert, "GET /healthz", "").is_none() {
        assert!(started.elapsed() < Duration::from_secs(15), "the new certificate was not taken up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(ask(&app, &first, "GET /healthz", "").is_none(), "the old one is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_that_can_not_be_used_get_a_sentence_and_exit_code_2() {
    let folder = Folder::new("badtls");
    let [cert, key] = certificate(&folder.0, "a");
    let [_, other] = certificate(&folder.0, "b");
    let empty = folder.0.join("empty");
    std::fs::write(&empty, "").unwrap();
    let missing = folder.0.join("missing");
    let place = Place::new(Backend::Sqlite).await;
    for (cert, key, word) in [
        (&missing, &key, "missing"),
        (&cert, &missing, "missing"),
        (&empty, &key, "no certificate"),
        (&cert, &empty, "empty"),
        (&key, &cert, "a.key"),
        (&cert, &other, "can't be used together"),
    ] {
        let out = place.command(&["serve"]).args(FREE).arg("--tls-cert").arg(cert).arg("--tls-key").arg(key).output().unwrap();
        assert!(out.status.code() == Some(2) && said(&out).contains(word) && !said(&out).contains("panicked"), "{word}: {}", said(&out));
    }
    let out = place.command(&["serve"]).args(FREE).arg("--tls-cert").arg(&cert).output().unwrap();
    assert!(out.status.code() == Some(2) && said(&out).contains("go together"), "{}", said(&out));
}
