//! Scopes with a limit whose children spawn siblings.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::{AnyRuntime, YieldNow};
use trunnion_patterns::{LimitedScope, TaskScope};

use super::{Fault, everywhere};

type Tree = LimitedScope<AnyRuntime, (), Fault>;

/// How many run now, and the most that ever did.
type Busy = Arc<(AtomicUsize, AtomicUsize)>;

fn grow(
    s: Tree,
    rt: AnyRuntime,
    busy: Busy,
    depth: u32,
) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>> {
    Box::pin(async move {
        for _ in 0..2 {
            let running = busy.0.fetch_add(1, SeqCst) + 1;
            busy.1.fetch_max(running, SeqCst);
            rt.yield_now().await;
            busy.0.fetch_sub(1, SeqCst);
            if depth > 0 {
                let next = grow(s.clone(), rt.clone(), Arc::clone(&busy), depth - 1);
                drop(s.spawn(next).await.map_err(|_| "refused")?);
            }
        }
        Ok(())
    })
}

#[test]
fn children_spawn_siblings_into_their_full_scope() {
    everywhere(|rt| async move {
        for limit in [1, 2] {
            let busy = Busy::default();
            let limit = NonZeroUsize::new(limit).expect("not zero");
            let scope = TaskScope::builder(&rt).limit(limit);
            let done = scope.run(async |s: Tree| {
                for _ in 0..2 {
                    let next = grow(s.clone(), rt.clone(), Arc::clone(&busy), 3);
                    drop(s.spawn(next).await.expect("it is open"));
                }
                Ok(())
            });
            assert_eq!(done.await.expect("all succeed").len(), 2 * 15);
            assert!(busy.1.load(SeqCst) <= limit.get());
        }
    });
}
