//! At most so many at once.

mod acquire;
mod claim;
mod drained;
mod error;
mod idle;
mod line;
mod permit;
mod stats;
mod word;

use core::fmt;
use std::sync::Arc;

pub use acquire::{Acquire, AcquireOwned};
pub use drained::Drained;
pub use error::{AcquireError, TryAcquireError};
pub use permit::{OwnedPermit, Permit};
pub use stats::SemaphoreStats;

use line::Core;

/// Gives permits, as many as its limit, and makes those wait who come when there are none.
///
/// Who waits is served in the order of the first polls, whatever others ask for: nobody passes, and a large request is not starved by
/// small ones. A permit that is dropped is given back. Clones are the same semaphore.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, Clock, Spawn, Timer};
/// use trunnion_patterns::{Semaphore, each, gather};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// sim.block_on(async {
///     let at_most_two = Semaphore::new(2);
///     let start = rt.now();
///     let requests = (0..6).map(async |_| {
///         let _permit = at_most_two.acquire().await.unwrap();
///         rt.sleep(Duration::from_secs(1)).await; // the request
///     });
///     gather(each(requests)).await;
///     assert_eq!(rt.now() - start, Duration::from_secs(3));
/// });
/// ```
///
/// A granted permit belongs to its future even if nobody polls that. With several acquires inside one task, poll all of them until
/// they are dropped: one that is left lying in a loop's `select` keeps its permits from the others.
/// [`stats`](Self::stats) shows it.
///
/// # Cost
/// One allocation. Taking and giving back is one locked step each where nobody waits.
#[derive(Clone)]
pub struct Semaphore {
    core: Arc<Core>,
}

impl Semaphore {
    /// The largest limit; a larger one is taken for this one.
    pub const MAX_PERMITS: usize = word::MAX_PERMITS;

    /// Makes a semaphore with `limit` permits.
    ///
    /// Without permits it refuses whoever asks for one, until [`set_limit`](Self::set_limit) gives it some.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let core = Arc::new(line::new(limit));
        Self { core }
    }

    /// Waits for a permit.
    ///
    /// ```
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::{AcquireError, Semaphore};
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let semaphore = Semaphore::new(1);
    ///     let permit = semaphore.acquire().await.unwrap();
    ///     semaphore.close();
    ///     assert_eq!(semaphore.acquire().await.unwrap_err(), AcquireError::Closed);
    ///     drop(permit);
    /// });
    /// ```
    ///
    /// # Errors
    /// [`AcquireError::Closed`] once the semaphore is closed; [`AcquireError::ExceedsLimit`] if it has no permits at all.
    ///
    /// # Cancel safety
    /// Dropping the future loses the place in the line, and nothing else: a permit that it was granted goes to the next. Its place
    /// is taken at the first poll; a future that is made anew after each timeout starts from the end each time.
    ///
    /// # Cost
    /// No allocation. Where permits are free, one locked step. A task that never waits gives way at every 128th.
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Waits for so many permits at once; none is free at once.
    ///
    /// ```
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::{AcquireError, Semaphore};
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let megabytes = Semaphore::new(100);
    ///     let file = megabytes.acquire_many(80).await.unwrap();
    ///     assert_eq!((file.count(), megabytes.available()), (80, 20));
    ///     let refused = megabytes.acquire_many(101).await.unwrap_err();
    ///     assert_eq!(refused, AcquireError::ExceedsLimit { wanted: 101, limit: 100 });
    /// });
    /// ```
    ///
    /// # Errors
    /// [`AcquireError::Closed`] once the semaphore is closed; [`AcquireError::ExceedsLimit`] at once if there are not so many, and
    /// to who waits as the first of the line after the limit was lowered.
    ///
    /// # Cancel safety
    /// That of [`acquire`](Self::acquire); those behind that want less are served at once.
    ///
    /// # Cost
    /// That of [`acquire`](Self::acquire).
    pub fn acquire_many(&self, permits: usize) -> Acquire<'_> {
        Acquire::new(&self.core, permits)
    }

    /// Waits for a permit that can leave: to another task, or into what is kept.
    ///
    /// ```
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::Semaphore;
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let permit = Semaphore::new(1).acquire_owned().await.unwrap();
    ///     assert_eq!(permit.count(), 1);
    /// });
    /// ```
    ///
    /// # Errors
    /// Those of [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    /// That of [`acquire`](Self::acquire).
    ///
    /// # Cost
    /// That of [`acquire`](Self::acquire), with two locked steps for what the permit keeps alive.
    pub fn acquire_owned(&self) -> AcquireOwned {
        self.acquire_many_owned(1)
    }

    /// Waits for so many permits at once that can leave.
    ///
    /// ```
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::Semaphore;
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let permit = Semaphore::new(3).acquire_many_owned(2).await.unwrap();
    ///     assert_eq!(permit.count(), 2);
    /// });
    /// ```
    ///
    /// # Errors
    /// Those of [`acquire_many`](Self::acquire_many).
    ///
    /// # Cancel safety
    /// That of [`acquire_many`](Self::acquire_many).
    ///
    /// # Cost
    /// That of [`acquire_owned`](Self::acquire_owned).
    pub fn acquire_many_owned(&self, permits: usize) -> AcquireOwned {
        AcquireOwned::new(Arc::clone(&self.core), permits)
    }

    /// Takes a permit if one is free and nobody waits.
    ///
    /// It never gives way and never waits: what sheds load asks here.
    ///
    /// ```
    /// use trunnion_patterns::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_ok());
    /// ```
    ///
    /// # Errors
    /// [`TryAcquireError`] says why not.
    ///
    /// # Cost
    /// One locked step, or none if it takes nothing.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes so many permits if they are free and nobody waits.
    ///
    /// ```
    /// use trunnion_patterns::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(3);
    /// let two = semaphore.try_acquire_many(2).unwrap();
    /// assert_eq!(semaphore.try_acquire_many(2).unwrap_err(), TryAcquireError::NoPermits);
    /// drop(two);
    /// ```
    ///
    /// # Errors
    /// [`TryAcquireError`] says why not.
    ///
    /// # Cost
    /// That of [`try_acquire`](Self::try_acquire).
    #[inline]
    pub fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_>, TryAcquireError> {
        line::try_take(&self.core, permits)?;
        Ok(Permit::new(&self.core, permits))
    }

    /// Takes a permit that can leave, if one is free and nobody waits.
    ///
    /// ```
    /// use trunnion_patterns::Semaphore;
    ///
    /// let permit = Semaphore::new(1).try_acquire_owned().unwrap();
    /// assert_eq!(permit.count(), 1);
    /// ```
    ///
    /// # Errors
    /// [`TryAcquireError`] says why not.
    ///
    /// # Cost
    /// That of [`try_acquire`](Self::try_acquire), with two locked steps for what the permit keeps alive.
    #[inline]
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Takes so many permits that can leave, if they are free and nobody waits.
    ///
    /// ```
    /// use trunnion_patterns::Semaphore;
    ///
    /// let permit = Semaphore::new(3).try_acquire_many_owned(2).unwrap();
    /// assert_eq!(permit.count(), 2);
    /// ```
    ///
    /// # Errors
    /// [`TryAcquireError`] says why not.
    ///
    /// # Cost
    /// That of [`try_acquire_owned`](Self::try_acquire_owned).
    #[inline]
    pub fn try_acquire_many_owned(&self, permits: usize) -> Result<OwnedPermit, TryAcquireError> {
        line::try_take(&self.core, permits)?;
        Ok(OwnedPermit::new(Arc::clone(&self.core), permits))
    }

    /// Tells how many permits are free now, though others may wait for them.
    ///
    /// ```
    /// let semaphore = trunnion_patterns::Semaphore::new(3);
    /// let _permit = semaphore.try_acquire();
    /// assert_eq!(semaphore.available(), 2);
    /// ```
    #[must_use]
    pub fn available(&self) -> usize {
        line::free_now(&self.core).max(0).unsigned_abs()
    }

    /// Tells how many permits there are.
    ///
    /// ```
    /// assert_eq!(trunnion_patterns::Semaphore::new(3).limit(), 3);
    /// ```
    #[must_use]
    pub fn limit(&self) -> usize {
        line::limit(&self.core)
    }

    /// Sets how many permits there are.
    ///
    /// More are there at once, and serve those who wait. Fewer take from those that are free; what is out beyond the new limit stays
    /// out, and is a debt: what is given back repays it before anybody gets a permit.
    ///
    /// ```
    /// use trunnion_patterns::Semaphore;
    ///
    /// let semaphore = Semaphore::new(4);
    /// let mut four = semaphore.try_acquire_many(4).unwrap();
    /// semaphore.set_limit(2);
    /// drop(four.split(2));
    /// assert_eq!(semaphore.available(), 0); // the debt is repaid
    /// drop(four);
    /// assert_eq!(semaphore.available(), 2);
    /// ```
    ///
    /// Whoever then waits for more than there are is refused when it is the first of the line.
    pub fn set_limit(&self, limit: usize) {
        line::set_limit(&self.core, limit);
    }

    /// Closes: who waits is refused, and so is whoever comes. Permits that are out stay, and so do those that were granted before.
    ///
    /// ```
    /// use trunnion_patterns::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// semaphore.close();
    /// assert!(semaphore.is_closed());
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    /// ```
    pub fn close(&self) {
        line::close(&self.core);
    }

    /// Tells whether it is closed.
    ///
    /// ```
    /// assert!(!trunnion_patterns::Semaphore::new(1).is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        line::is_closed(&self.core)
    }

    /// Waits until all permits are back.
    ///
    /// It is ready when one of its polls sees that. Close before, to wait for the end of all work: while others still come, there may
    /// be no such moment.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{BlockOn, Spawn, Timer};
    /// use trunnion_patterns::Semaphore;
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// sim.block_on(async {
    ///     let semaphore = Semaphore::new(2);
    ///     let (permit, clock) = (semaphore.acquire_owned().await.unwrap(), rt.clone());
    ///     rt.spawn_detached(async move {
    ///         clock.sleep(Duration::from_secs(1)).await;
    ///         drop(permit);
    ///     });
    ///     semaphore.close();
    ///     semaphore.drained().await;
    ///     assert_eq!(semaphore.available(), 2);
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    ///
    /// # Cost
    /// No allocation. While somebody waits for it, permits are given back under the lock.
    pub fn drained(&self) -> Drained<'_> {
        Drained::new(&self.core)
    }

    /// Tells how it stands.
    ///
    /// ```
    /// let semaphore = trunnion_patterns::Semaphore::new(3);
    /// let _permit = semaphore.try_acquire();
    /// let stats = semaphore.stats();
    /// assert_eq!((stats.held, stats.available, stats.waiting), (1, 2, 0));
    /// ```
    #[must_use]
    pub fn stats(&self) -> SemaphoreStats {
        line::snapshot(&self.core).into()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Semaphore").field(&self.stats()).finish()
    }
}
