//! `forewarn bench`: how fast this machine sends, against receivers of its own, and serves, beside another server.
//!
//! The whole path is measured: a notice falls due, is expanded, rendered, sent and recorded in SQLite at
//! `synchronous=FULL`. The baseline is a bare loop with the same message against the same receiver in the same run.

mod growth;
mod hooks;
mod page;
mod plan;

use crate::exit::Exit;
use crate::settings::Settings;
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use forewarn_core::contact::{Contact, EmailAddress, Endpoint};
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Impact, Incident, Severity};
use forewarn_core::plan::{self as planner, Input, changes_from, publish_update};
use forewarn_core::token::Key;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::smtp::bare::{Way, bare_loop};
use forewarn_engine::channel::smtp::{RelayUrl, Smtp};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use forewarn_engine::{Engine, Identity, RealChannels};
use forewarn_store::{Clock, Location, NoticeFilter, Published, Store};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Connections of the bare loop; the engine uses as many at most.
const CONNECTIONS: usize = 8;
/// Messages of the bare loop, once before and once after: enough of them that chance counts for little.
const BARE: usize = 40_000;
/// Contacts imported in one transaction.
const IMPORT: u32 = 50_000;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Mails to an SMTP server of its own
    Mail,
    /// Signed webhooks to an HTTP server of its own, each to an endpoint of its own
    Webhook,
    /// Plans for 50 audiences and for 10,000
    Plan,
    /// The status page under a crowd, beside nginx
    Page,
}

/// Flags of `bench`.
#[derive(Args, Clone)]
pub struct BenchArgs {
    /// What to measure
    pub what: What,
    /// How many recipients
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub recipients: u32,
    /// Stop after this many percent of the recipients; the others stay queued
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub send: u32,
    /// Measure with so few recipients first, and say how much more a message costs with all of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub few: Option<u32>,
    /// Mail: declare up to this many incidents, one after the other, while the notices go out, and time each one's first message
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub incidents: u32,
    /// Mail: the receiver offers CHUNKING; the bare loop uses it too
    #[arg(long)]
    pub chunking: bool,
    /// Mail: the receiver waits so many milliseconds before each group of replies, for the bare loop too
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub delay: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl BenchArgs {
    /// How the receiver behaves.
    fn script(&self) -> Script {
        let mut script = Script::default();
        if self.chunking {
            script = script.with("CHUNKING");
        }
        match self.delay {
            0 => script,
            delay => script.delay(Duration::from_millis(delay)),
        }
    }

    fn way(&self) -> Way {
        match self.chunking {
            true => Way::Chunking,
            false => Way::RoundTrips,
        }
    }

    /// How many messages go out before it ends.
    fn wanted(&self) -> usize {
        (u64::from(self.recipients) * u64::from(self.send)).div_ceil(100) as usize
    }

    /// Messages of the bare loop: fewer where each waits.
    fn bare(&self) -> usize {
        match self.delay {
            0 => BARE,
            _ => BARE / 10,
        }
    }
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Measured {
    recipients: u32,
    sent: usize,
    seconds: f64,
    per_second: f64,
    baseline_per_second: f64,
    ratio: f64,
    /// Connections of the bare loop.
    connections: usize,
    peak_rss_bytes: u64,
    cpu_us_per_message: f64,
    /// Size of one message.
    message_bytes: usize,
    /// From the notice falling due to its first message being accepted.
    first_accepted_seconds: f64,
    /// Incidents declared while the notices went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    incidents: Option<Incidents>,
    /// How the cost of a message grows with the number of recipients.
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<growth::Growth>,
}

/// How long incidents took from the declaration to the first message being accepted.
#[derive(Debug, Serialize)]
struct Incidents {
    declared: usize,
    median_seconds: f64,
    p95_seconds: f64,
    worst_seconds: f64,
}

impl Incidents {
    fn of(mut times: Vec<Duration>) -> Option<Incidents> {
        times.sort();
        let nth = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(place).map(Duration::as_secs_f64)
        };
        Some(Incidents {
            declared: times.len(),
            median_seconds: nth(50)?,
            p95_seconds: nth(95)?,
            worst_seconds: nth(100)?,
        })
    }
}

/// Measures once and prints.
///
/// # Errors
/// When it could not be measured.
pub async fn run(args: BenchArgs, settings: Settings) -> Result<ExitCode> {
    if args.what == What::Plan {
        let measured = plan::measure()?;
        match args.json {
            true => println!("{}", serde_json::to_string(&measured)?),
            false => print!("{}", plan::show(&measured)),
        }
        return Ok(Exit::Done.into());
    }
    if args.what == What::Page {
        return page::run(args.json).await;
    }
    let folder = std::env::temp_dir().join(format!("forewarn-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let measured = match args.few {
        Some(few) => growth::with_growth(&args, &settings, &folder, few).await,
        None => measure(&args, &settings, &folder).await,
    };
    let _ = std::fs::remove_dir_all(&folder);
    let measured = measured?;
    if args.json {
        println!("{}", serde_json::to_string(&measured)?);
    } else {
        show(&measured);
    }
    Ok(Exit::Done.into())
}

async fn measure(args: &BenchArgs, settings: &Settings, folder: &Path) -> Result<Measured> {
    match args.what {
        What::Webhook => hooks::measure(args, folder).await,
        What::Mail | What::Plan | What::Page => mail(args, settings, folder).await,
    }
}

fn show(m: &Measured) {
    println!("recipients             {}", m.recipients);
    println!(
        "sent and recorded      {} in {:.2} s, {:.0} a second",
        m.sent, m.seconds, m.per_second
    );
    println!(
        "bare loop              {:.0} a second ({} bytes a message, {} connections)",
        m.baseline_per_second, m.message_bytes, m.connections
    );
    println!("ratio                  {:.2}", m.ratio);
    println!("first accepted after   {:.3} s", m.first_accepted_seconds);
    if let Some(incidents) = &m.incidents {
        println!(
            "incidents meanwhile    {}: first message after {:.3} s at the median, {:.3} s for 95 in 100, {:.3} s at worst",
            incidents.declared,
            incidents.median_seconds,
            incidents.p95_seconds,
            incidents.worst_seconds
        );
    }
    if let Some(growth) = &m.growth {
        println!(
            "a message costs        {:+.1} percent more than with {} recipients ({:.1} us, {} rounds)",
            growth.cost_grows_percent, growth.from, growth.cpu_us_per_message, growth.rounds
        );
    }
    println!(
        "peak memory            {:.0} MiB",
        m.peak_rss_bytes as f64 / 1_048_576.0
    );
    println!(
        "processor time         {:.0} us a message, receiver included",
        m.cpu_us_per_message
    );
}

async fn mail(args: &BenchArgs, settings: &Settings, folder: &Path) -> Result<Measured> {
    let clock = Clock::System;
    let keep = match args.incidents {
        0 => Keep::Count,
        _ => Keep::Envelopes,
    };
    let sink = Arc::new(SmtpPeer::start(args.script(), keep).await?);
    let store = Store::open(&Location::File(folder.join("bench.sqlite"))).await?;
    let engine = Arc::new(engine(&store, &clock, &sink, settings)?);
    let catalogue = people(&store, &clock, args.recipients, mailbox).await?;
    engine.recover().await?;
    let wanted = args.wanted();

    let message = sample(&clock, folder, settings).await?;
    let before = bare(args, keep, &message).await?;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(engine.clone().run(stopped));
    let processor = processor_time()?;
    let began = Instant::now();
    let first = tokio::spawn({
        let sink = sink.clone();
        async move {
            sink.wait_for(1).await;
            began.elapsed()
        }
    });
    publish(&store, &clock, &catalogue).await?;
    let incidents = interrupt(args.incidents, wanted, &store, &clock, &catalogue, &sink).await?;
    let expected = wanted + incidents.len();
    sink.wait_for(expected).await;
    if args.send == 100 {
        recorded(&store).await?;
    }
    let took = began.elapsed();
    let spent = processor_time()? - processor;
    let peak_rss_bytes = peak_memory()?;
    stop.send_replace(true);
    running.await?;
    let sent = sink.count();

    let per_second = expected as f64 / took.as_secs_f64();
    let after = bare(args, keep, &message).await?;
    let baseline_per_second = 2.0 * args.bare() as f64 / (before + after).as_secs_f64();
    Ok(Measured {
        recipients: args.recipients,
        sent,
        seconds: took.as_secs_f64(),
        per_second,
        baseline_per_second,
        ratio: per_second / baseline_per_second,
        connections: CONNECTIONS,
        peak_rss_bytes,
        cpu_us_per_message: spent.as_secs_f64() * 1e6 / expected as f64,
        message_bytes: message.len(),
        first_accepted_seconds: first.await?.as_secs_f64(),
        incidents: Incidents::of(incidents),
        growth: None,
    })
}

/// The same message against a receiver like the engine's, as fast as can be.
async fn bare(args: &BenchArgs, keep: Keep, message: &[u8]) -> Result<Duration> {
    let sink = SmtpPeer::start(args.script(), keep).await?;
    let (messages, way) = (args.bare(), args.way());
    Ok(bare_loop(sink.addr(), CONNECTIONS, messages, message, way).await?)
}

fn engine(
    store: &Store,
    clock: &Clock,
    sink: &SmtpPeer,
    settings: &Settings,
) -> Result<Engine<RealChannels>> {
    let relay = RelayUrl::parse(&format!("smtp://{}", sink.addr())).map_err(anyhow::Error::msg)?;
    let smtp = Smtp::new(vec![relay], "bench.example.org".into()).map_err(anyhow::Error::msg)?;
    let smtp = smtp.signed_by(settings.signers.clone());
    let channels = RealChannels {
        pushes: None,
        phones: None,
        smtp: Some(smtp),
        webhooks: Webhooks::new(Vec::new(), 1),
        chats: Chats::new(Vec::new(), 1),
    };
    engine_over(store, clock, channels, settings.bounces.clone())
}

/// An engine that sends by these channels.
fn engine_over(
    store: &Store,
    clock: &Clock,
    channels: RealChannels,
    bounces: Option<EmailAddress>,
) -> Result<Engine<RealChannels>> {
    let identity = Identity {
        public_url: "https://status.example.org".into(),
        from: EmailAddress::parse("notices@example.org").map_err(anyhow::Error::msg)?,
        name: Some("Example".into()),
        bounces,
    };
    let node = format!("bench-{}", std::process::id());
    Ok(Engine::new(
        store.clone(),
        clock.clone(),
        channels,
        identity,
        Key::new("bench"),
        node,
    ))
}

const DOCUMENTS: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles}
services: [{id: portal, name: Student portal}, {id: network, name: Campus network}]
audiences:
  - {id: students, name: Students, level: non_technical, channels: [email, webhook], services: [portal]}
  - {id: responders, name: Responders, level: technical, channels: [email], services: [network]}
maintenance:
  id: MNT-1
  title: Student portal moves to faster servers
  kind: emergency
  services: [portal]
  start: 2199-12-01T22:00
  end: 2199-12-02T02:00
  facts:
    effect: You cannot sign in to the student portal.
    why: The new version searches faster and closes a security fault.
    action: {what: Save your work before we start., when: before}
    data_safe: true
    contact: help@example.edu
"#;

/// Who hears of the incidents, and of nothing else.
const RESPONDER: &str = "responder@example.edu";

/// Where the one of this number is reached by mail.
fn mailbox(n: u32) -> Result<Endpoint> {
    let address = EmailAddress::parse(&format!("person{n}@example.edu"));
    let address = address.map_err(anyhow::Error::msg)?;
    Ok(Endpoint::Email { address })
}

/// The audience of the maintenance, each reached where `reach` says, and whoever hears of the incidents.
async fn people(
    store: &Store,
    clock: &Clock,
    recipients: u32,
    reach: impl Fn(u32) -> Result<Endpoint>,
) -> Result<Catalogue> {
    let documents = documents()?;
    store.apply(&documents, "bench", clock.now(), false).await?;
    let address = EmailAddress::parse(RESPONDER).map_err(anyhow::Error::msg)?;
    let responder = contact("responder", Endpoint::Email { address }, "responders")?;
    store
        .import_contacts(&[responder], "bench", clock.now())
        .await?;
    for from in (0..recipients).step_by(IMPORT as usize) {
        let contacts = (from..recipients.min(from + IMPORT))
            .map(|n| contact(&format!("c{n}"), reach(n)?, "students"))
            .collect::<Result<Vec<_>>>()?;
        store
            .import_contacts(&contacts, "bench", clock.now())
            .await?;
    }
    Ok(store.catalogue().await?)
}

fn contact(id: &str, endpoint: Endpoint, audience: &str) -> Result<Contact> {
    let id_of = |text: &str| Id::parse(text).map_err(anyhow::Error::msg);
    Ok(Contact {
        id: id_of(id)?,
        name: Some(format!("Person {id}")),
        audiences: vec![id_of(audience)?],
        services: Vec::new(),
        kinds: Vec::new(),
        tags: Vec::new(),
        organisation: None,
        role: None,
        language: None,
        time_zone: None,
        quiet_hours: None,
        endpoints: vec![endpoint],
    })
}

fn documents() -> Result<Documents> {
    Ok(Documents::parse_yaml(
        &[(String::new(), DOCUMENTS.into())],
        &Catalogue::default(),
        "MNT-1",
    )?)
}

/// Publishes the maintenance, whose announcement is due at once.
async fn publish(store: &Store, clock: &Clock, catalogue: &Catalogue) -> Result<()> {
    let maintenance = documents()?
        .maintenance
        .ok_or_else(|| anyhow!("the benchmark has no maintenance"))?;
    let policy = forewarn_core::policy::for_maintenance(&maintenance.kind, &[]);
    let now = clock.now();
    let plan = planner::plan(Input {
        planned: (&maintenance).into(),
        policy,
        catalogue,
        now,
        told: &[],
        others: &[],
        change: None,
    });
    let changes = changes_from(&plan, &[]);
    let published = Published {
        event: &Event::Maintenance(maintenance),
        expected: 0,
        changes: &changes,
        occasion: &Occasion::default(),
        awaiting: &BTreeSet::new(),
        entries: &[],
        plan: None,
        answer: None,
    };
    Ok(store.publish(published, now).await?)
}

/// While the planned notices go out, declares incidents one after the other and times each one's first message.
/// Stops when all planned notices are out: what comes later has nothing to overtake.
async fn interrupt(
    incidents: u32,
    planned: usize,
    store: &Store,
    clock: &Clock,
    catalogue: &Catalogue,
    sink: &SmtpPeer,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    if incidents > 0 {
        // The fan-out is well under way.
        sink.wait_for(planned / 20).await;
    }
    for n in 0..incidents {
        let mut order = sink.count();
        if order >= planned {
            break;
        }
        let began = Instant::now();
        declare(n, store, clock, catalogue).await?;
        while sink.message(order).await.is_some_and(|m| m.to != RESPONDER) {
            order += 1;
        }
        times.push(began.elapsed());
    }
    Ok(times)
}

/// Declares an incident as the API does. Its holding statement is due at once.
async fn declare(n: u32, store: &Store, clock: &Clock, catalogue: &Catalogue) -> Result<()> {
    let now = clock.now();
    let network = Id::parse("network").map_err(anyhow::Error::msg)?;
    let declaration = Declaration {
        texts: Default::default(),
        id: None,
        title: None,
        services: [(network, Impact::MajorOutage)].into(),
        severity: Severity::P1,
        cause: None,
        effect: Some("Some people cannot reach the network.".into()),
        lead: None,
        spokesperson: None,
        next_update_in: None,
    };
    let id = Id::parse(&format!("INC-{n}")).map_err(anyhow::Error::msg)?;
    let next = now + jiff::SignedDuration::from_hours(1);
    let incident = Incident::declare(declaration, id, "Campus network".into(), next, now);
    let (incident, changes) = publish_update(incident, catalogue, &[], now);
    let occasion = Occasion {
        update: Some(0),
        ..Occasion::default()
    };
    let published = Published {
        event: &Event::Incident(incident),
        expected: 0,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries: &[],
        plan: None,
        answer: None,
    };
    Ok(store.publish(published, now).await?)
}

/// Waits until the last outcome is on record: the notice is sent then.
async fn recorded(store: &Store) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let filter = NoticeFilter {
        event: Some("MNT-1".into()),
        status: Some("sent".into()),
        ..NoticeFilter::default()
    };
    while store.notices(&filter, 1).await?.is_empty() {
        if Instant::now() > deadline {
            bail!("the last outcomes were not recorded within a minute");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// One of the messages as it goes out: sent to a receiver that keeps it.
async fn sample(clock: &Clock, folder: &Path, settings: &Settings) -> Result<Vec<u8>> {
    let kept = SmtpPeer::start(Script::default(), Keep::Messages).await?;
    let store = Store::open(&Location::File(folder.join("sample.sqlite"))).await?;
    let catalogue = people(&store, clock, 1, mailbox).await?;
    publish(&store, clock, &catalogue).await?;
    engine(&store, clock, &kept, settings)?.tick().await?;
    let message = tokio::time::timeout(Duration::from_secs(10), kept.message(0)).await?;
    Ok(message
        .ok_or_else(|| anyhow!("the sample was not sent"))?
        .data
        .clone())
}

/// Processor time of this process so far, all threads (`/proc/self/stat`, fields 14 and 15).
fn processor_time() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|f| f.parse::<u64>().ok())
        .sum();
    // A tick is a hundredth of a second on every Linux that runs Rust.
    Ok(Duration::from_millis(ticks * 10))
}

/// The most memory that this process has had resident (`VmHWM`).
fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .unwrap_or("0 kB");
    let kib: u64 = line
        .split_whitespace()
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    Ok(kib * 1024)
}
