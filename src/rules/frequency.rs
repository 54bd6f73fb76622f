//! How often text holds certain bytes. Only the order of magnitude matters: it decides by which of its bytes a
//! rule is looked for, never what is found.

use std::sync::LazyLock;

use crate::model::ByteSet;

/// For each three classes of characters the logarithm of how often they stand in a row, half a byte each;
/// `tests/train/trigrams.py` makes it and says how.
static TRIGRAMS: &[u8; 1 << 14] = include_bytes!("trigrams.bin");

/// The logarithm of how often two classes stand in a row: of the sum over what follows them.
static BIGRAMS: LazyLock<[f32; 1 << 10]> = LazyLock::new(|| {
    let follow = |pair: usize| (0..32).map(move |third| trigram(pair << 5 | third).exp2());
    std::array::from_fn(|pair| follow(pair).sum::<f32>().log2())
});

/// In how many bytes the counts are given, as a logarithm.
const SPAN: f32 = 22.0;

fn trigram(three: usize) -> f32 {
    f32::from(TRIGRAMS[three / 2] >> (three % 2 * 4) & 15) - SPAN
}

/// The class of a byte, and the logarithm of how often a byte of that class is this one.
fn class(byte: u8) -> (usize, f32) {
    match byte {
        b'a'..=b'z' => (usize::from(byte - b'a'), 0.0),
        b'A'..=b'Z' => (usize::from(byte - b'A'), 0.0),
        b'0'..=b'9' => (26, -3.3),
        b'_' => (27, 0.0),
        b'-' => (28, 0.0),
        b'.' => (29, 0.0),
        b' ' | b'\n' => (30, -1.0),
        b'\t' | b'\r' => (30, -4.0),
        // What binary files are padded with.
        0 => (31, 0.0),
        b'(' | b')' | b'"' | b'\'' | b';' | b',' | b':' | b'=' | b'/' | b'<' | b'>' | b'*' | b'#' => {
            (31, -4.3)
        }
        0x21..=0x7e => (31, -6.6),
        _ => (31, -10.0),
    }
}

/// About which share of the places in a text begin these bytes, letters in either case.
pub fn of_text(text: &[u8]) -> f32 {
    logarithm(text).exp2()
}

/// Where the four bytes of a text begin that stand least often in others; 0 where it has no more.
pub fn rarest_four(text: &[u8]) -> usize {
    let fours = text.windows(4).map(logarithm).enumerate();
    fours.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(at, _)| at)
}

/// The logarithm of the share of places that begin these bytes, by how often each follows the two before it.
pub fn logarithm(text: &[u8]) -> f32 {
    if text.len() < 3 {
        return text.iter().map(|&byte| of_byte(byte).log2()).sum();
    }
    let (mut pair, mut sum) = (0, 0.0);
    for (at, &byte) in text.iter().enumerate() {
        let (class, within) = class(byte);
        let three = pair << 5 | class;
        sum += within;
        if at >= 2 {
            sum += trigram(three);
        }
        if at >= 3 {
            sum -= BIGRAMS[pair];
        }
        pair = three & 0x3ff;
    }
    sum
}

/// About which share of the bytes of a text is in the set.
pub fn of_set(set: ByteSet) -> f64 {
    set.iter().map(of_byte).map(f64::from).sum::<f64>().min(1.0)
}

/// About which share of the bytes of a text is this one.
pub fn of_byte(byte: u8) -> f32 {
    match byte {
        b'e' | b't' | b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 0.05,
        b'l' | b'd' | b'c' | b'u' | b'm' | b'p' | b'f' => 0.025,
        b'a'..=b'z' => 0.01,
        b'0' => 0.02,
        b'1'..=b'9' => 0.008,
        b'A' | b'E' | b'S' | b'T' | b'C' | b'I' => 0.008,
        b'A'..=b'Z' => 0.004,
        b' ' => 0.12,
        b'-' => 0.03,
        b'_' | b'.' | b'/' | b':' => 0.02,
        // Rare in text, and what binary files are padded with.
        0 => 0.5,
        _ => 0.005,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_common_and_names_are_not() {
        for (common, rare) in
            [("tion", "wkey"), ("the ", "vonage"), ("key", "zzq"), ("self", "://"), ("token", "mattermost")]
        {
            let (common, rare) = (of_text(common.as_bytes()), of_text(rare.as_bytes()));
            assert!(common > 10.0 * rare, "{common} {rare}");
        }
        assert_eq!(of_text(b"TOKEN"), of_text(b"token"));
    }
}
