//! The template library: every text, one of them with its versions and its trial, what differs between two versions.

use super::layout::text;
use super::notices::level_words;
use super::preview::channel_words;
use super::{Choice, Frame, Shown, Typed};
use crate::ops::template::{BUILT_IN, Compared};
use askama::Template;
use forewarn_core::contact::Channel;
use forewarn_core::reader::Reader;
use forewarn_core::template::{Change, Line, Template as Text, Variable};
use forewarn_store::TemplateVersion;

/// Every text in one language, by what it is about.
#[derive(Template)]
#[template(path = "console/templates.html")]
pub struct TemplateList {
    /// The frame.
    pub frame: Frame,
    /// Which language is shown, and which others there are.
    pub typed: Typed,
    /// The languages.
    pub languages: Vec<Choice>,
    /// Milestones, for a text of one's own.
    pub milestones: Vec<Choice>,
    /// The texts.
    pub groups: Vec<TemplateGroup>,
    /// How many of them are the organisation's own.
    pub own: usize,
}

/// Texts about one kind of event.
#[derive(Clone, Debug)]
pub struct TemplateGroup {
    /// What it is about.
    pub title: &'static str,
    /// A row for each notice.
    pub rows: Vec<TemplateRow>,
}

/// The texts of one notice.
#[derive(Clone, Debug)]
pub struct TemplateRow {
    /// Which notice.
    pub milestone: String,
    /// Its texts.
    pub texts: Vec<TemplateLink>,
}

/// One text.
#[derive(Clone, Debug)]
pub struct TemplateLink {
    /// The template.
    pub template: Text,
    /// The version of the organisation's own; absent where it is built in.
    pub version: Option<i64>,
}

/// One template.
///
/// Its form posts `subject`, `body`, `event` (to try it on) and `version` (as seen) to itself or to `preview`.
#[derive(Template)]
#[template(path = "console/template.html")]
pub struct TemplatePage {
    /// The frame.
    pub frame: Frame,
    /// What it is for, and the text that stands.
    pub template: Text,
    /// Whether that is the organisation's own.
    pub is_own: bool,
    /// Whether who looks may save.
    pub may_save: bool,
    /// What stands in the form, and what is wrong with it.
    pub typed: Typed,
    /// Events to try it on.
    pub events: Vec<Choice>,
    /// What it would say, when that was asked for.
    pub messages: Option<Vec<Shown>>,
    /// Every version, the newest first.
    pub versions: Vec<TemplateVersion>,
}

/// What differs between two versions.
#[derive(Template)]
#[template(path = "console/template_diff.html")]
pub struct TemplateDiff {
    /// The frame.
    pub frame: Frame,
    /// What the template is for.
    pub template: Text,
    /// The two versions beside each other.
    pub compared: Compared,
    /// The numbers of all versions, the newest first.
    pub numbers: Vec<i64>,
    /// Whether who looks may restore.
    pub may_save: bool,
    /// The newest version.
    pub newest: i64,
}

/// "For any event, to everybody, by mail, in English" in the few words that tell texts of one notice apart.
fn narrowed(template: &Text) -> String {
    let channel = template.channel.map_or("Mail and chat", channel_words);
    let level = template
        .level
        .map(|level| level_words(level).to_lowercase());
    let readers = template.readers.map(|r| reader_words(r).to_lowercase());
    let parts = [Some(channel.to_owned()), level, readers];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Who reads it, on screen.
pub(super) fn reader_words(readers: Reader) -> &'static str {
    match readers {
        Reader::Executive => "Executives",
        Reader::DepartmentHead => "Heads of department",
        Reader::EndUser => "End users",
    }
}

/// A language's name in English.
pub(crate) fn language_name(tag: &str) -> &str {
    match tag {
        "en" => "English",
        "de" => "German",
        "fr" => "French",
        "es" => "Spanish",
        "ar" => "Arabic",
        other => other,
    }
}

/// A template's name on its pages.
pub(super) fn heading(template: &Text) -> String {
    let milestone = crate::status_page::milestone_words(&template.milestone);
    let event = template.event.as_ref();
    let event = event.map_or(String::new(), |event| format!(" of {event}"));
    let language = language_name(&template.language);
    format!(
        "{milestone}{event}: {}, {language}",
        narrowed(template).to_lowercase()
    )
}

impl TemplateList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn words(&self, milestone: &str) -> String {
        crate::status_page::milestone_words(milestone)
    }

    fn levels(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("any", "Everybody"),
            ("non_technical", "Non-technical"),
            ("semi_technical", "Semi-technical"),
            ("technical", "Technical"),
        ]
    }

    fn readers(&self) -> Vec<(&'static str, &'static str)> {
        let all = Reader::ALL.map(|readers| (readers.as_str(), reader_words(readers)));
        [("", "Everybody of the level")]
            .into_iter()
            .chain(all)
            .collect()
    }

    fn channels(&self) -> Vec<(&'static str, &'static str)> {
        let all = Channel::ALL.into_iter();
        let mut channels = vec![("any", "Mail and chat")];
        channels.extend(all.map(|channel| (channel.as_str(), channel_words(channel))));
        channels
    }

    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("", "Any"),
            ("maintenance", "Planned work"),
            ("incident", "Incident"),
            ("advisory", "Known fault"),
            ("announcement", "Announcement"),
        ]
    }
}

impl TemplateLink {
    fn path(&self) -> String {
        format!("/console/templates/{}", self.template.id())
    }

    fn words(&self) -> String {
        narrowed(&self.template)
    }
}

impl TemplatePage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn heading(&self) -> String {
        heading(&self.template)
    }

    fn path(&self) -> String {
        format!("/console/templates/{}", self.template.id())
    }

    fn newest(&self) -> i64 {
        self.versions.first().map_or(BUILT_IN, |v| v.version)
    }

    fn has_subject(&self) -> bool {
        !matches!(
            self.template.channel,
            Some(Channel::Sms | Channel::Voice | Channel::Push)
        )
    }

    /// Names and meanings of the variables that its level may see.
    fn variables(&self) -> Vec<(&'static str, &'static str)> {
        let level = self.template.level;
        let seen = Variable::ALL.iter();
        let seen = seen.filter(|v| level.is_none_or(|level| v.level() <= level));
        seen.map(|v| (v.name(), v.meaning())).collect()
    }

    /// "wrote it", "took it away", "restored version 2".
    fn did(&self, version: &TemplateVersion) -> String {
        match (version.restored, &version.body) {
            (_, None) => "Taken away".into(),
            (Some(BUILT_IN), _) => "The built-in text again".into(),
            (Some(from), _) => format!("Version {from} again"),
            (None, _) if version.version == 1 => "Written".into(),
            (None, _) => "Changed".into(),
        }
    }

    fn before(&self, version: &TemplateVersion) -> i64 {
        version.version - 1
    }

    fn can_restore(&self, version: &TemplateVersion) -> bool {
        self.may_save && version.body.is_some() && version.version != self.newest()
    }
}

impl TemplateDiff {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn heading(&self) -> String {
        heading(&self.template)
    }

    fn path(&self) -> String {
        format!("/console/templates/{}", self.template.id())
    }

    /// Both texts in turn, where anything is in them.
    fn parts(&self) -> Vec<(&'static str, &[Line])> {
        let parts = [
            ("Subject", &self.compared.subject),
            ("Text", &self.compared.body),
        ];
        let filled = parts.into_iter().filter(|(_, lines)| !lines.is_empty());
        filled
            .map(|(name, lines)| (name, lines.as_slice()))
            .collect()
    }

    /// The fields of the form that chooses, with what is chosen.
    fn chosen(&self) -> Vec<(&'static str, &'static str, i64)> {
        let Compared { from, to, .. } = &self.compared;
        vec![("from", "From", from.version), ("to", "To", to.version)]
    }

    fn class(&self, line: &Line) -> &'static str {
        match line.change {
            Change::Same => "same",
            Change::Removed => "gone",
            Change::Added => "come",
        }
    }

    /// What a reader of the screen hears, and everybody sees before the line.
    fn sign(&self, line: &Line) -> (&'static str, &'static str) {
        match line.change {
            Change::Same => ("", ""),
            Change::Removed => ("\u{2212}", "taken away: "),
            Change::Added => ("+", "put in: "),
        }
    }

    fn number(&self, number: &Option<usize>) -> String {
        number.map_or_else(String::new, |number| number.to_string())
    }

    fn name(&self, number: &i64) -> String {
        version_name(*number)
    }

    fn who(&self, version: &TemplateVersion) -> String {
        let author = version.author.as_str();
        match (version.version, author) {
            (BUILT_IN, _) | (_, "") => String::new(),
            (_, author) => author.to_owned(),
        }
    }

    fn summary(&self) -> String {
        let said = |count: usize, what: &str| match count {
            1 => format!("1 line {what}"),
            more => format!("{more} lines {what}"),
        };
        match self.compared.counts() {
            (0, 0) => "Nothing differs.".into(),
            (gone, come) => format!("{}, {}.", said(gone, "taken away"), said(come, "put in")),
        }
    }
}

/// "built-in text", "version 2".
fn version_name(number: i64) -> String {
    match number {
        BUILT_IN => "built-in text".into(),
        number => format!("version {number}"),
    }
}
