//! What the provider says about a secret.

/// What is known about whether a secret still works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Nobody was asked.
    #[default]
    NotAsked,
}

impl Verdict {
    /// The word used in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Verdict::NotAsked => "not_asked",
        }
    }
}
