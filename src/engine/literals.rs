//! Literals: fixed texts that stand outside runs, such as `://` or `-----BEGIN `.
//!
//! Contract: [`Literals::for_each`] may name a place in vain, it never leaves one out.

use memchr::memmem::Finder;

use crate::model::{Anchor, ByteSet, Until};

/// Rules by the literal that their matches hold. There are few different ones: see
/// [`crate::rules::analyse`].
pub(super) struct Literals {
    literals: Vec<Literal>,
}

struct Literal {
    finder: Finder<'static>,
    anchors: Vec<LiteralAnchor>,
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
        let mut literals: Vec<Literal> = vec![];
        for (rule, anchor) in rules {
            let Anchor::Literal { text, before, until, near, far } = *anchor else { continue };
            let known = literals.iter().position(|literal| literal.finder.needle() == text);
            let at = known.unwrap_or_else(|| {
                literals.push(Literal { finder: Finder::new(text), anchors: vec![] });
                literals.len() - 1
            });
            literals[at].anchors.push(LiteralAnchor { rule, near, far, before, until });
        }
        Literals { literals }
    }

    /// Calls `each` with the place of a literal and an anchor whose surroundings fit it, literal by
    /// literal, each from left to right.
    pub(super) fn for_each(&self, bytes: &[u8], max_len: usize, mut each: impl FnMut(usize, LiteralAnchor)) {
        for literal in &self.literals {
            let length = literal.finder.needle().len();
            for at in literal.finder.find_iter(bytes) {
                let after = &bytes[at + length..bytes.len().min(at + max_len)];
                for &anchor in literal.anchors.iter().filter(|anchor| anchor.fits(&bytes[..at], after)) {
                    each(at, anchor);
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
