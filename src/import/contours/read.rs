//! GeoJSON files, feature by feature: only what is kept of a feature stays in memory.

use super::error::{ContoursError, LeftOut};
use super::{Contour, rings};
use crate::import::limited::{Limited, Meter};
use crate::model::text::{clean, fold};
use flate2::read::MultiGzDecoder;
use geo::MultiPolygon;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

/// No more than this is read of a file, GiB after unpacking: its contours stay in memory until they are written.
const MAX_GIB: u64 = 2;
/// No more than this of one feature, MiB of text: it is held as a whole while it is looked at.
const FEATURE_MIB: u64 = 32;

/// A contour before it is written as text.
#[derive(Debug, Clone)]
pub(super) struct Shaped {
    pub(super) kind: String,
    pub(super) code: Option<String>,
    pub(super) name: String,
    pub(super) population: Option<u64>,
    pub(super) departement: Option<String>,
    pub(super) region: Option<String>,
    pub(super) shape: MultiPolygon<f64>,
}

impl Shaped {
    pub(super) fn finish(self) -> Result<Contour, ContoursError> {
        let geometry = RawValue::from_string(rings::write(&self.shape)).map_err(|e| ContoursError::NotJson(self.name.clone(), e.to_string()))?;
        Ok(Contour { kind: self.kind, code: self.code, name: self.name, population: self.population, departement: self.departement, geometry })
    }
}

/// The text of a file, unpacked when it is gzip.
pub(super) fn open(path: &Path) -> Result<impl Read, ContoursError> {
    let told = |e: std::io::Error| ContoursError::Io(path.display().to_string(), e.to_string());
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(told)?);
    let start = file.fill_buf().map_err(told)?;
    if start.is_empty() {
        return Err(ContoursError::Empty(path.display().to_string()));
    }
    let text: Box<dyn Read> = if start.starts_with(&[0x1f, 0x8b]) { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(BufReader::with_capacity(1 << 16, text))
}

type Read1 = (Vec<Shaped>, BTreeMap<LeftOut, (u64, String)>);

/// Every usable contour of a file, and what was left out.
pub(super) fn contours(path: &Path, kind: Option<&str>, progress: &mut dyn FnMut(&str, u64, u64)) -> Result<Read1, ContoursError> {
    let size = std::fs::metadata(path).map_or(0, |m| m.len());
    let limited = Limited::new(open(path)?, MAX_GIB << 30, FEATURE_MIB << 20);
    let meter = limited.meter();
    let hint = kind.map(str::to_owned).or_else(|| kind_of_file(path));
    let mut sink =
        Sink { hint, kept: Vec::new(), seen: HashSet::new(), left_out: BTreeMap::new(), unsure: None, progress, size, meter: meter.clone() };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, limited));
    let whole = Top(&mut sink).deserialize(&mut json).and_then(|good| json.end().map(|()| good));
    drop(json);
    if meter.read() > MAX_GIB << 30 {
        return Err(ContoursError::TooBig(MAX_GIB));
    }
    if meter.part() > FEATURE_MIB << 20 {
        return Err(ContoursError::TooBigFeature(FEATURE_MIB));
    }
    match whole {
        Err(e) => return Err(ContoursError::NotJson(path.display().to_string(), e.to_string())),
        Ok(false) => return Err(ContoursError::NotGeojson(path.display().to_string())),
        Ok(true) => {}
    }
    match sink.unsure {
        Some(example) => Err(ContoursError::WhichKind(example)),
        None => Ok((sink.kept, sink.left_out)),
    }
}

/// `departements-2018.geojson` → départements.
fn kind_of_file(path: &Path) -> Option<String> {
    let name = fold(&path.file_name()?.to_string_lossy());
    let known = [
        ("region", "region"),
        ("departement", "departement"),
        ("epci", "epci"),
        ("commune", "commune"),
        ("iris", "quartier"),
        ("quartier", "quartier"),
    ];
    let first = known.iter().filter_map(|(word, kind)| Some((name.find(word)?, *kind))).min();
    first.map(|(_, kind)| kind.to_owned())
}

/// INSEE codes have five characters, SIREN nine digits; two or three may be a département or a région.
fn kind_of_code(code: &str) -> Option<&'static str> {
    let insee = code.len() == 5 && code.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || (i == 1 && matches!(b, b'A' | b'B')));
    let siren = code.len() == 9 && code.bytes().all(|b| b.is_ascii_digit());
    if insee { Some("commune") } else { siren.then_some("epci") }
}

struct Sink<'a> {
    hint: Option<String>,
    kept: Vec<Shaped>,
    seen: HashSet<(String, String)>,
    left_out: BTreeMap<LeftOut, (u64, String)>,
    unsure: Option<String>,
    progress: &'a mut dyn FnMut(&str, u64, u64),
    size: u64,
    meter: Rc<Meter>,
}

impl Sink<'_> {
    fn take(&mut self, feature: &Value) {
        let name = text(&feature["properties"], &["nom", "name", "libelle", "nom_com", "nom_dep", "nom_reg", "nom_iris", "nom_epci"]);
        if let Err(reason) = self.keep(feature, name.clone()) {
            let example = name.unwrap_or_else(|| feature.to_string().chars().take(60).collect());
            self.left_out.entry(reason).or_insert((0, example)).0 += 1;
        }
        if self.kept.len().is_multiple_of(1000) {
            (self.progress)("contours", self.kept.len() as u64, self.size);
        }
    }

    fn keep(&mut self, feature: &Value, name: Option<String>) -> Result<(), LeftOut> {
        let properties = &feature["properties"];
        if feature["type"] != "Feature" || !(properties.is_object() || properties.is_null()) {
            return Err(LeftOut::NotAFeature);
        }
        let shape = rings::read(&feature["geometry"])?;
        let name = name.ok_or(LeftOut::NoName)?;
        let code = text(properties, &["code", "insee", "ref:INSEE", "code_insee", "insee_com", "insee_dep", "insee_reg", "siren", "code_iris"]);
        let Some(kind) = self.hint.clone().or_else(|| kind_of_code(code.as_deref()?).map(str::to_owned)) else {
            self.unsure.get_or_insert(name);
            return Ok(());
        };
        if let Some(code) = &code
            && !self.seen.insert((kind.clone(), code.clone()))
        {
            return Err(LeftOut::Twice);
        }
        self.kept.push(Shaped { kind, code, name, population: population(properties), departement: None, region: None, shape });
        Ok(())
    }
}

/// The first of some properties that is a text or a number, whatever its case.
fn text(properties: &Value, names: &[&str]) -> Option<String> {
    let object = properties.as_object()?;
    let read = |v: &Value| match v {
        Value::String(s) => Some(clean(s, false)),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    };
    let found = names.iter().find_map(|name| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, v)| read(v)));
    found.filter(|t| !t.is_empty()).map(|t| t.chars().take(120).collect())
}

fn population(properties: &Value) -> Option<u64> {
    text(properties, &["population", "pop"])?.parse().ok()
}

/// The file's outermost object: true when it is a FeatureCollection or a Feature.
struct Top<'a, 'b>(&'a mut Sink<'b>);

impl<'de> DeserializeSeed<'de> for Top<'_, '_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<bool, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut kind = String::new();
        let mut listed = false;
        let mut alone = serde_json::Map::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => kind = map.next_value::<Value>()?.as_str().unwrap_or("").to_owned(),
                "features" => listed = map.next_value_seed(List(self.0))?,
                "geometry" | "properties" => drop(alone.insert(key, map.next_value()?)),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if kind == "Feature" {
            alone.insert("type".into(), "Feature".into());
            self.0.take(&Value::Object(alone));
            return Ok(true);
        }
        Ok(kind == "FeatureCollection" && listed)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }
}

/// The elements of `features`; false when they are no list.
struct List<'a, 'b>(&'a mut Sink<'b>);

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<bool, D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while let Some(feature) = seq.next_element::<Value>()? {
            self.0.meter.part_done();
            self.0.take(&feature);
            if self.0.kept.len() > 1_000_000 {
                return Err(A::Error::custom("more than a million contours"));
            }
        }
        Ok(true)
    }
}
