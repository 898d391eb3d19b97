//! Tokens whose parent nobody holds any more.

use trunnion_core::sync::thread;
use trunnion_core::{CancelKind, CancelToken};

use super::parts::Ledger;
use crate::harness::model;

/// The middle's last handle goes while the leaf below it makes a child, and the root is cancelled and killed: the leaf follows the
/// root through the shield that the middle was made with, whether it is put below the middle or past it.
#[test]
fn a_splice_races_a_child_and_the_root() {
    model("token::orphan::a_splice_races_a_child_and_the_root", || {
        let ledger = Ledger::default();
        let root = CancelToken::new();
        let middle = root.shield().child();
        let leaf = middle.child();
        let leaving = thread::spawn(move || drop(middle));
        let canceller = {
            let (root, reason) = (root.clone(), ledger.reason());
            thread::spawn(move || assert!(root.cancel_with(reason)))
        };
        let below = leaf.child();
        leaving.join().unwrap();
        canceller.join().unwrap();
        assert!(
            !leaf.is_cancelled() && !below.is_cancelled(),
            "the shield is lost"
        );
        drop(leaf);
        let deeper = below.child();
        assert!(root.kill(CancelKind::GraceExpired));
        assert!(
            below.is_killed() && deeper.is_killed(),
            "not below the root any more"
        );
        drop((root, below, deeper));
        ledger.assert_closed();
    });
}
