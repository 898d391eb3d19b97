//! What waits at a token's node.

use crate::wait::{Locked, Shared, Wakers};

/// The data beside the waiters: none.
#[derive(Debug)]
#[doc(hidden)]
pub struct Views;

/// Through which view of its token somebody waits; the numbers are those of the stages that it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(hidden)]
pub enum View {
    /// It is told of a cancellation.
    Plain = 1,
    /// It is told of a kill only.
    Shielded = 2,
}

impl Shared for Views {
    type Value = View;
    type Open = ();

    /// Cancellation is a state: whoever comes next sees it.
    const PASSES_ON: bool = false;

    /// The shielded stay behind, so that a cancellation stops at the first of them; a kill takes them from the back, for the last one
    /// that came is the first to run.
    fn goes_first(view: &View) -> bool {
        *view == View::Plain
    }

    fn pass_on(_: &mut Locked<'_, Self>, _: View, _: &mut Wakers) {}
}
