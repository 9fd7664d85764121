//! Open pages hear that something changed, by server-sent events (HTML Living Standard, 9.2), and load what shows it again.

use crate::console::desk::Desk;
use crate::pulse::Beat;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

/// After so long a page asks again, and is asked again who looks at it.
const LASTS: Duration = Duration::from_secs(300);
/// A connection that is cut is noticed, here and between, by what is sent on it.
const ALIVE: Duration = Duration::from_secs(20);

/// Where a stream stands.
enum Turn {
    /// It says at once where the pulse is.
    First,
    /// It waits for the next beat.
    Next,
}

/// `GET /console/live`: an event `changed` at once, and whenever something did; its data counts the changes.
pub(in crate::console) async fn beats(desk: Desk) -> impl IntoResponse {
    let listener = desk.app.pulse.listen(&desk.app.store);
    let until = Instant::now() + LASTS;
    let beats = stream::unfold(
        (listener, Turn::First),
        move |(mut listener, turn)| async move {
            let beat = next(&mut listener, turn, until).await?;
            let event = Event::default()
                .event("changed")
                .retry(Duration::from_secs(3))
                .data(beat.count.to_string());
            Some((Ok::<_, Infallible>(event), (listener, Turn::Next)))
        },
    );
    // A proxy that gathers answers before it passes them on would keep the beats for itself; nginx goes by the second header.
    let headers = [("cache-control", "no-store"), ("x-accel-buffering", "no")];
    let stream = Sse::new(beats).keep_alive(KeepAlive::new().interval(ALIVE));
    (headers, stream)
}

/// The next beat; none when the server stops or the stream has lasted long enough.
async fn next(listener: &mut Receiver<Beat>, turn: Turn, until: Instant) -> Option<Beat> {
    match turn {
        Turn::First => {}
        Turn::Next => timeout_at(until, listener.changed()).await.ok()?.ok()?,
    }
    let beat = *listener.borrow_and_update();
    (!beat.over).then_some(beat)
}
