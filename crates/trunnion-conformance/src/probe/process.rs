//! What this process uses, as Linux counts it; `None` elsewhere.

use core::time::Duration;
use std::fs;

/// Counts the threads of this process.
#[must_use]
pub fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

/// Counts the open files of this process, the one that counts them included.
#[must_use]
pub fn open_files() -> Option<usize> {
    fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

/// Counts the bytes of private memory that are in use, in steps of a page.
#[must_use]
pub fn resident_bytes() -> Option<usize> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Sums the processor time of all threads that are alive.
#[must_use]
pub fn cpu_time() -> Option<Duration> {
    let of_thread = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let threads = fs::read_dir("/proc/self/task").ok()?;
    let nanos: Option<Vec<u64>> = threads.flatten().map(of_thread).collect();
    Some(Duration::from_nanos(nanos?.iter().sum()))
}
