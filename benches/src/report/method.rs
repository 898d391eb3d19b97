//! How a run measures, in the words of the page and of BENCHMARKS.md.

/// How to read a table.
pub(super) const READING: &str = "\
A ratio is the time of a subject over that of its table's reference: above 1 it is slower. Its interval is made \
to cover the true ratio in 95 of 100 runs; where processes differ more than rounds, it is 93 or more. What counts as equal is a band \
around 1: ±1 %, or ±3 % where several threads take part. \
A subject is faster or slower when its whole interval lies outside of the band; `=` stands for one inside, `?` for one \
that crosses an edge. Figures per op are for one operation; /least is the median of its times over the least of them; B/op are the bytes it allocates, future B the size of its \
future.";

/// What the numbers cannot say.
pub(super) const CAVEATS: [&str; 5] = [
    "The machine is shared and noisy. Times are for orientation; only ratios were measured so that they can be \
     compared, and all of them come from this one run on this one machine.",
    "Where one thread does all the work, time is the CPU time of that thread: other programs hardly disturb it, and it \
     does not see waiting. Elsewhere it is the wall clock, which sees both.",
    "The null control is the reference measured a second time, as if it were another subject. Where its interval \
     leaves the band, the table is noisy and gives no verdict.",
    "Losses are losses of time, also in noisy tables where they are far beyond the noise. Instructions, allocations and \
     sizes stand in the tables only.",
    "Subjects do not all promise the same: read the notes before the ratios. One without a note is as fair as the \
     reference (first come, first served) and cancel safe: dropping its future stops its work and loses nothing.",
];

/// How the numbers come about.
pub(super) const METHOD: [&str; 3] = [
    "A round samples every subject twice, in an order that reads the same in both directions. Any two subjects are so \
     measured as A B B A, and a steady drift of the machine's speed cancels out; the order is drawn anew each time. Several fresh processes measure many \
     rounds each.",
    "A ratio is the median over the processes of each one's median of the paired ratios' logarithms. Its interval \
     comes from a bootstrap in two levels: processes are drawn again, and rounds within each.",
    "Instructions are counted by callgrind, where one thread does all the work, without the allocator's own: what an \
     allocation costs there depends on the state of the heap. Allocations are counted apart, by an allocator made for it.",
];
