//! The same choices must lead to the same run.

use core::future::Future;
use core::panic::Location;

use super::Explore;
use super::failure::FailureKind;
use super::once::Trouble;
use crate::choice::{Follow, Pick};
use crate::runtime::SimRuntime;

/// How many events of a run are compared line by line.
const EVENTS: usize = 1 << 16;

impl Explore {
    /// Repeats a run that had the digest; what is wrong if something else happens.
    pub(super) fn repeat<F: Future>(
        &self,
        test: &impl Fn(SimRuntime) -> F,
        at: (u64, &'static Location<'static>),
        picks: &[Pick],
        digest: u64,
    ) -> Option<Trouble> {
        let (again, _) = self.led(test, at, 0, Follow::whole(picks.to_vec()).lenient());
        (again.digest != digest).then(|| self.difference(test, at, picks))
    }

    /// Says where two runs with the same choices begin to differ.
    pub(super) fn difference<F: Future>(
        &self,
        test: &impl Fn(SimRuntime) -> F,
        at: (u64, &'static Location<'static>),
        picks: &[Pick],
    ) -> Trouble {
        let [one, other] = [(); 2].map(|()| {
            let (ran, _) = self.led(test, at, EVENTS, Follow::whole(picks.to_vec()).lenient());
            ran.sim.trace().to_string()
        });
        // The first line counts and has the digest.
        let lines = one.lines().skip(1).map(Some).chain([None]);
        let others = other.lines().skip(1).map(Some).chain([None]);
        let first = lines.zip(others).enumerate().find(|(_, (a, b))| a != b);
        let shown = |line: Option<&str>| line.unwrap_or("(the end)").to_owned();
        let difference = first.map_or_else(
            || "Two more runs were alike: it differs now and then.".to_owned(),
            |(at, (a, b))| {
                format!(
                    "Event {at} is `{}` in one run and `{}` in the next.",
                    shown(a),
                    shown(b)
                )
            },
        );
        let message = format!(
            "The same choices led to different runs. {difference}\n\
             Something outside the simulator decides: real time, a thread, the order of a `HashMap`, an address, or what an earlier run left behind."
        );
        Trouble::new(FailureKind::Nondeterminism, message)
    }
}
