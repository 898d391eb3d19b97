//! Random lines of children, against what must hold of each of them.

use std::sync::Arc;
use std::time::Duration;

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, CancelToken, Clock, Entropy, Instant, Timer};
use trunnion_patterns::{
    AfterEnd, Backoff, ChildSpec, Restart, StopMode, Supervisor, SupervisorBuilder, SupervisorEnd,
    SupervisorError, gather,
};
use trunnion_sim::SimRuntime;

use super::strategies::STRATEGIES;
use super::{End, Fault, Log, MOMENT, in_schedules};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// One of `from`.
fn pick<T: Copy>(rt: &SimRuntime, from: &[T]) -> T {
    let len = u64::try_from(from.len()).expect("few");
    from[usize::try_from(rt.next_u64() % len).expect("few")]
}

fn below(rt: &SimRuntime, limit: u32) -> u32 {
    u32::try_from(rt.next_u64() % u64::from(limit)).expect("it is below")
}

/// A child with a random life; it notes `a?` when it is asked to stop.
fn random(rt: &SimRuntime, log: &Log, name: &'static str) -> ChildSpec<Fault> {
    let ends: Vec<_> = (0..below(rt, 4))
        .map(|_| (below(rt, 12), pick(rt, &[End::Ok, End::Err, End::Panic])))
        .collect();
    let (slow, tidy, unready) = (below(rt, 2), below(rt, 6), below(rt, 40) == 0);
    let ends = Arc::new(ends);
    let (inner, log) = (rt.clone(), log.clone());
    let spec = ChildSpec::new(name, move |ctx| {
        let (rt, log, ends) = (inner.clone(), log.clone(), Arc::clone(&ends));
        async move {
            let _noted = log.enter(name);
            let token = ctx.token();
            let nth = usize::try_from(ctx.restarts()).expect("few");
            let life = async {
                rt.sleep(slow * MOMENT).await;
                if unready {
                    return End::Err;
                }
                ctx.ready();
                match ends.get(nth) {
                    Some((after, end)) => {
                        rt.sleep(*after * MOMENT).await;
                        *end
                    }
                    None => std::future::pending().await,
                }
            };
            if let Ok(end) = token.run_until_cancelled(life).await {
                return end.happen();
            }
            log.note(format!("{name}?"));
            rt.sleep(tidy * MOMENT).await;
            Err("asked")
        }
    });
    let restart = pick(
        rt,
        &[
            Restart::Permanent,
            Restart::Permanent,
            Restart::Transient,
            Restart::Temporary,
        ],
    );
    let stop = pick(
        rt,
        &[StopMode::Wait, StopMode::Grace(3 * MOMENT), StopMode::Kill],
    );
    spec.restart(restart).stop(stop)
}

/// When restarts were, and when and whether the supervisor gave up.
type Restarts = Arc<Mutex<(Vec<Instant>, Option<Instant>)>>;

/// Those of `times` that count at `now`.
fn counted(times: &[Instant], now: Instant, window: Duration) -> usize {
    times.iter().filter(|at| now - **at <= window).count()
}

fn check_intensity(restarts: &Restarts, most: u32, window: Duration) {
    let most = usize::try_from(most).expect("few");
    let (times, failed) = &*restarts.lock();
    for (at, now) in times.iter().enumerate() {
        assert!(counted(&times[..at], *now, window) < most, "one too many");
    }
    if let Some(now) = failed {
        assert_eq!(counted(times, *now, window), most, "given up too early");
    }
}

/// No two of one name, starts for the first time in order, and between two starts who is asked to stop is asked in reverse,
/// one when the one before is gone, but for a line that was killed.
fn check_log(log: &Log, killed: bool) {
    let log = log.0.lock();
    let (mut alive, mut seen) = (Vec::new(), Vec::new());
    let mut asked = None;
    for event in log.iter() {
        if let Some(name) = event.strip_prefix('+') {
            assert!(
                !alive.contains(&name),
                "two incarnations of {name}: {log:?}"
            );
            alive.push(name);
            asked = None;
            if !seen.contains(&name) {
                assert!(seen.last().is_none_or(|last| *last < name), "{log:?}");
                seen.push(name);
            }
        } else if let Some(name) = event.strip_prefix('-') {
            alive.retain(|other| *other != name);
        } else if let Some(name) = event.strip_suffix('?').filter(|_| !killed) {
            if let Some(before) = asked.replace(name) {
                assert!(
                    !alive.contains(&before) || before == name,
                    "{before} is there: {log:?}"
                );
            }
            assert!(
                alive.iter().all(|other| *other <= name),
                "{name} before others: {log:?}"
            );
        }
    }
    assert!(alive.is_empty(), "{alive:?} are left: {log:?}");
}

/// How a supervisor of a random line ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ended {
    Completed,
    Cancelled,
    NotStarted,
    GaveUp,
}

/// A supervisor of a random line, and what its intensity is.
fn line(
    rt: &SimRuntime,
    log: &Log,
    restarts: &Restarts,
) -> (SupervisorBuilder<SimRuntime, Fault>, u32, Duration) {
    let (most, window) = (below(rt, 5), (1 + below(rt, 30)) * MOMENT);
    let backoffs = [Backoff::fixed(Duration::ZERO), Backoff::exponential(MOMENT)];
    let mut builder = Supervisor::builder(rt)
        .strategy(pick(rt, &STRATEGIES))
        .restarts(most, window)
        .backoff(pick(rt, &backoffs));
    let count = 1 + usize::try_from(below(rt, 5)).expect("few");
    for name in &NAMES[..count] {
        builder = builder.child(random(rt, log, name));
    }
    let (told, clock) = (Arc::clone(restarts), rt.clone());
    let builder = builder.on_end(move |end| match end.next {
        AfterEnd::Restart(_) if !end.stopped => told.lock().0.push(clock.now()),
        AfterEnd::Fail => assert!(told.lock().1.replace(clock.now()).is_none()),
        _ => {}
    });
    (builder, most, window)
}

/// Runs a random line until it ends or is cancelled, and perhaps killed.
async fn run_one(rt: SimRuntime) -> Ended {
    let (log, token, restarts) = (Log::default(), CancelToken::new(), Restarts::default());
    let (builder, most, window) = line(&rt, &log, &restarts);
    let supervisor = builder.token(&token).build().expect("it is sound");
    let stop = async {
        rt.sleep(below(&rt, 60) * MOMENT).await;
        token.cancel();
        if below(&rt, 4) == 0 {
            token.kill(CancelKind::Requested);
        }
    };
    let ended = match gather((supervisor.run(), stop)).await.0 {
        Ok(SupervisorEnd::Completed) => Ended::Completed,
        Ok(_) => Ended::Cancelled,
        Err(SupervisorError::StartFailed { .. }) => Ended::NotStarted,
        Err(_) => Ended::GaveUp,
    };
    let failed = restarts.lock().1;
    let fails = matches!(ended, Ended::NotStarted | Ended::GaveUp);
    assert_eq!(failed.is_some(), fails, "the hook is told of it");
    restarts.lock().1 = failed.filter(|_| ended == Ended::GaveUp);
    check_intensity(&restarts, most, window);
    check_log(&log, token.is_killed());
    ended
}

#[test]
fn what_must_hold_holds_of_random_lines() {
    let tally = Arc::new(Mutex::new(Vec::new()));
    in_schedules(1024, |rt| {
        let tally = Arc::clone(&tally);
        async move {
            let ended = run_one(rt).await;
            tally.lock().push(ended);
        }
    });
    let tally = tally.lock();
    let kinds = [
        Ended::Completed,
        Ended::Cancelled,
        Ended::NotStarted,
        Ended::GaveUp,
    ];
    for (kind, least) in kinds.into_iter().zip([10, 100, 10, 100]) {
        let count = tally.iter().filter(|ended| **ended == kind).count();
        assert!(count >= least, "{kind:?}: {count}");
    }
}

#[test]
fn each_failure_is_one_restart_of_a_child_alone() {
    in_schedules(256, |rt| async move {
        let (log, token, restarts) = (Log::default(), CancelToken::new(), Restarts::default());
        let mut builder = super::eager(&rt).token(&token);
        let failures = Arc::new(Mutex::new(0_usize));
        for name in NAMES {
            let (rt, log, failures) = (rt.clone(), log.clone(), Arc::clone(&failures));
            builder = builder.child(ChildSpec::new(name, move |ctx| {
                let (rt, log, failures) = (rt.clone(), log.clone(), Arc::clone(&failures));
                async move {
                    let _noted = log.enter(name);
                    ctx.ready();
                    if ctx.restarts() == 5 {
                        ctx.token().cancelled().await;
                        return Ok(());
                    }
                    rt.sleep(below(&rt, 4) * MOMENT).await;
                    *failures.lock() += 1;
                    pick(&rt, &[End::Ok, End::Err, End::Panic]).happen()
                }
            }));
        }
        let told = Arc::clone(&restarts);
        let builder = builder.on_end(move |end| {
            if !end.stopped {
                told.lock().0.push(Instant::ORIGIN);
            }
        });
        let stop = async {
            rt.sleep(100 * MOMENT).await;
            token.cancel();
        };
        let supervisor = builder.build().expect("it is sound");
        assert!(gather((supervisor.run(), stop)).await.0.is_ok());
        assert_eq!((*failures.lock(), restarts.lock().0.len()), (25, 25));
        let starts = log.text().matches('+').count();
        assert_eq!(starts, 30);
        check_log(&log, false);
    });
}
