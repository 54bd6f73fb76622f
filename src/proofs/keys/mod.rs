//! Private keys: whether one is really there, whose public half it has, and whether it was published on
//! purpose. Only what is public is ever told of it.

mod age;
mod asn1;
mod bare;
mod curve;
mod der;
mod forge;
mod key;
mod pem;
mod pgp;
mod plain;
mod ppk;
mod public;
mod signer;
mod ssh;

pub(super) use age::PROOF as AGE;
pub(super) use bare::{JWK, WIREGUARD};
pub(super) use pem::{CUT as PEM_CUT, PROOF as PEM, WRAPPED as PEM_BASE64};
pub(super) use ppk::PROOF as PPK;
pub(super) use signer::{MINISIGN, SIGNIFY};
