//! What must not compile, with the messages of one compiler.

use xshell::{Shell, cmd};

use super::msrv;
use crate::error::Result;
use crate::step::{Step, ask};
use crate::tally::Tally;
use crate::test;

/// The compiler whose messages are written down.
const PINNED: &str = "1.95";

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    let version = ask(cmd!(sh, "rustc --version")).unwrap_or_default();
    if !msrv::is(PINNED, &version) {
        let mut tally = Tally::default();
        tally.skip(
            format!("the messages are those of rustc {PINNED}, this is {version}"),
            1,
        );
        return Ok(tally);
    }
    // The same packages and features as all other tests, so that nothing is built a second time.
    let ui = cmd!(
        sh,
        "cargo test --workspace --all-features --no-fail-fast --test ui"
    );
    test::count(Step::new(ui), "compile-fail tests")
}
