//! A directory of its own for each test.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that is removed when it is dropped.
pub(crate) struct Tree(PathBuf);

impl Tree {
    pub(crate) fn new() -> Self {
        Self::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    pub(crate) fn in_dir(dir: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!("digest-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("a directory can be made");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn file(&self, name: impl AsRef<OsStr>, content: &[u8]) -> PathBuf {
        let path = self.join(Path::new(name.as_ref()));
        let parent = path.parent().expect("it is inside the tree");
        fs::create_dir_all(parent).expect("a directory can be made");
        fs::write(&path, content).expect("a file can be written");
        path
    }

    /// Makes a file that takes long to read and no room on the disk.
    pub(crate) fn sparse(&self, name: &str, bytes: u64) -> PathBuf {
        let path = self.join(name);
        let file = File::create(&path).expect("a file can be made");
        file.set_len(bytes).expect("its length can be set");
        path
    }

    pub(crate) fn named_pipe(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        let status = Command::new("mkfifo").arg(&path).status();
        assert!(status.expect("mkfifo is a standard tool").success());
        path
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}
