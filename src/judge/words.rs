//! Was a text drawn at random, or spelled by a person? Two explanations are weighed: each character drawn from the
//! alphabet that the text shows, or spelled as names and words are. The difference is given in bits; length and
//! alphabet are accounted for by themselves, where a limit on entropy loses short and hexadecimal values.
//!
//! `tests/train/words.py` makes the model of names and words and says from what.

/// What names and words cost, in the form that the training script describes.
static MODEL: &[u8; STEPS + LETTERS] = include_bytes!("words.bin");

/// Costs of passing from one class of characters to the next.
const STEPS: usize = CLASSES * CLASSES;

/// Costs of letters after two others, two a byte.
const LETTERS: usize = 27 * 27 * 26 / 2;

const CLASSES: usize = 5;

/// What stands for whatever is no letter.
const EDGE: usize = 26;

/// Bits to name one of the signs that people write in names and passwords.
const SIGN: f32 = 4.0;

/// Bits to name one of the signs that join words.
const JOINT: f32 = 2.0;

/// Bits to go on with what went before: the same character again, or the next digit.
const AGAIN: f32 = 1.5;

/// The class of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Edge,
    Lower,
    Upper,
    Digit,
    Sign,
}

impl Class {
    fn of(byte: u8) -> Class {
        match byte {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            _ => Class::Sign,
        }
    }
}

/// How many bits speak for a text having been drawn at random; negative where it rather was spelled.
pub fn evidence(text: &[u8]) -> f32 {
    spelled(text) - drawn(text)
}

/// Bits that it takes to draw the text from its alphabet.
pub fn drawn(text: &[u8]) -> f32 {
    text.len() as f32 * (alphabet(text) as f32).log2()
}

/// How many characters the smallest usual alphabet has that holds the text.
fn alphabet(text: &[u8]) -> usize {
    let has = |kind: fn(&u8) -> bool| text.iter().any(kind);
    let (lower, upper, digit) =
        (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase), has(u8::is_ascii_digit));
    if digit && !(lower && upper) && text.iter().all(u8::is_ascii_hexdigit) {
        return if lower || upper { 16 } else { 10 };
    }
    let signs = text.iter().filter(|byte| !byte.is_ascii_alphanumeric());
    let mut signs: Vec<u8> = signs.copied().collect();
    signs.sort_unstable();
    signs.dedup();
    let letters = 26 * (usize::from(lower) + usize::from(upper)) + 10 * usize::from(digit);
    (letters + signs.len()).max(2)
}

/// Bits that it takes to spell the text as names and words are spelled.
fn spelled(text: &[u8]) -> f32 {
    let mut bits = 0.0;
    let (mut before, mut last, mut letters) = (Class::Edge, 0, [EDGE; 2]);
    for &byte in text {
        let class = Class::of(byte);
        let letter =
            if byte.is_ascii_alphabetic() { usize::from(byte.to_ascii_lowercase() - b'a') } else { EDGE };
        let goes_on = byte == last || class == Class::Digit && byte == last.wrapping_add(1);
        if matches!(byte, b'_' | b'-' | b'.' | b'/' | b':' | b',') {
            let ends = if before == Class::Edge { 0.0 } else { step(before, Class::Edge) };
            bits += if byte == last { AGAIN } else { ends + JOINT };
            (before, last, letters) = (Class::Edge, byte, [EDGE; 2]);
            continue;
        }
        bits += match class {
            _ if goes_on && letter == EDGE => AGAIN,
            Class::Digit => step(before, class) + 10f32.log2(),
            Class::Sign | Class::Edge => step(before, class) + SIGN,
            Class::Lower | Class::Upper => step(before, class) + after(letters, letter),
        };
        (before, last, letters) = (class, byte, [letters[1], letter]);
    }
    if before == Class::Edge { bits } else { bits + step(before, Class::Edge) }
}

fn step(from: Class, to: Class) -> f32 {
    f32::from(MODEL[from as usize * CLASSES + to as usize]) / 16.0
}

fn after([a, b]: [usize; 2], letter: usize) -> f32 {
    let at = (a * 27 + b) * 26 + letter;
    let pair = MODEL[STEPS + at / 2];
    f32::from(if at.is_multiple_of(2) { pair & 15 } else { pair >> 4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHABETS: [(&str, &[u8]); 5] = [
        ("hex", b"0123456789abcdef"),
        ("base36", b"0123456789abcdefghijklmnopqrstuvwxyz"),
        ("base62", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        ("base64", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/"),
        ("base32", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ];

    #[test]
    fn what_is_drawn_is_told_from_what_is_spelled() {
        let mut random = fastrand::Rng::with_seed(1);
        for (name, alphabet) in ALPHABETS {
            for length in [16, 20, 32, 40] {
                let draws = 2000;
                let low = (0..draws)
                    .filter(|_| {
                        let text: Vec<u8> =
                            (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
                        evidence(&text) < 8.0
                    })
                    .count();
                assert!(low * 200 <= draws, "{low} of {draws} values of {length} {name} characters");
            }
        }
        for text in [
            "password",
            "getUserByName",
            "application_controller",
            "MAX_BUFFER_LENGTH",
            "org.springframework.boot",
            "content-security-policy",
            "HttpServletRequestWrapper",
            "12345678",
            "0000000000000000",
            "internationalization",
        ] {
            assert!(evidence(text.as_bytes()) < 8.0, "{text}: {}", evidence(text.as_bytes()));
        }
    }
}
