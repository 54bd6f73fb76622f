//! How fast texts in memory are scanned, with every rule that ships: source text, minified and
//! base64-heavy text, and the same with the rule set grown by generated rules. Each bench plants tokens
//! first and checks that they are what is found.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::BytesCount;
use stanch::engine::{Engine, Text};
use stanch::model::{BlobPath, Rule};
use stanch::rules::{BUILTIN, schema, template};

fn main() {
    divan::main();
}

/// Source text of the locked dependencies: real code of many hands, the same for everyone.
static SOURCE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let metadata = cargo_metadata::MetadataCommand::new().exec().expect("cargo metadata runs");
    let mut files = vec![];
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
        collect(folder.as_std_path(), &mut files);
    }
    files.sort();
    let mut texts: Vec<Vec<u8>> = files.iter().filter_map(|path| fs::read(path).ok()).collect();
    texts.push(planted().into_bytes());
    texts
});

/// A minified bundle, as far as the engine is concerned: no spaces, long lines, many short names.
static MINIFIED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let squeeze = |text: &Vec<u8>| -> Vec<u8> {
        text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
    };
    let mut texts: Vec<Vec<u8>> = SOURCE.iter().take(2000).map(squeeze).collect();
    texts.push(planted().into_bytes());
    texts
});

/// Base64 in lines of 76 characters.
static BASE64: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut random = fastrand::Rng::with_seed(11);
    let lines: String = (0..400_000)
        .map(|_| template::fill("{base64:76}\n", random.u64(..)).expect("the template is right"))
        .collect();
    vec![lines.into_bytes(), planted().into_bytes()]
});

fn planted() -> String {
    (0..PLANTED)
        .map(|seed| {
            template::fill("key = \"ghp_{base62:30}{crc32-base62}\"\n", seed).expect("the template is right")
        })
        .collect()
}

const PLANTED: u64 = 10;

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .extension()
            .is_some_and(|extension| ["rs", "c", "h", "md", "toml"].iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
}

fn rules() -> Vec<&'static Rule> {
    BUILTIN.iter().collect()
}

/// The shipped rules and `more` that nobody issues, in the forms that the shipped ones have.
fn rules_and(more: usize) -> Vec<&'static Rule> {
    let mut random = fastrand::Rng::with_seed(5);
    let mut file = String::from("provider = \"Generated\"\n");
    for number in 0..more {
        let word = template::fill("{lower:5}", random.u64(..)).expect("the template is right");
        let (pattern, context) = match number % 4 {
            0 | 1 => (format!("{word}_[0-9A-Za-z]{{32}}"), String::new()),
            2 => (format!("{word}-[0-9a-f]{{40}}"), String::new()),
            _ => ("[0-9a-f]{32}".to_owned(), format!("context = [\"{word}\"]\n")),
        };
        file += &format!(
            "[[rule]]\nid = \"generated-{number}\"\nname = \"n\"\ncategory = \"saas\"\nseverity = \"low\"\nrisk = \"r\"\n\
             source = \"own\"\npattern = '{pattern}'\n{context}examples = [\"x\"]\nnear_misses = [\"x\", \"y\"]\n"
        );
    }
    let generated = schema::parse(&file, &|_| true).unwrap_or_else(|faults| panic!("{:?}", faults[0]));
    rules().into_iter().chain(generated.iter().map(|located| located.rule)).collect()
}

fn scan(bencher: Bencher, rules: Vec<&'static Rule>, texts: &[Vec<u8>]) {
    let engine = Engine::new(rules);
    let path = BlobPath::from("bench");
    let found = || -> usize {
        let count = |bytes: &Vec<u8>| {
            let found = engine.scan(Text { bytes: black_box(bytes), path: &path, binary: false });
            found.iter().filter(|candidate| candidate.rule.id == "github-pat-classic").count()
        };
        texts.iter().map(count).sum()
    };
    assert_eq!(found(), PLANTED as usize);
    bencher.counter(BytesCount::new(texts.iter().map(Vec::len).sum::<usize>())).bench_local(found);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn source(bencher: Bencher) {
    scan(bencher, rules(), &SOURCE);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn source_and_800_rules_more(bencher: Bencher) {
    scan(bencher, rules_and(800), &SOURCE);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn minified(bencher: Bencher) {
    scan(bencher, rules(), &MINIFIED);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn base64(bencher: Bencher) {
    scan(bencher, rules(), &BASE64);
}

#[divan::bench]
fn engine_from_rules(bencher: Bencher) {
    bencher.bench_local(|| Engine::new(rules()));
}
