//! Runs of token characters: the stretches of a text in which values stand.

use super::classes::{Classifier, Masks};

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

/// How many bytes are classified at a time; their masks fit the first-level cache.
const PIECE: usize = 16 * 1024;
const BLOCKS: usize = PIECE / 64;

/// Calls `each` for every maximal run of at least `MIN` token characters, from the left to the right.
pub(super) fn for_each<const MIN: usize>(classifier: Classifier, bytes: &[u8], mut each: impl FnMut(Run)) {
    const { assert!(MIN >= 2 && MIN <= 32) };
    let mut masks = [Masks::default(); BLOCKS + 1];
    let mut open: Option<Open> = None;
    for (piece, from) in bytes.chunks(PIECE).zip((0..).step_by(PIECE)) {
        let blocks = piece.len().div_ceil(64);
        // One block more shows whether a run goes on beyond the piece.
        let ahead = &bytes[from..(from + piece.len() + 64).min(bytes.len())];
        masks[blocks] = Masks::default();
        classifier.classify(ahead, &mut masks);
        for at in 0..blocks {
            let Masks { token, digit } = masks[at];
            let base = from + at * 64;
            let mut starts = long_runs::<MIN>(token, masks[at + 1].token);
            if let Some(run) = &mut open {
                let length = token.trailing_ones() as usize;
                run.digit |= digit & low_bits(length) != 0;
                if length == 64 {
                    continue;
                }
                each(Run { start: run.start, end: base + length, digit: run.digit });
                open = None;
                starts &= !low_bits(length);
            }
            while starts != 0 {
                let start = starts.trailing_zeros() as usize;
                let length = (token >> start).trailing_ones() as usize;
                let end = start + length;
                let has_digit = digit & low_bits(end) & !low_bits(start) != 0;
                if end >= 64 {
                    open = Some(Open { start: base + start, digit: has_digit });
                    break;
                }
                each(Run { start: base + start, end: base + end, digit: has_digit });
                starts &= !low_bits(end);
            }
        }
    }
    if let Some(run) = open {
        each(Run { start: run.start, end: bytes.len(), digit: run.digit });
    }
}

/// A run that reaches the end of its block.
struct Open {
    start: usize,
    digit: bool,
}

/// Where `MIN` token characters in a row begin; `next` is the mask of the following block.
fn long_runs<const MIN: usize>(token: u64, next: u64) -> u64 {
    let mut runs = u128::from(token) | u128::from(next) << 64;
    let mut length = 1;
    while length < MIN {
        let step = length.min(MIN - length);
        runs &= runs >> step;
        length += step;
    }
    runs as u64
}

fn low_bits(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ByteSet;

    /// What [`for_each`] promises, byte by byte.
    fn plainly(bytes: &[u8]) -> Vec<Run> {
        let mut runs = vec![];
        let mut start = 0;
        for end in 0..=bytes.len() {
            if end == bytes.len() || !ByteSet::TOKEN.contains(bytes[end]) {
                if end - start >= 12 {
                    runs.push(Run { start, end, digit: bytes[start..end].iter().any(u8::is_ascii_digit) });
                }
                start = end + 1;
            }
        }
        runs
    }

    fn vectorised(bytes: &[u8]) -> Vec<Run> {
        let mut runs = vec![];
        for_each::<12>(Classifier::detect(), bytes, |run| runs.push(run));
        runs
    }

    #[test]
    fn runs_of_every_length_at_every_offset_of_a_block() {
        for offset in 0..130 {
            for length in 0..140 {
                for tail in [0, 1, 70] {
                    let text = [" ".repeat(offset), "x".repeat(length), " ".repeat(tail)].concat();
                    assert_eq!(
                        vectorised(text.as_bytes()),
                        plainly(text.as_bytes()),
                        "{offset} {length} {tail}"
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
                let draw = |_| {
                    if random.usize(..rare) == 0 {
                        b' '
                    } else {
                        *b"abz9".get(random.usize(..60)).unwrap_or(&b'q')
                    }
                };
                let text: Vec<u8> = (0..length).map(draw).collect();
                assert_eq!(vectorised(&text), plainly(&text), "{length} {rare}");
            }
        }
    }
}
