//! Named streets: which ways are one, and where the middle of a line is.

use super::tags::{Tags, values};
use crate::geo::mercator::metres;
use crate::model::text::{clean, fold};

/// Ways with a `highway` tag that nobody lives in.
const NO_STREET: [&str; 13] = [
    "motorway",
    "motorway_link",
    "construction",
    "proposed",
    "platform",
    "services",
    "rest_area",
    "raceway",
    "corridor",
    "bus_guideway",
    "escape",
    "elevator",
    "via_ferrata",
];

/// Whether the tags are those of a street or a square with a name.
pub(super) fn is_street(tags: &Tags<'_>) -> bool {
    let street = tags.get("highway").is_some_and(|h| !NO_STREET.contains(&h)) || tags.is("place", "square");
    street && tags.name().is_some()
}

/// The point halfway along a line, and its length in metres.
pub(super) fn middle(line: &[[f64; 2]]) -> Option<([f64; 2], f64)> {
    let length: f64 = line.windows(2).map(|w| metres(w[0], w[1])).sum();
    let mut left = length / 2.0;
    let first = *line.first()?;
    for w in line.windows(2) {
        let step = metres(w[0], w[1]);
        if step >= left && step > 0.0 {
            let part = left / step;
            let point = [w[0][0] + (w[1][0] - w[0][0]) * part, w[0][1] + (w[1][1] - w[0][1]) * part];
            return Some((point, length));
        }
        left -= step;
    }
    Some((first, length))
}

/// A name as the address book keeps it: the first of several, cleaned; none when nothing of it can be read aloud.
pub(super) fn plate_name(name: &str) -> Option<String> {
    let name = clean(values(name).next()?, false);
    (!fold(&name).is_empty() && name.chars().count() <= 120).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_line_is_halfway_along_it() {
        let (point, length) = middle(&[[0.2, 0.1], [0.2, 0.1], [0.25, 0.1], [0.3, 0.1]]).unwrap();
        assert!((point[0] - 0.25).abs() < 1e-9 && (length - 11_119.0).abs() < 5.0, "{point:?} {length}");
        assert_eq!(middle(&[[1.0, 2.0]]), Some(([1.0, 2.0], 0.0)));
        assert_eq!(middle(&[]), None);
    }

    #[test]
    fn a_plate_has_one_name() {
        assert_eq!(plate_name(" Grande  Rue ; X").as_deref(), Some("Grande Rue"));
        assert_eq!(plate_name(" — "), None);
        let motorway = Tags::of(&[("highway", "motorway"), ("name", "A10")]);
        assert!(!is_street(&motorway) && is_street(&Tags::of(&[("place", "square"), ("name", "Place X")])));
    }
}
