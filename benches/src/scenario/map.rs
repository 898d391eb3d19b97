//! Bounded maps over a stream: ours, futures-util's and those of peers. No runtime takes part but by its wakes.

mod operation;
mod peers;

use std::num::NonZeroUsize;

use trunnion_patterns::{each, map_concurrent};

use super::Scenario;
use crate::host::{Host, Started};
use crate::subject::Subject;
use operation::{Operation, Ready, Sum, YieldOnce};

/// How many items one iteration has: making the map, with its memory, is small beside them.
const ITEMS: u32 = 16_384;

const READY: &str = "A bounded map over 16,384 numbers inside one task, with operations that are ready at their first poll; \
                     the price of one item, the making of the map among it. The outputs are added up.";
const YIELD: &str = "A bounded map over 16,384 numbers inside one task, with operations that wake themselves and are ready at \
                     their second poll; the price of one item, the making of the map among it. The outputs are added up.";

pub(super) const READY_1: Scenario = scenario::<Ready, 1>("map-ready-1", READY);
pub(super) const READY_16: Scenario = scenario::<Ready, 16>("map-ready-16", READY);
pub(super) const READY_1024: Scenario = scenario::<Ready, 1_024>("map-ready-1024", READY);
pub(super) const YIELD_1: Scenario = scenario::<YieldOnce, 1>("map-yield-1", YIELD);
pub(super) const YIELD_16: Scenario = scenario::<YieldOnce, 16>("map-yield-16", YIELD);
pub(super) const YIELD_1024: Scenario = scenario::<YieldOnce, 1_024>("map-yield-1024", YIELD);

const fn scenario<O: Operation, const LIMIT: usize>(
    id: &'static str,
    about: &'static str,
) -> Scenario {
    Scenario {
        id,
        about,
        unit: "item",
        operations: ITEMS,
        threaded: false,
        hosts: &[Host::TokioCurrent],
        headline: (Host::TokioCurrent, "trunnion, unordered"),
        expected: |iterations| u64::from(iterations) * u64::from(ITEMS),
        subjects: subjects::<O, LIMIT>,
    }
}

fn subjects<O: Operation, const LIMIT: usize>(_: Host, _: &Started) -> Vec<Subject> {
    let limit = (LIMIT == 1).then(peers::limit::<O>);
    let rows = [
        peers::for_each_concurrent::<O>(LIMIT),
        peers::buffer_unordered::<O>(LIMIT),
        peers::buffered::<O>(LIMIT),
        ours::<O>("trunnion, unordered", Way::Unordered, LIMIT).note("gives way after 128 items"),
        ours::<O>("trunnion, in order", Way::Ordered, LIMIT),
        ours::<O>("trunnion, pump", Way::Pump, LIMIT)
            .note("unordered; the loop's body and the operations are polled side by side"),
        ours::<O>("trunnion, lazy stream", Way::Lazy, LIMIT)
            .note("unordered; its operations sleep while the loop's body waits"),
        peers::futures_buffered::<O>(LIMIT),
        peers::futures_concurrency::<O>(LIMIT),
        peers::join_set::<O>(LIMIT),
    ];
    rows.into_iter().chain(limit).collect()
}

/// How the outputs are asked for.
#[derive(Clone, Copy)]
enum Way {
    Unordered,
    Ordered,
    Pump,
    Lazy,
}

fn ours<O: Operation>(name: &'static str, way: Way, limit: usize) -> Subject {
    let limit = NonZeroUsize::new(limit).unwrap_or(NonZeroUsize::MIN);
    Subject::ours(name, move |iterations| async move {
        let mut sum = 0;
        for _ in 0..iterations {
            let map = map_concurrent(limit, each(0..ITEMS), O::new);
            sum += match way {
                Way::Unordered => map.unordered().collect::<Sum>().await.0,
                Way::Ordered => map.collect::<Sum>().await.0,
                Way::Pump => {
                    let pump = map.unordered().pump(async |mut outputs| {
                        let mut sum = 0;
                        while let Some(one) = outputs.next().await {
                            sum += one;
                        }
                        sum
                    });
                    pump.await
                }
                Way::Lazy => {
                    let mut outputs = map.unordered().lazy_stream();
                    let mut sum = 0;
                    while let Some(one) = outputs.next().await {
                        sum += one;
                    }
                    sum
                }
            };
        }
        sum
    })
}
