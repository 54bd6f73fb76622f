//! Repositories that git itself made, read without it.

#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::Project;
use stanch::git::{Lookup, ObjectId, Repository, Store, Trouble};

/// What git says.
fn git(project: &Project, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(project.path("")).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
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

/// `ID KIND SIZE` of every object, as git lists them.
fn listed(project: &Project) -> Vec<(ObjectId, String, u64)> {
    let all = git(project, &["cat-file", "--batch-all-objects", "--batch-check"]);
    let lines = all.lines().map(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        (ObjectId::from_hex(parts[0].as_bytes()).unwrap(), parts[1].to_owned(), parts[2].parse().unwrap())
    });
    lines.collect()
}

fn assert_all_found(project: &Project) {
    let repository = Repository::open(&project.path("")).unwrap();
    let store = Store::open(&repository);
    assert_eq!(store.problems(), []);
    let lookup = Lookup::new(&store, u64::MAX);
    let mut bytes = vec![];
    for (id, kind, size) in listed(project) {
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
