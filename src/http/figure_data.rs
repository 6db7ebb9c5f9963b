//! A figure as schema.org knows it: a `Dataset`, for search engines and catalogues of open data.

use super::figure_pages::{FORMATS, modified};
use crate::model::{Lang, Work, label};
use crate::report::figure::{Definition, Shown, media_type, words};
use serde_json::{Value, json};

/// The JSON-LD of a figure's page.
pub(super) fn dataset(work: &Work, figure: &Definition, shown: &Shown, at: &str, citation: &str, lang: Lang) -> Value {
    let t = &shown.territory.name;
    let place = shown.area.as_ref().map_or(t, |a| &a.name);
    let mut spatial = json!({"@type": "Place", "name": place});
    if let Some(b) = shown.bbox {
        // South, west, north, east, as GeoShape wants it.
        spatial["geo"] = json!({"@type": "GeoShape", "box": format!("{} {} {} {}", b.south, b.west, b.north, b.east)});
    }
    let files: Vec<Value> = FORMATS
        .iter()
        .map(|f| {
            let kind = media_type(f).split(';').next().unwrap_or("");
            json!({"@type": "DataDownload", "encodingFormat": kind, "contentUrl": format!("{at}.{f}")})
        })
        .collect();
    let people = match lang {
        Lang::Fr => format!("Contributeurs de la carte ouverte de {t}"),
        Lang::En => format!("Contributors to the open map of {t}"),
    };
    let text = if figure.caption.is_empty() { &shown.alt } else { &figure.caption };
    let day = label::moment(shown.facts.at);
    json!({
        "@context": "https://schema.org", "@type": "Dataset", "@id": at, "url": at, "identifier": work.id, "name": figure.title,
        // Catalogues refuse descriptions of less than 50 characters.
        "description": format!("{}. {}. {text}", words::state_line(shown.facts.at, shown.facts.actors, lang), place),
        "license": words::LICENCE_URL, "isAccessibleForFree": true, "inLanguage": if lang == Lang::Fr { "fr" } else { "en" },
        "temporalCoverage": day.get(..10), "dateCreated": label::moment(work.created_at), "dateModified": modified(work, shown),
        "version": format!("{}:{}", shown.facts.position.epoch, shown.facts.position.seq), "spatialCoverage": spatial, "distribution": files,
        "creator": {"@type": "Organization", "name": people}, "isBasedOn": "https://www.openstreetmap.org/copyright",
        "creditText": words::OSM, "citation": citation,
    })
}
