//! The names of the proofs, for whoever must know them without running them: the build script.

/// Every name that a rule may give as its `proof`, sorted.
pub const NAMES: &[&str] = &[
    "aws-key-id",
    "azure-cask",
    "azure-his",
    "crc32-base62",
    "crc32-base62-whole",
    "crc32-hex",
    "crc32-uphex-whole",
    "entra-secret",
    "gitlab-routable",
    "grafana-sa",
    "jwt",
    "openai-marker",
    "pem",
    "pem-base64",
    "pem-cut",
    "uri-userinfo",
];
