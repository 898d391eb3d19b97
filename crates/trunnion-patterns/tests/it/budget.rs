//! Budgets.

use std::panic::catch_unwind;
use std::time::Duration;

use trunnion_patterns::{
    Budget, ConcurrencyBudget, Expense, Fund, GrpcThrottle, RatioBudget, RetryBudget,
};

use crate::hand::HandClock;

const SECOND: Duration = Duration::from_secs(1);

/// How many retries are paid for now.
fn paid(budget: &impl Budget, clock: &HandClock) -> usize {
    (0..1_000)
        .take_while(|_| budget.withdraw(Expense::Failure, clock))
        .count()
}

fn succeed(budget: &impl Budget, clock: &HandClock, times: u32) {
    (0..times).for_each(|_| budget.succeeded(clock));
}

#[test]
fn ten_retries_are_there_at_once_and_one_for_ten_successes() {
    let (clock, budget) = (HandClock::default(), RetryBudget::new().trickle(0.0));
    assert_eq!(paid(&budget, &clock), 10);
    succeed(&budget, &clock, 9);
    assert_eq!(paid(&budget, &clock), 0);
    succeed(&budget, &clock, 1);
    assert_eq!(paid(&budget, &clock), 1);
    succeed(&budget, &clock, 1_000_000);
    assert_eq!(paid(&budget, &clock), 10, "no more than there is room for");
    assert_eq!(clock.reads(), 0, "nothing trickles");
}

#[test]
fn a_success_reads_no_clock() {
    let (clock, budget) = (HandClock::default(), RetryBudget::new());
    succeed(&budget, &clock, 10);
    assert!(budget.withdraw(Expense::Failure, &clock));
    succeed(&budget, &clock, 10);
    assert_eq!(clock.reads(), 1);
}

#[test]
fn a_token_is_given_back_unless_it_is_spent() {
    let (clock, budget) = (HandClock::default(), RetryBudget::new().trickle(0.0));
    for _ in 0..100 {
        drop(budget.try_withdraw(Expense::Failure, &clock));
    }
    assert!(budget.level(&clock) >= 1.0);
    for _ in 0..5 {
        drop(
            budget
                .try_withdraw(Expense::Failure, &clock)
                .expect("there is enough")
                .spend(),
        );
    }
    assert!((budget.level(&clock) - 0.5).abs() < 1e-6);
    assert_eq!(paid(&budget, &clock), 5);
    assert!(budget.try_withdraw(Expense::Failure, &clock).is_none());
}

#[test]
fn costs_differ_by_failure() {
    let clock = HandClock::default();
    let count = |expense| {
        let budget = RetryBudget::new()
            .cap(500)
            .cost(5)
            .timeout_cost(10)
            .throttle_cost(4)
            .trickle(0.0);
        (0..1_000)
            .take_while(|_| budget.withdraw(expense, &clock))
            .count()
    };
    assert_eq!(
        [Expense::Failure, Expense::Timeout, Expense::Throttled].map(count),
        [100, 50, 125]
    );
    let budget = RetryBudget::new().trickle(0.0);
    let throttled = (0..100).take_while(|_| budget.withdraw(Expense::Throttled, &clock));
    assert_eq!(throttled.count(), 20);
}

#[test]
fn what_trickles_in_is_not_lost_however_often_it_is_asked_for() {
    // Where a thousandth takes no whole number of milliseconds, what is left of the last is lost with each retry.
    for (rate, retries) in [(0.25, 25..=25), (0.3, 29..=30), (7.0, 690..=700)] {
        let clock = HandClock::default();
        let budget = RetryBudget::new().cap(10).cost(1).trickle(rate);
        clock.advance(100 * SECOND);
        assert_eq!(
            paid(&budget, &clock),
            10,
            "it is full, and time before counts for nothing"
        );
        let asked = (0..100_000).filter(|_| {
            clock.advance(Duration::from_millis(1));
            budget.withdraw(Expense::Failure, &clock)
        });
        let paid_for = asked.count();
        assert!(retries.contains(&paid_for), "{rate}: {paid_for}");
        clock.advance(1_000 * SECOND);
        assert_eq!(paid(&budget, &clock), 10);
    }
}

#[test]
fn parts_of_a_millisecond_are_kept_for_the_next_time() {
    let clock = HandClock::default();
    let budget = RetryBudget::new().cost(1).cap(2).trickle(0.1);
    assert_eq!(paid(&budget, &clock), 2);
    // A thousandth takes 10 ms, and it is asked for each 9 ms: the rest of each time counts for the next.
    let asked = (0..222_233).filter(|_| {
        clock.advance(Duration::from_millis(9));
        budget.withdraw(Expense::Failure, &clock)
    });
    assert_eq!(asked.count(), 200);
}

#[test]
fn who_read_the_clock_before_another_and_comes_after_it_fills_nothing() {
    let (early, late) = (HandClock::default(), HandClock::default());
    early.advance(Duration::from_millis(999));
    late.advance(Duration::from_secs(1));
    let budget = RetryBudget::new();
    assert_eq!(paid(&budget, &late), 10);
    assert_eq!(paid(&budget, &early), 0);
}

#[test]
fn a_budget_that_nobody_used_for_months_is_not_confused() {
    let clock = HandClock::default();
    let budget = RetryBudget::new().cap(10).cost(1).trickle(1.0);
    assert_eq!(paid(&budget, &clock), 10);
    for days in [49, 50, 1_000, 200_000] {
        clock.advance(Duration::from_secs(days * 86_400));
        assert!(paid(&budget, &clock) <= 10, "{days}");
    }
    let budget = RetryBudget::new()
        .cap(4_000_000)
        .cost(4_000_000)
        .reward(4e6)
        .trickle(4e6);
    clock.advance(Duration::MAX);
    assert_eq!(paid(&budget, &clock), 1);
    succeed(&budget, &clock, 3);
    assert_eq!(paid(&budget, &clock), 1);
}

/// gRPC A6 with 10 tokens and a ratio of 0.1.
#[test]
fn the_throttle_closes_after_five_failures_and_opens_after_one_success_or_fifty_one() {
    let (clock, throttle) = (HandClock::default(), GrpcThrottle::new(10, 0.1));
    let open = || throttle.withdraw(Expense::Failure, &clock);
    for failures in 1..=5 {
        assert!(open(), "after {} failures", failures - 1);
        throttle.failed();
    }
    assert!(!open());
    throttle.succeeded(&clock);
    assert!(open());
    (0..20).for_each(|_| throttle.failed());
    assert!(throttle.level(&clock) <= 0.0);
    succeed(&throttle, &clock, 50);
    assert!(!open());
    succeed(&throttle, &clock, 1);
    assert!(open());
    succeed(&throttle, &clock, 1_000);
    assert!(throttle.level(&clock) >= 1.0);
}

/// In tower 0.5.3 a ratio of 0.3 is 0.333, and anything from 0.51 to 1.0 is 1.0.
#[test]
fn ratios_are_exact() {
    for percent in [1, 10, 30, 40, 51, 70, 90, 100] {
        let clock = HandClock::default();
        let ratio = f64::from(percent) / 100.0;
        let budget = RatioBudget::new(ratio, 10 * SECOND).reserve(0);
        succeed(&budget, &clock, 1_000);
        assert_eq!(
            paid(&budget, &clock),
            usize::try_from(percent).unwrap_or(0) * 10,
            "{percent} %"
        );
    }
}

#[test]
fn a_ratio_forgets_what_is_older_than_its_while() {
    let clock = HandClock::default();
    let budget = RatioBudget::new(0.5, 10 * SECOND).reserve(0);
    succeed(&budget, &clock, 10);
    clock.advance(5 * SECOND);
    succeed(&budget, &clock, 10);
    clock.advance(5 * SECOND);
    assert_eq!(paid(&budget, &clock), 5, "the first ten are gone");
    clock.advance(3_600 * 24 * 365 * SECOND);
    assert_eq!(paid(&budget, &clock), 0);
}

#[test]
fn a_ratio_forgets_part_by_part() {
    let clock = HandClock::default();
    let budget = RatioBudget::new(0.5, 10 * SECOND).reserve(0);
    for _ in 0..30 {
        clock.advance(SECOND);
        succeed(&budget, &clock, 2);
    }
    assert_eq!(
        paid(&budget, &clock),
        10,
        "one for each of the last ten seconds"
    );
}

#[test]
#[expect(clippy::float_cmp, reason = "the shares are exact")]
fn a_ratios_level_falls_as_its_while_passes_though_nobody_pays() {
    let clock = HandClock::default();
    let budget = RatioBudget::new(0.5, 10 * SECOND).reserve(0);
    succeed(&budget, &clock, 50);
    clock.advance(5 * SECOND);
    succeed(&budget, &clock, 50);
    assert_eq!(budget.level(&clock), 1.0);
    clock.advance(5 * SECOND);
    assert_eq!(budget.level(&clock), 0.5, "the first fifty are gone");
    clock.advance(5 * SECOND);
    assert_eq!(budget.level(&clock), 0.0);
}

#[test]
fn looking_at_a_ratios_level_keeps_no_refund_longer() {
    let clock = HandClock::default();
    let budget = RatioBudget::new(0.5, 10 * SECOND).reserve(0);
    succeed(&budget, &clock, 2);
    assert!(budget.withdraw(Expense::Failure, &clock));
    clock.advance(5 * SECOND);
    assert!(budget.level(&clock) <= 0.0);
    budget.refund(Expense::Failure);
    clock.advance(5 * SECOND);
    assert_eq!(paid(&budget, &clock), 0, "it went back to where it was");
}

#[test]
#[expect(clippy::float_cmp, reason = "the shares are exact")]
fn a_level_has_what_trickled_in() {
    let (clock, budget) = (HandClock::default(), RetryBudget::new().trickle(1.0));
    assert_eq!(paid(&budget, &clock), 10);
    assert_eq!(budget.level(&clock), 0.0);
    clock.advance(25 * SECOND);
    assert_eq!(budget.level(&clock), 0.25);
    assert_eq!(paid(&budget, &clock), 2, "looking takes nothing");
}

#[test]
fn a_reserve_is_there_without_successes_and_comes_again() {
    let clock = HandClock::default();
    let budget = RatioBudget::new(0.0, 2 * SECOND).reserve(3);
    assert_eq!(paid(&budget, &clock), 6);
    clock.advance(2 * SECOND);
    assert_eq!(paid(&budget, &clock), 6);
    budget.refund(Expense::Failure);
    assert_eq!(paid(&budget, &clock), 1);
}

#[test]
fn requests_fund_where_that_is_chosen() {
    let clock = HandClock::default();
    let budget = RatioBudget::new(0.2, 10 * SECOND)
        .reserve(0)
        .fund(Fund::Request);
    (0..10).for_each(|_| budget.begin(&clock));
    succeed(&budget, &clock, 10);
    assert_eq!(paid(&budget, &clock), 2);
}

#[test]
fn a_fifth_of_the_calls_under_way_may_be_retries_and_three_always() {
    let (clock, budget) = (HandClock::default(), ConcurrencyBudget::new(0.2));
    assert_eq!(paid(&budget, &clock), 3);
    assert!(budget.level(&clock) <= 0.0);
    (0..100).for_each(|_| budget.begin(&clock));
    assert_eq!(paid(&budget, &clock), 17);
    (0..20).for_each(|_| budget.release());
    (0..90).for_each(|_| budget.end());
    assert_eq!(paid(&budget, &clock), 3);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_value() {
    let refused = |make: fn(), text: &str| {
        let panic = catch_unwind(make).expect_err(text);
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        assert_eq!(said.as_deref(), Some(text));
    };
    refused(
        || _ = RetryBudget::new().cost(101),
        "a retry's cost of 101 is above the budget's cap of 100",
    );
    refused(
        || _ = RetryBudget::new().timeout_cost(200),
        "a retry's cost of 200 is above the budget's cap of 100",
    );
    refused(
        || _ = RetryBudget::new().cap(0),
        "a retry's cost of 10 is above the budget's cap of 0",
    );
    refused(
        || _ = RetryBudget::new().cap(u32::MAX),
        "a budget cap of 4294967295 is above 4000000",
    );
    refused(
        || _ = RetryBudget::new().reward(-0.5),
        "a success's reward of -0.500 is not from 0 to 4000000",
    );
    refused(
        || _ = RetryBudget::new().trickle(f64::NAN),
        "a budget's trickle of NaN is not from 0 to 4000000",
    );
    refused(
        || _ = GrpcThrottle::new(0, 0.1),
        "a throttle of 0 tokens is not from 1 to 1000",
    );
    refused(
        || _ = GrpcThrottle::new(1_001, 0.1),
        "a throttle of 1001 tokens is not from 1 to 1000",
    );
    refused(
        || _ = ConcurrencyBudget::new(1.5),
        "a retry ratio of 1.500 is not from 0 to 1",
    );
    refused(
        || _ = RatioBudget::new(0.5, Duration::ZERO),
        "a budget's while of 0 ms is not from 10 ms to one day",
    );
    refused(
        || _ = RatioBudget::new(2.5e9, SECOND),
        "a retry ratio of 2500000000.000 is not from 0 to 1",
    );
}
