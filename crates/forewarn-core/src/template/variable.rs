//! The variables that a template may use: this list and no other.

use crate::audience::Level;

macro_rules! variables {
    ($($name:ident, $text:literal, $level:ident, $meaning:literal;)*) => {
        /// A variable of templates. Flags are `yes` or absent and stand in conditions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Variable {
            $(#[doc = $meaning] $name,)*
        }

        impl Variable {
            /// Every variable, in the order of the documentation.
            pub const ALL: &'static [Variable] = &[$(Variable::$name),*];

            /// Its name in templates.
            pub fn name(self) -> &'static str {
                match self { $(Variable::$name => $text),* }
            }

            /// What it stands for, in one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Variable::$name => $meaning),* }
            }

            /// The poorest level that may see it; below, it is empty.
            pub fn level(self) -> Level {
                match self { $(Variable::$name => Level::$level),* }
            }
        }
    };
}

variables! {
    Organisation, "organisation", NonTechnical, "The organisation's name.";
    Service, "service", NonTechnical, "The service most concerned; with more of them, how many.";
    Services, "services", NonTechnical, "Every service that the event is about.";
    Dependents, "dependents", NonTechnical, "Services that depend on those.";
    Title, "title", NonTechnical, "The event's title.";
    Event, "event", Technical, "The event's id.";
    Severity, "severity", SemiTechnical, "How grave an incident is: P1 to P5.";
    Status, "status", NonTechnical, "Where the event stands, in words.";
    Investigating, "investigating", NonTechnical, "Flag: the cause is being looked for.";
    Identified, "identified", NonTechnical, "Flag: the cause is known.";
    Monitoring, "monitoring", NonTechnical, "Flag: a fix is in place and watched.";
    Withdrawn, "withdrawn", NonTechnical, "Flag: what was told of a fault no longer holds.";
    Effect, "effect", NonTechnical, "What people notice.";
    EffectKnown, "effect_known", NonTechnical, "Flag: the effect was written for this event; else it is a general sentence.";
    Why, "why", NonTechnical, "Why work is done and what it is good for.";
    Cause, "cause", NonTechnical, "What went wrong, in words anybody may read.";
    Action, "action", NonTechnical, "What readers must do.";
    ActionBefore, "action_before", NonTechnical, "Flag: there is something to do before the start.";
    ActionAfter, "action_after", NonTechnical, "Flag: there is something to do after completion.";
    Workaround, "workaround", NonTechnical, "What helps meanwhile.";
    DataSafe, "data_safe", NonTechnical, "Flag: data is safe.";
    DataAtRisk, "data_at_risk", NonTechnical, "Flag: data may be affected.";
    Requested, "requested", NonTechnical, "Flag: this reader asked for the change or the fix.";
    ToWrite, "to_write", NonTechnical, "Flag: no text is there yet, and this reader is asked to write it.";
    Risk, "risk", NonTechnical, "What can go wrong, and how likely that is.";
    Fallback, "fallback", NonTechnical, "What is done if it goes wrong: the way back.";
    Cost, "cost", NonTechnical, "What it costs or saves; only in texts for executives.";
    Questions, "questions", NonTechnical, "What people ask, with the answers, as far as the level may see them.";
    Contact, "contact", NonTechnical, "Where to ask or report trouble.";
    Technical, "technical", Technical, "Systems, versions, errors.";
    Reason, "reason", NonTechnical, "Why it was delayed, moved, extended or cancelled; who has a role from now on; who asks for help.";
    OwnWords, "own_words", NonTechnical, "The spokesperson's own text, which takes the place of one made from facts.";
    Start, "start", NonTechnical, "Start of the window, or when a change takes effect: date, time, zone.";
    End, "end", NonTechnical, "End of the window: date, time, zone.";
    Window, "window", NonTechnical, "The whole window, also in the organisation's zone where that differs.";
    StartDate, "start_date", NonTechnical, "Date of the start, short, for subjects.";
    StartDay, "start_day", NonTechnical, "Date of the start with its weekday.";
    EndDay, "end_day", NonTechnical, "Date of the end with its weekday.";
    Duration, "duration", NonTechnical, "How long the window lasts.";
    ClockChange, "clock_change", NonTechnical, "Says so when the clocks change inside the window.";
    PreviousWindow, "previous_window", NonTechnical, "The window, or the moment, as it was told before.";
    PreviousEnd, "previous_end", NonTechnical, "The end as it was told before.";
    Works, "works", NonTechnical, "What a standard window is used for, each work with its time; empty when it is not used.";
    Offset, "offset", NonTechnical, "A reminder's distance in words: 5 business days.";
    Began, "began", NonTechnical, "When the event began: date, time, zone.";
    BeganDay, "began_day", NonTechnical, "The date on which the event began, with its weekday.";
    Now, "now", NonTechnical, "When this message fell due: date, time, zone.";
    Today, "today", NonTechnical, "The date of this message, short, for subjects.";
    NextUpdate, "next_update", NonTechnical, "When the next update comes: date, time, zone.";
    Missed, "missed", NonTechnical, "The promised time that was not kept.";
    MovedFrom, "moved_from", NonTechnical, "The time promised before, where the promise was moved.";
    Unchanged, "unchanged", NonTechnical, "Flag: Forewarn says by itself that nothing new is known.";
    PromisedTo, "promised_to", NonTechnical, "The audiences that were promised the next update.";
    Left, "left", NonTechnical, "How long it is until the promised update.";
    Late, "late", NonTechnical, "How late a warning about a promise comes, if it does.";
    Task, "task", NonTechnical, "What is to be done: the newsletter whose text is due, the action.";
    Due, "due", NonTechnical, "By when it is to be done.";
    Overdue, "overdue", NonTechnical, "Flag: that has passed.";
    Owner, "owner", Technical, "Who is to do it.";
    Notice, "notice", Technical, "The id of the notice whose text is due.";
    AckUrl, "ack_url", NonTechnical, "Where the reader says that they have it; one of its own for each reader.";
    Unanswered, "unanswered", NonTechnical, "Flag: nobody who was called to speak has answered, and the whole team is asked.";
    Code, "code", NonTechnical, "The digits in a text message that prove whose telephone it is.";
    Url, "url", NonTechnical, "The event's public page.";
}

impl Variable {
    /// Finds a variable by its name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(name: &str) -> Result<Variable, String> {
        let known = Self::ALL.iter().map(|v| v.name());
        match Self::ALL.iter().find(|v| v.name() == name) {
            Some(variable) => Ok(*variable),
            None if name.is_empty() => Err("empty braces; write {{variable}}".into()),
            None if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') => {
                Err(format!(
                    "'{}' is no variable; only {{{{variable}}}}, {{{{#if variable}}}}, {{{{else}}}} and {{{{/if}}}} can stand here",
                    name.chars().take(40).collect::<String>()
                ))
            }
            None => Err(crate::problem::unknown("variable", name, known)),
        }
    }
}
