//! The runtime by hand: handles in a vector, awaited in their order.

use super::{child, repeat};
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

async fn life<const CHILDREN: u32, const WAITS: bool, C: Contender>(contender: C) -> u64 {
    let mut tasks = Vec::with_capacity(CHILDREN as usize);
    for number in 0..CHILDREN {
        tasks.push(contender.spawn(child::<WAITS>(number)));
    }
    let mut ended = 0;
    for task in tasks {
        ended += u64::from(C::value(task.await).is_ok());
    }
    ended
}
