//! Reports: reading them with their sections and blocks, and the participation devices of a territory.

use super::actors::parse_id;
use super::extract::Path;
use super::report_files::failed;
use super::seances::role;
use super::who::Person;
use super::{App, Error, Result, territories};
use crate::model::{Lang, Role, SubjectKind, Work, label};
use crate::report::document::{FILES, OUTLINE, Piece, by_step, in_order};
use crate::store::{FileFacts, Tx};
use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

/// The reports of a territory, the newest first: drafts for organisers only.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/reports", tag = "reports", params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "Reports, and what whoever asks may do"), (status = 404, description = "No such territory")))]
pub(super) async fn list(State(app): State<App>, lang: Lang, person: Person, Path(slug): Path<String>) -> Result<Json<Value>> {
    let t = territories::find(&app, lang, &slug)?;
    let mut tx = app.journal.store.read().await?;
    let organiser = role(&mut tx, &person, t.id).await? >= Role::Organiser;
    let all = tx.works_of(t.id, SubjectKind::Report).await?;
    let reports: Vec<Value> = all.iter().filter(|r| organiser || r.is_published()).map(brief).collect();
    Ok(Json(json!({"reports": reports, "may": {"create": organiser}})))
}

/// The participation devices of a territory, in the order of the governance cycle.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/devices", tag = "reports", params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "Devices, and what whoever asks may do"), (status = 404, description = "No such territory")))]
pub(super) async fn devices(State(app): State<App>, lang: Lang, person: Person, Path(slug): Path<String>) -> Result<Json<Value>> {
    let t = territories::find(&app, lang, &slug)?;
    let mut tx = app.journal.store.read().await?;
    let organiser = role(&mut tx, &person, t.id).await? >= Role::Organiser;
    let all = by_step(tx.works_of(t.id, SubjectKind::Device).await?);
    Ok(Json(json!({"devices": all.iter().map(piece).collect::<Vec<_>>(), "may": {"edit": organiser}})))
}

/// One report: its sections with their blocks in order, and the devices of its territory.
#[utoipa::path(get, path = "/api/v1/reports/{id}", tag = "reports", params(("id" = Uuid, Path, description = "The report")),
    responses((status = 200, description = "The report as it is now"), (status = 404, description = "No such report, or a draft of others")))]
pub(super) async fn show(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>) -> Result<Json<Value>> {
    let mut tx = app.journal.store.read().await?;
    let seen = find(&mut tx, lang, &person, &id).await?;
    told(&app, &mut tx, lang, &seen).await.map(Json)
}

/// A report, and whether whoever asks organises in its territory.
pub(super) struct Seen {
    pub(super) report: Work,
    pub(super) organiser: bool,
}

/// The report of an address.
///
/// # Errors
/// 404 when there is none, or when it is a draft and whoever asks does not organise there.
pub(super) async fn find(tx: &mut Tx, lang: Lang, person: &Person, id: &str) -> Result<Seen> {
    let id = parse_id(id).map_err(|e| e.speaking(lang))?;
    let none = || Error::not_found().speaking(lang);
    let report = tx.work(id).await?.filter(|w| w.kind == SubjectKind::Report && !w.doc.deleted).ok_or_else(none)?;
    let organiser = role(tx, person, report.home).await? >= Role::Organiser;
    if organiser || report.is_published() { Ok(Seen { report, organiser }) } else { Err(none()) }
}

/// A report as it goes over the wire.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn told(app: &App, tx: &mut Tx, lang: Lang, seen: &Seen) -> Result<Value> {
    let report = &seen.report;
    // Of a frozen report, what it was made from.
    let (blocks, devices): (Vec<(String, Value)>, Vec<Value>) = if report.is_frozen() {
        let kept = app.reports.kept(tx, report.id).await.map_err(|e| failed(e, lang))?.written;
        let still = |p: &Piece| json!({"id": p.id, "fields": p.fields, "versions": {}});
        (kept.blocks.iter().map(|b| (b.text("section").to_owned(), still(b))).collect(), kept.devices.iter().map(still).collect())
    } else {
        let blocks = in_order(tx.blocks_of(report.id).await?);
        let devices = by_step(tx.works_of(report.home, SubjectKind::Device).await?);
        (blocks.iter().map(|b| (b.doc.text("section").to_owned(), piece(b))).collect(), devices.iter().map(piece).collect())
    };
    let sections: Vec<Value> = OUTLINE
        .iter()
        .map(|s| {
            let blocks: Vec<&Value> = blocks.iter().filter(|(section, _)| section == s.code).map(|(_, block)| block).collect();
            json!({"code": s.code, "title": s.title(lang), "help": s.help(lang), "blocks": blocks})
        })
        .collect();
    let frozen = if report.is_frozen() { ice(report, &tx.work_files(report.id).await?) } else { Value::Null };
    let territory = app.journal.atlas.territory_by_id(report.home).map(|t| json!({"slug": t.slug, "name": t.name}));
    let mut told = brief(report);
    told["territory"] = json!(territory);
    told["frozen"] = frozen;
    told["sections"] = json!(sections);
    told["devices"] = json!(devices);
    told["may"] = json!({"edit": seen.organiser && !report.is_frozen(), "publish": seen.organiser});
    Ok(told)
}

/// The position that a report was frozen at, and its files.
fn ice(report: &Work, files: &[FileFacts]) -> Value {
    let position = report.doc.text("frozen").split_once(':').and_then(|(epoch, seq)| Some([epoch.parse::<i64>().ok()?, seq.parse::<i64>().ok()?]));
    let shown: Map<String, Value> =
        files.iter().filter(|f| FILES.contains(&f.name.as_str())).map(|f| (f.name.clone(), json!({"sha256": f.sha256, "bytes": f.size}))).collect();
    let at = report.doc.meta.get("frozen").map(|m| label::moment(m.at));
    let erased = files.iter().filter_map(|f| f.erased_at).max().map(label::moment);
    json!({"position": position, "at": at, "files": shown, "erased_at": erased})
}

fn brief(w: &Work) -> Value {
    let status = if w.is_published() { "published" } else { "draft" };
    let mut told = piece(w);
    told["status"] = json!(status);
    told["version"] = json!(w.doc.version);
    told["frozen"] = json!(Some(w.doc.text("frozen")).filter(|p| !p.is_empty()));
    told["author"] = json!(label::author(w.author, None));
    told["created_at"] = json!(label::moment(w.created_at));
    told["updated_at"] = json!(label::moment(w.updated_at));
    told
}

fn piece(w: &Work) -> Value {
    let versions: Map<String, Value> = w.doc.meta.iter().map(|(f, m)| (f.clone(), json!(m.v))).collect();
    json!({"id": w.id, "fields": w.doc.fields, "versions": versions})
}
