//! Mails as other programs read them.

use super::*;
use crate::audience::Level;
use crate::contact::Channel;
use crate::message::samples::{at, full, hostile, variant};
use crate::message::{MILESTONES, Variant, render};
use mail_parser::{Address as Parsed, MessageParser, MimeHeaders};

const URL: &str = "https://status.example.edu/u/d3j7x?list=students&action=stop=now";

fn sender() -> Sender {
    Sender {
        from: EmailAddress::parse("status@example.edu").unwrap(),
        name: "Example University, Status".into(),
        domain: "example.edu".into(),
        installation: "test".into(),
    }
}

fn list() -> List {
    List {
        id: Id::parse("students").unwrap(),
        name: "Students & Staff".into(),
        may_be_left: true,
    }
}

fn parts(content: &Content) -> (Message, MailParts) {
    let message = render(content, &variant(Level::NonTechnical, Channel::Email), &[]);
    let parts = MailParts::new(&message, content, &sender(), &list()).unwrap();
    (message, parts)
}

fn mail_for(parts: &MailParts, name: Option<&str>) -> Vec<u8> {
    let address = EmailAddress::parse("alice@example.org").unwrap();
    let recipient = Recipient::new(&address, name, "d3j7x@example.edu", URL).unwrap();
    parts.for_recipient(&recipient, at("2026-11-23T17:00:05Z"))
}

#[test]
fn a_mail_has_the_headers_of_a_good_list_mail() {
    let (_, parts) = parts(&full("announcement"));
    let mail = String::from_utf8(mail_for(&parts, Some("Alice Example"))).unwrap();
    let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
    insta::assert_snapshot!(headers.replace("\r\n", "\n"));
}

#[test]
fn who_answers_reaches_the_owner() {
    let owner = EmailAddress::parse("owner@example.edu").unwrap();
    let content = Content {
        reply_to: Some(owner),
        ..full("announcement")
    };
    let bytes = mail_for(&parts(&content).1, None);
    let mail = MessageParser::new().parse(&bytes).unwrap();
    let Some(Parsed::List(to)) = mail.reply_to() else {
        panic!("no Reply-To")
    };
    assert_eq!(to[0].address.as_deref(), Some("owner@example.edu"));
    let bytes = mail_for(&parts(&full("announcement")).1, None);
    let mail = MessageParser::new().parse(&bytes).unwrap();
    assert!(mail.reply_to().is_none());
}

#[test]
fn another_program_reads_back_what_was_said() {
    for milestone in MILESTONES {
        for content in [full(milestone), hostile(milestone)] {
            let (message, parts) = parts(&content);
            let bytes = mail_for(&parts, Some("Zoë \"Z\" O'Neil, Dr."));
            let mail = MessageParser::new().parse(&bytes).unwrap();
            assert_eq!(mail.subject(), Some(message.subject.as_str()));
            let Some(Parsed::List(to)) = mail.to() else {
                panic!("no To")
            };
            assert_eq!(to[0].name.as_deref(), Some("Zoë \"Z\" O'Neil, Dr."));
            assert_eq!(to[0].address.as_deref(), Some("alice@example.org"));
            assert_eq!(mail.message_id(), Some("d3j7x@example.edu"));
            assert_eq!(
                mail.in_reply_to().as_text(),
                Some(thread_id(&content.event, "test", "example.edu").as_str())
            );
            assert_eq!(mail.date().unwrap().to_rfc3339(), "2026-11-23T17:00:05Z");
            assert_eq!(
                (
                    mail.text_body_count(),
                    mail.html_body_count(),
                    mail.attachment_count()
                ),
                (1, 1, 0)
            );
            assert!(mail.content_type().unwrap().subtype() == Some("alternative"));

            let text = layout::text(&message, &content, &list());
            let shown = mail.body_text(0).unwrap().replace("\r\n", "\n");
            assert_eq!(shown, format!("{}{URL}{}", text.before, text.after));
            let html = layout::html(&message, &content, &list());
            let shown = mail.body_html(0).unwrap().replace("\r\n", "\n");
            let link = URL.replace('&', "&amp;");
            assert_eq!(
                shown.trim_end(),
                format!("{}{link}{}", html.before, html.after).trim_end()
            );
        }
    }
}

#[test]
fn lines_are_short_and_end_as_they_must() {
    for milestone in ["announcement", "update"] {
        let (_, parts) = parts(&hostile(milestone));
        let mail = mail_for(&parts, Some(&"é".repeat(200)));
        assert!(mail.is_ascii());
        for line in mail.split(|b| *b == b'\n') {
            assert!(
                line.len() <= 79 || line.starts_with(b"List-Unsubscribe"),
                "{}",
                String::from_utf8_lossy(line)
            );
            assert!(line.is_empty() || line.ends_with(b"\r"));
            assert!(!line[..line.len().saturating_sub(1)].contains(&b'\r'));
        }
    }
}

#[test]
fn what_its_reader_may_not_leave_has_no_link_that_says_so() {
    let content = full("update");
    let (message, left) = parts(&content);
    let stays = List {
        may_be_left: false,
        ..list()
    };
    let kept = MailParts::new(&message, &content, &sender(), &stays).unwrap();
    for (parts, says) in [(left, true), (kept, false)] {
        let mail = String::from_utf8(mail_for(&parts, None)).unwrap();
        let whole = mail.replace("=\r\n", "");
        let parsed = MessageParser::new().parse(mail.as_bytes()).unwrap();
        let [text, html] = [parsed.body_text(0), parsed.body_html(0)].map(|body| body.unwrap());
        for (place, words) in [
            (whole.as_str(), "List-Unsubscribe"),
            (&text, "To stop or change these messages"),
            (&text, URL),
            (&html, "Stop or change these messages"),
        ] {
            assert_eq!(place.contains(words), says, "{words}\n{place}");
        }
        assert!(
            text.contains("You get this message because") && html.trim_end().ends_with("</html>")
        );
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let content = full("update");
    assert_eq!(
        mail_for(&parts(&content).1, None),
        mail_for(&parts(&content).1, None)
    );
}

#[test]
fn nothing_breaks_out_of_a_header() {
    let content = full("announcement");
    let (message, _) = parts(&content);
    let address = EmailAddress::parse("a@example.org").unwrap();
    for bad in ["a\r\nBcc: b@example.org", "a\nb", "a\rb", "a\0b"] {
        let broken = Message {
            subject: bad.into(),
            ..message.clone()
        };
        assert!(MailParts::new(&broken, &content, &sender(), &list()).is_err());
        assert!(
            MailParts::new(
                &message,
                &content,
                &Sender {
                    name: bad.into(),
                    ..sender()
                },
                &list()
            )
            .is_err()
        );
        assert!(
            MailParts::new(
                &message,
                &content,
                &Sender {
                    domain: bad.into(),
                    ..sender()
                },
                &list()
            )
            .is_err()
        );
        assert!(
            MailParts::new(
                &message,
                &content,
                &sender(),
                &List {
                    name: bad.into(),
                    ..list()
                }
            )
            .is_err()
        );
        assert!(Recipient::new(&address, Some(bad), "x@y", URL).is_err());
        assert!(Recipient::new(&address, None, &format!("{bad}@y"), URL).is_err());
        assert!(Recipient::new(&address, None, "x@y", &format!("{URL}{bad}")).is_err());
    }
    for bad in ["", "x", "<x@y>", "x@y@z", "x y@z"] {
        assert!(Recipient::new(&address, None, bad, URL).is_err(), "{bad}");
    }
    for bad in [
        "",
        "javascript:x",
        "https://a.example/ b",
        "https://a.example/\">",
        "https://a.example/é",
    ] {
        assert!(Recipient::new(&address, None, "x@y", bad).is_err(), "{bad}");
    }
}

#[test]
fn html_fetches_nothing_and_holds_nothing_of_an_enemy() {
    const TAGS: &str =
        " !doctype html head meta title style body div table tr td p h1 h3 ul li strong em br a ";
    for milestone in MILESTONES {
        let content = hostile(milestone);
        let (message, _) = parts(&content);
        let html = layout::html(&message, &content, &list()).before;
        for tag in html.split('<').skip(1).filter_map(|t| t.split('>').next()) {
            let mut words = tag.trim_start_matches('/').split_whitespace();
            let name = words.next().unwrap_or_default().to_lowercase();
            assert!(TAGS.contains(&format!(" {name} ")), "<{tag}> in {html}");
            let attributes = tag.to_lowercase();
            for forbidden in [" src", " on", "url(", "javascript:", "@import"] {
                assert!(!attributes.contains(forbidden), "<{tag}> in {html}");
            }
        }
    }
}

#[test]
fn facts_stand_in_a_panel() {
    let content = full("announcement");
    let (message, _) = parts(&content);
    let html = layout::html(&message, &content, &list());
    assert!(html.before.contains("<td class=\"facts\""));
    insta::assert_snapshot!(format!("{}UNSUBSCRIBE{}", html.before, html.after));
}

/// The announcement of planned work as German and Arabic readers get it, whose facts were entered in their language.
fn announced_in(language: &str, zone: &str) -> (Message, Content) {
    let german = language == "de";
    let said = |de: &str, ar: &str| Some(if german { de } else { ar }.to_owned());
    let mut content = full("announcement");
    content.organisation = said("Universität Beispiel", "جامعة المثال").unwrap_or_default();
    content.title = said("Neue Datenbank", "قاعدة بيانات جديدة").unwrap_or_default();
    content.services = said("Studierendenportal", "بوابة الطلاب")
        .into_iter()
        .collect();
    content.dependents = said("Kursanmeldung", "التسجيل في المقررات")
        .into_iter()
        .collect();
    let facts = &mut content.facts;
    facts.effect = said(
        "Sie können sich nicht am Studierendenportal anmelden.",
        "لن تتمكنوا من تسجيل الدخول إلى بوابة الطلاب.",
    );
    facts.why = said(
        "Die neue Version sucht schneller.",
        "الإصدار الجديد أسرع في البحث.",
    );
    if let Some(action) = &mut facts.action {
        action.what =
            said("Speichern Sie Ihre Arbeit vorher.", "احفظوا عملكم قبل ذلك.").unwrap_or_default();
    }
    let reader = Variant {
        language: language.into(),
        zone: crate::time::Zone::parse(zone).unwrap(),
        ..variant(Level::NonTechnical, Channel::Email)
    };
    (render(&content, &reader, &[]), content)
}

#[test]
fn a_german_announcement() {
    let (message, content) = announced_in("de", "Europe/Berlin");
    let text = layout::text(&message, &content, &list());
    insta::assert_snapshot!(format!(
        "{}\n\n{}UNSUBSCRIBE{}",
        message.subject, text.before, text.after
    ));
    let html = layout::html(&message, &content, &list());
    assert!(html.before.contains("<html lang=\"de\" dir=\"auto\">"));
    assert!(
        html.before
            .contains("weil Sie auf der Liste \u{201e}Students &amp; Staff\u{201c} von")
    );
}

#[test]
fn an_arabic_announcement_runs_from_right_to_left() {
    let (message, content) = announced_in("ar", "Asia/Riyadh");
    let text = layout::text(&message, &content, &list());
    let html = layout::html(&message, &content, &list());
    let whole = format!(
        "{}\n\n{}UNSUBSCRIBE{}\n\n{}UNSUBSCRIBE{}",
        message.subject, text.before, text.after, html.before, html.after
    );
    // The marks that keep the direction are to be seen.
    let shown = whole
        .replace('\u{2066}', "<LRI>")
        .replace('\u{2068}', "<FSI>")
        .replace('\u{2069}', "<PDI>");
    insta::assert_snapshot!(shown);
    for turned in [
        "<html lang=\"ar\" dir=\"rtl\">",
        "<table role=\"presentation\" dir=\"rtl\" class=\"page\"",
        "<a dir=\"ltr\" style=",
    ] {
        assert!(html.before.contains(turned), "{turned}");
    }
    assert!(!html.before.contains("padding-left"), "{}", html.before);
}

#[test]
fn the_link_is_there_even_when_a_template_forgot_it() {
    let content = full("announcement");
    let (mut message, _) = parts(&content);
    message.text = "Bare.".into();
    message.html = "<p>Bare.</p>".into();
    assert!(
        layout::text(&message, &content, &list())
            .before
            .contains(&content.url)
    );
    assert!(
        layout::html(&message, &content, &list())
            .before
            .contains(&format!("href=\"{}\"", content.url))
    );
}
