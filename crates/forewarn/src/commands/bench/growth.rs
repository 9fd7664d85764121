//! `forewarn bench --few N`: how much more a message costs when there are many than when there are few.

use super::{BenchArgs, Measured, measure};
use crate::settings::Settings;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// Processor time is counted in hundredths of a second: few messages are measured so often that there are so many.
const ENOUGH: u32 = 100_000;

/// What messages to few recipients cost, and how that grows.
#[derive(Debug, Serialize)]
pub(super) struct Growth {
    /// How few.
    pub(super) from: u32,
    /// How often they were measured.
    pub(super) rounds: u32,
    per_second: f64,
    pub(super) cpu_us_per_message: f64,
    /// What a message to one of many costs more, in percent; less than nothing where it costs less.
    pub(super) cost_grows_percent: f64,
}

/// Measures both, the few first.
pub(super) async fn with_growth(
    args: &BenchArgs,
    settings: &Settings,
    folder: &Path,
    from: u32,
) -> Result<Measured> {
    let few = BenchArgs {
        recipients: from,
        send: 100,
        incidents: 0,
        few: None,
        ..args.clone()
    };
    let rounds = ENOUGH.div_ceil(from).clamp(1, 10);
    let (mut seconds, mut cost) = (0.0, 0.0);
    for round in 0..rounds {
        let folder = folder.join(format!("few-{round}"));
        std::fs::create_dir_all(&folder)?;
        let measured = measure(&few, settings, &folder).await?;
        std::fs::remove_dir_all(&folder)?;
        seconds += measured.seconds;
        cost += measured.cpu_us_per_message;
    }
    let many = measure(args, settings, folder).await?;
    let cost = cost / f64::from(rounds);
    let growth = Growth {
        from,
        rounds,
        per_second: f64::from(from * rounds) / seconds,
        cpu_us_per_message: cost,
        cost_grows_percent: (many.cpu_us_per_message / cost - 1.0) * 100.0,
    };
    Ok(Measured {
        growth: Some(growth),
        ..many
    })
}
