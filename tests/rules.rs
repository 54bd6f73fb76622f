//! Every rule file held to what it says, among all shipped rules and as a user would see it: each example
//! is found once, by its own rule, at its exact place, in twenty surroundings; no near miss is a finding.
//!
//! The build script writes a test for each file: `cargo test azure` is about `rules/azure.toml`.

#![allow(clippy::unwrap_used)]

#[path = "rules/surroundings.rs"]
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use stanch::decode::utf16::Encoding;
use stanch::engine::{Engine, Text};
use stanch::findings::{Chosen, Sighter, Stretch};
use stanch::model::{BlobPath, Confidence, PlaceKind, Rule, Sighting};
use stanch::proofs;
use stanch::rules::{BUILTIN, pattern, schema, template};

use surroundings::{SURROUNDINGS, Written, spelled};

include!(concat!(env!("OUT_DIR"), "/rule_tests.rs"));

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(BUILTIN.iter().collect()));

/// How many values every template is filled with, and how many of them go into every surrounding.
const SEEDS: u64 = 8;
const SURROUNDED: u64 = 2;

/// How many surroundings, of twenty, must be able to hold an example.
const FEWEST: usize = 8;

/// A name that means nothing to any rule.
const PLAIN_NAME: &str = "setting";

fn check_file(stem: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(stem).with_extension("toml");
    let text = fs::read_to_string(file).unwrap();
    let rules = schema::parse(&text, &|name| proofs::by_name(name).is_some()).unwrap();
    let mut faults = Faults::new();
    for located in rules {
        let rule = BUILTIN.iter().find(|rule| rule.id == located.rule.id).unwrap();
        rule.examples.iter().for_each(|example| check_example(rule, example, &mut faults));
        rule.near_misses.iter().for_each(|near_miss| check_near_miss(rule, near_miss, &mut faults));
    }
    let told = faults
        .iter()
        .map(|((rule, template, place), found)| format!("{rule}: `{template}` {place}: {found}\n"));
    assert!(faults.is_empty(), "{}", told.collect::<String>());
}

/// What was found by rule, template and place: once, however many values show it.
type Faults = BTreeMap<(&'static str, String, String), String>;

fn check_example(rule: &'static Rule, example: &str, faults: &mut Faults) {
    for seed in 0..SEEDS {
        let value = template::fill(example, seed).unwrap();
        let Some(secret) = secret_in(rule, &value) else {
            faults.insert((rule.id, example.into(), "alone".into()), "the pattern does not match".into());
            continue;
        };
        let bare = Written { text: value.clone(), secret: secret.clone() };
        let speaks_for_itself = verdict(rule, own_file(rule), &bare).is_ok();
        let names = names(rule, speaks_for_itself);
        if !rule.files.is_empty() || names.is_empty() {
            check_text(rule, example, "a file of its own", own_file(rule), &bare, faults);
            continue;
        }
        let first = Written::of(&format!("{} = {{value}}\n", names[0]), &value, &secret, &[]);
        check_text(rule, example, "an assignment", "file.txt", &first, faults);
        if seed < SURROUNDED {
            check_surroundings(rule, example, &value, &secret, &names, faults);
        }
    }
}

fn check_surroundings(
    rule: &'static Rule,
    example: &str,
    value: &str,
    secret: &Range<usize>,
    names: &[&str],
    faults: &mut Faults,
) {
    let mut holding = 0;
    for surrounding in SURROUNDINGS {
        let names: BTreeSet<String> = names.iter().map(|name| spelled(name, surrounding.spelling)).collect();
        let written = |name: &String| surrounding.write(name, value, secret);
        let texts: Vec<Written> = names.iter().filter_map(written).collect();
        holding += usize::from(!texts.is_empty());
        for text in texts {
            check_text(rule, example, surrounding.name, surrounding.file, &text, faults);
        }
    }
    if holding < FEWEST {
        let told = format!("only {holding} can hold it");
        faults.insert((rule.id, example.into(), "in its surroundings".into()), told);
    }
}

fn check_text(
    rule: &'static Rule,
    example: &str,
    place: &str,
    file: &str,
    written: &Written,
    faults: &mut Faults,
) {
    if let Err(found) = verdict(rule, file, written) {
        let told = format!("{found}\n{}", indented(&written.text));
        faults.insert((rule.id, example.into(), format!("in {place}")), told);
    }
}

/// Whether the rule's secret, and nothing else, is found where it stands; otherwise what is found.
fn verdict(rule: &'static Rule, file: &str, written: &Written) -> Result<(), String> {
    let found = sightings(file, &written.text);
    let places = |sighting: &Sighting| sighting.place.start as usize..sighting.place.end as usize;
    match &found[..] {
        [one] if one.rule.id == rule.id && places(one) == written.secret && one.also.is_empty() => Ok(()),
        [] => Err("nothing is found".into()),
        _ => {
            let mut told = format!("its secret is at {:?}, found are", written.secret);
            for sighting in &found {
                let also: Vec<&str> = sighting.also.iter().map(|also| also.rule).collect();
                write!(told, " {} at {:?} (also {also:?})", sighting.rule.id, places(sighting)).unwrap();
            }
            Err(told)
        }
    }
}

fn check_near_miss(rule: &'static Rule, near_miss: &str, faults: &mut Faults) {
    for seed in 0..SEEDS {
        let text = template::fill(near_miss, seed).unwrap() + "\n";
        for sighting in sightings(own_file(rule), &text) {
            if sighting.rule.id == rule.id || sighting.confidence >= Confidence::Likely {
                let told = format!("found by {}, {}", sighting.rule.id, sighting.confidence.as_str());
                faults.insert((rule.id, near_miss.into(), "is a near miss".into()), told);
            }
        }
    }
}

/// What a user is shown of a file, before anything is ignored.
fn sightings(file: &str, text: &str) -> Vec<Sighting> {
    let path = BlobPath::from(file);
    let text = text.as_bytes();
    let candidates = ENGINE.scan(Text { bytes: text, path: &path, binary: false });
    let mut sighter = Sighter::new(&path, PlaceKind::File, Encoding::Bytes, &Chosen::All);
    sighter.take(Stretch { text, base: 0, owned: 0..text.len(), candidates }, false);
    sighter.finish().0
}

/// Where the secret stands in an example, by the pattern alone.
fn secret_in(rule: &Rule, value: &str) -> Option<Range<usize>> {
    let captures = pattern::compile(rule.pattern).unwrap().captures(value.as_bytes())?;
    captures.get(1).or(captures.get(0)).map(|secret| secret.range())
}

/// Names under which the value stands: the context words that can be one, or any where it needs none.
fn names(rule: &Rule, speaks_for_itself: bool) -> Vec<&'static str> {
    let is_name =
        |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let words = rule.context.iter().copied().filter(is_name);
    let plain = (rule.context.is_empty() || speaks_for_itself).then_some(PLAIN_NAME);
    plain.into_iter().chain(words).collect()
}

/// A file that the rule looks into.
fn own_file(rule: &Rule) -> &'static str {
    rule.files.first().map_or("file.txt", |name| name.trim_start_matches('*'))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    | {line}\n")).collect()
}
