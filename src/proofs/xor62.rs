//! The cargo registry's trusted publishing tokens end with a check character: the XOR of the others.
//!
//! Source: the registry's own server, `AccessToken` in its crate for trusted publishing.

use super::text::body;
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "xor-base62",
    summary: "the last character is the XOR of those after the prefix, modulo 62",
    check,
    forge: |so_far, _, _| {
        so_far.rsplit('_').next().map_or(String::new(), |body| char::from(sum(body.as_bytes())).into())
    },
};

const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// One character refutes sixty-one made-up values of sixty-two; that is not enough to prove one.
fn check(subject: Subject<'_>) -> Outcome {
    match body(subject.value, subject.prefix).split_last() {
        Some((&last, covered)) if sum(covered) == last => Outcome::Right(Evidence::of(ProofLevel::None)),
        _ => Outcome::Wrong,
    }
}

fn sum(covered: &[u8]) -> u8 {
    DIGITS[usize::from(covered.iter().fold(0, |sum, byte| sum ^ byte) % 62)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_of_the_registry_is_right() {
        let value = format!("cio_tp_{}w", "0".repeat(31));
        let subject = Subject { value: value.as_bytes(), prefix: b"cio_tp_", matched: b"" };
        assert!(matches!(check(subject), Outcome::Right(_)));
        assert_eq!(check(Subject { value: &value.as_bytes()[..38], ..subject }), Outcome::Wrong);
    }
}
