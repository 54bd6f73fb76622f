//! Goes through all that stands in a text in encoded form, and in that again.
//!
//! Only what can decode to text is tried. Runs of base64 and hex are found by their alphabet and tried by their first
//! bytes; escapes and joined literals by the few bytes that no value goes without.

use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

pub use super::layer::Encoding;
use super::layer::Layer;
use super::{base64, escapes, joins};

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

/// Calls `each` with all that was decoded from a text, until it breaks off. Returns the limit that was hit, if any.
pub fn walk(text: &[u8], each: &mut dyn FnMut(&Decoded<'_>) -> ControlFlow<()>) -> Option<Limit> {
    let shortest = if holds_secrets(text) { base64::SHORTEST_KNOWN } else { base64::SHORTEST };
    let mut walk = Walk { left: 4 * text.len() + 1024 * 1024, shortest, limit: None, each };
    // How it ended does not matter to the text it began with.
    let _ = walk.below(text, 0..text.len(), None, 0);
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
    limit: Option<Limit>,
    each: &'e mut dyn FnMut(&Decoded<'_>) -> ControlFlow<()>,
}

impl Walk<'_> {
    /// Goes through what `part` of a text holds.
    fn below(
        &mut self,
        text: &[u8],
        part: Range<usize>,
        above: Option<&Decoded<'_>>,
        depth: usize,
    ) -> ControlFlow<()> {
        let mut done = [0; Sort::ALL.len()];
        let within = &text[part.clone()];
        spots(within, self.shortest, &mut |sort, spot| {
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
        self.below(&with_more, part, Some(&decoded), depth + 1)
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

/// Bytes that a text of that sort does not go without, and at which of them it is told.
const NEEDLES: &[(&str, Sort)] = &[
    ("%2", Sort::Percent),
    ("%3", Sort::Percent),
    ("%4", Sort::Percent),
    ("%5", Sort::Percent),
    ("%6", Sort::Percent),
    ("%7", Sort::Percent),
    ("\\u", Sort::Backslash),
    ("\\U", Sort::Backslash),
    ("\\x", Sort::Backslash),
    ("&#", Sort::Entity),
    ("&quot;", Sort::Entity),
    ("&amp;", Sort::Entity),
    ("=3D", Sort::Quoted),
    ("=\n", Sort::Quoted),
    ("=\r\n", Sort::Quoted),
    ("\" +", Sort::Literals),
    ("' +", Sort::Literals),
    ("\"+", Sort::Literals),
    ("'+", Sort::Literals),
    ("\" .", Sort::Literals),
    ("' .", Sort::Literals),
    ("\".\"", Sort::Literals),
    ("'.'", Sort::Literals),
    ("\" &", Sort::Literals),
    ("\" \"", Sort::Literals),
    ("' '", Sort::Literals),
    ("\" ||", Sort::Literals),
    ("' ||", Sort::Literals),
    ("\" \\", Sort::Literals),
    ("\"\n ", Sort::Literals),
    ("'\n ", Sort::Literals),
    ("\"\n\t", Sort::Literals),
    ("'\n\t", Sort::Literals),
    ("\"\r\n", Sort::Literals),
    ("'\r\n", Sort::Literals),
    ("','", Sort::Characters),
    ("', '", Sort::Characters),
    ("',\n", Sort::Characters),
];

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let needles = NEEDLES.iter().map(|(needle, _)| needle);
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles).ok()
});

/// Calls `each` with every place where something may stand in encoded form.
fn spots(
    text: &[u8],
    shortest: usize,
    each: &mut dyn FnMut(Sort, Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    base64::runs(text, shortest, &mut |run| each(Sort::Run, run))?;
    let Some(finder) = &*FINDER else { return ControlFlow::Continue(()) };
    let mut at = 0;
    while let Some(found) = finder.find(aho_corasick::Input::new(text).range(at..)) {
        each(NEEDLES[found.pattern().as_usize()].1, found.range())?;
        // The quote that ends one literal may begin what joins the next.
        at = found.start() + 1;
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;

    use super::*;

    fn all(text: &str) -> (Vec<(String, Vec<Encoding>, Range<usize>)>, Option<Limit>) {
        let mut all = vec![];
        let limit = walk(text.as_bytes(), &mut |decoded| {
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
