//! One item for a burst of them.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;
use trunnion_core::{Instant, Timer, coop};

use crate::alarm::Alarm;

/// Gives the last item of each burst, once no other has come for `quiet`.
///
/// A burst begins with an item and ends when none has come for `quiet`, or after [`max_wait`](Debounce::max_wait). [`Edge`] says which of
/// its items are given. At the end of the stream the item that is due at the end of the burst is given at once.
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::pin::pin;
/// use std::time::Duration;
/// use futures::StreamExt;
/// use trunnion_core::{BlockOn, Clock, Spawn, Timer};
/// use trunnion_patterns::{debounce, flow};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// sim.block_on(async {
///     let (sender, keys) = flow::channel(NonZeroUsize::MIN).build();
///     let (clock, start) = (rt.clone(), rt.now());
///     rt.spawn_detached(async move {
///         for text in ["t", "tr", "tru"] {
///             sender.send(text).await.unwrap();
///             clock.sleep(Duration::from_millis(100)).await;
///         }
///         clock.sleep(Duration::from_secs(10)).await;
///     });
///     let mut searches = pin!(debounce(&rt, keys, Duration::from_millis(300)));
///     assert_eq!(searches.next().await, Some("tru"));
///     assert_eq!(rt.now() - start, Duration::from_millis(500));
///     assert_eq!(searches.next().await, None);
/// });
/// ```
///
/// # Cancel safety
/// Dropping the stream drops the item that was not given yet.
///
/// # Cost
/// One allocation for the timer, made when a burst has to wait for its end. The clock is read once for each poll that
/// brought items, and twice where that begins a burst and waits.
pub const fn debounce<R: Timer, S: Stream>(
    timer: &R,
    stream: S,
    quiet: Duration,
) -> Debounce<'_, R, S> {
    Debounce {
        stream,
        alarm: Alarm::new(timer),
        quiet,
        max_wait: Duration::MAX,
        edge: Edge::Trailing,
        burst: None,
        held: None,
        ended: false,
    }
}

/// Says which items of a burst [`debounce`](fn@debounce) gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Edge {
    /// The last, when the burst is over.
    #[default]
    Trailing,
    /// The first, at once. The others are dropped.
    Leading,
    /// The first, at once, and the last, if it is another one.
    Both,
}

/// When a burst began, and when it was last added to; unknown until somebody waits for its end.
#[derive(Clone, Copy, Debug)]
struct Burst {
    latest: Instant,
    quiet_at: Option<Instant>,
}

pin_project! {
    /// Gives items of bursts; made by [`debounce`](fn@debounce).
    ///
    /// # Cancel safety
    /// Dropping it drops the item that was not given yet.
    #[must_use = "streams do nothing unless polled"]
    pub struct Debounce<'a, R, S>
    where
        R: Timer,
        S: Stream,
    {
        #[pin]
        stream: S,
        alarm: Alarm<'a, R>,
        quiet: Duration,
        max_wait: Duration,
        edge: Edge,
        burst: Option<Burst>,
        // What is given at the end of the burst.
        held: Option<S::Item>,
        ended: bool,
    }
}

impl<R: Timer, S: Stream> Debounce<'_, R, S> {
    /// Says which items of a burst are given; [`Edge::Trailing`] unless this is called.
    pub const fn edge(mut self, edge: Edge) -> Self {
        self.edge = edge;
        self
    }

    /// Ends a burst at the latest so long after its first item; the next item begins another one.
    pub const fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Takes an item in; gives it back if it is to be given now.
    fn add(self: Pin<&mut Self>, item: S::Item) -> Option<S::Item> {
        let this = self.project();
        if let Some(burst) = this.burst {
            burst.quiet_at = None;
            if *this.edge != Edge::Leading {
                *this.held = Some(item);
            }
            return None;
        }
        *this.burst = Some(Burst {
            latest: this.alarm.now() + *this.max_wait,
            quiet_at: None,
        });
        if *this.edge == Edge::Trailing {
            *this.held = Some(item);
            return None;
        }
        Some(item)
    }

    /// Waits for the end of the burst; ready with what it leaves, if that is something.
    fn poll_end(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Item> {
        let this = self.project();
        let Some(burst) = this.burst else {
            return Poll::Pending;
        };
        let quiet = *this.quiet;
        let alarm = this.alarm;
        let quiet_at = *burst.quiet_at.get_or_insert_with(|| alarm.now() + quiet);
        if alarm
            .poll_until(quiet_at.min(burst.latest), cx)
            .is_pending()
        {
            return Poll::Pending;
        }
        *this.burst = None;
        this.held.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<R: Timer, S: Stream> Stream for Debounce<'_, R, S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        // After a while one looks at the clock, however many items come.
        while !self.ended && coop::poll_proceed(cx).is_ready() {
            let this = self.as_mut().project();
            match this.stream.poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    if let Some(first) = self.as_mut().add(item) {
                        return Poll::Ready(Some(first));
                    }
                }
                Poll::Ready(None) => *this.ended = true,
                Poll::Pending => break,
            }
        }
        if self.ended {
            return Poll::Ready(self.project().held.take());
        }
        self.poll_end(cx).map(Some)
    }
}

impl<R: Timer, S: Stream> fmt::Debug for Debounce<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debounce")
            .field("quiet", &self.quiet)
            .field("edge", &self.edge)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}
