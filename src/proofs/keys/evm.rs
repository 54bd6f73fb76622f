//! Private keys of Ethereum and of what is like it: a number below the order of the curve, in hex.
//!
//! Sources: Ethereum Yellow Paper, appendix F, for the address; ERC 55 for the cases of its letters.

use data_encoding::HEXLOWER;
use sha3::{Digest as _, Keccak256};
use zeroize::Zeroizing;

use super::curve::SECP256K1;
use super::key::is_random;
use super::public::judged;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "evm-key",
    summary: "a number that can be a key, drawn at random and not published; tells the address",
    check: |subject| check(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, _, random| HEXLOWER.encode(&random_bytes(random, 32)),
};

fn check(value: &[u8]) -> Option<Outcome> {
    let digits = Zeroizing::new(value.strip_prefix(b"0x").unwrap_or(value).to_ascii_lowercase());
    let key = Zeroizing::new(HEXLOWER.decode(&digits).ok().filter(|key| key.len() == 32)?);
    let point = (SECP256K1.public)(&key).filter(|_| is_random(&key))?;
    let evidence = Evidence::of(ProofLevel::Decoded).with("address", address(&point));
    Some(judged(&point[1..=32], evidence))
}

/// The last 20 bytes of the hash of both coordinates; a letter is a capital where the hash of the digits has a
/// half byte of 8 or more.
fn address(point: &[u8]) -> String {
    let digits = HEXLOWER.encode(&Keccak256::digest(&point[1..])[12..]);
    let cases = HEXLOWER.encode(&Keccak256::digest(&digits));
    let cased = digits.chars().zip(cases.bytes()).map(|(digit, case)| match case {
        b'8'.. => digit.to_ascii_uppercase(),
        _ => digit,
    });
    format!("0x{}", cased.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_smallest_key_is_the_known_one() {
        let one = [&[0; 31][..], &[1]].concat();
        let point = (SECP256K1.public)(&one).unwrap();
        assert_eq!(address(&point), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    }

    #[test]
    fn numbers_that_are_no_keys_are_wrong() {
        for digits in ["0".repeat(64), "f".repeat(64), "12".repeat(32), "0123456789abcdef".repeat(4)] {
            assert_eq!(check(digits.as_bytes()), None, "{digits}");
        }
    }
}
