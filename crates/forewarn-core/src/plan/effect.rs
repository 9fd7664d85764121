//! The notice of a change that takes effect at one moment: nothing begins and nothing ends, so it stands for both.

use super::{Draft, INTERNAL, Phase, Planner};
use crate::audience::Level;
use crate::contact::Channel;

impl Planner<'_> {
    /// That it takes effect: at its moment, or now where that has passed.
    pub(super) fn effective(&self) -> Draft {
        let (due, because) = match self.input.planned.phase {
            Phase::Done(since) => (since.unwrap_or(self.start), "it is in effect"),
            _ => (self.start.max(self.input.now), "it takes effect"),
        };
        Draft::new("effective", due, because)
    }

    /// The notices before the moment and the one at it. Where the moment has passed, that one says what is late: a release
    /// that is out already is told once, not twice.
    pub(super) fn with_effect(&self, before: Vec<Draft>) -> Vec<Draft> {
        if self.input.planned.phase == Phase::Off {
            return before;
        }
        let mut effective = self.effective();
        let (late, mut drafts): (Vec<Draft>, Vec<Draft>) = before
            .into_iter()
            .partition(|draft| draft.due >= effective.due);
        for draft in late {
            effective.stands_for.extend(draft.stands_for);
            effective.tells.extend(draft.tells);
        }
        drafts.push(effective);
        drafts
    }

    /// The people who run it hear with everybody. It is by this notice too that the change takes effect where nobody else is told.
    pub(super) fn takes_effect(&mut self) {
        if self.input.planned.phase == Phase::Off {
            return;
        }
        let zone = self.input.catalogue.organisation.time_zone.clone();
        let draft = self.effective();
        let channels = vec![Channel::Email];
        self.push(INTERNAL, Level::Technical, channels, &zone, draft);
    }
}
