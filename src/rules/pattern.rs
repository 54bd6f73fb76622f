//! Compiles patterns as the engine uses them, within limits that a hostile rule cannot exceed.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::NFA;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::util::captures::Captures;
use regex_automata::util::{pool, syntax};
use regex_automata::{Input, PatternID};

/// Largest compiled pattern and largest cache of one, in bytes.
const SIZE_LIMIT: usize = 2 * 1024 * 1024;

/// Largest cache of states of a pattern that is tried at one place, in bytes, for each thread.
const CACHE: usize = 256 * 1024;

/// Compiles a pattern over bytes, without Unicode classes.
///
/// # Errors
/// What is wrong with it, or that it grows too large.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .unicode(false)
        .nest_limit(50)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => {
                format!("the pattern needs more than {limit} bytes when compiled; use shorter repetitions, or `+` with max_length")
            }
            other => other.to_string(),
        })
}

/// A pattern that is tried at one place: it is small, and most places are given up after a few bytes.
pub struct Anchored {
    end: DFA,
    caches: Pool<Cache>,
    groups: PikeVM,
}

/// A pool that makes caches as they are needed, one for each thread at a time.
type Pool<T> = pool::Pool<T, Box<dyn Fn() -> T + Send + Sync>>;

impl Anchored {
    /// Compiles a pattern, without what finds where to begin. States are made as texts need them.
    ///
    /// # Errors
    /// As [`compile`].
    pub fn new(pattern: &str) -> Result<Anchored, String> {
        let syntax = syntax::Config::new().unicode(false).utf8(false).nest_limit(50);
        let config = NFA::config().utf8(false).nfa_size_limit(Some(SIZE_LIMIT));
        let nfa =
            NFA::compiler().syntax(syntax).configure(config).build(pattern).map_err(|e| e.to_string())?;
        let config = DFA::config().cache_capacity(CACHE).skip_cache_capacity_check(true);
        let end = DFA::builder().configure(config).build_from_nfa(nfa.clone()).map_err(|e| e.to_string())?;
        let groups = PikeVM::new_from_nfa(nfa).map_err(|e| e.to_string())?;
        let maker = end.clone();
        Ok(Anchored { end, caches: Pool::new(Box::new(move || maker.create_cache())), groups })
    }

    /// Where the match that begins where the text does ends.
    pub fn end(&self, text: &[u8]) -> Option<usize> {
        let input = Input::new(text).anchored(regex_automata::Anchored::Yes);
        match self.end.try_search_fwd(&mut self.caches.get(), &input) {
            Ok(end) => Some(end?.offset()),
            Err(_) => Some(self.groups(text)?.get_match()?.end()),
        }
    }

    /// The group around the secret in that match, which ends at `end`; all of it, where there is none.
    pub fn secret(&self, text: &[u8], end: usize) -> Option<Range<usize>> {
        if self.groups.get_nfa().group_info().group_len(PatternID::ZERO) == 1 {
            return Some(0..end);
        }
        self.groups(text)?.get_group(1).map(|span| span.range())
    }

    /// Matches are few, and what finds their groups is not kept.
    fn groups(&self, text: &[u8]) -> Option<Captures> {
        let input = Input::new(text).anchored(regex_automata::Anchored::Yes);
        let mut groups = self.groups.create_captures();
        self.groups.search(&mut self.groups.create_cache(), &input, &mut groups);
        groups.is_match().then_some(groups)
    }
}
