//! Context words: what must stand near a value that does not speak for itself.

use std::ops::Range;

use crate::model::Rule;

/// How far before a match a context word may begin, in bytes.
const BEFORE: usize = 128;
/// How far after a match a context word may end, in bytes; on the same line only.
const AFTER: usize = 48;
/// How many line breaks may lie between a context word and the match after it.
const LINES_BEFORE: usize = 2;

/// How many bytes of a word are looked up; no word is shorter.
const KEY: usize = 3;
const FILTER_BITS: u32 = 16;

/// The context words of all rules. A bit set over the first three bytes says no to almost every place.
pub(super) struct Words {
    /// Sorted by key.
    words: Vec<(u32, &'static str)>,
    longest: usize,
    filter: Box<[u64; 1 << (FILTER_BITS - 6)]>,
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
    pub(super) fn of(rules: &[&'static Rule]) -> Words {
        let all = rules.iter().flat_map(|rule| rule.context).copied();
        let mut words: Vec<(u32, &'static str)> =
            all.filter_map(|word| Some((key(*word.as_bytes().first_chunk()?), word))).collect();
        words.sort_unstable();
        words.dedup();
        let mut filter = Box::new([0; 1 << (FILTER_BITS - 6)]);
        for &(key, _) in &words {
            filter[bit(key) >> 6] |= 1u64 << (bit(key) & 63);
        }
        Words { longest: words.iter().map(|(_, word)| word.len()).max().unwrap_or(0), words, filter }
    }

    /// Calls `each` with the words in `text` and where they begin.
    fn find(&self, text: &[u8], mut each: impl FnMut(usize, &'static str)) {
        for (at, window) in text.windows(KEY).enumerate() {
            let key = key([window[0], window[1], window[2]]);
            if self.filter[bit(key) >> 6] >> (bit(key) & 63) & 1 == 0 {
                continue;
            }
            let first = self.words.partition_point(|(known, _)| *known < key);
            for (_, word) in self.words[first..].iter().take_while(|(known, _)| *known == key) {
                if text
                    .get(at..at + word.len())
                    .is_some_and(|text| text.eq_ignore_ascii_case(word.as_bytes()))
                {
                    each(at, word);
                }
            }
        }
    }
}

/// Three bytes without regard to case.
#[inline]
fn key(bytes: [u8; KEY]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) | 0x20_2020
}

#[inline]
fn bit(key: u32) -> usize {
    (key.wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS)) as usize
}

impl Nearby {
    /// The text near a match at `matched`.
    pub(super) fn of(bytes: &[u8], matched: &Range<usize>) -> Nearby {
        let from = matched.start.saturating_sub(BEFORE);
        let line = memchr::memrchr_iter(b'\n', &bytes[from..matched.start]).nth(LINES_BEFORE);
        let from = line.map_or(from, |newline| from + newline + 1);
        let to = bytes.len().min(matched.end + AFTER);
        let line = memchr::memchr(b'\n', &bytes[matched.end..to]);
        let to = line.map_or(to, |newline| matched.end + newline);
        Nearby { before: from..matched.start, after: matched.end..to }
    }

    /// All text that may be near to any match inside `run`.
    pub(super) fn any_in(bytes: &[u8], run: &Range<usize>) -> Nearby {
        let all = run.start.saturating_sub(BEFORE)..bytes.len().min(run.end + AFTER);
        Nearby { before: all.clone(), after: all }
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(words: &'a Words, bytes: &'a [u8]) -> Context<'a> {
        Context { words, bytes, seen: vec![], looked_at: 0..0 }
    }

    /// Whether a word that `rule` asks for stands in the text nearby. A rule that asks for none is
    /// allowed everywhere.
    pub(super) fn allows(&mut self, rule: &Rule, nearby: Nearby) -> bool {
        rule.context.is_empty() || {
            self.look_to(&nearby);
            let inside =
                |range: &Range<usize>, word: &Word| range.start <= word.start && word.end <= range.end;
            let from = self.seen.partition_point(|word| word.start < nearby.before.start);
            self.seen[from..]
                .iter()
                .take_while(|word| word.start < nearby.after.end.max(nearby.before.end))
                .filter(|word| inside(&nearby.before, word) || inside(&nearby.after, word))
                .any(|word| rule.context.contains(&word.word))
        }
    }

    /// Finds all words in the text nearby, going on from where the last look ended where they meet.
    fn look_to(&mut self, nearby: &Nearby) {
        let wanted = nearby.before.start..nearby.before.end.max(nearby.after.end);
        if wanted.start < self.looked_at.start || wanted.start > self.looked_at.end {
            self.seen.clear();
            self.looked_at = wanted.start..wanted.start;
        }
        if wanted.end <= self.looked_at.end {
            return;
        }
        // All words that begin before `looked_at.end` are known; to know those that begin here, the text
        // that they may reach into is looked at as well.
        let from = self.looked_at.end;
        let to = self.bytes.len().min(wanted.end + self.words.longest);
        self.words.find(&self.bytes[from..to], |at, word| {
            let start = from + at;
            if start < wanted.end {
                self.seen.push(Word { word, start, end: start + word.len() });
            }
        });
        self.looked_at.end = wanted.end;
    }
}
