//! Address search: how many queries find what they should, and how long an answer takes while somebody types.

use crate::address_data::{self, Asked, EXTRACTS, shared};
use crate::table::{Row, Unit};
use anyhow::Context;
use bouillon::geocode::{Filter, Geocoder, Hit, Query, same_words};
use bouillon::model::text::fold;
use bouillon::store::{AddressSource, Store};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tokio::runtime::Runtime;

/// Queries drawn from the data, of each kind.
const DRAWN: usize = 2_000;
/// Addresses typed letter by letter.
const TYPED: usize = 300;

/// The rows; none where the shared data is missing.
///
/// # Errors
/// When the data can't be imported.
pub(crate) fn rows(runtime: &Runtime, folder: &Path) -> anyhow::Result<Vec<Row>> {
    if shared("search/geocoder-tester").is_none() {
        eprintln!("bench: no addresses: ../shared/data/search is missing");
        return Ok(Vec::new());
    }
    let data = folder.join("addresses");
    let database = crate::server::sqlite(&data)?;
    let communes = address_data::communes()?;
    let file = folder.join("ban.csv");
    address_data::write_ban(&file, &communes)?;
    for extract in EXTRACTS {
        run(&data, "osm", &shared(&format!("osm/{extract}.osm.pbf")).with_context(|| format!("{extract} is missing"))?)?;
    }
    let started = Instant::now();
    run(&data, "addresses", &file)?;
    let imported = started.elapsed().as_secs_f64();
    let (geocoder, all, opened) = runtime.block_on(async {
        let store = Store::open(&database).await?;
        let mut tx = store.write().await?;
        tx.put_addresses(AddressSource::Ban, "communes", &communes).await?;
        tx.commit().await?;
        let started = Instant::now();
        let geocoder = Geocoder::open(&store).await?;
        let opened = started.elapsed().as_secs_f64();
        let all = store.read().await?.addresses().await?;
        store.close().await;
        anyhow::Ok((geocoder, all, opened))
    })?;
    let size = geocoder.size();
    let held = format!("{} house numbers, {} names", size.numbers, size.names);
    let seconds = |name: String, value: f64, target| Row { name, peer: "", unit: Unit::Seconds, rounds: vec![(value, None)], target };
    let mut rows =
        vec![seconds("importing 89,000 rows of a BAN file".into(), imported, "–"), seconds(format!("filling the index: {held}"), opened, "–")];
    let tester = address_data::tester(&all)?;
    let (exact, misspelt) = address_data::drawn(&all, DRAWN);
    let (tester_misspelt, tester_exact): (Vec<Asked>, Vec<Asked>) = tester.into_iter().partition(|a| a.misspelt);
    for (what, list, target) in [
        ("geocoder-tester, exact", tester_exact, "@5 ≥ 90 %"),
        ("geocoder-tester, misspelt", tester_misspelt, "@5 ≥ 75 %"),
        ("drawn from the data, exact", exact.clone(), "@5 ≥ 90 %"),
        ("drawn from the data, misspelt", misspelt.clone(), "@5 ≥ 75 %"),
    ] {
        rows.extend(recall(&geocoder, what, &list, target));
    }
    for (what, list) in [("typing an address letter by letter", exact), ("the same with typing errors", misspelt)] {
        let (half, most) = typing(&geocoder, &list[..TYPED.min(list.len())]);
        rows.push(seconds(format!("{what}, median"), half, "–"));
        rows.push(seconds(format!("{what}, p99 ({held})"), most, "≤ 20 ms"));
    }
    Ok(rows)
}

fn run(data: &Path, what: &str, file: &Path) -> anyhow::Result<()> {
    let out = Command::new(env!("CARGO_BIN_EXE_bouillon")).args(["import", what]).arg(file).arg("--data").arg(data).output()?;
    anyhow::ensure!(out.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&out.stderr));
    Ok(())
}

/// Share of the queries whose answer comes first, and among the first five.
fn recall(geocoder: &Geocoder, what: &str, list: &[Asked], target: &'static str) -> Vec<Row> {
    let (mut first, mut five) = (0, 0);
    for asked in list {
        let hits = search(geocoder, &asked.text, asked.near, false);
        first += u32::from(hits.first().is_some_and(|h| good(h, asked)));
        let found = hits.iter().any(|h| good(h, asked));
        five += u32::from(found);
        if !found && std::env::var_os("BENCH_MISSES").is_some() {
            eprintln!("missed: {:?} → {:?}", asked, hits.iter().map(|h| &h.label).collect::<Vec<_>>());
        }
    }
    let share = |n: u32| f64::from(n) / list.len().max(1) as f64;
    let row = |at: &str, n: u32, target| Row {
        name: format!("{what}: {} queries, recall{at}", list.len()),
        peer: "",
        unit: Unit::Share,
        rounds: vec![(share(n), None)],
        target,
    };
    vec![row("@1", first, "–"), row("@5", five, target)]
}

fn search(geocoder: &Geocoder, text: &str, near: Option<[f64; 2]>, autocomplete: bool) -> Vec<Hit> {
    geocoder.search(&Query { text, autocomplete, near, filter: Filter::default(), limit: 5 })
}

fn good(hit: &Hit, asked: &Asked) -> bool {
    if asked.municipality {
        return hit.kind.as_str() == "municipality" && same_words(&hit.name, &asked.name);
    }
    let street = hit.street.as_deref().unwrap_or(&hit.name);
    let towns = [&hit.city, &hit.old_city];
    let bare = |n: &str| fold(n).replace(' ', "");
    same_words(street, &asked.name)
        && (asked.city.is_empty() || towns.into_iter().flatten().any(|t| same_words(t, &asked.city)))
        && (asked.postcode.is_empty() || hit.postcode.as_ref().is_none_or(|p| *p == asked.postcode))
        && asked.number.as_deref().is_none_or(|n| bare(hit.housenumber.as_deref().unwrap_or("")) == bare(n))
}

/// Median and 99th percentile of the time of an answer, asked after each letter, seconds.
fn typing(geocoder: &Geocoder, list: &[Asked]) -> (f64, f64) {
    let mut times: Vec<f64> = Vec::new();
    for asked in list {
        for (end, c) in asked.text.char_indices() {
            let started = Instant::now();
            std::hint::black_box(search(geocoder, &asked.text[..end + c.len_utf8()], None, true));
            times.push(started.elapsed().as_secs_f64());
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    (at(0.5), at(0.99))
}
