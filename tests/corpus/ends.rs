//! What comes between the steps of a shutdown.

use std::collections::VecDeque;

use trunnion_core::{TaskHandle, YieldNow};
use trunnion_patterns::race;
use trunnion_sim::FailureKind::{Deadlock, Leak, Panic};
use trunnion_sim::SimRuntime;

use crate::parts::{Line, Shared, calls, join, start};
use crate::program::{Program, program};

pub(crate) const PROGRAMS: &[Program] = &[
    program!(spawned_after_the_close, 2, Leak),
    program!(sent_after_the_drain, 2, Panic),
    program!(sender_forgotten_by_close, 1, Deadlock),
    program!(asked_after_the_last_look, 1, Deadlock),
];

/// Looks whether it is closed, and starts a worker that the close does not know.
async fn spawned_after_the_close(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Line::bell());
    let acceptor = start(&rt, &state, move |rt, state| async move {
        if state.0.get() {
            return;
        }
        rt.yield_now().await;
        let worker = start(&rt, &state, move |_, (closed, stop)| async move {
            if bug || !closed.get() {
                stop.turn().await;
            }
        });
        worker.detach();
    });
    let closer = start(&rt, &state, |rt, (closed, stop)| async move {
        calls(&rt, 2).await;
        closed.put(true);
        stop.ring();
    });
    join([acceptor, closer]).await;
}

/// Empties the queue, waits, and closes it.
async fn sent_after_the_drain(rt: SimRuntime, bug: bool) {
    let state = (
        Shared::new(VecDeque::new()),
        Shared::new(false),
        Shared::new(0),
    );
    let sender = start(&rt, &state, |rt, (queue, closed, accepted)| async move {
        calls(&rt, 1).await;
        if !closed.get() {
            queue.change(|queue| queue.push_back(1));
            accepted.with(|accepted| *accepted += 1);
        }
    });
    let (queue, closed, accepted) = &state;
    if !bug {
        closed.put(true);
    }
    let received = queue.with(core::mem::take).len();
    rt.yield_now().await;
    closed.put(true);
    join([sender]).await;
    assert_eq!(received, accepted.get(), "an accepted message was lost");
}

/// The close wakes who receives, and not who waits for room.
async fn sender_forgotten_by_close(rt: SimRuntime, bug: bool) {
    let state = (Shared::new((0, false)), Line::bell(), Line::bell());
    let sender = start(&rt, &state, |rt, (queue, items, room)| async move {
        for _ in 0..2 {
            while queue.with(|(len, closed)| *len == 1 && !*closed) {
                room.turn().await;
            }
            queue.with(|(len, _)| *len += 1);
            items.give();
            calls(&rt, 1).await;
        }
    });
    let closer = start(&rt, &state, move |_, (queue, items, room)| async move {
        queue.with(|(_, closed)| *closed = true);
        items.ring();
        if !bug {
            room.ring();
        }
    });
    join([sender, closer]).await;
}

/// A request that comes when the server has looked for the last time is never answered.
async fn asked_after_the_last_look(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(None), Shared::new(false), Shared::new(false));
    let server = start(
        &rt,
        &state,
        move |_, (request, answered, gone)| async move {
            if request.with(Option::take) == Some(7) {
                answered.put(true);
            }
            gone.change(|gone| *gone = !bug);
        },
    );
    let client = start(&rt, &state, |_, (request, answered, gone)| async move {
        request.put(Some(7));
        race((answered.set(), gone.set())).await;
    });
    join([server, client]).await;
}
