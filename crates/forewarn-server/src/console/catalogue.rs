//! Services, audiences, contacts.

use super::Frame;
use crate::status_page::state::ServiceState;
use forewarn_core::audience::Audience;
use forewarn_core::service::Service;

/// Every service.
pub struct ServiceList {
    /// The frame.
    pub frame: Frame,
    /// Services in the order of the status page.
    pub items: Vec<ServiceRow>,
}

/// A service in the list.
pub struct ServiceRow {
    /// The service.
    pub service: Service,
    /// How it is.
    pub state: ServiceState,
    /// Names of the services it stands on.
    pub stands_on: Vec<String>,
    /// Names of the services that stand on it, directly or not.
    pub carries: Vec<String>,
    /// Names of the audiences that use it.
    pub audiences: Vec<String>,
}

/// Every audience, and the contacts in numbers.
pub struct AudienceList {
    /// The frame.
    pub frame: Frame,
    /// Audiences.
    pub items: Vec<AudienceRow>,
    /// How many contacts there are.
    pub contacts: u64,
    /// Endpoints by channel.
    pub endpoints: Vec<(String, u64)>,
    /// Endpoints that are suppressed after bounces or by wish.
    pub suppressed: u64,
}

/// An audience in the list.
pub struct AudienceRow {
    /// The audience.
    pub audience: Audience,
    /// How many contacts are in it.
    pub contacts: u64,
    /// Names of its services; empty when it uses all.
    pub services: Vec<String>,
}
