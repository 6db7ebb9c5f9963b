//! The base of a map as pixels, by one of two engines, and the raster tiles made of it.
//!
//! resvg (with tiny-skia inside) draws by default: everything, without a graphics card. maplibre-rs draws where the operator asks for it and
//! the program was built with the feature `maplibre`: opaque shapes only, in a process of its own.

#[cfg(feature = "maplibre")]
mod driver;
#[cfg(feature = "maplibre")]
mod frame;
#[cfg(feature = "maplibre")]
mod maplibre;
mod painted;
mod skia;
mod tiles;
#[cfg(feature = "maplibre")]
mod worker;

#[cfg(feature = "maplibre")]
pub use frame::FrameError;
#[cfg(feature = "maplibre")]
pub use maplibre::MaplibreRenderer;
pub use painted::{Painted, passes};
pub use skia::SkiaRenderer;
pub use tiles::{MAX_ZOOM, RasterTile, RasterTiles, SIDE};
#[cfg(feature = "maplibre")]
pub use worker::work;

use super::map::view::View;
use resvg::tiny_skia::Pixmap;
use std::path::PathBuf;

/// Draws areas and lines of a view, without its labels.
pub trait BaseRenderer: Send {
    /// A picture of the view with `scale` pixels per pixel of the view, opaque everywhere. The lowest layer comes first.
    ///
    /// # Errors
    /// [`RenderError`].
    fn render(&mut self, view: &View, scale: f32, layers: &[Painted<'_>]) -> Result<Pixmap, RenderError>;
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// No memory is taken for it.
    #[error("a picture of {0} × {1} pixels is not drawn")]
    Size(u32, u32),
    /// The second engine did not draw.
    #[error("{0}")]
    Engine(String),
}

/// Who draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// On the processor, in this process.
    #[default]
    Resvg,
    /// On the graphics card, in a process of its own; only in a program built with the feature `maplibre`.
    Maplibre,
}

/// This program has only one engine.
#[derive(Debug, thiserror::Error)]
#[error("this program was built without maplibre-rs: leave --raster-engine out, or build it with `cargo build --release --features maplibre`")]
pub struct NotBuilt;

impl Engine {
    /// Makes the engine; `program` is this program's file, which the second engine runs once more.
    ///
    /// # Errors
    /// [`NotBuilt`].
    pub fn renderer(self, program: PathBuf) -> Result<Box<dyn BaseRenderer>, NotBuilt> {
        match self {
            Self::Resvg => Ok(Box::new(SkiaRenderer)),
            #[cfg(feature = "maplibre")]
            Self::Maplibre => Ok(Box::new(MaplibreRenderer::new(program))),
            #[cfg(not(feature = "maplibre"))]
            Self::Maplibre => {
                drop(program);
                Err(NotBuilt)
            }
        }
    }
}

/// Width and height of a picture of a view; none when there is nothing in it or it would take more than 256 MiB.
fn pixels(view: &View, scale: f32) -> Result<[u32; 2], RenderError> {
    let [width, height] = [view.width, view.height].map(|side| (side * f64::from(scale)).round().clamp(0.0, 1e6) as u32);
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > 64 << 20 {
        return Err(RenderError::Size(width, height));
    }
    Ok([width, height])
}
