//! Contents that nothing real has: what templates are tried on where no event is at hand.

use super::Content;
use std::sync::LazyLock;

/// One for each kind of notice, as the tests of the library have them.
static SAMPLES: LazyLock<Vec<Content>> = LazyLock::new(|| {
    let read = serde_json::from_str(include_str!("../../data/samples.json"));
    debug_assert!(read.is_ok(), "{read:?}");
    read.unwrap_or_default()
});

/// All that can be known of an invented event when this notice is due; of this kind of event, if there is one.
pub fn sample(milestone: &str, event: Option<&str>) -> Option<Content> {
    let all = || SAMPLES.iter().filter(|c| c.milestone == milestone);
    let of_kind = event.and_then(|event| all().find(|c| c.event_kind == event));
    let mut content = of_kind.or_else(|| all().next()).cloned()?;
    // What is never stored with a content.
    match milestone {
        "confirm_subscription" => content.code = Some("042917".into()),
        "spokesperson_call" => content.ack_url = Some(format!("{}/ack", content.url)),
        _ => {}
    }
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{advisory, announced, full};
    use super::super::{Content, MILESTONES};
    use super::sample;

    /// `INSTA_UPDATE=always` writes the file anew, as it does with snapshots.
    #[test]
    fn the_samples_are_those_of_the_tests() {
        let announced = [
            "announcement",
            "reminder",
            "final_reminder",
            "delay",
            "reschedule",
            "cancellation",
            "effective",
        ]
        .map(announced);
        let mut all: Vec<Content> = MILESTONES
            .iter()
            .map(|m| full(m))
            .filter(|c| c.milestone != "effective")
            .collect();
        all.push(advisory("update"));
        all.extend(announced);
        let written = serde_json::to_string_pretty(&all).expect("JSON") + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/samples.json");
        if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
            std::fs::write(path, &written).expect("the file");
        }
        assert_eq!(std::fs::read_to_string(path).expect("the file"), written);
    }

    #[test]
    fn every_milestone_has_one_and_a_kind_of_event_its_own() {
        for milestone in MILESTONES {
            assert_eq!(
                sample(milestone, None).expect(milestone).milestone,
                milestone
            );
        }
        let kind = |milestone, event| sample(milestone, event).expect("one").event_kind;
        assert_eq!(kind("update", None), "incident");
        assert_eq!(kind("update", Some("advisory")), "advisory");
        assert_eq!(kind("reminder", Some("announcement")), "announcement");
        assert_eq!(kind("holding", Some("maintenance")), "incident");
        assert_eq!(sample("nothing", None), None);
    }
}
