//! W3: primitives and combinators of other crates complete under each adapter.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use event_listener::Event;
use futures::future::{Either, join, join_all, select, try_join_all};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Barrier, Mutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use trunnion_core::{Spawn, Timer, YieldNow};

use crate::runtimes::on_each;

#[test]
fn w03_channels_of_tokio() {
    on_each(|rt| async move {
        const ITEMS: usize = 500;
        let (sender, mut receiver) = mpsc::channel(4);
        let (sum, total) = oneshot::channel();
        let producer = rt.spawn(async move {
            for item in 0..ITEMS {
                sender.send(item).await.expect("the receiver is there");
            }
        });
        let consumer = rt.spawn(async move {
            let mut all = 0;
            while let Some(item) = receiver.recv().await {
                all += item;
            }
            sum.send(all).expect("the receiver is there");
        });
        assert_eq!(
            total.await.expect("the consumer ends"),
            ITEMS * (ITEMS - 1) / 2
        );
        producer.await.expect("the producer ends");
        consumer.await.expect("the consumer ends");
    });
}

#[test]
fn w03_shared_values_of_tokio() {
    on_each(|rt| async move {
        let (sender, mut receiver) = watch::channel(0);
        let (news, mut listener) = broadcast::channel(16);
        let watcher = rt.spawn(async move {
            let seen = *receiver
                .wait_for(|value| *value == 10)
                .await
                .expect("the sender is there");
            (seen, listener.recv().await.expect("the sender is there"))
        });
        for value in 1..=10 {
            sender.send_replace(value);
            rt.yield_now().await;
        }
        news.send("news").expect("the listener is there");
        assert_eq!(watcher.await.expect("the watcher ends"), (10, "news"));
    });
}

#[test]
fn w03_locks_of_tokio() {
    on_each(|rt| async move {
        const TASKS: usize = 20;
        let places = Arc::new((Semaphore::new(3), Mutex::new(0), Barrier::new(TASKS)));
        let work = |_| {
            let (places, rt) = (places.clone(), rt.clone());
            rt.clone().spawn(async move {
                let (semaphore, count, barrier) = &*places;
                for _ in 0..20 {
                    let _permit = semaphore.acquire().await.expect("it is open");
                    let mut count = count.lock().await;
                    rt.yield_now().await;
                    *count += 1;
                }
                barrier.wait().await.is_leader()
            })
        };
        let tasks: Vec<_> = (0..TASKS).map(work).collect();
        let leaders = try_join_all(tasks).await.expect("all end");
        assert_eq!(leaders.into_iter().filter(|leader| *leader).count(), 1);
        assert_eq!(*places.1.lock().await, 400);
    });
}

#[test]
fn w03_notify_of_tokio_and_listeners() {
    on_each(|rt| async move {
        let shared = Arc::new((Notify::new(), Event::new()));
        let inside = shared.clone();
        let listener = shared.1.listen();
        let task = rt.spawn(async move {
            inside.0.notified().await;
            inside.1.notify(1);
        });
        shared.0.notify_one();
        listener.await;
        task.await.expect("the task ends");
    });
}

#[test]
fn w03_channels_of_async_channel() {
    on_each(|rt| async move {
        let (sender, receiver) = async_channel::bounded(2);
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let receiver = receiver.clone();
                rt.spawn(async move { receiver.collect::<Vec<u32>>().await.len() })
            })
            .collect();
        drop(receiver);
        for item in 0..200 {
            sender.send(item).await.expect("the workers are there");
        }
        drop(sender);
        let counts = try_join_all(workers).await.expect("the workers end");
        assert_eq!(counts.into_iter().sum::<usize>(), 200);
    });
}

#[test]
fn w03_join_and_select_of_futures() {
    on_each(|rt| async move {
        let tasks = (0..50).map(|number| rt.spawn(async move { number }));
        let sum: u32 = join_all(tasks)
            .await
            .into_iter()
            .map(|task| task.expect("it ends"))
            .sum();
        assert_eq!(sum, 1_225);

        let (one, two) = join(rt.spawn(async { 1 }), rt.spawn(async { 2 })).await;
        assert_eq!((one.ok(), two.ok()), (Some(1), Some(2)));

        let slow = pin!(rt.sleep(Duration::from_hours(1)));
        match select(pin!(rt.sleep(Duration::from_millis(1))), slow).await {
            Either::Left(_) => {}
            Either::Right(_) => panic!("an hour passed before a millisecond"),
        }
    });
}

#[test]
fn w03_unordered_futures_see_every_wake() {
    on_each(|rt| async move {
        let mut waiting = FuturesUnordered::new();
        for number in 0..100 {
            let inside = rt.clone();
            waiting.push(rt.spawn(async move {
                inside.sleep(Duration::from_micros(100 - number)).await;
                number
            }));
        }
        let mut sum = 0;
        while let Some(number) = waiting.next().await {
            sum += number.expect("the task ends");
        }
        assert_eq!(sum, 4_950);
    });
}

#[test]
fn w03_the_select_macro_drops_the_loser() {
    on_each(|rt| async move {
        let (sender, receiver) = oneshot::channel::<()>();
        tokio::select! {
            biased;
            () = rt.sleep(Duration::from_millis(1)) => {}
            _ = receiver => panic!("nothing was sent"),
        }
        assert!(sender.is_closed(), "the loser is gone");
    });
}
