//! Which backups of a folder are kept: the newest of each of the last hours, days and weeks that have one.

use super::make::time_of;
use super::manifest::all_in;
use anyhow::Context;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// How many hours, days and weeks keep a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    spans: [(i64, usize); 3],
}

/// Seconds of an hour, a day and a week, by name.
const SPANS: [(&str, i64); 3] = [("hourly", 3600), ("daily", 86_400), ("weekly", 7 * 86_400)];

impl FromStr for Keep {
    type Err = String;

    /// `hourly=24,daily=14,weekly=8`; what is not named keeps none.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut spans = SPANS.map(|(_, seconds)| (seconds, 0));
        for part in text.split(',') {
            let read = part.split_once('=').and_then(|(name, count)| {
                let place = SPANS.iter().position(|(known, _)| *known == name.trim())?;
                Some((place, count.trim().parse::<usize>().ok()?))
            });
            let (place, count) = read.ok_or_else(|| format!("`{part}`: write for example hourly=24,daily=14,weekly=8"))?;
            spans[place].1 = count;
        }
        if spans.iter().all(|(_, count)| *count == 0) {
            return Err("this would keep nothing".into());
        }
        Ok(Self { spans })
    }
}

impl Keep {
    /// Removes the backups that need not be kept; gives them. The newest is always kept, and whatever is not one of our folders is not touched.
    ///
    /// # Errors
    /// When one can't be removed.
    pub fn thin_out(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let all: Vec<(PathBuf, i64)> =
            all_in(folder).into_iter().filter_map(|p| Some((p.clone(), time_of(&p.file_name()?.to_string_lossy())?))).collect();
        let kept = self.kept(&all.iter().map(|(_, at)| *at).collect::<Vec<_>>());
        let gone: Vec<PathBuf> = all.into_iter().filter(|(_, at)| !kept.contains(at)).map(|(path, _)| path).collect();
        gone.iter().try_for_each(|backup| remove(backup))?;
        Ok(gone)
    }

    /// The times to keep, seconds since 1970.
    fn kept(&self, times: &[i64]) -> BTreeSet<i64> {
        let mut newest_first = times.to_vec();
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        let mut kept: BTreeSet<i64> = newest_first.first().copied().into_iter().collect();
        for (seconds, count) in self.spans {
            // Weeks begin on Mondays: 1970 began on a Thursday.
            let span = |at: i64| (at + if seconds > 86_400 { 3 * 86_400 } else { 0 }).div_euclid(seconds);
            let mut seen = BTreeSet::new();
            kept.extend(newest_first.iter().filter(|at| seen.insert(span(**at))).take(count));
        }
        kept
    }
}

/// Removes the oldest backups of a folder until so many are left.
pub(super) fn keep_newest(folder: &Path, count: usize) -> anyhow::Result<()> {
    all_in(folder).iter().rev().skip(count).try_for_each(|backup| remove(backup))
}

/// Takes its name away first, so that no half-removed folder looks whole.
fn remove(backup: &Path) -> anyhow::Result<()> {
    let gone = super::make::unfinished(backup.parent().unwrap_or(Path::new(".")), "removed");
    std::fs::rename(backup, &gone).and_then(|()| std::fs::remove_dir_all(&gone)).with_context(|| format!("{} can't be removed", backup.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_year_of_hourly_backups_the_last_hours_days_and_weeks_stay() {
        let keep: Keep = "hourly=24,daily=14,weekly=8".parse().unwrap();
        let times: Vec<i64> = (0..365 * 24).map(|h| 1_700_000_000 + h * 3600).collect();
        let kept = keep.kept(&times);
        let newest = times[times.len() - 1];
        assert!((24..24 + 14 + 8).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.iter().filter(|t| newest - **t < 24 * 3600).count(), 24);
        assert!(kept.iter().any(|t| newest - t > 42 * 86_400), "the eighth week, this one included");
        assert!(kept.iter().all(|t| newest - t < 50 * 86_400));
    }

    #[test]
    fn a_lone_or_old_backup_stays_and_nonsense_is_refused() {
        let keep: Keep = "daily=2".parse().unwrap();
        assert_eq!(keep.kept(&[5]).len(), 1);
        assert_eq!(keep.kept(&[0, 100, 86_400, 10 * 86_400]), [86_400, 10 * 86_400].into());
        for bad in ["", "daily", "daily=x", "monthly=3", "daily=0", "daily=-1"] {
            assert!(bad.parse::<Keep>().is_err(), "{bad}");
        }
    }
}
