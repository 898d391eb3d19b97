//! How much memory the process uses.

/// Tells how many bytes of the process are in memory, where the system tells (`/proc/self/statm`).
#[must_use]
pub fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    // The smallest page of any system: a larger one only makes the check milder.
    Some(pages * 4096)
}

/// Runs `once` so many times and checks that the memory in use grows by less than `slack` bytes.
///
/// # Panics
/// When it grew by more, several times in a row.
#[expect(clippy::print_stdout, reason = "what was not measured is to be seen")]
pub fn assert_flat(slack: usize, times: usize, mut once: impl FnMut()) {
    let mut repeat = |times: usize| (0..times).for_each(|_| once());
    // What is kept for later use is there after a few.
    repeat(times.div_ceil(10));
    let mut grown = 0;
    // An allocator may take some memory late; a leak takes it each time.
    for _ in 0..3 {
        let Some(before) = resident() else {
            println!("not measured: this system has no /proc/self/statm");
            return;
        };
        repeat(times);
        grown = resident().map_or(0, |after| after.saturating_sub(before));
        if grown < slack {
            return;
        }
    }
    panic!("{grown} bytes more are in use after the last round");
}
