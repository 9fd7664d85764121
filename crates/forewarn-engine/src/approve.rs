//! Nothing begins that somebody must agree to and has not, as it is now.

use crate::Engine;
use crate::channel::Channels;
use forewarn_core::approval::{Need, Wording, ask, needs, needs_beside_waiting, standing};
use forewarn_core::document::Catalogue;
use forewarn_core::message::{Content, Sheet};
use forewarn_store::{DueNotice, NoticeFilter, Published, Result, StoreError};
use jiff::Timestamp;

impl<C: Channels> Engine<C> {
    /// Who must agree to a notice before it begins.
    pub(crate) async fn needs(
        &self,
        notice: &DueNotice,
        catalogue: &Catalogue,
    ) -> Result<Vec<Need>> {
        let (event, occasion) = (&notice.event, &notice.occasion);
        let alone = needs(event, &notice.audience, occasion, catalogue);
        let beside = needs_beside_waiting(event, &notice.audience, occasion, catalogue);
        if alone == beside {
            return Ok(alone);
        }
        let waiting = NoticeFilter {
            event: Some(event.id().to_string()),
            status: Some("awaiting_approval".into()),
            ..NoticeFilter::default()
        };
        Ok(match self.store.notices(&waiting, 1).await?.is_empty() {
            true => alone,
            false => beside,
        })
    }

    /// What was approved of a notice that is about to begin, nothing where nobody had to agree; or why it may not begin.
    pub(crate) async fn approved(
        &self,
        notice: &DueNotice,
        content: &Content,
        needs: &[Need],
        catalogue: &Catalogue,
    ) -> Result<std::result::Result<Option<Wording>, (String, String)>> {
        if needs.is_empty() {
            return Ok(Ok(None));
        }
        let templates = self.store.templates().await?;
        let sheet = Sheet::new(
            &notice.audience,
            notice.level,
            &notice.channels,
            catalogue,
            &templates,
        );
        let wording = Wording::of(content, sheet, &templates);
        let given = self.store.approvals(notice.event.id().as_str()).await?;
        let before = given
            .iter()
            .any(|a| a.notice == notice.id && a.given.hash != wording.hash);
        let given: Vec<_> = given.into_iter().map(|a| a.given).collect();
        let standing = standing(needs, &wording.hash, &given, before);
        Ok(match standing.is_approved() {
            true => Ok(Some(wording)),
            false => Err((standing.because(), wording.hash)),
        })
    }

    /// It waits for a person's word. What its time sets in motion happens all the same: work begins whether or not people may
    /// be told. Says whether the notice is dealt with.
    pub(crate) async fn hold(
        &self,
        notice: &DueNotice,
        moved_on: Option<Published<'_>>,
        (because, hash): (String, &str),
        now: Timestamp,
    ) -> Result<bool> {
        if let Some(published) = moved_on {
            match self.store.publish(published, now).await {
                Err(StoreError::Conflict(_)) => return Ok(false),
                done => done?,
            }
        }
        let event = notice.event.id().as_str();
        tracing::warn!(notice = %notice.id, event, because, "a notice is held");
        let held = [(notice.id.clone(), because)];
        self.store.hold_notices(event, &held, "engine", now).await?;
        let catalogue = self.store.catalogue().await?;
        if let Some(asked) = ask(&notice.event, hash, &catalogue, now) {
            self.store.ask(&notice.event, &asked).await?;
        }
        Ok(true)
    }
}
