//! Histories that somebody made to do harm: objects that git would not write, some under ids that are lies.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

use std::time::{Duration, Instant};

use gix_hash::{Kind, ObjectId};
use sha1::{Digest, Sha1};
use stanch::git::history::{
    CommitCollector, CommitIx, Commits, History, Label, Labels, Occurrence, Peeled, Problem, Standing,
    TreeCollector, Wanted,
};

/// Longer than any of these takes, by far.
const PATIENCE: Duration = Duration::from_secs(30);

/// Entries of a tree: mode, name, id.
type Entry<'e> = (&'e str, &'e [u8], ObjectId);

/// Objects as they will be handed over.
#[derive(Default)]
struct Store {
    trees: Vec<(ObjectId, Vec<u8>)>,
    commits: Vec<(ObjectId, Vec<u8>)>,
    tags: Vec<(ObjectId, Vec<u8>)>,
}

fn id_of(kind: &str, bytes: &[u8]) -> ObjectId {
    let mut hash = Sha1::new_with_prefix(format!("{kind} {}\0", bytes.len()));
    hash.update(bytes);
    ObjectId::Sha1(hash.finalize().into())
}

/// The id of a blob with this text.
fn blob(text: &str) -> ObjectId {
    id_of("blob", text.as_bytes())
}

fn tree_bytes(entries: &[Entry]) -> Vec<u8> {
    let bytes = |(mode, name, id): &Entry| [mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat();
    entries.iter().flat_map(bytes).collect()
}

fn commit_bytes(tree: ObjectId, parents: &[ObjectId], time: usize) -> Vec<u8> {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    format!("tree {tree}\n{parents}author x <> {time} +0000\ncommitter x <> {time} +0000\n\nwords\n")
        .into_bytes()
}

impl Store {
    fn tree(&mut self, entries: &[Entry]) -> ObjectId {
        let bytes = tree_bytes(entries);
        let id = id_of("tree", &bytes);
        self.trees.push((id, bytes));
        id
    }

    fn commit(&mut self, tree: ObjectId, parents: &[ObjectId]) -> ObjectId {
        let bytes = commit_bytes(tree, parents, self.commits.len());
        let id = id_of("commit", &bytes);
        self.commits.push((id, bytes));
        id
    }

    fn commits(&self) -> Commits {
        let mut collector = CommitCollector::new(Kind::Sha1);
        self.commits.iter().for_each(|(id, bytes)| collector.commit(id, bytes));
        self.tags.iter().for_each(|(id, bytes)| collector.tag(id, bytes));
        Commits::join(Kind::Sha1, [collector])
    }

    /// What becomes of these blobs, each of which holds the label of its place in the list.
    fn solve(&self, blobs: &[ObjectId]) -> Solved {
        let started = Instant::now();
        let (commits, wanted) = (self.commits(), Wanted::new(Kind::Sha1, blobs.iter().copied()));
        let mut collector = TreeCollector::new(&wanted);
        self.trees.iter().for_each(|(id, bytes)| collector.tree(id, bytes));
        let history = History::new(&commits, &wanted, vec![collector]);
        let own: Vec<Label> = (0..wanted.len() as u32)
            .map(|at| blobs.iter().position(|id| **id == *wanted.id(at)).unwrap() as Label)
            .collect();
        let labels = Labels::new(&history, |place| std::slice::from_ref(&own[place.blob as usize]));
        let heads: Vec<CommitIx> = commits.iter().rev().take(1).collect();
        let events = history.events(&labels, &heads);
        let paths = history.places().iter().map(|place| {
            let sign = if place.standing == Standing::Loose { "loose " } else { "" };
            let path = history.path(place.path);
            let path = if path.len() > 100 {
                format!("{} bytes", path.len())
            } else {
                path.escape_ascii().to_string()
            };
            (own[place.blob as usize], format!("{sign}{path}"))
        });
        let mut paths: Vec<(Label, String)> = paths.collect();
        paths.sort();
        let problems =
            commits.problems().iter().chain(history.problems()).chain(&events.problem).cloned().collect();
        let nowhere = history.nowhere().iter().map(|&blob| own[blob as usize]).collect();
        assert!(started.elapsed() < PATIENCE, "took {:?}", started.elapsed());
        Solved { paths, events: events.occurrences, problems, nowhere }
    }
}

struct Solved {
    paths: Vec<(Label, String)>,
    events: Vec<Occurrence>,
    problems: Vec<Problem>,
    nowhere: Vec<Label>,
}

impl Solved {
    fn paths_of(&self, label: Label) -> Vec<&str> {
        self.paths.iter().filter(|path| path.0 == label).map(|path| path.1.as_str()).collect()
    }
}

#[test]
fn trees_that_nest_without_end() {
    let (mut store, red, green) = (Store::default(), blob("red"), blob("green"));
    let mut tree = store.tree(&[("100644", b"a", red)]);
    for level in 0..200_000 {
        tree = match level {
            199_990 => store.tree(&[("100644", b"b", green), ("40000", b"d", tree)]),
            _ => store.tree(&[("40000", b"d", tree)]),
        };
    }
    store.commit(tree, &[]);
    let solved = store.solve(&[red, green]);
    assert_eq!(solved.paths_of(1), ["d/d/d/d/d/d/d/d/d/b"]);
    assert_eq!(solved.nowhere, [0]);
    assert_eq!(solved.problems, [Problem::LongPaths(1)]);
    assert_eq!(solved.events.len(), 1);
}

#[test]
fn a_path_may_be_long_but_not_endless() {
    let (mut store, red) = (Store::default(), blob("red"));
    let (most, more) = (vec![b'n'; 16_384], vec![b'n'; 16_385]);
    let inner = store.tree(&[("100644", &most[..16_382], red), ("100644", &most[..16_383], red)]);
    let tree = store.tree(&[("100644", &most, red), ("100644", &more, red), ("40000", b"d", inner)]);
    store.commit(tree, &[]);
    let solved = store.solve(&[red]);
    assert_eq!(solved.paths_of(0), ["16384 bytes", "16384 bytes"]);
    assert_eq!(solved.problems, [Problem::LongName(tree), Problem::LongPaths(1)]);
}

#[test]
fn names_that_no_path_can_have() {
    let (mut store, red) = (Store::default(), blob("red"));
    let inner = store.tree(&[("100644", b"", red), ("100644", b"..", red), ("100644", b"c\nd", red)]);
    let tree = store.tree(&[
        ("100644", b"a/b", red),
        ("100644", b"same", red),
        ("100644", b"same", red),
        ("100644", b"\xff\x1b", red),
        ("40000", b"/", inner),
        ("40000", b"same", inner),
    ]);
    store.commit(tree, &[]);
    let solved = store.solve(&[red]);
    let expected = ["//", "//..", r"//c\nd", r"\xff\x1b", "a/b", "same", "same/", "same/..", r"same/c\nd"];
    assert_eq!(solved.paths_of(0), expected);
    assert_eq!(solved.events.len(), expected.len());
    assert_eq!(solved.problems, []);
}

#[test]
fn a_blob_that_is_deep_inside_of_a_bomb_is_found_once_the_others_are_listed() {
    let mut store = Store::default();
    let many: Vec<ObjectId> = (0..500).map(|at| blob(&at.to_string())).collect();
    let rare = blob("rare");
    let names: Vec<String> = (0..=500).map(|at| format!("{at:03}")).collect();
    let mut files: Vec<Entry> =
        names.iter().zip(&many).map(|(name, id)| ("100644", name.as_bytes(), *id)).collect();
    let mut plain = store.tree(&files);
    files.push(("100644", names[500].as_bytes(), rare));
    let mut special = store.tree(&files);
    for _ in 0..9 {
        let mut entries: Vec<Entry> =
            names[..10].iter().map(|name| ("40000", name.as_bytes(), plain)).collect();
        plain = store.tree(&entries);
        entries[7].2 = special;
        special = store.tree(&entries);
    }
    store.commit(special, &[]);
    let wanted: Vec<ObjectId> = many.into_iter().chain([rare]).collect();
    let solved = store.solve(&wanted);
    assert_eq!(solved.paths_of(500), ["007/007/007/007/007/007/007/007/007/500"]);
    assert!((0..500).all(|label| solved.paths_of(label).len() == 1_000));
    assert_eq!(solved.problems, [Problem::ManyPaths(500 * (1_000_000_000 - 1_000), 500)]);
}

#[test]
fn a_bomb_in_no_commit() {
    let (mut store, red) = (Store::default(), blob("red"));
    let mut tree = store.tree(&[("100644", b"a", red)]);
    for _ in 0..30 {
        tree = store.tree(&[("40000", b"x", tree), ("40000", b"y", tree)]);
    }
    let solved = store.solve(&[red]);
    assert_eq!(solved.paths.len(), 1_000);
    assert!(solved.paths.iter().all(|(_, path)| path.starts_with("loose x/")), "{:?}", solved.paths[999]);
    assert_eq!(solved.problems, [Problem::ManyPaths((1 << 30) - 1_000, 1)]);
}

#[test]
fn ids_that_are_lies_make_no_circle_that_anybody_gets_lost_in() {
    let (mut store, red, green) = (Store::default(), blob("red"), blob("green"));
    let (one, other) = (id_of("lie", b"1"), id_of("lie", b"2"));
    store.trees.push((one, tree_bytes(&[("40000", b"other", other), ("100644", b"a", red)])));
    store.trees.push((other, tree_bytes(&[("40000", b"one", one), ("100644", b"b", green)])));
    let (first, second) = (id_of("lie", b"3"), id_of("lie", b"4"));
    store.commits.push((first, commit_bytes(one, &[second], 1)));
    store.commits.push((second, commit_bytes(one, &[first], 2)));
    let tags = [id_of("lie", b"5"), id_of("lie", b"6")];
    for (tag, target) in [(0, 1), (1, 0)] {
        store.tags.push((tags[tag], format!("object {}\ntype tag\n", tags[target]).into_bytes()));
    }
    let solved = store.solve(&[red, green]);
    assert_eq!((solved.paths_of(0), solved.paths_of(1)), (vec!["a"], vec!["other/b"]));
    assert_eq!(solved.problems, [Problem::CircularCommit(first), Problem::CircularTree(one)]);
    assert!(matches!(store.commits().peel(&tags[0]), Peeled::Other(_)));
}

#[test]
fn objects_that_cannot_be_read() {
    let (mut store, red) = (Store::default(), blob("red"));
    let whole = tree_bytes(&[("100644", b"a", red), ("100644", b"b", red)]);
    let cut = whole[..whole.len() - 1].to_vec();
    let id = id_of("tree", &cut);
    store.trees.push((id, cut));
    let good = store.tree(&[("100644", b"a", red), ("100644", b"b", red), ("100644", b"c", red)]);
    let first = store.commit(id, &[]);
    store.commit(good, &[first]);
    let bad = id_of("commit", b"words");
    store.commits.push((bad, b"words".to_vec()));
    let tag = id_of("tag", b"");
    store.tags.push((tag, vec![]));
    let lost = blob("lost");
    let holding = store.tree(&[("40000", b"lost", lost)]);
    store.commit(holding, &[]);
    let rootless = store.commit(blob("no tree"), &[]);
    let solved = store.solve(&[red]);
    assert_eq!(solved.paths_of(0), ["a", "b", "c"]);
    let introduced: Vec<usize> = solved.events.iter().map(|event| event.introduced.len()).collect();
    assert_eq!(introduced, [1, 1, 1]);
    assert_eq!(
        solved.problems,
        [
            Problem::MalformedCommit(bad),
            Problem::MalformedTag(tag),
            Problem::MalformedTree(id),
            Problem::MissingTrees(1, lost),
            Problem::MissingRoots(1, rootless),
        ]
    );
}

/// A folder of thousands of wanted files, each version of it with another one.
#[test]
fn a_folder_of_thousands_of_wanted_files_that_changes_thousands_of_times() {
    let mut store = Store::default();
    let blobs: Vec<ObjectId> = (0..6_000).map(|at| blob(&at.to_string())).collect();
    let names: Vec<String> = (0..3_000).map(|at| format!("{at:04}")).collect();
    let mut entries: Vec<Entry> =
        names.iter().zip(&blobs).map(|(name, id)| ("100644", name.as_bytes(), *id)).collect();
    let mut parents = vec![];
    for at in 0..3_000 {
        entries[at].2 = blobs[3_000 + at];
        let tree = store.tree(&entries);
        parents = vec![store.commit(tree, &parents)];
    }
    let solved = store.solve(&blobs);
    // The first commit has the first file changed already.
    assert_eq!(solved.events.len(), 5_999);
    assert_eq!(solved.nowhere, [0]);
    assert_eq!(solved.problems, []);
}
