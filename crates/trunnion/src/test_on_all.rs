//! One test function, run on every runtime and schedule.

/// Turns one async test into one test for each runtime and schedule that is compiled in.
///
/// The function becomes a module of that name with the tests `tokio_multi_thread`, `tokio_current_thread`, `smol_global`,
/// `smol_own_executor`, `sim_fifo`, `sim_lifo` and `sim_random` (16 seeds). It takes the runtime by value, as `impl` of
/// whatever it needs, and may give a `Result`. Attributes, such as `should_panic`, go to each of the tests.
///
/// ```
/// trunnion::test_on_all! {
///     /// A value that was ready in time is not lost.
///     async fn a_ready_value_beats_its_timeout(rt: impl trunnion::Runtime) {
///         let value = trunnion::timeout(&rt, std::time::Duration::ZERO, async { 7 }).await;
///         assert_eq!(value, Ok(7));
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! test_on_all {
    ($($(#[$meta:meta])* async fn $name:ident($rt:ident: $bound:ty) $(-> $output:ty)? $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn body($rt: $bound) $(-> $output)? $body

            $crate::__test_on_tokio!([$(#[$meta])*] body; $($output)?);
            $crate::__test_on_smol!([$(#[$meta])*] body; $($output)?);
            $crate::__test_on_sim!([$(#[$meta])*] body; $($output)?);
        })+
    };
}

/// Emits one test that enters a runtime by a function of this module.
#[doc(hidden)]
#[macro_export]
macro_rules! __test_on {
    ([$($meta:tt)*] $body:ident; $($output:ty)?; $test:ident = $enter:path) => {
        $($meta)*
        #[test]
        fn $test() $(-> $output)? {
            $enter(|rt| $body(rt))
        }
    };
}

// A `cfg` inside the exported macro would ask for the features of the crate that uses it; these ask for ours.

#[cfg(feature = "tokio")]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_on_tokio {
    ($($body:tt)*) => {
        $crate::__test_on!($($body)*; tokio_multi_thread = $crate::on::tokio_multi_thread);
        $crate::__test_on!($($body)*; tokio_current_thread = $crate::on::tokio_current_thread);
    };
}

#[cfg(not(feature = "tokio"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_on_tokio {
    ($($body:tt)*) => {};
}

#[cfg(feature = "smol")]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_on_smol {
    ($($body:tt)*) => {
        $crate::__test_on!($($body)*; smol_global = $crate::on::smol_global);
        $crate::__test_on!($($body)*; smol_own_executor = $crate::on::smol_own_executor);
    };
}

#[cfg(not(feature = "smol"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_on_smol {
    ($($body:tt)*) => {};
}

#[cfg(feature = "sim")]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_on_sim {
    ($($body:tt)*) => {
        $crate::__test_on!($($body)*; sim_fifo = $crate::on::sim_fifo);
        $crate::__test_on!($($body)*; sim_lifo = $crate::on::sim_lifo);
        $crate::__test_on!($($body)*; sim_random = $crate::on::sim_random);
    };
}

#[cfg(not(feature = "sim"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __test_on_sim {
    ($($body:tt)*) => {};
}

/// Enters a fresh runtime for one test.
#[doc(hidden)]
pub mod on {
    #[cfg(any(feature = "tokio", feature = "smol", feature = "sim"))]
    use trunnion_core::BlockOn;

    #[cfg(feature = "tokio")]
    mod tokio {
        use super::BlockOn;
        use trunnion_tokio::{Tokio, TokioOwned};

        fn enter<Fut: Future>(owner: &TokioOwned, test: impl FnOnce(Tokio) -> Fut) -> Fut::Output {
            owner.block_on(test(owner.handle()))
        }

        pub fn tokio_multi_thread<Fut: Future>(test: impl FnOnce(Tokio) -> Fut) -> Fut::Output {
            enter(
                &TokioOwned::multi_thread().expect("tokio's threads start"),
                test,
            )
        }

        pub fn tokio_current_thread<Fut: Future>(test: impl FnOnce(Tokio) -> Fut) -> Fut::Output {
            enter(
                &TokioOwned::current_thread().expect("tokio's driver starts"),
                test,
            )
        }
    }
    #[cfg(feature = "tokio")]
    pub use tokio::{tokio_current_thread, tokio_multi_thread};

    #[cfg(feature = "smol")]
    mod smol {
        use super::BlockOn;
        use core::num::NonZeroUsize;
        use trunnion_smol::{SmolExecutor, SmolGlobal, SmolOwned};

        pub fn smol_global<Fut: Future>(test: impl FnOnce(SmolGlobal) -> Fut) -> Fut::Output {
            SmolGlobal.block_on(test(SmolGlobal))
        }

        pub fn smol_own_executor<Fut: Future>(
            test: impl FnOnce(SmolExecutor) -> Fut,
        ) -> Fut::Output {
            let owner = SmolOwned::with_workers(NonZeroUsize::MIN).expect("smol's threads start");
            owner.block_on(test(owner.handle()))
        }
    }
    #[cfg(feature = "smol")]
    pub use smol::{smol_global, smol_own_executor};

    #[cfg(feature = "sim")]
    mod sim {
        use super::BlockOn;
        use trunnion_sim::{Schedule, Sim, SimRuntime};

        const SEEDS: core::ops::Range<u64> = 0..15;

        fn enter<Fut: Future>(
            seed: u64,
            schedule: Schedule,
            test: impl FnOnce(SimRuntime) -> Fut,
        ) -> Fut::Output {
            let sim = Sim::new().seed(seed).schedule(schedule);
            sim.block_on(test(sim.handle()))
        }

        pub fn sim_fifo<Fut: Future>(test: impl FnOnce(SimRuntime) -> Fut) -> Fut::Output {
            enter(0, Schedule::Fifo, test)
        }

        pub fn sim_lifo<Fut: Future>(test: impl FnOnce(SimRuntime) -> Fut) -> Fut::Output {
            enter(0, Schedule::Lifo, test)
        }

        /// Runs the test once for each seed, and names the first that fails.
        pub fn sim_random<Fut>(test: impl Fn(SimRuntime) -> Fut) -> Fut::Output
        where
            Fut: Future<Output: Verdict>,
        {
            let mut seeds = SEEDS;
            loop {
                let seed = seeds.next().unwrap_or(SEEDS.end);
                let _named = NameSeed(seed);
                let output = enter(seed, Schedule::Random, &test);
                if output.failed() {
                    name(seed);
                    return output;
                }
                if seed == SEEDS.end {
                    return output;
                }
            }
        }

        /// Tells whether a test's output means failure.
        pub trait Verdict {
            fn failed(&self) -> bool;
        }

        impl Verdict for () {
            fn failed(&self) -> bool {
                false
            }
        }

        impl<T, E> Verdict for Result<T, E> {
            fn failed(&self) -> bool {
                self.is_err()
            }
        }

        struct NameSeed(u64);

        impl Drop for NameSeed {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    name(self.0);
                }
            }
        }

        #[expect(
            clippy::print_stderr,
            reason = "it belongs to the report of a failing test"
        )]
        fn name(seed: u64) {
            eprintln!("the random schedule with seed {seed} fails");
        }
    }
    #[cfg(feature = "sim")]
    pub use sim::{sim_fifo, sim_lifo, sim_random};
}
