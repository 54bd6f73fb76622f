//! What differs between the wanted content of two trees.

use super::nodes::{NodeId, Nodes};
use super::packed::{Child, Packed};
use super::paths::{PathIx, Paths, TOP};

/// Blobs at paths on one side that are not the same on the other. Where one name stands for several things,
/// all of them are here when any of them differs.
#[derive(Default)]
pub(super) struct Difference {
    pub(super) old: Vec<(PathIx, u32)>,
    pub(super) new: Vec<(PathIx, u32)>,
    /// Entries that were looked at.
    pub(super) steps: usize,
}

/// Folders at the same path: of each side none or one, and more where a name repeats.
struct Pair {
    path: PathIx,
    old: Vec<NodeId>,
    new: Vec<NodeId>,
}

/// Compares two trees at the paths that are known.
pub(super) fn diff(nodes: &Nodes, paths: &Paths, old: Option<NodeId>, new: Option<NodeId>) -> Difference {
    let mut difference = Difference::default();
    let top = Pair { path: TOP, old: Vec::from_iter(old), new: Vec::from_iter(new) };
    let mut stack = vec![top];
    while let Some(pair) = stack.pop() {
        let (old, new) = entries(nodes, &pair);
        difference.steps += old.len() + new.len();
        for (old, new) in by_name(&old, &new) {
            let Some(name) = old.first().or(new.first()).map(|entry| entry.name) else { continue };
            let Some(path) = paths.find(pair.path, name).filter(|_| old != new) else { continue };
            difference.old.extend(blobs(old).map(|blob| (path, blob)));
            difference.new.extend(blobs(new).map(|blob| (path, blob)));
            let below = Pair { path, old: trees(old).collect(), new: trees(new).collect() };
            if !below.old.is_empty() || !below.new.is_empty() {
                stack.push(below);
            }
        }
    }
    difference
}

/// The entries of both sides, sorted, without most of those that are the same.
fn entries(nodes: &Nodes, pair: &Pair) -> (Vec<Packed>, Vec<Packed>) {
    if let ([old], [new]) = (&pair.old[..], &pair.new[..]) {
        return changed_parts(nodes, *old, *new);
    }
    let all = |side: &[NodeId]| {
        let mut entries: Vec<Packed> = side.iter().flat_map(|&node| nodes.entries(node)).collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    };
    (all(&pair.old), all(&pair.new))
}

/// The entries of those parts that only one of the nodes has.
fn changed_parts(nodes: &Nodes, old: NodeId, new: NodeId) -> (Vec<Packed>, Vec<Packed>) {
    let (mut old, mut new) = (nodes.parts(old), nodes.parts(new));
    let (mut old_only, mut new_only) = (vec![], vec![]);
    loop {
        match (old, new) {
            ([left, lefts @ ..], [right, rights @ ..]) if left == right => (old, new) = (lefts, rights),
            ([left, lefts @ ..], [right, ..]) if nodes.part(*left)[0] <= nodes.part(*right)[0] => {
                old_only.extend_from_slice(nodes.part(*left));
                old = lefts;
            }
            (_, [right, rights @ ..]) => {
                new_only.extend_from_slice(nodes.part(*right));
                new = rights;
            }
            ([left, lefts @ ..], []) => {
                old_only.extend_from_slice(nodes.part(*left));
                old = lefts;
            }
            ([], []) => return (old_only, new_only),
        }
    }
}

/// The entries of each name that either side has.
fn by_name<'e>(
    mut old: &'e [Packed],
    mut new: &'e [Packed],
) -> impl Iterator<Item = (&'e [Packed], &'e [Packed])> {
    std::iter::from_fn(move || {
        let name = [old, new].iter().filter_map(|side| side.first()).map(|entry| entry.name).min()?;
        Some((take_name(&mut old, name), take_name(&mut new, name)))
    })
}

/// Splits off the entries of a name, if they come first.
fn take_name<'e>(side: &mut &'e [Packed], name: u32) -> &'e [Packed] {
    let count = side.iter().take_while(|entry| entry.name == name).count();
    let (own, rest) = side.split_at(count);
    *side = rest;
    own
}

fn blobs(entries: &[Packed]) -> impl Iterator<Item = u32> {
    entries.iter().filter_map(|entry| match entry.child() {
        Child::Blob(blob) => Some(blob),
        Child::Tree(_) => None,
    })
}

fn trees(entries: &[Packed]) -> impl Iterator<Item = NodeId> {
    entries.iter().filter_map(|entry| match entry.child() {
        Child::Tree(node) => Some(NodeId(node)),
        Child::Blob(_) => None,
    })
}
