//! Paths as steps from the top, each distinct one stored once.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Bytes of the longest path that is followed: four times what Linux lets anyone open (`PATH_MAX`).
pub(super) const MOST_BYTES: usize = 4 * 4096;

/// A path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathIx(u32);

/// The path of a commit's own tree.
pub(super) const TOP: PathIx = PathIx(0);

/// Paths and all paths above them.
pub(super) struct Paths {
    names: Vec<Box<[u8]>>,
    steps: Vec<Step>,
    table: HashTable<u32>,
    state: RandomState,
}

/// A path: one name more than another path.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Step {
    above: PathIx,
    name: u32,
    /// Bytes of the whole path, and a slash.
    length: usize,
}

impl Paths {
    /// Only the top, yet; names are places in this list.
    pub(super) fn new(names: Vec<Box<[u8]>>) -> Paths {
        let top = Step { above: TOP, name: u32::MAX, length: 0 };
        Paths { names, steps: vec![top], table: HashTable::new(), state: RandomState::default() }
    }

    /// The path with one name more, if it is there.
    pub(super) fn find(&self, above: PathIx, name: u32) -> Option<PathIx> {
        let is_same = |&at: &u32| self.is(at, above, name);
        self.table.find(self.state.hash_one((above, name)), is_same).map(|&at| PathIx(at))
    }

    /// The path with one name more; `None` if it is too long.
    pub(super) fn add(&mut self, above: PathIx, name: u32) -> Option<PathIx> {
        let length = self.steps[above.0 as usize].length + self.names[name as usize].len() + 1;
        let Paths { steps, table, state, .. } = self;
        let hash = state.hash_one((above, name));
        let is_same = |&at: &u32| (steps[at as usize].above, steps[at as usize].name) == (above, name);
        let hash_of = |&at: &u32| state.hash_one((steps[at as usize].above, steps[at as usize].name));
        match table.entry(hash, is_same, hash_of) {
            Entry::Occupied(known) => Some(PathIx(*known.get())),
            Entry::Vacant(_) if length > MOST_BYTES + 1 => None,
            Entry::Vacant(free) => {
                let at = steps.len() as u32;
                free.insert(at);
                steps.push(Step { above, name, length });
                Some(PathIx(at))
            }
        }
    }

    /// The bytes of a path, names joined with slashes.
    pub(super) fn bytes(&self, path: PathIx) -> Vec<u8> {
        let mut names = vec![];
        let mut at = path;
        while at != TOP {
            let step = self.steps[at.0 as usize];
            names.push(&*self.names[step.name as usize]);
            at = step.above;
        }
        names.reverse();
        names.join(&b'/')
    }

    fn is(&self, at: u32, above: PathIx, name: u32) -> bool {
        let step = self.steps[at as usize];
        step.above == above && step.name == name
    }
}
