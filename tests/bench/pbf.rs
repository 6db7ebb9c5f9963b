//! Reading an extract with every check against `osmpbf` alone, in megabytes per second of processor time.

use crate::server::processor_seconds;
use crate::table::{Row, Unit, duel};
use anyhow::anyhow;
use bouillon::osm::{self, Ask};
use osmpbf::{Element, ElementReader};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// The demonstration extract, put end to end so many times.
const TIMES: usize = 100;
/// The reader goes over a file so often; the first pass unpacks, checks and decodes every block.
const PASSES: u64 = 7;

/// The one row, on a file made in a folder.
///
/// # Errors
/// When the file can't be written or read.
pub(crate) fn row(folder: &Path) -> anyhow::Result<Row> {
    let demo = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/solvigne-2026-03-01.osm.pbf"))?;
    let file = folder.join("large.osm.pbf");
    std::fs::write(&file, demo.repeat(TIMES))?;
    let megabytes = (demo.len() * TIMES) as f64 / 1e6;
    let ours = || {
        let from = processor_seconds("self")?;
        let to = first_pass(&file)?;
        Ok(megabytes / (to - from))
    };
    let peer = || {
        let from = processor_seconds("self")?;
        let mut seen = 0_i64;
        ElementReader::from_path(&file)?.for_each(|element| seen = seen.wrapping_add(look(&element)))?;
        std::hint::black_box(seen);
        Ok(megabytes / (processor_seconds("self")? - from))
    };
    let rounds = duel(3, ours, peer)?;
    Ok(Row {
        name: "reading a PBF: checks, objects, mapping rules; per core".into(),
        peer: "osmpbf",
        unit: Unit::PerSecond("MB"),
        rounds,
        target: "≥ 0.7×",
    })
}

/// Runs the extraction up to the end of its first pass; gives the processor time at that moment.
fn first_pass(file: &Path) -> anyhow::Result<f64> {
    struct Enough(anyhow::Result<f64>);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let stop = &mut |done: u64, total: u64| {
            if done >= total / PASSES {
                // The way out of a reading that offers none; nothing is printed.
                resume_unwind(Box::new(Enough(processor_seconds("self"))));
            }
        };
        osm::extract(file, &Ask { boundary: None, max_memory: 4 << 30 }, stop).map(|_| ())
    }));
    match ended {
        Err(thrown) => thrown.downcast::<Enough>().map_err(|_| anyhow!("the reader panicked"))?.0,
        Ok(done) => Err(done.err().map_or_else(|| anyhow!("the reader told nothing about its passes"), Into::into)),
    }
}

/// Looks at every tag and position; the first pass also asks the mapping about them.
fn look(element: &Element<'_>) -> i64 {
    match element {
        Element::Node(n) => n.nano_lon() ^ n.nano_lat() ^ n.tags().map(|(k, v)| (k.len() + v.len()) as i64).sum::<i64>(),
        Element::DenseNode(n) => n.nano_lon() ^ n.nano_lat() ^ n.tags().map(|(k, v)| (k.len() + v.len()) as i64).sum::<i64>(),
        Element::Way(w) => w.tags().map(|(k, v)| (k.len() + v.len()) as i64).sum(),
        Element::Relation(r) => r.tags().map(|(k, v)| (k.len() + v.len()) as i64).sum(),
    }
}
