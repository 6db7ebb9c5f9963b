//! Why a file is not read: what is wrong, where, and the sentence that says so in French or English.

use crate::model::Lang;
use serde::{Deserialize, Serialize};

/// Where in the file something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// Number of the block, from 0 (the header).
    pub block: u64,
    /// Bytes from the start of the file to that block.
    pub byte: u64,
}

/// What a file is when it is no PBF file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Other {
    /// gzip: perhaps a PBF file that was compressed once more.
    Gzip,
    /// bzip2.
    Bzip2,
    /// A ZIP archive.
    Zip,
    /// OSM XML or another XML.
    Xml,
    /// A picture.
    Image,
    /// JSON or GeoJSON.
    Json,
    /// An SQLite database (GeoPackage, MBTiles).
    Sqlite,
    /// Anything else.
    Unknown,
}

/// What is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// A block's header is not readable or is longer than 64 KiB.
    Header,
    /// A block says that it is negative or longer than 32 MiB.
    Size,
    /// The file does not start with an `OSMHeader` block.
    NoHeader,
    /// A block holds no data.
    NoData,
    /// The compressed data can't be unpacked.
    Inflate,
    /// The data unpack to another length than announced.
    RawSize,
    /// The block's content is no valid message.
    Message,
    /// A number points outside the table of strings.
    StringIndex,
    /// Lists that belong together differ in length.
    Lengths,
    /// Numbers beyond what 64 bits or the Earth hold.
    Overflow,
    /// The grid of coordinates is zero or negative.
    Granularity,
    /// A relation has a member that is no node, way or relation.
    MemberType,
    /// More objects or texts than so few bytes can hold in earnest.
    Crowded,
    /// Bytes follow the last block.
    Trailing,
    /// The decoder gave up.
    Decoder,
}

/// What is wrong with a change file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeDamage {
    /// It is no osmChange file.
    Other,
    /// It is no well-formed XML, or nested or long beyond reason.
    Xml,
    /// It ends too soon.
    Cut,
    /// A number is none.
    Number,
    /// A node has no position on Earth.
    Position,
    /// A relation has a member that is no node, way or relation.
    Member,
    /// One object is larger than a block may be.
    Long,
    /// The extract keeps the positions of nodes in its ways, where changes of nodes do not reach.
    Located,
}

/// Why a file is not read. Nothing of it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.sentence(Lang::En))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ReadError {
    /// The file can't be opened or read.
    Io {
        /// What the operating system says.
        message: String,
    },
    /// The file has no bytes.
    Empty,
    /// The file is something else.
    NotPbf {
        /// What it looks like.
        looks_like: Other,
    },
    /// The file ends inside a block.
    Truncated {
        /// The block that is cut.
        at: Spot,
    },
    /// The file is broken.
    Damaged {
        /// The block that is broken.
        at: Spot,
        /// What is wrong with it.
        what: Damage,
    },
    /// The change file is broken, or does not fit the extract.
    Changes {
        /// Bytes from the start of the unpacked file.
        byte: u64,
        /// What is wrong.
        what: ChangeDamage,
    },
    /// The file needs a feature that Bouillon does not know.
    Feature {
        /// Name of the feature in the file's header.
        name: String,
    },
    /// The file holds every past version of its objects.
    Historical,
    /// The blocks are packed in a way that Bouillon does not unpack.
    Compression {
        /// `lz4`, `zstd`, `lzma` or `bzip2`.
        name: String,
    },
    /// Reading it would take more memory than allowed.
    TooBig {
        /// Memory needed, MiB.
        needs: u64,
        /// Memory allowed, MiB.
        allowed: u64,
    },
    /// No object of the file has a position on Earth.
    NoPosition,
    /// The boundary asked for is not in the file.
    BoundaryAbsent {
        /// `relation/123` or the code.
        asked: String,
    },
    /// The boundary asked for is in the file, but its ring does not close.
    BoundaryOpen {
        /// `relation/123`, or the name.
        asked: String,
    },
    /// The shape given is no polygon.
    BoundaryShape,
    /// The boundary asked for and the file are about different places.
    BoundaryElsewhere,
}

impl ReadError {
    pub(super) fn io(error: &std::io::Error) -> Self {
        Self::Io { message: error.to_string() }
    }

    /// One sentence for whoever gave the file.
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::Fr => self.french(),
            Lang::En => self.english(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Io { message } => format!("Le fichier ne peut pas être lu : {message}."),
            Self::Empty => "Le fichier est vide.".into(),
            Self::NotPbf { looks_like } => format!("Ce n’est pas un fichier .osm.pbf : {}.", looks_like.french()),
            Self::Truncated { at } => {
                format!("Le fichier est coupé : il s’arrête au milieu du bloc {} (octet {}). Téléchargez-le à nouveau.", at.block, at.byte)
            }
            Self::Damaged { at, what } => format!("Le fichier est abîmé au bloc {} (octet {}) : {}.", at.block, at.byte, what.french()),
            Self::Changes { byte, what } => format!("Le fichier de changements ne peut pas servir (octet {byte}) : {}.", what.french()),
            Self::Feature { name } => format!("Ce fichier demande une fonction que Bouillon ne connaît pas : « {name} »."),
            Self::Historical => {
                "Ce fichier contient tout l’historique d’OpenStreetMap ; donnez l’extrait ordinaire, qui ne garde que l’état actuel.".into()
            }
            Self::Compression { name } => {
                format!(
                    "Les blocs de ce fichier sont compressés en {name}, que Bouillon ne lit pas ; convertissez-le avec « osmium cat -o copie.osm.pbf »."
                )
            }
            Self::TooBig { needs, allowed } => {
                format!(
                    "La lecture demanderait environ {needs} Mio de mémoire, {allowed} Mio sont permis : prenez un extrait plus petit ou augmentez --max-memory."
                )
            }
            Self::NoPosition => "Aucun objet de ce fichier n’a de position sur Terre.".into(),
            Self::BoundaryAbsent { asked } => format!("Le contour « {asked} » n’est pas dans ce fichier."),
            Self::BoundaryOpen { asked } => {
                format!(
                    "Le contour « {asked} » n’est pas entier dans ce fichier : sa limite ne se referme pas. Donnez un contour en GeoJSON ou un extrait plus large."
                )
            }
            Self::BoundaryShape => "Le contour donné n’est pas un polygone GeoJSON fermé.".into(),
            Self::BoundaryElsewhere => {
                "Le contour donné et le fichier ne parlent pas du même endroit : aucun objet du fichier n’est à l’intérieur.".into()
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Io { message } => format!("The file cannot be read: {message}."),
            Self::Empty => "The file is empty.".into(),
            Self::NotPbf { looks_like } => format!("This is not an .osm.pbf file: {}.", looks_like.english()),
            Self::Truncated { at } => {
                format!("The file is cut: it ends in the middle of block {} (byte {}). Download it again.", at.block, at.byte)
            }
            Self::Damaged { at, what } => format!("The file is damaged at block {} (byte {}): {}.", at.block, at.byte, what.english()),
            Self::Changes { byte, what } => format!("The change file can't be used (byte {byte}): {}.", what.english()),
            Self::Feature { name } => format!("This file needs a feature that Bouillon does not know: “{name}”."),
            Self::Historical => {
                "This file holds the whole history of OpenStreetMap; give the ordinary extract, which keeps only the present state.".into()
            }
            Self::Compression { name } => {
                format!("The blocks of this file are packed with {name}, which Bouillon does not read; convert it with “osmium cat -o copy.osm.pbf”.")
            }
            Self::TooBig { needs, allowed } => {
                format!("Reading it would take about {needs} MiB of memory, {allowed} MiB are allowed: take a smaller extract or raise --max-memory.")
            }
            Self::NoPosition => "No object of this file has a position on Earth.".into(),
            Self::BoundaryAbsent { asked } => format!("The boundary “{asked}” is not in this file."),
            Self::BoundaryOpen { asked } => {
                format!("The boundary “{asked}” is not whole in this file: its ring does not close. Give a GeoJSON boundary or a larger extract.")
            }
            Self::BoundaryShape => "The boundary given is not a closed GeoJSON polygon.".into(),
            Self::BoundaryElsewhere => "The boundary given and the file are about different places: no object of the file lies inside.".into(),
        }
    }
}

impl Other {
    fn french(self) -> &'static str {
        match self {
            Self::Gzip => "c’est un fichier gzip, décompressez-le d’abord",
            Self::Bzip2 => "c’est un fichier bzip2, décompressez-le d’abord",
            Self::Zip => "c’est une archive ZIP, décompressez-la d’abord",
            Self::Xml => "c’est un fichier XML, convertissez-le avec « osmium cat -o copie.osm.pbf »",
            Self::Image => "c’est une image",
            Self::Json => "c’est un fichier JSON",
            Self::Sqlite => "c’est une base SQLite",
            Self::Unknown => "son début n’est pas celui d’un extrait OpenStreetMap",
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Gzip => "it is a gzip file, unpack it first",
            Self::Bzip2 => "it is a bzip2 file, unpack it first",
            Self::Zip => "it is a ZIP archive, unpack it first",
            Self::Xml => "it is an XML file, convert it with “osmium cat -o copy.osm.pbf”",
            Self::Image => "it is a picture",
            Self::Json => "it is a JSON file",
            Self::Sqlite => "it is an SQLite database",
            Self::Unknown => "its start is not that of an OpenStreetMap extract",
        }
    }
}

impl Damage {
    fn french(self) -> &'static str {
        match self {
            Self::Header => "l’en-tête du bloc est illisible",
            Self::Size => "la taille annoncée est impossible (32 Mio au plus)",
            Self::NoHeader => "le fichier ne commence pas par un bloc OSMHeader",
            Self::NoData => "le bloc ne contient pas de données",
            Self::Inflate => "les données compressées sont illisibles",
            Self::RawSize => "les données n’ont pas la longueur annoncée",
            Self::Message => "le contenu est illisible",
            Self::StringIndex => "un texte cité n’existe pas",
            Self::Lengths => "des listes qui vont ensemble n’ont pas la même longueur",
            Self::Overflow => "des nombres sont hors de toute limite",
            Self::Granularity => "la grille des coordonnées est nulle ou négative",
            Self::MemberType => "un membre de relation n’est ni un nœud, ni un chemin, ni une relation",
            Self::Crowded => "il annonce plus d’objets que sa taille ne permet",
            Self::Trailing => "des octets de trop suivent le dernier bloc",
            Self::Decoder => "le décodeur n’a pas pu lire ce bloc",
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Header => "the block's header is not readable",
            Self::Size => "the announced size is impossible (32 MiB at most)",
            Self::NoHeader => "the file does not start with an OSMHeader block",
            Self::NoData => "the block holds no data",
            Self::Inflate => "the compressed data are not readable",
            Self::RawSize => "the data do not have the announced length",
            Self::Message => "the content is not readable",
            Self::StringIndex => "a text is cited that does not exist",
            Self::Lengths => "lists that belong together differ in length",
            Self::Overflow => "numbers are beyond every limit",
            Self::Granularity => "the grid of coordinates is zero or negative",
            Self::MemberType => "a member of a relation is no node, way or relation",
            Self::Crowded => "it claims more objects than its size allows",
            Self::Trailing => "surplus bytes follow the last block",
            Self::Decoder => "the decoder could not read this block",
        }
    }
}

impl ChangeDamage {
    fn french(self) -> &'static str {
        match self {
            Self::Other => "ce n’est pas un fichier de changements d’OpenStreetMap (.osc ou .osc.gz)",
            Self::Xml => "ce n’est pas du XML lisible",
            Self::Cut => "il s’arrête avant sa fin ; téléchargez-le à nouveau",
            Self::Number => "un nombre attendu n’en est pas un",
            Self::Position => "un nœud n’a pas de position sur Terre",
            Self::Member => "un membre de relation n’est ni un nœud, ni un chemin, ni une relation",
            Self::Long => "un objet est trop grand",
            Self::Located => "l’extrait garde les positions dans les chemins (LocationsOnWays) ; importez un extrait ordinaire d’abord",
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Other => "it is no change file of OpenStreetMap (.osc or .osc.gz)",
            Self::Xml => "it is no readable XML",
            Self::Cut => "it ends before its end; download it again",
            Self::Number => "a number is expected where there is none",
            Self::Position => "a node has no position on Earth",
            Self::Member => "a member of a relation is no node, way or relation",
            Self::Long => "an object is too large",
            Self::Located => "the extract keeps positions in its ways (LocationsOnWays); import an ordinary extract first",
        }
    }
}
