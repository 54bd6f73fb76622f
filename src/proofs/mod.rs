//! Offline proofs: what a value says about itself. One small file each, with its source.

mod crc32_base62;
pub mod names;
mod sample;

pub use sample::is_sample;

use crate::model::Evidence;

/// What is put before a proof.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The secret, as matched by the rule.
    pub value: &'a [u8],
    /// The rule's fixed public prefix of the secret.
    pub prefix: &'a [u8],
    /// The whole match around it.
    pub matched: &'a [u8],
}

/// What a proof says of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The value agrees with itself.
    Right(Evidence),
    /// The value contradicts itself: it was made up, cut or mistyped.
    Wrong,
    /// The value does not carry what the proof needs (an older form, say); nothing follows.
    Silent,
    /// A value published on purpose: a documentation sample or a known test key.
    Public(&'static str),
}

/// A way to check a value offline.
pub struct Proof {
    /// Name used in rules.
    pub name: &'static str,
    /// Looks at a value; never panics, whatever the bytes.
    pub check: fn(Subject<'_>) -> Outcome,
    /// Writes what a template's `{name}` or `{name:argument}` stands for; `so_far` is the text of the
    /// value before it. What it writes makes the proof say [`Outcome::Right`].
    pub forge: fn(so_far: &str, argument: &str, random: &mut fastrand::Rng) -> String,
}

/// Every proof, sorted by name.
static ALL: &[Proof] = &[crc32_base62::PROOF];

/// The proof of that name.
pub fn by_name(name: &str) -> Option<&'static Proof> {
    ALL.binary_search_by(|proof| proof.name.cmp(name)).ok().map(|at| &ALL[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_names_is_the_list_of_proofs_and_sorted() {
        let names: Vec<&str> = ALL.iter().map(|proof| proof.name).collect();
        assert_eq!(names, names::NAMES);
        assert!(names.is_sorted());
    }
}
