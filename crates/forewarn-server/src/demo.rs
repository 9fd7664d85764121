//! The demo's other side: what the server needs of the catcher and the movable clock, which live in the binary.

use jiff::Timestamp;
use std::future::Future;
use std::pin::Pin;

/// A message that the demo caught.
#[derive(Clone, Debug)]
pub struct CaughtItem {
    /// Its number, from 0.
    pub id: usize,
    /// A mail, or else a webhook request.
    pub is_mail: bool,
    /// Whom it was for.
    pub to: String,
    /// When it came, by the demo's clock.
    pub at: Timestamp,
    /// The whole mail, or the request's headers and body.
    pub raw: Vec<u8>,
}

/// What the demo offers to the console.
pub trait Demo: Send + Sync {
    /// All messages caught so far, oldest first.
    fn caught(&self) -> Vec<CaughtItem>;
    /// One of them.
    fn message(&self, id: usize) -> Option<CaughtItem> {
        self.caught().into_iter().find(|item| item.id == id)
    }
    /// How many there are.
    fn count(&self) -> usize {
        self.caught().len()
    }
    /// When somebody of the story does something next.
    fn next_act(&self) -> Option<Timestamp> {
        None
    }
    /// Moves the clock to the next notice or act of the story, or by a number of minutes, and waits until what fell due has gone out.
    fn advance<'a>(
        &'a self,
        minutes: Option<i64>,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>>;
}
