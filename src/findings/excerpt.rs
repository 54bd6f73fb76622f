//! The line a secret stands on, with every candidate masked.

use std::ops::Range;

use super::lines::BYTE_ORDER_MARK;
use crate::model::{Candidate, Strength};

/// How much of a line is shown on either side of a secret, in bytes.
const AROUND: usize = 80;

/// What of a text must not be shown, in the order of its places, and what stands there instead.
pub(super) struct Masks(Vec<(Range<usize>, String)>);

impl Masks {
    /// Masks every candidate, whether it is reported or not; overlapping ones as one. `candidates` are in
    /// the order of their places.
    pub(super) fn of(candidates: &[Candidate]) -> Masks {
        let mut masks: Vec<(Range<usize>, String)> = vec![];
        for candidate in candidates {
            let prefix = match candidate.strength {
                Strength::Random if candidate.decoded.is_none() => candidate.rule.prefix,
                Strength::Random | Strength::Weak => "",
            };
            match masks.last_mut() {
                Some((range, mask)) if candidate.secret.start < range.end => {
                    range.end = range.end.max(candidate.secret.end);
                    // A rule with a prefix knows more of what begins here than one without.
                    if range.start == candidate.secret.start && mask.len() < prefix.len() + "…".len() {
                        *mask = format!("{prefix}…");
                    }
                }
                _ => masks.push((candidate.secret.clone(), format!("{prefix}…"))),
            }
        }
        Masks(masks)
    }

    /// A part of the text with its masks, and where the last of these ends: a secret is never cut.
    fn shown(&self, text: &[u8], part: Range<usize>) -> (Vec<u8>, usize) {
        let (mut shown, mut at) = (vec![], part.start);
        let first = self.0.partition_point(|(range, _)| range.end <= part.start);
        for (range, mask) in self.0[first..].iter().take_while(|(range, _)| range.start < part.end) {
            shown.extend_from_slice(&text[at..range.start.max(at)]);
            shown.extend_from_slice(if range.start < at { "…" } else { mask }.as_bytes());
            at = range.end;
        }
        if at < part.end {
            shown.extend_from_slice(&text[at..part.end]);
        }
        (shown, at)
    }
}

/// A text with all its candidates masked, for what is told beside the findings.
pub fn masked(text: &[u8], candidates: &[Candidate]) -> Vec<u8> {
    Masks::of(candidates).shown(text, 0..text.len()).0
}

/// The line of `text` on which `secret` begins, cut to a readable width, masked.
pub(super) fn of(text: &[u8], secret: &Range<usize>, masks: &Masks) -> String {
    let wide = secret.start.saturating_sub(AROUND);
    let line_start = memchr::memrchr(b'\n', &text[wide..secret.start]).map(|newline| wide + newline + 1);
    let from = line_start.unwrap_or_else(|| char_start(text, wide));
    let wide = text.len().min(secret.end + AROUND);
    let line_end = memchr::memchr(b'\n', &text[secret.start..wide]).map(|newline| secret.start + newline);
    let to = line_end.unwrap_or_else(|| char_start(text, wide));
    let (shown, masked_to) = masks.shown(text, from..to);
    let before = if line_start.is_none() && from > 0 { "…" } else { "" };
    let after = if line_end.is_none() && to < text.len() && masked_to < to { "…" } else { "" };
    let shown = shown.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&shown);
    format!("{before}{}{after}", String::from_utf8_lossy(shown)).trim().to_owned()
}

/// The nearest place at or after `at` where a character begins.
fn char_start(text: &[u8], at: usize) -> usize {
    let continues = text[at..].iter().take(3).take_while(|&&byte| byte & 0xc0 == 0x80).count();
    at + continues
}

/// The name that a value is bound to: the word before the `=` or `:` before it, on its line.
pub fn bound_name(text: &[u8], start: usize) -> Option<String> {
    let line_start = memchr::memrchr(b'\n', &text[..start]).map_or(0, |newline| newline + 1);
    let before = &text[line_start.max(start.saturating_sub(AROUND))..start];
    let sign = before.iter().rposition(|byte| matches!(byte, b'=' | b':'))?;
    let between = &before[sign + 1..];
    if !between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'`' | b'>')) {
        return None;
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let end = before[..sign].iter().rposition(is_name)? + 1;
    let start = before[..end].iter().rposition(|byte| !is_name(byte)).map_or(0, |at| at + 1);
    Some(String::from_utf8_lossy(&before[start..end]).into_owned())
}
