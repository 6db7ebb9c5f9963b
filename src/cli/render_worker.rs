//! `bouillon render-worker`: draws with maplibre-rs what a server asks for, until that server closes its input.

/// Draws until standard input closes.
///
/// # Errors
/// When the input is not a server's, or this program was built without maplibre-rs.
#[cfg(feature = "maplibre")]
pub(super) async fn run() -> anyhow::Result<()> {
    use crate::report::raster::{FrameError, work};
    match work().await {
        Err(error @ FrameError::NotAFrame(_)) => Err(super::BadInput(error.to_string()).into()),
        done => Ok(done?),
    }
}

/// Says that it can't.
///
/// # Errors
/// Always: this program was built without maplibre-rs.
#[cfg(not(feature = "maplibre"))]
pub(super) async fn run() -> anyhow::Result<()> {
    Err(crate::report::raster::NotBuilt.into())
}
