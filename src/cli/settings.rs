//! Settings: a flag, else its `BOUILLON_*` variable, else the same word in one TOML file, else the default.

use super::BadInput;
use crate::http::{Limits, Options};
use crate::report::raster::Engine;
use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that an operator can set.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// TOML file with any of the settings below.
    #[arg(long, global = true, env = "BOUILLON_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Folder that holds everything [default: ./data].
    #[arg(long, global = true, env = "BOUILLON_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// `sqlite:FILE` or `postgres://…` [default: sqlite: in the data folder].
    #[arg(long, global = true, env = "BOUILLON_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Address to listen on [default: 127.0.0.1:8080].
    #[arg(long, global = true, env = "BOUILLON_LISTEN", value_name = "ADDR")]
    listen: Option<String>,
    /// Address for /metrics; none by default.
    #[arg(long, global = true, env = "BOUILLON_METRICS_LISTEN", value_name = "ADDR")]
    metrics_listen: Option<String>,
    /// The address that people type, such as https://carte.example.org [default: http:// and the listening address].
    #[arg(long, global = true, env = "BOUILLON_BASE_URL", value_name = "URL")]
    base_url: Option<String>,
    /// Proxies in front of this server: the client's address is that many hops from the right of X-Forwarded-For [default: 0].
    #[arg(long, global = true, env = "BOUILLON_TRUSTED_PROXIES", value_name = "N")]
    trusted_proxies: Option<usize>,
    /// Certificate chain (PEM), so that this server speaks https itself; read again when the file changes. Needs --tls-key.
    #[arg(long, global = true, env = "BOUILLON_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM).
    #[arg(long, global = true, env = "BOUILLON_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Free space on the data folder's disk below which /readyz says no, in MiB [default: a tenth of the disk, at most 1024].
    #[arg(long, global = true, env = "BOUILLON_MIN_FREE_MIB", value_name = "MIB", hide = true)]
    min_free_mib: Option<u64>,
    /// Seconds between SIGTERM, when /readyz begins to say no, and the end of listening, so that a load balancer can notice [default: 1].
    #[arg(long, global = true, env = "BOUILLON_DRAIN_SECONDS", value_name = "N", hide = true, value_parser = clap::value_parser!(u64).range(0..=8))]
    drain_seconds: Option<u64>,
    /// LibreOffice's program, for the PDF of reports; `none` for none [default: `soffice` of the search path].
    #[arg(long, global = true, env = "BOUILLON_SOFFICE", value_name = "FILE")]
    soffice: Option<PathBuf>,
    /// Memory for finished tiles of actors, MiB; 0 makes each anew [default: 64].
    #[arg(long, global = true, env = "BOUILLON_TILE_CACHE", value_name = "MIB")]
    tile_cache: Option<u32>,
    /// Who draws the base of raster tiles: resvg on the processor, or maplibre (maplibre-rs) on a graphics card [default: resvg].
    #[arg(long, global = true, env = "BOUILLON_RASTER_ENGINE", value_name = "ENGINE", value_enum, hide_possible_values = true)]
    raster_engine: Option<Engine>,
    /// Bring older tables up to date without a backup of them before.
    #[arg(long, global = true, env = "BOUILLON_NO_BACKUP", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", hide = true)]
    #[serde(skip)]
    no_backup: Option<bool>,
    /// Log lines as JSON.
    #[arg(long, global = true, env = "BOUILLON_JSON_LOGS", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    json_logs: Option<bool>,
    /// Who publishes the site, for the legal page.
    #[arg(long, global = true, env = "BOUILLON_PUBLISHER", value_name = "NAME", hide = true)]
    publisher: Option<String>,
    /// E-mail or postal address of the publisher, for the legal page.
    #[arg(long, global = true, env = "BOUILLON_CONTACT", value_name = "TEXT", hide = true)]
    contact: Option<String>,
    /// Who hosts the server, for the legal page.
    #[arg(long, global = true, env = "BOUILLON_HOST", value_name = "NAME", hide = true)]
    host: Option<String>,
    /// What one person and one address may do.
    #[command(flatten)]
    #[serde(default)]
    limits: LimitSettings,
}

#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct LimitSettings {
    /// Actors that one contributor may add per hour.
    #[arg(long, global = true, env = "BOUILLON_CREATIONS_PER_HOUR", value_name = "N", hide = true)]
    creations_per_hour: Option<u32>,
    /// Other edits that one contributor may make per hour.
    #[arg(long, global = true, env = "BOUILLON_EDITS_PER_HOUR", value_name = "N", hide = true)]
    edits_per_hour: Option<u32>,
    /// Actors that may be added from one address per hour.
    #[arg(long, global = true, env = "BOUILLON_ADDRESS_CREATIONS_PER_HOUR", value_name = "N", hide = true)]
    address_creations_per_hour: Option<u32>,
    /// Other edits that may be made from one address per hour.
    #[arg(long, global = true, env = "BOUILLON_ADDRESS_EDITS_PER_HOUR", value_name = "N", hide = true)]
    address_edits_per_hour: Option<u32>,
    /// Seconds that filling the form takes a person at least.
    #[arg(long, global = true, env = "BOUILLON_MIN_FILL_SECONDS", value_name = "N", hide = true)]
    min_fill_seconds: Option<u32>,
}

impl Settings {
    /// Fills what flags and environment leave open from the TOML file.
    ///
    /// # Errors
    /// When the file can't be read, is not TOML, or holds an unknown word.
    pub fn complete(self) -> anyhow::Result<Self> {
        let Some(path) = &self.config else { return Ok(self) };
        let text = std::fs::read_to_string(path).with_context(|| format!("the settings file {} can't be read", path.display()))?;
        let file: Self = toml::from_str(&text).map_err(|e| BadInput(format!("the settings file {} is not understood: {e}", path.display())))?;
        Ok(Self {
            config: self.config,
            data: self.data.or(file.data),
            database: self.database.or(file.database),
            listen: self.listen.or(file.listen),
            metrics_listen: self.metrics_listen.or(file.metrics_listen),
            base_url: self.base_url.or(file.base_url),
            trusted_proxies: self.trusted_proxies.or(file.trusted_proxies),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            min_free_mib: self.min_free_mib.or(file.min_free_mib),
            drain_seconds: self.drain_seconds.or(file.drain_seconds),
            soffice: self.soffice.or(file.soffice),
            tile_cache: self.tile_cache.or(file.tile_cache),
            raster_engine: self.raster_engine.or(file.raster_engine),
            no_backup: self.no_backup,
            json_logs: self.json_logs.or(file.json_logs),
            publisher: self.publisher.or(file.publisher),
            contact: self.contact.or(file.contact),
            host: self.host.or(file.host),
            limits: LimitSettings {
                creations_per_hour: self.limits.creations_per_hour.or(file.limits.creations_per_hour),
                edits_per_hour: self.limits.edits_per_hour.or(file.limits.edits_per_hour),
                address_creations_per_hour: self.limits.address_creations_per_hour.or(file.limits.address_creations_per_hour),
                address_edits_per_hour: self.limits.address_edits_per_hour.or(file.limits.address_edits_per_hour),
                min_fill_seconds: self.limits.min_fill_seconds.or(file.limits.min_fill_seconds),
            },
        })
    }

    /// The data folder, made if it is missing.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn data(&self) -> anyhow::Result<PathBuf> {
        let folder = self.data.clone().unwrap_or_else(|| PathBuf::from("data"));
        std::fs::create_dir_all(&folder).with_context(|| format!("the data folder {} can't be made", folder.display()))?;
        Ok(folder)
    }

    /// The database's address.
    ///
    /// # Errors
    /// When the data folder can't be made.
    pub fn database(&self) -> anyhow::Result<String> {
        match &self.database {
            Some(url) => Ok(url.clone()),
            None => Ok(format!("sqlite:{}", self.data()?.join("bouillon.sqlite").display())),
        }
    }

    /// Where to listen.
    ///
    /// # Errors
    /// When it is no address.
    pub fn listen(&self) -> anyhow::Result<SocketAddr> {
        address(self.listen.as_deref().unwrap_or("127.0.0.1:8080"))
    }

    /// Where to serve /metrics.
    ///
    /// # Errors
    /// When it is no address.
    pub fn metrics_listen(&self) -> anyhow::Result<Option<SocketAddr>> {
        self.metrics_listen.as_deref().map(address).transpose()
    }

    /// The address that people type, when it was set: scheme and host, without a slash at the end.
    ///
    /// # Errors
    /// When it is no http(s) address.
    pub fn base_url(&self) -> anyhow::Result<Option<String>> {
        let Some(text) = &self.base_url else { return Ok(None) };
        let url = url::Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.path() == "/");
        let url = url.ok_or_else(|| BadInput(format!("--base-url must look like https://carte.example.org, not `{text}`")))?;
        Ok(Some(url.origin().ascii_serialization()))
    }

    /// The database's address, when one was given.
    pub fn database_given(&self) -> Option<String> {
        self.database.clone()
    }

    /// Whether older tables are brought up to date without a backup.
    pub fn no_backup(&self) -> bool {
        self.no_backup.unwrap_or(false)
    }

    /// Certificate and key, when this server speaks TLS itself.
    ///
    /// # Errors
    /// When only one of them is given.
    pub fn tls(&self) -> anyhow::Result<Option<[&Path; 2]>> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(cert), Some(key)) => Ok(Some([cert, key])),
            _ => Err(BadInput("--tls-cert and --tls-key go together: give both or none".into()).into()),
        }
    }

    /// The address that people type, when nothing else was set: where the server listens.
    ///
    /// # Errors
    /// When the base URL is no http(s) address.
    pub fn shown(&self, listening: SocketAddr) -> anyhow::Result<String> {
        let scheme = if self.tls()?.is_some() { "https" } else { "http" };
        Ok(self.base_url()?.unwrap_or_else(|| format!("{scheme}://{listening}")))
    }

    /// How long a server that was asked to stop goes on listening.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.unwrap_or(1).min(8))
    }

    /// Whether log lines are JSON.
    pub fn json_logs(&self) -> bool {
        self.json_logs.unwrap_or(false)
    }

    /// The options of the HTTP side; the default limits let a carto-party work from one address and stop a script within an hour.
    ///
    /// # Errors
    /// When the base URL is no http(s) address.
    pub fn http(&self) -> anyhow::Result<Options> {
        let l = &self.limits;
        let limits = Limits {
            creations_per_hour: l.creations_per_hour.unwrap_or(20),
            edits_per_hour: l.edits_per_hour.unwrap_or(200),
            address_creations_per_hour: l.address_creations_per_hour.unwrap_or(120),
            address_edits_per_hour: l.address_edits_per_hour.unwrap_or(1200),
            min_fill_seconds: l.min_fill_seconds.unwrap_or(3),
        };
        Ok(Options {
            base_url: self.base_url()?,
            tls: self.tls()?.is_some(),
            data: self.data()?,
            min_free: self.min_free_mib.map(|mib| mib << 20),
            trusted_proxies: self.trusted_proxies.unwrap_or(0),
            limits,
            tile_cache: (self.tile_cache.unwrap_or(64) as usize) << 20,
            soffice: self.soffice.clone(),
            raster_engine: self.raster_engine.unwrap_or_default(),
            legal: [self.publisher.clone(), self.contact.clone(), self.host.clone()],
        })
    }
}

fn address(text: &str) -> anyhow::Result<SocketAddr> {
    text.parse().map_err(|_| BadInput(format!("`{text}` is no address to listen on; write for example 127.0.0.1:8080")).into())
}
