//! Shapes: rules whose values are told by the length and the alphabet of their run.
//!
//! Contract: [`Shapes::for_each`] may name a place in vain, it never leaves one out.

use std::ops::Range;

use super::guard::{self, LONGEST_ESCAPE};
use super::runs::Run;
use crate::model::{Anchor, ByteSet, Rule};

/// Rules that look for runs, by what the runs are made of.
pub(super) struct Shapes {
    alphabets: Vec<Alphabet>,
    /// For each byte the alphabets that hold it, one bit each.
    holding: Box<[u32; 256]>,
    /// The alphabets that look at a run, by whether it holds a digit, by its length.
    wanted: [Box<[u32; LONGEST + 1]>; 2],
}

struct Alphabet {
    of: ByteSet,
    /// Length of the shortest run that any rule here looks at.
    shortest: usize,
    /// The same for runs without a digit.
    shortest_without_digit: usize,
    /// By their shortest length.
    shapes: Vec<Shape>,
}

/// Runs of this length or more are not told apart by their length.
const LONGEST: usize = 127;

/// How many alphabets are told apart; rules beyond that share the last one, which holds all theirs.
const MOST_ALPHABETS: usize = 32;

/// What a rule asks of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Which rule.
    pub(super) rule: usize,
    needs_digit: bool,
    alphabet: ByteSet,
    after: Option<ByteSet>,
    min: usize,
    whole_up_to: Option<usize>,
    near: usize,
    far: usize,
}

impl Shapes {
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'static Rule, &'a Anchor)>) -> Shapes {
        let mut alphabets: Vec<Alphabet> = vec![];
        for (index, rule, anchor) in rules {
            let Anchor::Run { of, alphabet, after, min, whole_up_to, holds_digits, near, far } = *anchor
            else {
                continue;
            };
            let needs_digit = rule.needs_digit && holds_digits;
            let shape = Shape { rule: index, needs_digit, alphabet, after, min, whole_up_to, near, far };
            let at = place(&mut alphabets, of);
            let alphabet = &mut alphabets[at];
            alphabet.shortest = alphabet.shortest.min(min);
            if !needs_digit {
                alphabet.shortest_without_digit = alphabet.shortest_without_digit.min(min);
            }
            let own = alphabet.of == of;
            let (whole_up_to, after) = (whole_up_to.filter(|_| own), after.filter(|_| own));
            alphabet.shapes.push(Shape { whole_up_to, after, ..shape });
        }
        for alphabet in &mut alphabets {
            alphabet.shapes.sort_by_key(|shape| shape.min);
        }
        let bits = |byte: usize| {
            let holds =
                |(at, alphabet): (usize, &Alphabet)| u32::from(alphabet.of.contains(byte as u8)) << at;
            alphabets.iter().enumerate().map(holds).sum()
        };
        let holding = Box::new(std::array::from_fn(bits));
        let wanted = [false, true].map(|digit| {
            Box::new(std::array::from_fn(|length| {
                let shortest = |alphabet: &Alphabet| {
                    if digit { alphabet.shortest } else { alphabet.shortest_without_digit }
                };
                // A run of the last length stands for all longer ones.
                let wants = |alphabet: &Alphabet| {
                    length == LONGEST && shortest(alphabet) < usize::MAX || shortest(alphabet) <= length
                };
                alphabets.iter().enumerate().map(|(at, alphabet)| u32::from(wants(alphabet)) << at).sum()
            }))
        });
        Shapes { alphabets, holding, wanted }
    }

    /// Calls `each` with a part of a run of token characters and a shape that fits it.
    pub(super) fn for_each(&self, bytes: &[u8], run: Run, mut each: impl FnMut(Range<usize>, Shape)) {
        let mut starts = [run.start; MOST_ALPHABETS];
        let wanted = self.wanted[usize::from(run.digit)][(run.end - run.start).min(LONGEST)];
        if wanted == 0 {
            return;
        }
        let mut end_part = |alphabet: usize, part: Range<usize>| {
            let Alphabet { shortest, shapes, .. } = &self.alphabets[alphabet];
            let text = &bytes[part.clone()];
            if text.len() >= *shortest {
                let digit = run.digit && text.iter().any(u8::is_ascii_digit);
                let short_enough = shapes.iter().take_while(|shape| shape.min <= text.len());
                let around = Around::of(bytes, &part, digit);
                for &shape in short_enough.filter(|shape| shape.fits(text, &around)) {
                    each(part.clone(), shape);
                }
            }
        };
        for (at, &byte) in (run.start..).zip(&bytes[run.start..run.end]) {
            let mut ended = wanted & !self.holding[usize::from(byte)];
            while ended != 0 {
                let alphabet = ended.trailing_zeros() as usize;
                end_part(alphabet, starts[alphabet]..at);
                starts[alphabet] = at + 1;
                ended &= ended - 1;
            }
        }
        for alphabet in (0..self.alphabets.len()).filter(|alphabet| wanted >> alphabet & 1 == 1) {
            end_part(alphabet, starts[alphabet]..run.end);
        }
    }
}

/// The alphabet that is `of`, made where there is none.
fn place(alphabets: &mut Vec<Alphabet>, of: ByteSet) -> usize {
    if let Some(known) = alphabets.iter().position(|alphabet| alphabet.of == of) {
        return known;
    }
    if alphabets.len() < MOST_ALPHABETS {
        alphabets.push(Alphabet {
            of,
            shortest: usize::MAX,
            shortest_without_digit: usize::MAX,
            shapes: vec![],
        });
    } else {
        let last = &mut alphabets[MOST_ALPHABETS - 1];
        last.of = last.of.union(of);
        last.shapes.iter_mut().for_each(|shape| (shape.whole_up_to, shape.after) = (None, None));
    }
    alphabets.len() - 1
}

/// What all shapes want to know of a part of a run.
struct Around {
    digit: bool,
    before: Option<u8>,
    /// How many bytes at its start may be the end of an escape, and no part of the value.
    escape: usize,
}

impl Around {
    fn of(bytes: &[u8], part: &Range<usize>, digit: bool) -> Around {
        let before = part.start.checked_sub(1).map(|before| bytes[before]);
        let escape = if guard::may_follow_escape(bytes, part.start) { LONGEST_ESCAPE } else { 0 };
        Around { digit, before, escape }
    }
}

impl Shape {
    fn fits(&self, run: &[u8], around: &Around) -> bool {
        let longest = self.whole_up_to.map_or(usize::MAX, |longest| longest + around.escape);
        let follows =
            self.after.is_none_or(|after| around.before.is_some_and(|before| after.contains(before)));
        let length = run.len();
        length >= self.min
            && length <= longest
            && follows
            && (around.digit || !self.needs_digit)
            && self.has_stretch(run)
    }

    /// Whether `min` bytes in a row are of the alphabet, looked for from the right as in Boyer and Moore.
    fn has_stretch(&self, run: &[u8]) -> bool {
        let mut from = 0;
        while from + self.min <= run.len() {
            match run[from..from + self.min].iter().rposition(|&byte| !self.alphabet.contains(byte)) {
                Some(at) => from += at + 1,
                None => return true,
            }
        }
        false
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
