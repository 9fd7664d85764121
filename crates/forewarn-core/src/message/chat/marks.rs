//! A message's Markdown in the markup of a chat product, within a number of characters.
//!
//! What stands in the text is text: nothing in it pings a person or a room, and no link hides where it leads. A text that is
//! too long ends with a whole sentence, and its marks are closed.

use crate::message::markdown::events;
use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

/// Stands after a sign that would begin a mention, so that it does not.
const GUARD: char = '\u{200b}';
/// What closing marks and the last dots may take.
const CLOSING: usize = 8;

/// Whose markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Slack's own.
    Slack,
    /// Markdown with links in angle brackets: Mattermost, Discord.
    Markdown,
    /// The Markdown of Adaptive Cards, which knows fewer things.
    Card,
    /// None.
    Plain,
}

/// A text in marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    /// Paragraphs, lists, quotes: what stands apart.
    pub blocks: Vec<String>,
    /// Something had to be left out.
    pub cut: bool,
}

/// As many characters as those count who count the most of them.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A Markdown text in a dialect's marks, of at most so many characters.
pub(super) fn marked(markdown: &str, dialect: Dialect, room: usize) -> Marked {
    let mut writer = Writer {
        dialect,
        left: room.saturating_sub(CLOSING),
        blocks: Vec::new(),
        block: String::new(),
        strong: 0,
        emphasis: 0,
        quotes: 0,
        lists: Vec::new(),
        link: None,
        after_bullet: false,
        cut: false,
    };
    for event in events(markdown) {
        if writer.cut {
            break;
        }
        writer.event(event);
    }
    writer.flush();
    Marked {
        blocks: writer.blocks,
        cut: writer.cut,
    }
}

/// One line of text in a dialect, without any marks.
pub(super) fn line(text: &str, dialect: Dialect) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    escaped(&words.join(" "), dialect, true)
}

/// A web address of ours as a link that shows it.
pub(super) fn address(url: &str, dialect: Dialect) -> String {
    let url = clean(url);
    match dialect {
        Dialect::Slack => format!("<{}>", url.replace('&', "&amp;")),
        Dialect::Markdown => format!("<{url}>"),
        Dialect::Card => format!("[{}]({url})", escaped(&url, dialect, false)),
        Dialect::Plain => url,
    }
}

/// A link of ours under a name.
pub(super) fn named_link(name: &str, url: &str, dialect: Dialect) -> String {
    let (name, url) = (line(name, dialect), clean(url));
    match dialect {
        Dialect::Slack => format!("<{}|{name}>", url.replace('&', "&amp;")),
        Dialect::Markdown | Dialect::Card => format!("[{name}]({url})"),
        Dialect::Plain => format!("{name}: {url}"),
    }
}

/// Strong text.
pub(super) fn strong(text: &str, dialect: Dialect) -> String {
    let mark = strong_mark(dialect);
    format!("{mark}{text}{mark}")
}

fn strong_mark(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Slack => "*",
        Dialect::Markdown | Dialect::Card => "**",
        Dialect::Plain => "",
    }
}

/// Without the signs that end an address in one dialect or the other.
fn clean(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '<' | '>' | '|' | '(' | ')' | '\\' | '`' | '"' | ' ' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// Text of which nothing acts. `begins` says that it stands at the beginning of a line.
fn escaped(text: &str, dialect: Dialect, begins: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    // These mean something only where a line begins: lists, headings under a line.
    let marker = match text.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 && begins => Some(digits),
        Some(b'-' | b'+' | b'=') if digits == 0 && begins => Some(0),
        _ => None,
    };
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, c)| *c);
        let is_markdown = matches!(dialect, Dialect::Markdown | Dialect::Card);
        match c {
            '&' if dialect == Dialect::Slack => out.push_str("&amp;"),
            '<' if dialect == Dialect::Slack => out.push_str("&lt;"),
            '>' if dialect == Dialect::Slack => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '~' | '|' | '[' | ']' | '<' | '>' | '#' | '&'
                if is_markdown =>
            {
                out.push('\\');
                out.push(c);
            }
            c if is_markdown && marker == Some(at) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        // Who takes what is none for Markdown finds no link in it.
        let links = c == ']' && next == '(' && !is_markdown;
        let mentions = c == '@' && next.is_alphanumeric() && may_mention(before, &text[at + 1..]);
        // Some products read the commands of others: <!channel>, <@U1>, <users/all>.
        let commands = c == '<' && dialect != Dialect::Slack && !next.is_whitespace();
        if mentions || commands || links {
            out.push(GUARD);
        }
        before = c;
    }
    out
}

/// Whether what follows an `@` would be a mention and not the end of a mail address. Before it may stand a letter of a language
/// that writes "and" without a space.
fn may_mention(before: char, rest: &str) -> bool {
    const ALL: [&str; 5] = ["everyone", "here", "channel", "all", "group"];
    let in_address = before.is_ascii_alphanumeric() || "._%+-".contains(before);
    let rest = rest.as_bytes();
    let is_all = |word: &str| {
        let head = rest.get(..word.len());
        let ends = rest
            .get(word.len())
            .is_none_or(|c| !c.is_ascii_alphanumeric() && *c != b'.');
        ends && head.is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
    };
    !in_address || ALL.iter().any(|word| is_all(word))
}

struct Writer {
    dialect: Dialect,
    /// How many characters may still be written.
    left: usize,
    blocks: Vec<String>,
    block: String,
    strong: usize,
    emphasis: usize,
    quotes: usize,
    lists: Vec<Option<u64>>,
    /// The address of the open link, and where its text began.
    link: Option<(String, usize)>,
    /// A bullet was just written: the paragraph that follows stands on its line.
    after_bullet: bool,
    cut: bool,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => self.code(&code),
            Event::SoftBreak => self.mark(" "),
            Event::HardBreak => self.new_line(),
            Event::Rule => {
                self.begin();
                self.mark("\u{2014}\u{2014}\u{2014}");
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::CodeBlock(_) => self.begin(),
            Tag::Heading { .. } => {
                self.begin();
                self.strong_begins();
            }
            Tag::BlockQuote(_) => {
                self.begin();
                self.quotes += 1;
                self.mark(self.quoted());
                self.after_bullet = true;
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.begin();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Strong => self.strong_begins(),
            Tag::Emphasis => {
                if self.emphasis == 0 {
                    self.open(self.emphasis_mark());
                }
                self.emphasis += 1;
            }
            Tag::Link {
                dest_url,
                link_type,
                ..
            } => {
                let address = match link_type {
                    LinkType::Email => String::new(),
                    _ => dest_url.to_string(),
                };
                self.link = Some((address, self.block.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) | TagEnd::Strong => {
                self.strong = self.strong.saturating_sub(1);
                if self.strong == 0 && !self.cut {
                    self.block.push_str(strong_mark(self.dialect));
                }
            }
            TagEnd::Emphasis => {
                self.emphasis = self.emphasis.saturating_sub(1);
                if self.emphasis == 0 && !self.cut {
                    self.block.push_str(self.emphasis_mark());
                }
            }
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Link => self.link_ends(),
            _ => {}
        }
    }

    fn strong_begins(&mut self) {
        if self.strong == 0 {
            self.open(strong_mark(self.dialect));
        }
        self.strong += 1;
    }

    fn emphasis_mark(&self) -> &'static str {
        match self.dialect {
            Dialect::Slack | Dialect::Markdown | Dialect::Card => "_",
            Dialect::Plain => "",
        }
    }

    fn quoted(&self) -> &'static str {
        match self.dialect {
            Dialect::Slack | Dialect::Markdown | Dialect::Plain => "> ",
            Dialect::Card => "",
        }
    }

    fn item(&mut self) {
        // A quote may begin with a list.
        let begun = self.after_bullet && self.quotes > 0 && self.block.ends_with(self.quoted());
        if !self.block.is_empty() && !begun {
            self.new_line();
        }
        let indent = "    ".repeat(self.lists.len().saturating_sub(1));
        let bullet = match (self.lists.last_mut(), self.dialect) {
            (Some(Some(number)), _) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            (_, Dialect::Slack) => "\u{2022} ".to_owned(),
            _ => "- ".to_owned(),
        };
        self.mark(&format!("{indent}{bullet}"));
        self.after_bullet = true;
    }

    /// What is shown is the address itself, or the address stands beside it: a name hides nothing.
    fn link_ends(&mut self) {
        let Some((to, from)) = self.link.take() else {
            return;
        };
        let Some(web) = crate::message::safe_url(&to) else {
            return;
        };
        let shown = self.block.get(from..).unwrap_or_default();
        let link = address(&web, self.dialect);
        if shown == escaped(&to, self.dialect, false) {
            self.left += units(shown);
            self.block.truncate(from);
            self.whole(&link);
        } else {
            self.whole(&format!(" ({link})"));
        }
    }

    fn code(&mut self, code: &str) {
        let fits = !code.contains('`') && self.dialect != Dialect::Card;
        match self.dialect {
            Dialect::Slack if fits => {
                let code = escaped(code, Dialect::Slack, false);
                self.whole(&format!("`{code}`"));
            }
            Dialect::Markdown if fits => {
                let code = escaped(code, Dialect::Plain, false);
                self.whole(&format!("`{code}`"));
            }
            _ => self.text(code),
        }
    }

    fn text(&mut self, text: &str) {
        for (n, line) in text.split('\n').enumerate() {
            if n > 0 && !line.is_empty() {
                self.new_line();
            }
            self.one_line(line);
        }
    }

    fn one_line(&mut self, line: &str) {
        if self.cut || line.is_empty() {
            return;
        }
        self.after_bullet = false;
        let begins = self.block.is_empty() || self.block.ends_with('\n');
        // "1. " after a line's end would be a list; the parser gives the number and the rest apart.
        let last = self.block.rsplit('\n').next().unwrap_or_default();
        let numbers = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
        let is_markdown = matches!(self.dialect, Dialect::Markdown | Dialect::Card);
        if numbers && is_markdown && line.starts_with(['.', ')']) {
            self.mark("\\");
        }
        let escaped_line = escaped(line, self.dialect, begins);
        if units(&escaped_line) <= self.left {
            self.mark(&escaped_line);
            return;
        }
        let fits = |end: usize| units(&escaped(&line[..end], self.dialect, begins)) <= self.left;
        let sentence = sentence_ends(line).rev().find(|end| fits(*end));
        let word = || {
            let spaces = line.match_indices(' ').map(|(at, _)| at);
            spaces.rev().find(|end| fits(*end)).unwrap_or(0)
        };
        match sentence {
            Some(end) => self.push(&escaped(&line[..end], self.dialect, begins)),
            // A paragraph of which not one sentence fits is left out, unless there is no other.
            None if !self.blocks.is_empty() && !has_sentence(&self.block) => {
                self.block.clear();
                (self.strong, self.emphasis) = (0, 0);
            }
            None => {
                let end = word();
                let head = escaped(&line[..end], self.dialect, begins);
                self.push(&(head + "\u{2026}"));
            }
        }
        self.close();
    }

    /// What has no parts: all of it or nothing.
    fn whole(&mut self, text: &str) {
        self.after_bullet = false;
        match units(text) <= self.left {
            true => self.push(text),
            false => self.close(),
        }
    }

    /// What belongs to the markup, while there is room for it.
    fn mark(&mut self, text: &str) {
        match units(text) <= self.left {
            true => self.push(text),
            false => self.close(),
        }
    }

    fn push(&mut self, text: &str) {
        if !self.cut {
            self.left = self.left.saturating_sub(units(text));
            self.block.push_str(text);
        }
    }

    /// Begins what ends with the same mark, and keeps room for that.
    fn open(&mut self, mark: &str) {
        match 2 * units(mark) <= self.left {
            true => {
                self.push(mark);
                self.left -= units(mark);
            }
            false => self.close(),
        }
    }

    /// The room is used up: what is open is closed.
    fn close(&mut self) {
        if self.cut {
            return;
        }
        if self.strong > 0 {
            self.block.push_str(strong_mark(self.dialect));
        }
        if self.emphasis > 0 {
            self.block.push_str(self.emphasis_mark());
        }
        self.cut = true;
    }

    /// Begins a paragraph: a block of its own, except in lists and quotes.
    fn begin(&mut self) {
        if std::mem::take(&mut self.after_bullet) {
            return;
        }
        match self.lists.is_empty() && self.quotes == 0 {
            true => self.flush(),
            false => self.new_line(),
        }
    }

    fn new_line(&mut self) {
        if self.block.is_empty() {
            return;
        }
        // Cards join lines that one line end divides.
        let is_card_text = self.dialect == Dialect::Card && self.lists.is_empty();
        self.mark(if is_card_text { "\n\n" } else { "\n" });
        let quotes = self.quoted().repeat(self.quotes);
        self.mark(&quotes);
    }

    fn flush(&mut self) {
        let block = std::mem::take(&mut self.block);
        let block = block.trim_end();
        if !block.is_empty() {
            self.blocks.push(block.to_owned());
            self.left = self.left.saturating_sub(2);
        }
    }
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '\u{2026}' | '\u{61f}' | '\u{3002}')
}

/// Where sentences of a line end.
fn sentence_ends(line: &str) -> impl DoubleEndedIterator<Item = usize> {
    line.char_indices().filter_map(move |(at, c)| {
        let end = at + c.len_utf8();
        let divides = line[end..].chars().next().is_none_or(char::is_whitespace);
        (ends_sentence(c) && divides).then_some(end)
    })
}

fn has_sentence(text: &str) -> bool {
    sentence_ends(text).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(markdown: &str, dialect: Dialect) -> String {
        marked(markdown, dialect, 10_000).blocks.join("\n\n")
    }

    #[test]
    fn marks_are_those_of_the_product() {
        let text = "### Now\n\n**Stop** the _old_ one, `x<y`.\n\n- one\n- two\n  1. a\n  2. b\n\n> said\n> so\n\nSee <https://a.example/x_y?a=1&b=2> or [this](https://b.example/).";
        assert_eq!(
            all(text, Dialect::Slack),
            "*Now*\n\n*Stop* the _old_ one, `x&lt;y`.\n\n• one\n• two\n    1. a\n    2. b\n\n> said so\n\nSee <https://a.example/x_y?a=1&amp;b=2> or this (<https://b.example/>)."
        );
        assert_eq!(
            all(text, Dialect::Markdown),
            "**Now**\n\n**Stop** the _old_ one, `x<\u{200b}y`.\n\n- one\n- two\n    1. a\n    2. b\n\n> said so\n\nSee <https://a.example/x_y?a=1&b=2> or this (<https://b.example/>)."
        );
        assert_eq!(
            all(text, Dialect::Card),
            "**Now**\n\n**Stop** the _old_ one, x\\<\u{200b}y.\n\n- one\n- two\n    1. a\n    2. b\n\nsaid so\n\nSee [https://a.example/x\\_y?a=1\\&b=2](https://a.example/x_y?a=1&b=2) or this ([https://b.example/](https://b.example/))."
        );
        assert_eq!(
            all(text, Dialect::Plain),
            "Now\n\nStop the old one, x<\u{200b}y.\n\n- one\n- two\n    1. a\n    2. b\n\n> said so\n\nSee https://a.example/x_y?a=1&b=2 or this (https://b.example/)."
        );
    }

    #[test]
    fn nothing_in_a_text_pings_or_hides_a_link() {
        for text in [
            "@everyone @here @channel @all help@example.edu",
            "\u{648}@everyone x@here now",
            "<!channel> <!here> <@U024BE7LH> <#C01> <users/all>",
            "<https://evil.example|https://status.example.edu>",
            "[https://status.example.edu](https://evil.example)",
            "\\[x\\](https://evil.example) \\<https://evil.example\\|x\\>",
        ] {
            for dialect in [
                Dialect::Slack,
                Dialect::Markdown,
                Dialect::Card,
                Dialect::Plain,
            ] {
                let said = all(text, dialect);
                for ping in [
                    "@everyone",
                    "@here",
                    "@channel",
                    "@all",
                    "<!",
                    "<@",
                    "<#",
                    "<users",
                ] {
                    assert!(!said.contains(ping), "{dialect:?}: {said}");
                }
                // An address is never behind a name that somebody else chose.
                for hidden in [
                    "<https://evil.example|",
                    "[https://status.example.edu](https://evil",
                    "[x](https://evil",
                ] {
                    assert!(!said.contains(hidden), "{dialect:?}: {said}");
                }
            }
        }
        assert!(all("help@example.edu", Dialect::Slack).contains("help@example.edu"));
    }

    #[test]
    fn a_long_text_ends_with_a_sentence_and_its_marks_are_closed() {
        let text = format!("**First.{}**\n\nThe last.", " Then more.".repeat(100));
        for dialect in [
            Dialect::Slack,
            Dialect::Markdown,
            Dialect::Card,
            Dialect::Plain,
        ] {
            let Marked { blocks, cut } = marked(&text, dialect, 200);
            assert!(cut);
            let [block] = blocks.as_slice() else {
                panic!("{blocks:?}")
            };
            let mark = strong_mark(dialect);
            let inner = block
                .strip_prefix(mark)
                .unwrap()
                .strip_suffix(mark)
                .unwrap();
            assert!(inner.ends_with("Then more."), "{block}");
            assert!(units(block) <= 200, "{block}");
        }
        // A paragraph without the end of a sentence is left out, unless it is all there is.
        let text = format!("First.\n\n{}", "word ".repeat(100));
        assert_eq!(marked(&text, Dialect::Slack, 100).blocks, ["First."]);
        let cut = marked(&"word ".repeat(100), Dialect::Slack, 50);
        assert_eq!(cut.blocks, ["word word word word word word word word…"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_longer_than_its_room(text in "[-a-z<>@&|*_`\\[\\]()!#. \n\u{e4}\u{1f600}]{0,400}", room in 20..200usize) {
            for dialect in [Dialect::Slack, Dialect::Markdown, Dialect::Card, Dialect::Plain] {
                let said = marked(&text, dialect, room).blocks.join("\n\n");
                proptest::prop_assert!(units(&said) <= room, "{} > {room}: {said}", units(&said));
                proptest::prop_assert!(!said.contains("@everyone"));
            }
        }
    }
}
