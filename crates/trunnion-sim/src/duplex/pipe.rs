//! One direction of a connection.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use trunnion_core::Instant;
use trunnion_core::wait::{Locked, Shared, WaitQueue, Wakers};

use super::Cut;

/// A direction, and whoever waits for it: its reader, its writer or both.
pub(super) type PipeQueue = WaitQueue<Pipe>;

/// The bytes of one direction that were written and not read.
pub(super) struct Pipe {
    bytes: VecDeque<u8>,
    /// When so many of them arrive, in their order.
    arrivals: VecDeque<(Instant, usize)>,
    capacity: usize,
    /// When the last that was sent arrives: bytes, or the news of an end.
    last: Instant,
    /// What each side knows of the end, and since when.
    reader: End,
    writer: End,
    /// How many bytes more are taken until the cut.
    cut: Option<(u64, Cut)>,
    /// Counts changes, so that whoever begins to wait misses none.
    changes: u64,
}

/// How a direction ends, as one side sees it.
#[derive(Clone, Copy)]
enum End {
    Open,
    Closed(Instant),
    Reset(Instant),
}

/// What an operation comes to.
pub(super) enum Step {
    Done(io::Result<usize>),
    /// Nothing before this, unless the pipe changes.
    NotBefore(Instant),
    /// Nothing until the pipe changes.
    Wait,
}

impl Shared for Pipe {
    type Open = ();
    type Value = ();
    const PASSES_ON: bool = false;

    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

impl Pipe {
    pub(super) fn new(capacity: usize, cut: Option<(u64, Cut)>) -> Self {
        Self {
            bytes: VecDeque::new(),
            arrivals: VecDeque::new(),
            capacity,
            last: Instant::ORIGIN,
            reader: End::Open,
            writer: End::Open,
            cut,
            changes: 0,
        }
    }

    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Reads what has arrived; `part` says how much of it.
    pub(super) fn read(
        &mut self,
        now: Instant,
        buf: &mut [u8],
        part: impl FnOnce(usize) -> usize,
    ) -> Step {
        if matches!(self.reader, End::Reset(at) if at <= now) {
            return Step::Done(Err(ErrorKind::ConnectionReset.into()));
        }
        let arrived = self.arrivals.iter().take_while(|(at, _)| *at <= now);
        let arrived: usize = arrived.map(|(_, bytes)| bytes).sum();
        if buf.is_empty() || arrived > 0 {
            let most = part(arrived.min(buf.len()));
            return Step::Done(self.take(&mut buf[..most]));
        }
        match (self.arrivals.front(), self.reader) {
            (Some((at, _)), _) => Step::NotBefore(*at),
            (None, End::Closed(at)) if at <= now => Step::Done(Ok(0)),
            (None, End::Closed(at) | End::Reset(at)) => Step::NotBefore(at),
            (None, End::Open) => Step::Wait,
        }
    }

    fn take(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.bytes.read_exact(buf)?;
        let mut left = buf.len();
        while let Some((_, bytes)) = self.arrivals.front_mut().filter(|_| left > 0) {
            let taken = left.min(*bytes);
            (left, *bytes) = (left - taken, *bytes - taken);
            if *bytes == 0 {
                self.arrivals.pop_front();
            }
        }
        self.changes += 1;
        Ok(buf.len())
    }

    /// Takes in what there is room for; `part` says how much of it, `arrival` when it is there.
    pub(super) fn write(
        &mut self,
        now: Instant,
        buf: &[u8],
        part: impl FnOnce(usize) -> usize,
        arrival: impl FnOnce() -> Instant,
    ) -> Step {
        match self.writer {
            End::Closed(at) if at <= now => return Step::Done(Err(ErrorKind::BrokenPipe.into())),
            End::Reset(at) if at <= now => {
                return Step::Done(Err(ErrorKind::ConnectionReset.into()));
            }
            _ => {}
        }
        let room = self.capacity - self.bytes.len();
        if room == 0 && !buf.is_empty() {
            return match self.writer {
                End::Open => Step::Wait,
                End::Closed(at) | End::Reset(at) => Step::NotBefore(at),
            };
        }
        let mut most = part(room.min(buf.len()));
        if let Some((left, _)) = &mut self.cut {
            most = most.min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= most as u64;
        }
        if most > 0 {
            self.last = self.last.max(arrival());
            self.bytes.extend(&buf[..most]);
            self.arrivals.push_back((self.last, most));
            self.changes += 1;
        }
        Step::Done(Ok(most))
    }

    /// Tells how the direction is to be cut, once that is due.
    pub(super) fn cut(&mut self) -> Option<Cut> {
        self.cut.take_if(|(left, _)| *left == 0).map(|(_, how)| how)
    }

    /// Sends the news of an end, which comes behind all bytes; says when it arrives.
    pub(super) fn send_end(&mut self, arrival: Instant) -> Instant {
        self.last = self.last.max(arrival);
        self.last
    }

    /// Ends what the writer may write at one time, and what the reader may read at another.
    pub(super) fn close(&mut self, writer: Instant, reader: Instant) {
        for (end, at) in [(&mut self.writer, writer), (&mut self.reader, reader)] {
            *end = match *end {
                End::Open => End::Closed(at),
                End::Closed(before) => End::Closed(before.min(at)),
                reset @ End::Reset(_) => reset,
            };
        }
        self.changes += 1;
    }

    /// Resets the direction; the first reset stays.
    pub(super) fn reset(&mut self, writer: Instant, reader: Instant) {
        for (end, at) in [(&mut self.writer, writer), (&mut self.reader, reader)] {
            *end = match *end {
                End::Open | End::Closed(_) => End::Reset(at),
                End::Reset(before) => End::Reset(before.min(at)),
            };
        }
        self.changes += 1;
    }
}
