//! What is run for each item.

use std::future::{self, Future};
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Makes the operations of a scenario.
pub(super) trait Operation: Future<Output = u64> + Send + 'static {
    /// Makes the operation of one item.
    fn new(item: u32) -> Self;
}

/// Is ready at its first poll.
pub(super) struct Ready(future::Ready<u64>);

impl Operation for Ready {
    #[inline]
    fn new(item: u32) -> Self {
        Self(future::ready(u64::from(black_box(item) / (1 << 30) + 1)))
    }
}

impl Future for Ready {
    type Output = u64;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// Wakes itself at its first poll, and is ready at its second.
pub(super) struct YieldOnce {
    polled: bool,
    value: u64,
}

impl Operation for YieldOnce {
    #[inline]
    fn new(item: u32) -> Self {
        let value = u64::from(black_box(item) / (1 << 30) + 1);
        Self {
            polled: false,
            value,
        }
    }
}

impl Future for YieldOnce {
    type Output = u64;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        if self.polled {
            return Poll::Ready(self.value);
        }
        self.polled = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Adds up what it gathers.
#[derive(Default)]
pub(super) struct Sum(pub(super) u64);

impl Extend<u64> for Sum {
    #[inline]
    fn extend<I: IntoIterator<Item = u64>>(&mut self, numbers: I) {
        for number in numbers {
            self.0 += number;
        }
    }
}
