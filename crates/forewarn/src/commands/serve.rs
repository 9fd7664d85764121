//! `forewarn serve`: the server and the engine in one process.

use crate::installation::{Installation, Parts};
use crate::keys::Kind;
use crate::lock::DataLock;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::waiting;
use anyhow::{Context, Result};
use clap::Args;
use forewarn_core::contact::EmailAddress;
use forewarn_store::{Clock, Sealer};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::process::ExitCode;
use tokio::net::TcpListener;

/// Seconds until the first message about an incident is taken; people should hear within five minutes.
const FIRST_NOTICE: [f64; 8] = [1.0, 5.0, 15.0, 60.0, 120.0, 300.0, 900.0, 3_600.0];

/// Flags of `serve`.
#[derive(Args)]
pub struct ServeArgs {
    /// Work with the link key that is here, or a new one, although the database was used with another: links in messages that were
    /// sent stop working
    #[arg(long)]
    new_link_key: bool,
    /// Seal the secrets in the database with a new key. What the keys that are here can read is sealed anew; what they cannot read is
    /// lost until its key is put back
    #[arg(long)]
    new_secrets_key: bool,
}

/// Serves until it is told to stop (SIGTERM, SIGINT). A database server that does not answer yet is waited for.
///
/// # Errors
/// When it cannot begin: the data folder is taken, the database or the address cannot be used.
pub async fn run(args: ServeArgs, settings: Settings) -> Result<ExitCode> {
    // Before anything else, so that an early signal is not lost.
    let mut signals = Signals::listen()?;
    let _lock = DataLock::take(&settings.data)?;
    let listener = TcpListener::bind(&settings.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; choose another address with --listen",
            settings.listen
        )
    })?;
    let address = listener.local_addr()?;
    let listener = listener.into_std()?;
    let Some(store) = waiting::open(&settings.location, &listener, &mut signals).await? else {
        return Ok(ExitCode::SUCCESS);
    };
    let key = Kind::Link.take(&settings, &store, args.new_link_key);
    let key = key.await?.swap_remove(0);
    let secrets = Kind::Secrets.take(&settings, &store, args.new_secrets_key);
    let secrets = secrets.await?;
    let store = store.sealed_by(Sealer::new(&secrets)).await?;
    let unreadable = store.secrets().await?.unreadable;
    if !unreadable.is_empty() {
        tracing::error!(
            ?unreadable,
            "secrets cannot be read: nothing is sent there, or taken from there, until they are applied again or their key is here"
        );
    }
    let public_url = settings
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{address}"));
    let first_notice = Matcher::Full("forewarn_first_notice_seconds".to_owned());
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(first_notice, &FIRST_NOTICE)?
        .install_recorder()?;
    let mut installation = Installation::assemble(
        Parts {
            store,
            clock: Clock::System,
            key,
            from: sender(&settings, &public_url)?,
            from_name: settings.from_name.clone(),
            bounces: settings.bounces.clone(),
            relays: settings.relays.clone(),
            signers: settings.signers.clone(),
            allow_private_targets: settings.allow_private_targets.clone(),
            phones: settings.phones.clone(),
            push_services: Some(settings.push_services.clone()),
            limits: settings.limits.clone(),
            public_url,
            admin_token: settings.admin_token.clone(),
            metrics: Box::new(move || metrics.render()),
        },
        None,
    )
    .await?;
    let password = installation.first_administrator().await?;
    let taken = installation.send().await?;
    if taken > 0 {
        tracing::warn!(
            taken,
            "attempts of an earlier process are tried again; each is on record as unknown"
        );
    }
    installation.serve(TcpListener::from_std(listener)?).await?;
    if let Some(place) = settings.publish_to.clone() {
        installation.publish(place);
    }
    println!("Forewarn is listening on http://{address}");
    if let Some(password) = password {
        println!(
            "First start: sign in at http://{address}/console as admin with the password {password}"
        );
        println!("It is not shown again.");
    }
    if settings.relays.is_empty() {
        tracing::warn!(
            "no mail relay is configured (FOREWARN_SMTP_URL): mails wait until there is one"
        );
    }
    signals.asked().await;
    tracing::info!("stopping");
    installation.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The sender of mail: as set, else `forewarn@` the host of our links.
fn sender(settings: &Settings, public_url: &str) -> Result<EmailAddress> {
    if let Some(from) = &settings.from {
        return Ok(from.clone());
    }
    let host = url::Url::parse(public_url)
        .ok()
        .and_then(|url| url.domain().map(str::to_owned));
    let domain = host
        .filter(|h| h.contains('.'))
        .unwrap_or_else(|| "localhost.localdomain".into());
    EmailAddress::parse(&format!("forewarn@{domain}"))
        .map_err(anyhow::Error::msg)
        .context("set the sender with --from")
}
