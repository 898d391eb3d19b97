//! One result on every runtime.

use crate::run::{Ran, digest};
use crate::tree::Tree;

fn tree() -> Tree {
    let tree = Tree::new();
    for n in 0..60 {
        tree.file(format!("{}/{n}", n % 7), &vec![b'x'; n * 900]);
    }
    tree
}

fn on(runtime: &str, tree: &Tree, limit: &str) -> Ran {
    let path = tree.path().to_str().expect("plain names");
    let ran = digest([path, "--runtime", runtime, "--limit", limit]);
    assert_eq!((ran.code, ran.complaints()), (0, vec![]), "{}", ran.stderr);
    ran
}

#[test]
fn the_output_is_the_same_on_every_runtime_and_with_every_limit() {
    let tree = tree();
    let expected = on("tokio", &tree, "1").stdout;
    for runtime in ["tokio", "smol", "sim", "all"] {
        for limit in ["1", "7", "1000000"] {
            assert!(
                on(runtime, &tree, limit).stdout == expected,
                "{runtime} with {limit}"
            );
        }
    }
}

#[test]
fn lines_are_sorted_by_the_bytes_of_their_paths() {
    let tree = Tree::new();
    for name in ["a/z", "a-b", "a.b", "a0", "B", "\u{e9}"] {
        tree.file(name, b"");
    }
    let ran = on("all", &tree, "2");
    let lines = ran.lines();
    assert!(lines.is_sorted_by_key(|line| &line[66..]));
    assert_eq!(lines.len(), 6);
}

#[test]
fn one_table_has_a_row_for_each_runtime() {
    let tree = tree();
    for (runtime, rows) in [
        ("all", vec!["tokio", "smol", "sim"]),
        ("smol", vec!["smol"]),
    ] {
        let ran = on(runtime, &tree, "4");
        let lines: Vec<Vec<&str>> = ran
            .stderr
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines[0],
            ["runtime", "files", "bytes", "tasks", "wall", "time"]
        );
        assert_eq!(
            lines[1..].iter().map(|row| row[0]).collect::<Vec<_>>(),
            rows
        );
        for row in &lines[1..] {
            // A task and a closure for each file, and the walk.
            assert_eq!(row[1..4], ["60", "1593000", "121"]);
        }
    }
}
