//! The demo programs on every runtime: the digest of our own crates, and pages of the embedded server.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use xshell::{Shell, cmd};

use crate::demo;
use crate::error::{Error, Result};
use crate::step::{Step, ask};
use crate::tally::Tally;

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    let program = demo::build(sh, "digest")?;
    let mut first: Option<Vec<u8>> = None;
    for runtime in ["tokio", "smol", "sim", "all"] {
        let output = Step::new(cmd!(sh, "{program} crates --runtime {runtime}")).output()?;
        let passed = output.status.success() && !output.stdout.is_empty();
        tally.check(&format!("digest on {runtime}"), passed);
        if !passed {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
        let first = first.get_or_insert_with(|| output.stdout.clone());
        tally.check(
            &format!("the sums on {runtime} are those on tokio"),
            output.stdout == *first,
        );
    }
    refuses(sh, &mut tally, &program)?;
    read_back(sh, &mut tally, &first.unwrap_or_default())?;
    fetches(sh, &mut tally)?;
    Ok(tally)
}

fn fetches(sh: &Shell, tally: &mut Tally) -> Result<()> {
    let program = demo::build(sh, "fetch")?;
    let mut simulated = Vec::new();
    for runtime in ["tokio", "smol", "sim", "sim"] {
        let output = Step::new(cmd!(sh, "{program} --runtime {runtime}")).output()?;
        tally.check(&format!("fetch on {runtime}"), output.status.success());
        if !output.status.success() {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
        if runtime == "sim" {
            simulated.push(output.stdout);
        }
    }
    let same = simulated.windows(2).all(|two| two[0] == two[1]);
    tally.check("a seed prints the same twice on sim", same);
    Ok(())
}

fn refuses(sh: &Shell, tally: &mut Tally, program: &Path) -> Result<()> {
    let missing = Step::new(cmd!(sh, "{program} no/such/path --runtime smol")).output()?;
    let told = String::from_utf8_lossy(&missing.stderr).contains("no/such/path");
    tally.check(
        "a missing path is named and fails",
        told && !missing.status.success(),
    );
    Ok(())
}

/// Lets `sha256sum` check the lines.
fn read_back(sh: &Shell, tally: &mut Tally, sums: &[u8]) -> Result<()> {
    if ask(cmd!(sh, "sha256sum --version")).is_none() {
        tally.skip("sha256sum is not installed", 1);
        return Ok(());
    }
    let mut check = Command::from(cmd!(sh, "sha256sum --check --strict --quiet -"));
    eprintln!("$ sha256sum --check --strict --quiet -");
    let mut child = check.stdin(Stdio::piped()).spawn().map_err(refused)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(sums).map_err(refused)?;
    }
    let status = child.wait().map_err(refused)?;
    tally.check("sha256sum --check", status.success());
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it by value")]
fn refused(error: std::io::Error) -> Error {
    Error::new(format!("cannot run `sha256sum`: {error}"))
}
