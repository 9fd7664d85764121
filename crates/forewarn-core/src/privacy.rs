//! The privacy guard: what must not stand in a text that goes to readers of a level, found by its look and by lists.
//!
//! Detectors look at runs of characters between spaces, at words and at lines; none looks far, so a text takes time in proportion
//! to its length. They are strict where something can only be internal (a key, a trace) and careful where ordinary texts have
//! the like (`B-1204` is a room, `13.03.2026` a day): a guard that cries often is switched off.

mod addresses;
mod announced;
mod codes;
mod coined;
mod cued;
mod disguised;
mod hosts;
mod known;
mod lists;
mod machines;
mod mailboxes;
mod names;
mod owners;
mod parts;
mod paths;
mod people;
mod pieces;
mod roles;
mod said;
mod secrets;
mod software;
mod spoken;
mod states;
mod theirs;
mod tickets;
mod traces;
mod versions;

pub use known::Known;
pub use owners::{is_persons_name, person_of};
pub(crate) use tickets::looks_like_ticket;

use crate::audience::Level;
use crate::document::{Fields, Problems, prose};
use crate::review::words::words;
use serde::Serialize;
use std::ops::Range;

/// What leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A password, a key, a token.
    Secret,
    /// A piece of an error report from inside a program.
    StackTrace,
    /// A link into the internal network.
    InternalUrl,
    /// A person's mail address.
    EmailAddress,
    /// An IP address.
    IpAddress,
    /// The name of a machine.
    HostName,
    /// A place on a disk.
    FilePath,
    /// The version of a piece of software.
    Version,
    /// The number of a ticket, incident or change in an internal system.
    TicketId,
    /// Somebody who works here.
    Employee,
    /// A supplier.
    Vendor,
    /// The internal name of a project or system.
    CodeName,
}

impl Kind {
    /// Every kind. Where two findings overlap, the one that stands first here is told.
    pub const ALL: [Kind; 12] = [
        Kind::Secret,
        Kind::StackTrace,
        Kind::InternalUrl,
        Kind::EmailAddress,
        Kind::IpAddress,
        Kind::HostName,
        Kind::FilePath,
        Kind::Version,
        Kind::TicketId,
        Kind::Employee,
        Kind::Vendor,
        Kind::CodeName,
    ];

    /// Its name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Secret => "secret",
            Kind::StackTrace => "stack_trace",
            Kind::InternalUrl => "internal_url",
            Kind::EmailAddress => "email_address",
            Kind::IpAddress => "ip_address",
            Kind::HostName => "host_name",
            Kind::FilePath => "file_path",
            Kind::Version => "version",
            Kind::TicketId => "ticket_id",
            Kind::Employee => "employee",
            Kind::Vendor => "vendor",
            Kind::CodeName => "code_name",
        }
    }

    /// Whether readers of a level may see it.
    pub fn is_open_to(self, level: Level) -> bool {
        let richest_without = match self {
            Kind::Secret | Kind::EmailAddress => Level::Technical,
            Kind::IpAddress
            | Kind::HostName
            | Kind::InternalUrl
            | Kind::StackTrace
            | Kind::Version => Level::SemiTechnical,
            Kind::FilePath | Kind::TicketId | Kind::Employee | Kind::Vendor | Kind::CodeName => {
                Level::NonTechnical
            }
        };
        level > richest_without
    }

    /// Why it must not stand there.
    pub fn because(self) -> &'static str {
        match self {
            Kind::Secret => "it looks like a password, key or token; whoever reads it can use it",
            Kind::StackTrace => {
                "a trace shows how the program is built, and helps no reader of this level"
            }
            Kind::InternalUrl => {
                "a link into the internal network opens for nobody outside and shows its names"
            }
            Kind::EmailAddress => "it is the mail address of a person",
            Kind::IpAddress => "an address in the network is for technical readers only",
            Kind::HostName => "the name of a machine is for technical readers only",
            Kind::FilePath => "a path on a disk is for technical readers only",
            Kind::Version => "a version tells attackers where to look, and these readers nothing",
            Kind::TicketId => "a number of an internal system says nothing to these readers",
            Kind::Employee => "these readers get no names of staff: the organisation speaks",
            Kind::Vendor => "these readers get no names of suppliers: the service is yours",
            Kind::CodeName => "an internal name says nothing to these readers",
        }
    }

    /// What to write instead.
    pub fn suggestion(self) -> &'static str {
        match self {
            Kind::Secret => "Take it out, and change it: it was written down.",
            Kind::StackTrace => {
                "Write 'an error in the program', and put the trace into the technical text."
            }
            Kind::InternalUrl => "Give the public address of the status page instead.",
            Kind::EmailAddress => {
                "Give the address of the desk or team instead: 'help@example.edu'."
            }
            Kind::IpAddress | Kind::HostName => "Write 'one of our servers', or what it is for.",
            Kind::FilePath => "Leave it out, or name what is kept there.",
            Kind::Version => "Write 'the release before', 'the new version' or nothing.",
            Kind::TicketId => "Leave it out; link to the public page of the event.",
            Kind::Employee => "Write 'the web team' or 'one of our engineers'.",
            Kind::Vendor => "Write 'a supplier of ours'.",
            Kind::CodeName => "Name the service as its users do.",
        }
    }
}

/// Something found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// What it is.
    pub kind: Kind,
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset after its last one.
    pub end: usize,
}

impl Leak {
    fn at(kind: Kind, range: Range<usize>) -> Leak {
        Leak {
            kind,
            start: range.start,
            end: range.end,
        }
    }
}

/// More leaks than anybody goes through one by one.
const MOST: usize = 500;

/// Everything in a text that readers of `level` may not see, in order. What overlaps is one leak, but for secrets and IP addresses in links.
pub fn leaks(text: &str, level: Level, known: &Known) -> Vec<Leak> {
    let words = words(text);
    let pieces = pieces::pieces(text);
    let mut found = Vec::new();
    // What stands in a public address or a mail address is no leak of its own.
    let mut hidden: Vec<Range<usize>> = Vec::new();
    traces::traces(text, &mut found);
    secrets::secrets(text, &words, &mut found);
    hosts::addresses(text, known, &mut found, &mut hidden);
    mailboxes::mails(text, known, &mut found, &mut hidden);
    addresses::addresses(text, &pieces, &words, &mut found);
    paths::paths(text, &mut found);
    hosts::hosts(text, &pieces, known, &mut found);
    coined::coined(&pieces, known, &mut found);
    versions::versions(text, &words, &mut found);
    tickets::tickets(text, &words, &mut found);
    spoken::spoken(&words, &mut found);
    said::said(text, &pieces, &words, known, &mut found);
    people::people(text, &words, &mut found);
    names::names(text, &words, known, &mut found);
    cued::cued(text, &pieces, &mut found);
    disguised::disguised(text, &mut found);
    codes::codes(text, &pieces, known, &mut found);
    found.retain(|leak| {
        let theirs = leak.kind == Kind::Version && theirs::is_readers_own(text, &words, leak.start);
        !leak.kind.is_open_to(level)
            && leak.start < leak.end
            && !theirs
            && !known.allows(&text[leak.start..leak.end])
            && !known.allows_within(text, leak)
    });
    let mut merged = merged(found, hidden);
    merged.truncate(MOST);
    merged
}

/// Where the number of a ticket ends that a text begins with, whatever it is called: "Ticket 48213", "MI-2026-031".
pub(crate) fn begins_with_ticket(text: &str) -> Option<usize> {
    let words = words(text);
    let mut found = Vec::new();
    tickets::tickets(text, &words, &mut found);
    let first = found.first()?;
    let cues = words
        .iter()
        .take_while(|word| word.start < first.start)
        .count();
    (cues < 2 && first.start <= words.first().map_or(0, |w| w.end) + 2).then_some(first.end)
}

/// The first machine that a text names, whoever may read of it.
pub(crate) fn first_machine(text: &str) -> Option<Range<usize>> {
    let mut found = Vec::new();
    hosts::hosts(text, &pieces::pieces(text), &Known::default(), &mut found);
    found.first().map(|leak| leak.start..leak.end)
}

/// The places where suppliers are named.
pub(crate) fn vendors(text: &str, known: &Known) -> Vec<Range<usize>> {
    if known.vendors.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let words = words(text);
    people::people(text, &words, &mut found);
    names::names(text, &words, known, &mut found);
    let vendors = found.into_iter().filter(|leak| leak.kind == Kind::Vendor);
    vendors.map(|leak| leak.start..leak.end).collect()
}

/// One finding for a place: the first kind of [`Kind::ALL`] stands for what overlaps it.
fn merged(mut found: Vec<Leak>, mut hidden: Vec<Range<usize>>) -> Vec<Leak> {
    hidden.sort_by_key(|range| range.start);
    let is_hidden = |leak: &Leak| {
        let after = hidden.partition_point(|range| range.start <= leak.start);
        after > 0 && hidden[after - 1].end >= leak.end
    };
    // A supplier's own address names the supplier.
    let names_all = |leak: &Leak| {
        leak.kind == Kind::Vendor
            && hidden
                .iter()
                .any(|h| (h.start, h.end) == (leak.start, leak.end))
    };
    found.retain(|leak| leak.kind == Kind::Secret || names_all(leak) || !is_hidden(leak));
    found.sort_by_key(|leak| (leak.start, leak.kind));
    let mut merged: Vec<Leak> = Vec::new();
    for leak in found {
        match merged.last_mut() {
            Some(last) if leak.start < last.end => {
                // A secret or an IP address within a link is told besides; what else is inside is the same leak.
                let besides = leak.kind == Kind::IpAddress && last.kind == Kind::InternalUrl;
                if besides || (leak.kind == Kind::Secret && last.kind != Kind::Secret) {
                    merged.push(leak);
                } else if leak.kind < last.kind {
                    let end = last.end.max(leak.end);
                    *last = Leak {
                        end,
                        start: last.start,
                        ..leak
                    };
                } else {
                    last.end = last.end.max(leak.end);
                }
            }
            _ => merged.push(leak),
        }
    }
    merged
}

/// Reads why something goes out that its readers may not see (`privacy_override`): no part of what is said, so it is only checked
/// here.
pub(crate) fn read_override(fields: &mut Fields<'_>, problems: &mut Problems) {
    fields.optional("privacy_override", problems, prose(500));
}

#[cfg(test)]
mod tests;
