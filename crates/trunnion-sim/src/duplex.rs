//! Connections in memory.

mod pipe;
mod stream;

use core::num::NonZeroUsize;
use core::ops::RangeInclusive;
use core::time::Duration;

use trunnion_core::Instant;
use trunnion_core::sync::Arc;

use crate::runtime::SimRuntime;

pub use stream::SimStream;

const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(64 * 1024 - 1);

impl SimRuntime {
    /// Begins a connection in memory, in place of a socket; see [`Duplex`].
    pub fn duplex(&self) -> Duplex {
        Duplex {
            rt: self.clone(),
            latency: Duration::ZERO..=Duration::ZERO,
            capacity: CAPACITY,
            fragments: false,
            cut: None,
        }
    }
}

/// Builds a pair of connected streams whose bytes take virtual time, and may come in pieces or not at all.
///
/// Each direction is a line of bytes that arrive in the order in which they were written. All that is free (how long
/// something is under way, how much a read gives, where a connection is cut) follows from the simulator's seed; a search tries the least, the middle and the
/// most of each. Unless
/// something else is said, nothing takes time, reads and writes move all they can, and nothing is cut.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{Clock, Spawn};
///
/// trunnion_sim::run(|rt| async move {
///     let ms = Duration::from_millis;
///     let (mut client, mut server) = rt.duplex().latency(ms(20)..=ms(30)).fragments().connect();
///     let echo = rt.spawn(async move {
///         let mut heard = Vec::new();
///         server.read_to_end(&mut heard).await?;
///         server.write_all(&heard).await
///     });
///     let start = rt.now();
///     client.write_all(b"hello").await?;
///     client.close();
///     let mut answer = Vec::new();
///     client.read_to_end(&mut answer).await?;
///     assert_eq!(answer, b"hello");
///     assert!(rt.now() - start >= ms(40), "there and back");
///     echo.await.unwrap()
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a connection begins with `connect`"]
pub struct Duplex {
    rt: SimRuntime,
    latency: RangeInclusive<Duration>,
    capacity: NonZeroUsize,
    fragments: bool,
    cut: Option<(RangeInclusive<u64>, Cut)>,
}

/// Says how a connection ends that is [cut](Duplex::cut_after).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The direction is closed: its reader finds the end behind the last byte, its writer a broken pipe.
    Close,
    /// The connection is reset, both directions; bytes under way are lost.
    Reset,
}

impl Duplex {
    /// Draws from `range` how long each write is under way; none overtakes what was written before it.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn latency(mut self, range: RangeInclusive<Duration>) -> Self {
        assert!(!range.is_empty(), "no latency is in the range {range:?}");
        self.latency = range;
        self
    }

    /// Lets so many bytes be under way or unread in each direction before writes wait; 64 KiB, if nothing else is said.
    ///
    /// A read makes room at once: no acknowledgement travels.
    pub fn capacity(mut self, bytes: NonZeroUsize) -> Self {
        self.capacity = bytes;
        self
    }

    /// Lets each read and write move a drawn part of what it could, at least one byte.
    pub fn fragments(mut self) -> Self {
        self.fragments = true;
        self
    }

    /// Cuts the connection in the middle: each direction once it was given a number of bytes drawn from `range`.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn cut_after(mut self, range: RangeInclusive<u64>, how: Cut) -> Self {
        assert!(!range.is_empty(), "no number is in the range {range:?}");
        self.cut = Some((range, how));
        self
    }

    /// Connects the two streams; the settings may be used again.
    ///
    /// # Cost
    /// Six allocations, and those of the bytes under way.
    #[must_use]
    pub fn connect(&self) -> (SimStream, SimStream) {
        let [there, back] = [self.pipe(), self.pipe()];
        let link = Arc::new(self.clone());
        let client = SimStream::new(Arc::clone(&link), Arc::clone(&back), Arc::clone(&there));
        (client, SimStream::new(link, there, back))
    }

    fn pipe(&self) -> Arc<pipe::PipeQueue> {
        let cut = self.cut.as_ref();
        let cut = cut.map(|(range, how)| (self.draw(*range.start(), *range.end()), *how));
        Arc::new(pipe::PipeQueue::new(pipe::Pipe::new(
            self.capacity.get(),
            cut,
        )))
    }

    /// Says when something sent now arrives, if nothing before it is slower.
    fn arrival(&self) -> Instant {
        let nanos = |duration: &Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (least, most) = (nanos(self.latency.start()), nanos(self.latency.end()));
        self.rt.shared.now() + Duration::from_nanos(self.draw(least, most))
    }

    /// Draws how much of `most` bytes is moved.
    fn part(&self, most: usize) -> usize {
        if !self.fragments || most < 2 {
            return most;
        }
        most - self.rt.shared.draw(most)
    }

    /// Draws a number between two; where there is one alone, nothing is drawn.
    fn draw(&self, least: u64, most: u64) -> u64 {
        if least == most {
            return least;
        }
        let span = usize::try_from(most - least).unwrap_or(usize::MAX);
        let drawn = self.rt.shared.draw(span.saturating_add(1));
        least.saturating_add(drawn as u64)
    }
}
