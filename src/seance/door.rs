//! The door of a séance: the code that people type, the link behind the QR code, and the projector's own link.
//!
//! A link's token is made from a secret of this installation and a random number of the door, so that it can be shown again and yet only its hash
//! is kept. Renewing takes another number, so that the old link and code are void at once. Both end with the séance.

use super::{Refused, Result, Seances};
use crate::journal::now;
use crate::model::seance::SeanceState;
use crate::model::text::fold;
use crate::store::{Door, Tx};
use hmac::{Hmac, Mac};
use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Bytes of a token: 128 bits.
const TOKEN: usize = 16;
/// Codes that are tried before giving up; with tens of thousands of them, the second is free.
const PICKS: usize = 50;

/// What grows in a kitchen garden: short, without accents, and not easily taken for one another when read aloud.
const WORDS: [&str; 64] = [
    "ABRICOT",
    "AMANDE",
    "ANANAS",
    "ARTICHAUT",
    "ASPERGE",
    "AVOINE",
    "BANANE",
    "BASILIC",
    "BETTERAVE",
    "BLETTE",
    "BROCOLI",
    "CAROTTE",
    "CASSIS",
    "CERISE",
    "CHATAIGNE",
    "CITRON",
    "CITROUILLE",
    "COING",
    "CORIANDRE",
    "COURGETTE",
    "CRESSON",
    "ENDIVE",
    "ESTRAGON",
    "FENOUIL",
    "FIGUE",
    "FRAISE",
    "FRAMBOISE",
    "GINGEMBRE",
    "GROSEILLE",
    "HARICOT",
    "LAITUE",
    "LAURIER",
    "LAVANDE",
    "LENTILLE",
    "MANDARINE",
    "MARJOLAINE",
    "MELISSE",
    "MELON",
    "MENTHE",
    "MIRABELLE",
    "MOUTARDE",
    "MURE",
    "MYRTILLE",
    "NAVET",
    "NOISETTE",
    "OIGNON",
    "OLIVE",
    "ORANGE",
    "OSEILLE",
    "PANAIS",
    "PASTEQUE",
    "PERSIL",
    "PISTACHE",
    "POIREAU",
    "POIVRON",
    "POMME",
    "POTIRON",
    "PRUNE",
    "RADIS",
    "RAISIN",
    "RHUBARBE",
    "ROMARIN",
    "SARRASIN",
    "TOMATE",
];

/// What is done to a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Another code and another link; the old ones are void.
    Renew,
    /// Nobody comes in any more.
    Revoke,
    /// Another link for the projector; the old one is void.
    Screen,
}

/// A door as the organiser sees it. Without code and token nobody comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doorway {
    /// What people type.
    pub code: Option<String>,
    /// What the link carries.
    pub token: Option<String>,
    /// What the projector's link carries.
    pub screen: String,
    /// UTC, milliseconds since 1970.
    pub ends_at: i64,
}

impl Seances {
    /// The door of a séance, made when it is first looked at.
    ///
    /// # Errors
    /// When there is no such séance, or the database does not answer.
    pub async fn doorway(&self, seance: Uuid) -> Result<Doorway> {
        let mut tx = self.journal.store.read().await?;
        let known = tx.seance(seance).await?.ok_or(Refused::Unknown)?;
        let door = tx.door(seance).await?;
        drop(tx);
        let door = match door {
            Some(door) => door,
            None => self.change(seance, None).await?,
        };
        let lets_in = matches!(known.state(now()), SeanceState::Planned | SeanceState::Open);
        let token = door.token_hash.is_some().then(|| self.token("door", seance, door.generation));
        Ok(Doorway {
            code: door.code.filter(|_| lets_in),
            token: token.filter(|_| lets_in),
            screen: self.token("screen", seance, door.screen),
            ends_at: known.ends_at(),
        })
    }

    /// Renews or closes a door.
    ///
    /// # Errors
    /// When there is no such séance, or the database does not answer.
    pub async fn open(&self, seance: Uuid, opening: Opening) -> Result<Doorway> {
        self.change(seance, Some(opening)).await?;
        self.doorway(seance).await
    }

    /// Whether a token is that of the séance's projector.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_screen(&self, seance: Uuid, token: &str) -> Result<bool> {
        let Some(door) = self.journal.store.read().await?.door(seance).await? else { return Ok(false) };
        Ok(unhex(token).is_some_and(|given| self.mac("screen", seance, door.screen).verify_truncated_left(&given).is_ok()))
    }

    async fn change(&self, seance: Uuid, opening: Option<Opening>) -> Result<Door> {
        let mut tx = self.journal.store.write().await?;
        // Somebody who comes in holds the same lock: from the commit on, the old code opens nothing.
        tx.lock_head().await?;
        tx.seance(seance).await?.ok_or(Refused::Unknown)?;
        let known = tx.door(seance).await?;
        let mut door = match known {
            // Two first looks at the same time: the second one takes what the first has made.
            Some(door) if opening.is_none() => return Ok(door),
            Some(door) => door,
            None => Door { seance, generation: 0, code: None, token_hash: None, screen: number() },
        };
        match opening {
            Some(Opening::Screen) => door.screen = number(),
            Some(Opening::Revoke) => (door.code, door.token_hash) = (None, None),
            Some(Opening::Renew) | None => {
                door.generation = number();
                door.code = Some(free_code(&mut tx).await?);
                door.token_hash = Some(hash_of(&self.token("door", seance, door.generation)));
            }
        }
        tx.put_door(&door).await?;
        tx.commit().await?;
        Ok(door)
    }

    fn mac(&self, what: &str, seance: Uuid, number: i64) -> Hmac<Sha256> {
        // A key of any length fits this construction.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).unwrap_or_else(|_| unreachable!());
        mac.update(what.as_bytes());
        mac.update(seance.as_bytes());
        mac.update(&number.to_be_bytes());
        mac
    }

    fn token(&self, what: &str, seance: Uuid, number: i64) -> String {
        hex(&self.mac(what, seance, number).finalize().into_bytes()[..TOKEN])
    }
}

/// A code that opens no other door. Those of séances that ended are free again.
async fn free_code(tx: &mut Tx) -> Result<String> {
    let mut code = code();
    for _ in 0..PICKS {
        let Some(other) = tx.door_by_code(&code).await? else { return Ok(code) };
        let over = tx.seance(other.seance).await?.is_none_or(|s| !matches!(s.state(now()), SeanceState::Planned | SeanceState::Open));
        if over {
            tx.put_door(&Door { code: None, token_hash: None, ..other }).await?;
            return Ok(code);
        }
        code = self::code();
    }
    // Practically never: the database refuses a code that is taken, and the organiser tries again.
    Ok(code)
}

fn number() -> i64 {
    rand::rng().random_range(1..=i64::MAX)
}

/// Three digits, so that among tens of thousands of codes the few tries that an address has find none.
fn code() -> String {
    let mut rng = rand::rng();
    format!("{}-{}", WORDS[rng.random_range(0..WORDS.len())], rng.random_range(100..1000))
}

/// A code as it is kept, however it was typed: `laurier 427` → `LAURIER-427`.
pub(super) fn typed(text: &str) -> String {
    let plain: String = fold(text).to_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.find(|c: char| c.is_ascii_digit()) {
        Some(at) => format!("{}-{}", &plain[..at], &plain[at..]),
        None => plain,
    }
}

/// The hash under which a token is kept.
pub(super) fn hash_of(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let whole = text.len() == 2 * TOKEN && text.is_ascii();
    whole.then(|| (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok()).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_understood_however_it_is_typed() {
        for text in ["LAURIER-427", "laurier 427", "Laurier427", " láurier – 427 "] {
            assert_eq!(typed(text), "LAURIER-427", "{text}");
        }
        assert_eq!(typed("laurier"), "LAURIER");
        assert_eq!(typed("💐"), "");
        let made = code();
        assert_eq!(typed(&made.to_lowercase()), made);
        assert!(WORDS.is_sorted() && WORDS.iter().all(|w| typed(w) == *w));
    }

    #[test]
    fn a_token_is_read_as_what_it_is_or_not_at_all() {
        assert_eq!(unhex(&"0f".repeat(TOKEN)), Some(vec![15; TOKEN]));
        for bad in ["", "0f", &"0g".repeat(TOKEN), &"é".repeat(TOKEN), &"0f".repeat(TOKEN + 1)] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
