//! Dropping what reads and writes at every point.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;

use trunnion_core::Spawn;
use trunnion_sim::{SimStream, cancel_sweep, cancel_sweep_in};

use crate::{all, rough, seeded, text};

/// A stream that outlives the future which uses it.
type Kept = Rc<RefCell<SimStream>>;

async fn read_kept(stream: &Kept, buf: &mut [u8]) -> usize {
    let read = poll_fn(|cx| stream.borrow_mut().poll_read(cx, buf));
    read.await.unwrap()
}

async fn write_kept(stream: &Kept, buf: &[u8]) -> usize {
    let written = poll_fn(|cx| stream.borrow_mut().poll_write(cx, buf));
    written.await.unwrap()
}

#[test]
fn no_byte_is_lost_or_doubled_where_a_read_is_dropped() {
    let mut polls = 0;
    for seed in 0..32 {
        let sweep = cancel_sweep_in(
            || seeded(seed),
            |rt| {
                let (mut a, b) = rough(&rt).connect();
                rt.spawn_detached(async move { a.write_all(&text(20, 1)).await.unwrap() });
                let (heard, stream) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(b)));
                let state = (Rc::clone(&heard), Rc::clone(&stream));
                let reads = async move {
                    let mut buf = [0; 4];
                    for _ in 0..5 {
                        let n = read_kept(&stream, &mut buf).await;
                        heard.borrow_mut().extend_from_slice(&buf[..n]);
                    }
                };
                (state, reads)
            },
            |_, (heard, stream)| async move {
                let mut heard = heard.take();
                let mut buf = [0; 4];
                loop {
                    match read_kept(&stream, &mut buf).await {
                        0 => break,
                        n => heard.extend_from_slice(&buf[..n]),
                    }
                }
                assert_eq!(heard, text(20, 1));
            },
        );
        polls += sweep.polls;
    }
    assert!(polls > 64, "reads wait: {polls}");
}

#[test]
fn what_a_dropped_write_had_said_arrives_and_no_more() {
    for seed in 0..32 {
        let sweep = cancel_sweep_in(
            || seeded(seed),
            |rt| {
                let (a, mut b) = rough(&rt).connect();
                let reader = rt.spawn(async move { all(&mut b).await });
                let (said, stream) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(a)));
                let state = (Rc::clone(&said), Rc::clone(&stream), reader);
                let writes = async move {
                    while said.get() < 30 {
                        let rest = &text(30, 1)[said.get()..];
                        said.set(said.get() + write_kept(&stream, rest).await);
                    }
                };
                (state, writes)
            },
            |_, (said, stream, reader)| async move {
                stream.borrow_mut().close();
                assert_eq!(reader.await.unwrap(), text(30, 1)[..said.get()]);
            },
        );
        assert!(sweep.polls > 2, "writes wait: {sweep:?}");
    }
}

#[test]
fn every_future_may_be_dropped_at_every_point_and_the_other_end_comes_to_its_end() {
    cancel_sweep(
        |rt| {
            let (mut a, mut b) = rough(&rt).connect();
            let other = rt.spawn(async move {
                let mut heard = Vec::new();
                b.read_to_end(&mut heard).await.unwrap();
                // The other end may be gone.
                _ = b.write_all(&heard).await;
                heard
            });
            let work = async move {
                a.write_all(&text(20, 1)).await.unwrap();
                a.close();
                assert_eq!(all(&mut a).await, text(20, 1));
            };
            (other, work)
        },
        |_, other| async move { assert!(text(20, 1).starts_with(&other.await.unwrap())) },
    );
}
