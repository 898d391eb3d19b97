//! What a semaphore gives, and takes back when it is dropped.

use core::fmt;
use std::sync::Arc;

use super::line::{self, Core};

/// Declares one of the two kinds; they differ in how they hold their semaphore.
macro_rules! permit {
    ($(#[$attribute:meta])* $name:ident $(<$life:lifetime>)?, $home:ty) => {
        $(#[$attribute])*
        #[must_use = "a permit that is dropped is given back at once"]
        pub struct $name $(<$life>)? {
            core: $home,
            count: usize,
        }

        impl $(<$life>)? $name $(<$life>)? {
            pub(super) const fn new(core: $home, count: usize) -> Self {
                Self { core, count }
            }

            /// Tells how many permits it holds.
            #[must_use]
            pub const fn count(&self) -> usize {
                self.count
            }

            /// Takes `count` permits out of it, to be given back on their own; `None` if it holds fewer.
            pub fn split(&mut self, count: usize) -> Option<Self> {
                self.count = self.count.checked_sub(count)?;
                Some(Self::new(self.core.clone(), count))
            }

            /// Takes the permits of `other` in.
            ///
            /// # Panics
            /// If they are of another semaphore; they are given back to that one.
            pub fn merge(&mut self, mut other: Self) {
                let (ours, theirs): (&Core, &Core) = (&self.core, &other.core);
                assert!(
                    core::ptr::eq(ours, theirs),
                    "permits of different semaphores cannot be merged"
                );
                // Together they are at most the largest limit.
                self.count += core::mem::take(&mut other.count);
            }

            /// Does away with the permits: a debt of the semaphore is repaid with them, and what is left lowers its limit.
            pub fn forget(mut self) {
                line::forget(&self.core, core::mem::take(&mut self.count));
            }
        }

        impl $(<$life>)? Drop for $name $(<$life>)? {
            #[inline]
            fn drop(&mut self) {
                line::give_back(&self.core, self.count);
            }
        }

        impl $(<$life>)? fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("count", &self.count)
                    .finish_non_exhaustive()
            }
        }
    };
}

permit! {
    /// Holds permits of a semaphore until it is dropped; given by [`Semaphore::acquire`](super::Semaphore::acquire).
    ///
    /// ```
    /// use trunnion_patterns::Semaphore;
    ///
    /// let semaphore = Semaphore::new(5);
    /// let mut three = semaphore.try_acquire_many(3).unwrap();
    /// let one = three.split(1).unwrap();
    /// drop(three); // two are given back
    /// assert_eq!(semaphore.available(), 4);
    /// one.forget(); // and one never
    /// assert_eq!((semaphore.available(), semaphore.limit()), (4, 4));
    /// ```
    ///
    /// # Cost
    /// Its drop is one locked step where nobody waits; else it takes the lock of the line, and wakes whom it serves.
    Permit<'a>, &'a Core
}

permit! {
    /// Holds permits of a semaphore until it is dropped, and keeps the semaphore alive; given by
    /// [`Semaphore::acquire_owned`](super::Semaphore::acquire_owned).
    ///
    /// ```
    /// use trunnion_core::{BlockOn, Spawn};
    /// use trunnion_patterns::Semaphore;
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// sim.block_on(async {
    ///     let semaphore = Semaphore::new(1);
    ///     let permit = semaphore.acquire_owned().await.unwrap();
    ///     let task = rt.spawn(async move { permit.count() }); // given back when the task is over
    ///     assert_eq!(task.await.unwrap(), 1);
    ///     assert!(semaphore.try_acquire().is_ok());
    /// });
    /// ```
    ///
    /// # Cost
    /// That of a [`Permit`], and one locked step more for what it keeps alive.
    OwnedPermit, Arc<Core>
}
