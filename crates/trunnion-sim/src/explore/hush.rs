//! Panics that are looked for are not told to the process: a search may raise thousands.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

use trunnion_core::PanicPayload;
use trunnion_core::panic::catch;

/// What was looked at when the newest panic came, before anything unwound.
#[derive(Default)]
struct Seen {
    look: Option<Box<dyn Fn() -> String>>,
    text: String,
}

std::thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
    /// Where the panics of this thread came from while it hushes; `None` while it does not.
    static PLACES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Puts a hook in front of the one that is there: it keeps the places of hushed panics, and passes on all others.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string);
            let hushed = PLACES.try_with(|places| match places.borrow_mut().as_mut() {
                Some(places) => {
                    places.extend(place);
                    true
                }
                None => false,
            });
            look();
            if !hushed.unwrap_or(false) {
                next(info);
            }
        }));
    });
}

/// Runs `f` with the panics of this thread hushed; gives its panic, and the places of all that there were.
pub(crate) fn hush<R>(f: impl FnOnce() -> R) -> (Result<R, PanicPayload>, Vec<String>) {
    install();
    let outer = PLACES.with(|places| places.replace(Some(Vec::new())));
    let result = catch(f);
    let places = PLACES.with(|places| places.replace(outer));
    (result, places.unwrap_or_default())
}

fn look() {
    let look = |seen: &RefCell<Seen>| {
        if let Ok(mut seen) = seen.try_borrow_mut() {
            seen.text = seen.look.as_ref().map(|look| look()).unwrap_or_default();
        }
    };
    let _gone = SEEN.try_with(look);
}

/// Runs `f`, and looks at something at each panic of this thread; gives what was seen at the newest.
pub(super) fn looking<R>(
    look: Option<Box<dyn Fn() -> String>>,
    f: impl FnOnce() -> R,
) -> (R, String) {
    let text = String::new();
    let outer = SEEN.with(|seen| seen.replace(Seen { look, text }));
    let result = f();
    (result, SEEN.with(|seen| seen.replace(outer)).text)
}

/// Where the newest hushed panic of this thread came from.
pub(crate) fn last_place() -> Option<String> {
    let last = |places: &RefCell<Option<Vec<String>>>| places.borrow().as_ref()?.last().cloned();
    PLACES.try_with(last).ok().flatten()
}
