//! Many futures of one type inside one task: ours, futures-buffered's and those of peers. No runtime takes part.

use std::future::Future;
use std::hint::black_box;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use futures_concurrency::future::Join as _;
use trunnion_core::YieldOnce;
use trunnion_patterns::{each, gather};

use super::Scenario;
use crate::host::{Host, Started};
use crate::subject::Subject;

const TRUNNION: &str = "trunnion";

pub(super) const READY_10: Scenario = ready::<10>("gather-10");
pub(super) const READY_1000: Scenario = ready::<1_000>("gather-1000");
pub(super) const READY_10000: Scenario = ready::<10_000>("gather-10000");
pub(super) const WAITS_10: Scenario = waits::<10>("gather-waits-10");
pub(super) const WAITS_1000: Scenario = waits::<1_000>("gather-waits-1000");
pub(super) const WAITS_10000: Scenario = waits::<10_000>("gather-waits-10000");

const fn ready<const CHILDREN: u32>(id: &'static str) -> Scenario {
    let about = "A set of futures of one type, each ready at its first poll, is made, awaited and dropped; the outputs come in a vector \
                 in the order of the futures. The price of one future, which itself costs next to nothing; the name says how many \
                 there are.";
    scenario::<CHILDREN, false>(id, about)
}

const fn waits<const CHILDREN: u32>(id: &'static str) -> Scenario {
    let about = "A set of futures of one type, each of which wakes itself and is pending at its first poll, is made, awaited and \
                 dropped; the outputs come in a vector in the order of the futures. The price of one future, the wakes and turns of \
                 the task around them included; the name says how many there are.";
    scenario::<CHILDREN, true>(id, about)
}

const fn scenario<const CHILDREN: u32, const WAITS: bool>(
    id: &'static str,
    about: &'static str,
) -> Scenario {
    Scenario {
        id,
        about,
        unit: "future",
        operations: CHILDREN,
        threaded: false,
        hosts: &[Host::TokioCurrent],
        headline: (Host::TokioCurrent, TRUNNION),
        expected: |iterations| {
            u64::from(iterations) * u64::from(CHILDREN) * (u64::from(CHILDREN) + 1) / 2
        },
        subjects: subjects::<CHILDREN, WAITS>,
    }
}

/// One future of the set.
async fn child<const WAITS: bool>(number: u32) -> u64 {
    let number = black_box(number);
    if WAITS {
        YieldOnce::new().await;
    }
    u64::from(number)
}

/// All of them, in their order.
fn children<const CHILDREN: u32, const WAITS: bool>()
-> impl ExactSizeIterator<Item: Future<Output = u64> + Send> + Send {
    // A range that includes its end does not know its size.
    (0..CHILDREN).map(|number| child::<WAITS>(number + 1))
}

fn subjects<const CHILDREN: u32, const WAITS: bool>(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        Subject::peer("futures-buffered", |iterations| {
            lives(iterations, || {
                futures_buffered::join_all(children::<CHILDREN, WAITS>())
            })
        })
        .note("its `join_all`; after 61 pending polls in a row it gives way"),
        Subject::ours(TRUNNION, |iterations| {
            lives(iterations, || gather(each(children::<CHILDREN, WAITS>())))
        })
        .note("`gather`; a panic of one future drops the others before it goes on"),
        Subject::peer("futures, join_all", |iterations| {
            lives(iterations, || {
                futures::future::join_all(children::<CHILDREN, WAITS>())
            })
        })
        .note("up to 30 futures are all polled at each wake; above, a box for each"),
        Subject::peer("FuturesUnordered", |iterations| {
            lives(iterations, || {
                let set: FuturesUnordered<_> = children::<CHILDREN, WAITS>().collect();
                set.collect::<Vec<_>>()
            })
        })
        .note("outputs in the order in which the futures end; a box for each"),
        Subject::peer("futures-concurrency", |iterations| {
            lives(iterations, || {
                children::<CHILDREN, WAITS>().collect::<Vec<_>>().join()
            })
        })
        .note("its `join` of a vector, which is made for it"),
    ]
}

/// Makes a set, awaits it and adds up its outputs, so many times.
async fn lives<F>(iterations: u32, make: impl Fn() -> F) -> u64
where
    F: Future<Output = Vec<u64>>,
{
    let mut sum = 0;
    for _ in 0..iterations {
        sum += make().await.iter().sum::<u64>();
    }
    sum
}
