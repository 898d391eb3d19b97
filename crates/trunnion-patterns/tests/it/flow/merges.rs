//! Items that are merged.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};

use trunnion_patterns::flow::{self, Overflow, Receiver, SendError, Sender, Sent};

use super::{channel, drain};

/// Merges lists. `meanwhile` is called with the newer one while two are merged, and does what others may do then.
fn merging(
    capacity: usize,
    meanwhile: fn(&Sender<Vec<u32>>, &[u32]),
) -> (&'static Sender<Vec<u32>>, Receiver<Vec<u32>>) {
    let slot: &'static OnceLock<Sender<Vec<u32>>> = Box::leak(Box::new(OnceLock::new()));
    let merge = move |old: &mut Vec<u32>, new: Vec<u32>| {
        slot.get()
            .into_iter()
            .for_each(|sender| meanwhile(sender, &new));
        old.extend(new);
    };
    let (sender, receiver) = channel(capacity, Overflow::conflate(merge));
    (slot.get_or_init(|| sender), receiver)
}

#[test]
fn what_comes_while_the_youngest_is_merged_gets_no_place() {
    let (sender, mut receiver) = merging(2, |sender, new| {
        if new == [3] {
            assert_eq!(sender.try_send(vec![4]), Ok(Sent::Conflated));
            assert_eq!(sender.try_send(vec![5]), Ok(Sent::Conflated));
            assert_eq!((sender.stats().sent, sender.stats().len), (4, 4));
        }
    });
    for item in 1..=3 {
        sender
            .try_send(vec![item])
            .expect("there is room, or it is merged");
    }
    assert_eq!((sender.stats().len, sender.stats().peak), (2, 2));
    assert_eq!(drain(&mut receiver), [vec![1], vec![2, 3, 4, 5]]);
    assert_eq!((sender.stats().sent, sender.stats().conflated), (5, 3));
}

#[test]
fn a_merge_that_panics_takes_in_what_came_meanwhile() {
    let (sender, mut receiver) = merging(2, |sender, new| {
        if new == [3] {
            sender.try_send(vec![4]).expect("it is merged");
            sender.try_send(vec![5]).expect("it is merged");
        }
        assert!(new != [3] && new != [4], "unlucky");
    });
    sender.try_send(vec![1]).expect("there is room");
    sender.try_send(vec![2]).expect("there is room");
    let panicked = catch_unwind(AssertUnwindSafe(|| drop(sender.try_send(vec![3]))));
    assert!(panicked.is_err());
    assert_eq!(sender.stats().len, 2);
    assert_eq!(drain(&mut receiver), [vec![1], vec![2, 5]]);
    let stats = sender.stats();
    assert_eq!((stats.sent, stats.delivered, stats.conflated), (5, 2, 3));
}

#[test]
fn a_channel_that_is_cut_hands_out_what_came_late_in_its_order() {
    static LEFT: Mutex<Vec<Vec<u32>>> = Mutex::new(Vec::new());
    static RECEIVER: Mutex<Option<Receiver<Vec<u32>>>> = Mutex::new(None);
    let (sender, receiver) = merging(2, |sender, new| {
        if new == [3] {
            sender.try_send(vec![4]).expect("it is merged");
            let mut receiver = RECEIVER.lock().expect("nobody panics under it");
            let first = receiver
                .as_mut()
                .and_then(|receiver| receiver.try_recv().ok());
            assert_eq!(first, Some(vec![1]));
            assert_eq!(sender.try_send(vec![5]), Ok(Sent::Queued));
            *LEFT.lock().expect("nobody panics under it") = sender.close_now();
        }
    });
    *RECEIVER.lock().expect("nobody panics under it") = Some(receiver);
    sender.try_send(vec![1]).expect("there is room");
    sender.try_send(vec![2]).expect("there is room");
    assert_eq!(sender.try_send(vec![3]), Err(SendError::Closed(vec![2, 3])));
    assert_eq!(*LEFT.lock().expect("nobody panics under it"), [[4], [5]]);
    let stats = sender.stats();
    assert_eq!((stats.sent, stats.delivered, stats.leftover), (4, 1, 3));
}

#[test]
fn a_merged_item_whose_weighing_panics_stays() {
    let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN)
        .overflow(Overflow::conflate(|old: &mut u32, new| *old += new))
        .weigh(9, |item| {
            assert!(*item != 3, "unlucky");
            1
        })
        .build();
    sender.try_send(1).expect("there is room");
    let panicked = catch_unwind(AssertUnwindSafe(|| drop(sender.try_send(2))));
    assert!(panicked.is_err());
    assert_eq!(drain(&mut receiver), [3]);
}

#[test]
fn a_merge_that_panics_leaves_the_older_item_in_its_place() {
    let merge = |old: &mut u32, new: u32| {
        assert!(new != 13, "unlucky");
        *old += new;
    };
    let (sender, mut receiver) = channel(1, Overflow::conflate(merge));
    sender.try_send(1).expect("there is room");
    let panicked = catch_unwind(AssertUnwindSafe(|| drop(sender.try_send(13))));
    assert!(panicked.is_err());
    assert_eq!(sender.try_send(2), Ok(Sent::Conflated));
    assert_eq!(drain(&mut receiver), [3]);
    let stats = sender.stats();
    assert_eq!((stats.sent, stats.delivered, stats.conflated), (3, 1, 2));
}

#[test]
fn a_merged_item_that_is_too_heavy_lets_nothing_in_until_it_was_received() {
    let (sender, mut receiver) = flow::channel(NonZeroUsize::new(2).expect("above zero"))
        .overflow(Overflow::conflate(|old: &mut usize, new| *old += new))
        .weigh(4, |item| *item)
        .build();
    for item in [3, 3, 1] {
        sender.try_send(item).expect("it is merged");
    }
    assert_eq!((sender.stats().len, sender.stats().weight), (1, 7));
    assert_eq!(drain(&mut receiver), [7]);
    assert_eq!(sender.stats().weight, 0);
}
