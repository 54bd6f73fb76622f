//! Proofs of private keys against keys that are written at run time, whole, spoiled and in disguise.

#![allow(clippy::unwrap_used)]

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stanch::model::{Evidence, ProofLevel};
use stanch::proofs::{Outcome, Subject, by_name};
use stanch::rules::template;

fn outcome(proof: &str, value: &str) -> Outcome {
    (by_name(proof).unwrap().check)(Subject {
        value: value.as_bytes(),
        prefix: b"",
        matched: value.as_bytes(),
    })
}

/// Level, algorithm and encryption of what is right.
fn told(proof: &str, value: &str) -> Option<(ProofLevel, String, String)> {
    let Outcome::Right(evidence) = outcome(proof, value) else { return None };
    let algorithm = fact(&evidence, "algorithm").unwrap_or_default();
    Some((evidence.level, algorithm, fact(&evidence, "encrypted").unwrap_or_default()))
}

fn fact(evidence: &Evidence, label: &str) -> Option<String> {
    evidence.facts.iter().find(|fact| fact.label == label).map(|fact| fact.text.clone())
}

#[test]
fn every_kind_of_key_is_read() {
    use ProofLevel::{Decoded, Structure};
    for (kind, level, algorithm, encrypted) in [
        ("rsa", Structure, "RSA, 512 bits", "no"),
        ("rsa-pkcs8", Structure, "RSA, 512 bits", "no"),
        ("rsa-encrypted", Decoded, "", "AES-128-CBC"),
        ("ec", Structure, "EC, P-256", "no"),
        ("ec-pkcs8", Structure, "EC, P-256", "no"),
        ("ec-encrypted", Decoded, "", "DES-EDE3-CBC"),
        ("dsa", Structure, "DSA, 512 bits", "no"),
        ("ed25519", Decoded, "Ed25519", "no"),
        ("encrypted", Decoded, "", "AES-256-CBC, PBKDF2 with 2048 rounds"),
        ("openssh", Structure, "Ed25519", "no"),
        ("openssh-ec", Structure, "EC, P-256", "no"),
        ("openssh-rsa", Structure, "RSA, 512 bits", "no"),
        ("openssh-encrypted", Decoded, "Ed25519", "aes256-ctr, bcrypt with 16 rounds"),
        ("pgp", Structure, "Ed25519", "no"),
        ("pgp-encrypted", Decoded, "Ed25519", "AES-256"),
        ("ssh2", Decoded, "RSA", "3des-cbc"),
        ("cosign", Decoded, "", "nacl/secretbox, scrypt"),
        ("openvpn", Decoded, "OpenVPN, 2048 bits", "no"),
    ] {
        for seed in 0..5 {
            for form in ["", ",escaped"] {
                let key = template::fill(&format!("{{pem:{kind}{form}}}"), seed).unwrap();
                let expected = Some((level, algorithm.to_owned(), encrypted.to_owned()));
                assert_eq!(told("pem", &key), expected, "{kind}{form}, seed {seed}");
            }
        }
    }
}

#[test]
fn keys_without_armour_are_read() {
    use ProofLevel::{Checksum, Decoded, Structure};
    for (proof, template, level) in [
        ("ppk", "{ppk:2}", Structure),
        ("ppk", "{ppk:3}", Structure),
        ("bech32-age", "AGE-SECRET-KEY-1{bech32-age}", Checksum),
        ("bech32-age", "AGE-SECRET-KEY-PQ-1{bech32-age}", Checksum),
        ("minisign", "{minisign}", Structure),
        ("minisign", "{minisign:encrypted}", Decoded),
        ("signify", "{signify}", Structure),
        ("signify", "{signify:encrypted}", Decoded),
        ("wireguard", "{wireguard}", Decoded),
    ] {
        for seed in 0..5 {
            let key = template::fill(template, seed).unwrap();
            assert_eq!(told(proof, &key).map(|told| told.0), Some(level), "{template}, seed {seed}");
            if level == Decoded {
                continue;
            }
            // In the middle stands the number, at the end of PuTTY's files the MAC.
            let at = if proof == "ppk" { key.len() - 20 } else { key.len() / 2 };
            let other = if key[at..].starts_with('7') { "8" } else { "7" };
            let spoiled = [&key[..at], other, &key[at + 1..]].concat();
            assert_eq!(outcome(proof, &spoiled), Outcome::Wrong, "{template}, seed {seed}");
        }
    }
    for placeholder in ["A".repeat(43), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".into()] {
        assert_eq!(outcome("wireguard", &(placeholder.clone() + "=")), Outcome::Wrong, "{placeholder}");
        assert_eq!(outcome("jwk-d", &placeholder), Outcome::Wrong, "{placeholder}");
    }
}

/// The first key of RFC 8032 is also that of RFC 8037 and stands in many projects.
#[test]
fn a_published_key_is_known_in_every_form() {
    let seed: Vec<u8> = ["9d61b19deffd5a60ba844af492ec2cc4", "4449c5697b326919703bac031cae7f60"]
        .concat()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let body = STANDARD.encode([&head[..], &seed].concat());
    let label = "PRIVATE KEY";
    let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----");
    let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&seed);
    for (proof, value) in [
        ("pem", &pem),
        ("pem-base64", &STANDARD.encode(&pem)),
        ("pem-cut", &pem[..pem.find("-----END").unwrap()].to_owned()),
        ("jwk-d", &url_safe),
    ] {
        assert!(matches!(outcome(proof, value), Outcome::Public(_)), "{proof}");
    }
}

#[test]
fn a_key_that_was_cut_or_spoiled_is_none() {
    for kind in ["rsa", "rsa-pkcs8", "ec", "ec-pkcs8", "dsa", "openssh", "openssh-ec", "openssh-rsa"] {
        let key = template::fill(&format!("{{pem:{kind}}}"), 3).unwrap();
        let (head, rest) = key.split_once('\n').unwrap();
        let (body, tail) = rest.rsplit_once('\n').unwrap();
        let bytes = STANDARD.decode(body.replace('\n', "")).unwrap();
        let wrong = |body: String, what: &str| {
            assert_eq!(outcome("pem", &format!("{head}\n{body}\n{tail}")), Outcome::Wrong, "{kind}, {what}");
        };
        wrong(String::new(), "empty");
        wrong("...".into(), "left out");
        wrong(format!("{}...", &body[..60]), "cut with dots");
        wrong("your key here".into(), "placeholder");
        wrong(STANDARD.encode(&bytes[..bytes.len() * 2 / 3]), "cut");
        wrong(STANDARD.encode(bytes.iter().map(|byte| byte ^ 0x20).collect::<Vec<u8>>()), "other bytes");
        // Where the private number and the public one stand, in every form.
        let (at, spoils) = match kind {
            "rsa" => (40, "modulus"),
            "rsa-pkcs8" => (60, "modulus"),
            "ec" => (20, "number"),
            "ec-pkcs8" => (50, "number"),
            "dsa" => (bytes.len() - 10, "number"),
            _ => (bytes.len() / 2, "key"),
        };
        let mut spoiled = bytes.clone();
        spoiled[at] ^= 0x10;
        wrong(STANDARD.encode(&spoiled), spoils);
        let mixed = key.replace("-----END ", "-----END ANY ");
        assert_eq!(outcome("pem", &mixed), Outcome::Wrong, "{kind}, labels differ");
    }
}

#[test]
fn a_wrapped_key_and_one_without_end_are_read() {
    let wrapped = template::fill("{pem-base64:rsa}", 4).unwrap();
    assert_eq!(told("pem-base64", &wrapped).map(|told| told.0), Some(ProofLevel::Structure));
    let folded: Vec<&str> =
        wrapped.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert_eq!(told("pem-base64", &folded.join("\n  ")).map(|told| told.0), Some(ProofLevel::Structure));
    let random = template::fill("{base64:400}", 4).unwrap();
    let placeholder = STANDARD.encode("-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----\n");
    for none in [&random, &placeholder] {
        assert_eq!(outcome("pem-base64", none), Outcome::Wrong);
    }
    for kind in ["rsa", "rsa-pkcs8", "ec", "dsa", "encrypted", "openssh", "openssh-encrypted"] {
        let key = template::fill(&format!("{{pem:{kind}}}"), 4).unwrap();
        let (all, _) = key.split_once("-----END").unwrap();
        assert_eq!(outcome("pem-cut", all), outcome("pem", &key), "{kind} without its last line");
        let (begin, _) = key.split_once('\n').unwrap();
        assert_eq!(outcome("pem-cut", &format!("{begin}\n{random}")), Outcome::Wrong, "{kind}");
        if kind != "ec" {
            let cut = &all[..all.len() * 2 / 3];
            assert_eq!(told("pem-cut", cut).map(|told| told.0), Some(ProofLevel::Decoded), "{kind} cut");
        }
    }
}

/// What `ssh-keygen` makes of a key it must say itself; where it is not installed nothing is compared.
#[test]
fn fingerprints_are_those_of_ssh_keygen() {
    for kind in ["rsa", "ec", "ed25519"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let kind = if kind == "ec" { "ecdsa" } else { kind };
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", "", "-C", "who@where", "-f"])
            .arg(&path)
            .stdout(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return;
        }
        let listed = Command::new("ssh-keygen").arg("-lf").arg(&path).output().unwrap().stdout;
        let Outcome::Right(evidence) = outcome("pem", std::fs::read_to_string(&path).unwrap().trim()) else {
            panic!("a fresh {kind} key is not read");
        };
        assert_eq!(evidence.level, ProofLevel::Structure, "{kind}");
        assert_eq!(fact(&evidence, "comment").as_deref(), Some("who@where"), "{kind}");
        let listed = String::from_utf8(listed).unwrap();
        assert!(listed.contains(&fact(&evidence, "fingerprint").unwrap()), "{kind}: {listed}");
    }
}
