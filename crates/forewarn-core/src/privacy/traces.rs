//! Pieces of error reports from inside a program: frames, tracebacks, exceptions with their package.

use super::{Kind, Leak};
use std::ops::Range;
use std::sync::LazyLock;

/// What programs say, in small letters.
static SAID: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/review/errors.txt").lines();
    lines
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect()
});

/// Longer lines are no frames.
const LONGEST: usize = 4_000;

/// Beginnings that only traces have.
const MARKS: &[&str] = &[
    "Traceback (most recent call last)",
    "Exception in thread ",
    "goroutine ",
    "panic: runtime error",
    "thread 'main' panicked",
    "Caused by: ",
    "Segmentation fault",
    "segfault at ",
    "Unhandled exception",
    "Stack trace:",
    "Backtrace:",
    "kernel panic - ",
    "kernel BUG at ",
    "BUG: unable to handle",
    "Call Trace:",
    "(core dumped)",
    "SIGSEGV",
    "SIGABRT",
    "SIGKILL",
    "SIGTERM",
    "SIGBUS",
    "SIGILL",
    "Object reference not set to an instance",
    "Access violation at ",
    "Run-time error '",
    "panicked at ",
    "panic: assignment to",
    "panic: interface conversion",
    "Fatal Python error",
    "terminate called after",
    "pure virtual method called",
    "UnhandledPromiseRejection",
    "Unhandled Promise Rejection",
    "undefined method `",
    "undefined method '",
    "undefined local variable",
    "Undefined index:",
    "Undefined variable:",
    "Undefined offset:",
    "Undefined array key",
    "in <module>",
    "FATAL: ",
    "[emerg]",
    "[crit]",
    "[error]",
    "level=error",
    "level=fatal",
    "dial tcp ",
    "i/o timeout",
    ": connection refused",
    ": Connection refused",
    "Connection reset by peer",
    "Address already in use",
    "No such file or directory",
    "No space left on device",
    "no space left on device",
    "Too many open files",
    "too many open files",
    "Cannot allocate memory",
    "Permission denied (publickey",
    "Access denied for user '",
    "Deadlock found when trying",
    "Lock wait timeout exceeded",
    "duplicate key value violates",
    "violates foreign key constraint",
    "context deadline exceeded",
    "upstream timed out (",
    "upstream prematurely closed",
    "x509: ",
    "SSL routines",
    "SSL_ERROR_SYSCALL",
    "Out of memory: Kill",
    "Killed process ",
    "oom-killer",
    "invoked oom",
    "npm ERR!",
    "make: ***",
    "undefined reference to",
    ": command not found",
    "curl: (",
    "rsync error:",
    "[FIRING:",
    "SQLCODE=",
    "Can't locate object method",
    "Use of uninitialized value",
    "Back-off restarting failed container",
    "Liveness probe failed",
    "Readiness probe failed",
    "PHP Fatal error",
    "PHP Warning:",
    "PHP Notice:",
    "PHP Parse error",
    "Fatal error: Uncaught",
    "Uncaught Error:",
    "Uncaught (in promise)",
    "SQLSTATE[",
    "SQLSTATE ",
    "for nil:NilClass",
    "ERR_CONNECTION",
    "ERR_SSL",
    "ERR_NAME_",
    "ERR_TIMED_OUT",
    "ERR_CERT",
    "ERR_EMPTY",
    "segfault in ",
    "ssertion failed",
    "Bad Gateway from upstream",
    "upstream connect error",
    "disconnect/reset before headers",
    "Connection unexpectedly closed",
    "transport failure reason",
    "server closed the connection unexpectedly",
    "could not connect to server",
    "Could not resolve host",
    "Name or service not known",
    "Operation timed out after ",
    "deadlock detected",
    "NullPointer",
    "null pointer dereference",
    ") is not a function",
    "undefined is not a function",
    "Cannot read propert",
    "cannot read propert",
    "properties of undefined",
    "property of undefined",
    "Maximum call stack",
    "heap space",
    "GC overhead limit",
    "exited with code ",
    "exited with status ",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "OOMKilled",
];

/// Names by which systems call their faults.
const FAULTS: &[&str] = &[
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENOENT",
    "ENOSPC",
    "EACCES",
    "EADDRINUSE",
    "EPIPE",
    "ENOTFOUND",
    "EHOSTUNREACH",
    "EMFILE",
    "ENOMEM",
    "EPERM",
    "EIO",
    "HY000",
];

/// Beginnings of numbers under which databases and programs list their faults: `ORA-06512`, `ERR-4102`.
const LISTED: &[&str] = &[
    "ORA-", "PLS-", "TNS-", "RMAN-", "SP2-", "IMP-", "EXP-", "ERR-",
];

/// Ends of files of source code, before a line number.
const SOURCE: &[&str] = &[
    ".java:", ".py:", ".cs:", ".js:", ".ts:", ".go:", ".rb:", ".php:", ".cpp:", ".c:", ".kt:",
    ".rs:", ".scala:", ".vb:", ".pl:", ".jsx:", ".tsx:", ".ex:", ".exs:", ".erl:", ".swift:",
    ".hs:", ".lua:", ".sql:", ".vue:", ".cc:", ".hpp:", ".groovy:", ".clj:", ".dart:", ".jl:",
    ".mjs:", ".pm:",
];

pub(super) fn traces(text: &str, found: &mut Vec<Leak>) {
    let mut all: Vec<Range<usize>> = Vec::new();
    // Few of the phrases stand in any text: only these are looked for in each line.
    let lower = text.to_ascii_lowercase();
    let said: Vec<&str> = SAID
        .iter()
        .copied()
        .filter(|said| lower.contains(said))
        .collect();
    let mut offset = 0;
    let mut in_trace = false;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        if line.trim().is_empty() || line.len() > LONGEST {
            in_trace = false;
            continue;
        }
        let found = in_line(line, &said);
        // What is indented under a traceback belongs to it, and the error that it ends with.
        let belongs = in_trace
            && (line.starts_with([' ', '\t'])
                || found.is_some()
                || ends_traceback(line.trim_start()));
        match found {
            Some(range) if !belongs => all.push(start + range.start..start + range.end),
            _ if belongs => {
                let end = start + line.trim_end().len();
                match all.last_mut() {
                    Some(last) => last.end = end,
                    None => all.push(start..end),
                }
            }
            _ => {}
        }
        in_trace = belongs
            || line.contains("Traceback (most recent")
            || line.contains("Exception in thread");
    }
    join(text, &mut all);
    found.extend(
        all.into_iter()
            .map(|range| Leak::at(Kind::StackTrace, range)),
    );
}

/// Frames under each other, and an exception before its first frame, are one leak.
fn join(text: &str, all: &mut Vec<Range<usize>>) {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in all.drain(..) {
        match joined.last_mut() {
            Some(last)
                if range.start <= last.end || text[last.end..range.start].trim().is_empty() =>
            {
                last.end = last.end.max(range.end)
            }
            // What an exception says stands between it and its first frame.
            Some(last)
                if text[last.end..range.start].starts_with(':')
                    && one_line(&text[last.end..range.start]) =>
            {
                last.end = range.end
            }
            _ => joined.push(range),
        }
    }
    *all = joined;
}

/// The rest of one line and the indentation of the next.
fn one_line(between: &str) -> bool {
    between.len() < 300
        && between.matches('\n').count() == 1
        && between
            .rsplit('\n')
            .next()
            .is_some_and(|rest| rest.trim().is_empty())
}

/// The part of a line that is trace.
fn in_line(line: &str, phrases: &[&str]) -> Option<Range<usize>> {
    let mut whole: Option<Range<usize>> = None;
    // An exception's bare name counts where there is nothing more; it does not draw in what follows.
    let mut bare_name: Option<Range<usize>> = None;
    let mut add = |range: Range<usize>| {
        whole = Some(match whole.take() {
            // What stands between two parts of a trace belongs to it.
            Some(before) => before.start.min(range.start)..before.end.max(range.end),
            None => range,
        });
    };
    for &mark in MARKS {
        if let Some(at) = line.find(mark) {
            let go = mark != "goroutine "
                || line[at + mark.len()..].starts_with(|c: char| c.is_ascii_digit());
            if go {
                add(at..line.trim_end().len());
            }
        }
    }
    let lower = line.to_ascii_lowercase();
    for phrase in phrases {
        let mut places = lower.match_indices(phrase);
        if let Some((at, _)) = places.find(|(at, _)| stands_alone(line, *at, phrase.len())) {
            add(at..at + phrase.len());
        }
    }
    constants(line).for_each(&mut add);
    for range in [message(line), logged(line), numbered(line)] {
        range.into_iter().for_each(&mut add);
    }
    let mut offset = 0;
    let mut before = "";
    for token in line.split_inclusive(char::is_whitespace) {
        let start = offset;
        offset += token.len();
        let bare = token.trim_end();
        // Ordinary words have none of these.
        let odd = bare
            .bytes()
            .any(|b| matches!(b, b'.' | b':' | b'(' | b'0' | b'"'))
            || bare.contains("xception")
            || bare.ends_with("Error")
            || FAULTS.contains(&bare);
        if !odd && before != "at" {
            before = bare;
            continue;
        }
        let opened = bare.trim_start_matches(['(', '"', '\'', '[', '`', '<', '*']);
        let lead = bare.len() - opened.len();
        if let Some(range) = token_range(before, opened, line, start + lead) {
            add(range);
        } else if is_bare_exception(opened) && bare_name.is_none() {
            let name =
                opened.trim_end_matches(['.', ',', ';', ')', '"', '\'', ']', '`', '!', '?', '*']);
            bare_name = Some(start + lead..start + lead + name.len());
        }
        before = bare;
    }
    whole.or(bare_name)
}

/// Whether words begin and end where what stands at `at` does.
fn stands_alone(line: &str, at: usize, length: usize) -> bool {
    let goes_on = |end: usize| {
        let is = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        is(line[..end].chars().next_back()) && is(line[end..].chars().next())
    };
    !goes_on(at) && !goes_on(at + length)
}

/// `CRITICAL_PROCESS_DIED`, `RABAX_STATE`: names that programs have for what went wrong.
fn constants(line: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    const OF_FAULTS: &[&str] = &[
        "ERR",
        "ERROR",
        "EXCEPTION",
        "FAILED",
        "FAILURE",
        "FAULT",
        "VIOLATION",
        "DENIED",
        "TIMEOUT",
        "EXCEEDED",
        "INVALID",
        "DIED",
        "ABORT",
        "ABORTED",
        "REFUSED",
        "UNAVAILABLE",
        "CORRUPT",
        "CORRUPTION",
        "OVERFLOW",
        "DUMP",
        "RABAX",
        "UNREACHABLE",
        "EXPIRED",
        "REJECTED",
        "PANIC",
        "BUGCHECK",
        "EXHAUSTED",
        "UNEXPECTED",
    ];
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            at += bytes[at..].iter().take_while(|b| capital(**b)).count();
            let name = &line[start..at];
            at += usize::from(at == start);
            while at < bytes.len() && !line.is_char_boundary(at) {
                at += 1;
            }
            let mut parts = name.split('_');
            if name.len() > 6 && name.contains('_') && parts.any(|part| OF_FAULTS.contains(&part)) {
                return Some(start..start + name.len());
            }
        }
        None
    })
}

/// `NullPointerException`, without its package and what it says.
fn is_bare_exception(token: &str) -> bool {
    let name = token.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let hump = name.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    name.len() > 12
        && hump > 0
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && (name.ends_with("Exception")
            || name.ends_with("Error")
            || hump > 2 && name.contains("Exception"))
        && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `Msg 208, Level 16, State 1, Line 1`
fn message(line: &str) -> Option<Range<usize>> {
    let at = line.find("Msg ")?;
    let rest = &line[at + 4..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let end = line[at..]
        .find(['.', ':'])
        .map_or(line.trim_end().len(), |n| at + n);
    (digits > 0 && rest[digits..].starts_with(", Level ")).then_some(at..end)
}

/// Levels under which programs write what happens.
const LEVELS: &[&str] = &[
    "ERROR", "FATAL", "WARN", "WARNING", "CRITICAL", "SEVERE", "INFO", "DEBUG", "TRACE", "CRIT",
    "EMERG", "ALERT", "PANIC",
];

/// `2026-11-20 03:14:07,123 ERROR [main] cannot load`, `03:14:07 db postgres[2214]: starting`: a line that a program wrote.
fn logged(line: &str) -> Option<Range<usize>> {
    let trimmed = line.trim();
    let start = line.len() - line.trim_start().len();
    let program = |token: &str| {
        let number = token.trim_end_matches(':').strip_suffix(']');
        let (name, pid) = number
            .and_then(|rest| rest.split_once('['))
            .unwrap_or_default();
        token.ends_with(':')
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !pid.is_empty()
            && pid.bytes().all(|b| b.is_ascii_digit())
    };
    let level =
        |token: &str| LEVELS.contains(&token.trim_matches(|c: char| !c.is_ascii_alphabetic()));
    let mut timed = trimmed
        .split_whitespace()
        .take(4)
        .filter(|token| to_the_second(token));
    timed.next()?;
    let written = trimmed.split_whitespace().take(8).any(|token| {
        program(token) || level(token) || token == "kernel:" || token.starts_with("level=")
    });
    written.then_some(start..start + trimmed.len())
}

/// `03:14:07`, `2026-11-20T03:14:07.123Z`: nobody writes to people by the second.
fn to_the_second(token: &str) -> bool {
    let clock = token.rsplit(['T', '[']).next().unwrap_or_default();
    let mut parts = clock.splitn(3, ':');
    let two = |part: Option<&str>| {
        part.is_some_and(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let (hour, minute) = (two(parts.next()), two(parts.next()));
    hour && minute && two(parts.next().and_then(|p| p.get(..2)))
}

/// `exit code 137`, `[Errno 13]`, `ERROR 1045 (28000)`: a number under which a system lists why a program ended.
fn numbered(line: &str) -> Option<Range<usize>> {
    const BEFORE: &[&str] = &[
        "exit code ",
        "exit status ",
        "exited with code ",
        "exited with status ",
        "return code ",
        "errno ",
        "Errno ",
        "errno=",
    ];
    let digits = |at: usize| line[at..].bytes().take_while(u8::is_ascii_digit).count();
    let listed = BEFORE.iter().find_map(|before| {
        let at = line.find(before)?;
        let count = digits(at + before.len());
        (count > 0).then_some(at..at + before.len() + count)
    });
    listed.or_else(|| {
        let at = line.find("ERROR ")?;
        let end = at + 6 + digits(at + 6);
        let state = end > at + 8 && line[end..].starts_with(" (");
        state.then(|| at..line[end..].find(')').map_or(end, |close| end + close + 1))
    })
}

/// `ActiveRecord::ConnectionTimeoutError`, `std::bad_alloc`, `CartService.checkout()`: a part of a program by its name.
fn is_code(token: &str) -> bool {
    let identifier = |part: &str| {
        part.len() > 1
            && part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let spaced = token.split_once("::").is_some_and(|(head, rest)| {
        let next: &str = rest
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        let hex = |part: &str| part.bytes().all(|b| b.is_ascii_hexdigit());
        identifier(head) && identifier(next) && !(hex(head) && hex(next))
    });
    let called = token.split_once("()").is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .split(['.', '>', '-'])
                .all(|part| part.is_empty() || identifier(part))
    });
    spaced || called
}

fn token_range(before: &str, token: &str, line: &str, start: usize) -> Option<Range<usize>> {
    let trimmed = token.trim_end_matches(['.', ',', ';', ')', '"', '\'', ']', '`', '!', '?', '*']);
    // `at com.example.Cache.get(Cache.java:88)`, `at App.Save(Claim c) in D:\x.cs:line 57`
    if before == "at"
        && token
            .find('(')
            .is_some_and(|open| is_qualified(&token[..open]))
    {
        let from = start.saturating_sub(3);
        let end = line[start..]
            .find(')')
            .map_or(start + trimmed.len(), |close| start + close + 1);
        return Some(from..end + in_file(&line[end..]));
    }
    // `at save (/srv/app/x.js:10:5)`
    if before == "at"
        && line[start + token.len()..].trim_start().starts_with('(')
        && line[start..]
            .find(')')
            .is_some_and(|close| has_line_number(&line[start..start + close]))
    {
        let end = line[start..]
            .find(')')
            .map_or(line.len(), |close| start + close + 1);
        return Some(start.saturating_sub(3)..end);
    }
    // `File "x.py", line 12, in f`
    if before == "File" && line[start..].contains(", line ") {
        let rest = &line[start..];
        let at = rest.find(", line ").map_or(0, |at| at + 7);
        let digits = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            let mut end = start + at + digits;
            if let Some(place) = line[end..].strip_prefix(", in ") {
                end += 5 + place
                    .find([' ', '\n', '.', ',', '\r'])
                    .unwrap_or(place.len());
            }
            let from = line[..start].rfind("File").unwrap_or(start);
            return Some(from..end);
        }
    }
    // `import.pl line 12`
    let behind = line[start + token.len()..].trim_start_matches(',');
    let numbered = behind
        .strip_prefix(" line ")
        .or_else(|| behind.strip_prefix(" on line "))
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if numbered
        && SOURCE
            .iter()
            .any(|ending| trimmed.ends_with(ending.trim_end_matches(':')))
    {
        let rest = &line[start + token.len()..];
        let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let digits = digits
            + rest[digits..]
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count();
        return Some(start..start + token.len() + digits);
    }
    let listed = LISTED.iter().any(|list| {
        let number = trimmed.trim_end_matches(':').strip_prefix(list);
        number.is_some_and(|n| (4..=5).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
    });
    if listed || FAULTS.contains(&trimmed.trim_end_matches(':')) {
        return Some(start..start + trimmed.trim_end_matches(':').len());
    }
    if has_line_number(trimmed) {
        let line_word = trimmed.ends_with(":line");
        let extra = if line_word {
            line[start + trimmed.len()..]
                .bytes()
                .take_while(|b| *b == b' ' || b.is_ascii_digit())
                .count()
        } else {
            0
        };
        let end = start + trimmed.len() + extra;
        return Some(start..end - (line[..end].len() - line[..end].trim_end().len()));
    }
    if is_exception(trimmed) || is_code(token) {
        return Some(start..start + trimmed.trim_end_matches(':').len());
    }
    // `0x00007ff6a1b2`
    let address = trimmed
        .strip_prefix("0x")
        .is_some_and(|hex| hex.len() >= 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    address.then(|| start..start + trimmed.len())
}

/// ` in D:\build\Intake.cs:line 57` after a frame.
fn in_file(rest: &str) -> usize {
    if !rest.starts_with(" in ") {
        return 0;
    }
    let Some(at) = rest.find(":line ") else {
        return 0;
    };
    let digits = rest[at + 6..]
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    if digits > 0 && at < 300 {
        at + 6 + digits
    } else {
        0
    }
}

/// Names joined by full stops, as methods are: `com.example.Cache.get`.
fn is_qualified(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_$<>`/[],".contains(&b))
    };
    name.contains('.') && name.split('.').all(part)
}

/// `Cache.java:88`, `Intake.cs:line`
fn has_line_number(token: &str) -> bool {
    token.contains(':')
        && SOURCE.iter().any(|ending| {
            token.find(ending).is_some_and(|at| {
                let after = &token[at + ending.len()..];
                at > 0 && (after.starts_with(|c: char| c.is_ascii_digit()) || after == "line")
            })
        })
}

/// An exception with its package, or one that says what went wrong: `KeyError:`.
fn is_exception(token: &str) -> bool {
    let name = token.trim_end_matches(':');
    // "requests.exceptions.ConnectTimeout:"
    let timeout = name.ends_with("Timeout") && name.contains('.') && token.ends_with(':');
    let error = timeout || name.ends_with("Exception") || name.ends_with("Error");
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._$".contains(&b));
    let camel = |name: &str| {
        name.bytes().skip(1).any(|b| b.is_ascii_uppercase())
            && name.starts_with(|c: char| c.is_ascii_uppercase())
    };
    error
        && plain
        && ((name.contains('.') && is_qualified(name)) || (token.ends_with(':') && camel(name)))
}

fn ends_traceback(line: &str) -> bool {
    line.split([':', ' ']).next().is_some_and(|name| {
        ["Error", "Exception", "Exit", "Interrupt", "Warning"]
            .iter()
            .any(|end| name.ends_with(end))
            && name.len() > 5
    })
}
