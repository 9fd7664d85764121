//! Markdown out of hostile or careless hands: into safe HTML, into plain text, and plain text into Markdown.
//!
//! Raw HTML is dropped, images become their description, links lead to `http`, `https` or `mailto`
//! only, and nesting is limited, so that no text can make a page slow or act in it. What is left goes
//! through ammonia once more: two locks of different make.

use pulldown_cmark::{CowStr, Event, LinkType, Parser, Tag, TagEnd};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Longer texts are cut: no message of ours is longer.
const MAX_INPUT: usize = 100_000;
/// Elements inside elements, at most so deep; deeper ones are flattened.
const MAX_DEPTH: usize = 12;

static SANITIZER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut sanitizer = ammonia::Builder::empty();
    sanitizer
        .tags(HashSet::from([
            "p",
            "br",
            "strong",
            "em",
            "ul",
            "ol",
            "li",
            "a",
            "blockquote",
            "code",
            "pre",
            "h3",
            "hr",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .clean_content_tags(HashSet::from(["script", "style"]));
    sanitizer
});

/// Markdown as a sanitised HTML fragment of a few plain tags.
pub fn render_markdown(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut html, events(text));
    SANITIZER.clean(&html).to_string()
}

/// Markdown as plain text: lists with dashes, links with their address.
pub fn to_text(text: &str) -> String {
    let mut writer = TextWriter::default();
    for event in events(text) {
        writer.event(event);
    }
    writer.out.trim_end().to_owned()
}

/// Plain text so that Markdown shows it as it stands, appended to `out`. Line ends become line breaks.
pub fn escape_into(text: &str, out: &mut String) {
    for (n, line) in text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .enumerate()
    {
        if n > 0 {
            out.push_str("\\\n");
        }
        escape_line(line, out);
    }
}

fn escape_line(line: &str, out: &mut String) {
    // These mean something only where a line begins: lists, headings under a line, numbered lists.
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match line.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => Some(digits),
        Some(b'-' | b'+' | b'=') if digits == 0 => Some(0),
        _ => None,
    };
    for (at, c) in line.char_indices() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '#' | '~' | '|'
        ) || marker == Some(at)
        {
            out.push('\\');
        }
        out.push(c);
    }
}

/// A Markdown text made fit to stand inside a larger one: without raw HTML, and with its code block closed, so that
/// nothing in it swallows what follows (an unfinished comment would hide the next update's time).
pub fn contained(text: &str) -> String {
    let mut text = tidy(clip(text));
    // Taking a tag out can put a new one together; nobody means that, so after a few rounds all of it is plain text.
    for _ in 0..4 {
        match without_html(&text) {
            None => return with_code_closed(text),
            Some(rest) => text = rest,
        }
    }
    let mut plain = String::new();
    escape_into(&text, &mut plain);
    plain
}

/// The text without its raw HTML, or nothing when it has none.
fn without_html(text: &str) -> Option<String> {
    let mut rest = String::with_capacity(text.len());
    let mut from = 0;
    for (event, range) in Parser::new(text).into_offset_iter() {
        if matches!(event, Event::Html(_) | Event::InlineHtml(_)) && range.start >= from {
            rest.push_str(&text[from..range.start]);
            // A line that was all HTML still divides what stood around it.
            if matches!(event, Event::Html(_)) && text[range.clone()].ends_with('\n') {
                rest.push('\n');
            }
            from = range.end;
        }
    }
    (from > 0).then(|| rest + &text[from..])
}

fn with_code_closed(text: String) -> String {
    const PROBE: &str = "\n\nprobe";
    let is_open = |text: &str| {
        let probed = format!("{text}{PROBE}");
        Parser::new(&probed).fold(false, |inside, event| match event {
            Event::Start(Tag::CodeBlock(_)) => true,
            Event::Start(_) => false,
            _ => inside,
        })
    };
    if !is_open(&text) {
        return text;
    }
    ['`', '~']
        .into_iter()
        .map(|fence| {
            let longest = text.split(|c| c != fence).map(str::len).max().unwrap_or(0);
            format!("{text}\n{}", fence.to_string().repeat(longest.max(3)))
        })
        .find(|closed| !is_open(closed))
        .unwrap_or(text)
}

/// Text from outside without what could act on its surroundings: control characters, marks that turn the direction of writing, empty lines at the ends.
pub fn tidy(text: &str) -> String {
    let acts = |c: char| {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || c == '\u{feff}' || (c.is_control() && c != '\n')
    };
    let text: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|c| match c {
            '\r' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' => ' ',
            c => c,
        })
        .filter(|c| !acts(*c))
        .collect();
    text.trim().to_owned()
}

/// At most `max` characters of a text, cut after a sentence if most of it stays, else after a word.
pub fn shorten(text: &str, max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max) else {
        return text.to_owned();
    };
    let head = &text[..end];
    if let Some(stop) = head.rfind(['.', '!', '?']).filter(|stop| *stop * 2 > end) {
        return head[..=stop].to_owned();
    }
    let room = head
        .char_indices()
        .nth(max.saturating_sub(3))
        .map_or(end, |(n, _)| n);
    let word = head[..room]
        .rfind(' ')
        .filter(|n| *n * 2 > room)
        .unwrap_or(room);
    format!(
        "{}...",
        head[..word].trim_end_matches([' ', ',', ';', ':', '.'])
    )
}

/// The allowed events of a Markdown text.
pub(super) fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    let mut filter = Filter::default();
    Parser::new(clip(text)).filter_map(move |event| filter.event(event))
}

fn clip(text: &str) -> &str {
    if text.len() <= MAX_INPUT {
        return text;
    }
    let end = (0..=MAX_INPUT)
        .rev()
        .find(|n| text.is_char_boundary(*n))
        .unwrap_or(0);
    &text[..end]
}

/// Lets allowed elements through; of all others only the text within.
#[derive(Default)]
struct Filter {
    kept: Vec<bool>,
    depth: usize,
}

impl Filter {
    fn event<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => None,
            Event::Start(tag) => {
                let keep = self.depth < MAX_DEPTH && allowed(&tag);
                self.kept.push(keep);
                self.depth += usize::from(keep);
                keep.then(|| Event::Start(plain(tag)))
            }
            Event::End(tag) => {
                let keep = self.kept.pop().unwrap_or(false);
                self.depth -= usize::from(keep);
                keep.then_some(Event::End(match tag {
                    TagEnd::Heading(_) => TagEnd::Heading(pulldown_cmark::HeadingLevel::H3),
                    tag => tag,
                }))
            }
            event => Some(event),
        }
    }
}

fn allowed(tag: &Tag<'_>) -> bool {
    match tag {
        Tag::Image { .. } | Tag::HtmlBlock => false,
        Tag::Link {
            dest_url,
            link_type,
            ..
        } => *link_type == LinkType::Email || is_safe_link(dest_url),
        _ => true,
    }
}

/// Headings of one size, links without titles.
fn plain(tag: Tag<'_>) -> Tag<'_> {
    match tag {
        Tag::Heading { .. } => Tag::Heading {
            level: pulldown_cmark::HeadingLevel::H3,
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        },
        Tag::Link {
            link_type,
            dest_url,
            id,
            ..
        } => Tag::Link {
            link_type,
            dest_url,
            title: CowStr::Borrowed(""),
            id,
        },
        tag => tag,
    }
}

fn is_safe_link(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto"))
}

/// Writes events as plain text.
#[derive(Default)]
struct TextWriter {
    out: String,
    lists: Vec<Option<u64>>,
    quotes: usize,
    /// The address of the open link and where its text began.
    link: Option<(String, usize)>,
    /// A bullet was just written: the paragraph that follows stands on its line.
    after_bullet: bool,
}

impl TextWriter {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) => {
                self.after_bullet = false;
                for (n, line) in text.split('\n').enumerate() {
                    if n > 0 {
                        self.line();
                    }
                    self.out.push_str(line);
                }
            }
            Event::SoftBreak => self.out.push(' '),
            Event::HardBreak => self.line(),
            Event::Rule => {
                self.block();
                self.out.push_str("----");
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) => self.block(),
            Tag::BlockQuote(_) => {
                self.quotes += 1;
                self.block();
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.begin(1, self.lists.len().saturating_sub(1));
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".into(),
                };
                self.out.push_str(&bullet);
                self.after_bullet = true;
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
                self.link = Some((address, self.out.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Link => {
                if let Some((address, from)) = self.link.take() {
                    let shown = self.out.get(from..).unwrap_or_default();
                    let bare = address.trim_start_matches("mailto:");
                    if !address.is_empty() && shown != address && shown != bare {
                        self.out.push_str(&format!(" ({bare})"));
                    }
                }
            }
            _ => {}
        }
    }

    /// Begins a paragraph: an empty line before it, except in lists.
    fn block(&mut self) {
        if !std::mem::take(&mut self.after_bullet) {
            let gap = if self.lists.is_empty() { 2 } else { 1 };
            self.begin(gap, self.lists.len());
        }
    }

    /// Begins a line inside a paragraph.
    fn line(&mut self) {
        self.begin(1, self.lists.len());
    }

    fn begin(&mut self, gap: usize, indent: usize) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        if !self.out.is_empty() {
            let there = self.out.len() - self.out.trim_end_matches('\n').len();
            self.out
                .extend(std::iter::repeat_n('\n', gap.saturating_sub(there)));
        }
        self.out.push_str(&"> ".repeat(self.quotes));
        self.out.push_str(&"  ".repeat(indent));
    }
}
