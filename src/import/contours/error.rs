//! Why contours are not read, or one of them is left out, in French and English.

use crate::model::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why one feature is no territory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// An element of `features` that is no GeoJSON Feature.
    NotAFeature,
    /// A geometry that is no Polygon or MultiPolygon, or none.
    NoPolygon,
    /// A ring whose last position is not its first.
    OpenRing,
    /// A ring of fewer than four positions, or without any area.
    FlatRing,
    /// A position that is no pair of degrees on Earth: perhaps metres.
    OffEarth,
    /// No name among the properties.
    NoName,
    /// The same kind and code as an earlier feature.
    Twice,
}

impl LeftOut {
    /// The reason in words.
    pub fn words(self, lang: Lang) -> &'static str {
        let (fr, en) = match self {
            Self::NotAFeature => ("élément qui n’est pas un Feature GeoJSON", "element that is no GeoJSON Feature"),
            Self::NoPolygon => ("géométrie qui n’est ni Polygon ni MultiPolygon", "geometry that is no Polygon or MultiPolygon"),
            Self::OpenRing => ("anneau qui ne se referme pas", "ring that does not close"),
            Self::FlatRing => ("anneau de moins de quatre points ou sans surface", "ring of fewer than four positions or without area"),
            Self::OffEarth => ("coordonnées qui ne sont pas des degrés", "coordinates that are no degrees"),
            Self::NoName => ("sans nom", "without a name"),
            Self::Twice => ("code déjà vu dans le fichier", "code already seen in the file"),
        };
        if lang == Lang::Fr { fr } else { en }
    }
}

/// The reasons with their numbers, as part of a sentence.
pub(super) fn told(left_out: &BTreeMap<LeftOut, (u64, String)>) -> Vec<(LeftOut, u64)> {
    left_out.iter().map(|(reason, (count, _))| (*reason, *count)).collect()
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.sentence(Lang::En))]
#[serde(tag = "code", content = "about", rename_all = "snake_case")]
pub enum ContoursError {
    /// The file can't be opened or unpacked: path and what the system says.
    Io(String, String),
    /// The file has no bytes.
    Empty(String),
    /// Not JSON: path, and where and what.
    NotJson(String, String),
    /// JSON, but no FeatureCollection or Feature.
    NotGeojson(String),
    /// More bytes than are read, in GiB.
    TooBig(u64),
    /// One feature of more bytes than are held, in MiB.
    TooBigFeature(u64),
    /// A collection without features.
    NoFeature,
    /// No feature is a territory: reasons and numbers.
    NothingUsable(Vec<(LeftOut, u64)>),
    /// What the contours are is not told by name or codes: an example.
    WhichKind(String),
    /// A list that is no JSON array of objects with codes: path.
    BadList(String),
}

impl ContoursError {
    /// One sentence: what is wrong and what to do about it.
    pub fn sentence(&self, lang: Lang) -> String {
        let fr = lang == Lang::Fr;
        let pick = |a: String, b: String| if fr { a } else { b };
        match self {
            Self::Io(path, why) => pick(format!("{path} ne peut pas être lu : {why}."), format!("{path} cannot be read: {why}.")),
            Self::Empty(path) => pick(format!("{path} est vide."), format!("{path} is empty.")),
            Self::NotJson(path, why) => pick(format!("{path} n’est pas du JSON entier : {why}."), format!("{path} is not whole JSON: {why}.")),
            Self::NotGeojson(path) => pick(
                format!("{path} n’est pas du GeoJSON : il faut une FeatureCollection ou un Feature."),
                format!("{path} is not GeoJSON: a FeatureCollection or a Feature is needed."),
            ),
            Self::TooBig(gib) => pick(
                format!("Le fichier dépasse {gib} Gio une fois décompressé : importez-le par région, ou avec des contours simplifiés."),
                format!("The file is over {gib} GiB once unpacked: import it region by region, or with simplified contours."),
            ),
            Self::TooBigFeature(mib) => pick(
                format!("Un des contours du fichier dépasse {mib} Mio de texte : importez des contours simplifiés."),
                format!("One contour of the file is over {mib} MiB of text: import simplified contours."),
            ),
            Self::NoFeature => pick("Le fichier ne contient aucun contour.".into(), "The file holds no contour.".into()),
            Self::NothingUsable(why) => {
                let list: Vec<String> = why.iter().map(|(reason, n)| format!("{n} × {}", reason.words(lang))).collect();
                pick(format!("Aucun contour n’est utilisable : {}.", list.join(", ")), format!("No contour can be used: {}.", list.join(", ")))
            }
            Self::WhichKind(example) => pick(
                format!("On ne sait pas ce que sont ces contours (« {example} ») : dites-le avec --kind, par exemple --kind departement."),
                format!("What these contours are (“{example}”) is not known: say it with --kind, for example --kind departement."),
            ),
            Self::BadList(path) => pick(
                format!("{path} n’est pas une liste JSON de communes, d’EPCI, de départements ou de régions avec leur code."),
                format!("{path} is no JSON list of communes, EPCI, départements or régions with their code."),
            ),
        }
    }
}
