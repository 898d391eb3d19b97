//! Readers that nobody waits for any more stop.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{BlockOn, CancelToken, ShutdownRuntime};
use trunnion_examples::digest::hash::Sum;
use trunnion_examples::digest::problem::Problem;
use trunnion_examples::digest::sink::Sink;
use trunnion_examples::digest::walk::Listing;
use trunnion_examples::digest::{Request, digest};
use trunnion_patterns::timeout;
use trunnion_tokio::TokioOwned;

use crate::run::WATCHDOG;
use crate::tree::Tree;

/// Keeps what was wrong.
#[derive(Default)]
struct Problems(Vec<String>);

impl Sink for Problems {
    fn planned(&mut self, _listing: &Listing) {}

    fn sum(&mut self, _sum: &Sum) -> io::Result<()> {
        Ok(())
    }

    fn problem(&mut self, problem: &Problem) {
        self.0.push(problem.reason.to_string());
    }
}

fn request(root: &Path, timeout: Duration) -> Request {
    Request {
        root: root.to_owned(),
        limit: NonZeroUsize::MIN,
        timeout,
        stop: CancelToken::new(),
        hold: None,
        meter: Arc::new(()),
    }
}

/// Checks that no closure is running any more; the grace gives the last chunk its time.
fn assert_no_reader(runtime: TokioOwned) {
    let report = runtime.shutdown(WATCHDOG).expect("this is outside");
    assert_eq!(report.blocking_running, 0);
}

#[test]
fn a_timeout_stops_its_reader() {
    let tree = Tree::new();
    tree.sparse("endless", 1 << 40);
    let runtime = TokioOwned::multi_thread().expect("threads can be started");
    let mut sink = Problems::default();
    let request = request(tree.path(), Duration::from_millis(50));
    let summary = runtime.block_on(digest(&runtime.handle(), &request, &mut sink));
    assert_eq!(summary.expect("it is not stopped").problems, 1);
    assert_eq!(sink.0, ["timed out after 50ms"]);
    assert_no_reader(runtime);
}

#[test]
fn dropping_the_digest_stops_its_readers() {
    let tree = Tree::new();
    tree.sparse("endless", 1 << 40);
    let runtime = TokioOwned::multi_thread().expect("threads can be started");
    let rt = runtime.handle();
    let mut sink = Problems::default();
    let request = request(tree.path(), Duration::MAX);
    let digest = digest(&rt, &request, &mut sink);
    let dropped = runtime.block_on(timeout(&rt, Duration::from_millis(200), digest));
    assert!(dropped.is_err(), "the file has no end");
    assert_no_reader(runtime);
}
