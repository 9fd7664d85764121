//! Mail that came back: what it says became of a message of ours, or that its reader complained.

use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_core::bounce::{Report, delivery_status, feedback};
use forewarn_core::delivery::Receipt;
use forewarn_core::problem::Invalid;
use mail_parser::{HeaderValue, Message, MessageParser, MessagePart, MimeHeaders};

/// Parts of a mail that are looked at.
const MOST_PARTS: usize = 100;

/// Headers in which mail servers note the address that a mail came to.
const CAME_TO: [&str; 4] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Delivered-To",
];

/// What was done about a mail that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The delivery that it is about; none where it is no report.
    pub delivery: Option<String>,
    /// What was noted: `failed`, `delivered`, `complained`, or why nothing was.
    pub did: String,
}

/// Takes a mail (RFC 5322) that came to a return path of ours, or a complaint about one of our mails. Taking it twice changes
/// nothing. What is no report (somebody is away, an advertisement) is passed over: nothing ever answers it.
///
/// # Errors
/// [`ApiError::NotFound`] when it is a report about no message of ours; what is wrong with a report that cannot be read.
pub async fn take(app: &App, body: &[u8]) -> Result<Taken> {
    let mail = MessageParser::default().parse(body);
    let mail = mail.ok_or_else(|| Invalid::one("", "this is no mail"))?;
    let Some(report) = report(&mail)? else {
        return Ok(Taken {
            delivery: None,
            did: "nothing: it is no report on a delivery".into(),
        });
    };
    let repeated = match &report {
        Report::Complaint { sender, .. } => sender.clone(),
        Report::Delivery(_) | Report::Nothing => None,
    };
    let delivery = addresses(&mail)
        .into_iter()
        .chain(repeated)
        .find_map(|address| app.key.read_return_path(&address));
    let unknown = || ApiError::NotFound("message of ours that this mail is about".into());
    let delivery = delivery.ok_or_else(unknown)?;
    let now = app.clock.now();
    let (known, did) = match &report {
        Report::Delivery(receipt) => (
            app.store.receipt(&delivery, receipt, now).await?,
            match receipt {
                Receipt::Failed { said, gone: true } => {
                    format!("failed, and the mailbox is gone: {said}")
                }
                Receipt::Failed { said, gone: false } => format!("failed: {said}"),
                Receipt::Delivered => "delivered".to_owned(),
                Receipt::Underway => "nothing: it is on its way".to_owned(),
            },
        ),
        Report::Complaint { kind, .. } => (
            app.store.complained(&delivery, kind, now).await?,
            format!("complained ({kind}): nothing more goes there"),
        ),
        Report::Nothing => (true, "nothing: it complains of nothing".to_owned()),
    };
    match known {
        true => Ok(Taken {
            delivery: Some(delivery),
            did,
        }),
        false => Err(unknown()),
    }
}

/// The report in a mail, if it is one.
fn report(mail: &Message<'_>) -> Result<Option<Report>> {
    for part in mail.parts.iter().take(MOST_PARTS) {
        let read = match kind(part).as_str() {
            "message/delivery-status" | "message/global-delivery-status" => delivery_status,
            "message/feedback-report" => feedback,
            _ => continue,
        };
        let text = String::from_utf8_lossy(part.contents());
        let report = read(&text).map_err(|problem| Invalid::one("report", problem))?;
        return Ok(Some(report));
    }
    Ok(None)
}

fn kind(part: &MessagePart<'_>) -> String {
    let kind = part.content_type();
    let kind = kind.map(|k| format!("{}/{}", k.ctype(), k.subtype().unwrap_or_default()));
    kind.unwrap_or_default().to_ascii_lowercase()
}

/// Every address that the mail says it came to.
fn addresses(mail: &Message<'_>) -> Vec<String> {
    let to = mail.to().into_iter().flat_map(|to| to.iter());
    let mut all: Vec<String> = to.filter_map(|a| a.address().map(str::to_owned)).collect();
    for name in CAME_TO {
        for value in mail.header_values(name) {
            if let HeaderValue::Text(text) = value {
                all.push(text.trim_matches(['<', '>', ' ']).to_owned());
            }
        }
    }
    all
}
