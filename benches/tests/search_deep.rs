//! A search over three tasks of five polls runs all 756,756 schedules, and no other.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use trunnion_core::{Spawn, YieldNow};
use trunnion_sim::{Explore, Schedule, SimRuntime};

const TASKS: u8 = 3;
const POLLS: usize = 5;

/// The ways to put fifteen polls into an order, without those that only swap polls of one task: 15! / (5! 5! 5!).
const SCHEDULES: usize = 756_756;

/// The orders in which tasks were polled, one for each execution.
type Orders = Arc<Mutex<Vec<Vec<u8>>>>;

/// The order of one execution, which is over when the last task has dropped this.
struct Order {
    polls: Mutex<Vec<u8>>,
    orders: Orders,
}

impl Order {
    fn polled(&self, task: u8) {
        lock(&self.polls).push(task);
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        let polls = std::mem::take(&mut *lock(&self.polls));
        lock(&self.orders).push(polls);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn program(rt: &SimRuntime, orders: &Orders) -> Ready<()> {
    let order = Arc::new(Order {
        polls: Mutex::default(),
        orders: Arc::clone(orders),
    });
    for task in 0..TASKS {
        let (inner, order) = (rt.clone(), Arc::clone(&order));
        rt.spawn_detached(async move {
            order.polled(task);
            for _ in 1..POLLS {
                inner.yield_now().await;
                order.polled(task);
            }
        });
    }
    ready(())
}

/// Tells whether each task was polled as often as it must be.
fn is_whole(order: &[u8]) -> bool {
    let count = |task| order.iter().filter(|other| **other == task).count();
    order.len() == POLLS * usize::from(TASKS) && (0..TASKS).all(|task| count(task) == POLLS)
}

#[test]
fn a_search_runs_every_schedule_of_three_tasks_of_five_polls_and_no_other() {
    let orders = Orders::default();
    let search = Explore::new(Schedule::Dfs { preemptions: None });
    let report = search.run(|rt| program(&rt, &orders));
    report.expect_complete();
    assert_eq!(report.executions(), SCHEDULES);
    assert_eq!(report.distinct(), SCHEDULES);
    let orders = std::mem::take(&mut *lock(&orders));
    // The first is repeated, to see whether it comes out the same.
    assert_eq!(orders.len(), SCHEDULES + 1);
    assert_eq!(orders[0], orders[1]);
    assert!(orders.iter().all(|order| is_whole(order)));
    // There are no more orders in which every task is whole.
    let different: HashSet<_> = orders.into_iter().collect();
    assert_eq!(different.len(), SCHEDULES);
}
