//! What stands around a message in a mail: one column, system fonts, light and dark, nothing fetched from anywhere. A word or an
//! address that is wider than the column is broken: a telephone would otherwise show the whole mail too small or cut it.

use super::{Divided, List};
use crate::message::{Content, Message, safe_url, without_organisation};
use crate::words::{Words, direction, is_right_to_left};

/// The text part. The recipient's link goes between its halves, on a line of its own.
pub(super) fn text(message: &Message, content: &Content, list: &List) -> Divided {
    let words = &Words::of(&message.language).mail;
    let mut before = message.text.clone();
    if let Some(url) = missing_link(message, content) {
        before += &format!("\n\n{} {url}", words.latest);
    }
    let because = match is_entered(content) {
        true => words.because_entered.to_owned(),
        false => (words.because_list).replace("{list}", &format!("\"{}\"", list.name)),
    };
    before += &format!("\n\n-- \n{}\n{because}\n", content.organisation);
    let after = match list.may_be_left {
        true => {
            before += &format!("{}\n", words.change_below);
            "\n"
        }
        false => "",
    };
    Divided {
        before,
        after: after.into(),
    }
}

/// The HTML part. The recipient's link goes between its halves, inside `href`.
pub(super) fn html(message: &Message, content: &Content, list: &List) -> Divided {
    let words = &Words::of(&message.language).mail;
    let side = Side::of(message);
    let organisation = escape(&content.organisation);
    let headline = without_organisation(&message.subject, &content.organisation);
    let more = missing_link(message, content).map_or_else(String::new, |url| {
        let url = escape(&url);
        let latest = words.latest;
        styled_body(
            &format!("<p>{latest} <a href=\"{url}\">{url}</a></p>"),
            side,
        )
    });
    let filled = HEAD
        .replace("LANGUAGE", &escape(&message.language))
        .replace("DIRECTION", direction(&message.language))
        .replace("SUBJECT", &escape(&message.subject));
    // Words of others go in last, so that nothing in them is taken for a gap.
    let mut before = filled;
    before += &format!(
        "<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">{}</div>\n",
        escape(&preheader(&message.text))
    );
    before += &OPEN
        .replace("ACCENT", accent(content))
        .replace("TURNED", side.turned);
    before += &format!(
        "<p class=\"muted\" style=\"margin:0 0 6px;font-size:14px;line-height:20px;color:#5b6470\">{organisation}</p>\n"
    );
    before += &format!(
        "<h1 style=\"margin:0 0 20px;font-size:22px;line-height:30px;font-weight:600\">{}</h1>\n",
        escape(headline)
    );
    before += &styled_body(&message.html, side);
    before += &more;
    before += FOOT;
    let because = match is_entered(content) {
        true => words.because_entered.to_owned(),
        false => {
            let [open, close] = words.quotes;
            named(
                words.because_list_of,
                &organisation,
                &format!("{open}{}{close}", escape(&list.name)),
            )
        }
    };
    before += &because;
    let mut after = String::new();
    if list.may_be_left {
        before += "<br>\n<a class=\"muted\" style=\"color:#5b6470\" href=\"";
        after += &format!("\">{}</a>", words.change);
    }
    after += "</p>\n</td></tr></table>\n</td></tr></table>\n</body>\n</html>\n";
    Divided { before, after }
}

/// A sentence with the organisation's and the list's name. Neither is taken for a gap of the other.
fn named(form: &str, organisation: &str, list: &str) -> String {
    let part = |text: &str| text.replace("{organisation}", organisation);
    match form.split_once("{list}") {
        Some((before, after)) => format!("{}{list}{}", part(before), part(after)),
        None => part(form),
    }
}

/// Whether it goes to whoever's address was typed, and to no list.
fn is_entered(content: &Content) -> bool {
    matches!(content.event_kind.as_str(), "subscription" | "test")
}

/// What depends on the direction of writing, for programs that heed no `dir` on the whole document.
#[derive(Clone, Copy)]
struct Side {
    /// Attributes of what holds the text.
    turned: &'static str,
    /// Where lists and quotations are indented.
    start: &'static str,
    /// Attribute of an address, which is written from left to right everywhere.
    address: &'static str,
}

impl Side {
    fn of(message: &Message) -> Side {
        match is_right_to_left(&message.language) {
            true => Side {
                turned: " dir=\"rtl\"",
                start: "right",
                address: " dir=\"ltr\"",
            },
            false => Side {
                turned: "",
                start: "left",
                address: "",
            },
        }
    }
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="LANGUAGE" dir="DIRECTION">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>SUBJECT</title>
<style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:480px){.card{padding:20px 18px!important}}
@media (prefers-color-scheme:dark){
body,.page{background:#14171a!important;color:#e8eaed!important}
.card{background:#1e2226!important;color:#e8eaed!important}
.facts{background:#2a3036!important}
.muted{color:#a3abb5!important}
.card a{color:#8ab8f0!important}
}
</style>
</head>
<body style="margin:0;padding:0;background:#eef1f4;color:#1b1f24;font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
"#;

const OPEN: &str = r#"<table role="presentation"TURNED class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#eef1f4"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;text-align:start"><tr><td class="card" style="padding:28px 32px;border-top:4px solid ACCENT;background:#ffffff;border-radius:6px;word-break:break-word;overflow-wrap:anywhere">
"#;

const FOOT: &str = r#"</td></tr>
<tr><td style="padding:18px 32px 8px;word-break:break-word;overflow-wrap:anywhere"><p class="muted" style="margin:0;font-size:13px;line-height:20px;color:#5b6470">
"#;

/// Blue for plans, red while something is broken, green when all is well. Words say the same.
fn accent(content: &Content) -> &'static str {
    match (content.milestone.as_str(), content.event_kind.as_str()) {
        ("completion" | "resolution" | "fixed" | "cancellation", _) => "#1d7a46",
        ("follow_up", _) => "#1f5fa8",
        (_, "incident") => "#b3261e",
        _ => "#1f5fa8",
    }
}

/// What a list of mails shows after the subject: the first paragraph.
fn preheader(text: &str) -> String {
    let first = text
        .lines()
        .find(|l| !l.trim().is_empty())
        .unwrap_or_default();
    crate::message::markdown::shorten(first, 130)
}

/// The event's page, when the message itself does not name it.
fn missing_link(message: &Message, content: &Content) -> Option<String> {
    safe_url(&content.url).filter(|url| !message.text.contains(url.as_str()))
}

/// Styles on the tags themselves: half of all mail programs read no others. The fragment is sanitised, so tags have exactly these forms.
fn styled_body(html: &str, side: Side) -> String {
    let Side { start, address, .. } = side;
    let list = format!("margin:0 0 16px;padding-{start}:24px;font-size:16px;line-height:25px");
    let html = panel(html);
    [
        ("<p>", "<p style=\"margin:0 0 16px;font-size:16px;line-height:25px\">".to_owned()),
        ("<ul>", format!("<ul style=\"{list}\">")),
        ("<ol>", format!("<ol style=\"{list}\">")),
        ("<li>", "<li style=\"margin:0 0 6px\">".to_owned()),
        ("<h3>", "<h3 style=\"margin:24px 0 8px;font-size:17px;line-height:25px\">".to_owned()),
        (
            "<blockquote>",
            format!("<blockquote style=\"margin:0 0 16px;padding-{start}:14px;border-{start}:3px solid #c4ccd4\">"),
        ),
        ("<pre>", "<pre style=\"margin:0 0 16px;font-size:13px;line-height:19px;white-space:pre-wrap\">".to_owned()),
        ("<a href", format!("<a{address} style=\"color:#1f5fa8\" href")),
    ]
    .into_iter()
    .fold(html, |html, (tag, styled)| html.replace(tag, &styled))
}

/// The first list of labelled facts (`<li><strong>When:</strong> ...`) becomes a panel that the eye finds first.
fn panel(html: &str) -> String {
    const OPENING: &str = "<ul>\n<li><strong>";
    let Some(start) = html.find(OPENING) else {
        return html.to_owned();
    };
    let Some(length) = list_length(&html[start..]) else {
        return html.to_owned();
    };
    let (list, after) = html[start..].split_at(length);
    let items = list
        .strip_prefix("<ul>")
        .and_then(|l| l.strip_suffix("</ul>"))
        .unwrap_or(list);
    format!(
        "{}<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 20px\"><tr>\
         <td class=\"facts\" style=\"padding:14px 18px 8px;background:#f1f4f8;border-radius:4px;font-size:16px;line-height:24px\">\n\
         <ul style=\"list-style:none;margin:0;padding:0\">{items}</ul>\n</td></tr></table>{after}",
        &html[..start]
    )
}

/// How long the list at the start of `html` is, with the lists inside it.
fn list_length(html: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, _) in html.match_indices('<') {
        if html[at..].starts_with("<ul>") {
            depth += 1;
        } else if html[at..].starts_with("</ul>") {
            depth -= 1;
            if depth == 0 {
                return Some(at + "</ul>".len());
            }
        }
    }
    None
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
