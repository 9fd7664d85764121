//! Encrypts what `scripts/check_push.py` makes up: reads a line of JSON for each case, with the browser's keys (`p256dh`, `auth`), the
//! `message` in base64 and the address (`url`), and writes one with the `body` in base64 and the value of `authorization`.

use data_encoding::BASE64;
use forewarn_core::contact::PushKeys;
use forewarn_engine::channel::push::encrypt::encrypt;
use forewarn_engine::channel::push::vapid::{Vapid, make};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = [7; 32];
    let vapid = Vapid::open(&make(&secret)?, &secret, "mailto:it@example.edu")?;
    // A proof is for now, and nothing else here asks for the time.
    let now = std::env::args().nth(1).ok_or("the time in seconds")?;
    let now = Timestamp::from_second(now.parse()?)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let keys = PushKeys::parse(text("p256dh"), text("auth"))?;
        let body = encrypt(&BASE64.decode(text("message").as_bytes())?, &keys)?;
        let proof = vapid.authorization(text("url"), now)?;
        let sealed = json!({"body": BASE64.encode(&body), "authorization": proof});
        writeln!(out, "{sealed}")?;
    }
    Ok(())
}
