//! Finds candidates in a text: values first, words second.

use crate::model::{BlobPath, Candidate, Rule};

/// The rules, ready to be looked for. Shared by all threads.
pub struct Engine {
    rules: Vec<&'static Rule>,
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
        Engine { rules }
    }

    /// The rules it looks for.
    pub fn rules(&self) -> &[&'static Rule] {
        &self.rules
    }

    /// Every match of every rule after guards, context and proof, sorted by place and rule id, overlapping
    /// ones included.
    pub fn scan(&self, _text: Text<'_>) -> Vec<Candidate> {
        vec![]
    }
}
