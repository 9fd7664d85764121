//! What an attempt to deliver came to, and what that means for the delivery.
//!
//! A failure to deliver is data, not an error of ours: a channel answers every attempt with an
//! [`Outcome`], and [`after`] decides, without any clock or store, what the delivery becomes.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What one attempt on one endpoint came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next hop took responsibility for the message.
    Accepted {
        /// The server's own words (SMTP reply after the final dot, HTTP status), one line.
        receipt: String,
    },
    /// It did not work now and may work later.
    TransientFailure {
        /// The server's own words, or what went wrong below it, one line.
        reason: String,
        /// The server asked to wait at least this long (`Retry-After`).
        retry_after: Option<SignedDuration>,
        /// The message may have been taken although we saw no answer (connection cut after the final dot).
        maybe_sent: bool,
    },
    /// It will never work with this message and endpoint.
    PermanentFailure {
        /// The server's own words, one line.
        reason: String,
        /// The endpoint itself is dead (no such mailbox, 410 Gone): later messages would fail as well.
        endpoint_gone: bool,
    },
    /// Nothing was attempted: before the message's turn came this process had been silent for so long that another may have
    /// taken over.
    Withheld,
    /// Nothing was attempted: the receiver takes only so many messages in a while, and the turn of this one comes later.
    Paced {
        /// How much later.
        wait: SignedDuration,
    },
}

/// What the far end says became of a message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is on its way: nothing to note.
    Underway,
    /// It reached the telephone or mailbox, or somebody answered.
    Delivered,
    /// It did not, and will not.
    Failed {
        /// Why, in one line.
        said: String,
        /// The number or mailbox cannot be reached at all.
        gone: bool,
    },
}

/// By what the message of a delivery is known outside, as part of its `Message-ID` or `webhook-id`: the delivery's own id, or,
/// for all that one endpoint is told of in one bundle, the same.
pub fn message_key(delivery: &str, bundled: Option<(&str, &str)>) -> String {
    match bundled {
        None => delivery.to_owned(),
        Some((endpoint, bundle)) => crate::id::derive(&["digest", bundle, endpoint]),
    }
}

/// Where a delivery stands. Accepted is not delivered: only a receipt from the far end makes `Delivered`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Waits for its time.
    Queued,
    /// An attempt was committed and its outcome is not known yet.
    Attempting,
    /// The next hop took it.
    Accepted,
    /// The far end confirmed it.
    Delivered,
    /// Given up, with the last answer on record.
    Failed,
    /// An attempt was made and nobody can say what became of it.
    Unknown,
    /// Not sent: the person or endpoint does not want it or cannot take it.
    Suppressed,
    /// Not sent: a newer message about the same event took its place.
    Superseded,
    /// Not sent: it would have come too late to mean anything.
    Expired,
}

impl DeliveryStatus {
    /// Every status, in the order in which people read them.
    pub const ALL: [DeliveryStatus; 9] = [
        DeliveryStatus::Queued,
        DeliveryStatus::Attempting,
        DeliveryStatus::Accepted,
        DeliveryStatus::Delivered,
        DeliveryStatus::Failed,
        DeliveryStatus::Unknown,
        DeliveryStatus::Suppressed,
        DeliveryStatus::Superseded,
        DeliveryStatus::Expired,
    ];

    /// The name used in the store, the API and the screens.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Queued => "queued",
            DeliveryStatus::Attempting => "attempting",
            DeliveryStatus::Accepted => "accepted",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::Unknown => "unknown",
            DeliveryStatus::Suppressed => "suppressed",
            DeliveryStatus::Superseded => "superseded",
            DeliveryStatus::Expired => "expired",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<DeliveryStatus> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Nothing more happens to it by itself.
    pub fn is_final(self) -> bool {
        !matches!(self, DeliveryStatus::Queued | DeliveryStatus::Attempting)
    }
}

/// What a delivery becomes after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is over, in this status.
    Done(DeliveryStatus),
    /// Another attempt, not before this instant.
    Retry(Timestamp),
}

/// Waiting times before the second, third, ... attempt (the Standard Webhooks schedule, which suits mail too).
pub const RETRY_AFTER_SECONDS: [i64; 9] =
    [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Decides what becomes of a delivery.
///
/// `attempt` counts from 1 and is the attempt that just ended; `expires` is when the message loses its meaning;
/// `jitter` in `0.0..=1.0` spreads retries over up to a tenth more than the scheduled wait, so that ten thousand
/// failures of one second do not come back in one second.
pub fn after(
    attempt: u32,
    outcome: &Outcome,
    now: Timestamp,
    expires: Timestamp,
    jitter: f64,
) -> Next {
    match outcome {
        Outcome::Accepted { .. } => Next::Done(DeliveryStatus::Accepted),
        Outcome::PermanentFailure { .. } => Next::Done(DeliveryStatus::Failed),
        Outcome::Withheld => Next::Retry(now),
        Outcome::Paced { wait } => Next::Retry(now.checked_add(*wait).unwrap_or(expires)),
        Outcome::TransientFailure { retry_after, .. } => {
            let Some(&seconds) = RETRY_AFTER_SECONDS.get(attempt.saturating_sub(1) as usize) else {
                return Next::Done(DeliveryStatus::Failed);
            };
            let spread = (seconds as f64 * 100.0 * jitter.clamp(0.0, 1.0)) as i64;
            let wait = SignedDuration::from_millis(seconds * 1000 + spread)
                .max(retry_after.unwrap_or(SignedDuration::ZERO));
            match now.checked_add(wait) {
                Ok(at) if at <= expires => Next::Retry(at),
                _ => Next::Done(DeliveryStatus::Expired),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(retry_after: Option<i64>) -> Outcome {
        Outcome::TransientFailure {
            reason: "451 try later".into(),
            retry_after: retry_after.map(SignedDuration::from_secs),
            maybe_sent: false,
        }
    }

    #[test]
    fn retries_wait_longer_each_time_and_end() {
        let now: Timestamp = "2026-11-30T22:00:00Z".parse().unwrap();
        let far = now + SignedDuration::from_hours(1000);
        let mut waits = Vec::new();
        let mut attempt = 1;
        while let Next::Retry(at) = after(attempt, &failed(None), now, far, 0.0) {
            waits.push(at.duration_since(now).as_secs());
            attempt += 1;
        }
        assert_eq!(waits, RETRY_AFTER_SECONDS);
        assert_eq!(
            after(attempt, &failed(None), now, far, 0.0),
            Next::Done(DeliveryStatus::Failed)
        );
    }

    #[test]
    fn the_server_may_ask_for_more_time_but_never_past_the_meaning_of_the_message() {
        let now: Timestamp = "2026-11-30T22:00:00Z".parse().unwrap();
        let hour = now + SignedDuration::from_hours(1);
        assert_eq!(
            after(1, &failed(Some(600)), now, hour, 1.0),
            Next::Retry(now + SignedDuration::from_secs(600))
        );
        assert_eq!(
            after(1, &failed(Some(7200)), now, hour, 0.0),
            Next::Done(DeliveryStatus::Expired)
        );
    }

    #[test]
    fn what_was_not_attempted_waits_for_nothing() {
        let now: Timestamp = "2026-11-30T22:00:00Z".parse().unwrap();
        for attempt in [1, 10] {
            let next = after(attempt, &Outcome::Withheld, now, now, 1.0);
            assert_eq!(next, Next::Retry(now));
            let wait = SignedDuration::from_secs(2);
            let next = after(attempt, &Outcome::Paced { wait }, now, now, 1.0);
            assert_eq!(next, Next::Retry(now + wait));
        }
    }

    #[test]
    fn jitter_only_ever_adds_up_to_a_tenth() {
        let now: Timestamp = "2026-11-30T22:00:00Z".parse().unwrap();
        let far = now + SignedDuration::from_hours(1000);
        assert_eq!(
            after(2, &failed(None), now, far, 1.0),
            Next::Retry(now + SignedDuration::from_secs(330))
        );
    }
}
