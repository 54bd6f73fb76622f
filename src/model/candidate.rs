//! What the engine hands over: a rule's match in one text, as ranges. No secret is copied but what was decoded.

use std::ops::Range;

use super::{Confidence, ProofLevel, Rule, Secret, Strength};

/// A match of a rule after guards, context and proof. Both ranges are byte offsets in the scanned text.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The rule that matched.
    pub rule: &'static Rule,
    /// The whole match.
    pub matched: Range<usize>,
    /// The secret inside it.
    pub secret: Range<usize>,
    /// How sure it is, proof included.
    pub confidence: Confidence,
    /// Whether this value can be guessed.
    pub strength: Strength,
    /// What the proof found.
    pub evidence: Evidence,
    /// What it is when it is decoded, where the text holds it in encoded form.
    pub decoded: Option<Box<Unwrapped>>,
}

impl Candidate {
    /// The value that was found in this text.
    pub fn value(&self, text: &[u8]) -> Secret {
        match &self.decoded {
            Some(decoded) => decoded.value.clone(),
            None => Secret::new(&text[self.secret.clone()]),
        }
    }
}

/// What stands in a text in encoded form.
#[derive(Debug, Clone)]
pub struct Unwrapped {
    /// The secret.
    pub value: Secret,
    /// The name it is bound to, if any.
    pub bound_name: Option<String>,
    /// Whether nothing of it can be read without decoding.
    pub is_opaque: bool,
}

/// What can be said about a value offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// How strong it is.
    pub level: ProofLevel,
    /// What was read from the value; never the value itself or a part of it that is secret.
    pub facts: Vec<Fact>,
}

/// One thing read from a value: its account, its expiry, whether it is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Lower-case word: `account`, `expires`, `encrypted`, ...
    pub label: &'static str,
    /// What was read, for people.
    pub text: String,
}

impl Evidence {
    /// Evidence of this strength with nothing to tell.
    pub fn of(level: ProofLevel) -> Evidence {
        Evidence { level, facts: Vec::new() }
    }

    /// The same evidence with one fact more.
    pub fn with(mut self, label: &'static str, text: impl Into<String>) -> Evidence {
        self.facts.push(Fact { label, text: text.into() });
        self
    }
}
