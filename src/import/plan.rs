//! What a run does: every object of the source against what was imported before and what stands here. Pure.

use super::items::{candidate, case, count_of, item, point, reference, word};
use super::renumber;
use super::three_way::three_way;
use crate::geo::Shape;
use crate::journal::case_id;
use crate::model::edit::{Edit, EditKind, SubjectKind};
use crate::model::similar::{PROBABLY_THE_SAME, likeness};
use crate::osm::{Found, Verdict};
use crate::store::{Action, Candidate, Case, CaseKind, Imported, ItemField, Known, Note, RunCounts, What};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// A territory that actors are created in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Home {
    pub(super) id: Uuid,
    pub(super) slug: String,
}

/// An actor that stands near an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Neighbour {
    pub(super) id: Uuid,
    pub(super) name: String,
}

/// What a plan is made of.
pub(super) struct Given<'a> {
    /// The run.
    pub(super) run: Uuid,
    /// UTC, milliseconds since 1970.
    pub(super) at: i64,
    /// The objects of the source.
    pub(super) found: &'a [Found],
    /// The territory they go into, with its shape; none when they go into those that cover them.
    pub(super) own: Option<(&'a Home, Option<Shape>)>,
    /// What was imported before, those of the territory that are gone too.
    pub(super) known: Vec<Known>,
    /// The queue: open cases, and closings that were decided.
    pub(super) cases: Vec<Case>,
    /// References of candidates that are offered already, or that this run has listed before it was cut off.
    pub(super) offered: BTreeSet<String>,
    /// Break a promise on purpose.
    pub(super) overwrite: bool,
}

/// One object's part of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// What to write through the journal; none when the actor stays as it is.
    pub(super) edit: Option<Edit>,
    /// What to write beside it.
    pub(super) note: Note,
}

/// What a run does.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In the order of the source, then what is gone.
    pub(super) steps: Vec<Step>,
    /// Everything that is offered from now on, per territory.
    pub(super) candidates: BTreeMap<Uuid, Vec<Candidate>>,
    /// Figures.
    pub(super) counts: RunCounts,
}

/// Where things are looked up that the plan can't hold: territories at a point, and actors near one.
pub(super) trait Around {
    /// The territory that covers a point (degrees).
    fn home(&self, point: [f64; 2]) -> Option<Home>;
    /// Actors within 30 m.
    fn near(&self, point: [f64; 2]) -> Vec<Neighbour>;
}

/// Makes the plan.
pub(super) fn plan(given: Given<'_>, around: &impl Around) -> Plan {
    Planner::new(given, around).run()
}

struct Planner<'a, A> {
    given: Given<'a>,
    around: &'a A,
    known: HashMap<String, Known>,
    cases: HashMap<Uuid, Vec<Case>>,
    /// Actors whose object is in the source, with the object that it is a twin of.
    backed: HashMap<Uuid, Option<String>>,
    plan: Plan,
}

impl<'a, A: Around> Planner<'a, A> {
    fn new(mut given: Given<'a>, around: &'a A) -> Self {
        let known: HashMap<String, Known> = std::mem::take(&mut given.known).into_iter().map(|k| (k.origin.reference.clone(), k)).collect();
        let mut cases: HashMap<Uuid, Vec<Case>> = HashMap::new();
        for case in std::mem::take(&mut given.cases) {
            cases.entry(case.actor).or_default().push(case);
        }
        let mut plan = Plan::default();
        if let Some((home, _)) = &given.own {
            plan.candidates.insert(home.id, Vec::new());
        }
        let backed = given.found.iter().filter_map(|f| Some((known.get(&reference(f))?.origin.actor, f.twin_of.clone()))).collect();
        Self { given, around, known, cases, backed, plan }
    }

    fn run(mut self) -> Plan {
        let found = self.given.found;
        let present: BTreeSet<String> = found.iter().map(reference).collect();
        let gone = self.gone(&present);
        let renumbered = renumber::find(&self.known, &gone, found);
        for one in found {
            let reference = reference(one);
            if let Some(known) = self.known.get(&reference).cloned() {
                self.update(one, &known, reference);
            } else if let Some(old) = renumbered.get(&reference) {
                if let Some(known) = self.known.get(old).cloned() {
                    self.update(one, &known, reference);
                }
            } else {
                self.new_object(one, reference);
            }
        }
        let taken: BTreeSet<&String> = renumbered.values().collect();
        for reference in gone.iter().filter(|r| !taken.contains(r)) {
            if let Some(known) = self.known.get(reference).cloned() {
                self.close(&known);
            }
        }
        self.plan
    }

    /// What was imported into this territory, lay inside it, and is not in the source any more.
    fn gone(&self, present: &BTreeSet<String>) -> BTreeSet<String> {
        let Some((home, shape)) = &self.given.own else { return BTreeSet::new() };
        let inside = |k: &Known| point(&k.origin.values).is_some_and(|[x, y]| shape.as_ref().is_none_or(|s| s.covers(x, y)));
        let gone = self.known.values().filter(|k| k.home == home.id && !k.doc.deleted && !present.contains(&k.origin.reference) && inside(k));
        gone.map(|k| k.origin.reference.clone()).collect()
    }

    /// An object that is an actor already.
    fn update(&mut self, found: &Found, known: &Known, reference: String) {
        if known.doc.deleted {
            self.plan.counts.unchanged += 1;
            return;
        }
        let outcome = three_way(&known.doc, &known.origin.values, &found.fields, self.given.overwrite);
        self.plan.counts.kept += outcome.kept();
        let clashes = outcome.clashes();
        let (ended, back) = self.ended(known, &outcome.fields);
        let renumbered = reference != known.origin.reference;
        let action = match () {
            () if clashes => Action::Conflict,
            () if renumbered => Action::Renumber,
            () if back => Action::Reappear,
            () if !outcome.set.is_empty() => Action::Update,
            () => Action::Same,
        };
        let remembered = known.origin.version == found.version && known.origin.values == outcome.values;
        if action == Action::Same && remembered && ended.is_empty() {
            self.plan.counts.unchanged += 1;
            return;
        }
        let origin = Imported { reference, version: found.version, values: outcome.values, run: self.given.run, ..known.origin.clone() };
        let mut item = item(action, &origin.reference, &known.doc.fields);
        item.actor = Some(known.origin.actor);
        item.old_reference = renumbered.then(|| known.origin.reference.clone());
        let cases = outcome.fields.iter().filter(|f| f.what == What::Conflict).map(|f| Case {
            id: case_id(self.given.run, known.origin.actor, &f.field),
            kind: CaseKind::Conflict,
            field: Some(f.field.clone()),
            last: f.last.clone(),
            here: f.here.clone(),
            source: f.source.clone(),
            ..case(self.given.run, self.given.at, known, &origin.reference)
        });
        let cases = cases.collect();
        item.fields = outcome.fields;
        let edit = (!outcome.set.is_empty()).then(|| {
            let edit = super::edits::new_edit(SubjectKind::Actor, known.origin.actor, EditKind::Set, outcome.set);
            super::edits::with_base(edit, &outcome.base)
        });
        self.step(edit, Note { run: self.given.run, item, before: Some(known.origin.clone()), origin: Some(origin), cases, ended });
    }

    /// The standing cases that this import makes pointless, and whether the object was once gone.
    fn ended(&self, known: &Known, fields: &[ItemField]) -> (Vec<Uuid>, bool) {
        let standing = self.cases.get(&known.origin.actor).map(Vec::as_slice).unwrap_or_default();
        let mut back = false;
        let ended = standing.iter().filter(|case| match (&case.kind, &case.field) {
            (CaseKind::Closing, _) => {
                back = true;
                true
            }
            // Settled by somebody's own edit, or asked anew with the newer value.
            (CaseKind::Conflict, Some(field)) => fields.iter().find(|f| f.field == *field).is_none_or(|f| f.what != What::Kept),
            (CaseKind::Conflict, None) => true,
        });
        let ended = ended.map(|case| case.id).collect();
        (ended, back)
    }

    fn new_object(&mut self, found: &Found, reference: String) {
        let at = point(&found.fields);
        let home = match &self.given.own {
            Some((home, _)) => Some((*home).clone()),
            None => at.and_then(|at| self.around.home(at)),
        };
        let Some(home) = home else {
            self.plan.counts.outside += 1;
            return;
        };
        let reason = match &found.verdict {
            Verdict::Candidate(reason) => Some(word(*reason)),
            Verdict::Publish if self.twin_here(found) => Some("duplicate"),
            Verdict::Publish => None,
        };
        if let Some(reason) = reason {
            return self.candidate(&home, found, &reference, reason);
        }
        let id = Uuid::now_v7();
        let mut edit = super::edits::new_edit(SubjectKind::Actor, id, EditKind::Create, found.fields.clone());
        edit.territory = Some(home.slug);
        let mut item = item(Action::Create, &reference, &found.fields);
        item.actor = Some(id);
        let licence = "ODbL-1.0".into();
        let origin = Imported { reference, actor: id, version: found.version, licence, values: found.fields.clone(), run: self.given.run };
        self.step(Some(edit), Note { run: self.given.run, item, before: None, origin: Some(origin), cases: Vec::new(), ended: Vec::new() });
    }

    fn candidate(&mut self, home: &Home, found: &Found, reference: &str, reason: &str) {
        let Some(candidate) = candidate(home.id, found, reference, reason) else { return };
        self.plan.candidates.entry(home.id).or_default().push(candidate);
        if self.given.offered.contains(reference) {
            return;
        }
        let mut item = item(Action::Candidate, reference, &found.fields);
        item.reason = Some(reason.into());
        item.category.clone_from(&found.category);
        self.step(None, Note { run: self.given.run, item, before: None, origin: None, cases: Vec::new(), ended: Vec::new() });
    }

    /// Somebody added the same actor by hand before: same place, same name. An actor that has an object of its own in the source is another
    /// thing, unless that object is a twin of this one.
    fn twin_here(&self, found: &Found) -> bool {
        let name = found.fields.get("name").and_then(Value::as_str).unwrap_or("");
        let Some(at) = point(&found.fields) else { return false };
        let other = |n: &Neighbour| self.backed.get(&n.id).is_some_and(|twin| twin.as_deref() != Some(found.osm.as_str()));
        self.around.near(at).iter().any(|n| !other(n) && likeness(name, &n.name) >= PROBABLY_THE_SAME)
    }

    /// Gone from the source: a question to people, once.
    fn close(&mut self, known: &Known) {
        let asked = self.cases.get(&known.origin.actor).is_some_and(|list| list.iter().any(|c| c.kind == CaseKind::Closing));
        if asked || known.doc.text("status") == "closed" {
            return;
        }
        let mut item = item(Action::Close, &known.origin.reference, &known.doc.fields);
        item.actor = Some(known.origin.actor);
        let here = known.doc.fields.get("status").cloned().unwrap_or(Value::Null);
        let case = Case { here, ..case(self.given.run, self.given.at, known, &known.origin.reference) };
        self.step(None, Note { run: self.given.run, item, before: None, origin: None, cases: vec![case], ended: Vec::new() });
    }

    fn step(&mut self, edit: Option<Edit>, note: Note) {
        if let Some(count) = count_of(&mut self.plan.counts, note.item.action) {
            *count += 1;
        }
        self.plan.steps.push(Step { edit, note });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Doc, Fields};
    use crate::osm::Doubt;
    use serde_json::json;

    /// A commune without actors, or with one at each of some points.
    struct Town(Vec<(Uuid, &'static str, [f64; 2])>);

    impl Around for Town {
        fn home(&self, [lon, _]: [f64; 2]) -> Option<Home> {
            (lon < 2.0).then(|| Home { id: Uuid::from_u128(1), slug: "ville".into() })
        }

        fn near(&self, at: [f64; 2]) -> Vec<Neighbour> {
            let near = self.0.iter().filter(|(_, _, point)| crate::geo::mercator::metres(*point, at) <= renumber::NEAR_METRES);
            near.map(|(id, name, _)| Neighbour { id: *id, name: (*name).to_owned() }).collect()
        }
    }

    fn fields(name: &str, lon: f64) -> Fields {
        let at = json!({"lon": lon, "lat": 47.0, "precision": "exact"});
        Fields::from([("name".into(), json!(name)), ("place/p1/position".into(), at)])
    }

    fn found(osm: &str, name: &str, lon: f64) -> Found {
        let verdict = Verdict::Publish;
        Found { osm: osm.into(), version: 2, fields: fields(name, lon), category: None, verdict, rule: String::new(), twin_of: None }
    }

    fn known(osm: &str, actor: u128, name: &str, lon: f64) -> Known {
        let (actor, values) = (Uuid::from_u128(actor), fields(name, lon));
        let origin =
            Imported { reference: format!("osm:{osm}"), actor, version: 2, licence: String::new(), values: values.clone(), run: Uuid::nil() };
        Known { origin, home: Uuid::from_u128(1), doc: Doc { fields: values, ..Doc::default() } }
    }

    /// Plans for the commune; its steps as words.
    fn steps(found: &[Found], known: Vec<Known>, cases: Vec<Case>, town: &Town) -> (Plan, Vec<String>) {
        let home = Home { id: Uuid::from_u128(1), slug: "ville".into() };
        let square = json!({"type": "Polygon", "coordinates": [[[0.0, 46.0], [2.0, 46.0], [2.0, 48.0], [0.0, 48.0], [0.0, 46.0]]]});
        let own = Some((&home, Shape::from_geojson(&square)));
        let run = Uuid::from_u128(99);
        let plan = plan(Given { run, at: 0, found, own, known, cases, offered: BTreeSet::new(), overwrite: false }, town);
        let words = plan.steps.iter().map(|s| format!("{} {}", s.note.item.action.as_str(), s.note.item.reference)).collect();
        (plan, words)
    }

    #[test]
    fn what_is_gone_is_asked_about_once_and_no_more_when_it_is_back() {
        let (here, gone) = (known("node/1", 1, "Ruche", 1.0), known("node/2", 2, "Lavoir", 1.5));
        let list = [found("node/1", "Ruche", 1.0)];
        let (plan, words) = steps(&list, vec![here.clone(), gone.clone()], Vec::new(), &Town(Vec::new()));
        assert_eq!((words, plan.counts.close, plan.counts.unchanged), (vec!["close osm:node/2".into()], 1, 1));
        let case = plan.steps[0].note.cases[0].clone();
        assert_eq!((case.kind, case.actor), (CaseKind::Closing, Uuid::from_u128(2)));
        // Asked already, open or decided; outside the boundary; closed or deleted here; of another territory.
        let town = Town(Vec::new());
        assert!(steps(&list, vec![here.clone(), gone.clone()], vec![case.clone()], &town).1.is_empty());
        let decided = Case { decision: Some("stay".into()), ..case.clone() };
        assert!(steps(&list, vec![here.clone(), gone.clone()], vec![decided.clone()], &town).1.is_empty());
        let mut others = [gone.clone(), gone.clone(), gone.clone(), known("node/2", 2, "Lavoir", 2.5)];
        others[0].doc.fields.insert("status".into(), json!("closed"));
        others[1].doc.deleted = true;
        others[2].home = Uuid::from_u128(7);
        for other in others {
            assert!(steps(&list, vec![here.clone(), other], Vec::new(), &town).1.is_empty());
        }
        let both = [found("node/1", "Ruche", 1.0), found("node/2", "Lavoir", 1.5)];
        let (plan, words) = steps(&both, vec![here, gone], vec![decided], &town);
        assert_eq!(words, ["reappear osm:node/2"]);
        assert_eq!(plan.steps[0].note.ended, [case.id]);
    }

    #[test]
    fn a_thing_under_another_number_stays_the_same_actor() {
        let old = known("node/1", 1, "Les Quatre-Vents", 1.0);
        let (plan, words) = steps(&[found("way/7", "Les Quatre Vents", 1.000_1)], vec![old.clone()], Vec::new(), &Town(Vec::new()));
        assert_eq!(words, ["renumber osm:way/7"]);
        let note = &plan.steps[0].note;
        assert_eq!((note.item.old_reference.as_deref(), note.item.actor), (Some("osm:node/1"), Some(Uuid::from_u128(1))));
        assert_eq!((&note.before, note.origin.as_ref().map(|o| o.reference.as_str())), (&Some(old.origin.clone()), Some("osm:way/7")));
        assert_eq!(plan.steps[0].edit.as_ref().map(|e| e.set.len()), Some(2), "name and position follow");
        // Two hundred metres away it is another one.
        let (_, words) = steps(&[found("way/7", "Les Quatre Vents", 1.003)], vec![old], Vec::new(), &Town(Vec::new()));
        assert_eq!(words, ["create osm:way/7", "close osm:node/1"]);
    }

    #[test]
    fn what_somebody_added_by_hand_is_not_published_twice_and_neighbours_of_one_name_are() {
        let hand = Town(vec![(Uuid::from_u128(5), "Boîte à livres", [1.0, 47.0])]);
        let new = [found("node/8", "Boite à livres", 1.000_1)];
        let (plan, words) = steps(&new, Vec::new(), Vec::new(), &hand);
        assert_eq!((words, plan.candidates[&Uuid::from_u128(1)].len()), (vec!["candidate osm:node/8".into()], 1));
        // The one that stands there has an object of its own in the source.
        let both = [found("node/5", "Boîte à livres", 1.0), found("node/8", "Boite à livres", 1.000_1)];
        let own = known("node/5", 5, "Boîte à livres", 1.0);
        assert_eq!(steps(&both, vec![own.clone()], Vec::new(), &hand).1, ["create osm:node/8"]);
        // Unless the source says that both are one: the new one is the larger whole of what is here.
        let mut twins = both.clone();
        twins[0].verdict = Verdict::Candidate(Doubt::Duplicate);
        twins[0].twin_of = Some("node/8".into());
        assert_eq!(steps(&twins, vec![own], Vec::new(), &hand).1, ["candidate osm:node/8"]);
    }

    #[test]
    fn only_what_is_remembered_changes_when_only_the_version_did() {
        let mut newer = found("node/1", "Ruche", 1.0);
        newer.version = 3;
        let (plan, words) = steps(&[newer], vec![known("node/1", 1, "Ruche", 1.0)], Vec::new(), &Town(Vec::new()));
        assert_eq!((words, plan.counts.unchanged), (vec!["same osm:node/1".into()], 1));
        assert!(plan.steps[0].edit.is_none() && plan.steps[0].note.origin.as_ref().is_some_and(|o| o.version == 3));
    }
}
