//! Static maps over HTTP: what they show, that the PDF can be read by everybody, what they cost to ask for again, and what is refused.

use crate::app::{App, FREE, Person, Place, at, demo};
use reqwest::Method;
use serde_json::json;
use std::path::Path;
use std::process::Command;

async fn file(person: &mut Person, path: &str) -> (u16, Vec<u8>) {
    let response = person.send(Method::GET, path, None, &[]).await;
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

async fn tag(person: &mut Person, path: &str, known: &str) -> (u16, String) {
    let response = person.send(Method::GET, path, None, &[("if-none-match", known)]).await;
    (response.status().as_u16(), response.headers()["etag"].to_str().unwrap().to_owned())
}

/// What a program of poppler says of a document.
fn poppler(program: &str, args: &[&str], pdf: &Path) -> String {
    let mut command = Command::new(program);
    command.args(args).arg(pdf);
    if program == "pdftotext" {
        command.arg("-");
    }
    let out = command.output().unwrap_or_else(|e| panic!("{program} is missing ({e}): tests/install.sh installs it"));
    assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Without spaces, which a line's end may add.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

on_both! {
    async fn a_territory_is_drawn_as_svg_png_and_a_pdf_that_everybody_can_read(backend: Backend) {
        let place = Place::new(backend).await;
        assert!(place.run(&["import", "osm", demo().to_str().unwrap()]).status.success());
        let app = App::start_watched(place, FREE, &[]);
        let mut ana = app.person();
        let map = "/api/v1/territories/solvigne/map";
        let (status, svg) = file(&mut ana, &format!("{map}.svg?format=a4")).await;
        let svg = String::from_utf8(svg).unwrap();
        assert_eq!(status, 200);
        for words in ["Solvigné", "Légende", "© les contributeurs d’OpenStreetMap", "@font-face", "D 717", "/solvigne/carte"] {
            assert!(svg.contains(words), "{words}");
        }
        let (status, png) = file(&mut ana, &format!("{map}.png?format=a4&dpi=72")).await;
        assert_eq!((status, u32::from_be_bytes(png[16..20].try_into().unwrap())), (200, 595));

        let (status, pdf) = file(&mut ana, &format!("{map}.pdf?format=a3&orientation=landscape&style=impression")).await;
        assert_eq!(status, 200);
        let path = app.place.data.join("map.pdf");
        std::fs::write(&path, &pdf).unwrap();
        let text = bare(&poppler("pdftotext", &["-raw"], &path));
        let (_, list) = ana.get("/api/v1/territories/solvigne/actors.geojson?limit=1000").await;
        let names: Vec<&str> = list["features"].as_array().unwrap().iter().map(|f| f["properties"]["name"].as_str().unwrap()).collect();
        assert!(names.len() > 80);
        for name in &names {
            assert!(text.contains(&bare(name)), "{name} is not in the PDF");
        }
        let structure = poppler("pdfinfo", &["-struct-text"], &path);
        for part in ["H1", "Figure", "\n  L (block)", "LBody", "Table", "TR", "TH", "TD", "Les acteurs citoyens de Solvigné", "Légende"] {
            assert!(structure.contains(part), "{part}: {structure}");
        }
        let about = poppler("pdfinfo", &[], &path);
        assert!(about.contains("Tagged:          yes") && about.contains("Les acteurs citoyens de Solvigné"), "{about}");
        assert!(poppler("pdffonts", &[], &path).lines().skip(2).all(|font| font.contains(" yes yes yes ")), "every font is embedded and can be searched");
        // The alternative text of the figure, in UTF-16 as PDF writes it.
        let alt: String = "Carte de Solvigné".encode_utf16().map(|u| format!("{u:04X}")).collect();
        let written = String::from_utf8_lossy(&pdf);
        assert!(written.contains("/Alt<FEFF") && written.contains(&alt) && written.contains("pdfuaid"), "alternative text and PDF/UA");
        assert!(!app.log().contains("not PDF/UA"), "{}", app.log());
        assert_eq!(file(&mut ana, &format!("{map}.pdf?format=a3&orientation=landscape&style=impression")).await.1, pdf, "the same bytes");
    }
}

on_both! {
    async fn a_map_follows_its_actors_and_is_not_drawn_again_for_those_who_have_it(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let map = "/api/v1/territories/ville/map.svg?style=impression";
        let (status, empty) = file(&mut ana, map).await;
        assert!(status == 200 && String::from_utf8_lossy(&empty).contains("Aucun acteur à montrer ici."));
        let (_, before) = tag(&mut ana, map, "").await;
        assert_eq!(tag(&mut ana, map, &before).await, (304, before.clone()));
        let ruche = ana.add("ville", json!({"name": "La <b>Ruche</b>", "primary_category": "ALI.amap", "place/p1/position": at(2.5, 48.5)})).await;
        let (status, after) = tag(&mut ana, map, &before).await;
        assert!(status == 200 && after != before);
        assert_ne!(tag(&mut ana, "/api/v1/territories/ville/map.svg", "").await.1, after, "another style is another map");
        let svg = String::from_utf8(file(&mut ana, map).await.1).unwrap();
        assert!(svg.contains("La &lt;b&gt;Ruche&lt;/b&gt;") && svg.contains(">1 ALI</text>") && svg.contains("1\u{a0}acteur"));
        for nobody in ["category=CUL", "q=fanfare", "state=confirmed", "bbox=2,48,2.1,48.1"] {
            let svg = file(&mut ana, &format!("/api/v1/territories/ville/map.svg?{nobody}")).await.1;
            assert!(String::from_utf8_lossy(&svg).contains("Aucun acteur à montrer ici."), "{nobody}");
        }
        let english = String::from_utf8(file(&mut ana, "/api/v1/territories/ville/map.svg?lang=en&title=Gardens").await.1).unwrap();
        assert!(english.contains("Gardens") && english.contains("Legend") && english.contains("As of"));
        let (status, _) = file(&mut ana, "/api/v1/territories/ville/map.png?extent=179,-18,-179,-16&dpi=72").await;
        assert_eq!(status, 200, "across the antimeridian");

        // The pictures that links show, named by the pages.
        let id = ruche["id"].as_str().unwrap();
        for (page, picture) in [("/ville".to_owned(), "/og/ville.png".to_owned()), (format!("/ville/acteurs/{id}"), format!("/og/ville/{id}.png"))] {
            let (status, png) = file(&mut ana, &picture).await;
            let side = |i: usize| u32::from_be_bytes(png[i..i + 4].try_into().unwrap());
            assert_eq!((status, side(16), side(20)), (200, 1200, 630), "{picture}");
            let html = String::from_utf8(file(&mut ana, &page).await.1).unwrap();
            if !html.contains("n’a pas été construite") {
                assert!(html.contains(&format!("property=\"og:image\" content=\"{}{picture}\"", app.url)), "{page}");
            }
        }
        for nothing in ["/og/ailleurs.png", "/og/ville.svg", "/og/ville", "/og/ville/x.png", "/og/ville/018f0000-0000-7000-8000-000000000000.png"] {
            assert_eq!(file(&mut ana, nothing).await.0, 404, "{nothing}");
        }
        assert!(!app.log().contains("panicked") && !app.log().contains("ERROR"), "{}", app.log());
    }
}

on_both! {
    async fn what_no_map_can_be_is_refused_with_a_sentence(backend: Backend) {
        let app = App::start_watched(Place::new(backend).await, FREE, &[]);
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        for (asked, status, french, english) in [
            ("extent=1,2,3", 400, "quatre nombres", "four numbers"),
            ("extent=1,5,2,4", 400, "cadre est vide", "empty"),
            ("extent=NaN,0,1,1", 400, "longitudes", "longitudes"),
            ("bbox=3,48,2,49", 400, "ouest", "inverted"),
            ("format=a0", 400, "« a0 » n’est pas connu", "“a0” is not known"),
            ("orientation=up", 400, "orientation", "orientation"),
            ("style=neon", 400, "style", "style"),
            ("dpi=1200", 400, "72 à 300", "72 to 300"),
            ("dpi=-1", 400, "72 à 300", "72 to 300"),
            ("page=40", 400, "pas de page 40", "no page 40"),
            ("format=screen&width=99999", 400, "100 à 2400", "100 to 2400"),
            ("category=XXX", 400, "XXX", "XXX"),
            ("area=nulle-part", 404, "nulle-part", "nulle-part"),
        ] {
            for (lang, words) in [("fr", french), ("en", english)] {
                let (code, body) = ana.get(&format!("/api/v1/territories/ville/map.png?{asked}&lang={lang}")).await;
                let detail = body["detail"].as_str().unwrap_or("").to_owned();
                assert!(code.as_u16() == status && detail.contains(words), "{asked} {lang}: {code} {body}");
            }
        }
        let long = "x".repeat(121);
        assert_eq!(file(&mut ana, &format!("/api/v1/territories/ville/map.svg?title={long}")).await.0, 400);
        assert_eq!(file(&mut ana, "/api/v1/territories/ville/map.png?format=screen&width=2400&height=2400&dpi=300").await.0, 400, "too many pixels");
        assert_eq!(file(&mut ana, "/api/v1/territories/ailleurs/map.pdf").await.0, 404);
        assert!(!app.log().contains("panicked"), "{}", app.log());
    }
}
