//! What each rule makes of a part of a text, and why: the slow way, every pattern at every offset.

use std::ops::Range;

use super::context::Context;
use super::refusal::Refusal;
use super::{Engine, Text, files};
use crate::bindings::Language;
use crate::model::{Candidate, Rule};

/// What a rule makes of a match of its pattern.
#[derive(Debug)]
pub struct Explained {
    /// The rule.
    pub rule: &'static Rule,
    /// Where the pattern matches.
    pub matched: Range<usize>,
    /// What follows from it.
    pub outcome: Result<Candidate, Refusal>,
}

/// How far before a part matches are looked for that reach into it, in bytes.
const BEFORE: usize = 4096;

impl Engine {
    /// Every match of every rule that has a byte in `part` of the text, with what became of it, by place and rule.
    pub fn explain(&self, text: Text<'_>, part: Range<usize>) -> Vec<Explained> {
        let language = Language::of(text.path);
        let mut context = Context::new(&self.words, text.bytes);
        let mut all = vec![];
        for matcher in &self.matchers {
            let rule = matcher.rule;
            if !files::is_for(rule, text.path) {
                continue;
            }
            let mut from = part.start.saturating_sub(BEFORE.min(rule.max_len));
            while let Some(at) = matcher.next_start(text.bytes, from).filter(|&at| at < part.end) {
                from = at + 1;
                let explained = matcher.explain_at(text.bytes, at, &mut context, language);
                let Some((matched, outcome)) = explained else { continue };
                let outcome = match outcome {
                    Ok(_) if text.binary && !rule.in_binary => Err(Refusal::Binary),
                    outcome => outcome,
                };
                let place = outcome.as_ref().map_or(&matched, |candidate| &candidate.secret);
                let reaches = place.start < part.end && part.start < place.end;
                // The rest of a word that was told says nothing new.
                let is_rest = matches!(outcome, Err(Refusal::PartOfWord))
                    && all.iter().any(|known: &Explained| known.rule.id == rule.id && at < known.matched.end);
                if reaches && !is_rest {
                    all.push(Explained { rule, matched, outcome });
                }
            }
        }
        all.sort_by_key(|explained| (explained.matched.start, explained.rule.id));
        all
    }
}
