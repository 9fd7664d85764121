//! `forewarn publish`: the public pages as files in a folder or a bucket, once.

use crate::exit::Exit;
use crate::publish;
use crate::settings::Settings;
use crate::terminal;
use anyhow::{anyhow, bail};
use clap::Args;
use forewarn_engine::place::{Copy, Place};
use forewarn_server::status_page::{Pages, current_snapshot};
use forewarn_store::{Clock, Location, Store};
use serde_json::json;
use std::process::ExitCode;

/// How many failures are told one by one.
const TOLD: usize = 10;

/// Flags of `publish`.
#[derive(Args)]
pub struct PublishArgs {
    /// The folder, or s3://bucket/prefix; where --publish-to says unless given
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Brings a copy of the public pages up to date. A server may go on working meanwhile.
///
/// # Errors
/// When there is no database, no place is named, or the place cannot be read.
pub async fn run(args: PublishArgs, settings: Settings) -> anyhow::Result<ExitCode> {
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let place = match (&args.to, settings.publish_to) {
        (Some(text), _) => {
            publish::read_place(text, &variable).map_err(|p| anyhow!("--to: {p}"))?
        }
        (None, Some(place)) => place,
        (None, None) => bail!("where to? Give --to DIR or --to s3://bucket, or set --publish-to"),
    };
    if let Location::File(path) = &settings.location
        && !path.exists()
    {
        bail!(
            "there is no database at {} (set --data or --database)",
            path.display()
        );
    }
    let public_url = settings.public_url.as_deref();
    let public_url =
        public_url.map_or_else(|| format!("http://{}", settings.listen), str::to_owned);
    let clock = Clock::System;
    let store = Store::open(&settings.location).await?;
    let snapshot = current_snapshot(&store, clock.now(), &public_url, false).await;
    store.close().await;
    let mut snapshot = snapshot?;
    snapshot.phones &= settings.phones.is_some();
    bring(&place, &Pages::render(&snapshot), &clock, args.json).await
}

async fn bring(
    place: &Place,
    pages: &Pages,
    clock: &Clock,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let mut copy = Copy::open(place.clone(), clock.now())
        .await
        .map_err(|problem| anyhow!("{place}: {problem}"))?;
    let files = publish::files(pages, place).len();
    let done = publish::bring(&mut copy, place, pages, clock).await;
    if as_json {
        let said = json!({
            "place": place.to_string(),
            "made_at": pages.made_at(),
            "files": files,
            "written": done.written,
            "removed": done.removed,
            "failed": done.failed,
        });
        terminal::print(&format!("{said}\n"))?;
    } else {
        terminal::print(&format!(
            "{place}: {files} files, {} written, {} removed, {} failed\n",
            done.written,
            done.removed,
            done.failed.len()
        ))?;
        for failed in done.failed.iter().take(TOLD) {
            terminal::print(&format!("  {}\n", terminal::clean(failed)))?;
        }
    }
    Ok(match done.failed.is_empty() {
        true => Exit::Done.into(),
        false => Exit::CouldNotRun.into(),
    })
}
