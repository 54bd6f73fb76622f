//! Literals: fixed texts that stand outside runs, such as `://` or `-----BEGIN `.
//!
//! Contract: [`Literals::for_each`] may name a place in vain, it never leaves one out.

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Span};

use crate::model::{Anchor, ByteSet, Until};

/// Rules by the literal that their matches hold.
pub(super) struct Literals {
    finder: Finder,
    /// Each literal and its rules.
    literals: Vec<(&'static [u8], Vec<LiteralAnchor>)>,
}

/// How all literals are looked for at once.
enum Finder {
    None,
    /// Vectorised; takes a few dozen literals.
    Packed(Searcher),
    /// For many literals, or processors without the vector instructions.
    Automaton(AhoCorasick),
}

/// The place of a literal in a match of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct LiteralAnchor {
    /// Which rule.
    pub(super) rule: usize,
    /// Smallest distance from the start of the match to the literal.
    pub(super) near: usize,
    /// Largest distance from the start of the match to the literal.
    pub(super) far: usize,
    before: &'static [ByteSet],
    until: Option<Until>,
}

impl Literals {
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'a Anchor)>) -> Literals {
        let mut literals: Vec<(&'static [u8], Vec<LiteralAnchor>)> = vec![];
        for (rule, anchor) in rules {
            let Anchor::Literal { text, before, until, near, far } = *anchor else { continue };
            let known = literals.iter().position(|(known, _)| *known == text);
            let at = known.unwrap_or_else(|| {
                literals.push((text, vec![]));
                literals.len() - 1
            });
            literals[at].1.push(LiteralAnchor { rule, near, far, before, until });
        }
        Literals { finder: Finder::of(literals.iter().map(|(text, _)| *text)), literals }
    }

    /// Calls `each` with the place of a literal and an anchor whose surroundings fit it, from left to right.
    pub(super) fn for_each(&self, bytes: &[u8], max_len: usize, mut each: impl FnMut(usize, LiteralAnchor)) {
        self.finder.for_each(bytes, |at| {
            // One literal may begin with another.
            for (text, anchors) in self.literals.iter().filter(|(text, _)| bytes[at..].starts_with(text)) {
                let after = &bytes[at + text.len()..bytes.len().min(at + text.len() + max_len)];
                for &anchor in anchors.iter().filter(|anchor| anchor.fits(&bytes[..at], after)) {
                    each(at, anchor);
                }
            }
        });
    }
}

impl Finder {
    fn of(literals: impl Iterator<Item = &'static [u8]> + Clone) -> Finder {
        if literals.clone().next().is_none() {
            return Finder::None;
        }
        match packed::Config::new().builder().extend(literals.clone()).build() {
            Some(searcher) => Finder::Packed(searcher),
            None => AhoCorasick::new(literals).map_or(Finder::None, Finder::Automaton),
        }
    }

    /// Calls `each` with every place at which a literal begins.
    fn for_each(&self, bytes: &[u8], mut each: impl FnMut(usize)) {
        match self {
            Finder::None => {}
            Finder::Packed(searcher) => {
                let mut from = 0;
                while let Some(found) = searcher.find_in(bytes, Span { start: from, end: bytes.len() }) {
                    each(found.start());
                    from = found.start() + 1;
                }
            }
            Finder::Automaton(automaton) => {
                for found in automaton.find_overlapping_iter(bytes) {
                    each(found.start());
                }
            }
        }
    }
}

impl LiteralAnchor {
    fn fits(&self, before: &[u8], after: &[u8]) -> bool {
        before.len() >= self.before.len()
            && before[before.len() - self.before.len()..]
                .iter()
                .zip(self.before)
                .all(|(&byte, set)| set.contains(byte))
            && self.until.is_none_or(|until| {
                after.iter().find(|&&byte| !until.through.contains(byte)) == Some(&until.byte)
            })
    }
}
