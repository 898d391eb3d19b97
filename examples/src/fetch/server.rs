//! The embedded server, whose faults follow from a seed.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::RETRY_AFTER;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use trunnion_core::{CancelToken, Runtime};
use trunnion_patterns::{Discard, TaskScope};

use super::net::{ByteStream, Io, Listener};
use super::page::{Broken, Page};

/// How long a request that stalls is kept: longer than anybody waits.
const STALL: Duration = Duration::from_mins(10);

/// How long the server pauses when it cannot accept, for want of open files say.
const PAUSE: Duration = Duration::from_millis(50);

/// Says what the server does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The page.
    Page,
    /// Status 500.
    Error,
    /// Status 503, to be asked again in a second.
    Unavailable,
    /// Status 429, to be asked again in a second.
    Throttled,
    /// Nothing for a long time.
    Stall,
    /// The connection is reset before the answer.
    Reset,
    /// The connection is reset in the middle of the page.
    Truncated,
}

/// Decides what requests come to, and counts it.
///
/// An answer depends on the seed, the path and how often that path was asked for, so that it is the same whatever order
/// requests come in.
#[derive(Debug)]
pub struct Faults {
    plan: Plan,
    served: Mutex<Served>,
}

#[derive(Clone, Copy, Debug)]
enum Plan {
    Drawn { seed: u64, percent: u8 },
    First(Answer),
}

#[derive(Debug, Default)]
struct Served {
    paths: BTreeMap<String, u64>,
    answers: BTreeMap<Answer, u64>,
}

impl Faults {
    /// Makes a plan in which so many requests of a hundred go wrong.
    #[must_use]
    pub fn new(seed: u64, percent: u8) -> Self {
        Self::planned(Plan::Drawn { seed, percent })
    }

    /// Makes a plan in which the first request for each path comes to `answer`, and later ones to the page.
    #[must_use]
    pub fn first(answer: Answer) -> Self {
        Self::planned(Plan::First(answer))
    }

    fn planned(plan: Plan) -> Self {
        Self {
            plan,
            served: Mutex::default(),
        }
    }

    /// Counts the requests that went wrong.
    #[must_use]
    pub fn count(&self) -> u64 {
        let answers = self.with(|served| served.answers.clone());
        let faults = answers.iter().filter(|(kind, _)| **kind != Answer::Page);
        faults.map(|(_, n)| n).sum()
    }

    fn with<R>(&self, f: impl FnOnce(&mut Served) -> R) -> R {
        f(&mut self.served.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides about the next request for `path`: the answer, and how long it takes.
    fn next(&self, path: &str) -> (Answer, Duration) {
        self.with(|served| {
            let nth = served.paths.entry(path.to_owned()).or_default();
            *nth += 1;
            let (answer, takes) = self.plan.answer(path, *nth);
            *served.answers.entry(answer).or_default() += 1;
            (answer, takes)
        })
    }
}

impl Plan {
    fn answer(self, path: &str, nth: u64) -> (Answer, Duration) {
        match self {
            Self::Drawn { seed, percent } => {
                let drawn = draw(seed, path, nth);
                let takes = Duration::from_millis(1 + (drawn >> 32) % 20);
                (Answer::drawn(drawn, percent), takes)
            }
            Self::First(answer) if nth == 1 => (answer, Duration::ZERO),
            Self::First(_) => (Answer::Page, Duration::ZERO),
        }
    }
}

impl Answer {
    /// Everything that goes wrong.
    pub const FAULTS: [Self; 6] = [
        Self::Error,
        Self::Unavailable,
        Self::Throttled,
        Self::Stall,
        Self::Reset,
        Self::Truncated,
    ];

    fn drawn(drawn: u64, percent: u8) -> Self {
        if drawn % 100 >= u64::from(percent) {
            return Self::Page;
        }
        // Six of them, so that a number of any width has one.
        let which = usize::try_from(drawn / 100 % 6).unwrap_or(0);
        Self::FAULTS[which]
    }
}

/// Draws a number that follows from all three: FNV-1a, finished as `SplitMix64` finishes.
fn draw(seed: u64, path: &str, nth: u64) -> u64 {
    let bytes = seed.to_le_bytes().into_iter();
    let bytes = bytes.chain(path.bytes()).chain(nth.to_le_bytes());
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let mut z = bytes.fold(0xCBF2_9CE4_8422_2325, step);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Serves what comes to `listener` until the token is cancelled; connections are dropped then.
///
/// # Cancel safety
/// Dropping it ends the connections.
pub async fn serve<R: Runtime, L: Listener>(
    rt: R,
    listener: L,
    faults: Arc<Faults>,
    stop: CancelToken,
) {
    let scope = TaskScope::builder(&rt).token(&stop);
    let served = scope.joiner(Discard::new()).run(async |connections| {
        loop {
            match stop.run_until_cancelled(listener.accept()).await {
                Ok(Ok(stream)) => {
                    let one = converse(rt.clone(), Io(stream), Arc::clone(&faults));
                    connections.spawn_detached(one);
                }
                Ok(Err(_)) => rt.sleep(PAUSE).await,
                Err(_) => return Ok(()),
            }
        }
    });
    // The scope ends by the token alone, and its children have no errors.
    _ = served.await;
}

/// Serves one connection, which is reset if that goes wrong.
async fn converse<R: Runtime, S: ByteStream>(
    rt: R,
    io: Io<S>,
    faults: Arc<Faults>,
) -> Result<(), ()> {
    let service = service_fn(|request: Request<Incoming>| {
        let (answer, takes) = faults.next(request.uri().path());
        Box::pin(respond(rt.clone(), answer, takes))
    });
    let mut http = http1::Builder::new();
    // The date is the operating system's.
    http.keep_alive(false).auto_date_header(false);
    let mut connection = http.serve_connection(io, service);
    let served = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let Io(mut stream) = connection.into_parts().io;
    // A client that has gone makes both fail; there is nobody to tell.
    _ = match served {
        Ok(()) => stream.close(),
        Err(_) => stream.reset(),
    };
    Ok(())
}

async fn respond<R: Runtime>(
    rt: R,
    answer: Answer,
    takes: Duration,
) -> Result<Response<Page>, Broken> {
    rt.sleep(takes).await;
    let status = match answer {
        Answer::Page => return Ok(Response::new(Page::whole())),
        Answer::Truncated => return Ok(Response::new(Page::truncated())),
        Answer::Reset => return Err(Broken),
        Answer::Stall => {
            rt.sleep(STALL).await;
            return Err(Broken);
        }
        Answer::Error => StatusCode::INTERNAL_SERVER_ERROR,
        Answer::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Answer::Throttled => StatusCode::TOO_MANY_REQUESTS,
    };
    let mut response = Response::new(Page::default());
    *response.status_mut() = status;
    if answer != Answer::Error {
        response.headers_mut().insert(RETRY_AFTER, 1.into());
    }
    Ok(response)
}
