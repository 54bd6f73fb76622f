//! Access tokens of Matrix home servers: a CRC-32 in base62 behind the last underscore.
//!
//! Sources: `generate_access_token` in Synapse's source; `TokenType` in that of the Matrix Authentication
//! Service, which writes the digits in the other order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{Outcome, Proof, Subject, crc32, text};
use crate::model::{Evidence, ProofLevel};

/// Synapse: the token also names its user.
pub(super) const SYNAPSE: Proof = Proof {
    name: "matrix-synapse",
    summary: "ends with the CRC-32 of all before the last underscore in base62; names the user",
    check: check_synapse,
    forge: |so_far, _, random| {
        let letters: String = std::iter::repeat_with(|| random.alphabetic()).take(20).collect();
        let covered = format!("{so_far}{}_{letters}", STANDARD_NO_PAD.encode("alice"));
        let sum = crc32::base62(covered.as_bytes());
        format!("{}_{}", &covered[so_far.len()..], String::from_utf8_lossy(&sum))
    },
};

/// The Matrix Authentication Service: digits from the lowest on, filled up with zeros in front.
pub(super) const MAS: Proof = Proof {
    name: "matrix-mas",
    summary: "ends with the CRC-32 of all before the last underscore in base62, lowest digit first",
    check: |subject| match split(subject.value) {
        Some((covered, sum)) if lowest_first(covered) == sum => {
            Outcome::Right(Evidence::of(ProofLevel::Checksum))
        }
        _ => Outcome::Wrong,
    },
    forge: |so_far, _, _| {
        String::from_utf8_lossy(&lowest_first(so_far.trim_end_matches('_').as_bytes())).into_owned()
    },
};

fn check_synapse(subject: Subject<'_>) -> Outcome {
    let Some((covered, _)) = split(subject.value).filter(|(covered, sum)| crc32::base62(covered) == *sum)
    else {
        return Outcome::Wrong;
    };
    let evidence = Evidence::of(ProofLevel::Checksum);
    Outcome::Right(match user(covered) {
        Some(user) => evidence.with("user", user),
        None => evidence,
    })
}

fn user(covered: &[u8]) -> Option<String> {
    String::from_utf8(text::base64(covered.split(|&byte| byte == b'_').nth(1)?)?).ok()
}

fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = value.iter().rposition(|&byte| byte == b'_')?;
    Some((&value[..at], &value[at + 1..]))
}

fn lowest_first(covered: &[u8]) -> [u8; 6] {
    let mut digits = crc32::base62(covered);
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    digits[zeros..].reverse();
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_synapse_names_its_user() {
        let value = format!("syt_{}", (SYNAPSE.forge)("syt_", "", &mut fastrand::Rng::with_seed(1)));
        let subject = Subject { value: value.as_bytes(), prefix: b"syt_", matched: b"" };
        let evidence = Evidence::of(ProofLevel::Checksum).with("user", "alice");
        assert_eq!((SYNAPSE.check)(subject), Outcome::Right(evidence));
    }

    #[test]
    fn zeros_stay_in_front_when_digits_are_turned_round() {
        let covered = (0..)
            .map(|number: u32| number.to_string())
            .find(|text| crc32::base62(text.as_bytes())[0] == b'0')
            .unwrap();
        let (plain, turned) = (crc32::base62(covered.as_bytes()), lowest_first(covered.as_bytes()));
        assert_eq!(turned[0], b'0');
        assert_eq!((turned[1], turned[5]), (plain[5], plain[1]));
    }
}
