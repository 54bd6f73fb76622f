//! What would be asked of whom, before anything is sent.

use super::{FindingId, Rule, Unknown, Verify};

/// A question about one finding, or why there is none.
#[derive(Debug, Clone)]
pub struct Question {
    /// The finding.
    pub finding: FindingId,
    /// Its rule.
    pub rule: &'static Rule,
    /// What would be done.
    pub asked: Result<Asked, Unknown>,
}

/// A question as it would be sent, without the secret.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is done.
    pub how: How,
    /// The host that it goes to, and the port where it is not the usual one.
    pub host: String,
}

/// What is done to learn whether a secret works.
#[derive(Debug, Clone, Copy)]
pub enum How {
    /// A request, as the rule says.
    Request(&'static Verify),
    /// A login at the server whose address the secret stands in.
    Login,
}
