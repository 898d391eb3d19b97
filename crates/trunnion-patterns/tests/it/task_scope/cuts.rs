//! Scopes that are cut short, and failures that answer to that.

use std::future::pending;

use trunnion_core::{CancelKind, CancelToken, Clock};
use trunnion_patterns::{Discard, Fault as What, FirstSuccess, ScopeError, TaskScope, Why};

use super::{Fault, MOMENT, after, in_each_schedule};

/// Tells whether the error says that the scope was cut short and nothing else, with `answers` beside it.
fn is_cut(error: &ScopeError<Fault>, answers: &[Fault]) -> bool {
    let said = error.rest.iter().map(|failed| match failed.fault {
        What::Error(error) => (error, failed.after_cancel),
        _ => ("a panic", false),
    });
    error.first.is_none() && said.eq(answers.iter().map(|answer| (*answer, true)))
}

#[test]
fn an_error_in_answer_to_a_deadline_stands_beside_it() {
    in_each_schedule(|rt| async move {
        let stopped = |token: CancelToken| async move {
            token.cancelled().await;
            Err::<(), Fault>("stopped")
        };
        let scope = || TaskScope::builder(&rt).deadline(rt.now() + MOMENT);
        let all = scope().run(async |s| {
            drop(s.spawn_graceful(stopped));
            Ok(())
        });
        let discard = scope().joiner(Discard::new()).run(async |s| {
            drop(s.spawn_graceful(stopped));
            Ok(())
        });
        let first = scope().joiner(FirstSuccess::default()).run(async |s| {
            drop(s.spawn_graceful(stopped));
            Ok(())
        });
        let errors = [
            all.await.map(drop).expect_err("it is late"),
            discard.await.expect_err("it is late"),
        ];
        for error in errors {
            assert!(
                error.is_elapsed() && is_cut(&error, &["stopped"]),
                "{error:?}"
            );
        }
        let error = first.await.expect_err("it is late");
        assert!(
            error.is_elapsed() && is_cut(&error, &["stopped"]),
            "{error:?}"
        );
    });
}

#[test]
fn errors_in_answer_to_a_cancellation_stand_beside_its_reason_the_bodys_first() {
    in_each_schedule(|rt| async move {
        let token = CancelToken::new();
        let scope = TaskScope::builder(&rt).token(&token);
        let error = scope.run(async |s| {
            drop(s.spawn_graceful(|token| async move {
                token.cancelled().await;
                Err::<(), _>("child")
            }));
            let end = token.clone();
            drop(s.spawn_with_handle(async move { end.cancel_with(CancelKind::Shutdown) }));
            s.token().cancelled().await;
            Err("body")
        });
        let error = error.await.expect_err("it was cancelled");
        assert!(
            matches!(&error.why, Why::Cancelled(reason) if reason.kind() == CancelKind::Shutdown)
                && is_cut(&error, &["body", "child"]),
            "{error:?}"
        );
        assert!(error.rest[0].child.is_none());
    });
}

#[test]
fn the_error_of_a_body_in_answer_to_a_childs_does_not_replace_it() {
    in_each_schedule(|rt| async move {
        let error = TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn(after(&rt, 1, Err::<(), _>("child"))));
            s.token().cancelled().await;
            Err("body")
        });
        let error = error.await.expect_err("both failed");
        let [body] = &error.rest[..] else {
            unreachable!("{error:?}")
        };
        assert!(body.child.is_none() && body.after_cancel && matches!(error.why, Why::Failed));
        assert_eq!(error.into_first(), Some("child"));
    });
}

#[test]
fn an_error_before_the_cut_is_the_first() {
    in_each_schedule(|rt| async move {
        let discard = Discard::new().and_go_on();
        let scope = TaskScope::builder(&rt)
            .joiner(discard)
            .deadline(rt.now() + 2 * MOMENT);
        let error = scope.run(async |s: TaskScope<_, (), _>| {
            drop(s.spawn(after(&rt, 1, Err("early"))));
            drop(s.spawn_graceful(|token| async move {
                token.cancelled().await;
                Err("late")
            }));
            pending().await
        });
        let error = error.await.expect_err("one failed");
        assert_eq!(error.rest.len(), 1);
        assert_eq!(error.into_first(), Some("early"));
    });
}
