//! What stands before a name on its line.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Language, regex};

/// What stands before a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Nothing,
    /// A quote that is closed after the name.
    Quote,
    /// `<`: the name is that of an element.
    Element,
    /// `</`.
    Closing,
    /// `-` or `--`.
    Flag,
    /// The name is the value of something that names: `name=`, `"key": `, `variable "`.
    Entry,
    /// A command that sets a variable to the next word.
    Sets,
}

static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)(?:\b(?:name|key|id|property|variable|param|parameter|setting|field)\\?["']?\s*(?:=>|[=:])\s*(?:\\?["']|&quot;)?|\bvariable\s+"|<(?:name|key|param-name)>\s*)$"#,
    )
});

static SETS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[\s;&(])(?:ENV|ARG|setx|setenv|SETX|#define|define|configure[ \t]+set|config[ \t]+set|config:set|config(?:[ \t]+--[\w-]+)*|secret[ \t]+set)\s+(?:-\w\s+)?$",
    )
});

/// A line without the namespace of an element at its end: `<ns` of `<ns:password>`.
fn without_namespace(line: &[u8]) -> &[u8] {
    const LONGEST: usize = 31;
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let namespace = line.iter().rev().take(LONGEST + 1).take_while(is_part).count();
    let (before, namespace) = line.split_at(line.len() - namespace);
    let opens = before.ends_with(b"<") || before.ends_with(b"</");
    let is_one = namespace.first().is_some_and(u8::is_ascii_alphabetic) && namespace.len() <= LONGEST;
    if opens && is_one { before } else { line }
}

/// Whether a line ends with what an entry begins with.
fn is_entry(line: &[u8]) -> bool {
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\');
    // The sign before the name, an element, `&quot;`, or the last letter of `variable`.
    let last = line.iter().rev().find(|byte| !is_mark(byte));
    last.is_some_and(|last| matches!(last, b'=' | b':' | b'>' | b';' | b'e' | b'E')) && ENTRY.is_match(line)
}

impl Lead {
    pub(super) fn of(line: &[u8], next: Option<u8>) -> Lead {
        let sigil = line
            .iter()
            .rev()
            .take_while(|byte| matches!(byte, b'$' | b'@' | b'%' | b'*' | b':' | b'&' | b'[' | b'#'))
            .count();
        let line = &line[..line.len() - sigil];
        let line = without_namespace(line);
        let quote = line.last().copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        let is_closed = quote.is_some() && (next == quote || next == Some(b'\\'));
        match line {
            [.., b'<', b'/'] => Lead::Closing,
            [.., b'<'] => Lead::Element,
            _ if (is_closed || quote.is_none()) && is_entry(line) => Lead::Entry,
            _ if is_closed => Lead::Quote,
            [.., b'-'] => Lead::Flag,
            [.., last] if last.is_ascii_whitespace() && SETS.is_match(line) => Lead::Sets,
            _ => Lead::Nothing,
        }
    }
}

/// The part of a text after its last line break.
pub(super) fn line_of(text: &[u8]) -> &[u8] {
    memchr::memrchr(b'\n', text).map_or(text, |newline| &text[newline + 1..])
}

/// How many bytes close the quote after a name.
pub(super) fn closing_quote(text: &[u8]) -> usize {
    match text {
        [b'\\', b'"' | b'\'', ..] => 2,
        [b'"' | b'\'' | b'`', ..] => 1,
        _ => 0,
    }
}

/// The quote that is open at the end of a line's beginning.
pub(super) fn open_quote(line: &[u8]) -> Option<u8> {
    let mut open: Option<u8> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, open) {
            (b'\\', _) => {
                bytes.next();
            }
            (b'"' | b'\'' | b'`', None) => open = Some(byte),
            (_, Some(quote)) if quote == byte => open = None,
            _ => {}
        }
    }
    open
}

/// Whether nothing but the words of a setting stands before a name.
pub(super) fn is_setting(line: &[u8]) -> bool {
    !line.iter().any(|byte| matches!(byte, b'(' | b')' | b';' | b'}' | b'<'))
}

static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^\s*$|[{( ]:$|(?:^|[\s(])(?:setq|define|defvar|defparameter|def|set|let|const|var|my)\s+$")
});

/// Whether a name followed by a string and nothing else is a setting of its own: `password "..."`, `:password "..."`.
pub(super) fn begins_statement(line: &[u8]) -> bool {
    STATEMENT.is_match(line)
}

/// Whether the line is one that no program reads.
pub(super) fn is_comment(line: &[u8], language: Language) -> bool {
    let line = line.trim_ascii_start();
    let marks: &[&[u8]] = match language {
        Language::Code => &[b"//", b"#", b"*", b"/*", b"--", b"%", b"\"\"\"", b";"],
        Language::Markup => &[b"<!--"],
        Language::Prose => &[],
        _ => &[b"#", b"//", b";", b"REM ", b"rem "],
    };
    let begins = marks.iter().any(|mark| line.starts_with(mark));
    let trails = [&b" // "[..], b" # ", b" -- "].iter().any(|mark| {
        let found = memchr::memmem::find(line, mark);
        found.is_some_and(|at| open_quote(&line[..at]).is_none())
    });
    (begins || trails) && !line.starts_with(b"#define")
}
