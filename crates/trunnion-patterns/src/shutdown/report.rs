//! How a shutdown went.

use core::fmt;
use core::time::Duration;

use trunnion_core::{CancelReason, PanicPayload};

use crate::{ChildInfo, ScopeReport};

/// Tells how a shutdown went; given by [`Shutdown::run`](super::Shutdown::run).
///
/// It is shown as one line for each phase. (What a *runtime* tells of its end is
/// [`ShutdownReport`](trunnion_core::ShutdownReport).)
#[derive(Debug)]
#[non_exhaustive]
pub struct StopReport {
    /// Why the program was to stop: the first request's reason.
    pub reason: CancelReason,
    /// The phases, in their order.
    pub phases: Vec<PhaseReport>,
    /// How long it took, from when the request was seen.
    pub elapsed: Duration,
}

/// Tells how one phase went: which of its parts ended in which way, each with its name and the place that registered it.
#[derive(Debug)]
#[non_exhaustive]
pub struct PhaseReport {
    /// The name of the phase.
    pub name: Box<str>,
    /// The parts that ended by themselves after they were asked to.
    pub finished: Vec<ChildInfo>,
    /// The parts that were late and are gone now, or whose runtime ended first.
    pub killed: Vec<ChildInfo>,
    /// The parts that panicked, before or during the shutdown.
    pub panicked: Vec<(ChildInfo, PanicPayload)>,
    /// The parts that are still there: they block, or a guard is still held.
    pub stragglers: Vec<ChildInfo>,
    /// How the scopes in the phase ended that ended after they were asked to.
    pub scopes: Vec<ScopeReport>,
}

impl StopReport {
    /// Tells whether all parts ended by themselves and none panicked, in all phases.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.phases.iter().all(PhaseReport::is_clean)
    }

    /// Goes through the parts of all phases that are still there.
    pub fn stragglers(&self) -> impl Iterator<Item = &ChildInfo> {
        self.phases.iter().flat_map(|phase| &phase.stragglers)
    }
}

impl PhaseReport {
    pub(super) fn new(name: Box<str>) -> Self {
        Self {
            name,
            finished: Vec::new(),
            killed: Vec::new(),
            panicked: Vec::new(),
            stragglers: Vec::new(),
            scopes: Vec::new(),
        }
    }

    /// Tells whether the end of this part is told of.
    pub(super) fn has(&self, part: &ChildInfo) -> bool {
        let panicked = self.panicked.iter().map(|(child, _)| child);
        let scopes = self.scopes.iter().map(|scope| &scope.scope);
        let parts = self.finished.iter().chain(&self.killed);
        let mut ended = parts.chain(panicked).chain(scopes);
        ended.any(|child| child.number() == part.number())
    }

    /// Tells whether all parts ended by themselves and none panicked, and all scopes ended [cleanly](ScopeReport::is_clean).
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let gone = self.killed.is_empty() && self.stragglers.is_empty();
        gone && self.panicked.is_empty() && self.scopes.iter().all(ScopeReport::is_clean)
    }
}

impl fmt::Display for StopReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped after {:?}, {}", self.elapsed, self.reason)?;
        for phase in &self.phases {
            write!(f, "\n{phase}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PhaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} finished", self.name, self.finished.len())?;
        for child in &self.killed {
            write!(f, "; killed {child}")?;
        }
        for (child, panic) in &self.panicked {
            write!(f, "; {child} panicked: {panic}")?;
        }
        for child in &self.stragglers {
            write!(f, "; still there: {child}")?;
        }
        for scope in self.scopes.iter().filter(|scope| !scope.is_clean()) {
            write!(f, "; scope {scope}")?;
        }
        Ok(())
    }
}
