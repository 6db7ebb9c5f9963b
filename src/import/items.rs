//! The words and values of items: what a run's list says of an object. Pure.

use crate::journal::case_id;
use crate::model::Fields;
use crate::osm::{Doubt, Found};
use crate::store::{Action, Candidate, Case, CaseKind, Item, Known, RunCounts};
use serde_json::Value;
use uuid::Uuid;

/// The figure of an action.
pub(super) fn count_of(counts: &mut RunCounts, action: Action) -> Option<&mut u64> {
    Some(match action {
        Action::Create => &mut counts.create,
        Action::Update => &mut counts.update,
        Action::Conflict => &mut counts.conflict,
        Action::Close => &mut counts.close,
        Action::Reappear => &mut counts.reappear,
        Action::Renumber => &mut counts.renumber,
        Action::Candidate => &mut counts.candidate,
        Action::Refused => &mut counts.refused,
        Action::Same => &mut counts.unchanged,
    })
}

/// The reference of an object.
pub(super) fn reference(found: &Found) -> String {
    format!("osm:{}", found.osm)
}

/// The word under which a candidate's reason is kept.
pub(super) fn word(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Unnamed => "unnamed",
        Doubt::OffByDefault => "off_by_default",
        Doubt::ToClassify => "to_classify",
        Doubt::Duplicate => "duplicate",
    }
}

/// The point of an object's place, degrees.
pub(super) fn point(fields: &Fields) -> Option<[f64; 2]> {
    let position = fields.get("place/p1/position")?;
    Some([position.get("lon")?.as_f64()?, position.get("lat")?.as_f64()?])
}

/// An object that is not published; none when it has no point.
pub(super) fn candidate(territory: Uuid, found: &Found, reference: &str, reason: &str) -> Option<Candidate> {
    let [lon, lat] = point(&found.fields)?;
    Some(Candidate {
        id: Uuid::new_v5(&territory, reference.as_bytes()),
        reference: reference.into(),
        name: found.fields.get("name").and_then(Value::as_str).unwrap_or("").into(),
        category: found.category.clone().unwrap_or_default(),
        reason: reason.into(),
        lon,
        lat,
        fields: found.fields.clone(),
    })
}

/// A line of the list.
pub(super) fn item(action: Action, reference: &str, fields: &Fields) -> Item {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let (lon, lat) = point(fields).map(|[lon, lat]| (lon, lat)).unzip();
    Item {
        number: 0,
        action,
        reference: reference.into(),
        old_reference: None,
        actor: None,
        name: text("name").unwrap_or_default(),
        category: text("primary_category"),
        lon,
        lat,
        reason: None,
        fields: Vec::new(),
    }
}

/// A closing; of a conflict the values are filled in.
pub(super) fn case(run: Uuid, at: i64, known: &Known, reference: &str) -> Case {
    Case {
        id: case_id(run, known.origin.actor, "closing"),
        kind: CaseKind::Closing,
        territory: known.home,
        actor: known.origin.actor,
        field: None,
        reference: reference.into(),
        last: Value::Null,
        here: Value::Null,
        source: Value::Null,
        run,
        at,
        decision: None,
    }
}
