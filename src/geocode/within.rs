//! All addresses of a box, for a device that will be without network.

use super::index::{Index, STEP};
use crate::geo::Bbox;
use crate::store::AddressKind;
use serde::Serialize;

/// A street, place, municipality or public place with its house numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// `street`, `locality`, `municipality` or `poi`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Postcode.
    pub postcode: Option<String>,
    /// Name of the commune.
    pub city: Option<String>,
    /// INSEE code.
    pub citycode: Option<String>,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// `12bis`, longitude and latitude in degrees.
    pub numbers: Vec<(String, f64, f64)>,
}

/// See [`super::Geocoder::within`].
pub(super) fn within(index: &Index, bbox: Bbox, numbers_max: usize) -> Vec<Listed> {
    let degrees = |steps: i32| f64::from(steps) / STEP;
    let mut left = numbers_max;
    let inside = index.docs.iter().filter(|doc| bbox.holds(degrees(doc.lon), degrees(doc.lat)));
    let listed = inside.map(|doc| {
        let own = &index.numbers[doc.numbers.start as usize..doc.numbers.end as usize];
        let kept = &own[..own.len().min(left)];
        left -= kept.len();
        let area = &index.areas[doc.area as usize];
        let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Listed {
            kind: AddressKind::as_str(doc.kind),
            name: doc.name.to_string(),
            postcode: owned(&area.postcode),
            city: owned(&area.city),
            citycode: owned(&area.citycode),
            lon: degrees(doc.lon),
            lat: degrees(doc.lat),
            numbers: kept.iter().map(|n| (index.label(*n), degrees(n.lon), degrees(n.lat))).collect(),
        }
    });
    listed.collect()
}
