//! How a secret is shown, and that it is shown nowhere else: paths, details, facts and notes that hold a
//! secret of the report are masked before any format sees them.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use crate::model::{BlobPath, Confidence, Finding, Report, Rule, Specificity, Strength};

/// Shorter secrets would blot out ordinary words; they are masked only where a part of a path is nothing
/// else.
const SHORTEST: usize = 6;

/// Secrets are looked for by their first bytes, so that a thousand private keys do not make an automaton
/// of megabytes.
const HEAD: usize = 64;

/// What stands in place of a secret: the fixed public prefix of its rule and `…`, or `…` alone where the
/// value can be guessed.
pub(super) fn mask(rule: &Rule) -> String {
    match rule.strength {
        Strength::Random => format!("{}…", rule.prefix),
        Strength::Weak => "…".into(),
    }
}

/// A secret as it is shown.
pub fn masked_value(finding: &Finding) -> String {
    mask(finding.rule)
}

/// The same findings with every secret of them masked in every string.
pub fn masked_findings(findings: Vec<Finding>) -> Vec<Finding> {
    masked(&Report { findings, ..Report::default() }).findings
}

/// Length of a secret in bytes, unless it can be guessed.
pub(super) fn length(finding: &Finding) -> Option<usize> {
    match finding.strength {
        Strength::Random => Some(finding.secret.expose().len()),
        Strength::Weak => None,
    }
}

/// The same report with every secret that it knows masked in every string.
pub(super) fn masked(report: &Report) -> Report {
    let masker = Masker::new(&report.findings);
    let mut masked = report.clone();
    for finding in &mut masked.findings {
        for fact in &mut finding.evidence.facts {
            masker.text(&mut fact.text);
        }
        finding.owner.iter_mut().for_each(|fact| masker.text(&mut fact.text));
        finding.verdict.texts_mut().for_each(|text| masker.text(text));
        finding.nearby.iter_mut().for_each(|near| masker.path(&mut near.path));
        for (place, excerpt) in &mut finding.places {
            masker.path(&mut place.path);
            masker.text(excerpt);
            place.texts_mut().for_each(|text| masker.text(text));
        }
    }
    for gap in masked.gaps.iter_mut().chain(&mut masked.accepted_gaps) {
        masker.path(&mut gap.path);
        masker.text(&mut gap.detail);
    }
    for note in &mut masked.notes {
        masker.text(note);
    }
    masked
}

/// Whether a value may as well be a word: it is merely possible, and would be masked wherever the word stands.
fn is_mere_word(finding: &Finding) -> bool {
    finding.confidence == Confidence::Possible
        && finding.rule.specificity == Specificity::Judged
        && finding.secret.expose().len() < LONGEST_WORD
}

/// Knows all secrets of a report and finds them in its strings.
struct Masker<'a> {
    heads: AhoCorasick,
    /// The secrets behind each head, in the order of the automaton's patterns.
    behind: Vec<Vec<(&'a [u8], &'a Rule)>>,
    short: BTreeMap<&'a [u8], &'a Rule>,
}

/// Values that may be words are shorter than this, in bytes.
const LONGEST_WORD: usize = 12;

impl<'a> Masker<'a> {
    fn new(findings: &'a [Finding]) -> Masker<'a> {
        let mut short = BTreeMap::new();
        let mut by_head: BTreeMap<&[u8], Vec<(&[u8], &Rule)>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| !is_mere_word(finding)) {
            let secret = finding.secret.expose();
            if secret.len() < SHORTEST {
                short.insert(secret, finding.rule);
            } else {
                let head = &secret[..secret.len().min(HEAD)];
                by_head.entry(head).or_default().push((secret, finding.rule));
            }
        }
        let heads = AhoCorasick::new(by_head.keys()).expect("heads of all findings fit an automaton");
        Masker { heads, behind: by_head.into_values().collect(), short }
    }

    fn text(&self, text: &mut String) {
        if let Some(masked) = self.masked(text.as_bytes()) {
            *text = String::from_utf8_lossy(&masked).into_owned();
        }
    }

    fn path(&self, path: &mut BlobPath) {
        let masked = self.masked(path.as_bytes());
        let bytes = masked.as_deref().unwrap_or(path.as_bytes());
        let is_short = |part: &[u8]| self.short.contains_key(part);
        if bytes.split(|&byte| byte == b'/').any(is_short) {
            let parts: Vec<Vec<u8>> = bytes.split(|&byte| byte == b'/').map(|part| self.part(part)).collect();
            *path = BlobPath::new(parts.join(&b'/'));
        } else if let Some(masked) = masked {
            *path = BlobPath::new(masked);
        }
    }

    fn part(&self, part: &[u8]) -> Vec<u8> {
        self.short.get(part).map_or_else(|| part.to_vec(), |rule| mask(rule).into_bytes())
    }

    /// The text with its secrets masked, or nothing where it holds none. Of overlapping secrets no byte
    /// stays.
    fn masked(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut hits: Vec<(Range<usize>, &Rule)> = self
            .heads
            .find_overlapping_iter(text)
            .flat_map(|hit| {
                let (start, secrets) = (hit.start(), &self.behind[hit.pattern()]);
                secrets
                    .iter()
                    .map(move |(secret, rule)| (start..start + agreement(&text[start..], secret), *rule))
            })
            .collect();
        if hits.is_empty() {
            return None;
        }
        hits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let (mut masked, mut done) = (Vec::with_capacity(text.len()), 0);
        for (range, rule) in hits {
            if range.start >= done {
                masked.extend_from_slice(&text[done..range.start]);
                masked.extend_from_slice(mask(rule).as_bytes());
            }
            done = done.max(range.end);
        }
        masked.extend_from_slice(&text[done..]);
        Some(masked)
    }
}

/// How many bytes two texts have in common at their start. A secret that is cut short is masked as far as
/// it goes.
fn agreement(text: &[u8], secret: &[u8]) -> usize {
    text.iter().zip(secret).take_while(|(a, b)| a == b).count()
}
