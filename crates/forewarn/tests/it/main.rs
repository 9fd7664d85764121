//! Tests of the whole: the program as its users run it, and the state of the repository.

mod alertmanager;
mod commands;
mod crash;
mod database;
mod disk_full;
mod link_key;
mod lint;
mod outage;
mod pauses;
mod plan;
mod running;
mod server;
mod subscription;
mod tidy;
mod zones;
