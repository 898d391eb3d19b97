//! Closes, resets, cuts and drops.

use std::io::ErrorKind;
use std::num::NonZeroUsize;

use trunnion_core::{BlockOn, Clock, Spawn, Timer};
use trunnion_sim::{Cut, run};

use crate::{SEEDS, all, at, ms, rough, seeded, text};

#[test]
fn a_close_comes_behind_the_bytes_and_reads_go_on() {
    run(|rt| async move {
        let (mut a, mut b) = rt.duplex().latency(ms(20)..=ms(20)).connect();
        a.write_all(b"last").await.unwrap();
        a.close();
        let refused = a.write(b"more").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BrokenPipe);
        assert_eq!(all(&mut b).await, b"last");
        assert_eq!(rt.now(), at(20));
        b.write_all(b"answer").await.unwrap();
        assert_eq!(a.read(&mut [0; 6]).await.unwrap(), 6);
    });
}

#[test]
fn a_reset_is_known_here_at_once_and_there_when_it_arrives() {
    run(|rt| async move {
        let (mut a, mut b) = rt.duplex().latency(ms(20)..=ms(20)).connect();
        b.write_all(b"unread").await.unwrap();
        a.write_all(b"early").await.unwrap();
        rt.sleep(ms(20)).await;
        a.write_all(b"lost").await.unwrap();
        a.reset();
        let kind = a.read(&mut [0; 9]).await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::ConnectionReset);
        let kind = a.write(b"x").await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::ConnectionReset);
        assert_eq!(b.read(&mut [0; 9]).await.unwrap(), 5, "it came before");
        b.write_all(b"does not know").await.unwrap();
        let kind = b.read(&mut [0; 9]).await.unwrap_err().kind();
        assert_eq!((kind, rt.now()), (ErrorKind::ConnectionReset, at(40)));
        let kind = b.write(b"x").await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_reader_and_a_blocked_writer_are_told_of_a_reset() {
    run(|rt| async move {
        let one = NonZeroUsize::MIN;
        let link = rt.duplex().latency(ms(20)..=ms(20)).capacity(one);
        for writes in [false, true] {
            let start = rt.now();
            let (mut a, mut b) = link.connect();
            let waiting = rt.spawn(async move {
                if writes {
                    b.write_all(b"full").await.unwrap_err().kind()
                } else {
                    b.read(&mut [0; 4]).await.unwrap_err().kind()
                }
            });
            rt.sleep(ms(1)).await;
            a.reset();
            assert_eq!(waiting.await.unwrap(), ErrorKind::ConnectionReset);
            assert_eq!(rt.now() - start, ms(21), "writes: {writes}");
        }
    });
}

#[test]
fn dropping_an_end_delivers_what_it_wrote_and_breaks_the_pipe() {
    run(|rt| async move {
        let one = NonZeroUsize::MIN;
        let link = rt.duplex().latency(ms(20)..=ms(20));
        let (mut a, mut b) = link.capacity(one).connect();
        a.write_all(b"x").await.unwrap();
        let here = rt.clone();
        let writer = rt.spawn(async move {
            let error = b.write_all(b"nobody reads").await.unwrap_err();
            assert_eq!((error.kind(), here.now()), (ErrorKind::BrokenPipe, at(20)));
            all(&mut b).await
        });
        rt.settle().await;
        drop(a);
        assert_eq!(writer.await.unwrap(), b"x");
    });
}

#[test]
fn a_cut_by_closing_delivers_exactly_the_bytes_before_it() {
    let mut lengths = std::collections::BTreeSet::new();
    for seed in SEEDS {
        let sim = seeded(seed);
        let rt = sim.handle();
        lengths.insert(sim.block_on(async {
            let link = rough(&rt).cut_after(0..=9, Cut::Close);
            let (mut a, mut b) = link.connect();
            let writer =
                rt.spawn(async move { a.write_all(&text(50, 3)).await.unwrap_err().kind() });
            let heard = all(&mut b).await;
            assert_eq!(writer.await.unwrap(), ErrorKind::BrokenPipe);
            assert_eq!(heard, text(50, 3)[..heard.len()]);
            heard.len()
        }));
    }
    assert_eq!(lengths, (0..=9).collect());
}

#[test]
fn a_cut_by_reset_ends_both_directions() {
    for seed in SEEDS {
        let sim = seeded(seed);
        let rt = sim.handle();
        sim.block_on(async {
            let link = rough(&rt).cut_after(5..=9, Cut::Reset);
            let (mut a, mut b) = link.connect();
            let writer = rt.spawn(async move {
                let kind = a.write_all(&text(50, 3)).await.unwrap_err().kind();
                assert_eq!(a.read(&mut [0]).await.unwrap_err().kind(), kind);
                kind
            });
            let mut heard = Vec::new();
            let error = b.read_to_end(&mut heard).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "seed {seed}");
            assert_eq!(b.write(b"x").await.unwrap_err().kind(), error.kind());
            assert!(heard.len() <= 9 && text(50, 3).starts_with(&heard));
            assert_eq!(writer.await.unwrap(), ErrorKind::ConnectionReset);
        });
    }
}
