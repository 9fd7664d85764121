//! The public status page: a value, and everything made from it.
//!
//! A [`Snapshot`] holds all that may be said in public. [`Pages::render`] turns it into the bytes of every
//! public document at once (the page, each event, the Statuspage API, feed and calendars), so that answering a
//! request is a lookup: no database, no template, no clock. The same map is what is published as static files.
//!
//! What people read is there in each language ([`Texts`]), at a path of its own: `/de/history` is German for everybody, and `/history`
//! is whichever of them a reader likes best, else the organisation's own.
//!
//! Nothing here knows who leads an incident or which systems are behind a service: what is not public is read
//! from no field, and a test looks for it in every rendered byte.

mod ahead;
mod announcement;
pub mod api_v2;
pub mod assets;
pub mod badge;
pub mod banner;
mod brand;
pub mod calendar;
mod cap;
mod event_page;
pub mod feeds;
mod history;
pub mod icons;
mod linked;
mod live;
mod page;
mod pages;
pub mod private;
pub mod snapshot;
pub mod state;
pub mod subscription;
mod texts;
mod view;
pub mod when;
mod xml;

pub use announcement::PublicAnnouncement;
pub(crate) use live::private_snapshot;
pub use live::{Live, snapshot as current_snapshot};
pub(crate) use page::milestone_words;
pub(crate) use pages::VARY_BY_LANGUAGE;
pub use pages::{Page, Pages};
pub use snapshot::{
    PrivatePage, PublicAdvisory, PublicChange, PublicIncident, PublicMaintenance, PublicMessage,
    Snapshot, Translation, Wording,
};
pub use texts::Texts;
pub use view::Speech;
pub(crate) use view::language_of;

/// What a public page may load: its own files, nothing else, nothing inline.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
