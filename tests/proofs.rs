//! Proofs against the values that their own templates write.

#![allow(clippy::unwrap_used)]

use stanch::proofs::{Outcome, Subject, by_name};
use stanch::rules::template;

#[test]
fn what_a_proof_forges_is_right_and_one_other_character_makes_it_wrong() {
    let mut random = fastrand::Rng::with_seed(2);
    for (name, start) in [
        ("atlassian-legacy", "{base62:20}"),
        ("azure-cask", "{base62:52}JQQJ99AB{base62:12}{base62:4}AZDO"),
        ("azure-devops-pat", ""),
        ("azure-his", "{base64:76}+ASt"),
        ("azure-his", "{base64:33}+ASb"),
        ("bip32-private", ""),
        ("bip39", ""),
        ("crc32-base62", "ghp_{base62:30}"),
        ("crc32-base62-whole", "ddp_{base62:30}"),
        ("crc32-hex", "cfut_{base62:40}"),
        ("crc32-hex-part", "zpka_{alnum:32}_"),
        ("crc32-uphex-whole", "ATATT3xFfGF0{base64url:170}="),
        ("ed25519-base58", ""),
        ("ed25519-base64", ""),
        ("electrum-seed", ""),
        ("entra-secret", "{base62:3}8Q~{base62:31}"),
        ("gitlab-routable", "glpat-"),
        ("grafana-sa", "glsa_{base62:32}_"),
        ("matrix-mas", "mat_{base62:30}_"),
        ("matrix-synapse", "syt_"),
        ("nkey-seed", ""),
        ("stellar-seed", ""),
        ("wif", ""),
        ("xrpl-seed", ""),
    ] {
        for seed in 0..20 {
            let value = template::fill(&format!("{start}{{{name}}}"), seed).unwrap();
            let prefix = start.split('{').next().unwrap();
            let outcome = |value: &str| {
                (by_name(name).unwrap().check)(Subject {
                    value: value.as_bytes(),
                    prefix: prefix.as_bytes(),
                    matched: b"",
                })
            };
            assert!(matches!(outcome(&value), Outcome::Right(_)), "{name}, seed {seed}");
            let at = prefix.len() + random.usize(..20);
            let other = if &value[at..=at] == "x" { "y" } else { "x" };
            let spoiled = [&value[..at], other, &value[at + 1..]].concat();
            assert_eq!(outcome(&spoiled), Outcome::Wrong, "{name}, seed {seed}, place {at}");
        }
    }
}

#[test]
fn what_a_structure_forges_is_right_and_its_start_alone_is_not() {
    for (name, start) in [
        ("algolia-secured-key", ""),
        ("aptos-key", "ed25519-priv-0x"),
        ("atlassian-datacenter", "BBDC-"),
        ("aws-ecr-token", ""),
        ("aws-session-token", ""),
        ("base64-json", "key-"),
        ("base64-uuid", ""),
        ("basic-auth", ""),
        ("bedrock-key", "ABSK"),
        ("bedrock-session-key", "bedrock-api-key-"),
        ("cloudflare-tunnel", ""),
        ("dbeaver-credentials", ""),
        ("convex-key", "prod:acme|"),
        ("discord-bot", ""),
        ("ed25519-array", ""),
        ("elastic-api-key", "essu_"),
        ("elastic-enrollment", ""),
        ("ethereum-keystore", ""),
        ("evm-key", ""),
        ("fly-macaroon", "fm2_"),
        ("github-app-jwt", "ghs_1234_"),
        ("gpp-cpassword", ""),
        ("grafana-api-key", ""),
        ("grafana-cloud", "glc_"),
        ("intercom-token", ""),
        ("jetbrains-password", ""),
        ("jfrog-reference", ""),
        ("jks", ""),
        ("jwt", ""),
        ("keytab", ""),
        ("mapbox-token", "sk."),
        ("mremoteng-password", ""),
        ("monero-words", ""),
        ("ngc-key", ""),
        ("ngrok-ksuid", ""),
        ("nx-cloud-token", ""),
        ("nostr-nsec", ""),
        ("nuget-key", ""),
        ("onepassword-service-account", "ops_"),
        ("onion-key", ""),
        ("openai-marker", "sk-proj-{base62:20}"),
        ("password-hash", ""),
        ("pkcs12", ""),
        ("pypi-macaroon", "pypi-AgEIcHlwaS5vcmc"),
        ("qstash-token", ""),
        ("rclone-obscured", ""),
        ("rapidapi-marks", ""),
        ("sentry-org", "sntrys_"),
        ("snyk-token", "snyk_uat.{hex:8}."),
        ("standard-webhook", "whsec_"),
        ("sui-key", ""),
        ("teamcity-token", "eyJ0eXAiOiAiVENWMiJ9."),
        ("tezos-key", ""),
        ("uuid", "xaat-"),
        ("vault-token", "hvs."),
        ("winscp-password", ""),
        ("workos-key", "sk_live_"),
        ("xor-base62", "cio_tp_{base62:31}"),
    ] {
        let rest = if name == "openai-marker" { "{base62:20}" } else { "" };
        for seed in 0..20 {
            let value = template::fill(&format!("{start}{{{name}}}{rest}"), seed).unwrap();
            let prefix = start.split('{').next().unwrap();
            let check = |value: &str| {
                let value = value.as_bytes();
                (by_name(name).unwrap().check)(Subject { value, prefix: prefix.as_bytes(), matched: value })
            };
            assert!(matches!(check(&value), Outcome::Right(_)), "{name}, seed {seed}");
            let start = check(&value[..prefix.len() + 6]);
            assert!(!matches!(start, Outcome::Right(_)), "{name}, seed {seed}: {start:?}");
        }
    }
}
