//! The console: what the people who run the communication see.
//!
//! Each page is a struct of what it shows, with `render()`. Handlers fill it; nothing here reads a store or a
//! clock. Everything works without script: actions are forms with plain fields and the frame's `csrf` token.
//!
//! | page | struct | form it posts |
//! |---|---|---|
//! | `/console/sign-in` | [`SignIn`] | itself |
//! | `/console` | [`Now`] | |
//! | `/console/maintenances` | [`MaintenanceList`] | |
//! | `/console/maintenances/new` | [`NewMaintenance`] | `POST /console/maintenances`, `do=preview` or `do=create` |
//! | `/console/maintenances/{id}` | [`MaintenancePage`] | `.../{id}/{approve,start,complete,cancel,delay,extend,override,change_request,recipients}`, `.../{id}/steps/{n}/done` |
//! | `/console/calendar` | [`CalendarPage`] | GET `view`, `day` |
//! | `/console/changes`, `/console/changes/{id}` | [`ChangeList`], [`ChangePage`] | `POST /console/changes`, `.../{id}`, `.../{id}/remove` |
//! | `/console/incidents` | [`IncidentList`] | |
//! | `/console/incidents/new` | [`DeclareIncident`] | `POST /console/incidents` |
//! | `/console/incidents/{id}/postmortem` | [`PostmortemPage`] | `.../postmortem`, `.../postmortem/{approve,publish}` |
//! | `/console/actions` | [`ActionList`] | `/console/incidents/{id}/actions/{number}` |
//! | `/console/incidents/{id}` | [`IncidentPage`] | `.../{id}/{updates,promise,handover,acknowledge,notes,recipients,merge,parent}`; its script `.../{id}/writing` |
//! | `/console/advisories` | [`AdvisoryList`] | |
//! | `/console/advisories/new` | [`NewAdvisory`] | `POST /console/advisories`, `do=preview` or `do=create` |
//! | `/console/advisories/{id}` | [`AdvisoryPage`] | `.../{id}/{updates,fix,withdraw,recipients}` |
//! | `/console/announcements` | [`AnnouncementList`] | |
//! | `/console/announcements/new` | [`NewAnnouncement`] | `POST /console/announcements`, `do=preview` or `do=create` |
//! | `/console/announcements/{id}` | [`AnnouncementPage`] | `.../{id}/{move,change,effective,cancel,recipients}` |
//! | `/console/drafts/{id}` | [`DraftPage`] | `.../{id}/publish`, `.../{id}/discard` |
//! | `/console/hooks` | [`HookList`] | |
//! | `/console/events/{id}/editing` | [`HelpPage`] | itself: `ask`, `text`, `help_note` |
//! | `/console/editing/{id}` | [`EditingPage`] | `.../{id}/{comment,suggest,take,decline,close}` |
//! | `/console/events/{id}/versions` | [`VersionsPage`] | GET `before`, `after` |
//! | `/console/approvals/{id}` | [`ApprovalPage`] | `.../approvals/{id}` |
//! | (posted) `/console/incidents/{id}/preview`, `/console/{kind}/new/preview` | [`PreviewPage`] | `.../{id}/preview` |
//! | `/console/incidents/{id}/calls` | [`CallListPage`] | `.../{id}/calls/{contact}` |
//! | `/console/events/{id}/{action}/words` | [`TellPage`] | itself, `.../{action}/preview` |
//! | `/console/events/{id}/preview` | [`EventPreview`] | GET filter `milestone` |
//! | `/console/templates` | [`TemplateList`] | GET filter `language`; `/console/templates/new` |
//! | `/console/templates/{id}` | [`TemplatePage`] | itself, `.../{id}/preview`, `.../{id}/restore` |
//! | `/console/templates/{id}/diff` | [`TemplateDiff`] | GET `from`, `to` |
//! | `/console/notices` | [`NoticeList`] | GET filter `event`, `status` |
//! | `/console/deliveries` | [`DeliveryList`] | GET filter `event`, `notice`, `channel`, `status` |
//! | `/console/services`, `/console/audiences` | [`ServiceList`], [`AudienceList`] | GET `of`; `/console/audiences/private-page` |
//! | `/console/contacts`, `/console/contacts/{id}` | [`ContactList`], [`ContactPage`] | GET filter `q` |
//! | `/console/search` | [`SearchPage`] | GET `q` |
//! | `/console/policies` | [`PolicyList`] | GET `start`, `service` |
//! | `/console/settings` | [`SettingsPage`] | |
//! | `/console/accounts` | [`AccountsPage`] | `.../{users,users/change,tokens,tokens/revoke,password}` |
//! | `/console/outage-plans`, `/console/services/{id}/outage-plan` | [`OutagePlanList`], [`OutagePlanPage`] | itself: a stakeholder agrees |
//! | `/console/services/{id}/card` | [`OutageCard`] | |
//! | `/console/journal` | [`Journal`] | GET filter `event` |
//! | `/console/caught`, `/console/caught/{id}` | [`Caught`], [`CaughtMessage`] | |
//! | `/api` | [`ApiPage`] | |
//! | any | [`ErrorPage`] | |
//!
//! Open pages hear at `/console/live` that something changed, and load themselves again.
//!
//! The frame posts `/console/sign-out`, and in the demo `/console/demo/next` and `/console/demo/advance` (`by=PT1H`).
//! A caught mail's own HTML is `GET /console/caught/{id}/html`, shown in a sandboxed frame and to be answered
//! with [`CAUGHT_HTML_POLICY`].

mod accounts;
mod advisory;
mod announcement;
mod api_page;
mod approval;
mod calendar;
mod call_list;
mod catalogue;
mod caught;
mod change;
pub mod decision;
mod desk;
mod draft;
mod editing;
mod entered;
mod forms;
mod graph;
mod guard;
mod handlers;
mod incident;
mod journal;
mod layout;
mod level_look;
mod maintenance;
mod notices;
mod now;
mod outage_plan;
mod path;
mod people;
mod picture;
mod plain;
mod plan;
mod policies;
mod postmortem;
mod preview;
pub mod reach;
mod readings;
mod routes;
mod settings;
mod sign_in;
mod team;
mod tell;
mod template;

pub use accounts::{AccountsPage, Secret};
pub use advisory::{AdvisoryList, AdvisoryPage, AdvisoryRow, Discovery, NewAdvisory};
pub use announcement::{AnnouncementList, AnnouncementPage, AnnouncementRow, NewAnnouncement};
pub use api_page::ApiPage;
pub use approval::{ApprovalPage, ApproveByLink};
pub use calendar::{CalendarEntry, CalendarKind, CalendarPage, CalendarRough, CalendarView};
pub use call_list::CallListPage;
pub use catalogue::{AudienceList, AudienceRow, Blast, ServiceList, ServiceRow};
pub use caught::{Caught, CaughtKind, CaughtMessage, CaughtRow};
pub use change::{ChangeList, ChangePage, ChangeRow};
pub(crate) use desk::{Failed, sentence};
pub use draft::{Alerts, DraftCard, DraftPage, HookList, HookRow};
pub use editing::{EditingPage, HelpPage, VersionsPage};
pub use forms::{Choice, Typed};
pub(crate) use guard::{Fields, VISIT, dressed, read_fields, read_form, see_other, set_cookie};
pub(crate) use handlers::outage_plans::card as outage_card;
pub(crate) use handlers::rows::name_audiences;
pub use incident::{DeclareIncident, IncidentList, IncidentPage, IncidentRow};
pub use journal::{Journal, JournalRow};
pub(crate) use layout::number;
pub use layout::{DemoBar, ErrorPage, Flash, FlashKind, Frame, Nav};
pub use level_look::LevelLook;
pub use maintenance::{MaintenanceList, MaintenancePage, MaintenanceRow, NewMaintenance};
pub use notices::{Attempt, CopyPage, Counts, DeliveryList, DeliveryRow, NoticeList, NoticeRow};
pub use now::{Doubt, HelpCard, Now, PromiseRow, Speaker};
pub use outage_plan::{OutageCard, OutageCards, OutagePlanList, OutagePlanPage};
pub use path::Prospect;
pub use people::{
    Belonging, ContactLine, ContactList, ContactPage, ContactPlace, Found, FoundGroup, Getting,
    SearchPage,
};
pub use plain::PlainPage;
pub use plan::{BreachRow, Plan, PlannedNotice, Reach};
pub use policies::{PolicyCard, PolicyList};
pub use postmortem::{ActionList, PostmortemPage};
pub use preview::{EventPreview, PreviewPage, Shown};
pub use routes::{not_found, plain, router};
pub use settings::{SettingsGroup, SettingsPage};
pub use sign_in::SignIn;
pub use team::Team;
pub use tell::TellPage;
pub(crate) use template::language_name;
pub use template::{
    TemplateDiff, TemplateGroup, TemplateLink, TemplateList, TemplatePage, TemplateRow,
};

/// What a console page may load and where its forms may go.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     connect-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The same for pages that show mails in frames of their own: these have their styles within, and nothing else runs in them.
pub const PREVIEW_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
     connect-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What a caught mail's HTML may do: wear its own styles, nothing else. `frame-ancestors 'self'` lets the console show it.
pub const CAUGHT_HTML_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     sandbox; frame-ancestors 'self'";
