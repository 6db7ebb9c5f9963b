//! Files that are copied, counted and hashed at once, and made durable.

use anyhow::Context;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Size in bytes and SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Reads all of a file.
pub(super) fn sum(file: &Path) -> io::Result<Sum> {
    pass(&mut File::open(file)?, &mut io::sink())
}

/// Copies an open file to a new one, durably; what was read is what the sum says, whatever happens to the name meanwhile.
pub(super) fn copy(from: &mut File, to: &Path) -> anyhow::Result<Sum> {
    let refused = || format!("{} could not be written", to.display());
    let mut out = File::create_new(to).with_context(refused)?;
    let sum = pass(from, &mut out).with_context(refused)?;
    out.sync_all().with_context(refused)?;
    Ok(sum)
}

fn pass(from: &mut impl Read, to: &mut impl Write) -> io::Result<Sum> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return Ok(Sum { bytes, sha256: hex(&hash.finalize()) });
        }
        hash.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
        bytes += n as u64;
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a small file durably.
pub(super) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let refused = || format!("{} could not be written", file.display());
    let mut out = File::create(file).with_context(refused)?;
    out.write_all(text.as_bytes()).with_context(refused)?;
    out.sync_all().with_context(refused)
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> anyhow::Result<()> {
    File::open(folder).and_then(|f| f.sync_all()).with_context(|| format!("{} could not be written", folder.display()))
}
