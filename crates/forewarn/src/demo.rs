//! The demo's stage: receivers inside the process, a movable clock, and the story that plays on it.

pub mod story;

use crate::installation::Installation;
use anyhow::{Result, anyhow};
use forewarn_engine::channel::phone::Account;
use forewarn_engine::peer::http::{HttpPeer, Reply, Request, Script as HttpScript};
use forewarn_engine::peer::phone::{ACCOUNT, PhonePeer, form};
use forewarn_engine::peer::smtp::{Keep, Script as SmtpScript, SmtpPeer};
use forewarn_engine::{Engine, RealChannels};
use forewarn_server::App;
use forewarn_server::demo::{CaughtItem, Demo};
use forewarn_store::{Clock, Lane};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use story::Act;
use tokio::sync::watch;

/// Receivers, clock and story.
pub struct Stage {
    clock: Clock,
    mail: Arc<SmtpPeer>,
    hooks: HttpPeer,
    phones: PhonePeer,
    caught: Arc<Mutex<Vec<CaughtItem>>>,
    /// How many mails stand in `caught`.
    listed: watch::Sender<usize>,
    play: OnceLock<Play>,
}

/// What is known once the installation stands.
struct Play {
    app: App,
    engine: Arc<Engine<RealChannels>>,
    acts: Mutex<VecDeque<(Timestamp, Act)>>,
    /// Held while the engine is at work: who counts what it sent must not count another's.
    turn: tokio::sync::Mutex<()>,
}

impl Stage {
    /// Starts the receivers on free ports of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn set(clock: Clock) -> Result<Stage> {
        let caught: Arc<Mutex<Vec<CaughtItem>>> = Arc::default();
        let mail = Arc::new(SmtpPeer::start(SmtpScript::default(), Keep::Messages).await?);
        let (on, at) = (caught.clone(), clock.clone());
        let script = HttpScript::new()
            .always(Reply::status(204))
            .on_request(move |request| {
                let mut raw: Vec<u8> = request
                    .headers
                    .iter()
                    .flat_map(|(name, value)| format!("{name}: {value}\r\n").into_bytes())
                    .collect();
                raw.extend_from_slice(b"\r\n");
                raw.extend_from_slice(&request.body);
                let to = match request.path.as_str() {
                    story::CHAT => "chat room".to_owned(),
                    path => format!("webhook {path}"),
                };
                push(&on, false, to, at.now(), raw);
            });
        let hooks = HttpPeer::start(script).await?;
        let (on, at, dated) = (caught.clone(), clock.clone(), clock.clone());
        let phones = PhonePeer::start(
            move || dated.now(),
            move |request| {
                ring(&on, at.now(), request);
                None
            },
        )
        .await?;
        let listed = watch::Sender::new(0);
        tokio::spawn(catch_mail(
            mail.clone(),
            caught.clone(),
            clock.clone(),
            listed.clone(),
        ));
        Ok(Stage {
            clock,
            mail,
            hooks,
            phones,
            caught,
            listed,
            play: OnceLock::new(),
        })
    }

    /// Where mail is caught.
    pub fn mail_address(&self) -> SocketAddr {
        self.mail.addr()
    }

    /// The account at the provider whose text messages and calls are caught.
    pub fn phones(&self) -> Account {
        Account {
            url: self.phones.url(),
            sid: ACCOUNT.0.to_owned(),
            token: ACCOUNT.1.to_owned(),
            from: vec!["+14155550199".to_owned()],
        }
    }

    /// Where a webhook is caught.
    pub fn hook_url(&self, path: &str) -> String {
        self.hooks.url(path)
    }

    /// Writes the story for a maintenance in this window, creates it, and sends what is due at once.
    ///
    /// # Errors
    /// When the maintenance cannot be created.
    pub async fn begin(
        self: &Arc<Stage>,
        installation: &Installation,
        window: Option<(Timestamp, Timestamp)>,
    ) -> Result<()> {
        let (start, end) = window.ok_or_else(|| anyhow!("the demo has no maintenance"))?;
        let play = Play {
            app: installation.app.clone(),
            engine: installation.engine.clone(),
            acts: Mutex::new(story::acts(start, end)),
            turn: tokio::sync::Mutex::default(),
        };
        play.engine.recover().await?;
        story::open(&play.app, start, end).await?;
        play.engine.tick().await?;
        let mut published = play.app.store.publications();
        let (stage, _) = (self.clone(), self.play.set(play));
        // What is done by hand in the console goes out at once, as it would on a running server.
        tokio::spawn(async move {
            while published.changed().await.is_ok() {
                if let Some(play) = stage.play.get()
                    && let Err(problem) = stage.send_due(play).await
                {
                    tracing::warn!(%problem, "the demo's engine");
                }
            }
        });
        Ok(())
    }

    async fn step(&self, minutes: Option<i64>) -> Result<String> {
        let play = self
            .play
            .get()
            .ok_or_else(|| anyhow!("the demo has not begun"))?;
        let now = self.clock.now();
        if let Some(minutes) = minutes {
            return self
                .until(play, now + SignedDuration::from_mins(minutes))
                .await;
        }
        let mut next = play.next_act();
        for lane in Lane::ALL {
            let due = play.app.store.next_due(lane).await?;
            next = next.into_iter().chain(due).min();
        }
        match next {
            Some(next) => self.until(play, next.max(now)).await,
            None => Ok("The story is told: nothing more is planned.".into()),
        }
    }

    /// Plays all that happens until then, in its order, at its time.
    async fn until(&self, play: &Play, to: Timestamp) -> Result<String> {
        let before = self.caught().len();
        let mut happened = Vec::new();
        loop {
            let act = play.next_act().filter(|at| *at <= to);
            let mut due = None;
            for lane in Lane::ALL {
                let next = play.app.store.next_due(lane).await?;
                due = due.into_iter().chain(next.filter(|at| *at <= to)).min();
            }
            let Some(next) = act.into_iter().chain(due).min() else {
                break;
            };
            self.clock.set(next.max(self.clock.now()));
            if act == Some(next) {
                let performed = play.acts().pop_front();
                if let Some((_, act)) = performed {
                    happened.push(story::perform(&play.app, act).await?);
                }
            }
            self.send_due(play).await?;
        }
        self.clock.set(to.max(self.clock.now()));
        play.app.store.hint();
        let sent = self.caught().len() - before;
        happened.push(match sent {
            0 => "No message was due.".into(),
            1 => "1 message went out.".to_owned(),
            n => format!("{n} messages went out."),
        });
        Ok(happened.join(" "))
    }

    /// Sends what is due, and returns when all of it can be read.
    async fn send_due(&self, play: &Play) -> Result<()> {
        let _turn = play.turn.lock().await;
        play.engine.tick().await?;
        let sent = self.mail.count();
        self.listed
            .subscribe()
            .wait_for(|listed| *listed >= sent)
            .await?;
        Ok(())
    }
}

impl Play {
    fn acts(&self) -> MutexGuard<'_, VecDeque<(Timestamp, Act)>> {
        self.acts
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn next_act(&self) -> Option<Timestamp> {
        self.acts().front().map(|(at, _)| *at)
    }
}

fn push(caught: &Mutex<Vec<CaughtItem>>, is_mail: bool, to: String, at: Timestamp, raw: Vec<u8>) {
    let mut all = caught
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let id = all.len();
    all.push(CaughtItem {
        id,
        is_mail,
        to,
        at,
        raw,
    });
}

/// Catches a text message or call on its way to the provider.
fn ring(caught: &Mutex<Vec<CaughtItem>>, at: Timestamp, request: &Request) {
    if request.method != "POST" {
        return;
    }
    let fields = form(&String::from_utf8_lossy(&request.body));
    let field = |name: &str| {
        let found = fields.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let (kind, says) = match field("Twiml") {
        "" => ("Text message", field("Body")),
        document => ("Call", document),
    };
    let body = serde_json::json!({"type": kind, "says": says});
    let head = format!("From: {}\r\nTo: {}\r\n\r\n", field("From"), field("To"));
    let raw = format!("{head}{body}").into_bytes();
    push(caught, false, field("To").to_owned(), at, raw);
}

async fn catch_mail(
    mail: Arc<SmtpPeer>,
    caught: Arc<Mutex<Vec<CaughtItem>>>,
    clock: Clock,
    listed: watch::Sender<usize>,
) {
    let mut order = 0;
    while let Some(message) = mail.message(order).await {
        push(
            &caught,
            true,
            message.to.clone(),
            clock.now(),
            message.data.clone(),
        );
        order += 1;
        listed.send_replace(order);
    }
}

impl Demo for Stage {
    fn caught(&self) -> Vec<CaughtItem> {
        self.caught
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn next_act(&self) -> Option<Timestamp> {
        self.play.get().and_then(Play::next_act)
    }

    fn advance<'a>(
        &'a self,
        minutes: Option<i64>,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        Box::pin(async move {
            self.step(minutes)
                .await
                .map_err(|problem| format!("{problem:#}"))
        })
    }
}
