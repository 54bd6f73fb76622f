//! What stands between a name and its value.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::lead::Lead;
use super::{AFTER, regex};

/// How a name and its value are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
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

/// Signs by which a value is given to what a name stands for; examples behind them.
const ENTERS: &[&str] = &[
    // field('#password').fill("..."), secureTextFields["Password"].typeText("...")
    r"\]?\)?\.(?:type(?:Text)?|fill|send_?[kK]eys|set_?[vV]alue|set|val)\(",
    // when(user.getPassword()).thenReturn("...")
    r"\(\)\)?\.(?:thenReturn|willReturn|returns|and_return|mockReturnValue)\(",
    // String getPassword() { return "..."; }
    r#"\([^()\n]{0,60}\)[^{}()\n;="']{0,40}\{[ \t\r\n]*return[ \t]+"#,
    // def password(self): return "..."
    r"\([^()\n]{0,60}\)[^:\n]{0,30}:[ \t]*\r?\n[ \t]*return[ \t]+",
    // string Password { get; set; } = "..."
    r"[ \t]*\{[ \t]*get;[^{}\n]{0,40}\}[ \t]*=",
    // password { "..." }, let(:password) { "..." }, std::string password{"..."}
    r#"\)?[ \t]*\{[ \t]*["']"#,
    // Dim password As String = "..."
    r"[ \t]As[ \t]+\w+[ \t]*=",
    // ${PASSWORD:-...}
    ":-",
    // "password" -> "..."
    r#"->[ \t]*["']"#,
];

/// Signs by which something is compared.
const COMPARES: &[&str] = &[
    // expect(user.password).to eq("..."), expect(token).toBe("...")
    r"\)\.(?:to|should)[ \t]+(?:eq|equal|be)[ (]",
    r"\)\.(?:to(?:Be|Equal|StrictEqual|Match)|to\.(?:be\.)?(?:eq|equal|eql)|isEqualTo)\(",
    "={2,3}|!={1,2}",
    r"\.(?:equals|equalsIgnoreCase|compareTo|eql\?)\(",
];

/// A type and a sign that assigns: `: &str = "..."`.
const TYPE_AND_SIGN: &str =
    r#":[ \t]*[A-Za-z_&*'?][\w.:<>\[\]&*'?|, ]{0,60}?[ \t]*=[ \t]*(?:[A-Za-z@]{0,2}["'`])"#;

/// What may close an index, or mark a name, before the sign: `['password'] =`, `password[] =`, `password? :`.
const CLOSES: &str = r"(?:\)?\]{1,2}|\[[\w ]{0,8}\]|\?|!)?[ \t]*";

static SIGN: LazyLock<Regex> = LazyLock::new(|| {
    let (enters, compares) = (ENTERS.join("|"), COMPARES.join("|"));
    let assigns = r"=>|:=|::=|\?=|\|\|=|\?\?=|\+=|<-|=";
    regex(&format!(
        r"^{CLOSES}(?:(?P<enters>{enters})|(?P<compares>{compares})|(?P<assigns>{assigns})|(?P<typed>{TYPE_AND_SIGN})|(?P<names>:)|(?P<lists>,[ \t]*(?:with:)?)|(?P<calls>\())"
    ))
});

static COMPARED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i:str(?:n?case)?cmp|equals?|compare\w*|time_?eq\w*|safe_?eq\w*)\([ \t]*$"));

static TYPED: LazyLock<Regex> = LazyLock::new(|| regex(r#"^[ \t]+[\w.\[\]*]{2,30}[ \t]*=[ \t]*["`]"#));

/// Whether what reads like a type is how a header signs in: `: Digest username="..."`.
fn is_scheme(typed: &[u8]) -> bool {
    let word = typed[1..].trim_ascii_start();
    [&b"digest "[..], b"oauth "]
        .iter()
        .any(|scheme| word.get(..scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme)))
}

impl Sign {
    /// The sign after a name, and how many bytes it takes with what stands before it.
    pub(super) fn of(text: &[u8], lead: Lead, line: &[u8]) -> Option<(Sign, usize)> {
        let text = &text[..text.len().min(AFTER)];
        match Plain::of(text) {
            Plain::No => None,
            Plain::Sign(sign, end) => Some((sign, end)),
            Plain::Comma(end) => Sign::listing(lead, line).map(|sign| (sign, end)),
            Plain::Word if lead == Lead::Nothing => match TYPED.find(text) {
                Some(typed) => Some((Sign::Assigns, typed.end() - 1)),
                None => Sign::closely(text, lead, line),
            },
            Plain::Word | Plain::Perhaps => Sign::closely(text, lead, line),
        }
    }

    /// What a comma behind a name is.
    fn listing(lead: Lead, line: &[u8]) -> Option<Sign> {
        match lead {
            Lead::Quote | Lead::Entry => Some(Sign::Lists),
            Lead::Nothing if COMPARED.is_match(line) || line.ends_with(b"{") => Some(Sign::Compares),
            _ if line.ends_with(b"{") => Some(Sign::Lists),
            _ => None,
        }
    }

    fn closely(text: &[u8], lead: Lead, line: &[u8]) -> Option<(Sign, usize)> {
        let groups = SIGN.captures(text)?;
        let end = |name| groups.name(name).map(|found| found.end());
        if let Some(typed) = groups.name("typed") {
            if is_scheme(typed.as_bytes()) {
                return Some((Sign::Names, typed.start() + 1));
            }
            let equals = memchr::memrchr(b'=', typed.as_bytes())?;
            return Some((Sign::Assigns, typed.start() + equals + 1));
        }
        if let Some(enters) = groups.name("enters") {
            let is_open = enters.as_bytes().ends_with(b"\"") || enters.as_bytes().ends_with(b"'");
            return Some((Sign::Assigns, enters.end() - usize::from(is_open)));
        }
        if let Some(end) = end("lists") {
            return Sign::listing(lead, line).map(|sign| (sign, end));
        }
        let known = [
            ("compares", Sign::Compares),
            ("assigns", Sign::Assigns),
            ("names", Sign::Names),
            ("calls", Sign::Calls),
        ];
        let (sign, end) = known.into_iter().find_map(|(name, sign)| Some((sign, end(name)?)))?;
        (sign != Sign::Names || text.get(end) != Some(&b':')).then_some((sign, end))
    }

    pub(super) fn binds(self) -> bool {
        matches!(self, Sign::Assigns | Sign::Names)
    }
}

/// What the first bytes after a name say of a sign.
enum Plain {
    /// There is none.
    No,
    /// This one, and where it ends.
    Sign(Sign, usize),
    /// A comma that ends here.
    Comma(usize),
    /// A word, and an `=` somewhere behind it.
    Word,
    /// It takes a closer look.
    Perhaps,
}

/// What the calls are named by which values are entered or compared.
const CALLED: &[&[u8]] = &[
    b"type",
    b"fill",
    b"send",
    b"set",
    b"val",
    b"equals",
    b"compareTo",
    b"eql",
    b"to",
    b"should",
    b"isEqualTo",
];

impl Plain {
    fn of(text: &[u8]) -> Plain {
        let blank = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let rest = &text[blank..];
        let has = |byte: u8| memchr::memchr(byte, rest).is_some();
        let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
        let next = |from: usize| rest[from..].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        let opens = |from: usize| next(from).is_some_and(|byte| is_quote(byte) || *byte == b'g');
        let calls = |from: usize| CALLED.iter().any(|name| rest[from..].starts_with(name));
        let either = |is_sign: bool| if is_sign { Plain::Perhaps } else { Plain::No };
        match rest {
            [b'=', b'>', ..] | [b':', b'=', ..] => Plain::Sign(Sign::Assigns, blank + 2),
            [b'=', b'=', b'=', ..] => Plain::Sign(Sign::Compares, blank + 3),
            [b'=', b'=', ..] => Plain::Sign(Sign::Compares, blank + 2),
            [b'=', ..] => Plain::Sign(Sign::Assigns, blank + 1),
            [b':', b':' | b'-', ..] => Plain::Perhaps,
            [b':', b' ', quote, ..] | [b':', quote, ..] if is_quote(quote) => {
                Plain::Sign(Sign::Names, blank + 1)
            }
            [b':', ..] if !has(b'=') => Plain::Sign(Sign::Names, blank + 1),
            [b',', ..] => {
                let spaces = rest[1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let with = if rest[1 + spaces..].starts_with(b"with:") { 5 } else { 0 };
                Plain::Comma(blank + 1 + spaces + with)
            }
            [b'(', ..] if RETURNS.find(rest).is_none() => Plain::Sign(Sign::Calls, blank + 1),
            [b'.', ..] => either(calls(1)),
            [b')', b'.', ..] => either(calls(2)),
            [b')', b']', ..] => Plain::Perhaps,
            [b')', ..] => either(next(1) == Some(&b'{')),
            [b'{', ..] => either(opens(1)),
            [b'-', ..] => either(rest.starts_with(b"->")),
            [b'<', ..] => either(rest.starts_with(b"<-")),
            [b'+', ..] => either(rest.starts_with(b"+=")),
            [b'|', ..] => either(rest.starts_with(b"||=")),
            // A type may come before the sign, as in `password string = "..."`.
            [byte, ..] if byte.is_ascii_alphanumeric() && blank > 0 && has(b'=') => Plain::Word,
            [b'[' | b']' | b'?' | b'!' | b':' | b'(', ..] => Plain::Perhaps,
            _ => Plain::No,
        }
    }
}

/// A name that stands for what is given back.
static RETURNS: LazyLock<Finder> = LazyLock::new(|| Finder::new("eturn"));

/// White space between a sign and a value.
pub(super) struct Gap {
    /// In bytes.
    pub(super) length: usize,
    /// Line breaks in it.
    pub(super) lines: usize,
}

impl Gap {
    pub(super) fn of(text: &[u8]) -> Gap {
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
