//! The telephone as Twilio-compatible providers speak it: how what they post to us is signed, what their receipts mean, what
//! people answer to a text message, and the documents that say what a call or an answer says. Nothing here sends.

use crate::delivery::Receipt;
use crate::token::same;
use crate::words::{LANGUAGES, Words, primary};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::fmt::Write as _;

/// What the tokens of receipts are sealed for.
pub const RECEIPTS: &str = "receipts";
/// The longest text that is read to somebody: a minute and a half.
const MOST_SPOKEN: usize = 1_200;
/// The longest document that the provider takes with a call.
const MOST_DOCUMENT: usize = 4_000;

/// `X-Twilio-Signature`: HMAC-SHA1 under the account's token over the address as it was called and every field of the form, by
/// name, a repeated one once.
pub fn signature(token: &str, url: &str, form: &[(String, String)]) -> String {
    let mut fields: Vec<&(String, String)> = form.iter().collect();
    fields.sort();
    fields.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes any key"));
    mac.update(url.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    BASE64.encode(&mac.finalize().into_bytes())
}

/// Whether the provider signed this. It signs an address with its port or without, whichever it was told; both are tried, and
/// the time tells nothing about where a forged signature differs.
pub fn is_signed(token: &str, url: &str, form: &[(String, String)], given: &str) -> bool {
    let mut fits = same(signature(token, url, form).as_bytes(), given.as_bytes());
    if let Some(other) = with_or_without_port(url) {
        fits |= same(signature(token, &other, form).as_bytes(), given.as_bytes());
    }
    fits
}

fn with_or_without_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let usual = if scheme == "https" { 443 } else { 80 };
    let has_port = host
        .rsplit_once(':')
        .filter(|(_, port)| !port.ends_with(']'));
    Some(match has_port {
        Some((name, _)) => format!("{scheme}://{name}{path}"),
        None => format!("{scheme}://{host}:{usual}{path}"),
    })
}

/// What the status of a text message means. An unknown status says nothing.
pub fn text_receipt(status: &str, code: Option<&str>) -> Receipt {
    match status {
        "delivered" | "read" => Receipt::Delivered,
        "undelivered" | "failed" | "canceled" => {
            let code = code.unwrap_or("").trim();
            Receipt::Failed {
                said: match text_reason(code) {
                    Some(reason) => format!("{status}: {code} {reason}"),
                    None if is_code(code) => format!("{status}: error {code}"),
                    None => status.to_owned(),
                },
                gone: matches!(code, "30005" | "30006" | "21211" | "21610" | "21614"),
            }
        }
        _ => Receipt::Underway,
    }
}

fn is_code(code: &str) -> bool {
    !code.is_empty() && code.len() <= 8 && code.bytes().all(|b| b.is_ascii_digit())
}

fn text_reason(code: &str) -> Option<&'static str> {
    Some(match code {
        "30001" => "the provider's queue was full",
        "30002" => "the provider's account is suspended",
        "30003" => "the telephone is off or cannot be reached",
        "30004" => "the message was blocked",
        "30005" => "the number is unknown or not in service",
        "30006" => "a landline, or a carrier that takes no messages",
        "30007" => "the carrier filtered the message",
        "30008" => "the carrier gave no reason",
        "30034" => "the sending number is not registered for such messages",
        "21610" => "its owner does not want messages from this sender",
        _ => return None,
    })
}

/// What the status of a call means. An unknown status says nothing.
pub fn call_receipt(status: &str) -> Receipt {
    let failed = |said: &str| Receipt::Failed {
        said: said.to_owned(),
        gone: false,
    };
    match status {
        "completed" => Receipt::Delivered,
        "busy" => failed("busy"),
        "no-answer" => failed("no answer"),
        "failed" => failed("the call could not be made"),
        "canceled" => failed("the call was cancelled"),
        _ => Receipt::Underway,
    }
}

/// What somebody asks for by answering a text message with one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages to this number.
    Stop,
    /// Messages again.
    Start,
    /// Who is this?
    Help,
}

impl Keyword {
    /// The keyword that a message is; one that only holds it in a sentence is none.
    pub fn of(text: &str) -> Option<Keyword> {
        let word: String = text
            .trim()
            .trim_matches(|c: char| c.is_ascii_punctuation() || c.is_whitespace())
            .to_ascii_uppercase();
        Some(match word.as_str() {
            "STOP" | "STOPALL" | "STOP ALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT"
            | "REVOKE" | "OPTOUT" | "OPT OUT" | "OPT-OUT" => Keyword::Stop,
            "START" | "YES" | "UNSTOP" => Keyword::Start,
            "HELP" | "INFO" => Keyword::Help,
            _ => return None,
        })
    }
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// The document of a call: what is to be heard, twice, and a key that says that it was.
pub fn call_document(text: &str, language: &str, confirm_url: &str) -> String {
    shortened_call(text, language, confirm_url, |words| words.press)
}

/// The same for who is called to speak for an incident: who presses the key takes that on.
pub fn call_to_speak(text: &str, language: &str, confirm_url: &str) -> String {
    shortened_call(text, language, confirm_url, |words| words.press_to_speak)
}

/// What is asked at the end of a call.
type Asks = fn(&Words) -> &'static str;

fn shortened_call(text: &str, language: &str, confirm_url: &str, asks: Asks) -> String {
    let mut most = MOST_SPOKEN;
    loop {
        let document = call_document_of(text, most, language, confirm_url, asks);
        // Signs that have to be written out make it longer than what is heard.
        if document.chars().count() <= MOST_DOCUMENT || most < 10 {
            return document;
        }
        most /= 2;
    }
}

fn call_document_of(
    text: &str,
    most: usize,
    language: &str,
    confirm_url: &str,
    asks: Asks,
) -> String {
    let voice = voice_language(language);
    let said = crate::message::markdown::shorten(text, most);
    let say = |text: &str, voice: Option<&str>| match voice {
        // No voice speaks it but one that has to be named.
        Some("arb") => format!(
            "<Say language=\"arb\" voice=\"Polly.Zeina\">{}</Say>",
            escaped(text)
        ),
        Some(voice) => format!("<Say language=\"{voice}\">{}</Say>", escaped(text)),
        None => format!("<Say>{}</Say>", escaped(text)),
    };
    let text = say(&said, voice);
    // In the language of the text; a voice of another would read it beyond recognition.
    let spoken = LANGUAGES.contains(&primary(language)) && voice.is_some();
    let press = match spoken {
        true => say(asks(Words::of(language)), voice),
        false => say(asks(Words::of("en")), Some("en-US")),
    };
    format!(
        "{XML}<Response><Gather numDigits=\"1\" timeout=\"8\" action=\"{}\" method=\"POST\">\
         {text}{press}<Pause length=\"1\"/>{text}{press}</Gather></Response>",
        escaped(confirm_url)
    )
}

/// The document that says something to whoever is on the line, and ends the call.
pub fn spoken_answer(text: &str) -> String {
    format!(
        "{XML}<Response><Say language=\"en-US\">{}</Say></Response>",
        escaped(text)
    )
}

/// The document that answers a text message; nothing is sent without a text.
pub fn text_answer(text: Option<&str>) -> String {
    match text {
        Some(text) => format!(
            "{XML}<Response><Message>{}</Message></Response>",
            escaped(text)
        ),
        None => format!("{XML}<Response/>"),
    }
}

/// The provider's name of a voice for a language, where it has one.
fn voice_language(tag: &str) -> Option<&'static str> {
    const VOICES: [(&str, &str); 16] = [
        ("ar", "arb"),
        ("en", "en-US"),
        ("de", "de-DE"),
        ("fr", "fr-FR"),
        ("es", "es-ES"),
        ("it", "it-IT"),
        ("pt", "pt-BR"),
        ("nl", "nl-NL"),
        ("da", "da-DK"),
        ("sv", "sv-SE"),
        ("nb", "nb-NO"),
        ("fi", "fi-FI"),
        ("pl", "pl-PL"),
        ("ja", "ja-JP"),
        ("zh", "zh-CN"),
        ("ko", "ko-KR"),
    ];
    if tag.eq_ignore_ascii_case("en-GB") {
        return Some("en-GB");
    }
    let language = primary(tag);
    let found = VOICES
        .iter()
        .find(|(l, _)| l.eq_ignore_ascii_case(language));
    found.map(|(_, voice)| *voice)
}

/// A text for XML: five signs are written out, and what XML 1.0 (2.2) does not allow becomes a space.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => {
                let _ = out.write_char(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = fields.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        owned.collect()
    }

    /// The example of the provider's own documentation.
    #[test]
    fn signatures_are_those_of_the_provider() {
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let fields = form(&[
            ("To", "+18005551212"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("Caller", "+14158675309"),
            ("CallSid", "CA1234567890ABCDE"),
        ]);
        let signed = signature("12345", url, &fields);
        assert_eq!(signed, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        assert!(is_signed("12345", url, &fields, &signed));
        let with_port = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
        assert!(is_signed("12345", with_port, &fields, &signed));
        for (token, address, given) in [
            ("12346", url, signed.as_str()),
            (
                "12345",
                "https://mycompany.com/myapp.php?foo=1&bar=3",
                &signed,
            ),
            ("12345", "https://mycompany.com:8443/other", &signed),
            ("12345", url, ""),
            ("12345", url, &signed[1..]),
        ] {
            assert!(
                !is_signed(token, address, &fields, given),
                "{token} {address} {given}"
            );
        }
        let mut more = fields.clone();
        more.push(("Digits".into(), "1234".into()));
        assert!(
            is_signed("12345", url, &more, &signed),
            "a repeated field counts once"
        );
        more.push(("Digits".into(), "1".into()));
        assert!(!is_signed("12345", url, &more, &signed));
    }

    #[test]
    fn receipts_say_delivered_only_when_it_was() {
        let failed = |said: &str, gone| Receipt::Failed {
            said: said.into(),
            gone,
        };
        for (status, code, expected) in [
            ("accepted", None, Receipt::Underway),
            ("queued", None, Receipt::Underway),
            ("sending", None, Receipt::Underway),
            ("sent", None, Receipt::Underway),
            ("<b>", Some("30003"), Receipt::Underway),
            ("delivered", None, Receipt::Delivered),
            ("read", None, Receipt::Delivered),
            (
                "undelivered",
                Some("30003"),
                failed(
                    "undelivered: 30003 the telephone is off or cannot be reached",
                    false,
                ),
            ),
            (
                "failed",
                Some("30005"),
                failed(
                    "failed: 30005 the number is unknown or not in service",
                    true,
                ),
            ),
            (
                "failed",
                Some("99999"),
                failed("failed: error 99999", false),
            ),
            ("failed", Some("<b>bad</b>"), failed("failed", false)),
            ("failed", None, failed("failed", false)),
        ] {
            assert_eq!(text_receipt(status, code), expected, "{status} {code:?}");
        }
        for (status, expected) in [
            ("queued", Receipt::Underway),
            ("ringing", Receipt::Underway),
            ("in-progress", Receipt::Underway),
            ("completed", Receipt::Delivered),
            ("busy", failed("busy", false)),
            ("no-answer", failed("no answer", false)),
        ] {
            assert_eq!(call_receipt(status), expected, "{status}");
        }
    }

    #[test]
    fn one_word_is_a_wish_and_a_sentence_is_none() {
        for (text, expected) in [
            ("STOP", Some(Keyword::Stop)),
            (" stop. ", Some(Keyword::Stop)),
            ("Unsubscribe!", Some(Keyword::Stop)),
            ("opt-out", Some(Keyword::Stop)),
            ("start", Some(Keyword::Start)),
            ("Yes", Some(Keyword::Start)),
            ("help?", Some(Keyword::Help)),
            ("info", Some(Keyword::Help)),
            ("when does it stop", None),
            ("please help me", None),
            ("", None),
            ("...", None),
        ] {
            assert_eq!(Keyword::of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn documents_hold_hostile_text_as_text() {
        let hostile = "A & B </Say><Dial>+1</Dial> \"x\" \u{0} \u{1b}";
        let call = call_document(hostile, "de-AT", "https://a.example/x?a=1&b=2");
        assert_eq!(
            call,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Gather numDigits=\"1\" timeout=\"8\" \
             action=\"https://a.example/x?a=1&amp;b=2\" method=\"POST\">\
             <Say language=\"de-DE\">A &amp; B &lt;/Say&gt;&lt;Dial&gt;+1&lt;/Dial&gt; &quot;x&quot;    </Say>\
             <Say language=\"de-DE\">Drücken Sie die 1, um zu bestätigen, dass Sie dies gehört haben.</Say><Pause length=\"1\"/>\
             <Say language=\"de-DE\">A &amp; B &lt;/Say&gt;&lt;Dial&gt;+1&lt;/Dial&gt; &quot;x&quot;    </Say>\
             <Say language=\"de-DE\">Drücken Sie die 1, um zu bestätigen, dass Sie dies gehört haben.</Say></Gather></Response>"
        );
        let arabic = call_document("x", "ar", "https://a.example/");
        assert!(arabic.contains("<Say language=\"arb\" voice=\"Polly.Zeina\">اضغطوا 1"));
        let asked = call_to_speak("x", "en", "https://a.example/");
        assert!(asked.contains(">Press 1 if you speak for this incident.</Say>"));
        let italian = call_document("x", "it", "https://a.example/");
        assert!(italian.contains("<Say language=\"en-US\">Press 1 to confirm"));
        assert!(
            call_document(&"&".repeat(5_000), "en", "https://a.example/").len() <= MOST_DOCUMENT
        );
        assert_eq!(
            text_answer(None),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>"
        );
        assert!(text_answer(Some("<")).ends_with("<Message>&lt;</Message></Response>"));
        assert!(spoken_answer("&").contains(">&amp;</Say>"));
    }
}
