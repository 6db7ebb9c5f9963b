//! Who takes part: coming in with a nickname, being sent away, being forgotten.

use super::door::{hash_of, typed};
use super::{Refused, Result, Seances};
use crate::journal::now;
use crate::model::seance::{COLORS, NICKNAME_MAX, SeanceState};
use crate::model::text::{clean, fold};
use crate::model::{Seance, label};
use crate::store::Participant;
use uuid::Uuid;

/// What somebody holds in their hand at the door.
#[derive(Debug, Clone, Copy)]
pub enum Entrance<'a> {
    /// The link of the QR code.
    Token(&'a str),
    /// The code, as typed.
    Code(&'a str),
}

impl Participant {
    /// What others see: the nickname, else the public label of the identity.
    pub fn name(&self) -> String {
        self.nickname.clone().unwrap_or_else(|| label::pseudonym(self.identity))
    }
}

impl Seances {
    /// Lets somebody in, before or during the séance; again with another nickname when they are in already.
    ///
    /// # Errors
    /// When the code is wrong, the séance over or full, or they were sent away.
    pub async fn join(&self, identity: Uuid, by: Entrance<'_>, nickname: &str, color: Option<i64>) -> Result<(Seance, Participant)> {
        let nickname = clean(nickname, false);
        if nickname.chars().count() > NICKNAME_MAX {
            return Err(Refused::Nickname.into());
        }
        let at = now();
        let mut tx = self.journal.store.write().await?;
        // The writer holds the same lock while it asks who takes part.
        tx.lock_head().await?;
        let door = match by {
            Entrance::Token(token) => tx.door_by_token(&hash_of(token.trim())).await?,
            Entrance::Code(code) => tx.door_by_code(&typed(code)).await?,
        };
        let door = door.ok_or(Refused::UnknownCode)?;
        let seance = tx.seance(door.seance).await?.ok_or(Refused::UnknownCode)?;
        if !matches!(seance.state(at), SeanceState::Planned | SeanceState::Open) {
            return Err(Refused::Over.into());
        }
        let all = tx.participants(seance.id).await?;
        let known = all.iter().find(|p| p.identity == identity);
        if known.is_some_and(|p| p.revoked_at.is_some()) {
            return Err(Refused::SentAway.into());
        }
        let inside = all.iter().filter(|p| p.revoked_at.is_none()).count() as u64;
        if known.is_none() && inside >= seance.participants_max() {
            return Err(Refused::Full.into());
        }
        let nickname = if nickname.is_empty() { known.and_then(|p| p.nickname.clone()) } else { Some(unlike(&nickname, &all, identity)) };
        let color = color.unwrap_or_else(|| known.map_or(all.len() as i64, |p| p.color)).rem_euclid(COLORS);
        let (id, joined_at) = known.map_or_else(|| (Uuid::new_v4(), at), |p| (p.id, p.joined_at));
        let participant = Participant { id, seance: seance.id, identity, nickname, color, joined_at, revoked_at: None };
        tx.put_identity(identity, at).await?;
        tx.put_participant(&participant).await?;
        tx.commit().await?;
        Ok((seance, participant))
    }

    /// Sends a participant away: from the commit on, nothing of theirs is written as a participant. `forget` erases the nickname too.
    ///
    /// # Errors
    /// When there is no such participant, or the database does not answer.
    pub async fn send_away(&self, seance: Uuid, participant: Uuid, forget: bool) -> Result<Participant> {
        let mut tx = self.journal.store.write().await?;
        tx.lock_head().await?;
        let known = tx.participants(seance).await?.into_iter().find(|p| p.id == participant).ok_or(Refused::Unknown)?;
        let nickname = known.nickname.filter(|_| !forget);
        let gone = Participant { revoked_at: known.revoked_at.or_else(|| Some(now())), nickname, ..known };
        tx.put_participant(&gone).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

/// A nickname that nobody else has in this séance: `Ana`, `Ana 2`.
fn unlike(nickname: &str, all: &[Participant], identity: Uuid) -> String {
    let taken = |name: &str| all.iter().any(|p| p.identity != identity && p.nickname.as_deref().is_some_and(|n| fold(n) == fold(name)));
    // One more number than there are people: one of them is free.
    let mut names = std::iter::once(nickname.to_owned()).chain((2..=all.len() + 1).map(|i| {
        let room: String = nickname.chars().take(NICKNAME_MAX - 4).collect();
        format!("{} {i}", room.trim_end())
    }));
    names.find(|name| !taken(name)).unwrap_or_else(|| nickname.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_a_name_are_told_apart() {
        let person = |nickname: &str| Participant {
            id: Uuid::new_v4(),
            seance: Uuid::nil(),
            identity: Uuid::new_v4(),
            nickname: Some(nickname.into()),
            color: 0,
            joined_at: 0,
            revoked_at: None,
        };
        let all = [person("Ana"), person("ana 2")];
        assert_eq!(unlike("ANA", &all, Uuid::nil()), "ANA 3");
        assert_eq!(unlike("Ana", &all, all[0].identity), "Ana");
        assert_eq!(unlike("Bob", &all, Uuid::nil()), "Bob");
        let long = "x".repeat(NICKNAME_MAX);
        assert_eq!(unlike(&long, &[person(&long)], Uuid::nil()), format!("{} 2", "x".repeat(NICKNAME_MAX - 4)));
    }
}
