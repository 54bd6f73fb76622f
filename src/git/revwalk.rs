//! From commits to their ancestors, as far as others do not lead there too: a revision walk
//! (git-rev-list(1)).

use std::collections::{BTreeSet, BinaryHeap};

use foldhash::HashMap;
use gix_hash::ObjectId;
use gix_object::Kind;

use super::history::headers;
use super::{Lookup, Problem, Repository, Revisions, Store, Trouble};

/// What a walk came by.
#[derive(Debug, Default)]
pub struct Walked {
    /// The commits that were asked for, newest first.
    pub commits: Vec<ObjectId>,
    /// Parents of those that are not among them, and the commits that were excluded.
    pub boundary: Vec<ObjectId>,
    /// The commits that it started from, less those that were excluded.
    pub tips: Vec<ObjectId>,
    /// Annotated tags that it started from.
    pub tags: Vec<ObjectId>,
    /// Trees and blobs that it started from.
    pub others: Vec<(ObjectId, Kind)>,
    /// What could not be followed.
    pub problems: Vec<Problem>,
}

/// As many commits that are left out are looked at beyond the last that is not, in case dates lie; as git
/// does (`SLOP` in its revision.c).
const SLOP: usize = 5;

/// The commits that `revisions` asks for, from the second `since` on, and without those that `known` has.
/// Where dates lie badly, a commit that was excluded may be told all the same, never the other way round.
pub fn walk(
    repository: &Repository,
    lookup: &Lookup<'_>,
    revisions: &Revisions,
    since: Option<i64>,
    known: Option<&Store>,
) -> Walked {
    let shallow = repository.shallow();
    let mut walk = Walk {
        lookup,
        known,
        nodes: HashMap::default(),
        queue: BinaryHeap::new(),
        open: 0,
        told: Walked::default(),
    };
    let shallow = shallow.unwrap_or_else(|problem| {
        walk.told.problems.push(problem);
        vec![]
    });
    let ends: BTreeSet<ObjectId> = shallow.into_iter().collect();
    for &id in &revisions.excluded {
        let commit = walk.peel(id, false);
        walk.told.boundary.extend(commit);
        commit.into_iter().for_each(|commit| walk.enqueue(commit, true, &ends));
    }
    for &id in &revisions.tips {
        let commit = walk.peel(id, true);
        walk.told.tips.extend(commit);
        commit.into_iter().for_each(|commit| walk.enqueue(commit, false, &ends));
    }
    walk.run(since, &ends);
    walk.told
}

struct Walk<'a> {
    lookup: &'a Lookup<'a>,
    known: Option<&'a Store>,
    nodes: HashMap<ObjectId, Node>,
    /// The newest first.
    queue: BinaryHeap<(i64, ObjectId)>,
    /// How many in the queue are not left out.
    open: usize,
    told: Walked,
}

struct Node {
    parents: Vec<ObjectId>,
    time: i64,
    excluded: bool,
    /// Whether it left the queue, and its parents came in.
    done: bool,
}

impl Walk<'_> {
    /// The commit that an object stands for. Tags on the way are told where they are `wanted`.
    fn peel(&mut self, mut id: ObjectId, wanted: bool) -> Option<ObjectId> {
        let mut bytes = vec![];
        let mut seen = BTreeSet::new();
        while seen.insert(id) {
            match self.lookup.find(&id, &mut bytes) {
                Ok(Some(Kind::Commit)) => return Some(id),
                Ok(Some(Kind::Tag)) => {
                    if wanted {
                        self.told.tags.push(id);
                    }
                    id = headers::tag(&bytes, id.kind())?;
                }
                Ok(Some(kind)) => {
                    if wanted {
                        self.told.others.push((id, kind));
                    }
                    return None;
                }
                // What is left out need not be here: a remote may be ahead.
                Ok(None) if !wanted => return None,
                Ok(None) => {
                    let detail = "is asked for and is not there";
                    self.told.problems.push(Problem::object(id, Trouble::Missing, detail));
                }
                Err(problem) => self.told.problems.push(problem),
            }
        }
        None
    }

    fn enqueue(&mut self, id: ObjectId, excluded: bool, ends: &BTreeSet<ObjectId>) {
        if let Some(node) = self.nodes.get(&id) {
            if excluded && !node.excluded {
                self.exclude(id);
            }
            return;
        }
        let excluded = excluded || self.known.is_some_and(|known| known.contains(&id));
        let mut bytes = vec![];
        let read = match self.lookup.find(&id, &mut bytes) {
            Ok(Some(Kind::Commit)) => match headers::commit(&bytes, id.kind()) {
                Some(commit) => Ok(commit),
                None => Err(Problem::object(id, Trouble::Corrupt, "is no commit that can be read")),
            },
            Ok(Some(_)) => Err(Problem::object(id, Trouble::Corrupt, "is named as a commit and is none")),
            Ok(None) => {
                Err(Problem::object(id, Trouble::Missing, "is the parent of a commit and is not there"))
            }
            Err(problem) => Err(problem),
        };
        match read {
            Ok(headers::Commit { mut parents, time, .. }) => {
                if ends.contains(&id) {
                    parents.clear();
                }
                self.nodes.insert(id, Node { parents, time, excluded, done: false });
                self.queue.push((time, id));
                self.open += usize::from(!excluded);
            }
            Err(_) if excluded => {}
            Err(problem) => self.told.problems.push(problem),
        }
    }

    /// Leaves out a commit and its ancestors, as far as they were seen.
    fn exclude(&mut self, id: ObjectId) {
        let mut rest = vec![id];
        while let Some(id) = rest.pop() {
            let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.excluded) else { continue };
            node.excluded = true;
            match node.done {
                true => rest.extend_from_slice(&node.parents),
                false => self.open -= 1,
            }
        }
    }

    fn run(&mut self, since: Option<i64>, ends: &BTreeSet<ObjectId>) {
        let mut listed = vec![];
        let mut oldest = i64::MAX;
        let mut slop = SLOP;
        while let Some((time, id)) = self.queue.pop() {
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            node.done = true;
            let (excluded, parents) = (node.excluded, node.parents.clone());
            self.open -= usize::from(!excluded);
            parents.into_iter().for_each(|parent| self.enqueue(parent, excluded, ends));
            if !excluded {
                listed.push(id);
                oldest = oldest.min(time);
            }
            if self.open > 0 || time >= oldest {
                slop = SLOP;
            } else if slop == 0 {
                break;
            } else {
                slop -= 1;
            }
        }
        let inside = |id: &ObjectId| {
            self.nodes.get(id).is_some_and(|node| {
                node.done && !node.excluded && since.is_none_or(|since| node.time >= since)
            })
        };
        self.told.commits = listed.into_iter().filter(inside).collect();
        let parents = self.told.commits.iter().flat_map(|id| &self.nodes[id].parents);
        let boundary = parents.filter(|parent| !inside(parent) && self.nodes.contains_key(*parent)).copied();
        let boundary: BTreeSet<ObjectId> = boundary.chain(std::mem::take(&mut self.told.boundary)).collect();
        let tips = std::mem::take(&mut self.told.tips);
        self.told.tips = tips.into_iter().filter(inside).collect();
        self.told.boundary = boundary.into_iter().collect();
    }
}
