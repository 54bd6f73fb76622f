//! From sightings to findings: one secret, all its places, less what is ignored.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::apart;
use super::baseline::Baseline;
use super::id;
use super::ignore_file::IgnoreFile;
use crate::model::{Confidence, Finding, FindingId, Gap, Nearby, Secret, Sighting, Verdict};

/// What remains after ignoring and hiding, and what was counted on the way.
#[derive(Debug, Default)]
pub struct Settled {
    /// Findings to show, sorted: grave first, then sure first, then by place.
    pub findings: Vec<Finding>,
    /// Findings by confidence, hidden ones included, ignored ones not.
    pub found: BTreeMap<&'static str, u64>,
    /// Findings below the wanted confidence.
    pub hidden: u64,
    /// Findings of which every place bears an inline mark.
    pub ignored_inline: u64,
    /// Findings that the ignore file names.
    pub ignored_by_file: u64,
    /// Findings that the baseline names, and the ignore file does not.
    pub ignored_by_baseline: u64,
    /// Gaps that count.
    pub gaps: Vec<Gap>,
    /// Gaps that the ignore file accepts.
    pub accepted_gaps: Vec<Gap>,
}

/// What people said of findings in files.
#[derive(Debug, Default)]
pub struct Dismissed {
    /// What is no leak, or none that matters.
    pub ignores: IgnoreFile,
    /// What was there before.
    pub baseline: Baseline,
}

/// Groups sightings to findings and sorts out what is ignored or below `confidence`.
pub fn settle(
    mut sightings: Vec<Sighting>,
    gaps: Vec<Gap>,
    dismissed: &mut Dismissed,
    confidence: Confidence,
) -> Settled {
    let mut settled = Settled::default();
    apart::join_each_other(&mut sightings);
    for (finding, ignored_inline) in group(sightings) {
        if ignored_inline {
            settled.ignored_inline += 1;
        } else if dismissed.ignores.covers(&finding) {
            settled.ignored_by_file += 1;
        } else if dismissed.baseline.covers(&finding) {
            settled.ignored_by_baseline += 1;
        } else {
            *settled.found.entry(finding.confidence.as_str()).or_default() += 1;
            if finding.confidence < confidence {
                settled.hidden += 1;
            } else {
                settled.findings.push(finding);
            }
        }
    }
    settled.findings.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut gaps = gaps;
    gaps.sort();
    gaps.dedup();
    (settled.accepted_gaps, settled.gaps) = gaps.into_iter().partition(|gap| dismissed.ignores.accepts(gap));
    settled
}

fn order(finding: &Finding) -> impl Ord + '_ {
    let first = finding.places.first().map(|(place, _)| place);
    (Reverse(finding.severity()), Reverse(finding.confidence), first, finding.rule.id, &finding.id)
}

/// One finding for each id and value, and whether all its places are ignored by a mark on their line. A
/// place that bears a mark is not shown among the others.
fn group(sightings: Vec<Sighting>) -> Vec<(Finding, bool)> {
    let mut groups: BTreeMap<(FindingId, Secret), Vec<Sighting>> = BTreeMap::new();
    for sighting in sightings {
        groups.entry((id::of(&sighting), sighting.secret.clone())).or_default().push(sighting);
    }
    groups.into_iter().map(|((id, secret), sightings)| finding(id, secret, sightings)).collect()
}

fn finding(id: FindingId, secret: Secret, mut sightings: Vec<Sighting>) -> (Finding, bool) {
    let ignored = sightings.iter().all(|sighting| sighting.ignored_inline);
    sightings.retain(|sighting| ignored || !sighting.ignored_inline);
    sightings.sort_by(|a, b| a.place.cmp(&b.place));
    sightings.dedup_by(|a, b| a.place == b.place);
    let best = sightings.iter().enumerate().max_by_key(|(at, sighting)| (sighting.confidence, Reverse(*at)));
    let best = best.map_or(0, |(at, _)| at);
    let Sighting { rule, confidence, strength, ref evidence, .. } = sightings[best];
    let evidence = evidence.clone();
    let mut also: Vec<_> = sightings.iter().flat_map(|sighting| sighting.also.clone()).collect();
    also.sort();
    also.dedup();
    let nearby = nearby(&mut sightings, rule.id);
    let places = sightings.into_iter().map(|sighting| (sighting.place, sighting.excerpt)).collect();
    let verdict = Verdict::NotAsked;
    (
        Finding {
            id,
            rule,
            secret,
            confidence,
            strength,
            evidence,
            verdict,
            places,
            also,
            nearby,
            owner: vec![],
        },
        ignored,
    )
}

/// The companions that a rule found at all places, nearest first, each once.
fn nearby(sightings: &mut [Sighting], rule: &str) -> Vec<Nearby> {
    let of_rule = sightings.iter_mut().filter(|sighting| sighting.rule.id == rule);
    let mut all: Vec<Nearby> = of_rule.flat_map(|sighting| std::mem::take(&mut sighting.nearby)).collect();
    all.sort();
    let mut seen = BTreeSet::new();
    all.retain(|nearby| seen.insert((nearby.name, nearby.value.clone())));
    all
}
