//! When bytes arrive, and how many at a time.

use std::num::NonZeroUsize;
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Entropy, Instant, Spawn, TaskHandle, Timer};
use trunnion_sim::{Cut, Duplex, Sim, SimRuntime, run};

use crate::{SEEDS, all, at, ms, rough, seeded, text};

#[test]
fn bytes_arrive_after_the_latency_and_not_before() {
    run(|rt| async move {
        let (mut a, mut b) = rt.duplex().latency(ms(20)..=ms(20)).connect();
        a.write_all(b"one").await.unwrap();
        assert_eq!(rt.now(), at(0), "writing takes no time");
        rt.sleep(ms(5)).await;
        a.write_all(b"two").await.unwrap();
        let mut buf = [0; 16];
        assert_eq!(b.read(&mut buf).await.unwrap(), 3);
        assert_eq!((rt.now(), &buf[..3]), (at(20), &b"one"[..]));
        assert_eq!(b.read(&mut buf).await.unwrap(), 3);
        assert_eq!((rt.now(), &buf[..3]), (at(25), &b"two"[..]));
    });
}

#[test]
fn a_reader_that_waited_first_is_woken_by_the_arrival() {
    run(|rt| async move {
        let (mut a, mut b) = rt.duplex().latency(ms(20)..=ms(20)).connect();
        let reader = rt.spawn(async move { (b.read(&mut [0; 4]).await.unwrap(), b) });
        rt.sleep(ms(7)).await;
        a.write_all(b"x").await.unwrap();
        let (read, _b) = reader.await.unwrap();
        assert_eq!((read, rt.now()), (1, at(27)));
    });
}

#[test]
fn without_settings_a_read_gives_all_that_was_written() {
    run(|rt| async move {
        let (mut a, mut b) = rt.duplex().connect();
        a.write_all(b"one").await.unwrap();
        a.write_all(b"two").await.unwrap();
        assert_eq!(b.read(&mut []).await.unwrap(), 0, "not the end");
        let mut buf = [0; 16];
        assert_eq!(b.read(&mut buf).await.unwrap(), 6);
        assert_eq!((&buf[..6], rt.now()), (&b"onetwo"[..], at(0)));
    });
}

/// Sends there and back over one connection, in chunks at drawn times, and gives what arrived, and when the last did.
async fn there_and_back(rt: SimRuntime) -> ([Vec<u8>; 2], Instant) {
    let (mut a, mut b) = rough(&rt).connect();
    let other = rt.spawn(async move {
        let heard = all(&mut b).await;
        b.write_all(&text(100, 77)).await.unwrap();
        heard
    });
    for chunk in text(100, 5).chunks(13) {
        rt.sleep(ms(rt.next_u64() % 5)).await;
        a.write_all(chunk).await.unwrap();
    }
    a.close();
    let back = all(&mut a).await;
    ([other.await.unwrap(), back], rt.now())
}

#[test]
fn all_bytes_arrive_once_and_in_order_whatever_the_seed() {
    let mut ends = std::collections::BTreeSet::new();
    for seed in SEEDS {
        let sim = seeded(seed);
        let (heard, end) = sim.block_on(there_and_back(sim.handle()));
        assert_eq!(heard, [text(100, 5), text(100, 77)], "seed {seed}");
        ends.insert(end);
    }
    assert!(ends.len() > 100, "seeds differ: {}", ends.len());
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in SEEDS {
        let traces = [0, 1].map(|_| {
            let sim = seeded(seed);
            sim.block_on(there_and_back(sim.handle()));
            sim.handle().trace().to_string()
        });
        assert_eq!(traces[0], traces[1], "seed {seed}");
    }
}

#[test]
fn reads_give_parts_and_at_least_one_byte() {
    let mut sizes = std::collections::BTreeSet::new();
    for seed in SEEDS {
        let sim = seeded(seed);
        let rt = sim.handle();
        sizes.insert(sim.block_on(async {
            let (mut a, mut b) = rt.duplex().fragments().connect();
            while a.write(&[1; 4]).await.unwrap() < 4 {}
            b.read(&mut [0; 4]).await.unwrap()
        }));
    }
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn a_full_connection_makes_the_writer_wait_for_the_reader() {
    run(|rt| async move {
        let three = NonZeroUsize::new(3).unwrap();
        let (mut a, mut b) = rt.duplex().capacity(three).connect();
        let here = rt.clone();
        let writer = rt.spawn(async move {
            assert_eq!(a.write(b"abcde").await.unwrap(), 3);
            a.write_all(b"de").await.unwrap();
            here.now()
        });
        rt.sleep(ms(10)).await;
        b.read(&mut [0; 3]).await.unwrap();
        assert_eq!(writer.await.unwrap(), at(10));
        assert_eq!(all(&mut b).await, b"de");
    });
}

#[test]
fn an_empty_range_is_refused_when_it_is_given() {
    let rt = Sim::new().handle();
    let panic = |f: &dyn Fn() -> Duplex| {
        let caught = trunnion_core::panic::catch(f).unwrap_err();
        caught.to_string()
    };
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    let (latency, cut) = (
        panic(&|| rt.duplex().latency(ms(2)..=ms(1))),
        panic(&|| rt.duplex().cut_after(2..=1, Cut::Close)),
    );
    assert!(latency.contains("2ms..=1ms"), "{latency}");
    assert!(cut.contains("2..=1"), "{cut}");
}

#[test]
fn a_latency_without_end_keeps_bytes_back_for_ever() {
    run(|rt| async move {
        let (mut a, mut b) = rt.duplex().latency(Duration::MAX..=Duration::MAX).connect();
        a.write_all(b"x").await.unwrap();
        let reader = rt.spawn(async move { b.read(&mut [0]).await });
        rt.sleep(Duration::from_secs(1 << 30)).await;
        assert!(!reader.is_finished());
    });
}
