//! Cancelling a token with many children that are new.

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::cancel_children::{CHILDREN, lives};
use super::{HEADLINE, HOSTS, tokio_util, trees, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-cancel-new-children",
    about: "A token gets 10,000 children on which nothing has hung, and is cancelled; all are dropped. Making and dropping them, and \
            the vector that holds them, are part of it, and most of it; three children are asked.",
    unit: "child",
    operations: CHILDREN,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations) * 3,
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    let reference =
        tokio_util(|iterations| async move { lives::<CancellationToken>(|_| (), iterations) });
    let ours = trunnion(|iterations| async move { lives::<CancelToken>(|_| (), iterations) });
    let ours = ours
        .note("the cancellation does not visit them: each looks at its parent when it is asked");
    trees(reference, [ours])
}
