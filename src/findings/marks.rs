//! Marks in a text by which people say that a secret is no leak: our own, and those of other tools on the lines
//! for which their manuals give them, so that whoever changes tools need not touch every line.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// What a mark covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Its own line.
    Line,
    /// Its own line, and a secret of several lines from the line before or after it.
    Beside,
    /// The line below.
    NextLine,
    /// All from here to a [`Reach::End`] or the end of the text.
    Begin,
    /// Nothing any more.
    End,
}

struct Word {
    text: &'static str,
    reach: Reach,
    /// Whether no other word may stand before it on its line.
    alone: bool,
}

const fn word(text: &'static str, reach: Reach) -> Word {
    Word { text, reach, alone: false }
}

const fn alone(text: &'static str, reach: Reach) -> Word {
    Word { text, reach, alone: true }
}

/// Only ours may be followed by the ids of rules: `stanch:ignore[rule, rule]`. Names of rules after those of other
/// tools mean nothing here. Sources: the readmes of gitleaks ("gitleaks:allow"), betterleaks (`--help` of
/// `--ignore-gitleaks-allow`), TruffleHog ("What is `trufflehog:ignore`"), kingfisher (docs/ADVANCED.md, "Inline Ignore
/// Directives"), detect-secrets ("Inline Allowlisting", and its changelog for the older word), ggshield ("Ignore
/// list") and `@secretlint/secretlint-rule-filter-comments`.
const WORDS: &[Word] = &[
    word("stanch:ignore", Reach::Line),
    word("stanch:ignore-next-line", Reach::NextLine),
    word("betterleaks:allow", Reach::Line),
    word("ggignore", Reach::Line),
    word("gitleaks:allow", Reach::Line),
    word("kingfisher:ignore", Reach::Beside),
    word("pragma: allowlist secret", Reach::Line),
    word("pragma: whitelist secret", Reach::Line),
    alone("pragma: allowlist nextline secret", Reach::NextLine),
    word("secretlint-disable-line", Reach::Line),
    word("secretlint-disable-next-line", Reach::NextLine),
    alone("secretlint-disable", Reach::Begin),
    word("secretlint-enable", Reach::End),
    word("trufflehog:ignore", Reach::Line),
];

/// The marks of a text, as the parts of it that they cover.
#[derive(Debug, Default)]
pub(super) struct Marks<'t> {
    /// Lines in their order.
    lines: Vec<(Range<usize>, Only<'t>)>,
    /// The lines before, at and after marks for secrets of several lines, in their order.
    beside: Vec<Range<usize>>,
    /// Parts between a beginning and an end, in their order.
    blocks: Vec<Range<usize>>,
}

/// For which rules a mark holds.
#[derive(Debug, Clone, Copy)]
enum Only<'t> {
    All,
    /// Those with an id in this list, between commas.
    Listed(&'t [u8]),
}

impl<'t> Marks<'t> {
    /// The marks of `text`. What was covered when the text was at `from` counts where `open` says so, and marks before
    /// it begin and end nothing any more.
    pub(super) fn of(text: &'t [u8], from: usize, open: bool) -> Marks<'t> {
        static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(WORDS.iter().map(|word| word.text))
                .expect("a few words fit an automaton")
        });
        let mut marks = Marks::default();
        let mut begun = open.then_some(from);
        let mut line = 0..0;
        for found in FINDER.find_iter(text) {
            let word = &WORDS[found.pattern()];
            line = line_at(text, line, found.start());
            if !stands_apart(text, found.range())
                || (word.alone && text[line.start..found.start()].iter().any(u8::is_ascii_alphanumeric))
            {
                continue;
            }
            let only = Only::of(word, &text[found.end()..line.end]);
            match word.reach {
                Reach::Line => marks.lines.push((line.clone(), only)),
                Reach::Beside => {
                    marks.lines.push((line.clone(), only));
                    let before = line.start.saturating_sub(1);
                    marks.beside.push(line_start(text, before)..next_line(text, &line).end);
                }
                Reach::NextLine => marks.lines.push((next_line(text, &line), only)),
                Reach::Begin if found.start() >= from => begun = begun.or(Some(found.start())),
                Reach::End if found.start() >= from => {
                    marks.blocks.extend(begun.take().map(|begun| begun..found.start()));
                }
                Reach::Begin | Reach::End => {}
            }
        }
        marks.blocks.extend(begun.map(|begun| begun..text.len()));
        marks.lines.sort_by_key(|(range, _)| range.start);
        marks
    }

    /// Whether a mark covers the secret of this rule, or a line of it.
    pub(super) fn cover(&self, text: &[u8], secret: &Range<usize>, rule: &str) -> bool {
        let first = self.lines.partition_point(|(range, _)| range.end <= secret.start);
        let mut lines = self.lines[first..].iter().take_while(|(range, _)| range.start < secret.end);
        let has_lines = || memchr::memchr(b'\n', &text[secret.clone()]).is_some();
        lines.any(|(_, only)| only.holds(rule))
            || meets(&self.blocks, secret)
            || (meets(&self.beside, secret) && has_lines())
    }

    /// Whether a block that was begun before `at` goes on there.
    pub(super) fn is_open(&self, at: usize) -> bool {
        self.blocks.iter().any(|block| block.start < at && block.end >= at)
    }
}

impl<'t> Only<'t> {
    /// What the rest of a line after a mark says of rules.
    fn of(word: &Word, after: &'t [u8]) -> Only<'t> {
        let is_ours = word.text.starts_with("stanch:");
        match after.strip_prefix(b"[").filter(|_| is_ours) {
            Some(list) => Only::Listed(list.split(|&byte| byte == b']').next().unwrap_or_default()),
            None => Only::All,
        }
    }

    fn holds(self, rule: &str) -> bool {
        match self {
            Only::All => true,
            Only::Listed(ids) => ids.split(|&byte| byte == b',').any(|id| id.trim_ascii() == rule.as_bytes()),
        }
    }
}

/// Whether one of the parts, whose ends are in order as their starts are, has something of the secret.
fn meets(parts: &[Range<usize>], secret: &Range<usize>) -> bool {
    let first = parts.partition_point(|part| part.end <= secret.start);
    parts.get(first).is_some_and(|part| part.start < secret.end)
}

/// Whether the word is not a part of a longer one.
fn stands_apart(text: &[u8], word: Range<usize>) -> bool {
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text[..word.start].last().is_some_and(goes_on) && !text[word.end..].first().is_some_and(goes_on)
}

/// The line that holds `at`, which is not before `line`.
fn line_at(text: &[u8], line: Range<usize>, at: usize) -> Range<usize> {
    if line.contains(&at) {
        return line;
    }
    let newline = memchr::memrchr(b'\n', &text[line.end..at]);
    let start = newline.map_or_else(|| line_start(text, line.end), |newline| line.end + newline + 1);
    start..line_end(text, at)
}

fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1)
}

fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline)
}

/// The line below; nothing below the last.
fn next_line(text: &[u8], line: &Range<usize>) -> Range<usize> {
    let start = text.len().min(line.end + 1);
    start..line_end(text, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `text` on which a mark covers a secret of the rule `own`.
    fn covered(text: &str) -> Vec<usize> {
        let marks = Marks::of(text.as_bytes(), 0, false);
        let mut at = 0;
        let lines = (1..).zip(text.split_inclusive('\n')).filter_map(|(number, line)| {
            let secret = at..at + line.trim_end_matches('\n').len();
            at += line.len();
            (!secret.is_empty() && marks.cover(text.as_bytes(), &secret, "own")).then_some(number)
        });
        lines.collect()
    }

    #[test]
    fn each_mark_covers_its_lines_and_no_others() {
        let line = "a\nb # {}\nc\nd\n";
        for (mark, text, lines) in [
            ("stanch:ignore", line, &[2][..]),
            ("stanch:ignore a test key", line, &[2]),
            ("stanch:ignore[own] a test key", line, &[2]),
            ("stanch:ignore[other, own]", line, &[2]),
            ("stanch:ignore[other]", line, &[]),
            ("stanch:ignore[]", line, &[]),
            ("stanch:ignored", line, &[]),
            ("stanch:ignore-nextline", line, &[]),
            ("stanch: ignore", line, &[]),
            ("restanch:ignore", line, &[]),
            ("stanch:ignore-next-line", line, &[3]),
            ("stanch:ignore-next-line[own]", line, &[3]),
            ("stanch:ignore-next-line[other]", line, &[]),
            ("betterleaks:allow", line, &[2]),
            ("ggignore", line, &[2]),
            ("aggignore", line, &[]),
            ("gitleaks:allow", line, &[2]),
            ("gitleaks:allow[other]", line, &[2]),
            ("kingfisher:ignore", line, &[2]),
            ("trufflehog:ignore", line, &[2]),
            ("pragma: allowlist secret", line, &[2]),
            ("pragma: whitelist secret", line, &[2]),
            ("pragma: allowlist secrets", line, &[]),
            ("pragma: allowlist nextline secret", line, &[]),
            ("pragma: allowlist nextline secret", "a\n  // {}\nc\nd\n", &[3]),
            ("secretlint-disable-line", line, &[2]),
            ("secretlint-disable-line @secretlint/rule -- why", line, &[2]),
            ("secretlint-disable-next-line", line, &[3]),
            ("secretlint-disable-nextline", line, &[]),
            ("secretlint-disable", line, &[]),
            ("secretlint-disable", "a\n# {}\nc\nd", &[2, 3, 4]),
            ("secretlint-disable", "a\n/* {} */\nc\nsecretlint-enable\ne\n", &[2, 3]),
            ("secretlint-disable rule", "a\n# {}\nc\nsecretlint-enable rule\ne\n# {}\ng", &[2, 3, 6, 7]),
            ("secretlint-enable", line, &[]),
            ("stanch:ignore", "{}", &[1]),
            ("stanch:ignore-next-line", "{}", &[]),
            ("stanch:ignore-next-line", "{}\r\nb\r\nc", &[2]),
        ] {
            let text = text.replace("{}", mark);
            assert_eq!(covered(&text), lines, "{text}");
        }
    }

    #[test]
    fn a_secret_of_several_lines_needs_a_mark_on_one_of_them() {
        for (text, ignored) in [
            ("KEY # stanch:ignore\nKEY\nKEY", true),
            ("KEY\nKEY # gitleaks:allow\nKEY", true),
            ("KEY\nKEY\nKEY\" # gitleaks:allow", true),
            ("# stanch:ignore-next-line\nKEY\nKEY", true),
            ("# gitleaks:allow\nKEY\nKEY\n# gitleaks:allow", false),
            ("# kingfisher:ignore\nKEY\nKEY", true),
            ("KEY\nKEY\n# kingfisher:ignore", true),
            ("# kingfisher:ignore\n\nKEY\nKEY\n\n# kingfisher:ignore", false),
            ("# kingfisher:ignore\nKEY\n# kingfisher:ignore", false),
        ] {
            let marks = Marks::of(text.as_bytes(), 0, false);
            let secret = text.find("KEY").unwrap()..text.rfind("KEY").unwrap() + 3;
            assert_eq!(marks.cover(text.as_bytes(), &secret, "own"), ignored, "{text}");
        }
    }

    #[test]
    fn a_block_goes_on_in_the_next_stretch() {
        let text = b"a\n# secretlint-disable\nb\n# secretlint-enable\nc\n# secretlint-disable\nd";
        for from in 0..text.len() {
            let open = Marks::of(text, 0, false).is_open(from);
            let rest = Marks::of(text, from, open);
            for at in from + 1..=text.len() {
                assert_eq!(rest.is_open(at), Marks::of(text, 0, false).is_open(at), "from {from} at {at}");
            }
        }
    }
}
