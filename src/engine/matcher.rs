//! One rule, tried at one place: guards, pattern, context, proof. What the engine reports and what its
//! test compares it with is decided here.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::Regex;

use super::context::{Context, Nearby};
use super::{guard, named};
use crate::bindings::Language;
use crate::model::{Candidate, Confidence, Evidence, ProofLevel, Rule, WrongProof};
use crate::proofs::{self, Outcome};
use crate::rules::pattern::{self, Anchored};

/// A rule with its pattern, compiled when it is first needed: most runs meet few rules.
pub(super) struct Matcher {
    pub(super) rule: &'static Rule,
    anchored: OnceLock<Option<Anchored>>,
    unanchored: OnceLock<Option<Regex>>,
}

impl Matcher {
    pub(super) fn new(rule: &'static Rule) -> Matcher {
        Matcher { rule, anchored: OnceLock::new(), unanchored: OnceLock::new() }
    }

    /// The candidate whose match starts at `at`, if there is one in a text that is in one of these languages.
    pub(super) fn try_at(
        &self,
        bytes: &[u8],
        at: usize,
        context: &mut Context<'_>,
        languages: &[Language],
    ) -> Option<Candidate> {
        if !self.may_begin(&bytes[at..]) || !guard::may_start(self.rule, bytes, at) {
            return None;
        }
        let (matched, secret) = self.matched(bytes, at)?;
        if let Some(promise) = self.rule.promise {
            return named::candidate(self.rule, promise, bytes, (matched, secret), languages);
        }
        let value = &bytes[secret.clone()];
        if self.rule.needs_digit && !value.iter().any(u8::is_ascii_digit)
            || self.rule.needs_both_cases && !mixes_cases(value)
        {
            return None;
        }
        if !context.allows(self.rule, Nearby::of(bytes, &matched)) {
            return None;
        }
        let (confidence, evidence) = self.judge(value, &bytes[matched.clone()])?;
        Some(Candidate { rule: self.rule, matched, secret, confidence, strength: self.rule.strength, evidence })
    }

    /// Whether a match may begin like this; it is no longer than the shortest one.
    #[inline]
    fn may_begin(&self, text: &[u8]) -> bool {
        let head = self.rule.head;
        head.len() <= text.len() && head.iter().zip(text).all(|(set, &byte)| set.contains(byte))
    }

    /// Where the pattern matches next, without regard to its longest length.
    pub(super) fn next_start(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let regex = self.unanchored.get_or_init(|| pattern::compile(self.rule.pattern).ok()).as_ref()?;
        Some(regex.find_at(bytes, from)?.start())
    }

    /// The match that starts at `at` and ends where it may, and the secret in it.
    fn matched(&self, bytes: &[u8], at: usize) -> Option<(Range<usize>, Range<usize>)> {
        let anchored = self.anchored.get_or_init(|| Anchored::new(self.rule.pattern).ok()).as_ref()?;
        let window = &bytes[at..bytes.len().min(at + self.rule.max_len)];
        // Mostly there is no such match, which is known sooner without the group.
        let end = at + anchored.end(window)?;
        if !guard::may_end(self.rule, bytes, end) {
            return None;
        }
        let secret = anchored.secret(window)?;
        Some((at..end, at + secret.start..at + secret.end))
    }

    /// What the proof makes of the value; `None` when it is no leak.
    fn judge(&self, value: &[u8], matched: &[u8]) -> Option<(Confidence, Evidence)> {
        if proofs::published(value).is_some() {
            return None;
        }
        let rule = self.rule;
        let (confidence, evidence) = match proofs::judge(rule, value, matched) {
            Outcome::Right(evidence) if evidence.level >= ProofLevel::Structure => {
                return Some((Confidence::Proven, evidence));
            }
            Outcome::Right(evidence) => (rule.confidence, evidence),
            Outcome::Silent => (rule.confidence, Evidence::of(ProofLevel::None)),
            Outcome::Wrong => match rule.wrong_proof {
                WrongProof::Drops => return None,
                WrongProof::Lowers => (rule.confidence.lowered(), Evidence::of(ProofLevel::None)),
            },
            Outcome::Public(_) => return None,
        };
        let sample = rule.drop_samples && proofs::is_sample(value, rule.prefix.as_bytes());
        (!sample).then_some((confidence, evidence))
    }
}

/// Whether there are letters of both cases.
pub(super) fn mixes_cases(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase)
}
