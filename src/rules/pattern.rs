//! Compiles patterns as the engine uses them, within limits that a hostile rule cannot exceed.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::util::syntax;
use regex_automata::{Anchored as RegexAnchored, Input, meta};

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
pub struct Anchored(meta::Regex);

impl Anchored {
    /// Compiles a pattern, without what finds where to begin.
    ///
    /// # Errors
    /// As [`compile`].
    pub fn new(pattern: &str) -> Result<Anchored, String> {
        let config = meta::Config::new()
            .utf8_empty(false)
            .dfa(false)
            .hybrid_cache_capacity(CACHE)
            .onepass_size_limit(Some(CACHE))
            .auto_prefilter(false)
            .nfa_size_limit(Some(SIZE_LIMIT));
        let syntax = syntax::Config::new().unicode(false).utf8(false).nest_limit(50);
        let regex = meta::Builder::new().configure(config).syntax(syntax).build(pattern);
        regex.map(Anchored).map_err(|error| error.to_string())
    }

    /// Where the match that begins where the text does ends.
    pub fn end(&self, text: &[u8]) -> Option<usize> {
        Some(self.0.search_half(&Input::new(text).anchored(RegexAnchored::Yes))?.offset())
    }

    /// The group around the secret in that match; all of it, where there is none.
    pub fn secret(&self, text: &[u8]) -> Option<Range<usize>> {
        let mut captures = self.0.create_captures();
        self.0.search_captures(&Input::new(text).anchored(RegexAnchored::Yes), &mut captures);
        let group = if self.0.captures_len() > 1 { 1 } else { 0 };
        captures.get_group(group).map(|span| span.range())
    }
}
