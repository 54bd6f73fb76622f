//! What a range of commits brings that was not there before, such as a push.

use foldhash::HashSet;

use super::labels::{Label, Labels};
use super::{CommitIx, Commits, History, Occurrence, Problem};

/// Commits that some tips lead to and some other commits do not.
pub struct Range {
    inside: Vec<CommitIx>,
    tips: Vec<CommitIx>,
    /// What was there before: parents that are not in the range, and what was excluded.
    before: Vec<CommitIx>,
}

/// A label that a commit of a range brings to a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What happened within the range; `in_head` tells whether a tip has it there. Where none has, it was
    /// removed again within the range, and stays in its history.
    pub occurrence: Occurrence,
    /// Whether the label itself is new.
    pub novelty: Novelty,
}

/// Whether a label was there before a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Novelty {
    /// No tree right before the range has it anywhere.
    New,
    /// A tree right before the range has it, at this or another path.
    Moved,
}

impl Commits {
    /// The commits that can be reached from `tips` and not from `excluded`.
    pub fn range(&self, tips: &[CommitIx], excluded: &[CommitIx]) -> Range {
        let inside = self.ancestors(tips);
        let outside = self.ancestors(excluded);
        let is_inside = |commit: &CommitIx| inside[commit.0 as usize] && !outside[commit.0 as usize];
        let commits: Vec<CommitIx> = self.iter().filter(is_inside).collect();
        let parents = commits.iter().flat_map(|&commit| self.parents(commit).flatten());
        let mut before: Vec<CommitIx> = parents.filter(|parent| !is_inside(parent)).collect();
        before.extend_from_slice(excluded);
        before.sort_unstable();
        before.dedup();
        Range { inside: commits, tips: tips.to_vec(), before }
    }

    /// Whether each commit can be reached from these.
    fn ancestors(&self, tips: &[CommitIx]) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        for tip in tips {
            reached[tip.0 as usize] = true;
        }
        for commit in self.iter().rev() {
            if reached[commit.0 as usize] {
                self.parents(commit).flatten().for_each(|parent| reached[parent.0 as usize] = true);
            }
        }
        reached
    }
}

impl Range {
    /// The commits of the range, parents before children.
    pub fn commits(&self) -> &[CommitIx] {
        &self.inside
    }

    /// What was there before: parents that are not in the range, and what was excluded.
    pub fn before(&self) -> &[CommitIx] {
        &self.before
    }
}

impl History<'_> {
    /// The labels that commits of a range bring to paths, sorted by the bytes of the path, then by label; and
    /// a problem if some of the commits were not looked at.
    pub fn arrivals(&self, labels: &Labels, range: &Range) -> (Vec<Arrival>, Option<Problem>) {
        let before = self.keys_in(labels, &range.before);
        let before: HashSet<Label> = before.into_iter().map(|(_, label)| label).collect();
        let events = self.events_of(range.inside.iter().copied(), labels, &range.tips);
        let arrival = |occurrence: Occurrence| {
            let was_there = before.contains(&occurrence.label);
            Arrival { novelty: if was_there { Novelty::Moved } else { Novelty::New }, occurrence }
        };
        let brought = events.occurrences.into_iter().filter(|event| !event.introduced.is_empty());
        (brought.map(arrival).collect(), events.problem)
    }
}
