//! Runs of token characters: the stretches of a text in which values stand.

use super::guard::{self, LONGEST_ESCAPE};
use crate::model::Anchor;
use crate::vector::{Masks, Vector, bits, low_bits};

/// A maximal run of token characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// First byte.
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
    /// Whether it holds a digit.
    pub(super) digit: bool,
}

/// How many bytes are classified at a time; with their masks they fit the first-level cache, and most texts are
/// not much longer.
const PIECE: usize = 4 * 1024;
const BLOCKS: usize = PIECE / 64;

/// What is found on the way through a text, from the left to the right of each.
pub(super) trait Visitor {
    /// A word begins at `at`, and with it at least [`Anchor::RUN`] token characters. Each of the first bytes
    /// of a run that may begin with the rest of an escape counts as a word.
    fn word(&mut self, at: usize);

    /// A maximal run of at least [`Anchor::RUN`] token characters.
    fn run(&mut self, run: Run);
}

/// Goes through a text.
pub(super) fn visit(vector: Vector, bytes: &[u8], visitor: &mut impl Visitor) {
    // The first block is the last one of the piece before. One more at the end shows whether a run goes on.
    let mut masks = [Masks::default(); BLOCKS + 2];
    let mut words = Words::default();
    let mut runs = Runs::default();
    for (piece, from) in bytes.chunks(PIECE).zip((0..).step_by(PIECE)) {
        let blocks = piece.len().div_ceil(64);
        let ahead = &bytes[from..(from + piece.len() + 64).min(bytes.len())];
        masks[blocks + 1] = Masks::default();
        vector.classify(ahead, &mut masks[1..]);
        for (around, base) in masks[..blocks + 2].windows(3).zip((from..).step_by(64)) {
            let starts = begin_long(around[1].token, around[2].token);
            if starts != 0 || runs.open.is_some() {
                words.visit(around[0], around[1], starts, bytes, base, visitor);
                runs.visit(around[1], starts, base, visitor);
            }
        }
        masks[0] = masks[blocks];
    }
    if let Some(run) = runs.open {
        visitor.run(Run { start: run.start, end: bytes.len(), digit: run.digit });
    }
}

/// Words; what a block says of the next one.
#[derive(Default)]
struct Words {
    /// Where the next block begins, and which bytes at its start may be the first ones after an escape.
    escaped: (usize, u64),
}

impl Words {
    /// `starts` tells where [`Anchor::RUN`] token characters in a row begin.
    fn visit(
        &mut self,
        before: Masks,
        masks: Masks,
        starts: u64,
        bytes: &[u8],
        base: usize,
        visitor: &mut impl Visitor,
    ) {
        let after_alnum = masks.alnum << 1 | before.alnum >> 63;
        let after_token = masks.token << 1 | before.token >> 63;
        let mut escaped = if self.escaped.0 == base { u128::from(self.escaped.1) } else { 0 };
        for start in bits(starts & !after_token) {
            if guard::may_follow_escape(bytes, base + start) {
                escaped |= ((1 << (LONGEST_ESCAPE + 1)) - 1) << start;
            }
        }
        self.escaped = (base + 64, (escaped >> 64) as u64);
        for word in bits(starts & (masks.alnum & !after_alnum | escaped as u64)) {
            visitor.word(base + word);
        }
    }
}

/// Runs; what the block before says of this one.
#[derive(Default)]
struct Runs {
    open: Option<Open>,
}

impl Runs {
    fn visit(
        &mut self,
        Masks { token, digit, .. }: Masks,
        mut starts: u64,
        base: usize,
        visitor: &mut impl Visitor,
    ) {
        if let Some(run) = &mut self.open {
            let length = token.trailing_ones() as usize;
            run.digit |= digit & low_bits(length) != 0;
            if length == 64 {
                return;
            }
            visitor.run(Run { start: run.start, end: base + length, digit: run.digit });
            self.open = None;
            starts &= !low_bits(length);
        }
        while starts != 0 {
            let start = starts.trailing_zeros() as usize;
            let end = start + (token >> start).trailing_ones() as usize;
            let has_digit = digit & low_bits(end) & !low_bits(start) != 0;
            if end >= 64 {
                self.open = Some(Open { start: base + start, digit: has_digit });
                return;
            }
            visitor.run(Run { start: base + start, end: base + end, digit: has_digit });
            starts &= !low_bits(end);
        }
    }
}

/// A run that reaches the end of its block.
struct Open {
    start: usize,
    digit: bool,
}

/// Where [`Anchor::RUN`] bits in a row begin that are set, of which the last may be the first of `next`.
fn begin_long(bits: u64, next: u64) -> u64 {
    const { assert!(Anchor::RUN == 16) };
    // Places at which two, four, eight and sixteen in a row begin.
    let two = bits & bits >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    let within = eight & eight >> 8;
    let (tail, head) = (bits.leading_ones().min(15) as usize, next.trailing_ones().min(15) as usize);
    if tail + head < Anchor::RUN {
        return within;
    }
    within | low_bits(64 + head - Anchor::RUN + 1) & !low_bits(64 - tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ByteSet;

    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        words: Vec<usize>,
        runs: Vec<Run>,
    }

    impl Visitor for Seen {
        fn word(&mut self, at: usize) {
            self.words.push(at);
        }

        fn run(&mut self, run: Run) {
            self.runs.push(run);
        }
    }

    /// What [`visit`] promises, byte by byte.
    fn plainly(bytes: &[u8]) -> Seen {
        let mut seen = Seen::default();
        let mut start = 0;
        for end in 0..=bytes.len() {
            if end == bytes.len() || !ByteSet::TOKEN.contains(bytes[end]) {
                if end - start >= Anchor::RUN {
                    let digit = bytes[start..end].iter().any(u8::is_ascii_digit);
                    seen.runs.push(Run { start, end, digit });
                }
                let begins = |at: &usize| {
                    let word = bytes[*at].is_ascii_alphanumeric()
                        && !(*at > 0 && bytes[at - 1].is_ascii_alphanumeric());
                    word || at - start <= LONGEST_ESCAPE && guard::may_follow_escape(bytes, start)
                };
                seen.words.extend((start..(end + 1).saturating_sub(Anchor::RUN)).filter(begins));
                start = end + 1;
            }
        }
        seen
    }

    fn vectorised(bytes: &[u8]) -> Seen {
        let mut seen = Seen::default();
        visit(Vector::detect(), bytes, &mut seen);
        seen
    }

    #[test]
    fn runs_of_every_length_at_every_offset_of_a_block() {
        for offset in 0..130 {
            for length in 0..140 {
                for (body, tail) in [("x", 0), ("x", 1), ("a-", 70), ("_", 3), ("ab.7", 64), ("%", 1)] {
                    let text = [" ".repeat(offset), body.repeat(length), " ".repeat(tail)].concat();
                    assert_eq!(
                        vectorised(text.as_bytes()),
                        plainly(text.as_bytes()),
                        "{offset} {length} {body} {tail}"
                    );
                }
            }
        }
    }

    #[test]
    fn runs_in_random_text_across_pieces() {
        let mut random = fastrand::Rng::with_seed(3);
        for length in [0, 63, 64, 65, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 77] {
            for rare in [2, 10, 40, 2000] {
                let token = |choice: usize| *b"ab_z9-.".get(choice).unwrap_or(&b'q');
                let text: Vec<u8> = (0..length)
                    .map(|_| {
                        if random.usize(..rare) == 0 {
                            b" %"[random.usize(..2)]
                        } else {
                            token(random.usize(..20))
                        }
                    })
                    .collect();
                assert!(vectorised(&text) == plainly(&text), "length {length}, one blank in {rare}");
            }
        }
    }
}
