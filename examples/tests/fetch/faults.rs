//! Each fault by itself, and where the server listens.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{CancelToken, Runtime, SpawnBlocking};
use trunnion_examples::fetch::net::{ByteStream, Listener, Net};
use trunnion_examples::fetch::runtime::{Job, Kind, run_on};
use trunnion_examples::fetch::server::{Answer, Faults, serve};
use trunnion_examples::fetch::summary::Summary;
use trunnion_examples::fetch::target::Target;
use trunnion_examples::fetch::{Request, fetch};

use crate::run::Log;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Fetches one page whose first answer goes wrong.
struct OnePage(Answer);

impl Job for OnePage {
    type Output = (Summary, Duration);

    async fn run<R: Runtime + SpawnBlocking, N: Net>(self, rt: &R, net: &N) -> Self::Output {
        let listener = net.listen().await.expect("loopback is there");
        let address = listener.address().expect("it is bound");
        assert!(address.ip().is_loopback(), "{address}");
        let (faults, stop) = (Arc::new(Faults::first(self.0)), CancelToken::new());
        let server = rt.spawn(serve(
            rt.clone(),
            listener,
            Arc::clone(&faults),
            stop.clone(),
        ));
        let request = Request {
            targets: vec![Target::embedded(address, 1)],
            limit: NonZeroUsize::MIN,
            attempts: NonZeroU32::MIN.saturating_add(1),
            timeout: TIMEOUT,
            stop: CancelToken::new(),
        };
        let start = rt.now();
        let done = fetch(rt, net, &request, &Log::default()).await;
        let took = rt.now() - start;
        assert_eq!(faults.count(), 1);
        stop.cancel();
        server.await.expect("the server ends");
        (done.expect("it ends"), took)
    }
}

#[test]
fn each_fault_is_seen_and_mended_by_one_retry_on_every_runtime() {
    for kind in Kind::ALL {
        for fault in Answer::FAULTS {
            let (summary, took) = run_on(kind, 1, OnePage(fault)).expect("it starts");
            let counted = (summary.fetched, summary.attempts, summary.retries);
            assert_eq!(counted, (1, 2, 1), "{fault:?} on {kind:?}");
            let least = match fault {
                Answer::Stall => TIMEOUT,
                Answer::Throttled | Answer::Unavailable => Duration::from_secs(1),
                _ => Duration::ZERO,
            };
            assert!(took >= least, "{fault:?} on {kind:?}: {took:?}");
            if kind == Kind::Sim {
                // One round of latency, the wait and its jitter, in virtual time.
                let most = least + least / 10 + Duration::from_millis(400);
                assert!(took <= most, "{fault:?}: {took:?}");
            }
        }
    }
}

/// Asks without hyper and gives what the connection ended with.
struct RawEnd(Answer);

impl Job for RawEnd {
    type Output = Option<ErrorKind>;

    async fn run<R: Runtime + SpawnBlocking, N: Net>(self, rt: &R, net: &N) -> Self::Output {
        let listener = net.listen().await.expect("loopback is there");
        let address = listener.address().expect("it is bound");
        let faults = Arc::new(Faults::first(self.0));
        // Dropping the handle at the end stops the server.
        let _server = rt.spawn(serve(rt.clone(), listener, faults, CancelToken::new()));
        let mut stream = net.connect(address).await.expect("it listens");
        let mut request = &b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"[..];
        while !request.is_empty() {
            let sent = poll_fn(|cx| stream.poll_write(cx, request)).await;
            request = &request[sent.expect("it is open")..];
        }
        loop {
            match poll_fn(|cx| stream.poll_read(cx, &mut [0; 512])).await {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(error.kind()),
            }
        }
    }
}

#[test]
fn what_breaks_is_reset_and_what_is_whole_is_closed_on_every_runtime() {
    let reset = Some(ErrorKind::ConnectionReset);
    let ends = [
        (Answer::Reset, reset),
        (Answer::Truncated, reset),
        (Answer::Error, None),
        (Answer::Page, None),
    ];
    for kind in Kind::ALL {
        for (answer, expected) in ends {
            let end = run_on(kind, 1, RawEnd(answer)).expect("it starts");
            assert_eq!(end, expected, "{answer:?} on {kind:?}");
        }
    }
}

/// Connects where nobody listens any more.
struct Nobody;

impl Job for Nobody {
    type Output = ErrorKind;

    async fn run<R: Runtime + SpawnBlocking, N: Net>(self, _: &R, net: &N) -> Self::Output {
        let listener = net.listen().await.expect("loopback is there");
        let address = listener.address().expect("it is bound");
        drop(listener);
        let refused = net.connect(address).await;
        refused.err().expect("nobody listens").kind()
    }
}

#[test]
fn a_connection_to_nobody_is_refused_on_every_runtime() {
    for kind in Kind::ALL {
        let refused = run_on(kind, 1, Nobody).expect("it starts");
        assert_eq!(refused, ErrorKind::ConnectionRefused, "{kind:?}");
    }
}
