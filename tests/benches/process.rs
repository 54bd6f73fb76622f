//! How long a run takes from its start to its end, and each stage beside the engine: walking, decoding,
//! placing, settling, reporting. Each bench checks that nothing gets lost on the way.

#![allow(clippy::unwrap_used, reason = "a bench without its files measures nothing")]

use std::fs;
use std::hint::black_box;
use std::io;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use stanch::decode::utf16::Encoding;
use stanch::engine::{Engine, Text};
use stanch::findings::{Chosen, Dismissed, Sighter, Stretch, settle};
use stanch::model::{BlobPath, Candidate, Confidence, PlaceKind, Report, Sighting};
use stanch::report::{Format, View};
use stanch::rules::{BUILTIN, template};
use stanch::sources::{Source, Tree, TreeOptions, Visit};
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// Tokens planted in the text that is placed, settled and reported.
const TOKENS: u64 = 1000;

/// Files of the tree that is walked, in folders of a hundred.
const FILES: usize = 5000;

fn token(seed: u64) -> String {
    template::fill("ghp_{base62:30}{crc32-base62}", seed).unwrap()
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn start_to_end_of_one_small_file(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.env"), format!("GITHUB_TOKEN={}\n", token(1))).unwrap();
    bencher.bench_local(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
        let output =
            command.args(["scan", "--format", "jsonl", "a.env"]).current_dir(&folder).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.split(|&byte| byte == b'\n').count()), (Some(1), 3));
    });
}

#[divan::bench(args = [1, 2], sample_count = 10, sample_size = 1)]
fn walk_and_read(bencher: Bencher, jobs: usize) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".gitignore"), "*.log\n/build/\n").unwrap();
        for number in 0..FILES {
            let inner = folder.path().join((number / 100).to_string());
            fs::create_dir_all(&inner).unwrap();
            fs::write(inner.join(format!("{number}.rs")), "fn main() {}\n".repeat(400)).unwrap();
        }
        folder
    });
    let options = TreeOptions { jobs, gitignore: true, exclude: vec![] };
    let tree = Tree::new(&[FOLDER.path().to_owned()], options).unwrap();
    bencher.counter(ItemsCount::new(FILES)).bench_local(|| {
        let blobs = AtomicUsize::new(0);
        let count = |visit: Visit<'_>| {
            blobs.fetch_add(usize::from(matches!(visit, Visit::Blob(_))), Ordering::Relaxed);
        };
        tree.visit(&count).unwrap();
        assert_eq!(blobs.into_inner(), FILES + 1);
    });
}

#[divan::bench]
fn decode_utf_16(bencher: Bencher) {
    let bytes: Vec<u8> = "key = value\r\n".repeat(80_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let encoding = Encoding::detect(black_box(&bytes), memchr::memchr(0, &bytes).is_some());
        assert_eq!(encoding.decode(&bytes).unwrap().len() * 2, bytes.len());
    });
}

/// A text with tokens in it, and what the engine makes of it.
static SCANNED: LazyLock<(String, Vec<Candidate>)> = LazyLock::new(|| {
    let filler = "let answer = compute(question, 42);\n".repeat(20);
    let text: String = (0..TOKENS).map(|seed| format!("{filler}let key = \"{}\";\n", token(seed))).collect();
    let path = BlobPath::from("src/main.rs");
    let candidates = Engine::new(BUILTIN.iter().collect()).scan(Text {
        bytes: text.as_bytes(),
        path: &path,
        binary: false,
    });
    (text, candidates)
});

fn sightings() -> Vec<Sighting> {
    let (text, candidates) = &*SCANNED;
    let path = BlobPath::from("src/main.rs");
    let mut sighter = Sighter::new(&path, PlaceKind::File, Encoding::Bytes, &Chosen::All);
    let text = text.as_bytes();
    sighter.take(Stretch { text, base: 0, owned: 0..text.len(), candidates: candidates.clone() }, false);
    sighter.finish().0
}

#[divan::bench]
fn place_and_mask(bencher: Bencher) {
    let length = SCANNED.0.len();
    bencher.counter(BytesCount::new(length)).bench_local(|| assert_eq!(sightings().len(), TOKENS as usize));
}

fn report(sightings: Vec<Sighting>) -> Report {
    let settled = settle(sightings, vec![], &mut Dismissed::default(), Confidence::Likely);
    Report { findings: settled.findings, ..Report::default() }
}

#[divan::bench]
fn settle_findings(bencher: Bencher) {
    bencher.counter(ItemsCount::new(TOKENS)).with_inputs(sightings).bench_local_values(|sightings| {
        let report = report(sightings);
        assert_eq!(report.findings.len(), TOKENS as usize);
        report
    });
}

#[divan::bench(args = ["human", "json", "jsonl", "sarif"])]
fn write_report(bencher: Bencher, format: &str) {
    let format = Format::ALL.into_iter().find(|known| known.as_str() == format).unwrap();
    let report = report(sightings());
    bencher
        .counter(ItemsCount::new(TOKENS))
        .bench_local(|| format.write(&report, View::default(), &mut io::sink()).unwrap());
}
