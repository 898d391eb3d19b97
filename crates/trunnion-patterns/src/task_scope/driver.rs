//! The scope's own future: it polls the body, feeds the joiner, keeps the time, and waits for the last ticket.

mod body;
mod open;
mod stop;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use trunnion_core::panic::{FirstPanic, catch, contain};
use trunnion_core::{CancelKind, CancelReason, PanicPayload};

use body::Body;
pub(crate) use open::Open;
pub(super) use open::{run, token_of};
use stop::Stage;

use super::builder::{PanicPolicy, Plan};
use super::error::{Failed, Fault, ScopeError, Why};
use super::joiner::{Done, Flow, Joiner, Over};
use super::members::Watch;
use super::outcome::{ChildInfo, Outcome};
use super::roster::{Entry, Seat};
use super::runner::address;
use super::state::{Core, Joint, Report, list};
use crate::{Elapsed, own};

struct Driver<J, T, E> {
    joint: Arc<Joint<T, E>>,
    // Dropped after it was killed: what waits then is stopped.
    _watch: Watch<Core<T, E>>,
    plan: Plan,
    // Empty once the result is given.
    joiner: Option<J>,
    spare: Vec<(Entry, Report<T, E>)>,
    stage: Stage,
    body_ended: bool,
    body_error: Option<Failed<E>>,
    panic: FirstPanic,
    elapsed: Option<Elapsed>,
    // The joiner or the body has ended it.
    decided: bool,
    // The body or a child was cut short, or failed after the scope had been cancelled.
    cut: bool,
}

impl<J, T, E> Driver<J, T, E> {
    fn core(&self) -> &Core<T, E> {
        self.joint.open()
    }
}

impl<J, T, E> Driver<J, T, E>
where
    J: Joiner<T, E>,
    T: Send + 'static,
    E: Send + 'static,
{
    fn new(joint: Arc<Joint<T, E>>, plan: Plan, joiner: J) -> Self {
        Self {
            _watch: Watch::new(Arc::clone(&joint), &joint.open().token),
            joint,
            plan,
            joiner: Some(joiner),
            spare: Vec::new(),
            stage: Stage::Runs,
            body_ended: false,
            body_error: None,
            panic: FirstPanic::new(),
            elapsed: None,
            decided: false,
            cut: false,
        }
    }

    /// Makes the body's future; a panic of that is the body's.
    fn begin<Fut>(&mut self, body: impl FnOnce() -> Fut) -> Option<Fut> {
        match catch(body) {
            Ok(future) => Some(future),
            Err(panic) => {
                self.keep_panic(panic);
                self.end_body();
                None
            }
        }
    }

    /// Feeds the joiner; how many are in at a moment without reports, and how many of them report, the body not forgotten.
    fn take_reports(&mut self) -> (usize, usize) {
        loop {
            let mut reports = core::mem::take(&mut self.spare);
            let (live, heard) = self.core().roster.take(&mut reports);
            if reports.is_empty() {
                self.spare = reports;
                return (live, heard);
            }
            let mut running = reports.len() + heard - usize::from(!self.body_ended);
            for (entry, outcome) in reports.drain(..) {
                running -= 1;
                match outcome {
                    Some(outcome) => self.take_report(ChildInfo::new(entry), outcome, running),
                    None if self.body_ended => self.ask(|joiner| joiner.on_body_end(running)),
                    None => {}
                }
            }
            self.spare = reports;
        }
    }

    fn take_report(&mut self, child: ChildInfo, outcome: Outcome<T, E>, running: usize) {
        let after_cancel = self.core().token.is_cancelled();
        self.cut |= after_cancel && !outcome.is_ok();
        if let Some(watch) = &mut self.plan.watch {
            watch.count(&outcome);
        }
        let outcome = match outcome {
            Outcome::Panicked(panic) if self.core().panics == PanicPolicy::Propagate => {
                return self.keep_panic(panic);
            }
            outcome => outcome,
        };
        let done = Done {
            child,
            outcome,
            after_cancel,
            running,
        };
        self.ask(|joiner| joiner.on_done(done));
    }

    /// Lets the joiner decide.
    fn ask(&mut self, f: impl FnOnce(&mut J) -> Flow) {
        let Some(joiner) = &mut self.joiner else {
            return;
        };
        match catch(|| f(joiner)) {
            Ok(Flow::Continue) => {}
            Ok(Flow::Cancel(reason)) => self.stop(reason),
            Err(panic) => self.keep_panic(panic),
        }
    }

    /// Cancels the scope on its own account.
    fn stop(&mut self, reason: impl Into<CancelReason>) {
        match catch(|| self.core().token.cancel_with(reason)) {
            Ok(won) => self.decided |= won,
            Err(panic) => self.keep_panic(panic),
        }
    }

    /// Keeps the first panic, and cancels the scope.
    fn keep_panic(&mut self, panic: PanicPayload) {
        if self.panic.keep(Err(panic)) {
            self.stop(CancelKind::SiblingPanicked);
        }
    }

    fn poll_body<Fut>(&mut self, mut body: Pin<&mut Body<Fut>>, cx: &mut Context<'_>)
    where
        Fut: Future<Output = Result<(), E>>,
    {
        let Some(future) = body.as_mut().future() else {
            return;
        };
        match catch(|| future.poll(cx)) {
            Ok(Poll::Pending) if !self.core().token.is_cancelled() => return,
            Ok(Poll::Pending) => self.cut = true,
            Ok(Poll::Ready(Ok(()))) => {}
            Ok(Poll::Ready(Err(error))) => self.fail_body(error),
            Err(panic) => self.keep_panic(panic),
        }
        if let Err(panic) = catch(|| body.clear()) {
            self.keep_panic(panic);
        }
        self.end_body();
    }

    /// Keeps the body's error, and cancels the scope.
    fn fail_body(&mut self, error: E) {
        let after_cancel = self.core().token.is_cancelled();
        self.cut |= after_cancel;
        self.body_error = Some(Failed {
            child: None,
            fault: Fault::Error(error),
            after_cancel,
        });
        self.stop(CancelKind::ScopeClosed);
    }

    fn end_body(&mut self) {
        self.body_ended = true;
        drop(self.core().roster.leave(Seat::Body, None));
        // What is known of the children comes before the news that there is no more body.
        let (_, running) = self.take_reports();
        self.ask(|joiner| joiner.on_body_end(running));
    }

    /// Tells whether all are gone and all reports taken.
    fn is_over(&mut self) -> bool {
        self.body_ended && self.take_reports().0 == 0
    }

    /// Says why the scope was cut short, if it was, and neither by its joiner nor by its body.
    fn why_cut(&mut self) -> Option<Why> {
        let cut = self.cut || self.core().refused.load(Ordering::Relaxed);
        let reason = self
            .core()
            .token
            .reason()
            .filter(|_| cut && !self.decided)?;
        let elapsed = self.elapsed.map(Why::Elapsed);
        Some(elapsed.unwrap_or(Why::Cancelled(reason)))
    }

    /// Gives the result, once who watches the scope was told of it.
    fn finish(&mut self) -> Result<J::Output, ScopeError<E>> {
        let Some(watch) = self.plan.watch.take() else {
            return self.conclude();
        };
        let ended = catch(|| self.conclude());
        watch.over(&ended, self.core().token.is_killed());
        ended.unwrap_or_else(|panic| panic.resume())
    }

    fn conclude(&mut self) -> Result<J::Output, ScopeError<E>> {
        core::mem::take(&mut self.panic).resume();
        let cut = self.why_cut();
        let Some(joiner) = self.joiner.take() else {
            unreachable!("a scope has one end")
        };
        let over = Over { cut };
        let result = joiner.finish(&over);
        let Some(body) = self.body_error.take() else {
            return result;
        };
        let answers = body.after_cancel;
        let others = result.err().unwrap_or(ScopeError::new(Why::Failed));
        let led = others.led_by(body);
        Err(if answers { over.explain(led) } else { led })
    }

    #[expect(clippy::panic, reason = "it would wait for itself without end")]
    fn refuse_own(&self) {
        let Some(id) = own::polled_of(address(&self.joint)) else {
            return;
        };
        let mut entries = list(&self.joint).into_iter();
        let listed = entries.find(|entry| entry.id == id).map(ChildInfo::new);
        panic!(
            "{} awaits its own scope `{}`",
            listed.map_or_else(|| format!("child {id}"), |child| child.to_string()),
            self.core().name.as_deref().unwrap_or("unnamed")
        );
    }
}

impl<J, T, E> Drop for Driver<J, T, E> {
    fn drop(&mut self) {
        let (reports, mut live) = self.core().roster.abandon();
        for (_, outcome) in reports {
            if let (Some(watch), Some(outcome)) = (&mut self.plan.watch, &outcome) {
                watch.count(outcome);
            }
            contain(|| drop(outcome));
        }
        contain(|| drop(self.joiner.take()));
        contain(|| drop(self.body_error.take()));
        contain(|| drop(core::mem::take(&mut self.panic)));
        let killed = self.core().token.is_killed();
        if live > 0 {
            contain(|| _ = self.core().token.kill(CancelKind::ScopeClosed));
        }
        let body = usize::from(!self.body_ended);
        live -= body;
        let watch = self.plan.watch.take();
        if let Some(outer) = watch.and_then(|watch| watch.dropped(live, killed)) {
            drop(self.core().roster.keep(outer));
        }
        if body > 0 {
            drop(self.core().roster.leave(Seat::Body, None));
        }
        let hook = self.plan.on_orphan.take();
        if let Some(hook) = hook.filter(|_| live > 0 && self.plan.around.is_none()) {
            contain(|| hook(live));
        }
    }
}
