//! The files of imports in the data folder: `imports/RUN/` holds what a run reads, plans and puts back when it is undone; `extracts/` the
//! extract that each territory was last made of. Files come into place whole, by renaming.

use super::refusals::RunError;
use crate::osm::{BoundaryAsk, Extract};
use crate::store::{Address, Candidate};
use crate::tiles::archives;
use crate::tiles::basemap::Built;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What reading a file gave.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reading {
    /// What it holds.
    pub extract: Extract,
    /// The base map that was built.
    pub built: Option<Built>,
    /// The boundary as it was asked for; none when the reading chose it.
    pub asked: Option<BoundaryAsk>,
}

/// What stood beside a territory's actors before a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Before {
    pub(super) addresses: Vec<Address>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) archive: Option<String>,
}

/// Where they lie.
#[derive(Debug, Clone)]
pub struct Files {
    data: PathBuf,
}

impl Files {
    /// Those of a data folder.
    pub fn new(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// The name of this data folder, made once: on a shared database each node has its own files.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn node(&self) -> io::Result<String> {
        let (folder, path) = (self.data.join("imports"), self.data.join("imports/node"));
        fs::create_dir_all(folder)?;
        match fs::read_to_string(&path) {
            Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
            _ => {
                let name = Uuid::now_v7().to_string();
                write_whole(&path, name.as_bytes())?;
                Ok(name)
            }
        }
    }

    /// The folder of a run.
    pub fn folder(&self, run: Uuid) -> PathBuf {
        self.data.join("imports").join(run.to_string())
    }

    /// Where the file of a run is kept, under its own name, from which a territory without one takes its own.
    pub fn source(&self, run: Uuid, name: &str) -> PathBuf {
        self.folder(run).join("file").join(name)
    }

    /// Where the base map of a run is built.
    pub(super) fn basemap(&self, run: Uuid) -> PathBuf {
        self.folder(run).join("basemap.pmtiles")
    }

    /// Where a base extract and its changes become one.
    pub(super) fn merged(&self, run: Uuid, slug: &str) -> PathBuf {
        self.folder(run).join("merged").join(format!("{slug}.osm.pbf"))
    }

    /// The extract that a territory was last made of.
    pub fn extract(&self, slug: &str) -> PathBuf {
        self.data.join("extracts").join(format!("{slug}.osm.pbf"))
    }

    /// The folder of base maps.
    pub(super) fn basemaps(&self) -> PathBuf {
        archives::folder(&self.data)
    }

    /// Makes a run's folders.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn make(&self, run: Uuid) -> anyhow::Result<()> {
        for folder in ["file", "merged"] {
            let folder = self.folder(run).join(folder);
            fs::create_dir_all(&folder).with_context(|| format!("the folder {} can't be made", folder.display()))?;
        }
        Ok(())
    }

    /// Gives what was read for one run to another, which it goes on with.
    pub(super) fn hand_over(&self, from: Uuid, to: Uuid) -> io::Result<()> {
        for name in ["file", "merged", "basemap.pmtiles"] {
            let (from, to) = (self.folder(from).join(name), self.folder(to).join(name));
            if from.exists() {
                remove(&to);
                fs::rename(from, to)?;
            }
        }
        remove(&self.folder(from));
        Ok(())
    }

    /// Copies a file into a run's folder, so that it can be kept as the territory's extract.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn adopt(&self, run: Uuid, file: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let copy = self.source(run, name);
        fs::copy(file, &copy).map_err(RunError::disk)?;
        Ok(copy)
    }

    /// Copies a checked archive into the folder of base maps.
    pub(super) fn adopt_archive(&self, file: &Path, name: &str) -> anyhow::Result<()> {
        let done = archives::adopt(file, &self.basemaps(), name);
        done.with_context(|| format!("the base map {} could not be copied into the data folder; the old one stays", file.display()))
    }

    /// Takes a run's files away.
    pub(super) fn forget(&self, run: Uuid) {
        remove(&self.folder(run));
    }

    /// Takes away what an applied run needs no more; what undoing needs stays.
    pub(super) fn tidy(&self, run: Uuid) {
        for name in ["file", "merged", "reading.json", "basemap.pmtiles", "boundary.json"] {
            remove(&self.folder(run).join(name));
        }
    }

    /// Keeps what reading gave, so that the plan can be applied later.
    pub(super) fn keep_reading(&self, run: Uuid, reading: &Reading) -> anyhow::Result<()> {
        put_json(&self.folder(run).join("reading.json"), reading)
    }

    /// What reading gave.
    pub(super) fn reading(&self, run: Uuid) -> anyhow::Result<Reading> {
        get_json(&self.folder(run).join("reading.json"))
    }

    /// Writes how the boundary is asked for, for the reading process.
    pub(super) fn put_boundary(&self, run: Uuid, ask: &BoundaryAsk) -> anyhow::Result<PathBuf> {
        let path = self.folder(run).join("boundary.json");
        put_json(&path, ask)?;
        Ok(path)
    }

    /// Keeps what stood before a run, once: a run that was cut off has changed some of it already.
    pub(super) fn keep_before(&self, run: Uuid, slug: &str, before: &Before) -> anyhow::Result<()> {
        let folder = self.folder(run).join("before");
        fs::create_dir_all(&folder)?;
        if let Some(name) = &before.archive {
            keep_copy(&archives::path(&self.basemaps(), name), &folder.join("basemap.pmtiles"))?;
        }
        keep_copy(&self.extract(slug), &folder.join("extract.osm.pbf"))?;
        put_json(&folder.join("beside.json"), before)
    }

    /// Whether that was done.
    pub(super) fn has_before(&self, run: Uuid) -> bool {
        self.folder(run).join("before/beside.json").exists()
    }

    /// What stood before a run.
    pub(super) fn before(&self, run: Uuid) -> anyhow::Result<Before> {
        get_json(&self.folder(run).join("before/beside.json"))
    }

    /// Puts a run's base map and extract in the territory's place.
    pub(super) fn put_in_place(&self, run: Uuid, slug: &str, file: &str) -> anyhow::Result<()> {
        let built = self.basemap(run);
        if built.exists() {
            fs::create_dir_all(self.basemaps())?;
            archives::put_in_place(&built, &self.basemaps(), slug).context("the base map could not be put in place; the old one stays")?;
        }
        let read = [self.merged(run, slug), self.source(run, file)].into_iter().find(|path| path.exists());
        if let Some(read) = read {
            put_file(&read, &self.extract(slug)).context("the extract could not be kept")?;
        }
        Ok(())
    }

    /// Puts the base map and the extract back that stood before a run.
    pub(super) fn put_back(&self, run: Uuid, slug: &str, archive: Option<&str>) -> anyhow::Result<()> {
        let folder = self.folder(run).join("before");
        let old = folder.join("basemap.pmtiles");
        match archive {
            Some(name) if old.exists() => {
                let beside = archives::temporary(&self.basemaps(), name);
                keep_copy(&old, &beside)?;
                archives::put_in_place(&beside, &self.basemaps(), name)?;
            }
            Some(_) => {}
            None => remove(&archives::path(&self.basemaps(), slug)),
        }
        let old = folder.join("extract.osm.pbf");
        if old.exists() {
            let beside = folder.join("extract.again");
            keep_copy(&old, &beside)?;
            put_file(&beside, &self.extract(slug))?;
        } else {
            remove(&self.extract(slug));
        }
        Ok(())
    }
}

/// Gives a file its place, durably.
fn put_file(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    File::open(from)?.sync_all()?;
    fs::rename(from, to)?;
    File::open(folder)?.sync_all()
}

/// Another name for the bytes of a file that will be replaced, never written to; a copy where the file system has no second names.
fn keep_copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.exists() || to.exists() {
        return Ok(());
    }
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(|_| ()))
}

fn put_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let beside = path.with_extension("tmp");
    let mut file = BufWriter::new(File::create(&beside).with_context(|| format!("{} can't be written", beside.display()))?);
    serde_json::to_writer(&mut file, value)?;
    file.flush()?;
    put_file(&beside, path)?;
    Ok(())
}

fn get_json<T: for<'a> Deserialize<'a>>(path: &Path) -> anyhow::Result<T> {
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    Ok(serde_json::from_reader(BufReader::new(file))?)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    fs::write(&beside, bytes)?;
    put_file(&beside, path)
}

fn remove(path: &Path) {
    let done = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if let Err(e) = done
        && e.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("{} can't be removed: {e}", path.display());
    }
}

/// A file's name as it is kept: the last part of a path, of letters that every file system takes.
pub fn file_name(path: &str) -> String {
    let last = path.rsplit(['/', '\\']).next().unwrap_or("");
    let kept: String = last.chars().filter(|c| !c.is_control()).take(100).collect();
    let kept = kept.trim().trim_start_matches('.').to_owned();
    if kept.is_empty() { "extrait.osm.pbf".into() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_folder() {
        for (given, kept) in [
            ("redon.osm.pbf", "redon.osm.pbf"),
            ("../../etc/passwd", "passwd"),
            ("a\\b.osc.gz", "b.osc.gz"),
            ("..", "extrait.osm.pbf"),
            ("\u{0}", "extrait.osm.pbf"),
            ("/", "extrait.osm.pbf"),
        ] {
            assert_eq!(file_name(given), kept);
        }
    }
}
