//! What a rule asks of a run of token characters in which a stretch of its matches may lie.
//!
//! Contract: a run that holds such a stretch is never turned down; others may fit as well.

use std::ops::Range;

use super::guard::LONGEST_ESCAPE;
use super::matcher::mixes_cases;
use crate::model::{Rule, Stretch};

/// Runs of the last length or more are not told apart by their length.
pub(super) const LENGTHS: usize = 128;

/// What of a run decides, beside its length, whether it fits.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) digit: bool,
    /// Its first bytes may be the end of an escape, and no part of the value.
    pub(super) escape: bool,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asks {
    stretch: Stretch,
    needs_digit: bool,
    needs_both_cases: bool,
    /// The run may hold bytes that the stretch does not.
    mixed: bool,
}

impl Kind {
    pub(super) const COUNT: usize = 4;
    pub(super) const ALL: [Kind; Kind::COUNT] = [
        Kind { digit: false, escape: false },
        Kind { digit: true, escape: false },
        Kind { digit: false, escape: true },
        Kind { digit: true, escape: true },
    ];

    pub(super) fn index(self) -> usize {
        usize::from(self.digit) | usize::from(self.escape) << 1
    }
}

impl Asks {
    pub(super) fn of(rule: &Rule, stretch: Stretch) -> Asks {
        Asks {
            stretch,
            needs_digit: rule.needs_digit && stretch.holds_value,
            needs_both_cases: rule.needs_both_cases && stretch.holds_value,
            mixed: !stretch.of.is_subset(stretch.alphabet),
        }
    }

    /// What is left to ask where the run may be a part of a longer one.
    pub(super) fn within_more(self) -> Asks {
        let stretch = Stretch { whole_up_to: None, lead: &[], tail: None, ..self.stretch };
        Asks { stretch, mixed: true, ..self }
    }

    /// The stretch that is looked for.
    pub(super) fn stretch(&self) -> &Stretch {
        &self.stretch
    }

    /// Whether only runs with a digit fit.
    pub(super) fn needs_digit(&self) -> bool {
        self.needs_digit
    }

    /// Whether only runs with letters of both cases fit.
    pub(super) fn needs_both_cases(&self) -> bool {
        self.needs_both_cases
    }

    /// Whether a run of this length may fit; one of the last length stands for all longer ones.
    pub(super) fn fits_length(&self, length: usize, kind: Kind) -> bool {
        let escape = if kind.escape { LONGEST_ESCAPE } else { 0 };
        let longest = self.stretch.whole_up_to;
        let long_enough = length >= self.stretch.min || length == LENGTHS - 1;
        let short_enough = longest.is_none_or(|longest| longest + escape >= length || longest >= LENGTHS - 1);
        long_enough && short_enough && (kind.digit || !self.needs_digit)
    }

    /// Whether a run whose length fits does so in all else.
    pub(super) fn fit(&self, bytes: &[u8], part: &Range<usize>, kind: Kind) -> bool {
        let Stretch { min, whole_up_to, tail, sign, far, .. } = self.stretch;
        let escape = if kind.escape { LONGEST_ESCAPE } else { 0 };
        let run = &bytes[part.clone()];
        run.len() >= min
            && whole_up_to.is_none_or(|longest| run.len() <= longest + escape)
            && tail.is_none_or(|tail| bytes.get(part.end).is_some_and(|&byte| tail.contains(byte)))
            && (!self.needs_both_cases || mixes_cases(run))
            && sign.is_none_or(|sign| run.contains(&sign))
            && self.has_lead(&bytes[part.start.saturating_sub(far)..part.start])
            && self.has_stretch(run)
    }

    /// Where a match may start whose stretch lies in the run `part`.
    pub(super) fn starts(&self, part: &Range<usize>) -> Range<usize> {
        let Stretch { min, whole_up_to, near, far, .. } = self.stretch;
        let last = part.end - min;
        let last = match whole_up_to {
            Some(_) => last.min(part.start + LONGEST_ESCAPE),
            None => last,
        };
        part.start.saturating_sub(far)..(last + 1).saturating_sub(near)
    }

    fn has_lead(&self, mut before: &[u8]) -> bool {
        self.stretch.lead.iter().all(|lead| {
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
            let other = |byte: &u8| !self.stretch.alphabet.contains(*byte);
            if self.mixed { text.iter().rposition(other) } else { None }
        };
        let (mut from, mut clean) = (0, 0);
        while from + self.stretch.min <= run.len() {
            let unknown = from.max(clean);
            let end = from + self.stretch.min;
            match stranger(&run[unknown..end]) {
                Some(at) => from = unknown + at + 1,
                None if self.has_head(&run[from..]) => return true,
                None => (from, clean) = (from + 1, end),
            }
        }
        false
    }

    fn has_head(&self, stretch: &[u8]) -> bool {
        self.stretch.head.iter().zip(stretch).all(|(set, &byte)| set.contains(byte))
    }
}
