//! How much others take: what an operator set for a channel or for a domain that mail goes to, and what each chat product allows.

use crate::channel::Parcel;
use forewarn_core::contact::{Channel, ChatKind};
use forewarn_core::id::derive;
use forewarn_store::Pace;
use jiff::SignedDuration;
use url::Url;

/// Limits that the operator set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    rates: Vec<(Of, Rate)>,
    at_once: Vec<(Of, u32)>,
    slow: Vec<Of>,
}

/// So many in a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
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
    pub fn parse(text: &str) -> Result<Limits, String> {
        Limits::default().with_rates(text)
    }

    /// With these rates: `sms=1/s, email=500/m, @example.com=20/s`.
    ///
    /// # Errors
    /// Names the part that is wrong, and the form.
    pub fn with_rates(self, text: &str) -> Result<Limits, String> {
        let form = "sms=1/s, email=500/m or @example.com=20/s";
        Ok(Limits {
            rates: listed(text, form, |part| of_and(part, Rate::parse))?,
            ..self
        })
    }

    /// With these numbers of connections (mail) or requests (others) under way at once: `email=20, sms=4, @example.com=2`.
    ///
    /// # Errors
    /// Names the part that is wrong, and the form.
    pub fn with_concurrency(self, text: &str) -> Result<Limits, String> {
        let form = "email=20, sms=4 or @example.com=2";
        Ok(Limits {
            at_once: listed(text, form, |part| of_and(part, at_once))?,
            ..self
        })
    }

    /// With those that are started slowly: `email, @example.com`.
    ///
    /// # Errors
    /// Names the part that is wrong, and the form.
    pub fn with_slow_start(self, text: &str) -> Result<Limits, String> {
        let form = "email, webhook or @example.com";
        Ok(Limits {
            slow: listed(text, form, Of::parse)?,
            ..self
        })
    }

    /// Whether only so many connections may carry mail: then none may be kept when it has nothing to carry.
    pub fn counts_mail_connections(&self) -> bool {
        let email = Of::Channel(Channel::Email);
        self.at_once.iter().any(|(of, _)| *of == email)
    }

    /// The rate and the slow start of somebody who is named for either.
    fn named(&self, of: &Of, key: String) -> Option<Pace> {
        let rate = self.rates.iter().find(|(named, _)| named == of);
        let slow_start = self.slow.contains(of);
        if rate.is_none() && !slow_start {
            return None;
        }
        let mut pace = Pace::unlimited(key);
        pace.slow_start = slow_start;
        if let Some((_, rate)) = rate {
            (pace.apart, pace.slack) = (rate.apart, rate.slack);
        }
        Some(pace)
    }

    /// Those of a channel by one account; without a limit only what it asks for itself counts.
    fn account(&self, channel: Channel) -> Pace {
        let key = channel.as_str().to_owned();
        let named = self.named(&Of::Channel(channel), key.clone());
        named.unwrap_or_else(|| Pace::unlimited(key))
    }

    /// Those of a channel whose messages go to many: its limit is for all of them together, a slow start for each.
    fn each(&self, channel: Channel, own: Pace) -> Pace {
        let of = Of::Channel(channel);
        match self.rates.iter().any(|(named, _)| *named == of) {
            true => self.account(channel),
            false => Pace {
                slow_start: self.slow.contains(&of),
                ..own
            },
        }
    }

    /// By what a parcel is limited; nothing for what may go out at any time.
    pub(crate) fn pace(&self, parcel: &Parcel) -> Option<Pace> {
        match parcel {
            Parcel::Mail(_) if self.rates.is_empty() && self.slow.is_empty() => None,
            Parcel::Mail(mail) => {
                let (domain, key) = domain_of(&mail.to);
                let email = || self.named(&Of::Channel(Channel::Email), "email".into());
                self.named(&domain, key).or_else(email)
            }
            Parcel::Ring(ring) => Some(self.account(ring.channel())),
            Parcel::Hook(hook) => Some(self.each(Channel::Webhook, to(&hook.url))),
            Parcel::Push(push) => Some(self.each(Channel::Push, at(&push.url))),
            Parcel::Chat(post) => Some(Pace {
                apart: apart(post.kind),
                ..to(&post.url)
            }),
            Parcel::Undeliverable(_) => None,
        }
    }

    /// Who takes only so many like this one at once, and how many: a domain and the relay on the way to it may both be.
    pub(crate) fn at_once(&self, parcel: &Parcel) -> Vec<(String, u32)> {
        if self.at_once.is_empty() {
            return Vec::new();
        }
        let channel = |channel: Channel| (Of::Channel(channel), channel.as_str().to_owned());
        let of = match parcel {
            Parcel::Mail(mail) => vec![channel(Channel::Email), domain_of(&mail.to)],
            Parcel::Ring(ring) => vec![channel(ring.channel())],
            Parcel::Hook(_) => vec![channel(Channel::Webhook)],
            Parcel::Push(_) => vec![channel(Channel::Push)],
            Parcel::Chat(_) | Parcel::Undeliverable(_) => Vec::new(),
        };
        let named = of.into_iter().filter_map(|(of, key)| {
            let found = self.at_once.iter().find(|(named, _)| *named == of);
            found.map(|(_, most)| (key, *most))
        });
        named.collect()
    }
}

/// Each part of a list that is separated by commas.
fn listed<T>(
    text: &str,
    form: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            read(part).map_err(|problem| format!("'{part}': {problem}; write it as {form}"))
        })
        .collect()
}

/// Who, and how much of it.
fn of_and<T>(part: &str, read: fn(&str) -> Result<T, String>) -> Result<(Of, T), String> {
    let (of, much) = part.split_once('=').ok_or("a limit is missing")?;
    Ok((Of::parse(of.trim())?, read(much.trim())?))
}

impl Of {
    fn parse(text: &str) -> Result<Of, String> {
        match text.strip_prefix('@') {
            Some("") => Err("the domain is missing".into()),
            Some(domain) => Ok(Of::Domain(domain.to_ascii_lowercase())),
            None => match Channel::parse(text)? {
                Channel::Chat => Err("rooms are limited by their product".into()),
                other => Ok(Of::Channel(other)),
            },
        }
    }
}

impl Rate {
    fn parse(text: &str) -> Result<Rate, String> {
        let (count, period) = text.split_once('/').ok_or("so many in what time?")?;
        let count = count_of(count, 1_000_000)?;
        let seconds = match period.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return Err("the time is s, m or h".into()),
        };
        let apart = SignedDuration::from_micros((seconds * 1_000_000 / i64::from(count)).max(1));
        // A second's worth may go out at once.
        let at_once = i32::try_from(i64::from(count) / seconds).unwrap_or(i32::MAX);
        Ok(Rate {
            apart,
            slack: apart * (at_once.max(1) - 1),
        })
    }
}

fn at_once(text: &str) -> Result<u32, String> {
    count_of(text, 1_000)
}

fn count_of(text: &str, most: u32) -> Result<u32, String> {
    let count: i64 = text.trim().parse().map_err(|_| "not a whole number")?;
    match u32::try_from(count) {
        Ok(count) if (1..=most).contains(&count) => Ok(count),
        _ if most > 1_000 => Err("must be 1 to 1,000,000".into()),
        _ => Err("must be 1 to 1,000".into()),
    }
}

fn domain_of(address: &str) -> (Of, String) {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain);
    let domain = domain.unwrap_or_default().to_ascii_lowercase();
    let key = format!("@{domain}");
    (Of::Domain(domain), key)
}

/// How far apart the messages to one room are: 1 a second for Slack, 4 for Teams, 5 in 2 seconds for Discord. Nobody reads an account
/// that says more than one thing a second.
fn apart(kind: ChatKind) -> SignedDuration {
    SignedDuration::from_millis(match kind {
        ChatKind::Slack => 1_000,
        ChatKind::Teams => 250,
        ChatKind::Discord => 400,
        ChatKind::Mastodon => 1_000,
        ChatKind::Mattermost | ChatKind::Generic | ChatKind::Social => 0,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::smtp::Mail;

    fn mail(to: &str) -> Parcel {
        Parcel::Mail(Mail {
            envelope_from: String::new(),
            to: to.into(),
            data: Vec::new(),
        })
    }

    #[test]
    fn limits_are_read_with_their_second_at_once() {
        let limits = Limits::parse("sms=1/s, email=500/m , @Example.com=20/s,voice=30/h").unwrap();
        let read = |of: Of| {
            let pace = limits.named(&of, String::new()).unwrap();
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
            "sms=1000001/s",
        ] {
            let problem = Limits::parse(wrong).unwrap_err();
            assert!(problem.starts_with(&format!("'{wrong}': ")), "{problem}");
        }
    }

    #[test]
    fn numbers_at_once_and_slow_starts_are_read() {
        let limits = Limits::default().with_concurrency("email=20, @Example.com=2");
        let limits = limits.unwrap().with_slow_start("@Example.org, webhook");
        let limits = limits.unwrap();
        let both = vec![("email".to_owned(), 20), ("@example.com".to_owned(), 2)];
        assert_eq!(limits.at_once(&mail("ann@EXAMPLE.com")), both);
        assert_eq!(limits.at_once(&mail("ann@example.org")), both[..1]);
        assert_eq!(limits.at_once(&Parcel::Undeliverable(String::new())), []);
        assert!(limits.counts_mail_connections());
        assert_eq!(limits.pace(&mail("ann@example.com")), None);
        let slow = limits.pace(&mail("ann@example.org")).unwrap();
        assert!(slow.slow_start && slow.key == "@example.org");
        // Each receiver of webhooks is started for itself, and all have a limit together.
        let own = limits.each(Channel::Webhook, to("https://a.example/"));
        assert!(own.slow_start && own.key == to("https://a.example/").key);
        let limited = Limits::parse("webhook=5/s").unwrap();
        assert_eq!(
            limited.each(Channel::Webhook, to("https://a.example/")).key,
            "webhook"
        );
        for wrong in [
            "email",
            "email=0",
            "email=1001",
            "chat=1",
            "email=2/s",
            "@=1",
        ] {
            let problem = Limits::default().with_concurrency(wrong).unwrap_err();
            assert!(problem.starts_with(&format!("'{wrong}': ")), "{problem}");
        }
        for wrong in ["chat", "smoke", "@", "email=1"] {
            let problem = Limits::default().with_slow_start(wrong).unwrap_err();
            assert!(problem.starts_with(&format!("'{wrong}': ")), "{problem}");
        }
    }
}
