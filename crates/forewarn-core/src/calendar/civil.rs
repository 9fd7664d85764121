//! From a civil date and time in a zone to the instant it means (rule 4 of planning).
//!
//! Twice a year, in many zones, a civil time does not exist (the clocks went forward over it) or
//! exists twice (they went back). People write such times without noticing, so one reading is
//! taken and the other is kept, to be shown beside it as a warning.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// The instant that was taken for a civil time, and whether there was a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The instant.
    pub at: Timestamp,
    /// Whether the civil time names this instant alone.
    pub reading: Reading,
}

/// How a civil time relates to the instants of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The civil time names exactly one instant.
    Unambiguous,
    /// The civil time does not exist: the first instant after the gap was taken.
    Gap {
        /// The civil time as the clocks before the gap would have shown it: later than what was taken
        /// by as much as the civil time lies within the gap (02:30 of a gap 02:00 to 03:00 is 03:30).
        /// It is what most calendar programs take (RFC 5545), and equals `at` at the gap's first moment.
        other: Timestamp,
    },
    /// The civil time exists twice: the earlier was taken.
    Fold {
        /// The later of the two.
        other: Timestamp,
    },
}

/// The civil time lies beyond the instants that can be computed (the years -9999 to 9999).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{civil} is too far away to be computed")]
pub struct OutOfRange {
    /// The civil time.
    pub civil: DateTime,
}

/// The instant that `civil` means in `zone`.
///
/// A time that does not exist becomes the first instant after the gap (jiff's own `compatible`
/// would shift it by the length of the gap instead); one that exists twice becomes the earlier.
///
/// # Errors
///
/// [`OutOfRange`] at the very edges of the calendar.
pub fn instant(civil: DateTime, zone: &TimeZone) -> Result<Resolved, OutOfRange> {
    let at_offset = |offset: Offset| offset.to_timestamp(civil).map_err(|_| OutOfRange { civil });
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => Ok(Resolved {
            at: at_offset(offset)?,
            reading: Reading::Unambiguous,
        }),
        AmbiguousOffset::Fold { before, after } => Ok(Resolved {
            at: at_offset(before)?,
            reading: Reading::Fold {
                other: at_offset(after)?,
            },
        }),
        AmbiguousOffset::Gap { before, after } => {
            // Read with the offset from after the gap, the time falls before the transition; read
            // with the one from before the gap, at or after it. So the transition is between them.
            let (earlier, later) = (at_offset(after)?, at_offset(before)?);
            let at = zone
                .following(earlier)
                .take_while(|transition| transition.timestamp() <= later)
                .find(|transition| transition.offset() == after)
                .map_or(later, |transition| transition.timestamp());
            Ok(Resolved {
                at,
                reading: Reading::Gap { other: later },
            })
        }
    }
}
