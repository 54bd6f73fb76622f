//! How often a host is asked: one request at a time, with room between them, and not at all while it says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Answer, Kind};

/// Room between two questions to one host.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(100);

/// Room between two changes at one host (GitHub asks for a second, "Best practices for using the REST API").
const BETWEEN_CHANGES: Duration = Duration::from_secs(1);

/// What a host demands at most before it counts as closed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a host is left alone that says too many and not until when.
const UNSAID: Duration = Duration::from_secs(60);

/// So many failures in a row, and a host is not asked again in this run.
const GIVEN_UP_AFTER: u32 = 3;

/// Knows the hosts.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<HashMap<String, Arc<Mutex<Host>>>>);

/// What is known of a host. Whoever holds it is the only one to ask that host.
#[derive(Debug, Default)]
pub(super) struct Host {
    free_at: Option<Instant>,
    closed_until: Option<Instant>,
    failures: u32,
}

/// Why a host is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// It wants no more for so long.
    Limited(Duration),
    /// It failed too often.
    GivenUp,
}

impl Pace {
    pub(super) fn host(&self, name: &str) -> Arc<Mutex<Host>> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(name.to_owned()).or_default())
    }
}

pub(super) fn lock(host: &Mutex<Host>) -> MutexGuard<'_, Host> {
    host.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// Waits for its turn.
    pub(super) fn wait(&mut self) -> Result<(), Closed> {
        if self.failures >= GIVEN_UP_AFTER {
            return Err(Closed::GivenUp);
        }
        let now = Instant::now();
        if let Some(closed) = self.closed_until.map(|until| until.saturating_duration_since(now)) {
            if closed > PATIENCE {
                return Err(Closed::Limited(closed));
            }
            std::thread::sleep(closed);
            self.closed_until = None;
        }
        if let Some(free_at) = self.free_at {
            std::thread::sleep(free_at.saturating_duration_since(Instant::now()));
        }
        Ok(())
    }

    /// Takes what came of a request.
    pub(super) fn note(&mut self, kind: Kind, answer: Option<&Answer>) {
        let room = if kind == Kind::Change { BETWEEN_CHANGES } else { BETWEEN_QUESTIONS };
        self.free_at = Some(Instant::now() + room);
        self.failures = if answer.is_some() { 0 } else { self.failures + 1 };
        if let Some(closed) = answer.and_then(|answer| closed_for(answer, SystemTime::now())) {
            self.closed_until = Some(Instant::now() + closed);
        }
    }
}

/// Whether a host refused for having been asked too often.
pub(super) fn is_limited(answer: &Answer) -> bool {
    match answer.status {
        429 => true,
        403 | 503 => answer.header("retry-after").is_some() || remaining(answer) == Some(0),
        _ => false,
    }
}

/// For how long a host wants no more: `Retry-After` (RFC 9110 section 10.2.3), or nothing left of what is allowed
/// until a moment.
fn closed_for(answer: &Answer, now: SystemTime) -> Option<Duration> {
    let after = answer.header("retry-after").and_then(|text| retry_after(text, now));
    let until_reset = || match remaining(answer) {
        Some(0) => reset(answer, now),
        _ => None,
    };
    let unsaid = || is_limited(answer).then_some(UNSAID);
    after.or_else(until_reset).or_else(unsaid)
}

fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let at = |text| httpdate::parse_http_date(text).ok();
    let seconds = text.trim().parse::<u64>().ok().map(Duration::from_secs);
    seconds.or_else(|| Some(at(text)?.duration_since(now).unwrap_or_default()))
}

fn remaining(answer: &Answer) -> Option<u64> {
    let names = ["x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"];
    names.iter().find_map(|name| answer.header(name))?.trim().parse().ok()
}

/// The end of a limit: seconds from now, or since 1970, whichever it must be.
fn reset(answer: &Answer, now: SystemTime) -> Option<Duration> {
    let names = ["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"];
    let number: u64 = names.iter().find_map(|name| answer.header(name))?.trim().parse().ok()?;
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let moment = Duration::from_secs(number);
    Some(if moment > since_1970 / 2 { moment.saturating_sub(since_1970) } else { moment })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_say_for_how_long_they_want_no_more() {
        let now = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        for (status, headers, expected) in [
            (200, vec![], None),
            (429, vec![], Some(60)),
            (429, vec![("retry-after", "7")], Some(7)),
            (503, vec![("retry-after", "Mon, 21 Sep 2026 14:13:30 GMT")], Some(10)),
            (200, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1790000030")], Some(30)),
            (200, vec![("ratelimit-remaining", "0"), ("ratelimit-reset", "12")], Some(12)),
            (200, vec![("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1790000030")], None),
            (403, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1789999990")], Some(0)),
            (403, vec![], None),
            (503, vec![], None),
        ] {
            let told =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let closed = closed_for(&Answer::new(status, told, b""), now);
            assert_eq!(closed, expected.map(Duration::from_secs), "{status} {headers:?}");
        }
    }

    #[test]
    fn a_host_that_fails_is_given_up() {
        let mut host = Host::default();
        for _ in 0..GIVEN_UP_AFTER {
            assert_eq!(host.wait(), Ok(()));
            host.note(Kind::Question, None);
        }
        assert_eq!(host.wait(), Err(Closed::GivenUp));
    }
}
