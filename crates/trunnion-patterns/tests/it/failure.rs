//! Flat failures.

use std::error::Error;
use std::future::{pending, ready};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use trunnion_core::{CancelKind, CancelReason};
use trunnion_patterns::{AcquireError, Elapsed, Failure, FlattenFailure, timeout};

use crate::hand::{HandClock, poll};

fn timed(
    future: impl Future<Output = Result<u8, &'static str>>,
) -> Result<u8, Failure<&'static str>> {
    let clock = HandClock::default();
    match poll(pin!(timeout(&clock, Duration::ZERO, future))) {
        Poll::Ready(result) => result.flatten_failure(),
        Poll::Pending => unreachable!("a timeout of zero does not wait"),
    }
}

#[test]
fn a_timeout_of_an_operation_that_can_fail_becomes_one_result() {
    assert_eq!(timed(ready(Ok(1))), Ok(1));
    assert_eq!(timed(ready(Err("no luck"))), Err(Failure::Op("no luck")));
    assert_eq!(Failure::Op(1).into_op(), Some(1));
    let elapsed = timed(pending()).expect_err("it waits");
    assert!(elapsed.is_elapsed() && !elapsed.is_cancelled() && elapsed.into_op().is_none());
}

#[test]
fn a_failure_in_a_failure_becomes_one() {
    let elapsed = timed(pending()).expect_err("it waits");
    let nested: [Failure<Failure<&str>>; 2] = [
        Failure::Op(elapsed.clone()),
        elapsed.clone().map_op(Failure::Op),
    ];
    for failure in nested {
        assert_eq!(
            Err::<(), _>(failure).flatten_failure(),
            Err(elapsed.clone())
        );
    }
    let nested = Failure::Op(Failure::Op("no luck"));
    assert_eq!(
        Err::<(), _>(nested).flatten_failure(),
        Err(Failure::Op("no luck"))
    );
}

#[test]
fn a_cancellation_keeps_its_reason_and_the_last_error_through_nesting() {
    let reason = CancelReason::new(CancelKind::Shutdown).because("no luck");
    let cancelled = |last: Option<u8>| Failure::Cancelled {
        reason: reason.clone(),
        last,
    };
    let outer = Failure::Cancelled {
        reason: reason.clone(),
        last: Some(Failure::Op(7)),
    };
    let flat = Err::<(), _>(outer).flatten_failure();
    assert_eq!(flat, Err(cancelled(Some(7))));
    let flat = Err::<(), _>(Failure::Op(cancelled(Some(7)))).flatten_failure();
    assert_eq!(flat, Err(cancelled(Some(7))));
    let failure = cancelled(Some(7));
    assert!(failure.is_cancelled() && !failure.is_elapsed());
    assert_eq!(failure.as_ref().into_op(), Some(&7));
    assert_eq!(failure.map_op(|n| n + 1).into_op(), Some(8));
    let failure = cancelled(None).map_op(|_: u8| io::Error::other("never"));
    assert_eq!(failure.to_string(), "cancelled: shutdown");
    assert_eq!(
        failure.source().map(ToString::to_string),
        Some("no luck".to_owned())
    );
}

#[derive(Debug)]
struct Outer(Failure<io::Error>);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn it_reads_like_what_it_holds() {
    let inner = io::Error::other("no luck");
    let failure: Failure<io::Error> = Failure::Op(inner);
    assert_eq!(failure.to_string(), "no luck");
    assert!(failure.source().is_none());
    assert!(Failure::Op(Outer(failure)).source().is_some());
    let elapsed: Failure<io::Error> = timed(pending())
        .expect_err("it waits")
        .map_op(io::Error::other);
    assert_eq!(elapsed.to_string(), "timed out after 0ns");
    let from: fn(Elapsed) -> Failure<io::Error> = Failure::from;
    let Failure::Elapsed(elapsed) = elapsed else {
        unreachable!("it is elapsed")
    };
    assert!(from(elapsed).is_elapsed());
}

#[test]
fn a_refusal_by_a_limit_passes_through_nesting_and_says_why() {
    let refused = Failure::<&str>::from(AcquireError::Closed);
    assert_eq!(refused.to_string(), "the semaphore is closed");
    assert_eq!(refused.as_ref().into_op(), None);
    let outer: Failure<Failure<&str>> = AcquireError::Closed.into();
    for nested in [Failure::Op(refused.clone()), outer] {
        assert_eq!(nested.clone().flatten(), refused);
        assert_eq!(Err::<(), _>(nested).flatten_failure(), Err(refused.clone()));
    }
    let mapped = refused.map_op(str::len);
    assert_eq!(mapped, Failure::Refused(AcquireError::Closed));
}
