//! One phase: a scope that is open from the start, and how it is stopped.

use core::convert::Infallible;
use core::future::{Future, pending, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use trunnion_core::panic::catch;
use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, CancelReason, CancelToken, PanicPayload, Spawn, Timer};

use super::limits::Limits;
use super::panics::Panics;
use super::report::PhaseReport;
use crate::task_scope::{Open, Watch};
use crate::{
    Done, Flow, Joiner, Outcome, Over, PanicPolicy, ScopeError, TaskScope, TaskScopeBuilder,
};

/// Parts give whether their phase was asked to stop before they ended, and have no errors.
pub(super) type Scope<R> = TaskScope<R, bool, Infallible>;

/// Writes down what becomes of the parts. It is read before the scope is over, where some are given up.
struct Tally(Arc<Mutex<PhaseReport>>);

impl Joiner<bool, Infallible> for Tally {
    type Output = ();

    /// Parts that ended before the shutdown are nobody's business.
    fn keeps(outcome: &Outcome<bool, Infallible>) -> bool {
        !matches!(outcome, Outcome::Ok(false))
    }

    fn on_done(&mut self, done: Done<bool, Infallible>) -> Flow {
        let mut report = self.0.lock();
        match done.outcome {
            Outcome::Ok(_) => report.finished.push(done.child),
            Outcome::Panicked(panic) => report.panicked.push((done.child, panic)),
            Outcome::Cancelled | Outcome::Shutdown => report.killed.push(done.child),
            Outcome::Err(never) => match never {},
        }
        Flow::Continue
    }

    fn finish(self, _: &Over) -> Result<(), ScopeError<Infallible>> {
        Ok(())
    }
}

/// What handles see of a phase.
pub(super) struct Phase<R> {
    pub(super) name: Box<str>,
    pub(super) scope: Scope<R>,
    report: Arc<Mutex<PhaseReport>>,
}

impl<R: Clone> Phase<R> {
    /// Sets a scope up inside the phase, which tells the report of its end. One that ended before the shutdown is nobody's business.
    #[track_caller]
    pub(super) fn child_scope(&self) -> TaskScopeBuilder<R> {
        let (report, phase) = (Arc::clone(&self.report), self.scope.token().clone());
        let watch = Watch::new(move |scope| {
            if phase.is_cancelled() {
                report.lock().scopes.push(scope);
            }
        });
        self.scope.child_scope().watched(watch)
    }
}

/// What stops a phase; dropping it kills the parts.
pub(super) struct OpenPhase<R: Clone> {
    limit: Duration,
    open: Open<R, Tally, bool, Infallible>,
    report: Arc<Mutex<PhaseReport>>,
}

/// Makes a phase that takes parts. It sees nothing of `token` but a kill: when to ask is the shutdown's to say.
pub(super) fn open<R: Clone>(
    rt: &R,
    (token, panics): (&CancelToken, &Panics),
    index: usize,
    (name, limit): (Box<str>, Duration),
) -> (Phase<R>, OpenPhase<R>) {
    let (request, panics) = (token.clone(), panics.clone());
    let report = Arc::new(Mutex::new(PhaseReport::new(name.clone())));
    let open = TaskScope::builder(rt)
        .name(&name)
        .token(&token.shield())
        .panics(PanicPolicy::Collect)
        .on_panic(move |part, _| {
            panics.part(index, part);
            panics.keep(catch(|| {
                _ = request.cancel_with(CancelKind::SiblingPanicked);
            }));
        })
        .open(Tally(Arc::clone(&report)));
    let phase = Phase {
        name,
        scope: open.scope(),
        report: Arc::clone(&report),
    };
    let open = OpenPhase {
        limit,
        open,
        report,
    };
    (phase, open)
}

impl<R: Timer + Spawn + Clone> OpenPhase<R> {
    /// Asks the parts to stop, kills those that are late, and gives up those that are still there.
    pub(super) async fn stop(
        mut self,
        rt: &R,
        limits: &mut Limits,
        reason: &CancelReason,
    ) -> PhaseReport {
        let scope = self.open.scope();
        self.open.set_grace(limits.grace(rt.now(), self.limit));
        let asked = catch(|| _ = scope.token().cancel_with(reason.clone()));
        limits.panics.keep(asked);
        let mut stragglers = Vec::new();
        let raised = {
            let mut over = pin!(self.open.drive(|_| pending()));
            let killed = scope.token().shield();
            let mut late = pin!(async {
                killed.cancelled().await;
                limits.kill_over(rt).await;
            });
            let raised = poll_fn(|cx| {
                let ended = poll_over(over.as_mut(), cx);
                if ended.is_ready() || late.as_mut().poll(cx).is_pending() {
                    return ended;
                }
                stragglers = scope.children();
                // Who has gone since the last look is not listed: this one tells of them.
                match poll_over(over.as_mut(), cx) {
                    Poll::Pending => Poll::Ready(Ok(())),
                    ended @ Poll::Ready(_) => {
                        stragglers.clear();
                        ended
                    }
                }
            });
            raised.await
        };
        limits.panics.keep(raised);
        let nothing = PhaseReport::new(Box::default());
        let mut report = core::mem::replace(&mut *self.report.lock(), nothing);
        stragglers.retain(|child| !report.has(child));
        report.stragglers = stragglers;
        report
    }
}

/// Polls a phase; it raises the panics of wakers and callbacks when all are gone.
fn poll_over<F: Future>(over: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Result<(), PanicPayload>> {
    match catch(|| over.poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        ended => Poll::Ready(ended.map(drop)),
    }
}
