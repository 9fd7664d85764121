//! Values in text that is written from right to left: English words in an Arabic sentence keep their own direction, and their full
//! stop at their own end (Unicode Standard Annex 9, 2.4.2 and 2.7).

/// First strong isolate, which takes the direction of the first letter in it, and the sign that ends it.
const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];

/// A text with each line that runs from left to right isolated from what stands around it. Of Markdown only the words of a line are,
/// so that lists, quotations, links and code stay what they are.
pub(super) fn isolated(text: &str, markdown: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut in_code = false;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end().len();
        let start = match markdown {
            true => marks(line),
            false => line.len() - line.trim_start().len(),
        };
        in_code ^= markdown && is_fence(line);
        let words = &line[start.min(end)..end];
        if in_code || !runs_from_left(words) || (markdown && !is_prose(words)) {
            out.push_str(line);
            continue;
        }
        // Stars that a sign stands beside may no longer make words strong: the isolate is within them.
        let stars = |stripped: &str| {
            if markdown {
                words.len() - stripped.len()
            } else {
                0
            }
        };
        let start = start + stars(words.trim_start_matches('*'));
        let end = end - stars(words.trim_end_matches('*'));
        out.push_str(&line[..start]);
        out.push(ISOLATE[0]);
        out.push_str(&line[start..end]);
        out.push(ISOLATE[1]);
        out.push_str(&line[end..]);
    }
    out
}

/// Whether every letter of a text is written from left to right. A list of names that is joined by Arabic words runs as they do.
fn runs_from_left(text: &str) -> bool {
    let isolated = text.starts_with(['\u{2066}', '\u{2067}', '\u{2068}']);
    let mut letters = text.chars().filter(|c| c.is_alphabetic()).peekable();
    !isolated && letters.peek().is_some() && !letters.any(is_from_right)
}

/// Letters of Hebrew, Arabic, Syriac and their neighbours, with their presentation forms.
fn is_from_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// How long the marks are with which a line of Markdown begins: spaces, quotations, lists, headings.
fn marks(line: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &line[at..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let mark = &rest[spaces..];
        let digits = mark.bytes().take_while(u8::is_ascii_digit).count();
        let long = match mark.as_bytes() {
            [b'>', ..] => 1,
            [b'-' | b'+' | b'*', b' ', ..] => 2,
            [b'#', ..] => mark.len() - mark.trim_start_matches('#').len(),
            _ if digits > 0 && mark[digits..].starts_with([')', '.']) => digits + 1,
            _ => return at + spaces,
        };
        at += spaces + long;
    }
}

/// ```` ``` ```` and `~~~` open code and close it.
fn is_fence(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

/// No link's address alone, table, definition of a link, or line with emphasis at an end that a sign beside it would undo.
fn is_prose(words: &str) -> bool {
    let begins = words.starts_with(['<', '|', '_', '`', '~']);
    let ends = words.ends_with(['_', '\\', '|', '`', '~']);
    let defines = words.starts_with('[') && words.contains("]:");
    !begins && !ends && !defines
}

#[cfg(test)]
mod tests {
    use super::isolated;
    use crate::message::markdown::render_markdown;

    fn shown(text: &str, markdown: bool) -> String {
        let isolated = isolated(text, markdown);
        isolated.replace('\u{2068}', "[").replace('\u{2069}', "]")
    }

    #[test]
    fn what_runs_from_left_to_right_is_isolated_line_by_line() {
        assert_eq!(shown("You cannot sign in.", false), "[You cannot sign in.]");
        assert_eq!(shown("One.\nTwo.", false), "[One.]\n[Two.]");
        assert_eq!(shown("12 Portal (new)", false), "[12 Portal (new)]");
        let arabic = "\u{62a}\u{639}\u{637}\u{644} Portal.";
        for alone in [
            arabic,
            "Portal \u{648}Mail",
            "12.5 %",
            "",
            "\u{2066}22:00 UTC\u{2069}",
        ] {
            assert_eq!(isolated(alone, false), alone);
        }
    }

    #[test]
    fn marks_of_markdown_stay_what_they_are() {
        let text = "# Now\n\n- Save **it**.\n  1. Then go.\n> > Said.\n```\ncode.\n```\n<https://a.example>\n| a |\nA  \nB";
        assert_eq!(
            shown(text, true),
            "# [Now]\n\n- [Save **it**.]\n  1. [Then go.]\n> > [Said.]\n```\ncode.\n```\n<https://a.example>\n| a |\n[A]  \n[B]"
        );
        let html = |text: &str| render_markdown(text).replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(html(&isolated(text, true)), html(text));
        let strong = "**Who?**\n\nYou. See <https://a.example> or [b](https://b.example).";
        assert_eq!(html(&isolated(strong, true)), html(strong));
    }
}
