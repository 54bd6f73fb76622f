//! Context words: what must stand near a value that does not speak for itself.

use std::ops::Range;

use super::table::{Form, Table, for_each_caseless_key};
use crate::model::Rule;
use crate::rules::frequency;
use crate::rules::schema::{JOINTS, is_name, spellings};
use crate::vector::Vector;

/// How far before a match a context word may begin, in bytes.
const BEFORE: usize = 128;
/// How far after a match a context word may end, in bytes; on the same line only.
const AFTER: usize = 48;
/// How many line breaks may lie between a context word and the match after it.
const LINES_BEFORE: usize = 2;

/// How far before the text nearby a look begins: the next one is often for something that begins a little earlier.
const SLACK: usize = 64;

/// The words that rules look for near their values, by the rarest four bytes of each; no word has less than three.
pub(super) struct Words {
    /// In their order.
    words: Vec<Spelled>,
    /// Their numbers, and where in them their four bytes are.
    table: Table<(WordNumber, u32)>,
    longest: usize,
    vector: Vector,
}

/// A word as it may stand in a text, letters in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spelled {
    /// Lower case.
    word: &'static str,
    /// Whether its hyphens stand for any joint.
    is_name: bool,
}

/// The number of one of the [`Words`], counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordNumber(pub(super) u32);

/// The text near a match: where its context words may stand.
pub(super) struct Nearby {
    before: Range<usize>,
    after: Range<usize>,
}

/// The context words that stand in one text, looked for as far as anyone asks, and no stretch twice.
pub(super) struct Context<'a> {
    words: &'a Words,
    bytes: &'a [u8],
    /// All words that begin in the stretch that was looked at, in the order of their places.
    seen: Vec<Word>,
    looked_at: Range<usize>,
}

/// A context word in the text.
struct Word {
    number: WordNumber,
    start: usize,
    end: usize,
}

impl Words {
    pub(super) fn of(vector: Vector, words: impl Iterator<Item = &'static str>) -> Words {
        let mut words: Vec<Spelled> = words.map(Spelled::of).collect();
        words.sort_unstable();
        words.dedup();
        let longest = words.iter().map(|word| word.word.len()).max().unwrap_or(0);
        let mut keyed = vec![];
        for (word, number) in words.iter().zip(0..) {
            word.for_each_key(|key, from| keyed.push((key, (WordNumber(number), from as u32))));
        }
        Words { table: Table::of(Form::CASELESS, keyed), words, longest, vector }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The number of one of them.
    ///
    /// # Panics
    /// When it is none of them.
    pub(super) fn number(&self, word: &str) -> WordNumber {
        let at = self
            .words
            .binary_search_by_key(&word, |known| known.word)
            .expect("all words of the rules are numbered");
        WordNumber(at as u32)
    }

    /// Calls `each` with the words in `text` and where they are, in no particular order.
    fn find(&self, text: &[u8], mut each: impl FnMut(WordNumber, Range<usize>)) {
        self.table.for_each_in(self.vector, text, |at, (number, from)| {
            if let Some(range) = self.words[number.0 as usize].around(text, from as usize, at) {
                each(number, range);
            }
        });
    }
}

impl Spelled {
    fn of(word: &'static str) -> Spelled {
        Spelled { word, is_name: is_name(word) }
    }

    /// Calls `each` with the four bytes by which it is looked for, and where in it they begin: mostly within one of its
    /// parts, which are the same however it is joined.
    fn for_each_key(&self, mut each: impl FnMut([u8; 4], usize)) {
        let word = self.word.as_bytes();
        let is_whole = |at: &usize| !self.is_name || !word[*at..*at + 4].contains(&b'-');
        let rarity = |at: &usize| frequency::logarithm(&word[*at..*at + 4]);
        let within = (0..word.len().saturating_sub(3)).filter(is_whole);
        if let Some(at) = within.min_by(|a, b| rarity(a).total_cmp(&rarity(b))) {
            return for_each_caseless_key(&word[at..], |key| each(key, at));
        }
        for spelling in spellings(self.word) {
            for_each_caseless_key(spelling.as_bytes(), |key| each(key, 0));
        }
    }

    /// Where it stands, if what begins at `from` in it begins at `at`.
    fn around(&self, text: &[u8], from: usize, at: usize) -> Option<Range<usize>> {
        let (before, after) = self.word.as_bytes().split_at(from);
        let end = after.iter().try_fold(at, |at, &byte| match text.get(at) {
            next if self.is_joint(byte) => Some(at + usize::from(next.is_some_and(joins))),
            next => next?.eq_ignore_ascii_case(&byte).then_some(at + 1),
        })?;
        let start =
            before.iter().rev().try_fold(at, |at, &byte| match at.checked_sub(1).map(|at| &text[at]) {
                last if self.is_joint(byte) => Some(at - usize::from(last.is_some_and(joins))),
                last => last?.eq_ignore_ascii_case(&byte).then(|| at - 1),
            })?;
        Some(start..end)
    }

    fn is_joint(&self, byte: u8) -> bool {
        self.is_name && byte == b'-'
    }
}

fn joins(byte: &u8) -> bool {
    JOINTS.iter().any(|joint| joint.as_bytes() == [*byte])
}

impl Nearby {
    /// The text near a match at `matched`.
    pub(super) fn of(bytes: &[u8], matched: &Range<usize>) -> Nearby {
        Nearby {
            before: lines_before(bytes, matched.start)..matched.start,
            after: line_after(bytes, matched.end),
        }
    }

    /// All text that may be near to any match whose stretch lies in `run`, and which reaches beyond it by no
    /// more than `overhang`, to the left and to the right.
    pub(super) fn any_in(bytes: &[u8], run: &Range<usize>, overhang: (usize, usize)) -> Nearby {
        let from = run.start.saturating_sub(overhang.0 + BEFORE);
        let to = bytes.len().min(run.end + overhang.1 + AFTER);
        Nearby { before: from..to, after: from..to }
    }
}

fn lines_before(bytes: &[u8], start: usize) -> usize {
    let from = start.saturating_sub(BEFORE);
    let line = memchr::memrchr_iter(b'\n', &bytes[from..start]).nth(LINES_BEFORE);
    line.map_or(from, |newline| from + newline + 1)
}

fn line_after(bytes: &[u8], end: usize) -> Range<usize> {
    let to = bytes.len().min(end + AFTER);
    end..memchr::memchr(b'\n', &bytes[end..to]).map_or(to, |newline| end + newline)
}

impl<'a> Context<'a> {
    pub(super) fn new(words: &'a Words, bytes: &'a [u8]) -> Context<'a> {
        Context { words, bytes, seen: vec![], looked_at: 0..0 }
    }

    /// Whether a word that `rule` asks for stands in the text nearby. A rule that asks for none is
    /// allowed everywhere.
    pub(super) fn allows(&mut self, rule: &Rule, nearby: Nearby) -> bool {
        rule.context.is_empty() || {
            let words = self.words;
            let inside =
                |range: &Range<usize>, word: &Word| range.start <= word.start && word.end <= range.end;
            self.look_to(&nearby)
                .iter()
                .filter(|word| inside(&nearby.before, word) || inside(&nearby.after, word))
                .any(|word| rule.context.contains(&words.words[word.number.0 as usize].word))
        }
    }

    /// Calls `each` with the words that begin in the text nearby; those that are there often, often.
    pub(super) fn words_in(&mut self, nearby: &Nearby, mut each: impl FnMut(WordNumber)) {
        self.look_to(nearby).iter().for_each(|word| each(word.number));
    }

    /// The words that begin in the text nearby; found by going on from where the last look ended, where
    /// the two meet.
    fn look_to(&mut self, nearby: &Nearby) -> &[Word] {
        let wanted = nearby.before.start..nearby.before.end.max(nearby.after.end);
        if wanted.start < self.looked_at.start || wanted.start > self.looked_at.end {
            self.seen.clear();
            let start = wanted.start.saturating_sub(SLACK);
            self.looked_at = start..start;
        }
        // All words that begin before `looked_at.end` are known; to know those that begin here, the text
        // that they may reach into is looked at as well.
        let from = self.looked_at.end;
        if wanted.end > from {
            self.forget(wanted.start.saturating_sub(SLACK));
            let to = self.bytes.len().min(wanted.end + self.words.longest);
            let known = self.seen.len();
            self.words.find(&self.bytes[from..to], |number, at| {
                if from + at.start < wanted.end {
                    self.seen.push(Word { number, start: from + at.start, end: from + at.end });
                }
            });
            self.seen[known..].sort_by_key(|word| word.start);
            self.looked_at.end = wanted.end;
        }
        let first = self.seen.partition_point(|word| word.start < wanted.start);
        let last = self.seen.partition_point(|word| word.start < wanted.end);
        &self.seen[first..last]
    }

    /// Lets go of the words before `start`, once there are many.
    fn forget(&mut self, start: usize) {
        const MANY: usize = 64;
        if self.seen.len() > MANY && start > self.looked_at.start {
            self.seen.retain(|word| word.start >= start);
            self.looked_at.start = start;
        }
    }
}
