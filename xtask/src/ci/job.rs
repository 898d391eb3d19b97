//! The table of jobs: here, in `.ci/run` and in the generated workflow.

use xshell::Shell;

use super::{bench, cargo, compile_fail, features, flat, metastable, msrv, no_std, search, smoke};
use crate::error::Result;
use crate::tally::Tally;
use crate::{loom, test, tidy};

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What the machine must have; without it the job is skipped.
    pub(crate) needs: &'static str,
    /// How the hosted machine gets it.
    pub(crate) setup: &'static [&'static str],
    /// The toolchain that the hosted machine runs it with.
    pub(crate) toolchain: &'static str,
    pub(crate) minutes: u32,
    pub(crate) run: fn(&Shell) -> Result<Tally>,
}

const PLAIN: Job = Job {
    name: "",
    about: "",
    needs: "cargo",
    setup: &[],
    toolchain: "stable",
    minutes: 20,
    run: |_| Ok(Tally::default()),
};

pub(crate) const JOBS: &[Job] = &[
    Job {
        name: "format",
        about: "cargo fmt --check",
        needs: "rustfmt",
        minutes: 10,
        run: cargo::format,
        ..PLAIN
    },
    Job {
        name: "clippy",
        about: "all targets, all features, warnings are errors",
        needs: "clippy",
        run: cargo::clippy,
        ..PLAIN
    },
    Job {
        name: "documentation",
        about: "rustdoc, public and private items, warnings are errors",
        needs: "rustdoc",
        run: cargo::documentation,
        ..PLAIN
    },
    Job {
        name: "msrv",
        about: "the published crates with the oldest compiler that they promise",
        needs: "rustc 1.85",
        setup: &["rustup toolchain install 1.85 --profile minimal"],
        run: msrv::run,
        ..PLAIN
    },
    Job {
        name: "features",
        about: "every combination of the facade's features, core's, each adapter alone",
        needs: "clippy",
        run: features::run,
        ..PLAIN
    },
    Job {
        name: "no-std",
        about: "core without std, on a target that has none",
        needs: "the target thumbv7em-none-eabi",
        setup: &["rustup target add thumbv7em-none-eabi"],
        run: no_std::run,
        ..PLAIN
    },
    Job {
        name: "compile-fail",
        about: "what must not compile, with the messages of one compiler",
        needs: "rustc 1.95",
        setup: &["rustup toolchain install 1.95.0 --profile minimal"],
        toolchain: "1.95.0",
        run: compile_fail::run,
        ..PLAIN
    },
    Job {
        name: "loom",
        about: "all loom models, and the seeded bugs that they must catch",
        minutes: 45,
        run: loom::models_and_mutants,
        ..PLAIN
    },
    Job {
        name: "tests",
        about: "cargo xtask test",
        minutes: 45,
        run: |sh| test::tests(sh, &test::Selection::default()),
        ..PLAIN
    },
    Job {
        name: "metastable",
        about: "whether calls recover from a stall, by what pays for retries: five seeds",
        run: metastable::run,
        ..PLAIN
    },
    Job {
        name: "flat",
        about: "memory over ten million children on one scope, optimised",
        run: flat::run,
        ..PLAIN
    },
    Job {
        name: "search",
        about: "all 756,756 schedules of three tasks in the simulator, optimised",
        run: search::run,
        ..PLAIN
    },
    Job {
        name: "demo",
        about: "the digest of our own crates on every runtime, read back by sha256sum",
        needs: "sha256sum",
        run: smoke::run,
        ..PLAIN
    },
    Job {
        name: "bench",
        about: "one comparison of each scenario; the numbers are not judged",
        run: bench::run,
        ..PLAIN
    },
    Job {
        name: "tidy",
        about: "cargo xtask tidy",
        minutes: 10,
        run: tidy::check,
        ..PLAIN
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_plain() {
        for (i, job) in JOBS.iter().enumerate() {
            assert!(!job.about.is_empty());
            assert!(
                job.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{}",
                job.name
            );
            assert!(
                JOBS[..i].iter().all(|other| other.name != job.name),
                "{}",
                job.name
            );
        }
    }
}
