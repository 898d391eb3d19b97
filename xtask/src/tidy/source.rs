//! A Rust file, with its code told from its comments and literals.

mod mask;

/// What a line is mostly there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    /// `///` or `//!`
    Doc,
    Comment,
    Code,
}

/// One line, numbered from one.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) kind: Kind,
    /// The line as it stands.
    pub(super) text: String,
    /// The line with comments and the insides of literals as spaces.
    pub(super) code: String,
}

/// A file.
#[derive(Debug)]
pub(super) struct Source {
    path: String,
    lines: Vec<Line>,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let masked = mask::mask(text);
        let pairs = text.lines().zip(masked.lines());
        let lines = pairs.enumerate().map(|(index, (text, code))| Line {
            number: index + 1,
            kind: kind(text, code),
            text: text.into(),
            code: code.trim_end().into(),
        });
        Self {
            path: path.into(),
            lines: lines.collect(),
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Where a finding on `line` is.
    pub(super) fn at(&self, line: &Line) -> String {
        format!("{}:{}", self.path, line.number)
    }

    /// The item that begins at `start`: its code up to and without its body or semicolon, on one line.
    pub(super) fn head(&self, start: usize) -> String {
        let mut head = String::new();
        for line in &self.lines[start..] {
            let code = line.code.trim();
            let end = code.find(['{', ';']).unwrap_or(code.len());
            head += &code[..end];
            if end < code.len() {
                break;
            }
            head.push(' ');
        }
        head
    }

    /// The documentation and the attributes above the line `start`, from below upwards.
    pub(super) fn above(&self, start: usize) -> impl Iterator<Item = &Line> {
        let mut open = false;
        self.lines[..start]
            .iter()
            .rev()
            .take_while(move |line| match line.kind {
                Kind::Doc | Kind::Comment => true,
                Kind::Blank => false,
                Kind::Code => {
                    let code = line.code.trim();
                    let starts = code.starts_with("#[");
                    let belongs =
                        open || (code.ends_with(']') && (starts || code.starts_with([')', ']'])));
                    open = belongs && !starts;
                    belongs
                }
            })
    }
}

fn kind(text: &str, code: &str) -> Kind {
    let text = text.trim_start();
    if !code.trim().is_empty() {
        Kind::Code
    } else if text.is_empty() {
        Kind::Blank
    } else if text.starts_with("//!") || (text.starts_with("///") && !text.starts_with("////")) {
        Kind::Doc
    } else {
        Kind::Comment
    }
}

#[cfg(test)]
mod tests {
    use super::Kind::{Blank, Code, Comment, Doc};
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let source = Source::new(
            "a.rs",
            "//! doc\n\n// why\n/* a\n   b */\nlet a = \"// no\";\n//// no doc\n",
        );
        let kinds: Vec<_> = source.lines().iter().map(|line| line.kind).collect();
        assert_eq!(
            kinds,
            [Doc, Blank, Comment, Comment, Comment, Code, Comment]
        );
    }

    #[test]
    fn a_head_may_span_lines() {
        let source = Source::new(
            "a.rs",
            "pub fn a(\n    b: u8, // why\n) -> impl Future\nwhere\n    B: C,\n{\n}\n",
        );
        assert_eq!(
            source.head(0),
            "pub fn a( b: u8, ) -> impl Future where B: C, "
        );
    }

    #[test]
    fn what_stands_above_ends_at_other_code() {
        let text = "struct Other;\n/// One.\n#[expect(\n    lint,\n    reason = \"why\"\n)]\n#[must_use]\npub struct A;\n";
        let source = Source::new("a.rs", text);
        let numbers: Vec<_> = source.above(7).map(|line| line.number).collect();
        assert_eq!(numbers, [7, 6, 5, 4, 3, 2]);
    }
}
