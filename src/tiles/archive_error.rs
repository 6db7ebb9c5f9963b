//! Why an archive is not a base map: what is wrong, and the sentence that says so in French or English.

use crate::model::Lang;

/// Part of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first 127 bytes.
    Header,
    /// The list of where the tiles lie.
    Directory,
    /// What the archive says of itself.
    Metadata,
    /// The tiles, or a list of some of them.
    Tiles,
}

/// Why an archive is refused. Nothing of it was used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence(Lang::En))]
pub enum ArchiveError {
    /// The file can't be opened or read; what the operating system says.
    Io(String),
    /// The file has no bytes.
    Empty,
    /// The file is something else.
    NotPmtiles,
    /// Another version of the format than 3.
    Version(u8),
    /// The file ends before the sections that its header announces.
    Cut {
        /// Bytes that the header announces.
        needs: u64,
        /// Bytes that the file has.
        has: u64,
    },
    /// A part of it is not readable.
    Damaged(Part),
    /// The tiles are not Mapbox vector tiles.
    Tiles {
        /// `PNG`, `MLT`…
        kind: String,
        /// Names of the layers, if it says them.
        layers: Vec<String>,
    },
    /// The tiles are packed in a way that is not known.
    Packing,
    /// The layers are not those of the Shortbread schema.
    Schema {
        /// Names of the layers.
        layers: Vec<String>,
    },
}

impl From<std::io::Error> for ArchiveError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

impl ArchiveError {
    /// One sentence: what is wrong and what to do about it.
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::Fr => self.french(),
            Lang::En => self.english(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Io(message) => format!("L’archive ne peut pas être lue : {message}."),
            Self::Empty => "L’archive est vide.".into(),
            Self::NotPmtiles => "Ce n’est pas une archive PMTiles.".into(),
            Self::Version(v) => format!("L’archive est en PMTiles version {v} ; il faut la version 3 (« pmtiles convert » la convertit)."),
            Self::Cut { needs, has } => format!("L’archive est coupée : elle a {has} octets au lieu d’au moins {needs}. Téléchargez-la de nouveau."),
            Self::Damaged(part) => format!("L’archive est abîmée : {} illisible.", part.french()),
            Self::Tiles { kind, layers } => {
                format!("Les tuiles de l’archive sont au format {kind} ; il faut des tuiles vectorielles MVT{}.", french_layers(layers))
            }
            Self::Packing => "Les tuiles de l’archive sont compressées d’une façon inconnue ; il faut gzip, brotli, zstd ou rien.".into(),
            Self::Schema { layers } if layers.is_empty() => {
                "L’archive ne nomme aucune couche ; il faut le schéma Shortbread (streets, land, water_polygons…).".into()
            }
            Self::Schema { layers } => {
                format!("L’archive suit un autre schéma que Shortbread (streets, land, water_polygons…) : ses couches sont {}.", names(layers))
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Io(message) => format!("The archive cannot be read: {message}."),
            Self::Empty => "The archive is empty.".into(),
            Self::NotPmtiles => "This is not a PMTiles archive.".into(),
            Self::Version(v) => format!("The archive is PMTiles version {v}; version 3 is needed (“pmtiles convert” makes it)."),
            Self::Cut { needs, has } => format!("The archive is cut: it has {has} bytes instead of at least {needs}. Download it again."),
            Self::Damaged(part) => format!("The archive is damaged: {} is not readable.", part.english()),
            Self::Tiles { kind, layers } => format!("The archive's tiles are {kind}; MVT vector tiles are needed{}.", english_layers(layers)),
            Self::Packing => "The archive's tiles are packed in an unknown way; gzip, brotli, zstd or nothing is needed.".into(),
            Self::Schema { layers } if layers.is_empty() => {
                "The archive names no layer; the Shortbread schema is needed (streets, land, water_polygons…).".into()
            }
            Self::Schema { layers } => {
                format!("The archive has another schema than Shortbread (streets, land, water_polygons…): its layers are {}.", names(layers))
            }
        }
    }
}

impl Part {
    fn french(self) -> &'static str {
        match self {
            Self::Header => "l’en-tête est",
            Self::Directory => "le répertoire des tuiles est",
            Self::Metadata => "la description en JSON est",
            Self::Tiles => "une tuile ou son répertoire est",
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Header => "its header",
            Self::Directory => "its directory of tiles",
            Self::Metadata => "its description in JSON",
            Self::Tiles => "a tile or its directory",
        }
    }
}

/// The first names; an archive may have hundreds.
fn names(layers: &[String]) -> String {
    let shown: Vec<&str> = layers.iter().take(12).map(String::as_str).collect();
    let more = if layers.len() > shown.len() { format!(" (+ {})", layers.len() - shown.len()) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn french_layers(layers: &[String]) -> String {
    if layers.is_empty() { String::new() } else { format!(" en schéma Shortbread, et ses couches sont {}", names(layers)) }
}

fn english_layers(layers: &[String]) -> String {
    if layers.is_empty() { String::new() } else { format!(" in the Shortbread schema, and its layers are {}", names(layers)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_whole_in_both_languages_and_names_what_was_found() {
        let layers = |n: usize| (0..n).map(|i| format!("couche{i}")).collect::<Vec<_>>();
        let all = [
            (ArchiveError::Io("No such file".into()), "No such file"),
            (ArchiveError::Empty, ""),
            (ArchiveError::NotPmtiles, "PMTiles"),
            (ArchiveError::Version(2), "2"),
            (ArchiveError::Cut { needs: 127, has: 60 }, "127"),
            (ArchiveError::Damaged(Part::Header), ""),
            (ArchiveError::Damaged(Part::Directory), ""),
            (ArchiveError::Damaged(Part::Metadata), "JSON"),
            (ArchiveError::Damaged(Part::Tiles), ""),
            (ArchiveError::Tiles { kind: "PNG".into(), layers: Vec::new() }, "PNG"),
            (ArchiveError::Tiles { kind: "MLT".into(), layers: layers(2) }, "couche0, couche1"),
            (ArchiveError::Packing, "zstd"),
            (ArchiveError::Schema { layers: Vec::new() }, "Shortbread"),
            (ArchiveError::Schema { layers: layers(14) }, "couche11 (+ 2)"),
        ];
        for (error, word) in all {
            let (french, english) = (error.sentence(Lang::Fr), error.sentence(Lang::En));
            assert_ne!(french, english);
            for sentence in [french, english] {
                assert!(sentence.ends_with('.') && sentence.contains(word), "{sentence}");
            }
        }
    }
}
