//! Callbacks that come, go and run.

use std::sync::Arc;

use trunnion_core::CancelToken;
use trunnion_core::sync::thread;

use crate::harness::model;
use crate::payload::Payload;
use crate::waker::Count;

/// A callback is registered while its token is cancelled: it runs once, after what came before the cancellation.
#[test]
fn a_registration_races_the_cancellation() {
    model(
        "token::callback::a_registration_races_the_cancellation",
        || {
            let token = CancelToken::new();
            let (ran, payload) = (Arc::new(Count::default()), Payload::new());
            let canceller = {
                let (token, payload) = (token.clone(), payload.clone());
                thread::spawn(move || {
                    payload.write();
                    token.cancel();
                })
            };
            let kept = {
                let (ran, payload) = (Arc::clone(&ran), payload.clone());
                token.on_cancel(move |_| {
                    payload.read();
                    ran.add();
                })
            };
            canceller.join().unwrap();
            assert_eq!(ran.now(), 1);
            drop(kept);
        },
    );
}

/// A callback is taken back while it may be running: either it runs, or whoever takes it back is told that it never will. The
/// callback uses its own token.
#[test]
fn taking_back_races_the_callback() {
    model("token::callback::taking_back_races_the_callback", || {
        let token = CancelToken::new();
        let ran = Arc::new(Count::default());
        let kept = {
            let (ran, token) = (Arc::clone(&ran), token.clone());
            token.clone().on_cancel(move |_| {
                assert!(!token.cancel() && token.child().is_cancelled());
                ran.add();
            })
        };
        let canceller = {
            let token = token.clone();
            thread::spawn(move || assert!(token.cancel()))
        };
        let taken_back = kept.unregister();
        canceller.join().unwrap();
        assert_eq!(
            ran.now(),
            usize::from(!taken_back),
            "it runs, or was taken back"
        );
        drop(token);
        assert_eq!(Arc::strong_count(&ran), 1, "the callback is kept");
    });
}
