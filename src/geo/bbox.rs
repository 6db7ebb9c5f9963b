//! A box of longitudes and latitudes.

/// West, south, east, north in degrees WGS84; it never crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    /// Lowest longitude.
    pub west: f64,
    /// Lowest latitude.
    pub south: f64,
    /// Highest longitude.
    pub east: f64,
    /// Highest latitude.
    pub north: f64,
}

/// Why a box of four numbers is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBbox {
    /// Not four numbers.
    #[error("a box is four numbers: west,south,east,north")]
    Shape,
    /// A number is not finite or not on Earth.
    #[error("longitudes go from -180 to 180 and latitudes from -90 to 90")]
    Range,
    /// West after east or south after north.
    #[error("the box is inverted, or it crosses the antimeridian: ask for its two halves")]
    Inverted,
}

impl Bbox {
    /// An empty box, to be grown with [`Bbox::add`].
    pub const EMPTY: Self = Self { west: f64::INFINITY, south: f64::INFINITY, east: f64::NEG_INFINITY, north: f64::NEG_INFINITY };

    /// Checks four numbers.
    ///
    /// # Errors
    /// [`BadBbox`] for NaN, numbers that are not on Earth, and inverted boxes.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, BadBbox> {
        let on_earth = [west, east].iter().all(|x| x.abs() <= 180.0) && [south, north].iter().all(|y| y.abs() <= 90.0);
        if !on_earth {
            return Err(BadBbox::Range);
        }
        if west > east || south > north {
            return Err(BadBbox::Inverted);
        }
        Ok(Self { west, south, east, north })
    }

    /// Reads `west,south,east,north`.
    ///
    /// # Errors
    /// See [`Bbox::new`].
    pub fn parse(text: &str) -> Result<Self, BadBbox> {
        let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().map_err(|_| BadBbox::Shape)?;
        let [west, south, east, north] = numbers[..] else { return Err(BadBbox::Shape) };
        Self::new(west, south, east, north)
    }

    /// Grows the box to hold a point.
    pub fn add(&mut self, lon: f64, lat: f64) {
        self.west = self.west.min(lon);
        self.east = self.east.max(lon);
        self.south = self.south.min(lat);
        self.north = self.north.max(lat);
    }

    /// Whether a point lies inside or on the edge.
    pub fn holds(&self, lon: f64, lat: f64) -> bool {
        (self.west..=self.east).contains(&lon) && (self.south..=self.north).contains(&lat)
    }

    /// Whether it was never grown.
    pub fn is_empty(&self) -> bool {
        self.west > self.east
    }

    /// The part of a segment inside the box (Liang and Barsky, 1984).
    pub fn cut(&self, a: [f64; 2], b: [f64; 2]) -> Option<([f64; 2], [f64; 2])> {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for (p, q) in [(-dx, a[0] - self.west), (dx, self.east - a[0]), (-dy, a[1] - self.south), (dy, self.north - a[1])] {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
            } else if p < 0.0 {
                enter = enter.max(q / p);
            } else {
                leave = leave.min(q / p);
            }
        }
        let at = |t: f64| match t {
            0.0 => a,
            1.0 => b,
            _ => [a[0] + t * dx, a[1] + t * dy],
        };
        (enter <= leave).then(|| (at(enter), at(leave)))
    }

    /// Its edge, counter-clockwise.
    pub fn ring(&self) -> geo::LineString<f64> {
        let [w, s, e, n] = [self.west, self.south, self.east, self.north];
        geo::LineString::from(vec![[w, s], [e, s], [e, n], [w, n], [w, s]])
    }

    /// Grown by a share of its size on every side, at least `least` degrees, within the Earth.
    pub fn grown(&self, share: f64, least: f64) -> Self {
        let (x, y) = (((self.east - self.west) * share).max(least), ((self.north - self.south) * share).max(least));
        Self {
            west: (self.west - x).max(-180.0),
            south: (self.south - y).max(-90.0),
            east: (self.east + x).min(180.0),
            north: (self.north + y).min(90.0),
        }
    }

    /// Its middle.
    pub fn center(&self) -> [f64; 2] {
        [f64::midpoint(self.west, self.east), f64::midpoint(self.south, self.north)]
    }

    /// `[west, south, east, north]`.
    pub fn to_array(self) -> [f64; 4] {
        [self.west, self.south, self.east, self.north]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_no_box_is_refused() {
        assert_eq!(Bbox::parse("1,2,3"), Err(BadBbox::Shape));
        assert_eq!(Bbox::parse("1,2,x,4"), Err(BadBbox::Shape));
        assert_eq!(Bbox::parse("NaN,2,3,4"), Err(BadBbox::Range));
        assert_eq!(Bbox::parse("-inf,2,3,4"), Err(BadBbox::Range));
        assert_eq!(Bbox::parse("1,2,3,91"), Err(BadBbox::Range));
        assert_eq!(Bbox::parse("170,2,-170,4"), Err(BadBbox::Inverted));
        assert!(Bbox::parse("-2.1, 47.6,-2.0,47.7").is_ok());
    }
}
