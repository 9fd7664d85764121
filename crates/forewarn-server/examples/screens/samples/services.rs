//! Services, with how they are and what the failure of one would mean.

use super::Samples;
use forewarn_server::console::{Blast, ServiceRow};
use forewarn_server::status_page::state::ServiceState;

impl Samples {
    pub(super) fn service_rows(&self) -> Vec<ServiceRow> {
        let services = self.services().into_iter();
        services
            .map(|service| ServiceRow {
                state: match service.id.as_str() {
                    "portal" => ServiceState::PartialOutage,
                    "database" => ServiceState::UnderMaintenance,
                    "mail" => ServiceState::Degraded,
                    _ => ServiceState::Operational,
                },
                stands_on: match service.id.as_str() {
                    "portal" => vec![self.t("Student database")],
                    _ => vec![],
                },
                carries: match service.id.as_str() {
                    "database" => vec![self.t("Student portal"), self.t("Course pages")],
                    _ => vec![],
                },
                audiences: match service.id.as_str() {
                    "video" => vec![],
                    _ => vec![self.t("Students")],
                },
                service,
            })
            .collect()
    }

    pub(super) fn blast(&self) -> Blast {
        let way = |name: &str| (self.t(name), self.t(&format!("Student database › {name}")));
        Blast {
            name: self.t("Student database"),
            services: vec![way("Student portal"), way("Course pages")],
            audiences: vec![self.t("Students"), self.t("On-call engineers")],
            people: 12_594,
        }
    }
}
