//! Shapes: rules whose values are told by the length and the alphabet of their run.
//!
//! Contract: [`Shapes::for_each`] may name a place in vain, it never leaves one out.

use std::ops::Range;

use super::guard::LONGEST_ESCAPE;
use super::runs::Run;
use crate::model::{Anchor, ByteSet, Rule};

/// Rules that look for runs, by what the runs are made of.
pub(super) struct Shapes {
    alphabets: Vec<Alphabet>,
}

struct Alphabet {
    of: ByteSet,
    shortest: usize,
    /// Whether every rule here needs a digit in the run.
    needs_digit: bool,
    shapes: Vec<Shape>,
}

/// What a rule asks of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Which rule.
    pub(super) rule: usize,
    needs_digit: bool,
    min: usize,
    whole_up_to: Option<usize>,
    near: usize,
    far: usize,
}

impl Shapes {
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'static Rule, &'a Anchor)>) -> Shapes {
        let mut alphabets: Vec<Alphabet> = vec![];
        for (index, rule, anchor) in rules {
            let Anchor::Run { of, min, whole_up_to, covers, near, far } = *anchor else { continue };
            let needs_digit = rule.needs_digit && covers;
            let shape = Shape { rule: index, needs_digit, min, whole_up_to, near, far };
            let known = alphabets.iter().position(|alphabet| alphabet.of == of);
            let at = known.unwrap_or_else(|| {
                alphabets.push(Alphabet { of, shortest: min, needs_digit, shapes: vec![] });
                alphabets.len() - 1
            });
            let alphabet = &mut alphabets[at];
            alphabet.shortest = alphabet.shortest.min(min);
            alphabet.needs_digit &= needs_digit;
            alphabet.shapes.push(shape);
        }
        Shapes { alphabets }
    }

    /// Calls `each` with a part of a run of token characters and a shape that fits it.
    pub(super) fn for_each(&self, bytes: &[u8], run: Run, mut each: impl FnMut(Range<usize>, Shape)) {
        for alphabet in &self.alphabets {
            if run.end - run.start < alphabet.shortest || alphabet.needs_digit && !run.digit {
                continue;
            }
            let mut start = run.start;
            for part in bytes[run.start..run.end].split(|&byte| !alphabet.of.contains(byte)) {
                let end = start + part.len();
                if part.len() >= alphabet.shortest {
                    let digit = part.iter().any(u8::is_ascii_digit);
                    for &shape in alphabet.shapes.iter().filter(|shape| shape.fits(part.len(), digit)) {
                        each(start..end, shape);
                    }
                }
                start = end + 1;
            }
        }
    }
}

impl Shape {
    fn fits(&self, length: usize, digit: bool) -> bool {
        // A run may begin with the end of an escape, which is no part of the value.
        let longest = self.whole_up_to.map_or(usize::MAX, |longest| longest + LONGEST_ESCAPE);
        length >= self.min && length <= longest && (digit || !self.needs_digit)
    }

    /// Where a match may start whose stretch lies in the run `part`.
    pub(super) fn starts(&self, part: &Range<usize>) -> Range<usize> {
        let last = part.end - self.min;
        let last = match self.whole_up_to {
            Some(_) => last.min(part.start + LONGEST_ESCAPE),
            None => last,
        };
        part.start.saturating_sub(self.far)..(last + 1).saturating_sub(self.near)
    }
}
