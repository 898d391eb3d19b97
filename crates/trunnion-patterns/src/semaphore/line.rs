//! The permits of a semaphore, and the line of those who wait for some.
//!
//! Free permits lie in one word beside the lock, with three flags. Taking is a compare-and-swap, giving back an addition; only
//! who finds a flag goes on to the lock. Who finds the line before that brings his permits to it: what goes from hand to hand does not
//! touch the word. The number is signed: below zero it is a debt, which those who give back repay before anybody takes.
//!
//! * L1: free + held + assigned = limit, where assigned are the permits of those who were granted them and have not been polled
//!   since.
//! * L2: `QUEUED` is set exactly while somebody is in the line, and changed under the lock only. While it is set nobody takes
//!   without the lock, so that nobody passes who waits.
//! * L3: who adds permits and finds `QUEUED` hands out under the lock: permits lie idle only if they are too few for the first.
//! * L4: `CLOSED` is never cleared. Whoever is in the line after that is refused.
//! * L5: who was granted takes without the lock, and says so in counts that only grow. The permits above one of a claim are
//!   counted as claimed before the claim itself is, so that who reads the counts the other way round finds none assigned to nobody.
//!
//! The first of the line takes all that it wants at once; until then what comes back gathers in the word (tokio's batch semaphore
//! gathers it in the first waiter). That an addition is enough where nobody waits is asyncband's idea.

use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use trunnion_core::wait::{Home, Locked, Shared, WaitQueue, Waiter, Wakers};

use super::claim::Claim;
use super::error::{AcquireError, TryAcquireError};
use super::idle::{Idle, wake_idle};
use super::word::{AWAITED, CLOSED, MAX_PERMITS, QUEUED, fits, free, number};

/// A semaphore's permits and its line.
pub(crate) type Core = WaitQueue<Line>;

/// What lies beside the lock.
pub(crate) struct Open {
    pub(super) word: AtomicUsize,
    // Changed under the lock.
    pub(super) limit: AtomicUsize,
    pub(super) idle: WaitQueue<Idle>,
    // How many of those who were granted have taken that.
    claimed: AtomicUsize,
    // Their permits above one each.
    claimed_more: AtomicUsize,
}

/// What lies under the lock: counts of those who wait, and of all who were ever granted permits. The second ones wrap around.
#[derive(Default)]
pub(crate) struct Line {
    waiting: usize,
    granted: usize,
    // The permits above one of each.
    granted_more: usize,
}

/// How things stand, all at one moment.
pub(crate) struct Snapshot {
    pub(crate) limit: usize,
    pub(crate) free: isize,
    pub(crate) waiting: usize,
    pub(crate) unclaimed: usize,
    pub(crate) assigned: usize,
}

impl Line {
    /// Counts an answer; what it takes out of the word.
    fn note(&mut self, answer: Claim) -> usize {
        self.waiting -= 1;
        if answer.is(Claim::CLOSED | Claim::EXCEEDS) {
            return 0;
        }
        self.granted = self.granted.wrapping_add(1);
        // Nobody waits for none.
        let more = answer.permits() - 1;
        self.granted_more = self.granted_more.wrapping_add(more);
        number(answer.permits())
    }
}

impl Shared for Line {
    type Value = Claim;
    type Open = Open;
    const SEES_LEAVING: bool = true;

    fn pass_on(queue: &mut Locked<'_, Self>, claim: Claim, wakers: &mut Wakers) {
        let Ok(permits) = claimed(queue.open(), claim) else {
            return;
        };
        let permits = mutant!("semaphore-keeps-a-cancelled-grant", permits, 0);
        hand_out(queue, wakers, permits);
    }

    fn left(queue: &mut Locked<'_, Self>, _: Claim, wakers: &mut Wakers) {
        queue.shared().waiting -= 1;
        if mutant!("semaphore-overlooks-those-behind", true, false) {
            hand_out(queue, wakers, 0);
        }
    }

    fn serve(queue: &mut Locked<'_, Self>, wakers: &mut Wakers) {
        hand_out(queue, wakers, 0);
    }
}

/// Makes a line with so many permits, at most the largest limit.
pub(crate) fn new(limit: usize) -> Core {
    let limit = limit.min(MAX_PERMITS);
    let open = Open {
        word: AtomicUsize::new(number(limit)),
        limit: AtomicUsize::new(limit),
        idle: WaitQueue::new(Idle),
        claimed: AtomicUsize::new(0),
        claimed_more: AtomicUsize::new(0),
    };
    Core::with_open(Line::default(), open)
}

/// Takes permits if they are free, nobody waits and nothing is closed.
#[inline]
pub(crate) fn take_now(core: &Core, permits: usize) -> bool {
    let word = &core.open().word;
    let mut now = word.load(Relaxed);
    loop {
        let queued = now & mutant!("semaphore-barges", QUEUED | CLOSED, CLOSED) != 0;
        if queued || !fits(now, permits) {
            return false;
        }
        let order = mutant!("semaphore-take-unacquired", Acquire, Relaxed);
        let next = now - number(permits);
        let taken = mutant!(
            "semaphore-take-torn",
            word.compare_exchange(now, next, order, Relaxed),
            {
                let _ = word.load(Acquire);
                word.store(next, Release);
                Ok(next)
            }
        );
        match taken {
            Ok(_) => return true,
            Err(seen) => now = seen,
        }
    }
}

/// The same, with the reason why nothing was taken.
#[inline]
pub(crate) fn try_take(core: &Core, permits: usize) -> Result<(), TryAcquireError> {
    // A claim's number is a word's too.
    let permits = Claim::new(permits).permits();
    if take_now(core, permits) {
        return Ok(());
    }
    refusal(core, permits)
}

#[cold]
fn refusal(core: &Core, permits: usize) -> Result<(), TryAcquireError> {
    let limit = limit(core);
    if is_closed(core) {
        return Err(TryAcquireError::Closed);
    }
    if permits > limit {
        let wanted = permits;
        return Err(TryAcquireError::ExceedsLimit { wanted, limit });
    }
    if permits > 0 {
        return Err(TryAcquireError::NoPermits);
    }
    Ok(())
}

/// Gives permits back.
#[inline]
pub(crate) fn give_back(core: &Core, permits: usize) {
    let word = &core.open().word;
    let now = word.load(Relaxed);
    let unseen = mutant!("semaphore-leaves-it-to-another", false, free(now) > 0);
    if now & QUEUED != 0 && !unseen {
        return change(core, permits, |_| ());
    }
    let order = mutant!("semaphore-give-back-unreleased", Release, Relaxed);
    let before = word.fetch_add(number(permits), order);
    let flags = mutant!("semaphore-give-back-unseen", QUEUED | AWAITED, AWAITED);
    let unseen = mutant!("semaphore-leaves-it-to-another", false, free(before) > 0);
    if before & flags != 0 && !unseen {
        change(core, 0, |_| ());
    }
}

/// Waits for so many permits; on the first poll in the line, unless they are free and nobody waits.
pub(crate) fn poll_wait<H>(
    waiter: Pin<&mut Waiter<H>>,
    cx: &mut Context<'_>,
    claim: Claim,
) -> Poll<Result<usize, AcquireError>>
where
    H: Home<Shared = Line>,
{
    let enter = |queue: &mut Locked<'_, Line>| enter(queue, claim.permits());
    waiter.poll_claim(cx, enter, |core, claim| claimed(core.open(), claim))
}

/// Takes permits under the lock, or says that they are to be waited for.
fn enter(queue: &mut Locked<'_, Line>, permits: usize) -> Option<Result<usize, AcquireError>> {
    let open = queue.open();
    let limit = open.limit.load(Relaxed);
    let mut now = open.word.load(Relaxed);
    loop {
        if now & CLOSED != 0 {
            return Some(Err(AcquireError::Closed));
        }
        if permits > limit {
            let wanted = permits;
            return Some(Err(AcquireError::ExceedsLimit { wanted, limit }));
        }
        if permits == 0 {
            return Some(Ok(0));
        }
        if now & QUEUED != 0 {
            break;
        }
        let taken = mutant!("semaphore-enters-unchecked", fits(now, permits), false);
        let next = if taken {
            now - number(permits)
        } else {
            now | QUEUED
        };
        match open.word.compare_exchange(now, next, Acquire, Relaxed) {
            Ok(_) if taken => return Some(Ok(permits)),
            Ok(_) => break,
            Err(seen) => now = seen,
        }
    }
    queue.shared().waiting += 1;
    None
}

/// Takes what a notified waiter was given.
fn claimed(open: &Open, claim: Claim) -> Result<usize, AcquireError> {
    let permits = claim.permits();
    if claim.is(Claim::CLOSED) {
        return Err(AcquireError::Closed);
    }
    if claim.is(Claim::EXCEEDS) {
        let limit = open.limit.load(Relaxed);
        let wanted = permits;
        return Err(AcquireError::ExceedsLimit { wanted, limit });
    }
    let more = || {
        if permits > 1 {
            open.claimed_more.fetch_add(permits - 1, Relaxed);
        }
    };
    let one = || open.claimed.fetch_add(1, Release);
    mutant!(
        "semaphore-claims-one-first",
        {
            more();
            one();
        },
        {
            one();
            more();
        }
    );
    Ok(permits)
}

/// Serves the line from the front with what is in the word and what is brought; true if the batch is too small for all.
fn hand_out(queue: &mut Locked<'_, Line>, wakers: &mut Wakers, brought: usize) -> bool {
    let open = queue.open();
    let limit = open.limit.load(Relaxed);
    let now = open.word.load(Acquire);
    let (mut left, mut more) = (now.wrapping_add(number(brought)), false);
    while let Some(claim) = queue.front() {
        if wakers.is_full() {
            more = true;
            break;
        }
        let Some(answer) = answer(claim, left, limit) else {
            break;
        };
        left = left.wrapping_sub(queue.shared().note(answer));
        queue.set_front(answer);
        queue.wake_front(wakers);
        if mutant!("semaphore-serves-one", false, true) {
            break;
        }
    }
    let emptied = mutant!("semaphore-stays-queued", queue.is_empty(), false);
    let then = if emptied { left & !QUEUED } else { left };
    if then != now {
        // The flag is taken away only where it was set: all else that changes is whole permits.
        let order = mutant!("semaphore-brings-unreleased", Release, Relaxed);
        open.word.fetch_add(then.wrapping_sub(now), order);
    }
    if !more {
        wake_idle(open, left, limit, wakers);
    }
    more
}

/// Says what the first of the line gets; `None` if it goes on waiting.
fn answer(claim: Claim, word: usize, limit: usize) -> Option<Claim> {
    let permits = claim.permits();
    let fits = fits(word, permits);
    if word & CLOSED != 0 && mutant!("semaphore-close-grants", true, !fits) {
        return Some(claim.refused(Claim::CLOSED));
    }
    if permits > limit {
        return Some(claim.refused(Claim::EXCEEDS));
    }
    fits.then(|| Claim::new(permits))
}

/// Changes what lies under the lock, and then serves whom that concerns, with the permits that are brought, in batches between which
/// the lock is free.
#[cold]
fn change(core: &Core, mut brought: usize, change: impl FnOnce(&mut Locked<'_, Line>)) {
    let (mut change, mut more) = (Some(change), true);
    while more {
        let woken = core.lock_and_wake(|queue, wakers| {
            if let Some(change) = change.take() {
                change(queue);
            }
            more = hand_out(queue, wakers, mem::take(&mut brought));
        });
        if let Err(panic) = woken {
            contain(|| drop(panic));
        }
        more &= mutant!("semaphore-one-batch-only", true, false);
    }
}

/// Sets the limit: more permits are there at once, and what is out beyond it is a debt.
pub(crate) fn set_limit(core: &Core, limit: usize) {
    let limit = limit.min(MAX_PERMITS);
    let set = |queue: &mut Locked<'_, Line>| {
        let open = queue.open();
        let before = open.limit.load(Relaxed);
        open.limit.store(limit, Relaxed);
        let added = number(limit).wrapping_sub(number(before));
        let added = mutant!("semaphore-forgives-a-debt", added, {
            let debt = free(open.word.load(Relaxed).wrapping_add(added)).min(0);
            added.wrapping_add(number(debt.unsigned_abs()))
        });
        open.word.fetch_add(added, Relaxed);
    };
    mutant!(
        "semaphore-raised-unseen",
        change(core, 0, set),
        set(&mut core.lock())
    );
}

/// Takes held permits away for good: they repay a debt, and lower the limit by what is left.
pub(crate) fn forget(core: &Core, permits: usize) {
    change(core, 0, |queue| {
        let open = queue.open();
        let debt = free(open.word.load(Relaxed)).min(0).unsigned_abs();
        let repaid = permits.min(debt);
        open.word.fetch_add(number(repaid), Relaxed);
        let limit = open.limit.load(Relaxed);
        let lost = mutant!("semaphore-forget-keeps-the-limit", permits - repaid, 0);
        open.limit.store(limit.saturating_sub(lost), Relaxed);
    });
}

/// Closes: whoever waits is refused, and whoever comes.
pub(crate) fn close(core: &Core) {
    change(core, 0, |queue| {
        queue.open().word.fetch_or(CLOSED, Release);
    });
}

pub(crate) fn is_closed(core: &Core) -> bool {
    core.open().word.load(Acquire) & CLOSED != 0
}

pub(crate) fn limit(core: &Core) -> usize {
    core.open().limit.load(Relaxed)
}

pub(crate) fn free_now(core: &Core) -> isize {
    free(core.open().word.load(Acquire))
}

pub(crate) fn snapshot(core: &Core) -> Snapshot {
    let mut queue = core.lock();
    let limit = limit(core);
    let free = free_now(core);
    let open = queue.open();
    let line = queue.shared();
    // L5: nobody is granted meanwhile, and what is claimed meanwhile is held.
    let unclaimed = line.granted.wrapping_sub(open.claimed.load(Acquire));
    let more = line
        .granted_more
        .wrapping_sub(open.claimed_more.load(Relaxed));
    Snapshot {
        limit,
        free,
        waiting: line.waiting,
        unclaimed,
        assigned: unclaimed.saturating_add(more),
    }
}
