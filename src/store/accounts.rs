//! Identities, roles, invitations and secrets. Tokens come in as hashes.

use super::tx::{all, among, first, run};
use super::{Result, Tx};
use crate::model::Role;
use uuid::Uuid;

/// A role, for one territory or everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// None means everywhere.
    pub territory: Option<Uuid>,
}

/// A one-time link that gives a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What it gives.
    pub grant: Grant,
    /// SHA-256 of the token, hexadecimal.
    pub token_hash: String,
    /// UTC, milliseconds since 1970.
    pub expires_at: i64,
}

impl Tx {
    /// Adds an identity if it is not there yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_identity(&mut self, id: Uuid, at: i64) -> Result<()> {
        run!(self, "insert into identities (id, created_at) values ($1, $2) on conflict (id) do nothing", id, at);
        Ok(())
    }

    /// Whether an identity exists, and whether it has a recovery code.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identity(&mut self, id: Uuid) -> Result<Option<bool>> {
        let row = first!(self, (Option<String>,), "select recovery_hash from identities where id = $1", id);
        Ok(row.map(|r| r.0.is_some()))
    }

    /// Replaces the recovery code of an identity.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_recovery(&mut self, id: Uuid, hash: &str) -> Result<()> {
        run!(self, "update identities set recovery_hash = $2 where id = $1", id, hash);
        Ok(())
    }

    /// The identity that a recovery code belongs to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_recovery(&mut self, hash: &str) -> Result<Option<Uuid>> {
        Ok(first!(self, (Uuid,), "select id from identities where recovery_hash = $1", hash).map(|r| r.0))
    }

    /// The roles of an identity.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn grants(&mut self, id: Uuid) -> Result<Vec<Grant>> {
        let rows = all!(self, (String, Option<Uuid>), "select role, territory from grants where identity = $1 order by at", id);
        Ok(rows.into_iter().filter_map(|(role, territory)| Some(Grant { role: Role::parse(&role)?, territory })).collect())
    }

    /// The roles of the identities of a list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn grants_among(&mut self, ids: &[Uuid]) -> Result<Vec<(Uuid, Grant)>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = among!(self, (Uuid, String, Option<Uuid>), "select identity, role, territory from grants where identity in (", ids);
        Ok(rows.into_iter().filter_map(|(id, role, territory)| Some((id, Grant { role: Role::parse(&role)?, territory }))).collect())
    }

    /// The identities of a list that exist.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identities_among(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(among!(self, (Uuid,), "select id from identities where id in (", ids).into_iter().map(|row| row.0).collect())
    }

    /// Keeps an invitation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_invitation(&mut self, i: &Invitation) -> Result<()> {
        run!(
            self,
            "insert into invitations (token_hash, role, territory, expires_at) values ($1, $2, $3, $4)",
            &i.token_hash,
            i.grant.role.as_str(),
            i.grant.territory,
            i.expires_at
        );
        Ok(())
    }

    /// Uses an invitation up and gives its role to an identity; none when it does not exist, was used, or is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn use_invitation(&mut self, hash: &str, by: Uuid, at: i64) -> Result<Option<Grant>> {
        // One statement decides: two people who click the same link at the same time can't both win.
        let row = first!(
            self,
            (String, Option<Uuid>),
            "update invitations set used_by = $2, used_at = $3 where token_hash = $1 and used_at is null and expires_at > $3 returning role, territory",
            hash,
            by,
            at
        );
        let Some((role, territory)) = row else { return Ok(None) };
        let Some(role_word) = Role::parse(&role) else { return Ok(None) };
        run!(self, "insert into grants (identity, territory, role, at) values ($1, $2, $3, $4)", by, territory, role, at);
        Ok(Some(Grant { role: role_word, territory }))
    }

    /// A secret of this installation; the first caller's value is kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(&mut self, name: &str, fresh: &[u8]) -> Result<Vec<u8>> {
        run!(self, "insert into secrets (name, value) values ($1, $2) on conflict (name) do nothing", name, fresh);
        Ok(first!(self, (Vec<u8>,), "select value from secrets where name = $1", name).map_or_else(Vec::new, |r| r.0))
    }
}
