//! What the caller found in blobs, as numbers.

use super::intern::Lists;
use super::{History, Place};

/// Something that a blob holds, such as a secret; the caller's own number for it.
pub type Label = u32;

/// The labels at each place of a history.
pub struct Labels(Lists<Label>);

impl Labels {
    /// Asks for the labels at each place, in any order, repeated or not; once for each.
    pub fn new<'l>(history: &History, mut at: impl FnMut(&Place) -> &'l [Label]) -> Labels {
        let mut lists = Lists::new();
        for place in history.places() {
            let mut labels = at(place).to_vec();
            labels.sort_unstable();
            labels.dedup();
            lists.push(labels);
        }
        Labels(lists)
    }

    /// The labels at a place, sorted.
    pub(super) fn at(&self, place: u32) -> &[Label] {
        self.0.get(place)
    }
}
