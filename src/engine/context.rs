//! Context words: what must stand near a value that does not speak for itself.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use crate::model::Rule;

/// How far before a match a context word may begin, in bytes.
const BEFORE: usize = 128;
/// How far after a match a context word may end, in bytes; on the same line only.
const AFTER: usize = 48;
/// How many line breaks may lie between a context word and the match after it.
const LINES_BEFORE: usize = 2;

/// The context words of all rules.
pub(super) struct Words {
    words: Vec<&'static str>,
    longest: usize,
    finder: OnceLock<Option<AhoCorasick>>,
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
    /// All words that end in the stretch that was looked at, in the order of their ends.
    seen: Vec<Word>,
    looked_at: Range<usize>,
}

/// A context word in the text.
struct Word {
    index: usize,
    start: usize,
    end: usize,
}

impl Words {
    pub(super) fn of(rules: &[&'static Rule]) -> Words {
        let mut words: Vec<&'static str> = rules.iter().flat_map(|rule| rule.context).copied().collect();
        words.sort_unstable();
        words.dedup();
        let longest = words.iter().map(|word| word.len()).max().unwrap_or(0);
        Words { words, longest, finder: OnceLock::new() }
    }

    fn finder(&self) -> Option<&AhoCorasick> {
        let build = || AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&self.words).ok();
        self.finder.get_or_init(build).as_ref()
    }
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
            let from = self.seen.partition_point(|word| word.end <= nearby.before.start);
            self.seen[from..]
                .iter()
                .take_while(|word| word.end <= nearby.after.end.max(nearby.before.end))
                .filter(|word| inside(&nearby.before, word) || inside(&nearby.after, word))
                .any(|word| rule.context.contains(&self.words.words[word.index]))
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
        let Some(finder) = self.words.finder() else { return };
        // A word that ends beyond the last look may begin before its end.
        let from = self.looked_at.end.saturating_sub(self.words.longest).max(self.looked_at.start);
        for found in finder.find_overlapping_iter(&self.bytes[from..wanted.end]) {
            let (start, end) = (from + found.start(), from + found.end());
            if end > self.looked_at.end {
                self.seen.push(Word { index: found.pattern().as_usize(), start, end });
            }
        }
        self.looked_at.end = wanted.end;
    }
}
