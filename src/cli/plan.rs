//! What a dry run prints: the figures, then what would become of each object.

use super::progress::reason;
use crate::import::PlanSummary;
use crate::model::Lang;
use crate::model::invalid::label;
use crate::store::{Action, Item, ItemField, What};
use serde_json::Value;

/// Letters of a value that are shown.
const SHOWN: usize = 60;

#[expect(clippy::print_stdout, reason = "the plan is what the command answers")]
pub(super) fn print(plan: &PlanSummary) {
    let c = &plan.counts;
    println!("{} : rien n’est écrit. Ce que cet import changerait :", plan.slug);
    println!("  nouveaux : {} · mis à jour : {} · inchangés : {}", c.create, c.update, c.unchanged);
    println!("  changés des deux côtés : {} · valeurs des habitants gardées : {}", c.conflict, c.kept);
    println!("  disparus de la source : {} · revenus : {} · renumérotés : {}", c.close, c.reappear, c.renumber);
    println!("  nouvelles propositions : {}", c.candidate);
    let mut before = None;
    for item in &plan.items {
        if before != Some(item.action) && count(plan, item.action) > shown(plan, item.action) {
            println!("  ({} × {}, les premiers ; --list pour tous)", count(plan, item.action), word(item.action));
        }
        before = Some(item.action);
        println!("  {}", line(item));
        for field in &item.fields {
            println!("      {}", change(field));
        }
    }
    let resume = if plan.resumes { " (un import interrompu attend d’être repris)" } else { "" };
    println!("Pour l’écrire, relancez la même commande avec --apply{resume}.");
}

fn shown(plan: &PlanSummary, action: Action) -> u64 {
    plan.items.iter().filter(|i| i.action == action).count() as u64
}

fn count(plan: &PlanSummary, action: Action) -> u64 {
    let c = &plan.counts;
    match action {
        Action::Create => c.create,
        Action::Update => c.update,
        Action::Conflict => c.conflict,
        Action::Close => c.close,
        Action::Reappear => c.reappear,
        Action::Renumber => c.renumber,
        Action::Candidate => c.candidate,
        Action::Refused => c.refused,
        Action::Same => 0,
    }
}

fn line(item: &Item) -> String {
    let name = if item.name.is_empty() { "(sans nom)" } else { &item.name };
    let old = item.old_reference.as_ref().map(|old| format!(", auparavant {old}")).unwrap_or_default();
    let why = item.reason.as_ref().map(|why| format!(" : {}", reason(why))).unwrap_or_default();
    format!("{} {name} ({}{old}){why}", word(item.action), item.reference)
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "nouveau",
        Action::Update => "mis à jour",
        Action::Conflict => "à trancher",
        Action::Close => "disparu",
        Action::Reappear => "revenu",
        Action::Renumber => "renuméroté",
        Action::Candidate => "proposition",
        Action::Refused => "refusé",
        Action::Same => "inchangé",
    }
}

fn change(f: &ItemField) -> String {
    let name = label(&f.field, Lang::Fr);
    match f.what {
        What::Set => format!("{name} : {} → {}", short(&f.here), short(&f.source)),
        What::Kept => format!("{name} : {} reste (source : {})", short(&f.here), short(&f.source)),
        What::Conflict => format!("{name} : ici {}, source {} (avant {})", short(&f.here), short(&f.source), short(&f.last)),
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => return "rien".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN { text } else { format!("{}…", text.chars().take(SHOWN).collect::<String>()) }
}
