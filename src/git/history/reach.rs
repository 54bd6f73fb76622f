//! Which refs still lead to a commit that brought a label to a path.

use foldhash::HashMap;
use rayon::prelude::*;

use super::labels::Labels;
use super::{CommitIx, Commits, History, Occurrence};

/// The refs that lead to a label at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The first of the refs whose history has a commit that introduced it there, in the caller's order.
    pub refs: Vec<u32>,
    /// How many such refs there are.
    pub count: u32,
    /// Whether the tree of a ref's own commit has it there.
    pub at_tip: bool,
}

/// Sets of commits that are followed at once: the bits of a word.
const BATCH: usize = u64::BITS as usize;

impl History<'_> {
    /// Which refs reach each occurrence: `tips` are the commits of the refs, in the order in which refs are
    /// to be named, and of those at most `most` are for each occurrence. Where there are several kinds of
    /// refs, order them by kind: an occurrence that only the stash reaches is one whose first ref is the
    /// stash.
    pub fn reach(
        &self,
        labels: &Labels,
        occurrences: &[Occurrence],
        tips: &[CommitIx],
        most: usize,
    ) -> Vec<Reach> {
        let mut sets: Vec<Vec<CommitIx>> = vec![];
        let mut numbers: HashMap<Vec<CommitIx>, usize> = HashMap::default();
        let set_of: Vec<usize> = occurrences
            .iter()
            .map(|occurrence| {
                let set: Vec<CommitIx> = occurrence.introduced.iter().map(|one| one.commit).collect();
                *numbers.entry(set).or_insert_with_key(|set| {
                    sets.push(set.clone());
                    sets.len() - 1
                })
            })
            .collect();
        let reached: Vec<(Vec<u32>, u32)> =
            sets.par_chunks(BATCH).flat_map_iter(|sets| batch(self.commits, sets, tips, most)).collect();
        let at_tips = self.keys_in(labels, tips);
        let reach = |(occurrence, set): (&Occurrence, &usize)| {
            let (refs, count) = reached[*set].clone();
            let at_tip = at_tips.contains(&(occurrence.path, occurrence.label));
            Reach { refs, count, at_tip }
        };
        occurrences.iter().zip(&set_of).map(reach).collect()
    }
}

/// For each of at most 64 sets of commits the first tips that descend from one of them, and how many do.
fn batch(commits: &Commits, sets: &[Vec<CommitIx>], tips: &[CommitIx], most: usize) -> Vec<(Vec<u32>, u32)> {
    let mut bits = vec![0u64; commits.len()];
    for (bit, set) in sets.iter().enumerate() {
        for commit in set {
            bits[commit.0 as usize] |= 1 << bit;
        }
    }
    for commit in commits.iter() {
        let inherited =
            commits.parents(commit).flatten().fold(0, |all, parent| all | bits[parent.0 as usize]);
        bits[commit.0 as usize] |= inherited;
    }
    let mut reached = vec![(vec![], 0); sets.len()];
    for (tip, commit) in (0..).zip(tips) {
        let mut left = bits[commit.0 as usize];
        while left != 0 {
            let (refs, count) = &mut reached[left.trailing_zeros() as usize];
            *count += 1;
            if refs.len() < most {
                refs.push(tip);
            }
            left &= left - 1;
        }
    }
    reached
}
