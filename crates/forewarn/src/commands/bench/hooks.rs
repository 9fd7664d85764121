//! `forewarn bench webhook`: signed requests, each to an endpoint of its own, against a receiver of its own.

use super::{
    BenchArgs, Measured, engine_over, peak_memory, people, processor_time, publish, recorded,
};
use crate::installation::HOOKS_AT_ONCE;
use anyhow::{Context, Result, bail};
use forewarn_core::contact::{Endpoint, HookUrl};
use forewarn_core::token::Key;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::channel::webhook::bare::bare_loop;
use forewarn_engine::channel::webhook::signature::Secret;
use forewarn_engine::peer::http::{HttpPeer, Script};
use forewarn_engine::{Engine, RealChannels};
use forewarn_store::{Clock, Location, Store};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Connections of the bare sender.
const CONNECTIONS: usize = 16;

/// Measures the whole path with the bare sender before and after.
pub(super) async fn measure(args: &BenchArgs, folder: &Path) -> Result<Measured> {
    if args.chunking || args.delay > 0 || args.incidents > 0 {
        bail!("--chunking, --delay and --incidents are for bench mail");
    }
    let clock = Clock::System;
    let sink = Arc::new(HttpPeer::start(Script::new().counting()).await?);
    let store = Store::open(&Location::File(folder.join("bench.sqlite"))).await?;
    let engine = Arc::new(engine(&store, &clock)?);
    let catalogue = people(&store, &clock, args.recipients, |n| endpoint(&sink, n)).await?;
    engine.recover().await?;
    let sample = sample(&clock, folder).await?;
    let before = bare(args, &sample).await?;

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
    sink.wait_for(args.wanted() as u64).await;
    if args.send == 100 {
        recorded(&store).await?;
    }
    let took = began.elapsed();
    let spent = processor_time()? - processor;
    let peak_rss_bytes = peak_memory()?;
    stop.send_replace(true);
    running.await?;
    let sent = sink.count() as usize;

    let after = bare(args, &sample).await?;
    let per_second = args.wanted() as f64 / took.as_secs_f64();
    let baseline_per_second = 2.0 * times(args) as f64 / (before + after).as_secs_f64();
    Ok(Measured {
        recipients: args.recipients,
        sent,
        seconds: took.as_secs_f64(),
        per_second,
        baseline_per_second,
        ratio: per_second / baseline_per_second,
        connections: CONNECTIONS,
        peak_rss_bytes,
        cpu_us_per_message: spent.as_secs_f64() * 1e6 / args.wanted() as f64,
        message_bytes: sample.bytes(),
        first_accepted_seconds: first.await?.as_secs_f64(),
        incidents: None,
        growth: None,
    })
}

/// How often the bare sender sends, once before and once after: enough that chance counts for little, and not more than a short run
/// needs.
fn times(args: &BenchArgs) -> usize {
    args.bare().min(8 * args.recipients as usize)
}

/// The same requests against a receiver like the engine's, as fast as can be: each with a path, an id and a signature of its own.
async fn bare(args: &BenchArgs, sample: &Arc<Sample>) -> Result<Duration> {
    let sink = HttpPeer::start(Script::new().counting()).await?;
    let sample = Arc::clone(sample);
    let write = move |n: usize, request: &mut Vec<u8>| sample.write(n, request);
    Ok(bare_loop(sink.address(), CONNECTIONS, times(args), write).await?)
}

/// What all requests have in common.
struct Sample {
    /// The header fields but those that are each one's own.
    fields: String,
    timestamp: i64,
    secret: Secret,
    body: Vec<u8>,
}

impl Sample {
    fn write(&self, n: usize, request: &mut Vec<u8>) {
        let (fields, timestamp) = (&self.fields, self.timestamp);
        let id = format!("msg_bench{n:020}");
        let signature = self.secret.sign(&id, timestamp, &self.body);
        let head = format!(
            "POST /hooks/{n} HTTP/1.1\r\n{fields}webhook-id: {id}\r\nwebhook-timestamp: {timestamp}\r\n\
             webhook-signature: {signature}\r\n\r\n"
        );
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(&self.body);
    }

    fn bytes(&self) -> usize {
        let mut request = Vec::new();
        self.write(0, &mut request);
        request.len()
    }
}

fn endpoint(sink: &HttpPeer, n: u32) -> Result<Endpoint> {
    let url = HookUrl::parse(&sink.url(&format!("/hooks/{n}"))).map_err(anyhow::Error::msg)?;
    Ok(Endpoint::webhook(url))
}

fn engine(store: &Store, clock: &Clock) -> Result<Engine<RealChannels>> {
    let loopback = vec!["127.0.0.0/8".parse()?];
    let channels = RealChannels {
        pushes: None,
        phones: None,
        smtp: None,
        webhooks: Webhooks::new(loopback, HOOKS_AT_ONCE),
        chats: Chats::new(Vec::new(), 1),
    };
    engine_over(store, clock, channels, None)
}

/// One of the requests as it goes out: sent to a receiver that keeps it.
async fn sample(clock: &Clock, folder: &Path) -> Result<Arc<Sample>> {
    let kept = HttpPeer::start(Script::new()).await?;
    let store = Store::open(&Location::File(folder.join("sample.sqlite"))).await?;
    let catalogue = people(&store, clock, 1, |n| endpoint(&kept, n)).await?;
    publish(&store, clock, &catalogue).await?;
    engine(&store, clock)?.tick().await?;
    let arrived = kept.requests();
    let request = arrived.first().context("the sample was not sent")?;
    let common = request.headers.iter();
    let common = common.filter(|(name, _)| !name.starts_with("webhook-"));
    let secret = Key::new("bench").webhook_secret("sample");
    Ok(Arc::new(Sample {
        fields: common
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect(),
        timestamp: clock.now().as_second(),
        secret: Secret::parse(&secret)?,
        body: request.body.clone(),
    }))
}
