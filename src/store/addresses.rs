//! Addresses as sources give them: streets, places, municipalities and public places, with the house numbers along each.

use super::Result;
use super::tx::{Tx, all, first, insert, run};
use serde::{Deserialize, Serialize};

/// Rows of one statement.
const AT_ONCE: usize = 500;
const INTO: &str =
    "insert into addresses (source, scope, kind, reference, name, other, postcode, city, old_city, citycode, lon, lat, population, poi, numbers) ";

/// What an address is the address of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// A street or a square.
    Street,
    /// A hamlet, a quartier, a place with a name.
    Locality,
    /// A commune.
    Municipality,
    /// A named public place: town hall, school, library, park…
    Poi,
}

impl AddressKind {
    /// The word that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Street => "street",
            Self::Locality => "locality",
            Self::Municipality => "municipality",
            Self::Poi => "poi",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "street" => Self::Street,
            "municipality" => Self::Municipality,
            "poi" => Self::Poi,
            _ => Self::Locality,
        }
    }
}

/// Who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressSource {
    /// An OpenStreetMap extract (ODbL).
    Osm,
    /// The Base Adresse Nationale (Licence Ouverte).
    Ban,
}

impl AddressSource {
    /// The word that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Osm => "osm",
            Self::Ban => "ban",
        }
    }
}

/// A house number and its position, degrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseNumber(pub String, pub f64, pub f64);

/// A street, a place, a municipality or a public place, with the house numbers along it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// What it is.
    pub kind: AddressKind,
    /// The source's own identifier, or empty.
    pub reference: String,
    /// Name as written on its plate.
    pub name: String,
    /// Other names: older ones, other languages.
    pub other: Vec<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// Name of the commune.
    pub city: Option<String>,
    /// Name of the commune that it belonged to before a merger.
    pub old_city: Option<String>,
    /// INSEE code of the commune.
    pub citycode: Option<String>,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// Inhabitants, for municipalities and places.
    pub population: Option<u64>,
    /// Of a public place, its kind: `amenity=library`.
    pub poi: Option<String>,
    /// House numbers, in order.
    pub numbers: Vec<HouseNumber>,
}

/// An address as it is stored. Its house numbers stay the text that they are stored as until they are asked for, since all of them at once
/// take many times the memory.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAddress {
    /// Who said so.
    pub source: AddressSource,
    /// Without its house numbers.
    pub address: Address,
    numbers: String,
}

impl StoredAddress {
    /// Its house numbers, in order.
    pub fn numbers(&self) -> Vec<HouseNumber> {
        serde_json::from_str(&self.numbers).unwrap_or_default()
    }
}

/// How many addresses of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressTotals {
    /// Communes.
    pub municipalities: usize,
    /// Hamlets, quartiers, places with a name.
    pub localities: usize,
    /// Streets and squares.
    pub streets: usize,
    /// Public places.
    pub pois: usize,
    /// House numbers along all of them.
    pub numbers: usize,
}

impl AddressTotals {
    /// Counts a list.
    pub fn of(list: &[Address]) -> Self {
        let mut totals = Self::default();
        for a in list {
            totals.numbers += a.numbers.len();
            *match a.kind {
                AddressKind::Municipality => &mut totals.municipalities,
                AddressKind::Locality => &mut totals.localities,
                AddressKind::Street => &mut totals.streets,
                AddressKind::Poi => &mut totals.pois,
            } += 1;
        }
        totals
    }
}

impl Tx {
    /// Replaces everything that a source said of a scope.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_addresses(&mut self, source: AddressSource, scope: &str, addresses: &[Address]) -> Result<()> {
        let known = first!(self, (i64,), "select rows from address_imports where source = $1 and scope = $2", source.as_str(), scope);
        // Asked for first, since a BAN file has thousands of scopes and most are new.
        if known.is_some() {
            run!(self, "delete from addresses where source = $1 and scope = $2", source.as_str(), scope);
        }
        for some in addresses.chunks(AT_ONCE) {
            insert!(self, INTO, some, |row, a| {
                row.push_bind(source.as_str()).push_bind(scope.to_owned()).push_bind(a.kind.as_str()).push_bind(&a.reference).push_bind(&a.name);
                row.push_bind(a.other.join("\n")).push_bind(&a.postcode).push_bind(&a.city).push_bind(&a.old_city).push_bind(&a.citycode);
                row.push_bind(a.lon).push_bind(a.lat).push_bind(a.population.and_then(|n| i64::try_from(n).ok())).push_bind(&a.poi);
                row.push_bind(serde_json::to_string(&a.numbers).unwrap_or_else(|_| "[]".into()))
            });
        }
        let next = self.address_run().await? + 1;
        run!(
            self,
            "insert into address_imports (source, scope, rows, run) values ($1, $2, $3, $4)
             on conflict (source, scope) do update set rows = excluded.rows, run = excluded.run",
            source.as_str(),
            scope,
            addresses.len() as i64,
            next
        );
        Ok(())
    }

    /// What a source said of a scope, with its house numbers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn addresses_of(&mut self, source: AddressSource, scope: &str) -> Result<Vec<Address>> {
        let rows = all!(
            self,
            Row,
            "select source, kind, reference, name, other, postcode, city, old_city, citycode, lon, lat, population, poi, numbers
             from addresses where source = $1 and scope = $2 order by kind, name, lon, lat",
            source.as_str(),
            scope
        );
        let whole = |stored: StoredAddress| Address { numbers: stored.numbers(), ..stored.address };
        Ok(rows.into_iter().map(address).map(whole).collect())
    }

    /// Number of the last import of addresses; 0 before the first. It changes with every import.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn address_run(&mut self) -> Result<i64> {
        Ok(first!(self, (i64,), "select coalesce(max(run), 0) from address_imports").map_or(0, |r| r.0))
    }

    /// Every address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn addresses(&mut self) -> Result<Vec<StoredAddress>> {
        let rows = all!(
            self,
            Row,
            "select source, kind, reference, name, other, postcode, city, old_city, citycode, lon, lat, population, poi, numbers
             from addresses order by source, scope, kind, name, lon, lat"
        );
        Ok(rows.into_iter().map(address).collect())
    }
}

type Text = Option<String>;
type Row = (String, String, String, String, String, Text, Text, Text, Text, f64, f64, Option<i64>, Text, String);

fn address(row: Row) -> StoredAddress {
    let (source, kind, reference, name, other, postcode, city, old_city, citycode, lon, lat, population, poi, numbers) = row;
    let address = Address {
        kind: AddressKind::from_word(&kind),
        reference,
        name,
        other: other.lines().map(str::to_owned).collect(),
        postcode,
        city,
        old_city,
        citycode,
        lon,
        lat,
        population: population.and_then(|n| u64::try_from(n).ok()),
        poi,
        numbers: Vec::new(),
    };
    StoredAddress { source: if source == "ban" { AddressSource::Ban } else { AddressSource::Osm }, address, numbers }
}
