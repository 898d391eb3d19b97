//! Where the workspace lies and which packages it has.

use std::path::{Path, PathBuf};

use xshell::Shell;

use crate::error::{Error, Result};

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
}

impl Package {
    /// Members under `crates` go to the registry; the others stay here.
    pub(crate) fn is_published(&self) -> bool {
        self.dir.parent().is_some_and(|dir| dir.ends_with("crates"))
    }

    pub(crate) fn has_library(&self) -> bool {
        self.dir.join("src/lib.rs").is_file()
    }
}

/// The folder of the workspace that this command was built from.
pub(crate) fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A shell that stands in the workspace's folder.
pub(crate) fn shell() -> Result<Shell> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    Ok(sh)
}

/// All members, the published ones first.
pub(crate) fn packages(sh: &Shell) -> Result<Vec<Package>> {
    let mut dirs = sh.read_dir("crates")?;
    dirs.sort();
    for dir in ["benches", "examples", "tests", "xtask"] {
        dirs.push(sh.current_dir().join(dir));
    }
    dirs.retain(|dir| dir.join("Cargo.toml").is_file());
    dirs.into_iter().map(|dir| package(sh, dir)).collect()
}

fn package(sh: &Shell, dir: PathBuf) -> Result<Package> {
    let manifest = dir.join("Cargo.toml");
    let text = sh.read_file(&manifest)?;
    let name = text.lines().find_map(|line| {
        let value = line.strip_prefix("name = \"")?;
        value.split('"').next()
    });
    match name {
        Some(name) => Ok(Package {
            name: name.into(),
            dir,
        }),
        None => Err(Error::new(format!(
            "{} names no package",
            manifest.display()
        ))),
    }
}

/// The names of the published members.
pub(crate) fn published(sh: &Shell) -> Result<Vec<String>> {
    let packages = packages(sh)?.into_iter();
    Ok(packages
        .filter(Package::is_published)
        .map(|package| package.name)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_are_found_with_their_kinds() {
        let sh = shell().expect("the workspace is there");
        let packages = packages(&sh).expect("every manifest is readable");
        let core = packages.iter().find(|p| p.name == "trunnion-core");
        assert!(core.is_some_and(|p| p.is_published() && p.has_library()));
        let xtask = packages.iter().find(|p| p.name == "xtask");
        assert!(xtask.is_some_and(|p| !p.is_published() && !p.has_library()));
    }
}
