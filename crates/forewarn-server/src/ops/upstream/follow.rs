//! The event goes where its provider says it is: planned, changed, moved, begun, ended, and planned again.

use super::event_id;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::maintenance::{self, Revision};
use crate::ops::sending::{Posted, Sending};
use crate::ops::{Approval, approval};
use forewarn_core::approval::{APPROVAL_NEEDED, approvers};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::document::from_json;
use forewarn_core::event::Event;
use forewarn_core::facts::Facts;
use forewarn_core::id::{Id, derive};
use forewarn_core::maintenance::{Maintenance, Status as Standing};
use forewarn_core::maintnote::{Notice, Status};
use forewarn_core::plan::{INTERNAL, Notice as Told};
use forewarn_store::{StoreError, Upstream};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Nothing is said and nothing is to be done.
const AS_IT_WAS: &str = "nothing: all is as it was";

/// Who carries out what providers say.
pub(super) struct Desk<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    /// Nobody has to agree to what is certain.
    pub(super) automatic: bool,
}

/// What a notice makes of an event's words. The provider, its circuits and its words are technical.
struct Words {
    title: String,
    facts: Facts,
}

impl Desk<'_> {
    pub(super) fn approval(&self, notice: &Notice) -> Approval {
        match self.automatic && notice.status != Status::Tentative {
            true => Approval::ByPolicy,
            false => Approval::Needed,
        }
    }

    async fn words(&self, notice: &Notice, touched: &[Id]) -> Result<Words> {
        let catalogue = self.app.store.catalogue().await?;
        let services = catalogue.services.iter();
        let named = services.filter(|s| touched.contains(&s.id));
        let names: Vec<&str> = named.map(|s| s.name.as_str()).collect();
        let title = format!("Work at a provider of {}", names.join(", "));
        let objects = notice.objects.iter().take(20);
        let objects: Vec<&str> = objects.map(|(object, _)| object.as_str()).collect();
        let technical = format!(
            "{} {}, account {}, on {}: {}",
            notice.provider,
            notice.maintenance,
            notice.account,
            match objects.is_empty() {
                true => "unnamed objects".to_owned(),
                false => objects.join(", "),
            },
            notice.summary
        );
        // As a document would be read: without white space at its end.
        let short = |text: String, most: usize| -> String {
            let cut: String = text.chars().take(most).collect();
            cut.trim_end().to_owned()
        };
        Ok(Words {
            title: short(title, 200),
            facts: Facts {
                effect: Some(notice.effect.words().to_owned()),
                technical: Some(short(technical, 1_000)),
                ..Facts::default()
            },
        })
    }

    /// Plans work for which there is no event yet, or none any more.
    pub(super) async fn create(
        &self,
        id: &str,
        notice: &Notice,
        touched: &[Id],
        (start, end): (Timestamp, Timestamp),
        approval: Approval,
    ) -> Result<&'static str> {
        let words = self.words(notice, touched).await?;
        let body = Sending::by_program(from_json(json!({
            "id": id, "title": words.title, "services": touched, "facts": words.facts,
            "start": start.to_string(), "end": end.to_string(), "cause": "third_party",
        })));
        match maintenance::create(self.app, self.caller, &body, approval).await {
            Ok(_) => Ok("created"),
            // It was made, and we were stopped before that was remembered.
            Err(ApiError::Store(StoreError::Conflict(_))) => {
                let (found, _) = maintenance::show(self.app, id).await?;
                self.shift(notice, &found).await
            }
            Err(error) => Err(error),
        }
    }

    /// Follows a newer notice; says what was done and which event stands for the work from now on.
    pub(super) async fn follow(
        &self,
        known: &Upstream,
        notice: &Notice,
        touched: &[Id],
    ) -> Result<(&'static str, String)> {
        let id = known.event.clone();
        let (found, _) = maintenance::show(self.app, &id).await?;
        if found.status.is_over() && !notice.status.is_over() {
            return self.again(known, notice, touched, &found).await;
        }
        let did = match notice.status {
            Status::Cancelled if found.status.is_over() => "nothing: it is over",
            Status::Cancelled => {
                self.withdraw(&id, "The provider withdrew its work.")
                    .await?;
                "cancelled"
            }
            Status::Completed => self.complete(&found).await?,
            Status::NoChange => self.shift(notice, &found).await?,
            Status::InProcess | Status::Tentative | Status::Confirmed | Status::ReScheduled => {
                return self.change(known, notice, touched, found).await;
            }
        };
        Ok((did, id))
    }

    /// What is over here is to be after all. The provider called it off and takes that back: it is planned as something new,
    /// because people were told that it is off. Where a person ended it, another time is something new that a person looks at.
    async fn again(
        &self,
        known: &Upstream,
        notice: &Notice,
        touched: &[Id],
        found: &Maintenance,
    ) -> Result<(&'static str, String)> {
        let same = |did| Ok((did, known.event.clone()));
        let Some(window) = notice.window else {
            return same("nothing: it is over, and the notice does not say when it would be again");
        };
        if window.1 <= self.app.clock.now() {
            return same("nothing: it is over, and the time of the notice has passed");
        }
        let approval = match known.notice.status {
            Status::Cancelled => self.approval(notice),
            _ if window == found.window() => {
                return same("nothing: it was ended here, and its time is as it was");
            }
            _ => Approval::Needed,
        };
        let services = match touched.is_empty() {
            true => &found.services,
            false => touched,
        };
        let id = event_id(notice, Some(&known.event));
        self.create(&id, notice, services, window, approval).await?;
        Ok(("created again", id))
    }

    async fn change(
        &self,
        known: &Upstream,
        notice: &Notice,
        touched: &[Id],
        found: Maintenance,
    ) -> Result<(&'static str, String)> {
        let id = known.event.clone();
        // Without objects it says nothing new of what it touches.
        let same_objects = notice.objects == known.notice.objects || notice.objects.is_empty();
        let services = match same_objects || touched.is_empty() {
            true => found.services.clone(),
            false => touched.to_vec(),
        };
        let lost = found.services.iter().any(|s| !services.contains(s));
        if lost && found.status == Standing::Scheduled {
            // Who uses only what is spared now was told of work, and is told that it is off.
            let window = notice.window.unwrap_or(found.window());
            self.withdraw(&id, "The provider's work is on something else now.")
                .await?;
            let next = event_id(notice, Some(&id));
            let approval = self.approval(notice);
            self.create(&next, notice, &services, window, approval)
                .await?;
            return Ok(("created for other services", next));
        }
        let moves = notice.window.is_some_and(|w| w != found.window());
        let changed = self.revise(known, notice, services, &found, moves).await?;
        let (found, _) = maintenance::show(self.app, &id).await?;
        let moved = self.shift(notice, &found).await?;
        let did = match (notice.status, found.status) {
            (Status::InProcess, Standing::Scheduled) => {
                maintenance::start(self.app, self.caller, &id, &unsaid()).await?;
                "started"
            }
            _ if changed && moved == AS_IT_WAS => "changed",
            _ => moved,
        };
        Ok((did, id))
    }

    /// Lays what the notice says over the event. People are told when it does something else to them, or to more of them; where
    /// it `moves` too, by the message that says so. Says whether anything changed.
    async fn revise(
        &self,
        known: &Upstream,
        notice: &Notice,
        services: Vec<Id>,
        found: &Maintenance,
        moves: bool,
    ) -> Result<bool> {
        let old = &known.notice;
        let same_words = (
            notice.effect,
            &notice.summary,
            &notice.account,
            &notice.objects,
        ) == (old.effect, &old.summary, &old.account, &old.objects);
        let same_services = services == found.services;
        if same_words && same_services {
            return Ok(false);
        }
        let words = self.words(notice, &services).await?;
        let facts = found.facts.clone().updated_by(words.facts);
        if facts == found.facts && same_services {
            return Ok(false);
        }
        let revision = Revision {
            tells: !moves && (notice.effect != old.effect || !same_services),
            title: words.title,
            services,
            facts,
        };
        let id = found.id.as_str();
        maintenance::revise(self.app, self.caller, id, &revision).await?;
        Ok(true)
    }

    async fn withdraw(&self, id: &str, reason: &str) -> Result<()> {
        let reason = Sending::by_program(from_json(json!({"reason": reason})));
        maintenance::cancel(self.app, self.caller, id, &reason).await?;
        Ok(())
    }

    async fn complete(&self, found: &Maintenance) -> Result<&'static str> {
        let (app, caller, id) = (self.app, self.caller, found.id.as_str());
        match found.status {
            Standing::Completed | Standing::Cancelled => Ok("nothing: it is over"),
            // Nobody was told of it, so nobody is told that it is over.
            Standing::AwaitingApproval => {
                self.withdraw(id, "The provider's work is over.").await?;
                Ok("cancelled")
            }
            Standing::Scheduled => {
                maintenance::start(app, caller, id, &unsaid()).await?;
                maintenance::complete(app, caller, id, &unsaid()).await?;
                Ok("completed")
            }
            Standing::InProgress => {
                maintenance::complete(app, caller, id, &unsaid()).await?;
                Ok("completed")
            }
        }
    }

    /// Moves what has not begun, and makes longer what has.
    async fn shift(&self, notice: &Notice, found: &Maintenance) -> Result<&'static str> {
        let Some((start, end)) = notice.window.filter(|window| *window != found.window()) else {
            return Ok(AS_IT_WAS);
        };
        let (app, caller, id) = (self.app, self.caller, found.id.as_str());
        let reason = "The provider moved its work.";
        match found.status {
            Standing::AwaitingApproval | Standing::Scheduled => {
                let body =
                    json!({"start": start.to_string(), "end": end.to_string(), "reason": reason});
                maintenance::delay(app, caller, id, &Sending::by_program(from_json(body))).await?;
                Ok("moved")
            }
            Standing::InProgress if end > found.window().1 => {
                let body = json!({"end": end.to_string(), "reason": "The provider needs longer."});
                maintenance::extend(app, caller, id, &Sending::by_program(from_json(body))).await?;
                Ok("extended")
            }
            Standing::InProgress | Standing::Completed | Standing::Cancelled => {
                Ok("nothing: it has begun or is over")
            }
        }
    }

    /// Who runs the services hears that a provider's notice waits, unless those whom a policy names are asked anyway. Each newer
    /// notice about what still waits says so again.
    pub(super) async fn tell_that_it_waits(&self, id: &str, notice: &Notice) -> Result<()> {
        let Some(stored) = self.app.store.event(id).await? else {
            return Ok(());
        };
        let event = stored.event;
        let waits =
            matches!(&event, Event::Maintenance(m) if m.status == Standing::AwaitingApproval);
        let catalogue = self.app.store.catalogue().await?;
        let asked = !approvers(&event, &catalogue).is_empty()
            && !approval::waiting(self.app, &event).await?.approved;
        if !waits || asked {
            return Ok(());
        }
        let now = self.app.clock.now();
        let sequence = notice.sequence.to_string();
        let stamp = notice.stamp.map(|stamp| stamp.to_string());
        let stamp = stamp.unwrap_or_default();
        let told = Told {
            id: derive(&["upstream-waits", id, &sequence, &stamp]),
            milestone: APPROVAL_NEEDED.to_owned(),
            offset: Some(derive(&["upstream-waits", &sequence, &stamp])[..16].to_owned()),
            stands_for: Vec::new(),
            audience: INTERNAL.to_owned(),
            level: Level::Technical,
            channels: vec![Channel::Email],
            due: now,
            due_local: catalogue.organisation.time_zone.at(now).to_string(),
            copy_due: None,
            because: "at once; a provider's notice waits for somebody to agree".to_owned(),
            held: false,
            tells: Vec::new(),
        };
        Ok(self.app.store.ask(&event, &told).await?)
    }
}

/// Done because of what the provider did, without a word.
fn unsaid() -> Posted {
    Sending::by_program(from_json(Value::Null))
}
