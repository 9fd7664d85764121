//! What waits, in figures: for those who watch this process.

use crate::Engine;
use crate::channel::Channels;
use forewarn_store::{Lane, Result};
use jiff::SignedDuration;

impl<C: Channels> Engine<C> {
    /// Notes how much waits, since when, and whether the database answers.
    pub(crate) async fn measure(&self) {
        let measured = self.how_much_waits().await;
        let up = if measured.is_ok() { 1.0 } else { 0.0 };
        metrics::gauge!("forewarn_database_up").set(up);
    }

    async fn how_much_waits(&self) -> Result<()> {
        for lane in Lane::ALL {
            let depth = self.store.queue_depth(lane).await?;
            let waiting = metrics::gauge!("forewarn_deliveries_waiting", "lane" => lane.as_str());
            waiting.set(depth as f64);
        }
        let now = self.clock.now();
        let oldest = self.store.oldest_due(now).await?;
        let late = oldest.map_or(SignedDuration::ZERO, |due| now.duration_since(due));
        metrics::gauge!("forewarn_notice_overdue_seconds").set(late.as_secs_f64().max(0.0));
        Ok(())
    }
}
