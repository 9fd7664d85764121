//! `forewarn demo`: a story with a movable clock, in which every message is caught and nothing leaves the machine.

use crate::demo::{Stage, story};
use crate::installation::{Installation, Parts};
use crate::settings::Settings;
use crate::signals::Signals;
use anyhow::{Context, Result};
use clap::Args;
use forewarn_core::contact::EmailAddress;
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::token::Key;
use forewarn_engine::Limits;
use forewarn_engine::channel::smtp::RelayUrl;
use forewarn_server::{hash_password, random_token};
use forewarn_store::{Clock, Location, Role, Sealer, Store};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The name and password with which the demo's console is signed in to.
const NAME: &str = "demo";
const PASSWORD: &str = "demo";

/// `demo` has no flags of its own.
#[derive(Args)]
pub struct DemoArgs {}

/// Runs the demo until it is interrupted.
///
/// # Errors
/// When it cannot begin.
pub async fn run(_: DemoArgs, settings: Settings) -> Result<ExitCode> {
    // Before the folder is made, so that whatever ends the demo also removes it.
    let mut signals = Signals::listen()?;
    let folder = std::env::temp_dir().join(format!("forewarn-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let ended = tell(&settings, &folder, &mut signals).await;
    let _ = std::fs::remove_dir_all(&folder);
    ended.map(|()| ExitCode::SUCCESS)
}

async fn tell(settings: &Settings, folder: &Path, signals: &mut Signals) -> Result<()> {
    let listener = match TcpListener::bind(&settings.listen).await {
        Ok(listener) => listener,
        // Somebody tries the demo beside something else: any free port will do.
        Err(_) => TcpListener::bind("127.0.0.1:0").await?,
    };
    let address = listener.local_addr()?;
    let token = settings.admin_token.clone();
    let (_, mut installation) = begin(folder, address, token).await?;
    installation.serve(listener).await?;
    println!(
        "The demo of Forewarn is running. Nothing leaves this machine; the clock moves when you move it.\n"
    );
    println!("  Status page      http://{address}/");
    println!(
        "  Console          http://{address}/console        sign in as {NAME} with the password {PASSWORD}"
    );
    println!("  Caught messages  http://{address}/console/caught");
    println!(
        "\nPress \"Next notice\" in the console and watch a maintenance, an incident and a fault go by. Ctrl-C ends it."
    );
    signals.asked().await;
    installation.stop().await;
    Ok(())
}

/// Sets the stage, with an installation on it that is not served yet, and begins the story.
async fn begin(
    folder: &Path,
    address: SocketAddr,
    admin_token: Option<String>,
) -> Result<(Arc<Stage>, Installation)> {
    let secrets = Sealer::new(&[Key::new(&(random_token() + &random_token()))]);
    let store = Store::open(&Location::File(folder.join("demo.sqlite"))).await?;
    let store = store.sealed_by(secrets).await?;
    let clock = Clock::manual(Clock::System.now());
    let stage = Stage::set(clock.clone()).await?;
    let documents = Documents::parse_yaml(
        &story::documents(&stage, clock.now()),
        &Catalogue::default(),
        "MNT-1",
    )?;
    store.apply(&documents, "demo", clock.now(), false).await?;
    let hash = hash_password(PASSWORD).map_err(anyhow::Error::msg)?;
    store
        .put_user(NAME, &hash, Role::Administrator, "demo", clock.now())
        .await?;
    let relay =
        RelayUrl::parse(&format!("smtp://{}", stage.mail_address())).map_err(anyhow::Error::msg)?;
    let parts = Parts {
        store,
        clock: clock.clone(),
        key: Key::new(&(random_token() + &random_token())),
        relays: vec![relay],
        signers: Arc::new([]),
        allow_private_targets: vec!["127.0.0.0/8".parse()?],
        phones: Some(stage.phones()),
        push_services: None,
        limits: Limits::default(),
        public_url: format!("http://{address}"),
        from: EmailAddress::parse("it-news@example.edu").map_err(anyhow::Error::msg)?,
        from_name: None,
        bounces: None,
        admin_token,
        metrics: Box::new(String::new),
    };
    let stage = Arc::new(stage);
    let installation = Installation::assemble(parts, Some(stage.clone())).await?;
    let window = documents.maintenance.as_ref().map(|m| m.window());
    stage.begin(&installation, window).await?;
    Ok((stage, installation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_server::demo::Demo;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_story_is_told_to_its_end() {
        let name = format!("forewarn-demo-test-{}", random_token());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let address = "127.0.0.1:9".parse().unwrap();
        let (stage, installation) = begin(&folder, address, None).await.unwrap();
        let mut told = String::new();
        while stage.next_act().is_some() {
            told += &stage.advance(None).await.unwrap();
        }
        for station in [
            "extends the work",
            "completes the work",
            "declares an incident",
            "The cause is found",
            "fix is in place",
            "is resolved",
            "finds a fault",
            "The fix is out",
        ] {
            assert!(told.contains(station), "{station}: {told}");
        }
        let asked = |to: &str| stage.caught().iter().filter(|item| item.to == to).count();
        assert_eq!(
            asked("reader@example.edu"),
            1,
            "who asked for the fix is told"
        );
        installation.stop().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
