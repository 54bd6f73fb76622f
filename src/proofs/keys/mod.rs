//! Private keys: whether one is really there, whose public half it has, and whether it was published on
//! purpose. Only what is public is ever told of it.

mod age;
mod asn1;
mod bare;
mod base58;
mod chains;
mod curve;
mod der;
mod dnssec;
mod evm;
mod forge;
mod key;
mod keystore;
mod onion;
mod pair;
mod pem;
mod pgp;
mod pkcs12;
mod plain;
mod ppk;
mod public;
mod signer;
mod ssh;
mod strkey;

pub(super) use age::PROOF as AGE;
pub(super) use bare::{JWK, WIREGUARD};
pub(super) use base58::{BIP32, WIF, XRPL};
pub(super) use chains::{APTOS, NOSTR, SUI, TEZOS};
pub(super) use dnssec::PROOF as DNSSEC;
pub(super) use evm::PROOF as EVM;
pub(super) use key::is_random;
pub(super) use keystore::PROOF as JKS;
pub(super) use onion::PROOF as ONION;
pub(super) use pair::{ARRAY as ED25519_ARRAY, BASE58 as ED25519_BASE58, BASE64 as ED25519_BASE64};
pub(super) use pem::{CUT as PEM_CUT, PROOF as PEM, WRAPPED as PEM_BASE64};
pub(super) use pkcs12::PROOF as PKCS12;
pub(super) use ppk::PROOF as PPK;
pub(super) use signer::{MINISIGN, SIGNIFY};
pub(super) use strkey::{NKEY, STELLAR};
