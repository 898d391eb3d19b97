//! What a shutdown is made of.

use core::fmt;
use core::time::Duration;

use trunnion_core::{CancelToken, Cancellation, StopSignals};

use super::Shutdown;
use super::handle::ShutdownHandle;
use super::panics::Panics;
use super::phase;
use crate::foreign::Foreign;

/// What the usual service managers leave a program, less some room for the kill: container runtimes give it 30 seconds.
const TOTAL: Duration = Duration::from_secs(25);

/// How long parts that are killed have to be gone.
const KILL_BUDGET: Duration = Duration::from_secs(1);

/// Sets a shutdown up; made by [`Shutdown::builder`].
///
/// ```
/// use std::time::Duration;
/// use trunnion_patterns::Shutdown;
///
/// let sim = trunnion_sim::Sim::new();
/// let shutdown = Shutdown::builder(&sim.handle())
///     .phase("accept", Duration::from_secs(2))
///     .phase("drain", Duration::from_secs(20))
///     .phase("flush", Duration::from_secs(5))
///     .total(Duration::from_secs(25))
///     .build();
/// assert!(shutdown.guard("drain").is_ok());
/// assert_eq!(shutdown.guard("drian").unwrap_err().to_string(), "there is no such phase");
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct ShutdownBuilder<R> {
    rt: R,
    phases: Vec<(Box<str>, Duration)>,
    total: Duration,
    kill_budget: Duration,
    token: Option<CancelToken>,
    foreign: Foreign,
    signals: Option<StopSignals>,
}

impl<R: Clone> ShutdownBuilder<R> {
    pub(super) fn new(rt: &R) -> Self {
        Self {
            rt: rt.clone(),
            phases: Vec::new(),
            total: TOTAL,
            kill_budget: KILL_BUDGET,
            token: None,
            foreign: Foreign::default(),
            signals: None,
        }
    }

    /// Adds a phase behind those before it, whose parts have `limit` to end once they are asked to.
    ///
    /// A name that is there already keeps its place and gets the new limit.
    pub fn phase(mut self, name: &str, limit: Duration) -> Self {
        match self.phases.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, known)) => *known = limit,
            None => self.phases.push((name.into(), limit)),
        }
        self
    }

    /// Gives all phases together so long, then all are killed. Without it, 25 seconds.
    pub const fn total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// Waits so long for those that were killed before they are given up as stragglers. Without it, one second.
    ///
    /// With zero nobody who is killed has the time to be dropped.
    pub const fn kill_budget(mut self, budget: Duration) -> Self {
        self.kill_budget = budget;
        self
    }

    /// Makes the shutdown's token a child of `token`: cancelling that is a request, killing it kills.
    ///
    /// Its deadline is a request too, which [`run`](Shutdown::run) makes.
    pub fn token(mut self, token: &CancelToken) -> Self {
        self.token = Some(token.clone());
        self
    }

    /// Makes a request when `token`, which may be of any kind, is cancelled, with its reason.
    ///
    /// [`run`](Shutdown::run) looks at it. Where the token is a [`CancelToken`], [`token`](Self::token) is better: it passes on kills and deadlines.
    /// Both may be given, but of this only the last.
    ///
    /// # Cost
    /// One allocation.
    pub fn cancel_on<C>(mut self, token: &C) -> Self
    where
        C: Cancellation<Cancelled: Send + 'static>,
    {
        self.foreign = Foreign::new(token);
        self
    }

    /// Makes a request of each signal: the first begins the shutdown, the second kills.
    pub fn signals(mut self, signals: StopSignals) -> Self {
        self.signals = Some(signals);
        self
    }

    /// Makes the shutdown, which takes parts from now on.
    ///
    /// # Cost
    /// Some allocations for each phase.
    pub fn build(self) -> Shutdown<R> {
        let token = match &self.token {
            Some(token) => token.child(),
            None => CancelToken::new(),
        };
        let panics = Panics::default();
        let open =
            |(index, (name, limit))| phase::open(&self.rt, (&token, &panics), index, (name, limit));
        let phases = self.phases.into_iter().enumerate();
        let (phases, open) = phases.map(open).unzip();
        Shutdown {
            handle: ShutdownHandle::new(self.rt.clone(), token, phases),
            open,
            total: self.total,
            kill_budget: self.kill_budget,
            signals: self.signals,
            foreign: self.foreign,
            panics,
        }
    }
}

impl<R> fmt::Debug for ShutdownBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownBuilder")
            .field("phases", &self.phases)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
