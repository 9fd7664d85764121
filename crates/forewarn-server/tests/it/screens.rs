//! Every page with hostile data: what people write is never markup.

use crate::samples::{HOSTILE, Samples};
use forewarn_server::status_page::Pages;

/// Every HTML page of both faces, full of hostile texts.
fn hostile_pages() -> Vec<(String, String)> {
    let samples = Samples { hostile: true };
    let mut pages = samples.console();
    pages.extend(samples.subscriptions());
    pages.extend(samples.outage_plans());
    pages.extend(samples.changes_ahead());
    pages.extend(samples.private_pages());
    for (path, page) in Pages::render(&samples.snapshot()).iter() {
        if page.content_type.starts_with("text/html") {
            let html = String::from_utf8(page.body.to_vec()).expect("UTF-8");
            pages.push((path.to_owned(), html));
        }
    }
    pages
}

#[test]
fn hostile_texts_are_never_markup() {
    let pages = hostile_pages();
    assert!(pages.len() > 40, "{} pages", pages.len());
    for (name, html) in pages {
        assert!(
            html.ends_with("</html>\n") || html.ends_with("</html>"),
            "{name} is cut short"
        );
        assert!(
            !html.contains("<img src=x"),
            "{name} lets a picture through"
        );
        assert!(!html.contains(HOSTILE), "{name} lets the text through");
        for tag in tags(&html) {
            // The only scripts are our own files, and no tag carries a handler or a style. Data is no script.
            if tag.starts_with("script") && tag != "script type=\"application/ld+json\"" {
                assert!(tag.starts_with("script src=\"/assets/"), "{name}: <{tag}>");
            }
            let attributes = outside_quotes(&tag).to_lowercase();
            for bad in [" on", " style", "javascript:"] {
                assert!(!attributes.contains(bad), "{name}: <{tag}>");
            }
        }
    }
}

#[test]
fn numbers_of_people_have_their_thousands_set_apart() {
    let samples = Samples { hostile: false };
    let pages = samples.console().into_iter();
    for (name, html) in pages.chain(samples.subscriptions()) {
        let words: String = html
            .split('<')
            .map(|part| part.split_once('>').map_or("", |(_, text)| text))
            .collect();
        assert!(!words.contains("12640"), "{name} says 12640: {words}");
        if name == "approve-by-link" {
            assert!(words.contains("to 12,640 recipients"), "{words}");
        }
    }
}

/// What stands between `<` and `>`, with `>` in quotes passed over.
fn tags(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let end = end.unwrap_or(rest.len());
        tags.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    tags
}

/// A tag without the values of its attributes.
fn outside_quotes(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

#[test]
fn every_page_has_a_title_a_language_and_one_heading() {
    for (name, html) in hostile_pages() {
        assert!(
            html.contains("<title>") && html.contains("<html lang="),
            "{name}"
        );
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(html.contains("name=\"viewport\""), "{name}");
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for (name, html) in (Samples { hostile: false }).console() {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            let posts = form.contains("method=\"post\"");
            assert_eq!(
                posts,
                form.contains("name=\"csrf\" value=\"token\""),
                "{name}: {form}"
            );
        }
    }
}

#[test]
fn a_form_shown_again_keeps_what_was_typed() {
    let screens = (Samples { hostile: false }).console();
    let (_, html) = screens
        .iter()
        .find(|(name, _)| name == "console-new-maintenance-errors")
        .expect("the screen");
    assert!(html.contains("value=\"Student database upgrade\""));
    assert!(html.contains("value=\"database\" checked"));
    assert!(html.contains("You cannot sign in to the student portal.</textarea>"));
    assert!(html.contains("href=\"#f-end\"") && html.contains("id=\"e-end\""));
    // The folded part is open, because something in it is wrong.
    assert!(html.contains("<details class=\"more\" open>"));
}
