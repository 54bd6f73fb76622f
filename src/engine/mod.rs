//! Finds candidates in a text: values first, words second.
//!
//! A text is classified 64 bytes at a time; runs of token characters choose their rules by four-byte keys
//! or by their shape; fixed texts outside runs have their own finder. Only then a rule's pattern is tried,
//! on a small window, and only there its context and its proof are looked at.
//!
//! Contract: **a prefilter may say yes wrongly, never no.** `tests/differential.rs` holds the engine
//! against every pattern tried at every offset.

mod alphabets;
mod asks;
mod context;
mod explained;
mod files;
mod guard;
mod keys;
mod literals;
mod matcher;
mod named;
mod refusal;
mod runs;
mod shapes;
mod table;
mod told;
mod window;

pub use explained::Explained;
pub use refusal::Refusal;
pub use window::{Window, windows};

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::ops::Range;

use alphabets::{Alphabets, Parts};
use asks::Asks;
use context::{Context, Words};
use files::Named;
use keys::{KeyAnchor, Keys};
use literals::Literals;
use matcher::Matcher;
use runs::Run;
use shapes::Shapes;
use told::{Near, Told};

use crate::bindings::Language;
use crate::decode::layers::SHORTEST;
use crate::model::{Anchor, BlobPath, Candidate, Rule};
use crate::vector::Vector;

/// The rules, ready to be looked for. Shared by all threads.
pub struct Engine {
    vector: Vector,
    rules: Vec<&'static Rule>,
    matchers: Vec<Matcher>,
    keys: Keys,
    alphabets: Alphabets,
    shapes: Shapes,
    told: Told,
    literals: Literals,
    /// Those of rules for certain files, which many have by their names.
    literals_of_files: Literals,
    of_files: Named,
    /// Rules that are tried everywhere in any file.
    anywhere: Vec<usize>,
    /// Rules that are tried everywhere in files that are few by their names, and nowhere else.
    by_name: Named,
    words: Words,
    max_len: usize,
}

/// A text to be scanned: UTF-8 or any ASCII superset, whole or one window of a larger one.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Where they come from; some rules are for certain files only.
    pub path: &'a BlobPath,
    /// Whether the file looks binary: only rules that are sure of themselves speak.
    pub binary: bool,
}

impl Engine {
    /// An engine for these rules.
    pub fn new(rules: Vec<&'static Rule>) -> Engine {
        let vector = Vector::detect();
        let is_by_name = |rule: &'static Rule| {
            files::are_telling(rule) || !rule.files.is_empty() && rule.is_tried_everywhere()
        };
        let numbered = || rules.iter().copied().enumerate();
        let (by_name, others): (Vec<_>, Vec<_>) = numbered().partition(|(_, rule)| is_by_name(rule));
        let anywhere = others.iter().filter(|(_, rule)| rule.is_tried_everywhere()).map(|(index, _)| *index);
        let of_files = || others.iter().copied().filter(|(_, rule)| !rule.files.is_empty());
        let anchored = || {
            others
                .iter()
                .flat_map(|&(index, rule)| rule.anchors.iter().map(move |anchor| (index, rule, anchor)))
        };
        let literals = |of_files: bool| {
            let wanted = anchored().filter(move |(_, rule, _)| rule.files.is_empty() != of_files);
            Literals::of(wanted.map(|(index, _, anchor)| (index, anchor)))
        };
        let anchors = || anchored().map(|(index, _, anchor)| (index, anchor));
        let runs: Vec<(usize, &'static Rule, Asks)> = anchored()
            .filter_map(|(index, rule, anchor)| match *anchor {
                Anchor::Run(stretch) => Some((index, rule, Asks::of(rule, stretch))),
                _ => None,
            })
            .collect();
        let (told, speaking): (Vec<_>, Vec<_>) = runs
            .iter()
            .partition(|(_, rule, asks)| !rule.context.is_empty() || asks.stretch().word.is_some());
        let of_patterns = told.iter().filter_map(|(_, _, asks)| asks.stretch().word);
        let words = Words::of(vector, rules.iter().flat_map(|rule| rule.context).copied().chain(of_patterns));
        let alphabets = Alphabets::of(runs.iter().map(|(_, _, asks)| asks));
        Engine {
            vector,
            keys: Keys::of(anchors()),
            shapes: Shapes::of(speaking.iter().map(|(index, _, asks)| (*index, asks)), &alphabets),
            told: Told::of(told.iter().map(|(index, rule, asks)| (*index, *rule, asks)), &alphabets, &words),
            literals: literals(false),
            literals_of_files: literals(true),
            of_files: Named::of(of_files()),
            anywhere: anywhere.collect(),
            by_name: Named::of(by_name.iter().copied()),
            alphabets,
            words,
            max_len: rules.iter().map(|rule| rule.max_len).max().unwrap_or(0),
            matchers: rules.iter().copied().map(Matcher::new).collect(),
            rules,
        }
    }

    /// The rules it looks for.
    pub fn rules(&self) -> &[&'static Rule] {
        &self.rules
    }

    /// Every match of every rule after guards, context and proof, sorted by place and rule id, overlapping
    /// ones included.
    pub fn scan(&self, text: Text<'_>) -> Vec<Candidate> {
        self.scan_noting(text, None)
    }

    /// The same, and notes as well, where asked to, where at least [`SHORTEST`] token characters stand in a row.
    pub fn scan_noting(&self, text: Text<'_>, long: Option<&mut Vec<Range<usize>>>) -> Vec<Candidate> {
        let mut found = self.search(text.bytes, text.binary, Some(text.path), long);
        found.sort_by(|a, b| order(a).cmp(&order(b)));
        found.dedup_by(|a, b| order(a) == order(b));
        found
    }

    /// Whether a text would have a match if it stood under the name that suits each rule. Rules for files that
    /// are told by their names have no say: [`Engine::is_special`] tells these files.
    /// Notes long runs as [`Engine::scan_noting`] does.
    pub fn suspects(&self, bytes: &[u8], binary: bool, long: Option<&mut Vec<Range<usize>>>) -> bool {
        !self.search(bytes, binary, None, long).is_empty()
    }

    /// Whether a file of this name has to be looked at whatever it holds.
    pub fn is_special(&self, name: &[u8]) -> bool {
        self.by_name.for_name(name).next().is_some()
    }

    fn search<'a>(
        &'a self,
        bytes: &'a [u8],
        binary: bool,
        path: Option<&'a BlobPath>,
        long: Option<&'a mut Vec<Range<usize>>>,
    ) -> Vec<Candidate> {
        let mut search = Search {
            engine: self,
            bytes,
            binary,
            path,
            language: OnceCell::new(),
            context: Context::new(&self.words, bytes),
            near: Near::default(),
            parts: Parts::default(),
            tried: vec![],
            in_scope: vec![],
            long,
            found: vec![],
        };
        runs::visit(self.vector, bytes, &mut search);
        search.literals(&self.literals);
        search.anywhere(self.anywhere.iter().copied());
        let name = path.map(BlobPath::file_name);
        if name.is_none_or(|name| self.of_files.for_name(name).next().is_some()) {
            search.literals(&self.literals_of_files);
        }
        if let Some(name) = name {
            search.anywhere(self.by_name.for_name(name));
        }
        search.found
    }
}

fn order(candidate: &Candidate) -> (usize, Reverse<usize>, &'static str, usize) {
    (candidate.secret.start, Reverse(candidate.secret.end), candidate.rule.id, candidate.matched.start)
}

/// One scan of one text.
struct Search<'a> {
    engine: &'a Engine,
    bytes: &'a [u8],
    binary: bool,
    /// Where the text comes from; every rule speaks where that is not known.
    path: Option<&'a BlobPath>,
    /// What sort of text it is, once that was asked.
    language: OnceCell<Option<Language>>,
    context: Context<'a>,
    near: Near,
    parts: Parts,
    /// For each key anchor, up to where starts of matches were tried: keys come from left to right, and
    /// the starts that neighbouring keys speak for overlap. Empty before the first key, which most texts lack.
    tried: Vec<usize>,
    /// For each rule that is for certain files whether this is one, once it was asked. Empty before.
    in_scope: Vec<Option<bool>>,
    /// Runs that may hold something in encoded form, where someone asked for them.
    long: Option<&'a mut Vec<Range<usize>>>,
    found: Vec<Candidate>,
}

impl runs::Visitor for Search<'_> {
    #[inline]
    fn word(&mut self, at: usize) {
        let Some(&key) = self.bytes[at..].first_chunk() else { return };
        for (number, anchor) in self.engine.keys.at(key) {
            self.tried.resize(self.engine.keys.len(), 0);
            let starts = untried(&mut self.tried[number], at, anchor);
            self.try_rule(anchor.rule, starts);
        }
    }

    #[inline]
    fn run(&mut self, run: Run) {
        if run.end - run.start >= SHORTEST
            && let Some(long) = &mut self.long
        {
            long.push(run.start..run.end);
        }
        if self.engine.alphabets.look_at(run) {
            self.parts(run);
        }
    }
}

/// Where matches may start for a key at `at`, less what was tried before.
fn untried(tried: &mut usize, at: usize, anchor: KeyAnchor) -> Range<usize> {
    let Some(last) = at.checked_sub(anchor.near) else { return 0..0 };
    let first = at.saturating_sub(anchor.far).max(*tried);
    *tried = last + 1;
    first..last + 1
}

impl Search<'_> {
    fn parts(&mut self, run: Run) {
        let (engine, bytes) = (self.engine, self.bytes);
        let mut parts = std::mem::take(&mut self.parts);
        engine.alphabets.for_each_part(engine.vector, bytes, run, &mut parts, |part| {
            engine.shapes.for_each(bytes, part, |rule, starts| self.try_rule(rule, starts));
            if self.binary && !engine.told.in_binary {
                return;
            }
            let mut told = vec![];
            let words = (&mut self.context, &mut self.near);
            engine.told.for_each(bytes, run, part, words, |rule, starts| told.push((rule, starts)));
            for (rule, starts) in told {
                self.try_rule(rule, starts);
            }
        });
        self.parts = parts;
    }

    fn literals(&mut self, literals: &Literals) {
        let engine = self.engine;
        literals.for_each(engine.vector, self.bytes, engine.max_len, |at, anchor| {
            if let Some(last) = at.checked_sub(anchor.near) {
                self.try_rule(anchor.rule, at.saturating_sub(anchor.far)..last + 1);
            }
        });
    }

    fn anywhere(&mut self, rules: impl Iterator<Item = usize>) {
        for rule in rules {
            if !self.speaks(rule) {
                continue;
            }
            let mut from = 0;
            while let Some(at) = self.engine.matchers[rule].next_start(self.bytes, from) {
                self.try_rule(rule, at..at + 1);
                from = at + 1;
            }
        }
    }

    fn try_rule(&mut self, rule: usize, starts: Range<usize>) {
        if !self.speaks(rule) {
            return;
        }
        let matcher = &self.engine.matchers[rule];
        let path = self.path;
        let language = &self.language;
        let languages = || match language.get_or_init(|| path.map(Language::of)) {
            Some(language) => std::slice::from_ref(language),
            None => named::ANY,
        };
        for at in starts {
            self.found.extend(matcher.try_at(self.bytes, at, &mut self.context, languages));
        }
    }

    /// Whether the rule has a say in this file.
    fn speaks(&mut self, number: usize) -> bool {
        let rule = self.engine.rules[number];
        if self.binary && !rule.in_binary {
            return false;
        }
        let Some(path) = self.path.filter(|_| !rule.files.is_empty()) else { return true };
        self.in_scope.resize(self.engine.rules.len(), None);
        *self.in_scope[number].get_or_insert_with(|| files::is_for(rule, path))
    }
}
