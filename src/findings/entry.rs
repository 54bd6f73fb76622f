//! One entry of an ignore file or a baseline: what it covers, why, until when, and who answers for it.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{Error, Match};

use crate::model::{FindingId, GapReason, start_of_day};

/// An entry, which is one line: `id ID`, `path GLOB` or `gap REASON GLOB`, then attributes.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is about.
    pub covers: Covers,
    /// Its attributes.
    pub why: Why,
}

/// What an entry is about.
#[derive(Debug, Clone)]
pub enum Covers {
    /// The finding with this id.
    Id(FindingId),
    /// Findings at paths that match.
    Path(Pattern),
    /// Gaps of this reason at paths that match.
    Gap(GapReason, Pattern),
}

/// What an entry says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// Why it is no leak, or none that matters.
    pub reason: Option<String>,
    /// The last day on which it holds, as `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
}

/// What is wrong in a line, and where: a byte offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
}

impl Entry {
    /// Reads a line that is neither empty nor a comment.
    pub(super) fn parse(line: &str) -> Result<Entry, Fault> {
        let mut words = Words { line, at: 0 };
        let start = words.peek();
        let form = |at| Fault { at, message: FORM.into() };
        let head = words.next()?.ok_or_else(|| form(start))?;
        let covers = match head.text.as_str() {
            "id" => {
                let id = words.operand()?.ok_or_else(|| form(start))?;
                Covers::Id(finding_id(&id.text).map_err(|message| Fault { at: id.at, message })?)
            }
            "path" => {
                let glob = words.operand()?.ok_or_else(|| form(start))?;
                Covers::Path(Pattern::new(&glob.text).map_err(|message| Fault { at: glob.at, message })?)
            }
            "gap" => {
                let reason = words.operand()?.ok_or_else(|| form(start))?;
                let glob = words.operand()?.ok_or_else(|| form(start))?;
                let known = gap_reason(&reason.text).map_err(|message| Fault { at: reason.at, message })?;
                Covers::gap(known, &glob.text).map_err(|message| Fault { at: glob.at, message })?
            }
            _ => return Err(form(start)),
        };
        Ok(Entry { covers, why: Why::parse(&mut words)? })
    }
}

const FORM: &str = "an entry is `id ID`, `path GLOB` or `gap REASON GLOB`, then reason=\"...\"";

/// The id of a finding as people copy it.
///
/// # Errors
/// When it is none.
pub fn finding_id(text: &str) -> Result<FindingId, String> {
    match text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(FindingId(text.to_ascii_lowercase())),
        false => Err(format!("`id` takes one finding id of 16 hex digits, not `{text}`")),
    }
}

/// A reason of a gap by its word.
///
/// # Errors
/// When there is none; the message names those that there are.
pub fn gap_reason(word: &str) -> Result<GapReason, String> {
    GapReason::ALL.into_iter().find(|reason| reason.as_str() == word).ok_or_else(|| {
        let known = GapReason::ALL.map(GapReason::as_str).join(", ");
        format!("`{word}` is no reason of a gap; there are {known}")
    })
}

impl Covers {
    /// Gaps of this reason at paths that match.
    ///
    /// # Errors
    /// When the pattern is none, or takes something out.
    pub fn gap(reason: GapReason, glob: &str) -> Result<Covers, String> {
        match glob.starts_with('!') {
            true => Err(format!("`{glob}` takes paths out; only `path` entries do that")),
            false => Ok(Covers::Gap(reason, Pattern::new(glob)?)),
        }
    }

    /// Whether both are about the same, as they are written.
    pub(super) fn is_same(&self, other: &Covers) -> bool {
        match (self, other) {
            (Covers::Id(one), Covers::Id(other)) => one == other,
            (Covers::Path(one), Covers::Path(other)) => one.text == other.text,
            (Covers::Gap(reason, one), Covers::Gap(other_reason, other)) => {
                reason == other_reason && one.text == other.text
            }
            _ => false,
        }
    }
}

/// What stands behind the name of a container where it is the folder of what it holds.
pub(super) const BORDER: char = '!';

/// A pattern in the form of `.gitignore`, about paths in which containers are such folders as well.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    rule: Gitignore,
}

impl Pattern {
    /// The pattern that a person wrote.
    ///
    /// # Errors
    /// When it is none, or can match nothing.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let mut builder = GitignoreBuilder::new("");
        builder.allow_unclosed_class(false);
        builder.add_line(None, &over_borders(text)).map_err(|error| fault(text, error))?;
        let rule = builder.build().map_err(|error| error.to_string())?;
        match rule.is_empty() || text.trim_start_matches('!').trim_matches('/').is_empty() {
            true => {
                Err(format!("`{text}` matches no path; write a name, a path or a pattern as in .gitignore"))
            }
            false => Ok(Pattern { text: text.to_owned(), rule }),
        }
    }

    /// What it says of this path itself.
    pub(super) fn says(&self, path: &Path, is_folder: bool) -> Say {
        match self.rule.matched(path, is_folder) {
            Match::None => Say::Nothing,
            Match::Ignore(_) => Say::Covered,
            Match::Whitelist(_) => Say::TakenOut,
        }
    }
}

/// What is wrong with a pattern, as it was written.
fn fault(text: &str, error: Error) -> String {
    match error {
        Error::Glob { err, .. } => format!("`{text}` is no pattern: {err}"),
        error => error.to_string(),
    }
}

/// The pattern in which a `!` stands for itself and for the border of a container, behind which a folder begins.
fn over_borders(text: &str) -> Cow<'_, str> {
    let (negation, body) = text.split_at(usize::from(text.starts_with('!')));
    let mut glob = String::new();
    let mut has_borders = false;
    let mut rest = body;
    while let Some(character) = rest.chars().next() {
        let taken = match character {
            '\\' => rest.chars().take(2).map(char::len_utf8).sum(),
            '[' => class_len(rest),
            _ => character.len_utf8(),
        };
        let (this, behind) = rest.split_at(taken);
        has_borders |= character == BORDER;
        glob.push_str(match character {
            BORDER if behind.starts_with("**") => "!/",
            BORDER if !behind.starts_with('/') => "{!,!/}",
            _ => this,
        });
        rest = behind;
    }
    let is_anywhere = !body.trim_end_matches('/').contains('/');
    match has_borders {
        true => format!("{negation}{}{glob}", if is_anywhere { "**/" } else { "" }).into(),
        false => text.into(),
    }
}

/// How long the class of characters is that a text begins with, in bytes: a `]` at its beginning is one of them.
fn class_len(text: &str) -> usize {
    let first = 1 + usize::from(text[1..].starts_with(['!', '^']));
    let from = first + usize::from(text[first..].starts_with(']'));
    text[from..].find(']').map_or(text.len(), |end| from + end + 1)
}

/// What a pattern says of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Say {
    Nothing,
    Covered,
    /// By a pattern with `!`.
    TakenOut,
}

impl Why {
    fn parse(words: &mut Words<'_>) -> Result<Why, Fault> {
        let mut why = Why::default();
        while let Some(word) = words.next()? {
            let fault = |message: String| Fault { at: word.at, message };
            let Some(key) = word.key else {
                let what = format!("`{}` is not understood here; only {ATTRIBUTES} follow", word.text);
                return Err(fault(what));
            };
            let slot = match key {
                "reason" => &mut why.reason,
                "expires" => &mut why.expires,
                "owner" => &mut why.owner,
                _ => return Err(fault(format!("unknown attribute `{key}`; there are {ATTRIBUTES}"))),
            };
            if slot.is_some() {
                return Err(fault(format!("`{key}` is there twice; leave one out")));
            }
            *slot = Some(word.text);
            why.check(key).map_err(fault)?;
        }
        Ok(why)
    }

    /// Whether an attribute is one.
    fn check(&self, key: &str) -> Result<(), String> {
        let is_empty = |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
        match (key, &self.expires) {
            ("reason", _) if is_empty(&self.reason) => Err("the reason is empty".into()),
            ("owner", _) if is_empty(&self.owner) => Err("the owner is empty".into()),
            ("expires", Some(day)) if start_of_day(day).is_none() => {
                Err(format!("`{day}` is no day; write expires=YYYY-MM-DD"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a person may say this, and by it an entry that still holds today.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fits(&self, today: &str) -> Result<(), String> {
        ["reason", "expires", "owner"].into_iter().try_for_each(|key| self.check(key))?;
        let texts = [&self.reason, &self.owner];
        if texts.into_iter().flatten().any(|text| text.contains(char::is_control)) {
            return Err("the reason and the owner are one line, without control characters".into());
        }
        match &self.expires {
            Some(day) if self.is_over(today) => Err(format!("{day} is over; name a day to come")),
            _ => Ok(()),
        }
    }

    /// Whether the entry does not hold any more.
    pub(super) fn is_over(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|day| day < today)
    }
}

const ATTRIBUTES: &str = "reason=\"...\", expires=YYYY-MM-DD and owner=\"...\"";

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.covers {
            Covers::Id(id) => write!(f, "id {id}")?,
            Covers::Path(pattern) => write!(f, "path {}", plain(&pattern.text))?,
            Covers::Gap(reason, pattern) => write!(f, "gap {} {}", reason.as_str(), plain(&pattern.text))?,
        }
        let Why { reason, expires, owner } = &self.why;
        if let Some(reason) = reason {
            write!(f, " reason={}", quoted(reason))?;
        }
        if let Some(day) = expires {
            write!(f, " expires={day}")?;
        }
        match owner {
            Some(owner) => write!(f, " owner={}", plain(owner)),
            None => Ok(()),
        }
    }
}

/// A word, in quotes where it would not be one otherwise.
fn plain(text: &str) -> String {
    let needs_quotes = text.is_empty() || text.contains([' ', '\t', '"', '=']);
    if needs_quotes { quoted(text) } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// The words of a line, between spaces; a word or the value of an attribute may stand in quotes.
struct Words<'l> {
    line: &'l str,
    at: usize,
}

struct Word<'l> {
    at: usize,
    /// What stands before the `=` of an attribute.
    key: Option<&'l str>,
    text: String,
}

impl<'l> Words<'l> {
    /// Where the next word begins.
    fn peek(&self) -> usize {
        let rest = &self.line[self.at..];
        self.at + rest.len() - rest.trim_start().len()
    }

    fn next(&mut self) -> Result<Option<Word<'l>>, Fault> {
        let at = self.peek();
        self.at = at;
        let rest = &self.line[at..];
        if rest.is_empty() {
            return Ok(None);
        }
        let (plain, _) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
        let key = plain.split_once('=').map(|(key, _)| key);
        let key = key.filter(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase()));
        self.at += key.map_or(0, |key| key.len() + 1);
        let text = self.value(at)?;
        Ok(Some(Word { at, key, text }))
    }

    /// The next word that is no attribute as we know them, with its equals sign.
    fn operand(&mut self) -> Result<Option<Word<'l>>, Fault> {
        let before = self.at;
        let word = self.next()?;
        let Some(key) = word.as_ref().and_then(|word| word.key) else { return Ok(word) };
        if ["reason", "expires", "owner"].contains(&key) {
            self.at = before;
            return Ok(None);
        }
        Ok(word.map(|word| Word { key: None, text: format!("{key}={}", word.text), ..word }))
    }

    /// Reads on to the next space, or to the closing quote. In quotes a backslash before a quote or a backslash is
    /// not meant; before anything else it stands for itself.
    fn value(&mut self, word: usize) -> Result<String, Fault> {
        let rest = &self.line[self.at..];
        let Some(inside) = rest.strip_prefix('"') else {
            let (value, _) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
            self.at += value.len();
            return Ok(value.to_owned());
        };
        let mut value = String::new();
        let mut characters = inside.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match (character, characters.peek()) {
                ('"', _) => {
                    self.at += at + 2;
                    return Ok(value);
                }
                ('\\', Some(&(_, escaped @ ('"' | '\\')))) => {
                    value.push(escaped);
                    characters.next();
                }
                _ => value.push(character),
            }
        }
        Err(Fault { at: word, message: "a quote is not closed".into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_written_as_it_is_read() {
        for line in [
            "id 0123456789abcdef reason=\"a test key\"",
            "id 0123456789abcdef",
            "id 0123456789abcdef reason=\"said \\\"no\\\" in C:\\\\x\" expires=2027-02-28 owner=team-a",
            "path /docs/** reason=\"r\" owner=\"the docs team\"",
            "path \"my docs/a=b\" reason=\"r\"",
            "path !docs/real.txt reason=\"r\"",
            "gap unreadable /proc/** reason=\"r\"",
        ] {
            assert_eq!(Entry::parse(line).unwrap().to_string(), line);
        }
    }

    #[test]
    fn an_entry_is_read_as_people_write_it() {
        for (line, written) in [
            ("  id\t0123456789ABCDEF   reason=typo", "id 0123456789abcdef reason=\"typo\""),
            (
                "id 0123456789abcdef owner=a reason=\"C:\\temp\"",
                "id 0123456789abcdef reason=\"C:\\\\temp\" owner=a",
            ),
            ("path a=b reason=\"r\"", "path \"a=b\" reason=\"r\""),
            ("path \\!odd reason=\"r\"", "path \\!odd reason=\"r\""),
        ] {
            assert_eq!(Entry::parse(line).unwrap().to_string(), written);
        }
    }

    #[test]
    fn a_fault_is_told_where_it_is() {
        for (line, at, start) in [
            ("file a reason=\"r\"", 0, "an entry is"),
            ("path reason=\"r\"", 0, "an entry is"),
            ("id", 0, "an entry is"),
            ("id short", 3, "`id` takes one"),
            ("id 0123456789abcdef soon", 20, "`soon` is not understood"),
            ("id 0123456789abcdef until=2030-01-01", 20, "unknown attribute `until`"),
            ("id 0123456789abcdef reason=\"\"", 20, "the reason is empty"),
            ("id 0123456789abcdef owner=", 20, "the owner is empty"),
            ("id 0123456789abcdef expires=2026-02-30", 20, "`2026-02-30` is no day"),
            ("id 0123456789abcdef reason=\"a\" reason=\"b\"", 31, "`reason` is there twice"),
            ("id 0123456789abcdef reason=\"a\"b", 30, "`b` is not understood"),
            ("id 0123456789abcdef reason=\"a\\\"", 20, "a quote is not closed"),
            ("path [ reason=\"r\"", 5, "`[` is no pattern: unclosed"),
            ("path a.zip!{b reason=\"r\"", 5, "`a.zip!{b` is no pattern: unclosed"),
            ("path #docs reason=\"r\"", 5, "`#docs` matches no path"),
            ("path / reason=\"r\"", 5, "`/` matches no path"),
            ("gap odd * reason=\"r\"", 4, "`odd` is no reason"),
            ("gap unreadable !a reason=\"r\"", 15, "`!a` takes paths out"),
        ] {
            let fault = Entry::parse(line).unwrap_err();
            assert_eq!(fault.at, at, "{line}: {}", fault.message);
            assert!(fault.message.starts_with(start), "{line}: {}", fault.message);
        }
    }

    #[test]
    fn what_a_person_says_of_an_entry_is_one_line_about_the_future() {
        let why = |reason: &str, expires: Option<&str>| Why {
            reason: Some(reason.into()),
            expires: expires.map(str::to_owned),
            owner: None,
        };
        let today = "2030-01-01";
        assert_eq!(why("r", Some("2030-01-01")).fits(today), Ok(()));
        for wrong in [why("", None), why("a\nb", None), why("r", Some("2029-12-31")), why("r", Some("soon"))]
        {
            assert!(wrong.fits(today).is_err(), "{wrong:?}");
        }
    }
}
