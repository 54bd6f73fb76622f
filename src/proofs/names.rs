//! The names of the proofs, for whoever must know them without running them: the build script.

/// Every name that a rule may give as its `proof`, sorted.
pub const NAMES: &[&str] = &["crc32-base62"];
