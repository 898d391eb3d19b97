//! loom's atomics, made to be explored.
//!
//! loom remembers one last access of an atomic when it looks for orders that it has not tried. A plain load of a thread
//! that later writes hides what other threads loaded before, and whole families of interleavings are never run
//! (tokio-rs/loom#166 and #392; seen with 0.7.2 and 0.7.3: a load before a `fetch_or` left 1 of 6 executions). So each
//! operation here first does a relaxed `fetch_add` of zero on a second atomic, its `turn`: such accesses all depend on each
//! other, which loom handles, and being relaxed they order nothing that the model checks.

pub use loom::sync::atomic::{Ordering, fence};

use loom::sync::atomic as inner;

use crate::mutant;

/// Declares an atomic with the operations that all of them have.
macro_rules! atomic {
    ($name:ident, $value:ty) => {
        /// loom's atomic of the same name, with a `turn`.
        #[derive(Debug)]
        pub struct $name {
            turn: inner::AtomicUsize,
            value: inner::$name,
        }

        impl $name {
            /// Wraps `value`.
            #[must_use]
            pub fn new(value: $value) -> Self {
                Self {
                    turn: inner::AtomicUsize::new(0),
                    value: inner::$name::new(value),
                }
            }

            /// Gives the atomic once this thread's place among its accesses has been chosen.
            #[track_caller]
            fn turn(&self) -> &inner::$name {
                mutant!("seam-without-turns", self.take_turn(), ());
                &self.value
            }

            #[track_caller]
            fn take_turn(&self) {
                self.turn.fetch_add(0, Ordering::Relaxed);
            }

            /// Reads.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                self.turn().load(order)
            }

            /// Writes.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.turn().store(value, order);
            }

            /// Writes and gives what was there.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.turn().swap(value, order)
            }

            /// Writes `new` if `current` is there.
            ///
            /// # Errors
            /// What is there instead.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.turn().compare_exchange(current, new, success, failure)
            }

            /// Sets bits and gives what was there.
            #[track_caller]
            pub fn fetch_or(&self, bits: $value, order: Ordering) -> $value {
                self.turn().fetch_or(bits, order)
            }

            /// Keeps bits and gives what was there.
            #[track_caller]
            pub fn fetch_and(&self, bits: $value, order: Ordering) -> $value {
                self.turn().fetch_and(bits, order)
            }
        }
    };
}

/// Declares an atomic number.
macro_rules! number {
    ($name:ident, $value:ty) => {
        atomic!($name, $value);

        impl $name {
            /// Adds and gives what was there.
            #[track_caller]
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.turn().fetch_add(value, order)
            }

            /// Subtracts and gives what was there.
            #[track_caller]
            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                self.turn().fetch_sub(value, order)
            }
        }
    };
}

atomic!(AtomicBool, bool);
number!(AtomicU8, u8);
number!(AtomicU32, u32);
number!(AtomicU64, u64);
number!(AtomicUsize, usize);
