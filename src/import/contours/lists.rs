//! JSON lists of the administration: communes with population and former codes, EPCI with their members, départements, régions.

use super::error::ContoursError;
use super::read::{Shaped, open};
use serde_json::Value;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// A list is no longer than this, bytes unpacked.
const MAX_LIST: u64 = 256 << 20;

/// A group of communes that a list names.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) kind: &'static str,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) population: Option<u64>,
    /// For an EPCI, the codes of its communes; others are told by the communes' own département and région.
    pub(super) members: Vec<String>,
}

#[derive(Debug, Clone)]
struct Commune {
    population: Option<u64>,
    departement: Option<String>,
    region: Option<String>,
}

/// What the lists say.
#[derive(Debug, Default)]
pub(super) struct Lists {
    communes: HashMap<String, Commune>,
    /// The commune that a former one became part of.
    now: HashMap<String, String>,
    /// The région of a département.
    region_of: HashMap<String, String>,
    pub(super) groups: Vec<Group>,
}

impl Lists {
    pub(super) fn read(population: Option<&Path>, groups: &[impl AsRef<Path>]) -> Result<Self, ContoursError> {
        let mut lists = Self::default();
        for path in population.into_iter().chain(groups.iter().map(AsRef::as_ref)) {
            let bad = || ContoursError::BadList(path.display().to_string());
            let mut text = Vec::new();
            let told = |e: std::io::Error| ContoursError::Io(path.display().to_string(), e.to_string());
            open(path)?.take(MAX_LIST).read_to_end(&mut text).map_err(told)?;
            let list: Vec<Value> = serde_json::from_slice(&text).map_err(|_| bad())?;
            for one in &list {
                lists.add(one).ok_or_else(bad)?;
            }
        }
        Ok(lists)
    }

    fn add(&mut self, one: &Value) -> Option<()> {
        let text = |key: &str| one[key].as_str().map(str::to_owned);
        let (code, name) = (text("code")?, text("nom")?);
        let group = |kind, members| Group { kind, code: code.clone(), name: name.clone(), population: one["populationTotale"].as_u64(), members };
        if let Some(members) = one["membres"].as_array() {
            let members = members.iter().filter_map(|m| m["code"].as_str().map(str::to_owned)).collect();
            self.groups.push(group("epci", members));
        } else if one["chefLieu"].is_string() {
            match text("region") {
                Some(region) => {
                    self.region_of.insert(code.clone(), region);
                    self.groups.push(group("departement", Vec::new()));
                }
                None => self.groups.push(group("region", Vec::new())),
            }
        } else if one["type"].as_str().is_none_or(|t| t == "commune-actuelle") {
            let commune = Commune { population: one["population"].as_u64(), departement: text("departement"), region: text("region") };
            for former in one["anciensCodes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                self.now.insert(former.into(), code.clone());
            }
            self.communes.insert(code, commune);
        }
        Some(())
    }

    /// The code under which today's lists know a commune.
    pub(super) fn today<'a>(&'a self, code: &'a str) -> &'a str {
        if self.communes.contains_key(code) { code } else { self.now.get(code).map_or(code, String::as_str) }
    }

    /// Adds to a contour what the lists know of it.
    pub(super) fn complete(&self, shape: &mut Shaped) {
        let Some(code) = shape.code.clone() else { return };
        match shape.kind.as_str() {
            "commune" => {
                let known = self.communes.get(self.today(&code));
                // A commune that became part of another one no longer has inhabitants of its own.
                let own = self.communes.get(&code).and_then(|c| c.population);
                shape.population = shape.population.or(own);
                shape.departement = known.and_then(|c| c.departement.clone()).or_else(|| departement(&code));
                let region = known.and_then(|c| c.region.clone());
                shape.region = region.or_else(|| self.region_of.get(shape.departement.as_ref()?).cloned());
            }
            kind => {
                let group = self.groups.iter().find(|g| g.kind == kind && g.code == code);
                shape.population = shape.population.or_else(|| group?.population);
            }
        }
    }
}

/// The département in a commune's code: `35236` → `35`, `97209` → `972`.
fn departement(code: &str) -> Option<String> {
    let length = if code.starts_with("97") || code.starts_with("98") { 3 } else { 2 };
    code.get(..length).filter(|_| code.len() == 5).map(str::to_owned)
}
