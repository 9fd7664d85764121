//! The text of each level in a form, with the field in which it is edited.

use super::preview::for_level;
use forewarn_core::audience::Level;
use forewarn_core::message::{LevelText, render_markdown};

/// What is added around the text of an incident or a fault.
pub(super) const PROMISED: &str = "What stands around it is added for you: when the next update comes, an apology if it is late, technical details for those who may see them, the links.";
/// What is added around the text of something planned.
pub(super) const PLANNED: &str = "What stands around it is added for you: the times, what follows, technical details for those who may see them, the links.";
/// For how long an edited text holds.
pub(super) const ONCE: &str = "Only this once: the next message is made of what is known then.";
/// The same of what is told ahead.
pub(super) const AHEAD: &str = "Its reminders say it too, as long as the time stays the same.";

/// What the readers of one level are told, and what somebody makes of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelLook {
    /// Whose it is.
    pub level: Level,
    /// The names of the audiences that read it.
    pub audiences: Vec<String>,
    /// What is made of the facts, as Markdown; empty before it can be made.
    pub made: String,
    /// What was made when the edit began.
    pub was: String,
    /// What stands in the field.
    pub value: String,
}

/// A text as it is compared: browsers end lines in their own way.
pub(super) fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

impl LevelLook {
    /// As it is made, with nothing edited.
    pub fn of(text: LevelText) -> LevelLook {
        LevelLook {
            level: text.level,
            audiences: text.audiences,
            was: text.made.clone(),
            value: text.made.clone(),
            made: text.made,
        }
    }

    /// Of an event that nothing is known of.
    pub fn empty(level: Level) -> LevelLook {
        LevelLook {
            level,
            audiences: Vec::new(),
            made: String::new(),
            was: String::new(),
            value: String::new(),
        }
    }

    /// With what somebody typed. A text that nobody changed is made anew.
    pub fn typed(mut self, fields: &[(String, String)]) -> LevelLook {
        let value = |name: &str| fields.iter().find(|(known, _)| known == name);
        let was = value(self.made_field()).map_or(self.made.clone(), |(_, made)| plain(made));
        if let Some((_, typed)) = value(self.field())
            && plain(typed) != plain(&was)
        {
            self.value.clone_from(typed);
            self.was = was;
        }
        self
    }

    /// Somebody changed it.
    pub fn is_edited(&self) -> bool {
        plain(&self.value) != plain(&self.was)
    }

    /// Whom it is for: "for everybody".
    pub(super) fn words(level: Level) -> &'static str {
        for_level(level)
    }

    pub(super) fn name(&self) -> &'static str {
        match self.level {
            Level::NonTechnical => "For everybody",
            Level::SemiTechnical => "For those who know their way around",
            Level::Technical => "For technical staff",
        }
    }

    pub(super) fn as_str(&self) -> &'static str {
        self.level.as_str()
    }

    /// The name of its field.
    pub(super) fn field(&self) -> &'static str {
        match self.level {
            Level::NonTechnical => "texts.non_technical",
            Level::SemiTechnical => "texts.semi_technical",
            Level::Technical => "texts.technical",
        }
    }

    /// The name of the field with what was made when the edit began.
    pub(super) fn made_field(&self) -> &'static str {
        match self.level {
            Level::NonTechnical => "made.non_technical",
            Level::SemiTechnical => "made.semi_technical",
            Level::Technical => "made.technical",
        }
    }

    /// Who reads it, in words.
    pub(super) fn who(&self) -> String {
        let named = self.audiences.join(", ");
        match (self.level, named.as_str()) {
            (Level::NonTechnical, "") => "The public page".to_owned(),
            (Level::NonTechnical, named) => format!("{named}, the public page"),
            (Level::SemiTechnical | Level::Technical, "") => "No audience reads it".to_owned(),
            (Level::SemiTechnical | Level::Technical, named) => named.to_owned(),
        }
    }

    /// What is made, as people see it.
    pub(super) fn html(&self) -> String {
        render_markdown(&self.made)
    }
}

/// Whether somebody changed one of them, or one is wrong, so that they must be seen.
pub(super) fn any_edited(levels: &[LevelLook]) -> bool {
    levels.iter().any(LevelLook::is_edited)
}
