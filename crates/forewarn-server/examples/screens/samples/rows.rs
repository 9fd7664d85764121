//! Rows that several screens show: notices, deliveries, the journal, a plan.

use super::{Samples, at};
use forewarn_core::audience::Level;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::problem::Problem;
use forewarn_server::console::{
    Attempt, BreachRow, Choice, Counts, DeliveryRow, JournalRow, NoticeRow, Plan, PlannedNotice,
    Reach, Team,
};
use forewarn_server::ops::copy::Copy;
use forewarn_store::Note;
use jiff::SignedDuration;

impl Samples {
    fn notice(
        &self,
        milestone: &str,
        offset: Option<&str>,
        status: &str,
        due: &str,
        counts: Counts,
    ) -> NoticeRow {
        NoticeRow {
            id: format!("n-{milestone}"),
            event: "MNT-1".into(),
            event_kind: "maintenance".into(),
            event_path: "/console/maintenances/MNT-1".into(),
            event_title: self.t("Student database upgrade"),
            milestone: milestone.into(),
            offset: offset.map(str::to_owned),
            audience: self.t("Students"),
            level: Level::NonTechnical,
            due: at(due),
            status: status.into(),
            because: self.t("5 business days before the start; 26 Nov is a holiday (Thanksgiving)"),
            copy_due: None,
            counts,
        }
    }

    pub(super) fn copy(&self) -> Copy {
        Copy {
            notice: "n-announcement".into(),
            event: "MNT-1".into(),
            milestone: "announcement".into(),
            audience: "bulletin".into(),
            due: at("2026-11-23T17:00:00Z"),
            copy_due: Some(at("2026-11-19T17:00:00Z")),
            settled: false,
            subject: self.t("Example University: Student portal maintenance, 30 November"),
            text: self.t("Planned maintenance will affect the Student portal on Monday, 30 November 2026.\n\nWhat to expect: You cannot sign in or register."),
            markdown: String::new(),
            html: String::new(),
        }
    }

    /// What stands around an incident.
    pub(super) fn team(&self) -> Team {
        let choice = |id: &str, name: &str| Choice {
            id: id.into(),
            name: self.t(name),
            group: None,
        };
        Team {
            version: 3,
            writing: vec![self.t("Kim Lee is writing an update, since 09:02 PST")],
            notes: vec![Note {
                number: 1,
                author: self.t("ann"),
                text: self.t("SECRET-NOTE The second disk of web3 reports errors too."),
                at: at("2026-11-23T17:05:00Z"),
            }],
            speaks: Some("sam@example.edu".into()),
            nobody_speaks: None,
            backups: vec!["kim@example.edu".into(), "lee@example.edu".into()],
            approvers: vec!["registrar@example.edu".into()],
            added: vec![self.t("press@example.org, non technical")],
            audiences: vec![choice("students", "Students"), choice("staff", "Staff")],
            others: vec![choice("INC-8", "INC-8 Mail is slow")],
            parts: vec![choice("INC-9", "Course sign-up fails")],
        }
    }

    pub(super) fn notices(&self) -> Vec<NoticeRow> {
        let sent = Counts {
            delivered: 10_412,
            accepted: 2_071,
            failed: 14,
            unknown: 3,
            suppressed: 88,
            ..Counts::default()
        };
        let going = Counts {
            queued: 8_410,
            accepted: 4_170,
            failed: 2,
            ..Counts::default()
        };
        vec![
            self.notice(
                "announcement",
                Some("5bd"),
                "sent",
                "2026-11-20T17:00:00Z",
                sent,
            ),
            self.notice(
                "reminder",
                Some("1bd"),
                "sending",
                "2026-11-23T17:20:00Z",
                going,
            ),
            self.notice(
                "final_reminder",
                Some("30min"),
                "planned",
                "2026-12-01T05:30:00Z",
                Counts::default(),
            ),
            self.notice(
                "start",
                None,
                "awaiting_approval",
                "2026-12-01T06:00:00Z",
                Counts::default(),
            ),
            self.notice(
                "progress",
                Some("50%"),
                "cancelled",
                "2026-12-01T08:00:00Z",
                Counts::default(),
            ),
        ]
    }

    pub(super) fn deliveries(&self) -> Vec<DeliveryRow> {
        let attempt = |time: &str, outcome: &str, said: &str| Attempt {
            at: at(time),
            outcome: outcome.into(),
            server_said: self.t(said),
        };
        let row = |status, attempts| DeliveryRow {
            id: "d-1".into(),
            notice: "n-announcement".into(),
            event: "MNT-1".into(),
            milestone: "announcement".into(),
            contact: self.t("Alice Example"),
            channel: "email".into(),
            endpoint: self.t("alice@example.edu"),
            status,
            next_attempt: (status == DeliveryStatus::Queued).then(|| at("2026-11-23T17:50:00Z")),
            attempts,
            message_id: "<0123456789abcdefghjk@status.example.edu>".into(),
        };
        vec![
            row(
                DeliveryStatus::Queued,
                vec![attempt(
                    "2026-11-23T17:20:00Z",
                    "transient_failure",
                    "451 4.7.1 Greylisted, try again in 5 minutes",
                )],
            ),
            row(
                DeliveryStatus::Delivered,
                vec![attempt(
                    "2026-11-23T17:20:02Z",
                    "accepted",
                    "250 2.0.0 Ok: queued as 4F1C2",
                )],
            ),
            row(
                DeliveryStatus::Failed,
                vec![
                    attempt("2026-11-23T17:20:00Z", "transient_failure", "421 busy"),
                    attempt(
                        "2026-11-23T17:20:09Z",
                        "permanent_failure",
                        "550 5.1.1 No such user here",
                    ),
                ],
            ),
            row(
                DeliveryStatus::Unknown,
                vec![attempt("2026-11-23T17:20:00Z", "unknown", "")],
            ),
            row(DeliveryStatus::Suppressed, vec![]),
        ]
    }

    pub(super) fn journal(&self) -> Vec<JournalRow> {
        let row = |number, time: &str, who: &str, what: &str, detail: Option<&str>| JournalRow {
            number,
            at: at(time),
            who: self.t(who),
            what: self.t(what),
            event: Some("MNT-1".into()),
            detail: detail.map(|d| self.t(d)),
        };
        vec![
            row(
                214,
                "2026-11-23T17:20:00Z",
                "engine",
                "The reminder to Students began to go out",
                Some("12,582 deliveries"),
            ),
            row(
                198,
                "2026-11-20T17:00:00Z",
                "engine",
                "The announcement to Students was sent",
                None,
            ),
            row(
                180,
                "2026-11-18T18:40:00Z",
                "registrar@example.edu",
                "Approved the maintenance",
                Some("Agreed at the change board on 12 November"),
            ),
            row(
                179,
                "2026-11-18T18:00:00Z",
                "sam@example.edu",
                "Planned the maintenance",
                None,
            ),
        ]
    }

    /// A plan with two audiences, a breach and a warning.
    pub fn plan(&self) -> Plan {
        let notice = |milestone: &str,
                      offset: Option<&str>,
                      audience: &str,
                      due: &str,
                      status: &str| PlannedNotice {
            milestone: milestone.into(),
            offset: offset.map(str::to_owned),
            stands_for: if milestone == "announcement" && audience == "On-call engineers" {
                vec!["5bd".into()]
            } else {
                vec![]
            },
            audience: self.t(audience),
            level: if audience == "Students" {
                Level::NonTechnical
            } else {
                Level::Technical
            },
            channels: vec!["email".into(), "sms".into()],
            due: at(due),
            because: self.t("1 business day before the start; 26 Nov is a holiday (Thanksgiving)"),
            status: status.into(),
        };
        let (s, e) = ("Students", "On-call engineers");
        Plan {
            window: Some((at("2026-12-01T06:00:00Z"), at("2026-12-01T10:00:00Z"))),
            inside_standard_window: Some(false),
            notices: vec![
                notice(
                    "announcement",
                    Some("5bd"),
                    s,
                    "2026-11-20T17:00:00Z",
                    "sent",
                ),
                notice("announcement", None, e, "2026-11-23T17:20:00Z", "sending"),
                notice(
                    "reminder",
                    Some("1bd"),
                    s,
                    "2026-11-27T17:00:00Z",
                    "planned",
                ),
                notice(
                    "reminder",
                    Some("1bd"),
                    e,
                    "2026-11-30T08:00:00Z",
                    "planned",
                ),
                notice(
                    "final_reminder",
                    Some("30min"),
                    s,
                    "2026-12-01T05:30:00Z",
                    "planned",
                ),
                notice(
                    "final_reminder",
                    Some("30min"),
                    e,
                    "2026-12-01T05:30:00Z",
                    "planned",
                ),
                notice("start", None, s, "2026-12-01T06:00:00Z", "planned"),
                notice("start", None, e, "2026-12-01T06:00:00Z", "planned"),
                notice(
                    "progress",
                    Some("50%"),
                    s,
                    "2026-12-01T08:00:00Z",
                    "planned",
                ),
                notice("completion", None, s, "2026-12-01T10:00:00Z", "planned"),
                notice("completion", None, e, "2026-12-01T10:00:00Z", "planned"),
            ],
            breaches: vec![BreachRow {
                audience: self.t(e),
                milestone: "announcement".into(),
                offset: "5bd".into(),
                late_by: SignedDuration::from_hours(33),
                earliest_compliant_start: at("2026-12-03T06:00:00Z"),
            }],
            reach: vec![
                Reach {
                    service: self.t("Student database"),
                    path: vec![self.t("Student database")],
                    audiences: vec![self.t(e)],
                },
                Reach {
                    service: self.t("Student portal"),
                    path: vec![self.t("Student database"), self.t("Student portal")],
                    audiences: vec![self.t(s)],
                },
            ],
            digests: vec![
                self.t("Students would hear of MNT-2 on the same day: one mail tells of all"),
            ],
            warnings: vec![Problem::new(
                "maintenance.end",
                self.t("The clocks change during the window"),
            )],
        }
    }
}
