//! Tests of the whole: the program as its users run it, and the state of the repository.

mod alertmanager;
mod bench;
mod commands;
mod crash;
mod crash_channels;
mod damage;
mod database;
mod disk_full;
mod link_key;
mod lint;
mod outage;
mod pauses;
mod plan;
mod power_cut;
mod publish;
mod repeats;
mod running;
mod secrets;
mod server;
mod starting;
mod subscription;
mod tidy;
mod zones;
