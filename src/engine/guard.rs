//! What may stand directly before and after a value.

use crate::model::Rule;

/// The longest escape that a value may directly follow: `\u003d`.
pub(super) const LONGEST_ESCAPE: usize = 6;

/// Whether a match of `rule` may start at `at`.
pub(super) fn may_start(rule: &Rule, bytes: &[u8], at: usize) -> bool {
    match at.checked_sub(1).map(|before| bytes[before]) {
        Some(before) => !rule.not_before.contains(before) || ends_escape(&bytes[..at]),
        None => true,
    }
}

/// Whether a match of `rule` may end at `end`.
pub(super) fn may_end(rule: &Rule, bytes: &[u8], end: usize) -> bool {
    bytes.get(end).is_none_or(|&after| !rule.not_after.contains(after))
}

/// Whether a run that begins at `start` may begin with the rest of an escape. Yes may be wrong, no is not:
/// every escape that [`may_start`] knows has one of these before its last token characters.
pub(super) fn may_follow_escape(bytes: &[u8], start: usize) -> bool {
    start.checked_sub(1).is_some_and(|before| matches!(bytes[before], b'\\' | b'%' | b'=' | b'[' | b';'))
}

/// Whether a text ends with an escape of some other character, so that what follows is a new word even
/// though the last byte is a letter or a digit: `\n`, `%3D`, `\x0a`, `\u003d`, `=3D`, or a terminal's
/// colour code.
fn ends_escape(text: &[u8]) -> bool {
    match text {
        [.., b'\\', b'a' | b'b' | b'e' | b'f' | b'n' | b'r' | b't' | b'v' | b'0'] => true,
        [.., b'=', b'3', b'D'] => true,
        _ => {
            ends_with_hex(text, b"%", 2)
                || ends_with_hex(text, b"\\x", 2)
                || ends_with_hex(text, b"\\u", 4)
                || ends_colour(text)
        }
    }
}

fn ends_with_hex(text: &[u8], opening: &[u8], digits: usize) -> bool {
    let Some((before, hex)) = text.len().checked_sub(digits).map(|at| text.split_at(at)) else {
        return false;
    };
    before.ends_with(opening) && hex.iter().all(u8::is_ascii_hexdigit)
}

/// An SGR sequence (ECMA-48, section 8.3.117), raw or written as an escape: `ESC [ 1 ; 32 m`.
fn ends_colour(text: &[u8]) -> bool {
    let Some(text) = text.strip_suffix(b"m") else { return false };
    let parameters =
        text.iter().rev().take(12).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    let Some(text) = text[..text.len() - parameters].strip_suffix(b"[") else { return false };
    [&b"\x1b"[..], b"\\e", b"\\033", b"\\x1b", b"\\x1B", b"\\u001b", b"\\u001B"]
        .iter()
        .any(|escape| text.ends_with(escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_end_a_word_and_letters_do_not() {
        for (text, expected) in [
            (r"\n", true),
            (r"a\t", true),
            ("%3D", true),
            ("%3d", true),
            (r"\x0a", true),
            (r"\u003d", true),
            ("=3D", true),
            ("\x1b[0m", true),
            ("\x1b[1;32m", true),
            (r"\033[32m", true),
            ("n", false),
            ("", false),
            ("D", false),
            ("%3G", false),
            (r"\u03d", false),
            ("[0m", false),
            ("am", false),
            (r"\z", false),
        ] {
            assert_eq!(ends_escape(text.as_bytes()), expected, "{text:?}");
        }
    }
}
