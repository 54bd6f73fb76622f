//! What stands between a name and its value.

use std::sync::LazyLock;

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

impl Sign {
    /// The sign after a name, and how many bytes it takes with what stands before it.
    pub(super) fn of(text: &[u8], lead: Lead, line: &[u8]) -> Option<(Sign, usize)> {
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

    pub(super) fn binds(self) -> bool {
        matches!(self, Sign::Assigns | Sign::Names)
    }
}

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
