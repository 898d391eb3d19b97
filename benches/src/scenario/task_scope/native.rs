//! The runtime by hand: handles in a vector, awaited in their order.

use std::future::Future;
use std::hint::black_box;

use super::{Given, child, repeat};
use crate::contender::Contender;
use crate::subject::Subject;

pub(super) fn row<const CHILDREN: u32, const WAITS: bool, C: Contender>(contender: C) -> Subject {
    let work = move |iterations| {
        let contender = contender.clone();
        repeat(iterations, move || {
            life::<CHILDREN, WAITS, _>(contender.clone())
        })
    };
    Subject::native(work).note(
        "handles in a vector; an error or a panic of one stops none of the others, and what is left when the task is dropped \
         goes by the runtime",
    )
}

/// What can at best be had with a task in which there is place to wait for the end of its scope: it is made, moved and kept.
pub(super) fn limit<const CHILDREN: u32, const WAITS: bool, C: Contender>(contender: C) -> Subject {
    let work = move |iterations| {
        let contender = contender.clone();
        repeat(iterations, move || {
            let contender = contender.clone();
            joined::<CHILDREN, _, _>(contender, wide::<WAITS>)
        })
    };
    Subject::peer("limit", work)
        .note("the native row with futures as large as those that a scope spawns")
}

/// One child with fourteen words more, which its scope needs.
async fn wide<const WAITS: bool>(number: u32) -> Given {
    let words = black_box([number; 28]);
    let given = child::<WAITS>(number).await;
    black_box(&words);
    given
}

async fn life<const CHILDREN: u32, const WAITS: bool, C: Contender>(contender: C) -> u64 {
    joined::<CHILDREN, _, _>(contender, child::<WAITS>).await
}

async fn joined<const CHILDREN: u32, C, F>(contender: C, child: impl Fn(u32) -> F + Send) -> u64
where
    C: Contender,
    F: Future<Output = Given> + Send + 'static,
{
    let mut tasks = Vec::with_capacity(CHILDREN as usize);
    for number in 0..CHILDREN {
        tasks.push(contender.spawn(child(number)));
    }
    let mut ended = 0;
    for task in tasks {
        ended += u64::from(C::value(task.await).is_ok());
    }
    ended
}
