//! Where wanted blobs stand in a history: the paths, and the remainder of each commit's tree.

use foldhash::{HashMap, HashMapExt};
use gix_hash::ObjectId;

use super::events::Limits;
use super::nodes::{NodeId, Nodes};
use super::paths::{PathIx, Paths};
use super::places::{Place, Search};
use super::prune::{Outcome, Pruned};
use super::{CommitIx, Commits, Problem, TreeCollector, Wanted};

/// All that was collected of a repository, made ready for questions.
pub struct History<'a> {
    pub(super) commits: &'a Commits,
    pub(super) nodes: Nodes,
    pub(super) paths: Paths,
    pub(super) limits: Limits,
    roots: Vec<Outcome>,
    places: Vec<Place>,
    numbers: HashMap<(PathIx, u32), u32>,
    nowhere: Vec<u32>,
    problems: Vec<Problem>,
}

/// What is left of a commit's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Root {
    /// The commit is not there, or its tree is not.
    Unknown,
    /// No wanted blob is in it.
    Bare,
    /// The wanted blobs in it.
    Node(NodeId),
}

impl<'a> History<'a> {
    /// Works out where the wanted blobs stand. All collectors have to be of the same wanted blobs, and all
    /// trees of the repository have to have come to one of them.
    pub fn new(commits: &'a Commits, wanted: &Wanted, collectors: Vec<TreeCollector>) -> History<'a> {
        let pruned = Pruned::new(commits.kind(), collectors);
        let roots: Vec<Outcome> = commits.iter().map(|commit| pruned.outcome(commits.tree(commit))).collect();
        let Pruned { nodes, names, mut problems, .. } = pruned;
        problems.extend(missing_roots(commits, &roots));
        let mut paths = Paths::new(names);
        let mut search = Search::new(&nodes, &mut paths, wanted.len());
        problems.extend(search.run(&newest_first(&roots)));
        let (nowhere, places) = (search.nowhere(), search.places);
        problems.sort_unstable();
        let places = sorted(places, &paths);
        let mut numbers = HashMap::with_capacity(places.len());
        numbers.extend(places.iter().zip(0..).map(|(place, number)| ((place.path, place.blob), number)));
        let limits = Limits::USUAL;
        History { commits, nodes, paths, limits, roots, places, numbers, nowhere, problems }
    }

    /// Every wanted blob at every path, sorted by the bytes of the path, then by the blob. A blob that is in
    /// some commit's tree is not listed where it stands in none.
    ///
    /// Names that hold a slash, which git itself never writes, make paths that read alike and are two.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Wanted blobs that are in no tree that came.
    pub fn nowhere(&self) -> &[u32] {
        &self.nowhere
    }

    /// The bytes of a path, names joined with slashes.
    pub fn path(&self, path: PathIx) -> Vec<u8> {
        self.paths.bytes(path)
    }

    /// What could not be followed, sorted. What the commits have to say stands with them.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The number of a place that is listed.
    pub(super) fn number(&self, path: PathIx, blob: u32) -> Option<u32> {
        self.numbers.get(&(path, blob)).copied()
    }

    pub(super) fn root(&self, commit: CommitIx) -> Root {
        match self.roots[commit.0 as usize] {
            Outcome::Node(node) => Root::Node(node),
            Outcome::Nothing => Root::Bare,
            Outcome::Unknown | Outcome::Waiting | Outcome::Open => Root::Unknown,
        }
    }

    /// The nodes of those of these commits that have one.
    pub(super) fn root_nodes(&self, commits: impl IntoIterator<Item = CommitIx>) -> Vec<NodeId> {
        let node = |commit| match self.root(commit) {
            Root::Node(node) => Some(node),
            Root::Unknown | Root::Bare => None,
        };
        commits.into_iter().filter_map(node).collect()
    }
}

/// The distinct nodes of commits, those of later commits first.
fn newest_first(roots: &[Outcome]) -> Vec<NodeId> {
    let mut seen = foldhash::HashSet::default();
    let node = |root: &Outcome| match root {
        Outcome::Node(node) => Some(*node),
        _ => None,
    };
    roots.iter().rev().filter_map(node).filter(|node| seen.insert(*node)).collect()
}

fn missing_roots(commits: &Commits, roots: &[Outcome]) -> Option<Problem> {
    let unknown = commits.iter().zip(roots).filter(|(_, root)| **root == Outcome::Unknown);
    let ids: Vec<_> = unknown.map(|(commit, _)| commits.id(commit)).collect();
    let first: ObjectId = ids.iter().min().map(|id| (*id).to_owned())?;
    Some(Problem::MissingRoots(ids.len() as u64, first))
}

fn sorted(places: Vec<Place>, paths: &Paths) -> Vec<Place> {
    let mut keyed: Vec<(Vec<u8>, Place)> =
        places.into_iter().map(|place| (paths.bytes(place.path), place)).collect();
    keyed.sort_unstable_by(|(path, place), (other_path, other)| {
        (path, place.blob, place.path).cmp(&(other_path, other.blob, other.path))
    });
    keyed.into_iter().map(|(_, place)| place).collect()
}
