//! The times that all phases share.

use core::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{CancelKind, CancelToken, Instant, Timer};

use super::panics::Panics;

/// The total deadline, and when to give up those who were killed.
pub(super) struct Limits {
    token: CancelToken,
    end: Instant,
    kill_budget: Duration,
    // For all phases, once all were killed.
    give_up: Option<Instant>,
    pub(super) panics: Panics,
}

impl Limits {
    pub(super) const fn new(
        token: CancelToken,
        end: Instant,
        kill_budget: Duration,
        panics: Panics,
    ) -> Self {
        Self {
            token,
            end,
            kill_budget,
            give_up: None,
            panics,
        }
    }

    /// How long parts that are asked to stop now may take, if they may take `limit`.
    pub(super) fn grace(&self, now: Instant, limit: Duration) -> Duration {
        limit.min(self.end - now)
    }

    /// Waits, from the kill of one phase, until those of its parts that are left are given up.
    pub(super) async fn kill_over<R: Timer>(&mut self, rt: &R) {
        self.look(rt.now());
        let own = rt.now() + self.kill_budget;
        if self.give_up.is_none() && self.end < own {
            rt.sleep_until(self.end).await;
            self.look(rt.now());
        }
        let all = self.give_up.unwrap_or(own);
        rt.sleep_until(all.min(own)).await;
    }

    /// Kills all when the total is over; the kill budget of all counts from when that, or a second request, is seen.
    fn look(&mut self, now: Instant) {
        if now >= self.end {
            let killed = catch(|| _ = self.token.kill(CancelKind::Deadline));
            self.panics.keep(killed);
        }
        if self.give_up.is_none() && self.token.is_killed() {
            self.give_up = Some(now + self.kill_budget);
        }
    }
}
