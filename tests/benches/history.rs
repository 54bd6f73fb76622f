//! How fast a history is collected and answers, on a real repository: `STANCH_BENCH_REPO` names it, git
//! hands over its objects. `STANCH_BENCH_WANTED` is how many blobs are wanted, 500 by default; they are
//! picked by their ids, so they are the same each time. Without a repository nothing is measured.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use gix_hash::{Kind, ObjectId};
use stanch::git::history::{
    CommitCollector, CommitIx, Commits, History, Label, Labels, TreeCollector, Wanted,
};

fn main() {
    divan::main();
}

/// Bytes of trees that are held in memory to time how they are collected; more are not needed.
const SAMPLE: usize = 512 << 20;

/// What is measured: everything but the trees, and a sample of those.
struct Subject {
    commits: Vec<(ObjectId, Vec<u8>)>,
    blobs: Vec<ObjectId>,
    trees: Vec<(ObjectId, Vec<u8>)>,
    folder: PathBuf,
}

static SUBJECT: LazyLock<Option<Subject>> = LazyLock::new(|| {
    let folder = PathBuf::from(std::env::var_os("STANCH_BENCH_REPO")?);
    let mut subject = Subject { commits: vec![], blobs: vec![], trees: vec![], folder: folder.clone() };
    let mut held = 0;
    for_each_object(&folder, |id, kind, bytes| match kind {
        "commit" => subject.commits.push((id, bytes.to_vec())),
        "blob" => subject.blobs.push(id),
        "tree" if held < SAMPLE => {
            held += bytes.len();
            subject.trees.push((id, bytes.to_vec()));
        }
        _ => {}
    });
    subject.blobs.sort_unstable();
    Some(subject)
});

/// All objects, in the order of the packs.
fn for_each_object(folder: &Path, mut each: impl FnMut(ObjectId, &str, &[u8])) {
    let mut git = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["cat-file", "--batch-all-objects", "--unordered", "--batch"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut output = BufReader::with_capacity(1 << 20, git.stdout.take().expect("its output is ours"));
    let (mut line, mut bytes) = (String::new(), vec![]);
    while output.read_line(&mut line).expect("git says what comes") > 0 {
        let mut words = line.split_whitespace();
        let mut word = || words.next().expect("three words");
        let (id, kind, size) = (word(), word(), word());
        let id = ObjectId::from_hex(id.as_bytes()).expect("an id");
        bytes.resize(size.parse::<usize>().expect("a size") + 1, 0);
        output.read_exact(&mut bytes).expect("git hands it over");
        each(id, kind, &bytes[..bytes.len() - 1]);
        line.clear();
    }
    assert!(git.wait().expect("git ends").success());
}

impl Subject {
    fn wanted(&self) -> Wanted {
        let count =
            std::env::var("STANCH_BENCH_WANTED").ok().map_or(500, |text| text.parse().expect("a number"));
        let step = (self.blobs.len() / count).max(1);
        Wanted::new(Kind::Sha1, self.blobs.iter().step_by(step).copied())
    }

    fn commits(&self) -> Commits {
        let mut collector = CommitCollector::new(Kind::Sha1);
        for (id, bytes) in &self.commits {
            collector.commit(id, bytes);
        }
        Commits::join(Kind::Sha1, [collector])
    }
}

#[divan::bench(sample_count = 5)]
fn commits(bencher: Bencher) {
    let Some(subject) = &*SUBJECT else { return };
    bencher.counter(ItemsCount::new(subject.commits.len())).bench(|| subject.commits());
}

#[divan::bench(sample_count = 5)]
fn collect_trees(bencher: Bencher) {
    let Some(subject) = &*SUBJECT else { return };
    let wanted = subject.wanted();
    let bytes: usize = subject.trees.iter().map(|(_, bytes)| bytes.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| collected(&wanted, &subject.trees));
}

fn collected<'a>(wanted: &'a Wanted, trees: &[(ObjectId, Vec<u8>)]) -> TreeCollector<'a> {
    let mut collector = TreeCollector::new(wanted);
    for (id, bytes) in trees {
        collector.tree(id, bytes);
    }
    collector
}

/// Everything that comes after the objects: places, events, and which of a hundred refs reach them.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn solve(bencher: Bencher) {
    let Some(subject) = &*SUBJECT else { return };
    let (wanted, commits) = (subject.wanted(), subject.commits());
    let all = || {
        let mut collector = TreeCollector::new(&wanted);
        for_each_object(&subject.folder, |id, kind, bytes| {
            if kind == "tree" {
                collector.tree(&id, bytes);
            }
        });
        collector
    };
    let tips: Vec<CommitIx> = commits.iter().rev().take(100).collect();
    bencher.with_inputs(all).bench_values(|collector| {
        let history = History::new(&commits, &wanted, vec![collector]);
        let own: Vec<Label> = (0..wanted.len() as Label).collect();
        let labels = Labels::new(&history, |place| std::slice::from_ref(&own[place.blob as usize]));
        let events = history.events(&labels, &tips[..1]);
        let reach = history.reach(&labels, &events, &tips, 10);
        (history.places().len(), events.len(), reach.len())
    });
}
