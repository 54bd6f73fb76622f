//! Shapes: rules whose values are told by the length and the alphabet of their run alone.
//!
//! Contract: [`Shapes::for_each`] may name a rule in vain, it never leaves one out.

use std::ops::Range;

use super::alphabets::{Alphabets, Part};
use super::asks::{Asks, Kind, LENGTHS};
use super::guard;
use crate::vector::bits;

/// Rules that look for runs, by what the runs are made of.
pub(super) struct Shapes {
    by_alphabet: Vec<Alphabet>,
}

struct Alphabet {
    shapes: Vec<Shape>,
    /// The shapes that fit a part, one bit each, by its [`Kind`] and length.
    fitting: [Box<[u64; LENGTHS]>; Kind::COUNT],
}

/// How many shapes of one alphabet have a bit of their own; what is more shares the last one.
const MOST: usize = 64;

/// What rules ask of a run. Those that ask the same share one.
struct Shape {
    asks: Asks,
    rules: Vec<usize>,
}

impl Shapes {
    /// Rules by their numbers, and what they ask of runs.
    pub(super) fn of<'a>(asked: impl Iterator<Item = (usize, &'a Asks)>, alphabets: &Alphabets) -> Shapes {
        let empty = || Alphabet { shapes: vec![], fitting: std::array::from_fn(|_| Box::new([0; LENGTHS])) };
        let mut by_alphabet: Vec<Alphabet> = std::iter::repeat_with(empty).take(alphabets.len()).collect();
        for (rule, asks) in asked {
            let (alphabet, asks) = alphabets.place(asks);
            by_alphabet[alphabet].add(rule, asks);
        }
        by_alphabet.iter_mut().for_each(Alphabet::tabulate);
        Shapes { by_alphabet }
    }

    /// Calls `each` with the rules that a part of a run fits, and where their matches may start.
    pub(super) fn for_each(&self, bytes: &[u8], part: &Part, mut each: impl FnMut(usize, Range<usize>)) {
        let Part { alphabets, range, digit } = part;
        let length = range.len().min(LENGTHS - 1);
        let kind = Kind { digit: *digit, escape: guard::may_follow_escape(bytes, range.start) };
        for Alphabet { shapes, fitting } in bits(*alphabets).map(|alphabet| &self.by_alphabet[alphabet]) {
            for bit in bits(fitting[kind.index()][length]) {
                let more = if bit == MOST - 1 { shapes.len() } else { bit + 1 };
                let fitting = shapes[bit..more].iter().filter(|shape| shape.asks.fit(bytes, range, kind));
                for Shape { asks, rules } in fitting {
                    rules.iter().for_each(|&rule| each(rule, asks.starts(range)));
                }
            }
        }
    }
}

impl Alphabet {
    fn add(&mut self, rule: usize, asks: Asks) {
        match self.shapes.iter_mut().find(|shape| shape.asks == asks) {
            Some(shape) => shape.rules.push(rule),
            None => self.shapes.push(Shape { asks, rules: vec![rule] }),
        }
    }

    fn tabulate(&mut self) {
        for kind in Kind::ALL {
            for (length, fitting) in self.fitting[kind.index()].iter_mut().enumerate() {
                for (at, shape) in self.shapes.iter().enumerate() {
                    *fitting |= u64::from(shape.asks.fits_length(length, kind)) << at.min(MOST - 1);
                }
            }
        }
    }
}
