//! Waiting for the database at the start: a server that comes up before it waits, and says that it lives and is not ready.

use crate::http;
use crate::signals::Signals;
use anyhow::{Context, Result};
use forewarn_store::{Location, Store, StoreError};
use std::net::TcpListener;
use std::time::Duration;
use tokio::sync::watch;

/// The pause before the second try; each is twice as long as the one before it. A try by itself takes a few seconds.
const FIRST: Duration = Duration::from_secs(1);
/// No pause is longer: whoever starts the database wants to see us soon.
const LONGEST: Duration = Duration::from_secs(10);

/// Opens the database, and waits for a server of it that does not answer. Nothing when the process is asked to end meanwhile.
///
/// # Errors
/// What waiting does not mend: it refuses us, there is no such database, it was used by a newer program, a file cannot be opened.
pub async fn open(
    location: &Location,
    listener: &TcpListener,
    signals: &mut Signals,
) -> Result<Option<Store>> {
    let opened = tokio::select! {
        opened = Store::open(location) => opened,
        () = signals.asked() => return Ok(None),
    };
    let opened = match (opened, location) {
        (Err(StoreError::Unavailable(problem)), Location::Server(_)) => {
            let listener = listener.try_clone()?;
            listener.set_nonblocking(true)?;
            let (stop, stopping) = watch::channel(false);
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let answers = tokio::spawn(http::answer(
                listener,
                forewarn_server::waiting(),
                None,
                stopping,
            ));
            let opened = tokio::select! {
                opened = patiently(location, problem) => opened.map(Some),
                () = signals.asked() => Ok(None),
            };
            stop.send_replace(true);
            // Whoever asks on the last moment is answered; nobody of ours panics in there.
            let _ = answers.await;
            opened
        }
        (opened, _) => opened.map(Some),
    };
    opened.context("the database cannot be opened")
}

/// Tries again and again. The log hears of the first tries, and then of fewer and fewer.
async fn patiently(location: &Location, mut problem: String) -> Result<Store, StoreError> {
    let (mut tries, mut pause) = (1_u32, FIRST);
    loop {
        if tries.is_power_of_two() {
            tracing::warn!(%problem, tries, "waits for the database");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
        match Store::open(location).await {
            Err(StoreError::Unavailable(said)) => problem = said,
            opened => {
                if opened.is_ok() {
                    tracing::info!(tries, "the database answers");
                }
                return opened;
            }
        }
        tries += 1;
    }
}
