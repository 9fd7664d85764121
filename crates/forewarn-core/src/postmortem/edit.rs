//! What somebody changes of a draft. What is left out stays as it was; an empty text takes a section away.

use super::{Action, MOST_CHARS, Postmortem};
use crate::document::{Fields, Node, Problems, boolean, line, prose};
use crate::time::parse_date;

/// The cause is a fact too, which short channels carry.
const MOST_CAUSE: usize = 1_000;

/// No postmortem has more.
const MOST_ACTIONS: usize = 50;

/// What somebody changes of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    happened: Option<String>,
    cause: Option<String>,
    impact: Option<String>,
    went_well: Option<String>,
    actions: Option<Vec<Action>>,
    apology: Option<String>,
    /// The version that was seen; who saw an old one is refused.
    pub version: Option<i64>,
}

impl Edit {
    /// Reads an edit, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Edit> {
        let mut fields = Fields::of(node, path, problems)?;
        let happened = fields.optional("happened", problems, section(MOST_CHARS));
        let cause = fields.optional("cause", problems, section(MOST_CAUSE));
        let impact = fields.optional("impact", problems, section(MOST_CHARS));
        let went_well = fields.optional("went_well", problems, section(MOST_CHARS));
        let apology = fields.optional("apology", problems, section(MOST_CHARS));
        let given = fields.node("actions").is_some();
        let nodes = fields.nodes("actions", problems);
        if nodes.len() > MOST_ACTIONS {
            let problem = format!("has more than {MOST_ACTIONS} entries");
            fields.problem("actions", problem, problems);
        }
        let actions = nodes.iter().take(MOST_ACTIONS);
        let actions: Vec<Action> = actions
            .filter_map(|(path, node)| Action::read(node, path, problems))
            .collect();
        let version = fields.optional("version", problems, |text| {
            let number = text.trim().parse().ok().filter(|n| *n > 0);
            number.ok_or_else(|| "must be the version that was shown: a whole number".to_owned())
        });
        fields.finish(problems);
        Some(Edit {
            happened,
            cause,
            impact,
            went_well,
            actions: given.then_some(actions),
            apology,
            version,
        })
    }

    /// The draft with it.
    ///
    /// # Errors
    /// When the whole would be longer than an update may be.
    pub fn over(self, mut draft: Postmortem) -> Result<Postmortem, String> {
        macro_rules! take {
            ($($field:ident),*) => { $( if let Some(new) = self.$field { draft.$field = new; } )* };
        }
        take!(happened, cause, impact, went_well, actions, apology);
        match draft.text().chars().count() {
            0..=MOST_CHARS => Ok(draft),
            count => Err(format!(
                "is {count} characters long as a whole; people read at most {MOST_CHARS}"
            )),
        }
    }
}

impl Action {
    fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Action> {
        let mut fields = Fields::of(node, path, problems)?;
        let what = fields.required("what", problems, line(500));
        let owner = fields.required("owner", problems, line(200));
        let due = fields.optional("due", problems, parse_date);
        let done = fields.optional("done", problems, boolean).unwrap_or(false);
        fields.finish(problems);
        Some(Action {
            what: what?,
            owner: owner?,
            due,
            done,
        })
    }
}

/// A section, which may be empty.
fn section(max: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| match text.trim() {
        "" => Ok(String::new()),
        _ => prose(max)(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_json;

    fn read(text: &str) -> (Option<Edit>, Vec<String>) {
        let mut problems = Problems::default();
        let edit = Edit::read(&parse_json(text).unwrap(), "", &mut problems);
        let said = problems
            .0
            .iter()
            .map(|p| format!("{}: {}", p.field, p.problem));
        (edit, said.collect())
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_empty_goes() {
        let (edit, problems) =
            read(r#"{"cause": "A disk was full.", "apology": "", "actions": []}"#);
        assert!(problems.is_empty(), "{problems:?}");
        let draft = Postmortem {
            happened: "It was down.".into(),
            apology: "Sorry.".into(),
            ..Postmortem::default()
        };
        let edited = edit.unwrap().over(draft).unwrap();
        assert_eq!(edited.happened, "It was down.");
        assert_eq!(edited.cause, "A disk was full.");
        assert_eq!(edited.apology, "");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let text = r#"{"caus": "x", "actions": [{"what": "a\nb"}, {"what": "x", "owner": "y", "due": "soon"}], "version": 0}"#;
        let problems = read(text).1.join("\n");
        for part in [
            "caus: unknown field 'caus'; did you mean 'cause'?",
            "actions[0].what: must be one line",
            "actions[0].owner: is missing",
            "actions[1].due: must be a date",
            "version: must be the version",
        ] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
    }

    #[test]
    fn the_whole_is_no_longer_than_a_message() {
        let half = "x".repeat(MOST_CHARS / 2);
        let (edit, _) = read(&format!(r#"{{"happened": "{half}", "impact": "{half}"}}"#));
        let refused = edit.unwrap().over(Postmortem::default()).unwrap_err();
        assert!(refused.contains("at most 10000"), "{refused}");
    }
}
