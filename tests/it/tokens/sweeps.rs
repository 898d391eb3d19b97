//! The futures of tokens, dropped at each of their points.

use std::future::{Future, pending};
use std::sync::Arc;

use trunnion_core::{CancelToken, Cancellation, Spawn, Timer};
use trunnion_sim::{Schedule, Sim, cancel_sweep_in};

use super::{MOMENT, SEEDS};

/// Drops what `wait` makes at each of its points, in each schedule, and looks whether the token kept any waker or callback.
fn sweep<F, W>(wait: W)
where
    F: Future,
    W: Fn(CancelToken, Arc<()>) -> F,
{
    for seed in 0..SEEDS {
        let polls = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let (token, witness) = (CancelToken::new(), Arc::new(()));
                let (canceller, clock) = (token.clone(), rt.clone());
                rt.spawn_detached(async move {
                    clock.sleep(MOMENT).await;
                    canceller.cancel();
                });
                let future = wait(token.clone(), Arc::clone(&witness));
                ((token, witness), future)
            },
            |rt, (token, witness)| async move {
                assert_eq!(Arc::strong_count(&witness), 1, "something is kept");
                rt.sleep(2 * MOMENT).await;
                assert!(token.is_cancelled());
                assert!(
                    token
                        .child()
                        .run_until_cancelled(pending::<()>())
                        .await
                        .is_err()
                );
            },
        )
        .polls;
        assert!(polls > 1, "it waits");
    }
}

#[test]
fn cancelled_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let reason = token.child().child().cancelled().await;
        drop(witness);
        reason
    });
}

#[test]
fn cancelled_owned_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let reason = Cancellation::cancelled_owned(&token.child()).await;
        drop(witness);
        reason
    });
}

#[test]
fn run_until_cancelled_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let work = async move {
            pending::<()>().await;
            drop(witness);
        };
        token.run_until_cancelled(work).await
    });
}

#[test]
fn a_registration_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let inside = Arc::clone(&witness);
        let _kept = token.on_cancel(move |_| drop(inside));
        drop(token.shield().child().shield());
        CancelToken::any_of([&token, &token.child()])
            .cancelled()
            .await
    });
}

#[test]
fn checkpoints_leave_nothing_wherever_they_are_dropped() {
    sweep(|token, witness| async move {
        for _ in 0..300 {
            token.checkpoint().await?;
        }
        let reason = token.cancelled().await;
        drop(witness);
        Err::<(), _>(reason)
    });
}
