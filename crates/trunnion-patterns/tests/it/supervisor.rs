//! Supervisors, in the simulator.

mod delays;
mod ends;
mod hooks;
mod limits;
mod oracle;
mod starts;
mod stops;
mod strategies;
mod sweeps;

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::sync::Mutex;
use trunnion_core::{BlockOn, Timer};
use trunnion_patterns::{Backoff, ChildCtx, ChildSpec, Jitter, Supervisor, SupervisorBuilder};
use trunnion_sim::{Schedule, Sim, SimRuntime};

const MOMENT: Duration = Duration::from_millis(1);

/// What children fail with in these tests.
type Fault = &'static str;

fn in_schedules<F: Future<Output = ()>>(seeds: u64, case: impl Fn(SimRuntime) -> F) {
    for seed in 0..seeds {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        sim.block_on(case(rt));
    }
}

fn in_each_schedule<F: Future<Output = ()>>(case: impl Fn(SimRuntime) -> F) {
    in_schedules(256, case);
}

/// A supervisor that restarts at once, and often.
fn eager(rt: &SimRuntime) -> SupervisorBuilder<SimRuntime, Fault> {
    Supervisor::builder(rt)
        .restarts(1000, Duration::from_secs(1))
        .backoff(Backoff::fixed(Duration::ZERO))
}

/// Delays of so many moments, the last one again and again.
const fn steps(steps: &'static [Duration]) -> Backoff {
    Backoff::steps(steps).jitter(Jitter::None)
}

/// What happened, in order: `+a` for a start of `a`, `-a` when it is gone.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, event: impl Into<String>) {
        self.0.lock().push(event.into());
    }

    fn text(&self) -> String {
        self.0.lock().join(" ")
    }

    /// Notes that `name` has started, and when it is gone.
    fn enter(&self, name: &'static str) -> Noted {
        self.note(format!("+{name}"));
        Noted(self.clone(), name)
    }

    /// How many are there now.
    fn alive(&self) -> usize {
        let log = self.0.lock();
        let count = |sign| log.iter().filter(|event| event.starts_with(sign)).count();
        count('+') - count('-')
    }
}

struct Noted(Log, &'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.note(format!("-{}", self.1));
    }
}

/// How an incarnation ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ok,
    Err,
    Panic,
}

impl End {
    fn happen(self) -> Result<(), Fault> {
        match self {
            Self::Ok => Ok(()),
            Self::Err => Err("broken"),
            Self::Panic => panic!("boom"),
        }
    }
}

/// Runs an incarnation: ready at once, it ends by itself after so many moments, or when it is asked to.
async fn live(
    rt: SimRuntime,
    log: Log,
    name: &'static str,
    ctx: ChildCtx,
    end: Option<(u32, End)>,
) -> Result<(), Fault> {
    let _noted = log.enter(name);
    ctx.ready();
    let Some((after, end)) = end else {
        ctx.token().cancelled().await;
        return Ok(());
    };
    match ctx
        .token()
        .run_until_cancelled(rt.sleep(after * MOMENT))
        .await
    {
        Ok(()) => end.happen(),
        Err(_) => Ok(()),
    }
}

/// A child whose incarnations end by themselves as the list says, and those after that do not.
fn child(
    rt: &SimRuntime,
    log: &Log,
    name: &'static str,
    ends: &'static [(u32, End)],
) -> ChildSpec<Fault> {
    let (rt, log) = (rt.clone(), log.clone());
    ChildSpec::new(name, move |ctx| {
        let nth = usize::try_from(ctx.restarts()).expect("few");
        live(rt.clone(), log.clone(), name, ctx, ends.get(nth).copied())
    })
}

/// A child that is never ready and never ends.
fn endless(log: &Log, name: &'static str) -> ChildSpec<Fault> {
    let log = log.clone();
    ChildSpec::new(name, move |_| {
        let noted = log.enter(name);
        async move {
            let _noted = noted;
            pending().await
        }
    })
}
