//! A report's files: the same bytes for the same position, frozen for ever, opened by LibreOffice; hostile texts and pictures.

use crate::app::{App, Backend, FREE, Person, Place, at};
use crate::reports::{block, made, make, text};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Cursor, Read};
use std::process::Command;
use uuid::Uuid;

/// The bytes of an address.
async fn bytes(person: &mut Person, path: &str) -> (StatusCode, Vec<u8>) {
    let answer = person.send(Method::GET, path, None, &[]).await;
    (answer.status(), answer.bytes().await.unwrap().to_vec())
}

/// What people type, whatever port a test finds free: it is printed in the files.
const ADDRESS: &str = "http://carte.example.org";

/// A file of a zip.
fn unzipped(zip: &[u8], path: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut text = String::new();
    archive.by_name(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Sends a picture of the scheme.
async fn picture(person: &mut Person, report: &str, kind: &str, body: Vec<u8>) -> (StatusCode, Value) {
    let request = person.http.post(format!("{}/api/v1/reports/{report}/picture", person.url)).header("content-type", kind);
    let answer = request.header("cookie", person.cookie.clone().unwrap_or_default()).body(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='30'><script>alert(1)</script><rect width='50' height='20'/></svg>";

/// A town with actors, a device, and a report with a text.
async fn town(app: &App) -> (Person, String) {
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.with_role("moderator").await;
    for (i, name) in ["La Ruche", "Atelier vélo <b>", "Épicerie & Cie", "Chorale des Aulnes"].iter().enumerate() {
        let place = at(2.4 + 0.05 * i as f64, 48.5);
        ana.add("ville", json!({"name": name, "primary_category": "ALI.amap", "place/p1/position": place})).await;
    }
    made(&mut ana, "device", Some("ville"), json!({"name": "Budget participatif", "step": "decide", "rung": "6", "since": "2019-05"})).await;
    let report = made(&mut ana, "report", Some("ville"), json!({"title": "Diagnostic", "status": "published"})).await;
    block(&mut ana, &report, "summary", "## Pourquoi\n\nParce que **c’est utile**.").await;
    (ana, report)
}

on_both! {
    async fn the_same_position_gives_the_same_files_also_after_a_restart_and_ice_keeps_them(backend: Backend) {
        let app = App::start_behind(Place::new(backend).await, ADDRESS);
        let (mut ana, report) = town(&app).await;
        let mut first = Vec::new();
        for format in ["docx", "html", "zip"] {
            let (status, file) = bytes(&mut ana, &format!("/r/{report}.{format}")).await;
            assert_eq!(status, 200, "{format}");
            first.push((format, file));
        }
        let place = app.stop();
        let app = App::start_behind(place, ADDRESS);
        ana.url = app.url.clone();
        for (format, file) in &first {
            let (_, again) = bytes(&mut ana, &format!("/r/{report}.{format}")).await;
            assert!(again == *file, "{format} differs after a restart");
        }
        let zip = &first[2].1;
        assert!(unzipped(zip, "acteurs.csv").contains("La Ruche") && unzipped(zip, "LISEZMOI.txt").contains("ODbL"));
        let names: Vec<String> = zip::ZipArchive::new(Cursor::new(zip)).unwrap().file_names().map(|n| n.unwrap().into_owned()).collect();
        for ending in [".svg", ".png", ".csv"] {
            assert!(names.iter().any(|n| n.starts_with("figures/") && n.ends_with(ending)), "{names:?}");
        }
        // Frozen: nothing that happens afterwards changes its bytes.
        let (status, told) = ana.post(&format!("/api/v1/reports/{report}/freeze"), &json!({})).await;
        assert_eq!(status, 200, "{told}");
        assert!(told["frozen"]["position"].is_array() && told["may"]["edit"] == json!(false), "{told}");
        let (_, frozen) = bytes(&mut ana, &format!("/r/{report}.zip")).await;
        let page = text(&mut ana, &format!("/r/{report}.html")).await.1;
        assert!(page.contains("Figé le") && page.contains(&told["frozen"]["position"][1].to_string()), "the position is on the cover");
        ana.add("ville", json!({"name": "Venue après"})).await;
        let (_, edit) = make("block", None, json!({"report": report, "section": "map", "text": "Trop tard."}));
        let (_, refused) = ana.edits(&[edit]).await;
        assert_eq!(refused["results"][0]["code"], "frozen", "{refused}");
        let place = app.stop();
        let app = App::start_behind(place, ADDRESS);
        ana.url = app.url.clone();
        assert!(bytes(&mut ana, &format!("/r/{report}.zip")).await.1 == frozen);
        assert_eq!(format!("{:x}", Sha256::digest(&frozen)), told["frozen"]["files"]["zip"]["sha256"].as_str().unwrap());
        // Remade, it is a draft with the same texts that shows what is there now.
        let (status, copy) = ana.post(&format!("/api/v1/reports/{report}/remake"), &json!({})).await;
        assert_eq!(status, 200, "{copy}");
        let copy = copy["id"].as_str().unwrap();
        let page = text(&mut ana, &format!("/r/{copy}.html")).await.1;
        assert!(page.contains("Brouillon du") && page.contains("utile") && page.contains("Venue après"));
    }
}

on_both! {
    async fn an_erased_actor_leaves_a_frozen_report(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        let (mut ana, report) = town(&app).await;
        ana.post(&format!("/api/v1/reports/{report}/freeze"), &json!({})).await;
        let (_, told) = ana.get("/api/v1/search?q=chorale&territory=ville").await;
        let actor = told["actors"][0]["id"].clone();
        let (_, before) = bytes(&mut ana, &format!("/r/{report}.html")).await;
        let (status, erased) = ana.post("/api/v1/territories/ville/erasures", &json!({"actor": actor})).await;
        assert_eq!((status, &erased["reports"]), (StatusCode::OK, &json!([report])), "{erased}");
        for format in ["html", "docx", "zip"] {
            let (_, file) = bytes(&mut ana, &format!("/r/{report}.{format}")).await;
            let said = match format {
                "html" => String::from_utf8(file).unwrap(),
                "docx" => unzipped(&file, "word/document.xml"),
                _ => unzipped(&file, "acteurs.csv") + &unzipped(&file, "rapport.html"),
            };
            assert!(!said.contains("Chorale") && said.contains("La Ruche"), "{format}");
        }
        assert!(String::from_utf8(before).unwrap().contains("Chorale"));
        let (_, told) = ana.get(&format!("/api/v1/reports/{report}")).await;
        assert!(told["frozen"]["erased_at"].is_string(), "{told}");
        app.unhurt();
    }
}

on_both! {
    async fn two_people_writing_one_block_keep_both_their_lines(backend: Backend) {
        let app = App::start(backend).await;
        let (mut ana, report) = town(&app).await;
        let mut bob = app.with_role("organiser").await;
        let id = block(&mut ana, &report, "map", "Un.\n\nDeux.\n\nTrois.").await;
        let (_, told) = ana.get(&format!("/api/v1/reports/{report}")).await;
        let seen = told["sections"][3]["blocks"][0]["versions"]["text"].clone();
        for (person, text) in [(&mut ana, "Un, dit Ana.\n\nDeux.\n\nTrois."), (&mut bob, "Un.\n\nDeux.\n\nTrois, dit Bob.")] {
            let edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "block", "id": id}, "kind": "set", "set": {"text": text}, "base": {"text": seen}});
            let (status, body) = person.edits(&[edit]).await;
            assert_eq!(status, 200, "{body}");
        }
        let page = text(&mut ana, &format!("/r/{report}.html")).await.1;
        assert!(page.contains("Un, dit Ana.") && page.contains("Trois, dit Bob."));
        // A block stays in its report: rights were asked for that one.
        let other = made(&mut ana, "report", Some("ville"), json!({"title": "Autre"})).await;
        let edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "block", "id": id}, "kind": "set", "set": {"report": other}});
        assert_eq!(ana.edits(&[edit]).await.1["results"][0]["code"], "block_stays");
    }
}

on_both! {
    async fn hostile_texts_are_only_words(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        let (mut ana, report) = town(&app).await;
        let long = "a ".repeat(9_990);
        for hostile in [
            "<script>alert(1)</script><img src=x onerror=alert(1)> <svg onload=alert(1)>",
            "[un](javascript:alert(1)) [deux](data:text/html,x) ![trois](http://evil.invalid/x.png) <http://evil.invalid/auto>",
            &long,
            &format!("{} fond", ">".repeat(3_000)),
            &(0..300).map(|i| format!("{}- x\n", " ".repeat(i.min(60)))).collect::<String>(),
            "abc\u{202e}fed\u{2066} ]]> &amp; &lt;w:p&gt; \u{1}\u{b}",
            "|a|b|\n|-|-|\n|1|2|3|4|\n|<td>|",
        ] {
            block(&mut ana, &report, "map", hostile).await;
        }
        let (status, page) = text(&mut ana, &format!("/r/{report}.html")).await;
        assert_eq!(status, 200);
        for no in ["<script", "<img src=x", "<svg onload", "href=\"javascript", "href=\"data", "src=\"http", "\u{202e}"] {
            assert!(!page.contains(no), "{no}");
        }
        let answer = ana.send(Method::GET, &format!("/r/{report}.html"), None, &[]).await;
        assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        let (_, docx) = bytes(&mut ana, &format!("/r/{report}.docx")).await;
        sound(&docx);
        app.unhurt();
    }
}

/// What Word demands: well-formed parts, every relationship leads to a part or out, every id once, every content type known.
fn sound(docx: &[u8]) {
    let mut archive = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    let names: Vec<String> = archive.file_names().map(|n| n.unwrap().into_owned()).collect();
    let types = unzipped(docx, "[Content_Types].xml");
    for name in &names {
        let ending = name.rsplit('.').next().unwrap();
        assert!(types.contains(&format!("PartName=\"/{name}\"")) || types.contains(&format!("Extension=\"{ending}\"")), "{name} has no type");
        if ending == "xml" || ending == "rels" {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            roxmltree(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
    let (body, links) = (unzipped(docx, "word/document.xml"), unzipped(docx, "word/_rels/document.xml.rels"));
    let between = |text: &str, start: &str| -> Vec<String> { text.split(start).skip(1).map(|p| p.split('"').next().unwrap().to_owned()).collect() };
    for id in between(&body, "r:id=\"").into_iter().chain(between(&body, "r:embed=\"")) {
        assert!(links.contains(&format!("Id=\"{id}\"")), "{id} leads nowhere");
    }
    for target in links.split("Target=\"").skip(1).filter(|p| !p.contains("TargetMode=\"External\"") || p.starts_with("media")) {
        let target = target.split('"').next().unwrap();
        assert!(target.contains(':') || names.contains(&format!("word/{target}")), "{target} is not there");
    }
    for ids in [between(&body, "<w:bookmarkStart w:id=\""), between(&body, "<wp:docPr id=\"")] {
        let mut once = ids.clone();
        once.dedup();
        assert_eq!(ids.len(), once.len());
    }
    assert!(body.matches(" descr=\"\"").count() == 0, "a picture has no alternative text");
}

/// Whether a text is well-formed XML.
fn roxmltree(text: &str) -> Result<(), String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut depth, mut elements) = (0_usize, 0);
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            quick_xml::events::Event::Eof => return if depth == 0 && elements > 0 { Ok(()) } else { Err("not closed".into()) },
            quick_xml::events::Event::Start(_) => {
                depth += 1;
                elements += 1;
            }
            quick_xml::events::Event::End(_) => depth -= 1,
            _ => {}
        }
    }
}

on_both! {
    async fn a_picture_is_drawn_anew_and_what_is_none_is_refused(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        let (mut ana, report) = town(&app).await;
        let (status, told) = picture(&mut ana, &report, "image/svg+xml", SVG.into()).await;
        assert_eq!(status, 200, "{told}");
        let (_, seen) = ana.get(&format!("/api/v1/reports/{report}")).await;
        assert_eq!(seen["fields"]["picture"], told["sha256"]);
        let (_, zip) = bytes(&mut ana, &format!("/r/{report}.zip")).await;
        let kept = unzipped(&zip, "figures/01-schema-de-gouvernance.svg");
        assert!(kept.contains("<path") && !kept.contains("script"), "{kept}");
        let heavy = vec![b' '; (5 << 20) + 1];
        for (kind, body, wanted, code) in [
            ("image/gif", b"GIF89a".to_vec(), 415, "picture_kind"),
            ("text/html", SVG.into(), 415, "picture_kind"),
            ("image/png", b"not a picture".to_vec(), 422, "bad_picture"),
            ("image/png", b"\x89PNG\r\n\x1a\nhalf".to_vec(), 422, "bad_picture"),
            ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), 422, "bad_picture"),
            ("image/svg+xml", heavy, 413, "too_large"),
        ] {
            let (status, body) = picture(&mut ana, &report, kind, body).await;
            assert_eq!((status.as_u16(), body["code"].as_str().unwrap()), (wanted, code), "{kind}: {body}");
        }
        let (_, seen) = ana.get(&format!("/api/v1/reports/{report}")).await;
        assert_eq!(seen["fields"]["picture"], told["sha256"], "what was refused changed nothing");
        let mut bob = app.person();
        assert_eq!(picture(&mut bob, &report, "image/png", SVG.into()).await.0, 401);
        app.unhurt();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn libreoffice_opens_the_docx_and_the_pdf_is_tagged_and_names_every_actor() {
    let app = App::start_watched(Place::new(Backend::Sqlite).await, FREE, &[]);
    let (mut ana, report) = town(&app).await;
    let (_, docx) = bytes(&mut ana, &format!("/r/{report}.docx")).await;
    sound(&docx);
    let mut slow = ana.clone();
    slow.http = reqwest::Client::builder().timeout(std::time::Duration::from_secs(120)).build().unwrap();
    let asked = slow.http.get(format!("{}/r/{report}.pdf", app.url)).send().await.unwrap();
    assert_eq!(asked.status(), 200, "{}", app.log());
    let file = app.place.data.join("report.pdf");
    std::fs::write(&file, asked.bytes().await.unwrap()).unwrap();
    let said = |program: &str, args: &[&str]| String::from_utf8(Command::new(program).args(args).output().unwrap().stdout).unwrap();
    let path = file.to_str().unwrap();
    let text = said("pdftotext", &["-layout", path, "-"]);
    for words in [
        "En bref",
        "Pourquoi",
        "Les priorités",
        "Annexe : méthode et sources",
        "La Ruche",
        "Atelier vélo <b>",
        "Épicerie & Cie",
        "Chorale des Aulnes",
        "Budget participatif",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(said("pdfinfo", &[path]).contains("Tagged:          yes"));
    let structure = said("pdfinfo", &["-struct", path]);
    for tag in ["H1", "Table", "Figure"] {
        assert!(structure.contains(tag), "{tag} is not in {structure:.2000}");
    }
    // Without LibreOffice the answer says what to do instead.
    let place = app.stop();
    let app = App::start_watched(place, FREE, &[("BOUILLON_SOFFICE", "none")]);
    let answer = reqwest::get(format!("{}/r/{report}.pdf", app.url)).await.unwrap();
    assert_eq!(answer.status(), 501);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "no_pdf");
}
