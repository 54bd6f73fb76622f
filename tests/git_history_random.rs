//! Histories against the plain reading of what is asked: random commits over random trees, each commit's
//! whole content spelled out and compared with its parents' as sets. Trees repeat names, are large, share
//! what is below them; some objects never come.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use gix_hash::{Kind, ObjectId};
use sha1::{Digest, Sha1};
use stanch::git::history::{
    Certainty, CommitCollector, CommitIx, Commits, History, Label, Labels, Novelty, Occurrence, Standing,
    TreeCollector, Wanted, Way,
};

/// Histories that are tried; the first ones are the smallest.
const CASES: u64 = 500;
/// Paths in one tree, at most: a plain reading of more takes long.
const MOST_PATHS: usize = 400;

/// A path and the blob at it.
type Content = BTreeSet<(Vec<u8>, ObjectId)>;
/// A path and a label at it.
type Key = (Vec<u8>, Label);

#[derive(Clone)]
struct Tree {
    id: ObjectId,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    content: Content,
    comes: bool,
}

#[derive(Clone)]
struct Entry {
    mode: &'static str,
    name: String,
    id: ObjectId,
}

struct Commit {
    id: ObjectId,
    bytes: Vec<u8>,
    /// Places of the parents in the list, those that never come included.
    parents: Vec<usize>,
    comes: bool,
    /// What stands in its tree, if that came.
    content: Option<Content>,
}

/// A history and what is true of it.
struct World {
    random: Rng,
    blobs: Vec<(ObjectId, Vec<Label>)>,
    trees: Vec<Tree>,
    commits: Vec<Commit>,
}

fn id_of(kind: &str, bytes: &[u8]) -> ObjectId {
    let mut hash = Sha1::new_with_prefix(format!("{kind} {}\0", bytes.len()));
    hash.update(bytes);
    ObjectId::Sha1(hash.finalize().into())
}

impl World {
    fn new(seed: u64) -> World {
        let mut random = Rng::with_seed(seed);
        let size = 2 + seed as usize / 20;
        let blob = |random: &mut Rng, at: usize| {
            let labels = (0..3).filter(|_| random.u8(..3) == 0).collect();
            (id_of("blob", &[at as u8]), labels)
        };
        let blobs = (0..8).map(|at| blob(&mut random, at)).collect();
        let mut world = World { random, blobs, trees: vec![], commits: vec![] };
        for _ in 0..size * 3 {
            world.add_tree();
        }
        for _ in 0..size {
            world.add_commit();
        }
        world
    }

    fn add_tree(&mut self) {
        let mut entries = vec![];
        if !self.trees.is_empty() && self.random.u8(..4) > 0 {
            let like = self.random.usize(..self.trees.len());
            entries.clone_from(&self.trees[like].entries);
        } else if self.random.u8(..8) == 0 {
            entries.extend((0..self.random.u8(20..90)).map(|at| self.entry(format!("n{at}"))));
        }
        for _ in 0..self.random.u8(..4) {
            self.change(&mut entries);
        }
        let bytes: Vec<u8> = entries
            .iter()
            .flat_map(|entry| {
                [entry.mode.as_bytes(), b" ", entry.name.as_bytes(), b"\0", entry.id.as_bytes()].concat()
            })
            .collect();
        let content = self.content_of(&entries);
        if content.len() <= MOST_PATHS {
            let (id, comes) = (id_of("tree", &bytes), self.random.u8(..20) > 0);
            // One tree is always there or never.
            let comes = self.trees.iter().find(|tree| tree.id == id).map_or(comes, |tree| tree.comes);
            let content = if comes { content } else { Content::new() };
            self.trees.push(Tree { id, bytes, entries, content, comes });
        }
    }

    fn change(&mut self, entries: &mut Vec<Entry>) {
        let at = self.random.usize(..=entries.len());
        let known = entries.get(at).map(|entry| entry.name.clone());
        match self.random.u8(..4) {
            0 if at < entries.len() => drop(entries.remove(at)),
            1 if at < entries.len() => entries[at] = self.entry(known.unwrap()),
            2 => {
                let name = self.random.choice(["a", "b", "c", "d", ""]).unwrap();
                entries.insert(at, self.entry(name.to_owned()));
            }
            _ => {
                let name = self.random.choice(["a", "b", "c", "dd"]).unwrap();
                if !entries.iter().any(|entry| entry.name == name) {
                    entries.push(self.entry(name.to_owned()));
                }
            }
        }
    }

    fn entry(&mut self, name: String) -> Entry {
        if self.trees.is_empty() || self.random.bool() {
            let mode =
                self.random.choice(["100644", "100644", "100755", "120000", "160000", "100664"]).unwrap();
            return Entry { mode, name, id: self.random.choice(&self.blobs).unwrap().0 };
        }
        let mode = self.random.choice(["40000", "40000", "040000"]).unwrap();
        Entry { mode, name, id: self.random.choice(&self.trees).unwrap().id }
    }

    /// What stands in a tree of these entries, spelled out.
    fn content_of(&self, entries: &[Entry]) -> Content {
        let mut content = Content::new();
        for Entry { mode, name, id } in entries {
            match *mode {
                "160000" => {}
                "40000" | "040000" => {
                    let below = &self.trees.iter().find(|tree| tree.id == *id).unwrap().content;
                    let deeper = |path: &Vec<u8>| [name.as_bytes(), b"/", path].concat();
                    content.extend(below.iter().map(|(path, blob)| (deeper(path), *blob)));
                }
                _ if self.labels(*id).is_empty() => {}
                _ => drop(content.insert((name.clone().into_bytes(), *id))),
            }
        }
        content
    }

    fn labels(&self, blob: ObjectId) -> &[Label] {
        &self.blobs.iter().find(|(id, _)| *id == blob).unwrap().1
    }

    fn add_commit(&mut self) {
        let count = self.commits.len();
        let mut parents = BTreeSet::new();
        for _ in 0..[1, 1, 1, 2, 2, 3, 0][self.random.usize(..7)].min(count) {
            parents.insert(self.random.usize(count.saturating_sub(5)..count));
        }
        let parents: Vec<usize> = parents.into_iter().collect();
        let same_as =
            parents.first().filter(|_| self.random.u8(..4) == 0).map(|&parent| &self.commits[parent]);
        let (tree, content) = match (same_as, self.trees.len()) {
            (Some(Commit { bytes, content, .. }), _) => {
                (ObjectId::from_hex(&bytes[5..45]).unwrap(), content.clone())
            }
            (None, 0) => (ObjectId::empty_tree(Kind::Sha1), Some(Content::new())),
            (None, _) => {
                let tree = self.random.choice(&self.trees).unwrap();
                let is_there = tree.comes || tree.bytes.is_empty();
                (tree.id, is_there.then(|| tree.content.clone()))
            }
        };
        let mut text = format!("tree {tree}\n");
        for &parent in &parents {
            text += &format!("parent {}\n", self.commits[parent].id);
        }
        let time = self.random.u32(..50);
        text += &format!("author x <x@y> {time} +0000\ncommitter x <x@y> {time} +0000\n\n{count}\n");
        let bytes = text.into_bytes();
        let comes = self.random.u8(..15) > 0;
        self.commits.push(Commit { id: id_of("commit", &bytes), bytes, parents, comes, content });
    }

    /// Every label at every path of a commit, with the least blob; `None` if nobody can know.
    fn keys(&self, commit: usize) -> Option<BTreeMap<Key, ObjectId>> {
        let commit = &self.commits[commit];
        let content = commit.content.as_ref().filter(|_| commit.comes)?;
        let mut keys = BTreeMap::new();
        for (path, blob) in content {
            for &label in self.labels(*blob) {
                let least: &mut ObjectId = keys.entry((path.clone(), label)).or_insert(*blob);
                *least = (*least).min(*blob);
            }
        }
        Some(keys)
    }

    /// Places of the commits that came.
    fn there(&self) -> impl Iterator<Item = usize> {
        (0..self.commits.len()).filter(|&at| self.commits[at].comes)
    }

    fn ancestors(&self, tips: &[usize]) -> BTreeSet<usize> {
        let mut reached: BTreeSet<usize> = tips.iter().copied().collect();
        for at in (0..self.commits.len()).rev().filter(|&at| self.commits[at].comes) {
            if reached.contains(&at) {
                reached.extend(self.commits[at].parents.iter().filter(|&&parent| self.commits[parent].comes));
            }
        }
        reached
    }

    /// What each commit of some did, as lines.
    fn events(&self, commits: impl Iterator<Item = usize>) -> BTreeMap<Key, BTreeSet<String>> {
        let mut events: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
        for at in commits {
            let Some(own) = self.keys(at) else { continue };
            let parents: Vec<_> = self.commits[at].parents.iter().map(|&parent| self.keys(parent)).collect();
            let sure = if parents.iter().all(Option::is_some) { "" } else { "?" };
            let parents: Vec<_> = parents.into_iter().flatten().collect();
            for (key, blob) in &own {
                if !parents.iter().any(|parent| parent.contains_key(key)) {
                    events.entry(key.clone()).or_default().insert(format!("{at} +{sure} {blob}"));
                }
            }
            for key in parents.iter().flat_map(BTreeMap::keys).filter(|key| !own.contains_key(key)) {
                let all = parents.iter().all(|parent| parent.contains_key(key));
                let way = if all { "-" } else { "-m" };
                events.entry(key.clone()).or_default().insert(format!("{at} {way}"));
            }
        }
        events
    }

    /// Whether a tree of these commits has it.
    fn has(&self, commits: &[usize], key: &Key) -> bool {
        commits.iter().any(|&commit| self.keys(commit).is_some_and(|keys| keys.contains_key(key)))
    }
}

/// A world as it was collected.
struct Collected<'w> {
    world: &'w World,
    commits: Commits,
    wanted: Wanted,
}

impl<'w> Collected<'w> {
    /// In a random order, on some threads.
    fn new(world: &'w World, random: &mut Rng) -> Collected<'w> {
        let mut collectors: Vec<_> =
            (0..random.usize(1..4)).map(|_| CommitCollector::new(Kind::Sha1)).collect();
        let mut commits: Vec<&Commit> = world.commits.iter().filter(|commit| commit.comes).collect();
        random.shuffle(&mut commits);
        for commit in commits {
            let collector = random.usize(..collectors.len());
            collectors[collector].commit(&commit.id, &commit.bytes);
        }
        let wanted = world.blobs.iter().filter(|(_, labels)| !labels.is_empty()).map(|(id, _)| *id);
        Collected {
            world,
            commits: Commits::join(Kind::Sha1, collectors),
            wanted: Wanted::new(Kind::Sha1, wanted),
        }
    }

    fn history(&self, random: &mut Rng) -> History<'_> {
        let mut collectors: Vec<_> =
            (0..random.usize(1..4)).map(|_| TreeCollector::new(&self.wanted)).collect();
        let mut trees: Vec<&Tree> = self.world.trees.iter().filter(|tree| tree.comes).collect();
        random.shuffle(&mut trees);
        for tree in trees {
            let collector = random.usize(..collectors.len());
            collectors[collector].tree(&tree.id, &tree.bytes);
        }
        History::new(&self.commits, &self.wanted, collectors)
    }

    fn labels(&self, history: &History) -> Labels {
        Labels::new(history, |place| self.world.labels(self.wanted.id(place.blob).to_owned()))
    }

    fn at(&self, commit: CommitIx) -> usize {
        let id = self.commits.id(commit);
        self.world.commits.iter().position(|commit| *commit.id == *id).unwrap()
    }

    fn ix(&self, at: usize) -> CommitIx {
        self.commits.find(&self.world.commits[at].id).unwrap()
    }

    fn told(&self, events: &[&Occurrence], history: &History) -> BTreeMap<Key, BTreeSet<String>> {
        let told = |event: &&Occurrence| {
            let introduced = event.introduced.iter().map(|one| {
                let sure = if one.certainty == Certainty::Exact { "" } else { "?" };
                format!("{} +{sure} {}", self.at(one.commit), self.wanted.id(one.blob))
            });
            let removed = event.removed.iter().map(|one| {
                let way = if one.way == Way::Removed { "-" } else { "-m" };
                format!("{} {way}", self.at(one.commit))
            });
            ((history.path(event.path), event.label), introduced.chain(removed).collect())
        };
        events.iter().map(told).collect()
    }
}

#[test]
fn random_histories_are_read_as_a_plain_reading_reads_them() {
    let mut eventful = 0;
    for seed in 0..CASES {
        let world = World::new(seed);
        let mut random = Rng::with_seed(seed);
        let collected = Collected::new(&world, &mut random);
        let history = collected.history(&mut random);
        let tips: Vec<usize> = world.there().filter(|_| random.u8(..4) == 0).collect();
        compare_places(seed, &collected, &history);
        eventful += compare_events(seed, &collected, &history, &tips);
        compare_ranges(seed, &collected, &history, &tips, random.usize(..=tips.len()));
    }
    assert!(eventful > CASES as usize * 5, "only {eventful} events: the histories are too quiet");
}

fn compare_places(seed: u64, collected: &Collected, history: &History) {
    let (world, wanted) = (collected.world, &collected.wanted);
    let mut expected = Content::new();
    for at in world.there() {
        expected.extend(world.commits[at].content.clone().unwrap_or_default());
    }
    let (in_history, loose): (Vec<_>, Vec<_>) =
        history.places().iter().partition(|place| place.standing == Standing::History);
    let content =
        |place: &&stanch::git::history::Place| (history.path(place.path), wanted.id(place.blob).to_owned());
    let told: Content = in_history.iter().map(content).collect();
    assert_eq!(told, expected, "seed {seed}");
    assert_eq!(told.len(), in_history.len(), "seed {seed}: a place is there twice");

    let blobs = |content: &Content| -> BTreeSet<ObjectId> { content.iter().map(|(_, blob)| *blob).collect() };
    let anywhere: Content = world.trees.iter().flat_map(|tree| tree.content.clone()).collect();
    let expected_loose: BTreeSet<ObjectId> = &blobs(&anywhere) - &blobs(&expected);
    let loose: Content = loose.iter().map(content).collect();
    assert!(loose.is_subset(&anywhere), "seed {seed}: {loose:?}");
    assert_eq!(blobs(&loose), expected_loose, "seed {seed}");
    let nowhere: BTreeSet<ObjectId> =
        history.nowhere().iter().map(|&blob| wanted.id(blob).to_owned()).collect();
    let all: BTreeSet<ObjectId> = (0..wanted.len() as u32).map(|blob| wanted.id(blob).to_owned()).collect();
    assert_eq!(nowhere, &all - &blobs(&anywhere), "seed {seed}");
}

fn compare_events(seed: u64, collected: &Collected, history: &History, tips: &[usize]) -> usize {
    let world = collected.world;
    let labels = collected.labels(history);
    let heads: Vec<usize> = tips.iter().copied().take(1).collect();
    let ixs = |commits: &[usize]| -> Vec<CommitIx> { commits.iter().map(|&at| collected.ix(at)).collect() };
    let events = history.events(&labels, &ixs(&heads)).occurrences;
    let told = collected.told(&events.iter().collect::<Vec<_>>(), history);
    assert_eq!(told, world.events(world.there()), "seed {seed}");
    let reach = history.reach(&labels, &events, &ixs(tips), 2);
    for (event, reach) in events.iter().zip(reach) {
        let key = (history.path(event.path), event.label);
        assert_eq!(event.in_head, world.has(&heads, &key), "seed {seed}: {key:?}");
        assert_eq!(reach.at_tip, world.has(tips, &key), "seed {seed}: {key:?}");
        let introduced: Vec<usize> = event.introduced.iter().map(|one| collected.at(one.commit)).collect();
        let reaches = |tip: usize| world.ancestors(&[tip]).iter().any(|commit| introduced.contains(commit));
        let reaching: Vec<u32> =
            (0..).zip(tips).filter(|(_, tip)| reaches(**tip)).map(|(at, _)| at).collect();
        assert_eq!(reach.count as usize, reaching.len(), "seed {seed}: {key:?}");
        assert_eq!(reach.refs, &reaching[..reaching.len().min(2)], "seed {seed}: {key:?}");
    }
    assert!(events.is_sorted_by_key(|event| (history.path(event.path), event.label)), "seed {seed}");
    events.len()
}

fn compare_ranges(seed: u64, collected: &Collected, history: &History, commits: &[usize], split: usize) {
    let world = collected.world;
    let (tips, excluded) = commits.split_at(split);
    let ixs = |commits: &[usize]| -> Vec<CommitIx> { commits.iter().map(|&at| collected.ix(at)).collect() };
    let range = collected.commits.range(&ixs(tips), &ixs(excluded));
    let inside: BTreeSet<usize> = &world.ancestors(tips) - &world.ancestors(excluded);
    let told: BTreeSet<usize> = range.commits().iter().map(|&commit| collected.at(commit)).collect();
    assert_eq!(told, inside, "seed {seed}");

    let parents = inside.iter().flat_map(|&at| world.commits[at].parents.iter().copied());
    let before = parents.filter(|at| !inside.contains(at)).chain(excluded.iter().copied());
    let before: BTreeSet<Label> = before
        .filter_map(|at| world.keys(at))
        .flat_map(|keys| keys.into_keys().map(|(_, label)| label))
        .collect();
    let (arrivals, _) = history.arrivals(&collected.labels(history), &range);
    let told: Vec<&Occurrence> = arrivals.iter().map(|arrival| &arrival.occurrence).collect();
    let mut expected = world.events(inside.into_iter());
    expected.retain(|_, steps| steps.iter().any(|step| step.contains('+')));
    assert_eq!(collected.told(&told, history), expected, "seed {seed}");
    for arrival in &arrivals {
        let key = (history.path(arrival.occurrence.path), arrival.occurrence.label);
        let novelty = if before.contains(&key.1) { Novelty::Moved } else { Novelty::New };
        assert_eq!(arrival.novelty, novelty, "seed {seed}: {key:?}");
        assert_eq!(arrival.occurrence.in_head, world.has(tips, &key), "seed {seed}: {key:?}");
    }
}
