//! The conformance suite on tokio, with several worker threads and with one thread.
#![cfg(not(trunnion_loom))]

use std::error::Error;
use std::io;

use tokio::runtime::Builder;
use trunnion_conformance::{Adapter, LocalAdapter, TimerOff, suite};
use trunnion_tokio::{Tokio, TokioLocal, TokioLocalOwned, TokioOwned};

const BLOCKING_THREADS: usize = 16;

fn build(builder: &mut Builder) -> io::Result<TokioOwned> {
    let native = builder
        .enable_time()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    TokioOwned::from_runtime(native).map_err(io::Error::other)
}

fn without_timer(builder: &mut Builder) -> Result<Tokio, Box<dyn Error>> {
    let native = builder.build()?;
    Ok(Tokio::new(native.handle().clone())?)
}

struct MultiThread;

impl Adapter for MultiThread {
    type Owner = TokioOwned;
    type Runtime = Tokio;

    const BLOCKING_THREADS: usize = BLOCKING_THREADS;

    fn start() -> TokioOwned {
        build(Builder::new_multi_thread().worker_threads(3)).expect("tokio starts")
    }

    fn runtime(owner: &TokioOwned) -> Tokio {
        owner.handle()
    }
}

impl TimerOff for MultiThread {
    fn start_without_timer() -> Result<Tokio, Box<dyn Error>> {
        without_timer(Builder::new_multi_thread().worker_threads(1))
    }
}

suite! {
    mod multi_thread for MultiThread;
    has: [blocking, ends, shutdown, detection, erased, timer_off];
    lacks: {
        local: "its tasks move between threads",
        virtual_time: "it runs in real time",
    }
}

struct CurrentThread;

impl Adapter for CurrentThread {
    type Owner = TokioOwned;
    type Runtime = Tokio;

    const RUNS_IN_BACKGROUND: bool = false;
    const BLOCKING_THREADS: usize = BLOCKING_THREADS;

    fn start() -> TokioOwned {
        build(&mut Builder::new_current_thread()).expect("tokio starts")
    }

    fn runtime(owner: &TokioOwned) -> Tokio {
        owner.handle()
    }
}

impl LocalAdapter for CurrentThread {
    type LocalOwner = TokioLocalOwned;
    type Local = TokioLocal;

    fn start_local() -> TokioLocalOwned {
        TokioLocalOwned::new().expect("tokio starts")
    }

    fn local(owner: &TokioLocalOwned) -> TokioLocal {
        owner.handle()
    }
}

impl TimerOff for CurrentThread {
    fn start_without_timer() -> Result<Tokio, Box<dyn Error>> {
        without_timer(&mut Builder::new_current_thread())
    }
}

suite! {
    mod current_thread for CurrentThread;
    has: [blocking, local, ends, shutdown, detection, erased, timer_off];
    lacks: { virtual_time: "it runs in real time" }
}
