//! CSV (RFC 4180, UTF-8 with a byte order mark so that spreadsheets read accents): one line per place.

use crate::model::{Actor, label};
use serde_json::Value;
use std::io::Write;

const FIELDS: [&str; 18] = [
    "name",
    "short_name",
    "summary",
    "kind",
    "primary_category",
    "website",
    "email",
    "phone",
    "opening_hours",
    "rna",
    "siret",
    "legal_form",
    "scope",
    "status",
    "founded_on",
    "wheelchair",
    "confirmed_on",
    "closing",
];
const ADDRESS: [&str; 5] = ["housenumber", "street", "postcode", "city", "insee_code"];

pub(super) fn write(out: &mut impl Write, actors: &[Actor]) -> std::io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut csv = csv::Writer::from_writer(out);
    let head = ["id", "state", "categories", "place", "longitude", "latitude", "precision"].into_iter().chain(ADDRESS).chain(FIELDS);
    csv.write_record(head.chain(["source", "licence", "updated_at", "relations"]))?;
    for actor in actors {
        let places = actor.places();
        if places.is_empty() {
            csv.write_record(line(actor, None))?;
        }
        for place in &places {
            csv.write_record(line(actor, Some(place)))?;
        }
    }
    csv.flush()
}

fn line(a: &Actor, place: Option<&crate::model::Place>) -> Vec<String> {
    let number = |i: usize| place.and_then(|p| p.point).map(|c| c[i].to_string()).unwrap_or_default();
    let mut cells = vec![
        a.id.to_string(),
        a.state().as_str().to_owned(),
        a.categories().collect::<Vec<_>>().join("|"),
        place.map(|p| p.id.clone()).unwrap_or_default(),
        number(0),
        number(1),
        place.map(|p| p.precision.as_str().to_owned()).unwrap_or_default(),
    ];
    let address = place.and_then(|p| a.address(&p.id));
    cells.extend(ADDRESS.iter().map(|part| harmless(address.and_then(|v| v.get(part)).and_then(Value::as_str).unwrap_or(""))));
    cells.extend(FIELDS.iter().map(|field| harmless(a.doc.text(field))));
    let origin = a.origin.as_ref();
    cells.push(origin.map(|o| o.reference.clone()).unwrap_or_default());
    cells.push(origin.map(|o| o.licence.clone()).unwrap_or_default());
    cells.push(label::moment(a.updated_at));
    cells.push(a.doc.set("relations").collect::<Vec<_>>().join("|"));
    cells
}

/// A cell of a table: a spreadsheet must not take a text for a formula, so that such cells get an apostrophe in front (OWASP, CSV injection).
pub fn harmless(text: &str) -> String {
    let phone = text.starts_with('+') && text.chars().skip(1).all(|c| c.is_ascii_digit() || " ().-/".contains(c));
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !phone { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(harmless("-2"), "'-2");
        assert_eq!(harmless("+33 1 99 00 12 34"), "+33 1 99 00 12 34");
        assert_eq!(harmless("+A1"), "'+A1");
        assert_eq!(harmless("La Ruche"), "La Ruche");
    }
}
