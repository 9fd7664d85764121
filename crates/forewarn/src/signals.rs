//! What asks a process to end: SIGTERM of a service manager, SIGINT of Ctrl-C.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears signals from the moment that it is made: one that comes early is not lost.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen. From now on they end nothing by themselves.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until the process is asked to end.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
