//! Which commits brought a label to a path, and which took it away.
//!
//! Labels are compared, not blobs: editing a file around a secret is no event. A commit is compared with
//! each of its parents; dates play no part.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};

use super::diff::diff;
use super::labels::{Label, Labels};
use super::located::Root;
use super::paths::PathIx;
use super::walk::present;
use super::{CommitIx, History, Problem};

/// A label at a path, and what happened to it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Where.
    pub path: PathIx,
    /// What.
    pub label: Label,
    /// The commits that have it there while no parent has, parents before children.
    pub introduced: Vec<Introduction>,
    /// The commits that do not have it there while a parent has, parents before children.
    pub removed: Vec<Removal>,
    /// Whether one of the asked heads has it there.
    pub in_head: bool,
}

/// A commit that brought a label to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Introduction {
    /// Which.
    pub commit: CommitIx,
    /// The number of the blob that holds it there; the least, where the path stands for several.
    pub blob: u32,
    /// How sure that is.
    pub certainty: Certainty,
}

/// Whether all that a commit came from could be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// All parents were there.
    Exact,
    /// A parent or its tree is not there, such as at the boundary of a shallow clone: what is new here may
    /// have come before.
    HereOrBefore,
}

/// A commit that took a label from a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Which.
    pub commit: CommitIx,
    /// In what way.
    pub way: Way,
}

/// In what way a label left a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// All parents that were there had it.
    Removed,
    /// A merge of parents of which some had it and others did not, and it went with the latter: so does a
    /// merge of an old branch into one where the label was removed long ago.
    Merged,
}

/// All that happened to labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// Each label at each path, sorted by the bytes of the path, then by label.
    pub occurrences: Vec<Occurrence>,
    /// Says so if there are commits that were not looked at.
    pub problem: Option<Problem>,
}

/// How much is looked at. A million commits that put a thousand files there and take them away by turns are
/// a small repository, and a thousand million events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Introductions and removals.
    pub(super) events: usize,
    /// Entries of trees and labels of blobs that differ.
    pub(super) steps: usize,
}

impl Limits {
    /// Some ten seconds, and half a gigabyte. What people made stays far below it.
    pub(super) const USUAL: Limits = Limits { events: 20_000_000, steps: 1_000_000_000 };
}

/// A label at a path.
type Key = (PathIx, Label);

impl History<'_> {
    /// What happened to each label at each path in the whole history.
    pub fn events(&self, labels: &Labels, heads: &[CommitIx]) -> Events {
        self.events_of(self.commits.iter(), labels, heads)
    }

    /// The same for some of the commits, each of which is compared with its parents wherever those are.
    pub(super) fn events_of(
        &self,
        commits: impl ExactSizeIterator<Item = CommitIx>,
        labels: &Labels,
        heads: &[CommitIx],
    ) -> Events {
        let mut comparison =
            Comparison { history: self, labels, rows: HashMap::default(), left: self.limits };
        let mut unseen = 0;
        for commit in commits {
            match comparison.left {
                Limits { events: 0, .. } | Limits { steps: 0, .. } => unseen += 1,
                _ => comparison.compare(commit),
            }
        }
        let in_head = self.keys_in(labels, heads);
        let mut rows: Vec<(Key, Row)> = comparison.rows.into_iter().collect();
        self.sort_keys(&mut rows, |row| row.0);
        let occurrence = |((path, label), Row { introduced, removed })| {
            let in_head = in_head.contains(&(path, label));
            Occurrence { path, label, introduced, removed, in_head }
        };
        Events {
            occurrences: rows.into_iter().map(occurrence).collect(),
            problem: (unseen > 0).then_some(Problem::ManyEvents(unseen)),
        }
    }

    /// Every label at every path in the trees of some commits.
    pub(super) fn keys_in(&self, labels: &Labels, commits: &[CommitIx]) -> HashSet<Key> {
        let roots = self.root_nodes(commits.iter().copied());
        let blobs = present(&self.nodes, &self.paths, roots);
        let mut keys = HashSet::default();
        for (path, blob) in blobs {
            let Some(place) = self.number(path, blob) else { continue };
            keys.extend(labels.at(place).iter().map(|&label| (path, label)));
        }
        keys
    }

    fn sort_keys<T>(&self, rows: &mut [T], key: impl Fn(&T) -> Key) {
        let mut bytes: HashMap<PathIx, Vec<u8>> = HashMap::default();
        for row in rows.iter() {
            let (path, _) = key(row);
            bytes.entry(path).or_insert_with(|| self.path(path));
        }
        rows.sort_unstable_by(|one, other| {
            let ((one, one_label), (other, other_label)) = (key(one), key(other));
            (&bytes[&one], one, one_label).cmp(&(&bytes[&other], other, other_label))
        });
    }
}

/// The work under way.
struct Comparison<'a> {
    history: &'a History<'a>,
    labels: &'a Labels,
    rows: HashMap<Key, Row>,
    left: Limits,
}

/// What happened to a label at a path.
#[derive(Default)]
struct Row {
    introduced: Vec<Introduction>,
    removed: Vec<Removal>,
}

/// What is at one side and not at the other; for each label the least blob that holds it.
type Side = BTreeMap<Key, u32>;

impl Comparison<'_> {
    fn compare(&mut self, commit: CommitIx) {
        let own = self.history.root(commit);
        let (parents, certainty) = self.parents(commit);
        if own == Root::Unknown || parents == [own] {
            return;
        }
        let (mut new, mut old) = (BTreeMap::new(), BTreeMap::new());
        for &parent in &parents {
            let (parent_new, parent_old) = self.differing(parent, own);
            count(&mut new, parent_new);
            count(&mut old, parent_old);
        }
        for (key, (blob, lacking)) in new {
            if lacking == parents.len() {
                self.row(key).introduced.push(Introduction { commit, blob, certainty });
            }
        }
        for (key, (_, having)) in old {
            let way = if having == parents.len() { Way::Removed } else { Way::Merged };
            self.row(key).removed.push(Removal { commit, way });
        }
    }

    /// The row that something is added to.
    fn row(&mut self, key: Key) -> &mut Row {
        self.left.events = self.left.events.saturating_sub(1);
        self.rows.entry(key).or_default()
    }

    /// The distinct trees that a commit is compared with; an empty one if nothing comes before it.
    fn parents(&self, commit: CommitIx) -> (Vec<Root>, Certainty) {
        let root =
            |parent: Option<CommitIx>| parent.map_or(Root::Unknown, |parent| self.history.root(parent));
        let mut roots: Vec<Root> = self.history.commits.parents(commit).map(root).collect();
        let named = roots.len();
        roots.retain(|root| *root != Root::Unknown);
        let certainty = if roots.len() == named { Certainty::Exact } else { Certainty::HereOrBefore };
        roots.sort_unstable();
        roots.dedup();
        if roots.is_empty() {
            roots.push(Root::Bare);
        }
        (roots, certainty)
    }

    /// The labels that only the new tree has, and those that only the old one has.
    fn differing(&mut self, old: Root, new: Root) -> (Side, Side) {
        if old == new {
            return Default::default();
        }
        let node = |root| match root {
            Root::Node(node) => Some(node),
            Root::Unknown | Root::Bare => None,
        };
        let difference = diff(&self.history.nodes, &self.history.paths, node(old), node(new));
        self.left.steps = self.left.steps.saturating_sub(difference.steps);
        let (mut new, mut old) = (self.side(&difference.new), self.side(&difference.old));
        let everything_new = new.clone();
        new.retain(|key, _| !old.contains_key(key));
        old.retain(|key, _| !everything_new.contains_key(key));
        (new, old)
    }

    fn side(&mut self, blobs: &[(PathIx, u32)]) -> Side {
        let mut side = Side::new();
        for &(path, blob) in blobs {
            let Some(place) = self.history.number(path, blob) else { continue };
            let labels = self.labels.at(place);
            self.left.steps = self.left.steps.saturating_sub(labels.len());
            for &label in labels {
                side.entry((path, label)).and_modify(|least| *least = blob.min(*least)).or_insert(blob);
            }
        }
        side
    }
}

/// Counts at how many parents a label at a path differs.
fn count(counts: &mut BTreeMap<Key, (u32, usize)>, side: Side) {
    for (key, blob) in side {
        let (least, parents) = counts.entry(key).or_insert((blob, 0));
        *least = blob.min(*least);
        *parents += 1;
    }
}

#[cfg(test)]
mod tests {
    use gix_hash::{Kind, ObjectId};

    use super::*;
    use crate::git::history::{CommitCollector, Commits, TreeCollector, Wanted};

    fn id(number: u8) -> ObjectId {
        ObjectId::Sha1([number; 20])
    }

    /// Ten commits that put three files there and take them away by turns.
    fn restless() -> Commits {
        let mut collector = CommitCollector::new(Kind::Sha1);
        let trees = [id(100), ObjectId::empty_tree(Kind::Sha1)];
        for number in 0..10u8 {
            let parent =
                number.checked_sub(1).map_or_else(String::new, |before| format!("parent {}\n", id(before)));
            collector
                .commit(&id(number), format!("tree {}\n{parent}\n", trees[number as usize % 2]).as_bytes());
        }
        Commits::join(Kind::Sha1, [collector])
    }

    #[test]
    fn more_than_is_followed_is_told() {
        let (commits, wanted) = (restless(), Wanted::new(Kind::Sha1, [id(200)]));
        let mut collector = TreeCollector::new(&wanted);
        let entry = |name: &str| [b"100644 ", name.as_bytes(), b"\0", id(200).as_bytes()].concat();
        collector.tree(&id(100), &["a", "b", "c"].map(entry).concat());
        let mut history = History::new(&commits, &wanted, vec![collector]);
        let labels = Labels::new(&history, |_| &[7]);
        let cases = [
            (Limits::USUAL, 30, None),
            (Limits { events: 7, ..Limits::USUAL }, 9, Some(Problem::ManyEvents(7))),
            (Limits { steps: 1, ..Limits::USUAL }, 3, Some(Problem::ManyEvents(9))),
        ];
        for (limits, expected, problem) in cases {
            history.limits = limits;
            let events = history.events(&labels, &[]);
            let count: usize =
                events.occurrences.iter().map(|row| row.introduced.len() + row.removed.len()).sum();
            assert_eq!((count, events.problem), (expected, problem), "{limits:?}");
        }
    }
}
