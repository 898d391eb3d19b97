//! The same scenarios for criterion: to explore one of them, as in
//! `cargo bench --package trunnion-benches -- spawn-join/tokio-current`.
//!
//! Criterion measures one subject after the other: on a machine that others use, compare with `cargo xtask bench`.

use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use trunnion_benches::clock::Clock;
use trunnion_benches::host::{Host, Pause, Started};
use trunnion_benches::scenario::{self, Scenario};
use trunnion_benches::subject::Work;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for scenario in scenario::ALL {
        for host in scenario.hosts {
            group(&mut criterion, scenario, *host);
        }
    }
    criterion.final_summary();
}

fn group(criterion: &mut Criterion, scenario: &Scenario, host: Host) {
    let started = host.start().expect("the runtime starts");
    let mut group = criterion.benchmark_group(format!("{}/{host}", scenario.id));
    let clock = if scenario.is_threaded(host) {
        Clock::Wall
    } else {
        Clock::Thread
    };
    for subject in (scenario.subjects)(host, &started) {
        if let Ok(work) = subject.work {
            let measured = Measured {
                work,
                expected: scenario.expected,
                clock,
            };
            bench(&mut group, subject.name, &started, &Arc::new(measured));
        }
    }
    group.finish();
}

/// A subject, and how to time and check it.
struct Measured {
    work: Work,
    expected: fn(u32) -> u64,
    clock: Clock,
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    started: &Started,
    measured: &Arc<Measured>,
) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let (measured, pause) = (Arc::clone(measured), started.pause());
            // Timed inside the task, where the runtime's entry and exit do not count.
            let nanos = started.run(async move { measured.nanos(pause, iterations).await });
            Duration::from_nanos(nanos)
        });
    });
}

impl Measured {
    async fn nanos(&self, pause: impl Fn() -> Pause, iterations: u64) -> u64 {
        const BATCH: u64 = 1_000;
        let mut nanos = 0.0;
        let mut left = iterations;
        while left > 0 {
            let batch = u32::try_from(left.min(BATCH)).unwrap_or(u32::MAX);
            left -= u64::from(batch);
            pause().await;
            let sample = (self.work)(batch);
            let mark = self.clock.mark();
            let sum = sample.await;
            nanos += self.clock.since(mark).ns;
            assert_eq!(sum, (self.expected)(batch), "the checksum");
        }
        whole(nanos)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the clocks count whole nanoseconds from zero"
)]
fn whole(nanos: f64) -> u64 {
    nanos as u64
}
