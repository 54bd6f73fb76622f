//! Goes through the wanted content of many trees at once, each folder at each path once.

use foldhash::{HashSet, HashSetExt};

use super::nodes::{NodeId, Nodes};
use super::packed::Child;
use super::paths::{PathIx, Paths, TOP};

/// Every wanted blob at every path in any of these trees, as far as the paths are known; in no order.
pub(super) fn present(
    nodes: &Nodes,
    paths: &Paths,
    roots: impl IntoIterator<Item = NodeId>,
) -> HashSet<(PathIx, u32)> {
    let mut blobs = HashSet::new();
    let mut seen: HashSet<(PathIx, NodeId)> = HashSet::new();
    let mut stack: Vec<(PathIx, NodeId)> = roots.into_iter().map(|root| (TOP, root)).collect();
    while let Some((above, node)) = stack.pop() {
        if !seen.insert((above, node)) {
            continue;
        }
        for entry in nodes.entries(node) {
            let Some(path) = paths.find(above, entry.name) else { continue };
            match entry.child() {
                Child::Tree(node) => stack.push((path, NodeId(node))),
                Child::Blob(blob) => drop(blobs.insert((path, blob))),
            }
        }
    }
    blobs
}
