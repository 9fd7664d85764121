//! Idle connections to one relay, kept for the next batch.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::connection::Connection;

/// Idle connections, the most recently used last.
pub(super) struct Pool {
    max_idle: usize,
    max_age: Duration,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    connections: Vec<(Instant, Connection)>,
    /// A task waits to close the oldest.
    attended: bool,
}

impl Pool {
    /// A pool that keeps up to `max_idle` connections, each up to `max_age`.
    pub(super) fn new(max_idle: usize, max_age: Duration) -> Arc<Pool> {
        Arc::new(Pool {
            max_idle,
            max_age,
            idle: Mutex::default(),
        })
    }

    /// Whether it ever keeps one.
    pub(super) fn keeps_any(&self) -> bool {
        self.max_idle > 0
    }

    /// The most recently used connection that still looks alive.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = self.lock();
        while let Some((since, mut connection)) = idle.connections.pop() {
            if since.elapsed() < self.max_age && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for later, or takes leave of it if enough are kept.
    pub(super) fn put(self: &Arc<Pool>, connection: Connection) {
        let mut idle = self.lock();
        if idle.connections.len() >= self.max_idle {
            drop(idle);
            tokio::spawn(connection.quit());
            return;
        }
        idle.connections.push((Instant::now(), connection));
        if !std::mem::replace(&mut idle.attended, true) {
            tokio::spawn(attend(Arc::downgrade(self), self.max_age));
        }
    }

    /// Takes out the connections whose time has come, oldest first, and tells when the next one's
    /// comes.
    fn expired(&self, now: Instant) -> (Vec<Connection>, Option<Instant>) {
        let mut idle = self.lock();
        let old = idle
            .connections
            .partition_point(|(since, _)| *since + self.max_age <= now);
        let expired = idle
            .connections
            .drain(..old)
            .map(|(_, connection)| connection)
            .collect();
        let next = idle
            .connections
            .first()
            .map(|(since, _)| *since + self.max_age);
        idle.attended = next.is_some();
        (expired, next)
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        // A panic cannot leave the list half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections as they grow old, until none is left or the pool is gone. A server counts an
/// idle connection against us, and would end it in the middle of the next mail.
async fn attend(pool: Weak<Pool>, max_age: Duration) {
    let mut next = Some(Instant::now() + max_age);
    while let Some(at) = next {
        sleep_until(at).await;
        let Some(pool) = pool.upgrade() else { return };
        let (expired, later) = pool.expired(Instant::now());
        drop(pool);
        for connection in expired {
            connection.quit().await;
        }
        next = later;
    }
}
