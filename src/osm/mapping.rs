//! Which OpenStreetMap objects are actors, and of which category: the tables in tiles/ that people who do not program can change.
//!
//! `osm_mapping.tsv` has the grammar of domain/actors.md §2c: `tag` is `key=value` or `key=*`; `extra` is nothing or one more
//! `key=value|value`; both must hold. Of several rules that match, one whose note says "modifier wins" comes first, then one with an
//! extra, then one with a value, then the earlier line. `osm_deprecated.tsv` rewrites tags that OpenStreetMap has given up, before.

use super::tags::{Tags, values};
use crate::model::taxonomy;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The word that stands for a category that only a person, or the table of guesses, can choose.
const REVIEW: &str = "review";

/// One line of the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    key: String,
    /// None for `*`.
    value: Option<String>,
    extra: Option<(String, Vec<String>)>,
    /// None for `review`.
    pub(super) category: Option<String>,
    /// Whether a named object is published, not only offered.
    pub(super) default_on: bool,
    wins: bool,
    /// The line as people know it: `amenity=social_facility + social_facility=shelter`.
    pub(super) label: String,
}

/// Tags that are given up, and what stands in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rewrite {
    old: Vec<(String, String)>,
    new: Vec<(String, String)>,
}

/// Both tables, ready to be asked.
#[derive(Debug)]
pub(super) struct Mapping {
    rules: Vec<Rule>,
    rewrites: Vec<Rewrite>,
    /// Rules by key, in the order of the table.
    by_key: HashMap<String, Vec<usize>>,
    /// Rewrites by the first key they need.
    rewrites_by_key: HashMap<String, Vec<usize>>,
}

/// The mapping of this version of Bouillon.
pub(super) fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        let (rules, deprecated) = (include_str!("../../tiles/osm_mapping.tsv"), include_str!("../../tiles/osm_deprecated.tsv"));
        Mapping::parse(rules, deprecated).expect("the tables in tiles/ are part of the program and a test reads them")
    });
    &MAPPING
}

impl Mapping {
    /// Reads both tables. The error names the line.
    fn parse(rules: &str, deprecated: &str) -> Result<Self, String> {
        let lines = |text: &'static str, table| rows(table).map(move |(n, cells)| (format!("{text}, line {n}"), cells)).collect::<Vec<_>>();
        let rules: Vec<Rule> = lines("osm_mapping.tsv", rules)
            .into_iter()
            .map(|(place, cells)| rule(&cells).map_err(|why| format!("{place}: {why}")))
            .collect::<Result<_, _>>()?;
        let rewrites: Vec<Rewrite> = lines("osm_deprecated.tsv", deprecated)
            .into_iter()
            .map(|(place, cells)| rewrite(&cells).ok_or_else(|| format!("{place}: two cells with key=value are needed")))
            .collect::<Result<_, _>>()?;
        let (mut by_key, mut rewrites_by_key) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for (i, rule) in rules.iter().enumerate() {
            by_key.entry(rule.key.clone()).or_default().push(i);
        }
        for (i, rewrite) in rewrites.iter().enumerate() {
            rewrites_by_key.entry(rewrite.old[0].0.clone()).or_default().push(i);
        }
        Ok(Self { rules, rewrites, by_key, rewrites_by_key })
    }

    /// The rule for an object, if it is an actor; its tags are rewritten on the way.
    pub(super) fn find(&self, tags: &mut Tags<'_>) -> Option<&Rule> {
        let known = |key: &str| self.by_key.contains_key(key) || self.rewrites_by_key.contains_key(key);
        if !tags.0.iter().any(|(key, _)| known(key)) {
            return None;
        }
        self.rewrite(tags);
        let matching = tags.0.iter().filter_map(|(key, value)| self.by_key.get(key.as_ref()).map(|rules| (rules, value)));
        let matching = matching.flat_map(|(rules, value)| rules.iter().filter(|i| self.rules[**i].holds(value, tags)));
        let best = matching.min_by_key(|i| {
            let rule = &self.rules[**i];
            (!rule.wins, rule.extra.is_none(), rule.value.is_none(), **i)
        });
        best.map(|i| &self.rules[*i])
    }

    /// Puts today's tags in the place of old ones. A key that has a value already keeps it beside the new one.
    fn rewrite(&self, tags: &mut Tags<'_>) {
        let mut wanted: Vec<usize> = tags.0.iter().filter_map(|(key, _)| self.rewrites_by_key.get(key.as_ref())).flatten().copied().collect();
        wanted.sort_unstable();
        for rewrite in wanted.into_iter().map(|i| &self.rewrites[i]) {
            if !rewrite.old.iter().all(|(key, value)| tags.get(key).is_some_and(|have| values(have).any(|v| v == value))) {
                continue;
            }
            for (key, value) in &rewrite.old {
                let left: Vec<&str> = tags.get(key).into_iter().flat_map(values).filter(|v| v != value).collect();
                let left = (!left.is_empty()).then(|| left.join(";"));
                tags.set(key, left);
            }
            for (key, value) in &rewrite.new {
                let mut all: Vec<&str> = tags.get(key).into_iter().flat_map(values).collect();
                if !all.contains(&value.as_str()) {
                    all.push(value);
                }
                let all = all.join(";");
                tags.set(key, Some(all));
            }
        }
    }
}

impl Rule {
    fn holds(&self, value: &str, tags: &Tags<'_>) -> bool {
        let tag = match &self.value {
            Some(wanted) => values(value).any(|v| v == wanted),
            None => values(value).any(|v| v != "no"),
        };
        let extra = |(key, wanted): &(String, Vec<String>)| tags.get(key).is_some_and(|have| values(have).any(|v| wanted.iter().any(|w| w == v)));
        tag && self.extra.as_ref().is_none_or(extra)
    }
}

/// The rows of a table after its header, with their line numbers; empty lines and lines that start with `#` are skipped.
pub(super) fn rows(table: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let lines = table.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(i, line)| (i + 1, line.split('\t').map(str::trim).collect()))
}

fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    (!key.trim().is_empty() && !value.trim().is_empty()).then(|| (key.trim().to_owned(), value.trim().to_owned()))
}

fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split(" + ").map(pair).collect()
}

fn rewrite(cells: &[&str]) -> Option<Rewrite> {
    Some(Rewrite { old: pairs(cells.first()?)?, new: pairs(cells.get(1)?)? })
}

fn rule(cells: &[&str]) -> Result<Rule, String> {
    let [tag, extra, category, default_on, rest @ ..] = cells else { return Err("at least four cells are needed".into()) };
    let (key, value) = pair(tag).ok_or("the first cell is key=value or key=*")?;
    let extra_pair = match *extra {
        "" => None,
        text => Some(pair(text).ok_or("the second cell is empty or key=value|value")?),
    };
    if *category != REVIEW && !(category.contains('.') && taxonomy().holds(category)) {
        return Err(format!("there is no category {category}"));
    }
    let default_on = match *default_on {
        "1" => true,
        "0" => false,
        other => return Err(format!("default_on is 0 or 1, not {other}")),
    };
    let label = if extra.is_empty() { (*tag).to_owned() } else { format!("{tag} + {extra}") };
    Ok(Rule {
        key,
        value: (value != "*").then_some(value),
        extra: extra_pair.map(|(key, list)| (key, list.split('|').map(|v| v.trim().to_owned()).collect())),
        category: (*category != REVIEW).then(|| (*category).to_owned()),
        default_on,
        wins: rest.get(3).is_some_and(|note| note.contains("modifier wins")),
        label,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(list: &[(&str, &str)]) -> String {
        let rule = mapping().find(&mut Tags::of(list));
        rule.map_or("none".into(), |r| format!("{}{}", r.category.as_deref().unwrap_or(REVIEW), if r.default_on { "" } else { " off" }))
    }

    #[test]
    fn every_line_of_the_tables_is_sound() {
        let all = mapping();
        assert!(all.rules.len() >= 115 && all.rewrites.len() >= 20, "{} rules, {} rewrites", all.rules.len(), all.rewrites.len());
        let (good, bad) = ("tag\nclub=*\t\tSPO.leisure\t1\n", "old\tnew\n");
        assert!(Mapping::parse(good, bad).is_ok());
        for broken in
            ["club\t\tSPO.leisure\t1", "club=*\t\tSPO.nope\t1", "club=*\t\tSPO\t1", "club=*\t\tSPO.leisure\tyes", "club=*\tx\tSPO.leisure\t1"]
        {
            let why = Mapping::parse(&format!("tag\n{broken}\n"), bad).unwrap_err();
            assert!(why.starts_with("osm_mapping.tsv, line 2: "), "{why}");
        }
        assert!(Mapping::parse(good, "old\nx\n").is_err());
    }

    #[test]
    fn the_most_specific_rule_wins() {
        assert_eq!(category(&[("club", "knitting")]), "SPO.leisure");
        assert_eq!(category(&[("club", "scout")]), "EDU.youth_movement");
        assert_eq!(category(&[("club", "no")]), "none");
        assert_eq!(category(&[("amenity", "social_facility")]), "SOL.facility");
        assert_eq!(category(&[("amenity", "social_facility"), ("social_facility", "shelter")]), "SOL.shelter");
        let modified = [("amenity", "social_facility"), ("social_facility", "shelter"), ("social_facility:for", "migrant;homeless")];
        assert_eq!(category(&modified), "SOL.migrants");
        assert_eq!(category(&[("tourism", "museum"), ("amenity", "library")]), "LIE.library");
        assert_eq!(category(&[("amenity", "theatre; arts_centre")]), "CUL.centre");
        assert_eq!(category(&[("office", "association")]), "review");
        assert_eq!(category(&[("office", "government")]), "LIE.administration off");
        assert_eq!(category(&[("shop", "convenience")]), "none");
        assert_eq!(category(&[("leisure", "garden")]), "none");
        assert_eq!(category(&[("leisure", "garden"), ("garden:type", "community")]), "ALI.shared_garden");
        assert_eq!(category(&[("office", "energy_supplier"), ("operator:type", "cooperative")]), "HAB.energy off");
    }

    #[test]
    fn old_tags_are_rewritten_first() {
        assert_eq!(category(&[("amenity", "youth_centre")]), "EDU.youth_centre");
        assert_eq!(category(&[("amenity", "coworking_space"), ("office", "company")]), "ECO.coworking");
        assert_eq!(category(&[("leisure", "club"), ("club", "sport")]), "SPO.club");
        assert_eq!(category(&[("amenity", "club")]), "SPO.leisure");
        assert_eq!(category(&[("amenity", "givebox")]), "REE.give_box");
        assert_eq!(category(&[("amenity", "library;youth_centre")]), "EDU.youth_centre");
        assert_eq!(category(&[("shop", "clothes"), ("clothes", "second_hand;women")]), "REE.charity_shop off");
        assert_eq!(category(&[("shop", "clothes"), ("clothes", "women")]), "none");
    }

    #[test]
    fn what_is_gone_or_not_yet_there_is_no_actor() {
        for prefix in ["disused", "abandoned", "demolished", "was", "razed", "proposed", "construction"] {
            assert_eq!(category(&[(&format!("{prefix}:amenity"), "library")]), "none");
        }
    }
}
