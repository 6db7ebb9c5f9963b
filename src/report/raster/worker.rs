//! The drawing process's side: frames come in on standard input, pictures go out on standard output.

use super::driver::Maplibre;
use super::frame::{Frame, FrameError, answer};
use std::io::{self, BufReader};
use std::sync::mpsc;
use std::time::Duration;

/// After the end of its input, this process lives so much longer.
const LAST_FRAME: Duration = Duration::from_secs(5);

/// Draws frames until standard input closes. A device is looked for when the first frame comes, so that its absence is an answer.
///
/// # Errors
/// [`FrameError`] for input that no server sends.
pub async fn work() -> Result<(), FrameError> {
    let (to_draw, frames) = mpsc::channel();
    // Reads beside the drawing: when the server goes away, this process ends even within a frame that never would.
    std::thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        while let Some(frame) = Frame::read(&mut input).transpose() {
            let last = frame.is_err();
            if to_draw.send(frame).is_err() || last {
                return;
            }
        }
        // What is being drawn may still be answered.
        drop(to_draw);
        std::thread::sleep(LAST_FRAME);
        std::process::exit(0);
    });
    let mut engine: Option<Maplibre> = None;
    while let Ok(frame) = frames.recv() {
        let frame = frame?;
        if crate::store::broken("render-hangs") {
            std::thread::sleep(Duration::from_secs(3600));
        }
        let mut picture = draw(&mut engine, &frame).await;
        if crate::store::broken("render-holes")
            && let Ok(rgba) = &mut picture
            && let Some(opacity) = rgba.last_mut()
        {
            *opacity = 0;
        }
        answer(&mut io::stdout().lock(), &picture)?;
    }
    Ok(())
}

async fn draw(engine: &mut Option<Maplibre>, frame: &Frame) -> Result<Vec<u8>, String> {
    if engine.is_none() {
        let made = Maplibre::new().await?;
        tracing::info!("maplibre-rs draws on {}", made.device());
        *engine = Some(made);
    }
    match engine {
        Some(engine) => engine.draw(frame),
        None => Err("there is no engine".into()),
    }
}
