//! Private keys: whether one is really there, whose public half it has, and whether it was published on
//! purpose. Only what is public is ever told of it.

mod asn1;
mod curve;
mod der;
mod forge;
mod key;
mod pem;
mod plain;
mod public;
mod ssh;

pub(super) use pem::{CUT as PEM_CUT, PROOF as PEM, WRAPPED as PEM_BASE64};
