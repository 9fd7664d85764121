//! The key pair of messages to browsers (VAPID). Browsers take messages only from the key that they subscribed to, so it is made
//! once and kept in the database, closed up with the link key: whoever reads the database or a backup cannot send in our name, and
//! every process with the same link key has it.

use anyhow::{Context, anyhow};
use forewarn_core::token::Key;
use forewarn_engine::channel::push::vapid::{Vapid, make};
use forewarn_store::Store;

/// The setting under which it is kept.
const KEPT: &str = "push_key";

/// The installation's key pair, made at its first start. `contact` is whom a push service asks when something is wrong.
///
/// With another link key the old pair cannot be opened: a new one takes its place, and browsers subscribe anew when they next come to
/// the page.
///
/// # Errors
/// When the store cannot be used, or there is no randomness.
pub async fn take(store: &Store, key: &Key, contact: &str) -> anyhow::Result<Vapid> {
    let secret = key.derived("push key");
    let fresh = make(&secret).map_err(|problem| anyhow!("no key for push messages: {problem}"))?;
    let kept = store.setting(KEPT, || fresh.clone()).await?;
    if let Ok(vapid) = Vapid::open(&kept, &secret, contact) {
        return Ok(vapid);
    }
    tracing::warn!(
        "the link key is another: browsers that were subscribed to notices must subscribe anew"
    );
    store.put_setting(KEPT, &fresh).await?;
    Vapid::open(&fresh, &secret, contact)
        .map_err(anyhow::Error::msg)
        .context("the key for push messages that was just made cannot be used")
}

#[cfg(test)]
mod tests {
    use super::*;
    use forewarn_store::Location;

    #[tokio::test]
    async fn it_is_made_once_and_anew_with_another_link_key() {
        let folder = std::env::temp_dir().join(format!("forewarn-push-key-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = Store::open(&Location::File(folder.join("a.sqlite")))
            .await
            .unwrap();
        let key = Key::new("a link key of thirty-two letters");
        let public = |vapid: Vapid| vapid.public();
        let first = take(&store, &key, "mailto:a@example.edu")
            .await
            .map(public)
            .unwrap();
        let again = take(&store, &key, "mailto:b@example.edu")
            .await
            .map(public)
            .unwrap();
        assert_eq!(first, again);
        let kept = store.known_setting(KEPT).await.unwrap().unwrap();
        assert!(!kept.contains(&first));
        let other = Key::new("another link key of many letters");
        let other = take(&store, &other, "mailto:a@example.edu")
            .await
            .map(public)
            .unwrap();
        assert_ne!(first, other);
        store.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
