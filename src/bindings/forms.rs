//! The forms in which a name and a value stand together.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::{Ends, bare, quoted};
use super::{Language, Syntax};

type Value = (Range<usize>, Syntax);

/// How far before a name is looked for what it is part of, in bytes.
const BEFORE: usize = 240;

/// How far after it.
const AFTER: usize = 320;

/// The value bound to the name at `name`.
pub(super) fn value(text: &[u8], name: &Range<usize>, language: Language) -> Option<Value> {
    if !may_bind(&text[name.end..]) {
        return None;
    }
    let before = &text[name.start.saturating_sub(BEFORE)..name.start];
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

static REVERSED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:["']([^"'\n]{3,200})["'](?:\.equals(?:IgnoreCase)?\([ \t]*|[ \t]*[!=]={1,2}[ \t]*)[\w.$]{0,40}|[:( ]@?"([^"\n]{3,400})"[, \t]+(?:for\w*|header|key|name)[ \t]*:[ \t]*@?")$"#,
    )
});

/// A value that stands before the name: `"...".equals(password)`, `setValue:@"..." forKey:@"password"`.
fn reversed(text: &[u8], name: &Range<usize>, line: &[u8]) -> Option<Value> {
    let may_be = line.last().is_some_and(|byte| matches!(byte, b'"' | b'(' | b'=' | b' ' | b'.'));
    let groups = if may_be { REVERSED.captures(line)? } else { return None };
    let offset = name.start - line.len();
    let (found, syntax) = match (groups.get(1), groups.get(2)) {
        (Some(compared), _) => (compared, Syntax::Compared),
        (_, given) => (given?, Syntax::Quoted),
    };
    Some((without_scheme(text, offset + found.start()..offset + found.end()), syntax))
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

/// What stands before a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
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

static NAMESPACE: LazyLock<Regex> = LazyLock::new(|| regex(r"</?[A-Za-z][\w-]{0,30}$"));

impl Lead {
    fn of(line: &[u8], next: Option<u8>) -> Lead {
        let sigil = line
            .iter()
            .rev()
            .take_while(|byte| matches!(byte, b'$' | b'@' | b'%' | b'*' | b':' | b'&' | b'[' | b'#'))
            .count();
        let line = &line[..line.len() - sigil];
        let line = NAMESPACE
            .find(line)
            .map_or(line, |found| &line[..found.start() + 1 + usize::from(found.as_bytes()[1] == b'/')]);
        let quote = line.last().copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        let is_closed = quote.is_some() && (next == quote || next == Some(b'\\'));
        match line {
            [.., b'<', b'/'] => Lead::Closing,
            [.., b'<'] => Lead::Element,
            _ if (is_closed || quote.is_none()) && ENTRY.is_match(line) => Lead::Entry,
            _ if is_closed => Lead::Quote,
            [.., b'-'] => Lead::Flag,
            _ if SETS.is_match(line) => Lead::Sets,
            _ => Lead::Nothing,
        }
    }
}

fn regex(pattern: &str) -> Regex {
    regex::bytes::RegexBuilder::new(pattern).unicode(false).build().expect("the pattern is fixed")
}

/// The part of a text after its last line break.
fn line_of(text: &[u8]) -> &[u8] {
    memchr::memrchr(b'\n', text).map_or(text, |newline| &text[newline + 1..])
}

/// A value by a sign that binds it.
fn bound(text: &[u8], name: &Range<usize>, line: &[u8], lead: Lead, language: Language) -> Option<Value> {
    let mut at = name.end;
    if matches!(lead, Lead::Quote | Lead::Entry) {
        at += closing_quote(&text[at..]);
    }
    let inside = if lead == Lead::Quote { None } else { open_quote(line) };
    let is_comment = is_comment(line, language);
    let is_said = inside.is_none() && (language == Language::Prose || is_comment);
    let is_first = line.trim_ascii().is_empty() && language == Language::Settings;
    let (sign, after) = match Sign::of(&text[at..], lead, line) {
        Some((sign, length)) => (sign, at + length),
        None if is_said => return said(text, at).filter(|(value, _)| value.start > at),
        None if lead == Lead::Sets || is_first => (Sign::Space, at),
        None if lead == Lead::Flag => {
            (Sign::Space, text.get(at).is_some_and(u8::is_ascii_whitespace).then_some(at)?)
        }
        None if language == Language::Code && begins_statement(line) => {
            let gap = Gap::of(&text[at..]);
            let is_near = gap.length > 0
                && gap.lines == 0
                && text[at..at + gap.length].iter().all(u8::is_ascii_whitespace);
            return is_near
                .then(|| literal(text, at + gap.length))
                .flatten()
                .map(|value| (value, Syntax::Quoted));
        }
        None if language == Language::Settings => {
            let gap = Gap::of(&text[at..]);
            let is_near = gap.length > 0 && gap.lines == 0;
            return is_near
                .then(|| literal(text, at + gap.length))
                .flatten()
                .map(|value| (value, Syntax::Bare));
        }
        None => return None,
    };
    let is_tight = sign == Sign::Assigns
        && text[after - 1] == b'='
        && text.get(after).is_some_and(|byte| !byte.is_ascii_whitespace());
    let is_said = is_said && !is_tight;
    let gap = Gap::of(&text[after..]);
    let start = after + gap.length;
    // What is open is closed here.
    if inside.is_some() && text.get(start).copied() == inside {
        return None;
    }
    let strength = match sign {
        Sign::Compares => Syntax::Compared,
        _ if is_said => Syntax::Said,
        _ => Syntax::Quoted,
    };
    if gap.lines == 0 || gap.lines <= 2 && (sign.binds() || matches!(sign, Sign::Calls | Sign::Lists)) {
        if let Some(value) = literal(text, start) {
            return accepted(sign, lead, text, value, strength);
        }
        if let Some(value) = heredoc(text, start) {
            return Some((value, strength));
        }
        if !matches!(sign, Sign::Lists)
            && inside.is_none()
            && gap.lines == 0
            && let Some(value) = wrapped(text, start)
        {
            return Some(value);
        }
    }
    let blank = text[after..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\\')).count();
    let goes_on =
        gap.lines == 1 && matches!(language, Language::Settings | Language::Shell | Language::Unknown);
    if goes_on && inside.is_none() && !is_said && sign.binds() {
        return below(text, start).map(|value| (value, Syntax::Bare));
    }
    let start = if gap.lines == 0 { after + blank } else { start };
    if matches!(sign, Sign::Calls | Sign::Lists | Sign::Compares) {
        return None;
    }
    let is_blank = gap.lines > 0;
    if let Some(quote) = inside {
        let value = if is_blank { return None } else { unquoted(text, start, Ends::Parameter)? };
        return (quote != b'\'' || language != Language::Prose).then_some((value, Syntax::Bare));
    }
    if is_said && !is_blank {
        return said(text, start);
    }
    match language {
        Language::Settings | Language::Unknown if gap.lines == 0 && (is_tight || is_setting(line)) => {
            if let Some(block) = block(text, start) {
                return Some((block, Syntax::Bare));
            }
            let ends = match line {
                [.., b'?' | b'&' | b';'] => Ends::Parameter,
                _ if lead == Lead::Flag || line.contains(&b'{') && !line.contains(&b'$') => Ends::Word,
                _ if is_tight
                    && line.trim_ascii().contains(&b' ')
                    && !line.trim_ascii().starts_with(b"-") =>
                {
                    Ends::Word
                }
                _ => Ends::Line,
            };
            Some((without_brace(text, unquoted(text, start, ends)?), Syntax::Bare))
        }
        _ if is_blank => None,
        Language::Shell => Some((without_brace(text, unquoted(text, start, Ends::Word)?), Syntax::Bare)),
        Language::Prose if is_tight => Some((unquoted(text, start, Ends::Parameter)?, Syntax::Bare)),
        _ if lead == Lead::Flag && sign != Sign::Names => {
            Some((unquoted(text, start, Ends::Word)?, Syntax::Bare))
        }
        _ => None,
    }
}

/// A string takes part where its sign lets it.
fn accepted(sign: Sign, lead: Lead, text: &[u8], value: Range<usize>, syntax: Syntax) -> Option<Value> {
    // An object begins: its first key, or what it gives as the value.
    if is_key(text, &value) {
        return keyed(text, value).map(|value| (value, syntax));
    }
    let is_argument = sign == Sign::Lists && lead != Lead::Quote && syntax != Syntax::Compared;
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

static HEREDOC: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"^<<[<~-]?["']?[A-Z_a-z]+["']?[^\r\n]{0,40}\r?\n"#));

/// The first line of a document that begins on the next line.
fn heredoc(text: &[u8], at: usize) -> Option<Range<usize>> {
    let found = HEREDOC.find(&text[at..text.len().min(at + 80)])?;
    bare(text, at + found.end(), Ends::Line)
}

/// A bare value without the scheme before it.
fn unquoted(text: &[u8], at: usize, ends: Ends) -> Option<Range<usize>> {
    let scheme = SCHEME.find(&text[at..text.len().min(at + 32)]).map_or(0, |scheme| scheme.end());
    let value = bare(text, at + scheme, ends).or_else(|| bare(text, at, ends))?;
    Some(default_of(text, &value).unwrap_or(value))
}

/// The content of a string, and of it the part that counts.
fn literal(text: &[u8], at: usize) -> Option<Range<usize>> {
    let (mut value, mut end) = quoted(text, at)?;
    // Pieces that are joined: the value reaches over all of them.
    while let Some(joint) = JOINED.find(&text[end..text.len().min(end + AFTER)]) {
        let Some((piece, after)) = quoted(text, end + joint.end() - 1) else { break };
        (value.end, end) = (piece.end, after);
    }
    Some(without_scheme(text, value))
}

/// What stands between two strings that are one: nothing but white space with a line break, or a sign that joins.
static JOINED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"^(?:[ \t]*\\?\r?\n[ \t]*|[ \t]*(?:\+|\.{1,2}|&|<>|\|\||~)[ \t]*\\?(?:\r?\n[ \t]*)?)["'`]"#)
});

static SCHEME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?i:bearer|basic|token|apikey|api-key|bot|key|digest|oauth|jwt)(?: +|=)"));

static DEFAULT: LazyLock<Regex> = LazyLock::new(|| regex(r"^\$\{[A-Za-z_0-9.]+:-?([^{}]+)\}$"));

/// A value without the scheme of an `Authorization` header, and the default of a template.
fn without_scheme(text: &[u8], value: Range<usize>) -> Range<usize> {
    let inside = &text[value.clone()];
    for (open, close) in [(&b"\\\""[..], &b"\\\""[..]), (b"'", b"'"), (b"{noop}", b""), (b"{plain}", b"")] {
        if inside.len() > open.len() + close.len() && inside.starts_with(open) && inside.ends_with(close) {
            return value.start + open.len()..value.end - close.len();
        }
    }
    if let Some(default) = default_of(text, &value) {
        return default;
    }
    match SCHEME.find(inside) {
        Some(scheme) if scheme.end() < inside.len() => value.start + scheme.end()..value.end,
        _ => value,
    }
}

/// The default in `${NAME:-default}`.
fn default_of(text: &[u8], value: &Range<usize>) -> Option<Range<usize>> {
    let default = DEFAULT.captures(&text[value.clone()])?.get(1)?;
    Some(value.start + default.start()..value.start + default.end())
}

/// How a name and its value are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// `=`, `:=`, `=>`, ...
    Assigns,
    /// `:`.
    Names,
    /// `==`, `.equals(`, ...
    Compares,
    /// `,` after a name in quotes.
    Lists,
    /// `(`.
    Calls,
    /// White space.
    Space,
}

static SIGN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^(?:\)?\]{1,2}|\[[\w ]{0,8}\]|\?|!)?[ \t]*(?:(?P<enters>\]?\)?\.(?:type(?:Text)?|fill|send_?[kK]eys|set_?[vV]alue|set|val)\(|\(\)\)?\.(?:thenReturn|willReturn|returns|and_return|mockReturnValue)\(|\([^()\n]{0,60}\)[^{}()\n;="']{0,40}\{[ \t\r\n]*return[ \t]+|\([^()\n]{0,60}\)[^:\n]{0,30}:[ \t]*\r?\n[ \t]*return[ \t]+|[ \t]*\{[ \t]*get;[^{}\n]{0,40}\}[ \t]*=|[ \t]*\{[ \t]*["']|\)[ \t]*\{[ \t]*["']|\{["']|[ \t]As[ \t]+\w+[ \t]*=|:-|->[ \t]*["'])|(?P<compares>\)\.(?:to|should)[ \t]+(?:eq|equal|be)[ (]|\)\.(?:to(?:Be|Equal|StrictEqual|Match)|to\.(?:be\.)?(?:eq|equal|eql)|isEqualTo)\(|={2,3}|!={1,2}|\.(?:equals|equalsIgnoreCase|compareTo|eql\?)\()|(?P<assigns>(?:=>|:=|::=|\?=|\|\|=|\?\?=|\+=|<-|=))|(?P<typed>:[ \t]*[A-Za-z_&*'?][\w.:<>\[\]&*'?|, ]{0,60}?[ \t]*=[ \t]*(?:[A-Za-z@]{0,2}["'`]))|(?P<names>:)|(?P<lists>,[ \t]*(?:with:)?)|(?P<calls>\())"#,
    )
});

static COMPARED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i:str(?:n?case)?cmp|equals?|compare\w*|time_?eq\w*|safe_?eq\w*)\([ \t]*$"));

static TYPED: LazyLock<Regex> = LazyLock::new(|| regex(r#"^[ \t]+[\w.\[\]*]{2,30}[ \t]*=[ \t]*["`]"#));

impl Sign {
    /// The sign after a name, and how many bytes it takes with what stands before it.
    fn of(text: &[u8], lead: Lead, line: &[u8]) -> Option<(Sign, usize)> {
        if let Some(plain) = Sign::plain(text) {
            return plain;
        }
        let text = &text[..text.len().min(AFTER)];
        if let Some(typed) = TYPED.find(text).filter(|_| lead == Lead::Nothing) {
            return Some((Sign::Assigns, typed.end() - 1));
        }
        let groups = SIGN.captures(text)?;
        let end = |name| groups.name(name).map(|found| found.end());
        if let Some(typed) = groups.name("typed") {
            let equals = memchr::memrchr(b'=', typed.as_bytes())?;
            return Some((Sign::Assigns, typed.start() + equals + 1));
        }
        if let Some(enters) = groups.name("enters") {
            let is_open = enters.as_bytes().ends_with(b"\"") || enters.as_bytes().ends_with(b"'");
            return Some((Sign::Assigns, enters.end() - usize::from(is_open)));
        }
        let compares = COMPARED.is_match(line) && lead == Lead::Nothing;
        [
            ("compares", Sign::Compares),
            ("assigns", Sign::Assigns),
            ("names", Sign::Names),
            ("lists", Sign::Lists),
            ("calls", Sign::Calls),
        ]
        .into_iter()
        .find_map(|(name, sign)| Some((sign, end(name)?)))
        .filter(|&(sign, end)| sign != Sign::Names || text.get(end) != Some(&b':'))
        .filter(|(sign, _)| {
            *sign != Sign::Lists
                || matches!(lead, Lead::Quote | Lead::Entry)
                || compares
                || line.ends_with(b"{")
        })
        .map(|(sign, end)| {
            (if sign == Sign::Lists && lead == Lead::Nothing { Sign::Compares } else { sign }, end)
        })
    }

    /// The commonest signs, and what is none for certain; `None` where it takes a closer look.
    fn plain(text: &[u8]) -> Option<Option<(Sign, usize)>> {
        let blank = text.iter().take(AFTER).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
        match &text[blank..] {
            [] => Some(None),
            [b'=', b'>', ..] | [b':', b'=', ..] => Some(Some((Sign::Assigns, blank + 2))),
            [b'=', next, ..] if *next != b'=' => Some(Some((Sign::Assigns, blank + 1))),
            [b':', b' ', quote, ..] if is_quote(quote) => Some(Some((Sign::Names, blank + 1))),
            [b':', quote, ..] if is_quote(quote) => Some(Some((Sign::Names, blank + 1))),
            [byte, ..] if b"\r\n;\"'`#/*%~^@$>&".contains(byte) => Some(None),
            [byte, ..] if blank == 0 && byte.is_ascii_alphanumeric() => Some(None),
            _ => None,
        }
    }

    fn binds(self) -> bool {
        matches!(self, Sign::Assigns | Sign::Names)
    }
}

/// White space between a sign and a value.
struct Gap {
    length: usize,
    lines: usize,
}

impl Gap {
    fn of(text: &[u8]) -> Gap {
        let is_gap = |at: usize| match text.get(at) {
            Some(b'[') => text.get(at + 1) != Some(&b']'),
            Some(b' ' | b'\t' | b'\r' | b'\n' | b'(' | b'{') => true,
            // A line that goes on.
            Some(b'\\') => matches!(text.get(at + 1), Some(b'\n' | b'\r')),
            _ => false,
        };
        let length = (0..AFTER).take_while(|&at| is_gap(at)).count();
        Gap { length, lines: memchr::memchr_iter(b'\n', &text[..length]).count() }
    }
}

static WRAPPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^(?:new[ \t]+)?(?:&|\*|\[\])?(?:[\w.:]*?(?i:string|from|some|just|ok|new|byte|bytearray|buffer|decode|b64|base64|encode|encoder|secret|password|token|char|literal|pointer|ptr|plain|crypt|hash|of|valueof|to_s|quote|str|raw|sensitive|cow|text|make|sha\d+|md5|digest)\w*(?:(?:::|\.|->)\w{2,16})?(?:::<[^>]{0,20}>)?!?\(\s*){1,3}[bB]?["'`]"#,
    )
});

static GETS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)env|config|conf\b|prop|lookup|read|load|param|fetch|find|resolve|translate|i18n|getstring|get_|header|query|request|cookie|session|attr|element|select",
    )
});

static OTHERWISE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^[^"'`\n;]{0,80}(?:["'`][\w.\-]{1,60}["'`][^"'`\n;]{0,20})?(?:(?:\|\||\?\?|\bor\b|\?:|:-|unwrap_or(?:_else)?\(|else)[^"'`\n;]{0,20}|,[ \t]*(?:default[ \t]*=[ \t]*)?)["'`]"#,
    )
});

/// A string inside a call that makes something of it, or that is taken where nothing else is given.
fn wrapped(text: &[u8], at: usize) -> Option<Value> {
    let rest = &text[at..text.len().min(at + AFTER)];
    if let Some(found) = WRAPPED.find(rest).filter(|found| !GETS.is_match(found.as_bytes())) {
        return Some((literal(text, at + found.end() - 1)?, Syntax::Quoted));
    }
    let is_expression =
        rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'$' | b'_'));
    let found = OTHERWISE.find(rest).filter(|_| is_expression)?;
    let is_default = rest[..found.end()].iter().any(|byte| matches!(byte, b'|' | b'?' | b'(' | b'['))
        || rest[..found.end()].windows(3).any(|word| word == b"or ");
    is_default.then_some((literal(text, at + found.end() - 1)?, Syntax::Compared))
}

static PAIRED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"^[^<>{}]{0,160}?[\s"',;(](?i:value|val|default|defaultvalue|content)\\?["']?\s*(?:=>|[=:])\s*"#)
});

static TEXT_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^["'][^<>]{0,160}>\s*(?:<(?:\w+:)?(?:value|string)>\s*)?|^\s*</[^<>]{1,40}>\s*<(?i:\w*value|string|param-value)>\s*"#,
    )
});

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r#"^"\s*\{[^{}]{0,200}?\bdefault\s*=\s*"#));

static VALUE_BEFORE: LazyLock<Regex> = LazyLock::new(|| regex(r#"<\w[^<>]*?\svalue\s*=\s*["'][^<>]*$"#));

/// The value of an entry that has the name beside it.
fn paired(text: &[u8], name: &Range<usize>, before: &[u8]) -> Option<Value> {
    let rest = &text[name.end..text.len().min(name.end + AFTER)];
    let value_at = |at: usize| {
        let start = name.end + at;
        literal(text, start).map(|value| (value, Syntax::Quoted))
    };
    if let Some(found) = VARIABLE.find(rest) {
        return value_at(found.end());
    }
    if let Some(found) = PAIRED.find(rest).filter(|found| !names_another(found.as_bytes())) {
        let start = name.end + found.end();
        return value_at(found.end()).or_else(|| {
            let value = bare(text, start, Ends::Line)?;
            let is_own_line = memchr::memchr(b'\n', found.as_bytes()).is_some();
            is_own_line.then_some((value, Syntax::Bare))
        });
    }
    if let Some(found) = VALUE_BEFORE.find(before) {
        let offset = name.start - before.len();
        let start = offset + found.start() + memchr::memmem::find(found.as_bytes(), b"value")?;
        let quote = memchr::memchr2(b'"', b'\'', &text[start..name.start])?;
        return Some((literal(text, start + quote)?, Syntax::Quoted));
    }
    let found = TEXT_AFTER.find(rest)?;
    Some((bare(text, name.end + found.end(), Ends::Element)?, Syntax::Bare))
}

/// Whether another entry begins before the value.
fn names_another(between: &[u8]) -> bool {
    static ANOTHER: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)\b(?:name|key)["']?\s*[=:]|valueFrom"#));
    ANOTHER.is_match(between)
}

/// The text of an element whose name this is: `<password type="x">value</password>`.
fn element(text: &[u8], at: usize) -> Option<Value> {
    let rest = &text[at..text.len().min(at + AFTER)];
    let open = memchr::memchr2(b'>', b'<', rest)?;
    if rest[open] == b'<' || rest[..open].ends_with(b"/") {
        return None;
    }
    let start = at + open + 1;
    if let Some(data) = text[start..].trim_ascii_start().strip_prefix(b"<![CDATA[") {
        let start = text.len() - data.len();
        let end = memchr::memmem::find(&data[..data.len().min(super::literal::LONGEST)], b"]]>")?;
        return Some((start..start + end, Syntax::Bare));
    }
    let value = bare(text, start, Ends::Element)?;
    text[value.end..].trim_ascii_start().starts_with(b"</").then_some((value, Syntax::Bare))
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

/// How many bytes close the quote after a name.
fn closing_quote(text: &[u8]) -> usize {
    match text {
        [b'\\', b'"' | b'\'', ..] => 2,
        [b'"' | b'\'' | b'`', ..] => 1,
        _ => 0,
    }
}

/// The quote that is open at the end of a line's beginning.
fn open_quote(line: &[u8]) -> Option<u8> {
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
fn is_setting(line: &[u8]) -> bool {
    !line.iter().any(|byte| matches!(byte, b'(' | b')' | b';' | b'}' | b'<'))
}

static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^\s*$|[{( ]:$|(?:^|[\s(])(?:setq|define|defvar|defparameter|def|set|let|const|var|my)\s+$")
});

/// Whether a name followed by a string and nothing else is a setting of its own: `password "..."`, `:password "..."`.
fn begins_statement(line: &[u8]) -> bool {
    STATEMENT.is_match(line)
}

/// Whether the line is one that no program reads.
fn is_comment(line: &[u8], language: Language) -> bool {
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
