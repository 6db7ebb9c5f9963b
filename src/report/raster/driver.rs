//! maplibre-rs without a window: one frame of opaque shapes becomes one picture in memory.
//!
//! Its documented way draws exactly one square tile into a file. This goes through its public plugins instead: any size, several tiles, our own
//! widths of lines. A `Maplibre` stays on the thread that made it.

use super::frame::{Frame, Shape, ShapeKind};
use csscolorparser::Color;
use lyon::math::point;
use lyon::path::Path;
use lyon::tessellation::{
    BuffersBuilder, FillOptions, FillRule, FillTessellator, FillVertex, LineCap, LineJoin, StrokeOptions, StrokeTessellator, StrokeVertex,
    VertexBuffers,
};
use maplibre::context::MapContext;
use maplibre::coords::{EXTENT, WorldCoords, WorldTileCoords, Zoom, ZoomLevel};
use maplibre::headless::HeadlessPlugin;
use maplibre::headless::environment::HeadlessEnvironment;
use maplibre::headless::window::HeadlessMapWindowConfig;
use maplibre::io::apc::SchedulerAsyncProcedureCall;
use maplibre::kernel::KernelBuilder;
use maplibre::platform::http_client::ReqwestHttpClient;
use maplibre::platform::scheduler::TokioScheduler;
use maplibre::plugin::Plugin;
use maplibre::render::eventually::Eventually;
use maplibre::render::resource::{Head, Surface};
use maplibre::render::settings::{Backends, RendererSettings, WgpuSettings};
use maplibre::render::{RenderPlugin, RenderResources, RenderStageLabel, Renderer, ShaderVertex};
use maplibre::schedule::{Schedule, Stage};
use maplibre::style::Style;
use maplibre::style::layer::{FillPaint, LayerPaint, StyleLayer};
use maplibre::tcs::system::{System, SystemContainer};
use maplibre::tcs::world::World;
use maplibre::vector::{
    AvailableVectorLayerData, DefaultVectorTransferables, VectorBufferPool, VectorLayerData, VectorLayersDataComponent, VectorPlugin,
};
use maplibre::view_state::ViewState;
use maplibre::window::{MapWindow, WindowSize};
use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// Colours in a row that one frame may have: a layer's place is its depth, and there are not more of them.
const LAYERS: usize = 160;
/// Its camera always shows so many units of the world in height: 2^9.
const HEIGHT_LOG2: f64 = 9.0;
/// Units beyond a tile's edge where a shape still counts as touching it.
const STRIP: f32 = 64.0;
/// How far a curve may be from where it should be, in units of a tile.
const TOLERANCE: f32 = 0.5;

/// A renderer with its device.
pub(super) struct Maplibre {
    context: MapContext,
    schedule: Schedule,
    picture: Rc<RefCell<Vec<u8>>>,
}

/// A window that is not there.
struct NoWindow(WindowSize);

impl MapWindow for NoWindow {
    fn size(&self) -> WindowSize {
        self.0
    }
}

/// Takes each finished picture out of the device.
struct Capture(Rc<RefCell<Vec<u8>>>);

impl System for Capture {
    fn name(&self) -> Cow<'static, str> {
        "capture".into()
    }

    fn run(&mut self, context: &mut MapContext) {
        let surface = context.renderer.resources.surface();
        let Head::Headless(texture) = surface.head() else { return };
        let texture = texture.clone();
        let row = surface.size().width() as usize * 4;
        let slice = texture.map_async(&context.renderer.device);
        let bytes = slice.get_mapped_range();
        let mut picture = self.0.borrow_mut();
        picture.clear();
        // The device's rows are longer than the picture's.
        for line in bytes.chunks(texture.bytes_per_row().get() as usize) {
            picture.extend_from_slice(line.get(..row).unwrap_or(line));
        }
        drop(bytes);
        texture.unmap();
    }
}

impl Maplibre {
    /// Finds a device. Must be called inside a tokio runtime.
    pub(super) async fn new() -> Result<Self, String> {
        let size = WindowSize::new(64, 64).ok_or("no window")?;
        let mut settings = WgpuSettings::default();
        if std::env::var_os("WGPU_BACKEND").is_none() {
            settings.backends = Some(Backends::VULKAN);
        }
        let renderer = Renderer::initialize_headless(&NoWindow(size), settings, RendererSettings::default()).await;
        let mut renderer = renderer.map_err(|e| format!("there is no graphics device that it can draw with: {e}"))?;
        let kernel = KernelBuilder::<HeadlessEnvironment>::new()
            .with_map_window_config(HeadlessMapWindowConfig::new(size))
            .with_http_client(ReqwestHttpClient::new(None))
            .with_apc(SchedulerAsyncProcedureCall::new(TokioScheduler::new()))
            .with_scheduler(TokioScheduler::new())
            .build();
        let kernel = Rc::new(kernel);
        let (mut schedule, mut world) = (Schedule::default(), World::default());
        let plugins: [Box<dyn Plugin<HeadlessEnvironment>>; 3] =
            [Box::new(RenderPlugin), Box::new(VectorPlugin::<DefaultVectorTransferables>::default()), Box::new(HeadlessPlugin::new(false))];
        for plugin in &plugins {
            plugin.build(&mut schedule, kernel.clone(), &mut world, &mut renderer.render_graph);
        }
        let picture = Rc::new(RefCell::new(Vec::new()));
        // After the headless plugin, which copies the picture where it can be read.
        schedule.add_system_to_stage(RenderStageLabel::Cleanup, SystemContainer::new(Capture(picture.clone())));
        let camera = camera(size, [0.5, 0.5], 0.0);
        Ok(Self { context: MapContext { style: Style::default(), world, view_state: camera, renderer }, schedule, picture })
    }

    /// The device's name.
    pub(super) fn device(&self) -> String {
        self.context.renderer.adapter.get_info().name
    }

    /// Draws a frame: the bytes of its rows, red, green, blue, opacity.
    pub(super) fn draw(&mut self, frame: &Frame) -> Result<Vec<u8>, String> {
        let [width, height] = frame.pixels();
        let size = WindowSize::new(width, height).ok_or("a picture without pixels")?;
        let zoom = frame.zoom + HEIGHT_LOG2 - f64::from(frame.size[1]).log2();
        if zoom < 0.0 || frame.size[0] > frame.size[1] * 4 {
            return Err("the view is wider than it can show".into());
        }
        let runs = runs(&frame.shapes);
        if runs.len() > LAYERS {
            return Err(format!("{} layers, and it can hold {LAYERS}", runs.len()));
        }
        let renderer = &mut self.context.renderer;
        if renderer.resources.surface().size() != size {
            let surface = Surface::from_image(&renderer.device, &NoWindow(size), &renderer.settings);
            renderer.resources = RenderResources::new(surface);
        }
        self.context.view_state = camera(size, frame.center, zoom);
        self.context.style = style(&runs);
        let grid = Grid::of(frame, zoom)?;
        for (x, y) in grid.tiles() {
            self.add(&grid.layers(x, y, &runs)?, grid.coords(x, y))?;
        }
        self.schedule.run(&mut self.context);
        self.context.world.tiles.clear();
        if let Some(Eventually::Initialized(pool)) = self.context.world.resources.query_mut::<&mut Eventually<VectorBufferPool>>() {
            pool.clear();
        }
        Ok(std::mem::take(&mut *self.picture.borrow_mut()))
    }

    fn add(&mut self, layers: &[Tessellated], coords: WorldTileCoords) -> Result<(), String> {
        let layers = layers.iter().map(|layer| {
            VectorLayerData::Available(AvailableVectorLayerData {
                coords,
                source_layer: layer.name.clone(),
                buffer: layer.buffer.clone().into(),
                feature_indices: layer.counts.clone(),
            })
        });
        let mut tile = self.context.world.tiles.spawn_mut(coords).ok_or("a tile that is not on the map")?;
        tile.insert(VectorLayersDataComponent { done: true, layers: layers.collect() });
        Ok(())
    }
}

fn camera(size: WindowSize, [x, y]: [f64; 2], zoom: f64) -> ViewState {
    let world = (HEIGHT_LOG2 + zoom).exp2();
    ViewState::new(size, WorldCoords { x: x * world, y: y * world }, Zoom::new(zoom), cgmath::Deg(0.0), cgmath::Deg(110.0))
}

/// Neighbouring shapes of one colour, which become one layer.
fn runs(shapes: &[Shape]) -> Vec<&[Shape]> {
    shapes.chunk_by(|a, b| a.color == b.color).collect()
}

fn name(run: usize) -> String {
    format!("l{run}")
}

/// Styles from JSON lose the source layer and the order, so it is made by hand; the first index is 1, because 0 is never in front of anything.
fn style(runs: &[&[Shape]]) -> Style {
    let layer = |(i, run): (usize, &&[Shape])| {
        let [r, g, b] = run.first().map_or([255; 3], |shape| shape.color);
        StyleLayer {
            index: i as u32 + 1,
            id: name(i),
            source_layer: Some(name(i)),
            paint: Some(LayerPaint::Fill(FillPaint { fill_color: Some(Color::from_rgba8(r, g, b, 255)) })),
            ..StyleLayer::default()
        }
    };
    Style { layers: runs.iter().enumerate().map(layer).collect(), ..Style::default() }
}

/// One layer of one tile as triangles.
struct Tessellated {
    name: String,
    buffer: VertexBuffers<ShaderVertex, u32>,
    /// Indices of each shape.
    counts: Vec<u32>,
}

/// The tiles that a frame shows.
struct Grid {
    level: u8,
    columns: RangeInclusive<i32>,
    rows: RangeInclusive<i32>,
    /// North-west corner in tiles.
    corner: [f64; 2],
    /// Tiles per pixel of the map.
    pixel: f64,
}

impl Grid {
    fn of(frame: &Frame, zoom: f64) -> Result<Self, String> {
        let level = zoom.floor();
        let pixel = (level - frame.zoom).exp2() / 512.0;
        let half = frame.size.map(|side| f64::from(side) / 2.0 * pixel);
        let middle = frame.center.map(|at| at * level.exp2());
        let corner = [middle[0] - half[0], middle[1] - half[1]];
        let end = [middle[0] + half[0], middle[1] + half[1]];
        if corner.iter().any(|at| *at < 0.0) || end.iter().any(|at| *at > level.exp2()) {
            return Err("the view goes beyond the edge of the world".into());
        }
        let range = |axis: usize| (corner[axis].floor() as i32)..=((end[axis] - 1e-9).floor() as i32);
        Ok(Self { level: level as u8, columns: range(0), rows: range(1), corner, pixel })
    }

    fn tiles(&self) -> impl Iterator<Item = (i32, i32)> + use<> {
        let rows = self.rows.clone();
        self.columns.clone().flat_map(move |x| rows.clone().map(move |y| (x, y)))
    }

    fn coords(&self, x: i32, y: i32) -> WorldTileCoords {
        WorldTileCoords { x, y, z: ZoomLevel::new(self.level) }
    }

    fn layers(&self, x: i32, y: i32, runs: &[&[Shape]]) -> Result<Vec<Tessellated>, String> {
        let mut layers = Vec::new();
        for (i, run) in runs.iter().enumerate() {
            let mut layer = Tessellated { name: name(i), buffer: VertexBuffers::new(), counts: Vec::new() };
            for shape in *run {
                let before = layer.buffer.indices.len();
                self.tessellate(shape, [f64::from(x), f64::from(y)], &mut layer.buffer)?;
                let count = layer.buffer.indices.len() - before;
                layer.counts.extend((count > 0).then_some(count as u32));
            }
            // maplibre.rs does not bear a layer without triangles.
            if !layer.buffer.indices.is_empty() {
                layers.push(layer);
            }
        }
        Ok(layers)
    }

    /// Adds a shape's triangles in units of a tile, unless it lies elsewhere. What sticks out, the device cuts.
    fn tessellate(&self, shape: &Shape, tile: [f64; 2], into: &mut VertexBuffers<ShaderVertex, u32>) -> Result<(), String> {
        let unit = |axis: usize, pixels: f32| ((self.corner[axis] + f64::from(pixels) * self.pixel - tile[axis]) * EXTENT) as f32;
        let strip = match shape.kind {
            ShapeKind::Fill => STRIP,
            ShapeKind::Stroke { width, .. } => STRIP + self.units(width),
        };
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        let mut path = Path::builder();
        for part in shape.parts.iter().filter(|part| part.len() > 1) {
            for (i, [x, y]) in part.iter().enumerate() {
                let at = [unit(0, *x), unit(1, *y)];
                for axis in [0, 1] {
                    low[axis] = low[axis].min(at[axis]);
                    high[axis] = high[axis].max(at[axis]);
                }
                let at = point(at[0], at[1]);
                let _ = if i == 0 { path.begin(at) } else { path.line_to(at) };
            }
            path.end(shape.kind == ShapeKind::Fill);
        }
        let end = EXTENT as f32 + strip;
        if high.iter().any(|at| *at < -strip) || low.iter().any(|at| *at > end) {
            return Ok(());
        }
        let path = path.build();
        let done = match shape.kind {
            ShapeKind::Fill => {
                let options = FillOptions::tolerance(TOLERANCE).with_fill_rule(FillRule::EvenOdd);
                let vertex = |v: FillVertex<'_>| ShaderVertex::new(v.position().to_array(), [0.0, 0.0]);
                FillTessellator::new().tessellate_path(&path, &options, &mut BuffersBuilder::new(into, vertex))
            }
            ShapeKind::Stroke { width, round } => {
                let cap = if round { LineCap::Round } else { LineCap::Butt };
                let options = StrokeOptions::tolerance(TOLERANCE).with_line_width(self.units(width));
                let options = options.with_line_cap(cap).with_line_join(LineJoin::Round);
                let vertex = |v: StrokeVertex<'_, '_>| ShaderVertex::new(v.position().to_array(), [0.0, 0.0]);
                StrokeTessellator::new().tessellate_path(&path, &options, &mut BuffersBuilder::new(into, vertex))
            }
        };
        done.map_err(|e| format!("a shape can't be cut into triangles: {e:?}"))
    }

    fn units(&self, pixels: f32) -> f32 {
        (f64::from(pixels) * self.pixel * EXTENT) as f32
    }
}
