//! One attempt: a connection, a request and its answer.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;

use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONNECTION, HOST, RETRY_AFTER};
use hyper::{HeaderMap, Request, StatusCode};
use trunnion_patterns::{Hint, Verdict};

use super::net::{Io, Net};
use super::page::Page;
use super::target::Target;

/// Holds what an attempt brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The status.
    pub status: StatusCode,
    /// The length of the page.
    pub bytes: u64,
}

/// Says why an attempt brought no page.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// The host has no address.
    Resolve(io::Error),
    /// There was no connection.
    Connect(io::Error),
    /// The connection broke, or was not one of HTTP.
    Http(hyper::Error),
    /// The request cannot be written down.
    Request(hyper::http::Error),
    /// The server said no, and perhaps when to ask again.
    Status(StatusCode, Hint),
}

impl Trouble {
    /// Judges what an attempt brought.
    #[must_use]
    pub fn verdict(result: &Result<Fetched, Self>) -> Verdict {
        match result {
            Ok(_) => Verdict::Done,
            Err(Self::Connect(_)) => Verdict::Transient,
            Err(Self::Http(error)) if !error.is_parse() => Verdict::Transient,
            Err(Self::Resolve(_) | Self::Request(_) | Self::Http(_)) => Verdict::Permanent,
            Err(Self::Status(status, hint)) => match status.as_u16() {
                429 => Verdict::Throttled(*hint),
                503 => Verdict::Unavailable(*hint),
                408 | 500 | 502 | 504 => Verdict::Transient,
                _ => Verdict::Permanent,
            },
        }
    }
}

/// Fetches a page over a connection of its own; the page is counted and not kept.
///
/// # Errors
/// [`Trouble`]; a status from 400 on is one.
///
/// # Cancel safety
/// Dropping it closes the connection.
pub(super) async fn exchange<N: Net>(
    net: &N,
    address: SocketAddr,
    target: &Target,
) -> Result<Fetched, Trouble> {
    let stream = net.connect(address).await.map_err(Trouble::Connect)?;
    let shaken = http1::handshake(Io(stream)).await;
    let (sender, connection) = shaken.map_err(Trouble::Http)?;
    beside(connection, ask(sender, target)).await
}

/// Runs `ask` to its end, and beside it what moves its bytes.
async fn beside<F: Future>(connection: impl Future, ask: F) -> F::Output {
    let (mut connection, mut ask) = (pin!(connection), pin!(ask));
    let mut open = true;
    poll_fn(|cx| {
        if let Poll::Ready(output) = ask.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        // How it ends, `ask` is told by hyper, and woken.
        open = open && connection.as_mut().poll(cx).is_pending();
        Poll::Pending
    })
    .await
}

async fn ask(mut sender: SendRequest<Page>, target: &Target) -> Result<Fetched, Trouble> {
    let request = Request::get(&target.path)
        .header(HOST, &target.authority)
        .header(CONNECTION, "close");
    let request = request.body(Page::default()).map_err(Trouble::Request)?;
    let response = sender.send_request(request).await.map_err(Trouble::Http)?;
    let status = response.status();
    if status.as_u16() >= 400 {
        return Err(Trouble::Status(status, hint(response.headers())));
    }
    let mut body = response.into_body();
    let mut bytes: u64 = 0;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(Trouble::Http)?;
        bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(Fetched { status, bytes })
}

fn hint(headers: &HeaderMap) -> Hint {
    let text = headers.get(RETRY_AFTER);
    let text = text.and_then(|value| value.to_str().ok());
    text.map_or(Hint::Unsaid, Hint::seconds)
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => write!(f, "cannot find the host: {error}"),
            Self::Connect(error) => write!(f, "cannot connect: {error}"),
            Self::Http(error) => {
                write!(f, "{error}")?;
                let cause = std::error::Error::source(error);
                cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
            }
            Self::Request(error) => error.fmt(f),
            Self::Status(status, _) => write!(f, "status {status}"),
        }
    }
}

impl std::error::Error for Trouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Resolve(error) | Self::Connect(error) => Some(error),
            Self::Http(error) => Some(error),
            Self::Request(error) => Some(error),
            Self::Status(..) => None,
        }
    }
}
