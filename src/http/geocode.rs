//! Addresses by text and by point, in the shape of the BAN's API (Addok), so that its clients work unchanged.

use super::extract::Query;
use super::territories::find;
use super::{App, Error, Result};
use crate::geo::{Bbox, lambert93};
use crate::geocode::{self, Filter, Hit, Kind};
use crate::model::Lang;
use crate::store::AddressSource;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Longest text searched for, characters.
const TEXT_MAX: usize = 200;
/// Answers at most.
const LIMIT_MAX: usize = 50;

/// What is searched for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Searched {
    /// The address as people type it, up to 200 characters: `12 bis av de la gare 35600 redon`.
    q: Option<String>,
    /// Latitude, degrees: nearer answers first.
    lat: Option<String>,
    /// Longitude, degrees.
    #[serde(alias = "lng")]
    lon: Option<String>,
    /// Answers, 1 to 50 [default: 5].
    limit: Option<String>,
    /// `0` when the last word is whole [default: 1].
    autocomplete: Option<String>,
    /// `housenumber`, `street`, `locality`, `municipality` or `poi`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only with this postcode.
    postcode: Option<String>,
    /// Only in the commune of this INSEE code.
    citycode: Option<String>,
    /// Short address of a territory here: only in its box, and nearer to its middle first. The BAN has no such thing.
    territory: Option<String>,
}

/// Addresses for a text, best first, as GeoJSON.
#[utoipa::path(get, path = "/api/v1/geocode/search", tag = "addresses", params(Searched),
    responses((status = 200, description = "FeatureCollection as the BAN's API gives it; the type may also be `poi`, a named public place", content_type = "application/geo+json"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory")))]
pub(super) async fn search(State(app): State<App>, lang: Lang, Query(asked): Query<Searched>) -> Result<Response> {
    let territory = asked.territory.as_deref().map(|slug| find(&app, lang, slug)).transpose()?;
    found(app, asked, territory.and_then(|t| t.bbox)).await.map_err(|e| e.speaking(lang))
}

async fn found(app: App, asked: Searched, within: Option<Bbox>) -> Result<Response> {
    let text = asked.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned).ok_or_else(missing)?;
    if text.chars().count() > TEXT_MAX {
        let french = format!("q : {TEXT_MAX} caractères au plus.");
        return Err(Error::bad("too_long", french, format!("q: {TEXT_MAX} characters at most.")));
    }
    let near = match (&asked.lat, &asked.lon) {
        (None, None) => within.map(|b| [(b.west + b.east) / 2.0, (b.south + b.north) / 2.0]),
        (lat, lon) => Some(point(lat.as_deref(), lon.as_deref())?),
    };
    let (limit, kind) = (limit(asked.limit.as_deref(), 5)?, kind(asked.kind.as_deref())?);
    let autocomplete = !matches!(asked.autocomplete.as_deref(), Some("0" | "false" | "no"));
    let (words, postcode, citycode, geocoder) = (text.clone(), asked.postcode.clone(), asked.citycode.clone(), app.geocoder.clone());
    // Words with typing errors take milliseconds, which other requests should not wait for.
    let hits = tokio::task::spawn_blocking(move || {
        let filter = Filter { kind, postcode: postcode.as_deref(), citycode: citycode.as_deref(), within };
        geocoder.search(&geocode::Query { text: &words, autocomplete, near, filter, limit })
    });
    let hits = hits.await.map_err(|_| Error::internal())?;
    let filters = filters(&[("type", asked.kind), ("postcode", asked.postcode), ("citycode", asked.citycode)]);
    let mut more = Map::from_iter([("query".to_owned(), json!(text))]);
    if let Some([lon, lat]) = near {
        more.insert("center".into(), json!([lon, lat]));
    }
    Ok(collection(&hits, limit, filters, more))
}

/// Around which point.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Around {
    /// Latitude, degrees.
    lat: Option<String>,
    /// Longitude, degrees.
    #[serde(alias = "lng")]
    lon: Option<String>,
    /// Answers, 1 to 50 [default: 1].
    limit: Option<String>,
    /// `housenumber`, `street`, `locality`, `municipality` or `poi`; by default the first three.
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The addresses around a point, nearest first, as GeoJSON. Nothing farther than 10 km.
#[utoipa::path(get, path = "/api/v1/geocode/reverse", tag = "addresses", params(Around),
    responses((status = 200, description = "FeatureCollection as the BAN's API gives it, with the distance in metres", content_type = "application/geo+json"),
        (status = 400, description = "Not understood")))]
pub(super) async fn reverse(State(app): State<App>, lang: Lang, Query(asked): Query<Around>) -> Result<Response> {
    around(&app, asked).map_err(|e| e.speaking(lang))
}

fn around(app: &App, asked: Around) -> Result<Response> {
    let [lon, lat] = point(asked.lat.as_deref(), asked.lon.as_deref())?;
    let (limit, kind) = (limit(asked.limit.as_deref(), 1)?, kind(asked.kind.as_deref())?);
    let hits = app.geocoder.reverse(lon, lat, kind, limit);
    let more = Map::from_iter([("center".to_owned(), json!([lon, lat]))]);
    Ok(collection(&hits, limit, filters(&[("type", asked.kind)]), more))
}

fn missing() -> Error {
    Error::bad("missing_q", "q : écrivez l’adresse à chercher.", "q: write the address to look for.")
}

fn point(lat: Option<&str>, lon: Option<&str>) -> Result<[f64; 2]> {
    let number = |text: Option<&str>, most: f64| text?.trim().parse::<f64>().ok().filter(|v| v.abs() <= most);
    match (number(lon, 180.0), number(lat, 90.0)) {
        (Some(lon), Some(lat)) => Ok([lon, lat]),
        _ => {
            let french = "lat et lon : deux nombres en degrés, de -90 à 90 et de -180 à 180.";
            Err(Error::bad("bad_point", french, "lat and lon: two numbers in degrees, from -90 to 90 and from -180 to 180."))
        }
    }
}

fn limit(text: Option<&str>, usual: usize) -> Result<usize> {
    let Some(text) = text else { return Ok(usual) };
    text.trim().parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n)).ok_or_else(|| {
        let french = format!("limit : un nombre de 1 à {LIMIT_MAX}.");
        Error::bad("bad_limit", french, format!("limit: a number from 1 to {LIMIT_MAX}."))
    })
}

fn kind(text: Option<&str>) -> Result<Option<Kind>> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(None) };
    Kind::parse(text).map(Some).ok_or_else(|| {
        let kinds = "housenumber, street, locality, municipality, poi";
        Error::bad("bad_type", format!("type : un de ces mots : {kinds}."), format!("type: one of these words: {kinds}."))
    })
}

fn filters(all: &[(&str, Option<String>)]) -> Value {
    let given = all.iter().filter_map(|(name, value)| Some(((*name).to_owned(), json!(value.as_ref()?))));
    Value::Object(given.collect())
}

fn collection(hits: &[Hit], limit: usize, filters: Value, more: Map<String, Value>) -> Response {
    let from = |source| hits.iter().any(|h| h.source == source);
    let (osm, ban) = (from(AddressSource::Osm) || hits.is_empty(), from(AddressSource::Ban));
    let both = |a: &str, b: &str| [osm.then_some(a), ban.then_some(b)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut body = json!({
        "type": "FeatureCollection", "version": "draft", "features": hits.iter().map(feature).collect::<Vec<_>>(),
        "attribution": both("© OpenStreetMap", "BAN"), "licence": both("ODbL-1.0", "Licence Ouverte 2.0"), "limit": limit,
    });
    if let Value::Object(body) = &mut body {
        body.extend(more);
        if filters.as_object().is_some_and(|f| !f.is_empty()) {
            body.insert("filters".into(), filters);
        }
    }
    ([(header::CONTENT_TYPE, "application/geo+json"), (header::CACHE_CONTROL, "no-cache")], body.to_string()).into_response()
}

fn feature(hit: &Hit) -> Value {
    json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [hit.lon, hit.lat]}, "properties": properties(hit)})
}

/// What is known of an address; members without a value are left out, as the BAN does.
pub(super) fn properties(hit: &Hit) -> Value {
    let mut all = json!({
        "label": hit.label, "score": rounded(hit.score), "id": hit.id, "type": hit.kind.as_str(), "name": hit.name,
        "housenumber": hit.housenumber, "street": hit.street, "postcode": hit.postcode, "citycode": hit.citycode, "city": hit.city,
        "oldcity": hit.old_city, "context": hit.context, "importance": rounded(hit.importance), "population": hit.population,
        "poi": hit.poi, "source": hit.source.as_str(),
    });
    if let Value::Object(all) = &mut all {
        if hit.citycode.is_some() && lambert93::is_meant_for(hit.lon, hit.lat) {
            let [x, y] = lambert93::project(hit.lon, hit.lat);
            all.insert("x".into(), json!((x * 100.0).round() / 100.0));
            all.insert("y".into(), json!((y * 100.0).round() / 100.0));
        }
        if let Some(distance) = hit.distance_m {
            all.insert("distance".into(), json!(distance.round()));
        }
        all.retain(|_, v| !v.is_null());
    }
    all
}

fn rounded(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}
