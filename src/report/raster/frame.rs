//! What the server and its drawing process tell one another: one request, one answer, each with a mark, its length, and its bytes.
//!
//! A frame holds shapes in pixels of the picture, each with one opaque colour: all that maplibre-rs can draw, and nothing of files or networks.

use std::io::{self, Read, Write};

/// Largest picture, pixels: more takes so long that wgpu 0.14 frees buffers which are still in use.
pub(super) const LARGEST: [u32; 2] = [2400, 1600];
/// Largest request, bytes: four million points.
const REQUEST_MAX: usize = 32 << 20;
/// Largest answer, bytes.
const ANSWER_MAX: usize = LARGEST[0] as usize * LARGEST[1] as usize * 4;
/// First bytes of a request, of a picture and of a refusal.
const REQUEST: [u8; 4] = *b"BRQ1";
const PICTURE: [u8; 4] = *b"BPX1";
const REFUSAL: [u8; 4] = *b"BNO1";

/// A picture to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// Width and height in pixels of the map, of which the picture has `scale` each.
    pub size: [u32; 2],
    /// Pixels of the picture per pixel of the map.
    pub scale: f32,
    /// Its middle on the square of the world (0 to 1 from west to east and from north to south).
    pub center: [f64; 2],
    /// Zoom, of tiles of 512 pixels.
    pub zoom: f64,
    /// From the lowest to the highest.
    pub shapes: Vec<Shape>,
}

/// One thing in one colour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub color: [u8; 3],
    pub kind: ShapeKind,
    /// Rings or lines, in pixels of the map from the picture's north-west corner.
    pub parts: Vec<Vec<[f32; 2]>>,
}

/// How a shape is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ShapeKind {
    /// Inside its rings, by the even-odd rule.
    Fill,
    /// Along its lines, so many pixels of the map wide.
    Stroke {
        width: f32,
        /// Round ends; otherwise they are cut where the line ends.
        round: bool,
    },
}

/// Why a frame can't be read or drawn.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Not what a server sends.
    #[error("this is no request of a Bouillon server ({0})")]
    NotAFrame(&'static str),
    /// The other side has gone.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Frame {
    /// Width and height of the picture.
    pub(super) fn pixels(&self) -> [u32; 2] {
        self.size.map(|side| (side as f32 * self.scale).round() as u32)
    }

    /// Whether it is small enough and in this world.
    fn check(&self) -> Result<(), FrameError> {
        let [width, height] = self.pixels();
        let fits = (1..=LARGEST[0]).contains(&width) && (1..=LARGEST[1]).contains(&height) && (0.1..=8.0).contains(&self.scale);
        let somewhere = self.center.iter().all(|at| (0.0..=1.0).contains(at)) && (0.0..=24.0).contains(&self.zoom);
        match (fits, somewhere) {
            (false, _) => Err(FrameError::NotAFrame("a picture of that size is not drawn")),
            (_, false) => Err(FrameError::NotAFrame("the place is not on the map")),
            _ => Ok(()),
        }
    }

    /// Writes it with its mark and length.
    pub(super) fn write(&self, to: &mut impl Write) -> Result<(), FrameError> {
        self.check()?;
        let mut bytes = Vec::new();
        self.size.iter().for_each(|side| bytes.extend(side.to_le_bytes()));
        bytes.extend(self.scale.to_le_bytes());
        self.center.iter().chain([&self.zoom]).for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(count(self.shapes.len()));
        for shape in &self.shapes {
            bytes.extend(shape.color);
            let (kind, width) = match shape.kind {
                ShapeKind::Fill => (0, 0.0),
                ShapeKind::Stroke { width, round } => (1 + u8::from(round), width),
            };
            bytes.push(kind);
            bytes.extend(width.to_le_bytes());
            bytes.extend(count(shape.parts.len()));
            for part in &shape.parts {
                bytes.extend(count(part.len()));
                part.iter().flatten().for_each(|number| bytes.extend(number.to_le_bytes()));
            }
        }
        if bytes.len() > REQUEST_MAX {
            return Err(FrameError::NotAFrame("there are too many shapes in it"));
        }
        send(to, REQUEST, &bytes)
    }

    /// Reads the next one; none when the other side has closed.
    pub(super) fn read(from: &mut impl Read) -> Result<Option<Self>, FrameError> {
        let mut first = [0];
        if from.read(&mut first)? == 0 {
            return Ok(None);
        }
        let mut rest = [0; 3];
        from.read_exact(&mut rest).map_err(|_| FrameError::NotAFrame("it ends within its first bytes"))?;
        if [first[0], rest[0], rest[1], rest[2]] != REQUEST {
            return Err(FrameError::NotAFrame("it does not begin like one"));
        }
        let bytes = receive(from, REQUEST_MAX)?;
        let mut left = Left(&bytes);
        let frame = left.frame()?;
        if !left.0.is_empty() {
            return Err(FrameError::NotAFrame("there is more in it than it says"));
        }
        frame.check()?;
        Ok(Some(frame))
    }
}

/// Writes a picture, or why there is none.
pub(super) fn answer(to: &mut impl Write, picture: &Result<Vec<u8>, String>) -> Result<(), FrameError> {
    match picture {
        Ok(rgba) => send(to, PICTURE, rgba),
        Err(why) => send(to, REFUSAL, why.as_bytes()),
    }
}

/// Reads a picture, or why there is none.
pub(super) fn hear(from: &mut impl Read) -> Result<Result<Vec<u8>, String>, FrameError> {
    let mut mark = [0; 4];
    from.read_exact(&mut mark)?;
    let bytes = receive(from, ANSWER_MAX)?;
    match mark {
        PICTURE => Ok(Ok(bytes)),
        REFUSAL => Ok(Err(String::from_utf8_lossy(&bytes).into_owned())),
        _ => Err(FrameError::NotAFrame("the answer does not begin like one")),
    }
}

fn count(number: usize) -> [u8; 4] {
    // A request that large is refused by its bytes, so that no number is cut here.
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

fn send(to: &mut impl Write, mark: [u8; 4], bytes: &[u8]) -> Result<(), FrameError> {
    to.write_all(&mark)?;
    to.write_all(&count(bytes.len()))?;
    to.write_all(bytes)?;
    Ok(to.flush()?)
}

/// A length and so many bytes. They are taken as they come: a length alone reserves no memory.
fn receive(from: &mut impl Read, most: usize) -> Result<Vec<u8>, FrameError> {
    let mut length = [0; 4];
    from.read_exact(&mut length).map_err(|_| FrameError::NotAFrame("it ends before its length"))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > most {
        return Err(FrameError::NotAFrame("it says that it is too long"));
    }
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(FrameError::NotAFrame("it ends too soon"));
    }
    Ok(bytes)
}

/// What is left of a request.
struct Left<'a>(&'a [u8]);

impl Left<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, left) = self.0.split_first_chunk::<N>().ok_or(FrameError::NotAFrame("a number in it is cut"))?;
        self.0 = left;
        Ok(*taken)
    }

    fn short(&mut self) -> Result<f32, FrameError> {
        Ok(f32::from_le_bytes(self.take()?))
            .and_then(|n: f32| if n.is_finite() { Ok(n) } else { Err(FrameError::NotAFrame("a number in it is none")) })
    }

    fn long(&mut self) -> Result<f64, FrameError> {
        Ok(f64::from_le_bytes(self.take()?))
            .and_then(|n: f64| if n.is_finite() { Ok(n) } else { Err(FrameError::NotAFrame("a number in it is none")) })
    }

    /// How many follow, each of which takes so many bytes at least: more than can be there is refused before memory is taken for them.
    fn many(&mut self, each: usize) -> Result<usize, FrameError> {
        let many = u32::from_le_bytes(self.take()?) as usize;
        if many > self.0.len() / each { Err(FrameError::NotAFrame("there is less in it than it says")) } else { Ok(many) }
    }

    fn frame(&mut self) -> Result<Frame, FrameError> {
        let size = [u32::from_le_bytes(self.take()?), u32::from_le_bytes(self.take()?)];
        let (scale, center, zoom) = (self.short()?, [self.long()?, self.long()?], self.long()?);
        let many = self.many(12)?;
        let shapes = (0..many).map(|_| self.shape()).collect::<Result<_, _>>()?;
        Ok(Frame { size, scale, center, zoom, shapes })
    }

    fn shape(&mut self) -> Result<Shape, FrameError> {
        let color = self.take()?;
        let [kind] = self.take()?;
        let width = self.short()?;
        let kind = match kind {
            0 => ShapeKind::Fill,
            1 | 2 => ShapeKind::Stroke { width, round: kind == 2 },
            _ => return Err(FrameError::NotAFrame("a shape in it is of no known kind")),
        };
        let many = self.many(4)?;
        let parts = (0..many).map(|_| self.part()).collect::<Result<_, _>>()?;
        Ok(Shape { color, kind, parts })
    }

    fn part(&mut self) -> Result<Vec<[f32; 2]>, FrameError> {
        let many = self.many(8)?;
        (0..many).map(|_| Ok([self.short()?, self.short()?])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        let parts = vec![vec![[0.0, 0.5], [10.0, 20.0], [3.0, 4.0]], vec![]];
        let shape = |kind| Shape { color: [1, 2, 3], kind, parts: parts.clone() };
        Frame {
            size: [256, 300],
            scale: 2.0,
            center: [0.5, 0.25],
            zoom: 14.5,
            shapes: vec![shape(ShapeKind::Fill), shape(ShapeKind::Stroke { width: 1.5, round: true })],
        }
    }

    #[test]
    fn a_frame_arrives_as_it_was_sent_and_then_there_is_none() {
        let mut bytes = Vec::new();
        frame().write(&mut bytes).unwrap();
        let mut from = &bytes[..];
        assert_eq!(Frame::read(&mut from).unwrap(), Some(frame()));
        assert!(Frame::read(&mut from).unwrap().is_none());
    }

    #[test]
    fn a_frame_that_is_cut_or_changed_is_refused_and_never_panics() {
        let mut bytes = Vec::new();
        frame().write(&mut bytes).unwrap();
        for end in 1..bytes.len() {
            assert!(Frame::read(&mut &bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            let _ = Frame::read(&mut &changed[..]);
        }
        assert!(Frame { size: [2401, 10], scale: 1.0, ..frame() }.write(&mut Vec::new()).is_err());
        assert!(Frame { zoom: f64::NAN, ..frame() }.write(&mut Vec::new()).is_err());
    }

    #[test]
    fn an_answer_is_a_picture_or_a_reason() {
        for said in [Ok(vec![1, 2, 3, 255]), Err("no device".to_owned())] {
            let mut bytes = Vec::new();
            answer(&mut bytes, &said).unwrap();
            assert_eq!(hear(&mut &bytes[..]).unwrap(), said);
        }
        assert!(hear(&mut &b"BPX1\xff\xff\xff\xff"[..]).is_err());
    }
}
