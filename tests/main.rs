//! The one integration-test binary. Tests speak the outer language: the command line, HTTP, files. Names are sentences.
//!
//! A body written once runs on both back-ends (`on_both!`). Without `BOUILLON_TEST_POSTGIS` (set by `make test`) the PostGIS half fails:
//! a promise that is not tested on both is not tested.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics is a test that fails")]

#[macro_use]
mod app;
mod accounts;
mod archives;
mod backup;
mod backup_faults;
mod basemap;
mod cli;
mod clock;
mod crash;
mod edits;
mod embeds;
mod faults;
mod figures;
mod figures_ice;
mod fuzz_replay;
mod geocode;
mod geocode_files;
mod hostile_files;
mod hostile_json;
mod hostile_text;
mod imports;
mod install_page;
mod live;
mod live_client;
mod live_editor;
mod live_faults;
mod live_limits;
mod live_people;
mod maps;
mod moving;
mod nodes;
mod operations;
mod pack;
mod pages;
mod proxy;
mod raster;
#[cfg(feature = "maplibre")]
mod raster_maplibre;
mod reading;
mod reimports;
mod reimports_monaco;
mod reimports_support;
mod reports;
mod reports_files;
mod routes;
mod seances;
mod seances_after;
mod seances_rights;
mod security;
mod sim;
mod statistics;
mod statistics_cases;
mod territories;
mod tidy;
mod tiles;
mod tls;
mod upgrade;
