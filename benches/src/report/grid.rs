//! Text in columns.

/// Lines of cells that stand below each other.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// For each column, whether it stands to the right.
    right: Vec<bool>,
    lines: Vec<Vec<String>>,
}

/// What stands between two columns.
const GAP: &str = "  ";

impl Grid {
    /// Starts with the headings, and for each whether its column stands to the right.
    pub(super) fn new<'a>(headings: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let (titles, right) = headings
            .into_iter()
            .map(|(title, right)| (title.to_owned(), right))
            .unzip();
        Self {
            right,
            lines: vec![titles],
        }
    }

    /// Adds a line; the last cell of one that is too short may run over the columns to its right.
    pub(super) fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(cells.into_iter().collect());
    }

    /// Cuts the cells of these columns, the widest first, until the lines are not wider than `limit`.
    pub(super) fn shrink(&mut self, columns: &[usize], limit: usize) {
        let widths = self.widths();
        let total = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        let mut allowed = widths;
        for _ in limit..total {
            if let Some(&widest) = columns.iter().max_by_key(|&&column| allowed[column]) {
                allowed[widest] = allowed[widest].saturating_sub(1).max(1);
            }
        }
        for line in &mut self.lines {
            for &column in columns {
                if let Some(cell) = line.get_mut(column) {
                    *cell = clip(cell, allowed[column]);
                }
            }
        }
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let full =
                |line: &&Vec<String>| column + 1 < line.len() || line.len() == self.right.len();
            let lines = self.lines.iter().filter(full);
            let cells = lines.filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..self.right.len()).map(width).collect()
    }
}

impl std::fmt::Display for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths = self.widths();
        let pad = |(column, cell): (usize, &String)| {
            let width = widths.get(column).copied().unwrap_or(0);
            if self.right.get(column) == Some(&true) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        };
        let line = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().enumerate().map(pad).collect();
            cells.join(GAP).trim_end().to_owned()
        };
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Cuts `text` to so many characters, and shows that it did.
pub(super) fn clip(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Breaks `text` between words into lines of at most `limit` characters, where its words allow.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Grid, clip, wrap};

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    fn grid() -> Grid {
        let mut grid = Grid::new([("who", false), ("time", true), ("word", false)]);
        grid.line(cells(&["native", "1.2 µs", "same"]));
        grid.line(cells(&["a", "120 ns", "x"]));
        grid
    }

    #[test]
    fn columns_line_up() {
        let expected = "\
who       time  word
native  1.2 µs  same
a       120 ns  x";
        assert_eq!(grid().to_string(), expected);
    }

    #[test]
    fn the_last_cell_of_a_short_line_widens_nothing() {
        let mut grid = grid();
        grid.line(cells(&["b", "N/A — it has no such thing"]));
        let text = grid.to_string();
        assert!(text.starts_with("who       time  word\n"), "{text}");
        assert!(
            text.ends_with("b       N/A — it has no such thing"),
            "{text}"
        );
    }

    #[test]
    fn what_is_too_wide_is_cut_where_it_may_be() {
        let mut grid = grid();
        grid.line(cells(&["a very long name", "1.0 µs", "same"]));
        grid.shrink(&[0], 22);
        for line in grid.to_string().lines() {
            assert!(line.chars().count() <= 22, "{line}");
        }
        assert!(grid.to_string().contains("\na very…"));
    }

    #[test]
    fn a_cut_shows() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcd", 3), "ab…");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 3), ["unbreakable"]);
    }
}
