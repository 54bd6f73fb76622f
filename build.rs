//! Reads `rules/*.toml` and writes them as statics, so that a run pays nothing for parsing rules, and a
//! test for each file. A faulty rule file fails the build with file, line and column.

#![allow(dead_code, unused_imports, missing_docs, unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/model/mod.rs"]
mod model;

#[path = "src/rules"]
mod rules {
    pub mod analyse;
    pub mod fours;
    pub mod frequency;
    pub mod schema;
}

#[path = "src/proofs"]
mod proofs {
    pub mod names;
}

use model::{Anchor, ByteSet, Rule, Stretch};

fn main() {
    println!("cargo::rustc-env=STANCH_SCANNER={:016x}", scanner());
    let files = rule_files(Path::new("rules"));
    let (rules, faults) = load(&files);
    for fault in &faults {
        println!("cargo::error={fault}");
    }
    if faults.is_empty() {
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
        fs::write(out.join("rules.rs"), statics(&rules)).expect("OUT_DIR can be written");
        fs::write(out.join("rule_tests.rs"), tests(&files)).expect("OUT_DIR can be written");
    }
}

/// Tells one state of all that decides what is found from another: what was scanned before with the same needs
/// not be scanned again.
fn scanner() -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut open: Vec<PathBuf> = ["Cargo.lock", "rules", "src"].map(PathBuf::from).into();
    while let Some(path) = open.pop() {
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("the project's folders can be listed");
            let mut below: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            below.sort();
            open.append(&mut below);
        } else {
            fs::read(&path).expect("the project's files can be read").hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn rule_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder rules/ is there")
        .map(|entry| entry.expect("rules/ can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

/// All rules in the order of their ids, or every fault of every file.
fn load(files: &[PathBuf]) -> (Vec<&'static Rule>, Vec<String>) {
    let (mut rules, mut faults): (Vec<&'static Rule>, Vec<String>) = (vec![], vec![]);
    for file in files {
        let text = fs::read_to_string(file).expect("a rule file can be read");
        match rules::schema::parse(&text, &|name| proofs::names::NAMES.contains(&name)) {
            Err(found) => faults.extend(found.iter().map(|fault| format!("{}:{fault}", file.display()))),
            Ok(found) => rules.extend(found.iter().map(|located| located.rule)),
        }
    }
    rules.sort_by_key(|rule| rule.id);
    for pair in rules.windows(2).filter(|pair| pair[0].id == pair[1].id) {
        faults.push(format!(
            "rules/: the id `{}` is used by two files ({} and {})",
            pair[0].id, pair[0].provider, pair[1].provider
        ));
    }
    (rules, faults)
}

/// A test for each rule file, for `tests/rules.rs`: `cargo test azure` is about `azure.toml`.
fn tests(files: &[PathBuf]) -> String {
    let mut out = String::new();
    for file in files {
        let stem = file.file_stem().expect("a rule file has a name").to_string_lossy();
        let name = stem.replace('-', "_");
        let mark = if name.starts_with(|first: char| first.is_ascii_digit()) { "_" } else { "" };
        // Words of the language cannot be names; of these, providers have this one.
        let end = if name == "box" { "_" } else { "" };
        writeln!(out, "#[test]\nfn {mark}{name}{end}() {{\n    check_file(\"{stem}\");\n}}\n")
            .expect("writing to a string cannot fail");
    }
    out
}

/// For the texts by which rules are looked for where their four bytes begin.
fn fours(rules: &[&Rule]) -> BTreeMap<&'static [u8], usize> {
    let anchors = rules.iter().flat_map(|rule| rule.anchors);
    let texts: BTreeSet<&[u8]> = anchors
        .filter_map(|anchor| match anchor {
            Anchor::Literal { text, .. } => Some(*text),
            _ => None,
        })
        .collect();
    let texts: Vec<&[u8]> = texts.into_iter().collect();
    let fours = rules::fours::shared(&texts);
    texts.into_iter().zip(fours).collect()
}

fn statics(rules: &[&Rule]) -> String {
    let fours = fours(rules);
    let mut out = String::from(
        "/// The rules that ship with stanch, sorted by id.\npub static BUILTIN: &[Rule] = &[\n",
    );
    for rule in rules {
        // Debug of strings, options, slices of strings and calls is Rust; the rest is written out below.
        writeln!(
            out,
            "Rule {{ id: {:?}, family: {:?}, provider: {:?}, name: {:?}, category: {:?}, severity: Severity::{:?}, \
             risk: {:?}, revoke_page: {:?}, docs: &{:?}, source: {:?}, pattern: {:?}, promise: {}, max_len: {}, prefix: {:?}, \
             specificity: Specificity::{:?}, confidence: Confidence::{:?}, strength: Strength::{:?}, anchors: &[{}], \
             head: &[{}], not_before: {}, not_after: {}, context: &{:?}, proof: {:?}, wrong_proof: WrongProof::{:?}, claims: {:?}, tells: {:?}, \
             needs_digit: {}, needs_both_cases: {}, drop_samples: {}, files: &{:?}, in_binary: {}, \
             endpoint: {:?}, parts: {:?}, companions: {:?}, login: {:?}, verify: {:?}, owner: {:?}, revoke: {:?}, examples: &{:?}, near_misses: &{:?} }},",
            rule.id,
            rule.family,
            rule.provider,
            rule.name,
            rule.category,
            rule.severity,
            rule.risk,
            rule.revoke_page,
            rule.docs,
            rule.source,
            rule.pattern,
            rule.promise.map_or("None".into(), |promise| format!("Some(Promise::{promise:?})")),
            rule.max_len,
            rule.prefix,
            rule.specificity,
            rule.confidence,
            rule.strength,
            rule.anchors.iter().map(|known| anchor(known, &fours)).collect::<Vec<_>>().join(", "),
            sets(rule.head),
            set(&rule.not_before),
            set(&rule.not_after),
            rule.context,
            rule.proof,
            rule.wrong_proof,
            rule.claims,
            rule.tells,
            rule.needs_digit,
            rule.needs_both_cases,
            rule.drop_samples,
            rule.files,
            rule.in_binary,
            rule.endpoint,
            rule.parts,
            rule.companions,
            rule.login,
            rule.verify,
            rule.owner,
            rule.revoke,
            rule.examples,
            rule.near_misses,
        )
        .expect("writing to a string cannot fail");
    }
    out.push_str("];\n");
    out
}

fn anchor(anchor: &Anchor, fours: &BTreeMap<&[u8], usize>) -> String {
    match anchor {
        Anchor::Key { key, near, far } => {
            format!("Anchor::Key {{ key: [{}], near: {near}, far: {far} }}", sets(key))
        }
        Anchor::Run(run) => format!("Anchor::Run({})", stretch(run)),
        Anchor::Literal { text, four: _, before, until, near, far } => {
            let four = fours[text];
            let until = until.map_or("None".into(), |until| {
                format!("Some(Until {{ through: {}, byte: {} }})", set(&until.through), until.byte)
            });
            format!(
                "Anchor::Literal {{ text: &{text:?}, four: {four}, before: &[{}], until: {until}, near: {near}, far: {far} }}",
                sets(before)
            )
        }
        Anchor::Anywhere => "Anchor::Anywhere".into(),
    }
}

fn stretch(stretch: &Stretch) -> String {
    let Stretch {
        of,
        alphabet,
        head,
        lead,
        tail,
        sign,
        word,
        min,
        whole_up_to,
        holds_value,
        near,
        far,
        rest,
    } = stretch;
    let lead: Vec<String> = lead
        .iter()
        .map(|lead| format!("Lead {{ through: {}, of: {} }}", set(&lead.through), set(&lead.of)))
        .collect();
    format!(
        "Stretch {{ of: {}, alphabet: {}, head: &[{}], lead: &[{}], tail: {}, sign: {sign:?}, word: {word:?}, min: {min}, \
         whole_up_to: {whole_up_to:?}, holds_value: {holds_value}, near: {near}, far: {far}, rest: {rest} }}",
        set(of),
        set(alphabet),
        sets(head),
        lead.join(", "),
        tail.map_or("None".into(), |tail| format!("Some({})", set(&tail)))
    )
}

fn sets(sets: &[ByteSet]) -> String {
    sets.iter().map(set).collect::<Vec<_>>().join(", ")
}

fn set(set: &ByteSet) -> String {
    format!("ByteSet({:?})", set.0)
}
