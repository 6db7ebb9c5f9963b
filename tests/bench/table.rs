//! The table: pairs of figures taken in turns, their median ratio and spread, and how they are written down.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// In what a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// So many per second of wall time or of the thread's own time; more is better.
    PerSecond(&'static str),
    /// Seconds; less is better.
    Seconds,
    /// Bytes; less is better.
    Bytes,
    /// Part of a whole, 0 to 1; more is better.
    Share,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) name: String,
    /// What the peer is.
    pub(crate) peer: &'static str,
    pub(crate) unit: Unit,
    /// Ours and the peer's figure of each round; the peer's is missing when there is nothing to compare with.
    pub(crate) rounds: Vec<(f64, Option<f64>)>,
    /// What the ratio should be, as in the design.
    pub(crate) target: &'static str,
}

impl Row {
    fn cells(&self) -> [String; 5] {
        let ours: Vec<f64> = self.rounds.iter().map(|r| r.0).collect();
        let peers: Vec<f64> = self.rounds.iter().filter_map(|r| r.1).collect();
        let ratios: Vec<f64> = self.rounds.iter().filter_map(|(ours, peer)| Some(self.ratio(*ours, (*peer)?))).collect();
        let peer = if peers.is_empty() { "–".to_owned() } else { format!("{} ({})", self.figure(median(&peers)), self.peer) };
        let ratio = match spread(&ratios) {
            Some((low, middle, high)) => format!("{} ({} to {})", times(middle), times(low), times(high)),
            None => "–".to_owned(),
        };
        [self.name.clone(), self.figure(median(&ours)), peer, ratio, self.target.to_owned()]
    }

    /// How many times better ours is.
    fn ratio(&self, ours: f64, peer: f64) -> f64 {
        match self.unit {
            Unit::PerSecond(_) | Unit::Share => ours / peer,
            Unit::Seconds | Unit::Bytes => peer / ours,
        }
    }

    fn figure(&self, value: f64) -> String {
        match self.unit {
            Unit::PerSecond(what) => format!("{}{}{what}/s", digits(value), if what.is_empty() { "" } else { " " }),
            Unit::Seconds if value < 1e-3 => format!("{} µs", digits(value * 1e6)),
            Unit::Seconds if value < 1.0 => format!("{} ms", digits(value * 1e3)),
            Unit::Seconds => format!("{} s", digits(value)),
            Unit::Bytes => format!("{} B", digits(value)),
            Unit::Share => format!("{:.1} %", value * 100.0),
        }
    }
}

/// The whole table in Markdown.
pub(crate) fn table(header: &str, rows: &[Row]) -> String {
    let mut out = format!("{header}\n\n| name | ours | peer | ratio (least to most) | target |\n|---|--:|--:|--:|---|\n");
    for row in rows {
        let _ = writeln!(out, "| {} |", row.cells().join(" | "));
    }
    out
}

/// Takes both figures so many times, in turns; every other round the peer goes first.
///
/// # Errors
/// The first error of either side.
pub(crate) fn duel(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<f64>,
    mut peer: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<Vec<(f64, Option<f64>)>> {
    let mut taken = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let pair = if round % 2 == 0 {
            let first = ours()?;
            (first, Some(peer()?))
        } else {
            let first = peer()?;
            (ours()?, Some(first))
        };
        taken.push(pair);
    }
    Ok(taken)
}

/// How often something is done per second of this thread's own time, so that other people on the machine count less.
pub(crate) fn rate<T>(slice: Duration, mut work: impl FnMut() -> T) -> f64 {
    let (started, from) = (Instant::now(), thread_seconds());
    let (mut done, mut chunk) = (0_u64, 1_u64);
    while started.elapsed() < slice {
        let chunk_started = Instant::now();
        for _ in 0..chunk {
            std::hint::black_box(work());
        }
        done += chunk;
        if chunk_started.elapsed() < Duration::from_millis(1) {
            chunk *= 2;
        }
    }
    let wall = started.elapsed().as_secs_f64();
    let own = thread_seconds().zip(from).map(|(to, from)| to - from).filter(|own| *own > wall / 50.0);
    done as f64 / own.unwrap_or(wall)
}

/// Seconds that this thread has run; none where the system does not say.
fn thread_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

/// Least, median and most.
fn spread(values: &[f64]) -> Option<(f64, f64, f64)> {
    let low = values.iter().copied().reduce(f64::min)?;
    Some((low, median(values), values.iter().copied().fold(low, f64::max)))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn times(ratio: f64) -> String {
    format!("{}×", digits(ratio))
}

/// Three significant digits, or the whole number with spaces between the thousands.
fn digits(value: f64) -> String {
    match value {
        v if v.is_nan() => "–".to_owned(),
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => {
            let plain = format!("{v:.0}");
            let first = plain.len() % 3;
            let groups = plain.as_bytes()[first..].chunks(3).map(String::from_utf8_lossy);
            let head = (first > 0).then(|| plain[..first].into());
            head.into_iter().chain(groups).collect::<Vec<_>>().join("\u{202f}")
        }
    }
}
