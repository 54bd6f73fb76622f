//! The forms in which a name and a value stand together.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::lead::{Lead, begins_statement, closing_quote, is_comment, is_setting, line_of, open_quote};
use super::literal::{Ends, bare};
use super::pairs::{element, paired, reversed};
use super::sign::{Gap, Sign};
use super::strings::{heredoc, literal, unquoted, without_scheme, wrapped};
use super::{AFTER, Language, Syntax, Value, regex};

/// How far before a name is looked for what it is part of, in bytes.
const BEFORE: usize = 240;

/// The value bound to the name at `name`.
pub(super) fn value(text: &[u8], name: &Range<usize>, language: Language) -> Option<Value> {
    let before = &text[name.start.saturating_sub(BEFORE)..name.start];
    if !may_bind(&text[name.end..]) || is_folder(before, &text[name.clone()]) {
        return None;
    }
    let line = line_of(before);
    let lead = Lead::of(line, text.get(name.end).copied());
    match lead {
        Lead::Closing => return None,
        Lead::Element => return element(text, name.end),
        Lead::Entry => {
            if let Some(value) = paired(text, name, before) {
                return Some(value);
            }
        }
        _ => {}
    }
    reversed(text, name, line).or_else(|| bound(text, name, line, lead, language))
}

/// Whether what follows a name may bind a value to it. Yes may be wrong, no is not.
pub(super) fn may_bind(after: &[u8]) -> bool {
    let closed = after.iter().take(4).take_while(|byte| {
        matches!(byte, b'"' | b'\'' | b'`' | b')' | b']' | b'\\' | b'*' | b'_' | b'?' | b'!')
    });
    let closed = closed.count();
    let spaces = after[closed..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match after.get(closed + spaces) {
        None | Some(b';' | b')') => closed > 0,
        Some(b'.') => closed + spaces > 0 || after.get(1).is_some_and(u8::is_ascii_alphabetic),
        Some(_) => true,
    }
}

/// Whether a variable is the one in which a shell keeps where it is.
fn is_folder(before: &[u8], name: &[u8]) -> bool {
    matches!(name, b"PWD" | b"OLDPWD") && matches!(before, [.., b'$'] | [.., b'$', b'{'])
}

/// What is known of a name when its value is looked for.
struct Place<'a> {
    text: &'a [u8],
    name: &'a Range<usize>,
    /// What stands before the name on its line.
    line: &'a [u8],
    lead: Lead,
    language: Language,
    /// The quote of the string that the name stands in, where it does.
    inside: Option<u8>,
}

/// A value by a sign that binds it.
fn bound(text: &[u8], name: &Range<usize>, line: &[u8], lead: Lead, language: Language) -> Option<Value> {
    let is_quoted = matches!(lead, Lead::Quote | Lead::Entry);
    let at = name.end + if is_quoted { closing_quote(&text[name.end..]) } else { 0 };
    let inside = if lead == Lead::Quote { None } else { open_quote(line) };
    let place = Place { text, name, line, lead, language, inside };
    let is_said = inside.is_none() && (language == Language::Prose || is_comment(line, language));
    match Sign::of(&text[at..], lead, line) {
        Some((sign, length)) => {
            let after = at + length;
            let is_tight = sign == Sign::Assigns
                && text[after - 1] == b'='
                && text.get(after).is_some_and(|byte| !byte.is_ascii_whitespace());
            place.signed(sign, after, is_said && !is_tight, is_tight)
        }
        None if is_said => said(text, at)
            .filter(|(value, _)| value.start > at && !is_verb(&text[name.clone()], &text[at..value.start])),
        None => place.unsigned(at),
    }
}

/// Whether a name says what somebody does, and no word between says what it is: `pass --quiet`.
fn is_verb(name: &[u8], between: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"pass") && !between.iter().any(u8::is_ascii_alphabetic)
}

impl Place<'_> {
    /// A value behind nothing but white space.
    fn unsigned(&self, at: usize) -> Option<Value> {
        let is_near = self.text.get(at).is_some_and(u8::is_ascii_whitespace);
        let is_first = self.line.trim_ascii().is_empty() && self.language == Language::Settings;
        if self.lead == Lead::Sets || is_first && is_near || self.lead == Lead::Flag && is_near {
            return self.signed(Sign::Space, at, false, false);
        }
        let syntax = match self.language {
            Language::Settings if self.lead != Lead::Quote => Syntax::Bare,
            Language::Code if begins_statement(self.line) => Syntax::Quoted,
            _ => return None,
        };
        let blank = self.text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let value = if is_near { literal(self.text, at + blank) } else { None };
        value.map(|value| (value, syntax))
    }

    /// A value behind a sign that ends at `after`.
    fn signed(&self, sign: Sign, after: usize, is_said: bool, is_tight: bool) -> Option<Value> {
        let text = self.text;
        let gap = Gap::of(&text[after..]);
        let start = after + gap.length;
        // What is open is closed here.
        if self.inside.is_some() && text.get(start).copied() == self.inside {
            return None;
        }
        let goes_below = sign.binds() || matches!(sign, Sign::Calls | Sign::Lists);
        if gap.lines == 0 || gap.lines <= 2 && goes_below {
            let syntax = match sign {
                Sign::Compares => Syntax::Compared,
                _ if is_said => Syntax::Said,
                _ => Syntax::Quoted,
            };
            if let Some(value) = literal(text, start) {
                return accepted(sign, self.lead, text, self.name, value, syntax);
            }
            if let Some(value) = heredoc(text, start) {
                return Some((value, syntax));
            }
            let may_wrap = sign != Sign::Lists && self.inside.is_none() && gap.lines == 0;
            if let Some(value) = may_wrap.then(|| wrapped(text, start)).flatten() {
                return Some(value);
            }
        }
        if matches!(sign, Sign::Calls | Sign::Lists | Sign::Compares) || sign == Sign::Names && self.is_link()
        {
            return None;
        }
        if gap.lines > 0 {
            let goes_on = matches!(self.language, Language::Settings | Language::Shell | Language::Unknown);
            let may = goes_on && gap.lines == 1 && self.inside.is_none() && !is_said && sign.binds();
            return may.then(|| below(text, start)).flatten().map(|value| (value, Syntax::Bare));
        }
        let blank = text[after..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\\')).count();
        let start = after + blank;
        if is_said { said(text, start) } else { self.bare(sign, start, is_tight) }
    }

    /// Whether the name is one of several texts that colons join: `vault:api:auth:userpass:MPL-2.0`, `x=pass:y=0`.
    fn is_link(&self) -> bool {
        let after = &self.text[self.name.end..];
        matches!(self.line, [.., b':' | b'='])
            && after.len() > 1
            && after[0] == b':'
            && !after[1].is_ascii_whitespace()
    }

    /// A value without quotes, where such a one may stand.
    fn bare(&self, sign: Sign, start: usize, is_tight: bool) -> Option<Value> {
        let (text, line) = (self.text, self.line);
        let ends = match self.language {
            _ if self.inside.is_some() => Ends::Parameter,
            Language::Settings | Language::Unknown if is_tight || is_setting(line) => {
                if let Some(block) = block(text, start) {
                    return Some((block, Syntax::Bare));
                }
                let is_list = line.contains(&b'{') && !line.contains(&b'$');
                let words = line.trim_ascii();
                let is_command = is_tight && words.contains(&b' ') && !words.starts_with(b"-");
                match line {
                    [.., b'?' | b'&' | b';'] => Ends::Parameter,
                    _ if self.lead == Lead::Flag || is_list || is_command => Ends::Word,
                    _ => Ends::Line,
                }
            }
            Language::Shell => Ends::Word,
            Language::Prose if is_tight => Ends::Parameter,
            _ if self.lead == Lead::Flag && sign != Sign::Names => Ends::Word,
            _ => return None,
        };
        let value = unquoted(text, start, ends)?;
        let value = if ends == Ends::Parameter { value } else { without_brace(text, value) };
        Some((value, Syntax::Bare))
    }
}

/// How far from a pair the bracket around it may be, in bytes.
const NEAR: usize = 64;

/// Whether a name in quotes and the string behind it belong together: no others of their kind stand around them.
fn is_pair(text: &[u8], name: &Range<usize>, value: &Range<usize>) -> bool {
    let before = &text[name.start.saturating_sub(NEAR)..name.start];
    let opening = before.iter().rposition(|byte| matches!(byte, b'(' | b'[' | b'{' | b','));
    let is_near = opening.is_some_and(|at| !before[at..].iter().any(u8::is_ascii_alphanumeric));
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'\\');
    let closes = text[value.end..].iter().take(NEAR).find(|byte| !is_mark(byte));
    match opening.map(|at| before[at]) {
        Some(b'(') => true,
        // The last two of what a call takes.
        Some(b',') => closes == Some(&b')'),
        Some(_) => is_near && matches!(closes, Some(b']' | b'}')),
        None => false,
    }
}

/// A string takes part where its sign lets it.
fn accepted(
    sign: Sign,
    lead: Lead,
    text: &[u8],
    name: &Range<usize>,
    value: Range<usize>,
    syntax: Syntax,
) -> Option<Value> {
    // An object begins: its first key, or what it gives as the value.
    if is_key(text, &value) {
        return keyed(text, value).map(|value| (value, syntax));
    }
    let is_argument = sign == Sign::Lists
        && syntax != Syntax::Compared
        && !(lead == Lead::Quote && is_pair(text, name, &value));
    // `case 'password': return ...` and `x ? 'password' : 'text'` bind nothing.
    let is_label = sign == Sign::Names && lead == Lead::Quote && {
        let before = &text[value.start.saturating_sub(64)..value.start];
        line_of(before).windows(5).any(|word| word == b"case ")
    };
    (!is_argument && !is_label).then_some((value, syntax))
}

/// Whether a string is the key of what follows.
fn is_key(text: &[u8], value: &Range<usize>) -> bool {
    let after = text[value.end..].get(1..).unwrap_or_default().trim_ascii_start();
    let before = text[..value.start - 1].trim_ascii_end();
    after.starts_with(b":") && before.ends_with(b"{")
}

/// The string under a key that means the value.
fn keyed(text: &[u8], key: Range<usize>) -> Option<Range<usize>> {
    let means_value = [&b"value"[..], b"Value", b"default", b"defaultValue"].contains(&&text[key.clone()]);
    let after = key.end + 1;
    let rest = text.get(after..text.len().min(after + 40))?;
    let skipped = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b':').count();
    if means_value { literal(text, after + skipped) } else { None }
}

/// A value that stands alone on the next line.
fn below(text: &[u8], at: usize) -> Option<Range<usize>> {
    let value = bare(text, at, Ends::Line)?;
    let is_alone =
        !text[value.clone()].iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, b':' | b'='));
    is_alone.then_some(value)
}

/// The first line of a YAML block.
fn block(text: &[u8], at: usize) -> Option<Range<usize>> {
    let line_end = at + memchr::memchr(b'\n', &text[at..])?;
    let sign = text[at..line_end].trim_ascii();
    let is_block = matches!(sign.first(), Some(b'|' | b'>')) && sign.len() <= 3;
    if is_block { bare(text, line_end + 1, Ends::Line) } else { None }
}

/// A value in a flow mapping without what closes the mapping.
fn without_brace(text: &[u8], value: Range<usize>) -> Range<usize> {
    let inside = &text[value.clone()];
    let is_open = inside.contains(&b'{') || inside.contains(&b'[');
    let trimmed =
        inside.iter().rposition(|byte| !matches!(byte, b'}' | b']' | b',')).map_or(0, |last| last + 1);
    if is_open { value } else { value.start..value.start + trimmed }
}

static SAID: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^["'*_`)]{0,3}[ \t]*(?:[:=|]|is|was|->|=>|are)?[ \t]*(?:[:=|][ \t]*)?["'*_`]{0,3}[ \t]*(?:[:=|][ \t]*)?["'`*]{0,3}"#,
    )
});

/// The word that a sentence gives.
fn said(text: &[u8], at: usize) -> Option<Value> {
    let rest = &text[at..text.len().min(at + AFTER)];
    let marks = SAID.find(rest)?.end();
    let start = at + marks;
    let mark = text[..start]
        .last()
        .copied()
        .filter(|byte| matches!(byte, b'`' | b'"' | b'\''))
        .filter(|_| marks > 0);
    let in_marks = mark.and_then(|mark| {
        let end = memchr::memchr2(mark, b'\n', &text[start..text.len().min(start + AFTER)])?;
        (text[start + end] == mark && end > 0).then_some(start..start + end)
    });
    let value = match in_marks {
        Some(value) => value,
        None => unquoted(text, start, Ends::Sentence)?,
    };
    Some((without_scheme(text, value), Syntax::Said))
}
