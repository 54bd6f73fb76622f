//! Secret keys of age: Bech32 with its checksum.
//!
//! Sources: the age specification (C2SP) and BIP 173.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};

use super::curve;
use super::public::published;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "bech32-age",
    summary: "the Bech32 checksum of an age key is right; tells its recipient",
    check: |subject| check(subject.value).unwrap_or(Outcome::Wrong),
    forge: |so_far, _, random| {
        let secret = random_bytes(random, 32);
        // The template writes `AGE-SECRET-KEY-1` or another name before it.
        let name = so_far[so_far.find("AGE-").unwrap_or(0)..].trim_end_matches('1').to_ascii_lowercase();
        let written =
            Hrp::parse(&name).ok().and_then(|name| bech32::encode_upper::<Bech32>(name, &secret).ok());
        written.map_or(String::new(), |text| text[name.len() + 1..].to_owned())
    },
};

fn check(value: &[u8]) -> Option<Outcome> {
    const CLASSIC: &str = "age-secret-key-";
    let text = CheckedHrpstring::new::<Bech32>(std::str::from_utf8(value).ok()?).ok()?;
    let evidence = Evidence::of(ProofLevel::Checksum);
    if text.hrp().to_lowercase() != CLASSIC {
        return Some(Outcome::Right(evidence));
    }
    let secret = zeroize::Zeroizing::new(text.byte_iter().collect::<Vec<u8>>());
    let public = curve::x25519(secret[..].try_into().ok()?);
    if let Some(origin) = published(&public) {
        return Some(Outcome::Public(origin));
    }
    let recipient = bech32::encode::<Bech32>(Hrp::parse_unchecked("age"), &public).ok()?;
    Some(Outcome::Right(evidence.with("recipient", recipient)))
}
