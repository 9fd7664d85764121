//! Editorial help: a request to the communications team, what is said and suggested to it, and what the author makes of that.

use super::{AGAIN, overtaken, read};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::difference::{Change, difference};
use forewarn_core::document::{Fields, Node, Value as Tree};
use forewarn_core::editing::{Decided, NewRequest, Remark, Request, read_remark};
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::problem::InvalidTransition;
use forewarn_store::{Entry, Origin, StoredRequest};
use serde::Serialize;
use serde_json::{Value, json};

/// More requests that wait are not listed.
const MOST_WAITING: i64 = 200;

/// Some words in a row to which the same happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `same`, `removed` or `added`.
    pub change: &'static str,
    /// The words as they were; empty where they were added.
    pub before: String,
    /// The words as they are; empty where they were removed.
    pub after: String,
}

/// What changed between two texts.
pub fn parts(before: &str, after: &str) -> Vec<Part> {
    let runs = difference(before, after).into_iter();
    let part = |run: forewarn_core::difference::Run<'_>| Part {
        change: match run.change {
            Change::Same => "same",
            Change::Removed => "removed",
            Change::Added => "added",
        },
        before: run.before.to_owned(),
        after: run.after.to_owned(),
    };
    runs.map(part).collect()
}

/// A suggestion beside what the author has.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    /// The suggestion.
    pub remark: Remark,
    /// What is different.
    pub difference: Vec<Part>,
}

/// A request with what whoever looks at it needs to know.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The request.
    #[serde(flatten)]
    pub request: Request,
    /// What the author has by now.
    pub current: String,
    /// Suggestions that wait, the newest first.
    pub waiting: Vec<Beside>,
}

/// The event of this id.
///
/// # Errors
/// When there is none.
pub async fn event(app: &App, id: &str) -> Result<Event> {
    let found = app.store.event(id).await?;
    let found = found.ok_or_else(|| ApiError::NotFound(format!("event {id}")))?;
    Ok(found.event)
}

/// What somebody typed for an event and did not send.
///
/// # Errors
/// When the store cannot be read.
pub async fn own_draft(app: &App, event: &str, author: &str) -> Result<Option<String>> {
    let now = app.clock.now();
    let own = app.store.own_writing(event, author, now).await?;
    Ok(own.map(|own| own.text))
}

/// Asks the communications team for help with a text about an event. The team is told at once by mail, where the organisation names
/// one: the second part of the answer says how many addresses.
///
/// # Errors
/// When there is no such event, or a request for support has no text.
pub async fn ask(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<(Request, usize)> {
    let event = event(app, id).await?;
    let new = read(node, |node, problems| NewRequest::read(node, "", problems))?;
    let catalogue = app.store.catalogue().await?;
    let now = app.clock.now();
    let told = catalogue.organisation.communications.len();
    let asked = |fresh: Id| {
        let request = new.ask(fresh, event.id().clone(), &caller.actor, now);
        let notice = request.notice(&catalogue, now);
        let entry = Entry::new(&caller.actor, "editing.asked", id)
            .with(json!({"request": request.id, "ask": request.ask}));
        (request, notice, entry)
    };
    let request = app.store.ask_for_help(&event, asked, now).await?;
    Ok((request, told))
}

/// Requests in which somebody is waited for; with an event all of that, the newest first.
///
/// # Errors
/// When there is no such event.
pub async fn list(app: &App, of: Option<&str>) -> Result<Vec<Request>> {
    match of {
        None => Ok(app.store.requests_waiting(MOST_WAITING).await?),
        Some(id) => {
            event(app, id).await?;
            Ok(app.store.requests_of(id).await?)
        }
    }
}

async fn load(app: &App, id: &str) -> Result<StoredRequest> {
    let found = app.store.request(id).await?;
    found.ok_or_else(|| ApiError::NotFound(format!("request {id}")))
}

/// A request, and each suggestion that waits beside what the author has now.
///
/// # Errors
/// When there is none of this id.
pub async fn show(app: &App, id: &str) -> Result<Shown> {
    let request = load(app, id).await?.request;
    let own = own_draft(app, request.event.as_str(), &request.author).await?;
    let current = own.unwrap_or_else(|| request.text.clone());
    let open = request.remarks.iter().rev().filter(|r| r.is_open());
    let waiting = open.map(|remark| Beside {
        remark: remark.clone(),
        difference: parts(&current, &remark.text),
    });
    Ok(Shown {
        waiting: waiting.collect(),
        current,
        request,
    })
}

/// What changes a request, who is said to have which text from then on, and what the journal says.
struct Done {
    request: Request,
    said: Option<(String, String, Origin)>,
    action: &'static str,
    detail: Value,
}

async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    change: impl Fn(Request) -> std::result::Result<Done, InvalidTransition>,
) -> Result<Request> {
    let mut tries = 0;
    loop {
        tries += 1;
        let before = load(app, id).await?;
        let done = change(before.request.clone())?;
        let mut detail = done.detail;
        detail["request"] = json!(id);
        let event = before.request.event.as_str();
        let entry = Entry::new(&caller.actor, done.action, event).with(detail);
        let said = done.said.as_ref();
        let said = said.map(|(who, text, origin)| (who.as_str(), text.as_str(), *origin));
        let now = app.clock.now();
        let kept = app
            .store
            .change_request(&before, &done.request, said, entry, now);
        match kept.await.map_err(ApiError::from) {
            Err(error) if overtaken(&error) && tries < AGAIN => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(done.request),
        }
    }
}

/// Says something about the text.
///
/// # Errors
/// When there is none of this id, it is closed, or the comment says nothing.
pub async fn comment(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Request> {
    load(app, id).await?;
    let text = read(node, |node, problems| read_remark(node, "", problems))?;
    let now = app.clock.now();
    change(app, caller, id, |request| {
        let request = request.comment(&caller.actor, text.clone(), now)?;
        Ok(Done {
            detail: json!({"remark": request.remarks.len()}),
            request,
            said: None,
            action: "editing.commented",
        })
    })
    .await
}

/// Suggests a whole text.
///
/// # Errors
/// When there is none of this id, a suggestion was taken, it is closed, or the text is empty.
pub async fn suggest(app: &App, caller: &Caller, id: &str, node: &Node) -> Result<Request> {
    load(app, id).await?;
    let text = read(node, |node, problems| read_remark(node, "", problems))?;
    let now = app.clock.now();
    change(app, caller, id, |request| {
        let request = request.suggest(&caller.actor, text.clone(), now)?;
        Ok(Done {
            detail: json!({"remark": request.remarks.len()}),
            request,
            said: Some((caller.actor.clone(), text.clone(), Origin::Suggested)),
            action: "editing.suggested",
        })
    })
    .await
}

/// Takes a suggestion, which becomes the caller's own draft, or declines it. `node` may name its number as `suggestion`; the
/// newest that waits is meant otherwise.
///
/// # Errors
/// When there is none of this id, or no such suggestion waits.
pub async fn decide(
    app: &App,
    caller: &Caller,
    id: &str,
    taken: bool,
    node: &Node,
) -> Result<Request> {
    load(app, id).await?;
    let number = read(node, |node, problems| {
        if node.value == Tree::Null {
            return Some(None);
        }
        let mut fields = Fields::of(node, "", problems)?;
        let number = fields.optional("suggestion", problems, |text: &str| {
            let number = text.trim().parse::<u32>().ok();
            number.ok_or_else(|| "must be the number of a suggestion".to_owned())
        });
        fields.finish(problems);
        Some(number)
    })?;
    let now = app.clock.now();
    change(app, caller, id, |request| {
        let decided = Decided {
            taken,
            by: caller.actor.clone(),
            at: now,
        };
        let (request, remark) = request.decide(number, decided)?;
        Ok(Done {
            detail: json!({"remark": remark.number}),
            request,
            said: taken.then(|| (caller.actor.clone(), remark.text, Origin::Taken)),
            action: match taken {
                true => "editing.taken",
                false => "editing.declined",
            },
        })
    })
    .await
}

/// It is not needed any more.
///
/// # Errors
/// When there is none of this id, or it is closed.
pub async fn close(app: &App, caller: &Caller, id: &str) -> Result<Request> {
    change(app, caller, id, |request| {
        Ok(Done {
            request: request.close()?,
            said: None,
            action: "editing.closed",
            detail: json!({}),
        })
    })
    .await
}
