//! Private keys in Base58Check: a version, the key, and four bytes of their double SHA-256.
//!
//! Sources: Bitcoin Wiki, "Wallet import format"; BIP 32 and SLIP 132 for extended keys; XRP Ledger, "base58
//! Encodings", whose alphabet is another.

use bitcoin_hashes::{Hash as _, hash160, sha256d};
use bs58::Alphabet;
use zeroize::Zeroizing;

use super::curve::SECP256K1;
use super::key::is_random;
use super::public::judged;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof};

/// A single key, as wallets import it.
pub(in crate::proofs) const WIF: Proof = Proof {
    name: "wif",
    summary: "the Base58 checksum of a wallet's key is right; tells network and address",
    check: |subject| wif(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        let network = NETWORKS.iter().find(|network| network.name == argument).unwrap_or(&NETWORKS[0]);
        encode(&[&[network.version], &random_bytes(random, 32)[..], &[1]].concat(), Alphabet::BITCOIN)
    },
};

/// A key from which others follow.
pub(in crate::proofs) const BIP32: Proof = Proof {
    name: "bip32-private",
    summary: "the Base58 checksum of an extended private key is right; tells its depth",
    check: |subject| extended(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, _, random| {
        let xprv = [0x04, 0x88, 0xad, 0xe4];
        let (chain, key) = (random_bytes(random, 32), random_bytes(random, 32));
        encode(&[&xprv[..], &[0; 9], &chain, &[0], &key].concat(), Alphabet::BITCOIN)
    },
};

/// What the keys of an account in the XRP Ledger are made from.
pub(in crate::proofs) const XRPL: Proof = Proof {
    name: "xrpl-seed",
    summary: "the Base58 checksum of a seed of the XRP Ledger is right; tells the algorithm",
    check: |subject| xrpl(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        let version = if argument == "ed25519" { XRPL_ED25519 } else { XRPL_FAMILY };
        encode(&[version, &random_bytes(random, 16)[..]].concat(), Alphabet::RIPPLE)
    },
};

struct Network {
    name: &'static str,
    /// First byte of a private key.
    version: u8,
    /// First byte of the address of a public key's hash.
    address: u8,
}

static NETWORKS: [Network; 4] = [
    Network { name: "Bitcoin", version: 0x80, address: 0x00 },
    Network { name: "Bitcoin testnet", version: 0xef, address: 0x6f },
    Network { name: "Litecoin", version: 0xb0, address: 0x30 },
    Network { name: "Dogecoin", version: 0x9e, address: 0x1e },
];

const XRPL_FAMILY: &[u8] = &[0x21];
const XRPL_ED25519: &[u8] = &[0x01, 0xe1, 0x4b];

fn wif(value: &[u8]) -> Option<Outcome> {
    let bytes = decode(value, Alphabet::BITCOIN)?;
    let (version, rest) = bytes.split_first()?;
    let network = NETWORKS.iter().find(|network| network.version == *version)?;
    let (key, compressed) = match rest.split_first_chunk::<32>()? {
        (key, []) => (key, false),
        (key, [1]) => (key, true),
        _ => return None,
    };
    let point = (SECP256K1.public)(key).filter(|_| is_random(key))?;
    let address =
        if compressed { address(network, &self::compressed(&point)) } else { address(network, &point) };
    let evidence = Evidence::of(ProofLevel::Checksum).with("network", network.name);
    Some(judged(&point[1..=32], evidence.with("address", address)))
}

/// A point of 65 bytes in 33: the parity of its y stands before its x (SEC 1, section 2.3.3).
fn compressed(point: &[u8]) -> Vec<u8> {
    let parity = point.last().map_or(0, |last| last & 1);
    [&[2 + parity], &point[1..=32]].concat()
}

fn address(network: &Network, point: &[u8]) -> String {
    let hash = hash160::Hash::hash(point);
    encode(&[&[network.address], &hash.as_byte_array()[..]].concat(), Alphabet::BITCOIN)
}

/// The versions are not compared: letters in front of the key say the same.
fn extended(value: &[u8]) -> Option<Outcome> {
    let bytes = decode(value, Alphabet::BITCOIN).filter(|bytes| bytes.len() == 78)?;
    let (depth, key) = (bytes[4], bytes[45..].strip_prefix(&[0])?);
    let point = (SECP256K1.public)(key).filter(|_| is_random(key))?;
    let evidence = Evidence::of(ProofLevel::Checksum).with("depth", depth.to_string());
    Some(judged(&point[1..=32], evidence))
}

fn xrpl(value: &[u8]) -> Option<Outcome> {
    let bytes = decode(value, Alphabet::RIPPLE)?;
    let kinds = [(XRPL_FAMILY, "secp256k1"), (XRPL_ED25519, "Ed25519")];
    let (seed, algorithm) =
        kinds.into_iter().find_map(|(version, name)| Some((bytes.strip_prefix(version)?, name)))?;
    (seed.len() == 16 && is_random(seed))
        .then(|| Outcome::Right(Evidence::of(ProofLevel::Checksum).with("algorithm", algorithm)))
}

/// What stands before a right checksum.
pub(super) fn decode(text: &[u8], alphabet: &Alphabet) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(bs58::decode(text).with_alphabet(alphabet).into_vec().ok()?);
    let (covered, sum) = bytes.split_last_chunk::<4>()?;
    if !sha256d::Hash::hash(covered).as_byte_array().starts_with(sum) {
        return None;
    }
    let length = covered.len();
    bytes.truncate(length);
    Some(bytes)
}

/// The same with its checksum, as text.
pub(super) fn encode(covered: &[u8], alphabet: &Alphabet) -> String {
    let sum = sha256d::Hash::hash(covered);
    bs58::encode([covered, &sum.as_byte_array()[..4]].concat()).with_alphabet(alphabet).into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_wiki() {
        // Bitcoin Wiki, "Technical background of version 1 Bitcoin addresses": public since 2010, and known as such.
        let key = ["18e14a7b6a307f426a94f8114701e7c8", "e774e7f9a47e2c2035db29a206321725"].concat();
        let key = data_encoding::HEXLOWER.decode(key.as_bytes()).unwrap();
        let point = (SECP256K1.public)(&key).unwrap();
        assert_eq!(address(&NETWORKS[0], &point), "16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM");
        assert_eq!(address(&NETWORKS[0], &compressed(&point)), "1PMycacnJaSqwwJqjawXBErnLsZ7RkXUAs");
        let text = encode(&[&[0x80], &key[..]].concat(), Alphabet::BITCOIN);
        assert!(matches!(wif(text.as_bytes()), Some(Outcome::Public(_))));
    }

    #[test]
    fn keys_out_of_range_are_wrong() {
        for key in [[0u8; 32], [0xff; 32]] {
            let text = encode(&[&[0x80], &key[..]].concat(), Alphabet::BITCOIN);
            assert_eq!(wif(text.as_bytes()), None, "{text}");
        }
    }
}
