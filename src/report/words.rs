//! What the words of a report mean, in a few words more.

use crate::model::{Confidence, Finding, ProofLevel};

/// Why a finding is as sure as it is.
pub(super) fn of_proof(finding: &Finding) -> &'static str {
    match (finding.evidence.level, finding.confidence) {
        (ProofLevel::Checksum, _) => "its checksum is right",
        (ProofLevel::Structure, _) => "its structure agrees with itself",
        (ProofLevel::Decoded, _) => "what it says of itself can be read",
        (ProofLevel::None, Confidence::Possible) => "it could be one by its shape",
        (ProofLevel::None, _) => "its shape or surroundings are distinctive",
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", indicatif::HumanCount(number), if number == 1 { one } else { many })
}
