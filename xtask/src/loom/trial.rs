//! One model with one seeded bug, in a process of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// No model needs as long, with or without a bug.
const LIMIT: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(2);

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) mutant: &'a str,
    pub(super) model: &'a str,
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Killed,
    Survived,
    /// Neither passed nor failed within the limit.
    TimedOut,
}

/// Runs all trials, as many at a time as the machine has cores; verdicts stand in the order of the trials.
pub(super) fn all(program: &Path, trials: &[Trial<'_>]) -> Result<Vec<Verdict>> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(vec![None; trials.len()]);
    let work = || -> Result<()> {
        while let Some((index, trial)) = claim(&next, trials) {
            let verdict = one(program, trial)?;
            verdicts.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(verdict);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .map(|end| end.unwrap_or_else(|_| Err(Error::new("a trial panicked"))))
            .collect::<Result<Vec<_>>>()
    })?;
    let verdicts = verdicts
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(verdicts.into_iter().flatten().collect())
}

fn claim<'a, 'b>(next: &AtomicUsize, trials: &'b [Trial<'a>]) -> Option<(usize, &'b Trial<'a>)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, trials.get(index)?))
}

fn one(program: &Path, trial: &Trial<'_>) -> Result<Verdict> {
    let refused = |error| Error::new(format!("cannot run {}: {error}", program.display()));
    let mut command = Command::new(program);
    command
        .args(["--exact", trial.model])
        .env("TRUNNION_MUTANT", trial.mutant);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    watch(command.spawn().map_err(refused)?, LIMIT).map_err(refused)
}

fn watch(mut child: Child, limit: Duration) -> std::io::Result<Verdict> {
    let start = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(Verdict::Survived),
            Some(_) => return Ok(Verdict::Killed),
            None if start.elapsed() > limit => {
                child.kill()?;
                child.wait()?;
                return Ok(Verdict::TimedOut);
            }
            None => thread::sleep(GLANCE),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn verdict(script: &str, limit: Duration) -> Verdict {
        let child = Command::new("sh").args(["-c", script]).spawn();
        watch(child.expect("there is a shell"), limit).expect("it ends")
    }

    #[test]
    fn a_model_that_fails_has_killed() {
        assert_eq!(verdict("exit 101", LIMIT), Verdict::Killed);
        assert_eq!(verdict("kill -ABRT $$", LIMIT), Verdict::Killed);
        assert_eq!(verdict("exit 0", LIMIT), Verdict::Survived);
    }

    #[test]
    fn a_hang_is_stopped_and_is_no_kill() {
        assert_eq!(
            verdict("exec sleep 100", Duration::from_millis(50)),
            Verdict::TimedOut
        );
    }

    #[test]
    fn every_trial_has_a_verdict() {
        let program = Path::new("/bin/sh");
        let trials = ["a", "b", "c"].map(|model| Trial {
            mutant: "none",
            model,
        });
        // A shell knows no option `--exact`.
        let verdicts = all(program, &trials).expect("there is a shell");
        assert_eq!(verdicts, [Verdict::Killed; 3]);
    }
}
