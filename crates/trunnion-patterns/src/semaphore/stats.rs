//! What can be seen of a semaphore.

use super::line::Snapshot;

/// Tells how a semaphore stands, all at one moment; made by [`Semaphore::stats`](super::Semaphore::stats).
///
/// `available + assigned + held - debt` is `limit`. Of somebody who takes several permits at that moment, some may be told as assigned
/// still and the others as held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SemaphoreStats {
    /// How many permits there are.
    pub limit: usize,
    /// How many are free. They may be too few for the first who waits.
    pub available: usize,
    /// How many are in permits that are alive.
    pub held: usize,
    /// How many are out beyond the limit, because it was lowered; they are repaid before anybody gets some.
    pub debt: usize,
    /// How many were granted to somebody who has not been polled since.
    pub assigned: usize,
    /// How many wait.
    pub waiting: usize,
    /// How many were granted their permits and have not been polled since. One that stays is a future that nobody polls: it keeps
    /// its permits from all others, for instance in a `select` whose other branch runs on.
    pub granted_unclaimed: usize,
}

impl From<Snapshot> for SemaphoreStats {
    fn from(seen: Snapshot) -> Self {
        let debt = seen.free.min(0).unsigned_abs();
        let available = seen.free.max(0).unsigned_abs();
        Self {
            limit: seen.limit,
            available,
            held: (seen.limit + debt).saturating_sub(available + seen.assigned),
            debt,
            assigned: seen.assigned,
            waiting: seen.waiting,
            granted_unclaimed: seen.unclaimed,
        }
    }
}
