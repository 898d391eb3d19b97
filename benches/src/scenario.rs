//! What is measured: one file for each scenario.

mod blocking;
mod digest;
mod far;
mod fetch;
mod flow;
mod gather;
mod group;
mod layer;
mod map;
mod now;
mod retry;
mod runtimes;
mod seeded_slowdown;
mod semaphore;
mod sim;
mod sleep_create;
mod sleep_first_poll;
mod sleep_reset;
mod spawn_detached;
mod spawn_join;
mod task_scope;
mod ten_thousand;
mod timeout_pending;
mod timeout_ready;
mod token;
mod wrong_checksum;
mod yield_now;

use crate::host::{Host, Started};
use crate::subject::Subject;

/// Describes one piece of work and who does it.
#[derive(Debug)]
pub struct Scenario {
    /// The name on the command line and in the report.
    pub id: &'static str,
    /// One or two sentences: what is measured, and what is not.
    pub about: &'static str,
    /// What one operation is.
    pub unit: &'static str,
    /// How many operations one iteration has.
    pub operations: u32,
    /// Threads beside the runtime's take part, or subjects wait for time to pass, so that only the wall clock sees all.
    pub threaded: bool,
    /// The runtimes that it runs on.
    pub hosts: &'static [Host],
    /// The row of `--quick`: the runtime, and the subject that is compared with the reference.
    pub headline: (Host, &'static str),
    /// The checksum of so many iterations.
    pub expected: fn(u32) -> u64,
    /// The subjects; the first that can do it is the reference of the ratios.
    pub subjects: fn(Host, &Started) -> Vec<Subject>,
}

impl Scenario {
    /// Tells whether the wall clock measures this on `host`; otherwise the measuring thread's CPU time does.
    #[must_use]
    pub const fn is_threaded(&self, host: Host) -> bool {
        self.threaded || host.is_threaded()
    }

    /// Tells whether instructions can be counted: one thread does all the work.
    #[must_use]
    pub const fn is_countable(&self, host: Host) -> bool {
        !self.threaded && host.is_on_this_thread()
    }
}

/// All scenarios, in the order of the report.
pub const ALL: &[Scenario] = &[
    spawn_join::SCENARIO,
    spawn_detached::SCENARIO,
    ten_thousand::SCENARIO,
    yield_now::SCENARIO,
    now::SCENARIO,
    sleep_create::SCENARIO,
    sleep_first_poll::SCENARIO,
    sleep_reset::SCENARIO,
    timeout_ready::SCENARIO,
    timeout_pending::SCENARIO,
    retry::once::SCENARIO,
    retry::twice::SCENARIO,
    retry::budget::SCENARIO,
    layer::RETRY,
    layer::TIMEOUT,
    layer::LIMIT,
    token::is_cancelled::SCENARIO,
    token::deep::SCENARIO,
    token::two_threads::SCENARIO,
    token::copy::SCENARIO,
    token::made::SCENARIO,
    token::child::SCENARIO,
    token::child_wait::SCENARIO,
    token::wait::SCENARIO,
    token::cancel_children::SCENARIO,
    token::cancel_new::SCENARIO,
    token::cancel_waiters::SCENARIO,
    token::run_until_cancelled::SCENARIO,
    semaphore::uncontended::SCENARIO,
    semaphore::owned::SCENARIO,
    semaphore::hand_off::SCENARIO,
    semaphore::released::SCENARIO,
    semaphore::held::SCENARIO,
    flow::same_task::SCENARIO,
    flow::two_tasks::SCENARIO,
    flow::two_threads::SCENARIO,
    map::READY_1,
    map::READY_16,
    map::READY_1024,
    map::YIELD_1,
    map::YIELD_16,
    map::YIELD_1024,
    group::TEN,
    group::THOUSAND,
    group::TEN_THOUSAND,
    gather::READY_10,
    gather::READY_1000,
    gather::READY_10000,
    gather::WAITS_10,
    gather::WAITS_1000,
    gather::WAITS_10000,
    task_scope::READY_100,
    task_scope::READY_1000,
    task_scope::WAITS_100,
    task_scope::WAITS_1000,
    task_scope::KILLED,
    blocking::SCENARIO,
    runtimes::SCENARIO,
    sim::polls::SCENARIO,
    sim::ticks::LONG,
    sim::ticks::SHORT,
    sim::search::SCENARIO,
    digest::SCENARIO,
    fetch::SCENARIO,
];

/// Scenarios that only tests run.
const HIDDEN: &[Scenario] = &[seeded_slowdown::SCENARIO, wrong_checksum::SCENARIO];

/// Finds a scenario by its whole name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Scenario> {
    ALL.iter().chain(HIDDEN).find(|scenario| scenario.id == id)
}
