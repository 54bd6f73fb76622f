//! What may be asked.

use crate::model::{Confidence, Finding, Safety, Unknown, UnknownReason, Verify};

/// What a person allowed. By default only questions that their vendor documents, that change nothing and lock
/// nobody out, about findings that are at least likely and that no other provider's rule claims.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Questions that no vendor documents as well.
    pub unconfirmed: bool,
    /// Questions that change something, or that can lock an account.
    pub allow_effect: bool,
    /// Logins at databases, at the host that stands in the secret.
    pub databases: bool,
    /// Ids of findings and rules of which all may be asked that is to be asked at all.
    pub named: Vec<String>,
}

impl Policy {
    /// Whether a finding may be asked about.
    pub(super) fn allows(&self, finding: &Finding, verify: &Verify) -> Result<(), Unknown> {
        let no = |reason, detail: &str| Err(Unknown { reason, detail: detail.to_owned() });
        let named = self.names(finding);
        if finding.confidence == Confidence::Possible && !named {
            return no(
                UnknownReason::Unsure,
                "only a possible token; name its id with --id to ask all the same",
            );
        }
        if finding.is_contested() && !named {
            return no(
                UnknownReason::Contested,
                "rules of several providers claim it; name its id with --id to ask that of the first",
            );
        }
        if verify.source != "vendor-doc" && !self.unconfirmed {
            return no(
                UnknownReason::NotAllowed,
                "the vendor does not document the question; --unconfirmed asks it",
            );
        }
        let Safety { changes_state, locks_out, .. } = verify.safety;
        if changes_state && !self.allow_effect {
            return no(UnknownReason::NotAllowed, "the question changes something; --allow-effect asks it");
        }
        if locks_out && !self.allow_effect {
            return no(UnknownReason::NotAllowed, "the question can lock an account; --allow-effect asks it");
        }
        Ok(())
    }

    /// Whether a login may be tried with a finding.
    pub(super) fn allows_login(&self, finding: &Finding) -> Result<(), Unknown> {
        let no = |reason, detail: &str| Err(Unknown { reason, detail: detail.to_owned() });
        if !self.databases {
            return no(
                UnknownReason::NotAllowed,
                "nobody logs in at databases unasked; --databases (--verify=databases of a scan) does",
            );
        }
        if finding.confidence == Confidence::Possible && !self.names(finding) {
            return no(
                UnknownReason::Unsure,
                "only a possible password; name its id with --id to try it all the same",
            );
        }
        Ok(())
    }

    /// Whether a finding or its rule was named.
    pub fn names(&self, finding: &Finding) -> bool {
        self.named.iter().any(|name| *name == finding.id.0 || name == finding.rule.id)
    }
}
