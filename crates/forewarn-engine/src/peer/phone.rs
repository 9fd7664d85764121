//! A provider of text messages and calls on loopback, after the shape of Twilio's API: for the demo and the tests. It keeps what it
//! took, lists it when asked, and refuses the numbers that the real one refuses in its test mode.

use super::http::{HttpPeer, Reply, Request, Script};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The account that it knows, and the account's token.
pub const ACCOUNT: (&str, &str) = ("AC00000000000000000000000000000001", "a token for the peer");

/// A message or call that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub sid: String,
    /// To whom.
    pub to: String,
    /// From whom.
    pub from: String,
    /// The text, or the document of a call.
    pub body: String,
    /// It is a call.
    pub is_call: bool,
    /// Where it is to say what became of it.
    pub receipts_url: String,
    /// When it was taken.
    pub at: Timestamp,
}

/// The provider. It stops when it is dropped.
pub struct PhonePeer {
    http: HttpPeer,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl PhonePeer {
    /// Listens on a free port of 127.0.0.1; `clock` dates what it takes. Before it answers by itself, the script's lines do.
    pub async fn start(
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        first: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> io::Result<PhonePeer> {
        PhonePeer::with(Script::new(), clock, first).await
    }

    /// The same with what else a script says: how long it takes.
    pub async fn with(
        script: Script,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        first: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> io::Result<PhonePeer> {
        let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let kept = taken.clone();
        let answer = move |request: &Request| {
            let usual = || answer(request, &mut locked(&kept), clock());
            Some(first(request).unwrap_or_else(usual))
        };
        let http = HttpPeer::start(script.answered_by(answer)).await?;
        Ok(PhonePeer { http, taken })
    }

    /// Base of its API.
    pub fn url(&self) -> String {
        self.http.url("")
    }

    /// The requests, whatever became of them.
    pub fn http(&self) -> &HttpPeer {
        &self.http
    }

    /// What it took so far, in order.
    pub fn taken(&self) -> Vec<Taken> {
        locked(&self.taken).clone()
    }

    /// As if an earlier request had been taken of which the sender saw no answer.
    pub fn put(&self, taken: Taken) {
        locked(&self.taken).push(taken);
    }
}

fn locked(taken: &Mutex<Vec<Taken>>) -> MutexGuard<'_, Vec<Taken>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(request: &Request, taken: &mut Vec<Taken>, now: Timestamp) -> Reply {
    let basic = format!("{}:{}", ACCOUNT.0, ACCOUNT.1);
    let basic = format!("Basic {}", data_encoding::BASE64.encode(basic.as_bytes()));
    if request.header("authorization") != Some(basic.as_str()) {
        return refused(401, 20003, "Authenticate");
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let prefix = format!("/2010-04-01/Accounts/{}", ACCOUNT.0);
    let is_call = path.ends_with("/Calls.json");
    match (request.method.as_str(), path.strip_prefix(&prefix)) {
        ("GET", Some(".json")) => reply(200, &json!({"sid": ACCOUNT.0, "status": "active"})),
        ("GET", Some("/Messages.json" | "/Calls.json")) => {
            let to = field(&form(query), "To");
            let newest = taken.iter().rev();
            let found = newest.filter(|t| t.is_call == is_call && (to.is_empty() || t.to == to));
            let found: Vec<Value> = found.take(20).map(shown).collect();
            let name = if is_call { "calls" } else { "messages" };
            reply(200, &json!({name: found, "page": 0, "next_page_uri": null}))
        }
        ("POST", Some("/Messages.json" | "/Calls.json")) => {
            take(&String::from_utf8_lossy(&request.body), is_call, taken, now)
        }
        _ => refused(404, 20404, "The requested resource was not found"),
    }
}

fn take(body: &str, is_call: bool, taken: &mut Vec<Taken>, now: Timestamp) -> Reply {
    let fields = form(body);
    let get = |name| field(&fields, name);
    let sender = match get("MessagingServiceSid") {
        service if service.is_empty() => get("From"),
        service => service,
    };
    let (to, text) = (get("To"), if is_call { get("Twiml") } else { get("Body") });
    match to.as_str() {
        "+15005550001" => {
            return refused(400, 21211, "The 'To' number is not a valid phone number.");
        }
        "+15005550002" => {
            return refused(400, 21612, "The message cannot be routed to this number.");
        }
        "+15005550004" => return refused(400, 21610, "Attempt to send to unsubscribed recipient"),
        "+15005550009" => return refused(400, 21614, "'To' number is not a valid mobile number"),
        "" => return refused(400, 21604, "A 'To' phone number is required."),
        _ if text.is_empty() => return refused(400, 21602, "Message body is required."),
        _ => {}
    }
    let kind = if is_call { "CA" } else { "SM" };
    let one = Taken {
        sid: format!("{kind}{:032x}", taken.len() + 1),
        to,
        from: sender,
        body: text,
        is_call,
        receipts_url: get("StatusCallback"),
        at: now,
    };
    let answer = reply(201, &shown(&one));
    taken.push(one);
    answer
}

fn shown(taken: &Taken) -> Value {
    let date = taken.at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let mut shown = json!({"sid": taken.sid, "to": taken.to, "from": taken.from, "status": "queued",
        "direction": "outbound-api", "date_created": date, "error_code": null});
    if !taken.is_call {
        shown["body"] = taken.body.clone().into();
    }
    shown
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::status(status)
        .header("content-type", "application/json")
        .body(body.to_string())
}

fn refused(status: u16, code: i64, message: &str) -> Reply {
    reply(
        status,
        &json!({"code": code, "message": message, "status": status,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}")}),
    )
}

/// The fields of a form, in their order.
pub fn form(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn field(form: &[(String, String)], name: &str) -> String {
    let found = form.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}
