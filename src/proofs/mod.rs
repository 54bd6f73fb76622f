//! Offline proofs: what a value says about itself. One small file each, with its source.

mod atlassian;
mod aws_key_id;
mod aws_session;
mod azure;
mod azure_devops;
mod basic;
mod bedrock;
mod canonical;
mod claims;
mod cloudflare;
mod crc32;
mod discord;
mod elastic;
mod fly;
mod forms;
mod github_fine_grained;
mod gitlab_routable;
mod grafana;
mod hashes;
mod jfrog;
mod jwt;
mod keys;
mod keystore;
mod keytab;
mod mapbox;
mod matrix;
mod mnemonic;
pub mod names;
mod ngrok;
mod obscured;
mod onepassword;
mod openai_marker;
mod password;
mod placeholder;
mod published;
mod pypi;
mod rapidapi;
mod sample;
mod sentry;
mod snyk;
mod table;
mod text;
mod userinfo;
mod uuid;
mod vault;
mod workos;
mod xor62;

pub use claims::judge;
pub use placeholder::{is_phrase, is_placeholder, is_reference};
pub use published::published;
pub use sample::is_sample;

use crate::model::Evidence;

/// What is put before a proof.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The secret, as matched by the rule.
    pub value: &'a [u8],
    /// The rule's fixed public prefix of the secret.
    pub prefix: &'a [u8],
    /// The whole match around it.
    pub matched: &'a [u8],
}

/// What a proof says of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The value agrees with itself.
    Right(Evidence),
    /// The value contradicts itself: it was made up, cut or mistyped.
    Wrong,
    /// The value does not carry what the proof needs (an older form, say); nothing follows.
    Silent,
    /// A value published on purpose: a documentation sample or a known test key.
    Public(&'static str),
}

/// A way to check a value offline.
pub struct Proof {
    /// Name used in rules.
    pub name: &'static str,
    /// What it looks at, in one line.
    pub summary: &'static str,
    /// Looks at a value; never panics, whatever the bytes.
    pub check: fn(Subject<'_>) -> Outcome,
    /// Writes what a template's `{name}` or `{name:argument}` stands for; `so_far` is the text of the
    /// value before it. What it writes makes the proof say [`Outcome::Right`].
    pub forge: fn(so_far: &str, argument: &str, random: &mut fastrand::Rng) -> String,
}

/// Every proof, sorted by name.
static ALL: &[Proof] = &[
    forms::ALGOLIA,
    keys::APTOS,
    atlassian::PROOF,
    atlassian::LEGACY,
    aws_session::ECR,
    aws_key_id::PROOF,
    aws_session::SESSION,
    azure::CASK,
    azure_devops::PROOF,
    azure::HIS,
    claims::PROOF,
    basic::PASSWORD,
    forms::UUID,
    basic::PROOF,
    keys::AGE,
    bedrock::LONG_TERM,
    bedrock::SHORT_TERM,
    keys::BIP32,
    mnemonic::BIP39,
    canonical::BASE32,
    canonical::BASE64,
    cloudflare::PROOF,
    forms::CONVEX,
    crc32::BASE62,
    crc32::BASE62_WHOLE,
    crc32::HEX,
    crc32::HEX_PART,
    crc32::UPPER_HEX_WHOLE,
    obscured::DBEAVER,
    discord::PROOF,
    keys::DNSSEC,
    keys::ED25519_ARRAY,
    keys::ED25519_BASE58,
    keys::ED25519_BASE64,
    elastic::API_KEY,
    elastic::ENROLLMENT,
    mnemonic::ELECTRUM,
    azure::ENTRA,
    keystore::PROOF,
    keys::EVM,
    fly::PROOF,
    jwt::GITHUB_APP,
    github_fine_grained::PROOF,
    gitlab_routable::PROOF,
    obscured::GPP,
    grafana::API_KEY,
    grafana::CLOUD,
    crc32::GRAFANA,
    forms::INTERCOM,
    obscured::JETBRAINS,
    jfrog::PROOF,
    keys::JKS,
    keys::JWK,
    jwt::PROOF,
    keytab::PROOF,
    mapbox::PROOF,
    matrix::MAS,
    matrix::SYNAPSE,
    keys::MINISIGN,
    mnemonic::MONERO,
    obscured::MREMOTENG,
    forms::NGC,
    ngrok::PROOF,
    keys::NKEY,
    keys::NOSTR,
    canonical::NUGET,
    forms::NX_CLOUD,
    onepassword::PROOF,
    keys::ONION,
    openai_marker::PROOF,
    password::PROOF,
    hashes::PROOF,
    keys::PEM,
    keys::PEM_BASE64,
    keys::PEM_CUT,
    keys::PKCS12,
    keys::PPK,
    pypi::PROOF,
    forms::QSTASH,
    rapidapi::PROOF,
    obscured::RCLONE,
    sentry::PROOF,
    keys::SIGNIFY,
    snyk::PROOF,
    forms::WEBHOOK,
    keys::STELLAR,
    keys::SUI,
    forms::TEAMCITY,
    keys::TEZOS,
    password::UNATTEND,
    userinfo::PROOF,
    uuid::PROOF,
    vault::PROOF,
    keys::WIF,
    obscured::WINSCP,
    keys::WIREGUARD,
    workos::PROOF,
    xor62::PROOF,
    keys::XRPL,
];

/// The proof of that name.
pub fn by_name(name: &str) -> Option<&'static Proof> {
    ALL.binary_search_by(|proof| proof.name.cmp(name)).ok().map(|at| &ALL[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_names_is_the_list_of_proofs_and_sorted() {
        let names: Vec<&str> = ALL.iter().map(|proof| proof.name).collect();
        assert_eq!(names, names::NAMES);
        assert!(names.is_sorted());
    }

    #[test]
    fn no_proof_panics_whatever_the_bytes() {
        let mut random = fastrand::Rng::with_seed(1);
        let alphabets: [&[u8]; 3] = [b"aZ09._-+/=~", b"ABCJQ9eyIi.", &[0, 0xff, b'=', b'.', b'A']];
        for _ in 0..20_000 {
            let alphabet = alphabets[random.usize(..alphabets.len())];
            let value: Vec<u8> =
                (0..random.usize(..120)).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
            for proof in ALL {
                (proof.check)(Subject { value: &value, prefix: b"", matched: &value });
            }
        }
    }
}
