//! Tokens of tokio-util, which stop the patterns on tokio.

use std::future::pending;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunnion_core::{BlockOn, CancelKind, Cancellation, Clock, Spawn, Timer};
use trunnion_patterns::{
    ChildSpec, Discard, Shutdown, Supervisor, SupervisorEnd, TaskScope, Why, with_deadline,
};
use trunnion_sim::{Schedule, Sim, cancel_sweep_in};
use trunnion_tokio::{Tokio, TokioOwned, UtilToken};

const MOMENT: Duration = Duration::from_millis(1);

/// A token that is cancelled a moment later, in a task of its own.
fn soon(rt: &Tokio) -> UtilToken {
    let (token, sleep) = (CancellationToken::new(), rt.sleep(MOMENT));
    let later = token.clone();
    rt.spawn_detached(async move {
        sleep.await;
        later.cancel();
    });
    UtilToken::from(token)
}

#[test]
fn a_token_of_tokio_util_stops_each_pattern() {
    let owner = TokioOwned::multi_thread().expect("tokio starts");
    let rt = owner.handle();
    owner.block_on(async {
        let scope = TaskScope::builder(&rt)
            .cancel_on(&soon(&rt))
            .joiner(Discard::new());
        let error = scope.run(async |s: TaskScope<_, (), &str>| {
            drop(s.spawn(pending()));
            pending().await
        });
        let error = error.await.expect_err("it is cancelled");
        assert!(
            matches!(&error.why, Why::Cancelled(reason) if reason.kind() == CancelKind::Requested),
            "{error:?}"
        );
        let child = ChildSpec::<&str>::new("child", |ctx| async move {
            ctx.ready();
            ctx.token().cancelled().await;
            Ok(())
        });
        let supervisor = Supervisor::builder(&rt).cancel_on(&soon(&rt)).child(child);
        let ended = supervisor.build().expect("it is right").run().await;
        assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
        let shutdown = Shutdown::builder(&rt)
            .phase("only", Duration::from_mins(1))
            .cancel_on(&soon(&rt))
            .build();
        let part = shutdown.register("only", "part", |token| async move {
            token.cancelled().await;
        });
        assert!(part.is_ok() && shutdown.run().await.is_clean());
        let late = rt.now() + Duration::from_mins(1);
        let done = with_deadline(&rt, late, |token| token.cancelled_owned());
        assert!(!done.cancel_on(&soon(&rt)).await.expired);
    });
}

#[test]
fn waiting_for_a_token_of_tokio_util_leaves_nothing_wherever_it_is_dropped() {
    for seed in 0..64 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let token = CancellationToken::new();
                let (later, sleep) = (token.clone(), rt.sleep(MOMENT));
                rt.spawn_detached(async move {
                    sleep.await;
                    later.cancel();
                });
                let waits = UtilToken::from(token.clone()).cancelled_owned();
                (token, waits)
            },
            |rt, token| async move {
                rt.sleep(2 * MOMENT).await;
                assert!(token.is_cancelled());
                let told = UtilToken::from(token).cancelled_owned().await;
                assert_eq!(told.kind(), CancelKind::Requested);
            },
        );
        assert!(sweep.polls > 1, "it waits");
    }
}
