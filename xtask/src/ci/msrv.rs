//! The published crates with the oldest compiler that they promise.

use xshell::{Shell, cmd};

use crate::error::Result;
use crate::step::{Step, ask};
use crate::tally::Tally;
use crate::workspace;

const OLDEST: &str = "1.85";
/// Where Debian's package `rustc-web` puts its compiler.
const SYSTEM: &str = "/usr/bin/rustc";

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    let Some(rustc) = compiler(sh) else {
        tally.skip(
            format!("no compiler {OLDEST}: neither a rustup toolchain nor {SYSTEM}"),
            1,
        );
        return Ok(tally);
    };
    for package in workspace::published(sh)? {
        let check = cmd!(
            sh,
            "cargo check --package {package} --all-features --target-dir target/msrv"
        );
        let passed = Step::new(check).env("RUSTC", &rustc).run()?;
        tally.check(&format!("{package} with Rust {OLDEST}"), passed);
    }
    Ok(tally)
}

fn compiler(sh: &Shell) -> Option<String> {
    let toolchains = ask(cmd!(sh, "rustup toolchain list")).unwrap_or_default();
    let installed = toolchain(&toolchains)
        .and_then(|name| ask(cmd!(sh, "rustup which --toolchain {name} rustc")));
    installed.or_else(|| {
        let version = ask(cmd!(sh, "{SYSTEM} --version"))?;
        is(OLDEST, &version).then(|| SYSTEM.to_owned())
    })
}

/// The name of the oldest toolchain in rustup's list.
fn toolchain(list: &str) -> Option<&str> {
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names.into_iter().find(|name| {
        let rest = name.strip_prefix(OLDEST);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    })
}

/// Tells whether `rustc --version` printed a release of `version`, such as `1.85`.
pub(super) fn is(version: &str, printed: &str) -> bool {
    let release = printed
        .strip_prefix("rustc ")
        .and_then(|rest| rest.strip_prefix(version));
    release.is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_of_the_version_count() {
        assert!(is(
            "1.85",
            "rustc 1.85.0 (4d91de4e4 2025-02-17) (built from a source tarball)"
        ));
        assert!(!is("1.85", "rustc 1.95.0 (59807616e 2026-04-14)"));
        assert!(!is("1.8", "rustc 1.85.0"));
        assert!(!is("1.85", "cargo 1.85.0"));
    }

    #[test]
    fn the_toolchain_is_found_among_others() {
        let list =
            "stable-x86_64-unknown-linux-gnu (active, default)\n1.85-x86_64-unknown-linux-gnu\n";
        assert_eq!(toolchain(list), Some("1.85-x86_64-unknown-linux-gnu"));
        assert_eq!(
            toolchain("1.85.1-aarch64-apple-darwin"),
            Some("1.85.1-aarch64-apple-darwin")
        );
        assert_eq!(toolchain("stable-x86_64\n1.850-x"), None);
    }
}
