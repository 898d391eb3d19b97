//! How many tokens are left, in one atomic; nothing but core is used here, for the models.
//!
//! The word guards no other data, so that every access is relaxed: what counts is that each change is one step.

use trunnion_core::mutant;
use trunnion_core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Thousandths of a token, and the time up to which the trickle was added.
pub(crate) struct Level {
    pub(crate) word: AtomicU64,
}

/// What a level holds at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stand {
    /// Thousandths of a token.
    pub(crate) tokens: u32,
    /// Milliseconds of the clock, of which the lower 32 bits are kept: a budget that waits 49 days may lose the trickle of them.
    pub(crate) credited: u32,
}

/// How the trickle flows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trickle {
    /// Thousandths of a token a second.
    pub(crate) rate: u32,
    /// The most that there can be.
    pub(crate) cap: u32,
}

/// So many milliseconds at most lie between two threads' readings of the clock and their turns here.
const OVERTAKEN: u32 = 60_000;

/// The milliseconds since `credited`: none where a thread that read the clock later was here first.
const fn passed(credited: u32, now: u32) -> u32 {
    if credited.wrapping_sub(now) < OVERTAKEN {
        return 0;
    }
    now.wrapping_sub(credited)
}

impl Stand {
    pub(crate) const fn pack(self) -> u64 {
        (self.credited as u64) << 32 | self.tokens as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "each half is taken")]
    const fn unpack(word: u64) -> Self {
        Self {
            tokens: word as u32,
            credited: (word >> 32) as u32,
        }
    }

    /// Adds what has trickled in until `now`, whole thousandths only, and keeps the time that the rest took.
    fn credit(self, trickle: Trickle, now: u32) -> Self {
        let full = Self {
            tokens: trickle.cap,
            credited: now,
        };
        let (passed, rate) = (passed(self.credited, now), u64::from(trickle.rate));
        if passed == 0 || rate == 0 {
            return self;
        }
        let gained = u64::from(passed) * rate / 1_000;
        let tokens = u64::from(self.tokens) + gained;
        match u32::try_from(tokens) {
            Ok(tokens) if tokens < trickle.cap => Self {
                tokens,
                credited: self.credited.wrapping_add(taken(gained, rate)),
            },
            _ => full,
        }
    }
}

/// The milliseconds in which so much trickles in, rounded up: never more than have passed.
fn taken(gained: u64, rate: u64) -> u32 {
    u32::try_from((gained * 1_000).div_ceil(rate)).unwrap_or(u32::MAX)
}

impl Level {
    pub(crate) fn tokens(&self) -> u32 {
        Stand::unpack(self.word.load(Relaxed)).tokens
    }

    /// The tokens with what has trickled in until `now`, which stays where it is.
    pub(crate) fn tokens_at(&self, trickle: Trickle, now: u32) -> u32 {
        Stand::unpack(self.word.load(Relaxed))
            .credit(trickle, now)
            .tokens
    }

    /// Takes `price`, if there is so much with what has trickled in. A refusal changes nothing.
    pub(crate) fn withdraw(&self, price: u32, trickle: Trickle, now: u32) -> bool {
        let how = mutant!("budget-withdraw-overwrites", ATOMICALLY, BLINDLY);
        self.change(how, |stand| {
            let credited = stand.credit(trickle, now);
            let tokens = credited.tokens.checked_sub(price)?;
            let credited = mutant!("budget-credits-twice", credited.credited, stand.credited);
            Some(Stand { tokens, credited })
        })
    }

    /// Adds `tokens`, up to `cap`. Where it is full nothing is written.
    #[inline]
    pub(crate) fn give(&self, tokens: u32, cap: u32) {
        let how = mutant!("budget-give-overwrites", ATOMICALLY, BLINDLY);
        self.change(how, |stand| {
            let sum = stand.tokens.saturating_add(tokens);
            let sum = mutant!("budget-passes-the-cap", sum.min(cap), sum);
            (stand.tokens < cap).then_some(Stand {
                tokens: sum,
                ..stand
            })
        });
    }

    /// Takes `tokens`, or what there is of them.
    pub(crate) fn lose(&self, tokens: u32) {
        self.change(ATOMICALLY, |stand| {
            let lost = stand.tokens.checked_sub(tokens);
            let left = mutant!("budget-loses-all-or-nothing", lost.or(Some(0)), lost);
            left.map(|tokens| Stand { tokens, ..stand })
        });
    }

    /// Changes the stand in one step; false when `next` refuses.
    #[inline]
    fn change(&self, exchange: Exchange, next: impl Fn(Stand) -> Option<Stand>) -> bool {
        let mut word = self.word.load(Relaxed);
        loop {
            let Some(new) = next(Stand::unpack(word)) else {
                return false;
            };
            match exchange(&self.word, word, new.pack()) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }
}

/// Writes a word where another was read.
type Exchange = fn(&AtomicU64, u64, u64) -> Result<u64, u64>;

const ATOMICALLY: Exchange = |word, old, new| word.compare_exchange(old, new, Relaxed, Relaxed);

/// What a seeded bug does: it forgets what others wrote meanwhile.
#[cfg(trunnion_mutants)]
const BLINDLY: Exchange = |word, old, new| {
    word.store(new, Relaxed);
    Ok(old)
};
