//! A snapshot as one language's readers see it.

use super::Snapshot;
use super::texts::Texts;
use super::when::Clocks;
use forewarn_core::id::Id;
use forewarn_core::time::Zone;
use std::ops::Deref;

/// The language in which somebody is answered.
#[derive(Clone, Copy, Debug)]
pub struct Speech {
    /// The words.
    pub texts: &'static Texts,
    /// They chose it, so that links go on in it.
    pub is_chosen: bool,
}

impl Speech {
    /// English, for whoever works here.
    pub fn english() -> Speech {
        Speech {
            texts: Texts::english(),
            is_chosen: false,
        }
    }

    /// Where a page is in this language.
    pub fn at(&self, path: &str) -> String {
        match self.is_chosen {
            true => in_language(self.texts, path),
            false => path.to_owned(),
        }
    }

    /// Where a form is sent that is answered in this language.
    pub fn answered(&self, path: &str) -> String {
        match self.is_chosen {
            true => format!("{path}?lang={}", self.texts.code),
            false => path.to_owned(),
        }
    }
}

/// A snapshot in one language. There is one for each language, whose pages stand under `/de/` and so on, and the organisation's own,
/// whose pages stand where links in messages lead.
pub(super) struct View<'a> {
    snapshot: &'a Snapshot,
    /// The words.
    pub texts: &'static Texts,
    /// Its pages name their language, and lead to such pages.
    pub is_chosen: bool,
}

impl Deref for View<'_> {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        self.snapshot
    }
}

impl<'a> View<'a> {
    /// The view of those who have chosen no language.
    pub fn usual(snapshot: &'a Snapshot) -> View<'a> {
        View {
            snapshot,
            texts: Texts::of(snapshot.organisation.language()),
            is_chosen: false,
        }
    }

    /// The view of those who have chosen this one.
    pub fn chosen(snapshot: &'a Snapshot, texts: &'static Texts) -> View<'a> {
        View {
            snapshot,
            texts,
            is_chosen: true,
        }
    }

    /// The view of somebody who is answered in this language.
    pub fn of(snapshot: &'a Snapshot, speech: Speech) -> View<'a> {
        match speech.is_chosen {
            true => View::chosen(snapshot, speech.texts),
            false => View::usual(snapshot),
        }
    }

    /// Every view there is.
    pub fn all(snapshot: &'a Snapshot) -> Vec<View<'a>> {
        let chosen = Texts::all().iter();
        let chosen = chosen.map(|texts| View::chosen(snapshot, texts));
        std::iter::once(View::usual(snapshot))
            .chain(chosen)
            .collect()
    }

    /// The language.
    pub fn speech(&self) -> Speech {
        Speech {
            texts: self.texts,
            is_chosen: self.is_chosen,
        }
    }

    /// Where a page of this view is.
    pub fn at(&self, path: &str) -> String {
        self.file(&self.speech().at(path))
    }

    /// The organisation's zone.
    pub fn zone(&self) -> &'a Zone {
        &self.snapshot.organisation.time_zone
    }

    /// Times as this view says them.
    pub fn clocks(&self) -> Clocks<'a> {
        Clocks {
            zone: self.zone(),
            texts: self.texts,
        }
    }

    /// The names of services in a line.
    pub fn named<'b>(&self, ids: impl IntoIterator<Item = &'b Id>) -> String {
        self.names(ids).join(self.texts.comma)
    }

    /// The language of what people wrote here, where it is not the page's.
    pub fn theirs(&self) -> Option<&'a str> {
        let wrote = self.snapshot.organisation.language();
        let same = forewarn_core::words::primary(wrote) == self.texts.code;
        (!same).then_some(wrote)
    }
}

/// A page's path in a language.
pub(super) fn in_language(texts: &Texts, path: &str) -> String {
    format!("/{}{path}", texts.code)
}

/// The language that a path names, and the path without it: `/de/history` is `/history` in German.
pub(crate) fn language_of(path: &str) -> Option<(&'static Texts, &str)> {
    let rest = path.strip_prefix('/')?;
    let (code, _) = rest.split_once('/')?;
    let texts = Texts::all().iter().find(|texts| texts.code == code)?;
    Some((*texts, &rest[code.len()..]))
}

/// The language that a query asks for.
pub(super) fn asked_for(query: &str) -> Option<&'static Texts> {
    let fields = query.split('&').take(MOST_LISTED);
    let asked = fields.filter_map(|field| field.strip_prefix("lang="));
    Texts::find(asked.last()?)
}

/// So much of a list from outside is looked at.
const MOST_LISTED: usize = 20;

/// The language that a browser likes best among ours (`Accept-Language`, RFC 9110 12.5.4; looked up as in RFC 4647 3.4). Nothing where
/// it names none of them, or only says that any is good.
pub(super) fn accepted(header: &str) -> Option<&'static Texts> {
    let mut best: Option<(f32, &'static Texts)> = None;
    for range in header.split(',').take(MOST_LISTED) {
        let mut parts = range.split(';').map(str::trim);
        let Some(texts) = parts.next().and_then(Texts::find) else {
            continue;
        };
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let weight = weight.map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if weight > best.map_or(0.0, |(held, _)| held) {
            best = Some((weight, texts));
        }
    }
    best.map(|(_, texts)| texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_a_browser_likes_best() {
        for (header, expected) in [
            ("de", Some("de")),
            ("de-AT,de;q=0.9,en;q=0.8", Some("de")),
            ("pt-BR, fr;q=0.7, en;q=0.8", Some("en")),
            ("en;q=0.2, ar;q=0.3", Some("ar")),
            ("ES-mx", Some("es")),
            ("de;q=0, fr;q=0.1", Some("fr")),
            ("de;q=0", None),
            ("de;q=much", None),
            ("de;q=NaN", None),
            ("*", None),
            ("pt, zh", None),
            ("", None),
            (",;=,,q=1;de", None),
        ] {
            let found = accepted(header).map(|texts| texts.code);
            assert_eq!(found, expected, "{header}");
        }
        let long = "xx,".repeat(100_000) + "de";
        assert!(accepted(&long).is_none());
    }

    #[test]
    fn a_query_names_a_language_and_a_path_holds_one() {
        for (query, expected) in [
            ("lang=de", Some("de")),
            ("a=1&lang=fr-CA", Some("fr")),
            ("lang=de&lang=es", Some("es")),
            ("lang=tlh", None),
            ("lang=", None),
            ("language=de", None),
            ("%6cang=de", None),
        ] {
            assert_eq!(asked_for(query).map(|t| t.code), expected, "{query}");
        }
        let split = |path| language_of(path).map(|(texts, rest)| (texts.code, rest));
        assert_eq!(split("/de/history"), Some(("de", "/history")));
        assert_eq!(split("/ar/"), Some(("ar", "/")));
        for path in ["/de", "/history", "/xx/history", "/", "", "/DE/history"] {
            assert_eq!(split(path), None, "{path}");
        }
    }
}
