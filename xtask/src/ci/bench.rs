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
        tally.check(&format!("{id} has a row"), has_row(&text, id));
    }
    Ok(tally)
}

/// Tells whether the table, which ends where losses begin, has a ratio for the scenario.
fn has_row(text: &str, id: &str) -> bool {
    let rows = text.lines().take_while(|line| !line.starts_with("=="));
    let mut words = rows.map(|line| line.split_whitespace());
    words.any(|mut words| words.next() == Some(id) && words.any(|word| word.starts_with('[')))
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

    #[test]
    fn a_row_has_a_ratio_and_stands_in_the_table() {
        let text = "now  tokio  a / b  1.000  [0.999, 1.001]\nyield  tokio  none\n== Where ==\nspawn  a  [1.2, 1.3]\n";
        assert!(has_row(text, "now"));
        assert!(!has_row(text, "no") && !has_row(text, "yield") && !has_row(text, "spawn"));
    }
}
