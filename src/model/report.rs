//! What a scan says in the end: findings, gaps, and what was counted.

use std::collections::BTreeMap;

use super::{Finding, Gap};

/// Everything a format needs; sorted, complete, nothing left to decide.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Shown findings, sorted by severity (grave first), then first place, rule and id.
    pub findings: Vec<Finding>,
    /// What was not scanned, sorted.
    pub gaps: Vec<Gap>,
    /// Gaps that a `gap` line in `.stanchignore` accepts; shown, out of the exit code.
    pub accepted_gaps: Vec<Gap>,
    /// Remarks for the person who ran it: unused or expired ignore entries.
    pub notes: Vec<String>,
    /// What was counted.
    pub tally: Tally,
    /// Whether to tell how the findings are taken out of the history.
    pub purge_plan: bool,
}

/// What was counted during a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Blobs scanned.
    pub files: u64,
    /// Bytes scanned, as stored.
    pub bytes: u64,
    /// Blobs that look binary: scanned with distinctive rules only.
    pub binary: u64,
    /// Packed or compressed files that were not opened, scanned as stored.
    pub packed: u64,
    /// Containers that were opened, those in others included.
    pub containers: u64,
    /// Members of containers that were scanned: those that are no containers themselves.
    pub members: u64,
    /// Bytes of these members.
    pub unpacked_bytes: u64,
    /// Symbolic links, of which only the target text was scanned.
    pub symlinks: u64,
    /// FIFOs, devices and sockets; never opened.
    pub special: u64,
    /// Entries hidden by `.gitignore`; an ignored folder counts as one.
    pub ignored_entries: u64,
    /// Entries left out by `--exclude`.
    pub excluded: u64,
    /// Findings by confidence before hiding, keyed by [`super::Confidence::as_str`].
    pub found: BTreeMap<&'static str, u64>,
    /// Findings below `--confidence`, not shown.
    pub hidden: u64,
    /// Findings ignored by a mark on their line.
    pub ignored_inline: u64,
    /// Findings ignored by an entry in `.stanchignore`.
    pub ignored_by_file: u64,
    /// Findings ignored by a baseline.
    pub ignored_by_baseline: u64,
}

impl Tally {
    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Tally) {
        let Tally { found, .. } = &other;
        for (confidence, count) in found {
            *self.found.entry(confidence).or_default() += count;
        }
        self.files += other.files;
        self.bytes += other.bytes;
        self.binary += other.binary;
        self.packed += other.packed;
        self.containers += other.containers;
        self.members += other.members;
        self.unpacked_bytes += other.unpacked_bytes;
        self.symlinks += other.symlinks;
        self.special += other.special;
        self.ignored_entries += other.ignored_entries;
        self.excluded += other.excluded;
        self.hidden += other.hidden;
        self.ignored_inline += other.ignored_inline;
        self.ignored_by_file += other.ignored_by_file;
        self.ignored_by_baseline += other.ignored_by_baseline;
    }
}
