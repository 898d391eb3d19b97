//! The trace: the same bytes for the same seed, in any process.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::poll_fn;
use std::process::Command;
use std::time::Duration;

use trunnion_core::{
    BlockOn, Entropy, Spawn, SpawnBlocking, SpawnLocal, SpawnOptions, TaskHandle, Timer, YieldNow,
    coop,
};
use trunnion_sim::{Explore, Schedule, Sim};

const CHILD: &str = "TRUNNION_SIM_TRACE_CHILD";

/// A bit of everything, with choices in it.
fn program(schedule: Schedule, seed: u64) -> String {
    let sim = Sim::new().schedule(schedule).seed(seed);
    let (rt, local) = (sim.handle(), sim.local());
    sim.block_on(async {
        let named = SpawnOptions::new().name("named");
        let mut tasks = vec![rt.spawn_with(named, rt.sleep(Duration::from_secs(1)))];
        for _ in 0..20 {
            let rt2 = rt.clone();
            tasks.push(rt.spawn(async move {
                let pause = Duration::from_millis(rt2.next_u64() % 5);
                rt2.sleep(pause).await;
                rt2.yield_now().await;
                rt2.spawn_blocking(|| ()).await.unwrap();
            }));
        }
        let aborted = rt.spawn(rt.sleep(Duration::MAX));
        local.spawn_local(async {}).await.unwrap();
        rt.advance(Duration::from_millis(3)).await;
        rt.settle().await;
        assert!(aborted.cancel().await.is_err());
        for task in tasks {
            task.await.unwrap();
        }
    });
    rt.spawn_detached(rt.sleep(Duration::MAX));
    drop(sim);
    rt.trace().to_string()
}

fn programs() -> String {
    let all = [Schedule::Fifo, Schedule::Lifo, Schedule::Random];
    all.map(|schedule| program(schedule, 42)).concat()
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_two_processes() {
    let here = programs();
    if std::env::var_os(CHILD).is_some() {
        std::fs::write(std::env::var_os(CHILD).unwrap(), here).unwrap();
        return;
    }
    let path = std::env::temp_dir().join(format!("trunnion-sim-trace-{}", std::process::id()));
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "the_same_seed_gives_the_same_bytes_in_two_processes",
        "--exact",
    ]);
    assert!(child.env(CHILD, &path).output().unwrap().status.success());
    let there = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(there, here);
}

#[test]
fn the_same_seed_gives_the_same_bytes_twice_and_another_seed_others() {
    assert_eq!(programs(), programs());
    let random = |seed| program(Schedule::Random, seed);
    assert_ne!(random(1), random(2));
}

#[test]
fn each_event_has_its_line() {
    let text = program(Schedule::Fifo, 0);
    let expected = [
        "block_on 0 at ",
        "spawn 1 `named` at ",
        "spawn_blocking ",
        "run 0\n",
        "wake 1\n",
        "done 1\n",
        "drop ",
        "timer 0 set for 1000000000 ns\n",
        "timer 0 fires\n",
        "removed\n",
        "jump to 1000000000 ns\n",
        "advance to 3000000 ns\n",
        "settled\n",
        "shutdown\n",
    ];
    for line in expected {
        assert!(text.contains(line), "{line:?} is missing in:\n{text}");
    }
}

#[test]
fn a_short_trace_keeps_the_newest_events_and_counts_all() {
    let run = |limit| {
        let sim = Sim::new().trace_limit(limit);
        let rt = sim.handle();
        sim.block_on(async {
            for _ in 0..100 {
                rt.yield_now().await;
            }
        });
        rt.trace()
    };
    let (whole, short, none) = (run(1 << 20), run(3), run(0));
    assert_eq!(
        (whole.total(), whole.digest()),
        (short.total(), short.digest())
    );
    assert_eq!(
        (whole.total(), whole.digest()),
        (none.total(), none.digest())
    );
    let (whole, short) = (whole.to_string(), short.to_string());
    assert!(whole.ends_with(short.split_once('\n').unwrap().1));
    assert_eq!(
        (short.lines().count(), none.to_string().lines().count()),
        (4, 1)
    );
}

#[test]
fn what_ran_before_on_the_thread_changes_nothing() {
    let traces = [(); 3].map(|()| {
        let sim = Sim::new();
        let rt = sim.handle();
        sim.block_on(async {
            for _ in 0..100 {
                poll_fn(coop::poll_proceed).await;
            }
        });
        rt.trace().to_string()
    });
    assert_eq!(traces[1], traces[0]);
    assert_eq!(traces[2], traces[0]);
}

#[test]
fn what_is_drawn_and_where_a_race_starts_are_in_the_trace() {
    let all = Explore::new(Schedule::Dfs { preemptions: None });
    let starts = all.run(|_| async {
        let _start = trunnion_core::choose(3);
    });
    assert_eq!((starts.executions(), starts.distinct()), (3, 3));
    let ms = Duration::from_millis(1);
    let delays = all.run(|rt| async move {
        let (mut client, _server) = rt
            .duplex()
            .latency(ms..=ms + Duration::from_nanos(2))
            .connect();
        client.write_all(b"a").await.unwrap();
    });
    assert_eq!(delays.distinct(), delays.executions());
    assert!(delays.executions() > 1);
    let failed = Explore::new(Schedule::Lifo).run(|_| async {
        assert_eq!(trunnion_core::choose(3), 0);
    });
    let table = failed.failures()[0].table();
    assert!(table.contains("start: 2"), "{table}");
}
