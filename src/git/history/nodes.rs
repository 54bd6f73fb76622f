//! What is left of the trees when all that leads to no wanted blob is taken away: each distinct remainder is
//! one node, so two folders with the same wanted content have the same node.
//!
//! A node is a list of parts, cut like the chunks of trees, so that a folder of thousands of wanted files
//! that changed thousands of times stays small.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;

use super::chunks::cut;
use super::intern::Slices;
use super::packed::{Child, Packed};

/// A node. Children have smaller numbers than their parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u32);

/// All nodes.
pub(super) struct Nodes {
    parts: Slices<Packed>,
    nodes: Slices<u32>,
}

impl Nodes {
    pub(super) fn new() -> Nodes {
        Nodes { parts: Slices::new(), nodes: Slices::new() }
    }

    /// The node of these entries, which are sorted, each there once; trees are numbers of nodes.
    pub(super) fn intern(&mut self, entries: &[Packed]) -> NodeId {
        // The same names are cut in the same way, in whatever repository.
        let hash = |entry: Packed| FixedState::default().hash_one(entry.name);
        // What has the same name stays together: who compares nodes relies on that.
        let is_last = |at: usize| entries[at].name != entries[at + 1].name;
        let pieces = cut(entries.len(), |at, mask| is_last(at) && hash(entries[at]) & mask == mask);
        let parts: Vec<u32> = pieces.map(|piece| self.parts.intern(&entries[piece])).collect();
        NodeId(self.nodes.intern(&parts))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All of them, children before parents.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The parts of a node, in the order of the names in them. Equal numbers mean equal parts.
    pub(super) fn parts(&self, node: NodeId) -> &[u32] {
        self.nodes.get(node.0)
    }

    /// The entries of a part; none is empty.
    pub(super) fn part(&self, part: u32) -> &[Packed] {
        self.parts.get(part)
    }

    /// The entries of a node, sorted.
    pub(super) fn entries(&self, node: NodeId) -> impl Iterator<Item = Packed> {
        self.parts(node).iter().flat_map(|&part| self.part(part).iter().copied())
    }

    /// The nodes right below a node.
    pub(super) fn below(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        self.entries(node).filter_map(|entry| match entry.child() {
            Child::Tree(node) => Some(NodeId(node)),
            Child::Blob(_) => None,
        })
    }
}
