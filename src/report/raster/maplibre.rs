//! The second engine: maplibre-rs in a process of its own, since its drivers may crash, hang or give an empty picture.

use super::frame::{self, Frame, FrameError, Shape, ShapeKind};
use super::painted::{Brush, Painted};
use super::{BaseRenderer, RenderError, SkiaRenderer, pixels, skia};
use crate::report::map::base;
use crate::report::map::paint::Color;
use crate::report::map::view::View;
use resvg::tiny_skia::{PathSegment, Pixmap, PixmapPaint, Transform};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// A frame that takes longer is given up: after 5 s wgpu 0.14 would free buffers in use.
const LIMIT: Duration = Duration::from_secs(4);
/// After so many failures in a row, it rests, so that a broken driver does not cost seconds for every picture.
const FAILURES: u32 = 3;
/// How long it rests.
const REST: Duration = Duration::from_secs(60);
/// What the process keeps of the environment: how to find the graphics driver. It gets no database address and no secrets.
const KEPT: [&str; 9] = [
    "BOUILLON_BREAK",
    "BOUILLON_LOG",
    "LD_LIBRARY_PATH",
    "PATH",
    "RUST_BACKTRACE",
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "WGPU_BACKEND",
    "XDG_RUNTIME_DIR",
];

/// Draws in a process that is started when it is needed and again after its death; what it can't draw, resvg draws.
#[derive(Debug)]
pub struct MaplibreRenderer {
    program: PathBuf,
    worker: Option<Worker>,
    failures: u32,
    rests_until: Option<Instant>,
}

impl MaplibreRenderer {
    /// `program` is this program's file.
    pub fn new(program: PathBuf) -> Self {
        Self { program, worker: None, failures: 0, rests_until: None }
    }

    fn draw(&mut self, view: &View, scale: f32, layers: &[Painted<'_>]) -> Result<Pixmap, String> {
        let [width, height] = pixels(view, scale).map_err(|e| e.to_string())?;
        let mut picture = Pixmap::new(width, height).ok_or("no memory")?;
        let [wide, high] = frame::LARGEST.map(|side| (side as f32 / scale).floor().max(1.0));
        let mut top = 0.0;
        while top < view.height {
            let mut left = 0.0;
            while left < view.width {
                let size = [(view.width - left).min(f64::from(wide)), (view.height - top).min(f64::from(high))];
                let part = self.part(&request(view, scale, layers, [left, top], size)?)?;
                let at = [left, top].map(|side| (side * f64::from(scale)).round() as i32);
                picture.draw_pixmap(at[0], at[1], part.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
                left += f64::from(wide);
            }
            top += f64::from(high);
        }
        Ok(picture)
    }

    /// One frame. A process that died since the last one is no reason to give up.
    fn part(&mut self, frame: &Frame) -> Result<Pixmap, String> {
        let old = self.worker.is_some();
        let drawn = match self.ask(frame) {
            Err(Failure::Ended(why)) if old => {
                tracing::warn!("the drawing process is started again: {why}");
                self.ask(frame)
            }
            drawn => drawn,
        };
        drawn.map_err(|failure| failure.to_string())
    }

    /// A process that did not answer as it should is ended, and the next frame has a new one.
    fn ask(&mut self, frame: &Frame) -> Result<Pixmap, Failure> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.program).map_err(|e| Failure::Other(format!("the drawing process could not start: {e}")))?,
        };
        let rgba = match worker.ask(frame.clone())? {
            Ok(rgba) => rgba,
            Err(refusal) => {
                // It is well, and only can't draw this.
                self.worker = Some(worker);
                return Err(Failure::Other(refusal));
            }
        };
        let part = whole(frame, &rgba).map_err(Failure::Other)?;
        self.worker = Some(worker);
        Ok(part)
    }

    fn rests(&mut self) -> bool {
        let rests = self.rests_until.is_some_and(|until| Instant::now() < until);
        if !rests && self.rests_until.take().is_some() {
            self.failures = 0;
        }
        rests
    }

    fn failed(&mut self, why: &str) {
        self.failures += 1;
        metrics::counter!("bouillon_raster_fallbacks_total").increment(1);
        tracing::warn!("maplibre-rs did not draw, resvg does: {why}");
        if self.failures >= FAILURES {
            tracing::warn!("maplibre-rs rests for {} s after {} failures", REST.as_secs(), self.failures);
            self.rests_until = Some(Instant::now() + REST);
        }
    }
}

impl BaseRenderer for MaplibreRenderer {
    fn render(&mut self, view: &View, scale: f32, layers: &[Painted<'_>]) -> Result<Pixmap, RenderError> {
        if !self.rests() {
            match self.draw(view, scale, layers) {
                Ok(picture) => {
                    self.failures = 0;
                    metrics::counter!("bouillon_raster_frames_total", "engine" => "maplibre").increment(1);
                    return Ok(picture);
                }
                Err(why) => self.failed(&why),
            }
        }
        metrics::counter!("bouillon_raster_frames_total", "engine" => "resvg").increment(1);
        SkiaRenderer.render(view, scale, layers)
    }
}

/// A picture as it must be: of the frame's size, and opaque everywhere.
fn whole(frame: &Frame, rgba: &[u8]) -> Result<Pixmap, String> {
    let [width, height] = frame.pixels();
    let mut part = Pixmap::new(width, height).ok_or("no memory")?;
    if rgba.len() != part.data().len() {
        return Err("its picture has another size".into());
    }
    if rgba.chunks_exact(4).any(|pixel| pixel[3] != 255) {
        return Err("its picture has holes".into());
    }
    part.data_mut().copy_from_slice(rgba);
    Ok(part)
}

/// The part of a view that begins at some pixel of it, as a frame.
fn request(view: &View, scale: f32, layers: &[Painted<'_>], from: [f64; 2], size: [f64; 2]) -> Result<Frame, String> {
    let center = [view.left + (from[0] + size[0] / 2.0) * view.pixel, view.top + (from[1] + size[1] / 2.0) * view.pixel];
    let mut frame = Frame { size: size.map(|side| side.ceil() as u32), scale, center, zoom: view.zoom(), shapes: Vec::new() };
    if size.iter().any(|side| side.fract() != 0.0) {
        return Err("a picture of half a pixel".into());
    }
    let mut ground = [255; 3];
    for layer in layers {
        let color = over(layer.color, ground);
        match layer.brush {
            Brush::Ground => {
                ground = color;
                frame.shapes.push(everything(size, color));
            }
            Brush::Fill => frame.shapes.extend(layer.shapes.iter().map(|parts| shape(parts, color, ShapeKind::Fill, from))),
            Brush::Pen { width, dash: [] } => {
                let kind = ShapeKind::Stroke { width: width as f32, round: true };
                frame.shapes.extend(layer.shapes.iter().map(|parts| shape(parts, color, kind, from)));
            }
            Brush::Pen { width, dash } => {
                let kind = ShapeKind::Stroke { width: width as f32, round: false };
                frame.shapes.push(shape(&dashes(&layer.shapes, dash), color, kind, from));
            }
        }
    }
    Ok(frame)
}

/// The dashes of lines as lines of their own: it knows none.
fn dashes(shapes: &[&[base::Path]], dash: &[f64]) -> Vec<base::Path> {
    let mut dashes: Vec<base::Path> = Vec::new();
    let dashed = skia::dash(dash).zip(skia::path(shapes, false)).and_then(|(dash, path)| path.dash(&dash, 1.0));
    for segment in dashed.iter().flat_map(|path| path.segments()) {
        match (segment, dashes.last_mut()) {
            (PathSegment::MoveTo(at), _) => dashes.push(vec![[at.x, at.y]]),
            (PathSegment::LineTo(at), Some(last)) => last.push([at.x, at.y]),
            // Lines of the base map have no curves.
            _ => {}
        }
    }
    dashes
}

/// It knows no opacity: a colour is given as it would be seen on the ground.
fn over(color: Color, ground: [u8; 3]) -> [u8; 3] {
    let part = color.opacity.clamp(0.0, 1.0);
    std::array::from_fn(|i| (f64::from(color.rgb[i]) * part + f64::from(ground[i]) * (1.0 - part)).round() as u8)
}

fn everything([width, height]: [f64; 2], color: [u8; 3]) -> Shape {
    let [right, bottom] = [width + 8.0, height + 8.0].map(|side| side as f32);
    Shape { color, kind: ShapeKind::Fill, parts: vec![vec![[-8.0, -8.0], [right, -8.0], [right, bottom], [-8.0, bottom]]] }
}

fn shape(parts: &[Vec<[f32; 2]>], color: [u8; 3], kind: ShapeKind, from: [f64; 2]) -> Shape {
    let [left, top] = from.map(|side| side as f32);
    Shape { color, kind, parts: parts.iter().map(|part| part.iter().map(|[x, y]| [x - left, y - top]).collect()).collect() }
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The process is no more.
    #[error("the drawing process has ended ({0})")]
    Ended(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A running process, ended when this is dropped.
#[derive(Debug)]
struct Worker {
    child: Child,
    requests: SyncSender<Frame>,
    answers: Receiver<Result<Result<Vec<u8>, String>, FrameError>>,
}

impl Worker {
    fn start(program: &Path) -> std::io::Result<Self> {
        let mut command = Command::new(program);
        command.arg("render-worker").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command.env_clear().env("XDG_RUNTIME_DIR", std::env::temp_dir());
        command.envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
        let mut child = command.spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("it has no input or output"));
        };
        let (requests, asked) = mpsc::sync_channel(1);
        let (say, answers) = mpsc::channel();
        // Writing may block as long as reading: a thread does both, so that whoever waits can give up.
        thread::Builder::new().name("render-worker".into()).spawn(move || {
            let (mut input, mut output) = (input, output);
            while let Ok(frame) = asked.recv() {
                if say.send(exchange(&mut input, &mut output, &frame)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { child, requests, answers })
    }

    /// A picture, or why it can't draw this.
    fn ask(&self, frame: Frame) -> Result<Result<Vec<u8>, String>, Failure> {
        self.requests.send(frame).map_err(|_| Failure::Ended("it can't be written to".into()))?;
        match self.answers.recv_timeout(LIMIT) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(FrameError::NotAFrame(why))) => Err(Failure::Other(why.into())),
            Ok(Err(FrameError::Io(error))) => Err(Failure::Ended(error.to_string())),
            Err(RecvTimeoutError::Timeout) => Err(Failure::Other(format!("it took longer than {} s", LIMIT.as_secs()))),
            Err(RecvTimeoutError::Disconnected) => Err(Failure::Ended("it can't be read".into())),
        }
    }
}

fn exchange(input: &mut ChildStdin, output: &mut ChildStdout, frame: &Frame) -> Result<Result<Vec<u8>, String>, FrameError> {
    frame.write(input)?;
    frame::hear(output)
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
