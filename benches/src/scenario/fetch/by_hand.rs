//! The program as it is written with tokio and hyper alone.
#![expect(
    clippy::disallowed_methods,
    reason = "this is what trunnion is compared with"
)]

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use hyper::body::Body as _;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use trunnion_examples::fetch::net::Io;
use trunnion_examples::fetch::page::Page;
use trunnion_examples::fetch::target::Target;

use super::{ATTEMPTS, LIMIT, TIMEOUT};

const FIRST_DELAY: Duration = Duration::from_millis(50);

/// The budget of retries: what a success pays in, what a retry costs, and the most that is saved.
const DEPOSIT: u64 = 1;
const PRICE: u64 = 10;
const SAVED: u64 = 1_000;

/// Says why an attempt brought no page.
#[derive(Debug)]
#[expect(dead_code, reason = "they are read when something goes wrong")]
enum Trouble {
    Late,
    Connect(io::Error),
    Http(hyper::Error),
    Request(hyper::http::Error),
    Status(u16),
}

impl Trouble {
    const fn is_transient(&self) -> bool {
        match self {
            Self::Late | Self::Connect(_) | Self::Http(_) => true,
            Self::Request(_) => false,
            Self::Status(status) => matches!(status, 408 | 429 | 500 | 502..=504),
        }
    }
}

/// Fetches the pages; gives their bytes.
pub(super) async fn fetch(targets: Vec<Target>) -> u64 {
    let stop = CancellationToken::new();
    let permits = Arc::new(Semaphore::new(LIMIT.get()));
    let budget = Arc::new(AtomicU64::new(SAVED));
    let mut tasks = Vec::with_capacity(targets.len());
    for target in targets {
        let permit = Arc::clone(&permits).acquire_owned();
        let Some(Ok(permit)) = stop.run_until_cancelled(permit).await else {
            break;
        };
        let (budget, stop) = (Arc::clone(&budget), stop.clone());
        tasks.push(tokio::spawn(async move {
            let _permit = permit;
            stop.run_until_cancelled(one(&budget, target)).await
        }));
    }
    let (mut bytes, mut latencies) = (0, Vec::with_capacity(tasks.len()));
    for task in tasks {
        let Some((result, took)) = task.await.expect("no task panics") else {
            break;
        };
        bytes += result.expect("nothing goes wrong");
        // Sorted, as the summary of the program on trunnion has them.
        let at = latencies.partition_point(|other| *other <= took);
        latencies.insert(at, took);
    }
    bytes
}

async fn one(budget: &AtomicU64, target: Target) -> (Result<u64, Trouble>, Duration) {
    // Real time: the program tells how long each page took, and reads the clock for it as the one on trunnion does.
    let (start, mut delay, mut attempt) = (Instant::now(), FIRST_DELAY, 1);
    loop {
        let attempted = timeout(TIMEOUT, exchange(&target)).await;
        let result = attempted.unwrap_or(Err(Trouble::Late));
        match &result {
            Ok(_) => {
                let saved = |saved: u64| Some((saved + DEPOSIT).min(SAVED));
                _ = budget.fetch_update(Relaxed, Relaxed, saved);
            }
            Err(trouble) if attempt < ATTEMPTS.get() && trouble.is_transient() => {
                let pay = |saved: u64| saved.checked_sub(PRICE);
                if budget.fetch_update(Relaxed, Relaxed, pay).is_ok() {
                    sleep(delay.mul_f64(fastrand::f64())).await;
                    (delay, attempt) = (delay * 2, attempt + 1);
                    continue;
                }
            }
            Err(_) => {}
        }
        return (result, start.elapsed());
    }
}

async fn exchange(target: &Target) -> Result<u64, Trouble> {
    let stream = TcpStream::connect((&*target.host, target.port)).await;
    let shaken = http1::handshake(Io(stream.map_err(Trouble::Connect)?)).await;
    let (mut sender, connection) = shaken.map_err(Trouble::Http)?;
    let connection = tokio::spawn(connection);
    let request = hyper::Request::get(&target.path)
        .header(HOST, &target.authority)
        .header(CONNECTION, "close");
    let request = request.body(Page::default()).map_err(Trouble::Request)?;
    let response = sender.send_request(request).await.map_err(Trouble::Http)?;
    let status = response.status().as_u16();
    if status >= 400 {
        connection.abort();
        return Err(Trouble::Status(status));
    }
    let (mut body, mut bytes) = (response.into_body(), 0);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(Trouble::Http)?;
        bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(bytes)
}
