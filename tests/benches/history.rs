//! How fast a history is collected and answers, on a real repository: `STANCH_BENCH_REPO` names it, git
//! hands over its objects. `STANCH_BENCH_WANTED` is how many blobs are wanted, 500 by default; they are
//! picked by their ids, so they are the same each time. Without a repository nothing is measured.

use std::collections::HashMap;
use std::fs::File;
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
    for_each_object(&folder, "commit", |id, bytes| subject.commits.push((id, bytes.to_vec())));
    for_each_object(&folder, "tree", |id, bytes| {
        if held < SAMPLE {
            held += bytes.len();
            subject.trees.push((id, bytes.to_vec()));
        }
    });
    let ids = decoding_order(&folder, "blob");
    subject.blobs.extend(ids.lines().filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok()));
    subject.blobs.sort_unstable();
    Some(subject)
});

/// All objects, in the order in which packs are decoded: from each whole object to those made from it.
fn for_each_object(folder: &Path, kind: &str, mut each: impl FnMut(ObjectId, &[u8])) {
    let list = std::env::temp_dir().join(format!("stanch-bench-{}", std::process::id()));
    std::fs::write(&list, decoding_order(folder, kind)).expect("a list is written");
    let mut git =
        git(folder, &["--batch"]).stdin(File::open(&list).expect("it is there")).spawn().expect("git runs");
    let mut output = BufReader::with_capacity(1 << 20, git.stdout.take().expect("its output is ours"));
    let (mut line, mut bytes) = (String::new(), vec![]);
    while output.read_line(&mut line).expect("git says what comes") > 0 {
        let mut words = line.split_whitespace();
        let id = ObjectId::from_hex(words.next().expect("an id").as_bytes()).expect("an id");
        let size: usize = words.nth(1).expect("a size").parse().expect("a number");
        bytes.resize(size + 1, 0);
        output.read_exact(&mut bytes).expect("git hands it over");
        each(id, &bytes[..size]);
        line.clear();
    }
    assert!(git.wait().expect("git ends").success());
    std::fs::remove_file(&list).expect("the list is gone");
}

fn git(folder: &Path, options: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).arg("cat-file").args(options).stdout(Stdio::piped());
    git
}

/// The ids of a kind, one a line.
fn decoding_order(folder: &Path, kind: &str) -> String {
    let format = "--batch-check=%(objecttype) %(deltabase) %(objectname)";
    let output = git(folder, &["--batch-all-objects", "--unordered", format]).output().expect("git runs");
    let text = String::from_utf8(output.stdout).expect("git writes text");
    let mut made_from: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in text.lines().rev() {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == kind {
            made_from.entry(words[1]).or_default().push(words[2]);
        }
    }
    let whole = made_from.keys().find(|base| base.bytes().all(|byte| byte == b'0')).copied();
    let mut stack = whole.and_then(|whole| made_from.get(whole).cloned()).unwrap_or_default();
    let mut order = String::new();
    while let Some(id) = stack.pop() {
        order += id;
        order.push('\n');
        stack.extend(made_from.get(id).into_iter().flatten());
    }
    order
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
        for_each_object(&subject.folder, "tree", |id, bytes| collector.tree(&id, bytes));
        collector
    };
    let tips: Vec<CommitIx> = commits.iter().rev().take(100).collect();
    bencher.with_inputs(all).bench_values(|collector| {
        let history = History::new(&commits, &wanted, vec![collector]);
        let own: Vec<Label> = (0..wanted.len() as Label).collect();
        let labels = Labels::new(&history, |place| std::slice::from_ref(&own[place.blob as usize]));
        let events = history.events(&labels, &tips[..1]);
        let reach = history.reach(&labels, &events.occurrences, &tips, 10);
        (history.places().len(), events.occurrences.len(), reach.len())
    });
}
