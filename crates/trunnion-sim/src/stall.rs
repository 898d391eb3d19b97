//! Notices that tasks run and run while the clock stands.

use trunnion_core::Instant;

/// Time passes after this many turns of each runnable task in which all did nothing but wake themselves.
const SPIN: usize = 20_000;

/// Time passes after this many steps at one instant, whatever they did, ...
const BUSY: usize = 200_000;

/// ... or this many in an exploration, ...
const EXPLORED: usize = 100_000;

/// ... and this many more for each task: many that do a little are no stall.
const SHARE: usize = 100;

/// The run ends when time could not pass after so many steps, this many times.
const HOPELESS: usize = 5;

/// Counts steps at one instant.
pub(crate) struct Stall {
    /// Steps in a row in which a task woke itself and did nothing else that the simulator sees.
    spins: usize,
    steps: usize,
    since: Instant,
    tries: usize,
    due: bool,
    explored: bool,
}

impl Stall {
    /// Begins to count. An exploration loses patience sooner: it meets the same livelock again and again.
    pub(crate) fn new(explored: bool) -> Self {
        Self {
            explored,
            spins: 0,
            steps: 0,
            since: Instant::ORIGIN,
            tries: 0,
            due: false,
        }
    }

    /// Counts a step; `runnable` and `tasks` say how many there are.
    pub(crate) fn count(&mut self, spins: bool, runnable: usize, tasks: usize) {
        self.steps += 1;
        self.spins = if spins { self.spins + 1 } else { 0 };
        let spun = spins && self.spins >= SPIN.saturating_mul(runnable);
        let busy = if self.explored { EXPLORED } else { BUSY };
        self.due = spun || self.steps >= busy.saturating_add(SHARE.saturating_mul(tasks));
    }

    /// Tells whether time should pass although something is runnable.
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// Begins to count anew at `now`; true if time should pass, false if it has in the meantime.
    pub(crate) fn restart(&mut self, now: Instant) -> bool {
        self.due = false;
        if core::mem::take(&mut self.spins) >= SPIN {
            return true;
        }
        self.steps = 0;
        let stands = core::mem::replace(&mut self.since, now) == now;
        self.tries = if stands { self.tries + 1 } else { 0 };
        stands
    }

    /// Somebody outside may let time pass.
    pub(crate) fn forgive(&mut self) {
        self.tries = 0;
    }

    /// Tells that it is to be taken for hopeless at once that there is no deadline.
    pub(crate) fn is_impatient(&self) -> bool {
        self.explored && self.tries > 0
    }

    /// Tells that time cannot pass and nothing comes to an end.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.tries >= HOPELESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts steps until time should pass; gives how many.
    fn fill(stall: &mut Stall, spins: bool, runnable: usize, tasks: usize) -> usize {
        let counted = (1..=2 * BUSY).find(|_| {
            stall.count(spins, runnable, tasks);
            stall.is_due()
        });
        counted.unwrap_or(0)
    }

    #[test]
    fn spins_are_due_sooner_than_work_and_many_tasks_later() {
        let mut stall = Stall::new(false);
        assert_eq!(fill(&mut stall, true, 2, 2), 2 * SPIN);
        assert!(stall.restart(Instant::ORIGIN));
        assert_eq!(fill(&mut stall, false, 2, 2), BUSY + 2 * SHARE - 2 * SPIN);
        assert!(stall.restart(Instant::ORIGIN));
        assert_eq!(fill(&mut stall, false, 1, 1_000), BUSY + 1_000 * SHARE);
    }

    #[test]
    fn an_exploration_loses_patience_sooner() {
        let mut stall = Stall::new(true);
        assert_eq!(fill(&mut stall, false, 1, 1), EXPLORED + SHARE);
        assert!(stall.restart(Instant::ORIGIN) && stall.is_impatient());
        let mut stall = Stall::new(false);
        fill(&mut stall, false, 1, 1);
        assert!(stall.restart(Instant::ORIGIN) && !stall.is_impatient());
    }

    #[test]
    fn a_clock_that_moves_or_is_held_keeps_hope() {
        let mut stall = Stall::new(false);
        for now in 1..=2 * HOPELESS {
            fill(&mut stall, false, 1, 1);
            let now = Instant::from_nanos(u64::try_from(now).unwrap_or(0));
            assert!(!stall.restart(now), "time has passed by itself");
        }
        let now = stall.since;
        for _ in 1..HOPELESS {
            fill(&mut stall, false, 1, 1);
            assert!(stall.restart(now) && !stall.is_hopeless());
        }
        stall.forgive();
        for _ in 1..HOPELESS {
            fill(&mut stall, false, 1, 1);
            assert!(stall.restart(now) && !stall.is_hopeless());
        }
        fill(&mut stall, false, 1, 1);
        assert!(stall.restart(now) && stall.is_hopeless());
    }
}
