//! `bouillon move`: from the SQLite file to PostgreSQL with PostGIS. Shows what it would do; `--apply` does it.

use super::{BadInput, MoveAsk, Settings, lock};
use crate::atlas::Atlas;
use crate::journal::load;
use crate::store::{Facts, Store, Tx, is_postgres, sqlite_file};
use std::sync::Arc;

/// Shows what a move would copy and what is in the way, or moves.
///
/// # Errors
/// When something is in the way (exit code 2), or the databases differ afterwards: nothing was written then.
pub(super) async fn run(settings: Settings, what: MoveAsk) -> anyhow::Result<()> {
    let (data, url) = (settings.data()?, settings.database()?);
    if is_postgres(&url) {
        return Err(
            BadInput("a move starts from the SQLite file of the data folder: leave --database out and give the target with --to".into()).into()
        );
    }
    if !sqlite_file(&url)?.exists() {
        return Err(BadInput(format!("there is no database in {} yet", data.display())).into());
    }
    // Looking may happen beside a running server; what people write during a move would be lost.
    let _lock = if what.apply { Some(lock::take(&data)?) } else { None };
    let (source, target) = (Store::connect(&url).await?, Store::reach(&what.to).await?);
    let done = between(&source, &target, what.apply).await;
    source.close().await;
    target.close().await;
    done
}

async fn between(source: &Store, target: &Store, apply: bool) -> anyhow::Result<()> {
    let schema = source.schema().await?;
    schema.check()?;
    let mut from = source.read().await?;
    let facts = from.facts().await?;
    show(&facts);
    let mut into = target.write().await?;
    let mut obstacles = into.obstacles_here().await?;
    obstacles.extend(from.texts_with_zero().await?);
    if schema.is_behind() {
        obstacles.push("the database is of an older version: start this version of the server on it once".into());
    }
    if let Some(first) = obstacles.first() {
        say(&format!("Rien n’a été écrit ; {} obstacle(s).", obstacles.len()));
        obstacles.iter().for_each(|o| say(&format!("  obstacle : {o}")));
        return Err(BadInput(format!("the move can't be done: {first}")).into());
    }
    if !apply {
        say("Rien n’a été écrit. Pour déménager, arrêtez le serveur puis ajoutez --apply.");
        return Ok(());
    }
    into.take_in(&mut from, target, |table, rows| tracing::info!("{table}: {rows} rows")).await?;
    let digest = compare(&mut from, &mut into, &facts).await?;
    into.commit().await?;
    say(&format!("Déménagé et comparé : {} lignes, empreinte {digest}.", facts.rows.values().sum::<i64>()));
    say("Désormais, démarrez le serveur avec --database et cette adresse ; les fonds de carte restent dans le dossier de données.");
    say("L’ancien fichier SQLite n’a pas été changé ; gardez-le jusqu’à votre prochaine sauvegarde.");
    Ok(())
}

/// Rows, head and the whole atlas are the same on both sides, before anything is committed.
async fn compare(from: &mut Tx, into: &mut Tx, facts: &Facts) -> anyhow::Result<String> {
    let there = into.facts().await?;
    for (table, rows) in &facts.rows {
        let found = there.rows.get(table);
        anyhow::ensure!(found == Some(rows), "{table}: {rows} rows here, {found:?} there; nothing was moved");
    }
    anyhow::ensure!(*facts == there, "the databases differ: {facts:?} and {there:?}; nothing was moved");
    let (ours, theirs) = (digest(from).await?, digest(into).await?);
    anyhow::ensure!(ours == theirs, "the atlas built from the target differs; nothing was moved");
    Ok(ours)
}

async fn digest(tx: &mut Tx) -> anyhow::Result<String> {
    let atlas = Arc::new(Atlas::new());
    load(tx, atlas.clone()).await?;
    Ok(atlas.digest())
}

fn show(facts: &Facts) {
    say(&format!("À déménager (historique jusqu’à la modification {}) :", facts.head));
    facts.rows.iter().for_each(|(table, rows)| say(&format!("  {table:<16} {rows:>9}")));
}

#[expect(clippy::print_stdout, reason = "the plan and its result are what the command answers")]
fn say(line: &str) {
    println!("{line}");
}
