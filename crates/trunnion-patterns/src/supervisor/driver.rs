//! The supervisor's own future: the body of a scope, whose children are the supervised.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::sync::Arc;

use trunnion_core::panic::contain;
use trunnion_core::{
    CancelKind, CancelReason, CancelToken, CancelledOwned, Entropy, Instant, Spawn, Timer,
};

use super::builder::Plan;
use super::child_ctx::ChildCtx;
use super::error::SupervisorEnd;
use super::line::{Line, Step, Verdict};
use super::seat::{Alive, State};
use super::told::{Gone, Report, Told};
use crate::foreign::Foreign;
use crate::{PanicPolicy, TaskScope, TaskScopeBuilder};

type Scope<R, E> = TaskScope<R, Gone, E>;

/// Runs the children until the end, and gives how it ended when they are gone.
pub(super) async fn run<R, E>(rt: R, scope: TaskScopeBuilder<R>, mut plan: Plan<E>) -> Verdict<E>
where
    R: Timer + Spawn + Entropy + Clone,
    E: Send + 'static,
{
    let token = plan.token();
    let mut foreign = core::mem::take(&mut plan.foreign);
    if let Err(panic) = poll_fn(|cx| Poll::Ready(foreign.pass_on(&token, cx))).await {
        panic.resume();
    }
    if let Some(reason) = token.reason() {
        return Ok(SupervisorEnd::Cancelled(reason));
    }
    let told = Told::new();
    // The scope is killed with the supervisor's token, but not cancelled: the children are stopped in order.
    let scope = scope
        .token(&token.shield())
        .panics(PanicPolicy::Collect)
        .joiner(told.clone());
    let (line, on_straggler) = plan.into_line();
    let mut driver = Driver {
        rt,
        token,
        foreign,
        told,
        line,
        on_straggler,
        armed: None,
    };
    let ran = scope.run(async |scope: Scope<R, E>| {
        driver.drive(&scope).await;
        Ok(())
    });
    // It gives nothing, and is refused only where it was killed before it began.
    _ = ran.await;
    driver.finish()
}

/// Is told of a child that did not stop in time.
pub(super) type StragglerHook = Box<dyn FnMut(&str) + Send>;

struct Driver<R, E> {
    rt: R,
    token: CancelToken,
    foreign: Foreign,
    told: Told<E>,
    line: Line<E>,
    on_straggler: Option<StragglerHook>,
    // When the clock rings.
    armed: Option<Instant>,
}

impl<R, E> Driver<R, E>
where
    R: Timer + Spawn + Entropy + Clone,
    E: Send + 'static,
{
    /// Starts, restarts and stops children until none is left.
    async fn drive(&mut self, scope: &Scope<R, E>) {
        let mut clock = pin!(None::<R::Sleep>);
        let mut cancelled = pin!(self.token.cancelled_owned());
        poll_fn(|cx| {
            loop {
                let now = self.rt.now();
                let reports = self.told.take();
                // After they were taken: of a child that was killed with the supervisor, that is known by now.
                self.poll_cancelled(cancelled.as_mut(), cx, now);
                self.hear(reports, now);
                let killed = self.kill_late(now);
                self.kill_all(scope);
                if killed | self.act(scope, now) | self.poll_ready(now, cx) {
                    continue;
                }
                if self.line.is_over() {
                    return Poll::Ready(());
                }
                if self.poll_clock(clock.as_mut(), now, cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }

    fn hear(&mut self, reports: Vec<Report<E>>, now: Instant) {
        for (number, outcome) in reports {
            self.line.ended(number, outcome, now, &self.rt);
        }
    }

    /// Begins the end when the token is cancelled or its deadline has passed.
    fn poll_cancelled(
        &mut self,
        cancelled: Pin<&mut CancelledOwned>,
        cx: &mut Context<'_>,
        now: Instant,
    ) {
        if self.line.verdict.is_some() {
            return;
        }
        if self.token.deadline().is_some_and(|at| at <= now) {
            contain(|| _ = self.token.cancel_with(CancelKind::Deadline));
        }
        let passed = self.foreign.pass_on(&self.token, cx);
        self.line.panic.keep(passed.map(drop));
        if let Poll::Ready(reason) = cancelled.poll(cx) {
            self.cancel(reason);
        }
    }

    fn cancel(&mut self, reason: CancelReason) {
        let verdict = Ok(SupervisorEnd::Cancelled(reason.clone()));
        self.line.end(verdict, reason);
    }

    /// Kills those whose time to stop is over; true if there were any.
    fn kill_late(&mut self, now: Instant) -> bool {
        let mut killed = false;
        for seat in &mut self.line.seats {
            let hook = self.on_straggler.as_mut();
            killed |= seat.kill_late(now, hook, &mut self.line.panic);
        }
        killed
    }

    /// Kills all when a hook has panicked.
    fn kill_all(&mut self, scope: &Scope<R, E>) {
        if !self.line.panic.is_empty() {
            self.cancel(CancelKind::SiblingPanicked.into());
            contain(|| _ = scope.token().kill(CancelKind::SiblingPanicked));
        }
    }

    /// Does what is to be done now; true if there was anything.
    fn act(&mut self, scope: &Scope<R, E>, now: Instant) -> bool {
        let Some(step) = self.line.step(now) else {
            return false;
        };
        match step {
            Step::Stop(at) => self.line.seats[at].ask(&self.line.reason, now),
            Step::Start(at) => self.start(at, scope),
        }
        true
    }

    /// Starts an incarnation.
    fn start(&mut self, at: usize, scope: &Scope<R, E>) {
        let seat = &mut self.line.seats[at];
        let (token, ready) = (scope.token().child(), CancelToken::new());
        let ctx = ChildCtx::new(token.clone(), ready.clone(), seat.starts);
        if seat.spec.ready_at_once {
            ctx.ready();
        }
        let (factory, stop) = (Arc::clone(&seat.spec.factory), token.shield());
        // Until it is killed it may clean up; its futures are gone before the scope tells of it.
        let child = scope.spawn_named(&seat.spec.name, async move {
            match stop.run_until_cancelled(async { factory(ctx).await }).await {
                Ok(result) => result.map(|()| Gone::Ended),
                Err(_) => Ok(Gone::Killed),
            }
        });
        if child.is_refused() {
            // The scope was killed, and this body with it.
            let reason = scope.token().reason();
            return self.cancel(reason.unwrap_or(CancelKind::ScopeClosed.into()));
        }
        seat.starts += 1;
        seat.state = State::Alive(Alive::new(child.number(), token, ready));
    }

    /// Looks for children that have become ready; true if there were any.
    fn poll_ready(&mut self, now: Instant, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        for seat in &mut self.line.seats {
            let ready = seat.alive().is_some_and(|alive| alive.poll_ready(now, cx));
            seat.was_ready |= ready;
            any |= ready;
        }
        any
    }

    /// Waits until there is something to do.
    fn poll_clock(
        &mut self,
        mut clock: Pin<&mut Option<R::Sleep>>,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let deadline = self.token.deadline();
        let deadline = deadline.filter(|_| self.line.verdict.is_none());
        let at = self.line.wake_at(now).into_iter().chain(deadline).min();
        if self.armed != at {
            self.armed = at;
            clock.set(at.map(|at| self.rt.sleep_until(at)));
        }
        let Some(sleep) = clock.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let rung = sleep.poll(cx);
        if rung.is_ready() {
            self.armed = None;
            clock.set(None);
        }
        rung
    }

    /// Gives how it ended, when all are gone.
    fn finish(mut self) -> Verdict<E> {
        if !self.line.is_over() {
            // The body was cut short: it was killed.
            let reason = self.token.reason();
            self.cancel(reason.unwrap_or(CancelKind::ScopeClosed.into()));
        }
        self.hear(self.told.take(), self.rt.now());
        let verdict = self.line.verdict.take();
        let Err(panic) = core::mem::take(&mut self.line.panic).into_result() else {
            return verdict.unwrap_or(Ok(SupervisorEnd::Completed));
        };
        // Nothing is left to be dropped while it unwinds.
        contain(|| drop(verdict));
        contain(|| drop(self));
        panic.resume()
    }
}

impl<R, E> Drop for Driver<R, E> {
    fn drop(&mut self) {
        contain(|| drop(self.line.verdict.take()));
    }
}
