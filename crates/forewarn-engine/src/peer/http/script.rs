//! How the peer answers: well, badly, late or not at all.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Request;

/// Called with every request before it is answered.
type OnRequest = Arc<dyn Fn(&Request) + Send + Sync>;

/// Makes the reply to a request, where it has one.
type Answer = Arc<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

/// What the peer does with each request: what a function answers, else a reply for a path, else those for the first requests,
/// else 200 with an empty body.
#[derive(Clone, Default)]
pub struct Script {
    paths: Vec<(String, Reply)>,
    first: Vec<(u64, Reply)>,
    otherwise: Reply,
    count_only: bool,
    pub(super) delay: Option<Duration>,
    on_request: Option<OnRequest>,
    answer: Option<Answer>,
}

impl Script {
    /// Answers 200 to everything.
    pub fn new() -> Script {
        Script::default()
    }

    /// Answers so to everything that no other line of the script covers.
    pub fn always(mut self, reply: Reply) -> Script {
        self.otherwise = reply;
        self
    }

    /// Answers so to the first `times` requests; said again, to the `times` requests after those.
    pub fn first(mut self, times: u64, reply: Reply) -> Script {
        self.first.push((times, reply));
        self
    }

    /// Answers so to every request for this path.
    pub fn path(mut self, path: &str, reply: Reply) -> Script {
        self.paths.push((path.to_owned(), reply));
        self
    }

    /// Counts requests and keeps nothing of them: for benchmarks and millions.
    pub fn counting(mut self) -> Script {
        self.count_only = true;
        self
    }

    /// Waits so long before each answer.
    pub fn delay(mut self, delay: Duration) -> Script {
        self.delay = Some(delay);
        self
    }

    /// Calls `tell` with every request before it is answered, in the ledger's order; not when only
    /// counting. It holds up every connection of the peer, so it should be short.
    pub fn on_request(mut self, tell: impl Fn(&Request) + Send + Sync + 'static) -> Script {
        self.on_request = Some(Arc::new(tell));
        self
    }

    /// Answers what the function says, where it says anything; not when only counting.
    pub fn answered_by(
        mut self,
        answer: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Script {
        self.answer = Some(Arc::new(answer));
        self
    }

    pub(super) fn answer(&self, request: &Request) -> Option<Reply> {
        self.answer.as_ref().and_then(|answer| answer(request))
    }

    pub(super) fn counts_only(&self) -> bool {
        self.count_only
    }

    pub(super) fn tell(&self, request: &Request) {
        if let Some(tell) = &self.on_request {
            tell(request);
        }
    }

    /// The reply to the request with this place in the order of arrival.
    pub(super) fn reply(&self, order: u64, path: &str) -> Reply {
        if let Some((_, reply)) = self.paths.iter().find(|(of, _)| of == path) {
            return reply.clone();
        }
        let mut end = 0;
        let early = self.first.iter().find(|(times, _)| {
            end += times;
            order < end
        });
        early.map_or(&self.otherwise, |(_, reply)| reply).clone()
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("otherwise", &self.otherwise)
            .finish_non_exhaustive()
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub(super) shape: Shape,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) held: bool,
}

/// What is done with the reply's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Whole,
    CutBefore,
    CutInHead,
    CutInBody,
    Huge,
    Garbage,
}

impl Default for Reply {
    fn default() -> Reply {
        Reply::status(200)
    }
}

impl Reply {
    /// This status with an empty body.
    pub fn status(status: u16) -> Reply {
        Reply {
            shape: Shape::Whole,
            status,
            headers: Vec::new(),
            body: Vec::new(),
            held: false,
        }
    }

    /// 302 with this `location`.
    pub fn redirect(to: &str) -> Reply {
        Reply::status(302).header("location", to)
    }

    /// Nothing: the connection is closed when the request has been read.
    pub fn cut_before() -> Reply {
        Reply {
            shape: Shape::CutBefore,
            ..Reply::default()
        }
    }

    /// Half a status line, then the connection is closed.
    pub fn cut_in_head() -> Reply {
        Reply {
            shape: Shape::CutInHead,
            ..Reply::default()
        }
    }

    /// 200 and a body that ends before its announced length.
    pub fn cut_in_body() -> Reply {
        Reply {
            shape: Shape::CutInBody,
            ..Reply::default()
        }
    }

    /// 200 and a body that goes on until the client has had enough.
    pub fn huge() -> Reply {
        Reply {
            shape: Shape::Huge,
            ..Reply::default()
        }
    }

    /// Bytes that are not HTTP.
    pub fn garbage() -> Reply {
        Reply {
            shape: Shape::Garbage,
            ..Reply::default()
        }
    }

    /// With this header field. `connection: close` is obeyed as well as sent.
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this `retry-after`.
    pub fn retry_after(self, value: &str) -> Reply {
        self.header("retry-after", value)
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Reply {
        self.body = body.into();
        self
    }

    /// Not before [`HttpPeer::release`](super::HttpPeer::release).
    pub fn held(mut self) -> Reply {
        self.held = true;
        self
    }

    pub(super) fn closes(&self) -> bool {
        let close = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
        };
        self.shape != Shape::Whole || self.headers.iter().any(close)
    }
}
