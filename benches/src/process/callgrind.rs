//! Counting instructions with callgrind.
//!
//! It is switched on in one function, and writes a file each time that function returns.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::{Problem, Result};
use crate::worker::{REGION, counted_operations};

/// The command that runs `program` and writes to `out` with a number behind it.
pub(super) fn command(program: &Path, out: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={REGION}"))
        .arg(format!("--dump-after={REGION}"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program);
    command
}

/// Reads the files, one batch and two batches of each row in turn, and removes them; gives instructions for one operation.
pub(super) fn read(out: &Path, operations: u32) -> Result<Vec<f64>> {
    let mut totals = Vec::new();
    while let Some(total) = take_total(&numbered(out, totals.len() + 1))? {
        totals.push(total);
    }
    // The last one, without a number, is from the end of the program.
    let _gone = fs::remove_file(out);
    let (pairs, rest) = totals.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(Problem::new(format!(
            "callgrind wrote {} counts where two for each row were expected",
            totals.len()
        )));
    }
    let operations = counted_operations(operations);
    Ok(pairs
        .iter()
        .map(|[one, two]| (two - one) / operations)
        .collect())
}

fn numbered(out: &Path, number: usize) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn take_total(path: &Path) -> Result<Option<f64>> {
    let Ok(text) = fs::read_to_string(path) else {
        return Ok(None);
    };
    let _gone = fs::remove_file(path);
    // It stands last: a file without it was cut off.
    if !text.lines().any(|line| line.starts_with("totals:")) {
        return Err(Problem::file("understand", path, &"it is not complete"));
    }
    Ok(Some(total(&text)))
}

/// Sums up the costs of all functions but the allocator's.
///
/// How much an allocation costs goes by the state of the heap: the same code counts differently after other code. Allocations
/// are counted by themselves.
fn total(text: &str) -> f64 {
    let mut names: HashMap<&str, bool> = HashMap::new();
    let (mut counts, mut call) = (true, false);
    let mut total = 0.0;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            let (id, name) = name.split_once(' ').unwrap_or((name, ""));
            counts = *names.entry(id).or_insert_with(|| !is_allocator(name));
        } else if let Some(name) = line.strip_prefix("cfn=") {
            // A name is spelled out where it comes first, be it as a callee.
            if let Some((id, name)) = name.split_once(' ') {
                names.insert(id, !is_allocator(name));
            }
        } else if line.starts_with("calls=") {
            call = true;
        } else if let Some(cost) = cost(line) {
            // The line after a call has what was spent inside it, which stands under the callee's name too.
            total += if counts && !call { cost } else { 0.0 };
            call = false;
        }
    }
    total
}

/// The cost in a line of a position and a cost.
fn cost(line: &str) -> Option<f64> {
    let (position, cost) = line.split_once(' ')?;
    let position = position.trim_start_matches(['+', '-']);
    let is_position = position == "*" || position.parse::<u64>().is_ok();
    is_position.then(|| cost.parse().ok()).flatten()
}

fn is_allocator(function: &str) -> bool {
    const PARTS: &[&str] = &[
        "malloc",
        "memalign",
        "calloc",
        "realloc",
        "tcache",
        "unlink_chunk",
        "_int_free",
        "systrim",
        "arena_get",
    ];
    let name = function.split(['@', '\'']).next().unwrap_or_default();
    let plain = !name.contains("::");
    plain && (PARTS.iter().any(|part| name.contains(part)) || name == "free")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What callgrind writes when `work` has cost so much, beside an allocation.
    fn written(cost: u32) -> String {
        format!(
            "events: Ir\nob=(1) /bin/a\nfl=(1) a.rs\nfn=(1) a::work\n16 {cost}\n+3 0\ncob=(2) /lib/libc.so\n\
             cfn=(2) malloc\ncalls=1 50\n* 999\nob=(2)\nfn=(2)\n50 70\nfn=(3) _int_malloc\n-8 7\ntotals: 1\n"
        )
    }

    #[test]
    fn the_allocator_and_what_callees_cost_do_not_count() {
        assert_eq!(total(&written(5)).to_bits(), 5.0_f64.to_bits());
    }

    #[test]
    fn the_allocator_is_told_from_code_that_has_its_words_in_its_path() {
        for name in [
            "malloc",
            "free",
            "posix_memalign",
            "_int_free",
            "malloc_consolidate",
            "realloc@@GLIBC_2.2.5",
        ] {
            assert!(is_allocator(name), "{name}");
        }
        for name in [
            "memcpy",
            "a::free::run",
            "alloc::raw_vec::finish_grow",
            "slab::realloc::b",
        ] {
            assert!(!is_allocator(name), "{name}");
        }
    }

    #[test]
    fn the_difference_of_two_batches_is_shared_out() {
        let dir = std::env::temp_dir().join(format!("callgrind-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("it can be made");
        let out = dir.join("out");
        for (number, total) in [(1, 5_000), (2, 9_000), (3, 2_000), (4, 2_500)] {
            fs::write(numbered(&out, number), written(total)).expect("it is writable");
        }
        let each = read(&out, 1).expect("there are two for each row");
        let operations = counted_operations(1);
        assert_eq!(each, [4_000.0 / operations, 500.0 / operations]);
        let left = fs::read_dir(&dir).expect("it is there").count();
        assert_eq!(left, 0, "nothing is left");
        fs::write(numbered(&out, 1), written(1)).expect("it is writable");
        assert!(read(&out, 1).is_err(), "a count without its pair");
        fs::write(numbered(&out, 1), "fn=(1) a\n16 5\n").expect("it is writable");
        assert!(read(&out, 1).is_err(), "a file that was cut off");
        fs::remove_dir_all(&dir).expect("it is there");
    }
}
