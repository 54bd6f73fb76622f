//! Values that somebody made up for a document.

/// Whether the part of `value` after `prefix` was obviously not drawn at random.
pub fn is_sample(value: &[u8], prefix: &[u8]) -> bool {
    let body = value.strip_prefix(prefix).unwrap_or(value);
    let mut distinct = body.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    body.len() >= 16 && distinct.len() <= 3
}
