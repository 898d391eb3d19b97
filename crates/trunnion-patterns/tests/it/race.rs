//! `race` and `race_ok`.

use std::cell::RefCell;
use std::future::{Future, Ready, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use trunnion_patterns::{Empty, each, race, race_ok};

use crate::hand::{Remote, poll};

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
fn the_first_that_ends_wins_and_the_losers_are_gone_before() {
    let (pair, three) = (remotes::<2>(), remotes::<3>());
    let mut tuple = pin!(race((pair[0].operation(), pair[1].operation())));
    let mut array = pin!(race(three.each_ref().map(Remote::operation)));
    assert!(poll(tuple.as_mut()).is_pending());
    assert!(poll(array.as_mut()).is_pending());
    pair[1].finish();
    three[1].finish();
    assert_eq!(poll(tuple), Poll::Ready("done"));
    assert_eq!(poll(array), Poll::Ready("done"));
    assert_eq!(pair.each_ref().map(Remote::drops), [1, 1]);
    assert_eq!(three.each_ref().map(Remote::drops), [1, 1, 1]);
}

#[test]
fn a_race_of_none_is_a_typed_error() {
    let none: Vec<Ready<u8>> = Vec::new();
    let Poll::Ready(Err(empty)) = poll(pin!(race(none))) else {
        panic!("there is nobody to wait for");
    };
    let empty: Empty = empty;
    assert_eq!(empty.to_string(), "there was nothing to race");
    let none: Vec<Ready<Result<u8, u8>>> = Vec::new();
    let Poll::Ready(Err(failed)) = poll(pin!(race_ok(none))) else {
        panic!("there is nobody to wait for");
    };
    assert_eq!(
        (failed.to_string().as_str(), failed.errors.len()),
        ("there was nothing to try", 0)
    );
}

/// The order of the first polls of what `start` starts.
fn order(
    start: impl FnOnce(&dyn Fn(usize) -> Pin<Box<dyn Future<Output = Result<u8, u8>>>>),
) -> Vec<usize> {
    let log = Rc::new(RefCell::new(Vec::new()));
    let child = |number| -> Pin<Box<dyn Future<Output = Result<u8, u8>>>> {
        let log = Rc::clone(&log);
        Box::pin(async move {
            log.borrow_mut().push(number);
            pending().await
        })
    };
    start(&child);
    log.take()
}

#[test]
fn the_start_goes_round_and_the_others_follow_in_order() {
    let orders: [&dyn Fn() -> Vec<usize>; 4] = [
        &|| order(|child| assert!(poll(pin!(race((child(0), child(1), child(2))))).is_pending())),
        &|| order(|child| assert!(poll(pin!(race(each((0..5).map(child))))).is_pending())),
        &|| order(|child| assert!(poll(pin!(race_ok((child(0), child(1))))).is_pending())),
        &|| order(|child| assert!(poll(pin!(race_ok([0, 1, 2].map(child)))).is_pending())),
    ];
    for order in orders {
        let mut first = order();
        for _ in 0..5 {
            let next = order();
            first.rotate_left(1);
            assert_eq!(next, first);
        }
    }
}

#[test]
fn a_race_of_a_vector_gives_the_output_of_whom_it_says() {
    for _ in 0..4 {
        let remotes = remotes::<3>();
        let mut outputs = pin!(race(each(remotes.iter().zip(0..).map(
            |(remote, number)| async move {
                remote.operation().await;
                number
            }
        ))));
        assert!(poll(outputs.as_mut()).is_pending());
        remotes[2].finish();
        assert_eq!(poll(outputs), Poll::Ready(Ok(2)));
    }
}

#[test]
fn the_first_success_wins_though_others_failed_before() {
    let (tuple, array) = (remotes::<3>(), remotes::<3>());
    let mut of_tuple = pin!(race_ok((
        result(&tuple[0], 1),
        result(&tuple[1], 2),
        result(&tuple[2], 4)
    )));
    let mut of_array = pin!(race_ok([
        result(&array[0], 1),
        result(&array[1], 2),
        result(&array[2], 4)
    ]));
    for remotes in [&tuple, &array] {
        remotes[0].finish();
    }
    assert!(poll(of_tuple.as_mut()).is_pending());
    assert!(poll(of_array.as_mut()).is_pending());
    for remotes in [&tuple, &array] {
        remotes[1].finish();
    }
    assert_eq!(poll(of_tuple), Poll::Ready(Ok(2)));
    assert_eq!(poll(of_array), Poll::Ready(Ok(2)));
    for remotes in [&tuple, &array] {
        assert_eq!(remotes.each_ref().map(Remote::drops), [1, 1, 1]);
    }
}

#[test]
fn when_all_fail_their_errors_come_in_the_order_of_the_futures() {
    for _ in 0..3 {
        let remotes = remotes::<3>();
        let failing = |number: usize| result(&remotes[number], [1, 3, 5][number]);
        let mut all = pin!(race_ok([failing(0), failing(1), failing(2)]));
        for last in [2, 0, 1] {
            assert!(poll(all.as_mut()).is_pending());
            remotes[last].finish();
        }
        let Poll::Ready(Err(failed)) = poll(all) else {
            panic!("all have failed");
        };
        assert_eq!(failed.errors, [1, 3, 5]);
        assert_eq!(failed.to_string(), "all 3 failed, the last with: 5");
    }
}

#[test]
fn a_panic_drops_the_others_before_it_goes_on() {
    let remote = Remote::default();
    let operation = remote.operation();
    let futures: [Pin<Box<dyn Future<Output = ()>>>; 2] = [
        Box::pin(async {
            let _done = operation.await;
        }),
        Box::pin(async { panic!("no luck") }),
    ];
    let mut raced = pin!(race(futures));
    assert!(catch_unwind(AssertUnwindSafe(|| poll(raced.as_mut()))).is_err());
    assert_eq!(remote.drops(), 1, "before the race is dropped");
}

#[test]
fn a_loser_whose_destructor_panics_keeps_no_other_from_being_dropped() {
    struct Sore;
    impl Drop for Sore {
        fn drop(&mut self) {
            panic!("sore");
        }
    }
    let remotes = remotes::<2>();
    let loser = |remote: Option<&Remote>| -> Pin<Box<dyn Future<Output = ()>>> {
        let operation = remote.map(Remote::operation);
        Box::pin(async {
            let _held = operation.is_none().then(|| Sore);
            match operation {
                Some(operation) => {
                    let _done = operation.await;
                }
                None => pending().await,
            }
        })
    };
    let mut raced = pin!(race([
        loser(Some(&remotes[0])),
        loser(None),
        loser(Some(&remotes[1]))
    ]));
    assert!(poll(raced.as_mut()).is_pending());
    remotes[1].finish();
    assert!(
        catch_unwind(AssertUnwindSafe(|| poll(raced.as_mut()))).is_err(),
        "it is not lost"
    );
    assert_eq!(remotes.each_ref().map(Remote::drops), [1, 1]);

    let pair = self::remotes::<2>();
    let tuple = (
        loser(Some(&pair[0])),
        loser(None),
        loser(None),
        loser(Some(&pair[1])),
    );
    let mut raced = pin!(race(tuple));
    assert!(poll(raced.as_mut()).is_pending());
    pair[0].finish();
    assert!(
        catch_unwind(AssertUnwindSafe(|| poll(raced.as_mut()))).is_err(),
        "it is not lost"
    );
    assert_eq!(pair.each_ref().map(Remote::drops), [1, 1]);
}
