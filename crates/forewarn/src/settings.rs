//! The settings of an installation: flags, each with its `FOREWARN_*` variable, read into checked types all at once.

use crate::exit::InvalidInput;
use crate::keys::Kind;
use crate::publish;
use clap::Args;
use forewarn_core::contact::{EmailAddress, PhoneNumber};
use forewarn_core::problem::{Invalid, Problem};
use forewarn_core::token::LONGEST_BOUNCES;
use forewarn_engine::Limits;
use forewarn_engine::channel::phone::Account;
use forewarn_engine::channel::smtp::RelayUrl;
use forewarn_engine::channel::smtp::dkim::Signer;
use forewarn_engine::place::Place;
use forewarn_store::Location;
use ipnet::IpNet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// The shortest administrator's token that is accepted: 24 random characters cannot be guessed.
const ADMIN_TOKEN_CHARACTERS: usize = 24;

/// The push services of the browsers in use: Chrome and its kin, Firefox, Safari, Edge.
const PUSH_SERVICES: &str =
    "fcm.googleapis.com,updates.push.services.mozilla.com,.push.apple.com,.notify.windows.com";

/// The settings as flags; shared by every command that works on the installation itself.
#[derive(Args, Clone)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// Folder of the database, published copies and keys
    #[arg(
        long,
        env = "FOREWARN_DATA",
        value_name = "DIR",
        default_value = "./forewarn-data"
    )]
    data: PathBuf,
    /// Where the server listens
    #[arg(
        long,
        env = "FOREWARN_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8080"
    )]
    listen: String,
    /// The database: sqlite: (in the data folder), sqlite:PATH or postgres://...
    #[arg(
        long,
        env = "FOREWARN_DATABASE",
        value_name = "URL",
        default_value = "sqlite:",
        hide_env_values = true
    )]
    database: String,
    /// Base of the links in messages
    #[arg(long, env = "FOREWARN_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Mail relays in order, separated by commas: smtp://host:port, smtps://user:pass@host, smtp+starttls://...
    #[arg(
        long,
        env = "FOREWARN_SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    smtp: Option<String>,
    /// Sender of mail
    #[arg(long, env = "FOREWARN_FROM", value_name = "ADDR")]
    from: Option<String>,
    /// Where undeliverable mail comes back, such as bounces@example.org; a part of each mail's own is added behind a +
    #[arg(long, env = "FOREWARN_BOUNCES", value_name = "ADDR")]
    bounces: Option<String>,
    /// Keys that sign mail (DKIM), each as the name of its record and a file: mail._domainkey.example.org=/path/key.pem, separated by commas
    #[arg(long, env = "FOREWARN_DKIM", value_name = "RECORD=FILE")]
    dkim: Option<String>,
    /// Networks that webhooks may reach although they are private, such as 10.1.0.0/16, separated by commas
    #[arg(long, env = "FOREWARN_ALLOW_PRIVATE_TARGETS", value_name = "CIDR")]
    allow_private_targets: Option<String>,
    /// Where copies of the public pages are kept: a folder that another web server serves, or s3://bucket/prefix
    #[arg(long, env = "FOREWARN_PUBLISH_TO", value_name = "PLACE")]
    publish_to: Option<String>,
}

/// The settings of an installation, checked.
#[derive(Clone)]
pub struct Settings {
    /// Folder of the database, published copies and keys.
    pub data: PathBuf,
    /// Where the server listens: `host:port`.
    pub listen: String,
    /// The database.
    pub location: Location,
    /// Base of the links in messages, without a slash at its end.
    pub public_url: Option<String>,
    /// Mail relays in order of preference.
    pub relays: Vec<RelayUrl>,
    /// Sender of mail.
    pub from: Option<EmailAddress>,
    /// The name beside the sender's address, if one was given as `Name <address>`.
    pub from_name: Option<String>,
    /// Where undeliverable mail comes back.
    pub bounces: Option<EmailAddress>,
    /// Keys that sign mail.
    pub signers: Arc<[Signer]>,
    /// A bearer token with every right.
    pub admin_token: Option<String>,
    /// The text of the key that signs links, where it does not stand in the data folder.
    pub link_key: Option<String>,
    /// The texts of the keys that seal secrets, the newest first, where they do not stand in the data folder.
    pub secrets_key: Option<String>,
    /// Text messages and calls.
    pub phones: Option<Account>,
    /// Hosts of push services that browsers may name; one that begins with a dot stands for all below it.
    pub push_services: Vec<String>,
    /// How much others take in a while.
    pub limits: Limits,
    /// Private networks that webhooks may reach.
    pub allow_private_targets: Vec<IpNet>,
    /// Where copies of the public pages are kept.
    pub publish_to: Option<Place>,
}

impl SettingsArgs {
    /// Checks the settings; what has no flag comes from the environment.
    ///
    /// # Errors
    /// Everything that is wrong, each with its flag or variable; no secret is repeated.
    pub fn read(self) -> Result<Settings, InvalidInput> {
        self.read_with(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
            .map_err(|invalid| InvalidInput::of("this set of settings", invalid))
    }

    fn read_with(self, variable: impl Fn(&str) -> Option<String>) -> Result<Settings, Invalid> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, problem: String| problems.push(Problem::new(field, problem));
        let location = Location::parse(&self.database, &self.data)
            .map_err(|problem| wrong("--database", problem))
            .ok();
        if let Err(problem) = check_listen(&self.listen) {
            wrong("--listen", problem);
        }
        let public_url = self.public_url.filter(|t| !t.is_empty()).and_then(|text| {
            parse_public_url(&text)
                .map_err(|problem| wrong("--public-url", problem))
                .ok()
        });
        let relays = self.smtp.filter(|t| !t.is_empty()).and_then(|text| {
            RelayUrl::parse_list(&text)
                .map_err(|problem| wrong("--smtp", problem))
                .ok()
        });
        let from = self.from.filter(|t| !t.is_empty()).and_then(|text| {
            parse_sender(&text)
                .map_err(|problem| wrong("--from", problem))
                .ok()
        });
        let bounces = self.bounces.filter(|t| !t.is_empty()).and_then(|text| {
            parse_bounces(&text)
                .map_err(|problem| wrong("--bounces", problem))
                .ok()
        });
        let signers = self.dkim.filter(|t| !t.is_empty()).and_then(|text| {
            read_signers(&text)
                .map_err(|problem| wrong("--dkim", problem))
                .ok()
        });
        let allowed = self.allow_private_targets.and_then(|text| {
            parse_networks(&text)
                .map_err(|problem| wrong("--allow-private-targets", problem))
                .ok()
        });
        let publish_to = self.publish_to.filter(|t| !t.is_empty()).and_then(|text| {
            publish::read_place(&text, &variable)
                .map_err(|problem| wrong("--publish-to", problem))
                .ok()
        });
        let admin_token = variable("FOREWARN_ADMIN_TOKEN");
        if let Some(token) = &admin_token
            && (token.chars().count() < ADMIN_TOKEN_CHARACTERS
                || !token.bytes().all(|b| b.is_ascii_graphic()))
        {
            wrong(
                "FOREWARN_ADMIN_TOKEN",
                format!(
                    "must be at least {ADMIN_TOKEN_CHARACTERS} letters, digits or signs without spaces"
                ),
            );
        }
        let [link_key, secrets_key] = Kind::ALL.map(|kind| {
            let given = variable(kind.variable());
            if let Some(Err(problem)) = given.as_deref().map(|text| kind.read(text)) {
                wrong(kind.variable(), problem);
            }
            given
        });
        let phones = read_account(&variable, &mut wrong);
        let services = variable("FOREWARN_PUSH_SERVICES");
        let push_services = parse_hosts(services.as_deref().unwrap_or(PUSH_SERVICES))
            .map_err(|problem| wrong("FOREWARN_PUSH_SERVICES", problem));
        let limits = read_limits(&variable, &mut wrong);
        let (Some(location), true) = (location, problems.is_empty()) else {
            return Err(Invalid { problems });
        };
        let (from, from_name) = from.map_or((None, None), |(from, name)| (Some(from), name));
        Ok(Settings {
            data: self.data,
            listen: self.listen,
            location,
            public_url,
            relays: relays.unwrap_or_default(),
            from,
            from_name,
            bounces,
            signers: signers.unwrap_or_default().into(),
            admin_token,
            link_key,
            secrets_key,
            phones,
            push_services: push_services.unwrap_or_default(),
            limits,
            allow_private_targets: allowed.unwrap_or_default(),
            publish_to,
        })
    }
}

impl Settings {
    /// The file of an embedded database.
    pub fn database_file(&self) -> Option<&Path> {
        match &self.location {
            Location::File(path) => Some(path),
            Location::Server(_) => None,
        }
    }
}

/// How much others take: in a while, at once, and at first. Whatever is wrong with each of them is told.
fn read_limits(
    variable: &impl Fn(&str) -> Option<String>,
    wrong: &mut impl FnMut(&str, String),
) -> Limits {
    type Read = fn(Limits, &str) -> Result<Limits, String>;
    let reads: [(&str, Read); 3] = [
        ("FOREWARN_LIMITS", Limits::with_rates),
        ("FOREWARN_CONCURRENCY", Limits::with_concurrency),
        ("FOREWARN_SLOW_START", Limits::with_slow_start),
    ];
    reads
        .into_iter()
        .fold(Limits::default(), |limits, (name, read)| {
            let Some(text) = variable(name) else {
                return limits;
            };
            read(limits.clone(), &text).unwrap_or_else(|problem| {
                wrong(name, problem);
                limits
            })
        })
}

fn parse_hosts(text: &str) -> Result<Vec<String>, String> {
    let hosts = text
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty());
    hosts
        .map(|host| {
            let name = host.strip_prefix('.').unwrap_or(host);
            match url::Host::parse(name) {
                Ok(_) => Ok(host.to_ascii_lowercase()),
                Err(problem) => Err(format!(
                    "'{host}' is no host such as push.example.net: {problem}"
                )),
            }
        })
        .collect()
}

fn check_listen(text: &str) -> Result<(), String> {
    let form = || format!("'{text}' is not an address such as 127.0.0.1:8080 or [::]:8080");
    let (host, port) = text.rsplit_once(':').ok_or_else(form)?;
    let host_fits = !host.is_empty() && (!host.contains(':') || host.starts_with('['));
    port.parse::<u16>().map_err(|_| form())?;
    if host_fits { Ok(()) } else { Err(form()) }
}

fn parse_public_url(text: &str) -> Result<String, String> {
    let form = "must be a URL such as https://status.example.org, without a question mark or hash";
    let url = Url::parse(text.trim()).map_err(|problem| format!("{form} ({problem})"))?;
    let plain = url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() || !plain || !anonymous {
        return Err(form.into());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// A mailbox whose local part has room for what is added to it.
fn parse_bounces(text: &str) -> Result<EmailAddress, String> {
    let address = EmailAddress::parse(text)?;
    let local = address.local();
    if local.len() > LONGEST_BOUNCES || local.contains('+') || !local.is_ascii() {
        return Err(format!(
            "must have at most {LONGEST_BOUNCES} letters, digits and signs other than + before the @, such as bounces@{}",
            address.domain()
        ));
    }
    Ok(address)
}

fn parse_sender(text: &str) -> Result<(EmailAddress, Option<String>), String> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('<') else {
        return Ok((EmailAddress::parse(text)?, None));
    };
    let address = rest
        .strip_suffix('>')
        .ok_or("must be an address, or a name and an address: Forewarn <notices@example.org>")?;
    let name = name.trim().trim_matches('"');
    if name.chars().any(char::is_control) {
        return Err("the name must not contain control characters".into());
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    Ok((EmailAddress::parse(address)?, name))
}

/// `record=file`, separated by commas; two keys let old receivers check the one and new ones the other.
fn read_signers(text: &str) -> Result<Vec<Signer>, String> {
    let parts = text.split(',').map(str::trim).filter(|t| !t.is_empty());
    parts
        .map(|part| {
            let (record, file) = part.split_once('=').ok_or_else(|| {
                format!("'{part}' is not a record and a file such as mail._domainkey.example.org=/path/key.pem")
            })?;
            let pem = std::fs::read(file).map_err(|problem| format!("{file}: {problem}"))?;
            Signer::read(record, &pem).map_err(|problem| format!("{file}: {problem}"))
        })
        .collect()
}

fn parse_networks(text: &str) -> Result<Vec<IpNet>, String> {
    let parts = text.split(',').map(str::trim).filter(|t| !t.is_empty());
    parts
        .map(|part| {
            let single = || part.parse::<IpAddr>().map(IpNet::from);
            part.parse::<IpNet>()
                .or_else(|_| single())
                .map_err(|_| format!("'{part}' is not a network such as 10.1.0.0/16 or fd00::/8"))
        })
        .collect()
}

fn read_account(
    variable: &impl Fn(&str) -> Option<String>,
    wrong: &mut impl FnMut(&str, String),
) -> Option<Account> {
    const NAMES: [&str; 4] = [
        "FOREWARN_TWILIO_URL",
        "FOREWARN_TWILIO_SID",
        "FOREWARN_TWILIO_TOKEN",
        "FOREWARN_TWILIO_FROM",
    ];
    let [url, sid, token, from] = NAMES.map(variable);
    if [&url, &sid, &token, &from].iter().all(|v| v.is_none()) {
        return None;
    }
    let url = url.unwrap_or_else(|| "https://api.twilio.com".into());
    let url = parse_public_url(&url)
        .map_err(|problem| wrong(NAMES[0], problem))
        .ok();
    for (name, value) in [(NAMES[1], &sid), (NAMES[2], &token), (NAMES[3], &from)] {
        if value.is_none() {
            wrong(
                name,
                "is missing, while other FOREWARN_TWILIO_ variables are set".into(),
            );
        }
    }
    let from = from.and_then(|text| {
        parse_senders(&text)
            .map_err(|problem| wrong(NAMES[3], problem))
            .ok()
    });
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    if sid.as_deref().is_some_and(|sid| !plain(sid)) {
        wrong(
            NAMES[1],
            "must be letters and digits, as the provider shows it".into(),
        );
        return None;
    }
    Some(Account {
        url: url?,
        sid: sid?,
        token: token?,
        from: from?,
    })
}

/// Numbers that send and call, and messaging services, in order.
fn parse_senders(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split(',').map(str::trim).filter(|t| !t.is_empty());
    let service = |part: &str| {
        part.starts_with("MG") && part.len() > 2 && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let all: Result<Vec<String>, String> = parts
        .map(|part| match service(part) {
            true => Ok(part.to_owned()),
            false => PhoneNumber::parse(part)
                .map(|number| number.as_str().to_owned())
                .map_err(|problem| format!("{problem}, nor a messaging service (MG...)")),
        })
        .collect();
    match all? {
        all if all.is_empty() => Err("names no sender".into()),
        all => Ok(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: SettingsArgs,
    }

    fn read(flags: &[&str], variables: &[(&str, &str)]) -> Result<Settings, Invalid> {
        let line = Line::parse_from([&["forewarn"], flags].concat());
        line.settings.read_with(|name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_usual_settings_need_no_flag() {
        let settings = read(&["--data", "/var/lib/forewarn"], &[]).unwrap();
        let file = PathBuf::from("/var/lib/forewarn/forewarn.sqlite");
        assert_eq!(settings.location, Location::File(file));
        assert_eq!(settings.listen, "127.0.0.1:8080");
        assert!(settings.relays.is_empty() && settings.phones.is_none());
    }

    #[test]
    fn limits_are_of_a_while_of_at_once_and_of_the_start() {
        let variables = [
            ("FOREWARN_LIMITS", "email=500/m"),
            ("FOREWARN_CONCURRENCY", "email=20, @example.com=2"),
            ("FOREWARN_SLOW_START", "@example.com"),
        ];
        let limits = Limits::parse("email=500/m").unwrap();
        let limits = limits.with_concurrency("email=20,@example.com=2").unwrap();
        let limits = limits.with_slow_start("@example.com").unwrap();
        assert_eq!(read(&[], &variables).unwrap().limits, limits);
        let wrong = variables.map(|(name, _)| (name, "smoke"));
        let refused = read(&[], &wrong).err().unwrap();
        let fields: Vec<&str> = refused.problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, variables.map(|(name, _)| name));
    }

    #[test]
    fn senders_may_have_a_name() {
        let settings = read(&["--from", "Example IT <it@example.edu>"], &[]).unwrap();
        assert_eq!(settings.from.unwrap().as_str(), "it@example.edu");
        assert_eq!(settings.from_name.as_deref(), Some("Example IT"));
    }

    #[test]
    fn a_provider_of_text_messages_is_read_whole_or_not_at_all() {
        let account = |url: &str, from: &str| {
            read(
                &[],
                &[
                    ("FOREWARN_TWILIO_URL", url),
                    ("FOREWARN_TWILIO_SID", "AC12"),
                    ("FOREWARN_TWILIO_TOKEN", "hunter2"),
                    ("FOREWARN_TWILIO_FROM", from),
                ],
            )
        };
        let settings = account("https://sms.example.org/", "MG12, +1 415 555 0199");
        let phones = settings.unwrap().phones.unwrap();
        assert_eq!(phones.url, "https://sms.example.org");
        assert_eq!(phones.from, ["MG12", "+14155550199"]);
        assert!(!format!("{phones:?}").contains("hunter2"));
        for (url, from, field) in [
            (
                "ftp://sms.example.org",
                "+14155550199",
                "FOREWARN_TWILIO_URL",
            ),
            (
                "https://sms.example.org",
                "4155550199",
                "FOREWARN_TWILIO_FROM",
            ),
            ("https://sms.example.org", " , ", "FOREWARN_TWILIO_FROM"),
        ] {
            let refused = account(url, from).err().unwrap();
            let fields: Vec<&str> = refused.problems.iter().map(|p| p.field.as_str()).collect();
            assert_eq!(fields, [field], "{refused}");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_no_secret_with_it() {
        let refused = read(
            &[
                "--listen",
                "8080",
                "--database",
                "mysql://root:hunter2@db/x",
                "--public-url",
                "status.example.org",
                "--smtp",
                "smtps://user:hunter2@",
                "--from",
                "nobody",
                "--dkim",
                "a._domainkey.example.org=/no/such.pem",
                "--allow-private-targets",
                "10.0.0.0/8,inside",
                "--publish-to",
                "s3://bucket",
            ],
            &[
                ("FOREWARN_ADMIN_TOKEN", "hunter2"),
                ("FOREWARN_LINK_KEY", "hunter2"),
                ("FOREWARN_SECRETS_KEY", "hunter2"),
                ("FOREWARN_TWILIO_SID", "AC1"),
            ],
        )
        .err()
        .unwrap();
        let fields: Vec<&str> = refused.problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "--database",
                "--listen",
                "--public-url",
                "--smtp",
                "--from",
                "--dkim",
                "--allow-private-targets",
                "--publish-to",
                "FOREWARN_ADMIN_TOKEN",
                "FOREWARN_LINK_KEY",
                "FOREWARN_SECRETS_KEY",
                "FOREWARN_TWILIO_TOKEN",
                "FOREWARN_TWILIO_FROM",
            ]
        );
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}
