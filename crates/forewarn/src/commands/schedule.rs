//! A plan as a person reads it: what is told when and to whom, then what is too late, then what to look at.

use crate::terminal::{Colour, Style, Table, clean};
use forewarn_core::plan::{Breach, Notice, Plan};
use forewarn_core::time::Zone;
use jiff::{SignedDuration, Zoned};
use serde_json::Value;

/// The plan as text; `zone` is the event's own.
pub fn show(plan: &Plan, title: &str, zone: &Zone, colour: Colour) -> String {
    let heading = match title {
        "" => plan.event.to_string(),
        _ => format!("{}: {}", plan.event, clean(title)),
    };
    let mut text = format!("{}\n", colour.paint(Style::Bold, &heading));
    text.push_str(&format!("{}\n", time_of(plan, zone)));
    let at = day_and_time(&zone.at(plan.at));
    let (at, revision) = (format!("{at} {}", zone.name()), plan.revision);
    text.push_str(&format!("planned at {at}, revision {revision}\n"));
    if let Some(overridden) = &plan.overridden {
        let (policy, reason) = (&overridden.policy, overridden.reason.replace('\n', " "));
        let line = format!("policy {policy}, overridden for this event: {reason}");
        text.push_str(&format!("{}\n", clean(&line)));
    }
    text.push('\n');
    text.push_str(&notices(plan, colour));
    text.push_str(&breaches(plan, zone, colour));
    text.push_str(&affected(plan, colour));
    text.push_str(&warnings(plan, colour));
    text
}

/// What the server says of messages that tell of other events too, in the JSON of a plan.
pub fn digests(plan: &Value, colour: Colour) -> String {
    let all = plan["digests"].as_array().map_or(&[][..], Vec::as_slice);
    if all.is_empty() {
        return String::new();
    }
    let line = |digest: &Value| {
        let text = |name: &str| clean(digest[name].as_str().unwrap_or_default());
        format!("  {}: {}\n", text("date"), text("because"))
    };
    let lines: String = all.iter().map(line).collect();
    let heading = colour.paint(Style::Bold, "Told in one message with other events");
    format!("\n{heading}\n{lines}")
}

/// The window of work, or the moment of what has none.
fn time_of(plan: &Plan, zone: &Zone) -> String {
    let start = zone.at(plan.window.start);
    let Some(end) = plan.window.end.map(|end| zone.at(end)) else {
        return format!("takes effect {} {}", day_and_time(&start), zone.name());
    };
    let agreed = match plan.window.inside_standard_window {
        true => "inside the agreed window",
        false => "outside every agreed window",
    };
    let until = match start.date() == end.date() {
        true => end.strftime("%H:%M").to_string(),
        false => day_and_time(&end),
    };
    let (from, zone) = (day_and_time(&start), zone.name());
    format!("{from} to {until} {zone}, {agreed}")
}

fn notices(plan: &Plan, colour: Colour) -> String {
    if plan.notices.is_empty() {
        return "No notice is due.\n".into();
    }
    let mut table = Table::new(&[
        "due", "zone", "audience", "notice", "level", "channels", "because",
    ]);
    for notice in &plan.notices {
        let (due, zone) = due(notice);
        let channels: Vec<&str> = notice.channels.iter().map(|c| c.as_str()).collect();
        let late = notice.because.starts_with("late:");
        table.row(
            if late { Style::Warning } else { Style::Plain },
            [
                due,
                zone,
                notice.audience.clone(),
                with_offset(&notice.milestone, notice.offset.as_deref()),
                notice.level.as_str().replace('_', "-"),
                channels.join(", "),
                because(notice),
            ],
        );
    }
    table.show(colour)
}

fn due(notice: &Notice) -> (String, String) {
    let (due, zone) = local(&notice.due_local)
        .unwrap_or_else(|| (day_and_time(&Zone::utc().at(notice.due)), "UTC".into()));
    let mark = if notice.held { " (expected)" } else { "" };
    (format!("{due}{mark}"), zone)
}

/// A time with its zone (RFC 9557) as day and time, and the zone's name.
pub fn local(text: &str) -> Option<(String, String)> {
    let local: Zoned = text.parse().ok()?;
    let zone = local.time_zone().iana_name().unwrap_or("UTC").to_owned();
    Some((day_and_time(&local), zone))
}

fn because(notice: &Notice) -> String {
    // A late notice names what it stands for already.
    let mut because = notice.because.clone();
    if !notice.stands_for.is_empty() && !because.starts_with("late:") {
        because.push_str(&format!(" [for {}]", notice.stands_for.join(", ")));
    }
    if let Some(copy_due) = notice.copy_due {
        let local: Option<Zoned> = notice.due_local.parse().ok();
        let zone = local.map_or(jiff::tz::TimeZone::UTC, |l| l.time_zone().clone());
        let when = day_and_time(&copy_due.to_zoned(zone));
        because.push_str(&format!("; copy due {when}"));
    }
    because
}

fn breaches(plan: &Plan, zone: &Zone, colour: Colour) -> String {
    if plan.breaches.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{}\n",
        colour.paint(Style::Failure, "Too late for the policy")
    );
    for breach in &plan.breaches {
        text.push_str(&format!("  {}\n", breach_line(breach, zone)));
    }
    text
}

fn breach_line(breach: &Breach, zone: &Zone) -> String {
    format!(
        "{}: {} is {} late; a start on {} {} or after would honour it",
        breach.audience,
        with_offset(&breach.milestone, Some(&breach.offset)),
        words(SignedDuration::from_secs(breach.late_by_seconds)),
        day_and_time(&zone.at(breach.earliest_compliant_start)),
        zone.name(),
    )
}

fn affected(plan: &Plan, colour: Colour) -> String {
    if plan.affected.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", colour.paint(Style::Bold, "Affected services"));
    let mut table = Table::default();
    for reach in &plan.affected {
        let path: Vec<&str> = reach.path.iter().map(|id| id.as_str()).collect();
        let audiences: Vec<&str> = reach.audiences.iter().map(|id| id.as_str()).collect();
        table.row(
            Style::Plain,
            [
                format!("  {}", path.join(" -> ")),
                if audiences.is_empty() {
                    "nobody is told".into()
                } else {
                    audiences.join(", ")
                },
            ],
        );
    }
    text.push_str(&table.show(colour));
    text
}

fn warnings(plan: &Plan, colour: Colour) -> String {
    if plan.warnings.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", colour.paint(Style::Warning, "To look at"));
    for warning in &plan.warnings {
        text.push_str(&format!("  {}\n", clean(&warning.to_string())));
    }
    text
}

fn with_offset(milestone: &str, offset: Option<&str>) -> String {
    let name = milestone.replace('_', " ");
    match offset {
        Some(offset) => format!("{name} {offset}"),
        None => name,
    }
}

fn day_and_time(time: &Zoned) -> String {
    let form = if time.second() == 0 {
        "%a %Y-%m-%d %H:%M"
    } else {
        "%a %Y-%m-%d %H:%M:%S"
    };
    time.strftime(form).to_string()
}

/// A length of time in its two largest units.
fn words(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let shown: Vec<String> = units
        .into_iter()
        .skip_while(|(n, _)| *n == 0)
        .take(2)
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}{}", if n == 1 { "" } else { "s" }))
        .collect();
    if shown.is_empty() {
        "less than a second".into()
    } else {
        shown.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_two_units() {
        for (seconds, expected) in [
            (0, "less than a second"),
            (1, "1 second"),
            (86_400, "1 day"),
            (90_061, "1 day 1 hour"),
            (7_200 + 60, "2 hours 1 minute"),
            (86_400 * 3 + 59, "3 days"),
        ] {
            assert_eq!(words(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
