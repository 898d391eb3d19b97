//! The futures of a shutdown, dropped at each of their points.

use std::sync::Arc;

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, Signals, Spawn, StopSignal, StopSignals, Timer};
use trunnion_sim::{Schedule, Sim, cancel_sweep_in};

use super::{Census, SECOND, three};

#[test]
fn a_run_leaves_nothing_wherever_it_is_dropped() {
    for seed in 0..64 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let census = Census::default();
                let signals = rt.stop_signals().expect("the simulator has signals");
                let shutdown = three(&rt).signals(signals).build();
                assert!(shutdown.register("accept", "deaf", census.deaf()).is_ok());
                let fine = census.takes(&rt, SECOND);
                assert!(shutdown.register("drain", "fine", fine).is_ok());
                let held = shutdown.guard("flush").expect("it is open");
                let handle = shutdown.handle();
                rt.raise(StopSignal::Interrupt);
                let clock = rt.clone();
                rt.spawn_detached(async move {
                    clock.sleep(10 * SECOND).await;
                    drop(held);
                });
                ((census, handle), shutdown.run())
            },
            |rt, (census, handle)| async move {
                assert_eq!(census.alive(), 0, "a part is left");
                for phase in ["accept", "drain", "flush"] {
                    assert!(
                        handle.guard(phase).is_err(),
                        "it takes parts that nobody awaits"
                    );
                }
                rt.sleep(20 * SECOND).await;
            },
        );
        assert!(sweep.polls > 3, "it waits in each phase");
    }
}

#[test]
fn who_waits_for_a_request_may_leave() {
    let sweep = cancel_sweep_in(
        Sim::new,
        |rt| {
            let shutdown = three(&rt).build();
            let handle = shutdown.handle();
            let clock = rt.clone();
            rt.spawn_detached(async move {
                clock.sleep(SECOND).await;
                drop(shutdown);
            });
            let waits = handle.clone();
            (handle, async move { waits.requested().await.kind() })
        },
        |rt, handle| async move {
            rt.sleep(2 * SECOND).await;
            assert_eq!(handle.requested().await.kind(), CancelKind::ScopeClosed);
        },
    );
    assert!(sweep.polls > 1, "it waits");
}

#[test]
fn who_waits_for_a_signal_may_leave_without_losing_one() {
    let sweep = cancel_sweep_in(
        Sim::new,
        |rt| {
            let signals = rt.stop_signals().expect("the simulator has signals");
            let signals = Arc::new(Mutex::new(Some(signals)));
            let clock = rt.clone();
            rt.spawn_detached(async move {
                clock.sleep(SECOND).await;
                clock.raise(StopSignal::Interrupt);
                clock.raise(StopSignal::Terminate);
            });
            let taken = Arc::clone(&signals);
            (signals, async move {
                let receiver = taken.lock().take();
                let mut own = Back(receiver, taken);
                let receiver = own.0.as_mut().expect("it was put there");
                receiver.recv().await
            })
        },
        |rt, signals| async move {
            rt.sleep(2 * SECOND).await;
            let mut signals = signals.lock().take().expect("it was put back");
            let next = signals.recv().await;
            // Whoever was dropped while it waited took none.
            assert!(matches!(
                next,
                StopSignal::Interrupt | StopSignal::Terminate
            ));
            if next == StopSignal::Interrupt {
                assert_eq!(signals.recv().await, StopSignal::Terminate);
            }
        },
    );
    assert!(sweep.polls > 1, "it waits");
}

/// Puts the receiver back, wherever the future around is dropped.
struct Back(Option<StopSignals>, Arc<Mutex<Option<StopSignals>>>);

impl Drop for Back {
    fn drop(&mut self) {
        *self.1.lock() = self.0.take();
    }
}
