//! One hash of everything that the atlas holds, so that an atlas rebuilt and an atlas kept live can be compared.

use super::entry::Entry;
use super::state::Inner;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use uuid::Uuid;

/// Hash of the content, in hexadecimal. Slots and numbers, which depend on the order of events, do not enter; ids do.
pub(super) fn of(inner: &Inner) -> String {
    let mut hash = Sha256::new();
    let mut ids: Vec<(&Uuid, &u32)> = inner.by_id.iter().collect();
    ids.sort_unstable();
    for (_, slot) in ids {
        if let Some(entry) = inner.entry(*slot) {
            hash.update(of_entry(inner, entry));
        }
    }
    let id_of = |slot: u32| inner.entry(slot).map(|e| e.id);
    let mut slugs: Vec<(&str, u32)> = inner.by_slug.iter().map(|(slug, number)| (&**slug, *number)).collect();
    slugs.sort_unstable();
    for (slug, number) in slugs {
        let Some(map) = inner.map(number) else { continue };
        hash.update(format!("territory {slug} {:?}\n", map.facts));
        hash.update(format!("classes {:?}\n", map.classes()));
        let mut nowhere: Vec<Option<Uuid>> = map.nowhere.iter().map(|slot| id_of(*slot)).collect();
        nowhere.sort_unstable();
        hash.update(format!("nowhere {nowhere:?}\n"));
        let mut spots: Vec<_> = map.spots.iter().map(|s| (s.code, id_of(s.slot), s.point, s.class, s.many)).collect();
        spots.sort_unstable();
        for spot in spots {
            hash.update(format!("{spot:?}\n"));
        }
        for (key, parts) in map.pyramid.sorted() {
            hash.update(format!("node {key} {parts:?}\n"));
        }
    }
    let mut leaves: Vec<_> = inner.tree.iter().map(|l| (id_of(l.slot), l.point, l.at.map(f64::to_bits))).collect();
    leaves.sort_unstable();
    hash.update(format!("{leaves:?}"));
    hash.finalize().iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn of_entry(inner: &Inner, entry: &Entry) -> String {
    let listed: Vec<Option<Uuid>> = entry.listed.iter().map(|n| inner.id_of(*n)).collect();
    let numbers: Vec<u16> = entry.category_numbers().collect();
    let at = (entry.id, inner.id_of(entry.home_number), entry.class(), entry.updated_at);
    format!("{at:?} {numbers:?} {:?} {:?} {:?} {:?} {listed:?}\n", entry.name, entry.text(), entry.points(), entry.bare())
}
