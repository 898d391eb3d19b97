//! Blanking out what is not code.

/// `text` with comments and the insides of string and character literals as spaces; every line keeps its length in
/// characters.
pub(super) fn mask(text: &str) -> String {
    let mut masker = Masker {
        chars: text.chars().collect(),
        at: 0,
        out: String::with_capacity(text.len()),
    };
    while masker.at < masker.chars.len() {
        masker.step();
    }
    masker.out
}

struct Masker {
    chars: Vec<char>,
    at: usize,
    out: String,
}

impl Masker {
    fn step(&mut self) {
        match (self.chars[self.at], self.peek(1)) {
            ('/', Some('/')) => self.hide_until(|masker| masker.peek(0) == Some('\n')),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            ('r', Some('"' | '#')) if !self.inside_word() => self.raw(),
            _ => self.keep(1),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// A raw string may be a byte or a C string: `br""`, `cr""`.
    fn inside_word(&self) -> bool {
        let before = |back| self.at.checked_sub(back).map(|at| self.chars[at]);
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        match before(1) {
            Some('b' | 'c') => is_word(before(2)),
            other => is_word(other),
        }
    }

    fn keep(&mut self, count: usize) {
        for _ in 0..count {
            self.out.extend(self.peek(0));
            self.at += 1;
        }
    }

    fn hide(&mut self, count: usize) {
        for _ in 0..count {
            let Some(c) = self.peek(0) else { return };
            self.out.push(if c == '\n' { c } else { ' ' });
            self.at += 1;
        }
    }

    fn hide_until(&mut self, end: impl Fn(&Self) -> bool) {
        while self.at < self.chars.len() && !end(self) {
            self.hide(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                _ => {
                    self.hide(1);
                    continue;
                }
            }
            self.hide(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep(1);
        while let Some(c) = self.peek(0) {
            match c {
                '"' => break,
                '\\' => self.hide(2),
                _ => self.hide(1),
            }
        }
        self.keep(1);
    }

    /// A character, or the name of a lifetime.
    fn quote(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => {
                self.keep(1);
                self.hide(2);
                self.hide_until(|masker| masker.peek(0) == Some('\''));
                self.keep(1);
            }
            (Some(_), Some('\'')) => {
                self.keep(1);
                self.hide(1);
                self.keep(1);
            }
            _ => self.keep(1),
        }
    }

    fn raw(&mut self) {
        let rest = self.chars[self.at + 1..].iter();
        let hashes = rest.take_while(|&&c| c == '#').count();
        if self.peek(1 + hashes) != Some('"') {
            // A raw name such as `r#type`.
            return self.keep(1 + hashes);
        }
        self.keep(hashes + 2);
        let closed = |masker: &Self| {
            masker.peek(0) == Some('"') && (1..=hashes).all(|ahead| masker.peek(ahead) == Some('#'))
        };
        self.hide_until(closed);
        self.keep(hashes + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_comments_become_spaces() {
        assert_eq!(mask(r#"f("a//b"); // c"#), r#"f("    ");     "#);
        assert_eq!(mask(r#"f("\"unsafe")"#), r#"f("        ")"#);
        assert_eq!(mask("a /* b /* c */ d */ e"), "a                   e");
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        assert_eq!(mask(r###"f(r##"a"# b"##)"###), r###"f(r##"     "##)"###);
        assert_eq!(mask(r#"br"a\" r#type"#), r#"br"  " r#type"#);
        assert_eq!(mask(r#"for "a""#), r#"for " ""#);
    }

    #[test]
    fn lifetimes_are_not_characters() {
        assert_eq!(
            mask(r"f::<'a>('\'', 'x', '\u{1f}')"),
            r"f::<'a>('  ', ' ', '      ')"
        );
        assert_eq!(mask("fn f<'a>(_: &'a str) {}"), "fn f<'a>(_: &'a str) {}");
    }

    #[test]
    fn lines_stay_where_they_are() {
        let text = "a\n\"b\n\\\nc\"\n/* d\n*/ e\n";
        assert_eq!(mask(text).lines().count(), text.lines().count());
        assert!(mask(text).ends_with("\n   e\n"));
    }
}
