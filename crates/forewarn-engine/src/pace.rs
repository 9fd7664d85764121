//! Who takes only so much in a while. What an operator set, what each chat product allows, and what a receiver asks for itself
//! (`Retry-After`) hold for all nodes that share the store: a turn is taken there (`forewarn_store::Pace`). Messages whose turn
//! comes later are not sent; they are [`Outcome::Paced`], and their rows wait. Mail without a limit asks for no turn.

use crate::Engine;
use crate::channel::{Channels, Leave, Parcel};
use crate::flight::ONCE_MORE;
use forewarn_core::contact::{Channel, ChatKind};
use forewarn_core::delivery::Outcome;
use forewarn_core::id::derive;
use forewarn_store::{Pace, Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use url::Url;

/// Limits that the operator set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(Vec<Limit>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Limit {
    of: Of,
    apart: SignedDuration,
    slack: SignedDuration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    /// All messages of a channel, which go by one provider or account.
    Channel(Channel),
    /// Mail to a domain.
    Domain(String),
}

impl Limits {
    /// Reads `sms=1/s, email=500/m, @example.com=20/s`.
    ///
    /// # Errors
    /// Names the part that is wrong, and the form.
    pub fn parse(text: &str) -> std::result::Result<Limits, String> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let limits = parts.map(|part| {
            Limit::parse(part).map_err(|problem| {
                format!(
                    "'{part}': {problem}; write it as sms=1/s, email=500/m or @example.com=20/s"
                )
            })
        });
        Ok(Limits(limits.collect::<std::result::Result<_, _>>()?))
    }

    fn of(&self, wanted: &Of, key: String) -> Option<Pace> {
        let limit = self.0.iter().find(|limit| limit.of == *wanted)?;
        Some(Pace {
            key,
            apart: limit.apart,
            slack: limit.slack,
        })
    }

    /// By what a parcel is limited; nothing for what may go out at any time.
    fn pace(&self, parcel: &Parcel) -> Option<Pace> {
        let channel =
            |channel: Channel| self.of(&Of::Channel(channel), channel.as_str().to_owned());
        match parcel {
            Parcel::Mail(_) if self.0.is_empty() => None,
            Parcel::Mail(mail) => {
                let domain = mail.to.rsplit_once('@').map(|(_, domain)| domain);
                let domain = domain.unwrap_or_default().to_ascii_lowercase();
                let key = format!("@{domain}");
                self.of(&Of::Domain(domain), key)
                    .or_else(|| channel(Channel::Email))
            }
            Parcel::Ring(ring) => {
                let by = ring.channel();
                let unlimited = || Pace::unlimited(by.as_str().to_owned());
                Some(channel(by).unwrap_or_else(unlimited))
            }
            Parcel::Hook(hook) => Some(channel(Channel::Webhook).unwrap_or_else(|| to(&hook.url))),
            Parcel::Push(push) => Some(channel(Channel::Push).unwrap_or_else(|| at(&push.url))),
            Parcel::Chat(post) => Some(Pace {
                apart: apart(post.kind),
                ..to(&post.url)
            }),
            Parcel::Undeliverable(_) => None,
        }
    }
}

impl Limit {
    fn parse(text: &str) -> std::result::Result<Limit, String> {
        let (of, rate) = text.split_once('=').ok_or("a limit is missing")?;
        let of = match of.trim().strip_prefix('@') {
            Some(domain) if !domain.is_empty() => Of::Domain(domain.to_ascii_lowercase()),
            Some(_) => return Err("the domain is missing".into()),
            None => Of::Channel(limited(of.trim())?),
        };
        let (count, period) = rate.trim().split_once('/').ok_or("so many in what time?")?;
        let count: i64 = count.trim().parse().map_err(|_| "not a whole number")?;
        let seconds = match period.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return Err("the time is s, m or h".into()),
        };
        if !(1..=1_000_000).contains(&count) {
            return Err("must be 1 to 1,000,000".into());
        }
        let apart = SignedDuration::from_micros((seconds * 1_000_000 / count).max(1));
        // A second's worth may go out at once.
        let at_once = i32::try_from(count / seconds).unwrap_or(i32::MAX).max(1);
        Ok(Limit {
            of,
            apart,
            slack: apart * (at_once - 1),
        })
    }
}

/// Rooms have limits of their own, by product.
fn limited(name: &str) -> std::result::Result<Channel, String> {
    match Channel::parse(name)? {
        Channel::Chat => Err("rooms are limited by their product".into()),
        other => Ok(other),
    }
}

/// How far apart the messages to one room are: 1 a second for Slack, 4 for Teams, 5 in 2 seconds for Discord.
fn apart(kind: ChatKind) -> SignedDuration {
    SignedDuration::from_millis(match kind {
        ChatKind::Slack => 1_000,
        ChatKind::Teams => 250,
        ChatKind::Discord => 400,
        ChatKind::Mattermost | ChatKind::Generic => 0,
    })
}

/// One address, which may be a secret of its own.
fn to(url: &str) -> Pace {
    Pace::unlimited(derive(&["pace", url]))
}

/// One host, which takes messages for many.
fn at(url: &str) -> Pace {
    let url = Url::parse(url).ok();
    let host = url
        .as_ref()
        .and_then(|url| url.host_str())
        .unwrap_or_default();
    Pace::unlimited(format!("push {host}"))
}

impl<C: Channels> Engine<C> {
    /// Sends what may be sent now, and says of everything what came of it.
    ///
    /// # Errors
    /// When the turns could not be taken; then nothing was sent.
    pub(crate) async fn send_in_turn(
        &self,
        parcels: Vec<Parcel>,
        now: Timestamp,
        leave: &Leave,
    ) -> Result<Vec<Outcome>> {
        let paces: Vec<Option<Pace>> = parcels.iter().map(|p| self.limits.pace(p)).collect();
        if paces.iter().all(Option::is_none) {
            return Ok(self.channels.send(parcels, now, leave).await);
        }
        let asked: Vec<Pace> = paces.iter().flatten().cloned().collect();
        let mut waits = self.turns(&asked, now).await?.into_iter();
        let waits: Vec<Option<SignedDuration>> = paces
            .iter()
            .map(|pace| pace.as_ref().and_then(|_| waits.next().flatten()))
            .collect();
        let free = parcels.into_iter().zip(&waits);
        let free: Vec<Parcel> = free
            .filter(|(_, wait)| wait.is_none())
            .map(|(p, _)| p)
            .collect();
        let sent = match free.is_empty() {
            true => Vec::new(),
            false => self.channels.send(free, now, leave).await,
        };
        let mut sent = sent.into_iter();
        let mut outcomes = Vec::with_capacity(waits.len());
        for (wait, pace) in waits.into_iter().zip(&paces) {
            let outcome = match wait {
                Some(wait) => Outcome::Paced { wait },
                None => sent.next().unwrap_or(Outcome::Withheld),
            };
            if let (
                Outcome::TransientFailure {
                    retry_after: Some(asked),
                    ..
                },
                Some(pace),
            ) = (&outcome, pace)
            {
                self.leave_alone(pace, now, *asked).await;
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Turns for all of these. While the database is away they wait: an attempt that was not made must not count.
    async fn turns(&self, asked: &[Pace], now: Timestamp) -> Result<Vec<Option<SignedDuration>>> {
        loop {
            match self.store.take_turns(asked, now).await {
                Err(StoreError::Unavailable(problem) | StoreError::Full(problem)) => {
                    tracing::warn!(%problem, messages = asked.len(), "messages wait for the database");
                    tokio::time::sleep(ONCE_MORE).await;
                }
                other => return other,
            }
        }
    }

    /// Whoever asks for time has it from every message. That it cannot be noted is no reason to forget what came of those sent.
    async fn leave_alone(&self, pace: &Pace, now: Timestamp, asked: SignedDuration) {
        let Ok(until) = now.checked_add(asked) else {
            return;
        };
        if let Err(problem) = self.store.hold_back(pace, until).await {
            tracing::warn!(%problem, "that somebody asked for time is not noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_with_their_second_at_once() {
        let limits = Limits::parse("sms=1/s, email=500/m , @Example.com=20/s,voice=30/h").unwrap();
        let read = |of: Of| {
            let pace = limits.of(&of, String::new()).unwrap();
            (pace.apart.as_micros(), pace.slack.as_micros())
        };
        assert_eq!(read(Of::Channel(Channel::Sms)), (1_000_000, 0));
        assert_eq!(read(Of::Channel(Channel::Email)), (120_000, 7 * 120_000));
        assert_eq!(
            read(Of::Domain("example.com".into())),
            (50_000, 19 * 50_000)
        );
        assert_eq!(read(Of::Channel(Channel::Voice)), (120_000_000, 0));
        assert_eq!(Limits::parse(" ").unwrap(), Limits::default());
        for wrong in [
            "sms",
            "sms=1",
            "sms=x/s",
            "sms=0/s",
            "sms=1/d",
            "smoke=1/s",
            "@=1/s",
            "chat=1/s",
            "sms=-1/s",
        ] {
            let problem = Limits::parse(wrong).unwrap_err();
            assert!(problem.starts_with(&format!("'{wrong}': ")), "{problem}");
        }
    }
}
