//! Puts together what several threads saw of the trees.

use super::intern::{Ids, Slices};
use super::packed::{Child, Packed};
use super::trees::{Seen, State};
use super::{Problem, TreeCollector};

/// All that was seen, with one set of numbers for trees and one for names.
pub(super) struct United {
    pub(super) trees: Ids,
    /// Where to find what is known of each tree.
    pub(super) homes: Vec<Home>,
    /// Sorted.
    pub(super) names: Vec<Box<[u8]>>,
    pub(super) seen: Vec<Seen>,
    pub(super) problems: Vec<Problem>,
}

/// What is known of a tree, and which thread saw it.
#[derive(Clone, Copy)]
pub(super) struct Home {
    pub(super) thread: u32,
    pub(super) state: State,
}

impl United {
    pub(super) fn new(kind: gix_hash::Kind, collectors: Vec<TreeCollector>) -> United {
        let (mut seen, mut problems) = (vec![], vec![]);
        for collector in collectors {
            problems.extend(collector.problems);
            seen.push(collector.seen);
        }
        let names = names(&seen);
        let mut united = United { trees: Ids::new(kind), homes: vec![], names, seen: vec![], problems };
        for (thread, seen) in (0..).zip(seen) {
            united.add(thread, seen);
        }
        united
    }

    /// The chunks of a tree.
    pub(super) fn chunks(&self, home: Home) -> &[u32] {
        match home.state {
            State::Chunks(list) => self.seen[home.thread as usize].chunk_lists.get(list),
            State::Absent | State::Leaf => &[],
        }
    }

    fn add(&mut self, thread: u32, mut seen: Seen) {
        let trees = self.take_trees(&mut seen);
        self.homes.resize(self.trees.len(), Home { thread, state: State::Absent });
        for (&tree, &state) in trees.iter().zip(&seen.states) {
            if state != State::Absent {
                self.homes[tree as usize] = Home { thread, state };
            }
        }
        let names = self.take_names(&mut seen);
        for edge in seen.chunks.edges_mut() {
            let child = match edge.child() {
                Child::Tree(tree) => Child::Tree(trees[tree as usize]),
                blob @ Child::Blob(_) => blob,
            };
            *edge = Packed::new(names[edge.name as usize], child);
        }
        self.seen.push(seen);
    }

    /// The common number of each tree of a thread.
    fn take_trees(&mut self, seen: &mut Seen) -> Vec<u32> {
        let kind = seen.trees.kind();
        let own = std::mem::replace(&mut seen.trees, Ids::new(kind));
        let count = own.len() as u32;
        if self.trees.len() == 0 {
            self.trees = own;
            return (0..count).collect();
        }
        (0..count).map(|tree| self.trees.intern(own.get(tree))).collect()
    }

    /// The common number of each name of a thread.
    fn take_names(&self, seen: &mut Seen) -> Vec<u32> {
        let own = std::mem::replace(&mut seen.names, Slices::new());
        let place = |name: &[u8]| self.names.partition_point(|other| **other < *name) as u32;
        (0..own.len() as u32).map(|name| place(own.get(name))).collect()
    }
}

/// The names that any thread saw, sorted.
fn names(seen: &[Seen]) -> Vec<Box<[u8]>> {
    let all = seen.iter().flat_map(|seen| (0..seen.names.len() as u32).map(|name| seen.names.get(name)));
    let mut names: Vec<&[u8]> = all.collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Box::from).collect()
}
