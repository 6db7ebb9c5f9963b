//! The second engine: maplibre-rs in a process of its own, since its drivers may crash, hang or give an empty picture.

use super::frame::{self, Frame, FrameError, Shape, ShapeKind};
use super::painted::{Brush, Painted};
use super::{BaseRenderer, RenderError, SkiaRenderer, pixels};
use crate::report::map::paint::Color;
use crate::report::map::view::View;
use resvg::tiny_skia::{Pixmap, PixmapPaint, Transform};
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

    /// One frame. A process that did not answer as it should is ended, and the next frame has a new one.
    fn part(&mut self, frame: &Frame) -> Result<Pixmap, String> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.program).map_err(|e| format!("the drawing process could not start: {e}"))?,
        };
        let rgba = match worker.ask(frame.clone())? {
            Ok(rgba) => rgba,
            Err(refusal) => {
                // It is well, and only can't draw this.
                self.worker = Some(worker);
                return Err(refusal);
            }
        };
        let [width, height] = frame.pixels();
        let mut part = Pixmap::new(width, height).ok_or("no memory")?;
        if rgba.len() != part.data().len() {
            return Err("its picture has another size".into());
        }
        if rgba.chunks_exact(4).any(|pixel| pixel[3] != 255) {
            return Err("its picture has holes".into());
        }
        part.data_mut().copy_from_slice(&rgba);
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
            Brush::Pen { width, .. } => {
                frame.shapes.extend(layer.shapes.iter().map(|parts| shape(parts, color, ShapeKind::Stroke(width as f32), from)));
            }
        }
    }
    Ok(frame)
}

/// It knows neither opacity nor dashes: a colour is seen as it would be on the ground, and a dashed line is whole.
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

    fn ask(&self, frame: Frame) -> Result<Result<Vec<u8>, String>, String> {
        self.requests.send(frame).map_err(|_| "the drawing process has ended")?;
        match self.answers.recv_timeout(LIMIT) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(format!("the drawing process has ended ({error})")),
            Err(RecvTimeoutError::Timeout) => Err(format!("the drawing process took longer than {} s", LIMIT.as_secs())),
            Err(RecvTimeoutError::Disconnected) => Err("the drawing process has ended".into()),
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
