//! Literals: fixed texts, such as `://` or `-----BEGIN `, that every match of a rule holds, letters in either case.
//!
//! Contract: [`Literals::for_each`] may name a place in vain, it never leaves one out.

use std::collections::HashMap;

use super::table::{Form, Table, begins, for_each_caseless_key};
use crate::model::{Anchor, ByteSet, Until};
use crate::rules::frequency;
use crate::vector::{Fingerprints, Vector};

/// Rules by the literal that their matches hold.
pub(super) struct Literals {
    /// Where any of them may stand.
    fingerprints: Fingerprints,
    /// By the four bytes by which they are looked for.
    table: Table<Entry>,
    literals: Vec<Literal>,
}

/// One of several literals that are looked for by the same four bytes.
#[derive(Clone, Copy)]
struct Entry {
    number: u32,
    /// How far before the four bytes it begins.
    four: u16,
    /// Where in it four bytes stand that tell it from most others, and these, as [`Form::CASELESS`] has them.
    told: Option<(u16, u32)>,
}

/// A literal and the rules whose matches hold it.
struct Literal {
    /// Letters are lower case.
    text: &'static [u8],
    /// Where in the text the four bytes begin by which it is looked for.
    four: usize,
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
        let (mut literals, mut numbers): (Vec<Literal>, _) = (vec![], HashMap::new());
        for (rule, anchor) in rules {
            let Anchor::Literal { text, four, before, until, near, far } = *anchor else { continue };
            let number = *numbers.entry(text).or_insert_with(|| {
                literals.push(Literal { text, four, anchors: vec![] });
                literals.len() - 1
            });
            literals[number].add(until, LiteralAnchor { rule, near, far, before });
        }
        let mut entries = vec![];
        for (literal, number) in literals.iter().zip(0..) {
            let entry = Entry::of(literal, number);
            for_each_caseless_key(literal.four(), |key| entries.push((key, entry)));
        }
        let mut fours: Vec<&[u8]> = literals.iter().map(Literal::four).collect();
        fours.sort_unstable();
        fours.dedup();
        // The most frequent ones first: they are best kept apart.
        fours.sort_by(|a, b| frequency::logarithm(b).total_cmp(&frequency::logarithm(a)));
        Literals {
            fingerprints: Fingerprints::of(&fours, frequency::of_byte),
            table: Table::of(Form::CASELESS, entries),
            literals,
        }
    }

    /// Calls `each` with the place of a literal and an anchor whose surroundings fit it, from left to right.
    pub(super) fn for_each(
        &self,
        vector: Vector,
        bytes: &[u8],
        max_len: usize,
        mut each: impl FnMut(usize, LiteralAnchor),
    ) {
        self.fingerprints.for_each(
            vector,
            bytes,
            |four| self.table.may_have(four),
            |at, four| {
                for entry in self.table.at(four).filter(|entry| entry.may_be_at(bytes, at)) {
                    let literal = &self.literals[entry.number as usize];
                    if let Some(start) = begins(bytes, literal.text, literal.four, at) {
                        literal.fitting(bytes, start, max_len).for_each(|anchor| each(start, anchor));
                    }
                }
            },
        );
    }
}

impl Entry {
    fn of(literal: &Literal, number: u32) -> Entry {
        let Literal { text, four, .. } = *literal;
        // What stands before the four bytes, or behind them where they come first.
        let other = if four > 0 { four.saturating_sub(4) } else { 4.min(text.len().saturating_sub(4)) };
        let told = text[other..].first_chunk().filter(|_| text.len() > 4);
        Entry { number, four: four as u16, told: told.map(|told| (other as u16, Form::CASELESS.key(*told))) }
    }

    /// Whether it may stand in a text in which its four bytes begin at `at`.
    #[inline]
    fn may_be_at(&self, text: &[u8], at: usize) -> bool {
        let Some(start) = at.checked_sub(self.four.into()) else { return false };
        self.told.is_none_or(|(other, told)| {
            let there = text.get(start + usize::from(other)..).and_then(|text| text.first_chunk());
            there.is_some_and(|there| Form::CASELESS.key(*there) == told)
        })
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

    /// The four bytes by which it is looked for, or all it has.
    fn four(&self) -> &'static [u8] {
        &self.text[self.four..self.text.len().min(self.four + 4)]
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
