//! The disk under the data folder.

use super::BadInput;
use std::path::Path;

/// File systems that reach over a network, by the magic numbers of Linux's statfs(2): locks and shared memory do not hold there, and SQLite's
/// write-ahead log needs both (sqlite.org/wal.html).
const NETWORK: [(u32, &str); 8] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9p"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x7375_7245, "Coda"),
];

/// Refuses a data folder that is not on a disk of this machine.
///
/// # Errors
/// With the file system's name.
pub(super) fn refuse_network(data: &Path) -> anyhow::Result<()> {
    let Ok(found) = rustix::fs::statfs(data) else { return Ok(()) };
    // The type differs between machines; the magic numbers have 32 bits.
    match network_name(found.f_type as u32) {
        None => Ok(()),
        Some(name) => {
            let sentence =
                format!("the data folder {} is on {name}, where SQLite can lose data: use a local disk, or --database postgres://…", data.display());
            Err(BadInput(sentence).into())
        }
    }
}

fn network_name(magic: u32) -> Option<&'static str> {
    NETWORK.iter().find(|(known, _)| *known == magic).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_of_this_machine_are_let_through() {
        // ext4, btrfs, xfs, tmpfs, zfs, overlayfs
        for local in [0xef53, 0x9123_683e, 0x5846_5342, 0x0102_1994, 0x2fc1_2fc1, 0x794c_7630] {
            assert_eq!(network_name(local), None);
        }
        assert_eq!(network_name(0x6969), Some("NFS"));
        assert!(refuse_network(&std::env::temp_dir()).is_ok());
    }
}
