//! How an operation of a retry may be given, and which calls can be spawned.

use std::future::Future;
use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use trunnion_core::Runtime;
use trunnion_patterns::{Attempt, Backoff, Failure, Retry};

const RETRY: Retry = Retry::new(Backoff::fixed(Duration::ZERO));

type Answer = Result<u32, Failure<&'static str>>;

async fn send(line: &mut Vec<u8>) -> Result<u32, &'static str> {
    line.push(1);
    Ok(1)
}

async fn ask(_: &str, _: Attempt) -> Result<u32, &'static str> {
    Ok(1)
}

fn spawnable<F: Future<Output = Answer> + Send + 'static>(call: F) {
    drop(call);
}

fn here<F: Future<Output = Answer>>(call: F) {
    drop(call);
}

/// A closure that makes futures, borrowing what it shares.
fn futures<R: Runtime>(rt: R) {
    spawnable(async move {
        let name = String::from("mirror");
        RETRY.run(&rt, |attempt| ask(&name, attempt)).await
    });
}

/// An async closure that owns its captures.
fn owned_captures<R: Runtime>(rt: R) {
    spawnable(async move {
        let mut line = Vec::new();
        RETRY.run_mut(&rt, async move |_| send(&mut line).await).await
    });
}

/// An async closure that borrows its captures: only where the call stays.
fn borrowed_captures<R: Runtime>(rt: R) {
    here(async move {
        let mut line = Vec::new();
        RETRY.run_mut(&rt, async |_| send(&mut line).await).await
    });
}

/// An async closure over state that is passed in.
fn state<R: Runtime>(rt: R) {
    spawnable(async move {
        let mut line = Vec::new();
        RETRY.run_with(&rt, &mut line, async |line: &mut Vec<u8>, _| send(line).await).await
    });
}

/// The loop: any borrow, `?` and `break`.
fn a_loop<R: Runtime>(rt: R) {
    spawnable(async move {
        let mut line = Vec::new();
        let name = String::from("mirror");
        let mut call = RETRY.start(&rt);
        loop {
            let sent = async {
                send(&mut line).await?;
                ask(&name, call.attempt()).await
            };
            let sent = call.limit(sent).await;
            match call.check_limited(sent).await {
                Break(result) => break result,
                Continue(()) => {}
            }
        }
    });
}

fn main() {}
