//! `forewarn maintenance reach`: who hears of a maintenance, who does not, and why.

use crate::terminal::{Colour, Style, Table, clean};
use serde_json::Value;

/// The answer of the server in words: sentences about one contact, or a table of audiences.
pub fn show(answer: &Value, colour: Colour) -> String {
    if let Some(because) = answer["because"].as_array() {
        let sentences = because.iter().filter_map(Value::as_str);
        return sentences.map(|said| clean(said) + "\n").collect();
    }
    let counted = |counts: &Value| {
        let counts = counts.as_object().into_iter().flatten();
        let said: Vec<String> = counts.map(|(what, n)| format!("{n} {what}")).collect();
        said.join("; ")
    };
    let mut table = Table::new(&[
        "audience",
        "level",
        "reached",
        "of",
        "messages",
        "not reached",
    ]);
    for told in answer["audiences"].as_array().into_iter().flatten() {
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let missed = counted(&told["unreached"]);
        let style = match missed.is_empty() {
            true => Style::Plain,
            false => Style::Warning,
        };
        let cells = [
            text("audience"),
            text("level").replace('_', "-"),
            told["reached"].to_string(),
            told["people"].to_string(),
            counted(&told["messages"]),
            missed,
        ];
        table.row(style, cells);
    }
    let mut said = format!(
        "{}{} messages, if a notice to everybody went out now\n",
        table.show(colour),
        answer["messages"]
    );
    for kept in answer["not_told"].as_array().into_iter().flatten() {
        let text = |name: &str| clean(kept[name].as_str().unwrap_or_default());
        said += &format!("not told: {}: it {}\n", text("audience"), text("because"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_was_added_stands_beside_the_audiences() {
        let answer = json!({"messages": 3, "audiences": [
            {"audience": "students", "level": "non_technical", "people": 1, "reached": 1, "messages": {"email": 1}, "unreached": {}},
            {"audience": "added-technical", "level": "technical", "people": 3, "reached": 2, "messages": {"email": 1, "webhook": 1},
             "unreached": {"unsubscribed": 1}},
        ], "not_told": [{"audience": "ends", "because": "hears of the stages resolution only, and no maintenance has one of them"}]});
        assert_eq!(
            show(&answer, Colour::Off),
            "audience         level          reached  of  messages            not reached\n\
             students         non-technical  1        1   1 email\n\
             added-technical  technical      2        3   1 email; 1 webhook  1 unsubscribed\n\
             3 messages, if a notice to everybody went out now\n\
             not told: ends: it hears of the stages resolution only, and no maintenance has one of them\n"
        );
        let one = json!({"contact": "ann", "because": ["gets it\u{1b}[2J", "so"]});
        assert_eq!(show(&one, Colour::Off), "gets it\u{fffd}[2J\nso\n");
    }
}
