//! Pages over HTTP, with retries that cannot make an outage worse, on any runtime.
//!
//! [`fetch`] is the library function: it names no runtime, no socket and no clock. The other modules are the program around
//! it, with a server whose faults follow from a seed.

pub mod cli;
pub mod exchange;
pub mod net;
pub mod page;
pub mod program;
pub mod runtime;
pub mod server;
pub mod summary;
pub mod table;
pub mod target;

mod screen;

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use trunnion_core::{CancelToken, Runtime, SpawnBlocking};
use trunnion_patterns::{
    Backoff, Failure, Retry, RetryBudget, RetryReport, RetryStop, each, map_concurrent,
};

use exchange::{Fetched, Trouble, exchange};
use net::Net;
use summary::Summary;
use target::Target;

/// How long the first retry waits at most.
const FIRST_DELAY: Duration = Duration::from_millis(50);

/// Says what to fetch and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The pages.
    pub targets: Vec<Target>,
    /// How many are fetched at once.
    pub limit: NonZeroUsize,
    /// How often each is tried at most.
    pub attempts: NonZeroU32,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Ends everything early.
    pub stop: CancelToken,
}

/// Tells what became of one page.
#[derive(Debug)]
pub struct Outcome {
    /// The page's name.
    pub name: String,
    /// What the last attempt brought.
    pub result: Result<Fetched, Failure<Trouble>>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why no more were made.
    pub stop: RetryStop,
    /// How long all of it took.
    pub took: Duration,
}

/// Says why a fetch ended early.
#[derive(Debug)]
pub enum Ended {
    /// The token was cancelled.
    Stopped,
    /// The results could not be written.
    Output(io::Error),
    /// The embedded server could not listen.
    Listen(io::Error),
}

/// Takes the results as they come.
pub trait Sink {
    /// Looks at how far it is, whenever that has changed.
    fn progress(&self, summary: &Summary);

    /// Takes what became of one page; they come in the order of the request.
    ///
    /// # Errors
    /// When it cannot be written; the fetch ends then.
    fn outcome(&self, outcome: &Outcome) -> io::Result<()>;
}

/// Fetches all pages, up to `limit` at once, and tries again what fails, as far as one budget for all of them pays.
///
/// # Errors
/// [`Ended`] when the token was cancelled or the sink failed. A page that cannot be fetched is told to the sink; the others go on.
///
/// # Cancel safety
/// Dropping it closes the connections; what the sink was given stays.
pub async fn fetch<R: Runtime + SpawnBlocking, N: Net>(
    rt: &R,
    net: &N,
    request: &Request,
    sink: &impl Sink,
) -> Result<Summary, Ended> {
    let (summary, budget) = (RefCell::new(Summary::default()), RetryBudget::new());
    let tell = |change: &dyn Fn(&mut Summary)| {
        change(&mut summary.borrow_mut());
        sink.progress(&summary.borrow());
    };
    let tried = |number| tell(&|summary| summary.tried(number));
    let pages = map_concurrent(request.limit, each(request.targets.clone()), |target| {
        one(rt, net, request, &budget, target, &tried)
    });
    let pages = pages.cancel(request.stop.clone());
    let done = pages.pump(async |mut outcomes| {
        while let Some(outcome) = outcomes.next().await {
            tell(&|summary| summary.add(&outcome));
            sink.outcome(&outcome).map_err(Ended::Output)?;
        }
        match outcomes.reason() {
            Some(_) => Err(Ended::Stopped),
            None => Ok(()),
        }
    });
    done.await?;
    Ok(summary.into_inner())
}

/// Fetches one page; `tried` is told the number of each attempt.
async fn one<R: Runtime + SpawnBlocking, N: Net>(
    rt: &R,
    net: &N,
    request: &Request,
    budget: &RetryBudget,
    target: Target,
    tried: &impl Fn(u32),
) -> Outcome {
    let start = rt.now();
    let retry = Retry::new(Backoff::exponential(FIRST_DELAY))
        .max_attempts(request.attempts)
        .attempt_timeout(request.timeout)
        .budget(budget)
        .classify(Trouble::verdict);
    let calls = retry.run(rt, |attempt| {
        tried(attempt.number());
        async {
            let address = resolve(rt, &target).await.map_err(Trouble::Resolve)?;
            exchange(net, address, &target).await
        }
    });
    let RetryReport {
        result,
        attempts,
        stop,
        ..
    } = calls.report().await;
    Outcome {
        result,
        attempts,
        stop,
        took: rt.now() - start,
        name: target.name,
    }
}

/// Finds the address of a host; the system's resolver blocks.
async fn resolve<R: SpawnBlocking>(rt: &R, target: &Target) -> io::Result<SocketAddr> {
    if let Some(address) = target.address() {
        return Ok(address);
    }
    let (host, port) = (target.host.clone(), target.port);
    let found = rt.spawn_blocking(move || {
        (host, port)
            .to_socket_addrs()?
            .next()
            .ok_or(ErrorKind::NotFound.into())
    });
    found.await.map_err(io::Error::other)?
}
