//! `bouillon import runs`, `undo` and `discard`: looking at imports, and taking one back.

use super::Settings;
use super::control::{self, hand_over};
use super::import::alone;
use super::progress::Progress;
use crate::import::{Event, Imports};
use crate::model::label;
use crate::store::Run;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Runs that are listed.
const LISTED: i64 = 50;

/// What somebody asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    /// The imports of a territory, or all of them.
    List(Option<String>),
    /// Undo one.
    Undo(Uuid),
    /// Give one up.
    Discard(Uuid),
}

/// Does it, through the server that holds the data folder if there is one.
///
/// # Errors
/// When the run does not exist or can't be undone (exit code 2), or the database refuses.
pub(super) async fn run(settings: Settings, ask: Ask) -> anyhow::Result<()> {
    let data = settings.data()?;
    let mut progress = Progress::start();
    let said = match hand_over(&data, &control::Ask::Runs(ask.clone()), |event| progress.show(&event)).await? {
        Some(said) => said.unwrap_or_default(),
        None => {
            alone(&settings, &data, progress, async |journal, report| {
                let imports = Imports::new(journal.clone(), &data, None)?;
                imports.pick_up().await?;
                answer(&imports, &ask, report).await
            })
            .await?
        }
    };
    say(&said);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what the command answers")]
fn say(said: &str) {
    println!("{said}");
}

/// What to print.
///
/// # Errors
/// As [`run`].
pub(super) async fn answer(imports: &Imports, ask: &Ask, report: &mpsc::Sender<Event>) -> anyhow::Result<String> {
    match ask {
        Ask::List(territory) => {
            let runs = imports.list(territory.as_deref(), None, LISTED).await?;
            Ok(if runs.is_empty() { "aucun import".into() } else { runs.iter().map(line).collect::<Vec<_>>().join("\n") })
        }
        Ask::Undo(id) => {
            let run = imports.claim_undo(*id).await?;
            let counts = imports.undo(run, report).await?;
            Ok(format!("annulé : {} modifications · gardé tel que les habitants l’ont changé depuis : {}", counts.undone, counts.kept))
        }
        Ask::Discard(id) => imports.discard(*id).await.map(|_| "abandonné".to_owned()),
    }
}

fn line(run: &Run) -> String {
    let c = &run.facts.counts;
    let slug = if run.slug.is_empty() { "-" } else { &run.slug };
    let why = run.facts.error.as_ref().map(|said| format!(" : {}", said.fr)).unwrap_or_default();
    format!(
        "{} {} {} {} {} (+{} ~{} !{} -{}){why}",
        run.id,
        label::moment(run.created_at),
        slug,
        run.state.as_str(),
        run.file,
        c.create,
        c.update + c.renumber + c.reappear,
        c.conflict,
        c.close
    )
}
