//! The future set of core, which the combinators stand on.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::YieldOnce;
use trunnion_core::set::FutureSet;

use crate::hand::{Remote, Wakes};

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn set_of<F: Future>(futures: impl IntoIterator<Item = F>) -> FutureSet<F> {
    let mut set = FutureSet::new();
    set.extend(futures);
    set
}

/// Polls until it is pending or empty; gives the numbers of those that ended.
fn ended<F: Future>(set: &mut FutureSet<F>) -> Vec<usize> {
    let mut order = Vec::new();
    while let Poll::Ready(Some((number, _))) = set.poll_next(&mut noop()) {
        order.push(number);
    }
    order
}

fn polls(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::polls).collect()
}

fn remotes(n: usize) -> Vec<Remote> {
    (0..n).map(|_| Remote::default()).collect()
}

#[test]
fn an_empty_set_has_nothing_to_wait_for() {
    let mut set = FutureSet::<std::future::Ready<()>>::new();
    assert_eq!(set.poll_next(&mut noop()), Poll::Ready(None));
    assert!(set.is_empty() && !set.remove(0));
    set.clear();
}

#[test]
fn new_children_are_polled_in_the_order_of_insertion() {
    // Across several slabs.
    let mut set = set_of((0..1_000).map(ready));
    assert_eq!(set.len(), 1_000);
    assert_eq!(ended(&mut set), (0..1_000).collect::<Vec<_>>());
}

#[test]
fn only_the_woken_are_polled_in_the_order_of_the_wakes() {
    let remotes = remotes(100);
    let mut set = set_of(remotes.iter().map(Remote::operation));
    assert_eq!(ended(&mut set), []);
    for woken in [70, 3, 41] {
        remotes[woken].finish();
    }
    assert_eq!(ended(&mut set), [70, 3, 41]);
    assert_eq!(polls(&remotes).iter().sum::<usize>(), 103);
}

#[test]
fn the_order_of_the_wakes_holds_across_slabs() {
    let remotes = remotes(100);
    let mut set = set_of(remotes.iter().map(Remote::operation));
    assert_eq!(ended(&mut set), []);
    // From both ends, and so from slab to slab.
    let order: Vec<usize> = (0..50).flat_map(|at| [at, 99 - at]).collect();
    for at in &order {
        remotes[*at].finish();
    }
    assert_eq!(ended(&mut set), order);
}

#[test]
fn a_child_whose_making_panics_is_not_added() {
    let mut set = set_of([ready(0), ready(1)]);
    let not_made = |set: &mut FutureSet<_>| {
        let made = catch_unwind(AssertUnwindSafe(|| set.insert_with(|| panic!("not made"))));
        made.is_err()
    };
    // In a new place, then in one that has become vacant.
    assert!(not_made(&mut set));
    assert_eq!((set.len(), set.insert(ready(2))), (2, 2));
    assert!(set.remove(1) && not_made(&mut set));
    assert_eq!((set.len(), set.insert(ready(1))), (2, 1));
    // The place has kept its turn.
    assert_eq!(ended(&mut set), [0, 1, 2]);
}

#[test]
fn what_is_inserted_comes_after_what_was_woken_before() {
    let remotes = remotes(3);
    let mut set = set_of(remotes[..2].iter().map(Remote::operation));
    assert_eq!(ended(&mut set), []);
    remotes[1].finish();
    remotes[2].finish();
    assert_eq!(set.insert(remotes[2].operation()), 2);
    remotes[0].finish();
    assert_eq!(ended(&mut set), [1, 2, 0]);
}

#[test]
fn a_child_that_wakes_itself_keeps_nobody_waiting_and_wakes_the_parent_once_a_round() {
    let remote = Remote::default();
    let busy = Rc::new(Cell::new(0));
    let count = Rc::clone(&busy);
    let mut set: FutureSet<Pin<Box<dyn Future<Output = ()>>>> = FutureSet::new();
    set.insert(Box::pin(poll_fn(move |cx: &mut Context<'_>| {
        count.set(count.get() + 1);
        cx.waker().wake_by_ref();
        Poll::Pending
    })));
    let operation = remote.operation();
    set.insert(Box::pin(async {
        let _done = operation.await;
    }));
    let wakes = Arc::new(Wakes::default());
    let parent = Waker::from(Arc::clone(&wakes));
    for round in 1..=5 {
        assert!(
            set.poll_next(&mut Context::from_waker(&parent))
                .is_pending()
        );
        assert_eq!((busy.get(), wakes.count()), (round, round));
    }
    remote.finish();
    let polled = set.poll_next(&mut Context::from_waker(&parent));
    assert_eq!(polled, Poll::Ready(Some((1, ()))));
}

#[test]
fn the_parent_is_woken_once_for_many_wakes_and_the_last_one_counts() {
    let remotes = remotes(3);
    let mut set = set_of(remotes.iter().map(Remote::operation));
    let (old, new) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    for parent in [&old, &new] {
        let waker = Waker::from(Arc::clone(parent));
        assert!(set.poll_next(&mut Context::from_waker(&waker)).is_pending());
    }
    remotes[0].finish();
    remotes[1].finish();
    assert_eq!((old.count(), new.count()), (0, 1));
    assert_eq!(Arc::strong_count(&old), 1, "the old one is not kept");
}

#[test]
fn wakes_before_the_first_poll_and_during_a_poll_are_not_lost() {
    let mut set = set_of((0..3).map(|_| YieldOnce::new()));
    let wakes = Arc::new(Wakes::default());
    let parent = Waker::from(Arc::clone(&wakes));
    assert!(
        set.poll_next(&mut Context::from_waker(&parent))
            .is_pending()
    );
    assert_eq!(wakes.count(), 1);
    assert_eq!(ended(&mut set), [0, 1, 2]);
}

#[test]
fn a_removed_child_is_dropped_at_once_and_its_place_given_again() {
    let remotes = remotes(3);
    let mut set = set_of(remotes.iter().map(Remote::operation));
    assert!(set.remove(1), "before its first poll");
    assert!(!set.remove(1), "twice");
    assert_eq!(remotes[1].drops(), 1);
    assert_eq!(ended(&mut set), []);
    remotes[2].finish();
    assert!(set.remove(2), "while it is queued");
    assert_eq!((set.len(), polls(&remotes)), (1, vec![1, 0, 1]));

    let again = [Remote::default(), Remote::default()];
    let mut places = again
        .each_ref()
        .map(|remote| set.insert(remote.operation()));
    places.sort_unstable();
    assert_eq!(places, [1, 2]);
    again.iter().for_each(Remote::finish);
    assert_eq!(ended(&mut set).len(), 2);
    assert_eq!(again.each_ref().map(Remote::drops), [1, 1]);
    remotes[0].finish();
    assert_eq!(ended(&mut set), [0]);
}

#[test]
fn clear_drops_all_and_leaves_the_set_usable() {
    let remotes = remotes(40);
    let mut set = set_of(remotes[..39].iter().map(Remote::operation));
    assert_eq!(ended(&mut set), []);
    remotes[5].finish();
    set.clear();
    assert!(set.is_empty());
    assert!(remotes[..39].iter().all(|remote| remote.drops() == 1));
    remotes[39].finish();
    let number = set.insert(remotes[39].operation());
    assert_eq!(ended(&mut set), [number]);
}

#[test]
fn futures_never_move() {
    let (go, ended_in_place) = (Cell::new(false), Cell::new(0));
    let child = || async {
        let own = Cell::new(0);
        let here = &raw const own as usize;
        while !go.get() {
            YieldOnce::new().await;
        }
        own.set(1);
        assert_eq!(&raw const own as usize, here);
        ended_in_place.set(ended_in_place.get() + 1);
    };
    let mut set = FutureSet::with_capacity(1);
    for _ in 0..200 {
        set.insert(child());
        assert!(
            set.poll_next(&mut noop()).is_pending(),
            "it grows while they run"
        );
    }
    let mut moved = set;
    go.set(true);
    assert_eq!(ended(&mut moved).len(), 200);
    assert_eq!(ended_in_place.get(), 200);
}

#[test]
fn a_child_that_panics_is_gone_and_the_others_go_on() {
    let remotes = remotes(2);
    let operations = [
        Some(remotes[0].operation()),
        None,
        Some(remotes[1].operation()),
    ];
    let mut set = set_of(operations.map(|operation| async {
        match operation {
            Some(operation) => operation.await,
            None => panic!("no luck"),
        }
    }));
    let caught = catch_unwind(AssertUnwindSafe(|| set.poll_next(&mut noop())));
    assert!(caught.is_err());
    assert_eq!((set.len(), set.remove(1)), (2, false));
    remotes.iter().for_each(Remote::finish);
    assert_eq!(
        ended(&mut set),
        [2, 0],
        "the second had still its first turn"
    );
}

/// Panics when it is dropped.
struct Sore(Rc<Cell<usize>>);

impl Drop for Sore {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
        panic!("sore");
    }
}

#[test]
fn destructors_that_panic_keep_none_of_the_others_from_being_dropped() {
    let drops = Rc::new(Cell::new(0));
    let sore = || {
        let sore = Sore(Rc::clone(&drops));
        async move {
            let _sore = sore;
            pending::<()>().await;
        }
    };
    drop(set_of([sore(), sore(), sore()]));
    assert_eq!(drops.get(), 3, "dropping the set raises none");

    let mut set = set_of([sore(), sore()]);
    assert!(catch_unwind(AssertUnwindSafe(|| set.clear())).is_err());
    assert!(
        drops.get() == 5 && set.is_empty(),
        "clear raises the first, at the end"
    );

    set.insert(sore());
    assert!(catch_unwind(AssertUnwindSafe(|| set.remove(0) || set.remove(1))).is_err());
    assert!(drops.get() == 6 && set.is_empty());
}

#[test]
fn wakers_outlive_the_set_and_do_nothing() {
    let kept = Rc::new(RefCell::new(None));
    let slot = Rc::clone(&kept);
    let mut set = set_of([poll_fn(move |cx| {
        *slot.borrow_mut() = Some(cx.waker().clone());
        Poll::<()>::Pending
    })]);
    let wakes = Arc::new(Wakes::default());
    let parent = Waker::from(Arc::clone(&wakes));
    assert!(
        set.poll_next(&mut Context::from_waker(&parent))
            .is_pending()
    );
    drop((set, parent));
    assert_eq!(Arc::strong_count(&wakes), 1, "the parent's waker is gone");
    let late = kept.borrow_mut().take().expect("it was polled");
    std::thread::spawn(move || {
        let copy = late.clone();
        late.wake_by_ref();
        drop(late);
        copy.wake();
    })
    .join()
    .expect("any thread");
    assert_eq!(wakes.count(), 0);
}

#[test]
fn a_late_wake_of_a_child_that_has_ended_polls_nobody() {
    let (kept, remote) = (RefCell::new(None), Remote::default());
    let mut set: FutureSet<Pin<Box<dyn Future<Output = ()> + '_>>> = FutureSet::new();
    set.insert(Box::pin(poll_fn(|cx| {
        *kept.borrow_mut() = Some(cx.waker().clone());
        Poll::Ready(())
    })));
    let operation = remote.operation();
    set.insert(Box::pin(async {
        let _done = operation.await;
    }));
    assert_eq!(ended(&mut set), [0]);
    let waker = kept.take().expect("it was polled");
    waker.wake_by_ref();
    assert_eq!((ended(&mut set), remote.polls()), (vec![], 1));
    // Another child in its place may be polled for it, and is found all the same.
    waker.wake_by_ref();
    assert_eq!(set.insert(Box::pin(YieldOnce::new())), 0);
    waker.wake();
    remote.finish();
    let mut order = ended(&mut set);
    order.extend(ended(&mut set));
    assert_eq!(order, [1, 0]);
}

#[test]
fn it_is_send_and_sync_when_its_futures_are() {
    fn both<T: Send + Sync + Unpin>() {}
    both::<FutureSet<std::future::Ready<u8>>>();
}
