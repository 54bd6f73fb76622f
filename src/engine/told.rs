//! Runs that are told by a word nearby: most rules say little of their values, and few values have their words
//! beside them.
//!
//! Contract: [`Told::for_each`] may name a rule in vain, it never leaves one out.

use std::ops::Range;

use super::alphabets::{Alphabets, Part};
use super::asks::{Asks, Kind, LENGTHS};
use super::context::{Context, Nearby, WordNumber, Words};
use super::guard;
use super::matcher::mixes_cases;
use super::runs::Run;
use crate::model::Rule;
use crate::vector::bits;

/// Rules that look for runs near words.
pub(super) struct Told {
    anchors: Vec<Anchor>,
    /// For each word the anchors that it speaks for.
    by_word: Vec<Vec<u32>>,
    by_alphabet: Vec<Alphabet>,
    /// How far the widest matches reach beyond their runs.
    widest: Overhang,
    /// Whether any rule speaks in binary files.
    pub(super) in_binary: bool,
}

/// How far matches reach beyond their runs, to the left and to the right.
type Overhang = (usize, usize);

/// How far most do. Only for a run that another one fits it is looked further for words.
const USUAL: Overhang = (40, 16);

struct Anchor {
    alphabet: usize,
    rule: usize,
    asks: Asks,
    /// Longest match of the rule.
    max_len: usize,
}

struct Alphabet {
    /// What many anchors make of a part with a digit, by its length.
    fitting: [Fit; LENGTHS],
    /// The anchors that are asked one by one: those of an alphabet that has few, and those that ask for no digit.
    others: Asked,
    /// The anchors whose matches reach far.
    wide: Asked,
}

/// Anchors of one alphabet that are asked one by one whether a part fits.
struct Asked {
    anchors: Vec<u32>,
    /// Those that its length fits, one bit each, by whether it holds a digit and its length.
    fitting: [Box<[u32; LENGTHS]>; 2],
}

/// How many anchors have a bit of their own; what is more shares the last one.
const MOST: usize = 32;

/// What is known of a part from its length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Never,
    /// If it holds letters of both cases.
    Mixed,
    Maybe,
}

/// The anchors for which words stand near a stretch of a text.
#[derive(Default)]
pub(super) struct Near {
    anchors: Vec<u32>,
    of: (Range<usize>, Overhang),
}

/// An alphabet with so many anchors has few.
const FEW: usize = 8;

/// Of long runs so much is looked at together: what stands near one end tells nothing of the other.
const PIECE: usize = 1024;

impl Told {
    /// Rules with their numbers, and what they ask of runs.
    pub(super) fn of<'a>(
        asked: impl Iterator<Item = (usize, &'static Rule, &'a Asks)>,
        alphabets: &Alphabets,
        words: &Words,
    ) -> Told {
        let mut by_word = vec![vec![]; words.len()];
        let (mut widest, mut in_binary) = (USUAL, false);
        let mut anchors: Vec<Anchor> = vec![];
        for (index, rule, asks) in asked {
            for word in rule.context.iter().copied().chain(asks.stretch().word) {
                by_word[words.number(word).0 as usize].push(anchors.len() as u32);
            }
            let (alphabet, asks) = alphabets.place(asks);
            widest = (widest.0.max(asks.stretch().far), widest.1.max(asks.stretch().rest));
            in_binary |= rule.in_binary;
            anchors.push(Anchor { alphabet, rule: index, asks, max_len: rule.max_len });
        }
        let by_alphabet = (0..alphabets.len()).map(|alphabet| Alphabet::of(alphabet, &anchors)).collect();
        Told { anchors, by_word, by_alphabet, widest, in_binary }
    }

    /// Calls `each` with the rules that a part of a run fits and that have a word nearby, and where their matches
    /// may start.
    pub(super) fn for_each(
        &self,
        bytes: &[u8],
        run: Run,
        part: &Part,
        (context, near): (&mut Context<'_>, &mut Near),
        mut each: impl FnMut(usize, Range<usize>),
    ) {
        let kind = Kind { digit: part.digit, escape: guard::may_follow_escape(bytes, part.range.start) };
        if !self.may_fit(bytes, part, kind) {
            return;
        }
        let reaches_far = self.any_fits(bytes, part, kind, |alphabet| &alphabet.wide);
        let overhang = if reaches_far { self.widest } else { USUAL };
        let whole = run.start..run.end;
        let looked_at = if whole.len() <= PIECE { &whole } else { &part.range };
        for from in looked_at.clone().step_by(PIECE) {
            let piece = from..looked_at.end.min(from + PIECE);
            for &number in self.near(bytes, (piece.clone(), overhang), context, near) {
                let anchor = &self.anchors[number as usize];
                if part.alphabets >> anchor.alphabet & 1 == 1 && anchor.fits(bytes, &part.range, kind) {
                    each(anchor.rule, anchor.starts(&part.range, &piece));
                }
            }
        }
    }

    fn may_fit(&self, bytes: &[u8], part: &Part, kind: Kind) -> bool {
        let length = part.range.len().min(LENGTHS - 1);
        let alphabets = bits(part.alphabets).map(|alphabet| &self.by_alphabet[alphabet]);
        let of_many = alphabets.map(|alphabet| alphabet.fitting[length]).max().filter(|_| kind.digit);
        let may_fit = match of_many.unwrap_or(Fit::Never) {
            Fit::Maybe => true,
            Fit::Mixed => mixes_cases(&bytes[part.range.clone()]),
            Fit::Never => false,
        };
        may_fit || self.any_fits(bytes, part, kind, |alphabet| &alphabet.others)
    }

    /// Whether one of these anchors fits a part, of each of its alphabets.
    fn any_fits(&self, bytes: &[u8], part: &Part, kind: Kind, asked: impl Fn(&Alphabet) -> &Asked) -> bool {
        let length = part.range.len().min(LENGTHS - 1);
        bits(part.alphabets).any(|alphabet| {
            let Asked { anchors, fitting } = asked(&self.by_alphabet[alphabet]);
            bits(fitting[usize::from(kind.digit)][length]).any(|bit| {
                let more = if bit == MOST - 1 { anchors.len() } else { bit + 1 };
                anchors[bit..more]
                    .iter()
                    .any(|&number| self.anchors[number as usize].fits(bytes, &part.range, kind))
            })
        })
    }

    /// The anchors for which words stand near a piece of a run.
    fn near<'n>(
        &self,
        bytes: &[u8],
        piece: (Range<usize>, Overhang),
        context: &mut Context<'_>,
        near: &'n mut Near,
    ) -> &'n [u32] {
        if near.of != piece {
            near.anchors.clear();
            let nearby = Nearby::any_in(bytes, &piece.0, piece.1);
            near.of = piece;
            context.words_in(&nearby, |WordNumber(word)| near.anchors.extend(&self.by_word[word as usize]));
            near.anchors.sort_unstable();
            near.anchors.dedup();
        }
        &near.anchors
    }
}

impl Alphabet {
    fn of(alphabet: usize, anchors: &[Anchor]) -> Alphabet {
        let own = || anchors.iter().zip(0u32..).filter(|(anchor, _)| anchor.alphabet == alphabet);
        let are_few = own().count() <= FEW;
        let mut fitting = [Fit::Never; LENGTHS];
        let (mut others, mut wide) = (vec![], vec![]);
        for (Anchor { asks, .. }, number) in own() {
            if asks.stretch().far > USUAL.0 || asks.stretch().rest > USUAL.1 {
                wide.push(number);
            }
            if are_few || !asks.needs_digit() {
                others.push(number);
                continue;
            }
            for (length, fitting) in fitting.iter_mut().enumerate() {
                if asks.fits_length(length, Kind { digit: true, escape: true }) {
                    *fitting = (*fitting).max(if asks.needs_both_cases() { Fit::Mixed } else { Fit::Maybe });
                }
            }
        }
        Alphabet { fitting, others: Asked::of(others, anchors), wide: Asked::of(wide, anchors) }
    }
}

impl Asked {
    fn of(numbers: Vec<u32>, anchors: &[Anchor]) -> Asked {
        let mut fitting = [false, true].map(|_| Box::new([0; LENGTHS]));
        for (digit, fitting) in [false, true].into_iter().zip(&mut fitting) {
            let kind = Kind { digit, escape: true };
            for (length, fitting) in fitting.iter_mut().enumerate() {
                for (at, &number) in numbers.iter().enumerate() {
                    let fits = anchors[number as usize].asks.fits_length(length, kind);
                    *fitting |= u32::from(fits) << at.min(MOST - 1);
                }
            }
        }
        Asked { anchors: numbers, fitting }
    }
}

impl Anchor {
    fn fits(&self, bytes: &[u8], part: &Range<usize>, kind: Kind) -> bool {
        self.asks.fits_length(part.len().min(LENGTHS - 1), kind) && self.asks.fit(bytes, part, kind)
    }

    /// Where a match may start that has a word near this piece of a run.
    fn starts(&self, part: &Range<usize>, piece: &Range<usize>) -> Range<usize> {
        let starts = self.asks.starts(part);
        starts.start.max(piece.start.saturating_sub(self.max_len))..starts.end.min(piece.end)
    }
}
