//! Literals: fixed texts, such as `://` or `-----BEGIN `, that every match of a rule holds, letters in either case.
//!
//! Contract: [`Literals::for_each`] may name a place in vain, it never leaves one out.

use std::cmp::Reverse;

use super::table::{Form, Table, begins, for_each_caseless_key};
use super::vector::{Fingerprints, Vector, padded};
use crate::model::{Anchor, ByteSet, Until};
use crate::rules::frequency;

/// Rules by the literal that their matches hold.
pub(super) struct Literals {
    /// Where any of them may stand.
    fingerprints: Fingerprints,
    /// Their numbers, by the bytes of their fingerprints.
    table: Table<u32>,
    literals: Vec<Literal>,
}

/// A literal and the rules whose matches hold it.
struct Literal {
    /// Letters are lower case.
    text: &'static [u8],
    /// Where in the text its fingerprint is.
    at: usize,
    /// By what must follow: many anchors share that, and it is looked for once.
    anchors: Vec<(Option<Until>, Vec<LiteralAnchor>)>,
}

/// The place of a literal in a match of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LiteralAnchor {
    /// Which rule.
    pub(super) rule: usize,
    /// Smallest distance from the start of the match to the literal.
    pub(super) near: usize,
    /// Largest distance from the start of the match to the literal.
    pub(super) far: usize,
    before: &'static [ByteSet],
}

impl Literals {
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'a Anchor)>) -> Literals {
        let mut literals: Vec<Literal> = vec![];
        for (rule, anchor) in rules {
            let Anchor::Literal { text, before, until, near, far } = *anchor else { continue };
            let known = literals.iter().position(|known| known.text == text);
            let at = known.unwrap_or_else(|| {
                literals.push(Literal { text, at: 0, anchors: vec![] });
                literals.len() - 1
            });
            literals[at].add(until, LiteralAnchor { rule, near, far, before });
        }
        // The most frequent ones first: they are best kept apart.
        // The bits of numbers above zero have their order.
        literals.sort_by_cached_key(|literal| Reverse(literal.frequency().to_bits()));
        let (mut fingerprints, mut entries) = (Fingerprints::none(), vec![]);
        for (literal, number) in literals.iter_mut().zip(0..) {
            literal.at = fingerprints.add(literal.text);
            for_each_caseless_key(&literal.text[literal.at..], |key| entries.push((key, number)));
        }
        Literals { fingerprints, table: Table::of(Form::CASELESS, entries), literals }
    }

    /// Calls `each` with the place of a literal and an anchor whose surroundings fit it, from left to right.
    pub(super) fn for_each(
        &self,
        vector: Vector,
        bytes: &[u8],
        max_len: usize,
        mut each: impl FnMut(usize, LiteralAnchor),
    ) {
        self.fingerprints.for_each(vector, bytes, |at| {
            let mut space = [0; 4];
            for number in self.table.at(*padded(&bytes[at..], &mut space)) {
                let literal = &self.literals[number as usize];
                if let Some(start) = begins(bytes, literal.text, literal.at, at) {
                    literal.fitting(bytes, start, max_len).for_each(|anchor| each(start, anchor));
                }
            }
        });
    }
}

impl Literal {
    fn add(&mut self, until: Option<Until>, anchor: LiteralAnchor) {
        let known = self.anchors.iter().position(|(known, _)| *known == until);
        let at = known.unwrap_or_else(|| {
            self.anchors.push((until, vec![]));
            self.anchors.len() - 1
        });
        // Alternatives of a pattern often differ only behind what all of them hold.
        if !self.anchors[at].1.contains(&anchor) {
            self.anchors[at].1.push(anchor);
        }
    }

    /// About how often its rarest four bytes stand in a text.
    fn frequency(&self) -> f32 {
        let at = frequency::rarest_four(self.text);
        frequency::of_text(&self.text[at..self.text.len().min(at + 4)])
    }

    /// The anchors whose surroundings fit it where it begins at `start`.
    fn fitting(&self, bytes: &[u8], start: usize, max_len: usize) -> impl Iterator<Item = LiteralAnchor> {
        let end = start + self.text.len();
        let (before, after) = (&bytes[..start], &bytes[end..bytes.len().min(end + max_len)]);
        self.anchors.iter().flat_map(move |(until, anchors)| {
            let mut follows = None;
            let mut follows =
                move || *follows.get_or_insert_with(|| until.is_none_or(|until| until.comes_first_in(after)));
            anchors.iter().copied().filter(move |anchor| anchor.follows(before) && follows())
        })
    }
}

impl LiteralAnchor {
    /// Whether it may stand behind this text.
    fn follows(&self, before: &[u8]) -> bool {
        before.len() >= self.before.len()
            && before[before.len() - self.before.len()..]
                .iter()
                .zip(self.before)
                .all(|(&byte, set)| set.contains(byte))
    }
}
