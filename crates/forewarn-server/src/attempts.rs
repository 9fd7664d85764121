//! How often somebody tried of late, in this process's memory: who tries too often has to wait, and nobody else does.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Names and addresses that are remembered; a flood of them is forgotten rather than kept.
const MAX_REMEMBERED: usize = 10_000;

/// Attempts of late, by key.
#[derive(Debug)]
pub(crate) struct Attempts {
    window: SignedDuration,
    made: Mutex<HashMap<String, Vec<Timestamp>>>,
}

impl Attempts {
    /// Attempts older than `window` do not count.
    pub fn new(window: SignedDuration) -> Attempts {
        Attempts {
            window,
            made: Mutex::default(),
        }
    }

    /// How long until these may try again; nothing when they may now. Each key with how many attempts it has.
    pub fn wait(&self, keys: &[(String, usize)], now: Timestamp) -> Option<SignedDuration> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter()
            .filter_map(|(key, most)| {
                let times = made.get_mut(key)?;
                times.retain(|at| at.duration_since(now).abs() < self.window);
                let first = times.len().checked_sub(*most).map(|n| times[n])?;
                Some(self.window - now.duration_since(first))
            })
            .max()
    }

    /// One more attempt that counts.
    pub fn failed(&self, keys: &[(String, usize)], now: Timestamp) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() > MAX_REMEMBERED {
            made.clear();
        }
        for (key, _) in keys {
            made.entry(key.clone()).or_default().push(now);
        }
    }

    /// What this key tried before is forgiven.
    pub fn succeeded(&self, key: &str) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.remove(key);
    }
}

/// One customer has a whole /64 of IPv6.
pub(crate) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// An inner address may be a proxy that everybody comes through.
pub(crate) fn is_outside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(a) => !(a.is_private() || a.is_loopback() || a.is_link_local()),
        IpAddr::V6(a) => !(a.is_loopback() || a.is_unique_local() || a.is_unicast_link_local()),
    }
}
