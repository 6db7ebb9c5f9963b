//! Files of addresses: what is read, what is refused, and that an import is all or nothing.

use crate::app::{App, FREE, Place};
use crate::geocode::{HEADER, ROWS, ban, search};
use std::io::Write;
use std::process::Output;

fn import(place: &Place, file: &std::path::Path) -> Output {
    place.command(&["import", "addresses"]).arg(file).output().unwrap()
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

on_both! {
    async fn addresses_imported_beside_a_running_server_are_found_at_once_and_replaced_per_commune(backend: Backend) {
        let app = App::start(backend).await;
        let mut ana = app.person();
        assert!(search(&mut ana, "rue pompidou", "").await.is_empty());
        let file = ban(&app.place, "all.csv", &ROWS);
        let out = import(&app.place, &file);
        assert!(out.status.success(), "{}", said(&out));
        assert!(said(&out).contains("14 lignes lues, 2 communes") && said(&out).contains("14 numéros, 10 rues"), "{}", said(&out));
        assert_eq!(search(&mut ana, "1 rue pompidou", "").await[0]["id"], "29902_0090_00001");
        // A newer file of one commune: what it no longer holds is gone, the other commune stays.
        let newer = ban(&app.place, "newer.csv", &["29902_0099_00004;;4;;Rue Simone Veil;29902;29902;Kerlouan-les-Bains;;;;;-4.41;48.66"]);
        let out = import(&app.place, &newer);
        assert!(out.status.success(), "{}", said(&out));
        assert_eq!(search(&mut ana, "4 rue simone veil", "").await[0]["label"], "4 Rue Simone Veil 29902 Kerlouan-les-Bains");
        assert!(search(&mut ana, "rue pompidou", "").await.iter().all(|p| p["name"] != "Rue Pompidou"));
        assert_eq!(search(&mut ana, "7 bd de gaulle", "").await[0]["citycode"], "29901");
        // A restart reads the same.
        let app = App::start_at(app.stop(), FREE, &[]);
        assert_eq!(search(&mut app.person(), "4 rue simone veil", "").await[0]["housenumber"], "4");
    }
}

on_both! {
    async fn an_import_that_is_cut_off_leaves_the_old_addresses(backend: Backend) {
        let place = Place::new(backend).await;
        let file = ban(&place, "all.csv", &ROWS);
        assert!(import(&place, &file).status.success());
        let newer = ban(&place, "newer.csv", &["29902_0099_00004;;4;;Rue Simone Veil;29902;29902;Kerlouan-les-Bains;;;;;-4.41;48.66"]);
        let out = place.command(&["import", "addresses"]).arg(&newer).env("BOUILLON_BREAK", "addresses-halfway").output().unwrap();
        assert!(!out.status.success(), "the switch ends the process before the commit: {}", said(&out));
        let app = App::start_at(place, FREE, &[]);
        let mut ana = app.person();
        assert_eq!(search(&mut ana, "21 a rue pompidou", "").await[0]["housenumber"], "21a");
        assert!(search(&mut ana, "rue simone veil", "").await.iter().all(|p| p["name"] != "Rue Simone Veil"));
    }
}

on_both! {
    async fn a_file_that_can_not_be_used_is_refused_with_a_sentence_and_nothing_changes(backend: Backend) {
        let place = Place::new(backend).await;
        let file = ban(&place, "all.csv", &ROWS);
        assert!(import(&place, &file).status.success());
        let without = |column: &str| HEADER.split(';').filter(|c| *c != column).collect::<Vec<_>>().join(";");
        for (name, text, sentence) in [
            ("empty.csv", String::new(), "is missing"),
            ("binary.csv", "\u{1}\u{2}\u{0}PK".into(), "is missing"),
            ("noname.csv", without("nom_commune"), "`nom_commune` is missing"),
            ("nostreet.csv", without("nom_voie"), "`nom_voie` is missing"),
            ("nocode.csv", without("code_insee"), "`code_insee` is missing"),
            ("noplace.csv", HEADER.replace(";x;y;lon;lat", ""), "`lon` is missing"),
            ("nolambert.csv", HEADER.replace(";x;y;lon;lat", ";x;lat"), "`lon` is missing"),
            ("headeronly.csv", format!("{HEADER}\n"), "no address that can be used"),
            ("nothing.csv", format!("{HEADER}\n;;x;;;;;;;;;;;\n"), "no address that can be used"),
        ] {
            let path = place.data.join(name);
            std::fs::write(&path, text).unwrap();
            let out = import(&place, &path);
            assert_eq!(out.status.code(), Some(2), "{name}: {}", said(&out));
            assert!(said(&out).contains(sentence), "{name}: {}", said(&out));
        }
        let out = import(&place, &place.data.join("absent.csv"));
        assert!(out.status.code() == Some(2) && said(&out).contains("absent.csv"), "{}", said(&out));
        let app = App::start_at(place, FREE, &[]);
        assert_eq!(search(&mut app.person(), "1 rue pompidou", "").await[0]["id"], "29902_0090_00001");
    }
}

on_both! {
    async fn rows_that_say_nothing_are_counted_and_the_others_kept(backend: Backend) {
        let place = Place::new(backend).await;
        let good = "29902_0090_00001;;1;;Rue Pompidou;29902;29902;Kerlouan-les-Bains;;;;;-4.4040;48.6640";
        let rows = [
            good.to_owned(),
            good.replace("-4.4040", "1000"),
            good.replace("-4.4040;48.6640", ";"),
            good.replace("-4.4040;48.6640", "0;0"),
            good.replace(";1;;", ";douze;;"),
            good.replace(";29902;Ker", ";2990299;Ker"),
            good.replace("Rue Pompidou", ""),
            good.replace("Kerlouan-les-Bains", ""),
            "1;2".to_owned(),
            format!("{good};trop;de;colonnes").replace("Rue Pompidou", "Rue en Trop"),
            good.replace("Rue Pompidou", "Rue \u{202e}retournée"),
        ];
        let mut file = std::fs::File::create(place.data.join("rows.csv.gz")).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        // A byte-order mark, Windows line ends, and a name that is no UTF-8.
        packed.write_all(format!("\u{feff}{HEADER}\r\n{}\r\n", rows.join("\r\n")).as_bytes()).unwrap();
        packed.write_all(b"x;;2;;Rue de l'\xc9t\xe9;29902;29902;Kerlouan-les-Bains;;;;;-4.4040;48.6640\r\n").unwrap();
        file.write_all(&packed.finish().unwrap()).unwrap();
        let out = import(&place, &place.data.join("rows.csv.gz"));
        assert!(out.status.success(), "{}", said(&out));
        for reason in ["position impossible 2", "sans position 1", "numéro illisible 1", "code INSEE illisible 2", "sans nom de voie 1", "sans nom de commune 1", "UTF-8 attendu) 1"] {
            assert!(said(&out).contains(reason), "{reason}: {}", said(&out));
        }
        let app = App::start_at(place, FREE, &[]);
        let mut ana = app.person();
        assert_eq!(search(&mut ana, "1 rue pompidou", "").await[0]["housenumber"], "1");
        assert_eq!(search(&mut ana, "1 rue en trop", "").await[0]["housenumber"], "1");
        let turned = search(&mut ana, "rue retournee", "").await;
        assert_eq!(turned[0]["name"], "Rue retournée", "marks that turn the text around are dropped");
    }
}

on_both! {
    async fn a_second_extract_replaces_the_addresses_of_the_first(backend: Backend) {
        let place = Place::new(backend).await;
        let fixture = |year: u32| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/solvigne-{year}-03-01.osm.pbf"));
        for year in [2024, 2026, 2026] {
            let out = place.command(&["import", "osm", "--apply"]).arg(fixture(year)).output().unwrap();
            assert!(out.status.success(), "{}", said(&out));
        }
        let app = App::start_at(place, FREE, &[]);
        let hits = search(&mut app.person(), "place de l'eglise solvigne", "&type=street&limit=50").await;
        assert_eq!(hits.iter().filter(|p| p["name"] == "Place de l'Église").count(), 1, "{hits:?}");
    }
}
