//! A scope from the moment when it takes children to the last ticket.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use trunnion_core::{CancelKind, CancelToken, Spawn, Timer};

use super::body::Body;
use super::{Driver, Joiner, Plan, ScopeError, Why};
use crate::task_scope::TaskScope;
use crate::task_scope::members::Members;
use crate::task_scope::roster::{Outer, Roster};
use crate::task_scope::state::Core;

/// Runs a scope from its first poll to the last ticket.
pub(in crate::task_scope) async fn run<R, J, T, E, F, Fut>(
    rt: R,
    mut plan: Plan,
    joiner: J,
    body: F,
) -> Result<J::Output, ScopeError<E>>
where
    R: Timer + Spawn + Clone,
    J: Joiner<T, E>,
    T: Send + 'static,
    E: Send + 'static,
    F: FnOnce(TaskScope<R, T, E>) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    joiner.check(plan.limit).map_err(ScopeError::new)?;
    let token = token_of(&mut plan);
    let passed = poll_fn(|cx| Poll::Ready(plan.foreign.pass_on(&token, cx))).await;
    if let Err(panic) = passed {
        panic.resume();
    }
    if let Some(reason) = token.reason() {
        return Err(ScopeError::new(Why::Cancelled(reason)));
    }
    let mut outer = outer_of(&plan)?;
    if let Some(watch) = &mut plan.watch {
        watch.hold(outer.take());
    }
    Open::new(rt, plan, (token, outer), joiner)
        .drive(body)
        .await
}

/// Makes the token of a scope, which has its deadline, and notes the one further out.
pub(in crate::task_scope) fn token_of(plan: &mut Plan) -> CancelToken {
    let around = plan.around.as_ref();
    let around = around.and_then(|around| around.token.as_ref());
    let parents = [plan.token.as_ref(), around];
    let deadlines = parents
        .iter()
        .flatten()
        .filter_map(|token| token.deadline());
    plan.outer_deadline = deadlines.min();
    let below = |parent: &CancelToken| match plan.deadline {
        Some(at) => parent.child_until(at),
        None => parent.child(),
    };
    match parents {
        [None, None] if plan.deadline.is_none() => CancelToken::new(),
        [None, None] => below(&CancelToken::new()),
        [Some(token), None] | [None, Some(token)] => below(token),
        [Some(token), Some(around)] => {
            let joined = CancelToken::any_of([token, around]);
            match plan.deadline {
                Some(_) => below(&joined),
                None => joined,
            }
        }
    }
}

/// Takes the place in the scope around.
fn outer_of<E>(plan: &Plan) -> Result<Option<Outer>, ScopeError<E>> {
    let Some(around) = &plan.around else {
        return Ok(None);
    };
    let outer = Outer::enter(Arc::clone(&around.scope), plan.name.clone(), plan.location);
    let closed = || Why::Cancelled(CancelKind::ScopeClosed.into());
    Ok(Some(outer.ok_or_else(|| ScopeError::new(closed()))?))
}

/// A scope that takes children and that nobody waits for yet; dropping it kills them.
pub(crate) struct Open<R, J, T, E> {
    rt: R,
    driver: Driver<J, T, E>,
}

impl<R, J, T, E> Open<R, J, T, E>
where
    R: Clone,
    J: Joiner<T, E>,
    T: Send + 'static,
    E: Send + 'static,
{
    pub(in crate::task_scope) fn new(
        rt: R,
        mut plan: Plan,
        (token, outer): (CancelToken, Option<Outer>),
        joiner: J,
    ) -> Self {
        let joint = Arc::new(Members::around(Core {
            roster: Roster::new(outer),
            token,
            keeps: J::keeps,
            name: plan.name.clone(),
            on_panic: plan.on_panic.take(),
            panics: plan.policy,
            books_all: plan.names_the_late(),
            detaches: plan.detaches,
            refused: AtomicBool::new(false),
        }));
        let driver = Driver::new(joint, plan, joiner);
        Self { rt, driver }
    }

    /// Gives the handle that spawns.
    pub(crate) fn scope(&self) -> TaskScope<R, T, E> {
        TaskScope::new(self.rt.clone(), Arc::clone(&self.driver.joint))
    }

    /// Changes how long children have to end.
    pub(crate) const fn set_grace(&mut self, grace: Duration) {
        self.driver.plan.grace = grace;
    }

    /// Runs `body` and waits for the last ticket.
    pub(crate) async fn drive<F, Fut>(mut self, body: F) -> Result<J::Output, ScopeError<E>>
    where
        R: Timer + Spawn,
        F: FnOnce(TaskScope<R, T, E>) -> Fut,
        Fut: Future<Output = Result<(), E>>,
    {
        let (scope, joint) = (self.scope(), Arc::clone(&self.driver.joint));
        let core = joint.open();
        let (rt, driver) = (&self.rt, &mut self.driver);
        // Declared after the driver, so that the body is dropped before the children are killed.
        let future = driver.begin(|| body(scope));
        let mut body = pin!(Body::new(future));
        let mut clock = pin!(None::<R::Sleep>);
        let mut told = pin!(core.roster.waiter());
        let mut cancelled = pin!(core.token.cancelled_owned());
        poll_fn(|cx| {
            driver.refuse_own();
            loop {
                driver.take_reports();
                driver.poll_body(body.as_mut(), cx);
                if driver.is_over() {
                    return Poll::Ready(());
                }
                if driver.poll_stop(rt, clock.as_mut(), cancelled.as_mut(), cx) {
                    continue;
                }
                if core.roster.poll_told(told.as_mut(), cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await;
        driver.finish()
    }
}
