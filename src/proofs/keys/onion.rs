//! The key of a Tor onion service: an Ed25519 key after its hash, so that the first half is a number and the second
//! a prefix for signatures.
//!
//! Source: Tor's rend-spec-v3, section 6 [ONIONADDRESS], and its appendix on keys; RFC 8032, section 5.1.5, for the bits
//! that are set.

use data_encoding::BASE32_NOPAD;
use sha3::{Digest as _, Sha3_256};

use super::curve::ed25519_scalar;
use super::key::is_random;
use super::public::judged;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_text;
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "onion-key",
    summary: "the bits of an expanded Ed25519 key are set as they must be; tells the onion address",
    check: |subject| match subject.value.split_first_chunk::<32>() {
        Some((number, prefix)) if prefix.len() == 32 && is_clamped(number) && is_random(subject.value) => {
            let public = ed25519_scalar(number);
            judged(&public, Evidence::of(ProofLevel::Decoded).with("address", address(&public)))
        }
        _ => Outcome::Wrong,
    },
    // Letters and digits alone, of which some have the bits that must be so.
    forge: |_, _, random| {
        let first = char::from(*random.choice(b"08HPXhpx").unwrap_or(&b'0'));
        format!("{first}{}k{}", random_text(random, 30), random_text(random, 32))
    },
};

const VERSION: u8 = 3;

/// A multiple of 8 whose second-highest bit is the highest that is set.
fn is_clamped(number: &[u8; 32]) -> bool {
    number[0] & 0b111 == 0 && number[31] & 0b1100_0000 == 0b0100_0000
}

fn address(public: &[u8; 32]) -> String {
    let hash = Sha3_256::digest([b".onion checksum", &public[..], &[VERSION]].concat());
    let bytes = [&public[..], &hash[..2], &[VERSION]].concat();
    format!("{}.onion", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_made_from_a_public_key() {
        // The address of DuckDuckGo, whose first 32 bytes are its public key.
        let known = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad";
        let bytes = BASE32_NOPAD.decode(known.to_ascii_uppercase().as_bytes()).unwrap();
        assert_eq!(address(bytes.first_chunk().unwrap()), format!("{known}.onion"));
    }

    #[test]
    fn bits_must_be_set() {
        let mut number = [7; 32];
        assert!(!is_clamped(&number));
        number[0] = 8;
        assert!(!is_clamped(&number));
        number[31] = 0x41;
        assert!(is_clamped(&number));
    }
}
