//! Mails (RFC 5322): built once for everybody who gets the same words, then finished for each recipient.
//!
//! [`MailParts`] holds the encoded message with two gaps, where the recipient's own link goes.
//! [`MailParts::for_recipient`] writes the recipient's headers before it and fills the gaps: it copies
//! bytes and encodes nothing else. The same inputs give the same bytes.
//!
//! Headers follow RFC 3834 (`Auto-Submitted`), RFC 2919 (`List-Id`), RFC 2369 and RFC 8058
//! (`List-Unsubscribe`, one click); all mails about one event share a thread.

mod layout;
mod quoted;

use crate::contact::EmailAddress;
use crate::id::{Id, derive};
use crate::message::{Content, Message};
use crate::problem::Invalid;
use jiff::Timestamp;
use mail_builder::headers::Header;
use mail_builder::headers::address::Address;
use mail_builder::headers::text::Text;
use std::sync::Arc;

/// Who mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The address in `From`.
    pub from: EmailAddress,
    /// The name beside it.
    pub name: String,
    /// The domain of ids: of messages, threads and lists.
    pub domain: String,
    /// Which installation it is ([`crate::token::Key::installation`]).
    pub installation: String,
}

/// The list that a mail goes to: an audience, or the subscribers of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its id; with the sender's domain it is the `List-Id`.
    pub id: Id,
    /// Its name, as recipients know it.
    pub name: String,
    /// Whether its reader may leave it. What others read too, or what whoever runs the work must hear, has no link that says so.
    pub may_be_left: bool,
}

/// Who gets one mail. Nothing in it can break out of its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient<'a> {
    address: &'a EmailAddress,
    name: Option<&'a str>,
    message_id: &'a str,
    unsubscribe_url: &'a str,
}

impl<'a> Recipient<'a> {
    /// A recipient. `message_id` is without angle brackets, such as [`message_id`] makes it; `unsubscribe_url` is an
    /// `http` or `https` address in ASCII.
    ///
    /// # Errors
    /// Names the part that cannot stand in a header.
    pub fn new(
        address: &'a EmailAddress,
        name: Option<&'a str>,
        message_id: &'a str,
        unsubscribe_url: &'a str,
    ) -> Result<Recipient<'a>, Invalid> {
        single_line("name", name.unwrap_or_default(), 500)?;
        let printable = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b))
        };
        if !printable(message_id) || message_id.matches('@').count() != 1 || message_id.len() > 250
        {
            return Err(Invalid::one(
                "message_id",
                "must be an id such as d3j7@example.org",
            ));
        }
        let web = unsubscribe_url.starts_with("https://") || unsubscribe_url.starts_with("http://");
        if !web || !printable(unsubscribe_url) || unsubscribe_url.len() > 900 {
            return Err(Invalid::one(
                "unsubscribe_url",
                "must be a web address in ASCII",
            ));
        }
        Ok(Recipient {
            address,
            name: name.filter(|n| !n.trim().is_empty()),
            message_id,
            unsubscribe_url,
        })
    }
}

/// The id of the mail that carries a delivery: the same on every attempt.
pub fn message_id(delivery: &str, installation: &str, domain: &str) -> String {
    format!("{delivery}.{installation}@{domain}")
}

/// The id of an event's thread, which no mail has and all of them answer.
pub fn thread_id(event: &Id, installation: &str, domain: &str) -> String {
    format!(
        "{}-thread@{domain}",
        derive(&["thread", installation, event.as_str()])
    )
}

/// A mail without its recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailParts {
    /// Shared headers and bodies, cut where the recipient's link goes: first in the text, then in the HTML.
    shared: [Arc<[u8]>; 3],
    /// Whether there is a link by which its reader leaves the list, and what mail programs make of that.
    may_be_left: bool,
}

impl MailParts {
    /// Encodes what all recipients of `message` share.
    ///
    /// # Errors
    /// Names the part that cannot stand in a header: line ends and NUL are refused, never repaired.
    pub fn new(
        message: &Message,
        content: &Content,
        sender: &Sender,
        list: &List,
    ) -> Result<MailParts, Invalid> {
        single_line("subject", &message.subject, 500)?;
        single_line("sender.name", &sender.name, 500)?;
        single_line("list.name", &list.name, 500)?;
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if sender.domain.is_empty()
            || sender.domain.len() > 253
            || !sender.domain.chars().all(named)
        {
            return Err(Invalid::one(
                "sender.domain",
                "must be a domain name in ASCII",
            ));
        }
        let boundary = format!("=_{}", derive(&["mail", &message.subject, &message.html]));
        let mut first = shared_headers(message, content, sender, list);
        first.extend(
            format!("Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n")
                .bytes(),
        );

        // Best last (RFC 2046): a calendar part would go between the two.
        let text = layout::text(message, content, list);
        open_part(&boundary, "text/plain", &mut first);
        quoted::encode(&text.before, &mut first);
        let mut second = Vec::new();
        quoted::encode(&text.after, &mut second);

        let html = layout::html(message, content, list);
        open_part(&boundary, "text/html", &mut second);
        quoted::encode(&html.before, &mut second);
        second.extend(quoted::SOFT_BREAK);
        let mut third = quoted::SOFT_BREAK.to_vec();
        quoted::encode(&html.after, &mut third);
        third.extend(format!("\r\n--{boundary}--\r\n").bytes());
        Ok(MailParts {
            shared: [first.into(), second.into(), third.into()],
            may_be_left: list.may_be_left,
        })
    }

    /// The whole mail for one recipient.
    pub fn for_recipient(&self, recipient: &Recipient<'_>, date: Timestamp) -> Vec<u8> {
        let [first, second, third] = &self.shared;
        let url = recipient.unsubscribe_url;
        let size = first.len() + second.len() + third.len();
        let mut mail = Vec::with_capacity(size + 4 * url.len() + 600);
        let to = Address::new_address(recipient.name, recipient.address.as_str());
        mail.extend(b"Date: ");
        mail.extend(
            date.strftime("%a, %d %b %Y %H:%M:%S +0000")
                .to_string()
                .bytes(),
        );
        mail.extend(b"\r\nTo: ");
        to.write_header(&mut mail, 4);
        for part in ["Message-ID: <", recipient.message_id, ">\r\n"] {
            mail.extend(part.bytes());
        }
        if self.may_be_left {
            for part in ["List-Unsubscribe: <", url, ">\r\n"] {
                mail.extend(part.bytes());
            }
            mail.extend(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
        }
        mail.extend_from_slice(first);
        if self.may_be_left {
            quoted::encode_url(url, &mut mail);
        }
        mail.extend_from_slice(second);
        if self.may_be_left {
            quoted::encode_url(&url.replace('&', "&amp;"), &mut mail);
        }
        mail.extend_from_slice(third);
        mail
    }
}

/// The HTML of a mail as a page, to be looked at before anybody gets it. Its last link, which is each recipient's own, leads nowhere.
pub fn html_page(message: &Message, content: &Content, list: &List) -> String {
    let html = layout::html(message, content, list);
    match list.may_be_left {
        true => html.before + "#" + &html.after,
        false => html.before + &html.after,
    }
}

/// Such a page as a mail program shows it that is set to light or to dark, whatever the browser is set to.
pub fn in_scheme(html: &str, dark: bool) -> String {
    let (applies, scheme) = match dark {
        true => ("@media all", "dark"),
        false => ("@media not all", "light"),
    };
    html.replacen("@media (prefers-color-scheme:dark)", applies, 1)
        .replacen(
            ":root{color-scheme:light dark;supported-color-schemes:light dark}",
            &format!(":root{{color-scheme:{scheme}}}"),
            1,
        )
}

/// What a gap for a link divides.
struct Divided {
    before: String,
    after: String,
}

fn shared_headers(message: &Message, content: &Content, sender: &Sender, list: &List) -> Vec<u8> {
    let mut out = Vec::with_capacity(2_000);
    let mut header = |name: &str, value: &dyn Fn(&mut Vec<u8>, usize)| {
        out.extend(name.bytes());
        out.extend(b": ");
        value(&mut out, name.len() + 2);
    };
    let from = Address::new_address(Some(sender.name.as_str()), sender.from.as_str());
    let list_id = format!(
        "{}.{}",
        list.id.as_str().trim_matches('.').replace("..", "."),
        sender.domain
    );
    let list_id = Address::new_address(Some(list.name.as_str()), list_id);
    let subject = Text::new(message.subject.as_str());
    header("From", &|out, at| from.write_header(out, at));
    if let Some(reply_to) = &content.reply_to {
        // Only the address: whose it is is the organisation's own affair.
        let reply_to = Address::new_address(None::<&str>, reply_to.as_str());
        header("Reply-To", &|out, at| reply_to.write_header(out, at));
    }
    header("Subject", &|out, at| subject.write_header(out, at));
    header("List-Id", &|out, at| list_id.write_header(out, at));
    let thread = thread_id(&content.event, &sender.installation, &sender.domain);
    out.extend(
        format!(
            "In-Reply-To: <{thread}>\r\nReferences: <{thread}>\r\nAuto-Submitted: auto-generated\r\nPrecedence: bulk\r\n\
             X-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"
        )
        .bytes(),
    );
    out
}

fn open_part(boundary: &str, media_type: &str, out: &mut Vec<u8>) {
    let part = format!(
        "\r\n--{boundary}\r\nContent-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    );
    // No line stands between the headers and the first part.
    let part = if out.ends_with(b"\r\n\r\n") {
        &part[2..]
    } else {
        &part
    };
    out.extend(part.bytes());
}

fn single_line(field: &str, text: &str, max: usize) -> Result<(), Invalid> {
    if text.chars().any(char::is_control) || text.len() > max {
        return Err(Invalid::one(
            field,
            "must be one short line without control characters",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
