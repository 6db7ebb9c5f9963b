//! Sheets at their limits: nobody to show, too many, everybody at one door, names that want to do harm, the other side of the world.

use super::*;
use crate::model::{Actor, Doc, Version};
use crate::report::paper::{self, Drawing};
use crate::report::{Named, Selection};
use serde_json::json;
use uuid::Uuid;

/// 12 March 2027.
const DAY: i64 = 1_804_809_600_000;

fn actor(i: usize, name: &str, point: Option<[f64; 2]>) -> Actor {
    let theme = ["ALI.amap", "SOL.food_aid", "CUL.centre", "DEM.council", ""][i % 5];
    let mut doc = Doc::default();
    doc.fields.insert("name".into(), name.into());
    doc.fields.insert("primary_category".into(), theme.into());
    if let Some([lon, lat]) = point {
        doc.fields.insert("place/p1/position".into(), json!({"lon": lon, "lat": lat, "precision": "exact"}));
        doc.fields.insert("place/p1/address".into(), json!({"housenumber": "3", "street": "rue du Four", "city": "Redon"}));
    }
    let id = Uuid::from_u128(i as u128 + 1);
    Actor { id, home: Uuid::nil(), doc, created_at: 0, updated_at: 0, territories: Vec::new(), origin: None }
}

fn selection(actors: Vec<Actor>) -> Selection {
    let territory = Named { id: Uuid::nil(), slug: "ville".into(), name: "Ville".into() };
    Selection { territory, area: None, position: Version { epoch: 1, seq: 7 }, at: DAY, actors }
}

fn spread(count: usize) -> Selection {
    let place = |i: usize| Some([2.0 + (i * 7919 % 1009) as f64 / 20_000.0, 48.0 + (i * 104_729 % 997) as f64 / 30_000.0]);
    selection((0..count).map(|i| actor(i, &format!("Acteur numéro {i}"), place(i))).collect())
}

fn square() -> MultiPolygon<f64> {
    outline(r#"{"type":"Polygon","coordinates":[[[2.0,48.0],[2.05,48.0],[2.05,48.033],[2.0,48.033],[2.0,48.0]]]}"#)
}

fn sheet(paper: Paper) -> Sheet {
    Sheet { paper, address: "https://carte.example.org/f/1".into(), ..Sheet::default() }
}

fn drawn(sheet: &Sheet, selection: &Selection) -> Drawing {
    draw(sheet, selection, None, &square()).unwrap()
}

/// Every page together, after checking that each is well-formed and can be drawn.
fn text_of(drawing: &Drawing) -> String {
    let pages: Vec<String> = (0..drawing.pages.len()).map(|i| paper::svg_page(drawing, i).unwrap()).collect();
    for page in &pages {
        assert!(resvg::usvg::Tree::from_str(page, &resvg::usvg::Options::default()).is_ok());
    }
    pages.concat()
}

#[test]
fn nobody_to_show_is_said_on_the_map_and_the_sheet_is_whole() {
    for (paper, lang, words) in
        [(Paper::A4Portrait, Lang::Fr, "Aucun acteur à montrer ici."), (Paper::A3Landscape, Lang::En, "No actor to show here.")]
    {
        let drawing = drawn(&Sheet { lang, ..sheet(paper) }, &selection(vec![]));
        let text = text_of(&drawing);
        assert!(text.contains(words) && text.contains("0\u{a0}ac") && drawing.pages.len() == 1);
        assert!(paper::pdf(&drawing).unwrap().starts_with(b"%PDF"));
    }
}

#[test]
fn without_base_map_outline_and_bounds_there_is_still_a_map() {
    let nowhere = MultiPolygon::new(vec![]);
    for actors in [vec![], vec![actor(0, "Seule", Some([2.0, 48.0]))], vec![actor(0, "Sans lieu", None)]] {
        let drawing = draw(&sheet(Paper::A4Landscape), &selection(actors), None, &nowhere).unwrap();
        assert!(text_of(&drawing).contains("Les acteurs citoyens de Ville"));
    }
    for broken in ["", "{}", "null", r#"{"type":"Point","coordinates":[1,2]}"#, r#"{"type":"Polygon","coordinates":[[[1]]]}"#] {
        assert_eq!(outline(broken).0.len(), 0, "{broken}");
    }
}

#[test]
fn an_actor_without_a_place_is_in_the_index() {
    let text = text_of(&drawn(&sheet(Paper::A4Portrait), &selection(vec![actor(0, "Collectif en ligne", None)])));
    assert!(text.contains("Collectif en ligne") && text.contains("sans lieu"));
}

#[test]
fn the_map_says_date_count_licence_scale_north_and_address() {
    let text = text_of(&drawn(&sheet(Paper::A4Portrait), &spread(214)));
    for words in [
        "État au 12 mars 2027",
        "214\u{a0}acteurs",
        "© les contributeurs d’OpenStreetMap",
        "ODbL",
        ">N</text>",
        "m</text>",
        "carte.example.org/f/1",
        "Légende",
        "ALI",
        "Sans thème",
    ] {
        assert!(text.contains(words), "{words}");
    }
    let english = text_of(&drawn(&Sheet { lang: Lang::En, ..sheet(Paper::A4Portrait) }, &spread(214)));
    assert!(english.contains("As of 12 March 2027") && english.contains("© OpenStreetMap contributors") && !english.contains("Légende"));
}

#[test]
fn an_extent_across_the_antimeridian_shows_both_sides() {
    let extent = Extent::parse("179.5,-17.5,-179.5,-16.5").ok();
    let actors = vec![actor(0, "À l’ouest", Some([179.8, -17.0])), actor(1, "À l’est", Some([-179.8, -17.0]))];
    let drawing = draw(&Sheet { extent, ..sheet(Paper::A4Portrait) }, &selection(actors), None, &MultiPolygon::new(vec![])).unwrap();
    let text = text_of(&drawing);
    let at = |number: &str| {
        let found = text.find(&format!(">{number}</text>")).unwrap();
        let start = text[..found].rfind("<text x=\"").unwrap() + 9;
        text[start..].split('"').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(at("1") < at("2"), "the west is on the left");
}

#[test]
fn twenty_thousand_actors_fit_on_a4_as_signs_with_counts() {
    let started = std::time::Instant::now();
    let drawing = drawn(&sheet(Paper::A4Portrait), &spread(20_000));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let text = text_of(&drawing);
    assert!(text.contains("les 20\u{a0}000 acteurs sont dans le fichier CSV") && text.contains(">×"));
    assert!(drawing.pages.len() < 20, "{} pages", drawing.pages.len());
}

#[test]
fn two_hundred_at_one_door_are_one_sign_and_all_in_the_index() {
    let actors = (0..200).map(|i| actor(i, &format!("Voisin {i:03}"), Some([2.02, 48.01]))).collect();
    let text = text_of(&drawn(&sheet(Paper::A4Portrait), &selection(actors)));
    assert!(text.contains(">1–200</text>"));
    assert!((0..200).all(|i| text.contains(&format!("Voisin {i:03}"))));
}

#[test]
fn texts_that_want_to_do_harm_are_only_text() {
    let long = "x".repeat(500);
    for evil in
        ["<script>alert(1)</script>", "]]><svg onload=x>", "a\u{0}\u{1b}[31m\u{202e}b", &long, "مقهى الحي", "🥕🥕", "&lt;&#0;", "\"' onload='x"]
    {
        let sheet = Sheet {
            title: evil.into(),
            caption: evil.into(),
            alt: evil.into(),
            address: evil.into(),
            sources: vec![evil.into()],
            ..sheet(Paper::A4Portrait)
        };
        let drawing = drawn(&sheet, &selection(vec![actor(0, evil, Some([2.02, 48.01]))]));
        let text = text_of(&drawing);
        assert!(!text.contains(['\u{0}', '\u{1b}', '\u{202e}']), "{evil}");
        for page in 0..drawing.pages.len() {
            let svg = paper::svg_page(&drawing, page).unwrap();
            let tree = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
            for element in tree.descendants().filter(|n| n.is_element()) {
                assert_ne!(element.tag_name().name(), "script", "{evil}");
                assert!(element.attributes().all(|a| !a.name().starts_with("on")), "{evil}");
            }
        }
        assert!(paper::pdf(&drawing).unwrap().starts_with(b"%PDF"), "{evil}");
        assert!(paper::png(&drawing, 0, 72).unwrap().starts_with(b"\x89PNG"), "{evil}");
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    for paper in [Paper::A4Portrait, Paper::A3Landscape, Paper::Screen { width: 1200, height: 630 }] {
        let files = || {
            let drawing = drawn(&Sheet { style: Style::Impression, ..sheet(paper) }, &spread(120));
            (paper::svg(&drawing), paper::png(&drawing, 0, 96).unwrap(), paper::pdf(&drawing).unwrap())
        };
        assert!(files() == files(), "{paper:?}");
    }
}

#[test]
fn a_picture_has_its_size_and_none_is_too_large() {
    let drawing = drawn(&sheet(Paper::A3Portrait), &spread(3));
    let png = paper::png(&drawing, 0, 300).unwrap();
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (3508, 4961));
    assert!(png.windows(4).any(|w| w == b"pHYs"));
    assert!(matches!(paper::png(&drawing, 0, 600), Err(paper::Error::Large(..))));
    assert!(matches!(paper::png(&drawing, 9, 72), Err(paper::Error::Page(9))));
}

#[test]
fn a_crowded_centre_is_shown_larger_in_a_corner() {
    let crowd = (0..60).map(|i| actor(i, &format!("Centre {i}"), Some([2.025 + (i % 8) as f64 * 0.0004, 48.016 + (i / 8) as f64 * 0.0003])));
    let far = (60..64).map(|i| actor(i, &format!("Loin {i}"), Some([2.024, 48.002 + (i - 60) as f64 * 0.009])));
    let text = text_of(&drawn(&sheet(Paper::A4Portrait), &selection(crowd.chain(far).collect())));
    assert!(text.contains("map-inset-clip") && text.contains(">× "));
    // Each number is written once on the map, and once in the index.
    let alone = (1..=64).filter(|i| text.matches(&format!(">{i}</text>")).count() >= 2).count();
    assert!(alone > 40, "{alone} of 64 have a number of their own");
}
