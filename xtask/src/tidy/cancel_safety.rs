//! Whatever returns a future says under `# Cancel safety` what dropping it means.

use std::collections::BTreeMap;

use super::source::{Kind, Line, Source};
use super::tree::Tree;
use super::words::has_word;

const SECTION: &str = "# Cancel safety";

pub(super) fn find(tree: &Tree) -> Vec<String> {
    let mut packages: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in tree.published() {
        let package = source.path().split("/src/").next().unwrap_or_default();
        packages.entry(package).or_default().push(source);
    }
    packages
        .values()
        .flat_map(|sources| in_package(sources))
        .collect()
}

fn in_package(sources: &[&Source]) -> Vec<String> {
    let named = named_futures(sources);
    let mut findings = Vec::new();
    for source in sources {
        findings.extend(functions(source, &named));
        let futures = futures(source).into_iter();
        findings.extend(futures.filter_map(|name| future_type(source, sources, &name)));
    }
    findings
}

/// The public types of a crate that are futures.
fn named_futures(sources: &[&Source]) -> Vec<String> {
    let names = sources.iter().flat_map(|source| futures(source));
    names
        .filter(|name| sources.iter().any(|source| item(source, name).is_some()))
        .collect()
}

/// What is wrong with the documentation of the future `name`, which may be declared in another file of its crate.
fn future_type(source: &Source, siblings: &[&Source], name: &str) -> Option<String> {
    let mut files = [source].into_iter().chain(siblings.iter().copied());
    let (file, index) = files.find_map(|file| Some((file, item(file, name)?)))?;
    let place = file.at(&file.lines()[index]);
    (!is_told(file, index)).then(|| {
        format!("{place}: `{name}` is a future: say under `{SECTION}` what dropping it means")
    })
}

/// Public functions, also of public traits, that return a future without saying so.
fn functions(source: &Source, named: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut in_trait = false;
    for (index, line) in source.lines().iter().enumerate() {
        if line.kind != Kind::Code {
            continue;
        }
        if !line.code.starts_with([' ', '}', ')', '#']) {
            in_trait = is_pub(&line.code) && has_word(&line.code, "trait");
        }
        if declares_function(line, in_trait)
            && returns_future(&source.head(index), named)
            && !is_told(source, index)
        {
            let place = source.at(line);
            findings.push(format!(
                "{place}: returns a future: say under `{SECTION}` what dropping it means"
            ));
        }
    }
    findings
}

fn declares_function(line: &Line, in_trait: bool) -> bool {
    let code = line.code.trim_start();
    let member = in_trait && line.code.starts_with("    ") && !line.code.starts_with("     ");
    (is_pub(code) || member)
        && code.split_once("fn ").is_some_and(|(before, _)| {
            let mut words = before.split_whitespace();
            words.all(|word| ["pub", "const", "async", "unsafe"].contains(&word))
        })
}

fn is_pub(code: &str) -> bool {
    code.starts_with("pub ")
}

fn returns_future(head: &str, named: &[String]) -> bool {
    let is_async = head
        .split("fn ")
        .next()
        .is_some_and(|before| has_word(before, "async"));
    let signature = head.split(" where ").next().unwrap_or(head);
    is_async
        || signature
            .rsplit_once("-> ")
            .is_some_and(|(_, result)| is_future(result, named))
}

/// Tells whether a type is a hidden future or one of the `named`.
fn is_future(result: &str, named: &[String]) -> bool {
    let hides = has_word(result, "impl") || has_word(result, "dyn");
    let hidden = hides && (has_word(result, "Future") || has_word(result, "IntoFuture"));
    let name = result
        .split(['<', ' '])
        .next()
        .and_then(|path| path.rsplit("::").next());
    hidden || name.is_some_and(|name| named.iter().any(|future| future == name))
}

/// The names of the types that implement `Future` here.
fn futures(source: &Source) -> Vec<String> {
    let heads = source.lines().iter().enumerate().filter(|(_, line)| {
        let code = line.code.trim_start();
        code.starts_with("impl ") || code.starts_with("impl<")
    });
    heads
        .filter_map(|(index, _)| implementor(&source.head(index)))
        .collect()
}

/// `A` of `impl<T> Future for A<T> where ..`.
fn implementor(head: &str) -> Option<String> {
    let (before, after) = head.split_once(" for ")?;
    let of_future = before.trim_end().rsplit([' ', ':', '>']).next() == Some("Future");
    let name: String = after
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (of_future && !name.is_empty()).then_some(name)
}

/// The line that declares the public type `name`.
fn item(source: &Source, name: &str) -> Option<usize> {
    source.lines().iter().position(|line| {
        let code = line.code.trim_start();
        let rest = code
            .strip_prefix("pub struct ")
            .or(code.strip_prefix("pub enum "));
        rest.and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// Items that the documentation does not show need not say it.
fn is_told(source: &Source, index: usize) -> bool {
    source.above(index).any(|line| {
        let doc = line.kind == Kind::Doc && line.text.contains(SECTION);
        doc || line.code.trim() == "#[doc(hidden)]"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    const PATH: &str = "crates/a/src/lib.rs";

    fn count(text: &str) -> usize {
        find(&tree(&[(PATH, text)])).len()
    }

    #[test]
    fn a_function_that_says_nothing_is_found() {
        for bad in [
            "/// Waits.\npub async fn a() {\n}\n",
            "/// Waits.\n#[must_use]\n    pub fn a<T>(\n        t: T,\n    ) -> impl Future<Output = T> + Send\n    where\n        T: Send,\n    {\n",
            "pub const fn a() -> Pin<Box<dyn core::future::Future<Output = ()>>> {\n}\n",
            "/// Waits.\n///\n/// # Errors\n/// Never.\npub unsafe fn a() -> impl IntoFuture {\n}\n",
            "/// A.\n///\n/// # Cancel safety\n/// B.\npub struct A;\nimpl Future for A {\n}\n/// C.\npub fn c() -> A {\n}\n",
            "/// A.\npub trait A {\n    /// Waits.\n    fn a(&self) -> impl Future<Output = ()>;\n}\n",
        ] {
            assert_eq!(count(bad), 1, "{bad}");
        }
    }

    #[test]
    fn a_type_that_says_nothing_is_found() {
        for bad in [
            "/// A.\npub struct A<T>(T);\nimpl<T> Future for A<T>\nwhere\n    T: B,\n{\n}\n",
            "pin_project! {\n    /// A.\n    #[derive(Debug)]\n    pub struct A { b: u8 }\n}\nimpl core::future::Future for A {\n}\n",
        ] {
            assert_eq!(count(bad), 1, "{bad}");
        }
    }

    #[test]
    fn a_type_is_found_in_another_file_of_its_crate() {
        let files = [
            ("crates/a/src/one.rs", "/// A.\npub struct A;\n"),
            ("crates/a/src/two.rs", "impl Future for A {\n}\n"),
            ("crates/b/src/two.rs", "/// B.\npub struct A;\n"),
        ];
        let findings = find(&tree(&files));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("crates/a/src/one.rs:2: "));
    }

    #[test]
    fn those_that_say_it_are_fine() {
        let good = "/// Waits.\n///\n/// # Cancel safety\n/// Nothing is lost.\n#[must_use = \"a\"]\npub async fn a() {\n}\n\
                    /// A.\n///\n/// # Cancel safety\n/// Nothing is lost.\n#[derive(\n    Debug,\n)]\npub enum A {}\nimpl Future for A {\n}\n";
        assert_eq!(count(good), 0);
    }

    #[test]
    fn what_nobody_sees_or_what_takes_a_future_is_fine() {
        let good = "pub(crate) async fn a() {\n}\nstruct B;\nimpl Future for B {\n}\nasync fn c() {\n}\n\
                    /// D.\npub fn d(f: impl Future<Output = u8>) -> u8 {\n}\n#[doc(hidden)]\npub async fn e() {\n}\n\
                    /// F.\npub struct F;\nimpl Stream for F {\n}\npub fn g<R: Fn() -> B>(r: R) {\n}\n";
        assert_eq!(count(good), 0);
    }
}
