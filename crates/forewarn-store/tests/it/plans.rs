//! How the hot statements find their rows: never by reading a large table from end to end.
//!
//! SQLite is asked for the plan of every statement that the store ran. PostgreSQL counts the reads from end to end itself.

use crate::around::{added, mailbox, quiet};
use crate::database::{Database, Kind, run, run_alone};
use crate::samples::*;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, EmailAddress};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::message::Content;
use forewarn_core::plan::Changes;
use forewarn_core::subscription::{Address, Choices, Request, content};
use forewarn_store::{
    Acknowledgement, Beside, CodeLimits, DeliveryFilter, Entry, Lane, Location, NewKeys,
    NoticeFilter, Proof, Published, Recipients, Shown, Store, Whom,
};
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqliteConnection};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};

/// Everything that happens while notices are sent.
async fn a_busy_hour(store: &Store) {
    let event = maintenance("MNT-1");
    store
        .import_contacts(&contacts(0..30, "students"), "ann", at(0))
        .await
        .unwrap();
    send_out(store, &event, 0, vec![notice("n1", "announcement", 1)], 1).await;
    let claimed = store.claim(Lane::Planned, "gone", at(1), 10).await.unwrap();
    let outcomes = claimed.iter().enumerate().take(8).map(|(n, c)| match n {
        0..4 => refused(c, at(1), 3),
        4 => gone(c, at(1)),
        _ => accepted(c, at(1)),
    });
    store
        .record("gone", &outcomes.collect::<Vec<_>>())
        .await
        .unwrap();
    send_out(store, &event, 1, vec![notice("n2", "reminder", 2)], 2).await;
    store.beat("me", at(2)).await.unwrap();
    store.take_back("me", at(2), at(2)).await.unwrap();
    store.claim(Lane::Planned, "me", at(2), 10).await.unwrap();
    store.give_back(Lane::Planned, "me", at(2)).await.unwrap();
    store.remove_contact("c000000", "ann", at(2)).await.unwrap();
    store.claim(Lane::Planned, "me", at(2), 200).await.unwrap();
    for lane in Lane::ALL {
        store.due_notices(lane, at(3), 64).await.unwrap();
        store.next_due(lane).await.unwrap();
        store.close_ranks(at(3)).await.unwrap();
        store.unexpanded(lane).await.unwrap();
    }
    let warned = incident("INC-1");
    send_out(
        store,
        &warned,
        0,
        vec![notice("w", "promise_warning", 1)],
        3,
    )
    .await;
    let published = Published {
        event: &warned,
        expected: 1,
        changes: &Changes::default(),
        occasion: &Occasion {
            update: Some(1),
            ..Occasion::default()
        },
        awaiting: &BTreeSet::new(),
        entries: &[],
        plan: None,
        answer: None,
    };
    store.publish(published, at(3)).await.unwrap();
    let hook = hook("prom");
    for (request, fires) in [("1", true), ("2", true), ("3", false)] {
        store
            .take_alerts(alerts(&hook, request, fires), at(3))
            .await
            .unwrap();
    }
    store.take_request("prom", "one", at(4)).await.unwrap();
    store.drafts(true, 20).await.unwrap();
    store.alerts("INC-1").await.unwrap();
    people_are_added(store, &warned).await;
    store.finish_notices(at(3)).await.unwrap();
    store.notice("n2").await.unwrap();
    store.notice_content("n2").await.unwrap();
    let of_event = NoticeFilter {
        event: Some("MNT-1".into()),
        ..NoticeFilter::default()
    };
    store.notices(&of_event, 20).await.unwrap();
    let page = |notice: Option<&str>| DeliveryFilter {
        notice: notice.map(str::to_owned),
        ..DeliveryFilter::default()
    };
    store.deliveries(&page(Some("n2")), 100).await.unwrap();
    store.deliveries(&page(None), 100).await.unwrap();
    store
        .append_journal(&[Entry::new("ann", "x", "MNT-1")], at(3))
        .await
        .unwrap();
    store.journal(Some("MNT-1"), Some(50), 20).await.unwrap();
    store.contacts(Some("c000003"), 10).await.unwrap();
    store.planned("MNT-1").await.unwrap();
    store.take_key("ann", "k", "r", at(3)).await.unwrap();
    store.open_reminders().await.unwrap();
    store.explained().await.unwrap();
    a_telephone_is_subscribed(store).await;
}

/// Anybody can ask for that, as often as they like.
async fn a_telephone_is_subscribed(store: &Store) {
    let address = Address::parse(Channel::Sms, "+14155550100").unwrap();
    let request = Request {
        address: address.clone(),
        choices: Choices::default(),
    };
    let limits = CodeLimits {
        day: "2026-11-22",
        daily_cap: 9,
        allowed: true,
    };
    let proof = Proof::Code {
        print: "print",
        limits,
    };
    let made = |id, state| content(id, state, "Us", "https://us.test/s/x.y".into(), at(3));
    let asked = store.ask_to_subscribe(&request, "nonce", proof, made, at(3));
    asked.await.unwrap();
    let confirmed = store.confirm_by_code(&address, "print", "next", limits.day, at(4));
    assert!(confirmed.await.unwrap().is_some());
    store.stop_number("+14155550100", at(5)).await.unwrap();
    a_private_page_is_read(store).await;
}

/// Anybody can ask for that too.
async fn a_private_page_is_read(store: &Store) {
    let with_page =
        "audiences: [{id: students, name: Students, level: technical, private_page: yes}]";
    let documents = documents(with_page);
    store.apply(&documents, "ann", at(5), false).await.unwrap();
    let address = EmailAddress::parse("c000003@example.org").unwrap();
    let made = |_: &_, contact| Content::apart(contact, "subscription", "sign_in", "Us", at(5));
    let asked = store.ask_to_read("students", &address, "n", made, at(5));
    asked.await.unwrap();
    let keys = NewKeys {
        session: "session",
        until: at(60),
        feed: ("nonce", "feed"),
    };
    let entered = store.come_in("students", ("c000003", "n"), keys, at(6));
    assert!(entered.await.unwrap());
    let reader = store.page_reader("students", Shown::Session("session"), at(7));
    let reader = reader.await.unwrap().expect("a reader");
    store.move_feeds(&reader, ("other", "moved")).await.unwrap();
    store.stop_reading("session").await.unwrap();
}

/// What happens around an incident.
async fn people_are_added(store: &Store, event: &Event) {
    let press = added(
        "INC-1",
        Whom::Address(mailbox("press@example.org")),
        Level::Technical,
    );
    let ack = Acknowledgement {
        event: "INC-1".into(),
        notice: "w".into(),
        endpoint: "e".into(),
        who: "kim".into(),
        at: at(3),
    };
    let beside = [
        press,
        Beside::Acknowledged(ack),
        Beside::CarriedOver("INC-1".into(), "INC-2".into()),
    ];
    let told = to("added-technical", notice("a", "update", 3));
    let changes = adding(vec![forewarn_core::plan::Notice {
        level: Level::Technical,
        ..told
    }]);
    store
        .publish_together(&[quiet(event, 2, &changes)], &beside, at(3))
        .await
        .unwrap();
    begin(store, Lane::Urgent, at(3)).await;
    store.expand("a", &Recipients::Added, at(3)).await.unwrap();
    store.add_note("INC-1", "kim", "x", at(3)).await.unwrap();
    store.notes("INC-1").await.unwrap();
    store
        .save_writing("INC-1", "kim", "x", at(3))
        .await
        .unwrap();
    store.writing("INC-1", at(3)).await.unwrap();
    store.own_writing("INC-1", "kim", at(3)).await.unwrap();
    store.added("INC-1").await.unwrap();
    store.acknowledgements("INC-1").await.unwrap();
}

/// Keeps the texts of statements; `sqlx` tells them to whoever listens.
struct Listener(Arc<Mutex<BTreeSet<String>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        // The summary is the whole statement where that is short.
        if field.name() == "db.statement" && !value.is_empty()
            || field.name() == "summary" && self.0.is_empty()
        {
            value.trim().clone_into(&mut self.0);
        }
    }
}

impl tracing::Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        if let Ok(mut all) = self.0.lock() {
            all.insert(text.0);
        }
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// Steps that read something from end to end on purpose: values that we gave, rows of one part, and indexes that hold only what is open.
fn is_meant(step: &str) -> bool {
    step.contains("VIRTUAL TABLE")
        || step.contains("deliveries_attempting")
        || step.contains("notices_sending")
        || step.contains("drafts_waiting")
        || [
            "CONSTANT ROW",
            "g",
            "dead",
            "x",
            "documents",
            "nodes",
            "gates",
            "schema_version",
            "reached",
            "judged",
            "placed",
            "packed",
            "(subquery",
        ]
        .iter()
        .any(|t| {
            step.strip_prefix("SCAN ").is_some_and(|s| {
                s == *t || s.starts_with(&format!("{t} ")) || s.starts_with("(subquery")
            })
        })
}

#[test]
fn no_hot_statement_of_sqlite_reads_a_table_from_end_to_end() {
    static HEARD: Mutex<Option<Arc<Mutex<BTreeSet<String>>>>> = Mutex::new(None);
    let heard = Arc::new(Mutex::new(BTreeSet::new()));
    *HEARD.lock().unwrap() = Some(heard.clone());
    tracing::subscriber::set_global_default(Listener(heard))
        .expect("nobody else listens in this process");
    async fn test(db: Arc<Database>) {
        let heard = HEARD.lock().unwrap().clone().expect("it was set above");
        heard.lock().unwrap().clear();
        a_busy_hour(&db.store).await;
        let statements = heard.lock().unwrap().clone();
        let Location::File(path) = &db.location else {
            unreachable!("this is SQLite")
        };
        let mut connection = SqliteConnection::connect(&path.to_string_lossy())
            .await
            .unwrap();
        let (mut asked, mut problems) = (0, Vec::new());
        for sql in statements.iter().filter(|s| {
            ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
                .iter()
                .any(|v| s.starts_with(v))
        }) {
            // What SQLite does not understand is not the store's.
            let plan = connection
                .fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .await;
            let Ok(plan) = plan else { continue };
            asked += 1;
            for step in plan {
                let step: String = step.get("detail");
                if step.starts_with("SCAN") && !is_meant(&step) {
                    problems.push(format!("{step}\n    {sql}"));
                }
            }
        }
        assert!(
            asked > 50,
            "only {asked} of {} statements were asked for",
            statements.len()
        );
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
    run_alone(Kind::Sqlite, test);
}

#[test]
fn postgres_reads_no_large_table_from_end_to_end() {
    run(Kind::Postgres, |db: Arc<Database>| async move {
        many_deliveries(&db, 40_000).await;
        let reads = "SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables
            WHERE relname IN ('deliveries', 'endpoints', 'members', 'contacts', 'attempts', 'journal') ORDER BY 1";
        db.store.close().await;
        let before = db.texts(reads).await;
        // A connection tells its counts when it ends.
        let store = db.another_node().await;
        a_busy_hour(&store).await;
        store.close().await;
        assert_eq!(db.texts(reads).await, before);
    });
}

#[test]
fn postgres_compares_nobody_with_everybody_before_it_has_counted_them() {
    run(Kind::Postgres, |db: Arc<Database>| async move {
        many_deliveries(&db, 5_000).await;
        let reads =
            "SELECT CAST(sum(idx_tup_fetch + seq_tup_read) AS TEXT) FROM pg_stat_user_tables";
        db.store.close().await;
        let before: u64 = db.texts(reads).await[0].parse().unwrap();
        let store = db.another_node().await;
        store
            .import_contacts(&contacts(0..1_000, "students"), "ann", at(0))
            .await
            .unwrap();
        let notices = ["announcement", "reminder", "start"]
            .map(|m| notice(m, m, 1))
            .to_vec();
        send_out(&store, &maintenance("MNT-1"), 0, notices, 1).await;
        for minute in 0..5 {
            let claimed = store
                .claim(Lane::Planned, "me", at(minute), 200)
                .await
                .unwrap();
            let outcomes: Vec<_> = claimed.iter().map(|c| refused(c, at(minute), 0)).collect();
            store.record("me", &outcomes).await.unwrap();
            store.finish_notices(at(minute)).await.unwrap();
        }
        store.close().await;
        let after: u64 = db.texts(reads).await[0].parse().unwrap();
        // Each with each would be a million per notice.
        assert!(
            after - before < 300_000,
            "{} rows were read",
            after - before
        );
    });
}

/// Deliveries of old and of waiting notices, with all that belongs to them, put in past the store.
pub async fn many_deliveries(db: &Database, count: usize) {
    let numbers = match db.kind {
        Kind::Sqlite => format!(
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) "
        ),
        Kind::Postgres => format!("WITH s AS (SELECT n FROM generate_series(1, {count}) AS g(n)) "),
    };
    let (now, later) = (at(0).as_millisecond(), at(100_000).as_millisecond());
    for (table, values) in [
        ("contacts (id, body)", "'p' || n, '{}'".to_owned()),
        (
            "endpoints (id, contact, channel, address, body, state)",
            "'e' || n, 'p' || n, 'email', 'p' || n || '@example.org', '{}', 'active'".into(),
        ),
        ("members (audience, contact)", "'others', 'p' || n".into()),
        (
            "journal (seq, at, actor, action, subject, detail, previous, hash)",
            "n + 1000, 0, 'x', 'x', 's' || n, '{}', '', ''".into(),
        ),
        (
            "attempts (delivery, number, started_at, ended_at, outcome, server_said)",
            "'old.e' || n, 1, 0, 0, 'accepted', ''".into(),
        ),
        (
            "deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at, expires, updated_at)",
            format!(
                "'old.e' || n, 'old', 'MNT-0', 'e' || n, 'p' || n, 'email', 0, 1, 1, 'accepted', 1, {now}, {later}, {now}"
            ),
        ),
        (
            "deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at, expires, updated_at)",
            format!(
                "'slow.e' || n, 'slow', 'MNT-0', 'e' || n, 'p' || n, 'email', 0, 2, 1, 'queued', 1, {later}, {later}, {now}"
            ),
        ),
    ] {
        let sql = format!("{numbers} INSERT INTO {table} SELECT {values} FROM s");
        db.sql(&sql).await;
    }
    db.sql(&format!("INSERT INTO notices (id, event, event_kind, revision, milestone, audience, level, channels, due, due_local, because,
        stands_for, tells, status, held, lane, slot, expires, content, ordinal)
        VALUES ('slow', 'MNT-0', 'maintenance', 1, 'x', 'others', 0, '[]', 0, '', '', '[]', '[]', 'sending', false, 1, 'slow', {later}, '{{}}', 2)")).await;
    if db.kind == Kind::Postgres {
        db.sql("ANALYZE").await;
    }
}
