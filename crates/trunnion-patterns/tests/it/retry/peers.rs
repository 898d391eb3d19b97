//! What other libraries get wrong, each seen in one of them; see also the backoff's.

use std::collections::BTreeSet;
use std::time::Duration;

use trunnion_core::{BlockOn, Clock};
use trunnion_patterns::{Backoff, Hint, Hints, Retry, RetryStop, Verdict};
use trunnion_sim::Sim;

use super::{Answers, SECOND, seconds, times};
use crate::hand::HandClock;

/// D1. In tower 0.5.3 all calls of one policy wait equally long: the generator is cloned with it.
#[test]
fn three_calls_of_one_retry_do_not_wait_in_step() {
    let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)));
    let sim = Sim::new();
    let rt = sim.handle();
    let waits: BTreeSet<_> = (0..3)
        .map(|_| {
            sim.block_on(async {
                let run = retry.run(&rt, |_| async { Err::<(), _>(()) });
                run.report().await.waited
            })
        })
        .collect();
    assert_eq!(waits.len(), 3);
}

/// D5. In backon 1.6.0 the documented recipe for `Retry-After` removes the limit: a hint restarts what was exhausted.
#[test]
fn a_hint_never_adds_attempts() {
    let clock = HandClock::default();
    for hints in [Hints::at_least(), Hints::exact(), Hints::bounded(SECOND)] {
        let retry = Retry::new(Backoff::fixed(Duration::ZERO))
            .max_attempts(times(3))
            .hints(hints)
            .classify(|_: &Result<(), ()>| Verdict::Throttled(Hint::After(Duration::ZERO)));
        let answers = Answers::<(), ()>::new([Err(()); 50]);
        let (report, _) = seconds(&clock, retry.run(&clock, |_| answers.next()).report());
        assert_eq!((answers.asked(), report.stop), (3, RetryStop::Attempts));
    }
}

/// D6. In backon 1.6.0 a delay may be twice the longest: here no wait of a call exceeds the cap.
#[test]
fn no_wait_of_a_call_exceeds_the_cap() {
    let sim = Sim::new();
    let rt = sim.handle();
    let retry = Retry::new(Backoff::exponential(SECOND).cap(2 * SECOND)).max_attempts(times(50));
    let retry = retry.observe(|retrying: &trunnion_patterns::Retrying<'_, (), ()>| {
        assert!(retrying.wait <= 2 * SECOND);
    });
    let start = rt.now();
    let report = sim.block_on(retry.run(&rt, |_| async { Err::<(), _>(()) }).report());
    assert_eq!(report.attempts, 50);
    assert_eq!(
        rt.now() - start,
        report.waited,
        "what is told is what was waited"
    );
}

/// D8 and D15. In tokio-retry 0.3.2 delays are powers of the first one; in Polly they became negative after 1025 tries.
#[test]
fn a_thousand_retries_wait_as_long_as_the_cap_each() {
    let clock = HandClock::default();
    let backoff = Backoff::exponential(SECOND).cap(4 * SECOND);
    let retry =
        Retry::new(backoff.jitter(trunnion_patterns::Jitter::None)).max_attempts(times(1_100));
    let mut run = std::pin::pin!(
        retry
            .run(&clock, |_| std::future::ready(Err::<(), _>(())))
            .report()
    );
    let report = loop {
        match crate::hand::poll(run.as_mut()) {
            std::task::Poll::Ready(report) => break report,
            std::task::Poll::Pending => clock.advance(SECOND),
        }
    };
    // 1 + 2 seconds, then 4 each.
    assert_eq!(report.waited, (1 + 2 + 4 * 1_097) * SECOND);
}
