//! The grammar of fields: which ones a subject has, of which type, and every limit on their values.

use super::category::taxonomy;
use super::edit::SubjectKind;
use super::invalid::{Invalid, Reason};
pub use super::specs::*;
use super::specs::{ADDRESS, Check, POSITION};
use super::text::clean;
use serde_json::{Map, Value, json};

/// The fields that `create` must bring.
pub fn at_creation(subject: SubjectKind) -> &'static [&'static str] {
    match subject {
        SubjectKind::Actor | SubjectKind::Territory | SubjectKind::Device => &["name"],
        SubjectKind::Seance => &["title", "starts_at", "ends_at"],
        SubjectKind::Cell => &["seance", "key"],
        SubjectKind::Figure => &["kind", "title"],
        SubjectKind::Report => &["title"],
        SubjectKind::Block => &["report", "section"],
    }
}

/// The fields that nobody can empty.
fn is_required(subject: SubjectKind, field: &str) -> bool {
    at_creation(subject).contains(&field) || (subject == SubjectKind::Territory && field == "slug")
}

/// Parts of an address, each at most 120 characters.
pub const ADDRESS_PARTS: [&str; 6] = ["housenumber", "street", "postcode", "city", "insee_code", "quartier"];

/// The rule of a field, or none when the subject has no such field.
pub fn spec(subject: SubjectKind, field: &str) -> Option<&'static Spec> {
    let list = match subject {
        SubjectKind::Actor => ACTOR,
        SubjectKind::Territory => TERRITORY,
        SubjectKind::Seance => SEANCE,
        SubjectKind::Cell => CELL,
        SubjectKind::Figure => FIGURE,
        SubjectKind::Report => REPORT,
        SubjectKind::Block => BLOCK,
        SubjectKind::Device => DEVICE,
    };
    if let Some(found) = list.iter().find(|s| s.name == field) {
        return Some(found);
    }
    if subject != SubjectKind::Actor {
        return None;
    }
    match place_part(field)?.1 {
        "position" => Some(&POSITION),
        "address" => Some(&ADDRESS),
        _ => None,
    }
}

/// Splits `place/p1/position` into (`p1`, `position`); none when it is no place field or its id is not `[a-z0-9]{1,12}`.
pub fn place_part(field: &str) -> Option<(&str, &str)> {
    let (place, part) = field.strip_prefix("place/")?.split_once('/')?;
    let good = (1..=12).contains(&place.len()) && place.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    good.then_some((place, part))
}

/// Checks a value and returns its stored form; `null` or an empty value clears the field and comes back as `null`.
///
/// # Errors
/// [`Invalid`] with the field and the reason.
pub fn check(subject: SubjectKind, field: &str, value: &Value) -> Result<Value, Invalid> {
    let spec = spec(subject, field).ok_or_else(|| Invalid::new(field, Reason::UnknownField))?;
    let fail = |reason| Err(Invalid::new(field, reason));
    let stored = match (spec.kind, value) {
        (_, Value::Null) => Value::Null,
        (Type::Scalar | Type::Text, Value::String(text)) => text_value(spec, field, text)?,
        (Type::Scalar | Type::Text, _) => return fail(Reason::Shape("text")),
        (Type::Set, Value::Array(members)) => set_value(spec, field, members)?,
        (Type::Set, _) => return fail(Reason::Shape("list")),
        (Type::Position, Value::Object(map)) => position(field, map)?,
        (Type::Address, Value::Object(map)) => address(field, map)?,
        (Type::Boundary, Value::Object(map)) => super::territory::boundary_value(field, map)?,
        (Type::Number, Value::Number(n)) if n.as_u64().is_some_and(|n| n <= spec.max as u64) => value.clone(),
        _ => return fail(Reason::Shape("object")),
    };
    if stored.is_null() && is_required(subject, field) { fail(Reason::Required) } else { Ok(stored) }
}

fn text_value(spec: &Spec, field: &str, text: &str) -> Result<Value, Invalid> {
    let text = clean(text, spec.kind == Type::Text);
    if text.is_empty() {
        return Ok(Value::Null);
    }
    member(spec, field, &text)?;
    Ok(Value::String(text))
}

fn set_value(spec: &Spec, field: &str, members: &[Value]) -> Result<Value, Invalid> {
    let mut kept: Vec<String> = Vec::new();
    for value in members {
        let text = clean(value.as_str().ok_or_else(|| Invalid::new(field, Reason::Shape("list of texts")))?, false);
        member(spec, field, &text)?;
        if !text.is_empty() && !kept.contains(&text) {
            kept.push(text);
        }
    }
    if kept.len() > spec.members {
        return Err(Invalid::new(field, Reason::TooMany(spec.members)));
    }
    Ok(if kept.is_empty() { Value::Null } else { json!(kept) })
}

fn member(spec: &Spec, field: &str, text: &str) -> Result<(), Invalid> {
    if text.chars().count() > spec.max {
        return Err(Invalid::new(field, Reason::TooLong(spec.max)));
    }
    let broken = match spec.check {
        Check::Free => None,
        Check::OneOf(words) => (!words.contains(&text)).then_some(Reason::NotOneOf(words)),
        Check::Url => (!http_url(text)).then_some(Reason::Url),
        Check::Email => (!email(text)).then_some(Reason::Email),
        Check::Phone => (!phone(text)).then_some(Reason::Phone),
        Check::Date => (!date(text)).then_some(Reason::Date),
        Check::Day => (text.len() != 10 || !date(text)).then_some(Reason::Date),
        Check::Rna => (!rna(text)).then_some(Reason::Rna),
        Check::Siret => (!siret(text)).then_some(Reason::Siret),
        Check::Category => (!taxonomy().holds(text)).then_some(Reason::Category),
        Check::Slug => (!slug(text)).then_some(Reason::Slug),
        Check::Theme => (!taxonomy().themes.iter().any(|t| t.code == text)).then_some(Reason::Theme),
        Check::Moment => super::seance::moment(text).is_none().then_some(Reason::Moment),
        Check::Id => uuid::Uuid::parse_str(text).is_err().then_some(Reason::Id),
        Check::CellKey => (!super::seance::is_cell_key(text)).then_some(Reason::Id),
        Check::Test(good, form) => (!good(text)).then_some(Reason::Shape(form)),
    };
    broken.map_or(Ok(()), |reason| Err(Invalid::new(field, reason)))
}

fn http_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some_and(|h| h.contains('.') || h == "localhost"))
}

fn email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    !local.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.contains([' ', ',', '<', '>', '"', '\''])
        && !host.contains('@')
}

fn phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (4..=20).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " +().-/;".contains(c))
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, a real day.
fn date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |s: &str, len: usize| if s.len() == len && s.bytes().all(|b| b.is_ascii_digit()) { s.parse::<u16>().ok() } else { None };
    let year = parts.first().and_then(|s| number(s, 4)).filter(|y| (1000..=2200).contains(y));
    let month = match parts.get(1) {
        None => return year.is_some(),
        Some(s) => number(s, 2).and_then(|m| time::Month::try_from(u8::try_from(m).ok()?).ok()),
    };
    let (Some(year), Some(month)) = (year, month) else { return false };
    match parts.get(2) {
        None => true,
        Some(s) => parts.len() == 3 && number(s, 2).is_some_and(|d| (1..=month.length(i32::from(year))).contains(&(d as u8))),
    }
}

/// `^W[0-9A-Z]{9}$`, the national directory of associations.
fn rna(text: &str) -> bool {
    text.len() == 10 && text.starts_with('W') && text.bytes().skip(1).all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// 14 digits whose Luhn sum is a multiple of 10 (La Poste, 356000000, is the one exception: plain sum a multiple of 5).
fn siret(text: &str) -> bool {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let digits = text.bytes().map(|b| u32::from(b - b'0'));
    let luhn: u32 = digits.clone().enumerate().map(|(i, d)| if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { d }).sum();
    luhn.is_multiple_of(10) || (text.starts_with("356000000") && digits.sum::<u32>().is_multiple_of(5))
}

/// Whether a text can be the short address of a territory.
pub fn slug(text: &str) -> bool {
    (2..=60).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !super::territory::RESERVED.contains(&text)
}

fn position(field: &str, map: &Map<String, Value>) -> Result<Value, Invalid> {
    let precision = map.get("precision").and_then(Value::as_str).unwrap_or("exact");
    let Some(precision) = PRECISIONS.iter().find(|p| **p == precision) else {
        return Err(Invalid::new(field, Reason::NotOneOf(PRECISIONS)));
    };
    if map.keys().any(|k| !["lon", "lat", "precision"].contains(&k.as_str())) {
        return Err(Invalid::new(field, Reason::Shape("lon, lat, precision")));
    }
    if *precision == "online" {
        return Ok(json!({"precision": "online"}));
    }
    let number = |key: &str| map.get(key).and_then(Value::as_f64);
    let (Some(lon), Some(lat)) = (number("lon"), number("lat")) else {
        return Err(Invalid::new(field, Reason::Shape("lon, lat, precision")));
    };
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
        return Err(Invalid::new(field, Reason::Coordinates));
    }
    Ok(json!({"lon": round(lon), "lat": round(lat), "precision": precision}))
}

/// Seven decimals, OpenStreetMap's own grid (about a centimetre).
fn round(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

fn address(field: &str, map: &Map<String, Value>) -> Result<Value, Invalid> {
    let mut kept = Map::new();
    for (key, value) in map {
        if !ADDRESS_PARTS.contains(&key.as_str()) {
            return Err(Invalid::new(field, Reason::Shape("housenumber, street, postcode, city, insee_code, quartier")));
        }
        let text = match value {
            Value::Null => continue,
            Value::String(text) => clean(text, false),
            _ => return Err(Invalid::new(field, Reason::Shape("text"))),
        };
        if text.chars().count() > ADDRESS.max {
            return Err(Invalid::new(field, Reason::TooLong(ADDRESS.max)));
        }
        if !text.is_empty() {
            kept.insert(key.clone(), Value::String(text));
        }
    }
    Ok(if kept.is_empty() { Value::Null } else { Value::Object(kept) })
}

/// What `GET /api/v1/fields` answers: every field of an actor with its type and limits.
pub fn catalogue() -> Value {
    let mut fields = Map::new();
    for spec in ACTOR.iter().chain([&POSITION, &ADDRESS]) {
        let name = match spec.kind {
            Type::Position | Type::Address => format!("place/{{id}}/{}", spec.name),
            _ => spec.name.to_owned(),
        };
        let kind = match spec.kind {
            Type::Scalar => "scalar",
            Type::Text => "text",
            Type::Set => "set",
            Type::Position => "position",
            Type::Address => "address",
            Type::Boundary => "boundary",
            Type::Number => "number",
        };
        let mut entry = json!({"type": kind, "max": spec.max});
        if spec.kind == Type::Set {
            entry["members"] = json!(spec.members);
        }
        if let Check::OneOf(words) = spec.check {
            entry["values"] = json!(words);
        }
        fields.insert(name, entry);
    }
    json!({"fields": fields, "categories": CATEGORIES_MAX, "places": PLACES_MAX, "precisions": PRECISIONS})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(field: &str, value: Value) -> Result<Value, &'static str> {
        check(SubjectKind::Actor, field, &value).map_err(|e| e.code())
    }

    #[test]
    fn every_limit_of_an_actor_holds() {
        assert_eq!(actor("name", json!("  La   Ruche ")), Ok(json!("La Ruche")));
        assert_eq!(actor("name", json!(" ")), Err("required"));
        assert_eq!(actor("name", json!("x".repeat(120))), Ok(json!("x".repeat(120))));
        assert_eq!(actor("name", json!("x".repeat(121))), Err("too_long"));
        assert_eq!(actor("name", json!(3)), Err("wrong_shape"));
        assert_eq!(actor("summary", json!("é".repeat(250))), Ok(json!("é".repeat(250))));
        assert_eq!(actor("summary", json!("é".repeat(251))), Err("too_long"));
        assert_eq!(actor("nothing", json!("x")), Err("unknown_field"));
        assert_eq!(actor("kind", json!("robot")), Err("not_one_of"));
        assert_eq!(actor("primary_category", json!("ALI.shared_garden")), Ok(json!("ALI.shared_garden")));
        assert_eq!(actor("primary_category", json!("ALI.nope")), Err("unknown_category"));
        assert_eq!(actor("categories", json!(["SOL", "CUL", "ALI"])), Err("too_many"));
        assert_eq!(actor("tags", json!(["a", "a", " "])), Ok(json!(["a"])));
        assert_eq!(actor("tags", json!((0..21).map(|i| i.to_string()).collect::<Vec<_>>())), Err("too_many"));
    }

    #[test]
    fn addresses_of_pages_people_and_registers_are_checked() {
        assert_eq!(actor("website", json!("javascript:alert(1)")), Err("bad_url"));
        assert_eq!(actor("website", json!("https://ruche.example.org/a?b")), Ok(json!("https://ruche.example.org/a?b")));
        assert_eq!(actor("website", json!("ruche")), Err("bad_url"));
        assert_eq!(actor("email", json!("a@b")), Err("bad_email"));
        assert_eq!(actor("phone", json!("01 99 00 12 34")), Ok(json!("01 99 00 12 34")));
        assert_eq!(actor("phone", json!("call me")), Err("bad_phone"));
        assert_eq!(actor("rna", json!("W123456789")), Ok(json!("W123456789")));
        assert_eq!(actor("rna", json!("W12345678")), Err("bad_rna"));
        assert_eq!(actor("siret", json!("73282932000074")), Ok(json!("73282932000074")));
        assert_eq!(actor("siret", json!("73282932000075")), Err("bad_siret"));
        assert_eq!(actor("founded_on", json!("2024-02-29")), Ok(json!("2024-02-29")));
        assert_eq!(actor("founded_on", json!("2023-02-29")), Err("bad_date"));
        assert_eq!(actor("confirmed_on", json!("2023-02")), Err("bad_date"));
    }

    #[test]
    fn a_position_is_one_value_on_earth() {
        let at = |v| actor("place/p1/position", v);
        assert_eq!(
            at(json!({"lon": 1.234_567_891, "lat": 2, "precision": "exact"})),
            Ok(json!({"lon": 1.2345679, "lat": 2.0, "precision": "exact"}))
        );
        assert_eq!(at(json!({"lon": 181, "lat": 2})), Err("bad_coordinates"));
        assert_eq!(at(json!({"lon": 1})), Err("wrong_shape"));
        assert_eq!(at(json!({"precision": "online"})), Ok(json!({"precision": "online"})));
        assert_eq!(at(json!({"lon": 1, "lat": 1, "precision": "vague"})), Err("not_one_of"));
        assert_eq!(actor("place/P 1/position", json!({"lon": 1, "lat": 1})), Err("unknown_field"));
        assert_eq!(actor("place/p1/address", json!({"street": "rue du Port", "extra": "x"})), Err("wrong_shape"));
    }
}
