//! The built-in audiences: people and programs that an event itself names.

use super::called;

/// The built-in audience: the people who run the event.
pub const INTERNAL: &str = "internal";

/// The built-in audience of one event: the people who asked for the change or the fix.
pub const REQUESTERS: &str = "requesters";

/// The built-in audience of those who must agree to what is said.
pub const APPROVERS: &str = "approvers";

/// The built-in audience of those who help to write.
pub const COMMUNICATIONS: &str = "communications";

/// The built-in audience of one: the system in which the change was asked for.
pub const CHANGE_SYSTEM: &str = "change_system";

/// The built-in audience of one: who speaks for the incident.
pub const SPOKESPERSON: &str = "spokesperson";

/// The built-in audience of those who speak for it when the spokesperson does not, in their order.
pub const BACKUP: &str = "backup";

/// The built-in audiences: none that the organisation makes has such a name, and what they are.
const BUILT_IN: [(&str, &str, &str); 8] = [
    (INTERNAL, "The people who run it", "whoever runs the event"),
    (
        REQUESTERS,
        "People who asked for it",
        "whoever asked for the change or the fix",
    ),
    (
        APPROVERS,
        "Who must agree",
        "whoever must agree to what is said",
    ),
    (
        COMMUNICATIONS,
        "The communications team",
        "whoever helps to write what is said",
    ),
    (
        SUBSCRIPTIONS,
        "Subscriptions",
        "mails about one's own subscription",
    ),
    (
        CHANGE_SYSTEM,
        "The change system",
        "where planned outages are reported to",
    ),
    (
        SPOKESPERSON,
        "The spokesperson",
        "whoever speaks for the incident",
    ),
    (
        BACKUP,
        "The backups",
        "whoever speaks for the incident when the spokesperson does not",
    ),
];

/// The built-in audience of mails about somebody's own subscription.
pub const SUBSCRIPTIONS: &str = "subscriptions";

/// The name of a built-in audience: addresses that the event itself names. `None` for one that the organisation made.
pub fn built_in_name(audience: &str) -> Option<&'static str> {
    let found = BUILT_IN.iter().find(|(id, _, _)| *id == audience);
    let backup = || called(audience).map(|_| "A backup of the spokesperson");
    let listed = || crate::call_list::key_of(audience).map(|_| crate::call_list::NAME);
    let late = || crate::acknowledge::unconfirmed(audience).map(|_| crate::acknowledge::NAME);
    let name = found.map(|(_, name, _)| *name);
    name.or_else(backup).or_else(listed).or_else(late)
}

/// Whether an audience is of people and programs of ours: what they are told is no public word.
pub fn is_inside(audience: &str) -> bool {
    matches!(
        audience,
        INTERNAL
            | APPROVERS
            | COMMUNICATIONS
            | CHANGE_SYSTEM
            | SPOKESPERSON
            | BACKUP
            | SUBSCRIPTIONS
    ) || called(audience).is_some()
        || crate::call_list::key_of(audience).is_some()
}

/// What a built-in audience is, for those who would make one of that name.
pub fn built_in_meaning(audience: &str) -> Option<&'static str> {
    let found = BUILT_IN.iter().find(|(id, _, _)| *id == audience);
    let backup = || called(audience).map(|_| "a backup of the spokesperson, who is called");
    let added = || crate::recipient::added_level(audience).map(|_| "people added to one event");
    let listed = || crate::call_list::key_of(audience).map(|_| "one who is on a call list");
    let late = || {
        crate::acknowledge::unconfirmed(audience).map(|_| "those who have not confirmed a message")
    };
    let meaning = found.map(|(_, _, meaning)| *meaning);
    meaning
        .or_else(backup)
        .or_else(added)
        .or_else(listed)
        .or_else(late)
}
