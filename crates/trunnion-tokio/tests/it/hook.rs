//! Counting the panics that reach the hook.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    static SEEN: Cell<usize> = const { Cell::new(0) };
}

/// Counts the panics of this thread that reach the hook while `f` runs.
pub(crate) fn panics_seen(f: impl FnOnce()) -> usize {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let old = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            SEEN.set(SEEN.get() + 1);
            old(info);
        }));
    });
    let before = SEEN.get();
    f();
    SEEN.get() - before
}
