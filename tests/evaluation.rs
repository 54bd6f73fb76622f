//! Labelled texts: how many secrets are found, and how much of what is found is one. Half of the texts are for
//! tuning, the figures are those of the other half.
//!
//! `cargo test --test evaluation -- --nocapture` prints them by confidence and category;
//! `STANCH_EVALUATION=tune` does so for the first half, and tells each text that was judged wrongly.

#![allow(clippy::unwrap_used)]

#[path = "common/page.rs"]
mod page;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;
use std::{env, fs};

use stanch::decode::utf16::Encoding;
use stanch::engine::{Engine, Text};
use stanch::findings::{Chosen, Sighter, Stretch};
use stanch::model::{BlobPath, Confidence, PlaceKind, Sighting};
use stanch::rules::{BUILTIN, template};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(BUILTIN.iter().collect()));

/// Stands for the secret while the text around it is filled.
const MARK: &str = "\u{1}";

/// One labelled text.
struct Case {
    category: String,
    file: String,
    text: String,
    /// Where the secret stands; `None` where there is none.
    secret: Option<Range<usize>>,
}

fn cases(split: &str) -> Vec<Case> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/evaluation").join(split).with_extension("tsv");
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(1).zip(0..);
    rows.map(|(line, seed)| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, category, file, label, text] = fields[..5] else { panic!("{line}") };
        let text =
            text.replace("\\\\", "\u{2}").replace("\\n", "\n").replace("\\t", "\t").replace('\u{2}', "\\");
        let fill = |text: &str| template::fill(text, seed).unwrap_or_else(|error| panic!("{line}: {error}"));
        let secret = fields.get(5).filter(|_| label == "secret");
        let secret = secret.map(|secret| secret.replace("\\\\", "\\"));
        let filled =
            fill(&secret.as_ref().map_or(text.clone(), |secret| text.replacen(secret.as_str(), MARK, 1)));
        let (text, secret) = match secret {
            None => (filled, None),
            Some(secret) => {
                let value = fill(&secret);
                let start =
                    filled.find(MARK).unwrap_or_else(|| panic!("the secret is not in the text: {line}"));
                (filled.replacen(MARK, &value, 1), Some(start..start + value.len()))
            }
        };
        Case { category: category.into(), file: file.into(), text, secret }
    })
    .collect()
}

fn sightings(case: &Case) -> Vec<Sighting> {
    let path = BlobPath::from(case.file.as_str());
    let text = case.text.as_bytes();
    let candidates = ENGINE.scan(Text { bytes: text, path: &path, binary: false });
    let mut sighter = Sighter::new(&path, PlaceKind::File, Encoding::Bytes, &Chosen::All);
    sighter.take(Stretch { text, base: 0, owned: 0..text.len(), candidates }, false);
    sighter.finish().0
}

/// What was found of a number of texts.
#[derive(Default)]
struct Figures {
    secrets: u32,
    found: u32,
    exact: u32,
    wrong: u32,
}

impl Figures {
    fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.secrets.max(1))
    }

    fn precision(&self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.wrong).max(1))
    }

    fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE)
    }

    fn line(&self, name: &str) -> String {
        let [precision, recall, f1] =
            [self.precision(), self.recall(), self.f1()].map(|figure| figure * 100.0);
        let Figures { secrets, found, exact, wrong } = self;
        format!(
            "{name:24} {secrets:8} {found:6} {exact:6} {wrong:6} {precision:10.1} {recall:7.1} {f1:6.1}\n"
        )
    }
}

/// The figures of all texts, and of each category, for what is at least this sure; with what was judged wrongly.
fn measure(cases: &[Case], confidence: Confidence) -> (Figures, BTreeMap<&str, Figures>, Vec<String>) {
    let (mut all, mut by_category, mut wrongs) = (Figures::default(), BTreeMap::new(), vec![]);
    for case in cases {
        let found: Vec<Sighting> =
            sightings(case).into_iter().filter(|sighting| sighting.confidence >= confidence).collect();
        let place = |sighting: &Sighting| sighting.place.start as usize..sighting.place.end as usize;
        let meets = |sighting: &&Sighting| {
            case.secret.as_ref().is_some_and(|secret| {
                let place = place(sighting);
                place.start < secret.end && secret.start < place.end
            })
        };
        let hits = found.iter().filter(meets).count();
        let exact = found.iter().any(|sighting| Some(place(sighting)) == case.secret);
        let by_category: &mut Figures = by_category.entry(case.category.as_str()).or_default();
        for figures in [&mut all, by_category] {
            figures.secrets += u32::from(case.secret.is_some());
            figures.found += u32::from(hits > 0);
            figures.exact += u32::from(exact);
            figures.wrong += (found.len() - hits) as u32;
        }
        let mut tell =
            |what: &str| wrongs.push(format!("{what}\t{}\t{}\t{:?}", case.category, case.file, case.text));
        if case.secret.is_some() && hits == 0 {
            tell("missed");
        }
        if case.secret.is_some() && hits > 0 && !exact {
            tell("inexact");
        }
        if hits > 0 && !found.iter().filter(meets).any(|sighting| sighting.confidence >= Confidence::Likely) {
            tell("unsure");
        }
        for sighting in found.iter().filter(|sighting| !meets(sighting)) {
            tell(&format!(
                "wrong {} {:?}",
                sighting.rule.id,
                case.text.get(place(sighting)).unwrap_or_default()
            ));
        }
    }
    (all, by_category, wrongs)
}

#[test]
fn generic_secrets_are_found_and_little_else() {
    let split = env::var("STANCH_EVALUATION").unwrap_or_else(|_| "report".into());
    let cases = cases(&split);
    let head = format!(
        "{:24} {:>8} {:>6} {:>6} {:>6} {:>10} {:>7} {:>6}\n",
        split, "secrets", "found", "exact", "wrong", "precision", "recall", "F1"
    );
    let (possible, by_category, wrongs) = measure(&cases, Confidence::Possible);
    let (likely, ..) = measure(&cases, Confidence::Likely);
    let categories: String = by_category.iter().map(|(name, figures)| figures.line(name)).collect();
    println!("{head}{}{}\n{categories}", possible.line("possible and more"), likely.line("likely and more"));
    if split == "tune" {
        println!("{}", wrongs.join("\n"));
        return;
    }
    let row = |name: &str, figures: &Figures| {
        let [precision, recall, f1] =
            [figures.precision(), figures.recall(), figures.f1()].map(|it| it * 100.0);
        format!("| {name} | {precision:.1} % | {recall:.1} % | {f1:.1} % |\n")
    };
    let none = cases.iter().filter(|case| case.secret.is_none()).count();
    let table = format!(
        "| {} secrets, {none} texts without one | precision | recall | F1 |\n|---|---|---|---|\n{}{}",
        possible.secrets,
        row("`likely`", &likely),
        row("`likely` and `possible`", &possible)
    );
    page::assert_holds("README.md", ("<!-- evaluation -->\n", "<!-- /evaluation -->"), &table);
    assert!(possible.recall() >= 0.85, "recall is {:.3}", possible.recall());
    assert!(possible.precision() >= 0.90, "precision is {:.3}", possible.precision());
    assert!(likely.precision() >= 0.97, "precision of likely is {:.3}", likely.precision());
}
