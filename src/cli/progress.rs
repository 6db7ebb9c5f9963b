//! What an import shows on the terminal: a bar per step, then the summary.

use crate::import::{AddressSummary, Event, Summary, TerritoriesSummary};
use crate::model::Lang;
use indicatif::{ProgressBar, ProgressStyle};

/// The bars of one import, on standard error; nothing moves when it is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    step: String,
}

impl Progress {
    pub(super) fn start() -> Self {
        Self { bar: ProgressBar::new(0), step: String::new() }
    }

    pub(super) fn show(&mut self, event: &Event) {
        match event {
            Event::Progress { step, done, total } => {
                if *step != self.step {
                    self.step.clone_from(step);
                    let (label, unit) = match step.as_str() {
                        "read" => ("Lecture      ", "{bytes}/{total_bytes}"),
                        "draw" => ("Fond de carte", "{percent} %"),
                        "contours" => ("Lecture      ", "{pos} contours"),
                        "unions" => ("Réunion      ", "{pos}/{len} groupes"),
                        "territories" => ("Écriture     ", "{pos}/{len} territoires"),
                        "addresses" => ("Écriture     ", "{pos}/{len} rues et lieux"),
                        _ => ("Écriture     ", "{pos}/{len} acteurs"),
                    };
                    if let Ok(style) = ProgressStyle::with_template(&format!("{label} [{{bar:40}}] {unit} {{eta}}")) {
                        self.bar.set_style(style);
                    }
                }
                self.bar.set_length(*total);
                self.bar.set_position(*done);
            }
            Event::Summary(summary) => {
                self.bar.finish_and_clear();
                print(summary);
            }
            Event::Plan(plan) => {
                self.bar.finish_and_clear();
                super::plan::print(plan);
            }
            Event::Territories(summary) => {
                self.bar.finish_and_clear();
                print_territories(summary);
            }
            Event::Addresses(summary) => {
                self.bar.finish_and_clear();
                print_addresses(summary);
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "the summary is what the command answers")]
fn print(s: &Summary) {
    if s.slug.is_empty() {
        println!("Dans les territoires déjà présents");
    } else {
        println!("{} ({})", s.name, s.slug);
    }
    if let Some(warning) = &s.warning {
        println!("  attention : {}", warning_text(warning));
    }
    let [nodes, ways, relations] = s.read;
    println!("  lus : {nodes} nœuds, {ways} chemins, {relations} relations ; {} territoires à l’intérieur", s.inside);
    let a = &s.addresses;
    println!(
        "  adresses : {} numéros, {} rues, {} lieux-dits, {} communes, {} lieux publics",
        a.numbers, a.streets, a.localities, a.municipalities, a.pois
    );
    println!("  publiés : {} ({})", s.published.values().sum::<u64>(), list(&s.published));
    println!("  mis à jour : {} · inchangés : {} · gardés tels que les habitants les ont écrits : {}", s.updated, s.unchanged, s.kept);
    println!("  propositions : {} ({})", s.candidates.values().sum::<u64>(), named(&s.candidates));
    println!("  laissés de côté : {} ({})", s.skipped.values().sum::<u64>(), named(&s.skipped));
    if let Some(map) = &s.basemap {
        let thinned = if map.thinned > 0 { format!(" ; {} tuiles allégées", map.thinned) } else { String::new() };
        println!("  fond de carte : {} tuiles, {} ko, la plus grande {} ko{thinned}", map.tiles, map.bytes / 1000, map.largest / 1000);
    }
    for (sentence, n) in &s.refused {
        println!("  refusés : {n} ({sentence})");
    }
}

#[expect(clippy::print_stdout, reason = "the summary is what the command answers")]
fn print_addresses(s: &AddressSummary) {
    let t = &s.totals;
    println!("Adresses : {} lignes lues, {} communes", s.rows, s.communes);
    println!("  {} numéros, {} rues, {} lieux-dits", t.numbers, t.streets, t.localities);
    println!("  laissées de côté : {} ({})", s.skipped.values().sum::<u64>(), named(&s.skipped));
}

#[expect(clippy::print_stdout, reason = "the summary is what the command answers")]
fn print_territories(s: &TerritoriesSummary) {
    println!("{} territoires ({})", s.read.values().sum::<u64>(), list(&s.read));
    println!("  dont {} réunis à partir de leurs communes", s.made);
    println!(
        "  créés : {} · mis à jour : {} · inchangés : {} · valeurs gardées telles qu’écrites ici : {}",
        s.created, s.updated, s.unchanged, s.kept
    );
    for (reason, count, example) in &s.left_out {
        println!("  laissés de côté : {count} × {} (par exemple « {example} »)", reason.words(Lang::Fr));
    }
    for (sentence, n) in &s.refused {
        println!("  refusés : {n} ({sentence})");
    }
}

fn list(counts: &std::collections::BTreeMap<String, u64>) -> String {
    counts.iter().map(|(k, n)| format!("{k} {n}")).collect::<Vec<_>>().join(", ")
}

fn named(counts: &std::collections::BTreeMap<String, u64>) -> String {
    counts.iter().filter(|(_, n)| **n > 0).map(|(k, n)| format!("{} {n}", reason(k))).collect::<Vec<_>>().join(", ")
}

/// Reasons in words.
pub(super) fn reason(code: &str) -> &str {
    match code {
        "unnamed" => "sans nom",
        "off_by_default" => "pas un acteur en soi",
        "to_classify" => "thème à choisir",
        "duplicate" => "doublon probable",
        "outside" => "hors du territoire",
        "no_position" => "sans position",
        "bad_position" => "position impossible",
        "bad_number" => "numéro illisible",
        "bad_code_insee" => "code INSEE illisible",
        "no_street" => "sans nom de voie",
        "no_commune" => "sans nom de commune",
        "not_utf8" => "texte illisible (UTF-8 attendu)",
        "no_row" | "too_long" => "ligne illisible",
        "address/no_street" => "numéros sans rue",
        "address/too_many" => "adresses trop loin du territoire",
        other => other,
    }
}

fn warning_text(code: &str) -> &str {
    match code {
        "no_closed_boundary" => "aucun contour fermé dans ce fichier : le territoire est le rectangle de l’extrait (--boundary pour en donner un)",
        "several_communes" => "plusieurs communes dans ce fichier : celle qui a le plus d’acteurs est prise (--boundary pour en choisir une)",
        other => other,
    }
}
