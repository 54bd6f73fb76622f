//! Finds all paths at which wanted blobs stand, and stays calm where there are absurdly many.
//!
//! Ten folders that each hold the next one ten times give a blob ten thousand million paths (a "git bomb").
//! So only some paths of a blob are listed; a folder all of whose blobs have their share is not entered
//! again.

use foldhash::{HashSet, HashSetExt};

use super::Problem;
use super::nodes::{NodeId, Nodes};
use super::packed::Child;
use super::paths::{PathIx, Paths, TOP};

/// A wanted blob at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it stands.
    pub path: PathIx,
    /// The number of the blob.
    pub blob: u32,
    /// Whose tree it stands in.
    pub standing: Standing,
}

/// Whose tree a blob stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// In a commit's.
    History,
    /// In no commit's: the path begins at a tree that no other tree and no commit has.
    Loose,
}

/// Paths listed of one blob, at most.
const MOST_EACH: usize = 1_000;
/// Places listed in all, about; but one of each blob.
const MOST: usize = 8_000_000;

/// The search under way.
pub(super) struct Search<'a> {
    nodes: &'a Nodes,
    paths: &'a mut Paths,
    pub(super) places: Vec<Place>,
    /// Paths that may be listed of one blob.
    most: usize,
    listed: Vec<usize>,
    /// Blobs of which no more places are asked for.
    full: Vec<bool>,
    known: HashSet<(PathIx, u32)>,
    seen: HashSet<(PathIx, NodeId)>,
    closed: Closed,
    long: u64,
}

/// Nodes below which all blobs are full.
struct Closed {
    nodes: Vec<bool>,
    /// Entries of all nodes.
    entries: usize,
    /// Entries that were gone through since the nodes were looked at.
    steps: usize,
    is_stale: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(nodes: &'a Nodes, paths: &'a mut Paths, blobs: usize) -> Search<'a> {
        let entries = nodes.iter().map(|node| nodes.entries(node).count()).sum();
        Search {
            nodes,
            paths,
            places: vec![],
            most: (MOST / blobs.max(1)).clamp(1, MOST_EACH),
            listed: vec![0; blobs],
            full: vec![false; blobs],
            known: HashSet::new(),
            seen: HashSet::new(),
            closed: Closed { nodes: vec![false; nodes.len()], entries, steps: 0, is_stale: false },
            long: 0,
        }
    }

    /// Finds places in the trees of commits, then those of blobs that are in none of them. Says what is not
    /// listed.
    pub(super) fn run(&mut self, roots: &[NodeId]) -> Vec<Problem> {
        for &root in roots {
            self.enter(root, Standing::History);
        }
        let mut problems = Vec::from_iter(self.unlisted(roots));
        let in_history: Vec<bool> = self.listed.iter().map(|&listed| listed > 0).collect();
        self.full.clone_from(&in_history);
        self.closed.look(self.nodes, &self.full);
        let loose = loose_tops(self.nodes, roots);
        for &root in &loose {
            self.enter(root, Standing::Loose);
        }
        for (full, before) in self.full.iter_mut().zip(in_history) {
            *full &= !before;
        }
        problems.extend(self.unlisted(&loose));
        problems.extend((self.long > 0).then_some(Problem::LongPaths(self.long)));
        problems
    }

    /// Blobs that stand nowhere.
    pub(super) fn nowhere(&self) -> Vec<u32> {
        (0..).zip(&self.listed).filter(|(_, listed)| **listed == 0).map(|(blob, _)| blob).collect()
    }

    fn enter(&mut self, root: NodeId, standing: Standing) {
        let mut stack = vec![(TOP, root)];
        while let Some((above, node)) = stack.pop() {
            self.closed.refresh(self.nodes, &self.full);
            if self.closed.nodes[node.0 as usize] || !self.seen.insert((above, node)) {
                continue;
            }
            let from = stack.len();
            for entry in self.nodes.entries(node) {
                self.closed.steps += 1;
                match entry.child() {
                    Child::Blob(blob) => self.found(above, entry.name, blob, standing),
                    Child::Tree(below) => {
                        let path = self.step(above, entry.name);
                        stack.extend(path.map(|path| (path, NodeId(below))));
                    }
                }
            }
            stack[from..].reverse();
        }
    }

    fn found(&mut self, above: PathIx, name: u32, blob: u32, standing: Standing) {
        let at = blob as usize;
        if self.full[at] {
            return;
        }
        let Some(path) = self.step(above, name) else { return };
        if self.known.contains(&(path, blob)) {
            return;
        }
        if self.listed[at] == self.most {
            self.full[at] = true;
            self.closed.is_stale = true;
            return;
        }
        self.listed[at] += 1;
        self.known.insert((path, blob));
        self.places.push(Place { path, blob, standing });
    }

    fn step(&mut self, above: PathIx, name: u32) -> Option<PathIx> {
        let path = self.paths.add(above, name);
        self.long += u64::from(path.is_none());
        path
    }

    /// How many paths of full blobs are not listed: those that the tree with the most of them has, at least.
    fn unlisted(&self, roots: &[NodeId]) -> Option<Problem> {
        let full = self.full.iter().filter(|full| **full).count();
        if full == 0 {
            return None;
        }
        let mut paths = vec![0u64; self.nodes.len()];
        for node in self.nodes.iter() {
            let below = self.nodes.entries(node).map(|entry| match entry.child() {
                Child::Tree(node) => paths[node as usize],
                Child::Blob(blob) => u64::from(self.full[blob as usize]),
            });
            paths[node.0 as usize] = below.fold(0, u64::saturating_add);
        }
        let most = roots.iter().map(|root| paths[root.0 as usize]).max().unwrap_or_default();
        let more = most.saturating_sub((full * self.most) as u64).max(full as u64);
        Some(Problem::ManyPaths(more, full as u32))
    }
}

impl Closed {
    /// Looks at the nodes anew when that costs no more than what was gone through since the last time.
    fn refresh(&mut self, nodes: &Nodes, full: &[bool]) {
        if self.is_stale && self.steps >= self.entries {
            self.look(nodes, full);
        }
    }

    fn look(&mut self, nodes: &Nodes, full: &[bool]) {
        for node in nodes.iter() {
            self.nodes[node.0 as usize] = nodes.entries(node).all(|entry| match entry.child() {
                Child::Tree(node) => self.nodes[node as usize],
                Child::Blob(blob) => full[blob as usize],
            });
        }
        self.steps = 0;
        self.is_stale = false;
    }
}

/// Nodes that no commit leads to, and no other such node.
fn loose_tops(nodes: &Nodes, roots: &[NodeId]) -> Vec<NodeId> {
    let mut reached = vec![false; nodes.len()];
    for root in roots {
        reached[root.0 as usize] = true;
    }
    // Backwards, parents come before children.
    for node in nodes.iter().rev() {
        if reached[node.0 as usize] {
            nodes.below(node).for_each(|below| reached[below.0 as usize] = true);
        }
    }
    let mut tops: Vec<bool> = reached.iter().map(|reached| !reached).collect();
    for node in nodes.iter().filter(|node| !reached[node.0 as usize]) {
        nodes.below(node).for_each(|below| tops[below.0 as usize] = false);
    }
    nodes.iter().filter(|node| tops[node.0 as usize]).collect()
}
