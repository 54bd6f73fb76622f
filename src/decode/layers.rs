//! Goes through all that stands in a text in encoded form, and in that again.
//!
//! Only what can decode to text is tried. Runs of base64 and hex are found by their alphabet and tried by their first
//! bytes; escapes and joined literals by the few bytes that no value goes without.

use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use memchr::memmem::Finder;

pub use super::layer::Encoding;
use super::layer::Layer;
use super::{base64, escapes, joins};
use crate::vector::Pairs;

pub use super::base64::{SHORTEST, SHORTEST_KNOWN};

/// How many encodings are followed into each other.
pub const DEEPEST: usize = 3;

/// How much of the text around comes with what was decoded, in bytes: what rules look at before and after a match.
const BEFORE: usize = 128;
const AFTER: usize = 48;

/// What was decoded, with a little of the text around it.
pub struct Decoded<'a> {
    /// The text, what stands around it included.
    pub text: &'a [u8],
    /// What of it was decoded.
    pub part: Range<usize>,
    layer: &'a Layer,
    above: Option<&'a Decoded<'a>>,
}

/// Why not all was decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// More than [`DEEPEST`] encodings lie in each other.
    Depth,
    /// More would come out than is kept.
    Size,
}

impl Limit {
    /// What happened, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Limit::Depth => "more than 3 encodings in each other",
            Limit::Size => "more text than is decoded: 4 times the size and 1 MiB",
        }
    }
}

impl Decoded<'_> {
    /// The range of the original text that a range of this one, which is not empty, comes from.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let part = &self.part;
        let within = range.start.clamp(part.start, part.end - 1)..range.end.clamp(part.start + 1, part.end);
        let inner = self.layer.origin_of(within.start - part.start..within.end - part.start);
        let before = part.start.saturating_sub(range.start);
        let after = range.end.saturating_sub(part.end);
        let outer = inner.start - before..inner.end + after;
        self.above.map_or(outer.clone(), |above| above.original(outer))
    }

    /// The encodings that it lay in, the innermost first.
    pub fn encodings(&self) -> Vec<Encoding> {
        std::iter::successors(Some(self), |decoded| decoded.above)
            .map(|decoded| decoded.layer.encoding)
            .collect()
    }
}

/// Where runs of base64 may stand in a text.
#[derive(Debug, Clone, Copy)]
pub enum Runs<'a> {
    /// Within these ranges of token characters, if they are of [`SHORTEST`] ones.
    Known(&'a [Range<usize>]),
    /// Anywhere, if they are of so many characters.
    Unknown(usize),
}

/// Calls `each` with all that was decoded from a text, until it breaks off. Returns the limit that was hit, if any.
pub fn walk(
    text: &[u8],
    runs: Runs<'_>,
    each: &mut dyn FnMut(&Decoded<'_>) -> ControlFlow<()>,
) -> Option<Limit> {
    let shortest = match runs {
        Runs::Known(_) => SHORTEST,
        Runs::Unknown(shortest) => shortest,
    };
    let mut walk =
        Walk { left: 4 * text.len() + 1024 * 1024, shortest, is_mail: is_mail(text), limit: None, each };
    // How it ended does not matter to the text it began with.
    let _ = walk.below(text, 0..text.len(), runs, None, 0);
    walk.limit
}

/// Whether it is a Secret of Kubernetes, whose `data` is base64 however short it is.
pub fn holds_secrets(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"kind").any(|at| {
        let rest = &text[at + 4..text.len().min(at + 24)];
        let value = rest.iter().position(|byte| !matches!(byte, b'"' | b'\'' | b':' | b' '));
        value.is_some_and(|value| {
            value > 0 && rest[value..].starts_with(b"Secret") && rest[..value].contains(&b':')
        })
    })
}

struct Walk<'e> {
    /// How many bytes may come out yet.
    left: usize,
    /// The shortest run of base64 that is tried.
    shortest: usize,
    /// Whether what is quoted-printable is decoded.
    is_mail: bool,
    limit: Option<Limit>,
    each: &'e mut dyn FnMut(&Decoded<'_>) -> ControlFlow<()>,
}

impl Walk<'_> {
    /// Goes through what `part` of a text holds.
    fn below(
        &mut self,
        text: &[u8],
        part: Range<usize>,
        runs: Runs<'_>,
        above: Option<&Decoded<'_>>,
        depth: usize,
    ) -> ControlFlow<()> {
        let mut done = [0; Sort::ALL.len()];
        let within = &text[part.clone()];
        spots(within, runs, self.is_mail, &mut |sort, spot| {
            let done = &mut done[sort as usize];
            if spot.start < *done {
                return ControlFlow::Continue(());
            }
            if self.left == 0 {
                self.limit = Some(Limit::Size);
                return ControlFlow::Break(());
            }
            let Some(layer) = self.decode(within, sort, spot) else { return ControlFlow::Continue(()) };
            *done = layer.range.end;
            if !layer.is_worth {
                return ControlFlow::Continue(());
            }
            if depth == DEEPEST {
                self.limit = self.limit.or(Some(Limit::Depth));
                return ControlFlow::Break(());
            }
            self.one(text, part.start, layer, above, depth)
        })
    }

    fn decode(&mut self, text: &[u8], sort: Sort, spot: Range<usize>) -> Option<Layer> {
        let layer = match sort {
            Sort::Run => return base64::decode(text, spot, self.shortest, &mut self.left),
            Sort::Percent => escapes::decode(text, spot.start, Encoding::Percent),
            Sort::Backslash => escapes::decode(text, spot.start, Encoding::Escapes),
            Sort::Entity => escapes::decode(text, spot.start, Encoding::Entities),
            Sort::Quoted => escapes::decode(text, spot.start, Encoding::QuotedPrintable),
            Sort::Literals => joins::decode(text, spot.start),
            Sort::Characters => joins::decode_characters(text, spot.start),
        }?;
        self.left = self.left.saturating_sub(layer.text.len());
        Some(layer)
    }

    /// Hands over what was decoded from a part of `text`, and goes through what that holds. The places of the layer
    /// count from `base`.
    fn one(
        &mut self,
        text: &[u8],
        base: usize,
        layer: Layer,
        above: Option<&Decoded<'_>>,
        depth: usize,
    ) -> ControlFlow<()> {
        if layer.is_cut {
            self.limit = Some(Limit::Size);
        }
        let layer = layer.moved_by(base);
        let before = &text[layer.range.start.saturating_sub(BEFORE)..layer.range.start];
        let after = &text[layer.range.end..text.len().min(layer.range.end + AFTER)];
        let with_more = [before, &layer.text, after].concat();
        let part = before.len()..before.len() + layer.text.len();
        let decoded = Decoded { text: &with_more, part: part.clone(), layer: &layer, above };
        (self.each)(&decoded)?;
        self.below(&with_more, part, Runs::Unknown(self.shortest), Some(&decoded), depth + 1)
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Run,
    Percent,
    Backslash,
    Entity,
    Quoted,
    Literals,
    Characters,
}

impl Sort {
    const ALL: [Sort; 7] = [
        Sort::Run,
        Sort::Percent,
        Sort::Backslash,
        Sort::Entity,
        Sort::Quoted,
        Sort::Literals,
        Sort::Characters,
    ];
}

/// Calls `each` with every place where something may stand in encoded form.
fn spots(
    text: &[u8],
    runs: Runs<'_>,
    is_mail: bool,
    each: &mut dyn FnMut(Sort, Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match runs {
        Runs::Known(runs) => {
            for run in runs {
                base64::runs_of_tokens(text, run.clone(), &mut |run| each(Sort::Run, run))?;
            }
        }
        Runs::Unknown(shortest) => base64::runs(text, shortest, &mut |run| each(Sort::Run, run))?,
    }
    let begun = PAIRS.for_each(text, |at| match sort_at(text, at) {
        Some(sort) => match each(sort, at..at + 1) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(()),
        },
        None => Ok(()),
    });
    if begun.is_err() {
        return ControlFlow::Break(());
    }
    match is_mail {
        true => memchr::memchr_iter(b'=', text).try_for_each(|at| each(Sort::Quoted, at..at + 1)),
        false => ControlFlow::Continue(()),
    }
}

/// The bytes that escapes begin with, and those that stand where one literal ends and another may go on.
static PAIRS: Pairs = Pairs::of(&[
    (b"%", b"234567"),
    (b"\\", b"uUx"),
    (b"&", b"#qa"),
    (b"\"'", b" \r\n"),
    (b"\"'", b"\t"),
    (b"\"'", b"+.,&|"),
]);

/// What may begin at one of these places.
fn sort_at(text: &[u8], at: usize) -> Option<Sort> {
    match (text[at], text.get(at + 1)?) {
        (b'%', b'2'..=b'7') => Some(Sort::Percent),
        (b'\\', b'u' | b'U' | b'x') => Some(Sort::Backslash),
        (b'&', b'#' | b'q' | b'a') => Some(Sort::Entity),
        (b'"' | b'\'', b',') => joins::ends_character(text, at).then_some(Sort::Characters),
        (b'"' | b'\'', b' ' | b'\t' | b'\r' | b'\n' | b'+' | b'.' | b'&' | b'|') => {
            joins::may_go_on(text, at).then_some(Sort::Literals)
        }
        _ => None,
    }
}

/// Whether a header says that something is quoted-printable. Elsewhere `=` is followed by digits for other reasons.
fn is_mail(text: &[u8]) -> bool {
    static QUOTED: LazyLock<Finder> = LazyLock::new(|| Finder::new("uoted-"));
    QUOTED
        .find_iter(text)
        .any(|at| text.get(at + 6..at + 15).is_some_and(|rest| rest.eq_ignore_ascii_case(b"printable")))
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;

    use super::*;

    /// A decoded text, its encodings, and where it stands in the original.
    type Said = (String, Vec<Encoding>, Range<usize>);

    fn all(text: &str) -> (Vec<Said>, Option<Limit>) {
        let mut all = vec![];
        let limit = walk(text.as_bytes(), Runs::Unknown(SHORTEST), &mut |decoded| {
            let said = String::from_utf8_lossy(&decoded.text[decoded.part.clone()]).into_owned();
            all.push((said, decoded.encodings(), decoded.original(decoded.part.clone())));
            ControlFlow::Continue(())
        });
        (all, limit)
    }

    #[test]
    fn what_lies_in_each_other_has_its_place_in_the_original() {
        let words = "a value that is long enough";
        let once = STANDARD.encode(words);
        let twice = STANDARD.encode(&once);
        let text = format!("key: {twice};");
        let place = 5..5 + twice.trim_end_matches('=').len();
        let (all, limit) = all(&text);
        assert_eq!(limit, None);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0], (once, vec![Encoding::Base64], place.clone()));
        assert_eq!(all[1], (words.into(), vec![Encoding::Base64, Encoding::Base64], place));
    }

    #[test]
    fn limits_are_told() {
        let mut text = "a value that is long enough".to_owned();
        for _ in 0..DEEPEST {
            text = STANDARD.encode(&text);
        }
        assert_eq!(all(&text).1, None);
        assert_eq!(all(&STANDARD.encode(&text)).1, Some(Limit::Depth));
    }

    #[test]
    fn secrets_of_kubernetes_are_known() {
        for (text, is_one) in [
            ("kind: Secret\n", true),
            ("\"kind\": \"Secret\"", true),
            ("kind: ConfigMap\n# Secret", false),
            ("kindSecret", false),
        ] {
            assert_eq!(holds_secrets(text.as_bytes()), is_one, "{text}");
        }
    }
}
