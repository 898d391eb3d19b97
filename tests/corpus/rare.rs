//! Bugs that need one task to stand still while another goes a long way: random schedules hardly meet them.

use core::time::Duration;

use trunnion_core::{Instant, TaskHandle, Timer};
use trunnion_sim::FailureKind::{Deadlock, Leak, Panic};
use trunnion_sim::SimRuntime;

use crate::parts::{Line, Server, Shared, calls, join, start};
use crate::program::{Program, program};

pub(crate) const PROGRAMS: &[Program] = &[
    program!(node_comes_back, 2, Panic).rare(),
    program!(generation_wraps, 2, Panic).rare(),
    program!(all_rings_before_the_wait, 2, Deadlock).rare(),
    program!(ring_overrun, 2, Panic).rare(),
    program!(reaped_while_taken, 3, Panic).rare(),
    program!(snapshot_over_a_truncation, 1, Panic).rare(),
    program!(freed_two_epochs_later, 2, Panic).rare(),
    program!(worker_that_registers_late, 2, Leak).rare(),
    program!(aborted_in_the_last_step, 2, Panic).rare(),
    program!(two_leaders, 3, Panic).rare(),
    program!(lease_that_expires, 2, Panic).rare(),
    program!(beats_late_in_a_row, 1, Panic).rare(),
];

/// The head of a stack and a count of its changes; node 0 lies on 1.
type Head = (Option<usize>, u32);

/// ABA: the head is what it was, and what lies below it is not.
async fn node_comes_back(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let head: Shared<Head> = Shared::new((Some(0), 0));
    let state = (server.clone(), head, Shared::new(false));
    let popper = start(&rt, &state, move |_, (server, head, taken)| async move {
        let (seen, changes) = head.get();
        let below = seen.filter(|_| !taken.get()).map(|node| node + 1);
        server.ask(1).await;
        let swapped = head.with(|head| {
            let same = head.0 == seen && (bug || head.1 == changes);
            if same {
                *head = (below, changes + 1);
            }
            same
        });
        let pushed_on_taken = swapped && below == Some(1) && taken.get();
        assert!(!pushed_on_taken, "the head is a node that is taken");
    });
    let other = start(&rt, &state, |_, (server, head, taken)| async move {
        let set = |to| head.with(|head| *head = (to, head.1 + 1));
        if head.get().0 != Some(0) {
            return;
        }
        set(Some(1));
        server.ask(2).await;
        set(None);
        taken.put(true);
        server.ask(2).await;
        set(Some(0));
    });
    join([popper, other]).await;
    server.end(serving).await;
}

/// A generation of two bits is the same after four reuses.
async fn generation_wraps(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let state = (server.clone(), Shared::new(0_u32));
    let holder = start(&rt, &state, move |_, (server, uses)| async move {
        let seen = uses.get();
        server.ask(1).await;
        let now = uses.get();
        let looks_same = if bug {
            now % 4 == seen % 4
        } else {
            now == seen
        };
        assert!(!looks_same || now == seen, "a slot of somebody else");
    });
    let reuser = start(&rt, &state, |_, (server, uses)| async move {
        for round in 0..4 {
            uses.with(|uses| *uses += 1);
            server.ask(1 + round / 2).await;
        }
    });
    join([holder, reuser]).await;
    server.end(serving).await;
}

/// A wake that is missed is followed by others, unless all have come before the wait.
async fn all_rings_before_the_wait(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let state = (server.clone(), Shared::new(0), Line::bell());
    let consumer = start(&rt, &state, move |_, (server, items, bell)| async move {
        if items.get() == 0 {
            server.ask(1).await;
            if bug || items.get() == 0 {
                bell.turn().await;
            }
        }
    });
    let producer = start(&rt, &state, |_, (server, items, bell)| async move {
        for _ in 0..5 {
            items.with(|items| *items += 1);
            bell.ring();
            server.ask(1).await;
        }
    });
    join([consumer, producer]).await;
    server.end(serving).await;
}

/// A reader of a ring, and a writer that goes round once before it has read.
async fn ring_overrun(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let state = (server.clone(), Shared::new(([0_u32; 4], 0)));
    let reader = start(&rt, &state, move |_, (server, ring)| async move {
        let first = ring.with(|(_, written)| *written);
        server.ask(1).await;
        let read = ring.with(|(slots, written)| {
            let overrun = *written > first + 4;
            (bug || !overrun).then(|| (slots[first % 4], *written))
        });
        if let Some((item, written)) = read {
            let there = written > first;
            assert!(!there || item as usize == first + 1, "another item");
        }
    });
    let writer = start(&rt, &state, |_, (server, ring)| async move {
        for item in 1..=5 {
            ring.with(|(slots, written)| {
                slots[*written % 4] = item;
                *written += 1;
            });
            server.ask(1).await;
        }
    });
    join([reader, writer]).await;
    server.end(serving).await;
}

/// An idle connection is closed while somebody has just finished to take it.
async fn reaped_while_taken(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(0), Shared::new(false));
    let reaper = start(&rt, &state, move |rt, (users, closed)| async move {
        let idle = users.get() == 0;
        calls(&rt, 1).await;
        if idle && (bug || users.get() == 0) {
            closed.put(true);
        }
    });
    let client = start(&rt, &state, |rt, (users, closed)| async move {
        calls(&rt, 6).await;
        if !closed.get() {
            users.with(|users| *users += 1);
            calls(&rt, 1).await;
            assert!(!closed.get(), "closed while it was used");
        }
    });
    join([reaper, client]).await;
}

/// What is kept goes back to a snapshot that is older or, in one order of the tasks that random schedules hardly meet, empty.
async fn snapshot_over_a_truncation(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let state = (
        server.clone(),
        Shared::new(Vec::new()),
        Shared::new(0_usize),
    );
    let compactor = start(&rt, &state, move |_, (server, log, kept)| async move {
        let snapshot = log.with(|log: &mut Vec<usize>| log.len());
        server.ask(1).await;
        kept.with(|kept| *kept = if bug { snapshot } else { snapshot.max(*kept) });
    });
    let writer = start(&rt, &state, |_, (server, log, _)| async move {
        for item in 0..3 {
            log.with(|log| log.push(item));
            server.ask(2 - item).await;
        }
    });
    let truncater = start(&rt, &state, |_, (_, log, kept)| async move {
        if log.with(|log| log.len() == 3) {
            kept.put(3);
            log.with(Vec::clear);
        }
    });
    join([compactor, writer, truncater]).await;
    server.end(serving).await;
    let (log, kept) = (state.1.with(|log| log.len()), state.2.get());
    assert!(log + kept >= 3 || log == 3, "items are in no place");
}

/// A reader that pins late: the epoch has moved on twice by then.
async fn freed_two_epochs_later(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let state = (Shared::new(0), Shared::new(None), Shared::new(false));
    let state = (server.clone(), state);
    let reader = start(
        &rt,
        &state,
        move |_, (server, (epoch, pinned, freed))| async move {
            let seen = epoch.get();
            if !bug {
                pinned.put(Some(seen));
            }
            if freed.get() {
                return;
            }
            server.ask(1).await;
            pinned.put(Some(seen));
            let gone = seen == 0 && freed.get();
            assert!(!gone, "it was freed");
        },
    );
    let collector = start(
        &rt,
        &state,
        |_, (server, (epoch, pinned, freed))| async move {
            for _ in 0..2 {
                server.ask(3).await;
                let now = epoch.get();
                if pinned.get().is_none_or(|pin| pin == now) {
                    epoch.put(now + 1);
                }
            }
            if epoch.get() == 2 {
                freed.put(true);
            }
        },
    );
    join([reader, collector]).await;
    server.end(serving).await;
}

/// The stop is told four times, and a worker registers after the last.
async fn worker_that_registers_late(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let state = (server.clone(), Shared::new(false), Line::bell());
    let worker = start(&rt, &state, move |_, (server, stopping, bell)| async move {
        if !stopping.get() {
            server.ask(1).await;
            if bug || !stopping.get() {
                bell.turn().await;
            }
        }
    });
    worker.detach();
    let stopper = start(&rt, &state, |_, (server, stopping, bell)| async move {
        stopping.put(true);
        for _ in 0..4 {
            bell.ring();
            server.ask(1).await;
        }
        bell.ring();
    });
    join([stopper]).await;
    server.end(serving).await;
}

/// An abort that comes late enough, and not too late.
async fn aborted_in_the_last_step(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(1), Shared::new(0));
    let worker = start(&rt, &state, move |rt, (queue, stored)| async move {
        calls(&rt, 5).await;
        if bug {
            queue.put(0);
        }
        calls(&rt, 1).await;
        queue.put(0);
        stored.put(1);
    });
    calls(&rt, 1).await;
    worker.abort();
    join([worker]).await;
    assert_eq!(state.0.get() + state.1.get(), 1, "the message is lost");
}

/// A candidate that saw no leader, and becomes the second after another term.
async fn two_leaders(rt: SimRuntime, bug: bool) {
    let (server, serving) = Server::start(&rt);
    let state = (server.clone(), Shared::new(None), Shared::new(0));
    let slow = start(&rt, &state, move |_, (server, leader, term)| async move {
        let (none, seen) = (leader.get().is_none(), term.get());
        server.ask(1).await;
        if none && (bug || term.get() == seen) {
            assert!(leader.get() != Some(3), "two leaders");
            leader.put(Some(1));
        }
    });
    let first = start(&rt, &state, |_, (server, leader, term)| async move {
        if leader.get().is_some() {
            return;
        }
        leader.put(Some(2));
        term.with(|term| *term += 1);
        server.ask(2).await;
        leader.put(None);
    });
    let second = start(&rt, &state, |_, (_, leader, term)| async move {
        if leader.get().is_none() && term.get() == 1 {
            leader.put(Some(3));
            term.with(|term| *term += 1);
        }
    });
    join([slow, first, second]).await;
    server.end(serving).await;
}

/// A lease that ends at the instant at which its holder looks for the last time; who writes later is not the holder.
async fn lease_that_expires(rt: SimRuntime, bug: bool) {
    const LEASE: Duration = Duration::from_millis(10);
    let state = (Shared::new(1_u32), Shared::new(0_u32));
    let holder = start(&rt, &state, move |rt, (fence, written)| async move {
        rt.sleep(LEASE).await;
        let held = fence.get() == 1;
        calls(&rt, 1).await;
        if held && (bug || fence.get() == 1) {
            assert!(written.get() <= 1, "wrote over the next holder");
            written.put(1);
        }
    });
    let next = start(&rt, &state, |rt, (fence, written)| async move {
        rt.sleep(LEASE).await;
        calls(&rt, 6).await;
        fence.put(2);
        written.put(2);
    });
    join([holder, next]).await;
}

/// Seven beats, each in time, and a watch that comes first at each of the seven instants. Where priorities decide, one order decides them all.
async fn beats_late_in_a_row(rt: SimRuntime, bug: bool) {
    const MS: Duration = Duration::from_millis(1);
    let state = (Shared::new(0), Shared::new(0));
    let beating = start(&rt, &state, |rt, (beats, _)| async move {
        for beat in 1..=7 {
            rt.sleep_until(Instant::ORIGIN + 10 * beat * MS).await;
            beats.put(beat);
        }
    });
    let watching = start(&rt, &state, move |rt, (beats, missed)| async move {
        let patience = if bug { 0 } else { 5 };
        for beat in 1..=7 {
            let at = Instant::ORIGIN + (10 * beat + patience) * MS;
            rt.sleep_until(at).await;
            let late = beats.get() < beat;
            missed.with(|missed| *missed = if late { *missed + 1 } else { 0 });
        }
    });
    join([beating, watching]).await;
    assert!(state.1.get() < 7, "given up though each beat came in time");
}
