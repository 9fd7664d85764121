//! The tables, as steps from an empty database to today's.
//!
//! Portable types only (TEXT, BIGINT, BOOLEAN); instants are BIGINT milliseconds; ids come from the program.
//! Texts are compared byte by byte on both databases, whatever the server's language: cursors and ranges depend on it.
//! A step that has been released is never edited: a change is a new step.

use crate::db::{Db, args};
use crate::error::{Result, StoreError};

/// Each step is a list of statements run in one transaction.
const STEPS: &[&[&str]] = &[&[
    // One row per setting of this installation, such as which zone data it reckons with.
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    // Organisation, services, audiences, policies, templates as their documents.
    "CREATE TABLE documents (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, position BIGINT NOT NULL,
        updated_at BIGINT NOT NULL, PRIMARY KEY (kind, id))",
    // Organisation, role and tags stand beside the body in lower case, for rules.
    "CREATE TABLE contacts (id TEXT PRIMARY KEY, body TEXT NOT NULL, organisation TEXT, role TEXT)",
    "CREATE INDEX contacts_organisation ON contacts (organisation)",
    "CREATE TABLE tags (contact TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (contact, tag))",
    "CREATE TABLE endpoints (id TEXT PRIMARY KEY, contact TEXT NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
        body TEXT NOT NULL, name TEXT, language TEXT, time_zone TEXT, state TEXT NOT NULL, reason TEXT)",
    "CREATE INDEX endpoints_contact ON endpoints (contact)",
    "CREATE INDEX endpoints_address ON endpoints (address)",
    "CREATE TABLE members (audience TEXT NOT NULL, contact TEXT NOT NULL, by_rule BOOLEAN NOT NULL DEFAULT FALSE,
        PRIMARY KEY (audience, contact))",
    "CREATE INDEX members_contact ON members (contact)",
    // Services that a contact chose to hear of; no row means all.
    "CREATE TABLE choices (contact TEXT NOT NULL, service TEXT NOT NULL, PRIMARY KEY (contact, service))",
    // Kinds of event that a contact chose to hear of; no row means all.
    "CREATE TABLE kinds (contact TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (contact, kind))",
    // Who asked to be told. The nonce makes the link in their mail work until it is used or expires.
    "CREATE TABLE subscriptions (contact TEXT PRIMARY KEY, email TEXT NOT NULL, state TEXT NOT NULL, choices TEXT NOT NULL,
        nonce TEXT, expires BIGINT, created_at BIGINT NOT NULL, confirmed_at BIGINT)",
    "CREATE INDEX subscriptions_pending ON subscriptions (expires) WHERE state = 'pending'",
    // Who does not want a kind of message: audience '*' means nothing at all.
    "CREATE TABLE suppressions (endpoint TEXT NOT NULL, audience TEXT NOT NULL, reason TEXT NOT NULL,
        at BIGINT NOT NULL, PRIMARY KEY (endpoint, audience))",
    "CREATE TABLE events (id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, sequence BIGINT NOT NULL,
        body TEXT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT, is_open BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL)",
    "CREATE INDEX events_updated ON events (updated_at)",
    "CREATE INDEX events_created ON events (created_at, id)",
    // The outbox: one row per notice, planned or sent.
    "CREATE TABLE notices (id TEXT PRIMARY KEY, event TEXT NOT NULL, event_kind TEXT NOT NULL, revision BIGINT NOT NULL,
        milestone TEXT NOT NULL, place TEXT, audience TEXT NOT NULL, level BIGINT NOT NULL, channels TEXT NOT NULL,
        due BIGINT NOT NULL, due_local TEXT NOT NULL, because TEXT NOT NULL, stands_for TEXT NOT NULL, tells TEXT NOT NULL,
        status TEXT NOT NULL, held BOOLEAN NOT NULL, lane BIGINT NOT NULL, slot TEXT NOT NULL, expires BIGINT NOT NULL,
        content TEXT, ordinal BIGINT NOT NULL, cursor TEXT, moved_to BIGINT, sent_at BIGINT, bundle TEXT)",
    "CREATE INDEX notices_bundle ON notices (bundle) WHERE bundle IS NOT NULL",
    // Messages that wait until all that they tell of is expanded.
    "CREATE TABLE bundles (id TEXT PRIMARY KEY, audience TEXT NOT NULL, released TEXT NOT NULL)",
    "CREATE INDEX notices_due ON notices (due) WHERE status = 'planned'",
    "CREATE INDEX notices_sending ON notices (status) WHERE status = 'sending'",
    "CREATE INDEX notices_event ON notices (event)",
    "CREATE INDEX notices_slot ON notices (slot)",
    "CREATE INDEX notices_subscription ON notices (due) WHERE event_kind = 'subscription'",
    // With what came of the latest attempt; most need only one.
    "CREATE TABLE deliveries (id TEXT PRIMARY KEY, notice TEXT NOT NULL, event TEXT NOT NULL, endpoint TEXT NOT NULL,
        contact TEXT NOT NULL, channel TEXT NOT NULL, level BIGINT NOT NULL, ordinal BIGINT NOT NULL, lane BIGINT NOT NULL,
        status TEXT NOT NULL, attempt BIGINT NOT NULL, next_at BIGINT NOT NULL, expires BIGINT NOT NULL, owner TEXT,
        updated_at BIGINT NOT NULL, reason TEXT, started_at BIGINT, ended_at BIGINT, outcome TEXT, server_said TEXT,
        bundle TEXT)",
    "CREATE INDEX deliveries_bundle ON deliveries (bundle, endpoint, id) WHERE bundle IS NOT NULL",
    "CREATE INDEX deliveries_queue ON deliveries (lane, next_at) WHERE status = 'queued'",
    // Who else goes to the same endpoint about the same event; the contact comes first because parts are ranges of contacts.
    "CREATE INDEX deliveries_event ON deliveries (event, contact, endpoint, ordinal)",
    "CREATE INDEX deliveries_attempting ON deliveries (owner) WHERE status = 'attempting'",
    "CREATE INDEX deliveries_notice ON deliveries (notice, status)",
    // The attempts before the latest.
    "CREATE TABLE attempts (delivery TEXT NOT NULL, number BIGINT NOT NULL, started_at BIGINT NOT NULL,
        ended_at BIGINT NOT NULL, outcome TEXT NOT NULL, server_said TEXT NOT NULL, PRIMARY KEY (delivery, number))",
    "CREATE TABLE journal (seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
        subject TEXT NOT NULL, detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE INDEX journal_subject ON journal (subject, seq)",
    "CREATE TABLE journal_head (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL)",
    "INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '')",
    "CREATE TABLE idempotency (caller TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, status BIGINT NOT NULL,
        body TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (caller, key))",
    "CREATE INDEX idempotency_created ON idempotency (created_at)",
    "CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, role TEXT NOT NULL,
        created_at BIGINT NOT NULL)",
    "CREATE TABLE sessions (hash TEXT PRIMARY KEY, user_id TEXT NOT NULL, created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL)",
    "CREATE TABLE tokens (hash TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, created_at BIGINT NOT NULL,
        expires_at BIGINT)",
    // Which processes are alive: an attempt of one that is not is taken back.
    "CREATE TABLE nodes (id TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)",
],
&[
    // How often a document was changed since it was made: calendars know an entry's newest version by it.
    "ALTER TABLE documents ADD COLUMN changes BIGINT NOT NULL DEFAULT 0",
    // Windows that come round are looked for every minute, among all events there ever were.
    "CREATE INDEX events_ahead ON events (kind, starts_at)",
],
&[
    // Who agreed with which version of a service's outage plan.
    "CREATE TABLE sign_offs (service TEXT NOT NULL, stakeholder TEXT NOT NULL, version TEXT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (service, stakeholder))",
],
&[
    // Incidents that alerts ask for and nobody has declared yet. They stand apart from events: nothing public reads here.
    "CREATE TABLE drafts (id TEXT PRIMARY KEY, status TEXT NOT NULL, body TEXT NOT NULL, opened_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL)",
    "CREATE INDEX drafts_waiting ON drafts (opened_at) WHERE status = 'draft'",
    "CREATE INDEX drafts_opened ON drafts (opened_at, id)",
    // An alert belongs to a draft or incident, and to the next one when it fires anew.
    "CREATE TABLE alerts (hook TEXT NOT NULL, key TEXT NOT NULL, incident TEXT NOT NULL, source_group TEXT NOT NULL,
        firing BOOLEAN NOT NULL, body TEXT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (hook, key, incident))",
    "CREATE INDEX alerts_incident ON alerts (incident)",
    // Requests that were taken: a repeated one has no second effect.
    "CREATE TABLE hook_requests (hook TEXT NOT NULL, request TEXT NOT NULL, at BIGINT NOT NULL, answer TEXT NOT NULL,
        PRIMARY KEY (hook, request))",
    "CREATE INDEX hook_requests_at ON hook_requests (at)",
    // Maintenance by providers, by their own ids, and what was told of it last.
    "CREATE TABLE upstream (provider TEXT NOT NULL, maintenance TEXT NOT NULL, event TEXT NOT NULL, sequence BIGINT NOT NULL,
        stamp BIGINT, body TEXT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (provider, maintenance))",
],
&[
    // When a phone is not to ring for what can wait: `22:00-07:00`.
    "ALTER TABLE endpoints ADD COLUMN quiet TEXT",
    // When a notice's text must be with those who carry it on.
    "ALTER TABLE notices ADD COLUMN copy_due BIGINT",
    // The same for all deliveries to a mailbox or phone that several contacts have; without a value only one has it.
    "ALTER TABLE deliveries ADD COLUMN shared TEXT",
    "CREATE INDEX deliveries_shared ON deliveries (event, shared) WHERE shared IS NOT NULL",
],
&[
    // What engineers write down; nothing that sends reads it.
    "CREATE TABLE notes (event TEXT NOT NULL, number BIGINT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
        at BIGINT NOT NULL, PRIMARY KEY (event, number))",
    // Who is writing an update just now.
    "CREATE TABLE writing (event TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL, since BIGINT NOT NULL,
        saved_at BIGINT NOT NULL, PRIMARY KEY (event, author))",
],
&[
    // The best that was heard of a message after it was taken: `delivered`, or `failed` with why.
    "CREATE TABLE receipts (delivery TEXT PRIMARY KEY, status TEXT NOT NULL, said TEXT NOT NULL, at BIGINT NOT NULL)",
    // That somebody has read a notice; no endpoint where they said so without a message.
    "CREATE TABLE acknowledgements (event TEXT NOT NULL, notice TEXT NOT NULL, endpoint TEXT NOT NULL, who TEXT NOT NULL,
        at BIGINT NOT NULL, PRIMARY KEY (notice, endpoint))",
    "CREATE INDEX acknowledgements_event ON acknowledgements (event, at)",
    // Who was added to one event; no endpoint means all of the contact's.
    "CREATE TABLE added (event TEXT NOT NULL, contact TEXT NOT NULL, endpoint TEXT NOT NULL, level BIGINT NOT NULL,
        added_by TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (event, contact, endpoint))",
    "CREATE INDEX added_contact ON added (contact)",
],
&[
    // How they said so: `link`, `key`; nothing where an operator noted it.
    "ALTER TABLE acknowledgements ADD COLUMN how TEXT",
    "CREATE INDEX deliveries_phone ON deliveries (endpoint, updated_at) WHERE channel IN ('sms', 'voice')",
],
&[
    // Every version of what is explained after an incident; the newest is the draft, or what was published.
    "CREATE TABLE postmortems (event TEXT NOT NULL, version BIGINT NOT NULL, author TEXT NOT NULL, body TEXT NOT NULL,
        at BIGINT NOT NULL, published_at BIGINT, PRIMARY KEY (event, version))",
    // Who agreed with which text of it last.
    "CREATE TABLE postmortem_approvals (event TEXT NOT NULL, reviewer TEXT NOT NULL, hash TEXT NOT NULL,
        recorded_by TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (event, reviewer))",
    // What changes after incidents, of all of them together; numbers are from 1 within each.
    "CREATE TABLE actions (event TEXT NOT NULL, number BIGINT NOT NULL, what TEXT NOT NULL, owner TEXT NOT NULL, due TEXT,
        done_at BIGINT, done_by TEXT, PRIMARY KEY (event, number))",
    "CREATE INDEX actions_open ON actions (due) WHERE done_at IS NULL",
    "CREATE INDEX actions_done ON actions (done_at) WHERE done_at IS NOT NULL",
],
&[
    // What the feeds of on-call tools held when they were last read, and when somebody last tried.
    "CREATE TABLE rota_feeds (rota TEXT PRIMARY KEY, url TEXT NOT NULL, shifts TEXT NOT NULL, tried_at BIGINT NOT NULL,
        read_at BIGINT, problem TEXT)",
],
&[
    // What people of ours are reminded of is looked at every few seconds, among all events there ever were.
    "CREATE INDEX events_reminders ON events (id) WHERE kind = 'reminder' AND is_open",
],
&[
    // A telephone subscribes as a mailbox does.
    "ALTER TABLE subscriptions RENAME COLUMN email TO address",
    "ALTER TABLE subscriptions ADD COLUMN channel TEXT NOT NULL DEFAULT 'email'",
    // How many text messages with codes left on a day: to one subscriber, and to all of them where that is empty; and how many codes
    // were tried since the last. Days that are over are deleted.
    "CREATE TABLE codes (day TEXT NOT NULL, subscriber TEXT NOT NULL, sent BIGINT NOT NULL, tries BIGINT NOT NULL,
        PRIMARY KEY (day, subscriber))",
    // The key that completes links and codes stands apart from what it completes.
    "DELETE FROM settings WHERE key = 'key'",
],
&[
    // Who agreed to which words of an event's notices. The hash is of the words, so that a later edit finds no approval.
    "CREATE TABLE approvals (event TEXT NOT NULL, hash TEXT NOT NULL, role TEXT NOT NULL, notice TEXT NOT NULL,
        approved_by TEXT NOT NULL, at BIGINT NOT NULL, reason TEXT, PRIMARY KEY (event, hash, role))",
    // What was approved, with the templates it is made from, of notices that began.
    "CREATE TABLE wordings (notice TEXT PRIMARY KEY, hash TEXT NOT NULL, body TEXT NOT NULL)",
],
&[
    // Every text that a template ever had; without one, it was taken away. `restored` is the version whose text it has again.
    "CREATE TABLE template_versions (template TEXT NOT NULL, version BIGINT NOT NULL, author TEXT NOT NULL, body TEXT,
        restored BIGINT, at BIGINT NOT NULL, PRIMARY KEY (template, version))",
    "INSERT INTO template_versions (template, version, author, body, at)
        SELECT id, 1, '', body, updated_at FROM documents WHERE kind = 'templates'",
    // Help with a text: who asked, what was said and suggested. Nothing that sends reads it.
    "CREATE TABLE editing (id TEXT PRIMARY KEY, event TEXT NOT NULL, status TEXT NOT NULL, sequence BIGINT NOT NULL, body TEXT NOT NULL,
        asked_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)",
    "CREATE INDEX editing_waiting ON editing (asked_at) WHERE status IN ('asked', 'answered')",
    "CREATE INDEX editing_event ON editing (event, asked_at)",
    // What was typed for an event, as it was from time to time, and what took its place.
    "CREATE TABLE versions (event TEXT NOT NULL, number BIGINT NOT NULL, author TEXT NOT NULL, origin TEXT NOT NULL, text TEXT NOT NULL,
        begun_at BIGINT NOT NULL, saved_at BIGINT NOT NULL, PRIMARY KEY (event, number))",
],
&[
    // Mailboxes that differ in the case of their letters only are one, as `same_place` says.
    "DROP INDEX endpoints_address",
    "CREATE INDEX endpoints_place ON endpoints ((CASE channel WHEN 'email' THEN lower(address) ELSE address END))",
    // Whoever gets it has people of their own to tell, by whichever of their audiences it comes.
    "ALTER TABLE deliveries ADD COLUMN forward BOOLEAN NOT NULL DEFAULT FALSE",
],
&[
    // A message by a way to fall back on, and what makes it needless: that another was `delivered`, or its reader `confirmed` it.
    "ALTER TABLE deliveries ADD COLUMN waits TEXT",
    "CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE waits IS NOT NULL",
],
&[
    // Who takes only so much in a while, and when they may be sent to next, in microseconds (`crate::paces`).
    "CREATE TABLE paces (id TEXT PRIMARY KEY, free_at BIGINT NOT NULL, queue_at BIGINT NOT NULL)",
],
&[
    // Where a message stands among those to an endpoint that wants them one after the other, and whether others stand before it
    // (`crate::order`).
    "ALTER TABLE deliveries ADD COLUMN place BIGINT",
    "ALTER TABLE deliveries ADD COLUMN behind BOOLEAN NOT NULL DEFAULT FALSE",
    "CREATE INDEX deliveries_line ON deliveries (endpoint, place) WHERE place IS NOT NULL AND status IN ('queued', 'attempting')",
    "CREATE INDEX deliveries_behind ON deliveries (endpoint) WHERE behind AND status = 'queued'",
],
&[
    // Endpoints that want their messages one after the other: asked for whenever messages are made, and there is mostly none.
    "CREATE INDEX endpoints_ordered ON endpoints (contact) WHERE channel = 'webhook' AND body LIKE '%\"ordered\":true%'",
],
&[
    // What opens private pages to a contact, by the hash of a token: a `link` once, a `session`, and a `feed`, whose token follows from
    // its nonce and the installation's key (`crate::page_readers`).
    "CREATE TABLE page_keys (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, contact TEXT NOT NULL, nonce TEXT, expires_at BIGINT)",
    "CREATE INDEX page_keys_contact ON page_keys (contact)",
    "CREATE INDEX page_keys_end ON page_keys (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE UNIQUE INDEX page_keys_feed ON page_keys (contact) WHERE kind = 'feed'",
],
&[
    // How fast whoever is started slowly is sent to, in tenths of a message a second; how long gates were held last, and until when
    // they are for what is urgent, in microseconds (`crate::gates`).
    "ALTER TABLE paces ADD COLUMN tempo BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE paces ADD COLUMN lasts BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE paces ADD COLUMN urgent_until BIGINT NOT NULL DEFAULT 0",
    // How many gates of whoever takes only so many at once are held by whom. Of running processes, and so in no copy.
    "CREATE TABLE gates (pace TEXT NOT NULL, node TEXT NOT NULL, lane BIGINT NOT NULL, held BIGINT NOT NULL, PRIMARY KEY (pace, node, lane))",
],
&[
    // What ids of deliveries begin with from a contact on, up to the next that is here, and what those to an endpoint do (`crate::blocks`).
    "CREATE TABLE blocks (contact TEXT PRIMARY KEY, block TEXT NOT NULL)",
    "ALTER TABLE endpoints ADD COLUMN block TEXT",
]];

/// Every table that a copy holds, with its key.
pub(crate) const TABLES: &[(&str, &str)] = &[
    ("settings", "key"),
    ("documents", "kind, id"),
    ("contacts", "id"),
    ("blocks", "contact"),
    ("endpoints", "id"),
    ("members", "audience, contact"),
    ("tags", "contact, tag"),
    ("choices", "contact, service"),
    ("kinds", "contact, kind"),
    ("subscriptions", "contact"),
    ("codes", "day, subscriber"),
    ("suppressions", "endpoint, audience"),
    ("events", "id"),
    ("notices", "id"),
    ("bundles", "id"),
    ("deliveries", "id"),
    ("attempts", "delivery, number"),
    ("receipts", "delivery"),
    ("acknowledgements", "notice, endpoint"),
    ("journal", "seq"),
    ("journal_head", "id"),
    ("idempotency", "caller, key"),
    ("notes", "event, number"),
    ("writing", "event, author"),
    ("added", "event, contact, endpoint"),
    ("users", "id"),
    ("sessions", "hash"),
    ("tokens", "hash"),
    ("sign_offs", "service, stakeholder"),
    ("drafts", "id"),
    ("alerts", "hook, key, incident"),
    ("hook_requests", "hook, request"),
    ("upstream", "provider, maintenance"),
    ("postmortems", "event, version"),
    ("postmortem_approvals", "event, reviewer"),
    ("actions", "event, number"),
    ("rota_feeds", "rota"),
    ("approvals", "event, hash, role"),
    ("wordings", "notice"),
    ("template_versions", "template, version"),
    ("editing", "id"),
    ("versions", "event, number"),
    ("paces", "id"),
    ("page_keys", "hash"),
];

/// Today's version: the number of steps.
pub const VERSION: i64 = STEPS.len() as i64;

/// Brings the database to today's tables.
///
/// # Errors
/// A database that a newer program has been at is refused.
pub(crate) async fn migrate(db: &Db) -> Result<()> {
    let mut tx = db.write().await?;
    if let crate::db::Tx::Postgres(_) = tx {
        // Two nodes may start at once; the second waits here and finds the work done.
        tx.execute("SELECT pg_advisory_xact_lock(4605513)", args![])
            .await?;
    }
    tx.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)",
        args![],
    )
    .await?;
    let found = match tx
        .row("SELECT MAX(version) FROM schema_version", args![])
        .await?
    {
        Some(row) => row.maybe_int(0)?.unwrap_or(0),
        None => 0,
    };
    if found > VERSION {
        return Err(StoreError::Corrupt(format!(
            "it was last used by a newer Forewarn (its tables are at version {found}, this program knows {VERSION}); \
             run that version or a newer one"
        )));
    }
    for (n, step) in STEPS
        .iter()
        .enumerate()
        .skip(usize::try_from(found).unwrap_or(0))
    {
        for statement in *step {
            let bytewise = statement.replace(" TEXT", " TEXT COLLATE \"C\"");
            let statement = tx.either(statement, &bytewise).to_owned();
            tx.execute(&statement, args![]).await?;
        }
        tx.execute(
            "INSERT INTO schema_version (version) VALUES ($1)",
            args![n as i64 + 1],
        )
        .await?;
    }
    tx.commit().await
}
