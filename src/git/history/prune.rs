//! Takes away all trees that lead to no wanted blob, children first.

use gix_hash::{ObjectId, oid};

use super::intern::{Ids, Slices};
use super::nodes::{NodeId, Nodes};
use super::packed::{Child, Packed};
use super::trees::State;
use super::unite::{Home, United};
use super::{Problem, TreeCollector};

/// What is left, and how to get there from a tree.
pub(super) struct Pruned {
    pub(super) nodes: Nodes,
    /// Sorted; the numbers in nodes are places in here.
    pub(super) names: Vec<Box<[u8]>>,
    pub(super) problems: Vec<Problem>,
    trees: Ids,
    outcomes: Vec<Outcome>,
}

/// What became of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It did not come, so nobody knows.
    Unknown,
    /// It leads to no wanted blob.
    Nothing,
    /// It leads to wanted blobs.
    Node(NodeId),
    /// Nobody looked yet.
    Waiting,
    /// What lies below it is being looked at.
    Open,
}

impl Pruned {
    pub(super) fn new(kind: gix_hash::Kind, collectors: Vec<TreeCollector>) -> Pruned {
        let united = United::new(kind, collectors);
        let mut pruning = Pruning::new(&united);
        for tree in 0..united.trees.len() as u32 {
            if pruning.outcomes[tree as usize] == Outcome::Waiting {
                pruning.visit(tree);
            }
        }
        let Pruning { nodes, mut outcomes, circles, .. } = pruning;
        let United { trees, names, mut problems, .. } = united;
        let empty = ObjectId::empty_tree(kind);
        if let Some(empty) = trees.find(empty.as_bytes()) {
            outcomes[empty as usize] = Outcome::Nothing;
        }
        let id = |tree: u32| oid::from_bytes_unchecked(trees.get(tree));
        problems.extend(circles.into_iter().map(|tree| Problem::CircularTree(id(tree).to_owned())));
        let absent = (0..).zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Unknown);
        let absent: Vec<&oid> = absent.map(|(tree, _)| id(tree)).collect();
        let first = absent.iter().min().map(|id| (*id).to_owned());
        problems.extend(first.map(|first: ObjectId| Problem::MissingTrees(absent.len() as u64, first)));
        Pruned { nodes, names, problems, trees, outcomes }
    }

    /// What became of a tree. The empty tree is always there, whether it is stored or not.
    pub(super) fn outcome(&self, tree: &oid) -> Outcome {
        match self.trees.find(tree.as_bytes()) {
            Some(tree) => self.outcomes[tree as usize],
            None if tree == ObjectId::empty_tree(tree.kind()) => Outcome::Nothing,
            None => Outcome::Unknown,
        }
    }
}

/// The work under way.
struct Pruning<'a> {
    united: &'a United,
    outcomes: Vec<Outcome>,
    /// What is left of each chunk, by thread and number: a number in `remainders`.
    left: Vec<Vec<u32>>,
    remainders: Slices<Packed>,
    nodes: Nodes,
    /// Trees that lead to themselves.
    circles: Vec<u32>,
}

/// Stands for a chunk that nobody looked at yet.
const WAITING: u32 = u32::MAX;

/// A tree that is being looked at, and the next chunk and edge of it.
struct Frame {
    tree: u32,
    home: Home,
    chunk: usize,
    edge: usize,
}

impl<'a> Pruning<'a> {
    fn new(united: &'a United) -> Pruning<'a> {
        let start = |home: &Home| match home.state {
            State::Absent => Outcome::Unknown,
            State::Leaf => Outcome::Nothing,
            State::Chunks(_) => Outcome::Waiting,
        };
        Pruning {
            united,
            outcomes: united.homes.iter().map(start).collect(),
            left: united.seen.iter().map(|seen| vec![WAITING; seen.chunks.len()]).collect(),
            remainders: Slices::new(),
            nodes: Nodes::new(),
            circles: vec![],
        }
    }

    /// Works out a tree and all below it. Trees may nest as deep as they like: the stack is our own.
    fn visit(&mut self, tree: u32) {
        let mut stack = vec![self.open(tree)];
        while let Some(frame) = stack.last_mut() {
            match self.next_waiting(frame) {
                Some(child) => stack.push(self.open(child)),
                None => {
                    self.close(frame);
                    stack.pop();
                }
            }
        }
    }

    fn open(&mut self, tree: u32) -> Frame {
        self.outcomes[tree as usize] = Outcome::Open;
        Frame { tree, home: self.united.homes[tree as usize], chunk: 0, edge: 0 }
    }

    /// The next tree right below this one that nobody looked at.
    fn next_waiting(&mut self, frame: &mut Frame) -> Option<u32> {
        let seen = &self.united.seen[frame.home.thread as usize];
        while let Some(&chunk) = self.united.chunks(frame.home).get(frame.chunk) {
            if self.left[frame.home.thread as usize][chunk as usize] == WAITING {
                for edge in &seen.chunks.get(chunk)[frame.edge..] {
                    frame.edge += 1;
                    if let Some(tree) = self.waiting(*edge) {
                        return Some(tree);
                    }
                }
                self.finish(frame.home, chunk);
            }
            frame.chunk += 1;
            frame.edge = 0;
        }
        None
    }

    fn waiting(&self, edge: Packed) -> Option<u32> {
        match edge.child() {
            Child::Tree(tree) if self.outcomes[tree as usize] == Outcome::Waiting => Some(tree),
            _ => None,
        }
    }

    /// Works out what is left of a chunk, all of whose trees are worked out.
    fn finish(&mut self, home: Home, chunk: u32) {
        let mut kept = vec![];
        for edge in self.united.seen[home.thread as usize].chunks.get(chunk) {
            match edge.child() {
                Child::Blob(_) => kept.push(*edge),
                Child::Tree(tree) => match self.outcomes[tree as usize] {
                    Outcome::Node(node) => kept.push(Packed::new(edge.name, Child::Tree(node.0))),
                    Outcome::Open => self.circles.push(tree),
                    _ => {}
                },
            }
        }
        self.left[home.thread as usize][chunk as usize] = self.remainders.intern(&kept);
    }

    /// Works out a tree, all of whose chunks are worked out.
    fn close(&mut self, frame: &Frame) {
        let left = &self.left[frame.home.thread as usize];
        let chunks = self.united.chunks(frame.home).iter();
        let kept = chunks.flat_map(|&chunk| self.remainders.get(left[chunk as usize]));
        let mut kept: Vec<Packed> = kept.copied().collect();
        self.outcomes[frame.tree as usize] = if kept.is_empty() {
            Outcome::Nothing
        } else {
            kept.sort_unstable();
            kept.dedup();
            Outcome::Node(self.nodes.intern(&kept))
        };
    }
}
