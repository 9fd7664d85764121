//! The text of each level: `--text-for LEVEL=TEXT` puts another in its place, `--dry-run` shows what is made.

use crate::client::{Body, Client};
use crate::exit::InvalidInput;
use crate::terminal::clean;
use clap::Args;
use forewarn_core::document::Problems;
use forewarn_core::problem::Invalid;
use forewarn_core::texts::Texts;
use serde_json::{Map, Value, json};

/// Texts that somebody edited.
#[derive(Args, Clone, Debug, Default)]
pub struct LevelTexts {
    /// What the readers of one level are told instead of what is made for them: non_technical=TEXT, or technical=@FILE from a file; once for each level
    #[arg(long = "text-for", value_name = "LEVEL=TEXT")]
    texts: Vec<String>,
}

impl LevelTexts {
    /// The field of the body that holds them, none where nothing was edited, and what is wrong with the flags themselves.
    pub fn field(&self) -> (&'static str, Option<Value>, Problems) {
        let (mut texts, mut problems) = (Map::new(), Problems::default());
        for given in &self.texts {
            let (level, text) = given.split_once('=').unwrap_or((given, ""));
            let problem = match (given.contains('='), read(text)) {
                (false, _) => {
                    "needs a text, such as non_technical=\"You may be slow to sign in.\"".to_owned()
                }
                (true, Err(problem)) => problem,
                (true, Ok(text)) => match texts.insert(level.trim().to_owned(), text.into()) {
                    Some(_) => "stands twice".to_owned(),
                    None => continue,
                },
            };
            problems.add(format!("--text-for {level}"), None, problem);
        }
        let texts = Some(texts).filter(|texts| !texts.is_empty());
        (Texts::FIELD, texts.map(Value::Object), problems)
    }
}

/// What is said with an act, and whether it is only to be seen.
#[derive(Args, Clone, Debug, Default)]
pub struct Said {
    #[command(flatten)]
    texts: LevelTexts,
    /// Why it goes out although something stands in it that its readers may not see
    #[arg(long, value_name = "REASON")]
    privacy_override: Option<String>,
    /// Only show what each level would read
    #[arg(long)]
    dry_run: bool,
}

impl Said {
    /// The body with what is said in it.
    ///
    /// # Errors
    /// What is wrong with the flags themselves.
    pub fn with(&self, mut body: Value) -> Result<Value, InvalidInput> {
        let (field, texts, problems) = self.texts.field();
        if !problems.0.is_empty() {
            let problems = problems.0;
            return Err(InvalidInput::of("this command", Invalid { problems }));
        }
        if let Some(texts) = texts {
            body[field] = texts;
        }
        if let Some(because) = &self.privacy_override {
            body["privacy_override"] = because.as_str().into();
        }
        Ok(body)
    }

    /// Does it to an event, or asks what people would be told.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn send(
        &self,
        client: &Client,
        path: [&str; 3],
        body: Value,
    ) -> anyhow::Result<Value> {
        let [_, id, action] = path;
        let preview = ["events", id, action, "preview"];
        let path: &[&str] = match self.dry_run {
            true => &preview,
            false => &path,
        };
        client.post(path, &[], Body::Json(body)).await
    }
}

/// Edit what a message says that has not gone out; nobody is told of that by itself.
#[derive(Args)]
pub struct Edit {
    /// The event
    id: String,
    /// Which message: announcement, reminder, start, completion, ...; without it all that people are told ahead
    #[arg(long, value_name = "MESSAGE")]
    message: Option<String>,
    #[command(flatten)]
    said: Said,
}

impl Edit {
    /// Edits it, or asks what people would be told. Without a text for any level all of it is made of the facts again.
    ///
    /// # Errors
    /// What is wrong with the flags; when the server refuses or cannot be reached.
    pub async fn ask(&self, client: &Client) -> anyhow::Result<Value> {
        let mut body = json!({"texts": {}});
        if let Some(message) = &self.message {
            body["milestone"] = message.as_str().into();
        }
        let body = self.said.with(body)?;
        self.said
            .send(client, ["events", &self.id, "texts"], body)
            .await
    }
}

/// A text as it was given, or as it stands in the file that was named.
fn read(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        None => Ok(text.to_owned()),
        Some(file) => {
            std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))
        }
    }
}

/// What would be told at each level, and to whom; nothing where the answer is no preview.
pub fn show(answer: &Value) -> Option<String> {
    answer["messages"].as_array()?;
    let texts = answer["texts"].as_array()?;
    let mut shown = String::new();
    for text in texts {
        let word = |name: &str| clean(text[name].as_str().unwrap_or_default());
        let audiences = text["audiences"].as_array().into_iter().flatten();
        let audiences: Vec<String> = audiences.filter_map(Value::as_str).map(clean).collect();
        let told = match audiences.is_empty() {
            true => "no audience".to_owned(),
            false => audiences.join(", "),
        };
        let edited = text["edited"].is_string();
        let (said, how) = match edited {
            true => ("edited", ", edited"),
            false => ("made", ""),
        };
        shown += &format!("{} (to {told}{how}):\n", word("level"));
        let lines = text[said].as_str().unwrap_or_default().lines();
        for line in lines {
            shown += format!("  {}", clean(line)).trim_end();
            shown.push('\n');
        }
        shown.push('\n');
    }
    shown += "nobody was told\n";
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(texts: &[&str]) -> (Option<Value>, Vec<String>) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let (_, texts, problems) = LevelTexts { texts }.field();
        let told = problems.0.iter().map(ToString::to_string);
        (texts, told.collect())
    }

    #[test]
    fn what_is_said_stands_in_the_body_with_the_reason_to_say_it() {
        let said = |texts: &[&str], because: Option<&str>| Said {
            texts: LevelTexts {
                texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            },
            privacy_override: because.map(str::to_owned),
            dry_run: false,
        };
        let body = json!({"start": "2026-12-02T22:00"});
        assert_eq!(said(&[], None).with(body.clone()).unwrap(), body);
        let told = said(&["technical=Node 3."], Some("It is public.")).with(body);
        assert_eq!(
            told.unwrap(),
            json!({"start": "2026-12-02T22:00", "texts": {"technical": "Node 3."}, "privacy_override": "It is public."})
        );
        assert!(said(&["technical"], None).with(json!({})).is_err());
    }

    #[test]
    fn each_level_has_one_text_typed_or_from_a_file() {
        let (texts, problems) =
            given(&["non_technical=It is slow = sorry.", "technical=@/no/such"]);
        assert_eq!(texts, Some(json!({"non_technical": "It is slow = sorry."})));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with("--text-for technical: cannot read /no/such: "),
            "{problems:?}"
        );
        let (texts, problems) = given(&["technical", "technical=a", "technical=b"]);
        assert!(texts.is_some());
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!(given(&[]), (None, Vec::new()));
    }

    #[test]
    fn a_preview_shows_what_each_level_would_read() {
        let answer = json!({"messages": [], "texts": [
            {"level": "non_technical", "audiences": ["Students"], "made": "It is slow.\n\n- One", "edited": "Be patient."},
            {"level": "technical", "audiences": [], "made": "It is slow.\n\n- One"},
        ]});
        assert_eq!(
            show(&answer).unwrap(),
            "non_technical (to Students, edited):\n  Be patient.\n\ntechnical (to no audience):\n  It is slow.\n\n  - One\n\nnobody was told\n"
        );
        assert_eq!(show(&json!({"id": "INC-1"})), None);
    }
}
