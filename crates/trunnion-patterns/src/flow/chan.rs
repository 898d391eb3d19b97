//! What sender and receiver share.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use std::collections::hash_map::RandomState;

use super::line::Line;
use super::state::{Parcel, Rule};

pub(super) type Weigh<T> = Box<dyn Fn(&T) -> usize + Send + Sync>;
pub(super) type DynKey<T> = Box<dyn Key<T>>;
pub(super) type Merge<T> = Box<dyn Fn(&mut T, T) + Send + Sync>;

/// A channel, with the user's part of its rule beside the lock.
pub(super) struct Chan<T> {
    pub(super) line: Line<T>,
    pub(super) rules: Rules<T>,
}

impl<T> fmt::Debug for Chan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Chan").field(&self.rules.rule).finish()
    }
}

/// What the user says about items; called without any lock.
pub(super) struct Rules<T> {
    pub(super) rule: Rule,
    pub(super) max_weight: usize,
    pub(super) weigh: Option<Weigh<T>>,
    pub(super) merge: Option<Merge<T>>,
    pub(super) key: Option<DynKey<T>>,
}

impl<T> Rules<T> {
    /// Weighs an item; where nobody weighs, each weighs nothing.
    pub(super) fn weigh(&self, item: &T) -> usize {
        self.weigh.as_ref().map_or(0, |weigh| weigh(item))
    }

    /// Says what is to be claimed for an item that weighs `weight`.
    pub(super) const fn claimed(&self, weight: usize) -> usize {
        if self.weigh.is_some() { weight } else { 0 }
    }

    /// Finds out about an item what is needed under the lock.
    pub(super) fn parcel(&self, item: T) -> Parcel<T> {
        let weight = self.weigh(&item);
        let mark = self.key.as_ref().map_or(0, |key| key.mark(&item));
        Parcel { item, weight, mark }
    }

    pub(super) fn merge(&self, old: &mut T, new: T) {
        if let Some(merge) = &self.merge {
            merge(old, new);
        }
    }

    pub(super) fn same_key(&self, one: &T, other: &T) -> bool {
        let key = self.key.as_ref();
        key.is_some_and(|key| key.same(one, other))
    }
}

/// Compares items by their keys, whose type is nobody's business.
pub(super) trait Key<T>: Send + Sync {
    /// Hashes the key of an item.
    fn mark(&self, item: &T) -> u64;

    /// Tells whether two items have the same key.
    fn same(&self, one: &T, other: &T) -> bool;
}

/// Compares by what `F` gives.
pub(super) struct By<F> {
    key: F,
    hasher: RandomState,
}

impl<F> By<F> {
    pub(super) fn new(key: F) -> Self {
        let hasher = RandomState::new();
        Self { key, hasher }
    }
}

impl<T, K, F> Key<T> for By<F>
where
    K: Hash + Eq,
    F: Fn(&T) -> K + Send + Sync,
{
    fn mark(&self, item: &T) -> u64 {
        self.hasher.hash_one((self.key)(item))
    }

    fn same(&self, one: &T, other: &T) -> bool {
        (self.key)(one) == (self.key)(other)
    }
}
