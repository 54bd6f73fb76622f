//! What the provider says about a secret.

use super::Fact;

/// What is known about whether a secret still works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Nobody was asked.
    #[default]
    NotAsked,
    /// The provider takes it.
    Live(Answered),
    /// The provider does not take it.
    Dead(Answered),
    /// It was to be asked, and nothing follows.
    Unknown(Unknown),
}

/// Who answered and what they told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The host, and the port where it is not the usual one.
    pub host: String,
    /// What the provider says of the token: whose it is, what it may do, until when.
    pub facts: Vec<Fact>,
}

/// Why nothing follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// In a word.
    pub reason: UnknownReason,
    /// In a few words more, for people; holds no secret.
    pub detail: String,
}

/// Why nothing follows, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnknownReason {
    /// The rule knows no way to ask.
    NoVerifier,
    /// The person did not name their server.
    NoEndpoint,
    /// What belongs to it was not found beside it.
    NoCompanion,
    /// The question is not one that is asked by default.
    NotAllowed,
    /// Several rules claim the value, so that it is not clear whom to ask.
    Contested,
    /// It is not sure enough that it is a token of this provider.
    Unsure,
    /// The provider wants no more questions for now.
    RateLimited,
    /// No answer came in time.
    TimedOut,
    /// The connection could not be made, or broke.
    Unreachable,
    /// The answer sends elsewhere, and nothing is sent there.
    Redirected,
    /// The answer is a page for people: a login, a captcha, a firewall's.
    Page,
    /// The provider has trouble of its own.
    ServerError,
    /// The answer is none of those that the vendor documents.
    Unclear,
    /// The provider takes a value that was made up as well.
    AcceptsAnything,
}

impl Verdict {
    /// The word used in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Verdict::NotAsked => "not_asked",
            Verdict::Live(_) => "live",
            Verdict::Dead(_) => "dead",
            Verdict::Unknown(_) => "unknown",
        }
    }

    /// Nothing follows, for this reason.
    pub fn unknown(reason: UnknownReason, detail: impl Into<String>) -> Verdict {
        Verdict::Unknown(Unknown { reason, detail: detail.into() })
    }

    /// Every string that is from outside.
    pub fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let (answered, unknown) = match self {
            Verdict::NotAsked => (None, None),
            Verdict::Live(answered) | Verdict::Dead(answered) => (Some(answered), None),
            Verdict::Unknown(unknown) => (None, Some(unknown)),
        };
        let facts = answered.into_iter().flat_map(|answered| &mut answered.facts).map(|fact| &mut fact.text);
        facts.chain(unknown.map(|unknown| &mut unknown.detail))
    }

    /// What the provider told of it.
    pub fn facts(&self) -> &[Fact] {
        match self {
            Verdict::Live(answered) | Verdict::Dead(answered) => &answered.facts,
            Verdict::NotAsked | Verdict::Unknown(_) => &[],
        }
    }

    /// What the provider told of it under this label.
    pub fn fact(&self, label: &str) -> Option<&str> {
        self.facts().iter().find(|fact| fact.label == label).map(|fact| fact.text.as_str())
    }
}

impl UnknownReason {
    /// All there are.
    pub const ALL: [UnknownReason; 14] = [
        UnknownReason::NoVerifier,
        UnknownReason::NoEndpoint,
        UnknownReason::NoCompanion,
        UnknownReason::NotAllowed,
        UnknownReason::Contested,
        UnknownReason::Unsure,
        UnknownReason::RateLimited,
        UnknownReason::TimedOut,
        UnknownReason::Unreachable,
        UnknownReason::Redirected,
        UnknownReason::Page,
        UnknownReason::ServerError,
        UnknownReason::Unclear,
        UnknownReason::AcceptsAnything,
    ];

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            UnknownReason::NoVerifier => "no-verifier",
            UnknownReason::NoEndpoint => "no-endpoint",
            UnknownReason::NoCompanion => "no-companion",
            UnknownReason::NotAllowed => "not-allowed",
            UnknownReason::Contested => "contested",
            UnknownReason::Unsure => "unsure",
            UnknownReason::RateLimited => "rate-limited",
            UnknownReason::TimedOut => "timed-out",
            UnknownReason::Unreachable => "unreachable",
            UnknownReason::Redirected => "redirected",
            UnknownReason::Page => "page",
            UnknownReason::ServerError => "server-error",
            UnknownReason::Unclear => "unclear",
            UnknownReason::AcceptsAnything => "accepts-anything",
        }
    }
}
