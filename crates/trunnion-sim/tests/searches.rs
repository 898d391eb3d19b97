//! What the kinds of schedules reach, and what they leave out.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{Spawn, YieldNow};
use trunnion_sim::{Cut, Explore, Schedule};

const ALL: Schedule = Schedule::Dfs { preemptions: None };

#[test]
fn pct_lets_a_task_go_on_after_its_own_yield() {
    for depth in [1, 2, 3] {
        let report = Explore::new(Schedule::Pct { depth }).run(|rt| async move {
            let value = Arc::new(AtomicU32::new(0));
            let (inner, seen) = (rt.clone(), Arc::clone(&value));
            let sets = rt.spawn(async move {
                inner.yield_now().await;
                value.store(1, Relaxed);
            });
            let looks = rt.spawn(async move { assert_eq!(seen.load(Relaxed), 0) });
            sets.await.unwrap();
            looks.await.unwrap();
        });
        assert_eq!(report.failures().len(), 1, "{depth}");
    }
}

#[test]
fn what_a_search_leaves_out_is_told() {
    let all = Explore::new(ALL);
    let drawn = |most: u64| {
        all.run(move |rt| async move {
            let most = Duration::from_nanos(most);
            let (mut client, _server) = rt.duplex().latency(Duration::ZERO..=most).connect();
            client.write_all(b"a").await.unwrap();
        })
    };
    let report = drawn(2);
    assert!(!report.was_sampled() && report.is_complete(), "{report}");
    let report = drawn(9);
    assert!(report.was_sampled() && !report.is_complete(), "{report}");
    let text = catch(|| drop(report.expect_complete().clone())).unwrap_err();
    assert!(text.to_string().contains("among more than three"), "{text}");
    let bound = Explore::new(Schedule::Dfs {
        preemptions: Some(0),
    });
    let report = bound.run(|rt| async move {
        let done = Arc::new(AtomicU32::new(0));
        let (inner, seen) = (rt.clone(), Arc::clone(&done));
        rt.spawn_detached(async move {
            while seen.load(Relaxed) == 0 {
                inner.yield_now().await;
            }
        });
        rt.spawn_detached(async move { done.store(1, Relaxed) });
    });
    assert!(report.was_made_fair() && report.is_complete(), "{report}");
    assert!(report.to_string().contains("but for unfair"), "{report}");
}

#[test]
fn the_deepest_run_is_the_one_with_the_most_choices() {
    let report = Explore::new(ALL).run(|rt| async move {
        if rt.maybe("more") {
            let more = [(); 3].map(|()| rt.maybe("each"));
            assert_eq!(more.len(), 3);
        }
    });
    report.expect_complete();
    let counts = (report.executions(), report.distinct(), report.deepest());
    assert_eq!(counts, (1 + 8, 1 + 8, 1 + 3), "{report}");
}

#[test]
fn a_search_finds_who_takes_a_part_for_the_whole() {
    let read = |fragments: bool| {
        Explore::new(ALL).run(move |rt| async move {
            let mut connection = rt.duplex();
            if fragments {
                connection = connection.fragments();
            }
            let (mut client, mut server) = connection.connect();
            client.write_all(b"ab").await.unwrap();
            let mut heard = [0; 2];
            let read = server.read(&mut heard).await.unwrap();
            assert_eq!(read, 2, "a part");
        })
    };
    assert!(read(false).failures().is_empty());
    let report = read(true);
    let failures = report.failures();
    assert!(
        failures.len() == 1 && failures[0].message().contains("a part"),
        "{report}"
    );
}

#[test]
fn a_search_finds_who_takes_a_reset_for_an_end() {
    let report = Explore::new(ALL).run(|rt| async move {
        let connection = rt.duplex().cut_after(1..=3, Cut::Reset);
        let (mut client, mut server) = connection.connect();
        drop(client.write_all(b"ab").await);
        drop(client);
        let mut heard = Vec::new();
        let ended = server.read_to_end(&mut heard).await;
        assert!(ended.is_ok(), "{ended:?}");
    });
    let failures = report.failures();
    assert!(
        failures.len() == 1 && failures[0].message().contains("ConnectionReset"),
        "{report}"
    );
}
