//! What can be seen of a channel.

use super::state::State;

/// Tells how a channel stands, all at one moment; made by [`Sender::stats`](super::Sender::stats) and
/// [`Receiver::stats`](super::Receiver::stats).
///
/// `delivered + displaced + conflated + leftover + len` is `sent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowStats {
    /// How many items there is room for.
    pub capacity: usize,
    /// How many items are in it.
    pub len: usize,
    /// What they and the reserved places weigh.
    pub weight: usize,
    /// How many places are reserved: by permits, and for those that waited and were not polled since.
    pub reserved: usize,
    /// How many of the reserved places belong to futures that were not polled since. One that stays is a future that nobody polls.
    pub granted_unclaimed: usize,
    /// How many wait for room.
    pub waiting: usize,
    /// The most items that were in it at once.
    pub peak: usize,
    /// The most that items and reserved places weighed at once.
    pub peak_weight: usize,
    /// How many items were taken in.
    pub sent: u64,
    /// How many were received.
    pub delivered: u64,
    /// How many were handed back to the sender that displaced them.
    pub displaced: u64,
    /// How many were merged into another item.
    pub conflated: u64,
    /// How many were there when the channel was closed at once, or its receiver dropped.
    pub leftover: u64,
    /// How many were refused because there was no room.
    pub rejected: u64,
}

impl<T> From<&State<T>> for FlowStats {
    fn from(state: &State<T>) -> Self {
        let counts = state.counts;
        Self {
            capacity: state.capacity(),
            len: state.len(),
            weight: state.weight(),
            reserved: state.reserved(),
            granted_unclaimed: state.unclaimed,
            waiting: state.waiting,
            peak: counts.peak,
            peak_weight: counts.peak_weight,
            sent: counts.sent,
            delivered: counts.delivered,
            displaced: counts.displaced,
            conflated: counts.conflated,
            leftover: counts.leftover,
            rejected: counts.rejected,
        }
    }
}
