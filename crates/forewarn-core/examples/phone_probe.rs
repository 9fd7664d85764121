//! Signs what `scripts/check_phone.py` makes up: reads a JSON list `[token, url, [[name, value], ...]]` per line and writes the
//! signature of each.

use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        type Case = (String, String, Vec<(String, String)>);
        let (token, url, form): Case = serde_json::from_str(&line?)?;
        writeln!(
            out,
            "{}",
            forewarn_core::phone::signature(&token, &url, &form)
        )?;
    }
    Ok(())
}
