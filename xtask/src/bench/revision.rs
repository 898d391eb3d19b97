//! The programs of another revision.

use std::path::PathBuf;

use xshell::{Shell, cmd};

use super::PROGRAM;
use crate::artifact;
use crate::error::{Error, Result};
use crate::step::{Step, ask};

/// Where the other revision is checked out while it is built, and what Cargo makes of it.
const TREE: &str = "target/bench-against/tree";
const TARGET: &str = "target/bench-against";

/// Finds the commit that `revision` names.
///
/// What is not committed belongs to neither side of a comparison: a working tree with changes is refused.
pub(super) fn resolve(sh: &Shell, revision: &str) -> Result<String> {
    if ask(cmd!(sh, "git rev-parse --git-dir")).is_none() {
        return Err(Error::new(
            "`--against` needs git, and a clone of the project",
        ));
    }
    // Two dots would be a range, a dash an option.
    let name = format!("{revision}^{{commit}}");
    let commit = ask(cmd!(
        sh,
        "git rev-parse --verify --quiet --end-of-options {name}"
    ));
    let commit = commit.ok_or_else(|| Error::usage(format!("unknown revision `{revision}`")))?;
    let changes = ask(cmd!(sh, "git status --porcelain"));
    let changes = changes.ok_or_else(|| Error::new("cannot ask git for changes"))?;
    match changes.lines().next() {
        None => Ok(commit),
        Some(first) => Err(Error::new(format!(
            "the working tree has changes that no revision has (`{}`); commit or stash them before `--against`",
            first.trim()
        ))),
    }
}

/// Builds the programs of a commit and gives the file of the one that is timed.
pub(super) fn build(sh: &Shell, commit: &str) -> Result<PathBuf> {
    let tree = Tree::check_out(sh, commit)?;
    let path = sh.current_dir().join(TREE);
    let source = format!("benches/src/bin/{PROGRAM}.rs");
    if !path.join(&source).is_file() {
        return Err(Error::new(format!(
            "revision {commit} has no {source}: there is nothing to compare with"
        )));
    }
    let manifest = path.join("Cargo.toml");
    let build = cmd!(
        sh,
        "cargo build --manifest-path {manifest} --profile bench --package trunnion-benches --bins --target-dir {TARGET}"
    );
    let program = artifact::build(Step::new(artifact::with_messages(build)), PROGRAM);
    drop(tree);
    program
}

/// A working tree of another revision, removed when it is dropped.
struct Tree<'a>(&'a Shell);

impl<'a> Tree<'a> {
    fn check_out(sh: &'a Shell, commit: &str) -> Result<Self> {
        let tree = Self(sh);
        // One that was left behind is in the way.
        tree.remove();
        let added = Step::new(cmd!(
            sh,
            "git worktree add --quiet --detach --force {TREE} {commit}"
        ))
        .run()?;
        if added {
            Ok(tree)
        } else {
            Err(Error::new(format!("cannot check out revision {commit}")))
        }
    }

    fn remove(&self) {
        let sh = self.0;
        let _absent = ask(cmd!(sh, "git worktree remove --force {TREE}"));
    }
}

impl Drop for Tree<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with one commit, removed with the guard.
    fn repository() -> (xshell::TempDir, Shell) {
        let sh = Shell::new().expect("there is a folder");
        let dir = sh.create_temp_dir().expect("it can be made");
        sh.change_dir(dir.path());
        sh.write_file("file", "one").expect("it is writable");
        let commit = "git -c user.name=a -c user.email=a@b commit --quiet --message one";
        for command in ["git init --quiet", "git add file", commit] {
            let mut words = command.split(' ');
            let program = words.next().expect("it has a name");
            let run = sh.cmd(program).args(words).quiet().run();
            run.expect("git runs");
        }
        (dir, sh)
    }

    #[test]
    fn a_revision_is_the_commit_that_it_names() {
        let (_dir, sh) = repository();
        let commit = resolve(&sh, "HEAD").expect("it is there");
        assert_eq!(commit.len(), 40, "{commit}");
    }

    #[test]
    fn an_unknown_revision_is_refused_by_name() {
        let (_dir, sh) = repository();
        for name in ["nonsense", "--all", "HEAD..HEAD", ""] {
            let error = resolve(&sh, name).expect_err("it is unknown");
            assert_eq!(error.to_string(), format!("unknown revision `{name}`"));
        }
    }

    #[test]
    fn changes_that_no_revision_has_are_refused() {
        let (_dir, sh) = repository();
        sh.write_file("file", "two").expect("it is writable");
        let error = resolve(&sh, "HEAD")
            .expect_err("there are changes")
            .to_string();
        assert!(error.contains("`M file`"), "{error}");
        assert!(
            error.contains("commit or stash them before `--against`"),
            "{error}"
        );
    }
}
