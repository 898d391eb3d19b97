//! Dropping and cancelling a fetch.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{CancelToken, Spawn, TaskHandle, Timer};
use trunnion_examples::fetch::net::{Listener, Net, SimNet};
use trunnion_examples::fetch::program::run_one;
use trunnion_examples::fetch::runtime::Kind;
use trunnion_examples::fetch::server::{Answer, Faults, serve};
use trunnion_examples::fetch::target::Target;
use trunnion_examples::fetch::{Ended, Request, fetch};
use trunnion_sim::cancel_sweep;

use crate::run::Log;

const REQUESTS: usize = 2;

#[test]
fn dropping_a_fetch_anywhere_closes_its_connections_and_the_server_forgets_them() {
    for fault in Answer::FAULTS {
        let sweep = cancel_sweep(
            |rt| {
                let (net, stop) = (SimNet::new(&rt), CancelToken::new());
                let state = stop.clone();
                let work = async move {
                    let listener = net.listen().await.expect("it can");
                    let address = listener.address().expect("it has one");
                    let faults = Arc::new(Faults::first(fault));
                    rt.spawn(serve(rt.clone(), listener, faults, stop)).detach();
                    let request = Request {
                        targets: (0..REQUESTS)
                            .map(|n| Target::embedded(address, n))
                            .collect(),
                        limit: NonZeroUsize::MIN.saturating_add(1),
                        attempts: NonZeroU32::MIN.saturating_add(1),
                        timeout: Duration::from_secs(1),
                        stop: CancelToken::new(),
                    };
                    let done = fetch(&rt, &net, &request, &Log::default()).await;
                    assert_eq!(done.expect("it ends").fetched, REQUESTS as u64);
                };
                (state, work)
            },
            |rt, stop| async move {
                // Time for the news to arrive, and for an answer to notice.
                rt.sleep(Duration::from_millis(100)).await;
                assert!(rt.tasks() <= 1, "{fault:?}: {} tasks", rt.tasks());
                stop.cancel();
                rt.settle().await;
                assert_eq!(rt.tasks(), 0, "{fault:?}");
            },
        );
        assert!(sweep.polls > 10, "{fault:?}: {sweep:?}");
    }
}

#[test]
fn a_cancelled_token_ends_it_on_every_runtime() {
    for kind in Kind::ALL {
        let stop = CancelToken::new();
        stop.cancel();
        let ended = run_one(
            kind,
            &trunnion_examples::fetch::cli::Settings::default(),
            &stop,
            &Log::default(),
        );
        let ended = ended.expect("it starts");
        assert!(matches!(ended, Err(Ended::Stopped)), "{kind:?}: {ended:?}");
    }
}
