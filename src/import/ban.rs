//! Reading a BAN file: rows of house numbers → streets with their numbers, per commune. Runs in the child, which never sees the database.
//!
//! Columns: `id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;…`
//! (https://github.com/BaseAdresseNationale/adresse.data.gouv.fr, adresses-csv.md). Those of a BAL file are understood too.

use super::limited::Limited;
use crate::geo::lambert93;
use crate::model::text::{clean, fold};
use crate::store::{Address, AddressKind, HouseNumber};
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// House numbers of one file; a département has a million at most.
const NUMBERS_MAX: u64 = 2_000_000;
/// Longest row, bytes.
const ROW_MAX: usize = 64 * 1024;
/// Text of one file once unpacked, bytes: a small file can unpack to anything.
const TEXT_MAX: u64 = 768 << 20;
/// Text that is held for one row, bytes: behind a quote that never closes, the rest of the file is one row.
const HELD_MAX: u64 = 1 << 20;

/// Why a file of addresses can't be used: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{0}")]
pub struct BadAddresses(pub String);

/// What was read and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanCounts {
    /// Rows of the file, without the header.
    pub rows: u64,
    /// Rows left out, per reason.
    pub skipped: BTreeMap<String, u64>,
}

/// Each column with the names that it goes by.
const COLUMNS: [(&str, &[&str]); 14] = [
    ("id", &["id", "cle_interop"]),
    ("numero", &["numero"]),
    ("rep", &["rep", "suffixe"]),
    ("nom_voie", &["nom_voie", "voie_nom"]),
    ("nom_lieu_dit", &["nom_lieu_dit"]),
    ("alias", &["alias"]),
    ("code_postal", &["code_postal"]),
    ("code_insee", &["code_insee", "commune_insee"]),
    ("nom_commune", &["nom_commune", "commune_nom"]),
    ("nom_ancienne_commune", &["nom_ancienne_commune", "commune_deleguee_nom"]),
    ("x", &["x"]),
    ("y", &["y"]),
    ("lon", &["lon", "long"]),
    ("lat", &["lat"]),
];

/// Reads a file, packed with gzip or not; `progress` is told the bytes read and to be read.
///
/// # Errors
/// [`BadAddresses`] when it is no such file, a column is missing, or it is too large.
pub(super) fn read(path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(Vec<Address>, BanCounts), BadAddresses> {
    let shown = path.display();
    let bad = |e: &dyn std::fmt::Display| BadAddresses(format!("{shown} can't be read: {e}"));
    let file = File::open(path).map_err(|e| bad(&e))?;
    let total = file.metadata().map_err(|e| bad(&e))?.len();
    let mut reader = BufReader::with_capacity(1 << 16, Limited::new(file, u64::MAX, u64::MAX));
    let packed_read = reader.get_ref().meter();
    let packed = reader.fill_buf().map_err(|e| bad(&e))?.starts_with(&[0x1f, 0x8b]);
    let text: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) };
    let mut text = BufReader::with_capacity(1 << 16, Limited::new(text, TEXT_MAX, HELD_MAX));
    let meter = text.get_ref().meter();
    let start = text.fill_buf().map_err(|e| bad(&e))?;
    let first = start.split(|b| *b == b'\n').next().unwrap_or_default();
    let separator = if first.iter().filter(|b| **b == b';').count() >= first.iter().filter(|b| **b == b',').count() { b';' } else { b',' };
    let mut rows = csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(true).from_reader(text);
    let columns = Columns::new(rows.byte_headers().map_err(|e| bad(&e))?)?;
    let (mut book, mut counts) = (Book::default(), BanCounts::default());
    let mut row = csv::ByteRecord::new();
    loop {
        meter.part_done();
        match rows.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) if e.is_io_error() => return Err(bad(&e)),
            Err(_) => {
                *counts.skipped.entry("no_row".into()).or_default() += 1;
                continue;
            }
        }
        counts.rows += 1;
        if counts.rows > NUMBERS_MAX {
            return Err(BadAddresses(format!("{shown} has more than {NUMBERS_MAX} rows: give one file per département")));
        }
        if counts.rows % 4096 == 0 {
            progress(packed_read.read().min(total), total);
        }
        if let Err(reason) = columns.row(&row).and_then(|r| book.take(&r)) {
            *counts.skipped.entry(reason.into()).or_default() += 1;
        }
    }
    let addresses = book.finish();
    if addresses.is_empty() {
        return Err(BadAddresses(format!("{shown} holds no address that can be used ({} rows)", counts.rows)));
    }
    Ok((addresses, counts))
}

/// Where each column stands.
struct Columns([Option<usize>; COLUMNS.len()]);

/// One row, its values cleaned; an empty one is none.
struct Row {
    values: [Option<String>; COLUMNS.len()],
}

impl Columns {
    fn new(header: &csv::ByteRecord) -> Result<Self, BadAddresses> {
        let names: Vec<String> = header.iter().map(|h| String::from_utf8_lossy(h).trim_start_matches('\u{feff}').trim().to_lowercase()).collect();
        let at = COLUMNS.map(|(_, names_of)| names.iter().position(|n| names_of.contains(&n.as_str())));
        let columns = Self(at);
        let has = |name: &str| columns.at(name).is_some();
        let street = if has("nom_lieu_dit") { "nom_lieu_dit" } else { "nom_voie" };
        let needed = ["code_insee", "nom_commune", street];
        let missing = needed.into_iter().find(|n| !has(n)).or_else(|| (street == "nom_voie" && !has("numero")).then_some("numero"));
        let place = (has("lon") && has("lat")) || (has("x") && has("y"));
        let missing = missing.or_else(|| if place { None } else { ["lon", "lat"].into_iter().find(|n| !has(n)) });
        match missing {
            Some(name) => {
                let seen: String = clean(&names.join(", "), false).chars().take(200).collect();
                Err(BadAddresses(format!(
                    "the column `{name}` is missing; a BAN file is needed, with columns named on its first line (found: {seen})"
                )))
            }
            None => Ok(columns),
        }
    }

    fn at(&self, name: &str) -> Option<usize> {
        COLUMNS.iter().position(|(n, _)| *n == name).and_then(|i| self.0[i])
    }

    fn row(&self, record: &csv::ByteRecord) -> Result<Row, &'static str> {
        if record.as_slice().len() > ROW_MAX {
            return Err("too_long");
        }
        let value = |at: Option<usize>| -> Result<Option<String>, &'static str> {
            let Some(bytes) = at.and_then(|i| record.get(i)) else { return Ok(None) };
            let text = std::str::from_utf8(bytes).map_err(|_| "not_utf8")?;
            Ok(Some(clean(text, false)).filter(|t| !t.is_empty()))
        };
        let mut values: [Option<String>; COLUMNS.len()] = Default::default();
        for (slot, at) in values.iter_mut().zip(self.0) {
            *slot = value(at)?;
        }
        Ok(Row { values })
    }
}

impl Row {
    fn get(&self, name: &str) -> Option<&str> {
        COLUMNS.iter().position(|(n, _)| *n == name).and_then(|i| self.values[i].as_deref())
    }

    /// With a point or a comma.
    fn decimal(&self, name: &str) -> Option<f64> {
        self.get(name)?.replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite())
    }

    /// Degrees; from Lambert-93 when only that is given.
    fn point(&self) -> Result<[f64; 2], &'static str> {
        let degrees = self.decimal("lon").zip(self.decimal("lat"));
        let [lon, lat] = match (degrees, self.decimal("x").zip(self.decimal("y"))) {
            (Some((lon, lat)), _) => [lon, lat],
            (None, Some((x, y))) => lambert93::unproject(x, y),
            (None, None) => return Err("no_position"),
        };
        let on_earth = lon.abs() <= 180.0 && lat.abs() <= 90.0 && (lon != 0.0 || lat != 0.0);
        let sound = on_earth && (degrees.is_some() || lambert93::is_meant_for(lon, lat));
        sound.then_some([(lon * 1e7).round() / 1e7, (lat * 1e7).round() / 1e7]).ok_or("bad_position")
    }
}

/// Communes with their streets.
#[derive(Default)]
struct Book {
    communes: BTreeMap<String, Commune>,
}

#[derive(Default)]
struct Commune {
    /// Names that its rows give it: most often one; some cities name their villages here.
    names: BTreeMap<String, u64>,
    /// By village and folded name.
    streets: BTreeMap<(String, String), Street>,
}

struct Street {
    kind: AddressKind,
    reference: String,
    name: String,
    other: Vec<String>,
    /// The commune before a merger, or the village.
    village: String,
    postcodes: BTreeMap<String, u64>,
    numbers: BTreeMap<(u32, String), [f64; 2]>,
    /// Points of rows without a number.
    points: Vec<[f64; 2]>,
}

impl Book {
    fn take(&mut self, row: &Row) -> Result<(), &'static str> {
        let short = |name: &str| row.get(name).filter(|v| v.chars().count() <= 120);
        let code = row.get("code_insee").map(|c| format!("{c:0>5}")).filter(|c| c.len() == 5 && c.bytes().all(|b| b.is_ascii_alphanumeric()));
        let code = code.ok_or("bad_code_insee")?;
        let name = short("nom_voie").or_else(|| short("nom_lieu_dit")).ok_or("no_street")?;
        if fold(name).is_empty() {
            return Err("no_street");
        }
        let point = row.point()?;
        let number = row.get("numero").map(|n| n.parse::<u32>().ok().filter(|n| *n <= 99_999).ok_or("bad_number")).transpose()?;
        // In BAL files 99999 says that a hamlet has no house numbers.
        let number = number.filter(|n| *n != 99_999);
        let commune = self.communes.entry(code).or_default();
        let city = short("nom_commune").ok_or("no_commune")?;
        *commune.names.entry(city.to_owned()).or_default() += 1;
        let village = short("nom_ancienne_commune").unwrap_or(city);
        let street = commune.streets.entry((fold(village), fold(name))).or_insert_with(|| Street::new(row, name, village));
        if let Some(postcode) = short("code_postal") {
            *street.postcodes.entry(format!("{postcode:0>5}")).or_default() += 1;
        }
        match number {
            None => street.points.push(point),
            Some(number) => {
                let suffix = row.get("rep").unwrap_or("").to_lowercase().chars().take(10).collect();
                street.numbers.insert((number, suffix), point);
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<Address> {
        let mut out = Vec::new();
        for (code, commune) in self.communes {
            let mut postcodes: BTreeMap<String, u64> = BTreeMap::new();
            for (postcode, n) in commune.streets.values().flat_map(|s| &s.postcodes) {
                *postcodes.entry(postcode.clone()).or_default() += n;
            }
            let Some(city) = most(commune.names) else { continue };
            let streets: Vec<Address> = commune.streets.into_values().filter_map(|s| s.address(&code, &city)).collect();
            let points: Vec<[f64; 2]> = streets.iter().map(|a| [a.lon, a.lat]).collect();
            let Some(point) = middle(&points) else { continue };
            out.push(Address {
                kind: AddressKind::Municipality,
                reference: code.clone(),
                name: city.clone(),
                other: Vec::new(),
                postcode: most(postcodes),
                city: Some(city),
                old_city: None,
                citycode: Some(code),
                lon: point[0],
                lat: point[1],
                population: None,
                poi: None,
                numbers: Vec::new(),
            });
            out.extend(streets);
        }
        out
    }
}

impl Street {
    fn new(row: &Row, name: &str, village: &str) -> Self {
        let other = row.get("alias").map(|a| a.split(['|', ',']).map(|n| clean(n, false)).filter(|n| !n.is_empty()).take(6).collect());
        Self {
            kind: if row.get("nom_voie").is_some() { AddressKind::Street } else { AddressKind::Locality },
            reference: row.get("id").map(street_reference).unwrap_or_default(),
            name: name.to_owned(),
            other: other.unwrap_or_default(),
            village: village.to_owned(),
            postcodes: BTreeMap::new(),
            numbers: BTreeMap::new(),
            points: Vec::new(),
        }
    }

    fn address(self, code: &str, city: &str) -> Option<Address> {
        let points: Vec<[f64; 2]> = self.numbers.values().chain(&self.points).copied().collect();
        let [lon, lat] = middle(&points)?;
        let label = |(number, suffix): (u32, String)| if suffix.is_empty() { number.to_string() } else { format!("{number} {suffix}") };
        Some(Address {
            kind: self.kind,
            reference: self.reference,
            name: self.name,
            other: self.other,
            postcode: most(self.postcodes),
            city: Some(city.to_owned()),
            old_city: Some(self.village).filter(|v| fold(v) != fold(city)),
            citycode: Some(code.to_owned()),
            lon,
            lat,
            population: None,
            poi: None,
            numbers: self.numbers.into_iter().map(|(key, [lon, lat])| HouseNumber(label(key), lon, lat)).collect(),
        })
    }
}

/// `35236_0123_00012_bis` → `35236_0123`.
fn street_reference(id: &str) -> String {
    let parts: Vec<&str> = id.splitn(3, '_').collect();
    match parts.as_slice() {
        [insee, street, _] if insee.len() == 5 && (1..=12).contains(&street.len()) => format!("{insee}_{street}"),
        _ => String::new(),
    }
}

/// The point nearest to the centre of all, so that it lies on the street.
fn middle(points: &[[f64; 2]]) -> Option<[f64; 2]> {
    let n = points.len() as f64;
    let centre = [points.iter().map(|p| p[0]).sum::<f64>() / n, points.iter().map(|p| p[1]).sum::<f64>() / n];
    let away = |p: &&[f64; 2]| (p[0] - centre[0]).hypot(p[1] - centre[1]);
    points.iter().min_by(|a, b| away(a).total_cmp(&away(b))).copied()
}

fn most(words: BTreeMap<String, u64>) -> Option<String> {
    words.into_iter().max_by_key(|(_, n)| *n).map(|(word, _)| word)
}
