//! Retries and budgets.

use std::cell::Cell;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use trunnion_core::Clock;
use trunnion_patterns::{
    Budget, ConcurrencyBudget, Expense, Failure, RetryBudget, RetryStop, Verdict,
};

use super::{AT_ONCE, Answers, EACH_SECOND, SECOND, seconds, times};
use crate::hand::{HandClock, poll};

/// Writes everything down.
#[derive(Default)]
struct Ledger {
    calls: Cell<i32>,
    succeeded: Cell<u32>,
    failed: Cell<u32>,
    withdrawn: Cell<u32>,
    refunded: Cell<u32>,
    released: Cell<u32>,
    last: Cell<Option<Expense>>,
    empty: Cell<bool>,
}

fn add(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

impl Budget for &Ledger {
    fn begin<C: Clock + ?Sized>(&self, _: &C) {
        self.calls.set(self.calls.get() + 1);
    }
    fn end(&self) {
        self.calls.set(self.calls.get() - 1);
    }
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {
        add(&self.succeeded);
    }
    fn failed(&self) {
        add(&self.failed);
    }
    fn withdraw<C: Clock + ?Sized>(&self, expense: Expense, _: &C) -> bool {
        if self.empty.get() {
            return false;
        }
        self.last.set(Some(expense));
        add(&self.withdrawn);
        true
    }
    fn refund(&self, expense: Expense) {
        assert_eq!(Some(expense), self.last.get());
        add(&self.refunded);
    }
    fn release(&self) {
        add(&self.released);
    }
    fn level<C: Clock + ?Sized>(&self, _: &C) -> f32 {
        1.0
    }
}

impl Ledger {
    /// Withdrawn, refunded, released; nothing is under way.
    #[track_caller]
    fn settled(&self) -> (u32, u32, u32) {
        let (withdrawn, refunded, released) = (
            self.withdrawn.get(),
            self.refunded.get(),
            self.released.get(),
        );
        assert_eq!(
            withdrawn,
            refunded + released,
            "what is withdrawn is spent or refunded"
        );
        assert_eq!(self.calls.get(), 0);
        (withdrawn, refunded, released)
    }
}

#[test]
fn each_retry_is_paid_and_each_success_is_told() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = EACH_SECOND.budget(&ledger);
    let answers = Answers::new([Err(1), Err(2), Ok(3)]);
    assert_eq!(
        seconds(&clock, retry.run(&clock, |_| answers.next())).0,
        Ok(3)
    );
    assert_eq!(ledger.settled(), (2, 0, 2));
    assert_eq!((ledger.succeeded.get(), ledger.failed.get()), (1, 2));
}

#[test]
fn an_empty_budget_ends_the_call_with_the_attempts_own_error() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    ledger.empty.set(true);
    let retry = EACH_SECOND.budget(&ledger);
    let answers = Answers::<(), _>::new([Err("down")]);
    let (report, took) = seconds(&clock, retry.run(&clock, |_| answers.next()).report());
    assert_eq!((report.stop, took), (RetryStop::Budget, 0));
    assert_eq!(report.result, Err(Failure::Op("down")));
    assert_eq!(ledger.settled(), (0, 0, 0));
}

#[test]
fn a_call_that_is_dropped_while_it_waits_gives_back_what_was_paid() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = EACH_SECOND.budget(&ledger);
    let mut run = Box::pin(retry.run(&clock, |_| ready(Err::<(), _>(()))));
    assert!(poll(run.as_mut()).is_pending());
    assert_eq!(ledger.calls.get(), 1);
    drop(run);
    assert_eq!(ledger.settled(), (1, 1, 0));
}

#[test]
fn a_call_that_is_dropped_in_a_retry_has_spent_it() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = AT_ONCE.budget(&ledger);
    let mut run = Box::pin(retry.run(&clock, |attempt| async move {
        match attempt.number() {
            1 => Err::<(), _>(()),
            _ => pending().await,
        }
    }));
    assert!(poll(run.as_mut()).is_pending());
    drop(run);
    assert_eq!(ledger.settled(), (1, 0, 1));
}

#[test]
fn an_operation_that_panics_gives_back_what_it_did_not_begin() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = AT_ONCE.budget(&ledger);
    let run = retry.run(&clock, |attempt| {
        assert!(attempt.number() == 1, "it cannot be made");
        ready(Err::<(), _>(()))
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| poll(Box::pin(run).as_mut()).is_ready()));
    assert!(panicked.is_err());
    assert_eq!(ledger.settled(), (1, 1, 0));
}

#[test]
fn an_observer_that_panics_leaves_the_budget_whole() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = EACH_SECOND
        .budget(&ledger)
        .observe(|_: &trunnion_patterns::Retrying<'_, (), ()>| panic!("it cannot be told"));
    let run = retry.run(&clock, |_| ready(Err::<(), _>(())));
    let panicked = catch_unwind(AssertUnwindSafe(|| poll(Box::pin(run).as_mut()).is_ready()));
    assert!(panicked.is_err());
    assert_eq!(ledger.settled(), (1, 1, 0));
}

#[test]
fn what_a_retry_costs_depends_on_the_failure() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = AT_ONCE
        .budget(&ledger)
        .max_attempts(times(2))
        .attempt_timeout(SECOND);
    let run = retry.run(&clock, |_| pending::<Result<(), ()>>());
    assert!(seconds(&clock, run).0.is_err());
    assert_eq!(ledger.last.get(), Some(Expense::Timeout));
    let throttled = |_: &Result<(), ()>| Verdict::Throttled(trunnion_patterns::Hint::Unsaid);
    let retry = AT_ONCE.budget(&ledger).classify(throttled);
    assert!(
        seconds(&clock, retry.run(&clock, |_| ready(Err(()))))
            .0
            .is_err()
    );
    assert_eq!(ledger.last.get(), Some(Expense::Throttled));
    assert_eq!(ledger.settled(), (3, 0, 3));
}

#[test]
fn what_is_permanent_or_was_never_sent_is_neither_paid_nor_a_failure() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let verdicts = Cell::new(vec![Verdict::Permanent, Verdict::NeverSent]);
    let retry = AT_ONCE.budget(&ledger).classify(|_: &Result<(), ()>| {
        let mut left = verdicts.take();
        let next = left.pop().unwrap_or(Verdict::Done);
        verdicts.set(left);
        next
    });
    assert!(
        seconds(&clock, retry.run(&clock, |_| ready(Err(()))))
            .0
            .is_err()
    );
    assert_eq!((ledger.failed.get(), ledger.succeeded.get()), (0, 0));
    assert_eq!(ledger.settled(), (0, 0, 0));
}

#[test]
fn an_error_that_is_an_answer_pays_like_a_success() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = AT_ONCE
        .budget(&ledger)
        .classify(|_: &Result<(), u16>| Verdict::Done);
    assert_eq!(
        seconds(&clock, retry.run(&clock, |_| ready(Err(404)))).0,
        Err(Failure::Op(404))
    );
    assert_eq!(ledger.succeeded.get(), 1);
}

#[test]
fn a_loop_is_under_way_from_its_start_to_its_end() {
    let (clock, ledger) = (HandClock::default(), Ledger::default());
    let retry = EACH_SECOND.budget(&ledger);
    let mut call = retry.start(&clock);
    assert_eq!(ledger.calls.get(), 1);
    assert!(poll(pin!(call.check(Err::<(), _>(())))).is_pending());
    // The check was dropped: the next result is that of the attempt which it paid for.
    assert!(poll(pin!(call.check(Err::<(), _>(())))).is_pending());
    drop(call);
    assert_eq!(ledger.settled(), (2, 1, 1));
    assert!(poll(pin!(retry.start(&clock).check(Ok::<_, ()>(())))).is_ready());
    assert_eq!(ledger.settled(), (2, 1, 1));
}

#[test]
fn calls_share_a_budget_and_all_stop_when_it_is_spent() {
    let clock = HandClock::default();
    let budget = RetryBudget::new().trickle(0.0);
    let retry = AT_ONCE.budget(&budget).max_attempts(times(4));
    let asked = Cell::new(0);
    for _ in 0..100 {
        let run = retry.run(&clock, |_| {
            asked.set(asked.get() + 1);
            ready(Err::<(), _>(()))
        });
        assert!(seconds(&clock, run).0.is_err());
    }
    assert_eq!(asked.get(), 100 + 10, "ten retries in all");
    assert!(budget.level(&clock) <= 0.0);
}

#[test]
fn a_place_under_way_is_held_through_wait_and_attempt() {
    let clock = HandClock::default();
    let budget = ConcurrencyBudget::new(0.0).least(1);
    let retry = EACH_SECOND.budget(&budget);
    let stops = |n: u32| {
        let run = retry.run(&clock, move |attempt| async move {
            match attempt.number() {
                1 => Err(()),
                _ if n == 0 => pending().await,
                _ => Ok(()),
            }
        });
        Box::pin(run.report())
    };
    let mut first = stops(0);
    assert!(poll(first.as_mut()).is_pending());
    let stopped = |first: &str| {
        let std::task::Poll::Ready(report) = poll(stops(1).as_mut()) else {
            panic!("there is a second place: {first}")
        };
        assert_eq!(report.stop, RetryStop::Budget, "{first}");
    };
    stopped("it waits");
    clock.advance(SECOND);
    assert!(poll(first.as_mut()).is_pending());
    stopped("it is tried again");
    drop(first);
    assert!(poll(stops(1).as_mut()).is_pending(), "the place is free");
}

/// Counts attempts under way, and is asked of them when the budget hears that one is over.
struct Watched<'a>(&'a Cell<u32>);

impl Budget for Watched<'_> {
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {}
    fn withdraw<C: Clock + ?Sized>(&self, _: Expense, _: &C) -> bool {
        true
    }
    fn refund(&self, _: Expense) {}
    fn release(&self) {
        assert_eq!(self.0.get(), 0, "the attempt is over");
    }
    fn end(&self) {
        assert_eq!(self.0.get(), 0, "the call is over");
    }
    fn level<C: Clock + ?Sized>(&self, _: &C) -> f32 {
        1.0
    }
}

struct UnderWay<'a>(&'a Cell<u32>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn a_call_that_is_dropped_drops_its_attempt_before_the_budget_hears_of_it() {
    let (clock, attempts) = (HandClock::default(), Cell::new(0));
    let retry = AT_ONCE.budget(Watched(&attempts));
    for silent in 1..=2 {
        let mut run = Box::pin(retry.run(&clock, |attempt| {
            add(&attempts);
            let under_way = UnderWay(&attempts);
            async move {
                let _under_way = under_way;
                if attempt.number() >= silent {
                    pending::<()>().await;
                }
                Err::<(), _>(())
            }
        }));
        assert!(poll(run.as_mut()).is_pending());
        assert_eq!(attempts.get(), 1);
        drop(run);
        assert_eq!(attempts.get(), 0);
    }
}
