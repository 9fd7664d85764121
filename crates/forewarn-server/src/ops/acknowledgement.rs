//! Acknowledgements: who has read a message and says so, and who has not.

use crate::app::App;
use crate::error::Result;
use forewarn_store::Acknowledgement;

/// How somebody said that they have read a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By the link in it.
    Link,
    /// By a key in a call.
    Key,
}

impl How {
    /// The name in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            How::Link => "link",
            How::Key => "key",
        }
    }
}

/// What a token leads to; it is the same for the link in a message and the key in a call.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The event.
    pub event: String,
    /// The notice.
    pub notice: String,
    /// The endpoint that it went to.
    pub endpoint: String,
    /// Whose that is: a contact's id, or the address of somebody who is none.
    pub who: String,
}

/// What a token leads to, if it is one of ours and what it is about is still there.
///
/// # Errors
/// When the store cannot be used.
pub async fn asked(app: &App, token: &str) -> Result<Option<Asked>> {
    let Some((notice, endpoint)) = app.key.read_acknowledgement_token(token) else {
        return Ok(None);
    };
    let Some(found) = app.store.notice(&notice).await? else {
        return Ok(None);
    };
    let Some(who) = app.store.endpoint_owner(&endpoint).await? else {
        return Ok(None);
    };
    Ok(Some(Asked {
        event: found.event,
        notice,
        endpoint,
        who,
    }))
}

/// Notes that the bearer of a token has read it. Only the first time counts; again does no harm.
///
/// # Errors
/// When the store cannot be used.
pub async fn by_token(app: &App, token: &str, how: How) -> Result<Option<Asked>> {
    let Some(asked) = asked(app, token).await? else {
        return Ok(None);
    };
    let acknowledgement = Acknowledgement {
        event: asked.event.clone(),
        notice: asked.notice.clone(),
        endpoint: asked.endpoint.clone(),
        who: asked.who.clone(),
        at: app.clock.now(),
    };
    app.store.acknowledge(&acknowledgement, how.as_str()).await?;
    Ok(Some(asked))
}
