//! How authors and moments are written where everybody can read them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// Vegetables and herbs of the soup: the public names of people who have no account.
const INGREDIENTS: [&str; 32] = [
    "Ail",
    "Aneth",
    "Basilic",
    "Betterave",
    "Blette",
    "Carotte",
    "Céleri",
    "Cerfeuil",
    "Chou",
    "Ciboule",
    "Courge",
    "Cresson",
    "Échalote",
    "Épinard",
    "Estragon",
    "Fenouil",
    "Fève",
    "Laurier",
    "Lentille",
    "Marjolaine",
    "Navet",
    "Oignon",
    "Orge",
    "Oseille",
    "Panais",
    "Persil",
    "Poireau",
    "Pois",
    "Potiron",
    "Romarin",
    "Sarriette",
    "Thym",
];

/// The public label of an author: an ingredient and a number, always the same for the same identity and telling nothing else about it.
pub fn pseudonym(identity: Uuid) -> String {
    // The last bytes are random in versions 4 and 7; the first ones of version 7 would tell when the identity was made.
    let tail = identity.as_bytes()[10..].iter().fold(0_u64, |sum, b| sum << 8 | u64::from(*b));
    let word = INGREDIENTS[(tail % INGREDIENTS.len() as u64) as usize];
    format!("{word} {}", tail / INGREDIENTS.len() as u64 % 1000)
}

/// Label of whoever wrote something: a person, or the source of an import.
pub fn author(identity: Option<Uuid>, source: Option<&str>) -> String {
    match (identity, source) {
        (Some(id), _) => pseudonym(id),
        (None, Some("osm")) => "OpenStreetMap".into(),
        (None, Some("contours")) => "Contours administratifs".into(),
        (None, _) => "Bouillon".into(),
    }
}

/// RFC 3339 in UTC, from milliseconds since 1970.
pub fn moment(at: i64) -> String {
    let nanos = i128::from(at) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().and_then(|t| t.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_stable_and_a_moment_is_utc() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0025);
        assert_eq!(pseudonym(id), pseudonym(id));
        assert_eq!(author(None, Some("osm")), "OpenStreetMap");
        assert_eq!(moment(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
    }
}
