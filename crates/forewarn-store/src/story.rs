//! Stories: which messages about an event are about the same, so that a newer one takes the place of an older one.

use crate::Store;
use crate::db::args;
use crate::error::Result;
use forewarn_core::acknowledge::unconfirmed;
use forewarn_core::event::Occasion;
use forewarn_core::incident::Role;
use forewarn_core::message::Content;
use forewarn_core::plan::{HANDOVER, SPOKESPERSON_CALL, is_promise_timer, stands_aside};

/// The place of what stands aside: below all that tell of the event, and apart from them.
pub(crate) const ASIDE: i64 = 0;

/// Room between the ordinals of two updates.
pub(crate) const ROOM: i64 = 1_000;

/// The ordinals of one story. A newer message takes the place of an older one of the same story only: whoever is called and is
/// told as well hears both. What the public is told comes first. The statements of the expansion that close what was overtaken
/// know this number.
pub(crate) const STORY: i64 = 1_000_000_000_000;

/// Where the ordinals of a notice's story begin; nothing for what stands aside.
pub(crate) fn story(milestone: &str, offset: Option<&str>, audience: &str) -> Option<i64> {
    // The same words once more to those who have not confirmed them: it does not matter what they were told since.
    if stands_aside(milestone) || unconfirmed(audience).is_some() {
        return None;
    }
    let number = match milestone {
        _ if is_promise_timer(milestone) => 1,
        SPOKESPERSON_CALL => 2,
        // Of each role the newest holds.
        HANDOVER if offset.is_some_and(|offset| offset.ends_with(Role::Lead.as_str())) => 3,
        HANDOVER => 4,
        _ => 0,
    };
    Some(number * STORY)
}

/// The ordinal of a notice whose words are numbered themselves, updates and hand-overs: neither a clock that was set back nor two
/// of one instant can turn them round. All others stand behind what began before them.
pub(crate) fn numbered(occasion: &Occasion, story: Option<i64>) -> Option<i64> {
    let Some(story) = story else {
        return Some(ASIDE);
    };
    match story {
        0 => occasion.update.map(|number| (i64::from(number) + 1) * ROOM),
        _ if occasion.milestone == HANDOVER => {
            let place = occasion.offset.as_deref()?.strip_prefix('#')?;
            let number: u32 = place.split(' ').next()?.parse().ok()?;
            Some(story + i64::from(number))
        }
        _ => None,
    }
}

impl Store {
    /// What the audience of a notice was told last about its event, the words that hold now, and by which notice.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_told(&self, id: &str) -> Result<Option<(String, Content)>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT n.id, n.content FROM notices o JOIN notices n ON n.event = o.event AND n.audience = o.audience
            WHERE o.id = $1 AND n.sent_at IS NOT NULL AND n.ordinal > 0 AND n.ordinal < $2
            ORDER BY n.ordinal DESC LIMIT 1";
        let row = tx.row(sql, args![id, STORY]).await?;
        row.map(|row| Ok((row.text(0)?, serde_json::from_str(&row.text(1)?)?)))
            .transpose()
    }
}
