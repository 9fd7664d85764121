//! XML as a text that is well-formed whatever its values hold.

/// A document that grows.
pub(super) struct Xml(String);

impl Xml {
    /// An empty document.
    pub fn new() -> Xml {
        Xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// An element with attributes and what stands in it.
    pub fn within(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        content: impl FnOnce(&mut Xml),
    ) {
        self.open(name, attributes);
        self.0.push('\n');
        content(self);
        self.close(name);
    }

    /// An element with a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// An element with a text, where there is one.
    pub fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.text(name, text);
        }
    }

    /// An element with attributes and a text.
    pub fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.open(name, attributes);
        self.0.push_str(&escape(text));
        self.close(name);
    }

    /// The whole.
    pub fn finish(self) -> String {
        self.0
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push_str(&format!(" {name}=\"{}\"", escape(value)));
        }
        self.0.push('>');
    }

    fn close(&mut self, name: &str) {
        self.0.push_str(&format!("</{name}>\n"));
    }
}

/// Text as it may stand in an element or an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars().filter(|c| is_legal(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

/// Text without the characters that no XML document may hold, escaped or not.
pub(super) fn legal(text: &str) -> String {
    text.chars().filter(|c| is_legal(*c)).collect()
}

fn is_legal(c: char) -> bool {
    (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_breaks_out() {
        let mut xml = Xml::new();
        xml.within("a", &[("b", "\"><c/>")], |xml| {
            xml.text("d", "]]>&\u{0}\u{fffe}</d>\tx");
            xml.maybe("e", Some(" "));
            xml.maybe("e", None);
        });
        assert_eq!(
            xml.finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"&quot;&gt;&lt;c/&gt;\">\n<d>]]&gt;&amp;&lt;/d&gt;\tx</d>\n</a>\n"
        );
    }
}
