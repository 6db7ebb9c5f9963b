//! The annex: how each number is made and what it does not say, where the data come from, and the list of actors.

use super::compose::{Composer, column};
use super::parts::{Part, Run, words};
use super::words::{count, day, say, whole};
use crate::model::{Actor, Lang, State, taxonomy};
use crate::report::figure::address;

/// Fills the section.
pub(super) fn fill(c: &mut Composer<'_>) {
    let lang = c.lang;
    c.heading(2, say(lang, "Comment les nombres sont faits", "How the numbers are made"));
    definitions(c);
    c.heading(2, say(lang, "Sources et licences", "Sources and licences"));
    sources(c);
    c.heading(2, say(lang, "Les acteurs", "The actors"));
    let caption = say(lang, "Les acteurs de la carte, par nom", "The actors of the map, by name");
    let inputs = c.inputs;
    actors(c, &inputs.selection.actors, caption);
}

fn definitions(c: &mut Composer<'_>) {
    let (lang, inputs) = (c.lang, c.inputs);
    let head = [
        ("Indicateur", "Indicator", 3),
        ("Ce qu’il mesure, et comment", "What it measures, and how", 6),
        ("Source, et ce qu’il ne dit pas", "Source, and what it does not say", 6),
    ];
    let head = head.map(|(fr, en, weight)| column(say(lang, fr, en), false, weight)).to_vec();
    let rows = inputs.measures.iter().map(|m| {
        let made = format!("{}\n{}{}", m.definition, say(lang, "Calcul : ", "Formula: "), m.formula);
        let own: Vec<&str> = m.caveats.iter().filter(|caveat| !c.is_common(caveat)).map(String::as_str).collect();
        let limits = format!("{}{}\n{}", say(lang, "Source : ", "Source: "), m.source, own.join(" "));
        vec![words(m.title.as_str()), words(made), words(limits.trim_end())]
    });
    let rows = rows.collect();
    c.put_table(say(lang, "Définition des indicateurs", "Definition of the indicators"), head, rows, true);
    let mut common: Vec<&str> = Vec::new();
    for caveat in inputs.measures.iter().flat_map(|m| &m.caveats) {
        if c.is_common(caveat) && !common.contains(&caveat.as_str()) {
            common.push(caveat);
        }
    }
    if !common.is_empty() {
        c.heading(3, say(lang, "Ce que plusieurs de ces nombres ne disent pas", "What several of these numbers do not say"));
        c.parts.push(Part::List(None, common.into_iter().map(|l| vec![Part::Paragraph(words(l))]).collect()));
    }
}

fn sources(c: &mut Composer<'_>) {
    let (lang, inputs) = (c.lang, c.inputs);
    let s = &inputs.selection;
    let date = day(lang, s.at);
    let from_osm = s.actors.iter().filter(|a| a.origin.as_ref().is_some_and(|o| o.reference.starts_with("osm:"))).count();
    let many = |n: usize| count(lang, n, say(lang, "acteur", "actor"), say(lang, "acteurs", "actors"));
    let mut lines = match lang {
        Lang::Fr => vec![
            format!(
                "Acteurs : carte ouverte de {}, {}, état au {date}, position {}:{} dans l’historique ; licence ODbL 1.0.",
                s.territory.name,
                many(s.actors.len()),
                s.position.epoch,
                s.position.seq
            ),
            format!("OpenStreetMap : {} viennent d’OpenStreetMap, © les contributeurs d’OpenStreetMap, ODbL 1.0.", many(from_osm)),
        ],
        Lang::En => vec![
            format!(
                "Actors: open map of {}, {}, as of {date}, position {}:{} in the journal; licence ODbL 1.0.",
                s.territory.name,
                many(s.actors.len()),
                s.position.epoch,
                s.position.seq
            ),
            format!("OpenStreetMap: {} come from OpenStreetMap, © OpenStreetMap contributors, ODbL 1.0.", many(from_osm)),
        ],
    };
    if inputs.written.has_base_map {
        lines.push(
            say(lang, "Fond de carte : © les contributeurs d’OpenStreetMap, ODbL 1.0.", "Base map: © OpenStreetMap contributors, ODbL 1.0.")
                .to_owned(),
        );
    }
    if let Some(population) = inputs.written.population {
        let inhabitants = whole(lang, population);
        lines.push(match lang {
            Lang::Fr => format!("Population : {inhabitants} habitants, nombre donné par l’équipe du territoire."),
            Lang::En => format!("Population: {inhabitants} inhabitants, a number given by the team of the territory."),
        });
    }
    lines.push(match lang {
        Lang::Fr => "Dispositifs de participation et textes : le territoire, qui en répond.".into(),
        Lang::En => "Participation devices and texts: the territory, which answers for them.".into(),
    });
    lines.push(format!("{} Bouillon, {}", say(lang, "Rapport fait par", "Report made by"), inputs.written.address));
    c.parts.push(Part::List(None, lines.into_iter().map(|l| vec![Part::Paragraph(words(l))]).collect()));
}

/// A table of actors, numbered as on the map of the same ones.
pub(super) fn actors(c: &mut Composer<'_>, all: &[Actor], caption: &str) {
    let lang = c.lang;
    if all.is_empty() {
        return c.note(say(lang, "Aucun acteur.", "No actor."));
    }
    let head = [
        ("N°", "No.", 2, true),
        ("Acteur", "Actor", 9, false),
        ("Thème", "Theme", 7, false),
        ("Adresse", "Address", 9, false),
        ("Vérifié", "Checked", 3, false),
    ];
    let head = head.map(|(fr, en, weight, number)| column(say(lang, fr, en), number, weight)).to_vec();
    let town = c.inputs.selection.territory.name.as_str();
    let rows = all.iter().enumerate().map(|(i, a)| row(lang, i + 1, a, town)).collect();
    c.put_table(caption, head, rows, false);
}

fn row(lang: Lang, number: usize, a: &Actor, town: &str) -> Vec<Vec<Run>> {
    let theme = taxonomy().labels(a.category()).map_or("–", |(fr, en)| say(lang, fr, en));
    let checked = if a.state() == State::Confirmed { say(lang, "oui", "yes") } else { say(lang, "à vérifier", "to check") };
    vec![words(number.to_string()), vec![Run::bold(a.name())], words(theme), words(within(address(a), town)), words(checked)]
}

/// An address in a town that the reader knows: its street; a dash for none.
fn within(address: String, town: &str) -> String {
    let street =
        address.strip_suffix(town).and_then(|rest| rest.trim_end().rsplit_once(", ").filter(|(_, code)| code.bytes().all(|b| b.is_ascii_digit())));
    match street {
        Some((street, _)) => street.to_owned(),
        None if address.is_empty() => "–".to_owned(),
        None => address,
    }
}
