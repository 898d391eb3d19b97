//! The guide: how to do a thing, what happens when it goes wrong, and which mistake that prevents.
//!
//! | page | the task |
//! |---|---|
//! | [`any_runtime`] | one library for every runtime |
//! | [`choosing`] | the application picks the runtime |
//! | [`several`] | several things at once, and what one failure means |
//! | [`cancellation`] | asking work to stop |
//! | [`scopes`] | tasks that cannot leak |
//! | [`supervision`] | workers that are restarted |
//! | [`limits`] | at most so many at once |
//! | [`shutdown`] | the program ends in order, and in time |
//! | [`streams`] | a stream, n items at a time |
//! | [`retry`] | a service that sometimes fails |
//! | [`layers`] | a tower service on any runtime |
//! | [`flow`] | a fast producer and a slow consumer |
//! | [`exploring`] | a race that happens once in ten thousand runs |
//!
//! The code of the pages runs as tests, on every runtime that it names: the pages are shown where all features are on.

macro_rules! page {
    ($(#[doc = $line:literal] $name:ident = $file:literal;)+) => {$(
        #[doc = $line]
        ///
        #[cfg_attr(
            all(feature = "tokio", feature = "smol", feature = "sim", feature = "tower"),
            doc = include_str!($file)
        )]
        pub mod $name {}
    )+};
}

page! {
    /// How to write a library for any runtime.
    any_runtime = "../guide/any_runtime.md";
    /// How an application chooses its runtime.
    choosing = "../guide/choosing.md";
    /// How to do several things at once.
    several = "../guide/several.md";
    /// How to ask work to stop.
    cancellation = "../guide/cancellation.md";
    /// How to start tasks that cannot leak.
    scopes = "../guide/scopes.md";
    /// How to restart what fails.
    supervision = "../guide/supervision.md";
    /// How to limit what runs at once.
    limits = "../guide/limits.md";
    /// How to end a program in order and in time.
    shutdown = "../guide/shutdown.md";
    /// How to process a stream, n items at a time.
    streams = "../guide/streams.md";
    /// How to call a service that sometimes fails, without making an outage worse.
    retry = "../guide/retry.md";
    /// How to give a tower service a retry, a limit and timeouts on any runtime.
    layers = "../guide/layers.md";
    /// How to let a fast producer meet a slow consumer.
    flow = "../guide/flow.md";
    /// How to find a race, see it as a table, and replay it.
    exploring = "../guide/exploring.md";
}
