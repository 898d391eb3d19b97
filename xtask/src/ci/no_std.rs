//! Core without the standard library.

use xshell::{Shell, cmd};

use crate::error::Result;
use crate::step::{Step, ask};
use crate::tally::Tally;

/// A target that has no standard library at all.
const BARE: &str = "thumbv7em-none-eabi";

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    let installed = ask(cmd!(sh, "rustup target list --installed")).unwrap_or_default();
    let bare = installed.lines().any(|target| target == BARE);
    for features in ["", "alloc"] {
        check(sh, &mut tally, features, None)?;
        if bare {
            check(sh, &mut tally, features, Some(BARE))?;
        } else {
            tally.skip(format!("the target {BARE} is not installed"), 1);
        }
        alone(sh, &mut tally, features)?;
    }
    Ok(tally)
}

fn check(sh: &Shell, tally: &mut Tally, features: &str, target: Option<&str>) -> Result<()> {
    let place = target.unwrap_or("the host");
    let target = target.map(|target| format!("--target={target}"));
    let check = cmd!(
        sh,
        "cargo check --package trunnion-core --no-default-features --features={features} {target...}"
    );
    let passed = Step::new(check).run()?;
    tally.check(
        &format!("core with features [{features}] for {place}"),
        passed,
    );
    Ok(())
}

/// On a host that has std, core cannot name it without its feature; that leaves what a dependency might bring.
fn alone(sh: &Shell, tally: &mut Tally, features: &str) -> Result<()> {
    let tree = cmd!(
        sh,
        "cargo tree --package trunnion-core --no-default-features --features={features} --edges normal"
    );
    let output = Step::new(tree).output()?;
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    tally.check(
        "core has no dependency without std",
        output.status.success() && lines == 1,
    );
    Ok(())
}
