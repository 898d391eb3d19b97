//! The state machines of `trunnion-smol`, compiled from its own files: they use nothing but core.

#[path = "../../crates/trunnion-smol/src/jobs.rs"]
#[expect(dead_code, reason = "the adapter uses all of it")]
mod jobs;
#[path = "../../crates/trunnion-smol/src/registry.rs"]
mod registry;
#[path = "../../crates/trunnion-smol/src/signal.rs"]
mod signal;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;

use self::jobs::Jobs;
use self::registry::Registry;
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Callback, Count, Signal, assert_released, poll};

/// Who waits with two wakers while the signal is set sees what came before it, or is woken by the last one; and a woken one
/// may call back.
#[test]
fn a_wait_races_the_signal() {
    model("smol::a_wait_races_the_signal", || {
        let signal = Arc::new(signal::Signal::new(2));
        let (old, new, payload) = (Signal::new(), Signal::new(), Payload::new());
        {
            let again = Arc::clone(&signal);
            let waker = Waker::from(Arc::new(Callback(move || again.set())));
            let wait = pin!(signal.wait(1));
            assert!(wait.poll(&mut Context::from_waker(&waker)).is_pending());
        }

        let setter = {
            let (signal, payload) = (Arc::clone(&signal), payload.clone());
            thread::spawn(move || {
                payload.write();
                signal.set();
            })
        };
        let mut wait = Box::pin(signal.wait(0));
        let mut polled = poll(&mut wait, &old);
        if polled.is_pending() {
            polled = poll(&mut wait, &new);
        }
        if polled.is_ready() {
            payload.read();
        }
        setter.join().unwrap();

        assert_eq!(
            new.wakes(),
            usize::from(polled.is_pending()),
            "the last waker, if any"
        );
        assert!(poll(&mut wait, &new).is_ready());
        drop(wait);
        assert_released(&old);
        assert_released(&new);
    });
}

/// Closing while a job is queued and run: it ends once, never runs after the close was idle, and the idle waiter is woken.
#[test]
fn a_job_races_the_close() {
    model("smol::a_job_races_the_close", || {
        let jobs = Arc::new(Jobs::new());
        let books = Arc::new(Books::default());

        let pool = {
            let (jobs, books) = (Arc::clone(&jobs), Arc::clone(&books));
            thread::spawn(move || {
                let job = Job(books);
                drop(jobs.push(Box::new(move || job.run())));
                jobs.run_next();
            })
        };
        jobs.close();
        let idle = Signal::new();
        let mut polled = poll_idle(&jobs, &idle);
        if polled.is_ready() {
            books.idle.add();
        }
        pool.join().unwrap();

        if polled.is_pending() {
            assert_eq!(idle.wakes(), 1, "nobody says that the last job has ended");
            polled = poll_idle(&jobs, &idle);
        }
        assert!(polled.is_ready());
        assert_eq!(
            books.late.now(),
            0,
            "a job ran when all were said to have ended"
        );
        assert_eq!(books.dropped.now(), 1);
        assert_released(&idle);
    });
}

#[derive(Default)]
struct Books {
    idle: Count,
    late: Count,
    dropped: Count,
}

struct Job(Arc<Books>);

impl Job {
    /// Looks twice, with a place in between where others may run.
    fn run(&self) {
        for _ in 0..2 {
            if self.0.idle.now() > 0 {
                self.0.late.add();
            }
            thread::yield_now();
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.0.dropped.add();
    }
}

fn poll_idle(jobs: &Jobs, idle: &Arc<Signal>) -> Poll<()> {
    let waker = Waker::from(Arc::clone(idle));
    jobs.poll_idle(&mut Context::from_waker(&waker))
}

/// Closing wakes each task that waits once, and a woken task may give its place back at once.
#[test]
fn a_leaving_task_races_the_registrys_close() {
    model("smol::a_leaving_task_races_the_registrys_close", || {
        let registry = Arc::new(Registry::new());
        let (leaving, woken) = (Signal::new(), Arc::new(Count::default()));
        let place = registry.insert(Waker::from(Arc::clone(&leaving)));
        let (books, again) = (Arc::clone(&woken), Arc::clone(&registry));
        let staying = Callback(move || {
            assert!(again.is_closing());
            again.remove(place + 1);
            books.add();
        });
        assert_eq!(registry.insert(Waker::from(Arc::new(staying))), place + 1);

        let leaver = {
            let registry = Arc::clone(&registry);
            thread::spawn(move || registry.remove(place))
        };
        registry.close();
        leaver.join().unwrap();

        assert!(leaving.wakes() <= 1);
        assert_eq!(woken.now(), 1);
        assert_released(&leaving);
    });
}
