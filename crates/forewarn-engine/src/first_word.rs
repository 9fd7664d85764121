//! How long it took until people heard of an incident, measured where its first message is taken.

use crate::Engine;
use crate::channel::Channels;
use forewarn_core::delivery::Outcome;
use forewarn_store::{Claimed, FirstWord};
use jiff::Timestamp;

impl<C: Channels> Engine<C> {
    /// Notes it for the incidents whose holding statement is among what was just taken. It is a figure and no more: where it
    /// cannot be written, the messages went out all the same.
    pub(crate) async fn note_first_words(
        &self,
        messages: &[Vec<Claimed>],
        outcomes: &[Outcome],
        at: Timestamp,
    ) {
        let taken = |outcome: &Outcome| matches!(outcome, Outcome::Accepted { .. });
        let taken = messages.iter().zip(outcomes).filter(|(_, o)| taken(o));
        for delivery in taken.flat_map(|(message, _)| message) {
            let Some((incident, declared)) = self.holding_not_noted(&delivery.notice) else {
                continue;
            };
            let first = FirstWord {
                at,
                after_seconds: at.duration_since(declared).as_secs().max(0),
                notice: delivery.notice.clone(),
            };
            match self.store.note_first_word(incident.as_str(), &first).await {
                Ok(true) => metrics::histogram!("forewarn_first_notice_seconds")
                    .record(first.after_seconds as f64),
                Ok(false) => {}
                Err(problem) => {
                    tracing::warn!(%problem, %incident, "when people first heard of it is not on record");
                }
            }
        }
    }
}
