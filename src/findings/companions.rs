//! What belongs to a secret and stands in the same text: the key id beside a key, the account beside its token.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::bytes::Regex;

use crate::model::{Candidate, Companion, FoundBy, Nearby, Rule, Secret};
use crate::rules::pattern;

/// So many of one name are kept, nearest first.
const MOST: usize = 3;

/// The companions in one text.
pub(super) struct Companions<'a> {
    text: &'a [u8],
    /// What rules found, all candidates and not only those that are chosen.
    by_rule: HashMap<&'static str, Vec<Range<usize>>>,
    /// What patterns find, once they are asked for.
    by_pattern: HashMap<&'static str, Vec<Range<usize>>>,
}

impl<'a> Companions<'a> {
    pub(super) fn of(text: &'a [u8], candidates: &[Candidate]) -> Companions<'a> {
        let companions = candidates.iter().flat_map(|candidate| candidate.rule.companions.iter());
        let wanted: HashSet<&str> = companions
            .filter_map(|companion| match companion.from {
                FoundBy::OtherRule(rule) => Some(rule),
                FoundBy::Pattern(_) => None,
            })
            .collect();
        let mut by_rule: HashMap<&'static str, Vec<Range<usize>>> = HashMap::new();
        for candidate in candidates.iter().filter(|candidate| wanted.contains(candidate.rule.id)) {
            by_rule.entry(candidate.rule.id).or_default().push(candidate.secret.clone());
        }
        Companions { text, by_rule, by_pattern: HashMap::new() }
    }

    /// The companions of a secret, nearest first.
    pub(super) fn of_secret(&mut self, rule: &Rule, secret: &Range<usize>) -> Vec<Nearby> {
        let mut all: Vec<Nearby> =
            rule.companions.iter().flat_map(|companion| self.of_one(companion, secret)).collect();
        all.sort();
        all
    }

    fn of_one(&mut self, companion: &Companion, secret: &Range<usize>) -> Vec<Nearby> {
        let text = self.text;
        let ranges: &[Range<usize>] = match companion.from {
            FoundBy::OtherRule(rule) => self.by_rule.get(rule).map_or(&[], Vec::as_slice),
            FoundBy::Pattern(pattern) => {
                self.by_pattern.entry(pattern).or_insert_with(|| matches(pattern, text))
            }
        };
        let distance = |range: &Range<usize>| {
            range.start.saturating_sub(secret.end).max(secret.start.saturating_sub(range.end))
        };
        // They are in the order of their places, so that the nearest are around the secret.
        let around = ranges.partition_point(|range| range.start < secret.start);
        let near = &ranges[around.saturating_sub(MOST)..ranges.len().min(around + MOST)];
        let mut near: Vec<Nearby> = near
            .iter()
            .map(|range| Nearby {
                distance: distance(range),
                name: companion.name,
                value: Secret::new(&text[range.clone()]),
            })
            .collect();
        near.sort();
        near.dedup_by(|a, b| a.value == b.value);
        near.truncate(MOST);
        near
    }
}

fn matches(pattern: &'static str, text: &[u8]) -> Vec<Range<usize>> {
    let Some(regex) = compiled(pattern) else { return vec![] };
    let secret =
        |captures: regex::bytes::Captures<'_>| captures.get(1).or(captures.get(0)).map(|found| found.range());
    regex.captures_iter(text).filter_map(secret).collect()
}

/// Patterns are compiled once; there are few.
fn compiled(text: &'static str) -> Option<Arc<Regex>> {
    type Compiled = HashMap<&'static str, Option<Arc<Regex>>>;
    static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    compiled.entry(text).or_insert_with(|| pattern::compile(text).ok().map(Arc::new)).clone()
}
