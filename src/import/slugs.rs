//! Short addresses for many territories at once: what is there keeps its own, two of one name are told apart. Pure.

use super::contours::Contour;
use super::own::short_address;
use std::collections::{HashMap, HashSet};

/// A territory that is there already.
#[derive(Debug, Clone)]
pub(super) struct Standing<T> {
    pub(super) id: T,
    pub(super) kind: String,
    pub(super) code: Option<String>,
    pub(super) slug: String,
}

/// What a contour becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) slug: String,
    /// The territory that takes the contour over; none when it is new.
    pub(super) known: Option<T>,
}

/// Gives every contour its address, in order. A contour is a standing territory's when kind and code agree, or kind and address for one
/// without a code. Communes of one name, here or standing, get the number of their département; others what they are, then their code.
pub(super) fn place<T: Copy + Eq>(contours: &[Contour], standing: &[Standing<T>]) -> Vec<Placed<T>> {
    let by_code: HashMap<(&str, &str), &Standing<T>> = standing.iter().filter_map(|s| Some(((s.kind.as_str(), s.code.as_deref()?), s))).collect();
    let by_slug: HashMap<&str, &Standing<T>> = standing.iter().map(|s| (s.slug.as_str(), s)).collect();
    let plain: Vec<String> = contours.iter().map(|c| short_address(&c.name, None)).collect();
    let mut wanted: HashMap<&str, usize> = HashMap::new();
    for (contour, slug) in contours.iter().zip(&plain) {
        if contour.kind == "commune" {
            *wanted.entry(slug).or_default() += 1;
        }
    }
    let mut taken: HashSet<String> = standing.iter().map(|s| s.slug.clone()).collect();
    // Communes choose first: theirs are the addresses that people type.
    let mut order: Vec<usize> = (0..contours.len()).collect();
    order.sort_by_key(|i| rank(&contours[*i].kind));
    let mut out: Vec<Option<Placed<T>>> = vec![None; contours.len()];
    for i in order {
        let (contour, slug) = (&contours[i], &plain[i]);
        let known = match &contour.code {
            Some(code) => by_code.get(&(contour.kind.as_str(), code.as_str())).copied(),
            None => None,
        };
        let known =
            known.or_else(|| by_slug.get(slug.as_str()).copied().filter(|s| s.kind == contour.kind && (s.code.is_none() || contour.code.is_none())));
        let placed = match known {
            Some(known) => Placed { slug: known.slug.clone(), known: Some(known.id) },
            None => {
                let alone = contour.kind != "commune" || wanted.get(slug.as_str()) == Some(&1);
                Placed { slug: free(contour, slug, alone, &taken), known: None }
            }
        };
        taken.insert(placed.slug.clone());
        out[i] = Some(placed);
    }
    out.into_iter().flatten().collect()
}

fn rank(kind: &str) -> usize {
    ["commune", "region", "departement", "epci"].iter().position(|k| *k == kind).unwrap_or(4)
}

fn free(contour: &Contour, plain: &str, alone: bool, taken: &HashSet<String>) -> String {
    let with = |end: &str| {
        let start: String = plain.chars().take(59 - end.len().min(58)).collect();
        format!("{}-{}", start.trim_end_matches('-'), end.to_lowercase())
    };
    let code = contour.code.as_deref().map(crate::model::text::slug).filter(|c| !c.is_empty());
    let told_apart = if contour.kind == "commune" { contour.departement.as_deref().map(str::to_owned) } else { Some(contour.kind.clone()) };
    let choices = alone.then(|| plain.to_owned()).into_iter().chain(told_apart.map(|t| with(&t))).chain(code.map(|c| with(&c)));
    let numbered = (2..).map(|n: u32| with(&n.to_string()));
    choices.chain(numbered).find(|slug| !taken.contains(slug)).unwrap_or_else(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    fn contour(kind: &str, code: &str, name: &str) -> Contour {
        let departement = (kind == "commune").then(|| code[..2].to_owned());
        Contour {
            kind: kind.into(),
            code: Some(code.into()),
            name: name.into(),
            population: None,
            departement,
            geometry: RawValue::from_string("{}".into()).unwrap(),
        }
    }

    #[test]
    fn two_communes_of_one_name_get_their_departement_and_others_say_what_they_are() {
        let list = [
            contour("departement", "75", "Paris"),
            contour("commune", "75056", "Paris"),
            contour("commune", "05139", "Sainte-Colombe"),
            contour("commune", "17404", "Sainte-Colombe"),
            contour("commune", "17999", "Sainte Colombe"),
            contour("commune", "35236", "Redon"),
            contour("commune", "14001", "Aide"),
            contour("region", "04", "La Réunion"),
            contour("departement", "974", "La Réunion"),
        ];
        let slugs: Vec<String> = place::<u8>(&list, &[]).into_iter().map(|p| p.slug).collect();
        let expected = [
            "paris-departement",
            "paris",
            "sainte-colombe-05",
            "sainte-colombe-17",
            "sainte-colombe-17999",
            "redon",
            "aide-territoire",
            "la-reunion",
            "la-reunion-departement",
        ];
        assert_eq!(slugs, expected);
    }

    #[test]
    fn what_stands_keeps_its_address_and_takes_the_contour_over() {
        let standing =
            |id, kind: &str, code: Option<&str>, slug: &str| Standing { id, kind: kind.into(), code: code.map(Into::into), slug: slug.into() };
        let here = [standing(1, "commune", Some("35236"), "ma-ville"), standing(2, "custom", None, "vitre"), standing(3, "commune", None, "rennes")];
        let list = [contour("commune", "35236", "Redon"), contour("commune", "35360", "Vitré"), contour("commune", "35238", "Rennes")];
        let placed = place(&list, &here);
        assert_eq!(placed[0], Placed { slug: "ma-ville".into(), known: Some(1) });
        assert_eq!(placed[1], Placed { slug: "vitre-35".into(), known: None });
        assert_eq!(placed[2], Placed { slug: "rennes".into(), known: Some(3) });
    }
}
