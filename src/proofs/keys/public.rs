//! Private keys that were published on purpose: test keys, samples of standards, keys of appliances.
//!
//! `rules/public/keys.tsv` holds a row for each: the first 15 bytes of the SHA-256 of its public number,
//! and where it was published. The number is the RSA modulus, the x of a point, the y of a DSA key or the
//! 32 bytes of Curve25519, without leading zeros, as in the block list of badkeys.

use sha2::{Digest, Sha256};

use super::der::unsigned;
use crate::model::Evidence;
use crate::proofs::{Outcome, table};

static TABLE: &str = include_str!("../../../rules/public/keys.tsv");

/// Length of a hash in the table, in hex digits.
const DIGITS: usize = 30;

/// Where the key with this public number was published, if it was.
pub(super) fn published(number: &[u8]) -> Option<&'static str> {
    let hash = Sha256::digest(unsigned(number));
    let digits: String = hash[..DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect();
    table::find(TABLE, &digits)
}

/// What is said of a key with this public number, of which the evidence speaks unless it was published.
pub(super) fn judged(number: &[u8], evidence: Evidence) -> Outcome {
    published(number).map_or(Outcome::Right(evidence), Outcome::Public)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        table::assert_sound(TABLE, DIGITS);
        assert!(TABLE.lines().count() >= 93);
    }

    #[test]
    fn the_insecure_key_of_vagrant_is_known() {
        // From its modulus; the SSH fingerprint is SHA256:1M4RzhMyWuFS/86uPY/ce2prh/dVTHW7iD2RhpquOZA.
        assert!(
            table::find(TABLE, "4fd9973c9cc206ef5f736fb578800d")
                .is_some_and(|origin| origin.contains("vagrant"))
        );
    }

    #[test]
    fn the_first_key_of_rfc_8032_is_known() {
        // The seed is public since 2017; its public half follows from it.
        let seed: Vec<u8> = ["9d61b19deffd5a60ba844af492ec2cc4", "4449c5697b326919703bac031cae7f60"]
            .concat()
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let public = super::super::curve::ed25519(seed.first_chunk().unwrap());
        assert!(published(&public).is_some_and(|origin| origin.contains("RFC")), "{public:02x?}");
    }
}
