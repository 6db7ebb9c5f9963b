//! What an operator can set about the HTTP side.

use crate::report::raster::Engine;
use std::path::PathBuf;

/// Options of the HTTP side.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address that people type, scheme and host, when it was set.
    pub base_url: Option<String>,
    /// Whether this server speaks TLS itself.
    pub tls: bool,
    /// The data folder, whose disk must not fill up.
    pub data: PathBuf,
    /// Free space below which this server says that it is not ready, bytes; by default a tenth of the disk, at most 1 GiB.
    pub min_free: Option<u64>,
    /// Proxies in front of this server.
    pub trusted_proxies: usize,
    /// What one person and one address may write.
    pub limits: Limits,
    /// Finished tiles of actors are kept up to this many bytes.
    pub tile_cache: usize,
    /// LibreOffice's program; `none` means none, nothing set means the first `soffice` of the search path.
    pub soffice: Option<PathBuf>,
    /// Who draws raster tiles.
    pub raster_engine: Engine,
    /// Publisher, contact and host, for the legal page.
    pub legal: [Option<String>; 3],
}

/// What one person and one address may do, and how fast a person can fill a form.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Actors that one contributor may add per hour.
    pub creations_per_hour: u32,
    /// Other edits that one contributor may make per hour.
    pub edits_per_hour: u32,
    /// Actors that may be added from one address (IPv4, or IPv6 /64) per hour.
    pub address_creations_per_hour: u32,
    /// Other edits that may be made from one address per hour.
    pub address_edits_per_hour: u32,
    /// Seconds that filling the form takes a person at least.
    pub min_fill_seconds: u32,
}
