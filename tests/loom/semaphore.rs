//! The permits and the line of a semaphore, from `trunnion-patterns`, compiled from their own files: they use nothing but core.

mod acquire;
#[path = "../../crates/trunnion-patterns/src/semaphore/claim.rs"]
mod claim;
#[expect(unreachable_pub, reason = "it is public where it comes from")]
#[path = "../../crates/trunnion-patterns/src/semaphore/error.rs"]
mod error;
#[path = "../../crates/trunnion-patterns/src/semaphore/idle.rs"]
mod idle;
mod leaving;
#[expect(dead_code, reason = "what only tells how things stand is not modelled")]
#[path = "../../crates/trunnion-patterns/src/semaphore/line.rs"]
mod line;
#[path = "../../crates/trunnion-patterns/src/semaphore/word.rs"]
mod word;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;

use self::acquire::{Acquire, assert_free, with_out};
use self::error::AcquireError;
use self::idle::{idle_waiter, poll_idle};
use self::line::{Core, close, forget, free_now, give_back, set_limit, snapshot, take_now};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Callback, Count, Mark, Signal, assert_released};

/// S1, S2, S8: who comes while the only permit is given back gets it, with all that was done before: at once, or woken once, by the
/// last of its wakers.
#[test]
fn an_acquire_races_the_release() {
    model("semaphore::an_acquire_races_the_release", || {
        let core = with_out(1, 1);
        let payload = Payload::new();
        let releasing = {
            let (core, payload) = (Arc::clone(&core), payload.clone());
            thread::spawn(move || {
                payload.write();
                give_back(&core, 1);
            })
        };
        let mut acquire = Acquire::new(&core, 1);
        let old = Arc::clone(&acquire.signal);
        let mut polled = acquire.poll();
        if polled.is_pending() {
            acquire.signal = Signal::new();
            polled = acquire.poll();
        }
        if polled.is_ready() {
            payload.read();
        }
        releasing.join().unwrap();
        assert!(polled.is_ready() || acquire.wakes() == 1);
        assert!(polled.is_ready() || old.wakes() == 0);
        assert!(polled.is_ready() || acquire.poll() == Poll::Ready(Ok(1)));
        payload.read();
        give_back(&core, 1);
        assert_free(&core, 1);
    });
}

/// S3: two threads take from the word at once: the permit is one's alone.
#[test]
fn two_threads_take_one_permit() {
    model("semaphore::two_threads_take_one_permit", || {
        let core = with_out(1, 0);
        let payload = Payload::new();
        let take = |core: &Core, payload: &Payload| {
            let taken = take_now(core, 1);
            if taken {
                payload.write();
                give_back(core, 1);
            }
            taken
        };
        let other = {
            let (core, payload) = (Arc::clone(&core), payload.clone());
            thread::spawn(move || take(&core, &payload))
        };
        let here = take(&core, &payload);
        assert!(other.join().unwrap() || here, "nobody got it");
        assert_free(&core, 1);
    });
}

/// S4: nobody passes who waits, not even where permits are free that are too few for the first.
#[test]
fn nobody_passes_the_first() {
    model("semaphore::nobody_passes_the_first", || {
        let core = with_out(2, 1);
        let mut first = Acquire::waiting(&core, 2);
        let releasing = {
            let core = Arc::clone(&core);
            thread::spawn(move || give_back(&core, 1))
        };
        assert!(!take_now(&core, 1), "it barged");
        let mut second = Acquire::waiting(&core, 1);
        releasing.join().unwrap();
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        assert_eq!(first.poll(), Poll::Ready(Ok(2)));
        give_back(&core, 2);
        assert_eq!(second.poll(), Poll::Ready(Ok(1)));
        assert_free(&core, 1);
    });
}

/// S5: the first, who wants more than there is, leaves while one permit comes: it is the next one's.
#[test]
fn a_weighted_head_leaves_while_permits_come() {
    model(
        "semaphore::a_weighted_head_leaves_while_permits_come",
        || {
            let core = with_out(3, 3);
            let head = Acquire::waiting(&core, 3);
            let mut next = Acquire::waiting(&core, 1);
            let leaving = thread::spawn(move || drop(head));
            give_back(&core, 1);
            leaving.join().unwrap();
            assert_eq!(next.wakes(), 1);
            assert_eq!(next.poll(), Poll::Ready(Ok(1)));
            give_back(&core, 2);
            assert_free(&core, 2);
        },
    );
}

/// S5, S6: who was granted leaves while another permit comes; the wakers look at the semaphore that wakes them.
#[test]
fn a_cancelled_grant_races_a_release() {
    model("semaphore::a_cancelled_grant_races_a_release", || {
        let core = with_out(2, 2);
        let woken = Arc::new(Count::default());
        let looking = {
            let (core, woken) = (Arc::downgrade(&core), Arc::clone(&woken));
            Waker::from(Arc::new(Callback(move || {
                let core = core.upgrade().unwrap();
                assert!(snapshot(&core).free >= 0);
                assert!(!take_now(&core, 2));
                woken.add();
            })))
        };
        let mut all = [(); 3].map(|()| Acquire::new(&core, 1));
        for acquire in &mut all {
            assert!(acquire.poll_with(&looking).is_pending());
        }
        let [granted, mut second, mut third] = all;
        give_back(&core, 1);
        assert_eq!(woken.now(), 1);
        let leaving = thread::spawn(move || drop(granted));
        give_back(&core, 1);
        leaving.join().unwrap();
        assert_eq!(woken.now(), 3, "one wake for each grant");
        assert_eq!(second.poll(), Poll::Ready(Ok(1)));
        assert_eq!(third.poll(), Poll::Ready(Ok(1)));
        assert_free(&core, 0);
    });
}

/// S1: a permit is brought to a line that has emptied meanwhile: whoever takes it sees what was done under it.
#[test]
fn a_permit_is_brought_to_a_line_that_empties() {
    model(
        "semaphore::a_permit_is_brought_to_a_line_that_empties",
        || {
            let core = with_out(1, 1);
            let payload = Payload::new();
            let waiting = Acquire::waiting(&core, 1);
            let leaving = {
                let (core, payload) = (Arc::clone(&core), payload.clone());
                thread::spawn(move || {
                    drop(waiting);
                    let taken = take_now(&core, 1);
                    if taken {
                        payload.read();
                        give_back(&core, 1);
                    }
                })
            };
            payload.write();
            give_back(&core, 1);
            leaving.join().unwrap();
            assert_free(&core, 1);
        },
    );
}

/// S1: who was granted takes without the lock: whoever looks meanwhile finds the permits assigned or held, and none assigned to
/// nobody.
#[test]
fn a_claim_races_a_look() {
    model("semaphore::a_claim_races_a_look", || {
        let core = with_out(2, 2);
        let payload = Payload::new();
        let mut acquire = Acquire::waiting(&core, 2);
        let claiming = {
            let payload = payload.clone();
            thread::spawn(move || {
                let polled = acquire.poll();
                if polled.is_ready() {
                    payload.read();
                }
                (acquire, polled)
            })
        };
        payload.write();
        give_back(&core, 2);
        let seen = snapshot(&core);
        assert_eq!((seen.free, seen.waiting), (0, 0));
        assert!(seen.unclaimed > 0 || seen.assigned == 0);
        let (mut acquire, polled) = claiming.join().unwrap();
        assert!(polled.is_ready() || acquire.wakes() == 1);
        assert!(polled.is_ready() || acquire.poll() == Poll::Ready(Ok(2)));
        give_back(&core, 2);
        assert_free(&core, 2);
    });
}

/// S7: it closes while permits come: each of three, more than a batch, is granted or refused, and nobody is granted once somebody was
/// refused; nothing is lost.
#[test]
fn a_close_races_the_grants() {
    model("semaphore::a_close_races_the_grants", || {
        let core = with_out(3, 3);
        let mut all = [(); 3].map(|()| Acquire::waiting(&core, 1));
        let closed = Mark::new();
        let closing = {
            let (core, closed) = (Arc::clone(&core), closed.clone());
            thread::spawn(move || {
                close(&core);
                closed.set();
            })
        };
        let was_closed = closed.is_set();
        give_back(&core, 3);
        closing.join().unwrap();
        let (mut granted, mut refused) = (0, false);
        for acquire in &mut all {
            assert_eq!(acquire.wakes(), 1);
            match acquire.poll() {
                Poll::Ready(Ok(_)) if refused => panic!("a grant after the close"),
                Poll::Ready(Ok(permits)) => granted += permits,
                Poll::Ready(Err(error)) => refused = error == AcquireError::Closed,
                Poll::Pending => panic!("it still waits"),
            }
        }
        assert!(refused || granted == 3);
        assert!(!was_closed || granted == 0);
        give_back(&core, granted);
        assert_eq!(free_now(&core), 3);
        let late = Acquire::new(&core, 1).poll();
        assert_eq!(late, Poll::Ready(Err(AcquireError::Closed)));
        assert!(!take_now(&core, 1));
    });
}

/// Held permits are forgotten while others come back: both are gone from the limit or back, none twice.
#[test]
fn a_forgotten_permit_races_a_release() {
    model("semaphore::a_forgotten_permit_races_a_release", || {
        let core = with_out(2, 2);
        let mut acquire = Acquire::waiting(&core, 1);
        let forgetting = {
            let core = Arc::clone(&core);
            thread::spawn(move || forget(&core, 1))
        };
        give_back(&core, 1);
        forgetting.join().unwrap();
        assert_eq!(acquire.poll(), Poll::Ready(Ok(1)));
        give_back(&core, 1);
        assert_eq!(snapshot(&core).limit, 1);
        assert_free(&core, 1);
    });
}

/// Somebody waits for all permits while the last two come back on two threads: it sees that and all they did, or it is woken.
#[test]
fn a_drain_races_the_last_permits() {
    model("semaphore::a_drain_races_the_last_permits", || {
        let core = with_out(2, 2);
        let (payload, signal) = (Payload::new(), Signal::new());
        let other = {
            let (core, payload) = (Arc::clone(&core), payload.clone());
            thread::spawn(move || {
                give_back(&core, 1);
                payload.write();
                give_back(&core, 1);
            })
        };
        let waker = Waker::from(Arc::clone(&signal));
        let mut cx = Context::from_waker(&waker);
        let mut waiter = Box::pin(idle_waiter(&core));
        let polled = poll_idle(&core, waiter.as_mut(), &mut cx);
        if polled.is_ready() {
            payload.read();
        }
        other.join().unwrap();
        assert!(polled.is_ready() || signal.wakes() == 1);
        assert!(polled.is_ready() || poll_idle(&core, waiter.as_mut(), &mut cx).is_ready());
        payload.read();
        assert_free(&core, 2);
    });
}

/// S2, S6, S9: two releases serve all for whom they are enough, also when those are more than a batch: each is woken once.
#[test]
fn two_releases_serve_all_that_fit() {
    model("semaphore::two_releases_serve_all_that_fit", || {
        let core = with_out(4, 4);
        let mut all: Vec<_> = (0..4).map(|_| Acquire::waiting(&core, 1)).collect();
        let other = {
            let core = Arc::clone(&core);
            thread::spawn(move || give_back(&core, 1))
        };
        give_back(&core, 3);
        other.join().unwrap();
        for acquire in &mut all {
            assert_eq!(acquire.wakes(), 1);
            assert_eq!(acquire.poll(), Poll::Ready(Ok(1)));
            assert_released(&acquire.signal);
        }
        assert_free(&core, 0);
    });
}

/// S1, S3, S10: the limit is lowered below what is out, and below what somebody waits for, while permits come: that one was granted
/// before, or is refused; the debt is repaid.
#[test]
fn a_lower_limit_races_the_releases() {
    model("semaphore::a_lower_limit_races_the_releases", || {
        let core = with_out(3, 3);
        let mut acquire = Acquire::waiting(&core, 2);
        let lowering = {
            let core = Arc::clone(&core);
            thread::spawn(move || set_limit(&core, 1))
        };
        give_back(&core, 2);
        lowering.join().unwrap();
        assert_eq!(acquire.wakes(), 1);
        let refused = AcquireError::ExceedsLimit {
            wanted: 2,
            limit: 1,
        };
        match acquire.poll() {
            Poll::Ready(Ok(permits)) => give_back(&core, permits),
            refusal => assert_eq!(refusal, Poll::Ready(Err(refused))),
        }
        let seen = snapshot(&core);
        assert_eq!(
            (seen.free, seen.limit),
            (0, 1),
            "one is out, and one is all"
        );
        give_back(&core, 1);
        assert_free(&core, 1);
    });
}

/// S1, S9: the limit is raised while a permit comes: who waits for both is granted.
#[test]
fn a_raised_limit_races_a_release() {
    model("semaphore::a_raised_limit_races_a_release", || {
        let core = with_out(3, 3);
        let mut acquire = Acquire::waiting(&core, 2);
        let raising = {
            let core = Arc::clone(&core);
            thread::spawn(move || set_limit(&core, 4))
        };
        give_back(&core, 1);
        raising.join().unwrap();
        assert_eq!(acquire.wakes(), 1);
        assert_eq!(acquire.poll(), Poll::Ready(Ok(2)));
        give_back(&core, 4);
        assert_free(&core, 4);
    });
}
