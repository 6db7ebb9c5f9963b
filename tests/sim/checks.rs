//! The invariants of sync-protocol.md, looked at when all is quiet.

use super::client::Client;
use super::fold::fold;
use super::world::Sim;
use bouillon::model::edit::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The first promise that was broken, as a sentence.
pub(super) fn check(sim: &Sim) -> Result<(), String> {
    if let Some(wrong) = &sim.wrong {
        return Err(wrong.clone());
    }
    sequence(sim)?;
    answers_are_kept(sim)?;
    groups_hold_together(sim)?;
    let docs = fold(sim)?;
    let stored = sim.db.docs.iter().map(|(id, doc)| (id, &**doc));
    if !docs.iter().eq(stored) {
        return Err("I3 the stored state is not what the journal leads to".into());
    }
    nobody_waits(sim)?;
    everybody_sees_the_same(sim)
}

/// I2, and one effect per edit (I5).
fn sequence(sim: &Sim) -> Result<(), String> {
    let mut edits = BTreeSet::new();
    for (place, entry) in (1..).zip(&sim.db.journal) {
        if entry.seq != place {
            return Err(format!("I2 the sequence has a gap or a double: row {place} has number {}", entry.seq));
        }
        if !edits.insert(entry.edit_id) {
            return Err(format!("I5 an edit was applied twice: row {place}"));
        }
    }
    Ok(())
}

/// I1: what was acknowledged is in the journal, or its author was shown why not. I5: what was answered is what became of it. I12: also after a restore.
fn answers_are_kept(sim: &Sim) -> Result<(), String> {
    let rows: BTreeMap<Uuid, (i64, i64)> = sim.db.journal.iter().map(|e| (e.edit_id, (e.epoch, e.seq))).collect();
    for client in &sim.clients {
        for (id, ack) in &client.answered {
            let kept = match ack.result {
                Outcome::Applied => rows.contains_key(id),
                Outcome::Same => sim.db.acks.contains_key(id) || client.shown.contains(id),
                Outcome::Conflict | Outcome::Refused => client.shown.contains(id),
            };
            if !kept && !waits(client, *id) {
                let when = if ack.epoch == sim.db.epoch { "I1" } else { "I12" };
                return Err(format!("{when} an acknowledged edit is lost ({:?})", ack.result));
            }
        }
        for ((id, epoch), ack) in &client.answers {
            let row = rows.get(id).filter(|(written, _)| written == epoch);
            if let Some((_, seq)) = row.filter(|(_, seq)| ack.seq != Some(*seq)) {
                return Err(format!("I5 an answer is not what became of the edit: {:?}, and it is in the journal as {seq}", ack.result));
            }
        }
    }
    let told = |id: &Uuid| sim.intents.get(id).is_some_and(|i| sim.clients[i.by].shown.contains(id) || waits(&sim.clients[i.by], *id));
    match sim.db.conflicts.iter().find(|id| !told(id)) {
        Some(_) => Err("I4 a conflict was never shown to its author".into()),
        None => Ok(()),
    }
}

fn waits(client: &Client, id: Uuid) -> bool {
    client.waiting.iter().flat_map(|item| &item.pieces).any(|p| p.edit.id == id)
}

/// Of a group everything is written, or was so already, or nothing is.
fn groups_hold_together(sim: &Sim) -> Result<(), String> {
    let rows: BTreeSet<Uuid> = sim.db.journal.iter().map(|e| e.edit_id).collect();
    let mut groups: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (id, intent) in &sim.intents {
        if let Some(group) = intent.edit.group {
            groups.entry(group).or_default().push(*id);
        }
    }
    for edits in groups.values().filter(|edits| edits.iter().any(|id| rows.contains(id))) {
        let stands = |id: &Uuid| rows.contains(id) || sim.db.acks.get(id).is_some_and(|(_, ack)| ack.result == Outcome::Same);
        if !edits.iter().all(stands) {
            return Err("groups: one was written by half".into());
        }
    }
    Ok(())
}

/// Liveness: every edit that somebody made has got its answer, unless what it changes is gone with an older history.
fn nobody_waits(sim: &Sim) -> Result<(), String> {
    for client in &sim.clients {
        if !client.queue.is_empty() {
            return Err(format!("liveness: an edit was never acknowledged: of client {}", client.number));
        }
        if client.waiting.iter().any(|item| item.subjects().all(|s| sim.db.docs.contains_key(&s))) {
            return Err(format!("liveness: an edit waits for something that is there: of client {}", client.number));
        }
        if let Some(lost) = client.made.iter().find(|id| !client.answered.contains_key(id) && !waits(client, **id)) {
            return Err(format!("liveness: an edit was forgotten before it was sent: {lost} of client {}", client.number));
        }
    }
    Ok(())
}

/// I3: every client and every node's memory is the stored state (for a node: I11). I12: of this epoch.
fn everybody_sees_the_same(sim: &Sim) -> Result<(), String> {
    for (n, node) in sim.nodes.iter().enumerate() {
        if node.atlas != sim.db.docs {
            return Err(format!("I11 a node's memory is not the stored state: node {n}"));
        }
    }
    for client in &sim.clients {
        let here = sim.db.docs.iter().filter(|(id, _)| sim.homes.get(id) == Some(&client.territory));
        if !client.state.iter().eq(here) {
            return Err(format!("I3 a client does not see the stored state: {}", client.number));
        }
        if client.reader.map(|r| r.at) != Some(sim.db.head()) {
            return Err(format!("I3 a client is not at the head: {}", client.number));
        }
    }
    Ok(())
}
