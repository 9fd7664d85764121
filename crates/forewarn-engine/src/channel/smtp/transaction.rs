//! Mail transactions on a ready connection: what is written, in which order the answers come, and
//! what they mean.
//!
//! With PIPELINING (RFC 2920) a message costs one round trip. DATA must be the last command of a
//! group, because what follows depends on its answer, but the end of a message may be followed by
//! the next group. So the segments are
//!
//! ```text
//! client                                        server
//! MAIL 1, RCPT 1, DATA                      ->
//!                                           <-  250, 250, 354
//! body 1, ".", MAIL 2, RCPT 2, DATA         ->
//!                                           <-  250, 250, 250, 354
//! body 2, ".", MAIL 3, RCPT 3, DATA         ->
//! ```
//!
//! Without it every command waits for the answer to the one before. With CHUNKING as well, nothing waits: see `chunking`.

use std::time::Duration;

use forewarn_core::delivery::Outcome;
use memchr::memchr_iter;

use super::connection::Connection;
use super::dkim;
use super::reply::{Class, Reply, Verb};
use super::{Leave, Mail};

/// The connection ended before the batch did.
#[derive(Debug)]
pub(super) struct Broken {
    /// The server's last words, or what went wrong below them.
    pub(super) reason: String,
    /// Where in the batch the mails are whose end was written, so that they may have been taken.
    pub(super) in_doubt: Vec<usize>,
    /// It ended before any answer: an idle connection that the server had given up.
    pub(super) unanswered: bool,
}

/// What the server wants after a mail's envelope.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Envelope {
    /// The message.
    Accepted,
    /// Nothing.
    Refused,
    /// A message, although it refused the recipient (RFC 2920, section 3.1).
    RefusedYetWaiting,
}

impl Connection {
    /// Sends the mails that have no outcome yet, in order, and notes what came of each. If the
    /// connection breaks or leave ends, the mails it was not done with are left without an outcome.
    pub(super) async fn transact(
        &mut self,
        batch: &[Mail],
        leave: &Leave,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Broken> {
        self.answered = false;
        self.in_doubt.clear();
        self.is_dirty = self.needs_reset;
        if !self.extensions.smtp_utf8 {
            refuse_unencodable(batch, outcomes);
        }
        self.leave = leave.clone();
        let sent = self.transact_all(batch, outcomes).await;
        self.leave = Leave::unlimited();
        sent.map_err(|reason| Broken {
            reason,
            in_doubt: std::mem::take(&mut self.in_doubt),
            unanswered: !self.answered,
        })
    }

    async fn transact_all(
        &mut self,
        batch: &[Mail],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), String> {
        let pipelining = self.extensions.pipelining;
        let open: Vec<usize> = (0..batch.len())
            .filter(|&i| outcomes[i].is_none())
            .collect();
        if pipelining && self.extensions.chunking {
            return self.transact_in_chunks(batch, open, outcomes).await;
        }
        if let (true, Some(&first)) = (pipelining, open.first()) {
            self.out.clear();
            self.push_group(&batch[first]);
            self.flush(self.limits.envelope).await?;
        }
        for (at, &current) in open.iter().enumerate() {
            let (mail, outcome) = (&batch[current], &mut outcomes[current]);
            let envelope = if pipelining {
                self.read_group(outcome).await?
            } else {
                self.step_through(mail, outcome).await?
            };
            let follower = open
                .get(at + 1)
                .filter(|_| pipelining)
                .map(|&next| &batch[next]);
            self.in_doubt.clear();
            self.finish((current, mail), envelope, follower, outcome)
                .await?;
        }
        Ok(())
    }

    /// Puts a whole envelope into the next write, with RSET before it if there is a refused
    /// transaction to be rid of (RFC 2920 lets RSET stand anywhere in a group).
    fn push_group(&mut self, mail: &Mail) {
        self.reset_in_flight = self.needs_reset;
        if std::mem::take(&mut self.needs_reset) {
            self.out.extend_from_slice(b"RSET\r\n");
        }
        self.push_from(mail);
        self.push_to(mail);
        self.out.extend_from_slice(b"DATA\r\n");
    }

    pub(super) fn push_from(&mut self, mail: &Mail) {
        self.push_parts(&["MAIL FROM:<", &mail.envelope_from, ">"]);
        if self.extensions.eight_bit_mime && !mail.data.is_ascii() {
            self.push_parts(&[" BODY=8BITMIME"]);
        }
        if needs_utf8(mail) {
            self.push_parts(&[" SMTPUTF8"]);
        }
        self.push_parts(&["\r\n"]);
    }

    pub(super) fn push_to(&mut self, mail: &Mail) {
        self.push_parts(&["RCPT TO:<", &mail.to, ">\r\n"]);
    }

    pub(super) fn push_parts(&mut self, parts: &[&str]) {
        parts
            .iter()
            .for_each(|part| self.out.extend_from_slice(part.as_bytes()));
    }

    /// Reads the answers to a group. All of them come, whatever the first says; the first refusal
    /// is the one that matters, and is noted before the next is read: a server that answers 550 and
    /// then 421 has spoken about the recipient.
    async fn read_group(&mut self, outcome: &mut Option<Outcome>) -> Result<Envelope, String> {
        if std::mem::take(&mut self.reset_in_flight) {
            self.read_reset().await?;
        }
        self.agrees(Verb::Mail, outcome).await?;
        self.agrees(Verb::Rcpt, outcome).await?;
        let waiting = self.agrees(Verb::Data, outcome).await?;
        Ok(match (waiting, &outcome) {
            (true, None) => Envelope::Accepted,
            (true, Some(_)) => Envelope::RefusedYetWaiting,
            (false, _) => Envelope::Refused,
        })
    }

    /// The envelope for a server without PIPELINING: one command, one answer.
    async fn step_through(
        &mut self,
        mail: &Mail,
        outcome: &mut Option<Outcome>,
    ) -> Result<Envelope, String> {
        let limit = self.limits.envelope;
        self.out.clear();
        if std::mem::take(&mut self.needs_reset) {
            self.push_parts(&["RSET\r\n"]);
            self.flush(limit).await?;
            self.read_reset().await?;
            self.out.clear();
        }
        self.push_from(mail);
        self.flush(limit).await?;
        if !self.agrees(Verb::Mail, outcome).await? {
            return Ok(Envelope::Refused);
        }
        self.out.clear();
        self.push_to(mail);
        self.flush(limit).await?;
        if !self.agrees(Verb::Rcpt, outcome).await? {
            return Ok(Envelope::Refused);
        }
        self.out.clear();
        self.push_parts(&["DATA\r\n"]);
        self.flush(limit).await?;
        let waiting = self.agrees(Verb::Data, outcome).await?;
        Ok(if waiting {
            Envelope::Accepted
        } else {
            Envelope::Refused
        })
    }

    /// Sends what the server waits for, with the group of the following mail in the same write,
    /// and notes what came of the message.
    async fn finish(
        &mut self,
        (place, mail): (usize, &Mail),
        envelope: Envelope,
        follower: Option<&Mail>,
        outcome: &mut Option<Outcome>,
    ) -> Result<(), String> {
        self.out.clear();
        match envelope {
            Envelope::Accepted => {
                let signature = dkim::sign(&self.signers, &mail.data)?;
                self.out.extend_from_slice(signature.as_bytes());
                push_data(&mail.data, &mut self.out);
            }
            Envelope::RefusedYetWaiting => self.out.extend_from_slice(b".\r\n"),
            Envelope::Refused => {}
        }
        let end = self.out.len();
        self.needs_reset = envelope != Envelope::Accepted;
        if let Some(follower) = follower {
            self.push_group(follower);
        }
        let flushed = self.flush(self.limits.dot).await;
        match envelope {
            Envelope::Accepted => {
                self.in_doubt.extend((self.written >= end).then_some(place));
                self.read_verdict(flushed, outcome).await
            }
            Envelope::RefusedYetWaiting => {
                flushed?;
                // Whether the empty message was taken matters to nobody: it had no recipient.
                self.answer(self.limits.dot).await.map(drop)
            }
            Envelope::Refused => flushed,
        }
    }

    /// The answer to the final dot. If the message could not even be written, the server may have
    /// said why before it closed (552, 421), so it is heard in that case too.
    async fn read_verdict(
        &mut self,
        flushed: Result<(), String>,
        outcome: &mut Option<Outcome>,
    ) -> Result<(), String> {
        let reply = match &flushed {
            Ok(()) => self.answer(self.limits.dot).await?,
            Err(problem) => self.answer(LAST_WORDS).await.map_err(|words| {
                if !self.in_doubt.is_empty() {
                    words
                } else {
                    format!("{problem}; {words}")
                }
            })?,
        };
        *outcome = Some(match reply.class() {
            Class::Done => Outcome::Accepted {
                receipt: reply.words(),
            },
            Class::NotNow | Class::Never => reply.refusal(Verb::Dot),
            _ => return Err(nonsense(Verb::Dot, &reply)),
        });
        self.in_doubt.clear();
        flushed
    }

    /// Reads the answer to `verb`: whether it allows to go on. A refusal becomes the outcome, if
    /// there is none yet.
    pub(super) async fn agrees(
        &mut self,
        verb: Verb,
        outcome: &mut Option<Outcome>,
    ) -> Result<bool, String> {
        let (limit, yes) = match verb {
            Verb::Data => (self.limits.data, Class::GoOn),
            _ => (self.limits.envelope, Class::Done),
        };
        let reply = self.answer(limit).await?;
        match reply.class() {
            class if class == yes => Ok(true),
            Class::NotNow | Class::Never => {
                outcome.get_or_insert_with(|| reply.refusal(verb));
                Ok(false)
            }
            _ => Err(nonsense(verb, &reply)),
        }
    }

    /// A server that refuses RSET would refuse the next innocent sender with 503.
    pub(super) async fn read_reset(&mut self) -> Result<(), String> {
        let reply = self.answer(self.limits.envelope).await?;
        match reply.class() {
            Class::Done => Ok(()),
            _ => Err(format!("RSET: {}", reply.words())),
        }
    }

    /// The next reply; an error if it says that the server is closing the connection.
    pub(super) async fn answer(&mut self, limit: Duration) -> Result<Reply, String> {
        let reply = self.reply(limit).await?;
        if reply.class() == Class::Closing {
            self.in_doubt.clear();
            return Err(reply.words());
        }
        self.answered = true;
        Ok(reply)
    }
}

/// How long a server that stopped reading is listened to.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(1);

pub(super) fn nonsense(verb: Verb, reply: &Reply) -> String {
    format!("no answer to {verb:?}: {}", reply.words())
}

fn needs_utf8(mail: &Mail) -> bool {
    !(mail.envelope_from.is_ascii() && mail.to.is_ascii())
}

/// An address beyond ASCII cannot be said to a server without SMTPUTF8 (RFC 6531, section 3.2).
fn refuse_unencodable(batch: &[Mail], outcomes: &mut [Option<Outcome>]) {
    for (mail, outcome) in batch.iter().zip(outcomes) {
        if needs_utf8(mail) && outcome.is_none() {
            *outcome = Some(Outcome::PermanentFailure {
                reason: "the relay does not take addresses beyond ASCII (SMTPUTF8)".into(),
                endpoint_gone: false,
            });
        }
    }
}

/// Appends the message and its final dot, with dots doubled at the start of lines (RFC 5321,
/// section 4.5.2). A bare LF becomes CRLF: no server would read it as we meant it, some end the
/// session over it, and one that took it for a line end could be made to see a final dot in a
/// message (SMTP smuggling).
pub(super) fn push_data(data: &[u8], out: &mut Vec<u8>) {
    out.reserve(data.len() + 64);
    let mut copied = 0;
    if data.first() == Some(&b'.') {
        out.push(b'.');
    }
    for lf in memchr_iter(b'\n', data) {
        if lf == 0 || data[lf - 1] != b'\r' {
            out.extend_from_slice(&data[copied..lf]);
            out.push(b'\r');
            copied = lf;
        }
        if data.get(lf + 1) == Some(&b'.') {
            out.extend_from_slice(&data[copied..=lf]);
            out.push(b'.');
            copied = lf + 1;
        }
    }
    out.extend_from_slice(&data[copied..]);
    out.extend_from_slice(if data.ends_with(b"\n") {
        b".\r\n"
    } else {
        b"\r\n.\r\n"
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed(data: &str) -> String {
        let mut out = Vec::new();
        push_data(data.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dots_are_doubled_where_a_line_begins_and_only_there() {
        for (data, sent) in [
            ("", "\r\n.\r\n"),
            ("a.b\r\n", "a.b\r\n.\r\n"),
            (".\r\n", "..\r\n.\r\n"),
            ("a\r\n.", "a\r\n..\r\n.\r\n"),
            (
                "a\r\n..b\r\n\r\n.\r\nc",
                "a\r\n...b\r\n\r\n..\r\nc\r\n.\r\n",
            ),
            ("a\n.\r\nb\n", "a\r\n..\r\nb\r\n.\r\n"),
            ("\n", "\r\n.\r\n"),
        ] {
            assert_eq!(pushed(data), sent, "{data:?}");
        }
    }

    proptest! {
        #[test]
        fn no_message_contains_its_own_end(data in "[.\\r\\nx]{0,40}") {
            let sent = pushed(&data);
            prop_assert!(sent.ends_with("\r\n.\r\n"));
            let end = sent.len() - 5;
            prop_assert!(sent.find("\r\n.\r\n") == Some(end) && !sent.starts_with(".\r\n"));
            prop_assert!(!sent.contains("\n.\n") && !sent.replace("\r\n", "").contains('\n'));
        }
    }
}
