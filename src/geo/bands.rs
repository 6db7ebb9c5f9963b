//! Bands of latitude over a large shape: whether it covers a point is then asked of the few edges beside the point, not of all.

use geo::kernels::Kernel;
use geo::{Coord, GeoNum, MultiPolygon, Orientation};

/// Shapes with fewer edges are asked edge by edge: the bands would cost more than they spare.
const WORTH: usize = 100;

/// The edges of a multipolygon (degrees), by band.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bands {
    south: f64,
    /// Bands per degree.
    scale: f64,
    /// Where the edges of a band begin in `edges`; one more than there are bands.
    starts: Vec<u32>,
    /// Numbers of edges; edge `i` goes from `coords[i]` to `coords[i + 1]`.
    edges: Vec<u32>,
    coords: Vec<Coord<f64>>,
    rings: Vec<Ring>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ring {
    /// The first edge number after it.
    end: u32,
    /// Not a hole: a new polygon begins with it.
    outer: bool,
}

impl Bands {
    /// Sorts the edges of a shape that is large enough for it.
    pub(super) fn new(polygons: &MultiPolygon<f64>, south: f64, north: f64) -> Option<Self> {
        let rings = |p: &geo::Polygon<f64>| std::iter::once(p.exterior()).chain(p.interiors()).cloned().collect::<Vec<_>>();
        let count: usize = polygons.iter().flat_map(rings).map(|r| r.0.len()).sum();
        if count < WORTH || u32::try_from(count).is_err() || south >= north {
            return None;
        }
        let bands = (count / 8).clamp(16, 4096);
        let mut out = Self {
            south,
            scale: bands as f64 / (north - south),
            starts: vec![0; bands + 1],
            edges: Vec::new(),
            coords: Vec::new(),
            rings: Vec::new(),
        };
        let mut real = Vec::with_capacity(count);
        for polygon in polygons {
            for (i, ring) in rings(polygon).into_iter().enumerate() {
                let first = out.coords.len() as u32;
                real.extend(first..first + (ring.0.len() as u32).saturating_sub(1));
                out.coords.extend(ring.0);
                out.rings.push(Ring { end: out.coords.len() as u32, outer: i == 0 });
            }
        }
        out.sort(&real);
        Some(out)
    }

    /// Counts the edges per band, then puts each where it belongs, in order.
    fn sort(&mut self, real: &[u32]) {
        let mut counts = vec![0_u32; self.starts.len() - 1];
        for edge in real {
            self.reach(*edge).for_each(|band| counts[band] += 1);
        }
        let mut sum = 0;
        for (start, count) in self.starts.iter_mut().zip(counts.iter().chain(&[0])) {
            *start = sum;
            sum += count;
        }
        self.edges = vec![0; sum as usize];
        let mut next = self.starts.clone();
        for edge in real {
            for band in self.reach(*edge) {
                self.edges[next[band] as usize] = *edge;
                next[band] += 1;
            }
        }
    }

    fn reach(&self, edge: u32) -> std::ops::RangeInclusive<usize> {
        let (a, b) = (self.coords[edge as usize], self.coords[edge as usize + 1]);
        self.band(a.y.min(b.y))..=self.band(a.y.max(b.y))
    }

    /// Never falls when the latitude rises, so that an edge is in the band of every point beside it.
    fn band(&self, lat: f64) -> usize {
        (((lat - self.south) * self.scale).max(0.0) as usize).min(self.starts.len() - 2)
    }

    /// Whether the shape covers a point, its edge included.
    pub(super) fn covers(&self, p: Coord<f64>) -> bool {
        let band = self.band(p.y);
        let list = &self.edges[self.starts[band] as usize..self.starts[band + 1] as usize];
        let (mut inside, mut ring, mut turns) = (false, 0, 0);
        for edge in list {
            // The edges come ring by ring: a point inside one polygon is covered, whatever the others say.
            while self.rings[ring].end <= *edge {
                inside = after(self.rings[ring], turns, inside);
                (turns, ring) = (0, ring + 1);
                if inside && self.rings[ring].outer {
                    return true;
                }
            }
            match beside(self.coords[*edge as usize], self.coords[*edge as usize + 1], p) {
                Beside::On => return true,
                Beside::Rises => turns += 1,
                Beside::Falls => turns -= 1,
                Beside::Away => {}
            }
        }
        after(self.rings[ring], turns, inside)
    }
}

/// Whether a point is inside the polygon as far as it is known after one more ring, which goes round the point `turns` times.
fn after(ring: Ring, turns: i32, inside: bool) -> bool {
    if ring.outer { turns != 0 } else { inside && turns == 0 }
}

/// How an edge lies to the ray that goes east from a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    On,
    Rises,
    Falls,
    Away,
}

fn beside(a: Coord<f64>, b: Coord<f64>, p: Coord<f64>) -> Beside {
    if (a.y > p.y && b.y > p.y) || (a.y < p.y && b.y < p.y) || (a.x < p.x && b.x < p.x) {
        return Beside::Away;
    }
    // Exact, as PostGIS's is: rounding must not move a point from one commune into its neighbour.
    let side = <f64 as GeoNum>::Ker::orient2d(a, b, p);
    match (side, a.y > p.y, b.y > p.y) {
        (Orientation::Collinear, ..) if a.x.min(b.x) <= p.x && p.x <= a.x.max(b.x) => Beside::On,
        (Orientation::CounterClockwise, false, true) => Beside::Rises,
        (Orientation::Clockwise, true, false) => Beside::Falls,
        _ => Beside::Away,
    }
}
