//! PostgreSQL's own tools, `pg_dump` and `pg_restore`: finding them and running them. A password goes by the environment, never on the command line.

use super::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::process::Command;
use url::Url;

/// Parameters of an address that PostgreSQL's tools understand too; those of our own driver are left out.
const KNOWN: [&str; 7] = ["host", "port", "user", "sslmode", "sslrootcert", "sslcert", "sslkey"];

/// The address of a database as the tools take it.
pub(super) struct Server {
    url: Url,
    password: Option<String>,
    full: Url,
}

impl Server {
    /// Takes `postgres://…` apart.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let full = Url::parse(url).map_err(|e| Error::Unfit(format!("the address of the database is not understood: {e}")))?;
        let mut password = full.password().map(decoded);
        let mut kept = full.clone();
        // Without a host, as in `postgres:///name?host=/run/postgresql`, there is no password to take away.
        let _ = kept.set_password(None);
        let pairs: Vec<(String, String)> = full.query_pairs().into_owned().collect();
        kept.set_query(None);
        for (name, value) in pairs {
            if name == "password" {
                password = Some(value);
            } else if KNOWN.contains(&name.as_str()) {
                kept.query_pairs_mut().append_pair(&name, &value);
            }
        }
        Ok(Self { url: kept, password, full })
    }

    /// The same server and another database, with the password.
    pub(super) fn with_database(&self, name: &str) -> String {
        let mut url = self.full.clone();
        url.set_path(name);
        url.to_string()
    }

    /// The database's name.
    pub(super) fn database(&self) -> String {
        decoded(self.url.path().trim_start_matches('/'))
    }
}

fn decoded(text: &str) -> String {
    // A form's decoder would read `+` as a space.
    let pair = format!("p={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
}

/// Dumps what an exported snapshot sees, in PostgreSQL's custom format.
pub(super) async fn dump(server: &Server, snapshot: &str, file: &Path) -> Result<()> {
    let mut command = tool("pg_dump", server)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges"]).arg(format!("--snapshot={snapshot}")).arg("--file").arg(file);
    run(command, "pg_dump").await?;
    // A dump whose table of contents can't be read is none.
    list(file).await.map(|_| ())
}

/// Brings a dump in, in one transaction. Extensions are there already and often belong to somebody else; the head row comes later.
pub(super) async fn restore(server: &Server, dump: &Path, scratch: &Path) -> Result<()> {
    let wanted: String = list(dump)
        .await?
        .lines()
        .filter(|l| !l.contains(" EXTENSION ") && !l.contains(" TABLE DATA public journal_head "))
        .map(|l| format!("{l}\n"))
        .collect();
    let contents = scratch.join("contents.list");
    std::fs::write(&contents, wanted).map_err(|e| Error::Unfit(format!("{} can't be written: {e}", contents.display())))?;
    let mut command = tool("pg_restore", server)?;
    command.args(["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]).arg("--use-list").arg(&contents).arg(dump);
    let done = run(command, "pg_restore").await;
    let _ = std::fs::remove_file(&contents);
    done.map(|_| ())
}

/// The table of contents of a dump.
async fn list(dump: &Path) -> Result<String> {
    let mut command = Command::new(find("pg_restore")?);
    command.arg("--list").arg(dump);
    let out = run(command, "pg_restore --list").await?;
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn tool(name: &str, server: &Server) -> Result<Command> {
    let mut command = Command::new(find(name)?);
    command.arg("--no-password").arg(format!("--dbname={}", server.url));
    if let Some(password) = &server.password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

async fn run(mut command: Command, name: &str) -> Result<Output> {
    // Should this process end, the tool must not go on writing.
    let out = command.stdin(Stdio::null()).kill_on_drop(true).env("LC_ALL", "C").output().await;
    let out = out.map_err(|e| Error::Unfit(format!("{name} can't be run: {e}")))?;
    if out.status.success() {
        return Ok(out);
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Err(Error::Unfit(format!("{name} failed: {}", said.lines().take(3).collect::<Vec<_>>().join(" / "))))
}

/// The newest such tool on the PATH or among Debian's versions: an older one refuses a newer server.
///
/// # Errors
/// When there is none.
pub(super) fn find(name: &str) -> Result<PathBuf> {
    let on_path: Vec<PathBuf> = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    // Debian keeps every version apart; other systems say where theirs are.
    let folder = std::env::var_os("BOUILLON_PG_TOOLS").map_or_else(|| PathBuf::from("/usr/lib/postgresql"), PathBuf::from);
    let versions = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|v| v.path().join("bin"));
    let found = on_path.into_iter().chain(versions).map(|folder| folder.join(name)).filter(|file| file.is_file());
    let newest = found.max_by_key(|file| version(file));
    newest.ok_or_else(|| {
        Error::Unfit(format!(
            "{name} is not installed, and a backup of PostgreSQL needs it: apt install postgresql-client (version of the server or newer)"
        ))
    })
}

/// The number that a tool says, as in `pg_dump (PostgreSQL) 15.14`; 0 when it says none.
fn version(tool: &Path) -> u32 {
    let said = std::process::Command::new(tool).arg("--version").stderr(Stdio::null()).output().map(|o| o.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    said.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_leaves_the_address_and_the_rest_stays() {
        let server = Server::parse("postgres://ana:p%40s+s@db.example.org:5433/carte?host=/run/pg&statement-cache-capacity=3").unwrap();
        assert_eq!(server.url.as_str(), "postgres://ana@db.example.org:5433/carte?host=%2Frun%2Fpg");
        assert_eq!(server.password.as_deref(), Some("p@s+s"));
        assert_eq!(server.database(), "carte");
        assert!(server.with_database("autre").contains("p%40s+s@db.example.org:5433/autre?host=/run/pg"));
    }
}
