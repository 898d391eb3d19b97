//! Cancelling a token with many children that are new.

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::cancel_children::{CHILDREN, cancelled};
use super::{HEADLINE, HOSTS, tokio_util, trees, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

/// All are asked: a child that is new may leave its part of the cancellation to that.
static ASKED: [usize; CHILDREN as usize] = {
    let mut asked = [0; CHILDREN as usize];
    let mut child = 0;
    while child < asked.len() {
        asked[child] = child;
        child += 1;
    }
    asked
};

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-cancel-new-children",
    about: "A token with 10,000 children on which nothing has hung is cancelled, and each child is asked once. \
            Making and dropping the tokens is not part of it.",
    unit: "child",
    operations: CHILDREN,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations) * u64::from(CHILDREN),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    let reference =
        tokio_util(|iterations| cancelled::<CancellationToken>(|_| (), &ASKED, iterations));
    let ours = trunnion(|iterations| cancelled::<CancelToken>(|_| (), &ASKED, iterations));
    let ours = ours
        .note("the cancellation does not visit them: each looks at its parent when it is asked");
    trees(reference, [ours])
}
