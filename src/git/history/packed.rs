//! An entry of a tree, or of what is left of one, in eight bytes.

/// What an entry leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Child {
    /// A tree, by a number that depends on who asks.
    Tree(u32),
    /// A wanted blob, by its number.
    Blob(u32),
}

/// A name and what it leads to. In the order of the names' numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Packed {
    pub(super) name: u32,
    child: u32,
}

/// Numbers of trees and blobs have to stay below this.
pub(super) const MOST: usize = BLOB as usize;

/// Set for blobs.
const BLOB: u32 = 1 << 31;

impl Packed {
    pub(super) fn new(name: u32, child: Child) -> Packed {
        let child = match child {
            Child::Tree(tree) => tree,
            Child::Blob(blob) => blob | BLOB,
        };
        Packed { name, child }
    }

    pub(super) fn child(self) -> Child {
        match self.child & BLOB {
            0 => Child::Tree(self.child),
            _ => Child::Blob(self.child & !BLOB),
        }
    }
}
