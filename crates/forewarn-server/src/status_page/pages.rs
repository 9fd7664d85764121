//! Every public document, rendered once per change, with all that is said about it in headers.

use super::texts::Texts;
use super::view::{self, Speech, View, language_of};
use super::{
    Snapshot, ahead, api_v2, assets, badge, banner, brand, calendar, cap, feeds, page, subscription,
};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
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
    /// What an answer with it says in headers, whoever asks; made once, because a crowd asks.
    pub(crate) headers: HeaderMap,
    /// There is the same in other languages, and whoever asks here may like one of them better.
    is_usual: bool,
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
            headers: HeaderMap::new(),
            is_usual: false,
        }
    }

    /// How long whoever fetched it may keep it (`Cache-Control`).
    pub fn cache_control(path: &str) -> &'static str {
        match path.starts_with("/assets/") {
            true => assets::CACHE_CONTROL,
            false => CACHE_CONTROL,
        }
    }

    /// The same at its path, with the headers that it has there.
    pub(super) fn at(mut self, path: &str) -> Page {
        let mut said = vec![
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, Page::cache_control(path)),
            (header::VARY, "accept-encoding"),
        ];
        let (_, path) = language_of(path).unwrap_or((Texts::english(), path));
        match is_for_scripts(path) {
            true => said.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")),
            // Its script asks us for the key of messages to browsers.
            false if path == subscription::PATH => said.push((
                header::CONTENT_SECURITY_POLICY,
                crate::console::CONTENT_SECURITY_POLICY,
            )),
            false => said.push((
                header::CONTENT_SECURITY_POLICY,
                super::CONTENT_SECURITY_POLICY,
            )),
        }
        if path == banner::SCRIPT || path.starts_with("/badge") {
            // Pages that isolate themselves load only what says that others may have it.
            let name = HeaderName::from_static("cross-origin-resource-policy");
            said.push((name, "cross-origin"));
        }
        for (name, value) in crate::SAFE_HEADERS {
            let name = HeaderName::from_static(name);
            if !said.iter().any(|(known, _)| *known == name) {
                said.push((name, value));
            }
        }
        let said = said.into_iter();
        let said = said.map(|(name, value)| (name, HeaderValue::from_static(value)));
        self.headers = said.collect();
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            self.headers.insert(header::ETAG, etag);
        }
        self
    }

    /// The same with its language: what its path names, or the organisation's own where readers may like another one better.
    fn spoken(mut self, path: &str, own: &'static Texts) -> Page {
        if !self.content_type.starts_with("text/html") {
            return self;
        }
        let named = language_of(path).map(|(texts, _)| texts);
        let code = HeaderValue::from_static(named.unwrap_or(own).code);
        self.headers.insert(header::CONTENT_LANGUAGE, code);
        self.is_usual = named.is_none();
        self
    }
}

/// Answered with every public page but the assets: whoever keeps copies asks again soon, and shows an old one when nobody answers.
pub const CACHE_CONTROL: &str = "public, max-age=5, stale-if-error=86400";

/// By what an answer differs that was chosen by the languages of a browser.
pub(crate) const VARY_BY_LANGUAGE: &str = "accept-encoding, accept-language";

/// Scripts of other people's pages may read it.
fn is_for_scripts(path: &str) -> bool {
    path.starts_with("/api/v2/") || [banner::JSON, "/calendar.json", feeds::JSON].contains(&path)
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
    /// The organisation's language, or the one of ours that stands for it.
    language: &'static str,
    made_at: Timestamp,
    home: String,
}

impl Pages {
    /// Renders everything public: `/`, `/history`, `/calendar` and its `.json` and `.ics`, `/events/{id}` and its `.ics`,
    /// `/api/v2/...`, the feeds, a calendar and a badge for each service, alerts, the banner for other pages, and the assets they use;
    /// what people read also in each language, under `/de/` and so on.
    pub fn render(snapshot: &Snapshot) -> Pages {
        let views = View::all(snapshot);
        let mut pages = assets::pages();
        pages.extend(brand::pages(snapshot));
        pages.extend(views.iter().flat_map(page::pages));
        pages.extend(ahead::pages(snapshot, &views));
        pages.extend(api_v2::pages(snapshot));
        pages.extend(badge::pages(snapshot, &views));
        pages.extend(banner::pages(&views));
        pages.extend(cap::pages(snapshot));
        pages.extend(feeds::pages(snapshot));
        pages.extend(calendar::pages(snapshot));
        pages.extend(subscription::pages(snapshot, &views));
        let own = View::usual(snapshot).texts;
        let pages = pages.into_iter().map(|(path, page)| {
            let page = page.at(&path).spoken(&path, own);
            (path, page)
        });
        Pages {
            pages: pages.collect(),
            organisation: snapshot.organisation.name.clone(),
            language: own.code,
            made_at: snapshot.made_at,
            home: snapshot.url("/"),
        }
    }

    /// The document for somebody who asks for a path: in the language that the query names (`lang=de`), else in that of the path, else in
    /// the one of `accepted` (`Accept-Language`) that there is, else in the organisation's. Says too whether that header decided, so that
    /// nobody who keeps the answer gives it to readers of other languages. A few look-ups, whatever is asked.
    pub fn for_reader(
        &self,
        path: &str,
        query: Option<&str>,
        accepted: Option<&str>,
    ) -> Option<(&Page, bool)> {
        let page = self.get(path)?;
        if let Some(texts) = query.and_then(view::asked_for) {
            let (_, neutral) = language_of(path).unwrap_or((texts, path));
            let asked = self.get(&view::in_language(texts, neutral));
            return Some((asked.unwrap_or(page), false));
        }
        if !page.is_usual {
            return Some((page, false));
        }
        let liked = accepted.and_then(view::accepted);
        let liked = liked.filter(|texts| texts.code != self.language);
        let liked = liked.and_then(|texts| self.get(&view::in_language(texts, path)));
        Some((liked.unwrap_or(page), true))
    }

    /// The language of an answer that is no public page, chosen by the same rules. `known` is what somebody chose some other time.
    pub fn speech(
        &self,
        query: Option<&str>,
        known: Option<&str>,
        accepted: Option<&str>,
    ) -> Speech {
        let asked = query.and_then(view::asked_for);
        let chosen = asked.or_else(|| known.and_then(Texts::find));
        let chosen = chosen.or_else(|| {
            let liked = accepted.and_then(view::accepted);
            liked.filter(|texts| texts.code != self.language)
        });
        Speech {
            texts: chosen.unwrap_or_else(|| Texts::of(self.language)),
            is_chosen: chosen.is_some(),
        }
    }

    /// Of which instant they are true.
    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    /// Where they are served.
    pub fn home(&self) -> &str {
        &self.home
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
