//! The simulator: our own rules for editing together, run through crashes, lost messages and restores, thousands of times.
//!
//! `SIM_SEED=17` tells the story of one seed (with `SIM_BROKEN=LastWins` of one that goes wrong), `SIM_SEEDS=50000` runs so many (`make soak`). Idea: ../shared/reference/protocol_sim.py.

mod broken;
mod checks;
mod client;
mod database;
mod drafts;
mod fold;
mod node;
mod receive;
pub(crate) mod rng;
mod world;

use broken::Broken;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::{Sim, Tally};

const STEPS: usize = 600;

/// Runs one seed to its end.
fn run(seed: u64, broken: Broken, tells: bool) -> (Result<(), String>, Sim) {
    let mut sim = Sim::new(seed, broken, tells);
    for _ in 0..STEPS {
        sim.step();
    }
    sim.calm_down();
    (checks::check(&sim), sim)
}

/// Runs so many seeds on both cores; the seeds that break a promise with its sentence, and what happened in all of them.
fn run_many(seeds: u64, broken: Broken) -> (BTreeMap<u64, String>, Tally) {
    let (next, wrong, all) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let (result, sim) = run(seed, broken, false);
                    all.lock().unwrap().add(&sim.tally);
                    if let Err(why) = result {
                        wrong.lock().unwrap().insert(seed, why);
                    }
                }
            });
        }
    });
    (wrong.into_inner().unwrap(), all.into_inner().unwrap())
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |n| n.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[test]
fn the_protocol_keeps_its_promises_through_every_fault() {
    if std::env::var_os("SIM_SEED").is_some() {
        let name = std::env::var("SIM_BROKEN").unwrap_or_default();
        let broken = Broken::ALL.into_iter().map(|(b, _)| b).find(|b| format!("{b:?}") == name).unwrap_or(Broken::Nothing);
        let (result, sim) = run(number("SIM_SEED", 0), broken, true);
        eprintln!("{}{:?}", sim.story.unwrap(), sim.tally);
        return result.unwrap();
    }
    let seeds = number("SIM_SEEDS", 1000);
    let started = std::time::Instant::now();
    let (wrong, tally) = run_many(seeds, Broken::Nothing);
    eprintln!("{seeds} seeds in {:.1} s: {tally:?}", started.elapsed().as_secs_f64());
    let first: Vec<_> = wrong.iter().take(5).collect();
    assert!(wrong.is_empty(), "{} of {seeds} seeds break a promise (SIM_SEED=n tells the story): {first:?}", wrong.len());
    tally.everything_happened(seeds);
}

#[test]
fn messages_that_a_socket_loses_are_noticed_by_the_reader_and_told_again() {
    let (wrong, tally) = run_many(number("SIM_BROKEN_SEEDS", 200), Broken::Drops);
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(tally.gaps > 100, "hardly any gap: {tally:?}");
}

#[test]
fn every_broken_promise_is_noticed() {
    let mut silent = Vec::new();
    for (broken, usual) in Broken::ALL {
        let seeds = number("SIM_BROKEN_SEEDS", usual);
        let (wrong, _) = run_many(seeds, broken);
        let mut why: BTreeMap<&str, usize> = BTreeMap::new();
        for sentence in wrong.values() {
            *why.entry(sentence.split([':', '(']).next().unwrap_or("").trim()).or_default() += 1;
        }
        let first = wrong.keys().next();
        eprintln!("{broken:?}: noticed in {} of {seeds} seeds (first {first:?}) {why:?}", wrong.len());
        if wrong.is_empty() {
            silent.push(broken);
        }
    }
    assert!(silent.is_empty(), "no seed notices {silent:?}");
}
