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
use super::{CommitIx, History};

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

/// A label at a path.
type Key = (PathIx, Label);

impl History<'_> {
    /// What happened to each label at each path in the whole history, sorted by the bytes of the path, then
    /// by label.
    pub fn events(&self, labels: &Labels, heads: &[CommitIx]) -> Vec<Occurrence> {
        self.events_of(self.commits.iter(), labels, heads)
    }

    /// The same for some of the commits, each of which is compared with its parents wherever those are.
    pub(super) fn events_of(
        &self,
        commits: impl Iterator<Item = CommitIx>,
        labels: &Labels,
        heads: &[CommitIx],
    ) -> Vec<Occurrence> {
        let mut events = Events { history: self, labels, rows: HashMap::default() };
        for commit in commits {
            events.compare(commit);
        }
        let in_head = self.keys_in(labels, heads);
        let mut rows: Vec<(Key, Row)> = events.rows.into_iter().collect();
        self.sort_keys(&mut rows, |row| row.0);
        rows.into_iter()
            .map(|((path, label), Row { introduced, removed })| {
                let in_head = in_head.contains(&(path, label));
                Occurrence { path, label, introduced, removed, in_head }
            })
            .collect()
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
struct Events<'a> {
    history: &'a History<'a>,
    labels: &'a Labels,
    rows: HashMap<Key, Row>,
}

/// What happened to a label at a path.
#[derive(Default)]
struct Row {
    introduced: Vec<Introduction>,
    removed: Vec<Removal>,
}

/// What is at one side and not at the other; for each label the least blob that holds it.
type Side = BTreeMap<Key, u32>;

impl Events<'_> {
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
                let introduction = Introduction { commit, blob, certainty };
                self.rows.entry(key).or_default().introduced.push(introduction);
            }
        }
        for (key, (_, having)) in old {
            let way = if having == parents.len() { Way::Removed } else { Way::Merged };
            self.rows.entry(key).or_default().removed.push(Removal { commit, way });
        }
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
    fn differing(&self, old: Root, new: Root) -> (Side, Side) {
        if old == new {
            return Default::default();
        }
        let node = |root| match root {
            Root::Node(node) => Some(node),
            Root::Unknown | Root::Bare => None,
        };
        let difference = diff(&self.history.nodes, &self.history.paths, node(old), node(new));
        let (mut new, mut old) = (self.side(&difference.new), self.side(&difference.old));
        let everything_new = new.clone();
        new.retain(|key, _| !old.contains_key(key));
        old.retain(|key, _| !everything_new.contains_key(key));
        (new, old)
    }

    fn side(&self, blobs: &[(PathIx, u32)]) -> Side {
        let mut side = Side::new();
        for &(path, blob) in blobs {
            let Some(place) = self.history.number(path, blob) else { continue };
            for &label in self.labels.at(place) {
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
