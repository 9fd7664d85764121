//! Every public document, rendered once per change.

use super::{Snapshot, ahead, api_v2, assets, banner, calendar, feeds, page, subscription};
use axum::body::Bytes;
use std::collections::BTreeMap;
use std::io::Write;

/// One document, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its media type with parameters.
    pub content_type: &'static str,
    /// Its bytes as they are.
    pub body: Bytes,
    /// Its bytes compressed, when that saves something.
    pub gzip: Option<Bytes>,
    /// A strong validator in quotes: a hash of the identity bytes.
    pub etag: String,
}

impl Page {
    /// Makes a document of bytes.
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> Page {
        let body = body.into();
        let gzip = compressed(&body).map(Bytes::from);
        let etag = format!("\"{}\"", &super::assets::hash(&body));
        Page {
            content_type,
            body,
            gzip,
            etag,
        }
    }
}

/// Compressed bytes where they are at least a tenth smaller; below a packet nothing is won.
fn compressed(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() < 1_000 {
        return None;
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(body).ok()?;
    let small = encoder.finish().ok()?;
    (small.len() * 10 < body.len() * 9).then_some(small)
}

/// Every public document by its path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    pages: BTreeMap<String, Page>,
    organisation: String,
}

impl Pages {
    /// Renders everything public: `/`, `/history`, `/calendar` and its `.json` and `.ics`, `/events/{id}` and its `.ics`,
    /// `/api/v2/...`, `/history.atom`, the banner for other pages, and the assets they use.
    pub fn render(snapshot: &Snapshot) -> Pages {
        let mut pages = assets::pages();
        pages.extend(page::pages(snapshot));
        pages.extend(ahead::pages(snapshot));
        pages.extend(api_v2::pages(snapshot));
        pages.extend(banner::pages(snapshot));
        pages.extend(feeds::pages(snapshot));
        pages.extend(calendar::pages(snapshot));
        pages.extend(subscription::page(snapshot));
        Pages {
            pages,
            organisation: snapshot.organisation.name.clone(),
        }
    }

    /// Whose pages they are.
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    /// The document at this path, which starts with a slash and has no query.
    pub fn get(&self, path: &str) -> Option<&Page> {
        self.pages.get(path)
    }

    /// Every path and its document, for publishing as files.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Page)> {
        self.pages.iter().map(|(path, page)| (path.as_str(), page))
    }
}
