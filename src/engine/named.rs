//! Values of names: what stands under a name that promises a secret, and whether it is one.

use std::ops::Range;

use super::refusal::Refusal;
use crate::bindings::{self, Binding, Language, Syntax};
use crate::judge::{Judgement, Manner, Subject, judge};
use crate::model::{Candidate, Confidence, Evidence, Promise, ProofLevel, Rule};

/// Every sort of text: where it is not known which one a text is of, any of them may be right.
pub(super) const ANY: &[Language] = &[
    Language::Code,
    Language::Shell,
    Language::Settings,
    Language::Markup,
    Language::Prose,
    Language::Unknown,
];

/// The value in the match, or the one bound to the name around it, if it is a secret in one of these languages.
pub(super) fn candidate(
    rule: &'static Rule,
    promise: Promise,
    bytes: &[u8],
    (matched, secret): (Range<usize>, Range<usize>),
    languages: &[Language],
) -> Result<Candidate, Refusal> {
    let judged = |binding| judged(rule, promise, bytes, binding);
    if matched != secret {
        let name = matched.start..matched.start;
        return judged(Binding { name, value: secret, syntax: Syntax::Quoted });
    }
    let mut outcome = Err(Refusal::Unbound);
    for &language in languages {
        if let Some(binding) = bindings::bound(bytes, matched.clone(), language) {
            outcome = judged(binding);
        }
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn judged(
    rule: &'static Rule,
    promise: Promise,
    bytes: &[u8],
    binding: Binding,
) -> Result<Candidate, Refusal> {
    match judge(subject(bytes, &binding, promise)) {
        Judgement::Not(reason) => Err(Refusal::Judged(reason)),
        Judgement::Secret { confidence, strength, .. } => Ok(Candidate {
            rule,
            matched: binding.name.start.min(binding.value.start)..binding.name.end.max(binding.value.end),
            secret: binding.value,
            confidence: confidence.min(sureness(binding.syntax)).min(rule.confidence),
            strength,
            evidence: Evidence::of(ProofLevel::None),
            decoded: None,
        }),
    }
}

/// What is to be judged of a binding.
fn subject<'a>(bytes: &'a [u8], binding: &Binding, promise: Promise) -> Subject<'a> {
    let manner = match binding.syntax {
        Syntax::Quoted | Syntax::Compared => Manner::Quoted,
        Syntax::Bare => Manner::Bare,
        Syntax::Said => Manner::Said,
    };
    Subject { name: &bytes[binding.name.clone()], value: &bytes[binding.value.clone()], promise, manner }
}

/// How sure what is bound like this can be.
fn sureness(syntax: Syntax) -> Confidence {
    match syntax {
        Syntax::Quoted | Syntax::Bare => Confidence::Likely,
        Syntax::Compared | Syntax::Said => Confidence::Possible,
    }
}
