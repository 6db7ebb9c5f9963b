//! A real place over three years: Monaco of 2021, 2022 and 2023 with two hundred random edits of citizens in between. Every field must be what
//! the three-way rule says, worked out here from the readings of the three files alone; whole files and a file of changes end alike.

use crate::app::{App, Backend, FREE, Person, Place, at, create, edit, set_edit, shared};
use crate::reimports_support::{Fields, Seen, actors, applied, cases, fields, found, import, items, reference, ruled, seen, tell};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }
}

/// What somebody writes into a field.
fn value(dice: &mut Dice, field: &str, here: &Value) -> Value {
    let n = dice.below(1000);
    if dice.below(8) == 0 && field != "name" && !field.ends_with("position") {
        return Value::Null;
    }
    match field {
        "phone" => json!(format!("01 99 00 {:02} {:02}", n / 100, n % 100)),
        "website" => json!(format!("https://acteur{n}.example.org")),
        "email" => json!(format!("a{n}@example.org")),
        "wheelchair" => json!(["yes", "limited", "no"][n % 3]),
        "former_names" => json!([format!("Autrefois {n}")]),
        "place/p1/address" => json!({"street": format!("Rue {n}"), "city": "Monaco"}),
        "place/p1/position" => at(here["lon"].as_f64().unwrap_or(7.42) + n as f64 * 1e-7, here["lat"].as_f64().unwrap_or(43.735)),
        _ => json!(format!("{field} {n}")),
    }
}

const FIELDS: [&str; 11] = [
    "name",
    "phone",
    "website",
    "email",
    "opening_hours",
    "wheelchair",
    "former_names",
    "summary",
    "description",
    "place/p1/address",
    "place/p1/position",
];

/// A hundred edits by somebody: new actors, changed and emptied fields. Half of them on what the next file changes too.
async fn write(person: &mut Person, dice: &mut Dice, last: &BTreeMap<String, (Value, Fields)>, next: &BTreeMap<String, (Value, Fields)>) {
    let mut all: Vec<Value> = actors(person, "monaco").await.into_values().collect();
    all.sort_by_key(|a| (reference(a).starts_with("osm:"), a["source"]["ref"].to_string(), a["fields"]["name"].to_string()));
    let theirs: Vec<usize> = (0..all.len()).filter(|i| reference(&all[*i]).starts_with("osm:")).collect();
    let changing: Vec<(usize, String)> = theirs
        .iter()
        .flat_map(|i| {
            let r = reference(&all[*i]);
            let (old, new) = (last.get(&r).map(|f| &f.1), next.get(&r).map(|f| &f.1));
            let differs = move |f: &&str| old.zip(new).is_some_and(|(old, new)| old.get(*f) != new.get(*f));
            FIELDS.into_iter().filter(differs).map(|f| (*i, f.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    assert!(!changing.is_empty());
    for n in 0..100 {
        if n % 10 == 9 {
            let p = at(7.41 + dice.below(1000) as f64 * 2e-5, 43.73 + dice.below(1000) as f64 * 1e-5);
            let made = create("monaco", json!({"name": format!("Voisins {n} {}", dice.below(100_000)), "place/p1/position": p}));
            assert_eq!(person.edits(&[made]).await.0, 200);
            continue;
        }
        let (i, field) = if n % 2 == 0 {
            changing[dice.below(changing.len())].clone()
        } else {
            (theirs[dice.below(theirs.len())], FIELDS[dice.below(FIELDS.len())].to_owned())
        };
        let seen = person.actor(all[i]["id"].as_str().unwrap()).await;
        // Now and then the very value that the source will have.
        let coming = next.get(&reference(&seen)).and_then(|f| f.1.get(&field)).filter(|_| dice.below(6) == 0);
        let new = coming.cloned().unwrap_or_else(|| value(dice, &field, &seen["fields"][&field]));
        let (status, body) = person.edits(&[set_edit(&seen, json!({field: new}))]).await;
        assert_eq!(status, 200, "{body}");
    }
}

/// People take over what the import only offered: most of what a small country has. Gives how many.
async fn take_over(person: &mut Person, offered: &BTreeMap<String, (Value, Fields)>) -> usize {
    let mut taken = 0;
    for (reference, (verdict, fields)) in offered.iter().filter(|(_, (v, f))| *v != "publish" && f.contains_key("name")) {
        let name: String = url::form_urlencoded::byte_serialize(fields["name"].as_str().unwrap().as_bytes()).collect();
        let (_, found) = person.get(&format!("/api/v1/duplicates?territory=monaco&name={name}")).await;
        let Some(candidate) = found["candidates"].as_array().unwrap().iter().find(|c| c["source"] == json!(reference)) else { continue };
        let mut made = create("monaco", candidate["fields"].clone());
        made["candidate"] = candidate["id"].clone();
        let (status, body) = person.edits(&[made]).await;
        assert_eq!(status, 200, "{verdict}: {body}");
        taken += 1;
    }
    taken
}

/// One import: what was before against what is after.
async fn step(app: &App, admin: &mut Person, file: &Path, last: &mut BTreeMap<String, Fields>, source: &BTreeMap<String, (Value, Fields)>) -> Value {
    let before = actors(admin, "monaco").await;
    let known: BTreeSet<String> = before.values().map(reference).collect();
    let run = applied(admin, "monaco", file).await;
    let after = actors(admin, "monaco").await;
    let renumbered: BTreeMap<String, String> = items(admin, &run)
        .await
        .iter()
        .filter_map(|i| Some((i["old_reference"].as_str()?.to_owned(), i["reference"].as_str()?.to_owned())))
        .collect();
    let (mut asked, mut closing) = (BTreeSet::new(), BTreeSet::new());
    for (id, actor) in &before {
        let now = after.get(id).unwrap_or_else(|| panic!("{} is gone", actor["fields"]["name"]));
        let was = reference(actor);
        let is = renumbered.get(&was).unwrap_or(&was);
        assert_eq!(reference(now), *is);
        let Some((_, theirs)) = source.get(is) else {
            assert_eq!(fields(now), fields(actor), "{was} is not in the source");
            if was.starts_with("osm:") {
                closing.insert(id.clone());
            }
            continue;
        };
        let (wanted, conflicts) = ruled(&last[&was], theirs, &fields(actor));
        assert_eq!(fields(now), wanted, "{was}");
        asked.extend(conflicts.into_iter().map(|f| (id.clone(), f)));
        last.insert(is.clone(), theirs.clone());
    }
    let queue = cases(admin, "monaco").await;
    let mine = queue.iter().filter(|c| c["run"] == run["id"]);
    let conflicts: BTreeSet<(String, String)> =
        mine.filter(|c| c["kind"] == "conflict").map(|c| (c["actor"]["id"].as_str().unwrap().into(), c["field"].as_str().unwrap().into())).collect();
    assert_eq!(conflicts, asked);
    let closings: BTreeSet<String> = queue.iter().filter(|c| c["kind"] == "closing").map(|c| c["actor"]["id"].as_str().unwrap().into()).collect();
    assert_eq!(closings, closing, "everything that is gone is asked about, and nothing else");
    // What is new in the source is published, or stands beside somebody's own.
    let (_, territory) = admin.get("/api/v1/territories/monaco").await;
    let here: BTreeSet<String> = after.values().map(reference).collect();
    let missing = source.iter().filter(|(r, (v, _))| *v == "publish" && !here.contains(*r)).count();
    assert!(missing <= 3 && territory["candidates"].as_u64().unwrap() > 0, "{missing} are missing");
    for (id, actor) in after.iter().filter(|(id, _)| !before.contains_key(*id)) {
        let r = reference(actor);
        assert!(!known.contains(&r), "{id} was there");
        assert_eq!(fields(actor), source[&r].1, "{r} comes as it is");
        last.insert(r.clone(), source[&r].1.clone());
    }
    assert!(app.place.run(&["check"]).status.success());
    run
}

/// Three years with people in between; `last_file` brings the third. Gives what is seen at the end.
async fn three_years(backend: Backend, files: &[PathBuf; 3], last_file: &Path, undo: bool) -> Seen {
    let sources: Vec<_> = files.iter().map(|f| found(f)).collect();
    let place = Place::new(backend).await;
    import(&place, &files[0], &["--territory", "monaco"]);
    let app = App::start_at(place, FREE, &[]);
    let (mut ana, mut admin, mut dice) = (app.person(), app.with_role("admin").await, Dice(2_021));
    let mut last: BTreeMap<String, Fields> = sources[0].iter().map(|(r, (_, f))| (r.clone(), f.clone())).collect();
    assert!(take_over(&mut ana, &sources[0]).await > 20);
    write(&mut ana, &mut dice, &sources[0], &sources[1]).await;
    // A moderator takes one off the map for good.
    let all = actors(&mut admin, "monaco").await;
    let gone = all.values().filter(|a| reference(a).starts_with("osm:node/")).min_by_key(|a| reference(a)).unwrap();
    assert_eq!(admin.edits(&[edit("delete", gone, json!({"base": {"*": gone["version"]}}))]).await.0, 200);
    let run = step(&app, &mut admin, &files[1], &mut last, &sources[1]).await;
    eprintln!("{backend:?}: {}", run["counts"]);
    write(&mut ana, &mut dice, &sources[1], &sources[2]).await;
    let before = seen(&app, &mut admin, "monaco", true).await;
    let memory = last.clone();
    let run = step(&app, &mut admin, last_file, &mut last, &sources[2]).await;
    eprintln!("{backend:?}: {}", run["counts"]);
    assert!(!actors(&mut admin, "monaco").await.contains_key(gone["id"].as_str().unwrap()), "what a moderator took off the map stays off it");
    let end = seen(&app, &mut admin, "monaco", false).await;
    if undo {
        let undone = tell(&mut admin, &run, "undo").await;
        assert_eq!(undone["undo"]["kept"], 0, "{undone}");
        assert!(seen(&app, &mut admin, "monaco", true).await == before, "undoing gives back what was there");
        last = memory;
        let again = step(&app, &mut admin, last_file, &mut last, &sources[2]).await;
        assert_eq!(again["counts"], run["counts"]);
        assert!(seen(&app, &mut admin, "monaco", false).await.actors == end.actors, "and the same once more");
    }
    end
}

on_both! {
    async fn monaco_over_three_years_is_what_the_rule_says_with_whole_files_and_with_changes(backend: Backend) {
        let names = ["monaco-2021-04.osm.pbf", "monaco-2022-07.osm.pbf", "monaco-2023-11.osm.pbf"];
        let Some(files) = names.iter().map(|n| shared(&format!("osm/{n}"))).collect::<Option<Vec<_>>>() else { return };
        let Some(changes) = shared("osm/monaco-2022-07_to_2023-11.osc.gz") else { return };
        let files: [PathBuf; 3] = files.try_into().unwrap();
        let whole = three_years(backend, &files, &files[2], true).await;
        let by_changes = three_years(backend, &files, &changes, false).await;
        assert_eq!(whole.actors, by_changes.actors);
        assert_eq!(whole.cases, by_changes.cases);
        assert_eq!((whole.candidates, whole.addresses), (by_changes.candidates, by_changes.addresses));
    }
}
