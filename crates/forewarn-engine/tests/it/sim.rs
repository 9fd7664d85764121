//! The simulation: the real engine over the real store, in a world that fails, with crashes, a jumping clock, people who
//! change their minds, and sometimes a second engine. All of it follows from a seed, and on SQLite a seed replays exactly: who goes on
//! is decided at the points of each sending, by chance that the seed gives. Between those points nobody else runs, so a few seeds
//! more let everything happen at once, as the database's threads will have it; what these find may not come again. So do the even
//! seeds on PostgreSQL, which has processes of its own.
//!
//! `FOREWARN_SIM_SEED=n` runs one seed, `FOREWARN_SIM_SEEDS=n` so many instead of 10.

mod auditor;
pub mod chance;
mod digests;
mod drive;
mod month;
pub mod operator;
pub mod promises;
mod world;

use crate::database::Kind;
use drive::{Order, Plan, Report, run};
use month::Figures;
use world::Bug;

fn seeds(usual: u64) -> Vec<u64> {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|v| v.parse().expect("a number"))
    };
    match number("FOREWARN_SIM_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("FOREWARN_SIM_SEEDS").unwrap_or(usual)).collect(),
    }
}

/// How often the clock moves in a run. A round on PostgreSQL takes several times as long as one on SQLite, and ten short worlds show
/// more than a few long ones.
fn rounds(kind: Kind) -> usize {
    match kind {
        Kind::Sqlite => 50,
        Kind::Postgres => 20,
    }
}

fn usual(seed: u64, kind: Kind) -> Plan {
    Plan {
        seed,
        kind,
        order: Order::of(seed, kind),
        bug: None,
        rounds: rounds(kind),
    }
}

fn simulate(plan: Plan) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run(plan))
}

fn all_is_right(kind: Kind, most: u64) {
    let mut whole = Report::default();
    for seed in seeds(most) {
        let began = std::time::Instant::now();
        let report = simulate(usual(seed, kind));
        println!(
            "seed {seed}: {} notices, {} tries, {} of them digests, {} of windows, {} calls, {} of faults with {} promises and {} words without, \
             {} crashes, {} unknown, {:?}",
            report.notices,
            report.tries.len(),
            report.digests,
            report.windows,
            report.calls,
            report.faults,
            report.promising,
            report.unpromising,
            report.crashes,
            report.unknown,
            began.elapsed()
        );
        assert!(
            report.wrong.is_empty(),
            "on {kind:?} with FOREWARN_SIM_SEED={seed}:\n{}",
            report.wrong.join("\n")
        );
        whole.tries.extend(report.tries);
        whole.digests += report.digests;
        whole.windows += report.windows;
        whole.calls += report.calls;
        whole.faults += report.faults;
        whole.promising += report.promising;
        whole.unpromising += report.unpromising;
        whole.crashes += report.crashes;
        whole.unknown += report.unknown;
    }
    // A simulation in which nothing happens proves nothing.
    if std::env::var("FOREWARN_SIM_SEED").is_err() {
        assert!(
            whole.tries.len() > 200 && whole.crashes > 5 && whole.unknown > 5,
            "too quiet: {} crashes, {} unknown",
            whole.crashes,
            whole.unknown
        );
        assert!(
            whole.digests > 5 && whole.windows > 20 && whole.calls > 5,
            "too plain: {} digests, {} of windows, {} calls",
            whole.digests,
            whole.windows,
            whole.calls
        );
        assert!(
            whole.faults > 5 && whole.promising > 2 && whole.unpromising > 2,
            "too sound: {} of faults, {} promises, {} words without",
            whole.faults,
            whole.promising,
            whole.unpromising
        );
    }
}

#[test]
fn the_whole_is_right_under_faults_on_sqlite() {
    all_is_right(Kind::Sqlite, 10);
}

#[test]
fn the_whole_is_right_under_faults_on_postgresql() {
    all_is_right(Kind::Postgres, 10);
}

#[test]
fn what_happens_at_once_is_right_on_sqlite() {
    for seed in seeds(2) {
        let report = simulate(Plan {
            order: Order::AtOnce,
            ..usual(seed, Kind::Sqlite)
        });
        let wrong = report.wrong.join("\n");
        assert!(wrong.is_empty(), "seed {seed}, all at once:\n{wrong}");
        assert!(report.tries.len() > 20, "too quiet: {}", report.tries.len());
    }
}

/// Every message, with its bytes, its time and what became of it, in the order of their arrival; and what people were told in all.
#[test]
fn a_seed_replays_exactly() {
    for seed in 1..=4 {
        let [first, again] = [(); 2].map(|()| simulate(usual(seed, Kind::Sqlite)));
        let differs = (first.tries.iter().zip(&again.tries)).position(|(a, b)| a != b);
        let came = |report: &Report| {
            let Report {
                crashes,
                unknown,
                notices,
                ..
            } = report;
            (report.tries.len(), *crashes, *unknown, *notices)
        };
        assert_eq!((differs, came(&first)), (None, came(&again)), "seed {seed}");
    }
}

/// A judge that finds nothing must be seen to find something. In seeds that replay exactly, so that it always does, and in which one
/// thing happens at a time.
fn is_caught(bug: Bug, within: usize, by: &str) {
    for seed in (1..).step_by(2).take(within) {
        let report = simulate(Plan {
            bug: Some(bug),
            ..usual(seed, Kind::Sqlite)
        });
        if let Some(found) = report.wrong.iter().find(|w| w.contains(by)) {
            println!("{bug:?} is caught by seed {seed}: {found}");
            return;
        }
        println!("{bug:?}, seed {seed}: {:?}", report.wrong.first());
    }
    panic!("{bug:?} went unnoticed through {within} seeds");
}

#[test]
fn an_engine_that_forgets_outcomes_is_caught() {
    is_caught(Bug::ForgetsOutcomes, 3, "times with");
}

#[test]
fn an_engine_that_takes_failure_for_success_is_caught() {
    is_caught(Bug::TakesFailureForSuccess, 3, "lost:");
}

#[test]
fn an_engine_that_makes_a_fresh_id_for_each_attempt_is_caught() {
    is_caught(Bug::FreshIds, 3, "nobody published it");
}

#[test]
fn an_engine_that_sends_early_is_caught() {
    is_caught(Bug::Early, 20, "early:");
}

#[test]
fn an_engine_that_retries_by_itself_is_caught() {
    is_caught(Bug::RetriesByItself, 20, "order:");
}

#[test]
fn an_engine_that_drops_attempts_on_recovery_is_caught() {
    is_caught(Bug::DropsOnRecovery, 20, "lost:");
}

#[test]
fn an_operator_who_forgets_what_was_told_is_caught() {
    is_caught(Bug::ForgetsWhatWasTold, 20, "twice:");
}

#[test]
fn timers_in_memory_are_caught() {
    is_caught(Bug::TimersInMemory, 20, "promise:");
}

#[test]
fn an_operator_who_leaves_the_timers_of_a_kept_promise_is_caught() {
    is_caught(Bug::LeavesTimers, 20, "promise:");
}

#[test]
fn an_engine_that_sends_the_parts_of_a_digest_apart_is_caught() {
    is_caught(Bug::PartsApart, 20, "apart:");
}

#[test]
fn an_engine_that_loses_parts_of_a_digest_is_caught() {
    is_caught(Bug::LosesParts, 20, "lost:");
}

/// So many incidents over so many days, by each of these seeds.
fn months(kind: Kind, incidents: usize, days: u64, seeds: Vec<u64>) {
    for seed in seeds {
        let began = std::time::Instant::now();
        let figures = month(month::Plan {
            kind,
            seed,
            incidents,
            days,
            bug: None,
        });
        println!(
            "seed {seed} on {kind:?}, {:?}: {figures:?}",
            began.elapsed()
        );
        let shown = &figures.wrong[..figures.wrong.len().min(20)];
        assert!(
            figures.wrong.is_empty(),
            "on {kind:?} with FOREWARN_SIM_SEED={seed}: {} wrong, among them\n{}",
            figures.wrong.len(),
            shown.join("\n")
        );
        assert_eq!(figures.incidents, incidents);
        // A month in which nothing happens proves nothing.
        assert!(figures.kept > 0 && figures.automatically > 0 && figures.broken > 0);
        assert!(figures.calls > 0 && figures.taken_calls > 0 && figures.handovers > 0);
        assert!(figures.kills > 0 && figures.jumps.iter().all(|jumps| *jumps > 0));
        assert!(figures.sleeps > 0 || kind == Kind::Sqlite, "{figures:?}");
    }
}

fn month(plan: month::Plan) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(month::live(plan))
}

#[test]
fn incidents_keep_their_promises_through_crashes_and_clock_jumps_on_sqlite() {
    months(Kind::Sqlite, 24, 2, seeds(1));
}

#[test]
fn incidents_keep_their_promises_through_crashes_and_clock_jumps_on_postgresql() {
    months(Kind::Postgres, 12, 1, seeds(1));
}

#[test]
#[ignore = "takes long: the whole month of the proof"]
fn a_month_of_incidents_on_sqlite() {
    months(Kind::Sqlite, 500, 30, seeds(1));
}

#[test]
#[ignore = "takes long: the whole month of the proof"]
fn a_month_of_incidents_on_postgresql() {
    months(Kind::Postgres, 500, 30, seeds(1));
}

/// As [`is_caught`], in a short month.
fn is_caught_in_a_month(bug: Bug, kind: Kind, by: &str) {
    for seed in 1..20 {
        let figures = month(month::Plan {
            kind,
            seed,
            incidents: 12,
            days: 1,
            bug: Some(bug),
        });
        if let Some(found) = figures.wrong.iter().find(|w| w.contains(by)) {
            println!("{bug:?} is caught by seed {seed}: {found}");
            return;
        }
        let others = &figures.wrong[..figures.wrong.len().min(5)];
        println!("{bug:?}, seed {seed}: {others:#?}");
    }
    panic!("{bug:?} went unnoticed");
}

#[test]
fn timers_that_come_early_are_caught_in_a_month() {
    is_caught_in_a_month(Bug::Early, Kind::Sqlite, "early:");
}

#[test]
fn timers_in_memory_are_caught_in_a_month() {
    is_caught_in_a_month(Bug::TimersInMemory, Kind::Sqlite, "promise:");
}

#[test]
fn a_process_that_goes_on_after_others_took_over_is_caught_in_a_month() {
    is_caught_in_a_month(Bug::GoesOnAfterSleep, Kind::Postgres, "order:");
}
