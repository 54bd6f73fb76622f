//! One rule, tried at one place: guards, pattern, context, proof. What the engine reports and what its
//! test compares it with is decided here.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::Regex;

use super::context::{Context, Nearby};
use super::refusal::Refusal;
use super::{guard, named};
use crate::bindings::{self, Language};
use crate::model::{Candidate, Confidence, Evidence, ProofLevel, Rule, WrongProof};
use crate::proofs::{self, Outcome};
use crate::rules::pattern::{self, Anchored};

/// A rule with its pattern, compiled when it is first needed: most runs meet few rules.
pub(super) struct Matcher {
    pub(super) rule: &'static Rule,
    anchored: OnceLock<Option<Anchored>>,
    unanchored: OnceLock<Option<Regex>>,
    /// Whether the pattern is one of names, and not of values.
    is_of_names: bool,
}

impl Matcher {
    pub(super) fn new(rule: &'static Rule) -> Matcher {
        let is_of_names = rule.takes_bound_values();
        Matcher { rule, anchored: OnceLock::new(), unanchored: OnceLock::new(), is_of_names }
    }

    /// The candidate whose match starts at `at`, if there is one in a text that is in one of these languages.
    pub(super) fn try_at<'l>(
        &self,
        bytes: &[u8],
        at: usize,
        context: &mut Context<'_>,
        languages: impl FnOnce() -> &'l [Language],
    ) -> Option<Candidate> {
        if !self.may_begin(&bytes[at..]) || !guard::may_start(self.rule, bytes, at) {
            return None;
        }
        if self.is_of_names && !bindings::may_bind(&bytes[at..]) {
            return None;
        }
        let (matched, secret) = self.matched(bytes, at)?;
        self.weigh(bytes, matched, secret, context, languages).ok()
    }

    /// Where the pattern matches that is tried at `at`, and what follows from it.
    pub(super) fn explain_at(
        &self,
        bytes: &[u8],
        at: usize,
        context: &mut Context<'_>,
        language: Language,
    ) -> Option<(Range<usize>, Result<Candidate, Refusal>)> {
        let anchored = self.anchored()?;
        let window = &bytes[at..bytes.len().min(at + self.rule.max_len)];
        let end = anchored.end(window)?;
        let matched = at..at + end;
        if !guard::may_start(self.rule, bytes, at) || !guard::may_end(self.rule, bytes, matched.end) {
            return Some((matched, Err(Refusal::PartOfWord)));
        }
        let secret = anchored.secret(window, end)?;
        let secret = at + secret.start..at + secret.end;
        let outcome = self.weigh(bytes, matched.clone(), secret, context, || std::slice::from_ref(&language));
        Some((matched, outcome))
    }

    /// What follows from a match.
    fn weigh<'l>(
        &self,
        bytes: &[u8],
        matched: Range<usize>,
        secret: Range<usize>,
        context: &mut Context<'_>,
        languages: impl FnOnce() -> &'l [Language],
    ) -> Result<Candidate, Refusal> {
        let rule = self.rule;
        if let Some(promise) = rule.promise {
            return named::candidate(rule, promise, bytes, (matched, secret), languages());
        }
        let value = &bytes[secret.clone()];
        if rule.needs_digit && !value.iter().any(u8::is_ascii_digit) {
            return Err(Refusal::NoDigit);
        }
        if rule.needs_both_cases && !mixes_cases(value) {
            return Err(Refusal::OneCase);
        }
        if !context.allows(rule, Nearby::of(bytes, &matched)) {
            return Err(Refusal::NoContext);
        }
        let (confidence, evidence) = self.judge(value, &bytes[matched.clone()])?;
        Ok(Candidate { rule, matched, secret, confidence, strength: rule.strength, evidence, decoded: None })
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

    fn anchored(&self) -> Option<&Anchored> {
        self.anchored.get_or_init(|| Anchored::new(self.rule.pattern).ok()).as_ref()
    }

    /// The match that starts at `at` and ends where it may, and the secret in it.
    fn matched(&self, bytes: &[u8], at: usize) -> Option<(Range<usize>, Range<usize>)> {
        let anchored = self.anchored()?;
        let window = &bytes[at..bytes.len().min(at + self.rule.max_len)];
        // Mostly there is no such match, which is known sooner without the group.
        let length = anchored.end(window)?;
        let end = at + length;
        if !guard::may_end(self.rule, bytes, end) {
            return None;
        }
        let secret = anchored.secret(window, length)?;
        Some((at..end, at + secret.start..at + secret.end))
    }

    /// What the proof makes of the value.
    fn judge(&self, value: &[u8], matched: &[u8]) -> Result<(Confidence, Evidence), Refusal> {
        if proofs::published(value).is_some() {
            return Err(Refusal::Published);
        }
        let rule = self.rule;
        let (confidence, evidence) = match proofs::judge(rule, value, matched) {
            Outcome::Right(evidence) if evidence.level >= ProofLevel::Structure => {
                return Ok((Confidence::Proven, evidence));
            }
            Outcome::Right(evidence) => (rule.confidence, evidence),
            Outcome::Silent => (rule.confidence, Evidence::of(ProofLevel::None)),
            Outcome::Wrong => match rule.wrong_proof {
                WrongProof::Drops => return Err(Refusal::Unproven),
                WrongProof::Lowers => (rule.confidence.lowered(), Evidence::of(ProofLevel::None)),
            },
            Outcome::Public(_) => return Err(Refusal::Published),
        };
        let sample = rule.drop_samples && proofs::is_sample(value, rule.prefix.as_bytes());
        if sample { Err(Refusal::Sample) } else { Ok((confidence, evidence)) }
    }
}

/// Whether there are letters of both cases.
pub(super) fn mixes_cases(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase)
}
