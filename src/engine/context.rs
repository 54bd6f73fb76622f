//! Context words: what must stand near a value that does not speak for itself.

use std::ops::Range;

use super::table::{Form, Table, for_each_key};
use super::vector::Vector;
use crate::model::{ByteSet, Rule};
use crate::rules::analyse::byte_frequency;

/// How far before a match a context word may begin, in bytes.
const BEFORE: usize = 128;
/// How far after a match a context word may end, in bytes; on the same line only.
const AFTER: usize = 48;
/// How many line breaks may lie between a context word and the match after it.
const LINES_BEFORE: usize = 2;

/// The context words of all rules, by the rarest four bytes of each; no word has less than three.
pub(super) struct Words {
    /// Words, and where in them their four bytes are.
    table: Table<(&'static str, usize)>,
    longest: usize,
    vector: Vector,
}

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
    word: &'static str,
    start: usize,
    end: usize,
}

impl Words {
    pub(super) fn of(vector: Vector, rules: &[&'static Rule]) -> Words {
        let mut words: Vec<&'static str> = rules.iter().flat_map(|rule| rule.context).copied().collect();
        words.sort_unstable();
        words.dedup();
        let longest = words.iter().map(|word| word.len()).max().unwrap_or(0);
        // The bit that tells the cases of letters apart is set in all keys, whatever follows a short word.
        let any: ByteSet = (0..=u8::MAX).filter(|byte| byte & 0x20 != 0).collect();
        let mut keyed = vec![];
        for word in &words {
            let from = rarest_four(word.as_bytes());
            let byte = |at| word.as_bytes().get(from + at).map_or(any, |&byte| ByteSet::EMPTY.with(byte));
            for_each_key(&std::array::from_fn(byte), |key| keyed.push((key, (*word, from))));
        }
        Words { table: Table::of(Form::CASELESS, keyed), longest, vector }
    }

    /// Calls `each` with the words in `text` and where they begin, in no particular order.
    fn find(&self, text: &[u8], mut each: impl FnMut(usize, &'static str)) {
        self.table.for_each_in(self.vector, text, |at, (word, from)| {
            let Some(start) = at.checked_sub(from) else { return };
            let there = text.get(start..start + word.len());
            if there.is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes())) {
                each(start, word);
            }
        });
    }
}

/// Where the four bytes of a word begin that stand least often in a text.
fn rarest_four(word: &[u8]) -> usize {
    let chance = |four: &[u8]| four.iter().map(|&byte| byte_frequency(byte)).product::<f32>();
    let fours = word.windows(4).enumerate();
    fours.min_by(|(_, a), (_, b)| chance(a).total_cmp(&chance(b))).map_or(0, |(at, _)| at)
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
        let from = match overhang.0 {
            0 => lines_before(bytes, run.start),
            far => run.start.saturating_sub(far + BEFORE),
        };
        let to = match overhang.1 {
            0 => line_after(bytes, run.end).end,
            rest => bytes.len().min(run.end + rest + AFTER),
        };
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
            let inside =
                |range: &Range<usize>, word: &Word| range.start <= word.start && word.end <= range.end;
            self.look_to(&nearby)
                .iter()
                .filter(|word| inside(&nearby.before, word) || inside(&nearby.after, word))
                .any(|word| rule.context.contains(&word.word))
        }
    }

    /// Whether any word of any rule stands in the text nearby.
    pub(super) fn has_word(&mut self, nearby: &Nearby) -> bool {
        !self.look_to(nearby).is_empty()
    }

    /// The words that begin in the text nearby; found by going on from where the last look ended, where
    /// the two meet.
    fn look_to(&mut self, nearby: &Nearby) -> &[Word] {
        let wanted = nearby.before.start..nearby.before.end.max(nearby.after.end);
        if wanted.start < self.looked_at.start || wanted.start > self.looked_at.end {
            self.seen.clear();
            self.looked_at = wanted.start..wanted.start;
        }
        // All words that begin before `looked_at.end` are known; to know those that begin here, the text
        // that they may reach into is looked at as well.
        let from = self.looked_at.end;
        if wanted.end > from {
            let to = self.bytes.len().min(wanted.end + self.words.longest);
            let known = self.seen.len();
            self.words.find(&self.bytes[from..to], |at, word| {
                let start = from + at;
                if start < wanted.end {
                    self.seen.push(Word { word, start, end: start + word.len() });
                }
            });
            self.seen[known..].sort_by_key(|word| word.start);
            self.looked_at.end = wanted.end;
        }
        let first = self.seen.partition_point(|word| word.start < wanted.start);
        let last = self.seen.partition_point(|word| word.start < wanted.end);
        &self.seen[first..last]
    }
}
