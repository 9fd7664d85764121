//! Whom of an audience a notice of an event is for.

use super::Event;
use crate::audience::Audience;
use crate::document::Catalogue;
use crate::id::Id;
use crate::service::Affected;

impl Event {
    /// The services of which a member of this audience must use one, where they chose any: those that the audience uses and that are
    /// affected. Where somebody wants all of the audience to hear, or it was told when it was affected, any service will do.
    pub fn services_told(
        &self,
        audience: &str,
        found: Option<&Audience>,
        affected: &[Affected],
        catalogue: &Catalogue,
    ) -> Vec<Id> {
        let used = affected
            .iter()
            .map(|a| &a.service)
            .filter(|service| found.is_none_or(|a| a.uses(service)));
        let used: Vec<Id> = used.cloned().collect();
        let is_added = self.added().is_some_and(|added| added.has(audience));
        match is_added || used.is_empty() {
            true => catalogue.services.iter().map(|s| s.id.clone()).collect(),
            false => used,
        }
    }
}
