//! CRC-32 (IEEE) at the end of a token, in the ways that vendors write it.
//!
//! Sources: GitHub engineering, "Behind GitHub's new authentication token formats" (2021), for base62
//! over the characters after the prefix; Grafana's `satokengen` for the little-endian form; JSR's server
//! source for the form that covers the prefix; Zuplo, "API key format", for the one that covers a part. Cloudflare and
//! Atlassian were confirmed on samples.

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

/// Six base62 digits over what stands after the prefix.
pub(super) const BASE62: Proof = Proof {
    name: "crc32-base62",
    summary: "ends with the CRC-32 of what follows the prefix, as 6 base62 digits",
    check: |subject| ends_with(subject, base62(body(subject, 6))),
    forge: |so_far, _, _| text(&base62(after_prefix(so_far))),
};

/// Six base62 digits over all before them.
pub(super) const BASE62_WHOLE: Proof = Proof {
    name: "crc32-base62-whole",
    summary: "ends with the CRC-32 of all before it, as 6 base62 digits",
    check: |subject| ends_with(subject, base62(all_but(subject, 6))),
    forge: |so_far, _, _| text(&base62(so_far.as_bytes())),
};

/// Eight lower-case hex digits over what stands after the prefix.
pub(super) const HEX: Proof = Proof {
    name: "crc32-hex",
    summary: "ends with the CRC-32 of what follows the prefix, as 8 lower-case hex digits",
    check: |subject| ends_with(subject, format!("{:08x}", crc32fast::hash(body(subject, 8)))),
    forge: |so_far, _, _| format!("{:08x}", crc32fast::hash(after_prefix(so_far))),
};

/// Eight lower-case hex digits over the part between the prefix and the last underscore.
pub(super) const HEX_PART: Proof = Proof {
    name: "crc32-hex-part",
    summary: "ends with the CRC-32 of the part between prefix and last underscore, as 8 lower-case hex digits",
    check: |subject| {
        let covered = body(subject, 8).strip_suffix(b"_").unwrap_or_default();
        ends_with(subject, format!("{:08x}", crc32fast::hash(covered)))
    },
    forge: |so_far, _, _| format!("{:08x}", crc32fast::hash(after_prefix(so_far.trim_end_matches('_')))),
};

/// Eight upper-case hex digits over all before them.
pub(super) const UPPER_HEX_WHOLE: Proof = Proof {
    name: "crc32-uphex-whole",
    summary: "ends with the CRC-32 of all before it, as 8 upper-case hex digits",
    check: |subject| ends_with(subject, format!("{:08X}", crc32fast::hash(all_but(subject, 8)))),
    forge: |so_far, _, _| format!("{:08X}", crc32fast::hash(so_far.as_bytes())),
};

/// Eight hex digits, lowest byte first, over all before the last underscore.
pub(super) const GRAFANA: Proof = Proof {
    name: "grafana-sa",
    summary: "ends with the CRC-32 of all before the last underscore, as 8 hex digits, lowest byte first",
    check: |subject| ends_with(subject, little_endian_hex(all_but(subject, 9))),
    forge: |so_far, _, _| little_endian_hex(so_far.trim_end_matches('_').as_bytes()),
};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn ends_with(subject: Subject<'_>, sum: impl AsRef<[u8]>) -> Outcome {
    if subject.value.ends_with(sum.as_ref()) {
        Outcome::Right(Evidence::of(ProofLevel::Checksum))
    } else {
        Outcome::Wrong
    }
}

/// The value without its last `sum` characters; nothing where it is too short.
fn all_but(subject: Subject<'_>, sum: usize) -> &[u8] {
    &subject.value[..subject.value.len().saturating_sub(sum)]
}

fn body(subject: Subject<'_>, sum: usize) -> &[u8] {
    let value = all_but(subject, sum);
    value.strip_prefix(subject.prefix).unwrap_or(value)
}

/// What follows the prefix in a template: prefixes of these tokens end with an underscore.
fn after_prefix(so_far: &str) -> &[u8] {
    so_far.rsplit('_').next().unwrap_or(so_far).as_bytes()
}

pub(super) fn base62(covered: &[u8]) -> [u8; 6] {
    let mut number = crc32fast::hash(covered);
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text
}

fn little_endian_hex(covered: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(covered).swap_bytes())
}

fn text(digits: &[u8]) -> String {
    String::from_utf8_lossy(digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample in Grafana's own documentation, put together here from its parts.
    #[test]
    fn the_published_sample_of_grafana_is_right() {
        let value = ["glsa_", "iNValIdinValiDinvalidinvalidinva", "_", "5b582697"].concat();
        let subject = Subject { value: value.as_bytes(), prefix: b"glsa_", matched: value.as_bytes() };
        assert!(matches!((GRAFANA.check)(subject), Outcome::Right(_)));
    }
}
