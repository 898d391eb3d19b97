//! Finding the files of a tree.

use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use trunnion_core::CancelToken;
use walkdir::{DirEntry, WalkDir};

use super::problem::{Problem, Reason};

/// Names a regular file that was found.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The path, beginning with the root as it was given.
    pub path: PathBuf,
    /// Its length when it was found.
    pub bytes: u64,
    /// It is the root itself, where a link is followed.
    pub is_root: bool,
}

/// Holds what a walk found.
#[derive(Debug, Default)]
pub struct Listing {
    /// The regular files, sorted by the bytes of their paths.
    pub files: Vec<Listed>,
    /// What could not be looked at, and what is neither file, directory nor link.
    pub problems: Vec<Problem>,
}

impl Listing {
    /// Sums up the lengths of the files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files
            .iter()
            .fold(0, |sum, file| sum.saturating_add(file.bytes))
    }
}

/// Walks a tree. Links inside it are passed over; the root itself may be one. A cancelled token ends it with what it has.
#[must_use]
pub fn list(root: &Path, stop: &CancelToken) -> Listing {
    let mut listing = Listing::default();
    match fs::metadata(root) {
        Err(error) => listing.problem(root, error.into()),
        Ok(metadata) if metadata.is_dir() => listing.walk(root, stop),
        Ok(metadata) if metadata.is_file() => listing.files.push(Listed {
            path: root.to_owned(),
            bytes: metadata.len(),
            is_root: true,
        }),
        Ok(metadata) => listing.problem(root, Reason::NotRegular(kind(metadata.file_type()))),
    }
    let bytes = |file: &Listed| file.path.as_os_str().as_encoded_bytes().to_owned();
    listing.files.sort_by_cached_key(bytes);
    listing
}

impl Listing {
    fn problem(&mut self, path: &Path, reason: Reason) {
        self.problems.push(Problem::new(path.to_owned(), reason));
    }

    fn walk(&mut self, root: &Path, stop: &CancelToken) {
        for entry in WalkDir::new(root) {
            if stop.is_cancelled() {
                return;
            }
            match entry {
                Ok(entry) => self.add(entry),
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let error = error.into_io_error();
                    let error = error.unwrap_or_else(|| io::Error::other("cannot be walked"));
                    self.problem(&path, error.into());
                }
            }
        }
    }

    fn add(&mut self, entry: DirEntry) {
        let file_type = entry.file_type();
        if file_type.is_dir() || file_type.is_symlink() {
            return;
        }
        if !file_type.is_file() {
            self.problem(entry.path(), Reason::NotRegular(kind(file_type)));
            return;
        }
        match entry.metadata() {
            Ok(metadata) => self.files.push(Listed {
                bytes: metadata.len(),
                path: entry.into_path(),
                is_root: false,
            }),
            Err(error) => self.problem(entry.path(), io::Error::from(error).into()),
        }
    }
}

/// Names what is not a regular file.
#[cfg(unix)]
pub(super) fn kind(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else if file_type.is_block_device() || file_type.is_char_device() {
        "a device"
    } else if file_type.is_dir() {
        "a directory"
    } else {
        "a special file"
    }
}

/// Names what is not a regular file.
#[cfg(not(unix))]
pub(super) fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        "a directory"
    } else {
        "a special file"
    }
}
