//! Tokens that are not ours, which stop what has a token of its own.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, CancelReason, CancelToken, Cancellation, Clock, Spawn, Timer};
use trunnion_patterns::{
    ChildSpec, Discard, Shutdown, Supervisor, SupervisorEnd, TaskScope, Why, with_deadline,
};
use trunnion_sim::{SimRuntime, run};

use crate::task_scope::panics::{caught, text};
use crate::task_scope::{Census, MOMENT, in_each_schedule};

/// A token as somebody else might write it; its users may also make it panic.
#[derive(Clone, Default)]
struct Theirs(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    said: Option<bool>,
    waiting: Vec<Waker>,
}

impl Theirs {
    fn say(&self, well: bool) {
        let mut state = self.0.lock();
        state.said = Some(well);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Is cancelled one moment later, or panics then.
    fn soon(rt: &SimRuntime, well: bool) -> Self {
        let (theirs, sleep) = (Self::default(), rt.sleep(MOMENT));
        let later = theirs.clone();
        rt.spawn_detached(async move {
            sleep.await;
            later.say(well);
        });
        theirs
    }
}

struct Waits(Theirs);

impl Future for Waits {
    type Output = CancelReason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CancelReason> {
        let mut state = self.0.0.lock();
        let Some(well) = state.said else {
            state.waiting.push(cx.waker().clone());
            return Poll::Pending;
        };
        drop(state);
        assert!(well, "theirs");
        Poll::Ready(CancelKind::Custom(9).into())
    }
}

impl Cancellation for Theirs {
    type Cancelled = Waits;

    fn is_cancelled(&self) -> bool {
        self.0.lock().said.is_some()
    }

    fn reason(&self) -> Option<CancelReason> {
        self.is_cancelled().then(|| CancelKind::Custom(9).into())
    }

    fn cancelled_owned(&self) -> Waits {
        Waits(self.clone())
    }
}

fn is_theirs(why: &Why) -> bool {
    matches!(why, Why::Cancelled(reason) if reason.kind() == CancelKind::Custom(9))
}

#[test]
fn a_token_of_any_kind_cancels_a_scope_with_its_reason() {
    in_each_schedule(|rt| async move {
        let (census, start) = (Census::default(), rt.now());
        let scope = TaskScope::builder(&rt).cancel_on(&Theirs::soon(&rt, true));
        let error = scope.run(async |s| {
            drop(s.spawn(census.endless::<()>()));
            drop(s.spawn_graceful(|token| async move {
                assert_eq!(token.cancelled().await.kind(), CancelKind::Custom(9));
                Ok(())
            }));
            pending().await
        });
        let error = error.await.expect_err("it is cancelled");
        assert!(is_theirs(&error.why), "{error:?}");
        assert_eq!((census.alive(), rt.now() - start), (0, MOMENT));
    });
}

#[test]
fn a_token_that_is_cancelled_before_lets_nothing_run() {
    run(|rt| async move {
        let theirs = Theirs::default();
        theirs.say(true);
        let scope = TaskScope::builder(&rt).cancel_on(&theirs);
        let refused = scope.run(async |_: TaskScope<_, (), &str>| unreachable!());
        assert!(is_theirs(&refused.await.expect_err("it is cancelled").why));
        let child = ChildSpec::<&str>::new("child", |_| async { unreachable!() });
        let supervisor = Supervisor::builder(&rt).cancel_on(&theirs).child(child);
        let ended = supervisor.build().expect("it is right").run().await;
        assert!(
            matches!(ended, Ok(SupervisorEnd::Cancelled(reason)) if reason.kind() == CancelKind::Custom(9))
        );
        let late = rt.now() + MOMENT;
        let done = with_deadline(&rt, late, async |token: CancelToken| token.is_cancelled());
        let done = done.cancel_on(&theirs).await;
        assert!(done.output && !done.expired, "it is born so");
    });
}

#[test]
fn a_token_of_any_kind_stops_supervisors_shutdowns_and_operations() {
    in_each_schedule(|rt| async move {
        let start = rt.now();
        let child = ChildSpec::<&str>::new("child", |ctx| async move {
            ctx.ready();
            let reason = ctx.token().cancelled().await;
            assert_eq!(reason.kind(), CancelKind::Custom(9));
            Ok(())
        });
        let theirs = Theirs::soon(&rt, true);
        let supervisor = Supervisor::builder(&rt).cancel_on(&theirs).child(child);
        let ended = supervisor.build().expect("it is right").run().await;
        assert!(
            matches!(ended, Ok(SupervisorEnd::Cancelled(reason)) if reason.kind() == CancelKind::Custom(9))
        );
        let shutdown = Shutdown::builder(&rt)
            .phase("only", MOMENT)
            .cancel_on(&Theirs::soon(&rt, true))
            .build();
        let part = shutdown.register("only", "part", |token| async move {
            token.cancelled().await;
        });
        assert!(part.is_ok());
        let report = shutdown.run().await;
        assert!(report.is_clean() && report.reason.kind() == CancelKind::Custom(9));
        let late = rt.now() + Duration::from_secs(1);
        let done = with_deadline(&rt, late, |token| token.cancelled_owned());
        let done = done.cancel_on(&Theirs::soon(&rt, true)).await;
        assert!(done.output.kind() == CancelKind::Custom(9) && !done.expired);
        assert_eq!(rt.now() - start, 3 * MOMENT);
    });
}

#[test]
fn the_panic_of_such_a_token_stops_the_pattern_and_is_raised() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt)
            .joiner(Discard::new())
            .cancel_on(&Theirs::soon(&rt, false));
        let raised = caught(scope.run(async |s| {
            drop(s.spawn(census.endless::<()>()));
            pending().await
        }));
        assert_eq!(text(raised.await.map(drop)), "theirs");
        assert_eq!(census.alive(), 0);
        let child = ChildSpec::<&str>::new("child", |_| pending());
        let theirs = Theirs::soon(&rt, false);
        let supervisor = Supervisor::builder(&rt).cancel_on(&theirs).child(child);
        let supervisor = supervisor.build().expect("it is right");
        assert_eq!(text(caught(supervisor.run()).await.map(drop)), "theirs");
        let late = rt.now() + 2 * MOMENT;
        let done = with_deadline(&rt, late, |token| token.cancelled_owned());
        let done = done.cancel_on(&Theirs::soon(&rt, false));
        assert_eq!(text(caught(done).await.map(drop)), "theirs");
        assert_eq!(rt.now(), late, "the deadline is kept all the same");
    });
}
