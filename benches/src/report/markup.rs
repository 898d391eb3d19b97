//! A writer of HTML and SVG that escapes whatever it is given.

use std::fmt;

/// An element with what it holds.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: &'static str,
    attributes: String,
    inside: String,
}

impl Element {
    /// Starts an element that holds nothing.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: String::new(),
            inside: String::new(),
        }
    }

    /// Sets an attribute.
    pub(super) fn set(mut self, name: &str, value: impl fmt::Display) -> Self {
        let value = escape(&value.to_string());
        self.attributes.extend([" ", name, "=\"", &value, "\""]);
        self
    }

    /// Adds text.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.inside.push_str(&escape(text));
        self
    }

    /// Adds an element.
    pub(super) fn child(mut self, child: impl Into<Option<Self>>) -> Self {
        if let Some(child) = child.into() {
            self.inside.push_str(&child.to_string());
        }
        self
    }

    /// Adds elements.
    pub(super) fn children(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// Adds a style sheet of ours as it is.
    pub(super) fn style(mut self, css: &'static str) -> Self {
        self.inside.push_str(css);
        self
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}{}>{}", self.name, self.attributes, self.inside)?;
        // The one element of ours that has no end tag.
        if self.name == "meta" {
            return Ok(());
        }
        write!(f, "</{}>", self.name)
    }
}

/// Replaces what has a meaning in HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Element;

    #[test]
    fn text_and_attributes_are_escaped() {
        let element = Element::new("p").set("title", "\"a'").text("<b> & c");
        let expected = "<p title=\"&quot;a&#39;\">&lt;b&gt; &amp; c</p>";
        assert_eq!(element.to_string(), expected);
    }

    #[test]
    fn elements_nest() {
        let list = Element::new("ul").children([Element::new("li").text("a"), Element::new("li")]);
        assert_eq!(list.to_string(), "<ul><li>a</li><li></li></ul>");
        assert_eq!(list.child(None).to_string(), "<ul><li>a</li><li></li></ul>");
    }
}
