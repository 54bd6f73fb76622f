//! The commits of a repository, in an order in which parents come before children.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use gix_hash::{Kind, ObjectId, oid};

use super::intern::{Ids, Lists};
use super::{Problem, headers};

/// What one thread saw of the commits and tags of a repository.
pub struct CommitCollector {
    kind: Kind,
    /// For each commit the ids of itself, its tree and its parents.
    lines: Lists<u8>,
    times: Vec<i64>,
    /// What each tag tags.
    tags: Vec<(ObjectId, ObjectId)>,
    problems: Vec<Problem>,
}

/// A commit: its place in an order in which parents come before children. Where the history leaves the order
/// open, the committers' dates decide, then the ids; so the numbers do not depend on the order in which
/// the commits came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitIx(pub(super) u32);

/// All commits of a repository, and its tags.
pub struct Commits {
    kind: Kind,
    ids: Ids,
    /// One after the other, as bytes.
    trees: Vec<u8>,
    parents: Lists<u32>,
    times: Vec<i64>,
    missing: Vec<(CommitIx, ObjectId)>,
    tags: HashMap<ObjectId, ObjectId>,
    problems: Vec<Problem>,
}

/// What a ref leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peeled {
    /// A commit that is there.
    Commit(CommitIx),
    /// A tree, a blob, or something that did not come.
    Other(ObjectId),
}

/// Stands for a parent that is not there.
const MISSING: u32 = u32::MAX;

impl CommitCollector {
    /// Has seen nothing yet of a repository with ids of this kind.
    pub fn new(kind: Kind) -> CommitCollector {
        CommitCollector { kind, lines: Lists::new(), times: vec![], tags: vec![], problems: vec![] }
    }

    /// Takes a commit, as it is stored.
    pub fn commit(&mut self, id: &oid, bytes: &[u8]) {
        let read = headers::commit(bytes, self.kind).filter(|_| id.kind() == self.kind);
        let Some(commit) = read else {
            return self.problems.push(Problem::MalformedCommit(id.to_owned()));
        };
        let named = [commit.tree].into_iter().chain(commit.parents);
        let line = id.as_bytes().iter().copied().chain(named.flat_map(|id| id.as_bytes().to_vec()));
        self.lines.push(line);
        self.times.push(commit.time);
    }

    /// Takes an annotated tag, as it is stored.
    pub fn tag(&mut self, id: &oid, bytes: &[u8]) {
        match headers::tag(bytes, self.kind) {
            Some(target) => self.tags.push((id.to_owned(), target)),
            None => self.problems.push(Problem::MalformedTag(id.to_owned())),
        }
    }
}

impl Commits {
    /// Puts together what the threads saw.
    pub fn join(kind: Kind, collectors: impl IntoIterator<Item = CommitCollector>) -> Commits {
        let (mut tags, mut problems) = (HashMap::new(), vec![]);
        let mut collected = vec![];
        for collector in collectors {
            tags.extend(collector.tags);
            problems.extend(collector.problems);
            collected.push((collector.lines, collector.times));
        }
        let records = dated(&collected, kind);
        let graph = Graph::new(&records, kind);
        let order = graph.order();
        let mut commits = Commits {
            kind,
            ids: Ids::new(kind),
            trees: Vec::with_capacity(records.len() * kind.len_in_bytes()),
            parents: Lists::new(),
            times: Vec::with_capacity(records.len()),
            missing: vec![],
            tags,
            problems,
        };
        let mut place = vec![MISSING; records.len()];
        for rank in order {
            let at = commits.ids.len() as u32;
            commits.add(CommitIx(at), &records[rank as usize], graph.parents.get(rank), &place);
            place[rank as usize] = at;
        }
        commits.problems.sort_unstable();
        commits
    }

    fn add(&mut self, at: CommitIx, record: &Record, parents: &[u32], place: &[u32]) {
        self.ids.intern(record.id);
        self.trees.extend_from_slice(record.tree);
        self.times.push(record.time);
        let placed = |&parent: &u32| place.get(parent as usize).copied().unwrap_or(MISSING);
        self.parents.push(parents.iter().map(placed));
        for (parent, id) in parents.iter().zip(record.parents(self.kind)) {
            match *parent {
                MISSING => self.missing.push((at, id)),
                there if place[there as usize] == MISSING => {
                    self.problems.push(Problem::CircularCommit(self.id(at).to_owned()));
                }
                _ => {}
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// All of them, parents before children.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = CommitIx> + ExactSizeIterator + use<> {
        (0..self.times.len() as u32).map(CommitIx)
    }

    /// The id of a commit.
    pub fn id(&self, commit: CommitIx) -> &oid {
        oid::from_bytes_unchecked(self.ids.get(commit.0))
    }

    /// The commit with this id, if it is there.
    pub fn find(&self, id: &oid) -> Option<CommitIx> {
        self.ids.find(id.as_bytes()).map(CommitIx)
    }

    /// The parents of a commit as it names them; `None` for each that is not there: beyond a shallow clone's
    /// boundary, or lost.
    pub fn parents(&self, commit: CommitIx) -> impl ExactSizeIterator<Item = Option<CommitIx>> {
        let there = |&parent: &u32| (parent != MISSING).then_some(CommitIx(parent));
        self.parents.get(commit.0).iter().map(there)
    }

    /// When its committer says it was made, in seconds since 1970; 0 where that is not legible. Such dates
    /// may lie.
    pub fn time(&self, commit: CommitIx) -> i64 {
        self.times[commit.0 as usize]
    }

    /// The parents that are named and not there, by the commits that name them.
    pub fn missing_parents(&self) -> &[(CommitIx, ObjectId)] {
        &self.missing
    }

    /// What could not be followed.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Follows tags to what they tag in the end.
    pub fn peel(&self, id: &oid) -> Peeled {
        let mut id = id.to_owned();
        // Tags that tag each other take a lie about an id; more steps than tags are such a circle.
        for _ in 0..self.tags.len() {
            match self.tags.get(&id) {
                Some(&target) => id = target,
                None => break,
            }
        }
        self.find(&id).map_or(Peeled::Other(id), Peeled::Commit)
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The id of a commit's tree.
    pub fn tree(&self, commit: CommitIx) -> &oid {
        let width = self.kind.len_in_bytes();
        oid::from_bytes_unchecked(&self.trees[commit.0 as usize * width..][..width])
    }
}

/// A commit as it was collected.
struct Record<'a> {
    time: i64,
    id: &'a [u8],
    tree: &'a [u8],
    parents: &'a [u8],
}

impl Record<'_> {
    fn parents(&self, kind: Kind) -> impl Iterator<Item = ObjectId> {
        self.parents.chunks_exact(kind.len_in_bytes()).map(ObjectId::from_bytes_or_panic)
    }
}

/// All commits, each once, by their dates and then their ids.
fn dated(collected: &[(Lists<u8>, Vec<i64>)], kind: Kind) -> Vec<Record<'_>> {
    let mut records = vec![];
    for (lines, times) in collected {
        for (number, &time) in (0..).zip(times) {
            let (id, rest) = lines.get(number).split_at(kind.len_in_bytes());
            let (tree, parents) = rest.split_at(kind.len_in_bytes());
            records.push(Record { time, id, tree, parents });
        }
    }
    records.sort_unstable_by_key(|record| (record.id, record.time));
    records.dedup_by_key(|record| record.id);
    records.sort_unstable_by_key(|record| (record.time, record.id));
    records
}

/// Who is whose parent and child, by places in the order of dates.
struct Graph {
    parents: Lists<u32>,
    children: Lists<u32>,
}

impl Graph {
    fn new(records: &[Record], kind: Kind) -> Graph {
        let width = kind.len_in_bytes();
        let mut ids = Ids::new(kind);
        for record in records {
            ids.intern(record.id);
        }
        let mut parents = Lists::new();
        let mut edges = vec![];
        for (child, record) in (0..).zip(records) {
            let named = record.parents.chunks_exact(width).map(|id| ids.find(id).unwrap_or(MISSING));
            let number = parents.push(named);
            let there = parents.get(number).iter().filter(|&&parent| parent != MISSING);
            edges.extend(there.map(|&parent| (parent, child)));
        }
        Graph { parents, children: grouped(edges, records.len()) }
    }

    /// All commits, parents before children, and among those that are ready the first by date. Those that
    /// are their own ancestors, and their descendants, come last.
    fn order(&self) -> Vec<u32> {
        let waits = |rank| self.parents.get(rank).iter().filter(|&&parent| parent != MISSING).count();
        let count = self.parents.len() as u32;
        let mut waiting: Vec<usize> = (0..count).map(waits).collect();
        let mut ready: BinaryHeap<Reverse<u32>> =
            (0..count).filter(|&rank| waiting[rank as usize] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(Reverse(rank)) = ready.pop() {
            order.push(rank);
            for &child in self.children.get(rank) {
                waiting[child as usize] -= 1;
                if waiting[child as usize] == 0 {
                    ready.push(Reverse(child));
                }
            }
        }
        order.extend((0..count).filter(|&rank| waiting[rank as usize] > 0));
        order
    }
}

/// The second of each pair, in lists by the first, for all firsts below `count`.
fn grouped(mut pairs: Vec<(u32, u32)>, count: usize) -> Lists<u32> {
    pairs.sort_unstable();
    let mut lists = Lists::new();
    let mut rest = &pairs[..];
    for first in 0..count as u32 {
        let (own, others) = rest.split_at(rest.partition_point(|pair| pair.0 == first));
        lists.push(own.iter().map(|pair| pair.1));
        rest = others;
    }
    lists
}
