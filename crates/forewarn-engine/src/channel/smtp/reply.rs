//! What the server says: replies read from the stream, classified, and put into words.

use std::io;

use forewarn_core::delivery::Outcome;
use smtp_proto::response::parser::ResponseReceiver;
use smtp_proto::{Error, Response, Severity};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Replies are some 50 bytes each; one read takes all those of a pipelined group.
const BUFFER_BYTES: usize = 4096;

/// The most of a server's words that is kept: enough for any log search, too little to fill a
/// store with.
const MAX_WORDS_BYTES: usize = 500;

/// One reply of the server (RFC 5321, section 4.2), with its enhanced code (RFC 3463) if any.
pub(super) struct Reply(Response<String>);

/// What the first digit of a reply says. 421 stands alone: whatever was asked, the server is
/// about to close the connection (RFC 5321, section 3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Done,
    GoOn,
    NotNow,
    Closing,
    Never,
    Nonsense,
}

/// The command a reply answers, as far as it matters for what a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Mail,
    Rcpt,
    Data,
    Dot,
}

impl Reply {
    pub(super) fn class(&self) -> Class {
        match self.0.severity() {
            _ if self.0.code == 421 => Class::Closing,
            Severity::PositiveCompletion => Class::Done,
            Severity::PositiveIntermediate => Class::GoOn,
            Severity::TransientNegativeCompletion => Class::NotNow,
            Severity::PermanentNegativeCompletion => Class::Never,
            Severity::Invalid => Class::Nonsense,
        }
    }

    /// The lines of the text, without codes: the keywords of an EHLO reply.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.message.lines()
    }

    /// The whole reply in one line, control characters replaced: what is kept as receipt or reason.
    pub(super) fn words(&self) -> String {
        use std::fmt::Write;
        let mut words = String::with_capacity(self.0.message.len() + 12);
        // Writing to a String cannot fail.
        let _ = write!(words, "{}", self.0.code);
        if let Some([class, subject, detail]) = self.enhanced() {
            let _ = write!(words, " {class}.{subject}.{detail}");
        }
        let text = self.0.message.trim();
        if !text.is_empty() {
            words.push(' ');
        }
        for c in text.chars() {
            if words.len() >= MAX_WORDS_BYTES {
                break;
            }
            words.push(if c.is_control() { ' ' } else { c });
        }
        words
    }

    /// What this refusal (4xx or 5xx) of `verb` means for the delivery.
    pub(super) fn refusal(&self, verb: Verb) -> Outcome {
        if self.class() == Class::Never {
            Outcome::PermanentFailure {
                reason: self.words(),
                endpoint_gone: verb == Verb::Rcpt && self.no_such_mailbox(),
            }
        } else {
            Outcome::TransientFailure {
                reason: self.words(),
                retry_after: None,
                maybe_sent: false,
            }
        }
    }

    /// Only an answer that is about the address itself may stop later messages to it: 5.1.x is
    /// "addressing status" (RFC 3463, section 3.2), while the same 550 with 5.7.x is about us.
    fn no_such_mailbox(&self) -> bool {
        match self.enhanced() {
            Some([5, 1, _]) => matches!(self.0.code, 550 | 551 | 553),
            Some(_) => false,
            None => self.0.code == 550,
        }
    }

    fn enhanced(&self) -> Option<[u8; 3]> {
        (self.0.esc[0] != 0).then_some(self.0.esc)
    }
}

/// Reads replies one by one and keeps what came after them, which pipelining brings in one segment.
pub(super) struct ReplyReader {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    parser: ResponseReceiver,
}

impl ReplyReader {
    pub(super) fn new() -> ReplyReader {
        ReplyReader {
            buffer: vec![0; BUFFER_BYTES].into(),
            start: 0,
            end: 0,
            parser: ResponseReceiver::default(),
        }
    }

    /// The next reply.
    pub(super) async fn next<S>(&mut self, stream: &mut S) -> io::Result<Reply>
    where
        S: AsyncRead + Unpin + ?Sized,
    {
        loop {
            let mut unread = self.buffer[self.start..self.end].iter();
            let parsed = self.parser.parse(&mut unread);
            self.start = self.end - unread.len();
            match parsed {
                Ok(response) => {
                    self.parser.reset();
                    return Ok(Reply(response));
                }
                Err(Error::NeedsMoreData { .. }) => {}
                Err(_) => return Err(io::Error::other("the answer is not SMTP")),
            }
            self.end = stream.read(&mut self.buffer).await?;
            self.start = 0;
            if self.end == 0 {
                return Err(io::Error::other("the server closed the connection"));
            }
        }
    }

    /// Nothing was received beyond the replies already taken.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn replies(mut text: &[u8]) -> Vec<Reply> {
        let mut reader = ReplyReader::new();
        let mut all = Vec::new();
        while let Ok(reply) = reader.next(&mut text).await {
            all.push(reply);
        }
        all
    }

    #[tokio::test]
    async fn several_replies_in_one_segment_are_told_apart() {
        let all = replies(b"250 2.1.0 Ok\r\n550-5.1.1 No\r\n550 5.1.1 such\tuser\r\n354\r\n").await;
        let words: Vec<_> = all.iter().map(Reply::words).collect();
        assert_eq!(words, ["250 2.1.0 Ok", "550 5.1.1 No such user", "354"]);
        let classes: Vec<_> = all.iter().map(Reply::class).collect();
        assert_eq!(classes, [Class::Done, Class::Never, Class::GoOn]);
    }

    #[tokio::test]
    async fn a_reply_may_come_byte_by_byte() {
        use tokio::io::AsyncWriteExt;
        let (mut server, mut client) = tokio::io::duplex(1);
        let sent = "250-mail.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
        let mut reader = ReplyReader::new();
        let (_, reply) = tokio::join!(server.write_all(sent.as_bytes()), reader.next(&mut client));
        let reply = reply.unwrap();
        assert_eq!(
            reply.lines().collect::<Vec<_>>(),
            ["mail.example", "PIPELINING", "8BITMIME"]
        );
    }

    #[tokio::test]
    async fn only_words_about_the_address_say_that_it_is_gone() {
        for (text, verb, gone) in [
            ("550 5.1.1 no such user", Verb::Rcpt, true),
            ("551 5.1.6 moved", Verb::Rcpt, true),
            ("553 5.1.3 bad syntax", Verb::Rcpt, true),
            ("550 no such user", Verb::Rcpt, true),
            ("551 not here", Verb::Rcpt, false),
            ("554 5.1.1 odd", Verb::Rcpt, false),
            ("550 5.7.1 you are blocked", Verb::Rcpt, false),
            ("552 5.2.2 mailbox full", Verb::Rcpt, false),
            ("550 5.1.1 no such user", Verb::Dot, false),
        ] {
            let reply = replies(format!("{text}\r\n").as_bytes()).await.remove(0);
            let expected = Outcome::PermanentFailure {
                reason: text.into(),
                endpoint_gone: gone,
            };
            assert_eq!(reply.refusal(verb), expected);
        }
    }

    #[tokio::test]
    async fn an_endless_reply_is_an_error_and_long_words_are_cut() {
        let mut reader = ReplyReader::new();
        let mut endless: &[u8] = &[b"250-".as_slice(), &[b'x'; 100_000]].concat();
        assert!(reader.next(&mut endless).await.is_err());
        let long = format!("250 {}\r\n", "é".repeat(1000));
        assert!(replies(long.as_bytes()).await[0].words().len() <= MAX_WORDS_BYTES + 1);
    }
}
