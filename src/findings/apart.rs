//! Companions that stand in other files than their secret: the key id in one, the key in another.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use regex::bytes::Regex;

use super::companions::{MOST, compiled, matches};
use crate::model::{BlobPath, Companion, Confidence, Distance, FoundBy, Nearby, Secret, Sighting};

/// So many matches of one pattern or rule are kept; what stands in more places tells nothing.
const MOST_SPOTS: usize = 1000;

/// What patterns find in other files, for the sightings that lack a companion.
pub struct Apart {
    patterns: Vec<(&'static str, Arc<Regex>)>,
    spots: Mutex<Spots>,
}

/// Where something stands that may be a companion, by the pattern or the rule that found it.
type Spots = HashMap<&'static str, Vec<Spot>>;

struct Spot {
    path: BlobPath,
    line: u64,
    value: Secret,
}

impl Apart {
    /// A search for what these lack; nothing, where they lack nothing that a pattern finds. For what is merely
    /// possible it is not worth the while.
    pub fn of(sightings: &[Sighting]) -> Option<Apart> {
        let wanted: HashSet<&'static str> = sightings
            .iter()
            .filter(|sighting| sighting.confidence > Confidence::Possible)
            .flat_map(lacking)
            .filter(|companion| matches!(companion.from, FoundBy::Pattern(_)))
            .map(finder)
            .collect();
        let patterns: Vec<_> =
            wanted.into_iter().filter_map(|pattern| Some((pattern, compiled(pattern)?))).collect();
        (!patterns.is_empty()).then(|| Apart { patterns, spots: Mutex::default() })
    }

    /// Looks at a whole text.
    pub fn look(&self, path: &BlobPath, text: &[u8]) {
        for (pattern, regex) in &self.patterns {
            let (mut line, mut counted) = (1, 0);
            for range in matches(regex, text) {
                line += memchr::memchr_iter(b'\n', &text[counted..range.start]).count() as u64;
                counted = range.start;
                let spot = Spot { path: path.clone(), line, value: Secret::new(&text[range]) };
                let mut spots = self.spots.lock().unwrap_or_else(PoisonError::into_inner);
                let spots = spots.entry(pattern).or_default();
                if spots.len() > MOST_SPOTS {
                    break;
                }
                spots.push(spot);
            }
        }
    }

    /// Joins what was seen to those that lack it.
    pub fn join(self, sightings: &mut [Sighting]) {
        join(sightings, &self.spots.into_inner().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Joins what rules found in different files and is a companion of each other.
pub(super) fn join_each_other(sightings: &mut [Sighting]) {
    let wanted: HashSet<&'static str> = sightings.iter().flat_map(lacking).map(finder).collect();
    let mut spots = Spots::new();
    for Sighting { rule, place, secret, .. } in sightings.iter().filter(|s| wanted.contains(s.rule.id)) {
        let spot = Spot { path: place.path.clone(), line: place.line, value: secret.clone() };
        spots.entry(rule.id).or_default().push(spot);
    }
    join(sightings, &spots);
}

/// The companions that a secret needs and that do not stand in its own text. An address at which it logs in is
/// around it or nowhere.
fn lacking(sighting: &Sighting) -> impl Iterator<Item = &'static Companion> {
    let has = |companion: &Companion| sighting.nearby.iter().any(|near| near.name == companion.name);
    let is_address = |companion: &Companion| sighting.rule.login == Some(companion.name);
    let is_needed = move |companion: &Companion| !companion.optional && !is_address(companion);
    sighting.rule.companions.0.iter().filter(move |companion| is_needed(companion) && !has(companion))
}

/// The pattern or the rule that finds a companion: no rule's id is a pattern of a companion.
fn finder(companion: &Companion) -> &'static str {
    match companion.from {
        FoundBy::Pattern(text) | FoundBy::OtherRule(text) => text,
    }
}

/// Adds the nearest of the spots to each sighting that lacks a companion.
fn join(sightings: &mut [Sighting], spots: &Spots) {
    // Sightings in one file have the same ones.
    let mut nearest: BTreeMap<(BlobPath, &str), Vec<Nearby>> = BTreeMap::new();
    for sighting in sightings {
        let found: Vec<Nearby> = lacking(sighting)
            .filter_map(|companion| Some((companion, spots.get(finder(companion))?)))
            .filter(|(_, spots)| spots.len() <= MOST_SPOTS)
            .flat_map(|(companion, spots)| {
                let from = &sighting.place.path;
                let near = nearest.entry((from.clone(), finder(companion)));
                let near = near.or_insert_with(|| nearest_to(from, spots));
                near.iter().map(|near| Nearby { name: companion.name, ..near.clone() }).collect::<Vec<_>>()
            })
            .collect();
        sighting.nearby.extend(found);
        sighting.nearby.sort();
    }
}

fn nearest_to(path: &BlobPath, spots: &[Spot]) -> Vec<Nearby> {
    let nearby = |spot: &Spot| Nearby {
        distance: Distance::Folders(folders_between(path, &spot.path)),
        name: "",
        value: spot.value.clone(),
        path: spot.path.clone(),
        line: spot.line,
    };
    let mut all: Vec<Nearby> = spots.iter().map(nearby).collect();
    all.sort();
    let mut values = HashSet::new();
    all.retain(|near| values.insert(near.value.clone()));
    all.truncate(MOST);
    all
}

/// How many folders lead from one file to another: out of those that hold only the first, into those that hold
/// only the second.
fn folders_between(a: &BlobPath, b: &BlobPath) -> usize {
    fn folders(path: &BlobPath) -> impl Iterator<Item = &[u8]> {
        let depth = memchr::memchr_iter(b'/', path.as_bytes()).count();
        path.as_bytes().split(|&byte| byte == b'/').take(depth)
    }
    let shared = folders(a).zip(folders(b)).take_while(|(a, b)| a == b).count();
    folders(a).count() + folders(b).count() - 2 * shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_counted_out_and_in() {
        for (a, b, expected) in [
            ("a.env", "b.env", 0),
            ("x/a.env", "x/b.env", 0),
            ("x/a.env", "b.env", 1),
            ("x/y/a.env", "x/z/b.env", 2),
            ("x/a.env", "xy/a.env", 2),
        ] {
            assert_eq!(folders_between(&a.into(), &b.into()), expected, "{a} {b}");
        }
    }
}
