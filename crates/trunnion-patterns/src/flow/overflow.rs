//! What happens to an item for which there is no room.

use core::fmt;
use core::hash::Hash;

use super::chan::{By, DynKey, Merge};
use super::state::Rule;

/// Says what happens when an item comes and there is no room; given to [`Builder::overflow`](super::Builder::overflow).
///
/// ```
/// use std::num::NonZeroUsize;
/// use trunnion_patterns::flow::{self, Overflow, Sent};
///
/// let one = NonZeroUsize::MIN;
/// let (sender, mut receiver) = flow::channel(one).overflow(Overflow::DropOldest).build();
/// assert_eq!(sender.try_send("first").unwrap(), Sent::Queued);
/// let sent = sender.try_send("second").unwrap();
/// assert_eq!(sent, Sent::Displaced { item: "first", more: Vec::new() });
/// assert_eq!(receiver.try_recv(), Ok("second"));
/// ```
#[derive(Default)]
#[non_exhaustive]
pub enum Overflow<T> {
    /// The sender waits; nothing is lost.
    #[default]
    Wait,
    /// Those that have waited longest are handed back to the sender.
    DropOldest,
    /// Those that came last are handed back to the sender; the new one takes their place.
    DropNewest,
    /// The new one is handed back as an error, and the sender never waits.
    Reject,
    /// The new one is merged into the youngest that waits; made by [`Overflow::conflate`].
    Conflate(Conflation<T>),
    /// The new one is merged into the one that waits with the same key, whether or not there is room; else the sender waits. Made by
    /// [`Overflow::keyed_conflate`].
    KeyedConflate(KeyedConflation<T>),
}

impl<T> Overflow<T> {
    /// Merges an item for which there is no room into the youngest that waits.
    ///
    /// `merge` gets the older and the newer one. It runs in the call that sends, without any lock: the older one is with that call
    /// meanwhile, and the receiver waits for it. What others send meanwhile is merged by that call too.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, Overflow, Sent};
    ///
    /// let sum = Overflow::conflate(|old: &mut u64, new| *old += new);
    /// let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).overflow(sum).build();
    /// assert_eq!(sender.try_send(1).unwrap(), Sent::Queued);
    /// assert_eq!(sender.try_send(2).unwrap(), Sent::Conflated);
    /// assert_eq!(receiver.try_recv(), Ok(3));
    /// ```
    ///
    /// # Panics
    /// A panic of `merge` reaches whoever sends. The older item stays as it was left, the newer one is gone. What others sent meanwhile
    /// is merged all the same; a panic in that is not passed on.
    pub fn conflate(merge: impl Fn(&mut T, T) + Send + Sync + 'static) -> Self {
        let merge = Box::new(merge);
        Self::Conflate(Conflation { merge })
    }

    /// Merges an item into the one that waits with the same key, which keeps its place.
    ///
    /// A slow receiver sees each key at most once for each turn, in its newest state. Keys are compared by hash first, and whole
    /// without any lock. Two threads that send one key in the same moment may leave two items of it, in their order.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, Overflow, Sent};
    ///
    /// let four = NonZeroUsize::MIN.saturating_add(3);
    /// let newest = Overflow::keyed_conflate(|quote: &(&str, u32)| quote.0, |old, new| *old = new);
    /// let (sender, mut receiver) = flow::channel(four).overflow(newest).build();
    /// sender.try_send(("gold", 10)).unwrap();
    /// sender.try_send(("iron", 20)).unwrap();
    /// assert_eq!(sender.try_send(("gold", 11)).unwrap(), Sent::Conflated);
    /// assert_eq!(receiver.try_recv(), Ok(("gold", 11)));
    /// assert_eq!(receiver.try_recv(), Ok(("iron", 20)));
    /// ```
    ///
    /// # Panics
    /// A panic of `key` or `merge` reaches whoever sends. An item that waits stays as it was left, the newer one is gone.
    ///
    /// # Cost
    /// A send compares one number for each item that waits, under the lock.
    pub fn keyed_conflate<K: Hash + Eq>(
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        merge: impl Fn(&mut T, T) + Send + Sync + 'static,
    ) -> Self
    where
        T: 'static,
    {
        let (key, merge) = (Box::new(By::new(key)), Box::new(merge));
        Self::KeyedConflate(KeyedConflation { key, merge })
    }

    /// Takes it apart into what is needed under the lock, and what must not run there.
    pub(super) fn into_parts(self) -> (Rule, Option<Merge<T>>, Option<DynKey<T>>) {
        match self {
            Self::Wait => (Rule::Wait, None, None),
            Self::DropOldest => (Rule::DropOldest, None, None),
            Self::DropNewest => (Rule::DropNewest, None, None),
            Self::Reject => (Rule::Reject, None, None),
            Self::Conflate(how) => (Rule::Conflate, Some(how.merge), None),
            Self::KeyedConflate(how) => (Rule::Keyed, Some(how.merge), Some(how.key)),
        }
    }
}

impl<T> fmt::Debug for Overflow<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wait => "Wait",
            Self::DropOldest => "DropOldest",
            Self::DropNewest => "DropNewest",
            Self::Reject => "Reject",
            Self::Conflate(_) => "Conflate(..)",
            Self::KeyedConflate(_) => "KeyedConflate(..)",
        })
    }
}

/// Merges items; made by [`Overflow::conflate`].
pub struct Conflation<T> {
    merge: Merge<T>,
}

impl<T> fmt::Debug for Conflation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conflation").finish_non_exhaustive()
    }
}

/// Merges items that have the same key; made by [`Overflow::keyed_conflate`].
pub struct KeyedConflation<T> {
    key: DynKey<T>,
    merge: Merge<T>,
}

impl<T> fmt::Debug for KeyedConflation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedConflation").finish_non_exhaustive()
    }
}
