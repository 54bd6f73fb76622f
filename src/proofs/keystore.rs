//! The encrypted part of an Ethereum wallet's file.
//!
//! Source: Ethereum, "Web3 Secret Storage Definition", version 3.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::text::random_bytes;
use super::{Outcome, Proof, published};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "ethereum-keystore",
    summary: "holds all that an encrypted key needs to be opened by a password; tells cipher and derivation",
    check: |subject| check(subject.value).unwrap_or(Outcome::Wrong),
    forge,
};

fn check(value: &[u8]) -> Option<Outcome> {
    // Inside of a string quotes and line ends are escaped.
    let text = std::str::from_utf8(value).ok()?.replace("\\\"", "\"").replace("\\n", "");
    let object: Value = serde_json::from_str(&text).ok()?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let bytes = |pointer: &str| HEXLOWER.decode(text(pointer)?.to_ascii_lowercase().as_bytes()).ok();
    let (cipher, derivation) = (text("/cipher")?, text("/kdf")?);
    let whole = bytes("/ciphertext")?.len() >= 32
        && bytes("/cipherparams/iv")?.len() == 16
        && bytes("/mac")?.len() == 32
        && !bytes("/kdfparams/salt")?.is_empty();
    if let Some(origin) = text("/ciphertext").and_then(|text| published(text.as_bytes())) {
        return Some(Outcome::Public(origin));
    }
    // How often a guess must be hashed.
    let cost =
        ["/kdfparams/n", "/kdfparams/c"].iter().find_map(|pointer| object.pointer(pointer)?.as_u64())?;
    whole.then(|| {
        let evidence = Evidence::of(ProofLevel::Structure).with("encrypted", cipher);
        Outcome::Right(evidence.with("derivation", format!("{derivation}, {cost}")))
    })
}

/// The argument is the derivation, and `escaped` after a comma for the inside of a string.
fn forge(_: &str, argument: &str, random: &mut fastrand::Rng) -> String {
    let (derivation, form) = argument.split_once(',').unwrap_or((argument, ""));
    let [text, iv, salt, mac] = [32, 16, 32, 32].map(|count| HEXLOWER.encode(&random_bytes(random, count)));
    let parameters = match derivation {
        "pbkdf2" => format!(r#"{{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"{salt}"}}"#),
        _ => format!(r#"{{"dklen":32,"n":262144,"p":1,"r":8,"salt":"{salt}"}}"#),
    };
    let derivation = if derivation.is_empty() { "scrypt" } else { derivation };
    let written = format!(
        r#"{{"cipher":"aes-128-ctr","ciphertext":"{text}","cipherparams":{{"iv":"{iv}"}},"kdf":"{derivation}","kdfparams":{parameters},"mac":"{mac}"}}"#
    );
    if form == "escaped" { written.replace('"', "\\\"") } else { written }
}
