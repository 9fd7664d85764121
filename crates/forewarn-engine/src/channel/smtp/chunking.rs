//! Mail transactions where the server offers CHUNKING (RFC 3030) beside PIPELINING: a message goes by BDAT in one chunk, and its
//! envelope, itself and the next ones without waiting for any answer.
//!
//! ```text
//! client                                                  server
//! MAIL 1, RCPT 1, BDAT 1, RSET, MAIL 2, RCPT 2, BDAT 2 ->
//!                                                     <-  250, 250, 250, 250, 250, 250, 250
//! ```
//!
//! After a refusal the state of the transaction is unknown until RSET (RFC 3030, section 3), and whether there was one is not known
//! yet when the next message is written: so RSET goes ahead of it in any case. Else the next recipient could be taken into the
//! transaction of the one before, under a foreign return path.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::Write;

use forewarn_core::delivery::Outcome;
use memchr::memchr_iter;

use super::connection::Connection;
use super::reply::{Class, Verb};
use super::transaction::{LAST_WORDS, nonsense};
use super::{Mail, dkim};

/// So many messages are on their way at most: their answers fit into any socket's buffer, so that neither side waits for the other
/// to read.
const WINDOW: usize = 32;

/// A message that was written.
struct Sent {
    /// Its place in the batch.
    place: usize,
    /// RSET went ahead of it, and is answered first.
    after_reset: bool,
    /// Where it begins and ends in what was written with it.
    span: (usize, usize),
}

impl Connection {
    /// Sends the mails at these places of the batch and notes what came of each.
    pub(super) async fn transact_in_chunks(
        &mut self,
        batch: &[Mail],
        open: Vec<usize>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), String> {
        let mut waiting = VecDeque::from(open);
        let mut on_the_way = VecDeque::with_capacity(WINDOW);
        // Once nothing can be written any more, what was taken until then is still heard.
        let mut cut = None;
        loop {
            if cut.is_none() && on_the_way.len() <= WINDOW / 2 && !waiting.is_empty() {
                cut = self
                    .send_more(batch, &mut waiting, &mut on_the_way)
                    .await
                    .err();
            }
            let Some(sent) = on_the_way.pop_front() else {
                return cut.map_or(Ok(()), Err);
            };
            let heard = self.hear(&sent, cut.is_some(), &mut outcomes[sent.place]);
            heard.await.map_err(|words| match &cut {
                Some(problem) => format!("{problem}; {words}"),
                None => words,
            })?;
            self.in_doubt.retain(|&place| place != sent.place);
        }
    }

    /// Fills the window. In an error, what may have come across is on the way all the same.
    async fn send_more(
        &mut self,
        batch: &[Mail],
        waiting: &mut VecDeque<usize>,
        on_the_way: &mut VecDeque<Sent>,
    ) -> Result<(), String> {
        self.out.clear();
        let earlier = on_the_way.len();
        while on_the_way.len() < WINDOW
            && let Some(place) = waiting.pop_front()
        {
            let begin = self.out.len();
            let after_reset = self.needs_reset || !on_the_way.is_empty();
            self.needs_reset = false;
            self.push_whole(&batch[place], after_reset)?;
            on_the_way.push_back(Sent {
                place,
                after_reset,
                span: (begin, self.out.len()),
            });
        }
        let flushed = self.flush(self.limits.dot).await;
        let new = on_the_way.range(earlier..);
        let begun = new.filter(|sent| sent.span.0 < self.written).count();
        on_the_way.truncate(earlier + begun);
        let new = on_the_way.range(earlier..);
        let whole = new.filter(|sent| sent.span.1 <= self.written);
        self.in_doubt.extend(whole.map(|sent| sent.place));
        flushed
    }

    /// Puts an envelope and its message into the next write.
    fn push_whole(&mut self, mail: &Mail, after_reset: bool) -> Result<(), String> {
        if after_reset {
            self.push_parts(&["RSET\r\n"]);
        }
        self.push_from(mail);
        self.push_to(mail);
        let signature = dkim::sign(&self.signers, &mail.data)?;
        let data = with_line_ends(&mail.data);
        let length = signature.len() + data.len();
        // Writing to memory cannot fail.
        let _ = write!(self.out, "BDAT {length} LAST\r\n");
        self.out.extend_from_slice(signature.as_bytes());
        self.out.extend_from_slice(&data);
        Ok(())
    }

    /// Reads the answers to one message.
    async fn hear(
        &mut self,
        sent: &Sent,
        is_cut: bool,
        outcome: &mut Option<Outcome>,
    ) -> Result<(), String> {
        let limit = |usual| if is_cut { LAST_WORDS } else { usual };
        let (envelope, end) = (limit(self.limits.envelope), limit(self.limits.dot));
        if sent.after_reset {
            let reply = self.answer(envelope).await?;
            // Where there is nothing to be rid of, a server may refuse to be rid of it.
            if reply.class() != Class::Done && self.is_dirty {
                return Err(format!("RSET: {}", reply.words()));
            }
        }
        let mut verdict = None;
        for (verb, limit) in [
            (Verb::Mail, envelope),
            (Verb::Rcpt, envelope),
            (Verb::Dot, end),
        ] {
            let reply = match self.answer(limit).await {
                Ok(reply) => reply,
                Err(words) => {
                    // A server that refuses and then closes has spoken about the message all the same.
                    *outcome = verdict;
                    return Err(words);
                }
            };
            match reply.class() {
                Class::Done if verb == Verb::Dot => {
                    let receipt = reply.words();
                    verdict.get_or_insert(Outcome::Accepted { receipt });
                }
                Class::Done => {}
                Class::NotNow | Class::Never => {
                    verdict.get_or_insert_with(|| reply.refusal(verb));
                }
                _ => return Err(nonsense(verb, &reply)),
            }
        }
        self.is_dirty = !matches!(verdict, Some(Outcome::Accepted { .. }));
        self.needs_reset = self.is_dirty;
        *outcome = verdict;
        Ok(())
    }
}

/// The message with CRLF at the end of every line and of itself: no server would read a bare LF as we meant it.
fn with_line_ends(data: &[u8]) -> Cow<'_, [u8]> {
    let bare = |lf: &usize| *lf == 0 || data[*lf - 1] != b'\r';
    if !memchr_iter(b'\n', data).any(|lf| bare(&lf)) && data.ends_with(b"\n") {
        return Cow::Borrowed(data);
    }
    let mut out = Vec::with_capacity(data.len() + 64);
    let mut copied = 0;
    for lf in memchr_iter(b'\n', data).filter(bare) {
        out.extend_from_slice(&data[copied..lf]);
        out.extend_from_slice(b"\r\n");
        copied = lf + 1;
    }
    out.extend_from_slice(&data[copied..]);
    if !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ends_in_crlf_and_what_does_is_not_copied() {
        for (data, sent) in [
            ("", "\r\n"),
            ("a", "a\r\n"),
            ("\n", "\r\n"),
            ("a\nb\r\n.\n", "a\r\nb\r\n.\r\n"),
            ("a\r\n\n", "a\r\n\r\n"),
        ] {
            assert_eq!(
                &*with_line_ends(data.as_bytes()),
                sent.as_bytes(),
                "{data:?}"
            );
        }
        assert!(matches!(with_line_ends(b"a\r\n.\r\n"), Cow::Borrowed(_)));
    }
}
