//! Files by the hash of their bytes: what frozen figures and reports show for ever, and pictures that people bring.

use super::tx::{all, first, run};
use super::{Result, Tx};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The file that a frozen work is drawn from again: its actors as they were.
pub const SELECTION: &str = "selection.json";

/// A file of a frozen work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenFile {
    /// `svg`, `pdf`, `selection.json`…
    pub name: String,
    /// As in a Content-Type header.
    pub media_type: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// When an erasure drew it again, UTC, milliseconds since 1970.
    pub erased_at: Option<i64>,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Its name in the work.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: i64,
    /// When an erasure drew it again, UTC, milliseconds since 1970.
    pub erased_at: Option<i64>,
}

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// As in a Content-Type header.
    pub media_type: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// SHA-256 of bytes, hexadecimal.
pub fn hash_of(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

impl Tx {
    /// Keeps bytes; gives their hash.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_blob(&mut self, media_type: &str, bytes: &[u8]) -> Result<String> {
        let sha256 = hash_of(bytes);
        run!(self, "insert into files (sha256, media_type, bytes) values ($1, $2, $3) on conflict (sha256) do nothing", &sha256, media_type, bytes);
        Ok(sha256)
    }

    /// The bytes of a hash.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn blob(&mut self, sha256: &str) -> Result<Option<Blob>> {
        let row = first!(self, (String, String, Vec<u8>), "select sha256, media_type, bytes from files where sha256 = $1", sha256);
        Ok(row.map(|(sha256, media_type, bytes)| Blob { sha256, media_type, bytes }))
    }

    /// Puts the files of a work in the place of those it had; bytes that nothing names any more go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_work_files(&mut self, work: Uuid, files: &[FrozenFile]) -> Result<()> {
        let before = self.work_files(work).await?;
        run!(self, "delete from work_files where work = $1", work);
        for file in files {
            let sha256 = self.put_blob(&file.media_type, &file.bytes).await?;
            let sql = "insert into work_files (work, name, sha256, erased_at) values ($1, $2, $3, $4)";
            run!(self, sql, work, &file.name, &sha256, file.erased_at);
        }
        for old in before {
            let sql = "delete from files where sha256 = $1 and not exists (select 1 from work_files f where f.sha256 = $1)";
            run!(self, sql, &old.sha256);
        }
        Ok(())
    }

    /// The files of a work, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work_files(&mut self, work: Uuid) -> Result<Vec<FileFacts>> {
        let sql = "select f.name, f.sha256, cast(length(b.bytes) as bigint), f.erased_at from work_files f join files b on b.sha256 = f.sha256
                   where f.work = $1 order by f.name";
        let rows = all!(self, (String, String, i64, Option<i64>), sql, work);
        Ok(rows.into_iter().map(|(name, sha256, size, erased_at)| FileFacts { name, sha256, size, erased_at }).collect())
    }

    /// The hash of one file of a work.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work_file_hash(&mut self, work: Uuid, name: &str) -> Result<Option<String>> {
        Ok(first!(self, (String,), "select sha256 from work_files where work = $1 and name = $2", work, name).map(|r| r.0))
    }

    /// The works that keep a file of this name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn works_with_file(&mut self, name: &str) -> Result<Vec<Uuid>> {
        Ok(all!(self, (Uuid,), "select work from work_files where name = $1 order by work", name).into_iter().map(|r| r.0).collect())
    }

    /// One file of a work.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work_file(&mut self, work: Uuid, name: &str) -> Result<Option<Blob>> {
        let sql = "select b.sha256, b.media_type, b.bytes from work_files f join files b on b.sha256 = f.sha256 where f.work = $1 and f.name = $2";
        let row = first!(self, (String, String, Vec<u8>), sql, work, name);
        Ok(row.map(|(sha256, media_type, bytes)| Blob { sha256, media_type, bytes }))
    }
}
