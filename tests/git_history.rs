//! Where in history a word stands: repositories that git itself built, handed over by `git cat-file`.
//!
//! Each story ends in lines that say what is known of a word at a path, in this form:
//! `path word | what commits did | HEAD, if it has it | refs that reach it`. Commits are told by subject:
//! `+` introduced, `+?` here or before, `-` removed, `-m` went with a merge; refs with a star have it at
//! their tip.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::thread;

use common::Project;
use gix_hash::{Kind, ObjectId};
use stanch::git::history::{
    Certainty, CommitCollector, CommitIx, Commits, History, Label, Labels, Novelty, Occurrence, Peeled,
    Reach, Standing, TreeCollector, Wanted, Way,
};

/// What the stories look for.
const WORDS: [&str; 3] = ["red", "green", "blue"];

/// A repository whose clock ticks once a commit.
struct Repo {
    project: Project,
    now: Cell<i64>,
}

impl Repo {
    fn new() -> Repo {
        Repo::with(&[])
    }

    fn with(options: &[&str]) -> Repo {
        let project = Project::new();
        project.git(&[&["init", "-q", "-b", "main"], options].concat());
        Repo { project, now: Cell::new(1_700_000_000) }
    }

    fn write(&self, name: &str, text: &str) -> &Repo {
        self.project.write(name, text);
        self
    }

    fn remove(&self, name: &str) -> &Repo {
        self.git(&["rm", "-rqf", name])
    }

    /// Runs git at the next tick of the clock.
    fn git(&self, args: &[&str]) -> &Repo {
        self.now.set(self.now.get() + 1);
        self.git_at(self.now.get(), args)
    }

    fn git_at(&self, now: i64, args: &[&str]) -> &Repo {
        let dates = ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| format!("{name}={now} +0000"));
        let git = ["git", "-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false"];
        let words = dates.iter().map(String::as_str).chain(git).chain(args.iter().copied());
        self.project.command("env", words);
        self
    }

    /// Commits everything that is there.
    fn commit(&self, subject: &str) -> &Repo {
        self.git(&["add", "-A"]).git(&["commit", "-q", "--allow-empty", "-m", subject])
    }

    /// Starts a merge that git may well not be able to end.
    fn merge(&self, branches: &[&str]) -> &Repo {
        let script = format!("git merge -q --no-ff --no-commit {} >&2 || true", branches.join(" "));
        self.project.command("sh", ["-c", &script]);
        self
    }

    /// What git says.
    fn ask(&self, args: &[&str]) -> String {
        String::from_utf8(self.raw(args, "")).unwrap().trim_end().to_owned()
    }

    fn raw(&self, args: &[&str], input: &str) -> Vec<u8> {
        let stdin = self.project.path(".stdin");
        fs::write(&stdin, input).unwrap();
        let output = Command::new("git")
            .args(args)
            .current_dir(self.project.path(""))
            .env("HOME", self.project.path(""))
            .stdin(fs::File::open(&stdin).unwrap())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        fs::remove_file(&stdin).unwrap();
        assert!(output.status.success(), "git {args:?}");
        output.stdout
    }

    /// A tree of these lines of `git ls-tree`.
    fn tree(&self, lines: &str) -> String {
        String::from_utf8(self.raw(&["mktree", "--missing"], lines)).unwrap().trim_end().to_owned()
    }

    fn objects(&self) -> Objects {
        let kind = match self.ask(&["rev-parse", "--show-object-format"]).as_str() {
            "sha256" => Kind::Sha256,
            _ => Kind::Sha1,
        };
        let stored = self.raw(&["cat-file", "--batch-all-objects", "--batch"], "");
        let mut objects = Objects { kind, all: vec![] };
        let mut rest = &stored[..];
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == b'\n').unwrap();
            let line: Vec<&str> = std::str::from_utf8(&rest[..end]).unwrap().split(' ').collect();
            let (bytes, after) = rest[end + 1..].split_at(line[2].parse().unwrap());
            let id = ObjectId::from_hex(line[0].as_bytes()).unwrap();
            objects.all.push((id, line[1].to_owned(), bytes.to_vec()));
            rest = &after[1..];
        }
        objects
    }

    /// All refs, sorted by name, and what they lead to.
    fn refs(&self) -> Vec<(String, ObjectId)> {
        let lines = self.ask(&["for-each-ref", "--format=%(objectname) %(refname:short)"]);
        let read = |line: &str| {
            let (id, name) = line.split_once(' ').unwrap();
            (name.to_owned(), ObjectId::from_hex(id.as_bytes()).unwrap())
        };
        lines.lines().map(read).collect()
    }

    #[track_caller]
    fn tells(&self, expected: &[&str]) {
        let objects = self.objects();
        let head = Command::new("git")
            .args(["rev-parse", "-q", "--verify", "HEAD"])
            .current_dir(self.project.path(""))
            .output()
            .unwrap();
        let head = ObjectId::from_hex(head.stdout.trim_ascii()).ok();
        let told = objects.tell(&self.refs(), head);
        assert_eq!(told, expected, "\n{}", self.ask(&["log", "--all", "--graph", "--oneline", "--decorate"]));
        for seed in 0..4 {
            let again = objects.shuffled(seed).tell(&self.refs(), head);
            assert_eq!(again, expected, "in another order, on other threads: seed {seed}");
        }
    }

    fn find(&self, commits: &Commits, name: &str) -> CommitIx {
        let id = ObjectId::from_hex(self.ask(&["rev-parse", name]).as_bytes()).unwrap();
        commits.find(&id).unwrap()
    }
}

/// What is stored in a repository.
#[derive(Clone)]
struct Objects {
    kind: Kind,
    all: Vec<(ObjectId, String, Vec<u8>)>,
}

impl Objects {
    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a ObjectId, &'a [u8])> {
        self.all.iter().filter(move |object| object.1 == kind).map(|(id, _, bytes)| (id, &bytes[..]))
    }

    fn shuffled(&self, seed: u64) -> Objects {
        let mut objects = self.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut objects.all);
        objects
    }

    /// Collected by three threads, each of which takes every third object of a kind.
    fn commits(&self) -> Commits {
        let collectors = on_three_threads(|own| {
            let mut collector = CommitCollector::new(self.kind);
            self.of("commit").skip(own).step_by(3).for_each(|(id, bytes)| collector.commit(id, bytes));
            self.of("tag").skip(own).step_by(3).for_each(|(id, bytes)| collector.tag(id, bytes));
            collector
        });
        Commits::join(self.kind, collectors)
    }

    fn wanted(&self) -> Wanted {
        let holding = self.of("blob").filter(|(_, bytes)| !labels_of(bytes).is_empty());
        Wanted::new(self.kind, holding.map(|(id, _)| *id))
    }

    fn history<'c>(&self, commits: &'c Commits, wanted: &Wanted) -> History<'c> {
        let collectors = on_three_threads(|own| {
            let mut collector = TreeCollector::new(wanted);
            self.of("tree").skip(own).step_by(3).for_each(|(id, bytes)| collector.tree(id, bytes));
            collector
        });
        History::new(commits, wanted, collectors)
    }

    fn labels(&self, history: &History, wanted: &Wanted) -> Labels {
        let all: Vec<Vec<Label>> = (0..wanted.len() as u32)
            .map(|blob| {
                let (_, bytes) = self.of("blob").find(|(id, _)| ***id == *wanted.id(blob)).unwrap();
                labels_of(bytes)
            })
            .collect();
        Labels::new(history, |place| &all[place.blob as usize])
    }

    fn subjects<'a>(&'a self, commits: &'a Commits) -> impl Fn(CommitIx) -> String + 'a {
        |commit| {
            let (_, bytes) = self.of("commit").find(|(id, _)| ***id == *commits.id(commit)).unwrap();
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.split_once("\n\n").unwrap().1.lines().next().unwrap_or_default().to_owned()
        }
    }

    fn tell(&self, refs: &[(String, ObjectId)], head: Option<ObjectId>) -> Vec<String> {
        let (commits, wanted) = (self.commits(), self.wanted());
        let history = self.history(&commits, &wanted);
        let labels = self.labels(&history, &wanted);
        let tip = |id: ObjectId| match commits.peel(&id) {
            Peeled::Commit(commit) => Some(commit),
            Peeled::Other(_) => None,
        };
        let heads: Vec<CommitIx> = head.and_then(tip).into_iter().collect();
        let tips: Vec<(&str, CommitIx)> =
            refs.iter().filter_map(|(name, id)| Some((name.as_str(), tip(*id)?))).collect();
        let events = history.events(&labels, &heads).occurrences;
        let reach: Vec<Vec<Reach>> =
            tips.iter().map(|(_, tip)| history.reach(&labels, &events, &[*tip], 1)).collect();
        let subject = self.subjects(&commits);
        let mut lines = vec![];
        for (at, event) in events.iter().enumerate() {
            let mut words = vec![name_of(&history, event), what_happened(event, &subject)];
            words.extend(event.in_head.then(|| "HEAD".to_owned()));
            let reaching = tips.iter().zip(&reach).filter(|(_, reach)| reach[at].count == 1);
            let named = |((name, _), reach): (&(&str, CommitIx), &Vec<Reach>)| {
                format!("{name}{}", if reach[at].at_tip { "*" } else { "" })
            };
            let named: Vec<String> = reaching.map(named).collect();
            words.extend((!named.is_empty()).then(|| named.join(" ")));
            lines.push(words.join(" | "));
        }
        for place in history.places().iter().filter(|place| place.standing == Standing::Loose) {
            lines.push(format!("loose {}", String::from_utf8_lossy(&history.path(place.path))));
        }
        lines.extend(history.nowhere().iter().map(|_| "nowhere".to_owned()));
        lines.extend(
            commits.problems().iter().chain(history.problems()).map(|problem| format!("! {problem}")),
        );
        lines
    }
}

fn on_three_threads<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let work = &work;
        let threads = [0, 1, 2].map(|own| scope.spawn(move || work(own)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn name_of(history: &History, event: &Occurrence) -> String {
    format!("{} {}", String::from_utf8_lossy(&history.path(event.path)), WORDS[event.label as usize])
}

/// What commits did, in the order of the commits.
fn what_happened(event: &Occurrence, subject: &dyn Fn(CommitIx) -> String) -> String {
    let introduced = event.introduced.iter().map(|one| match one.certainty {
        Certainty::Exact => (one.commit, "+"),
        Certainty::HereOrBefore => (one.commit, "+?"),
    });
    let removed = event.removed.iter().map(|one| match one.way {
        Way::Removed => (one.commit, "-"),
        Way::Merged => (one.commit, "-m"),
    });
    let mut steps: Vec<(CommitIx, &str)> = introduced.chain(removed).collect();
    steps.sort_unstable();
    let steps: Vec<String> =
        steps.iter().map(|(commit, sign)| format!("{sign} {}", subject(*commit))).collect();
    steps.join(", ")
}

fn labels_of(bytes: &[u8]) -> Vec<Label> {
    let text = String::from_utf8_lossy(bytes);
    (0..).zip(WORDS).filter(|(_, word)| text.contains(word)).map(|(label, _)| label).collect()
}

#[test]
fn an_edit_around_a_word_is_no_event() {
    let repo = Repo::new();
    repo.write("a", "nothing").commit("start");
    repo.write("a", "red").commit("add");
    repo.write("a", "some\nred").commit("edit");
    repo.write("b", "nothing").commit("elsewhere");
    repo.write("a", "some").commit("remove");
    repo.write("a", "red again").commit("re-add");
    repo.tells(&["a red | + add, - remove, + re-add | HEAD | main*"]);
}

#[test]
fn each_word_of_a_file_has_its_own_story() {
    let repo = Repo::new();
    repo.write("a", "red").commit("one");
    repo.write("a", "red green").commit("two");
    repo.write("a", "green blue").commit("three");
    repo.tells(&[
        "a red | + one, - three | main",
        "a green | + two | HEAD | main*",
        "a blue | + three | HEAD | main*",
    ]);
}

#[test]
fn a_renamed_file_has_a_place_at_each_path() {
    let repo = Repo::new();
    repo.write("a", "red\n1\n2\n3").commit("add");
    repo.git(&["mv", "a", "b"]).commit("rename");
    repo.git(&["mv", "b", "z"]).write("z", "red\n1\n2\n4").commit("rename and edit");
    repo.tells(&[
        "a red | + add, - rename | main",
        "b red | + rename, - rename and edit | main",
        "z red | + rename and edit | HEAD | main*",
    ]);
}

#[test]
fn a_renamed_folder_moves_what_is_in_it() {
    let repo = Repo::new();
    repo.write("one/deep/a", "red").write("one/other", "nothing").commit("add");
    repo.git(&["mv", "one", "two"]).commit("rename");
    repo.tells(&["one/deep/a red | + add, - rename | main", "two/deep/a red | + rename | HEAD | main*"]);
}

#[test]
fn a_copy_is_introduced_where_it_is_made() {
    let repo = Repo::new();
    repo.write("a", "red").commit("add");
    repo.write("deep/down/b", "red").commit("copy");
    repo.remove("a").commit("remove one");
    repo.tells(&["a red | + add, - remove one | main", "deep/down/b red | + copy | HEAD | main*"]);
}

#[test]
fn one_blob_at_several_paths() {
    let repo = Repo::new();
    repo.write("a", "red").write("b", "red").write("c/a", "red").commit("add");
    repo.remove("b").commit("remove one");
    repo.tells(&[
        "a red | + add | HEAD | main*",
        "b red | + add, - remove one | main",
        "c/a red | + add | HEAD | main*",
    ]);
}

#[test]
fn a_merge_introduces_nothing_that_a_branch_brings() {
    let repo = Repo::new();
    repo.write("base", "nothing").commit("start").git(&["branch", "topic"]);
    repo.write("a", "red").commit("on main");
    repo.git(&["checkout", "-q", "topic"]).write("b", "green").commit("on topic");
    repo.git(&["checkout", "-q", "main"]).merge(&["topic"]).commit("merge");
    repo.tells(&["a red | + on main | HEAD | main*", "b green | + on topic | HEAD | main* topic*"]);
}

#[test]
fn an_evil_merge_introduces_what_no_parent_has() {
    let repo = Repo::new();
    repo.write("base", "nothing").commit("start").git(&["branch", "topic"]);
    repo.write("a", "1").commit("on main");
    repo.git(&["checkout", "-q", "topic"]).write("b", "2").commit("on topic");
    repo.git(&["checkout", "-q", "main"]).merge(&["topic"]).write("b", "2 red").commit("evil merge");
    repo.tells(&["b red | + evil merge | HEAD | main*"]);
}

#[test]
fn a_merge_that_drops_what_both_parents_have_removes_it() {
    let repo = Repo::new();
    repo.write("a", "red").commit("start").git(&["branch", "topic"]);
    repo.write("x", "1").commit("on main");
    repo.git(&["checkout", "-q", "topic"]).write("y", "2").commit("on topic");
    repo.git(&["checkout", "-q", "main"]).merge(&["topic"]).remove("a").commit("merge");
    repo.tells(&["a red | + start, - merge | main topic*"]);
}

#[test]
fn a_merge_of_an_old_branch_takes_up_a_removal() {
    let repo = Repo::new();
    repo.write("a", "red").commit("start").git(&["branch", "topic"]);
    repo.remove("a").commit("remove");
    repo.git(&["checkout", "-q", "topic"]).write("y", "2").commit("on topic");
    repo.git(&["checkout", "-q", "main"]).merge(&["topic"]).commit("merge");
    repo.tells(&["a red | + start, - remove, -m merge | main topic*"]);
}

#[test]
fn a_merge_that_takes_nothing_of_a_branch() {
    let repo = Repo::new();
    repo.write("base", "nothing").commit("start").git(&["checkout", "-qb", "topic"]);
    repo.write("a", "red").commit("on topic");
    repo.git(&["checkout", "-q", "main"]).write("x", "1").commit("on main");
    repo.git(&["merge", "-q", "-s", "ours", "-m", "merge", "topic"]);
    repo.tells(&["a red | + on topic, -m merge | main topic*"]);
}

#[test]
fn an_octopus_has_many_parents() {
    let repo = Repo::new();
    repo.write("base", "nothing").commit("start");
    for (branch, word) in [("one", "red"), ("two", "green"), ("three", "blue")] {
        repo.git(&["checkout", "-qb", branch, "main"]).write(branch, word).commit(branch);
    }
    repo.git(&["checkout", "-q", "main"])
        .merge(&["one", "two", "three"])
        .write("four", "red")
        .commit("octopus");
    repo.tells(&[
        "four red | + octopus | HEAD | main*",
        "one red | + one | HEAD | main* one*",
        "three blue | + three | HEAD | main* three*",
        "two green | + two | HEAD | main* two*",
    ]);
}

#[test]
fn a_criss_cross_merge() {
    let repo = Repo::new();
    repo.write("base", "nothing").commit("start").git(&["branch", "topic"]);
    repo.write("a", "red").commit("on main").git(&["tag", "m1"]);
    repo.git(&["checkout", "-q", "topic"]).write("b", "green").commit("on topic").git(&["tag", "t1"]);
    repo.git(&["checkout", "-q", "main"]).merge(&["t1"]).commit("main takes topic");
    repo.git(&["checkout", "-q", "topic"]).merge(&["m1"]).commit("topic takes main");
    repo.remove("a").commit("remove on topic");
    repo.git(&["checkout", "-q", "main"]).merge(&["topic"]).commit("again");
    repo.tells(&[
        "a red | + on main, - remove on topic, -m again | main topic m1*",
        "b green | + on topic | HEAD | main* topic* t1*",
    ]);
}

#[test]
fn a_cherry_pick_introduces_it_a_second_time() {
    let repo = Repo::new();
    repo.write("base", "nothing").commit("start").git(&["branch", "stable"]);
    repo.write("x", "1").commit("other");
    repo.write("a", "red").commit("add");
    repo.git(&["checkout", "-q", "stable"]).git(&["cherry-pick", "-x", "main"]);
    repo.tells(&["a red | + add, + add | HEAD | main* stable*"]);
}

#[test]
fn a_revert_and_its_revert() {
    let repo = Repo::new();
    repo.write("base", "nothing").commit("start");
    repo.write("a", "red").commit("add");
    repo.git(&["revert", "--no-edit", "HEAD"]).git(&["revert", "--no-edit", "HEAD"]);
    repo.tells(&["a red | + add, - Revert \"add\", + Revert \"Revert \"add\"\" | HEAD | main*"]);
}

#[test]
fn an_orphan_branch_introduces_it_once_more() {
    let repo = Repo::new();
    repo.write("a", "red").commit("start");
    repo.git(&["checkout", "-q", "--orphan", "pages"]).write("b", "red").commit("pages");
    repo.tells(&["a red | + start, + pages | HEAD | main* pages*", "b red | + pages | HEAD | pages*"]);
}

#[test]
fn what_no_ref_reaches_is_told_all_the_same() {
    let repo = Repo::new();
    repo.write("a", "nothing").commit("start");
    repo.write("a", "red").commit("slip");
    repo.git(&["reset", "-q", "--hard", "HEAD~"]).write("b", "1").commit("go on");
    repo.tells(&["a red | + slip"]);
}

#[test]
fn a_stash_holds_it_in_commits_of_its_own() {
    let repo = Repo::new();
    repo.write("a", "nothing").commit("start");
    repo.write("a", "red").git(&["add", "a"]).write("a", "green").write("new", "blue");
    let start = repo.ask(&["rev-parse", "--short", "HEAD"]);
    repo.git(&["stash", "push", "-q", "-u", "-m", "slip"]);
    repo.tells(&[
        &format!("a red | + index on main: {start} start, -m On main: slip | stash"),
        "a green | + On main: slip | stash*",
        &format!("new blue | + untracked files on main: {start} start, -m On main: slip | stash"),
    ]);
}

#[test]
fn a_submodule_is_neither_a_blob_nor_a_tree() {
    let repo = Repo::new();
    repo.write("a", "red").commit("start");
    let blob = repo.ask(&["rev-parse", "HEAD:a"]);
    let tree = repo.ask(&["rev-parse", "HEAD^{tree}"]);
    for (name, id) in [("blob", &blob), ("tree", &tree)] {
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},{name}")]);
    }
    repo.git(&["commit", "-qm", "submodules"]);
    repo.tells(&["a red | + start | HEAD | main*"]);
}

#[test]
fn a_symbolic_link_is_a_blob() {
    let repo = Repo::new();
    repo.write("x", "1").commit("start");
    symlink("to/red", repo.project.path("link")).unwrap();
    repo.commit("link");
    repo.tells(&["link red | + link | HEAD | main*"]);
}

#[test]
fn a_change_of_type_is_no_event_where_the_word_stays() {
    let repo = Repo::new();
    repo.write("a", "red").write("b", "red").commit("files");
    fs::remove_file(repo.project.path("a")).unwrap();
    symlink("red", repo.project.path("a")).unwrap();
    fs::remove_file(repo.project.path("b")).unwrap();
    repo.write("b/c", "red").commit("link and folder");
    repo.git(&["update-index", "--chmod=+x", "b/c"]).commit("mode");
    repo.tells(&[
        "a red | + files | HEAD | main*",
        "b red | + files, - link and folder | main",
        "b/c red | + link and folder | HEAD | main*",
    ]);
}

#[test]
fn a_repository_with_sha_256() {
    let repo = Repo::with(&["--object-format=sha256"]);
    repo.write("deep/a", "red").commit("add");
    repo.write("deep/a", "nothing").commit("remove");
    repo.git(&["tag", "-m", "words", "v1", "HEAD~"]);
    repo.tells(&["deep/a red | + add, - remove | main v1*"]);
}

#[test]
fn at_the_boundary_of_a_shallow_clone_it_may_have_come_before() {
    let origin = Repo::new();
    origin.write("a", "red").commit("one");
    origin.write("b", "green").commit("two");
    origin.write("a", "nothing").write("c", "blue").commit("three");
    let repo = Repo::new();
    let url = format!("file://{}", origin.project.path("").display());
    repo.git(&["fetch", "-q", "--depth=2", &url, "main"]).git(&["reset", "-q", "--hard", "FETCH_HEAD"]);
    repo.tells(&[
        "a red | +? two, - three | main",
        "b green | +? two | HEAD | main*",
        "c blue | + three | HEAD | main*",
    ]);
    let commits = repo.objects().commits();
    let missing: Vec<ObjectId> = commits.missing_parents().iter().map(|(_, id)| *id).collect();
    assert_eq!(missing, [ObjectId::from_hex(origin.ask(&["rev-parse", "main~2"]).as_bytes()).unwrap()]);
}

#[test]
fn an_empty_repository() {
    Repo::new().tells(&[]);
}

#[test]
fn commits_without_anything_in_them() {
    let repo = Repo::new();
    repo.commit("nothing").write("a", "red").commit("add");
    repo.git(&["rm", "-q", "a"]).commit("nothing again");
    repo.tells(&["a red | + add, - nothing again | main"]);
}

#[test]
fn dates_that_lie_decide_nothing() {
    let repo = Repo::new();
    let commit = |now, subject| {
        repo.git(&["add", "-A"]).git_at(now, &["commit", "-qm", subject]);
    };
    repo.write("a", "red");
    commit(1_900_000_000, "add in the future");
    repo.write("a", "green");
    commit(1_000_000_000, "change long ago");
    repo.write("a", "red");
    commit(1_500_000_000, "change back");
    repo.tells(&[
        "a red | + add in the future, - change long ago, + change back | HEAD | main*",
        "a green | + change long ago, - change back | main",
    ]);
}

#[test]
fn blobs_in_no_commit() {
    let repo = Repo::new();
    repo.write("a", "red").commit("start");
    let blob = |text: &str| {
        repo.write(".blob", text);
        let id = repo.ask(&["hash-object", "-w", ".blob"]);
        fs::remove_file(repo.project.path(".blob")).unwrap();
        id
    };
    let (known, staged, alone) = (repo.ask(&["rev-parse", "HEAD:a"]), blob("green"), blob("blue"));
    let inner = repo.tree(&format!("100644 blob {staged}\tb\n100644 blob {known}\tknown\n"));
    let outer = repo.tree(&format!("040000 tree {inner}\tinner\n"));
    repo.git(&["tag", "-m", "words", "a-tree", &outer]);
    repo.git(&["tag", "-m", "words", "a-blob", &alone]);
    repo.tells(&["a red | + start | HEAD | main*", "loose inner/b", "nowhere"]);
}

#[test]
fn a_tag_of_a_tag_of_a_commit() {
    let repo = Repo::new();
    repo.write("a", "red").commit("start");
    repo.git(&["tag", "-m", "words", "one"]).git(&["tag", "-m", "words", "two", "one"]);
    repo.write("a", "nothing").commit("remove");
    repo.tells(&["a red | + start, - remove | main one* two*"]);
}

/// Ten levels of ten times the same folder: a blob with ten thousand million paths.
#[test]
fn a_git_bomb_is_told_and_does_no_harm() {
    let repo = Repo::new();
    repo.write("a", "red").write("quiet/b", "green").commit("start");
    let (red, green) = (repo.ask(&["rev-parse", "HEAD:a"]), repo.ask(&["rev-parse", "HEAD:quiet/b"]));
    let mut tree = repo.tree(&format!("100644 blob {red}\ta\n"));
    for level in 0..10 {
        let mut lines: String = (0..10).map(|at| format!("040000 tree {tree}\t{at}\n")).collect();
        if level == 9 {
            lines += &format!("100644 blob {green}\tz\n");
        }
        tree = repo.tree(&lines);
    }
    let commit = repo.ask(&["-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", &tree, "-m", "bomb"]);
    repo.git(&["branch", "bomb", &commit]);

    let objects = repo.objects();
    let told = objects.tell(&repo.refs(), None);
    let of_red = told.iter().filter(|line| line.contains(" red | ")).count();
    assert_eq!(of_red, 1_000);
    assert!(told.contains(&"z green | + bomb | bomb*".to_owned()));
    assert!(told.contains(&"! 9999999000 more paths to 1 blobs are not listed".to_owned()), "{told:?}");
}

#[test]
fn a_range_tells_new_from_moved_and_what_it_removed_again() {
    let repo = Repo::new();
    repo.write("old", "red").write("base", "1").commit("before");
    repo.git(&["branch", "before"]).git(&["checkout", "-qb", "topic"]);
    repo.git(&["mv", "old", "moved"]).commit("move");
    repo.write("slip", "green").commit("slip");
    repo.remove("slip").commit("unslip");
    repo.write("stays", "blue").commit("add");
    repo.git(&["checkout", "-q", "main"]).write("base", "green").commit("on main");
    repo.git(&["checkout", "-q", "topic"]).merge(&["main"]).commit("take main");
    repo.arrive(
        &["topic"],
        &["before"],
        &[
            "base green | + on main | New | stays",
            "moved red | + move | Moved | stays",
            "slip green | + slip, - unslip | New | removed",
            "stays blue | + add | New | stays",
        ],
    );
    repo.arrive(
        &["topic"],
        &["main"],
        &[
            "moved red | + move | Moved | stays",
            "slip green | + slip, - unslip | Moved | removed",
            "stays blue | + add | New | stays",
        ],
    );
    repo.arrive(&["main"], &["topic"], &[]);
    repo.arrive(
        &["main"],
        &[],
        &["base green | + on main | New | stays", "old red | + before | New | stays"],
    );
}

impl Repo {
    #[track_caller]
    fn arrive(&self, tips: &[&str], excluded: &[&str], expected: &[&str]) {
        let objects = self.objects();
        let (commits, wanted) = (objects.commits(), objects.wanted());
        let history = objects.history(&commits, &wanted);
        let labels = objects.labels(&history, &wanted);
        let all = |names: &[&str]| -> Vec<CommitIx> {
            names.iter().map(|name| self.find(&commits, name)).collect()
        };
        let range = commits.range(&all(tips), &all(excluded));
        let subject = objects.subjects(&commits);
        let told: Vec<String> = history
            .arrivals(&labels, &range)
            .0
            .iter()
            .map(|arrival| {
                let event = &arrival.occurrence;
                let novelty = match arrival.novelty {
                    Novelty::New => "New",
                    Novelty::Moved => "Moved",
                };
                let end = if event.in_head { "stays" } else { "removed" };
                let (name, what) = (name_of(&history, event), what_happened(event, &subject));
                format!("{name} | {what} | {novelty} | {end}")
            })
            .collect();
        assert_eq!(told, expected);
    }
}
