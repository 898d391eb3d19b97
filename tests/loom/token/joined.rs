//! Tokens with several parents.

use trunnion_core::CancelToken;

use super::parts::{cancel, cancel_elsewhere};
use crate::harness::model;

/// A token of two parents is made while one of them is cancelled: it is cancelled in the end.
#[test]
fn any_of_races_its_parents() {
    model("token::joined::any_of_races_its_parents", || {
        let (one, two) = (CancelToken::new(), CancelToken::new());
        let canceller = cancel_elsewhere(&two, &two);
        let joined = CancelToken::any_of([&one, &two]);
        assert!(canceller.join().unwrap());
        assert!(joined.is_cancelled(), "a parent is");
        assert!(!one.is_cancelled());
    });
}

/// The middle and the root above it are cancelled; behind the middle are two more trees. Whoever wins has told them both, though the
/// other may be on its way there.
#[test]
fn two_walks_meet_on_the_way_to_other_trees() {
    model(
        "token::joined::two_walks_meet_on_the_way_to_other_trees",
        || {
            let root = CancelToken::new();
            let middle = root.child();
            let first = CancelToken::any_of([&middle]);
            let second = CancelToken::any_of([&first]);
            let inner = cancel_elsewhere(&middle, &second);
            assert!(cancel(&root, &second));
            inner.join().unwrap();
        },
    );
}
