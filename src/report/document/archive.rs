//! Zip files that are the same bytes for the same content: no clock and no system of files writes into them.

use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// An archive under construction.
#[derive(Default)]
pub(super) struct Archive {
    files: Vec<(String, Vec<u8>)>,
}

impl Archive {
    /// Adds a file after those before it.
    pub(super) fn add(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.push((path.to_owned(), bytes.into()));
    }

    /// Its bytes.
    pub(super) fn bytes(self) -> Vec<u8> {
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o644);
        for (path, bytes) in &self.files {
            // Pictures are packed already.
            let packed = [".png", ".jpeg", ".docx", ".zip"].iter().any(|e| path.ends_with(e));
            let method = if packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            // Memory takes everything.
            let _ = out.start_file(path.as_str(), options.compression_method(method));
            let _ = out.write_all(bytes);
        }
        out.finish().map(Cursor::into_inner).unwrap_or_default()
    }
}

/// The same archive with one of its texts changed; none when it is no archive or has no such text.
pub(super) fn changed(archive: &[u8], path: &str, change: impl Fn(String) -> String) -> Option<Vec<u8>> {
    let mut read = ZipArchive::new(Cursor::new(archive)).ok()?;
    let mut out = Archive::default();
    for i in 0..read.len() {
        let mut file = read.by_index(i).ok()?;
        let (name, mut bytes) = (file.name().ok()?.into_owned(), Vec::new());
        file.read_to_end(&mut bytes).ok()?;
        if name == path {
            bytes = change(String::from_utf8(bytes).ok()?).into_bytes();
        }
        out.add(&name, bytes);
    }
    Some(out.bytes())
}
