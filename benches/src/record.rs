//! What a run leaves behind: the samples, and what was counted.

use serde::{Deserialize, Serialize};

use crate::clock::Spent;
use crate::subject::Side;

/// The version of the files in a result directory; a change of meaning counts it up.
pub const FORMAT: u32 = 1;

/// All that a run found, but for the samples of time, which have a file of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// [`FORMAT`] when it was written.
    pub format: u32,
    /// Where and with what it was measured.
    pub facts: Facts,
    /// What was asked for.
    pub request: Request,
    /// One for each scenario and runtime, in the order of the report.
    pub tables: Vec<Table>,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Headline rows only.
    pub quick: bool,
    /// Only scenarios whose names contain this.
    pub filter: Option<String>,
    /// Only this runtime.
    pub host: Option<String>,
    /// The revision that was compared with.
    pub against: Option<String>,
}

/// Where and with what something was measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// When it began, as `2026-01-31 12:34 UTC`.
    pub date: String,
    /// The processor's name.
    pub processor: String,
    /// How many processors the process may use.
    pub processors: usize,
    /// The operating system and its release.
    pub system: String,
    /// The load average before and after; `None` where the system does not tell.
    pub load: Option<(f64, f64)>,
    /// The compiler.
    pub rustc: String,
    /// How it was built.
    pub build: String,
    /// The commit, with ` + changes` when the working tree differs from it.
    pub commit: String,
    /// The seed of everything random.
    pub seed: u64,
    /// What could not be measured here, and why.
    pub notes: Vec<String>,
    /// The crates that are compared.
    pub peers: Vec<Peer>,
}

/// A crate that is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// The version that was measured.
    pub version: String,
    /// A newer version that the registry's index on this machine knows.
    pub newer: Option<String>,
}

/// One scenario on one runtime.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// The scenario.
    pub scenario: String,
    /// What it measures.
    pub about: String,
    /// The runtime.
    pub host: String,
    /// What one operation is.
    pub unit: String,
    /// The wall clock was read, not the thread's CPU time.
    pub threaded: bool,
    /// The index of the row that the ratios refer to.
    pub reference: usize,
    /// The subjects.
    pub rows: Vec<Row>,
}

/// One subject of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The subject.
    pub name: String,
    /// Whose code it is.
    pub side: Side,
    /// How its semantics differ.
    pub note: String,
    /// Why it cannot do it.
    pub missing: Option<String>,
    /// The size of the future of one operation.
    pub future_bytes: Option<usize>,
    /// Instructions for one operation.
    pub instructions: Option<Count>,
    /// Allocations for one operation.
    pub allocations: Option<Count>,
    /// Bytes allocated for one operation.
    pub bytes: Option<f64>,
}

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// For one operation.
    pub each: f64,
    /// It was counted again and came to the same; `None` when it was counted once only.
    pub repeats: Option<bool>,
}

impl Count {
    /// Adds a count to an earlier one of the same thing.
    #[must_use]
    pub fn and(before: Option<Self>, each: f64) -> Self {
        // Whole numbers divided by the same number: equal ones are so to the last bit.
        let same =
            |before: Self| before.repeats != Some(false) && before.each.to_bits() == each.to_bits();
        Self {
            each,
            repeats: before.map(same),
        }
    }
}

/// One round: every subject was sampled twice, in an order that reads the same in both directions.
///
/// For any two subjects that is the order A B B A, so that a drift of the machine's speed cancels out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// The index of the table.
    pub table: usize,
    /// The process that measured it.
    pub process: usize,
    /// For each lane: the row (the reference has a second lane, its null control), and the two samples.
    pub lanes: Vec<Lane>,
}

/// The two samples of one subject in one round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The index of the row; `None` is the null control: the reference once more.
    pub row: Option<usize>,
    /// Nanoseconds for one operation, the mean of both samples.
    pub ns: f64,
    /// Nanoseconds of CPU time of the whole process for one operation, where several threads take part.
    pub cpu: Option<f64>,
}

impl Lane {
    /// Begins the lane of a row, or of the control, without a sample.
    #[must_use]
    pub const fn new(row: Option<usize>) -> Self {
        Self {
            row,
            ns: 0.0,
            cpu: None,
        }
    }

    /// Adds one of the two samples.
    pub fn add(&mut self, sample: Spent) {
        self.ns += sample.ns / 2.0;
        self.cpu = sample
            .cpu
            .map(|cpu| self.cpu.unwrap_or_default() + cpu / 2.0);
    }
}
