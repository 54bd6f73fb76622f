//! What belongs to a secret and stands in the same text: the key id beside a key, the account beside its token.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::bytes::Regex;

use crate::model::{BlobPath, Candidate, Companion, Distance, FoundBy, Nearby, Rule, Secret};
use crate::rules::pattern;

/// So many of one name are kept, nearest first.
pub(super) const MOST: usize = 3;

/// The companions in one text.
pub(super) struct Companions<'a> {
    text: &'a [u8],
    path: &'a BlobPath,
    /// What rules found, all candidates and not only those that are chosen.
    by_rule: HashMap<&'static str, Vec<Spot>>,
    /// What patterns find, once they are asked for.
    by_pattern: HashMap<&'static str, Vec<Spot>>,
}

/// Where something stands, and what it says there once it is decoded, where it has to be.
struct Spot {
    range: Range<usize>,
    decoded: Option<Secret>,
}

impl<'a> Companions<'a> {
    pub(super) fn of(text: &'a [u8], path: &'a BlobPath, candidates: &[Candidate]) -> Companions<'a> {
        let companions = candidates.iter().flat_map(|candidate| candidate.rule.companions.iter());
        let wanted: HashSet<&str> = companions
            .filter_map(|companion| match companion.from {
                FoundBy::OtherRule(rule) => Some(rule),
                FoundBy::Pattern(_) => None,
            })
            .collect();
        let mut by_rule: HashMap<&'static str, Vec<Spot>> = HashMap::new();
        for candidate in candidates.iter().filter(|candidate| wanted.contains(candidate.rule.id)) {
            let decoded = candidate.decoded.as_ref().map(|decoded| decoded.value.clone());
            let spot = Spot { range: candidate.secret.clone(), decoded };
            by_rule.entry(candidate.rule.id).or_default().push(spot);
        }
        Companions { text, path, by_rule, by_pattern: HashMap::new() }
    }

    /// The companions of a secret that stands on `line`, nearest first.
    pub(super) fn of_secret(&mut self, rule: &Rule, secret: &Range<usize>, line: u64) -> Vec<Nearby> {
        let of_one = |companion| self.of_one(companion, secret, line);
        let mut all: Vec<Nearby> = rule.companions.iter().flat_map(of_one).collect();
        all.sort();
        all
    }

    fn of_one(&mut self, companion: &Companion, secret: &Range<usize>, line: u64) -> Vec<Nearby> {
        let (text, path) = (self.text, self.path);
        let lines = |between: Range<usize>| memchr::memchr_iter(b'\n', &text[between]).count() as u64;
        let spots: &[Spot] = match companion.from {
            FoundBy::OtherRule(rule) => self.by_rule.get(rule).map_or(&[], Vec::as_slice),
            FoundBy::Pattern(pattern) => self
                .by_pattern
                .entry(pattern)
                .or_insert_with(|| compiled(pattern).map_or(vec![], |regex| spots(matches(&regex, text)))),
        };
        let distance = |range: &Range<usize>| {
            range.start.saturating_sub(secret.end).max(secret.start.saturating_sub(range.end))
        };
        // They are in the order of their places, so that the nearest are around the secret.
        let around = spots.partition_point(|spot| spot.range.start < secret.start);
        let near = &spots[around.saturating_sub(MOST)..spots.len().min(around + MOST)];
        let mut near: Vec<Nearby> = near
            .iter()
            .map(|Spot { range, decoded }| Nearby {
                distance: Distance::Bytes(distance(range)),
                name: companion.name,
                value: decoded.clone().unwrap_or_else(|| Secret::new(&text[range.clone()])),
                path: path.clone(),
                line: match range.start.checked_sub(secret.start) {
                    Some(_) => line + lines(secret.start..range.start),
                    None => line - lines(range.start..secret.start),
                },
            })
            .collect();
        near.sort();
        near.dedup_by(|a, b| a.value == b.value);
        near.truncate(MOST);
        near
    }
}

fn spots(ranges: Vec<Range<usize>>) -> Vec<Spot> {
    ranges.into_iter().map(|range| Spot { range, decoded: None }).collect()
}

/// Where a pattern's companions stand: its capture group 1, where there is one.
pub(super) fn matches(regex: &Regex, text: &[u8]) -> Vec<Range<usize>> {
    let secret =
        |captures: regex::bytes::Captures<'_>| captures.get(1).or(captures.get(0)).map(|found| found.range());
    regex.captures_iter(text).filter_map(secret).collect()
}

/// Patterns are compiled once; there are few.
pub(super) fn compiled(text: &'static str) -> Option<Arc<Regex>> {
    type Compiled = HashMap<&'static str, Option<Arc<Regex>>>;
    static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    compiled.entry(text).or_insert_with(|| pattern::compile(text).ok().map(Arc::new)).clone()
}
