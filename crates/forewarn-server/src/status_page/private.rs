//! The documents of a private page, each made when somebody who may read it asks. What they are made of is held for some seconds, for
//! an audience and a language; what is its reader's own is not among it, and who may read is asked of the store each time.

use super::view::View;
use super::{Page, Snapshot, Speech, calendar, feeds, page};
use forewarn_core::audience::Audience;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// For so long, though nothing happens: a promise passes, or what could be undone is told.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(10);
/// Audiences in their languages; more are forgotten rather than held.
const MOST_HELD: usize = 50;

/// What changes whenever something that a page shows does, as [`forewarn_store::Store::public_version`] tells.
type Version = (i64, i64);

/// What private pages showed a moment ago.
#[derive(Default)]
pub(super) struct Held(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    /// What it was made of.
    version: Version,
    pages: Vec<(Audience, &'static str, Arc<Snapshot>)>,
}

impl Held {
    /// What the page of this audience shows in this language, if nothing has changed since it was made.
    pub fn found(
        &self,
        version: Version,
        of: (&Audience, &str),
        now: Timestamp,
    ) -> Option<Arc<Snapshot>> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |made: &Snapshot| now.duration_since(made.made_at).abs() < HELD_FOR;
        let mut pages = shown.pages.iter().filter(|_| shown.version == version);
        let found = pages.find(|(whose, said, made)| (whose, *said) == of && is_recent(made));
        found.map(|(_, _, made)| made.clone())
    }

    /// Holds it, and nothing that was made before something changed.
    pub fn hold(
        &self,
        version: Version,
        (audience, language): (&Audience, &'static str),
        made: Snapshot,
    ) -> Arc<Snapshot> {
        let made = Arc::new(made);
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.version != version || shown.pages.len() >= MOST_HELD {
            *shown = Shown {
                version,
                ..Shown::default()
            };
        }
        let pages = &mut shown.pages;
        pages.retain(|(whose, said, _)| (&whose.id, *said) != (&audience.id, language));
        pages.push((audience.clone(), language, made.clone()));
        made
    }
}

/// What people read at a path of the page, whatever the language; nothing where there is nothing.
pub fn document(snapshot: &Snapshot, speech: Speech, path: &str) -> Option<Page> {
    let view = View::of(snapshot, speech);
    page::one(&view, path).or_else(|| feed(snapshot, path))
}

/// What programs read at a path of the page: feeds and calendars.
pub fn feed(snapshot: &Snapshot, path: &str) -> Option<Page> {
    match path.ends_with(".ics") {
        true => calendar::pages(snapshot).remove(path),
        false => feeds::pages(snapshot).remove(path),
    }
}
