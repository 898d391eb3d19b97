//! The demo program `fetch`: by hand and through trunnion, over loopback.

mod by_hand;
mod site;

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use trunnion_core::CancelToken;
use trunnion_examples::fetch::net::TokioNet;
use trunnion_examples::fetch::summary::Summary;
use trunnion_examples::fetch::target::Target;
use trunnion_examples::fetch::{Outcome, Request, Sink, fetch};
use trunnion_tokio::Tokio;

use super::Scenario;
use crate::host::{Host, Started};
use crate::subject::{Sample, Subject};
use site::Site;

const PAGES: u32 = 32;

/// What the embedded server sends for each.
const PAGE_BYTES: u64 = 2048;

/// How many pages are fetched at once.
const LIMIT: NonZeroUsize = NonZeroUsize::new(8).expect("8 is not zero");

const ATTEMPTS: NonZeroU32 = NonZeroU32::new(3).expect("3 is not zero");

/// How long an attempt may take; none is as slow.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) const SCENARIO: Scenario = Scenario {
    id: "fetch",
    about: "The demo `fetch`: 32 pages over HTTP and loopback, a connection for each, 8 at once, with a timeout, a retry and a budget \
            that nothing needs: the server makes no faults. It runs on a thread of its own, and its work, hyper's and the \
            system's are most of the time. Each row is awaited by a `block_on`, as the program is.",
    unit: "page",
    operations: PAGES,
    threaded: true,
    hosts: &[Host::Tokio],
    headline: (Host::Tokio, "trunnion"),
    expected: |iterations| u64::from(iterations) * u64::from(PAGES) * PAGE_BYTES,
    subjects,
};

fn subjects(_: Host, started: &Started) -> Vec<Subject> {
    let Started::Tokio(runtime) = started else {
        unreachable!("tokio is its only host")
    };
    let (site, handle) = (Arc::new(Site::start(PAGES)), runtime.handle().clone());
    let rt = Tokio::new(handle.clone()).expect("the runtime has a timer");
    let ours = move |targets| through(rt.clone(), targets);
    vec![
        Subject::native(awaited(&handle, &site, by_hand::fetch))
            .note("a task for each page, spread over the threads; in trunnion one future runs all"),
        Subject::ours("trunnion", awaited(&handle, &site, ours)),
    ]
}

/// Runs a program so many times by a `block_on`, which takes futures that keep to their thread.
fn awaited<P, F>(
    handle: &Handle,
    site: &Arc<Site>,
    program: P,
) -> impl Fn(u32) -> Sample + Send + Sync + 'static
where
    P: Fn(Vec<Target>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = u64>,
{
    let (handle, site) = (handle.clone(), Arc::clone(site));
    move |iterations| {
        let (handle, site, program) = (handle.clone(), Arc::clone(&site), program.clone());
        let all = move || {
            let one = |_| handle.block_on(program(site.targets().to_vec()));
            (0..iterations).map(one).sum()
        };
        Box::pin(async { spawn_blocking(all).await.expect("nothing panics") })
    }
}

async fn through(rt: Tokio, targets: Vec<Target>) -> u64 {
    let (request, bytes) = (request(targets), Bytes::default());
    let fetched = fetch(&rt, &TokioNet, &request, &bytes).await;
    fetched.expect("nothing ends it early");
    bytes.0.into_inner()
}

fn request(targets: Vec<Target>) -> Request {
    Request {
        targets,
        limit: LIMIT,
        attempts: ATTEMPTS,
        timeout: TIMEOUT,
        stop: CancelToken::new(),
    }
}

/// Adds up the pages.
#[derive(Default)]
struct Bytes(Cell<u64>);

impl Sink for Bytes {
    fn progress(&self, _: &Summary) {}

    fn outcome(&self, outcome: &Outcome) -> io::Result<()> {
        let fetched = outcome.result.as_ref().expect("nothing goes wrong");
        self.0.set(self.0.get() + fetched.bytes);
        Ok(())
    }
}
