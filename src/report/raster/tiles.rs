//! Raster tiles of the base map, for browsers that can't draw vector tiles: 256 pixels, with labels.
//!
//! Sixteen neighbours are drawn as one sheet and then cut, so that a name runs across tiles; a name that the sheet's own edge would cut is left
//! out. The base map is drawn by the engine of the operator's choice, labels always by resvg.

use super::painted::passes;
use super::{BaseRenderer, Engine, NotBuilt};
use crate::geo::{Bbox, TileId};
use crate::report::map;
use crate::report::map::base::Base;
use crate::report::map::paint::{Group, PaintLayer, Style, table};
use crate::report::map::view::View;
use crate::report::paper::fonts;
use crate::report::queue::{NotDrawn, Queue};
use crate::tiles::Archive;
use anyhow::Context;
use resvg::tiny_skia::{IntRect, Pixmap, Transform};
use resvg::usvg;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Pixels of a tile's side on the page.
pub const SIDE: u32 = 256;
/// The deepest zoom that is drawn: a tile is then some forty metres wide.
pub const MAX_ZOOM: u8 = 20;
/// Tiles of a sheet's side.
const SHEET: u32 = 4;
/// Finished tiles are kept up to this many bytes: some thousands.
const KEPT: usize = 48 << 20;

/// One finished tile.
#[derive(Debug)]
pub struct RasterTile {
    /// A PNG.
    pub png: Vec<u8>,
    /// The strong entity tag of these bytes.
    pub etag: String,
}

/// Draws and keeps raster tiles.
pub struct RasterTiles {
    queue: Queue,
    engine: Arc<Mutex<Box<dyn BaseRenderer>>>,
    kept: Mutex<Kept>,
    /// Sheets that are being drawn: whoever asks for another tile of one waits for it.
    drawing: Mutex<HashMap<Key, Arc<OnceCell<Arc<Sheet>>>>>,
}

impl std::fmt::Debug for RasterTiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RasterTiles").finish_non_exhaustive()
    }
}

/// Which sheet, of which archive, how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// Version of the archive: another file, another key.
    archive: String,
    zoom: u8,
    /// Column and row of the sheet.
    at: [u32; 2],
    scale: u32,
    language: &'static str,
}

/// The tiles of a sheet by rows.
type Sheet = Vec<Arc<RasterTile>>;

impl RasterTiles {
    /// With an engine; `program` is this program's file.
    ///
    /// # Errors
    /// [`NotBuilt`].
    pub fn new(engine: Engine, program: PathBuf) -> Result<Self, NotBuilt> {
        let engine = Arc::new(Mutex::new(engine.renderer(program)?));
        Ok(Self { queue: Queue::default(), engine, kept: Mutex::default(), drawing: Mutex::default() })
    }

    /// A tile of an archive with `scale` times 256 pixels, names in a language (`fr`, `en`) where they have one. Where the archive has nothing, it
    /// is blank.
    ///
    /// # Errors
    /// [`NotDrawn`]: too many wait, or the archive can't be read.
    pub async fn tile(&self, archive: Option<&Arc<Archive>>, tile: TileId, scale: u32, language: &'static str) -> Result<Arc<RasterTile>, NotDrawn> {
        let at = [tile.x / SHEET, tile.y / SHEET];
        let Some(archive) = archive.filter(|archive| meets(archive, &sheet_box(tile.z, at))) else { return blank(scale) };
        let key = Key { archive: archive.version.clone(), zoom: tile.z, at, scale, language };
        let place = ((tile.y % SHEET) * side(tile.z) + tile.x % SHEET) as usize;
        let known = self.kept().get(&key);
        let sheet = match known {
            Some(sheet) => sheet,
            None => self.draw(&key, archive).await?,
        };
        sheet.get(place).cloned().ok_or(NotDrawn::Failed)
    }

    async fn draw(&self, key: &Key, archive: &Arc<Archive>) -> Result<Arc<Sheet>, NotDrawn> {
        let cell = lock(&self.drawing).entry(key.clone()).or_default().clone();
        let drawn = cell.get_or_try_init(|| async {
            let (engine, archive, asked) = (self.engine.clone(), archive.clone(), key.clone());
            let sheet = self.queue.draw(move || sheet(&mut **lock(&engine), &archive, &asked)).await?.map_err(|e| {
                tracing::error!("raster tiles are not drawn: {e:#}");
                NotDrawn::Failed
            })?;
            let sheet = Arc::new(sheet);
            self.kept().put(key.clone(), sheet.clone());
            Ok(sheet)
        });
        let drawn = drawn.await.cloned();
        // Whoever has waited for it holds the cell; whoever comes later finds the sheet among the kept ones, or begins again.
        lock(&self.drawing).remove(key);
        drawn
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        lock(&self.kept)
    }
}

fn lock<T>(what: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tiles of a sheet's side at a zoom: the whole world may have fewer.
fn side(zoom: u8) -> u32 {
    SHEET.min(1 << zoom.min(31))
}

fn sheet_view(zoom: u8, at: [u32; 2]) -> View {
    let count = f64::from(zoom).exp2();
    let [left, top] = at.map(|i| f64::from(i * SHEET) / count);
    let width = f64::from(side(zoom) * SIDE);
    View { left, top, pixel: 1.0 / (count * f64::from(SIDE)), width, height: width }
}

fn sheet_box(zoom: u8, at: [u32; 2]) -> Bbox {
    let view = sheet_view(zoom, at);
    let ([west, north], [_, south]) = (view.degrees([0.0, 0.0]), view.degrees([view.width, view.height]));
    // The eastern edge of the last sheet is 180°, which is -180° as well.
    let east = west + view.width * view.pixel * 360.0;
    Bbox { west, south, east, north }
}

fn meets(archive: &Archive, sheet: &Bbox) -> bool {
    let [west, south, east, north] = archive.bounds;
    sheet.west <= east && sheet.east >= west && sheet.south <= north && sheet.north >= south
}

/// Draws a sheet and cuts it. Blocks.
fn sheet(engine: &mut dyn BaseRenderer, archive: &Archive, key: &Key) -> anyhow::Result<Sheet> {
    let view = sheet_view(key.zoom, key.at);
    let base = Base::read(archive, &view, key.language)?;
    let picture = picture(engine, &view, key.scale as f32, &base)?;
    let tile = SIDE * key.scale;
    let places = (0..side(key.zoom)).flat_map(|y| (0..side(key.zoom)).map(move |x| (x, y)));
    places
        .map(|(x, y)| {
            let place = IntRect::from_xywh((x * tile) as i32, (y * tile) as i32, tile, tile).context("a tile beyond its sheet")?;
            Ok(Arc::new(finished(&picture.clone_rect(place).context("a tile beyond its sheet")?)?))
        })
        .collect()
}

/// The base map of a view with its labels, in the style for light screens.
fn picture(engine: &mut dyn BaseRenderer, view: &View, scale: f32, base: &Base) -> anyhow::Result<Pixmap> {
    let layers = table().layers(Style::Light, view.zoom());
    let mut picture = engine.render(view, scale, &passes(&ground()?, &layers, base))?;
    write_names(&mut picture, view, scale, &map::names(base, view, Style::Light))?;
    Ok(picture)
}

/// Names are SVG elements, so that resvg shapes their letters.
fn write_names(picture: &mut Pixmap, view: &View, scale: f32, names: &str) -> anyhow::Result<()> {
    let (width, height) = (view.width, view.height);
    let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">{names}</svg>");
    let options = usvg::Options { fontdb: fonts::database(), font_family: fonts::FAMILY.into(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&svg, &options)?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut picture.as_mut());
    Ok(())
}

fn ground() -> anyhow::Result<PaintLayer> {
    table().own(Group::Area, "land", Style::Light, 0.0).context("the paint table has no ground")
}

/// A tile of ground.
fn blank(scale: u32) -> Result<Arc<RasterTile>, NotDrawn> {
    static BLANK: Mutex<Option<HashMap<u32, Arc<RasterTile>>>> = Mutex::new(None);
    let mut known = lock(&BLANK);
    let known = known.get_or_insert_default();
    if let Some(tile) = known.get(&scale) {
        return Ok(tile.clone());
    }
    let side = f64::from(SIDE);
    let view = View { left: 0.0, top: 0.0, pixel: 1.0 / side, width: side, height: side };
    let ground = ground().map_err(|_| NotDrawn::Failed)?;
    let picture = super::SkiaRenderer.render(&view, scale as f32, &passes(&ground, &[], &Base::default())).map_err(|_| NotDrawn::Failed)?;
    let tile = Arc::new(finished(&picture).map_err(|_| NotDrawn::Failed)?);
    known.insert(scale, tile.clone());
    Ok(tile)
}

fn finished(picture: &Pixmap) -> anyhow::Result<RasterTile> {
    let png = picture.encode_png()?;
    let etag = format!("\"{:x}\"", Sha256::digest(&png))[..33].to_owned() + "\"";
    Ok(RasterTile { png, etag })
}

/// Finished sheets, the least lately used thrown away first.
#[derive(Default)]
struct Kept {
    sheets: HashMap<Key, (Arc<Sheet>, u64)>,
    bytes: usize,
    clock: u64,
}

impl Kept {
    fn get(&mut self, key: &Key) -> Option<Arc<Sheet>> {
        self.clock += 1;
        let (sheet, used) = self.sheets.get_mut(key)?;
        *used = self.clock;
        Some(sheet.clone())
    }

    fn put(&mut self, key: Key, sheet: Arc<Sheet>) {
        self.clock += 1;
        self.bytes += bytes(&sheet);
        if let Some((old, _)) = self.sheets.insert(key, (sheet, self.clock)) {
            self.bytes -= bytes(&old);
        }
        while self.bytes > KEPT && self.sheets.len() > 1 {
            let Some(oldest) = self.sheets.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone()) else { return };
            self.bytes -= self.sheets.remove(&oldest).map_or(0, |(sheet, _)| bytes(&sheet));
        }
    }
}

fn bytes(sheet: &Sheet) -> usize {
    sheet.iter().map(|tile| tile.png.len() + 128).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_lies_where_its_tiles_lie() {
        let tile = TileId::new(14, 8101, 5720).unwrap();
        let (view, cover) = (sheet_view(14, [tile.x / SHEET, tile.y / SHEET]), sheet_box(14, [tile.x / SHEET, tile.y / SHEET]));
        let own = tile.bbox();
        assert!(cover.west <= own.west && cover.east >= own.east && cover.south <= own.south && cover.north >= own.north);
        assert!((view.width - 1024.0).abs() < 1e-9 && (view.zoom() - 13.0).abs() < 1e-9);
        let world = sheet_box(0, [0, 0]);
        assert!((world.west + 180.0).abs() < 1e-9 && (world.east - 180.0).abs() < 1e-9 && world.north > 85.0);
        assert_eq!((side(0), side(1), side(2), side(20)), (1, 2, 4, 4));
    }

    #[test]
    fn the_oldest_sheet_goes_first_and_bytes_are_counted() {
        let sheet = |n: usize| Arc::new(vec![Arc::new(RasterTile { png: vec![0; n], etag: String::new() })]);
        let key = |x: u32| Key { archive: "a".into(), zoom: 3, at: [x, 0], scale: 1, language: "fr" };
        let mut kept = Kept::default();
        kept.put(key(1), sheet(KEPT / 2));
        kept.put(key(2), sheet(KEPT / 4));
        assert!(kept.get(&key(1)).is_some());
        kept.put(key(3), sheet(KEPT / 2 - 1000));
        assert!(kept.get(&key(2)).is_none() && kept.get(&key(1)).is_some() == (kept.bytes > KEPT / 2));
        assert!(kept.bytes <= KEPT);
        kept.put(key(3), sheet(10));
        kept.put(key(1), sheet(10));
        assert_eq!(kept.bytes, 2 * 138);
    }
}
