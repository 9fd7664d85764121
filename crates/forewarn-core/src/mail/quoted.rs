//! Quoted-printable (RFC 2045, section 6.7): the one encoding into which a piece can be spliced without encoding the rest anew.

/// Ends a line of the encoded text where the text itself goes on.
pub(super) const SOFT_BREAK: &[u8] = b"=\r\n";
/// A line holds 76 characters, the last may be the `=` of a soft break.
const ROOM: usize = 75;
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends a text; its line ends become CRLF.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) {
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.extend(b"\r\n");
        }
        encode_line(line.strip_suffix('\r').unwrap_or(line).as_bytes(), out);
    }
}

fn encode_line(line: &[u8], out: &mut Vec<u8>) {
    let mut used = 0;
    for (n, &byte) in line.iter().enumerate() {
        let last = n + 1 == line.len();
        let plain = match byte {
            b' ' | b'\t' => !last,
            // Mail programs of old took these at the start of a line for something else.
            b'.' => used > 0,
            b'F' => used > 0 || !line[n..].starts_with(b"From "),
            _ => byte.is_ascii_graphic() && byte != b'=',
        };
        let width = if plain { 1 } else { 3 };
        if used + width > ROOM {
            out.extend(SOFT_BREAK);
            used = 0;
        }
        if plain {
            out.push(byte);
        } else {
            out.extend([
                b'=',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        }
        used += width;
    }
}

/// Appends an address in printable ASCII that stands at the start of a line.
pub(super) fn encode_url(url: &str, out: &mut Vec<u8>) {
    encode_line(url.as_bytes(), out);
}
