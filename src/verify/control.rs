//! A made-up value in the form of a secret: whoever takes it takes anything.

use crate::model::Secret;

/// So many characters at the end are changed.
const CHANGED: usize = 12;

/// A value of the same form that nobody issued: other characters of the same kind at its end, behind the public
/// prefix of its rule.
pub(super) fn mutated(secret: &Secret, prefix: &str) -> Secret {
    let bytes = secret.expose();
    let is_hex = bytes.iter().all(|byte| byte.is_ascii_hexdigit() || !byte.is_ascii_alphanumeric());
    let fixed = if bytes.starts_with(prefix.as_bytes()) { prefix.len() } else { 0 };
    let first = bytes.len().saturating_sub(CHANGED).max(fixed);
    let mut changed = zeroize::Zeroizing::new(bytes.to_vec());
    for byte in &mut changed[first..] {
        *byte = match *byte {
            digit @ b'0'..=b'9' => rotated(digit, b'0', 10),
            letter @ b'a'..=b'f' if is_hex => rotated(letter, b'a', 6),
            letter @ b'A'..=b'F' if is_hex => rotated(letter, b'A', 6),
            letter @ b'a'..=b'z' => rotated(letter, b'a', 26),
            letter @ b'A'..=b'Z' => rotated(letter, b'A', 26),
            other => other,
        };
    }
    Secret::new(&changed)
}

/// A character half the alphabet further.
fn rotated(byte: u8, first: u8, size: u8) -> u8 {
    first + (byte - first + size / 2) % size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutated_value_has_the_same_form() {
        for (value, prefix, expected) in [
            ("tok_abc019", "tok_", "tok_nop564"),
            ("00ff-aa", "", "55cc-dd"),
            ("0123456789abcdefABCDEF", "", "0123456789defabcDEFABC"),
            ("", "", ""),
            ("x", "xy", "k"),
        ] {
            let changed = mutated(&Secret::new(value.as_bytes()), prefix);
            assert_eq!(String::from_utf8_lossy(changed.expose()), expected, "{value}");
        }
    }
}
