//! Compiles patterns as the engine uses them, within limits that a hostile rule cannot exceed.

use regex::bytes::{Regex, RegexBuilder};

/// Largest compiled pattern and largest cache of one, in bytes.
const SIZE_LIMIT: usize = 2 * 1024 * 1024;

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

/// The same for a match that must begin where the text begins.
///
/// # Errors
/// As [`compile`].
pub fn compile_anchored(pattern: &str) -> Result<Regex, String> {
    compile(&format!(r"\A(?:{pattern})"))
}
