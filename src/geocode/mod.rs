//! Finding addresses: an index in memory of streets, places, municipalities and house numbers, asked by text as people type it or by point.
//!
//! [`Geocoder`] is filled from the store at the start and after each import; readers see the old index until the new one is whole.

mod france;
mod index;
mod query;
mod reverse;
mod search;
mod vocabulary;
mod within;
mod words;

pub use search::Query;
pub use within::Listed;

use crate::geo::Bbox;
use crate::store::{AddressKind, AddressSource, Result, Store};
use index::{Index, NO_NUMBER, STEP};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A name in the form in which names are compared: folded, abbreviations written out, small words left out.
pub fn key(name: &str) -> String {
    words::words(name).join(" ")
}

/// Whether two spellings are the same name: `AV DU GAL LECLERC` and « Avenue du Général-Leclerc ».
pub fn same_words(a: &str, b: &str) -> bool {
    key(a) == key(b)
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A house number.
    House,
    /// Anything else.
    Of(AddressKind),
}

impl Kind {
    /// Reads the word that requests use.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "housenumber" => Self::House,
            "street" => Self::Of(AddressKind::Street),
            "locality" => Self::Of(AddressKind::Locality),
            "municipality" => Self::Of(AddressKind::Municipality),
            "poi" => Self::Of(AddressKind::Poi),
            _ => return None,
        })
    }

    /// The word that answers use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::House => "housenumber",
            Self::Of(kind) => kind.as_str(),
        }
    }
}

/// What answers must be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only with this postcode.
    pub postcode: Option<&'a str>,
    /// Only in the commune of this INSEE code.
    pub citycode: Option<&'a str>,
    /// Only in this box.
    pub within: Option<Bbox>,
}

/// An address found, by its numbers in the index.
#[derive(Debug, Clone, Copy)]
struct Found {
    doc: u32,
    number: u32,
    score: f32,
    /// How well the text alone fits.
    text: f32,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// Stable between imports: the BAN's own, or made of commune and name.
    pub id: String,
    /// The whole address on one line.
    pub label: String,
    /// The line without postcode and commune.
    pub name: String,
    /// `12bis`.
    pub housenumber: Option<String>,
    /// The street of a house number.
    pub street: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// INSEE code.
    pub citycode: Option<String>,
    /// Name of the commune.
    pub city: Option<String>,
    /// Name of the commune before a merger.
    pub old_city: Option<String>,
    /// `35, Ille-et-Vilaine, Bretagne`.
    pub context: Option<String>,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// Inhabitants, when known.
    pub population: Option<u32>,
    /// 0 to 1.
    pub importance: f64,
    /// 0 to 1.
    pub score: f64,
    /// Metres from the point asked for.
    pub distance_m: Option<f64>,
    /// Of a public place, its kind: `amenity=library`.
    pub poi: Option<String>,
    /// Who says so.
    pub source: AddressSource,
}

/// How much the index holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Streets, places, municipalities and public places.
    pub names: usize,
    /// House numbers.
    pub numbers: usize,
}

/// The index, replaced as a whole. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Geocoder(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    index: RwLock<Arc<Index>>,
    /// The import that the index was built after.
    run: AtomicI64,
    /// Held while the index is built, so that two builds do not mix.
    building: tokio::sync::Mutex<()>,
}

impl Geocoder {
    /// Fills an index from the store.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(store: &Store) -> Result<Self> {
        let new = Self::default();
        new.refresh(store).await?;
        Ok(new)
    }

    /// Reads the addresses again if an import changed them, here or on another node.
    ///
    /// # Errors
    /// When the database does not answer; the index stays as it was.
    pub async fn refresh(&self, store: &Store) -> Result<()> {
        let _one = self.0.building.lock().await;
        let mut tx = store.read().await?;
        let run = tx.address_run().await?;
        if run == self.0.run.load(Ordering::Relaxed) {
            return Ok(());
        }
        let addresses = tx.addresses().await?;
        drop(tx);
        let built = tokio::task::spawn_blocking(move || Index::new(addresses)).await;
        if let Ok(index) = built {
            *self.0.index.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
            self.0.run.store(run, Ordering::Relaxed);
        }
        Ok(())
    }

    fn index(&self) -> Arc<Index> {
        self.0.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How much it holds.
    pub fn size(&self) -> Size {
        let index = self.index();
        Size { names: index.docs.len(), numbers: index.numbers.len() }
    }

    /// Addresses for a text, best first.
    pub fn search(&self, query: &Query<'_>) -> Vec<Hit> {
        let index = self.index();
        search::search(&index, query).into_iter().map(|found| hit(&index, found, query.near)).collect()
    }

    /// Every address in a box, with at most so many house numbers.
    pub fn within(&self, bbox: Bbox, numbers_max: usize) -> Vec<Listed> {
        within::within(&self.index(), bbox, numbers_max)
    }

    /// Addresses around a point (degrees), nearest first.
    pub fn reverse(&self, lon: f64, lat: f64, kind: Option<Kind>, limit: usize) -> Vec<Hit> {
        let index = self.index();
        let found = reverse::reverse(&index, lon, lat, kind, limit);
        found.into_iter().map(|(found, distance)| Hit { distance_m: Some(distance), ..hit(&index, found, None) }).collect()
    }
}

fn hit(index: &Index, found: Found, near: Option<[f64; 2]>) -> Hit {
    let doc = &index.docs[found.doc as usize];
    let area = &index.areas[doc.area as usize];
    let number = index.numbers.get(found.number as usize).filter(|_| found.number != NO_NUMBER);
    let housenumber = number.map(|n| index.label(*n));
    let [lon, lat] = number.map_or([doc.lon, doc.lat], |n| [n.lon, n.lat]).map(|v| f64::from(v) / STEP);
    let name = housenumber.as_ref().map_or_else(|| doc.name.to_string(), |n| format!("{n} {}", doc.name));
    let owned = |t: &Option<Box<str>>| t.as_deref().map(str::to_owned);
    let place = [area.postcode.as_deref(), area.city.as_deref()];
    let municipality = doc.kind == AddressKind::Municipality;
    let label =
        if municipality { name.clone() } else { std::iter::once(name.as_str()).chain(place.into_iter().flatten()).collect::<Vec<_>>().join(" ") };
    let department = area.citycode.as_deref().and_then(france::department);
    Hit {
        kind: if number.is_some() { Kind::House } else { Kind::Of(doc.kind) },
        id: id(index, found),
        label,
        name,
        street: housenumber.as_ref().map(|_| doc.name.to_string()),
        housenumber,
        postcode: owned(&area.postcode),
        citycode: owned(&area.citycode),
        city: owned(&area.city),
        old_city: owned(&area.old_city),
        context: department.map(|(code, name, region)| if name == region { format!("{code}, {name}") } else { format!("{code}, {name}, {region}") }),
        lon,
        lat,
        population: (doc.population > 0).then_some(doc.population),
        importance: f64::from(doc.importance),
        score: f64::from(found.score.clamp(0.0, 1.0)),
        distance_m: near.map(|from| crate::geo::mercator::metres([lon, lat], from)),
        poi: owned(&doc.poi),
        source: doc.source,
    }
}

/// The BAN's identifier, or one made of commune and name; of a house number with the number behind it: `35236_0123_00012_bis`.
fn id(index: &Index, found: Found) -> String {
    let doc = &index.docs[found.doc as usize];
    let area = &index.areas[doc.area as usize];
    let mut id = if doc.reference.is_empty() {
        let place = area.citycode.as_deref().or(area.postcode.as_deref()).unwrap_or("x");
        format!("{place}_{}", crate::model::text::slug(&doc.name))
    } else {
        doc.reference.to_string()
    };
    if let Some(n) = index.numbers.get(found.number as usize).filter(|_| found.number != NO_NUMBER) {
        id.push_str(&format!("_{:05}", n.number));
        let suffix = &index.suffixes[n.suffix as usize];
        if !suffix.is_empty() {
            id.push_str(&format!("_{suffix}"));
        }
    }
    id
}
