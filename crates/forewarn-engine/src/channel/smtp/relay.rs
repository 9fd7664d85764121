//! The settings of a relay: where it listens, how the connection is protected, who we are to it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

/// The accepted forms, repeated in every error so that the operator need not look them up.
const FORMS: &str = "accepted are smtp://host[:port] (no encryption, port 25), \
     smtps://user:pass@host[:port] (TLS from the start, port 465) and \
     smtp+starttls://user:pass@host[:port] (STARTTLS required, port 587), \
     the last two also with ?ca=/path/to/roots.pem, and with user@host?token=/path/to/token (XOAUTH2)";

/// How the connection to a relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// None, even if the server offers STARTTLS: what protects one day and not the next, by the
    /// word of whoever stands in between, protects nobody. `smtp://` is for a relay on this host.
    Plain,
    /// TLS before the first SMTP byte (RFC 8314, section 3.3).
    Tls,
    /// STARTTLS, without which nothing else is said (RFC 3207).
    StartTls,
}

/// What the server is told in AUTH.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) secret: Secret,
}

/// What proves that we are that user.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Secret {
    Password(String),
    /// An OAuth 2 access token, which somebody else renews in this file.
    TokenFile(PathBuf),
}

/// A relay as written in the settings.
///
/// | form | meaning |
/// |---|---|
/// | `smtp://host:port` | no encryption, also if STARTTLS is offered; port 25 if none is given |
/// | `smtps://user:pass@host` | TLS from the start (RFC 8314); port 465 |
/// | `smtp+starttls://user:pass@host` | STARTTLS, required (RFC 3207); port 587 |
///
/// User and password are percent-encoded. They are refused in `smtp://` unless the host is this
/// one, because they would cross the network in the clear. `?token=/path` takes the place of a password: the file holds an OAuth 2
/// access token for AUTH XOAUTH2, and is read at each connection. `?ca=/path.pem` trusts the certificates
/// in that file in addition to the system's: those of authorities, and those that servers signed for themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
    pub(super) ca: Option<PathBuf>,
}

impl RelayUrl {
    /// Reads one relay. The error names what is wrong and the accepted forms, never the password.
    pub fn parse(text: &str) -> Result<RelayUrl, String> {
        Self::read(text.trim()).map_err(|problem| format!("relay URL: {problem}; {FORMS}"))
    }

    /// Reads several relays separated by commas, in order of preference. A comma in a password
    /// is written `%2C`.
    pub fn parse_list(text: &str) -> Result<Vec<RelayUrl>, String> {
        text.split(',').map(RelayUrl::parse).collect()
    }

    fn read(text: &str) -> Result<RelayUrl, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let (protection, default_port) = match url.scheme() {
            "smtp" => (Protection::Plain, 25),
            "smtps" => (Protection::Tls, 465),
            "smtp+starttls" => (Protection::StartTls, 587),
            other => return Err(format!("unknown scheme {other:?}")),
        };
        let [ca, token] = paths(&url)?;
        let relay = RelayUrl {
            host: host(&url)?,
            port: url.port().unwrap_or(default_port),
            protection,
            credentials: credentials(&url, token)?,
            ca,
        };
        if !matches!(url.path(), "" | "/") {
            return Err("nothing may follow the host but ?ca= and ?token=".into());
        }
        if url.fragment().is_some() {
            return Err("a # begins a fragment, which means nothing here; write %23".into());
        }
        if protection == Protection::Plain && relay.ca.is_some() {
            return Err("?ca= has no use without TLS".into());
        }
        if protection == Protection::Plain && relay.credentials.is_some() && !relay.is_loopback() {
            return Err("a password may not cross the network without TLS".into());
        }
        Ok(relay)
    }

    /// The name and port, as an operator recognises the relay in a message.
    pub(super) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// Without the password.
impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.protection {
            Protection::Plain => "smtp",
            Protection::Tls => "smtps",
            Protection::StartTls => "smtp+starttls",
        };
        match &self.credentials {
            Some(known) => match &known.secret {
                Secret::Password(_) => {
                    write!(f, "{scheme}://{}:***@{}", known.user, self.address())
                }
                Secret::TokenFile(file) => {
                    let (user, file) = (&known.user, file.display());
                    write!(f, "{scheme}://{user}@{}?token={file}", self.address())
                }
            },
            None => write!(f, "{scheme}://{}", self.address()),
        }
    }
}

/// Without the password.
impl fmt::Debug for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelayUrl({self})")
    }
}

fn host(url: &Url) -> Result<String, String> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err("no host".into());
    }
    if host.contains('%') {
        return Err("the host must be in ASCII (xn-- for other scripts)".into());
    }
    Ok(host.to_owned())
}

fn credentials(url: &Url, token: Option<PathBuf>) -> Result<Option<Credentials>, String> {
    let decoded = |what: &str, text: &str| match percent_decode_str(text).decode_utf8() {
        Ok(text) if text.contains(['\0', '\x01']) => {
            Err(format!("the {what} has a control character"))
        }
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(format!("the {what} is not percent-encoded UTF-8")),
    };
    let secret = match (url.username(), url.password(), token) {
        ("", None, None) => return Ok(None),
        ("", Some(_), _) => return Err("a password without a user".into()),
        ("", None, Some(_)) => return Err("a token without a user".into()),
        (_, None | Some(""), None) => return Err("a user without a password".into()),
        (_, Some(_), Some(_)) => return Err("a password and a token".into()),
        (_, Some(password), None) => Secret::Password(decoded("password", password)?),
        (_, None, Some(token)) => Secret::TokenFile(token),
    };
    let user = decoded("user", url.username())?;
    Ok(Some(Credentials { user, secret }))
}

/// The files named by `?ca=` and `?token=`.
fn paths(url: &Url) -> Result<[Option<PathBuf>; 2], String> {
    let mut paths = [None, None];
    for (key, value) in url.query_pairs() {
        let place = match &*key {
            "ca" => 0,
            "token" => 1,
            other => return Err(format!("unknown parameter {other:?}")),
        };
        if value.is_empty() {
            return Err(format!("?{key}= names no file"));
        }
        paths[place] = Some(PathBuf::from(&*value));
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_and_their_ports() {
        for (text, host, port, protection) in [
            ("smtp://mail.example", "mail.example", 25, Protection::Plain),
            (
                "smtp://127.0.0.1:2525",
                "127.0.0.1",
                2525,
                Protection::Plain,
            ),
            ("smtp://[::1]:2525/", "::1", 2525, Protection::Plain),
            (
                "smtps://u:p@mail.example",
                "mail.example",
                465,
                Protection::Tls,
            ),
            (
                "smtp+starttls://mail.example",
                "mail.example",
                587,
                Protection::StartTls,
            ),
        ] {
            let relay = RelayUrl::parse(text).unwrap();
            assert_eq!(
                (&*relay.host, relay.port, relay.protection),
                (host, port, protection)
            );
        }
    }

    #[test]
    fn user_password_and_ca_are_decoded_and_the_password_is_never_shown() {
        let relay =
            RelayUrl::parse("smtps://a%40b:s%3Ae%2Fc%2Cret@mail.example?ca=/etc/ca.pem").unwrap();
        let known = relay.credentials.as_ref().unwrap();
        assert_eq!(known.user, "a@b");
        assert!(known.secret == Secret::Password("s:e/c,ret".into()));
        assert_eq!(relay.ca.as_deref(), Some("/etc/ca.pem".as_ref()));
        assert_eq!(
            format!("{relay:?}"),
            "RelayUrl(smtps://a@b:***@mail.example:465)"
        );
    }

    #[test]
    fn a_token_stands_in_a_file_of_its_own() {
        let relay =
            RelayUrl::parse("smtp+starttls://ann%40b.example@mail.example?token=/run/token");
        let relay = relay.unwrap();
        let known = relay.credentials.as_ref().unwrap();
        assert!(known.secret == Secret::TokenFile("/run/token".into()));
        let shown = "RelayUrl(smtp+starttls://ann@b.example@mail.example:587?token=/run/token)";
        assert_eq!(format!("{relay:?}"), shown);
    }

    #[test]
    fn an_error_names_the_problem_and_the_forms_but_no_password() {
        for (text, problem) in [
            ("mail.example:25", "unknown scheme"),
            ("mail.example", "relative URL"),
            ("http://mail.example", "unknown scheme \"http\""),
            ("smtps://", "no host"),
            ("smtps://u@mail.example", "a user without a password"),
            ("smtps://:hunter2@mail.example", "a password without a user"),
            (
                "smtps://u:hunter2%ff@mail.example",
                "not percent-encoded UTF-8",
            ),
            ("smtp://u:hunter2@mail.example", "without TLS"),
            ("smtps://mail.example?token=/x", "a token without a user"),
            (
                "smtps://u:hunter2@mail.example?token=/x",
                "a password and a token",
            ),
            ("smtps://u@mail.example?token=", "?token= names no file"),
            ("smtp://u@mail.example?token=/x", "without TLS"),
            ("smtp://mail.example?ca=/x", "no use without TLS"),
            (
                "smtps://u:hunter2@mail.example?tls=no",
                "unknown parameter \"tls\"",
            ),
            ("smtps://u:hunter2@mail.example/inbox", "nothing may follow"),
            ("smtps://u:hunter2@mail.example:99999", "port"),
        ] {
            let error = RelayUrl::parse(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
            assert!(error.contains("smtp+starttls://user:pass@host"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(RelayUrl::parse("smtp://u:p@localhost:2525").is_ok());
    }

    #[test]
    fn a_list_keeps_the_order_of_preference() {
        let list = RelayUrl::parse_list("smtps://a.example, smtp://b.example:26").unwrap();
        assert_eq!(
            list.iter().map(|r| r.address()).collect::<Vec<_>>(),
            ["a.example:465", "b.example:26"]
        );
        assert!(RelayUrl::parse_list("smtps://a.example,").is_err());
    }
}
