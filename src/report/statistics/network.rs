//! How actors are linked to one another.

use super::input::{self, Input};
use super::measure::{BIAS, Measure, Text};
use super::table::{Cell, Table};
use super::words::{number, say, share};
use crate::model::text::fold;
use crate::model::work::RELATIONS;
use crate::model::{Actor, Lang, State, taxonomy};
use crate::report::chart::{Chart, Edge, Network, Node};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Labels of the kinds of link, in the order of [`RELATIONS`].
pub(super) const LABELS: [[&str; 2]; 5] =
    [["partenaire", "partner"], ["membre de", "member of"], ["finance", "funds"], ["accueille", "hosts"], ["partage un lieu", "shares a place"]];
/// Which of them say the same from either side.
const BOTH_WAYS: [bool; 5] = [true, false, false, false, true];
/// Actors that are named as the most linked.
const TOP: usize = 10;

/// One link between two actors of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Place of the one that says so.
    pub from: usize,
    /// Place of the other.
    pub to: usize,
    /// Place in [`RELATIONS`].
    pub kind: usize,
}

/// An actor with a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tied {
    /// Which one.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Code of its main theme, or empty.
    pub theme: String,
}

/// The links of a territory's actors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ties {
    /// The actors with a link, by name.
    pub actors: Vec<Tied>,
    /// Their links, by place in the list of actors.
    pub links: Vec<Link>,
    /// Links to actors that are deleted or not among those asked for.
    pub left_out: usize,
}

/// The links among actors, without those that have none.
pub(super) fn ties(actors: &[Actor]) -> Ties {
    let (links, left_out) = links(actors);
    let mut linked: Vec<usize> = links.iter().flat_map(|l| [l.from, l.to]).collect();
    linked.sort_unstable();
    linked.dedup();
    linked.sort_by_cached_key(|i| (fold(actors[*i].name()), actors[*i].id));
    let places: HashMap<usize, usize> = linked.iter().enumerate().map(|(place, actor)| (*actor, place)).collect();
    let tied = |i: &usize| {
        let a = &actors[*i];
        Tied { id: a.id, name: a.name().to_owned(), theme: a.category().split('.').next().unwrap_or("").to_owned() }
    };
    let links = links.iter().map(|l| Link { from: places[&l.from], to: places[&l.to], kind: l.kind }).collect();
    Ties { actors: linked.iter().map(tied).collect(), links, left_out }
}

/// The links among actors, each once, in the order of the actors; and how many point at none of them. A link that says the same from
/// either side counts once, whoever noted it.
fn links(actors: &[Actor]) -> (Vec<Link>, usize) {
    let places: HashMap<Uuid, usize> = actors.iter().enumerate().filter(|(_, a)| a.state() != State::Deleted).map(|(i, a)| (a.id, i)).collect();
    let (mut found, mut dangling) = (BTreeSet::new(), 0);
    for (from, actor) in actors.iter().enumerate().filter(|(_, a)| places.contains_key(&a.id)) {
        for relation in actor.doc.set("relations") {
            let Some((kind, id)) = relation.split_once(':') else { continue };
            let Some(kind) = RELATIONS.iter().position(|k| *k == kind) else { continue };
            match Uuid::parse_str(id).ok().and_then(|id| places.get(&id)) {
                Some(to) if *to == from => {}
                Some(to) if BOTH_WAYS[kind] => drop(found.insert(Link { from: from.min(*to), to: from.max(*to), kind })),
                Some(to) => drop(found.insert(Link { from, to: *to, kind })),
                None => dangling += 1,
            }
        }
    }
    (found.into_iter().collect(), dangling)
}

/// The links as a drawing, which says how many actors have none.
pub(super) fn drawing(lang: Lang, ties: &Ties, bare: usize) -> Network {
    let node = |t: &Tied| Node { label: t.name.clone(), mark: taxonomy().theme_index(&t.theme).and_then(input::mark) };
    Network {
        nodes: ties.actors.iter().map(node).collect(),
        edges: ties.links.iter().map(|l| Edge { from: l.from, to: l.to, kind: l.kind, directed: !BOTH_WAYS[l.kind] }).collect(),
        kinds: LABELS.map(|[fr, en]| say(lang, fr, en)).to_vec(),
        bare,
        none: say(lang, "Personne n’a encore noté de lien.", "Nobody has noted a link yet."),
        left_out: [
            say(lang, "acteurs sans lien ne sont pas dessinés", "actors without a link are not drawn"),
            say(lang, "acteurs peu reliés non plus", "actors with few links neither"),
        ],
    }
}

const TEXT: Text<'static> = Text {
    title: ["Liens entre acteurs", "Links between actors"],
    definition: [
        "Liens notés dans les fiches : partenaire, membre de, finance, accueille, partage un lieu. Part des acteurs qui ont au moins un lien, groupes d’acteurs reliés de proche en proche, acteurs les plus reliés, et liens entre thèmes.",
        "Links noted in the entries: partner, member of, funds, hosts, shares a place. Share of actors with at least one link, groups of actors linked step by step, the most linked actors, and links between themes.",
    ],
    formula: [
        "acteurs avec au moins un lien ÷ acteurs ; un lien qui se dit pareil des deux côtés (partenaire, partage un lieu) compte une fois ; degré = nombre d’acteurs différents auxquels un acteur est relié",
        "actors with at least one link ÷ actors; a link that says the same from either side (partner, shares a place) counts once; degree = number of different actors that an actor is linked to",
    ],
    source: ["fiches de Bouillon (ODbL), champ « relations »", "entries of Bouillon (ODbL), field “relations”"],
    caveats: &[
        BIAS,
        [
            "Un lien que personne n’a noté n’est pas là : un acteur « sans lien » peut en avoir. Les liens vers des acteurs supprimés ou hors de la sélection sont laissés de côté, et comptés.",
            "A link that nobody noted is not there: an actor “without a link” may have some. Links to actors that are deleted or outside the selection are left out, and counted.",
        ],
    ],
    unit: ["%", "%"],
};

/// Links by kind, groups, isolated actors, the most linked, themes.
pub(super) fn network(input: &Input, ties: &Ties) -> Measure {
    let lang = input.lang;
    let mut measure = TEXT.measure("network", lang);
    let (links, dangling) = (&ties.links, ties.left_out);
    let all = input.actors.len() as u64;
    let mut neighbours: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for link in links {
        neighbours.entry(link.from).or_default().insert(link.to);
        neighbours.entry(link.to).or_default().insert(link.from);
    }
    let linked = neighbours.len() as u64;
    measure.share(lang, linked, all);
    let mut table = Table::new(&[
        ("part", &say(lang, "Partie", "Part"), ""),
        ("what", &say(lang, "Quoi", "What"), ""),
        ("with", &say(lang, "Avec", "With"), ""),
        ("count", &say(lang, "Nombre", "Count"), ""),
        ("share", &say(lang, "Part", "Share"), "%"),
    ]);
    let mut row = |part: [&str; 2], what: String, with: String, count: u64, whole: Option<u64>| {
        let share = whole.filter(|w| *w > 0).map(|w| count as f64 * 100.0 / w as f64);
        table.row(vec![Cell::Text(say(lang, part[0], part[1])), Cell::Text(what), Cell::Text(with), Cell::Count(count), Cell::of(share)]);
    };
    for (kind, [fr, en]) in LABELS.iter().enumerate() {
        let count = links.iter().filter(|l| l.kind == kind).count() as u64;
        row(["liens", "links"], say(lang, fr, en), String::new(), count, Some(links.len() as u64));
    }
    row(
        ["liens", "links"],
        say(lang, "vers un acteur absent ou supprimé", "to an actor that is absent or deleted"),
        String::new(),
        dangling as u64,
        None,
    );
    let groups = groups(&neighbours);
    row(["réseau", "network"], say(lang, "groupes reliés", "linked groups"), String::new(), groups.len() as u64, None);
    row(
        ["réseau", "network"],
        say(lang, "acteurs du plus grand groupe", "actors of the largest group"),
        String::new(),
        groups.iter().copied().max().unwrap_or(0),
        Some(all),
    );
    row(["réseau", "network"], say(lang, "acteurs sans lien", "actors without a link"), String::new(), all - linked, Some(all));
    for (degree, name) in most_linked(ties, &neighbours) {
        row(["degré", "degree"], name, String::new(), degree, None);
    }
    for ([a, b], count) in between_themes(ties) {
        row(["thèmes", "themes"], input::label(lang, a), input::label(lang, b), count, Some(links.len() as u64));
    }
    measure.table = table;
    if all > 0 {
        let count = number(lang, links.len() as f64, 0);
        measure.shown = format!("{} ; {count} {}", share(lang, linked, all), say(lang, "liens", "links"));
    }
    measure.chart = Some(Chart::Network(drawing(lang, ties, (all - linked) as usize)));
    measure
}

/// How many actors each group of linked actors has.
fn groups(neighbours: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<u64> {
    let (mut seen, mut sizes) = (BTreeSet::new(), Vec::new());
    for start in neighbours.keys() {
        let (mut open, mut size) = (vec![*start], 0);
        while let Some(one) = open.pop() {
            if seen.insert(one) {
                size += 1;
                open.extend(neighbours.get(&one).into_iter().flatten());
            }
        }
        sizes.extend((size > 0).then_some(size));
    }
    sizes
}

/// The most linked actors, by name where as linked.
fn most_linked(ties: &Ties, neighbours: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<(u64, String)> {
    let mut all: Vec<(u64, String)> = neighbours.iter().map(|(i, n)| (n.len() as u64, ties.actors[*i].name.clone())).collect();
    all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    all.truncate(TOP);
    all
}

/// Links between two themes, whichever of them says so.
fn between_themes(ties: &Ties) -> BTreeMap<[usize; 2], u64> {
    let mut counts = BTreeMap::new();
    for link in &ties.links {
        let theme = |i: usize| taxonomy().theme_index(&ties.actors[i].theme).unwrap_or(taxonomy().themes.len());
        let mut pair = [link.from, link.to].map(theme);
        pair.sort_unstable();
        *counts.entry(pair).or_default() += 1;
    }
    counts
}
