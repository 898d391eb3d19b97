//! Reading and hashing one file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use trunnion_core::CancelToken;

use super::problem::Reason;
use super::sink::Meter;
use super::walk::{self, Listed};

/// How much is read between two looks at the token.
const CHUNK: u64 = 128 * 1024;

/// Holds the SHA-256 of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// The 32 bytes.
    pub sha256: [u8; 32],
}

/// Reads a file to its end and hashes it.
///
/// # Errors
/// Why there is no sum. A file that changes meanwhile has none: what was read may never have been its content.
pub fn hash(file: Listed, stop: &CancelToken, meter: &dyn Meter) -> Result<Sum, Reason> {
    if stop.is_cancelled() {
        return Err(Reason::Stopped);
    }
    let mut open = open(&file)?;
    let before = open.metadata()?;
    if !before.is_file() {
        return Err(Reason::NotRegular(walk::kind(before.file_type())));
    }
    let (sha256, bytes) = read(&mut open, before.len(), stop, meter)?;
    check_unchanged(&before, &open.metadata()?)?;
    Ok(Sum {
        path: file.path,
        bytes,
        sha256,
    })
}

fn open(file: &Listed) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // What was a regular file may have become a pipe, whose opening waits for a writer, or a link. Regular files
        // are read the same with or without `O_NONBLOCK`.
        let no_link = if file.is_root { 0 } else { libc::O_NOFOLLOW };
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | no_link);
    }
    options.open(&file.path)
}

fn read(
    file: &mut File,
    expected: u64,
    stop: &CancelToken,
    meter: &dyn Meter,
) -> Result<([u8; 32], u64), Reason> {
    // One byte more than expected: the read that finds the end needs no second buffer, and growth shows.
    let size = expected.saturating_add(1).clamp(4096, CHUNK);
    let mut chunk = vec![0; usize::try_from(size).unwrap_or(4096)];
    let mut sha256 = Sha256::new();
    let mut bytes: u64 = 0;
    loop {
        if stop.is_cancelled() {
            return Err(Reason::Stopped);
        }
        let n = match file.read(&mut chunk) {
            Ok(0) => return Ok((sha256.finalize().into(), bytes)),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        sha256.update(&chunk[..n]);
        bytes += n as u64;
        meter.read(n as u64);
        // A file that grows as fast as it is read would never end. Files of the kernel's own have no length at all.
        if expected > 0 && bytes > expected {
            return Err(Reason::Changed);
        }
    }
}

fn check_unchanged(before: &Metadata, after: &Metadata) -> Result<(), Reason> {
    let same_time = match (before.modified(), after.modified()) {
        (Ok(before), Ok(after)) => before == after,
        // Where there are no times the length decides.
        _ => true,
    };
    if before.len() != after.len() || !same_time {
        return Err(Reason::Changed);
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(after) == 0 {
        return Err(Reason::Vanished);
    }
    Ok(())
}
