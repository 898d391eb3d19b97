//! The same seed, the same result.

use crate::run::fetch;

#[test]
fn in_the_simulator_a_seed_prints_the_same_twice_and_another_seed_something_else() {
    let print = |seed: &str| {
        let ran = fetch(["--runtime", "sim", "--seed", seed, "--faults", "40"]);
        assert!(ran.stdout.ends_with(" s\n"), "{}", ran.stderr);
        ran.stdout + &ran.stderr
    };
    for seed in ["1", "2", "18446744073709551615"] {
        assert_eq!(print(seed), print(seed), "seed {seed}");
    }
    assert_ne!(print("1"), print("2"));
}

#[test]
fn the_default_run_is_clean_and_ends_with_a_table_of_all_runtimes() {
    let ran = fetch([""; 0]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let table = &lines[lines.len() - 4..];
    assert!(table[0].starts_with("runtime") && table[0].contains("rejections"));
    for (line, name) in table[1..].iter().zip(["tokio", "smol", "sim"]) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells[..3], [name, "32", "0"], "{line}");
    }
    assert_eq!(lines.len(), 3 * 32 + 4);
}
