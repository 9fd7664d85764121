//! Forewarn's pure core: who must hear, when, what, and what an outcome means.
//!
//! No async, no I/O, no clock, no randomness: time and chance are arguments.

pub mod acknowledge;
pub mod alert;
pub mod audience;
pub mod blackout;
pub mod calendar;
pub mod call_list;
pub mod change_ahead;
pub mod change_request;
pub mod contact;
pub mod decision;
pub mod delivery;
pub mod document;
pub mod event;
pub mod facts;
pub mod hook;
pub mod id;
pub mod incident;
pub mod mail;
pub mod maintenance;
pub mod maintnote;
pub mod membership;
pub mod message;
pub mod offset;
pub mod organisation;
pub mod outage_plan;
pub mod period;
pub mod phone;
pub mod plan;
pub mod policy;
pub mod postmortem;
pub mod problem;
pub mod recipient;
pub mod rota;
pub mod routing;
pub mod service;
pub mod signature;
pub mod slack;
pub mod subscription;
pub mod template;
pub mod time;
pub mod token;
pub mod window;
pub mod window_use;
pub mod zone_data;
