//! The demo's embedded server, on a thread of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use trunnion_core::{CancelKind, CancelToken};
use trunnion_examples::fetch::net::{Listener, Net, TokioNet};
use trunnion_examples::fetch::server::{Answer, Faults, serve};
use trunnion_examples::fetch::target::Target;
use trunnion_tokio::Tokio;

/// Serves pages on loopback until it is dropped.
#[derive(Debug)]
pub(super) struct Site {
    targets: Vec<Target>,
    stop: CancelToken,
    server: Option<JoinHandle<()>>,
}

impl Site {
    /// Starts the server.
    ///
    /// # Panics
    /// When it cannot listen.
    pub(super) fn start(pages: u32) -> Self {
        let stop = CancelToken::new();
        let (tell, told) = mpsc::channel();
        let until = stop.clone();
        let server = thread::spawn(move || run(&tell, until));
        let address = told.recv().expect("the server can listen on loopback");
        let targets = (1..=pages).map(|number| Target::embedded(address, number as usize));
        Self {
            targets: targets.collect(),
            stop,
            server: Some(server),
        }
    }

    /// Names the pages.
    pub(super) fn targets(&self) -> &[Target] {
        &self.targets
    }
}

fn run(tell: &Sender<SocketAddr>, stop: CancelToken) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the runtime starts");
    let rt = Tokio::new(runtime.handle().clone()).expect("the runtime has a timer");
    runtime.block_on(async {
        let listener = TokioNet.listen().await.expect("loopback has a free port");
        let address = listener.address().expect("it has an address");
        tell.send(address).expect("somebody waits for it");
        // Every answer is a page.
        let faults = Arc::new(Faults::first(Answer::Page));
        serve(rt, listener, faults, stop).await;
    });
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel_with(CancelKind::Satisfied);
        let ended = self.server.take().map(JoinHandle::join);
        // It has told its panic itself.
        drop(ended);
    }
}
