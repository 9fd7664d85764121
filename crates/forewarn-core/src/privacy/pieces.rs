//! Runs of characters that detectors look at: between spaces, and within those between brackets, quotes and commas.

use crate::review::words::chunks;

/// A longer run is no name of anything.
const LONGEST: usize = 2_000;

/// A run of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    /// Byte offset in the text.
    pub(super) start: usize,
    /// The run.
    pub(super) text: &'t str,
}

/// The pieces of a text, in order.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    for (start, chunk) in chunks(text) {
        if chunk.bytes().all(|b| b.is_ascii_alphanumeric()) {
            if !chunk.is_empty() && chunk.len() <= LONGEST {
                all.push(Piece { start, text: chunk });
            }
            continue;
        }
        let parting =
            |c: char| ",;()[]{}<>\"'|=\u{201c}\u{201d}\u{2018}\u{2019}\u{ab}\u{bb}".contains(c);
        for piece in chunk.split(parting) {
            let at = start + (piece.as_ptr() as usize - chunk.as_ptr() as usize);
            let piece = piece.trim_end_matches(['.', ':', '!', '?', '*', '_', '`']);
            if !piece.is_empty() && piece.len() <= LONGEST {
                all.push(Piece {
                    start: at,
                    text: piece,
                });
            }
        }
    }
    all
}
