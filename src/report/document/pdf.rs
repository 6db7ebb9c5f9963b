//! The report as a tagged PDF, by LibreOffice where the server has it: one at a time, in a folder and with a profile of its own, and not for ever.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Semaphore;

/// A conversion may take this long.
const PATIENCE: Duration = Duration::from_secs(60);
/// What LibreOffice is asked for: structure for screen readers, bookmarks, nothing that calls elsewhere.
const FILTER: &str = r#"pdf:writer_pdf_Export:{"UseTaggedPDF":{"type":"boolean","value":"true"},"PDFUACompliance":{"type":"boolean","value":"true"},"ExportBookmarks":{"type":"boolean","value":"true"}}"#;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum NoPdf {
    /// The server has no LibreOffice.
    #[error("this server has no LibreOffice")]
    NoOffice,
    /// It took too long, and was ended.
    #[error("LibreOffice took too long")]
    Slow,
    /// It ended without a file.
    #[error("LibreOffice made no file: {0}")]
    Failed(String),
    /// A file could not be written or read.
    #[error("{0}")]
    Disk(#[from] std::io::Error),
}

/// LibreOffice, if this machine has it.
#[derive(Debug)]
pub struct Office {
    program: Option<PathBuf>,
    turn: Semaphore,
}

impl Office {
    /// The program that was named, or the first `soffice` of the search path; `none` means none.
    pub fn find(named: Option<&Path>) -> Self {
        let program = match named {
            Some(path) if path.as_os_str() == "none" => None,
            Some(path) => Some(path.to_owned()).filter(|p| p.is_file()),
            None => std::env::var_os("PATH").and_then(|all| std::env::split_paths(&all).map(|p| p.join("soffice")).find(|p| p.is_file())),
        };
        Self { program, turn: Semaphore::new(1) }
    }

    /// A DOCX as PDF.
    ///
    /// # Errors
    /// [`NoPdf`].
    pub async fn pdf(&self, docx: &[u8]) -> Result<Vec<u8>, NoPdf> {
        let Some(program) = &self.program else { return Err(NoPdf::NoOffice) };
        let _turn = self.turn.acquire().await.map_err(|e| NoPdf::Failed(e.to_string()))?;
        let folder = std::env::temp_dir().join(format!("bouillon-pdf-{}", uuid::Uuid::new_v4()));
        tokio::fs::create_dir(&folder).await?;
        let made = converted(program, &folder, docx).await;
        if let Err(e) = tokio::fs::remove_dir_all(&folder).await {
            tracing::warn!("{} could not be removed: {e}", folder.display());
        }
        made
    }
}

async fn converted(program: &Path, folder: &Path, docx: &[u8]) -> Result<Vec<u8>, NoPdf> {
    tokio::fs::write(folder.join("report.docx"), docx).await?;
    let mut child = Command::new(program)
        .args(["--headless", "--nologo", "--nodefault", "--norestore", "--nolockcheck"])
        .arg(format!("-env:UserInstallation=file://{}/profile", folder.display()))
        .args(["--convert-to", FILTER, "--outdir"])
        .arg(folder)
        .arg(folder.join("report.docx"))
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // The program is a script that starts others: they end with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let group = child.id();
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    if let Some(group) = group.and_then(|id| rustix::process::Pid::from_raw(id.try_into().unwrap_or(0))) {
        // Whatever it left running; usually there is nothing.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let status = ended.map_err(|_| NoPdf::Slow)??;
    match tokio::fs::read(folder.join("report.pdf")).await {
        Ok(pdf) if pdf.starts_with(b"%PDF") => Ok(pdf),
        _ => Err(NoPdf::Failed(status.to_string())),
    }
}
