//! How a scope is stopped: by its token or its deadline, with a grace before the kill.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;

use trunnion_core::panic::{catch, contain};
use trunnion_core::{CancelKind, CancelledOwned, Timer};

use super::{ChildInfo, Driver, Elapsed, Joiner, list};
use crate::task_scope::builder::StragglerHook;

/// How far the end of a scope has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Runs,
    /// Cancelled; the grace runs.
    Stops,
    Killed,
}

impl<J, T, E> Driver<J, T, E>
where
    J: Joiner<T, E>,
    T: Send + 'static,
    E: Send + 'static,
{
    /// Looks at the token and the clock; true if that changed something.
    pub(super) fn poll_stop<R: Timer>(
        &mut self,
        rt: &R,
        mut clock: Pin<&mut Option<R::Sleep>>,
        cancelled: Pin<&mut CancelledOwned>,
        cx: &mut Context<'_>,
    ) -> bool {
        if self.stage == Stage::Runs && self.poll_foreign(cx) {
            return true;
        }
        match self.stage {
            Stage::Runs if cancelled.poll(cx).is_ready() => {
                self.stage = Stage::Stops;
                clock.set(Some(rt.sleep(self.plan.grace)));
                true
            }
            Stage::Runs => self.poll_deadline(rt, clock, cx),
            Stage::Stops => {
                let over = clock
                    .as_mut()
                    .as_pin_mut()
                    .is_some_and(|clock| clock.poll(cx).is_ready());
                if over {
                    self.kill();
                    let lag = self.plan.on_lag.as_ref();
                    clock.set(lag.map(|(after, _)| rt.sleep(*after)));
                }
                over
            }
            Stage::Killed => {
                let waits = clock.as_mut().as_pin_mut();
                if waits.is_some_and(|clock| clock.poll(cx).is_ready()) {
                    clock.set(None);
                    let hook = self.plan.on_lag.take();
                    self.name_all(hook.map(|(_, hook)| hook));
                }
                false
            }
        }
    }

    /// Looks at a token that is not ours; true if it is cancelled.
    fn poll_foreign(&mut self, cx: &mut Context<'_>) -> bool {
        let token = &self.joint.open().token;
        let passed = self.plan.foreign.pass_on(token, cx);
        passed.unwrap_or_else(|panic| {
            self.keep_panic(panic);
            true
        })
    }

    fn poll_deadline<R: Timer>(
        &mut self,
        rt: &R,
        mut clock: Pin<&mut Option<R::Sleep>>,
        cx: &mut Context<'_>,
    ) -> bool {
        let Some(at) = self.core().token.deadline() else {
            return false;
        };
        let outer = self.plan.outer_deadline;
        if clock.is_none() {
            clock.set(Some(rt.sleep_until(at)));
        }
        let passed = clock
            .as_pin_mut()
            .is_some_and(|clock| clock.poll(cx).is_ready());
        if !passed {
            return false;
        }
        match catch(|| self.core().token.cancel_with(CancelKind::Deadline)) {
            // Of two equal deadlines the outer one counts.
            Ok(true) if outer.is_none_or(|outer| at < outer) => {
                let (allowed, deadline) = (None, Some(at));
                self.elapsed = Some(Elapsed { allowed, deadline });
            }
            Ok(_) => {}
            Err(panic) => self.keep_panic(panic),
        }
        true
    }

    /// The grace is over: tells who is late, and kills them.
    fn kill(&mut self) {
        self.stage = Stage::Killed;
        if let Some(watch) = &mut self.plan.watch {
            let late = list(&self.joint).into_iter();
            late.for_each(|child| watch.late(child));
        }
        let hook = self.plan.on_straggler.take();
        self.name_all(hook);
        if let Err(panic) = catch(|| self.core().token.kill(CancelKind::GraceExpired)) {
            self.keep_panic(panic);
        }
    }

    /// Tells `hook` who is still there.
    fn name_all(&mut self, hook: Option<StragglerHook>) {
        let Some(mut hook) = hook else { return };
        for entry in list(&self.joint) {
            if let Err(panic) = catch(|| hook(&ChildInfo::new(entry))) {
                self.keep_panic(panic);
            }
        }
        contain(|| drop(hook));
    }
}
