//! What batches, debounced, sampled and shaped streams allocate, and how large they are.

use std::cell::Cell;
use std::future::Future;
use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::measure;
use futures::stream::{self, Stream};
use trunnion_core::{Clock, Instant, Sleep, Timer};
use trunnion_patterns::{Edge, batch, debounce, sample, shape};

/// A clock that goes on to the deadline of whatever waits; waiting allocates nothing.
#[derive(Default)]
struct Jumping(Cell<u64>);

impl Clock for Jumping {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.0.get())
    }
}

impl Timer for Jumping {
    type Sleep = Jump;

    fn sleep_until(&self, deadline: Instant) -> Jump {
        Jump(deadline)
    }

    fn granularity(&self) -> Duration {
        Duration::ZERO
    }
}

struct Jump(Instant);

impl Future for Jump {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Sleep for Jump {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0 = deadline;
    }

    fn deadline(&self) -> Instant {
        self.0
    }

    fn is_elapsed(&self) -> bool {
        true
    }
}

const MOMENT: Duration = Duration::from_nanos(1);
const ITEMS: u64 = 1_000;

fn n(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("above zero")
}

/// Gives each item at a poll of its own, with a pause before it.
fn slow() -> impl Stream<Item = u64> {
    let mut polls = 0;
    stream::poll_fn(move |_| {
        polls += 1;
        match polls {
            ended if ended > 2 * ITEMS => Poll::Ready(None),
            odd if odd % 2 == 1 => Poll::Pending,
            even => Poll::Ready(Some(even / 2)),
        }
    })
}

/// Takes all items and counts allocations, and what came.
fn cost<S: Stream>(stream: S) -> (u64, u64) {
    let mut items = 0;
    let info = measure(|| {
        let mut stream = pin!(stream);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match stream.as_mut().poll_next(&mut cx) {
                Poll::Ready(None) => return,
                Poll::Ready(Some(_)) => items += 1,
                Poll::Pending => {}
            }
        }
    });
    (info.count_total, items)
}

#[test]
fn a_batch_is_one_allocation_once_its_size_is_known() {
    let timer = Jumping::default();
    let all = cost(batch(&timer, stream::iter(0..ITEMS), n(10)));
    // The first grows to 4, 8 and 16 places.
    assert_eq!(all, (100 + 2, 100));
    let waiting = batch(&timer, slow(), n(10)).max_delay(MOMENT).idle(MOMENT);
    assert_eq!(cost(waiting), (1 + ITEMS, ITEMS), "and the timer");
}

#[test]
fn bursts_beats_and_rates_allocate_their_timer_and_nothing_for_items() {
    let timer = Jumping::default();
    for edge in [Edge::Trailing, Edge::Leading, Edge::Both] {
        let calm = debounce(&timer, slow(), MOMENT).edge(edge);
        assert_eq!(cost(calm), (1, ITEMS), "{edge:?}");
    }
    let sampled = sample(&timer, slow(), MOMENT).expect("not zero");
    assert_eq!(cost(sampled), (1, ITEMS));
    let shaped = shape(&timer, slow(), MOMENT, NonZeroU32::MIN).expect("not zero");
    assert_eq!(cost(shaped), (1, ITEMS));
}

#[test]
fn what_does_not_wait_makes_no_timer() {
    let timer = Jumping::default();
    let one = || stream::iter([1]);
    let batches = batch(&timer, one(), n(1)).max_delay(MOMENT);
    assert_eq!(cost(batches), (1, 1), "the batch");
    assert_eq!(cost(debounce(&timer, one(), MOMENT)), (0, 1));
    assert_eq!(
        cost(sample(&timer, one(), MOMENT).expect("not zero")),
        (0, 1)
    );
    let shaped = shape(&timer, one(), MOMENT, NonZeroU32::MIN);
    assert_eq!(cost(shaped.expect("not zero")), (0, 1));
}
