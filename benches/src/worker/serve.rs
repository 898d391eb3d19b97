//! Taking samples as another process asks for them, so that the programs of two revisions can be paired.

use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::{Bench, print};

/// What is asked for, one line of JSON each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// How many iterations make a sample of this row?
    Calibrate(usize),
    /// A sample of this row with so many iterations.
    Sample(usize, u32),
}

/// Says what there is, then answers each line until standard input ends.
pub(super) fn run(bench: Bench) -> io::Result<()> {
    print(&bench.found)?;
    let (rows, sampler, started, _) = bench.split();
    started.run(async move {
        let mut line = String::new();
        while io::stdin().read_line(&mut line)? > 0 {
            let ask = serde_json::from_str(&line)?;
            line.clear();
            let work = |row| {
                let work = rows.iter().position(|other| *other == row);
                work.ok_or_else(|| super::wrong("the row has no work"))
            };
            match ask {
                Ask::Calibrate(row) => print(&sampler.calibrate(work(row)?).await)?,
                Ask::Sample(row, iterations) => {
                    let spent = sampler.sample(work(row)?, iterations).await;
                    print(&(spent.ns, spent.cpu))?;
                }
            }
            io::stdout().flush()?;
        }
        Ok(())
    })
}
