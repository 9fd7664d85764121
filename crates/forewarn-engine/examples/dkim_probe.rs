//! Signs what `scripts/check_dkim.py` makes up: `dkim_probe RECORD=FILE...` writes the records of the keys as one JSON list, then reads
//! a message as a JSON text per line and writes its signature headers as one.

use forewarn_engine::channel::smtp::dkim::{Signer, sign};
use std::error::Error;
use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let mut signers = Vec::new();
    for argument in std::env::args().skip(1) {
        let (record, file) = argument.split_once('=').ok_or("RECORD=FILE")?;
        signers.push(Signer::read(record, &std::fs::read(file)?)?);
    }
    let mut out = std::io::stdout().lock();
    let records: Vec<_> = signers.iter().map(Signer::record).collect();
    writeln!(out, "{}", serde_json::to_string(&records)?)?;
    for line in std::io::stdin().lock().lines() {
        let message: String = serde_json::from_str(&line?)?;
        let headers = sign(&signers, message.as_bytes())?;
        writeln!(out, "{}", serde_json::to_string(&headers)?)?;
    }
    Ok(())
}
