//! More is told of a fault, its fix is out, or it is withdrawn.

use super::{Answer, load, next_word, say, with_its_time};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::ops::previewed::{self, Previewed};
use crate::ops::review::Guard;
use crate::ops::sending::Posted;
use crate::ops::{read, read_known};
use forewarn_core::advisory::{Advisory, Fix, NewWord, Withdrawal};
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::incident::NewPromise;
use forewarn_core::plan::publish_word;
use jiff::Timestamp;

/// What is done with a known fault that people are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// More is known.
    Update,
    /// The fix is out.
    Fix,
    /// It no longer holds.
    Withdraw,
}

impl Act {
    /// The act of this name in the API.
    pub fn parse(name: &str) -> Option<Act> {
        match name {
            "updates" => Some(Act::Update),
            "fix" => Some(Act::Fix),
            "withdraw" => Some(Act::Withdraw),
            _ => None,
        }
    }
}

/// What is said, read.
#[derive(Clone)]
enum Said {
    Update(NewWord),
    Fix(Fix),
    Withdrawal(Withdrawal),
}

impl Said {
    fn of(
        act: Act,
        (posted, guard): (&Posted, &Guard),
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<Said> {
        let node = &posted.node;
        let said = match act {
            Act::Update => {
                let said = read_known(node, catalogue, |node, problems| {
                    NewWord::read(node, "", problems)
                });
                with_its_time(said, "", node, catalogue, now).map(Said::Update)
            }
            Act::Fix => read(node, |node, problems| Fix::read(node, "", problems)).map(Said::Fix),
            Act::Withdraw => read(node, |node, problems| Withdrawal::read(node, "", problems))
                .map(Said::Withdrawal),
        };
        posted.with(guard.beside(said))
    }

    /// The version that was seen.
    fn version(&self) -> Option<i64> {
        match self {
            Said::Update(new) => new.version,
            Said::Fix(fix) => fix.version,
            Said::Withdrawal(withdrawal) => withdrawal.version,
        }
    }

    /// The name in the journal, and the advisory with the word.
    fn said_of(
        &self,
        advisory: Advisory,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<(&'static str, Advisory)> {
        Ok(match self.clone() {
            Said::Update(new) => {
                let promise: Option<NewPromise> = new.next_update;
                let next = next_word(promise, catalogue, now)?;
                ("advisory.updated", advisory.update(new, next, now)?)
            }
            Said::Fix(fix) => ("advisory.fixed", advisory.fix(fix, now)?),
            Said::Withdrawal(withdrawal) => {
                ("advisory.withdrawn", advisory.withdraw(withdrawal, now)?)
            }
        })
    }
}

/// Tells people so.
///
/// # Errors
/// Everything that is wrong with it; when the advisory is closed, or the version is not the newest.
pub async fn tell(
    app: &App,
    caller: &Caller,
    id: &str,
    act: Act,
    posted: &Posted,
) -> Result<Answer> {
    load(app, id).await?;
    let (catalogue, now) = (app.store.catalogue().await?, app.clock.now());
    let guard = Guard::of(app, &posted.node, "").await?;
    let said = Said::of(act, (posted, &guard), &catalogue, now)?;
    let seen = (said.version(), guard, posted.sending);
    let answer = say(app, caller, id, seen, |advisory, catalogue, now| {
        said.said_of(advisory, catalogue, now)
    })
    .await?;
    if act == Act::Update {
        // What was taken back and is said now is no draft any more.
        let now = app.clock.now();
        app.store.save_writing(id, &caller.actor, "", now).await?;
    }
    Ok(answer)
}

/// What people would be told so. Nothing is stored.
///
/// # Errors
/// Everything for which it would be refused, but for what its readers may not see and for its version.
pub async fn preview_act(app: &App, id: &str, act: Act, posted: &Posted) -> Result<Previewed> {
    let (advisory, _) = load(app, id).await?;
    let (catalogue, now) = (app.store.catalogue().await?, app.clock.now());
    let said = Said::of(act, (posted, &Guard::default()), &catalogue, now)?;
    let (_, advisory) = said.said_of(advisory, &catalogue, now)?;
    let (stored, _) = app.store.planned(id).await?;
    let (advisory, changes) = publish_word(advisory, &catalogue, &stored, now);
    let newest = advisory.updates.last();
    let occasion = Occasion {
        milestone: newest.map_or("update", |word| word.milestone()).to_owned(),
        update: newest.map(|word| word.number),
        ..Occasion::default()
    };
    let event = Event::Advisory(advisory);
    previewed::of(app, &catalogue, (&event, &occasion), &changes.add, now).await
}

/// Tells people more.
///
/// # Errors
/// As for [`tell`].
pub async fn update(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Update, posted).await
}

/// Says that the fix is out, and what people do to get it; who asked for it is told too.
///
/// # Errors
/// As for [`tell`].
pub async fn fix(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Fix, posted).await
}

/// Takes back what was told.
///
/// # Errors
/// As for [`tell`].
pub async fn withdraw(app: &App, caller: &Caller, id: &str, posted: &Posted) -> Result<Answer> {
    tell(app, caller, id, Act::Withdraw, posted).await
}
