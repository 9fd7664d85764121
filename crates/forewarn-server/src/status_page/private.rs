//! The documents of a private page, each made when somebody who may read it asks: nothing of them is kept in memory or published.

use super::view::View;
use super::{Page, Snapshot, Speech, calendar, feeds, page};

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
