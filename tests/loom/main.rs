//! Every interleaving of the small state machines, by loom.
//!
//! `cargo xtask loom` runs the models, `cargo xtask loom --mutants` the seeded bugs that they must catch. Without the cfg
//! `trunnion_loom` this target is empty.
//!
//! What is modelled: the task cell of core (`task`), its future set (`set`), its wait queue (`wait`) and its token (`token`), the
//! roster of a scope that spawns (`scope`), the children of a scope of one task (`children`), the permits and the line of a
//! semaphore (`semaphore`), the items and the line of a flow channel (`flow`), the outputs of a map that its body moved to another task
//! (`outputs`), the budgets of retries (`budget`), the queue between the simulator's thread and others (`sim`), the signal, job queue and registry of the smol adapter (`smol`), the count of running
//! closures of the tokio adapter (`tokio`), and the seam that they stand on (`seam`). A state machine of another crate gets a file
//! here and is compiled from its own file, so that it must use
//! nothing but core.
//!
//! What is not, and why:
//!
//! * `TaskId` and `RuntimeId` count with relaxed `fetch_add`s, from which it follows that no number is given twice.
//! * The slots that hold the registered probes and the default runtime are `OnceLock`s of the standard library, written
//!   once and read through nothing else.
//! * `std::sync::Arc` is the standard library's in the models too; what they check is the protocols built on it.
//! * A token's callback lies under a lock of the standard library until who wakes it takes it out; nothing waits for that lock.
//! * The simulator's state and the tokio adapter's table of runtimes lie under one lock each and wake nobody under it.
#![cfg(trunnion_loom)]
#![expect(clippy::unwrap_used, reason = "a failed join fails the model")]

mod budget;
mod children;
mod flow;
mod harness;
mod outputs;
mod payload;
mod scope;
mod seam;
mod semaphore;
mod set;
mod sim;
mod smol;
mod task;
mod token;
mod tokio;
mod wait;
mod waker;
