//! A program of the corpus.

use core::future::Future;
use core::pin::Pin;

use trunnion_sim::{FailureKind, SimRuntime};

/// The same program with a bug and mended.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// How many orders between steps the bug needs.
    pub(crate) depth: u32,
    /// How it shows.
    pub(crate) kind: FailureKind,
    /// It may leave tasks behind.
    pub(crate) leaks: bool,
    /// Under one of a hundred random schedules meets it.
    pub(crate) rare: bool,
    pub(crate) run: fn(SimRuntime, bool) -> Run,
}

pub(crate) type Run = Pin<Box<dyn Future<Output = ()>>>;

impl Program {
    pub(crate) const fn leaking(mut self) -> Self {
        self.leaks = true;
        self
    }

    pub(crate) const fn rare(mut self) -> Self {
        self.rare = true;
        self
    }
}

/// Makes a program of an `async fn(SimRuntime, bug: bool)`.
macro_rules! program {
    ($run:ident, $depth:literal, $kind:ident) => {
        $crate::program::Program {
            name: stringify!($run),
            depth: $depth,
            kind: $kind,
            leaks: false,
            rare: false,
            run: |rt, bug| Box::pin($run(rt, bug)),
        }
    };
}

pub(crate) use program;
