//! Says that something changed to whoever looks at a page that shows it.
//!
//! One task for the whole process looks whether anything differs, at most once in [`APART`], and only while somebody listens; a
//! publication of this process wakes it. So a hundred open pages ask the database no more often than one, and none asks it at night.
//! What changed is not said: a page that cares loads itself again, with its reader's own rights.

use forewarn_store::{NoticeFilter, Store};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// Between two looks.
const APART: Duration = Duration::from_secs(1);
/// What other processes changed is found after so long, also while nothing here gives a hint.
const WITHIN: Duration = Duration::from_secs(2);
/// Pages whose words tell of time are made again after so long, whether or not anything happened.
const AT_LEAST: Duration = Duration::from_secs(30);
/// Notices that go out at once; more change too fast to be watched one by one.
const SENDING: i64 = 50;

/// Where the pulse stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// Counts the changes since the process began.
    pub count: u64,
    /// The server stops: nothing follows.
    pub over: bool,
}

/// The pulse of one process.
#[derive(Clone)]
pub struct Pulse(Arc<Inner>);

struct Inner {
    beat: watch::Sender<Beat>,
    /// Whether the task that looks is there. Held while it decides to end, so that nobody subscribes to a pulse that just stopped.
    looking: Mutex<bool>,
}

impl Default for Pulse {
    fn default() -> Pulse {
        Pulse(Arc::new(Inner {
            beat: watch::channel(Beat::default()).0,
            looking: Mutex::new(false),
        }))
    }
}

impl Pulse {
    /// Hears of every change from now on.
    pub fn listen(&self, store: &Store) -> watch::Receiver<Beat> {
        let mut looking = self.looking();
        let listener = self.0.beat.subscribe();
        if !*looking && !self.0.beat.borrow().over {
            *looking = true;
            tokio::spawn(self.clone().look(store.clone()));
        }
        listener
    }

    /// Ends it for everybody, so that no open page holds up the end of the server.
    pub fn stop(&self) {
        self.0.beat.send_modify(|beat| beat.over = true);
    }

    fn looking(&self) -> MutexGuard<'_, bool> {
        let held = self.0.looking.lock();
        held.unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks until nobody listens.
    async fn look(self, store: Store) {
        let mut hints = store.publications();
        // The first look always differs: something may have changed since whoever listens loaded the page.
        let mut known = None;
        let mut said = Instant::now();
        loop {
            // A hint only shortens the wait; without one it ends by itself.
            let _ = timeout(WITHIN, hints.changed()).await;
            if self.is_done() {
                return;
            }
            let now = mark(&store).await;
            if now != known || said.elapsed() >= AT_LEAST {
                (known, said) = (now, Instant::now());
                self.0.beat.send_modify(|beat| beat.count += 1);
            }
            sleep(APART).await;
        }
    }

    fn is_done(&self) -> bool {
        let mut looking = self.looking();
        let done = self.0.beat.receiver_count() == 0 || self.0.beat.borrow().over;
        *looking = !done;
        done
    }
}

/// What differs as soon as anything does that the console shows; nothing while the store is away.
async fn mark(store: &Store) -> Option<u64> {
    let newest = store.journal(None, None, 1).await.ok()?;
    let sending = NoticeFilter {
        status: Some("sending".into()),
        ..NoticeFilter::default()
    };
    let mut mark = DefaultHasher::new();
    newest.first().map(|entry| entry.seq).hash(&mut mark);
    for notice in store.notices(&sending, SENDING).await.ok()? {
        notice.id.hash(&mut mark);
        let mut counts: Vec<_> = notice.counts.iter().collect();
        counts.sort();
        counts.hash(&mut mark);
    }
    Some(mark.finish())
}
