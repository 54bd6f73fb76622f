//! What stands in files in encoded form is found where it stands: seventy token types, every encoding, in each other,
//! in twenty surroundings. And what only looks encoded is no finding.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;
#[path = "rules/surroundings.rs"]
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Project, assert_kept_secret, token};
use sirocco::Format;
use sirocco::deflate::{Level, Writer};
use stanch::engine::{Engine, Text};
use stanch::model::{BlobPath, Confidence, Specificity};
use stanch::rules::{BUILTIN, pattern, template};
use surroundings::{SURROUNDINGS, Surrounding, Written, spelled};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Base64,
    Base64Url,
    Wrapped,
    Deflated,
    Hex,
    Percent,
    U,
    X,
    Entities,
    QuotedPrintable,
    Added,
    Characters,
}

const FORMS: [Form; 12] = [
    Form::Base64,
    Form::Base64Url,
    Form::Wrapped,
    Form::Deflated,
    Form::Hex,
    Form::Percent,
    Form::U,
    Form::X,
    Form::Entities,
    Form::QuotedPrintable,
    Form::Added,
    Form::Characters,
];

/// Texts that are code in which literals are added up, and lists of characters stand.
const CODE: [&str; 5] = ["Python", "Go", "Java", "JavaScript", "minified JavaScript"];

/// The text in which only percent-encoding stands for what it cannot hold.
const ADDRESS: &str = "an address's parameter";

/// What never stands together: an address percent-encodes what escapes and quotes are written with, and where a quote is
/// escaped or ends the value there are no literals side by side.
const CANNOT_HOLD: [(Form, &str); 8] = [
    (Form::U, ADDRESS),
    (Form::X, ADDRESS),
    (Form::Entities, ADDRESS),
    (Form::Added, "JSON"),
    (Form::Added, "dotenv"),
    (Form::Added, ADDRESS),
    (Form::Characters, "SQL"),
    (Form::Characters, ADDRESS),
];

/// How long the lines of wrapped base64 are here.
const LINE: usize = 40;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packing = Writer::new(Format::Gzip, Level::DEFAULT, vec![]);
    packing.write_all(bytes).unwrap();
    packing.finish().unwrap()
}

impl Form {
    /// The text in this form; `None` where that form cannot hold it, or changes nothing.
    fn write(self, written: &Written) -> Option<Written> {
        let Written { text, secret } = written;
        let each = |escape: &dyn Fn(u8) -> String| {
            let lengths: Vec<String> = text.bytes().map(escape).collect();
            let length = |to: usize| lengths[..to].iter().map(String::len).sum::<usize>();
            Some(Written { text: lengths.concat(), secret: length(secret.start)..length(secret.end) })
        };
        let bits = secret.start * 8 / 6..(secret.end * 8).div_ceil(6);
        match self {
            Form::Base64 => Some(Written { text: STANDARD.encode(text), secret: bits }),
            Form::Base64Url => Some(Written { text: URL_SAFE_NO_PAD.encode(text), secret: bits }),
            Form::Wrapped => {
                let encoded = STANDARD.encode(text);
                let lines: Vec<&str> =
                    encoded.as_bytes().chunks(LINE).map(|line| str::from_utf8(line).unwrap()).collect();
                let at = |character: usize| character + character / LINE;
                Some(Written { text: lines.join("\n"), secret: at(bits.start)..at(bits.end - 1) + 1 })
            }
            Form::Deflated => {
                let text = STANDARD.encode(packed(text.as_bytes()));
                let end = text.trim_end_matches('=').len();
                Some(Written { text, secret: 0..end })
            }
            Form::Hex => each(&|byte| format!("{byte:02x}")),
            Form::Percent => each(&|byte| format!("%{byte:02X}")),
            Form::U => each(&|byte| format!("\\u{byte:04x}")),
            Form::X => each(&|byte| format!("\\x{byte:02x}")),
            Form::Entities => each(&|byte| format!("&#{byte};")),
            Form::QuotedPrintable => {
                let middle = secret.start + secret.len() / 2;
                let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>`=".contains(&byte));
                let wraps = |at: usize| text.as_bytes()[at].is_ascii_alphanumeric();
                (plain && wraps(middle) && wraps(middle - 1)).then(|| Written {
                    text: format!("{}=\r\n{}", &text[..middle], &text[middle..]),
                    secret: secret.start..secret.end + 3,
                })
            }
            Form::Added => {
                let middle = secret.start + secret.len() / 2;
                let holds = !text.contains(['"', '\n', ' ', '\\'])
                    && text.contains(|letter: char| letter.is_ascii_digit());
                holds.then(|| Written {
                    text: format!("\"{}\" + \"{}\"", &text[..middle], &text[middle..]),
                    secret: secret.start + 1..secret.end + 6,
                })
            }
            Form::Characters => {
                let holds = !text.contains(['\'', '\n', ' ', '\\'])
                    && text.contains(|letter: char| letter.is_ascii_digit());
                let letters: Vec<String> = text.chars().map(|letter| format!("'{letter}'")).collect();
                holds.then(|| Written {
                    text: letters.join(", "),
                    secret: secret.start * 5 + 1..secret.end * 5 - 3,
                })
            }
        }
    }
}

impl Form {
    /// The character by which it stands for others, where a text of this sort has the encoding as its own.
    fn own(self, surrounding: &Surrounding) -> Option<char> {
        match self {
            Form::U | Form::X if surrounding.name != ADDRESS => Some('\\'),
            Form::Percent if surrounding.name == ADDRESS => Some('%'),
            Form::Entities if surrounding.name == "XML" => Some('&'),
            // Mail wraps lines whatever they say.
            Form::QuotedPrintable => Some('\n'),
            _ => None,
        }
    }

    /// A text of this sort that holds what is written in this form, if it can as it is: what is encoded once more is
    /// in another form.
    fn plant(self, written: &Written, surrounding: &Surrounding) -> Option<Written> {
        let Written { text, secret } = written;
        let name = spelled("setting", surrounding.spelling);
        let joins = matches!(self, Form::Added | Form::Characters);
        match joins && CODE.contains(&surrounding.name) {
            true => Some(surrounding.write_expression(&name, text, secret)),
            false => surrounding.write_encoded(&name, text, secret, self.own(surrounding)),
        }
    }
}

/// Mail that holds a text, around the secret as quoted-printable.
fn mail(planted: &Written, is_quoted: bool) -> Written {
    let Written { text, secret } = planted;
    let before = "Content-Transfer-Encoding: quoted-printable\r\n\r\n".to_owned();
    let quoted = |text: &str| text.replace('=', "=3D");
    let (inside, after) = (&text[secret.clone()], quoted(&text[secret.end..]));
    let inside = if is_quoted { inside.to_owned() } else { quoted(inside) };
    let before = before + &quoted(&text[..secret.start]);
    let secret = before.len()..before.len() + inside.len();
    Written { text: [before, inside, after].concat(), secret }
}

/// At least so many token types are tried.
const TYPES: usize = 70;

/// Tokens that speak for themselves: rule and value.
fn tokens() -> Vec<(&'static str, String)> {
    let engine = Engine::new(BUILTIN.iter().collect());
    let rules =
        BUILTIN.iter().filter(|rule| rule.specificity == Specificity::Prefix && rule.files.is_empty());
    let mut tokens: Vec<(&'static str, String)> = vec![];
    for rule in rules {
        let value = template::fill(rule.examples[0], 3).unwrap();
        let captures = pattern::compile(rule.pattern).unwrap().captures(value.as_bytes()).unwrap();
        let secret = captures.get(1).or(captures.get(0)).unwrap().range();
        let found =
            engine.scan(Text { bytes: value.as_bytes(), path: &BlobPath::from("a.txt"), binary: false });
        let is_alone = secret == (0..value.len()) && value.len() <= 120;
        let only = found.iter().all(|found| found.rule.id == rule.id && found.secret == secret);
        if is_alone && only && !found.is_empty() && found[0].confidence >= Confidence::Likely {
            tokens.push((rule.id, value));
        }
    }
    let step = tokens.len() / TYPES;
    assert!(step > 0, "there are {} such tokens", tokens.len());
    tokens.into_iter().step_by(step).collect()
}

/// A value in every form, and in that in every other, each with its outermost form.
fn forms_of(value: &str) -> Vec<(String, Form, Written)> {
    let bare = Written { text: value.to_owned(), secret: 0..value.len() };
    let once = FORMS.iter().filter_map(|form| Some((format!("{form:?}"), *form, form.write(&bare)?)));
    let once: Vec<(String, Form, Written)> = once.collect();
    let twice = once.iter().flat_map(|(name, inner, written)| {
        FORMS.iter().filter_map(move |form| {
            // Padding at the end of a line is a soft break there.
            let is_padded = matches!(form, Form::Base64 | Form::Wrapped | Form::Deflated);
            let is_pair = match inner {
                Form::QuotedPrintable => *form != *inner && !is_padded,
                _ => *form != *inner || matches!(form, Form::Base64 | Form::Hex),
            };
            Some((format!("{form:?}-{name}"), *form, form.write(written).filter(|_| is_pair)?))
        })
    });
    once.iter().cloned().chain(twice).collect()
}

#[test]
fn tokens_are_found_in_every_encoding_at_their_original_place() {
    let project = Project::in_memory();
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let mut held: BTreeSet<(Form, &str)> = BTreeSet::new();
    for (rule, value) in tokens() {
        for (name, form, written) in forms_of(&value) {
            for surrounding in SURROUNDINGS {
                let Some(planted) = form.plant(&written, surrounding) else { continue };
                let planted = match name.contains("Quoted") {
                    true => mail(&planted, form == Form::QuotedPrintable),
                    false => planted,
                };
                let path = format!("{rule}/{name}/{}", surrounding.file);
                let Written { text, secret } = planted;
                held.insert((form, surrounding.name));
                expected.insert(path.clone(), format!("{rule} {}..{}", secret.start, secret.end));
                values.insert(path.clone(), value.clone());
                project.write(path, text);
            }
        }
    }
    let never = FORMS.iter().flat_map(|form| SURROUNDINGS.iter().map(move |text| (*form, text.name)));
    let never: Vec<(Form, &str)> = never.filter(|pair| !held.contains(pair)).collect();
    assert_eq!(never, CANNOT_HOLD);
    assert!(expected.len() > 180_000, "{}", expected.len());
    project.stanch(["scan", ".", "--format", "json", "--reveal", "--output", "report.json"]).run().exits(1);
    let report: serde_json::Value = serde_json::from_str(&project.read("report.json")).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        for place in finding["places"].as_array().unwrap() {
            let path = place["path"].as_str().unwrap().to_owned();
            let mut told =
                format!("{} {}..{}", finding["rule"].as_str().unwrap(), place["start"], place["end"]);
            if values.get(&path).map(String::as_str) != finding["secret"]["value"].as_str() {
                told += " with another value";
            }
            found.entry(path).or_default().push(told);
        }
    }
    let wrong: Vec<String> = expected
        .iter()
        .filter(|(path, expected)| {
            found.get(*path).is_none_or(|found| found != std::slice::from_ref(*expected))
        })
        .map(|(path, expected)| format!("{path}: {expected}, but {:?}", found.get(path)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}

#[test]
fn what_a_secret_of_kubernetes_holds_is_found_however_short() {
    let password = template::fill("{base62:14}7", 5).unwrap();
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  username: {}\n  password: {}\n",
        STANDARD.encode("admin"),
        STANDARD.encode(&password)
    );
    let start = text.find("password: ").unwrap() + "password: ".len();
    let place = format!("secret.yaml:7:13 {start}..{}", start + STANDARD.encode(&password).len());
    let project = Project::of(&[("secret.yaml", &text)]);
    let ran = project.stanch(["scan", ".", "--format", "json"]).run();
    assert_eq!(ran.exits(1).places(), [place]);
    assert_eq!(ran.json()["findings"][0]["secret"]["length"], password.len());
}

#[test]
fn a_report_tells_the_encoding_and_shows_nothing_of_it() {
    let encoded = STANDARD.encode(token(1));
    let project = Project::of(&[("a.env", &format!("DEPLOY={encoded}\n"))]);
    let ran = project.stanch(["scan", "."]).run();
    ran.exits(1).has("encoded base64").has("DEPLOY=…").has_not(&encoded[..12]);
}

#[test]
fn what_was_decoded_is_explained() {
    let (plain, password) = (token(1), template::fill("{base62:14}7", 5).unwrap());
    let once = STANDARD.encode(format!("KEY={plain}\n"));
    let hex: String = once.bytes().map(|byte| format!("{byte:02x}")).collect();
    let secret = format!("kind: Secret\ndata:\n  password: {}\n", STANDARD.encode(&password));
    let deepest = (0..4).fold(plain.clone(), |text, _| STANDARD.encode(text));
    let project = Project::of(&[
        ("a.env", &format!("PORT=80\nDEPLOY={once}\nTWICE=\"{hex}\"\n{deepest}\n")),
        ("secret.yaml", &secret),
        ("plain.txt", &format!("it is {}\n", STANDARD.encode("nothing but a few words 1"))),
    ]);
    let explain = |place: &str| {
        let ran = project.stanch(["explain", place]).run();
        assert_kept_secret(ran.exits(0), &plain);
        ran
    };
    let ran = explain("a.env:2");
    ran.has("column 8: text in base64, decoded\n").has("column 13: github-pat-classic (GitHub");
    ran.has("      yes: proven, proof crc32-base62: checksum").has("by github-pat-classic: proven, shown.");
    let ran = explain("a.env:3");
    ran.has("column 8: text in hex, decoded\n").has("column 8: text in base64 in hex, decoded\n");
    ran.has("by github-pat-classic: proven, shown.");
    explain("a.env:1").has_not("decoded\n").has("Nothing is reported.");
    explain("a.env:4").has("Not all in the file was decoded: it holds more than 3 encodings in each other.");
    let ran = explain("secret.yaml:3");
    ran.has("column 13: text in base64, decoded\n    column 3: generic-password").has("yes: likely");
    let ran = explain("plain.txt:1");
    ran.has("text in base64, decoded\n    No rule's pattern matches anything here")
        .has("Nothing is reported.");
    let ran = project.stanch(["explain", "-"]).input(once).run();
    ran.exits(0).has("column 1: text in base64, decoded").has("github-pat-classic");
}

#[test]
fn nothing_is_decoded_where_nobody_wants_it() {
    let project = Project::of(&[("a.env", &format!("DEPLOY={}\n", STANDARD.encode(token(1))))]);
    project.stanch(["scan", ".", "--no-decode"]).run().exits(0);
}

#[test]
fn history_is_looked_into_as_well() {
    let project = common::repository(&[]);
    let encoded = STANDARD.encode(token(1));
    common::commit(&project, "a.env", &format!("DEPLOY={encoded}\n"), "Add");
    common::commit(&project, "a.env", "DEPLOY=\n", "Remove");
    let ran = project.stanch(["git", "--format", "json"]).run();
    assert_eq!(ran.exits(1).places(), [format!("a.env:1:8 7..{}", 7 + encoded.trim_end_matches('=').len())]);
    project.stanch(["git", "--no-decode"]).run().exits(0);
}

#[test]
fn a_limit_that_was_hit_is_a_gap() {
    let mut text = token(1);
    for _ in 0..4 {
        text = STANDARD.encode(&text);
    }
    let project = Project::of(&[("a.txt", &text)]);
    let gaps = &project.stanch(["scan", ".", "--format", "json"]).run().exits(3).json()["gaps"];
    assert_eq!(gaps[0]["reason"], "decode-limit");
    assert_eq!(gaps[0]["detail"], "more than 3 encodings in each other");
}

#[test]
fn what_inflates_without_end_is_a_gap() {
    let text = STANDARD.encode(packed(&vec![b'a'; 8 * 1024 * 1024]));
    let project = Project::of(&[("a.txt", &text)]);
    let gaps = &project.stanch(["scan", ".", "--format", "json"]).run().exits(3).json()["gaps"];
    assert_eq!(gaps[0]["detail"], "more text than is decoded: 4 times the size and 1 MiB");
}

#[test]
fn what_only_looks_encoded_is_no_finding() {
    let mut random = fastrand::Rng::with_seed(11);
    let project = Project::new();
    for number in 0..200 {
        let bytes: Vec<u8> = (0..20_000).map(|_| random.u8(..)).collect();
        let base64 = STANDARD.encode(&bytes);
        let lines: Vec<&str> =
            base64.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
        let hex: String = bytes[..5_000].iter().map(|byte| format!("{byte:02x}")).collect();
        let escaped: String = bytes[..5_000].iter().map(|byte| format!("\\x{byte:02x}")).collect();
        project.write(format!("{number}.bin"), &bytes);
        project.write(
            format!("{number}.css"),
            format!("@font-face{{src:url(data:font/woff2;base64,{base64})}}"),
        );
        project.write(format!("{number}.svg"), format!("<image href=\"data:image/png;base64,{base64}\"/>"));
        project.write(format!("{number}.pem"), lines.join("\n"));
        project.write(format!("{number}.min.js"), format!("!function(){{var a=\"{hex}\",b='{escaped}'}}();"));
    }
    let ran = project.stanch(["scan", ".", "--format", "json"]).run();
    assert_eq!(ran.exits(0).places(), Vec::<String>::new());
}
