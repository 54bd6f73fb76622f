//! The engine against the plain reading of the rules: every pattern at every offset of the whole text,
//! overlaps included, then guards, context and proof. Same rules, same ranges, same confidence, or the
//! engine's prefilters have said no where they must not.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fastrand::Rng;
use regex::bytes::{Captures, Regex};
use stanch::bindings::{self, Binding, Language, Syntax};
use stanch::engine::{Engine, Text};
use stanch::judge::{Judgement, Manner, Subject, judge};
use stanch::model::{BlobPath, Confidence, Promise, ProofLevel, Rule, WrongProof};
use stanch::proofs::{self, Outcome};
use stanch::rules::{BUILTIN, pattern, schema, template};

/// Rule, whole match, secret, confidence.
type Hit = (&'static str, Range<usize>, Range<usize>, Confidence);

/// Both readings of a set of rules.
struct Readings {
    engine: Engine,
    oracle: Vec<Plain>,
}

impl Readings {
    fn new(rules: Vec<&'static Rule>) -> Readings {
        Readings { oracle: rules.iter().copied().map(Plain::new).collect(), engine: Engine::new(rules) }
    }
}

static SHIPPED: LazyLock<Readings> = LazyLock::new(|| Readings::new(BUILTIN.iter().collect()));

/// A rule read plainly.
struct Plain {
    rule: &'static Rule,
    anywhere: Regex,
    here: Regex,
    context: Option<Regex>,
}

impl Plain {
    fn new(rule: &'static Rule) -> Plain {
        let compile = |pattern: &str| pattern::compile(pattern).unwrap();
        let words: Vec<String> = rule.context.iter().map(|word| any_spelling(word)).collect();
        Plain {
            rule,
            anywhere: compile(rule.pattern),
            here: compile(&format!(r"\A(?:{})", rule.pattern)),
            context: (!words.is_empty()).then(|| compile(&format!("(?i:{})", words.join("|")))),
        }
    }

    fn hits(&self, text: &[u8], binary: bool) -> Vec<Hit> {
        let mut hits = vec![];
        let mut from = 0;
        if binary && !self.rule.in_binary || !self.rule.files.is_empty() {
            return hits;
        }
        // Where the pattern matches at all; every offset in between has been tried by the search.
        while let Some(found) = self.anywhere.find_at(text, from) {
            hits.extend(self.hit(text, found.start()));
            from = found.start() + 1;
        }
        hits
    }

    fn hit(&self, text: &[u8], start: usize) -> Option<Hit> {
        let rule = self.rule;
        let window = &text[start..text.len().min(start + rule.max_len)];
        let captures = self.here.captures(window)?;
        if let Some(promise) = rule.promise {
            return judged(rule, promise, text, &captures, start);
        }
        let place = |index| captures.get(index).map(|found| start + found.start()..start + found.end());
        let matched = place(0)?;
        let secret = if self.here.captures_len() > 1 { place(1)? } else { matched.clone() };
        let value = &text[secret.clone()];
        let free_before = start == 0
            || !rule.not_before.contains(text[start - 1])
            || ESCAPE.is_match(&text[start.saturating_sub(24)..start]);
        let free_after = text.get(matched.end).is_none_or(|&byte| !rule.not_after.contains(byte));
        let digit = !rule.needs_digit || value.iter().any(u8::is_ascii_digit);
        let cases = !rule.needs_both_cases
            || value.iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
        let told = || {
            let told = |words: &Regex| near(text, &matched).iter().any(|text| words.is_match(text));
            self.context.as_ref().is_none_or(told)
        };
        if !(free_before && free_after && digit && cases && told()) {
            return None;
        }
        let confidence = match proofs::judge(rule, value, &text[matched.clone()]) {
            Outcome::Public(_) => return None,
            _ if proofs::published(value).is_some() => return None,
            Outcome::Wrong if rule.wrong_proof == WrongProof::Drops => return None,
            Outcome::Right(evidence)
                if matches!(evidence.level, ProofLevel::Structure | ProofLevel::Checksum) =>
            {
                Confidence::Proven
            }
            Outcome::Wrong if rule.confidence == Confidence::Likely => Confidence::Possible,
            _ => rule.confidence,
        };
        let sample = confidence != Confidence::Proven
            && rule.drop_samples
            && proofs::is_sample(value, rule.prefix.as_bytes());
        (!sample).then_some((rule.id, matched, secret, confidence))
    }
}

/// A context word; the hyphens of a name stand for whatever joins one.
fn any_spelling(word: &str) -> String {
    let parts: Vec<String> = word.split('-').map(regex::escape).collect();
    parts.join(if schema::is_name(word) { "[-_.]?" } else { "-" })
}

/// The value in a match that promises one, or bound to the name around it.
fn judged(
    rule: &'static Rule,
    promise: Promise,
    text: &[u8],
    captures: &Captures<'_>,
    start: usize,
) -> Option<Hit> {
    let place = |index| captures.get(index).map(|found| start + found.start()..start + found.end());
    let binding = match place(1) {
        Some(value) => Binding { name: start..start, value, syntax: Syntax::Quoted },
        None => bindings::bound(text, place(0)?, Language::of(&BlobPath::from("text")))?,
    };
    let (manner, most) = match binding.syntax {
        Syntax::Quoted => (Manner::Quoted, Confidence::Likely),
        Syntax::Bare => (Manner::Bare, Confidence::Likely),
        Syntax::Compared => (Manner::Quoted, Confidence::Possible),
        Syntax::Said => (Manner::Said, Confidence::Possible),
    };
    let subject =
        Subject { name: &text[binding.name.clone()], value: &text[binding.value.clone()], promise, manner };
    let Judgement::Secret { confidence, .. } = judge(subject) else { return None };
    let matched = binding.name.start.min(binding.value.start)..binding.name.end.max(binding.value.end);
    Some((rule.id, matched, binding.value, confidence.min(most).min(rule.confidence)))
}

static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)(?:\\[abefnrtv0]|=3D|%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|(?:\x1b|\\e|\\033|\\x1[bB]|\\u001[bB])\[[0-9;]{0,12}m)\z")
        .unwrap()
});

/// The texts in which a context word may stand.
fn near<'a>(text: &'a [u8], matched: &Range<usize>) -> [&'a [u8]; 2] {
    let before = &text[matched.start.saturating_sub(128)..matched.start];
    let lines: Vec<&[u8]> = before.split(|&byte| byte == b'\n').collect();
    let kept: usize = lines.iter().rev().take(3).map(|line| line.len() + 1).sum();
    let before = &before[before.len().saturating_sub(kept - 1)..];
    let after = &text[matched.end..text.len().min(matched.end + 48)];
    [before, after.split(|&byte| byte == b'\n').next().unwrap_or_default()]
}

/// Compares both readings of `text`; `what` tells a person which text it was.
fn compare(text: &[u8], what: &dyn Fn() -> String) -> usize {
    SHIPPED.compare(text, what)
}

impl Readings {
    fn compare(&self, text: &[u8], what: &dyn Fn() -> String) -> usize {
        let path = BlobPath::from("text");
        let found = self.engine.scan(Text { bytes: text, path: &path, binary: false });
        let mut engine: Vec<Hit> = found
            .into_iter()
            .map(|found| (found.rule.id, found.matched, found.secret, found.confidence))
            .collect();
        let mut oracle: Vec<Hit> = self.oracle.iter().flat_map(|plain| plain.hits(text, false)).collect();
        let key = |hit: &Hit| (hit.1.start, hit.1.end, hit.2.start, hit.2.end, hit.0);
        engine.sort_by_key(key);
        oracle.sort_by_key(key);
        let missed: Vec<&Hit> = oracle.iter().filter(|hit| !engine.contains(hit)).collect();
        let invented: Vec<&Hit> = engine.iter().filter(|hit| !oracle.contains(hit)).collect();
        assert!(
            missed.is_empty() && invented.is_empty(),
            "{}\nmissed: {missed:?}\ninvented: {invented:?}",
            what()
        );
        oracle.len()
    }
}

/// Every example of every rule, filled from `seed`, with the rule's first context word before it.
fn examples(seed: u64) -> Vec<(&'static Rule, String)> {
    let fill = |rule: &'static Rule, example: &str| {
        let value = template::fill(example, seed).unwrap_or_else(|error| panic!("{}: {error}", rule.id));
        let word = rule.context.first().map_or(String::new(), |word| format!("{word} = "));
        (rule, word + &value)
    };
    BUILTIN.iter().flat_map(|rule| rule.examples.iter().map(move |example| fill(rule, example))).collect()
}

#[test]
fn on_examples_at_both_ends_of_a_text() {
    let mut hits = BTreeMap::new();
    for (rule, example) in examples(1) {
        *hits.entry(rule.id).or_insert(0) += compare(example.as_bytes(), &|| format!("{} alone", rule.id));
        let text = format!("\n{example}\n{}", "tail ".repeat(20));
        compare(text.as_bytes(), &|| format!("{} before a tail", rule.id));
    }
    let silent: Vec<_> = hits.iter().filter(|(_, hits)| **hits == 0).collect();
    let for_files = |id: &str| BUILTIN.iter().any(|rule| rule.id == id && !rule.files.is_empty());
    assert!(silent.iter().all(|(id, _)| for_files(id)), "the plain reading finds no example of {silent:?}");
}

#[test]
fn on_examples_at_every_offset_of_a_block() {
    let examples = examples(1);
    for offset in 0..64 {
        let mut text = String::new();
        for (_, example) in &examples {
            let next = text.len() + 1 + (64 + offset - (text.len() + 1) % 64) % 64;
            text.extend(std::iter::repeat_n(' ', next - 1 - text.len()));
            text = text + "\n" + example;
        }
        let hits = compare(text.as_bytes(), &|| format!("all examples at {offset}"));
        assert!(hits >= examples.len() / 2, "only {hits} of {} examples are compared", examples.len());
    }
}

#[test]
fn on_mutated_examples() {
    let mut random = Rng::with_seed(2);
    for seed in 2..6 {
        let examples = examples(seed);
        let mutated: Vec<Vec<u8>> = examples
            .iter()
            .flat_map(|example| [example; 6])
            .map(|(_, example)| {
                let other = &examples[random.usize(..examples.len())].1;
                mutate(example.as_bytes(), other.as_bytes(), &mut random)
            })
            .collect();
        // By itself, so that it stands at the ends of the text, and among others.
        for text in mutated.iter().step_by(7) {
            compare(text, &|| format!("mutated, seed {seed}: {}", String::from_utf8_lossy(text)));
        }
        compare(&mutated.join(&b"\n \n"[..]), &|| format!("all mutated, seed {seed}"));
    }
}

/// Splits, joins, cuts, doubles, escapes or spoils a text.
fn mutate(text: &[u8], other: &[u8], random: &mut Rng) -> Vec<u8> {
    let at = random.usize(..=text.len());
    let joints: [&[u8]; 14] = [
        b"", b"-", b"_", b".", b"/", b"=", b"x", b"\\n", b"%3D", b"\\u003d", b"\x1b[0m", b"\n", b"\"",
        b"\xff",
    ];
    let joint = joints[random.usize(..joints.len())];
    match random.u8(..8) {
        0 => [&text[..at], joint, &text[at..]].concat(),
        1 => [text, joint, other].concat(),
        2 => [other, joint, text, joint, text].concat(),
        3 => text[at..].to_vec(),
        4 => text[..at].to_vec(),
        5 => [joint, text, joint].concat(),
        6 => {
            let mut spoiled = text.to_vec();
            if let Some(byte) = spoiled.get_mut(at) {
                *byte = random.u8(b' '..0x7f);
            }
            [b"a ", &spoiled[..]].concat()
        }
        _ => [
            &b"x".repeat(random.usize(..200))[..],
            joint,
            text,
            joint,
            &b"\n \n \n"[..random.usize(..6)],
            other,
        ]
        .concat(),
    }
}

#[test]
fn on_shuffled_tokens_of_all_rules() {
    let mut random = Rng::with_seed(9);
    for seed in 0..4 {
        let mut examples = examples(100 + seed);
        random.shuffle(&mut examples);
        let joints = [" ", "\n", "", "-", "\": \"", "=", "%3D", "\\n", "_", "/"];
        let text: String = examples
            .into_iter()
            .flat_map(|(_, example)| [example, joints[random.usize(..joints.len())].to_owned()])
            .collect();
        compare(text.as_bytes(), &|| format!("all examples, seed {seed}"));
    }
}

/// Users write rules that nobody foresaw: what the engine takes for signs of their matches must hold for any
/// pattern.
#[test]
fn on_rules_made_at_random() {
    let mut random = Rng::with_seed(12);
    let mut hits = 0;
    for round in 0..60 {
        let patterns: Vec<Vec<Piece>> = (0..12).map(|_| pattern_at_random(&mut random)).collect();
        let readings = Readings::new(rules_of(&patterns, round));
        for seed in 0..40 {
            let words = ["acme ", "Acme_Key = ", "", "key: ", "\n", "\\n", "%3D", "x", "-", "  \"", "=", "."];
            let text: Vec<u8> = (0..6)
                .flat_map(|_| {
                    let value: String = patterns[random.usize(..patterns.len())]
                        .iter()
                        .map(|piece| piece.fill(&mut random))
                        .collect();
                    mutate(value.as_bytes(), words[random.usize(..words.len())].as_bytes(), &mut random)
                })
                .collect();
            hits += readings.compare(&text, &|| {
                format!(
                    "round {round}, seed {seed}: {}\nin {:?}",
                    texts(&patterns),
                    String::from_utf8_lossy(&text)
                )
            });
        }
    }
    assert!(hits > 2000, "only {hits} matches were compared");
}

/// A part of a pattern: a class and how often it stands.
struct Piece {
    class: &'static str,
    members: &'static [u8],
    least: usize,
    most: usize,
}

impl Piece {
    fn text(&self) -> String {
        format!("{}{{{},{}}}", self.class, self.least, self.most)
    }

    fn fill(&self, random: &mut Rng) -> String {
        let count = random.usize(self.least..=self.most);
        if let Some(word) = self.class.strip_prefix("(?i:").and_then(|word| word.strip_suffix(')')) {
            let cased = if random.bool() { word.to_ascii_uppercase() } else { word.to_owned() };
            return cased.repeat(count);
        }
        (0..count).map(|_| char::from(self.members[random.usize(..self.members.len())])).collect()
    }
}

fn pattern_at_random(random: &mut Rng) -> Vec<Piece> {
    const CLASSES: &[(&str, &[u8])] = &[
        ("[0-9a-f]", b"0123456789abcdef"),
        ("[A-Z]", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("[0-9A-Za-z]", b"abcXYZ019"),
        ("[0-9A-Za-z_-]", b"abcXYZ019_-"),
        ("[0-9A-Za-z+/]", b"abcXYZ019+/"),
        (r"\.", b"."),
        ("_", b"_"),
        ("-", b"-"),
        ("q", b"q"),
        ("[23]", b"23"),
        ("[ \t]", b" \t"),
        ("[:=]", b":="),
        ("[\"']", b"\"'"),
        ("=", b"="),
        ("(?i:vendor)", b""),
        ("(?i:api_)", b""),
    ];
    let piece = |random: &mut Rng| {
        let (class, members) = CLASSES[random.usize(..CLASSES.len())];
        let least = random.usize(..4);
        Piece { class, members, least, most: least + random.usize(..3) }
    };
    let (class, members) = CLASSES[random.usize(..5)];
    let least = random.usize(10..40);
    let long = Piece { class, members, least, most: least + random.usize(..3) };
    let before: Vec<Piece> = (0..random.usize(..6)).map(|_| piece(random)).collect();
    let after: Vec<Piece> = (0..random.usize(..4)).map(|_| piece(random)).collect();
    before.into_iter().chain([long]).chain(after).collect()
}

fn texts(patterns: &[Vec<Piece>]) -> String {
    let text = |pattern: &Vec<Piece>| pattern.iter().map(Piece::text).collect::<String>();
    patterns.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn rules_of(patterns: &[Vec<Piece>], round: usize) -> Vec<&'static Rule> {
    let mut file = String::from("provider = \"Random\"\n");
    for (number, pattern) in patterns.iter().enumerate() {
        let pattern: String = pattern.iter().map(Piece::text).collect();
        let context = if number % 3 == 0 { "context = [\"acme\"]\n" } else { "" };
        let guard = if number % 4 == 1 { "not_before = \"\"\nnot_after = \"\"\n" } else { "" };
        file += &format!(
            "[[rule]]\nid = \"random-{round}-{number}\"\nname = \"n\"\ncategory = \"saas\"\nseverity = \"low\"\nrisk = \"r\"\n\
             source = \"own\"\npattern = \'\'\'{pattern}\'\'\'\n{context}{guard}examples = [\"x\"]\nnear_misses = [\"x\", \"y\"]\n"
        );
    }
    let rules = schema::parse(&file, &|_| true).unwrap_or_else(|faults| panic!("{faults:?}\n{file}"));
    rules.iter().map(|located| located.rule).collect()
}

/// Text of real files is where a prefilter's assumptions break: here all that the locked dependencies ship.
#[test]
fn on_the_sources_of_our_dependencies() {
    const MOST: usize = 16 << 20;
    let metadata = cargo_metadata::MetadataCommand::new().exec().unwrap();
    let mut files = vec![];
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        collect(package.manifest_path.parent().unwrap().as_std_path(), &mut files);
    }
    files.sort();
    Rng::with_seed(4).shuffle(&mut files);
    let mut total = 0;
    for file in files {
        let text = fs::read(&file).unwrap();
        total += text.len();
        compare(&text, &|| file.display().to_string());
        if total > MOST {
            return;
        }
    }
    assert!(total > 1 << 20, "the dependencies hold only {total} bytes");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if fs::metadata(&path).is_ok_and(|metadata| metadata.len() < 2 << 20) {
            files.push(path);
        }
    }
}
