//! Shapes: rules whose values are told by the length and the alphabet of their run.
//!
//! Contract: [`Shapes::for_each`] may name a place in vain, it never leaves one out.

use std::ops::Range;

use super::guard::{self, LONGEST_ESCAPE};
use super::matcher::mixes_cases;
use super::runs::Run;
use super::vector::{Vector, bits, low_bits};
use crate::model::{Anchor, ByteSet, Lead, Rule};

/// Rules that look for runs, by what the runs are made of.
pub(super) struct Shapes {
    alphabets: Vec<Alphabet>,
    /// For each byte the alphabets that hold it, one bit each.
    holding: Box<[u32; 256]>,
    /// For each byte the alphabets whose every shape needs it, one bit each, and all such alphabets.
    needing: Box<[u32; 256]>,
    in_need: u32,
    /// The alphabets that look at a run or a part of it, by whether it holds a digit and its length.
    wanted: [Box<[u32; LENGTHS]>; 2],
}

/// Runs of all letters, digits and a few signs; the signs are what tells alphabets apart.
struct Alphabet {
    of: ByteSet,
    shapes: Vec<Shape>,
    /// The shapes that fit a run, one bit each, by its [`Kind`] and length.
    fitting: [Box<[u64; LENGTHS]>; Kind::COUNT],
}

/// Runs of the last length or more are not told apart by their length.
const LENGTHS: usize = 128;

/// How many alphabets are told apart; rules beyond that share the last one, which holds all theirs.
const MOST_ALPHABETS: usize = 32;

/// How many shapes of one alphabet have a bit of their own. What is more gets an alphabet of its own.
const MOST_SHAPES: usize = 64;

/// What of a run decides, beside its length, which shapes fit.
#[derive(Clone, Copy)]
struct Kind {
    digit: bool,
    /// Its first bytes may be the end of an escape, and no part of the value.
    escape: bool,
}

/// What rules ask of a run. Those that ask the same share one.
#[derive(Debug)]
pub(super) struct Shape {
    /// Rules that need no word nearby.
    pub(super) speaking: Vec<usize>,
    /// Rules that need one.
    pub(super) told: Vec<usize>,
    asks: Asks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asks {
    needs_digit: bool,
    needs_both_cases: bool,
    /// Of what `min` bytes in a row are, unless the whole run is of that.
    alphabet: Option<ByteSet>,
    head: &'static [ByteSet],
    lead: &'static [Lead],
    tail: Option<ByteSet>,
    sign: Option<u8>,
    min: usize,
    whole_up_to: Option<usize>,
    near: usize,
    far: usize,
    rest: usize,
}

impl Shapes {
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'static Rule, &'a Anchor)>) -> Shapes {
        let mut alphabets: Vec<Alphabet> = vec![];
        for (index, rule, anchor) in rules {
            let Anchor::Run {
                of,
                alphabet,
                head,
                lead,
                tail,
                sign,
                min,
                whole_up_to,
                holds_value,
                near,
                far,
                rest,
            } = *anchor
            else {
                continue;
            };
            let needs_digit = rule.needs_digit && holds_value;
            let needs_both_cases = rule.needs_both_cases && holds_value;
            let alphabet = Some(alphabet).filter(|alphabet| !of.is_subset(*alphabet));
            let asks = Asks {
                needs_digit,
                needs_both_cases,
                alphabet,
                head,
                lead,
                tail,
                sign,
                min,
                whole_up_to,
                near,
                far,
                rest,
            };
            let at = place(&mut alphabets, of, &asks);
            let alphabet = &mut alphabets[at];
            let asks = if alphabet.of == of { asks } else { asks.within_more(of) };
            alphabet.add(index, rule, asks);
        }
        alphabets.iter_mut().for_each(Alphabet::tabulate);
        let holding = |byte: usize| {
            let bit = |(at, alphabet): (usize, &Alphabet)| u32::from(alphabet.of.contains(byte as u8)) << at;
            alphabets.iter().enumerate().map(bit).sum()
        };
        let wanted = |digit: bool| {
            let mut wanted = Box::new([0; LENGTHS]);
            for (at, alphabet) in alphabets.iter().enumerate() {
                let fitting = &alphabet.fitting[Kind { digit, escape: true }.index()];
                let shortest = fitting.iter().position(|fitting| *fitting != 0).unwrap_or(LENGTHS);
                wanted[shortest..].iter_mut().for_each(|wanted| *wanted |= 1 << at);
            }
            wanted
        };
        let mut needing = Box::new([0; 256]);
        for (at, alphabet) in alphabets.iter().enumerate() {
            alphabet.needed_sign().into_iter().for_each(|sign| needing[usize::from(sign)] |= 1 << at);
        }
        let in_need = needing.iter().fold(0, |all, some| all | some);
        let (holding, wanted) = (Box::new(std::array::from_fn(holding)), [false, true].map(wanted));
        Shapes { alphabets, holding, needing, in_need, wanted }
    }

    /// Whether any shape may fit a part of the run.
    #[inline]
    pub(super) fn look_at(&self, run: Run) -> bool {
        self.wanted(run) != 0
    }

    #[inline]
    fn wanted(&self, run: Run) -> u32 {
        self.wanted[usize::from(run.digit)][(run.end - run.start).min(LENGTHS - 1)]
    }

    /// Calls `each` with a part of a run of token characters and a shape that fits it.
    pub(super) fn for_each<'a>(
        &'a self,
        vector: Vector,
        bytes: &[u8],
        run: Run,
        mut each: impl FnMut(Range<usize>, &'a Shape),
    ) {
        let blocks = || {
            (run.start..run.end)
                .step_by(64)
                .map(|base| (base, vector.block(&bytes[base..]).first(run.end - base)))
        };
        let signs =
            blocks().flat_map(|(base, masks)| bits(masks.token & !masks.alnum).map(move |bit| base + bit));
        let met = signs.fold(0, |met, at| met | self.needing[usize::from(bytes[at])]);
        let wanted = self.wanted(run) & (met | !self.in_need);
        if wanted == 0 {
            return;
        }
        let mut parts = Parts::from(run.start, wanted);
        let mut last_digit = None;
        let mut end_parts = |alphabets: u32, end: usize, last_digit: Option<usize>| {
            parts.end(alphabets, end, |start, alphabets| {
                let has_digit = last_digit.is_some_and(|digit| digit >= start);
                let length = (end - start).min(LENGTHS - 1);
                for alphabet in bits(self.wanted[usize::from(has_digit)][length] & alphabets) {
                    self.alphabets[alphabet].for_each(bytes, start..end, has_digit, &mut each);
                }
            });
        };
        for (base, masks) in blocks() {
            for bit in bits(masks.token & !masks.alnum) {
                let before = (masks.digit & low_bits(bit)).checked_ilog2();
                let last_digit = before.map(|bit| base + bit as usize).or(last_digit);
                let ended = wanted & !self.holding[usize::from(bytes[base + bit])];
                end_parts(ended, base + bit, last_digit);
            }
            last_digit = masks.digit.checked_ilog2().map(|bit| base + bit as usize).or(last_digit);
        }
        end_parts(wanted, run.end, last_digit);
    }
}

/// The parts that a run is for each alphabet, as far as they have not ended. Alphabets that lack the same signs
/// share theirs: each is where it begins, and the alphabets it is for.
struct Parts {
    open: [(usize, u32); MOST_ALPHABETS + 1],
    count: usize,
}

impl Parts {
    fn from(start: usize, alphabets: u32) -> Parts {
        Parts { open: [(start, alphabets); MOST_ALPHABETS + 1], count: 1 }
    }

    /// Ends the parts for these alphabets, calls `each` with where those that end together begin, and begins
    /// their next one behind `end`.
    fn end(&mut self, alphabets: u32, end: usize, mut each: impl FnMut(usize, u32)) {
        let mut kept = 0;
        for at in 0..self.count {
            let (start, open) = self.open[at];
            if open & alphabets != 0 {
                each(start, open & alphabets);
            }
            self.open[kept] = (start, open & !alphabets);
            kept += usize::from(open & !alphabets != 0);
        }
        self.open[kept] = (end + 1, alphabets);
        self.count = kept + usize::from(alphabets != 0);
    }
}

/// The alphabet that is `of` and has room, made where there is none.
fn place(alphabets: &mut Vec<Alphabet>, of: ByteSet, asks: &Asks) -> usize {
    let has_room = |alphabet: &Alphabet| {
        alphabet.shapes.len() < MOST_SHAPES || alphabet.shapes.iter().any(|shape| shape.asks == *asks)
    };
    if let Some(known) = alphabets.iter().position(|alphabet| alphabet.of == of && has_room(alphabet)) {
        return known;
    }
    if alphabets.len() < MOST_ALPHABETS {
        alphabets.push(Alphabet::new(of));
    } else {
        alphabets[MOST_ALPHABETS - 1].widen(of);
    }
    alphabets.len() - 1
}

impl Alphabet {
    fn new(of: ByteSet) -> Alphabet {
        Alphabet { of, shapes: vec![], fitting: std::array::from_fn(|_| Box::new([0; LENGTHS])) }
    }

    /// A sign that every shape needs.
    fn needed_sign(&self) -> Option<u8> {
        let first = self.shapes.first()?.asks.sign?;
        self.shapes.iter().all(|shape| shape.asks.sign == Some(first)).then_some(first)
    }

    fn add(&mut self, index: usize, rule: &Rule, asks: Asks) {
        let known = self.shapes.iter().position(|shape| shape.asks == asks);
        let at = known.unwrap_or_else(|| {
            self.shapes.push(Shape { speaking: vec![], told: vec![], asks });
            self.shapes.len() - 1
        });
        let shape = &mut self.shapes[at];
        if rule.context.is_empty() { &mut shape.speaking } else { &mut shape.told }.push(index);
    }

    /// Makes room for the runs of another alphabet, in which those of this one may be parts.
    fn widen(&mut self, of: ByteSet) {
        self.shapes.iter_mut().for_each(|shape| shape.asks = shape.asks.within_more(self.of));
        self.of = self.of.union(of);
    }

    fn tabulate(&mut self) {
        for kind in Kind::ALL {
            for (length, fitting) in self.fitting[kind.index()].iter_mut().enumerate() {
                for (at, shape) in self.shapes.iter().enumerate() {
                    // Shapes beyond the last bit share it.
                    let bit = at.min(MOST_SHAPES - 1);
                    *fitting |= u64::from(shape.asks.fits_length(length, kind)) << bit;
                }
            }
        }
    }

    fn for_each<'a>(
        &'a self,
        bytes: &[u8],
        part: Range<usize>,
        digit: bool,
        each: &mut impl FnMut(Range<usize>, &'a Shape),
    ) {
        let length = part.len().min(LENGTHS - 1);
        // Few parts are long enough for anyone; only of those it is asked what stands before them.
        if self.fitting[Kind { digit, escape: true }.index()][length] == 0 {
            return;
        }
        let kind = Kind { digit, escape: guard::may_follow_escape(bytes, part.start) };
        for bit in bits(self.fitting[kind.index()][length]) {
            let more = if bit == MOST_SHAPES - 1 { self.shapes.len() } else { bit + 1 };
            for shape in self.shapes[bit..more].iter().filter(|shape| shape.asks.fit(bytes, &part, kind)) {
                each(part.clone(), shape);
            }
        }
    }
}

impl Kind {
    const COUNT: usize = 4;
    const ALL: [Kind; Kind::COUNT] = [
        Kind { digit: false, escape: false },
        Kind { digit: true, escape: false },
        Kind { digit: false, escape: true },
        Kind { digit: true, escape: true },
    ];

    fn index(self) -> usize {
        usize::from(self.digit) | usize::from(self.escape) << 1
    }
}

impl Shape {
    /// How far a match may reach beyond its run: to the left and to the right, in bytes.
    pub(super) fn overhang(&self) -> (usize, usize) {
        (self.asks.far, self.asks.rest)
    }

    /// Where a match may start whose stretch lies in the run `part`.
    pub(super) fn starts(&self, part: &Range<usize>) -> Range<usize> {
        let last = part.end - self.asks.min;
        let last = match self.asks.whole_up_to {
            Some(_) => last.min(part.start + LONGEST_ESCAPE),
            None => last,
        };
        part.start.saturating_sub(self.asks.far)..(last + 1).saturating_sub(self.asks.near)
    }
}

impl Asks {
    /// What is left to ask where a run of `of` may be a part of a longer one.
    fn within_more(self, of: ByteSet) -> Asks {
        Asks { whole_up_to: None, lead: &[], tail: None, alphabet: self.alphabet.or(Some(of)), ..self }
    }

    fn fits_length(&self, length: usize, kind: Kind) -> bool {
        let escape = if kind.escape { LONGEST_ESCAPE } else { 0 };
        // A run of the last length stands for all longer ones.
        let long_enough = length >= self.min || length == LENGTHS - 1;
        let short_enough =
            self.whole_up_to.is_none_or(|longest| longest + escape >= length || longest >= LENGTHS - 1);
        long_enough && short_enough && (kind.digit || !self.needs_digit)
    }

    /// Whether a run whose length fits does so in all else.
    fn fit(&self, bytes: &[u8], part: &Range<usize>, kind: Kind) -> bool {
        let escape = if kind.escape { LONGEST_ESCAPE } else { 0 };
        let run = &bytes[part.clone()];
        run.len() >= self.min
            && self.whole_up_to.is_none_or(|longest| run.len() <= longest + escape)
            && self.tail.is_none_or(|tail| bytes.get(part.end).is_some_and(|&byte| tail.contains(byte)))
            && (!self.needs_both_cases || mixes_cases(run))
            && self.has_lead(&bytes[part.start.saturating_sub(self.far)..part.start])
            && self.has_stretch(run)
            && self.sign.is_none_or(|sign| memchr::memchr(sign, run).is_some())
    }

    fn has_lead(&self, mut before: &[u8]) -> bool {
        self.lead.iter().all(|lead| {
            let at = before.iter().rposition(|&byte| !lead.through.contains(byte));
            at.is_some_and(|at| {
                let fits = lead.of.contains(before[at]);
                before = &before[..at];
                fits
            })
        })
    }

    /// `min` bytes in a row of the alphabet that begin as the value does, looked for from the right as in
    /// Boyer and Moore.
    fn has_stretch(&self, run: &[u8]) -> bool {
        let stranger = |text: &[u8]| {
            let alphabet = self.alphabet?;
            text.iter().rposition(|&byte| !alphabet.contains(byte))
        };
        let (mut from, mut clean) = (0, 0);
        while from + self.min <= run.len() {
            let unknown = from.max(clean);
            let end = from + self.min;
            match stranger(&run[unknown..end]) {
                Some(at) => from = unknown + at + 1,
                None if self.has_head(&run[from..]) => return true,
                None => (from, clean) = (from + 1, end),
            }
        }
        false
    }

    fn has_head(&self, stretch: &[u8]) -> bool {
        self.head.iter().zip(stretch).all(|(set, &byte)| set.contains(byte))
    }
}
