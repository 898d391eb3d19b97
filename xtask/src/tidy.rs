//! `cargo xtask tidy`: what the text of the workspace must look like.

mod cancel_safety;
mod headers;
mod manifests;
mod names;
mod pages;
mod size;
mod source;
mod symmetry;
mod tree;
mod unsafety;
mod words;

use std::process::ExitCode;

use lexopt::prelude::*;
use xshell::Shell;

use crate::ci;
use crate::cli::{self, Command};
use crate::error::Result;
use crate::tally::Tally;
use crate::workspace;
use tree::Tree;

pub(crate) const COMMAND: Command = Command {
    name: "tidy",
    about: "Checks the text of the workspace",
    run,
};

const HELP: &str = "\
Checks the text of the workspace: one line for each finding, then the number of checks.

Usage: cargo xtask tidy [OPTIONS]

      --fix   first rewrites what is generated (.github/workflows/ci.yml)
      --list  prints the checks
  -h, --help  prints this";

const OPTIONS: &[&str] = &["--fix", "--list", "--help"];

/// One rule; each finding is a line that names the file and says what to do.
struct Check {
    rule: &'static str,
    find: fn(&Tree) -> Vec<String>,
}

const CHECKS: &[Check] = &[
    Check {
        rule: "the workflow is what the table of jobs generates",
        find: |tree| workflow_drift(tree, &ci::workflow()),
    },
    Check {
        rule: "every module begins with a `//!` line",
        find: headers::find,
    },
    Check {
        rule: "no file has more than 350 lines of code",
        find: size::find,
    },
    Check {
        rule: "unsafe lives where ARCHITECTURE.md says",
        find: unsafety::find,
    },
    Check {
        rule: "modules are named after what they hold",
        find: names::find,
    },
    Check {
        rule: "core, patterns and conformance depend on no runtime",
        find: manifests::runtimes,
    },
    Check {
        rule: "siblings are pinned exactly",
        find: manifests::pins,
    },
    Check {
        rule: "every code block of the documentation runs",
        find: pages::unrun_blocks,
    },
    Check {
        rule: "README.md has at most 120 lines",
        find: pages::readme,
    },
    Check {
        rule: "nothing is left to do, and lints are expected, not allowed",
        find: words::find,
    },
    Check {
        rule: "whatever returns a future says what dropping it means",
        find: cancel_safety::find,
    },
    Check {
        rule: "the adapters for tokio and smol have the same files",
        find: symmetry::find,
    },
];

fn run(mut args: lexopt::Parser) -> Result<ExitCode> {
    let mut fix = false;
    while let Some(arg) = args.next()? {
        match arg {
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            Long("list") => {
                for check in CHECKS {
                    println!("{}", check.rule);
                }
                return Ok(ExitCode::SUCCESS);
            }
            Long("fix") => fix = true,
            other => return Err(cli::unknown_option(&other, OPTIONS)),
        }
    }
    let sh = workspace::shell()?;
    if fix {
        sh.write_file(ci::WORKFLOW, ci::workflow())?;
        println!("wrote {}", ci::WORKFLOW);
    }
    Ok(check(&sh)?.report())
}

/// Runs every check.
pub(crate) fn check(sh: &Shell) -> Result<Tally> {
    let tree = Tree::read(sh)?;
    let mut tally = Tally::default();
    for check in CHECKS {
        let findings = (check.find)(&tree);
        let verdict = if findings.is_empty() { "ok" } else { "FAILED" };
        println!("{} ... {verdict}", check.rule);
        for finding in &findings {
            println!("  {finding}");
        }
        tally.check(check.rule, findings.is_empty());
    }
    if let Some(note) = size::note(&tree) {
        println!("note: {note}");
    }
    Ok(tally)
}

fn workflow_drift(tree: &Tree, generated: &str) -> Vec<String> {
    if tree.page(ci::WORKFLOW) == Some(generated) {
        return Vec::new();
    }
    vec![format!(
        "{}: differs from the table in xtask/src/ci/job.rs; run `cargo xtask tidy --fix`",
        ci::WORKFLOW
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_that_drifted_is_found() {
        let mut tree = Tree::default();
        assert_eq!(workflow_drift(&tree, "generated").len(), 1);
        tree.add(ci::WORKFLOW, "edited by hand");
        assert_eq!(workflow_drift(&tree, "generated").len(), 1);
        tree.add(ci::WORKFLOW, "generated");
        assert!(workflow_drift(&tree, "generated").is_empty());
    }
}
