//! The jobs that are one or two commands of Cargo.

use xshell::{Shell, cmd};

use crate::error::Result;
use crate::step::{Step, ask};
use crate::tally::Tally;

pub(super) fn format(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    if ask(cmd!(sh, "cargo fmt --version")).is_none() {
        tally.skip("rustfmt is not installed", 1);
        return Ok(tally);
    }
    tally.check(
        "cargo fmt",
        Step::new(cmd!(sh, "cargo fmt --all --check")).run()?,
    );
    Ok(tally)
}

pub(super) fn clippy(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    if !has_clippy(sh) {
        tally.skip("clippy is not installed", 1);
        return Ok(tally);
    }
    let all = cmd!(
        sh,
        "cargo clippy --workspace --all-targets --all-features -- -D warnings"
    );
    tally.check("cargo clippy", Step::new(all).run()?);
    Ok(tally)
}

pub(super) fn has_clippy(sh: &Shell) -> bool {
    ask(cmd!(sh, "cargo clippy --version")).is_some()
}

/// Public pages alone find links to what they do not show; private pages find the broken links of their own.
pub(super) fn documentation(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    if ask(cmd!(sh, "rustdoc --version")).is_none() {
        tally.skip("rustdoc is not installed", 1);
        return Ok(tally);
    }
    for (what, extra) in [
        ("public", None),
        ("private", Some("--document-private-items")),
    ] {
        let doc = cmd!(
            sh,
            "cargo doc --workspace --no-deps --all-features {extra...}"
        );
        let passed = Step::new(doc).env("RUSTDOCFLAGS", "-D warnings").run()?;
        tally.check(&format!("documentation of {what} items"), passed);
    }
    Ok(tally)
}
