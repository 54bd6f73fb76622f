//! Parts of runs: what a run of token characters is for each of the alphabets that values are made of. All of
//! them hold letters and digits; the signs are what tells them apart.
//!
//! Contract: [`Alphabets::for_each_part`] leaves out no part of which it was said that it may fit.

use std::ops::Range;

use super::asks::{Asks, Kind, LENGTHS};
use super::runs::Run;
use crate::model::ByteSet;
use crate::vector::{Vector, bits, low_bits};

/// The alphabets of all rules.
pub(super) struct Alphabets {
    sets: Vec<ByteSet>,
    /// For each byte the alphabets that hold it, one bit each.
    holding: Box<[u32; 256]>,
    /// The alphabets of which a part may fit, by whether it holds a digit and its length.
    fitting: [Box<[u32; LENGTHS]>; 2],
    /// The alphabets of which some part of a run may fit, by the same of the run.
    wanted: [Box<[u32; LENGTHS]>; 2],
    /// For each byte the alphabets of which only parts that hold it may fit, one bit each, and all such alphabets.
    needing: Box<[u32; 256]>,
    in_need: u32,
}

/// How many alphabets are told apart; rules beyond that share the last one, which holds all theirs.
const MOST: usize = 32;

/// The longest stretch of a run that is of one alphabet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The alphabets for which it is that, one bit each, by their numbers.
    pub(super) alphabets: u32,
    pub(super) range: Range<usize>,
    /// Whether it holds a digit.
    pub(super) digit: bool,
}

impl Alphabets {
    /// Those of runs about which these things are asked.
    pub(super) fn of<'a>(asked: impl Iterator<Item = &'a Asks> + Clone) -> Alphabets {
        let mut sets: Vec<ByteSet> = vec![];
        for asks in asked.clone() {
            let of = asks.stretch().of;
            if sets.contains(&of) {
                continue;
            }
            match sets.get_mut(MOST - 1) {
                Some(last) => *last = last.union(of),
                None => sets.push(of),
            }
        }
        let mut alphabets = Alphabets {
            holding: Box::new(std::array::from_fn(|byte| {
                sets.iter().zip(0..).map(|(set, at)| u32::from(set.contains(byte as u8)) << at).sum()
            })),
            sets,
            fitting: [false, true].map(|_| Box::new([0; LENGTHS])),
            wanted: [false, true].map(|_| Box::new([0; LENGTHS])),
            needing: Box::new([0; 256]),
            in_need: 0,
        };
        let placed: Vec<(usize, Asks)> = asked.map(|asks| alphabets.place(asks)).collect();
        for (alphabet, asks) in &placed {
            for digit in [false, true] {
                for length in 0..LENGTHS {
                    let fits = asks.fits_length(length, Kind { digit, escape: true });
                    alphabets.fitting[usize::from(digit)][length] |= u32::from(fits) << alphabet;
                }
            }
        }
        for alphabet in 0..alphabets.len() {
            let mut signs =
                placed.iter().filter(|(of, _)| *of == alphabet).map(|(_, asks)| asks.stretch().sign);
            let first = signs.next().flatten();
            if let Some(sign) = first.filter(|_| signs.all(|sign| sign == first)) {
                alphabets.needing[usize::from(sign)] |= 1 << alphabet;
                alphabets.in_need |= 1 << alphabet;
            }
        }
        for (fitting, wanted) in alphabets.fitting.iter().zip(&mut alphabets.wanted) {
            let mut shorter = 0;
            for (fitting, wanted) in fitting.iter().zip(wanted.iter_mut()) {
                shorter |= fitting;
                *wanted = shorter;
            }
        }
        alphabets
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.sets.len()
    }

    /// The number of the alphabet whose parts are to be asked, and what is left to ask of them.
    pub(super) fn place(&self, asks: &Asks) -> (usize, Asks) {
        match self.sets.iter().position(|&set| set == asks.stretch().of) {
            Some(alphabet) => (alphabet, *asks),
            None => (MOST - 1, asks.within_more()),
        }
    }

    /// Whether any part of the run may fit.
    #[inline]
    pub(super) fn look_at(&self, run: Run) -> bool {
        self.wanted(run) != 0
    }

    #[inline]
    fn wanted(&self, run: Run) -> u32 {
        self.wanted[usize::from(run.digit)][(run.end - run.start).min(LENGTHS - 1)]
    }

    /// Calls `each` with the parts of a run that may fit.
    pub(super) fn for_each_part(
        &self,
        vector: Vector,
        bytes: &[u8],
        run: Run,
        parts: &mut Parts,
        mut each: impl FnMut(&Part),
    ) {
        let block = |base: usize| vector.block(&bytes[base..]).first(run.end - base);
        let only = (run.end - run.start <= 64).then(|| block(run.start));
        if only.is_some_and(|masks| masks.token == masks.alnum) {
            let alphabets = self.wanted(run) & !self.in_need;
            if let Some(part) = self.part(run.start..run.end, alphabets, run.digit) {
                each(&part);
            }
            return;
        }
        let blocks = || {
            let bases = (run.start..run.end).step_by(64);
            bases.map(|base| (base, only.unwrap_or_else(|| block(base))))
        };
        let signs =
            blocks().flat_map(|(base, masks)| bits(masks.token & !masks.alnum).map(move |bit| base + bit));
        let met = signs.fold(0, |met, at| met | self.needing[usize::from(bytes[at])]);
        let wanted = self.wanted(run) & (met | !self.in_need);
        if wanted == 0 {
            return;
        }
        parts.begin(run.start, wanted);
        let mut last_digit = None;
        let mut end_parts = |alphabets: u32, end: usize, last_digit: Option<usize>| {
            parts.end(alphabets, end, |start, alphabets| {
                let digit = last_digit.is_some_and(|digit| digit >= start);
                if let Some(part) = self.part(start..end, alphabets, digit) {
                    each(&part);
                }
            });
        };
        for (base, masks) in blocks() {
            for bit in bits(masks.token & !masks.alnum) {
                let ended = wanted & !self.holding[usize::from(bytes[base + bit])];
                if ended != 0 {
                    let before = (masks.digit & low_bits(bit)).checked_ilog2();
                    let last_digit = before.map(|bit| base + bit as usize).or(last_digit);
                    end_parts(ended, base + bit, last_digit);
                }
            }
            last_digit = masks.digit.checked_ilog2().map(|bit| base + bit as usize).or(last_digit);
        }
        end_parts(wanted, run.end, last_digit);
    }
}

impl Alphabets {
    /// A part, for those of the alphabets for which it may fit.
    fn part(&self, range: Range<usize>, alphabets: u32, digit: bool) -> Option<Part> {
        let alphabets = self.fitting[usize::from(digit)][range.len().min(LENGTHS - 1)] & alphabets;
        (alphabets != 0).then_some(Part { alphabets, range, digit })
    }
}

/// The parts that a run is for each alphabet, as far as they have not ended. Alphabets that lack the same signs
/// share theirs: each is where it begins, and the alphabets it is for.
#[derive(Default)]
pub(super) struct Parts {
    open: Vec<(usize, u32)>,
}

impl Parts {
    fn begin(&mut self, start: usize, alphabets: u32) {
        self.open.clear();
        self.open.push((start, alphabets));
    }

    /// Ends the parts for these alphabets, calls `each` with where those that end together begin, and begins
    /// their next one behind `end`.
    fn end(&mut self, alphabets: u32, end: usize, mut each: impl FnMut(usize, u32)) {
        self.open.retain_mut(|(start, open)| {
            if *open & alphabets != 0 {
                each(*start, *open & alphabets);
                *open &= !alphabets;
            }
            *open != 0
        });
        self.open.push((end + 1, alphabets));
    }
}
