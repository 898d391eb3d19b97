//! The tree that is hashed: the same bytes in every process, in a folder of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest as _, Sha256};

use super::Fold;

const FILES: u32 = 60;

/// How many files a folder has.
const FOLDER: u32 = 12;

/// The length of the largest file.
const LARGEST: u32 = 64 * 1024;

/// Owns a tree of files and removes it when it is dropped.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
}

impl Tree {
    /// Writes the files.
    ///
    /// # Panics
    /// When they cannot be written. What was written is removed.
    pub(super) fn write() -> Self {
        static TREES: AtomicU32 = AtomicU32::new(0);
        let number = TREES.fetch_add(1, Ordering::Relaxed);
        let name = format!("trunnion-digest-{}-{number}", process::id());
        let tree = Self {
            root: std::env::temp_dir().join(name),
        };
        let written = tree.fill();
        written.expect("the files to hash can be written to the folder for temporary files");
        tree
    }

    /// Names the folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn fill(&self) -> io::Result<()> {
        // An old folder is nobody's any more: the process had the same number.
        self.remove();
        for number in 0..FILES {
            let folder = self.root.join(format!("folder-{}", number / FOLDER));
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("file-{number:02}")), content(number))?;
        }
        Ok(())
    }

    fn remove(&self) {
        // There is nobody to tell, and the system clears the folder for temporary files at some time.
        let _left = fs::remove_dir_all(&self.root);
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The checksum of the tree, from its bytes alone.
pub(super) fn fold() -> u64 {
    static FOLDED: OnceLock<u64> = OnceLock::new();
    *FOLDED.get_or_init(|| {
        let mut fold = Fold::default();
        // The numbers have the order of the paths.
        for number in 0..FILES {
            let content = content(number);
            let sha256 = Sha256::digest(&content);
            fold.add(&sha256.into(), content.len() as u64);
        }
        fold.finish()
    })
}

/// Small files are more frequent than large ones; the first is empty, and they do not come in the order of their lengths.
fn content(number: u32) -> Vec<u8> {
    let rank = u64::from((number * 7) % FILES);
    let last = u64::from(FILES - 1);
    let length = u64::from(LARGEST) * rank.pow(3) / last.pow(3);
    let mut random = fastrand::Rng::with_seed(u64::from(number));
    (0..length).map(|_| random.u8(..)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_as_promised_and_go_with_their_owner() {
        let tree = Tree::write();
        let root = tree.root().to_owned();
        let first = root.join("folder-0").join("file-00");
        assert_eq!(fs::metadata(first).expect("it is there").len(), 0);
        assert_eq!(fs::read_dir(&root).expect("it is there").count(), 5);
        let largest = (0..FILES).map(|number| content(number).len()).max();
        assert_eq!(largest, Some(LARGEST as usize));
        drop(tree);
        assert!(!root.exists());
    }
}
