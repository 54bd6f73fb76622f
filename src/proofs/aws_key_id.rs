//! AWS access key ids hold the number of their account.
//!
//! Source: AWS IAM user guide ("IAM unique identifiers") for the prefixes; the position of the account
//! number was published by Aidan Steele and Tal Be'ery (2020, 2023).

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "aws-key-id",
    summary: "names the AWS account that it belongs to",
    check,
    forge: |_, _, random| {
        std::iter::once('Q')
            .chain((0..15).map(|_| char::from(BASE32[random.usize(..BASE32.len())])))
            .collect()
    },
};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn check(subject: Subject<'_>) -> Outcome {
    let Some((_, digits)) = subject.value.split_at_checked(4).filter(|(_, digits)| digits.len() == 16) else {
        return Outcome::Wrong;
    };
    if digits.ends_with(b"EXAMPLE") {
        return Outcome::Public("an id from AWS documentation");
    }
    let Some(number) = digits[..10].iter().try_fold(0u64, |number, digit| {
        let value = BASE32.iter().position(|known| known == digit)? as u64;
        Some(number << 5 | value)
    }) else {
        return Outcome::Wrong;
    };
    // Ids made before 2019 start with I or J and hold no account.
    if matches!(digits[0], b'I' | b'J') {
        return Outcome::Silent;
    }
    // 50 bits were read; the account stands in bits 1 to 40 of the first 48.
    let account = (number >> 2 & 0x7fff_ffff_ff80) >> 7;
    Outcome::Right(Evidence::of(ProofLevel::Decoded).with("account", format!("{account:012}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> Option<String> {
        match check(Subject { value: id.as_bytes(), prefix: b"AKIA", matched: b"" }) {
            Outcome::Right(evidence) => Some(evidence.facts[0].text.clone()),
            _ => None,
        }
    }

    #[test]
    fn reads_the_account_and_knows_what_it_cannot_read() {
        // The id and the account that Aidan Steele published with the method.
        assert_eq!(account(&["ASIA", "QNZGKIQY56JQ7WML"].concat()).as_deref(), Some("029608264753"));
        assert_eq!(account(&["AKIA", "I44QH8DHBEXAMPLE"].concat()), None);
        assert_eq!(account(&["AKIA", "QNZGKIQY56JQ7WM1"].concat()).map(|account| account.len()), Some(12));
    }
}
