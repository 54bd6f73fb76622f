//! Private keys of Nostr, Sui, Tezos and Aptos, each in the form that its wallets write.
//!
//! Sources: NIP-19; SIP-15; Tezos, `base58.ml`, and its documentation of sandboxes for the vectors; AIP-80.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use bs58::Alphabet;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use super::base58;
use super::curve::{P256, SECP256K1, ed25519};
use super::key::is_random;
use super::public::judged;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const NOSTR: Proof = Proof {
    name: "nostr-nsec",
    summary: "the Bech32 checksum of a Nostr key is right; tells its public half",
    check: |subject| nostr(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, _, random| written(NSEC, &random_bytes(random, 32)),
};

pub(in crate::proofs) const SUI: Proof = Proof {
    name: "sui-key",
    summary: "the Bech32 checksum of a Sui key is right; tells the algorithm",
    check: |subject| sui(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        written(SUIPRIVKEY, &[&[argument.parse().unwrap_or(0)], &random_bytes(random, 32)[..]].concat())
    },
};

pub(in crate::proofs) const TEZOS: Proof = Proof {
    name: "tezos-key",
    summary: "the Base58 checksum of a Tezos key is right; tells its public half",
    check: |subject| tezos(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        let seed: [u8; 32] = super::forge::seed(random);
        match argument {
            "pair" => base58(TEZOS_PAIR, &[seed, ed25519(&seed)].concat()),
            _ => base58(TEZOS_SEED, &seed),
        }
    },
};

pub(in crate::proofs) const APTOS: Proof = Proof {
    name: "aptos-key",
    summary: "a number that can be a key of the algorithm that it names, drawn at random; tells its public half",
    check: |subject| aptos(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, _, random| HEXLOWER.encode(&random_bytes(random, 32)),
};

const NSEC: &str = "nsec";
const NPUB: &str = "npub";
const SUIPRIVKEY: &str = "suiprivkey";

/// First bytes of a seed, of a seed with its public half, and of a public half: they become `edsk` and `edpk`.
const TEZOS_SEED: &[u8] = &[0x0d, 0x0f, 0x3a, 0x07];
const TEZOS_PAIR: &[u8] = &[0x2b, 0xf6, 0x4e, 0x07];
const TEZOS_PUBLIC: &[u8] = &[0x0d, 0x0f, 0x25, 0xd9];

type Bytes = Zeroizing<Vec<u8>>;

fn nostr(value: &[u8]) -> Option<Outcome> {
    let key = read(NSEC, value)?;
    let point = point(&key)?;
    let evidence = Evidence::of(ProofLevel::Checksum).with("public", written(NPUB, &point));
    Some(judged(&point, evidence))
}

/// A byte for the algorithm, and the key.
fn sui(value: &[u8]) -> Option<Outcome> {
    let bytes = read(SUIPRIVKEY, value)?;
    let (&algorithm, key) = bytes.split_first()?;
    let (name, public) = match algorithm {
        0 => ("Ed25519", ed25519(key.try_into().ok()?).to_vec()),
        1 => ("secp256k1", point(key)?),
        2 => ("P-256", (P256.public)(key).filter(|_| key.len() == 32)?[1..=32].to_vec()),
        _ => return None,
    };
    is_random(key).then(|| judged(&public, Evidence::of(ProofLevel::Checksum).with("algorithm", name)))
}

fn tezos(value: &[u8]) -> Option<Outcome> {
    let bytes = base58::decode(value, Alphabet::BITCOIN)?;
    let seed: &[u8; 32] = match bytes.strip_prefix(TEZOS_SEED) {
        Some(seed) => seed.try_into().ok()?,
        None => {
            let (seed, public) = bytes.strip_prefix(TEZOS_PAIR)?.split_first_chunk::<32>()?;
            (ed25519(seed) == public).then_some(seed)?
        }
    };
    let public = ed25519(seed);
    let evidence = Evidence::of(ProofLevel::Checksum).with("public", base58(TEZOS_PUBLIC, &public));
    is_random(seed).then(|| judged(&public, evidence))
}

/// Without a checksum: the number alone is looked at.
fn aptos(value: &[u8]) -> Option<Outcome> {
    let (algorithm, digits) = std::str::from_utf8(value).ok()?.split_once("-priv-0x")?;
    let key = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?);
    let public = match algorithm {
        "ed25519" => ed25519(key[..].try_into().ok()?).to_vec(),
        "secp256k1" => point(&key)?,
        _ => return None,
    };
    let evidence = Evidence::of(ProofLevel::Decoded).with("public", HEXLOWER.encode(&public));
    is_random(&key).then(|| judged(&public, evidence))
}

/// The x of the public point of a key on secp256k1.
fn point(key: &[u8]) -> Option<Vec<u8>> {
    let point = (SECP256K1.public)(key).filter(|_| key.len() == 32 && is_random(key))?;
    Some(point[1..=32].to_vec())
}

fn read(name: &str, value: &[u8]) -> Option<Bytes> {
    let text = CheckedHrpstring::new::<Bech32>(std::str::from_utf8(value).ok()?).ok()?;
    (text.hrp().to_lowercase() == name).then(|| Zeroizing::new(text.byte_iter().collect()))
}

fn written(name: &str, bytes: &[u8]) -> String {
    bech32::encode::<Bech32>(Hrp::parse_unchecked(name), bytes).unwrap_or_default()
}

fn base58(version: &[u8], bytes: &[u8]) -> String {
    base58::encode(&[version, bytes].concat(), Alphabet::BITCOIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digits: &str) -> Vec<u8> {
        HEXLOWER.decode(digits.as_bytes()).unwrap()
    }

    fn facts(outcome: Option<Outcome>) -> Vec<String> {
        match outcome {
            Some(Outcome::Right(evidence)) => evidence.facts.into_iter().map(|fact| fact.text).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_key_of_nip_19_is_read() {
        // Both halves stand in the text of NIP-19.
        let key = hex(&["67dea2ed018072d675f5415ecfaed7d2", "597555e202d85b3d65ea4e58d2d92ffa"].concat());
        let text = written(NSEC, &key);
        assert!(text.starts_with("nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af"), "{text}");
        assert_eq!(
            facts(nostr(text.as_bytes())),
            ["npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"]
        );
        assert_eq!(nostr(text.replace('v', "w").as_bytes()), None);
    }

    #[test]
    fn the_key_of_the_tezos_sandbox_is_read() {
        // bootstrap1 of Tezos' sandbox: everybody's.
        let value = ["edsk3gUfUPyBSfrS9CCgmCiQsTCHGkviB", "DusMxDJstFtojtc1zcpsh"].concat();
        assert_eq!(
            facts(tezos(value.as_bytes())),
            ["edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav"]
        );
        assert_eq!(tezos(value.replace('f', "g").as_bytes()), None);
    }

    #[test]
    fn numbers_that_are_no_keys_are_wrong() {
        for key in [[0u8; 32], [0xff; 32]] {
            assert_eq!(nostr(written(NSEC, &key).as_bytes()), None);
            for algorithm in 0..4 {
                let text = written(SUIPRIVKEY, &[&[algorithm], &key[..]].concat());
                assert_eq!(sui(text.as_bytes()), None, "{text}");
            }
            assert_eq!(tezos(base58(TEZOS_SEED, &key).as_bytes()), None);
            for algorithm in ["ed25519", "secp256k1"] {
                assert_eq!(aptos(format!("{algorithm}-priv-0x{}", HEXLOWER.encode(&key)).as_bytes()), None);
            }
        }
        let sui_short = written(SUIPRIVKEY, &[0; 5]);
        assert_eq!(sui(sui_short.as_bytes()), None);
    }
}
