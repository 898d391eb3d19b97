//! Any arrivals and any pauses of who takes the items, against the rate as it is defined.

use std::num::NonZeroU32;
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, stream};
use proptest::prelude::*;
use trunnion_core::{BlockOn, Clock, Timer};
use trunnion_patterns::shape;
use trunnion_sim::Sim;

/// Gives the nanoseconds at which items are given that arrive and are asked for at these times.
fn shaped(every: u64, burst: NonZeroU32, items: &[(u64, u64)]) -> Vec<u64> {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let start = rt.now();
        let source = stream::iter(items)
            .then(|(arrives, _)| rt.sleep_until(start + Duration::from_nanos(*arrives)));
        let every = Duration::from_nanos(every);
        let mut shaped = pin!(shape(&rt, source, every, burst).expect("not zero"));
        let mut given = Vec::new();
        for (_, pause) in items {
            assert!(shaped.next().await.is_some(), "none is lost");
            given.push(u64::try_from((rt.now() - start).as_nanos()).expect("it is short"));
            if *pause > 0 {
                rt.sleep(Duration::from_nanos(*pause)).await;
            }
        }
        assert!(shaped.next().await.is_none(), "none is made up");
        given
    })
}

/// Says when items are given: as soon as they have arrived and are asked for, and no window has more than it may.
fn defined(every: u64, burst: NonZeroU32, items: &[(u64, u64)]) -> Vec<u64> {
    let burst = burst.get() as usize;
    let (mut given, mut asked) = (Vec::new(), 0);
    for (index, (arrives, pause)) in items.iter().enumerate() {
        let mut at = asked.max(*arrives);
        for (first, began) in given.iter().enumerate() {
            let beyond = (index - first + 1).saturating_sub(burst) as u64;
            at = at.max(began + beyond * every);
        }
        given.push(at);
        asked = at + pause;
    }
    given
}

fn items() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let gap = prop_oneof![4 => Just(0), 3 => 0..20_u64, 1 => 0..500_u64];
    let pause = prop_oneof![6 => Just(0), 2 => 0..30_u64, 1 => 0..200_u64];
    prop::collection::vec((gap, pause), 0..40).prop_map(|items| {
        let arrive = |sum: &mut u64, (gap, pause)| {
            *sum += gap;
            Some((*sum, pause))
        };
        items.into_iter().scan(0, arrive).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_window_has_more_than_the_burst_and_the_rate_and_no_item_waits_longer(
        every in 1..60_u64,
        burst in 1..6_u32,
        items in items(),
    ) {
        let burst = NonZeroU32::new(burst).expect("above zero");
        let given = shaped(every, burst, &items);
        for (first, began) in given.iter().enumerate() {
            for (last, ended) in given.iter().enumerate().skip(first) {
                let count = (last - first + 1) as u64;
                let allowed = u64::from(burst.get()) + (ended - began) / every;
                prop_assert!(count <= allowed, "{count} between {began} and {ended}");
            }
        }
        prop_assert_eq!(given, defined(every, burst, &items));
    }
}
