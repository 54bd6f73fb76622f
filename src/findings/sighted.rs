//! Turns the candidates of one blob into sightings: owned, placed and masked, while its text is at hand.

use std::ops::Range;

use super::companions::Companions;
use super::excerpt::{self, Masks};
use super::lines::Cursor;
use super::marks::Marks;
use super::overlap;
use crate::decode::utf16::Encoding;
use crate::model::{
    Appearance, BlobPath, Candidate, Confidence, Place, PlaceKind, Rule, Sighting, Specificity,
};

/// How many sightings of one blob are kept.
const MOST: usize = 10_000;

/// How many values of one blob are told one by one that are merely possible and have no form of their own.
const MOST_FAINT: u64 = 200;

/// Which rules a person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All that there are.
    All,
    /// Those with these ids. The others are looked for as well: what stands beside a finding is masked.
    Only(Vec<String>),
}

impl Chosen {
    fn holds(&self, rule: &Rule) -> bool {
        match self {
            Chosen::All => true,
            Chosen::Only(ids) => ids.iter().any(|id| id == rule.id),
        }
    }
}

/// Collects the sightings of one blob, stretch by stretch.
pub struct Sighter<'a> {
    path: &'a BlobPath,
    kind: PlaceKind,
    appearance: Option<&'a Appearance>,
    encoding: Encoding,
    chosen: &'a Chosen,
    /// The end of the last stretch, in the offsets of the next one once it is there.
    cursor: Cursor,
    /// Whether there a mark has all ignored that follows.
    ignoring: bool,
    sightings: Vec<Sighting>,
    /// How many were seen that are merely possible and have no form of their own.
    faint: u64,
    dropped: u64,
}

/// A stretch of a blob's text, decoded.
pub struct Stretch<'a> {
    /// The text.
    pub text: &'a [u8],
    /// Offset of its first byte in the file as stored.
    pub base: u64,
    /// Secrets that begin here, in stored bytes from `base`, are this stretch's.
    pub owned: Range<usize>,
    /// All candidates of the text, in the order of their places.
    pub candidates: Vec<Candidate>,
}

impl<'a> Sighter<'a> {
    /// A sighter for the blob at `path`, of secrets that the `chosen` rules find.
    pub fn new(path: &'a BlobPath, kind: PlaceKind, encoding: Encoding, chosen: &'a Chosen) -> Sighter<'a> {
        Sighter {
            path,
            kind,
            appearance: None,
            encoding,
            chosen,
            cursor: Cursor::START,
            ignoring: false,
            sightings: vec![],
            faint: 0,
            dropped: 0,
        }
    }

    /// The same for a blob from the history of a repository.
    pub fn appearing(self, appearance: Option<&'a Appearance>) -> Sighter<'a> {
        Sighter { appearance, ..self }
    }

    /// Takes the candidates of the next stretch. `more` says that others follow.
    pub fn take(&mut self, stretch: Stretch<'_>, more: bool) {
        let Stretch { text, base, owned, mut candidates } = stretch;
        if candidates.is_empty() && !more {
            return;
        }
        let stored_len = |text: &[u8]| self.encoding.stored_len(text);
        self.cursor.at = self.offset_of(text, (self.cursor.stored - base) as usize);
        let owned = base + owned.start as u64..base + owned.end as u64;
        let masks = Masks::of(&candidates);
        let mut companions = Companions::of(text, self.path, &candidates);
        candidates.retain(|candidate| self.chosen.holds(candidate.rule));
        let marks = match candidates.is_empty() && !more {
            true => Marks::default(),
            false => Marks::of(text, self.cursor.at, self.ignoring),
        };
        for winner in overlap::resolve(candidates) {
            let secret = &winner.candidate.secret;
            if secret.start < self.cursor.at {
                continue;
            }
            let mut start = self.cursor;
            start.advance(text, secret.start, stored_len);
            if !owned.contains(&start.stored) {
                continue;
            }
            self.cursor = start;
            if is_faint(winner.candidate.rule, winner.candidate.confidence) {
                self.faint += 1;
                if self.faint > MOST_FAINT {
                    continue;
                }
            }
            if self.sightings.len() >= MOST {
                self.dropped += 1;
                continue;
            }
            let mut end = start;
            end.advance(text, secret.end, stored_len);
            let candidate = winner.candidate;
            self.sightings.push(Sighting {
                rule: candidate.rule,
                secret: candidate.value(text),
                place: Place {
                    path: self.path.clone(),
                    start: start.stored,
                    end: end.stored,
                    kind: self.kind,
                    line: start.line,
                    column: start.column,
                    end_line: end.line,
                    end_column: end.column,
                    appearance: self.appearance.cloned().map(Box::new),
                },
                confidence: candidate.confidence,
                strength: candidate.strength,
                bound_name: match candidate.decoded {
                    Some(decoded) => decoded.bound_name,
                    None => excerpt::bound_name(text, candidate.secret.start),
                },
                excerpt: excerpt::of(text, &candidate.secret, &masks),
                ignored_inline: marks.cover(text, &candidate.secret, candidate.rule.id),
                evidence: candidate.evidence,
                also: winner.also,
                nearby: companions.of_secret(candidate.rule, &candidate.secret, start.line),
            });
        }
        if more {
            let end = self.offset_of(text, (owned.end - base) as usize);
            self.ignoring = marks.is_open(end);
            if end > self.cursor.at {
                self.cursor.advance(text, end, stored_len);
            }
        }
    }

    /// What was seen, and how many sightings more were not kept.
    pub fn finish(mut self) -> (Vec<Sighting>, u64) {
        self.sum_up();
        (self.sightings, self.dropped)
    }

    /// A file full of values that are merely possible is data: one of them stands for all.
    fn sum_up(&mut self) {
        if self.faint <= MOST_FAINT {
            return;
        }
        let mut first = true;
        self.sightings.retain_mut(|sighting| {
            let is_faint = is_faint(sighting.rule, sighting.confidence);
            if is_faint && first {
                sighting.excerpt += &format!(" (and {} more in this file)", self.faint - 1);
            }
            !is_faint || std::mem::take(&mut first)
        });
    }

    /// The offset in `text` of a stored offset.
    fn offset_of(&self, text: &[u8], stored: usize) -> usize {
        if self.encoding == Encoding::Bytes {
            return stored.min(text.len());
        }
        let mut units = 0;
        let begins = |byte: u8| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0);
        text.iter()
            .position(|&byte| {
                let here = units;
                units += begins(byte);
                begins(byte) > 0 && here * 2 >= stored
            })
            .unwrap_or(text.len())
    }
}

/// Whether a value is merely possible, and has no form of its own.
fn is_faint(rule: &Rule, confidence: Confidence) -> bool {
    confidence == Confidence::Possible && rule.specificity == Specificity::Judged
}
