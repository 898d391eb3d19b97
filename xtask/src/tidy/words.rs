//! What no file may say: work that is left, and lints that are allowed rather than expected.

use super::source::Source;
use super::tree::Tree;

/// What is looked for in code, without spaces, and what to do about it.
const WORDS: &[(&str, &str)] = &[
    ("todo!", "finish it"),
    ("unimplemented!", "finish it"),
    ("[allow(", "write `#[expect(.., reason = \"..\")]`"),
    (",allow(", "write `expect(.., reason = \"..\")`"),
];

pub(super) fn find(tree: &Tree) -> Vec<String> {
    tree.sources().iter().flat_map(in_source).collect()
}

fn in_source(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    let mut in_macro = false;
    for line in source.lines() {
        in_macro = line.code.starts_with("macro_rules!") || (in_macro && line.code != "}");
        let code: String = line.code.split_whitespace().collect();
        // A macro cannot know whether its user's code triggers the lint, so that it may allow it, with a reason.
        let allowed = in_macro && code.contains("reason=");
        let found = WORDS.iter().filter(|(word, _)| code.contains(word));
        let found = found.filter(|(word, _)| !(allowed && word.contains("allow")));
        findings.extend(found.map(|(word, advice)| {
            let word = word.trim_matches([',', '[', '(']);
            format!("{}: `{word}`: {advice}", source.at(line))
        }));
    }
    findings
}

/// Tells whether `word` stands in `code` as a word of its own.
pub(super) fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    #[test]
    fn forbidden_words_are_found() {
        for bad in [
            "fn a() { todo!() }",
            "unimplemented!(\"later\")",
            "#[allow(dead_code)]",
            "#![ allow(dead_code) ]",
            "#[cfg_attr(test, allow(dead_code))]",
            "macro_rules! a {\n}\n#[allow(b, reason = \"c\")]",
            "macro_rules! a {\n    #[allow(b)]\n}",
        ] {
            let findings = find(&tree(&[("a.rs", bad)]));
            assert_eq!(findings.len(), 1, "{bad}: {findings:?}");
            assert!(findings[0].starts_with("a.rs:"));
        }
    }

    #[test]
    fn comments_strings_and_expectations_are_fine() {
        let good = "// todo!()\nlet a = \"#[allow(a)]\";\n#[expect(a, reason = \"b\")]\nself.allow(1);\n\
                    macro_rules! a {\n    #[allow(b, reason = \"c\")]\n}\n";
        assert!(find(&tree(&[("a.rs", good)])).is_empty());
    }

    #[test]
    fn a_word_is_not_found_in_a_longer_one() {
        assert!(has_word("unsafe { a }", "unsafe"));
        assert!(!has_word("#![deny(unsafe_code)]", "unsafe"));
    }
}
