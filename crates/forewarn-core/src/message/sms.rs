//! How many segments a text message takes (3GPP TS 23.038): one odd character makes all of it cost double.

use serde::{Deserialize, Serialize};

/// The basic table, without the escape to the extension table.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table: each takes two places.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a text message is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Seven bits a character: 160 in one segment, 153 in each of several.
    Gsm7,
    /// Sixteen bits a character: 70 in one segment, 67 in each of several.
    Ucs2,
}

impl Encoding {
    /// `gsm7` or `ucs2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Gsm7 => "gsm7",
            Encoding::Ucs2 => "ucs2",
        }
    }
}

/// What a text message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// Its encoding.
    pub encoding: Encoding,
    /// Segments, each of which is paid for; none for an empty text.
    pub count: usize,
    /// Septets (GSM 7 bit) or UTF-16 units (UCS-2).
    pub units: usize,
}

/// Counts the segments of a text message.
pub fn sms_segments(text: &str) -> Segments {
    let gsm = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => Some(1),
        c if BASIC.contains(c) => Some(1),
        c if EXTENSION.contains(c) => Some(2),
        _ => None,
    };
    let (encoding, single, several) = if text.chars().all(|c| gsm(c).is_some()) {
        (Encoding::Gsm7, 160, 153)
    } else {
        (Encoding::Ucs2, 70, 67)
    };
    let width = |c: char| match encoding {
        Encoding::Gsm7 => gsm(c).unwrap_or(1),
        Encoding::Ucs2 => c.len_utf16(),
    };
    let units = text.chars().map(width).sum();
    let count = if units <= single {
        usize::from(units > 0)
    } else {
        // A character of two units never lies across two segments.
        let (mut count, mut used) = (1, 0);
        for c in text.chars() {
            if used + width(c) > several {
                (count, used) = (count + 1, 0);
            }
            used += width(c);
        }
        count
    };
    Segments {
        encoding,
        count,
        units,
    }
}

/// Typographic signs that only look better as their plain likes, so that they do not double the price.
pub(super) fn plain_signs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' | '\u{b4}' => out.push('\''),
            '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => out.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '\u{2026}' => out.push_str("..."),
            '\u{a0}' | '\u{2009}' | '\u{202f}' => out.push(' '),
            '\u{200b}'..='\u{200d}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> (Encoding, usize, usize) {
        let s = sms_segments(text);
        (s.encoding, s.count, s.units)
    }

    #[test]
    fn segments_by_the_standard() {
        use Encoding::{Gsm7, Ucs2};
        assert_eq!(count(""), (Gsm7, 0, 0));
        assert_eq!(count(&"a".repeat(160)), (Gsm7, 1, 160));
        assert_eq!(count(&"a".repeat(161)), (Gsm7, 2, 161));
        assert_eq!(count(&"a".repeat(306)), (Gsm7, 2, 306));
        assert_eq!(count(&"a".repeat(307)), (Gsm7, 3, 307));
        assert_eq!(count(&"€".repeat(80)), (Gsm7, 1, 160));
        assert_eq!(count(&"€".repeat(81)), (Gsm7, 2, 162));
        assert_eq!(count("[x]"), (Gsm7, 1, 5));
        // 152 septets and an extension pair: the pair moves to the second segment.
        assert_eq!(
            count(&format!("{}€{}", "a".repeat(152), "b".repeat(152))),
            (Gsm7, 3, 306)
        );
        assert_eq!(count(&"ж".repeat(70)), (Ucs2, 1, 70));
        assert_eq!(count(&"ж".repeat(71)), (Ucs2, 2, 71));
        assert_eq!(count(&format!("{}\u{2019}", "a".repeat(69))), (Ucs2, 1, 70));
        assert_eq!(count(&"😀".repeat(35)), (Ucs2, 1, 70));
        // 67 units hold 33 pairs, the odd unit stays empty.
        assert_eq!(count(&"😀".repeat(67)), (Ucs2, 3, 134));
        assert_eq!(count("Δ@£\n"), (Gsm7, 1, 4));
        assert_eq!(count("ç"), (Ucs2, 1, 1));
    }
}
