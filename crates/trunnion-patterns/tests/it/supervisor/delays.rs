//! The delays before restarts, on the clock.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelToken, Clock, Instant, Timer};
use trunnion_patterns::{Backoff, ChildSpec, Restart, Strategy, SupervisorEnd, gather};
use trunnion_sim::SimRuntime;

use super::{End, Fault, Log, MOMENT, child, eager, in_each_schedule, steps};

const ONE_TWO_FOUR: &[Duration] = &[MOMENT, Duration::from_millis(2), Duration::from_millis(4)];
const TEN: &[Duration] = &[Duration::from_millis(10)];

type Times = Arc<Mutex<Vec<u128>>>;

/// Runs so many moments each time and fails, and notes in moments when it was started; at last it comes to its end.
fn timed(rt: &SimRuntime, name: &'static str, lives: &'static [u32]) -> (ChildSpec<Fault>, Times) {
    let times = Times::default();
    let (noted, rt) = (Arc::clone(&times), rt.clone());
    let spec = ChildSpec::new(name, move |ctx| {
        let (noted, rt) = (Arc::clone(&noted), rt.clone());
        async move {
            ctx.ready();
            noted.lock().push((rt.now() - Instant::ORIGIN).as_millis());
            match lives.get(usize::try_from(ctx.restarts()).expect("few")) {
                Some(life) => rt.sleep(*life * MOMENT).await,
                None => return Ok(()),
            }
            Err("broken")
        }
    });
    (spec.restart(Restart::Transient), times)
}

#[test]
fn each_restart_waits_for_its_delay_and_each_child_has_its_own_count() {
    in_each_schedule(|rt| async move {
        let (a, at_a) = timed(&rt, "a", &[0, 0, 0, 0]);
        let (b, at_b) = timed(&rt, "b", &[2, 1]);
        let supervisor = eager(&rt).backoff(steps(ONE_TWO_FOUR)).child(a).child(b);
        let ended = supervisor.build().expect("it is sound").run().await;
        assert!(matches!(ended, Ok(SupervisorEnd::Completed)));
        assert_eq!(*at_a.lock(), [0, 1, 3, 7, 11]);
        // It begins when `a` was ready once, though that fails.
        assert_eq!(*at_b.lock(), [0, 3, 6]);
    });
}

#[test]
fn the_delays_start_anew_after_a_whole_window_that_it_ran() {
    in_each_schedule(|rt| async move {
        let (a, times) = timed(&rt, "a", &[0, 0, 9, 10, 0]);
        let supervisor = eager(&rt)
            .restarts(100, 10 * MOMENT)
            .backoff(steps(ONE_TWO_FOUR))
            .child(a);
        assert!(supervisor.build().expect("it is sound").run().await.is_ok());
        // 0 + 1, 1 + 2, 3 + 9 + 4, then after a window 16 + 10 + 1, and 27 + 2.
        assert_eq!(*times.lock(), [0, 1, 3, 16, 27, 29]);
    });
}

#[test]
fn a_group_is_down_for_the_delay_and_starts_in_order_after_it() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .strategy(Strategy::OneForAll)
            .backoff(steps(TEN))
            .token(&token)
            .child(child(&rt, &log, "a", &[]))
            .child(child(&rt, &log, "b", &[(5, End::Err)]))
            .build()
            .expect("it is sound");
        let watch = async {
            rt.sleep(6 * MOMENT).await;
            assert_eq!(log.text(), "+a +b -b -a");
            rt.sleep(8 * MOMENT).await;
            assert_eq!(log.alive(), 0);
            rt.sleep(2 * MOMENT).await;
            assert_eq!(log.text(), "+a +b -b -a +a +b");
            token.cancel();
        };
        assert!(gather((supervisor.run(), watch)).await.0.is_ok());
        assert_eq!(log.text(), "+a +b -b -a +a +b -b -a");
    });
}

#[test]
fn a_sibling_is_restarted_during_the_delay_of_another_one() {
    in_each_schedule(|rt| async move {
        let (a, at_a) = timed(&rt, "a", &[1]);
        let (b, at_b) = timed(&rt, "b", &[3]);
        let supervisor = eager(&rt).backoff(steps(TEN)).child(a).child(b);
        assert!(supervisor.build().expect("it is sound").run().await.is_ok());
        assert_eq!(
            (&**at_a.lock(), &**at_b.lock()),
            (&[0, 11][..], &[0, 13][..])
        );
    });
}

#[test]
fn cancelling_during_a_delay_ends_at_once() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .backoff(Backoff::fixed(Duration::from_secs(3600)))
            .token(&token)
            .child(child(&rt, &log, "a", &[]))
            .child(child(&rt, &log, "b", &[(1, End::Err)]))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(2 * MOMENT).await;
            token.cancel();
        };
        let (ended, ()) = gather((supervisor.run(), stop)).await;
        assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
        assert_eq!(log.text(), "+a +b -b -a");
        assert_eq!(rt.now(), Instant::ORIGIN + 2 * MOMENT);
    });
}

#[test]
fn a_failure_of_the_group_during_its_delay_waits_for_the_longer_one() {
    in_each_schedule(|rt| async move {
        // `c` fails at 1 and is due at 11; `a` fails at 2, for the first time too, and all are due at 12.
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .strategy(Strategy::RestForOne)
            .backoff(steps(TEN))
            .token(&token)
            .child(child(&rt, &log, "a", &[(2, End::Err)]))
            .child(child(&rt, &log, "b", &[]))
            .child(child(&rt, &log, "c", &[(1, End::Err)]))
            .build()
            .expect("it is sound");
        let watch = async {
            rt.sleep(11 * MOMENT + MOMENT / 2).await;
            assert_eq!(log.text(), "+a +b +c -c -a -b");
            rt.sleep(MOMENT).await;
            assert_eq!(log.text(), "+a +b +c -c -a -b +a +b +c");
            token.cancel();
        };
        assert!(gather((supervisor.run(), watch)).await.0.is_ok());
    });
}

#[test]
fn jitter_comes_from_the_runtime_and_stays_in_its_range() {
    let seen = Arc::new(Mutex::new(HashSet::new()));
    in_each_schedule(|rt| {
        let seen = Arc::clone(&seen);
        async move {
            let log = Log::default();
            let told = Arc::clone(&seen);
            let supervisor = eager(&rt)
                .backoff(Backoff::fixed(MOMENT))
                .child(
                    child(&rt, &log, "a", &[(0, End::Err), (0, End::Ok)])
                        .restart(Restart::Transient),
                )
                .on_end(move |end| {
                    if let trunnion_patterns::AfterEnd::Restart(after) = end.next {
                        assert!(after <= MOMENT);
                        told.lock().insert(after);
                    }
                });
            let start = rt.now();
            assert!(supervisor.build().expect("it is sound").run().await.is_ok());
            assert!(rt.now() - start <= MOMENT);
        }
    });
    assert!(seen.lock().len() > 200, "{}", seen.lock().len());
}
