//! The files of the workspace, in memory.

use std::path::Path;

use xshell::Shell;

use super::source::Source;
use crate::error::Result;

/// The folders whose files are checked.
const FOLDERS: &[&str] = &["crates", "xtask", "benches", "tests", "examples", ".github"];

/// All files by their path from the root, with `/` on every system, sorted.
#[derive(Debug, Default)]
pub(super) struct Tree {
    sources: Vec<Source>,
    pages: Vec<(String, String)>,
}

impl Tree {
    pub(super) fn read(sh: &Shell) -> Result<Self> {
        let mut tree = Self::default();
        for path in sh.read_dir(".")? {
            tree.read_file(sh, &path)?;
        }
        for folder in FOLDERS {
            tree.read_dir(sh, &sh.current_dir().join(folder))?;
        }
        Ok(tree)
    }

    fn read_dir(&mut self, sh: &Shell, dir: &Path) -> Result<()> {
        if !dir.is_dir() || dir.ends_with("target") {
            return Ok(());
        }
        let mut entries = sh.read_dir(dir)?;
        entries.sort();
        for path in entries {
            self.read_dir(sh, &path)?;
            self.read_file(sh, &path)?;
        }
        Ok(())
    }

    fn read_file(&mut self, sh: &Shell, path: &Path) -> Result<()> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_file() && matches!(extension, Some("rs" | "md" | "toml" | "yml")) {
            let root = sh.current_dir();
            let name = path.strip_prefix(&root).unwrap_or(path);
            let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
            self.add(&parts.join("/"), &sh.read_file(path)?);
        }
        Ok(())
    }

    /// Adds or replaces a file.
    pub(super) fn add(&mut self, path: &str, text: &str) {
        if Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            self.sources.retain(|source| source.path() != path);
            self.sources.push(Source::new(path, text));
        } else {
            self.pages.retain(|(other, _)| other != path);
            self.pages.push((path.into(), text.into()));
        }
    }

    /// The files of Rust.
    pub(super) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The Rust files under `crates`.
    pub(super) fn published(&self) -> impl Iterator<Item = &Source> {
        self.sources
            .iter()
            .filter(|source| source.path().starts_with("crates/"))
    }

    /// The other files.
    pub(super) fn pages(&self) -> &[(String, String)] {
        &self.pages
    }

    pub(super) fn page(&self, path: &str) -> Option<&str> {
        let page = self.pages.iter().find(|(other, _)| other == path);
        page.map(|(_, text)| text.as_str())
    }
}

#[cfg(test)]
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.add(path, text);
    }
    tree
}
