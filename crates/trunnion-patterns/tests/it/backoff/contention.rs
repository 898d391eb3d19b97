//! Many clients write one row: the published comparison of jitters, with our delays in virtual time.
//!
//! The model is that of AWS's `aws-arch-backoff-simulator`. A client reads the version of a row and writes it; the write
//! succeeds if nobody wrote in between, else the client waits and begins anew, until it has written once. Each way over the
//! network takes `|N(10, 2)|` ms. All start together. Writes, and the time until the last client is done, are the means of 100
//! repetitions, compared with those of a faithful port (400 repetitions): 3 % for writes, 10 % for time. There the number of
//! the first wait is 1, so that exponential delays begin with twice the base of 5 ms.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::f64::consts::TAU;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Entropy, Spawn, Timer};
use trunnion_patterns::{Backoff, Jitter};
use trunnion_sim::{Sim, SimRuntime};

use super::source::ms;

const REPETITIONS: u32 = 100;
const SIZES: [u32; 3] = [10, 50, 100];

const EXPONENTIAL: Backoff = Backoff::exponential(ms(10)).cap(ms(2_000));

/// The row, with what is counted of it.
#[derive(Default)]
struct Row {
    version: AtomicU32,
    writes: AtomicU32,
}

impl Row {
    /// Tells whether the write succeeded.
    fn write(&self, read: u32) -> bool {
        self.writes.fetch_add(1, Relaxed);
        let won = self.version.load(Relaxed) == read;
        self.version.fetch_add(won.into(), Relaxed);
        won
    }
}

/// One way over the network: Box and Muller's normal distribution.
#[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
fn hop(rt: &SimRuntime) -> Duration {
    let unit = || ((rt.next_u64() >> 11) as f64 + 0.5) / 2.0_f64.powi(53);
    let normal = (-2.0 * unit().ln()).sqrt() * (TAU * unit()).cos();
    Duration::from_secs_f64((10.0 + 2.0 * normal).abs() / 1e3)
}

async fn client(rt: SimRuntime, row: Arc<Row>, backoff: Backoff) {
    let mut delays = backoff.delays(&rt);
    rt.sleep(hop(&rt)).await;
    loop {
        let read = row.version.load(Relaxed);
        // The answer comes back and the write goes out.
        rt.sleep(hop(&rt) + hop(&rt)).await;
        if row.write(read) {
            return rt.sleep(hop(&rt)).await;
        }
        // The refusal comes back; after the wait the next read goes out.
        rt.sleep(hop(&rt) + delays.next_delay() + hop(&rt)).await;
    }
}

/// Writes, and milliseconds until the last client is done.
fn race(clients: u32, backoff: Backoff, seed: u64) -> (f64, f64) {
    let sim = Sim::new().seed(seed).trace_limit(0);
    let (rt, row) = (sim.handle(), Arc::new(Row::default()));
    let took = sim.block_on(async {
        let start = rt.now();
        let client = || rt.spawn(client(rt.clone(), Arc::clone(&row), backoff));
        let clients: Vec<_> = (0..clients).map(|_| client()).collect();
        for client in clients {
            client.await.unwrap();
        }
        rt.now() - start
    });
    (row.writes.load(Relaxed).into(), took.as_secs_f64() * 1e3)
}

/// Compares with the published writes and times of each size.
fn compare(name: &str, backoff: Backoff, published: [(f64, f64); 3]) {
    for (clients, (writes, time)) in SIZES.into_iter().zip(published) {
        let races = (0..REPETITIONS).map(|seed| race(clients, backoff, seed.into()));
        let sum = races.fold((0.0, 0.0), |sum, race| (sum.0 + race.0, sum.1 + race.1));
        let count = f64::from(REPETITIONS);
        let found = (sum.0 / count, sum.1 / count);
        let told = format!(
            "{name}, {clients} clients: {:.1} writes ({writes}), {:.0} ms ({time})",
            found.0, found.1
        );
        assert!((found.0 / writes - 1.0).abs() <= 0.03, "{told}");
        assert!((found.1 / time - 1.0).abs() <= 0.10, "{told}");
    }
}

#[test]
fn clients_that_do_not_wait_do_most_work() {
    let table = [(50.9, 380.0), (689.5, 1_139.0), (2_420.0, 2_025.0)];
    compare("none", Backoff::fixed(Duration::ZERO), table);
}

#[test]
fn exponential_delays_without_jitter_take_longest() {
    let table = [(50.8, 3_479.0), (626.0, 36_728.0), (1_854.0, 63_284.0)];
    compare("exponential", EXPONENTIAL.jitter(Jitter::None), table);
}

#[test]
fn equal_jitter_is_as_published() {
    let table = [(42.3, 732.0), (347.0, 4_235.0), (812.1, 6_555.0)];
    compare("equal", EXPONENTIAL.jitter(Jitter::Equal), table);
}

#[test]
fn full_jitter_is_as_published() {
    let table = [(39.0, 465.0), (332.6, 2_889.0), (796.5, 4_928.0)];
    compare("full", EXPONENTIAL, table);
}

#[test]
fn decorrelated_jitter_is_as_published() {
    let table = [(37.7, 438.0), (374.4, 2_214.0), (1_003.0, 4_548.0)];
    let published = Backoff::decorrelated_aws(ms(5)).cap(ms(2_000));
    compare("decorrelated", published, table);
}
