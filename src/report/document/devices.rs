//! The participation devices: their table by step of the governance cycle, and their place on Arnstein's ladder.

use super::compose::{Composer, column};
use super::inputs::Piece;
use super::parts::{Run, words};
use super::words::{count, date, say};
use crate::model::text::fold;
use crate::model::work::STEPS;
use crate::model::{Lang, Work};
use crate::report::chart::{Chart, Frame, Heat};

/// Devices by step of the governance cycle, then by name; those without a step last.
pub fn by_step(mut devices: Vec<Work>) -> Vec<Work> {
    let step = |d: &Work| STEPS.iter().position(|s| *s == d.doc.text("step")).unwrap_or(STEPS.len());
    devices.sort_by_cached_key(|d| (step(d), fold(d.doc.text("name")), d.id));
    devices
}

/// French and English names of the steps, in their order.
const STEP_NAMES: [[&str; 2]; 6] = [
    ["S’informer", "Inform oneself"],
    ["Exprimer les besoins", "Express needs"],
    ["Co-construire", "Design together"],
    ["Décider", "Decide"],
    ["Mettre en œuvre", "Carry out"],
    ["Évaluer", "Evaluate"],
];
/// French and English names of the rungs, from the lowest.
const RUNG_NAMES: [[&str; 2]; 8] = [
    ["manipulation", "manipulation"],
    ["thérapie", "therapy"],
    ["information", "informing"],
    ["consultation", "consultation"],
    ["conciliation", "placation"],
    ["partenariat", "partnership"],
    ["délégation de pouvoir", "delegated power"],
    ["contrôle citoyen", "citizen control"],
];

fn step_of(device: &Piece) -> Option<usize> {
    STEPS.iter().position(|s| *s == device.text("step"))
}

fn rung_of(device: &Piece) -> Option<usize> {
    device.text("rung").parse::<usize>().ok().filter(|r| (1..=8).contains(r))
}

fn name(lang: Lang, [french, english]: [&'static str; 2]) -> &'static str {
    say(lang, french, english)
}

/// Fills the section.
pub(super) fn fill(c: &mut Composer<'_>) {
    let (lang, devices) = (c.lang, &c.inputs.written.devices);
    if devices.is_empty() {
        return c.note(say(lang, "Aucun dispositif de participation n’est décrit.", "No participation device is described."));
    }
    let head = [
        ("Dispositif", "Device", 5),
        ("Étape", "Step", 3),
        ("Depuis", "Since", 3),
        ("Pour qui", "For whom", 4),
        ("Échelon d’Arnstein", "Arnstein rung", 4),
        ("Appréciation", "Assessment", 7),
    ];
    let head = head.map(|(fr, en, weight)| column(say(lang, fr, en), false, weight)).to_vec();
    let rows = devices.iter().map(|d| row(lang, d)).collect();
    c.put_table(
        say(lang, "Les dispositifs de participation, par étape du cycle", "The participation devices, by step of the cycle"),
        head,
        rows,
        true,
    );
    ladder(c);
}

fn row(lang: Lang, d: &Piece) -> Vec<Vec<Run>> {
    let step = step_of(d).and_then(|i| STEP_NAMES.get(i)).map_or("–", |n| name(lang, *n));
    let rung = rung_of(d).and_then(|r| Some(format!("{r} · {}", name(lang, *RUNG_NAMES.get(r - 1)?)))).unwrap_or_else(|| "–".into());
    let or_dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
    let told: Vec<&str> = [d.text("summary"), d.text("evaluation")].into_iter().filter(|t| !t.is_empty()).collect();
    let cells = [d.text("name").to_owned(), step.to_owned(), date(lang, d.text("since")), d.text("audience").to_owned(), rung, told.join("\n")];
    cells.into_iter().map(|cell| words(or_dash(cell))).collect()
}

/// How many devices stand where, and what that means in words.
fn ladder(c: &mut Composer<'_>) {
    let (lang, devices) = (c.lang, &c.inputs.written.devices);
    let placed: Vec<(usize, usize)> = devices.iter().filter_map(|d| Some((step_of(d)?, rung_of(d)?))).collect();
    let rungs: Vec<usize> = devices.iter().filter_map(rung_of).collect();
    if rungs.is_empty() {
        return c.note(say(
            lang,
            "Aucun dispositif n’a encore d’échelon : l’échelle d’Arnstein n’est pas dessinée.",
            "No device has a rung yet: Arnstein’s ladder is not drawn.",
        ));
    }
    c.heading(2, say(lang, "Sur l’échelle d’Arnstein", "On Arnstein’s ladder"));
    let within = |low: usize, high: usize| rungs.iter().filter(|r| (low..=high).contains(r)).count();
    let [none, symbolic, real] = [within(1, 2), within(3, 5), within(6, 8)];
    let all = count(lang, rungs.len(), say(lang, "dispositif", "device"), say(lang, "dispositifs", "devices"));
    c.say(match lang {
        Lang::Fr => format!("Sur {all} : {none} sans participation réelle (échelons 1 et 2), {symbolic} de coopération symbolique (3 à 5), {real} où les habitants ont un pouvoir effectif (6 à 8)."),
        Lang::En => format!("Of {all}: {none} without real participation (rungs 1 and 2), {symbolic} of symbolic cooperation (3 to 5), {real} that give inhabitants effective power (6 to 8)."),
    });
    let counts: Vec<Vec<u32>> = (0..STEPS.len()).map(|s| (1..=8).map(|r| placed.iter().filter(|p| **p == (s, r)).count() as u32).collect()).collect();
    let heat = Heat {
        columns: (1..=8).map(|r| r.to_string()).collect(),
        rows: STEP_NAMES.iter().map(|n| name(lang, *n).to_owned()).collect(),
        counts: counts.clone(),
        across: say(
            lang,
            "1–2 non-participation · 3–5 symbolique · 6–8 pouvoir effectif",
            "1–2 non-participation · 3–5 symbolic · 6–8 effective power",
        )
        .to_owned(),
        down: say(lang, "étape", "step").to_owned(),
    };
    let caption =
        say(lang, "Dispositifs par étape du cycle et par échelon d’Arnstein", "Devices by step of the cycle and by Arnstein rung").to_owned();
    let alt = format!("{caption}. {}", told(lang, &counts));
    let s = &c.inputs.selection;
    let subtitle = format!("{} · {} · {all}", s.territory.name, super::words::day(lang, s.at));
    let frame = Frame {
        title: caption.clone(),
        subtitle,
        description: alt.clone(),
        note: say(
            lang,
            "Source : dispositifs décrits par le territoire, échelons donnés par lui",
            "Source: devices described by the territory, rungs given by it",
        )
        .to_owned(),
        lang,
    };
    let svg = Chart::Heat(heat).svg(&frame);
    c.drawing(&svg, caption, alt, "dispositifs-arnstein", csv(lang, devices));
    if placed.len() < devices.len() {
        let left = devices.len() - placed.len();
        let left = count(lang, left, say(lang, "dispositif", "device"), say(lang, "dispositifs", "devices"));
        c.note(format!("{left} {}", say(lang, "sans étape ou sans échelon : hors du dessin.", "without a step or a rung: not in the drawing.")));
    }
}

/// The squares that hold something, in words.
fn told(lang: Lang, counts: &[Vec<u32>]) -> String {
    let mut all = Vec::new();
    for (names, row) in STEP_NAMES.iter().zip(counts) {
        for (rung, n) in RUNG_NAMES.iter().zip(row).filter(|(_, n)| **n > 0) {
            all.push(format!("{}, {} : {n}", name(lang, *names), name(lang, *rung)));
        }
    }
    all.join(" ; ")
}

fn csv(lang: Lang, devices: &[Piece]) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let head = [["dispositif", "device"], ["étape", "step"], ["depuis", "since"], ["pour qui", "for whom"], ["échelon", "rung"]];
    // Memory takes everything.
    let _ = csv.write_record(head.map(|h| name(lang, h)));
    for d in devices {
        let step = step_of(d).and_then(|i| STEP_NAMES.get(i)).map_or("", |n| name(lang, *n));
        let cells = [d.text("name"), step, d.text("since"), d.text("audience"), d.text("rung")];
        let _ = csv.write_record(cells.map(crate::export::harmless));
    }
    csv.into_inner().unwrap_or_default()
}
