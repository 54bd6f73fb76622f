//! A secret of a rule, found as a user's would be: in a text that holds it and, on the lines after it, its companions.

use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use fastrand::Rng;
use regex_syntax::hir::{Class, Hir, HirKind};
use stanch::decode::utf16::Encoding;
use stanch::engine::{Engine, Text};
use stanch::findings::{Chosen, Dismissed, Sighter, Stretch, settle};
use stanch::model::{Algorithm, BlobPath, Confidence, Finding, FoundBy, PlaceKind, Rule, Sign};
use stanch::rules::{BUILTIN, analyse, pattern, template};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(BUILTIN.iter().collect()));

/// So many ways are tried to write a companion that its pattern finds again.
const TRIES: u64 = 50;

/// So long is what may have any length.
const USUAL: u32 = 10;

/// What was found.
pub(crate) struct Found {
    pub(crate) finding: Finding,
    /// Companions that stand beside it and were not joined to it, and why.
    pub(crate) apart: Vec<String>,
}

/// The finding of a rule's example, filled with this seed.
pub(crate) fn found(rule: &'static Rule, example: &str, seed: u64) -> Result<Found, String> {
    let (mut text, value) = written(rule, example, seed)?;
    let is_it = |finding: &Finding| finding.rule.id == rule.id && finding.secret.expose() == value;
    // What an example holds itself is nearer than anything after it.
    let held: Vec<&str> = findings(own_file(rule), &text)
        .iter()
        .filter(|finding| is_it(finding))
        .flat_map(|finding| finding.nearby.iter().map(|nearby| nearby.name))
        .collect();
    let mut wanted = vec![];
    for companion in rule.companions.iter().filter(|companion| !held.contains(&companion.name)) {
        let (lines, companion_value) = match companion.from {
            FoundBy::OtherRule(id) => {
                let other = BUILTIN.iter().find(|other| other.id == id).ok_or(format!("no rule `{id}`"))?;
                written(other, other.examples[0], seed)?
            }
            FoundBy::Pattern(pattern) => matching(pattern, seed)?,
        };
        text += &lines;
        wanted.push((companion.name, companion_value));
    }
    let all = findings(own_file(rule), &text);
    let Some(finding) = all.iter().find(|finding| is_it(finding)).cloned() else {
        let found: Vec<&str> = all.iter().map(|finding| finding.rule.id).collect();
        return Err(format!("not found beside its companions, but {found:?}, in:\n{text}"));
    };
    let joined = |name: &str| finding.nearby.iter().find(|nearby| nearby.name == name);
    let mut apart = vec![];
    for (name, value) in wanted {
        match joined(name) {
            Some(nearby) if nearby.value.expose() == value => {}
            Some(nearby) => apart.push(format!(
                "for the companion `{name}` it takes `{}` in:\n{text}",
                String::from_utf8_lossy(nearby.value.expose())
            )),
            None => apart.push(format!("the companion `{name}` is not joined in:\n{text}")),
        }
    }
    Ok(Found { finding, apart })
}

/// A text in which a rule finds its filled example, and the secret.
fn written(rule: &'static Rule, example: &str, seed: u64) -> Result<(String, Vec<u8>), String> {
    let value = template::fill(example, seed)?;
    let value = if signs(rule) { with_long_key(&value) } else { value };
    let secret = pattern::compile(rule.pattern).ok().and_then(|regex| {
        let captures = regex.captures(value.as_bytes())?;
        captures.get(1).or(captures.get(0)).map(|secret| secret.as_bytes().to_vec())
    });
    let secret = secret.ok_or_else(|| format!("the pattern does not match `{example}`"))?;
    let bare = format!("{value}\n");
    let named = |name: &str| format!("{name} = {value}\n");
    let words = rule.context.iter().map(|word| named(word));
    let texts: Vec<String> = [named("setting"), bare].into_iter().chain(words).collect();
    let holds = |text: &String| {
        let all = findings(own_file(rule), text);
        all.iter().any(|finding| finding.rule.id == rule.id && finding.secret.expose() == secret)
    };
    match texts.into_iter().find(holds) {
        Some(text) => Ok((text, secret)),
        None => Err(format!("`{example}` is found under none of its names")),
    }
}

/// Whether calls about its secrets are signed with them as with an RSA key.
fn signs(rule: &Rule) -> bool {
    let first = rule.verify.iter().flat_map(|verify| verify.first.iter().map(|step| step.call));
    let calls = rule.verify.iter().map(|verify| verify.call).chain(first);
    calls.into_iter().any(|call| {
        matches!(call.sign, Some(Sign::Rsa { .. } | Sign::Jwt { algorithm: Algorithm::Rs256, .. }))
    })
}

/// The same with a key in it that is long enough to sign with: those of examples are short, and quickly made.
fn with_long_key(value: &str) -> String {
    static PKCS8: LazyLock<String> = LazyLock::new(|| long_key("PKCS8"));
    static PKCS1: LazyLock<String> = LazyLock::new(|| long_key("PEM"));
    let key = if value.contains("BEGIN RSA") { &*PKCS1 } else { &*PKCS8 };
    let begin = value.find("-----BEGIN ").unwrap_or_default();
    let end =
        value.find("-----END ").map_or(0, |end| end + value[end..].rfind("-----").unwrap_or_default() + 5);
    let key = if value[begin..end].contains('\n') { key.clone() } else { key.replace('\n', "\\n") };
    format!("{}{key}{}", &value[..begin], &value[end..])
}

fn long_key(form: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "rsa", "-b", "2048", "-m", form, "-N", "", "-f"]).arg(&file);
    assert!(command.status().unwrap().success(), "{command:?}");
    fs::read_to_string(file).unwrap().trim_end().to_owned()
}

fn findings(file: &str, text: &str) -> Vec<Finding> {
    let path = BlobPath::from(file);
    let text = text.as_bytes();
    let candidates = ENGINE.scan(Text { bytes: text, path: &path, binary: false });
    let mut sighter = Sighter::new(&path, PlaceKind::File, Encoding::Bytes, &Chosen::All);
    sighter.take(Stretch { text, base: 0, owned: 0..text.len(), candidates }, false);
    let sightings = sighter.finish().0;
    settle(sightings, vec![], &mut Dismissed::default(), Confidence::Possible).findings
}

/// A file that the rule looks into.
fn own_file(rule: &Rule) -> &'static str {
    rule.files.first().map_or("file.txt", |name| name.trim_start_matches('*'))
}

/// A line in which a pattern of a companion matches, and what it finds there.
fn matching(text: &str, seed: u64) -> Result<(String, Vec<u8>), String> {
    let (hir, regex) = (analyse::parse(text)?, pattern::compile(text)?);
    for attempt in 0..TRIES {
        let mut line = vec![];
        write(&hir, &mut Rng::with_seed(seed * TRIES + attempt), &mut line);
        line.push(b'\n');
        // On a line of its own, as it will stand.
        let inside = [b"\n", &line[..]].concat();
        let captures = regex.captures(&inside);
        let value = captures.and_then(|captures| captures.get(1).or(captures.get(0)));
        if let (Some(value), Ok(line)) = (value, String::from_utf8(line)) {
            return Ok((line, value.as_bytes().to_vec()));
        }
    }
    Err(format!("nothing was made up that the companion's pattern `{text}` finds"))
}

/// Writes something that a pattern matches, of letters and digits where they may be.
fn write(hir: &Hir, random: &mut Rng, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(class) => out.push(member(class, random)),
        HirKind::Capture(capture) => write(&capture.sub, random, out),
        HirKind::Concat(subs) => subs.iter().for_each(|sub| write(sub, random, out)),
        HirKind::Alternation(subs) => write(&subs[random.usize(..subs.len())], random, out),
        HirKind::Repetition(repetition) => {
            let wanted = if is_mark(&repetition.sub) { 0 } else { USUAL };
            let times = wanted.max(repetition.min).min(repetition.max.unwrap_or(u32::MAX));
            (0..times).for_each(|_| write(&repetition.sub, random, out));
        }
    }
}

/// Whether it is a class without letters and digits: blanks, quotes.
fn is_mark(hir: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Class(class) if !bytes(class).iter().any(u8::is_ascii_alphanumeric))
}

fn member(class: &Class, random: &mut Rng) -> u8 {
    let all = bytes(class);
    let words: Vec<u8> = all.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let mark = || b"=: \"/-_.".iter().copied().find(|mark| all.contains(mark));
    match &words[..] {
        [] => mark().or(all.first().copied()).unwrap_or(b' '),
        // All but letters and digits may stand there as well: then it is what separates.
        _ if all.len() > 128 => mark().unwrap_or(b' '),
        words => words[random.usize(..words.len())],
    }
}

fn bytes(class: &Class) -> Vec<u8> {
    match class {
        Class::Bytes(class) => class.iter().flat_map(|range| range.start()..=range.end()).collect(),
        Class::Unicode(class) => class
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .filter_map(|letter| u8::try_from(letter).ok())
            .collect(),
    }
}
