//! The clocks that samples are timed with.
//!
//! On a machine that others use too, the CPU time of the measuring thread repeats within a few percent where the wall
//! clock is off by a factor of two. It sees one thread only: where others take part the wall clock must do.

/// Says which clocks to read.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The CPU time of the calling thread.
    Thread,
    /// The wall clock, and the CPU time of the whole process beside it.
    Wall,
}

/// What one sample took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Nanoseconds.
    pub ns: f64,
    /// Nanoseconds of the process's CPU time, under [`Clock::Wall`].
    pub cpu: Option<f64>,
}

/// A reading that a later one is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    time: u64,
    cpu: Option<u64>,
}

impl Clock {
    /// Reads the clocks before a sample.
    #[must_use]
    pub fn mark(self) -> Mark {
        // The wall clock goes last here and first below: it does not see the other's system call.
        let cpu = self.cpu();
        let time = self.time();
        Mark { time, cpu }
    }

    /// Reads the clocks after a sample.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a sample takes less than 2^53 ns, a hundred days"
    )]
    pub fn since(self, mark: Mark) -> Spent {
        let time = self.time();
        let cpu = self.cpu();
        let nanos = |from: u64, to: u64| to.saturating_sub(from) as f64;
        Spent {
            ns: nanos(mark.time, time),
            cpu: mark.cpu.zip(cpu).map(|(from, to)| nanos(from, to)),
        }
    }

    fn time(self) -> u64 {
        match self {
            Self::Thread => system::thread(),
            Self::Wall => system::wall(),
        }
    }

    fn cpu(self) -> Option<u64> {
        match self {
            Self::Thread => None,
            Self::Wall => system::process(),
        }
    }
}

#[cfg(unix)]
mod system {
    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn thread() -> u64 {
        read(ClockId::ThreadCPUTime)
    }

    pub(super) fn wall() -> u64 {
        read(ClockId::Monotonic)
    }

    #[expect(clippy::unnecessary_wraps, reason = "other systems have no such clock")]
    pub(super) fn process() -> Option<u64> {
        Some(read(ClockId::ProcessCPUTime))
    }

    fn read(clock: ClockId) -> u64 {
        let at = clock_gettime(clock);
        let part = |value: i64| u64::try_from(value).unwrap_or_default();
        part(at.tv_sec) * 1_000_000_000 + part(at.tv_nsec)
    }
}

/// Where there are no CPU clocks, the wall clock stands for them.
#[cfg(not(unix))]
mod system {
    use trunnion_core::{Clock, RealClock};

    pub(super) fn thread() -> u64 {
        wall()
    }

    pub(super) fn wall() -> u64 {
        RealClock.now().as_nanos()
    }

    pub(super) fn process() -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin() -> u64 {
        (0..200_000_u64).fold(1, |x, n| std::hint::black_box(x.wrapping_mul(31) ^ n))
    }

    #[test]
    fn the_thread_is_charged_for_what_it_does_and_not_for_what_others_do() {
        let mark = Clock::Thread.mark();
        spin();
        let own = Clock::Thread.since(mark);
        assert!(own.ns > 0.0 && own.cpu.is_none());
        let mark = Clock::Thread.mark();
        std::thread::spawn(|| (0..50).map(|_| spin()).fold(0, u64::wrapping_add))
            .join()
            .expect("it runs");
        let others = Clock::Thread.since(mark).ns;
        assert!(others < 25.0 * own.ns, "{others} ns against {} ns", own.ns);
    }

    #[cfg(unix)]
    #[test]
    fn the_process_is_charged_for_all_its_threads() {
        let mark = Clock::Wall.mark();
        let threads: Vec<_> = (0..2).map(|_| std::thread::spawn(spin)).collect();
        for thread in threads {
            thread.join().expect("it runs");
        }
        let spent = Clock::Wall.since(mark);
        assert!(spent.cpu.is_some_and(|cpu| cpu > 0.0));
    }
}
