//! One comparison of each scenario: the numbers are nobody's verdict here, but every row must be there.

use xshell::{Shell, cmd};

use crate::bench;
use crate::error::Result;
use crate::step::Step;
use crate::tally::Tally;

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    let program = bench::build(sh)?;
    let known = Step::new(cmd!(sh, "{program} list")).output()?;
    let output = Step::new(cmd!(sh, "{program} run --quick")).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
    }
    tally.check("bench --quick", output.status.success());
    for id in ids(&String::from_utf8_lossy(&known.stdout)) {
        let row = text.lines().any(|line| line.starts_with(id));
        tally.check(&format!("{id} has a row"), row);
    }
    Ok(tally)
}

/// The names at the beginning of the lines of the list.
fn ids(list: &str) -> impl Iterator<Item = &str> {
    let lines = list.lines().filter(|line| !line.starts_with(' '));
    lines.filter_map(|line| line.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_a_line_that_is_not_indented() {
        let list = "now     The clock.\n        on tokio\nyield   A turn.\n        on sim\n";
        assert_eq!(ids(list).collect::<Vec<_>>(), ["now", "yield"]);
    }
}
