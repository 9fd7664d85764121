//! English.

use super::*;

pub(super) const WORDS: Words = Words {
    dates: Some(Dates {
        weekdays: [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ],
        months: [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        // Three letters each, also where the CLDR has four.
        short_months: [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ],
        whole: "{weekday} {day} {month} {year}",
        short: "{day} {month}",
        short_year: "{day} {month} {year}",
        first: "1",
        comma: ", ",
    }),
    to_time: "{from} to {to}",
    to_day: "{from} to {to}",
    that_is: "{window}; that is {home}",
    clocks: Some(Clocks {
        back: "Clocks{place} go back by {by} on {day}, during this time. The work lasts {lasts}.",
        forward: "Clocks{place} go forward by {by} on {day}, during this time. The work lasts {lasts}.",
        place: " in {}",
    }),
    units: Units {
        minute: Forms::pair("{} minute", "{} minutes"),
        hour: Forms::pair("{} hour", "{} hours"),
        day: Forms::pair("{} day", "{} days"),
        week: Forms::pair("{} week", "{} weeks"),
        month: Forms::pair("{} month", "{} months"),
        year: Forms::pair("{} year", "{} years"),
        business_day: Forms::pair("{} business day", "{} business days"),
    },
    plural: one_or_more,
    no_time: "less than a minute",
    at_once: "at once",
    duration: Joined::Spaced,
    list: List {
        comma: ", ",
        and: " and ",
        and_before_i: None,
    },
    and_more: Forms::pair("{first} and {} more", "{first} and {} more"),
    general_effect: Some("You may notice that {service} does not work as usual."),
    statuses: &[
        ("investigating", "we are looking for the cause"),
        ("identified", "cause found"),
        ("monitoring", "fix in place"),
        ("resolved", "solved"),
        ("postmortem", "what happened"),
        ("awaiting_approval", "waiting for approval"),
        ("in_progress", "under way"),
        ("completed", "done"),
        ("open", "a fix is being worked on"),
        ("withdrawn", "no longer holds"),
    ],
    next_update: "Next update: by {{next_update}}",
    missed: "We said we would write by {{missed}}. We are sorry that this is late.",
    shorter: &[(" maintenance", " work")],
    forward: ["For your people", "You can forward this as it is:"],
    questions: "Questions and answers",
    changes: Forms::pair("{} changes are planned", "{} changes are planned"),
    mail: Mail {
        latest: "Latest news:",
        because_list: "You get this message because you are on the list {list}.",
        because_list_of: "You get this message because you are on the list {list} of {organisation}.",
        because_entered: "You get this message because somebody entered this address to be told of news.",
        change_below: "To stop or change these messages:",
        change: "Stop or change these messages",
        quotes: ["&ldquo;", "&rdquo;"],
    },
    answer: "Questions, or is something wrong? Just answer this message.",
    confirm: "Please confirm that you have read this:",
    confirm_again: "A reminder: you have not confirmed yet that you have read this.",
    confirm_short: "Confirm:",
    press: "Press 1 to confirm that you heard this.",
    chat: Chat {
        read_it: "I have read it",
        confirmed_by: "Confirmed by {name}.",
        whole: "Read all of it",
    },
    press_to_speak: "Press 1 if you speak for this incident.",
    segments: 2,
};

/// For languages that only an organisation's own templates speak: nothing is said that they would have to translate, and dates are
/// ISO 8601.
pub(super) const WITHOUT_DATES: Words = Words {
    dates: None,
    clocks: None,
    general_effect: None,
    questions: "",
    ..WORDS
};
