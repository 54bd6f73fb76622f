//! Four-byte keys: which rules may have a match around a place inside a run.
//!
//! Contract: [`Keys::at`] may name an anchor in vain, it never leaves one out.

use super::table::{Form, Table, for_each_key};
use crate::model::Anchor;

/// The place of a key in a match of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyAnchor {
    /// Which rule.
    pub(super) rule: usize,
    /// Smallest distance from the start of the match to the key.
    pub(super) near: usize,
    /// Largest distance from the start of the match to the key.
    pub(super) far: usize,
}

/// All keys of all rules.
pub(super) struct Keys {
    /// Numbers of anchors.
    table: Table<u32>,
    anchors: Vec<KeyAnchor>,
}

impl Keys {
    pub(super) fn of<'a>(rules: impl Iterator<Item = (usize, &'a Anchor)>) -> Keys {
        let mut anchors = vec![];
        let mut entries = vec![];
        for (rule, anchor) in rules {
            let Anchor::Key { key, near, far } = *anchor else { continue };
            let number = anchors.len() as u32;
            anchors.push(KeyAnchor { rule, near, far });
            for_each_key(&key, |key| entries.push((key, number)));
        }
        Keys { table: Table::of(Form::EXACT, entries), anchors }
    }

    /// How many anchors there are; their numbers count from 0.
    pub(super) fn len(&self) -> usize {
        self.anchors.len()
    }

    /// The anchors, with their numbers, whose key is `bytes`.
    #[inline]
    pub(super) fn at(&self, bytes: [u8; 4]) -> impl Iterator<Item = (usize, KeyAnchor)> {
        self.table.at(bytes).map(|number| (number as usize, self.anchors[number as usize]))
    }
}
