//! A small run made by hand, which the tests of the report show.

use crate::figures::{Figure, Figures, Loss};
use crate::record::{Count, FORMAT, Facts, Peer, Request, Row, Run, Table};
use crate::stats::{Band, Interval};
use crate::subject::Side;

/// Makes a run of two scenarios: one with a loss and a noisy table, one that wins.
pub(super) fn run() -> (Run, Vec<Figures>) {
    let tables = vec![
        table("spawn-join", "tokio-current", spawn_rows()),
        Table {
            threaded: true,
            ..table("spawn-join", "tokio", spawn_rows())
        },
        Table {
            about: "Reads the clock.".to_owned(),
            ..table(
                "now <fast>",
                "sim",
                pair(["native", "trunnion"], Side::Native),
            )
        },
    ];
    let run = Run {
        format: FORMAT,
        facts: facts(),
        request: Request::default(),
        tables,
    };
    (run, vec![judged(), noisy(), won()])
}

/// Makes a run that compares two revisions, of which the later is slower.
pub(super) fn against() -> (Run, Vec<Figures>) {
    let (mut run, _) = run();
    run.request.against = Some("main~1".to_owned());
    let rows = pair(["before", "after"], Side::Ours);
    run.tables = vec![table("spawn-join static", "sim", rows)];
    let figures = Figures {
        rows: vec![figure(100.0, None), figure(110.0, Some([1.08, 1.1, 1.12]))],
        ..won()
    };
    (run, vec![figures])
}

/// Makes an interval from its lower end, its estimate and its upper end.
pub(super) fn interval([low, estimate, high]: [f64; 3]) -> Interval {
    Interval {
        low,
        estimate,
        high,
    }
}

/// Makes the figures of a row.
pub(super) fn figure(ns: f64, ratio: Option<[f64; 3]>) -> Figure {
    Figure {
        ns: Some(ns),
        spread: None,
        cpu: None,
        ratio: ratio.map(interval),
    }
}

/// Makes a row that was counted.
pub(super) fn row(name: &str, side: Side, instructions: f64) -> Row {
    Row {
        name: name.to_owned(),
        side,
        note: String::new(),
        missing: None,
        future_bytes: None,
        instructions: Some(Count {
            each: instructions,
            repeats: Some(true),
        }),
        allocations: Some(Count::and(None, 1.0)),
        bytes: Some(64.0),
    }
}

/// Makes a table whose first row is the reference.
pub(super) fn table(scenario: &str, host: &str, rows: Vec<Row>) -> Table {
    Table {
        scenario: scenario.to_owned(),
        about: "Spawns a task and awaits it; starting the runtime is not measured.".to_owned(),
        host: host.to_owned(),
        unit: "task".to_owned(),
        threaded: false,
        reference: 0,
        rows,
    }
}

fn facts() -> Facts {
    Facts {
        date: "2026-01-31 12:34 UTC".to_owned(),
        processor: "Some Processor".to_owned(),
        processors: 2,
        system: "Linux 6.1".to_owned(),
        load: Some((0.5, 1.25)),
        rustc: "rustc 1.95.0".to_owned(),
        build: "release".to_owned(),
        commit: "0123456 + changes".to_owned(),
        seed: 42,
        notes: Vec::new(),
        peers: vec![Peer {
            name: "any_spawner".to_owned(),
            version: "0.3.0".to_owned(),
            newer: Some("0.3.1".to_owned()),
        }],
    }
}

fn spawn_rows() -> Vec<Row> {
    vec![
        row("native", Side::Native, 1234.0),
        row("static", Side::Ours, 1238.0),
        Row {
            future_bytes: Some(48),
            ..row("erased", Side::Ours, 1500.0)
        },
        Row {
            note: "not fair | boxes the future".to_owned(),
            ..row("any_spawner", Side::Peer, 900.0)
        },
        Row {
            missing: Some("has no handle & no result".to_owned()),
            ..row("peer <b>", Side::Peer, 0.0)
        },
    ]
}

fn pair(names: [&str; 2], first: Side) -> Vec<Row> {
    vec![
        row(names[0], first, 700.0),
        row(names[1], Side::Ours, 770.0),
    ]
}

fn judged() -> Figures {
    Figures {
        band: Band::SINGLE,
        null: Some(interval([0.997, 1.0, 1.004])),
        rows: vec![
            figure(123.0, None),
            figure(123.5, Some([0.998, 1.004, 1.009])),
            figure(137.8, Some([1.11, 1.12, 1.131])),
            figure(90.0, Some([0.72, 0.731, 0.74])),
            Figure::default(),
        ],
        losses: vec![Loss {
            ours: 2,
            other: 0,
            ratio: interval([1.11, 1.12, 1.131]),
        }],
    }
}

fn noisy() -> Figures {
    let mut figures = Figures {
        band: Band::THREADED,
        null: Some(interval([1.0, 1.05, 1.1])),
        losses: Vec::new(),
        ..judged()
    };
    for row in &mut figures.rows[..4] {
        row.cpu = row.ns.map(|ns| ns * 2.0);
    }
    figures
}

fn won() -> Figures {
    Figures {
        rows: vec![figure(100.0, None), figure(50.0, Some([0.49, 0.5, 0.51]))],
        losses: Vec::new(),
        ..judged()
    }
}
