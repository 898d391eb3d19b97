//! `gather`, `try_gather`, `settle` and `as_completed`.

use std::cell::RefCell;
use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use trunnion_core::YieldOnce;
use trunnion_patterns::{as_completed, each, gather, settle, try_gather};

use crate::hand::{Remote, Wakes, poll};

fn drops(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::drops).collect()
}

fn remotes<const N: usize>() -> [Remote; N] {
    std::array::from_fn(|_| Remote::default())
}

/// Waits for the remote, and then fails or not.
async fn result(remote: &Remote, number: u8) -> Result<u8, u8> {
    let operation = remote.operation();
    operation.await;
    if number % 2 == 0 {
        Ok(number)
    } else {
        Err(number)
    }
}

#[test]
fn outputs_come_in_the_order_of_the_futures() {
    assert_eq!(
        poll(pin!(gather((ready(1), ready("two"), ready([3]))))),
        Poll::Ready((1, "two", [3]))
    );
    assert_eq!(
        poll(pin!(gather([ready(1), ready(2)]))),
        Poll::Ready([1, 2])
    );
    assert_eq!(
        poll(pin!(gather(vec![ready(1), ready(2)]))),
        Poll::Ready(vec![1, 2])
    );
    assert_eq!(
        poll(pin!(gather(each((0..40).map(ready))))),
        Poll::Ready((0..40).collect())
    );

    let remotes = remotes::<3>();
    let mut all = pin!(gather(each(remotes.iter().enumerate().map(
        |(number, remote)| async move {
            remote.operation().await;
            number
        }
    ))));
    for late in [2, 0] {
        assert!(poll(all.as_mut()).is_pending());
        remotes[late].finish();
    }
    assert!(poll(all.as_mut()).is_pending());
    assert_eq!(drops(&remotes), [1, 0, 1], "each is dropped when it ends");
    remotes[1].finish();
    assert_eq!(poll(all), Poll::Ready(vec![0, 1, 2]));
}

#[test]
fn tuples_of_up_to_eight_are_gathered() {
    assert_eq!(poll(pin!(gather((ready(1),)))), Poll::Ready((1,)));
    let eight = (
        ready(1),
        ready(2),
        ready(3),
        ready(4),
        ready(5),
        ready(6),
        ready(7),
        ready(8),
    );
    assert_eq!(
        poll(pin!(gather(eight))),
        Poll::Ready((1, 2, 3, 4, 5, 6, 7, 8))
    );
}

#[test]
fn a_gather_of_none_is_empty() {
    let none: [std::future::Ready<u8>; 0] = [];
    assert_eq!(poll(pin!(gather(none))), Poll::Ready([]));
    assert_eq!(
        poll(pin!(gather(Vec::<std::future::Ready<u8>>::new()))),
        Poll::Ready(vec![])
    );
    let none: Vec<std::future::Ready<Result<u8, u8>>> = Vec::new();
    assert_eq!(poll(pin!(try_gather(none))), Poll::Ready(Ok(vec![])));
}

#[test]
fn a_vector_polls_only_the_woken_and_a_tuple_all_that_are_pending() {
    let (three, pair) = (remotes::<3>(), remotes::<2>());
    let mut many = pin!(gather(three.each_ref().map(Remote::operation)));
    let mut tuple = pin!(gather((pair[0].operation(), pair[1].operation())));
    for _ in 0..2 {
        assert!(poll(many.as_mut()).is_pending());
        assert!(poll(tuple.as_mut()).is_pending());
    }
    assert_eq!(three.each_ref().map(Remote::polls), [1, 1, 1]);
    assert_eq!(pair.each_ref().map(Remote::polls), [2, 2]);
    three[1].finish();
    pair[0].finish();
    assert!(poll(many).is_pending());
    assert!(poll(tuple.as_mut()).is_pending());
    assert!(poll(tuple).is_pending());
    assert_eq!(three.each_ref().map(Remote::polls), [1, 2, 1]);
    assert_eq!(
        pair.each_ref().map(Remote::polls),
        [3, 4],
        "not after its end"
    );
}

#[test]
fn the_first_polls_are_made_in_order() {
    let log = RefCell::new(Vec::new());
    let child = |number| {
        let log = &log;
        async move { log.borrow_mut().push(number) }
    };
    assert!(poll(pin!(gather((child(0), child(1), child(2))))).is_ready());
    assert!(poll(pin!(gather([child(3), child(4), child(5)]))).is_ready());
    assert_eq!(*log.borrow(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn any_future_wakes_the_task() {
    let remotes = remotes::<4>();
    let wakes = Arc::new(Wakes::default());
    let mut tuple = pin!(gather((remotes[0].operation(), remotes[1].operation())));
    let mut array = pin!(gather([remotes[2].operation(), remotes[3].operation()]));
    assert!(wakes.poll(tuple.as_mut()).is_pending());
    assert!(wakes.poll(array.as_mut()).is_pending());
    remotes[1].finish();
    assert_eq!(wakes.count(), 1);
    remotes[3].finish();
    assert_eq!(wakes.count(), 2);
    remotes[2].finish();
    assert_eq!(wakes.count(), 2, "one wake for both");
}

#[test]
fn dropping_it_drops_what_runs() {
    let remotes = remotes::<4>();
    remotes[0].finish();
    {
        let mut tuple = pin!(gather((remotes[0].operation(), remotes[1].operation())));
        assert!(poll(tuple.as_mut()).is_pending());
        drop(gather([remotes[2].operation(), remotes[3].operation()]));
    }
    assert_eq!(drops(&remotes), [1, 1, 1, 1]);
    assert_eq!(remotes[3].polls(), 0);
}

#[test]
fn the_first_error_drops_the_others_before_it_is_given() {
    let (tuple, array) = (remotes::<3>(), remotes::<3>());
    let mut of_tuple = pin!(try_gather((
        result(&tuple[0], 0),
        result(&tuple[1], 1),
        result(&tuple[2], 2)
    )));
    let mut of_array = pin!(try_gather([
        result(&array[0], 0),
        result(&array[1], 1),
        result(&array[2], 2)
    ]));
    assert!(poll(of_tuple.as_mut()).is_pending());
    assert!(poll(of_array.as_mut()).is_pending());
    for remotes in [&tuple, &array] {
        remotes[0].finish();
        remotes[1].finish();
    }
    for polled in [
        poll(of_tuple).map(Result::unwrap_err),
        poll(of_array).map(Result::unwrap_err),
    ] {
        let Poll::Ready(errors) = polled else {
            panic!("it waits for the third");
        };
        assert_eq!((errors.first, errors.rest), (1, vec![]));
    }
    assert_eq!((drops(&tuple), drops(&array)), (vec![1; 3], vec![1; 3]));
}

#[test]
fn errors_that_are_ready_together_are_kept_together() {
    let remotes = remotes::<8>();
    let children = || {
        each(
            remotes[..4]
                .iter()
                .zip(0..)
                .map(|(remote, number)| result(remote, number)),
        )
    };
    let mut many = pin!(try_gather(children()));
    let mut tuple = pin!(try_gather((
        result(&remotes[4], 5),
        result(&remotes[5], 6),
        result(&remotes[6], 7)
    )));
    assert!(poll(many.as_mut()).is_pending());
    assert!(poll(tuple.as_mut()).is_pending());
    for number in [3, 2, 1, 4, 6] {
        remotes[number].finish();
    }
    let Poll::Ready(Err(errors)) = poll(many) else {
        panic!("two have failed");
    };
    assert_eq!((errors.first, &*errors.rest), (3, &[1][..]));
    assert_eq!(errors.to_string(), "3 (and 1 more)");
    assert_eq!(errors.iter().copied().collect::<Vec<_>>(), [3, 1]);
    assert_eq!(errors.into_first(), 3);
    let Poll::Ready(Err(errors)) = poll(tuple) else {
        panic!("two have failed");
    };
    assert_eq!((errors.first, errors.rest), (5, vec![7]));
}

#[test]
fn nothing_new_starts_once_the_first_error_is_known() {
    let remotes = remotes::<3>();
    remotes[0].finish();
    let tuple = try_gather((result(&remotes[0], 1), result(&remotes[1], 3)));
    assert!(poll(pin!(tuple)).is_ready());
    assert!(
        poll(pin!(try_gather([
            result(&remotes[0], 1),
            result(&remotes[2], 3)
        ])))
        .is_ready()
    );
    assert_eq!((remotes[1].polls(), remotes[2].polls()), (0, 0));
}

#[test]
fn values_come_in_order_when_none_fails() {
    let values = [ready(Ok::<_, ()>(1)), ready(Ok(2))];
    assert_eq!(poll(pin!(try_gather(values))), Poll::Ready(Ok([1, 2])));
    let values = (ready(Ok::<_, ()>(1)), ready(Ok("two")));
    assert_eq!(poll(pin!(try_gather(values))), Poll::Ready(Ok((1, "two"))));
}

#[test]
fn settle_gives_every_result() {
    let results = settle([ready(Ok(1)), ready(Err("no")), ready(Ok(3))]);
    assert_eq!(poll(pin!(results)), Poll::Ready([Ok(1), Err("no"), Ok(3)]));
    let results = settle((ready(Err::<u8, _>("no")), ready(Ok::<_, &str>('a'))));
    assert_eq!(poll(pin!(results)), Poll::Ready((Err("no"), Ok('a'))));
}

#[test]
fn a_panic_drops_the_others_before_it_goes_on() {
    let remotes = remotes::<2>();
    let boxed = |remote: &Remote| -> Pin<Box<dyn Future<Output = ()>>> {
        let operation = remote.operation();
        Box::pin(async {
            let _done = operation.await;
        })
    };
    let mut array = pin!(gather([
        boxed(&remotes[0]),
        Box::pin(async { panic!("no luck") })
    ]));
    let mut tuple = pin!(gather((boxed(&remotes[1]), async { panic!("no luck") })));
    let caught = catch_unwind(AssertUnwindSafe(|| poll(array.as_mut())));
    assert_eq!(
        *caught
            .expect_err("it panics")
            .downcast::<&str>()
            .expect("a text"),
        "no luck"
    );
    assert_eq!(remotes[0].drops(), 1, "before the gather is dropped");
    assert!(catch_unwind(AssertUnwindSafe(|| poll(tuple.as_mut()))).is_err());
    assert_eq!(remotes[1].drops(), 1, "before the gather is dropped");
}

#[test]
#[should_panic(expected = "polled after its result")]
fn polling_a_gather_again_after_its_result_panics() {
    let mut all = pin!(gather([ready(1)]));
    assert!(poll(all.as_mut()).is_ready());
    let _again = poll(all);
}

#[test]
fn outputs_are_taken_as_they_come() {
    let remotes = remotes::<3>();
    let mut outputs = as_completed(remotes.each_ref().map(Remote::operation));
    assert!(poll(pin!(outputs.next())).is_pending());
    remotes[2].finish();
    remotes[0].finish();
    assert_eq!(poll(pin!(outputs.next())), Poll::Ready(Some((2, "done"))));
    assert_eq!(outputs.len(), 2);
    drop(outputs.next());
    assert_eq!(poll(pin!(outputs.next())), Poll::Ready(Some((0, "done"))));
    assert!(poll(pin!(outputs.next())).is_pending());
    remotes[1].finish();
    assert_eq!(poll(pin!(outputs.next())), Poll::Ready(Some((1, "done"))));
    assert_eq!(poll(pin!(outputs.next())), Poll::Ready(None));
    assert!(outputs.is_empty());
}

#[test]
fn they_are_send_when_their_futures_are_and_may_borrow() {
    fn spawnable<T: Send + 'static>(_: &T) {}
    spawnable(&async {
        gather((YieldOnce::new(), ready(1))).await;
        gather(vec![YieldOnce::new()]).await;
        drop(try_gather([ready(Ok::<u8, u8>(1))]).await);
        let mut outputs = as_completed([ready(1)]);
        outputs.next().await;
    });
    let text = String::from("borrowed");
    let lengths = gather([async { text.len() }]);
    assert_eq!(poll(pin!(lengths)), Poll::Ready([8]));
    drop(gather((pending::<()>(),)));
}
