//! Repositories that git itself made, read without it.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use common::Project;
use stanch::git::{Content, Kind, Lookup, Object, ObjectId, Objects, Problem, Repository, Store, Trouble};

const VISITS: [&[Kind]; 3] = [&[Kind::Commit, Kind::Tag], &[Kind::Blob], &[Kind::Tree]];

/// What git says.
fn git(project: &Project, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(project.path("")).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The file name of some pack.
fn pack_name(project: &Project) -> PathBuf {
    let mut packs: Vec<_> = fs::read_dir(project.path(".git/objects/pack"))
        .unwrap()
        .map(|file| PathBuf::from(file.unwrap().file_name()))
        .filter(|name| name.extension().is_some_and(|extension| extension == "pack"))
        .collect();
    packs.sort();
    packs.swap_remove(0)
}

fn committed(project: &Project, name: &str, text: &str) {
    project.write(name, text).git(&["add", "."]).git(&["commit", "--quiet", "-m", name]);
}

/// Some history with files that resemble each other, so that packs hold deltas.
fn repository(init: &[&str]) -> Project {
    let project = Project::new();
    project.git(&[&["init", "--quiet", "-b", "main"], init].concat());
    let mut text: String = (0..500).map(|line| format!("line {line} of many\n")).collect();
    for change in 0..5 {
        text.push_str(&format!("change {change}\n"));
        committed(&project, "many.txt", &text);
    }
    project.write("empty", "").git(&["add", "."]).git(&["commit", "--quiet", "-m", "empty"]);
    project.git(&["tag", "-a", "v1", "-m", "first"]);
    project
}

/// Kind and size of every object.
type Listed = BTreeMap<ObjectId, (String, u64)>;

/// Every object, as git lists them.
fn listed(project: &Project) -> Listed {
    let all = git(project, &["cat-file", "--batch-all-objects", "--unordered", "--batch-check"]);
    let lines = all.lines().map(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        let id = ObjectId::from_hex(parts[0].as_bytes()).unwrap();
        (id, (parts[1].to_owned(), parts[2].parse().unwrap()))
    });
    lines.collect()
}

/// Every object as we see it, each of which has to come once and to be what its name says; and what could
/// not be read.
fn visited(repository: &Repository, jobs: usize) -> (Listed, Vec<Problem>) {
    let store = Store::open(repository);
    let objects = Objects::open(&store);
    let mut problems = [store.problems(), objects.problems()].concat();
    let seen = Mutex::new(Listed::new());
    for kinds in VISITS {
        let more = objects.visit(kinds, jobs, &|object: Object<'_>| {
            let mut read = vec![];
            let bytes = match object.content {
                Content::Whole(bytes) => bytes,
                Content::Stream(stream, _) => {
                    stream.read_to_end(&mut read).unwrap();
                    &read
                }
            };
            assert!(kinds.contains(&object.kind));
            let computed = gix_object::compute_hash(object.id.kind(), object.kind, bytes).unwrap();
            assert_eq!(computed, object.id);
            let what = (object.kind.to_string(), bytes.len() as u64);
            assert_eq!(seen.lock().unwrap().insert(computed, what), None, "{computed} comes twice");
        });
        problems.extend(more);
    }
    (seen.into_inner().unwrap(), problems)
}

/// Whether git and we see the same objects.
#[track_caller]
fn assert_same(project: &Project) {
    let repository = Repository::open(&project.path("")).unwrap();
    let expected = listed(project);
    for jobs in [1, 3] {
        let (seen, problems) = visited(&repository, jobs);
        assert_eq!(problems, []);
        assert!(seen == expected, "we see {seen:#?}\ngit sees {expected:#?}");
    }
}

fn assert_all_found(project: &Project) {
    let repository = Repository::open(&project.path("")).unwrap();
    let store = Store::open(&repository);
    assert_eq!(store.problems(), []);
    let lookup = Lookup::new(&store, u64::MAX);
    let mut bytes = vec![];
    for (id, (kind, size)) in listed(project) {
        assert!(store.contains(&id), "{id}");
        let header = lookup.header(&id).unwrap().unwrap();
        assert_eq!((header.kind.to_string(), header.size), (kind.clone(), size), "{id}");
        let found = lookup.find(&id, &mut bytes).unwrap().unwrap();
        assert_eq!(found.to_string(), kind, "{id}");
        let computed = gix_object::compute_hash(repository.object_format(), found, &bytes).unwrap();
        assert_eq!(computed, id);
    }
    let nowhere = repository.object_format().null();
    assert_eq!(lookup.find(&nowhere, &mut bytes).unwrap(), None);
    assert!(!store.contains(&nowhere));
}

#[test]
fn each_object_is_found_by_its_id() {
    for format in ["sha1", "sha256"] {
        let project = repository(&["--object-format", format]);
        assert_all_found(&project);
        project.git(&["repack", "-a", "-d", "--quiet"]);
        assert_all_found(&project);
        committed(&project, "more", "more");
        project.git(&["repack", "-d", "--quiet", "--write-midx"]);
        committed(&project, "loose", "loose");
        assert_all_found(&project);
    }
}

#[test]
fn an_object_that_is_too_large_is_not_read() {
    let project = repository(&[]);
    let id = ObjectId::from_hex(git(&project, &["rev-parse", "HEAD:many.txt"]).as_bytes()).unwrap();
    for _ in 0..2 {
        let store = Store::open(&Repository::open(&project.path("")).unwrap());
        let problem = Lookup::new(&store, 1000).find(&id, &mut vec![]).unwrap_err();
        assert_eq!(problem.trouble, Trouble::TooLarge);
        project.git(&["repack", "-a", "-d", "--quiet"]);
    }
}

#[test]
fn all_refs_are_told() {
    let project = repository(&[]);
    project.git(&["branch", "packed"]).git(&["pack-refs", "--all"]).git(&["branch", "loose"]);
    project.git(&["worktree", "add", "--quiet", "-b", "side", "other"]);
    project.write("many.txt", "stashed").git(&["stash", "--quiet"]);
    let repository = Repository::open(&project.path("")).unwrap();
    let refs = repository.refs();
    assert_eq!(refs.problems, []);
    let mut names: Vec<_> = refs.all.iter().map(|one| String::from_utf8_lossy(&one.name)).collect();
    // Which commands leave it behind depends on the version of git.
    names.retain(|name| !name.ends_with("ORIG_HEAD"));
    let expected = [
        "HEAD",
        "refs/heads/loose",
        "refs/heads/main",
        "refs/heads/packed",
        "refs/heads/side",
        "refs/stash",
        "refs/tags/v1",
        "worktrees/other/HEAD",
    ];
    assert_eq!(names, expected);
    assert_eq!(refs.resolve(b"HEAD").unwrap().to_string(), git(&project, &["rev-parse", "HEAD"]));
    let mut logged = vec![];
    assert_eq!(repository.reflogs(&mut |line| logged.push((line.name.to_vec(), line.old, line.new))), []);
    let heads: Vec<_> = logged.iter().filter(|(name, ..)| name == b"HEAD").collect();
    assert_eq!(heads[0].1, None);
    assert_eq!(heads.len(), git(&project, &["reflog", "HEAD"]).lines().count());
    let other = Repository::discover(&project.path("other")).unwrap();
    assert_eq!(other.common_dir(), repository.git_dir());
    let resolved = other.refs().resolve(b"HEAD").map(ToString::to_string);
    assert_eq!(resolved, Some(git(&project, &["rev-parse", "side"])));
}

#[test]
fn every_object_is_seen_once_however_it_is_stored() {
    for format in ["sha1", "sha256"] {
        let project = repository(&["--object-format", format]);
        assert_same(&project);
        project.git(&["repack", "-d", "--quiet"]);
        assert_same(&project);
        committed(&project, "more", "more");
        project.git(&["repack", "-d", "--quiet"]);
        committed(&project, "loose", "loose");
        assert_same(&project);
        // All in one pack, and some of it in the older ones as well.
        project.git(&["repack", "-a", "--quiet", "--write-bitmap-index"]);
        assert_same(&project);
        project.git(&["multi-pack-index", "write"]);
        assert_same(&project);
        project.git(&["repack", "-a", "-d", "--quiet", "--depth=4000", "--window=50"]);
        assert_same(&project);
    }
}

#[test]
fn an_object_by_itself_is_seen_though_no_ref_leads_to_it() {
    let project = repository(&[]);
    project.git(&["checkout", "--quiet", "-b", "gone"]);
    committed(&project, "unreachable", "unreachable");
    project.git(&["checkout", "--quiet", "main"]).git(&["branch", "-D", "gone"]);
    project.git(&["reflog", "expire", "--all", "--expire=now"]);
    assert_same(&project);
    project.git(&["gc", "--quiet", "--cruft", "--prune=never"]);
    assert!(
        fs::read_dir(project.path(".git/objects/pack"))
            .unwrap()
            .any(|file| { file.unwrap().path().extension().is_some_and(|extension| extension == "mtimes") })
    );
    assert_same(&project);
    fs::write(project.path(".git/objects/pack").join(pack_name(&project)).with_extension("keep"), "kept")
        .unwrap();
    assert_same(&project);
}

#[test]
fn an_empty_repository_is_read() {
    for bare in [&[][..], &["--bare"]] {
        let project = Project::new();
        project.git(&[&["init", "--quiet"], bare].concat());
        assert_same(&project);
        let refs = Repository::open(&project.path("")).unwrap().refs();
        assert_eq!((refs.problems, refs.all.len()), (vec![], 1));
    }
}
