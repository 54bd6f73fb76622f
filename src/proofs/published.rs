//! Tokens that were published on purpose: samples of documentation, keys of emulators and playgrounds.
//!
//! `rules/public/samples.tsv` holds a row for each: the first 16 bytes of the SHA-256 of the token, and
//! where it was published. The tokens themselves stand nowhere here.

use sha2::{Digest, Sha256};

use super::table;

static TABLE: &str = include_str!("../../rules/public/samples.tsv");

/// Length of a hash in the table, in hex digits.
const DIGITS: usize = 32;

/// Where the token was published on purpose, if it was.
pub fn published(value: &[u8]) -> Option<&'static str> {
    let hash = Sha256::digest(value);
    let digits: String = hash[..DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect();
    table::find(TABLE, &digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        table::assert_sound(TABLE, DIGITS);
    }

    #[test]
    fn knows_what_vendors_print() {
        for (parts, origin) in [
            (["wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY"], "AWS"),
            (
                [
                    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2U",
                    "VErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
                ],
                "Azurite",
            ),
            (
                [
                    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTq",
                    "obD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
                ],
                "Cosmos",
            ),
            (["sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"], "Stripe"),
            (["110201543", ":AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"], "Telegram"),
            (["QWxhZGRpbjpv", "cGVuIHNlc2FtZQ=="], "RFC 7617"),
        ] {
            let known = published(parts.concat().as_bytes());
            assert!(known.is_some_and(|known| known.contains(origin)), "{origin}: {known:?}");
        }
        assert_eq!(published(b""), None);
    }
}
