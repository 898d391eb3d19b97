//! The future set: wakes from other threads while the set polls, changes its parent, or is dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use trunnion_core::set::FutureSet;
use trunnion_core::sync::atomic::{AtomicBool, Ordering};
use trunnion_core::sync::thread;

use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Callback, Count, Mark, Signal, assert_released};

/// A child that is ready once all its flags are set, and reads the payload then.
///
/// The flags order nothing: that they are seen in the poll that follows a wake is for the set to see to.
struct Child(Arc<Inner>);

struct Inner {
    flags: Vec<AtomicBool>,
    payload: Mutex<Option<Payload>>,
    waker: Mutex<Option<Waker>>,
    polls: Count,
    drops: Count,
}

impl Child {
    fn new(flags: usize) -> (Self, Arc<Inner>) {
        let inner = Arc::new(Inner {
            flags: (0..flags).map(|_| AtomicBool::new(false)).collect(),
            payload: Mutex::new(None),
            waker: Mutex::new(None),
            polls: Count::default(),
            drops: Count::default(),
        });
        (Self(Arc::clone(&inner)), inner)
    }
}

impl Inner {
    fn waker(&self) -> Waker {
        self.waker.lock().unwrap().clone().unwrap()
    }

    fn set(&self, flag: usize) {
        self.flags[flag].store(true, Ordering::Relaxed);
    }
}

impl Future for Child {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.polls.add();
        if self.0.flags.iter().all(|flag| flag.load(Ordering::Relaxed)) {
            if let Some(payload) = &*self.0.payload.lock().unwrap() {
                payload.read();
            }
            return Poll::Ready(());
        }
        *self.0.waker.lock().unwrap() = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.0.drops.add();
        // The waker points back at the set's memory, which must not keep itself alive.
        self.0.waker.lock().unwrap().take();
    }
}

fn poll(set: &mut FutureSet<Child>, signal: &Arc<Signal>) -> Poll<Option<(usize, ())>> {
    let waker = Waker::from(Arc::clone(signal));
    set.poll_next(&mut Context::from_waker(&waker))
}

/// Polls until the set is asleep or done; true if it is done.
fn run(set: &mut FutureSet<Child>, signal: &Arc<Signal>) -> bool {
    loop {
        match poll(set, signal) {
            Poll::Ready(None) => return true,
            Poll::Ready(Some(_)) => {}
            Poll::Pending => return false,
        }
    }
}

/// A set with these children, each polled once.
fn asleep<const N: usize>(children: [Child; N], signal: &Arc<Signal>) -> FutureSet<Child> {
    let mut set = FutureSet::with_capacity(N);
    set.extend(children);
    assert!(!run(&mut set, signal));
    set
}

/// The parent looks while a child is woken: it finds it and all that its waker wrote, or is woken (R3, R4).
#[test]
fn a_wake_races_the_poll() {
    model("set::a_wake_races_the_poll", || {
        let (child, inner) = Child::new(1);
        let (signal, payload) = (Signal::new(), Payload::new());
        *inner.payload.lock().unwrap() = Some(payload.clone());
        let mut set = asleep([child], &signal);

        let waker = inner.waker();
        let other = {
            let inner = Arc::clone(&inner);
            thread::spawn(move || {
                payload.write();
                inner.set(0);
                waker.wake();
            })
        };
        let mut done = run(&mut set, &signal);
        if !done && signal.take() {
            done = run(&mut set, &signal);
        }
        other.join().unwrap();
        assert!(done || signal.take(), "the wake is lost");
        assert!(done || run(&mut set, &signal), "the child is lost");
        assert_eq!(inner.polls.now(), 2, "polled without a wake");
        assert!(signal.wakes() <= 1, "woken by both sides");
        drop(set);
        assert_released(&signal);
    });
}

/// Two wakers of one child: one push stands for both, and the poll that follows sees what both wrote (R1).
#[test]
fn two_wakers_of_one_child() {
    model("set::two_wakers_of_one_child", || {
        let (child, inner) = Child::new(2);
        let signal = Signal::new();
        let mut set = asleep([child], &signal);

        let wake = |flag| {
            let (inner, waker) = (Arc::clone(&inner), inner.waker());
            move || {
                inner.set(flag);
                waker.wake();
            }
        };
        let (one, two) = (thread::spawn(wake(0)), thread::spawn(wake(1)));
        let mut done = run(&mut set, &signal);
        if !done && signal.take() {
            done = run(&mut set, &signal);
        }
        one.join().unwrap();
        two.join().unwrap();
        assert!(done || signal.take(), "a wake is lost");
        assert!(done || run(&mut set, &signal), "the child is lost");
        assert!(inner.polls.now() <= 3, "polled more often than woken");
        drop(set);
        assert_released(&signal);
    });
}

/// Two children are woken by two threads while the parent looks: neither is lost, and the one that was woken first is polled
/// first (R2).
#[test]
fn two_children_are_woken_at_once() {
    model("set::two_children_are_woken_at_once", || {
        let (one, one_inner) = Child::new(1);
        let (two, two_inner) = Child::new(1);
        let (signal, woken) = (Signal::new(), Arc::new(Count::default()));
        let mut set = asleep([one, two], &signal);

        let waker = two_inner.waker();
        let other = {
            let (inner, woken) = (Arc::clone(&two_inner), Arc::clone(&woken));
            thread::spawn(move || {
                let second = woken.now() > 0;
                inner.set(0);
                waker.wake();
                second
            })
        };
        one_inner.set(0);
        one_inner.waker().wake();
        woken.add();
        let mut order = ended(&mut set, &signal);
        let second = other.join().unwrap();
        while !set.is_empty() {
            assert!(signal.take(), "a wake is lost");
            order.extend(ended(&mut set, &signal));
        }
        assert!(!second || order == [0, 1], "polled in the wrong order");
        assert_eq!((one_inner.polls.now(), two_inner.polls.now()), (2, 2));
        drop(set);
        assert_released(&signal);
    });
}

/// Polls until the set is asleep or done; gives those that ended, in their order.
fn ended(set: &mut FutureSet<Child>, signal: &Arc<Signal>) -> Vec<usize> {
    let mut order = Vec::new();
    while let Poll::Ready(Some((number, ()))) = poll(set, signal) {
        order.push(number);
    }
    order
}

/// The set gets another parent while a child is woken: if the poll was pending, the new one is woken (R4).
#[test]
fn a_new_parent_races_a_wake() {
    model("set::a_new_parent_races_a_wake", || {
        let (child, inner) = Child::new(1);
        let (old, new) = (Signal::new(), Signal::new());
        let mut set = asleep([child], &old);

        let waker = inner.waker();
        let other = {
            let inner = Arc::clone(&inner);
            thread::spawn(move || {
                inner.set(0);
                waker.wake();
            })
        };
        let done = run(&mut set, &new);
        other.join().unwrap();
        assert!(done || new.take(), "the last parent is not woken");
        assert!(done || run(&mut set, &new), "the child is lost");
        drop(set);
        assert_released(&old);
        assert_released(&new);
    });
}

/// A child is woken while the set is dropped: it is dropped once, and whoever wakes it later wakes nobody.
#[test]
fn a_wake_races_the_sets_drop() {
    model("set::a_wake_races_the_sets_drop", || {
        let (child, inner) = Child::new(1);
        let (signal, gone) = (Signal::new(), Arc::new(Count::default()));
        let set = asleep([child], &signal);

        let waker = inner.waker();
        let other = {
            let (gone, signal) = (Arc::clone(&gone), Arc::clone(&signal));
            thread::spawn(move || {
                let late = gone.now() > 0;
                waker.wake_by_ref();
                assert!(!late || signal.wakes() == 0, "woken after the drop");
                waker.wake();
            })
        };
        drop(set);
        gone.add();
        assert_eq!(inner.drops.now(), 1);
        other.join().unwrap();
        assert!(signal.wakes() <= 1, "woken twice");
        assert_released(&signal);
    });
}

/// The parent's waker drops the set, as an executor may: no lock is held while it runs.
#[test]
fn a_parent_that_drops_the_set_races_another() {
    model("set::a_parent_that_drops_the_set_races_another", || {
        let (child, inner) = Child::new(1);
        let holder = Arc::new(Mutex::new(Some(FutureSet::with_capacity(1))));
        let waker = {
            let holder = Arc::clone(&holder);
            Waker::from(Arc::new(Callback(move || drop(take(&holder)))))
        };
        let mut set = take(&holder).unwrap();
        set.insert(child);
        assert!(
            set.poll_next(&mut Context::from_waker(&waker)).is_pending(),
            "it is not ready"
        );
        *holder.lock().unwrap() = Some(set);

        let child = inner.waker();
        let woken = Mark::new();
        let other = {
            let woken = woken.clone();
            thread::spawn(move || {
                child.wake();
                woken.set();
            })
        };
        // For loom to begin with the other thread: it does not see the lock of the holder.
        let _either = woken.is_set();
        drop(take(&holder));
        other.join().unwrap();
        assert_eq!(inner.drops.now(), 1);
    });
}

/// Takes the set out of the lock, to drop it outside: a lock that loom does not see must not be held over its steps.
fn take(holder: &Mutex<Option<FutureSet<Child>>>) -> Option<FutureSet<Child>> {
    holder.lock().unwrap().take()
}

/// The waker of a child that has ended is woken while another child gets its place: that is in one list only, or what
/// follows it there would be lost (R1).
#[test]
fn a_late_wake_races_a_new_child() {
    model("set::a_late_wake_races_a_new_child", || {
        let ((first, inner), (other, other_inner)) = (Child::new(1), Child::new(1));
        let signal = Signal::new();
        let mut set = asleep([first, other], &signal);
        let late = inner.waker();
        inner.set(0);
        inner.waker().wake();
        assert!(!run(&mut set, &signal) && signal.take());

        let thread = thread::spawn(move || late.wake());
        let (second, inner) = Child::new(1);
        assert_eq!(set.insert(second), 0, "in the same place");
        assert!(!run(&mut set, &signal));
        for child in [&other_inner, &inner] {
            child.set(0);
            // Without a waker it has not been polled yet, and the place is queued.
            let waker = child.waker.lock().unwrap().clone();
            waker.into_iter().for_each(Waker::wake);
        }
        let mut done = run(&mut set, &signal);
        thread.join().unwrap();
        while !done {
            assert!(signal.take(), "a child is lost");
            done = run(&mut set, &signal);
        }
        drop(set);
        assert_released(&signal);
    });
}

/// A child that was polled when it was added is woken while the set goes to sleep: it is found, with all that its waker wrote,
/// or the parent is woken (R1, R4).
#[test]
fn a_started_child_races_its_wake() {
    model("set::a_started_child_races_its_wake", || {
        let (child, inner) = Child::new(1);
        let (signal, payload) = (Signal::new(), Payload::new());
        *inner.payload.lock().unwrap() = Some(payload.clone());
        let mut set = FutureSet::with_capacity(1);
        assert_eq!(set.start(child), Ok(0));

        let waker = inner.waker();
        let other = {
            let inner = Arc::clone(&inner);
            thread::spawn(move || {
                payload.write();
                inner.set(0);
                waker.wake();
            })
        };
        let mut done = run(&mut set, &signal);
        if !done && signal.take() {
            done = run(&mut set, &signal);
        }
        other.join().unwrap();
        assert!(done || signal.take(), "the wake is lost");
        assert!(done || run(&mut set, &signal), "the child is lost");
        assert_eq!(inner.polls.now(), 2, "polled without a wake");
        drop(set);
        assert_released(&signal);
    });
}

/// As `a_late_wake_races_a_new_child`, where the new child is polled when it is added: its place may be queued by then.
#[test]
fn a_late_wake_races_a_started_child() {
    model("set::a_late_wake_races_a_started_child", || {
        let ((first, inner), (other, other_inner)) = (Child::new(1), Child::new(1));
        let signal = Signal::new();
        let mut set = asleep([first, other], &signal);
        let late = inner.waker();
        inner.set(0);
        inner.waker().wake();
        assert!(!run(&mut set, &signal) && signal.take());

        let thread = thread::spawn(move || late.wake());
        let (second, inner) = Child::new(1);
        assert_eq!(set.start(second), Ok(0), "in the same place");
        for child in [&other_inner, &inner] {
            child.set(0);
            child.waker().wake();
        }
        let mut done = run(&mut set, &signal);
        thread.join().unwrap();
        while !done {
            assert!(signal.take(), "a child is lost");
            done = run(&mut set, &signal);
        }
        drop(set);
        assert_released(&signal);
    });
}
