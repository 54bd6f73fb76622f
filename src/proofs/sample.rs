//! Values that somebody made up for a document.

/// Words that stand in made-up values. Long enough that chance does not write them.
const WORDS: &[&str] =
    &["example", "placeholder", "changeme", "redacted", "your_", "your-", "xxxxxx", "dummy_", "sample_"];

/// What keyboards and alphabets run through.
const SEQUENCES: &[&str] =
    &["0123456789", "1234567890", "abcdefghijklmnopqrstuvwxyz", "9876543210", "qwertyuiop"];

/// How many characters in a row of one sequence chance does not write.
const IN_SEQUENCE: usize = 8;

/// How often chance does not repeat one character.
const SAME: usize = 8;

/// Length from which on no character of a random value makes up a fifth of it, and six more.
const LONG: usize = 40;

/// Whether the part of `value` after `prefix` was obviously not drawn at random.
pub fn is_sample(value: &[u8], prefix: &[u8]) -> bool {
    let body = value.strip_prefix(prefix).unwrap_or(value).to_ascii_lowercase();
    let holds = |text: &[u8]| memchr::memmem::find(&body, text).is_some();
    few_characters(&body)
        || one_character_prevails(&body)
        || repeats_itself(&body)
        || counts(&body)
        // Base64 writes a run of ones as slashes.
        || body.chunk_by(|a, b| a == b && *a != b'/').any(|run| run.len() >= SAME)
        || WORDS.iter().any(|word| holds(word.as_bytes()))
        || SEQUENCES.iter().flat_map(|sequence| sequence.as_bytes().windows(IN_SEQUENCE)).any(holds)
}

/// Binary data in base64 is full of zero bytes, which are written as `A`.
fn one_character_prevails(body: &[u8]) -> bool {
    let mut counts = [0usize; 256];
    for &byte in body {
        counts[usize::from(byte)] += 1;
    }
    body.len() >= LONG && counts.iter().any(|&count| count > body.len() / 5 + 6)
}

/// How many characters chance does not write a second time right after the first.
const REPEATED: usize = 8;

/// Longest text that somebody repeats to fill a value.
const UNIT: usize = 24;

/// Whether most of the body is one text, written again and again.
fn repeats_itself(body: &[u8]) -> bool {
    (1..=UNIT.min(body.len() / 2)).any(|period| {
        let same = longest_run(body.iter().zip(&body[period..]).map(|(a, b)| a == b));
        same >= REPEATED && (same + period) * 2 >= body.len()
    })
}

/// The most in a row that are true.
fn longest_run(these: impl Iterator<Item = bool>) -> usize {
    let runs = these.scan(0, |run, is| {
        *run = if is { *run + 1 } else { 0 };
        Some(*run)
    });
    runs.max().unwrap_or(0)
}

/// How many bytes in a row chance does not write with the same step between them.
const COUNTED: usize = 6;

/// Whether it is bytes in hex that count: `0102030405060708`, `aabbccddeeff0011`.
fn counts(body: &[u8]) -> bool {
    let digit = |at: usize| body.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let byte = |at: usize| Some(digit(at)? << 4 | digit(at + 1)?);
    let step = |at: usize| Some((byte(at + 2)? + 256 - byte(at)?) % 256);
    let pairs = (0..body.len()).step_by(2);
    longest_run(pairs.map(|at| step(at).is_some() && step(at) == step(at + 2))) >= COUNTED - 2
}

fn few_characters(body: &[u8]) -> bool {
    let mut distinct = body.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    body.len() >= 16 && distinct.len() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_made_up_values() {
        for value in [
            "x".repeat(36),
            "ABCDEFGHIJKLMNOPqrst".into(),
            "your_token_goes_here".into(),
            "k12345678".into(),
            "ab".repeat(10),
            "tpAAAtsQAAuPcAA".repeat(4),
            "k7rT2m".repeat(3),
            "t1-0_0_0_0_0_0_0".into(),
        ] {
            assert!(is_sample(format!("ghp_{value}").as_bytes(), b"ghp_"), "{value}");
        }
    }

    #[test]
    fn bytes_that_count_are_samples() {
        assert!(is_sample(b"02030405060708090a0b0c", b""));
        assert!(is_sample(b"aabbccddeeff00112233", b""));
        assert!(!is_sample(b"02030405a60708d90a0b0c", b""));
    }

    #[test]
    fn random_values_are_no_samples() {
        let mut random = fastrand::Rng::with_seed(1);
        let alphabets: [(&[u8], usize); 6] = [
            (b"0123456789", 40),
            (b"0123456789abcdef", 32),
            (b"0123456789abcdef", 40),
            (b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 20),
            (b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 36),
            (b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-", 64),
        ];
        let mut dropped = 0;
        for _ in 0..50_000 {
            for (alphabet, length) in alphabets {
                let value: Vec<u8> = (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
                dropped += usize::from(is_sample(&value, b""));
            }
        }
        assert!(dropped <= 2, "{dropped} of 300,000 random values were taken for samples");
    }
}
