//! `forewarn doctor`: what keeps this installation from telling people, before they need to be told.

use crate::exit::Exit;
use crate::keys::{self, Fit, Kind};
use crate::settings::Settings;
use crate::terminal::{self, Colour, Style, Table};
use clap::Args;
use forewarn_engine::channel::phone::{Account, Phones};
use forewarn_engine::channel::smtp::dkim::Signer;
use forewarn_engine::channel::smtp::{RelayUrl, Smtp};
use forewarn_store::{Clock, DeliveryFilter, NoticeFilter, Store, VERSION};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// A relay that is there greets within this time.
const RELAY_WITHIN: Duration = Duration::from_secs(10);
/// The journal may be a little ahead of a clock that was set back.
const CLOCK_MAY_DIFFER: SignedDuration = SignedDuration::from_secs(60);
/// Below this much free space the database may stop at a bad moment.
const LITTLE_SPACE_KILOBYTES: u64 = 512 * 1024;
/// The oldest day on which this program can run.
const BUILT_AFTER: &str = "2026-11-01T00:00:00Z";

/// Flags of `doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// As it should be.
    Ok,
    /// It works, but somebody should look at it.
    Warning,
    /// Forewarn cannot do its work.
    Failed,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    check: String,
    result: Health,
    detail: String,
}

impl Check {
    fn new(check: &str, result: Health, detail: impl Into<String>) -> Check {
        Check {
            check: check.to_owned(),
            result,
            detail: detail.into(),
        }
    }
}

/// Checks everything and prints a table.
///
/// # Errors
/// When standard output cannot be written; what is wrong with the installation is data.
pub async fn run(args: DoctorArgs, settings: Settings) -> anyhow::Result<ExitCode> {
    let now = Clock::System.now();
    let mut checks = vec![data_folder(&settings.data)];
    checks.extend(free_space(&settings.data));
    database(&settings, now, &mut checks).await;
    checks.extend(addresses(&settings));
    for relay in &settings.relays {
        checks.push(relay_answers(relay).await);
    }
    checks.extend(signatures(&settings));
    if let Some(account) = &settings.phones {
        checks.push(phones(account, settings.public_url.as_deref()).await);
    }
    if args.json {
        terminal::print_json(&checks)?;
    } else {
        terminal::print(&show(&checks, Colour::of_stdout()))?;
    }
    let worst = checks.iter().map(|c| c.result).max();
    Ok(match worst.unwrap_or(Health::Ok) {
        Health::Ok => Exit::Done,
        Health::Warning => Exit::Warned,
        Health::Failed => Exit::Refused,
    }
    .into())
}

/// What receivers need to check the signatures of mail, and whether they vouch for its sender. A relay may sign instead of us, so
/// nothing is said where there is no key.
fn signatures(settings: &Settings) -> Vec<Check> {
    let sender = settings.from.as_ref().map(|from| from.domain());
    let vouches = |domain: &str| {
        sender.is_none_or(|sender| sender == domain || sender.ends_with(&format!(".{domain}")))
    };
    let check = |signer: &Signer| {
        let (record, text) = signer.record();
        match vouches(signer.domain()) {
            true => Check::new(
                "mail signature",
                Health::Ok,
                format!("receivers check it by the TXT record {record} with the text {text}"),
            ),
            false => Check::new(
                "mail signature",
                Health::Warning,
                format!(
                    "{record} signs for {}, and mail comes from {}: receivers that ask for both to agree (DMARC) refuse it",
                    signer.domain(),
                    sender.unwrap_or_default()
                ),
            ),
        }
    };
    settings.signers.iter().map(check).collect()
}

/// Whether the provider of text messages and calls answers, and would be able to answer us.
async fn phones(account: &Account, public_url: Option<&str>) -> Check {
    let check = |health, detail| Check::new("text messages", health, detail);
    let from = account.from.join(", ");
    match Phones::new(account.clone()).check().await {
        Err(problem) => check(Health::Failed, problem),
        Ok(_) if public_url.is_none_or(|url| !url.starts_with("https://")) => check(
            Health::Warning,
            "the account is active; without an https address in FOREWARN_PUBLIC_URL the provider cannot say what arrived, \
             and calls cannot be confirmed".into(),
        ),
        Ok(said) => check(Health::Ok, format!("{said}, from {from}")),
    }
}

fn show(checks: &[Check], colour: Colour) -> String {
    let mut table = Table::new(&["check", "result", "detail"]);
    for check in checks {
        let (style, result) = match check.result {
            Health::Ok => (Style::Plain, "ok"),
            Health::Warning => (Style::Warning, "warning"),
            Health::Failed => (Style::Failure, "FAILED"),
        };
        let cells = [check.check.clone(), result.into(), check.detail.clone()];
        table.row(style, cells);
    }
    table.show(colour)
}

fn data_folder(folder: &Path) -> Check {
    let name = folder.display();
    if !folder.exists() {
        let detail = format!("{name} does not exist yet; `forewarn serve` makes it");
        return Check::new("data folder", Health::Warning, detail);
    }
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"doctor").and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => Check::new("data folder", Health::Ok, format!("{name} can be written")),
        Err(problem) => {
            let detail = format!("{name} cannot be written: {problem}");
            Check::new("data folder", Health::Failed, detail)
        }
    }
}

/// Free space by `df`, whose output POSIX lays down. Nothing where there is no `df`.
fn free_space(folder: &Path) -> Option<Check> {
    let output = std::process::Command::new("df")
        .arg("-Pk")
        .arg(folder)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kilobytes: u64 = text
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    let health = if kilobytes < LITTLE_SPACE_KILOBYTES {
        Health::Warning
    } else {
        Health::Ok
    };
    let detail = format!("{} MB free", kilobytes / 1024);
    Some(Check::new("disk space", health, detail))
}

async fn database(settings: &Settings, now: Timestamp, checks: &mut Vec<Check>) {
    if let Some(file) = settings.database_file().filter(|file| !file.exists()) {
        let detail = format!("{} does not exist yet", file.display());
        checks.push(Check::new("database", Health::Warning, detail));
        checks.push(clock(now, None));
        return;
    }
    let store = match Store::open(&settings.location).await {
        Ok(store) => store,
        Err(problem) => {
            checks.push(Check::new("database", Health::Failed, problem.to_string()));
            checks.push(clock(now, None));
            return;
        }
    };
    let mut newest = None;
    let store = match keys::reading(settings, store.clone()) {
        Ok(reading) => reading,
        // Said below.
        Err(_) => store,
    };
    match agreed(settings, &store).await {
        Ok(agreed) => checks.extend(agreed),
        Err(problem) => checks.push(Check::new("keys", Health::Failed, problem.to_string())),
    }
    if let Err(problem) = stored(&store, now, checks, &mut newest).await {
        checks.push(Check::new("database", Health::Failed, problem.to_string()));
    }
    checks.push(clock(now, newest));
    store.close().await;
}

/// Whether a key goes with the database.
async fn key(kind: Kind, settings: &Settings, store: &Store) -> forewarn_store::Result<Check> {
    let found = match kind.find(settings) {
        Ok(found) => found,
        Err(problem) => {
            let detail = problem.to_string();
            return Ok(Check::new(kind.name(), Health::Failed, detail));
        }
    };
    let fit = kind.fit(found.as_ref(), store).await?;
    let said = kind.advice(settings, &fit);
    let given = found.as_ref().is_some_and(|f| f.from == kind.variable());
    let open = !given && kind.is_open_to_others(&settings.data);
    let (health, detail) = match (&fit, found) {
        (Fit::Same, Some(found)) if open => (
            Health::Warning,
            format!("others than its owner can read {}: chmod 600", found.from),
        ),
        (Fit::Same, Some(found)) => (Health::Ok, format!("{said}, from {}", found.from)),
        (Fit::First, _) => (Health::Ok, said),
        _ => (Health::Failed, said),
    };
    Ok(Check::new(kind.name(), health, detail))
}

/// Which secrets stand in the database and can be read. None of them is shown.
async fn secrets(store: &Store) -> forewarn_store::Result<Check> {
    let found = store.secrets().await?;
    let (health, detail) = if !found.unreadable.is_empty() {
        let names = found.unreadable.join(", ");
        let detail = format!(
            "of these the secrets cannot be read, so that nothing is sent there or taken from there: {names}; put their key back, or apply \
             them again"
        );
        (Health::Failed, detail)
    } else if !found.clear.is_empty() {
        let names = found.clear.join(", ");
        let detail = format!("these have theirs in clear until a server starts: {names}");
        (Health::Warning, detail)
    } else {
        (
            Health::Ok,
            format!("{} have some, all sealed", found.sealed),
        )
    };
    Ok(Check::new("secrets", health, detail))
}

/// Whether what stands outside of the database goes with what stands in it: the keys, the provider of text messages.
async fn agreed(settings: &Settings, store: &Store) -> anyhow::Result<Vec<Check>> {
    let mut checks = Vec::new();
    for kind in Kind::ALL {
        checks.push(key(kind, settings, store).await?);
    }
    checks.push(secrets(store).await?);
    let organisation = store.catalogue().await?.organisation;
    if organisation.sms.is_some() && settings.phones.is_none() {
        let detail = "the organisation lets telephones be subscribed, but there is no provider of text messages: nobody is asked for a \
             number (set FOREWARN_TWILIO_SID and the others)";
        checks.push(Check::new("telephones", Health::Warning, detail));
    }
    Ok(checks)
}

async fn stored(
    store: &Store,
    now: Timestamp,
    checks: &mut Vec<Check>,
    newest: &mut Option<Timestamp>,
) -> forewarn_store::Result<()> {
    store.check().await?;
    let megabytes = store.size().await? / 1024 / 1024;
    let detail = format!(
        "{}, tables at version {VERSION}, {megabytes} MB",
        store.describe().await?
    );
    checks.push(match store.damage().await?.as_slice() {
        [] => Check::new("database", Health::Ok, detail),
        found => {
            let found = found.join("; ");
            let detail = format!("{detail}. The file is damaged: {found}. Restore a backup");
            Check::new("database", Health::Failed, detail)
        }
    });

    let verdict = store.verify_journal().await?;
    checks.push(match verdict.broken {
        None => {
            let detail = format!("whole, {} entries", verdict.entries);
            Check::new("journal", Health::Ok, detail)
        }
        Some((entry, how)) => {
            let detail = format!("broken: entry {entry} {how}");
            Check::new("journal", Health::Failed, detail)
        }
    });
    *newest = store.journal(None, None, 1).await?.first().map(|e| e.at);

    let waiting = NoticeFilter {
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    let waiting = store.notices(&waiting, 1_000).await?;
    let overdue = waiting.iter().filter(|notice| notice.due <= now).count();
    let detail = match overdue {
        0 => "none is overdue for a person's word".to_owned(),
        n => format!(
            "{n} are due and wait for a person: forewarn notices --status awaiting_approval"
        ),
    };
    let health = if overdue == 0 {
        Health::Ok
    } else {
        Health::Warning
    };
    checks.push(Check::new("notices that wait for a person", health, detail));

    let unknown = DeliveryFilter {
        status: Some(forewarn_core::delivery::DeliveryStatus::Unknown),
        ..DeliveryFilter::default()
    };
    let unknown = store.deliveries(&unknown, 1_000).await?.len();
    let (health, detail) = match unknown {
        0 => (Health::Ok, "none is unknown".to_owned()),
        n => {
            let many = if n == 1_000 {
                "1000 or more"
            } else {
                &n.to_string()
            };
            let detail = format!(
                "of {many} nobody knows whether they were sent: forewarn deliveries --status unknown"
            );
            (Health::Warning, detail)
        }
    };
    checks.push(Check::new("deliveries in doubt", health, detail));
    Ok(())
}

/// A clock that is wrong tells people too early or too late.
fn clock(now: Timestamp, newest: Option<Timestamp>) -> Check {
    let built_after: Timestamp = BUILT_AFTER.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    if now < built_after {
        let detail = format!("it says {now}, before this program was made");
        return Check::new("clock", Health::Failed, detail);
    }
    match newest {
        Some(newest) if newest > now + CLOCK_MAY_DIFFER => {
            let detail = format!("it says {now}, but the journal was written until {newest}");
            Check::new("clock", Health::Failed, detail)
        }
        _ => Check::new("clock", Health::Ok, format!("{now:.0}")),
    }
}

fn addresses(settings: &Settings) -> Vec<Check> {
    let public_url = match &settings.public_url {
        None => (
            Health::Warning,
            "not set: links in messages lead nowhere (set --public-url)".to_owned(),
        ),
        Some(url) if url.starts_with("http://") => (
            Health::Warning,
            format!("{url} is not encrypted; use https"),
        ),
        Some(url) => (Health::Ok, url.clone()),
    };
    let sender = match &settings.from {
        None => (
            Health::Warning,
            "not set: no mail can be sent (set --from)".to_owned(),
        ),
        Some(from) => (Health::Ok, from.to_string()),
    };
    let mut checks = vec![
        Check::new("public address", public_url.0, public_url.1),
        Check::new("sender", sender.0, sender.1),
    ];
    if settings.relays.is_empty() {
        let detail = "none is set: no mail can be sent (set --smtp)";
        checks.push(Check::new("mail relay", Health::Warning, detail));
    }
    checks
}

/// Whether a relay would take mail from us: it is there, encrypts as its URL wants it, and lets us sign in.
async fn relay_answers(relay: &RelayUrl) -> Check {
    let shown = relay.to_string();
    let smtp = match Smtp::new(vec![relay.clone()], "[127.0.0.1]".into()) {
        Ok(smtp) => smtp,
        Err(problem) => {
            let detail = format!("{shown}: {problem}");
            return Check::new("mail relay", Health::Failed, detail);
        }
    };
    let answered = tokio::time::timeout(RELAY_WITHIN, smtp.check()).await;
    let answered = answered.map(|mut checked| checked.pop().unwrap_or(Ok(())));
    let (health, detail) = match answered {
        Ok(Ok(())) => (Health::Ok, format!("{shown}: takes mail from us")),
        Ok(Err(problem)) => (Health::Failed, format!("{shown}: {problem}")),
        Err(_) => {
            let seconds = RELAY_WITHIN.as_secs();
            let detail = format!("{shown}: no answer within {seconds} seconds");
            (Health::Failed, detail)
        }
    };
    Check::new("mail relay", health, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};

    #[tokio::test]
    async fn a_relay_that_would_not_take_our_mail_is_no_good_relay() {
        let peer = SmtpPeer::start(Script::default(), Keep::Count)
            .await
            .unwrap();
        let ask = async |text: &str| relay_answers(&RelayUrl::parse(text).unwrap()).await;
        let plain = ask(&format!("smtp://{}", peer.addr())).await;
        assert_eq!(plain.result, Health::Ok, "{}", plain.detail);
        assert_eq!(peer.count(), 0, "nothing is sent");
        // It offers neither encryption nor signing in.
        for wants in ["smtp+starttls://", "smtps://", "smtp://us:wrong@"] {
            let refused = ask(&format!("{wants}{}", peer.addr())).await;
            assert_eq!(
                refused.result,
                Health::Failed,
                "{wants}: {}",
                refused.detail
            );
            assert!(!refused.detail.contains("wrong"), "{}", refused.detail);
        }
    }

    #[test]
    fn a_clock_behind_the_journal_is_wrong() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-22T10:00:00Z");
        assert_eq!(clock(now, None).result, Health::Ok);
        assert_eq!(
            clock(now, Some(at("2026-11-22T10:00:30Z"))).result,
            Health::Ok
        );
        assert_eq!(
            clock(now, Some(at("2026-11-22T11:00:00Z"))).result,
            Health::Failed
        );
        assert_eq!(
            clock(at("1970-01-01T00:10:00Z"), None).result,
            Health::Failed
        );
    }
}
