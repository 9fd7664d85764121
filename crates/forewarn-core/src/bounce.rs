//! Mail that comes back: what a mail system says became of a message that it took.
//!
//! A delivery status notification (RFC 3464) says it of a mailbox, a feedback report (RFC 5965) says that its reader complained.
//! Both are machine-readable parts of a mail, made of groups of fields; this reads those parts. Which message is meant stands in
//! its return path ([`crate::token::Key::return_path`]), to which the report came or which it repeats: nobody else can make one.

use crate::alert::harmless;
use crate::delivery::Receipt;

/// The longest that is kept of what a server said.
const MOST_SAID: usize = 300;
/// Groups beyond these are not read: a report on a message to one mailbox has two.
const MOST_GROUPS: usize = 50;

/// What a report says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// What became of it.
    Delivery(Receipt),
    /// It arrived, and its reader wants no more of the kind.
    Complaint {
        /// The kind of complaint, in the report's own word: `abuse`, `opt-out`.
        kind: String,
        /// The return path of the message, where the report repeats it.
        sender: Option<String>,
    },
    /// Nothing that changes anything: a reader who says that it is no spam, an unknown kind.
    Nothing,
}

/// Fields of one group: names in lower case, folded lines put together.
type Group = Vec<(String, String)>;

/// The groups of fields of such a part. What is no field is passed over.
fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![Group::new()];
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        let Some(group) = groups.last_mut() else {
            break;
        };
        if line.trim().is_empty() {
            if !group.is_empty() {
                if groups.len() == MOST_GROUPS {
                    break;
                }
                groups.push(Group::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn field<'a>(group: &'a Group, name: &str) -> Option<&'a str> {
    let found = group.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str())
}

/// What stands behind the type in `smtp; 550 no such user`.
fn untyped(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim()
}

/// Reads the `message/delivery-status` part of a report. One message has one recipient, but an address may stand for several
/// mailboxes: it has failed when all of them did, and it has arrived when it did so anywhere.
///
/// # Errors
/// When nothing in it says what became of anything.
pub fn delivery_status(text: &str) -> Result<Report, String> {
    let mut mailboxes = Vec::new();
    for group in groups(text) {
        let Some(action) = field(&group, "action") else {
            continue;
        };
        let status = field(&group, "status").unwrap_or_default();
        let diagnostic = field(&group, "diagnostic-code")
            .map(untyped)
            .unwrap_or_default();
        // Comments in parentheses may follow both.
        let action = action.split([' ', '(']).next().unwrap_or_default();
        let status = status.split([' ', '(']).next().unwrap_or_default();
        mailboxes.push(mailbox(action, status, diagnostic)?);
    }
    let arrived = mailboxes.contains(&Receipt::Delivered);
    let mut failed = mailboxes
        .iter()
        .filter(|m| matches!(m, Receipt::Failed { .. }));
    Ok(Report::Delivery(
        match (arrived, mailboxes.len(), failed.next()) {
            (_, 0, _) => return Err("it has no 'Action', so it says nothing of a recipient".into()),
            (true, ..) => Receipt::Delivered,
            (false, 1, Some(one)) => one.clone(),
            (false, all, Some(Receipt::Failed { said, .. })) if failed.count() + 1 == all => {
                Receipt::Failed {
                    said: said.clone(),
                    gone: false,
                }
            }
            _ => Receipt::Underway,
        },
    ))
}

/// What became of it in one mailbox (RFC 3464, section 2.3.3).
fn mailbox(action: &str, status: &str, diagnostic: &str) -> Result<Receipt, String> {
    match action.to_ascii_lowercase().as_str() {
        "failed" => {
            let words = match diagnostic.is_empty() {
                true => status.to_owned(),
                false if status.is_empty() || diagnostic.contains(status) => diagnostic.to_owned(),
                false => format!("{status} {diagnostic}"),
            };
            Ok(Receipt::Failed {
                said: format!("bounced: {}", harmless(&words, MOST_SAID)),
                gone: is_gone(status, diagnostic),
            })
        }
        "delivered" => Ok(Receipt::Delivered),
        // It is still tried, or went where nobody reports from.
        "delayed" | "relayed" | "expanded" => Ok(Receipt::Underway),
        other => Err(format!(
            "'{}' is no action of RFC 3464",
            harmless(other, 40)
        )),
    }
}

/// Whether the mailbox itself does not exist (any more), by the codes of RFC 3463: a full mailbox, a message that is too large or
/// suspected, and a server that cannot be reached say nothing about the next message.
fn is_gone(status: &str, diagnostic: &str) -> bool {
    match status {
        // Bad destination mailbox, system, syntax; moved; disabled; the domain takes no mail (RFC 7505).
        "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.1" => true,
        // Without a code of its own the server's answer counts, where that has none either.
        "5.0.0" | "" => {
            let mut words = diagnostic.split([' ', '-']);
            let enhanced = |word: &str| word.starts_with("5.") && word[2..].contains('.');
            match (words.next(), words.next()) {
                (Some("550" | "551" | "553"), Some(code)) if enhanced(code) => is_gone(code, ""),
                (Some("550"), _) => true,
                _ => false,
            }
        }
        _ => false,
    }
}

/// Reads the `message/feedback-report` part of a report (RFC 5965).
///
/// # Errors
/// When it does not say of which kind it is.
pub fn feedback(text: &str) -> Result<Report, String> {
    let groups = groups(text);
    let kind = groups
        .iter()
        .find_map(|group| field(group, "feedback-type"));
    let kind = kind.ok_or("it has no 'Feedback-Type', so it does not say what it is about")?;
    let kind = kind
        .split([' ', '('])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    Ok(match kind.as_str() {
        "abuse" | "fraud" | "opt-out" | "opt-out-list" | "virus" | "other" => {
            let sender = groups
                .iter()
                .find_map(|group| field(group, "original-mail-from"));
            let sender = sender.map(|s| s.trim_matches(['<', '>', ' ']).to_owned());
            Report::Complaint { kind, sender }
        }
        _ => Report::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(fields: &str) -> Report {
        let text = format!(
            "Reporting-MTA: dns; mx.example.org\r\nArrival-Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n\r\n{fields}"
        );
        delivery_status(&text).unwrap()
    }

    fn failed(said: &str, gone: bool) -> Report {
        Report::Delivery(Receipt::Failed {
            said: said.into(),
            gone,
        })
    }

    #[test]
    fn what_failed_says_so_in_the_servers_own_words() {
        let folded = "Final-Recipient: rfc822; ann@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\
            Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>:\r\n    Recipient address rejected: User unknown\r\n";
        assert_eq!(
            status(folded),
            failed(
                "bounced: 550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown",
                true
            )
        );
        assert_eq!(
            status("action: FAILED (given up)\nstatus: 5.2.2 (full)\n"),
            failed("bounced: 5.2.2", false)
        );
        assert_eq!(
            status(
                "Action: failed\nStatus: 5.7.1\nDiagnostic-Code: x-local; looks like spam\u{7}\n"
            ),
            failed("bounced: 5.7.1 looks like spam", false)
        );
    }

    #[test]
    fn only_what_is_about_the_mailbox_makes_it_gone() {
        for (code, diagnostic, gone) in [
            ("5.1.1", "", true),
            ("5.1.10", "", true),
            ("5.2.1", "", true),
            ("5.1.8", "", false),
            ("5.2.2", "550 5.2.2 full", false),
            ("5.4.7", "", false),
            ("4.4.7", "", false),
            ("5.0.0", "550 no such user", true),
            ("5.0.0", "550-5.1.1 no such user", true),
            ("5.0.0", "550 5.7.1 we do not like you", false),
            ("5.0.0", "552 too large", false),
            ("", "550 no", true),
            ("", "", false),
        ] {
            assert_eq!(is_gone(code, diagnostic), gone, "{code} {diagnostic}");
        }
    }

    #[test]
    fn several_mailboxes_behind_an_address_have_failed_only_together() {
        let group = |action: &str, code: &str| format!("Action: {action}\nStatus: {code}\n\n");
        let of = |list: &[(&str, &str)]| {
            status(&list.iter().map(|(a, s)| group(a, s)).collect::<String>())
        };
        assert_eq!(
            of(&[("failed", "5.1.1"), ("failed", "5.1.1")]),
            failed("bounced: 5.1.1", false)
        );
        assert_eq!(
            of(&[("failed", "5.1.1"), ("delayed", "4.0.0")]),
            Report::Delivery(Receipt::Underway)
        );
        assert_eq!(
            of(&[("failed", "5.1.1"), ("delivered", "2.0.0")]),
            Report::Delivery(Receipt::Delivered)
        );
        assert_eq!(
            of(&[("relayed", "2.0.0")]),
            Report::Delivery(Receipt::Underway)
        );
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for text in [
            "",
            "\r\n\r\n",
            "Reporting-MTA: dns; mx",
            "Action: exploded\n",
            "no colon here\n",
            &"\n".repeat(100_000),
        ] {
            assert!(
                delivery_status(text).is_err(),
                "{}",
                &text[..text.len().min(40)]
            );
        }
        assert!(feedback("Version: 1\n").is_err());
    }

    #[test]
    fn a_complaint_is_told_from_its_contrary() {
        let kind = |kind: &str| {
            feedback(&format!(
                "Feedback-Type: {kind}\nUser-Agent: X/1.0\nVersion: 1\n"
            ))
            .unwrap()
        };
        let complaint = |kind: &str| Report::Complaint {
            kind: kind.into(),
            sender: None,
        };
        assert_eq!(kind("abuse"), complaint("abuse"));
        assert_eq!(kind("Opt-Out"), complaint("opt-out"));
        assert_eq!(
            kind("abuse\nOriginal-Mail-From: <b+1@example.org>"),
            Report::Complaint {
                kind: "abuse".into(),
                sender: Some("b+1@example.org".into())
            }
        );
        assert_eq!(kind("not-spam"), Report::Nothing);
        assert_eq!(kind("auth-failure"), Report::Nothing);
    }

    #[test]
    fn reports_of_any_size_are_read_quickly_and_to_the_end() {
        let many = "Action: delayed\nStatus: 4.0.0\n\n".repeat(100_000);
        assert_eq!(
            delivery_status(&many).unwrap(),
            Report::Delivery(Receipt::Underway)
        );
        let long = format!(
            "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 {}\n",
            "x".repeat(1_000_000)
        );
        let Report::Delivery(Receipt::Failed { said, .. }) = delivery_status(&long).unwrap() else {
            panic!("it failed");
        };
        assert!(said.chars().count() <= MOST_SAID + 20, "{}", said.len());
    }
}
