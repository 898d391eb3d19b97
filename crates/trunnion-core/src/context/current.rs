//! Finding the current runtime, or saying who was asked.

use core::fmt;
use std::sync::OnceLock;
use std::vec::Vec;

use super::{Context, Source, probe};
use crate::AnyRuntime;
use crate::task::scoped::ask;

static DEFAULT: OnceLock<AnyRuntime> = OnceLock::new();

pub(crate) fn current() -> Result<AnyRuntime, NoRuntime> {
    ask(|context| Some(context.runtime())).unwrap_or_else(outside)
}

impl Context {
    fn runtime(&self) -> Result<AnyRuntime, NoRuntime> {
        match &self.source {
            Source::Is(runtime) => Ok(runtime.clone()),
            Source::Makes(_, make) => Ok(make()),
            Source::Finds(id, find) => Ok(find(*id)),
            Source::Local(id) => Err(NoRuntime {
                local: Some(id.kind()),
                asked: Vec::new(),
            }),
        }
    }
}

/// Finds the runtime where this thread is in no context of ours.
fn outside() -> Result<AnyRuntime, NoRuntime> {
    let probed = probe::all().find_map(|probe| (probe.current)());
    probed.or_else(default).ok_or_else(NoRuntime::new)
}

fn default() -> Option<AnyRuntime> {
    DEFAULT.get().cloned()
}

/// Sets the runtime that detection finds when nothing else is current; for applications, once.
///
/// # Errors
/// [`AlreadySet`], with the runtime that was refused, when there is a default.
pub fn set_default(runtime: AnyRuntime) -> Result<(), AlreadySet> {
    DEFAULT.set(runtime).map_err(AlreadySet)
}

/// Says that the default runtime was set before; holds the runtime that was refused.
#[derive(Debug)]
pub struct AlreadySet(pub AnyRuntime);

impl fmt::Display for AlreadySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the default runtime is already set; set it once, where the program starts")
    }
}

impl core::error::Error for AlreadySet {}

/// Says that no runtime is current, and who was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoRuntime {
    /// The kind of the local runtime that is current but cannot take futures from other threads.
    pub local: Option<&'static str>,
    /// The kinds of runtime whose probes said no.
    pub asked: Vec<&'static str>,
}

impl NoRuntime {
    /// Makes the error that lists the registered probes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            local: None,
            asked: probe::all().map(|probe| probe.name).collect(),
        }
    }
}

impl Default for NoRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for NoRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.local {
            return write!(
                f,
                "the current runtime, {kind}, is local to its thread; pass its value to what needs a runtime"
            );
        }
        f.write_str("no runtime is current (asked: trunnion's own context")?;
        self.asked
            .iter()
            .try_for_each(|name| write!(f, ", {name}"))?;
        f.write_str(", the default); pass a runtime value, call this inside `block_on`, `run` or `with_runtime`, or set a default")
    }
}

impl core::error::Error for NoRuntime {}
