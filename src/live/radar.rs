//! The duplicate radar: who is adding, or has just added, something like what somebody types.

use super::words::{Typing, session};
use crate::geo::mercator::metres;
use crate::model::similar::{PROBABLY_THE_SAME, likeness};
use serde_json::{Value, json};
use uuid::Uuid;

/// So near each other two alike names are probably one actor, metres.
const NEAR_M: f64 = 300.0;
/// So alike two names are the same but for spelling, wherever they are.
const SAME: f64 = 0.97;
/// Others told of at once, at most.
const TOLD: usize = 5;

/// Something that another person types or has just added.
#[derive(Debug)]
pub(super) struct Other<'a> {
    pub(super) session: Option<u64>,
    pub(super) person: &'a str,
    pub(super) title: &'a str,
    pub(super) points: &'a [[f64; 2]],
    /// The actor, once it is added.
    pub(super) actor: Option<Uuid>,
}

/// Those of the others that are like what is typed, the nearest first.
pub(super) fn near<'a>(typed: &Typing, others: impl Iterator<Item = Other<'a>>) -> Value {
    let at = typed.lon.zip(typed.lat).map(|(lon, lat)| [lon, lat]);
    let mut found: Vec<(f64, Other<'a>)> = others
        .filter_map(|other| {
            let far = |p: &[f64; 2]| at.map_or(f64::INFINITY, |at| metres(at, *p));
            let distance = other.points.iter().map(far).fold(f64::INFINITY, f64::min);
            let least = if distance <= NEAR_M { PROBABLY_THE_SAME } else { SAME };
            (likeness(&typed.name, other.title) >= least).then_some((distance, other))
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.title.cmp(b.1.title)));
    let told = found.iter().take(TOLD).map(|(distance, other)| {
        json!({
            "session": other.session.map(session), "name": other.person, "title": other.title,
            "distance_m": distance.is_finite().then(|| distance.round()), "actor": other.actor,
            "state": if other.actor.is_some() { "added" } else { "typing" },
        })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_and_near_or_the_same_name_anywhere() {
        let typed = Typing { name: "Repair Café".into(), lon: Some(2.0), lat: Some(48.0) };
        let other = |title, points| Other { session: Some(1), person: "Amina", title, points, actor: None };
        let seen = |title, points| near(&typed, [other(title, points)].into_iter());
        assert_eq!(seen("Repair Café du Centre", &[[2.0005, 48.0]])[0]["distance_m"], 37.0);
        assert_eq!(seen("Repair Café du Centre", &[[2.01, 48.0]]), json!([]), "alike, but far");
        assert_eq!(seen("repair cafe", &[[2.01, 48.0]])[0]["distance_m"], 744.0, "the same, though far");
        assert_eq!(seen("repair cafe", &[])[0]["distance_m"], Value::Null);
        assert_eq!(seen("Club de judo", &[[2.0, 48.0]]), json!([]));
    }
}
