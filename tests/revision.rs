//! `stanch scan --rev`: the files of a commit, without a checkout.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Project, key, repository};

/// One commit with secrets, tagged `v1`, and one without; the worktree has another secret.
fn tagged() -> Project {
    let project = repository(&[]);
    project.write("a.env", key(1)).write("deep/er/b.env", key(2)).write("deep/c.txt", "c\n");
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "first"]).git(&["tag", "-a", "v1", "-m", "one"]);
    project.git(&["rm", "-q", "-r", "."]);
    project.write("d.txt", "d\n").git(&["add", "-A"]).git(&["commit", "-q", "-m", "second"]);
    project.write("untracked.env", key(3));
    project
}

#[test]
fn the_files_of_any_revision_are_scanned() {
    let project = tagged();
    let id = project.ask("git", &["rev-parse", "HEAD~1"]);
    for name in ["v1", "HEAD~1", "main^", &id, &id[..10], "v1^{tree}"] {
        let ran = project.stanch(["scan", "--rev", name, "--format", "json"]).run();
        ran.exits(1);
        assert_eq!(ran.paths(), ["a.env", "deep/er/b.env"], "{name}");
        assert_eq!(
            (ran.tally("files"), ran.json()["findings"][0]["places"][0]["line"].clone()),
            (3, 1.into())
        );
    }
    project.stanch(["scan", "--rev", "HEAD"]).run().exits(0);
}

#[test]
fn a_path_restricts_and_patterns_leave_out() {
    let project = tagged();
    let ran = project.stanch(["scan", "--rev", "v1", "deep", "--format", "json"]).run();
    assert_eq!(ran.paths(), ["er/b.env"]);
    let ran = project.stanch(["scan", "--rev", "v1", "deep/er/b.env", "--format", "json"]).run();
    assert_eq!(ran.paths(), ["deep/er/b.env"]);
    let ran = project.stanch(["scan", "--rev", "v1", "--exclude", "deep/", "--format", "json"]).run();
    assert_eq!(ran.paths(), ["a.env"]);
    assert_eq!(ran.tally("excluded"), 2);
}

#[test]
fn a_bare_repository_needs_no_worktree() {
    let project = tagged();
    project.git(&["clone", "-q", "--bare", ".", "bare.git"]);
    let ran = project.stanch(["scan", "--rev", "v1", "bare.git", "--format", "json"]).run();
    assert_eq!(ran.paths(), ["a.env", "deep/er/b.env"]);
}

#[test]
fn what_is_not_there_is_an_error_or_a_gap() {
    let project = tagged();
    project.stanch(["scan", "--rev", "nowhere"]).run().exits(2).has("`nowhere` stands for nothing here");
    project.stanch(["scan", "--rev", "v1", "nowhere.txt"]).run().exits(2).has("is not in `v1`");
    project.stanch(["scan", "--rev", "v1..HEAD"]).run().exits(2).has("is a range");
    project.stanch(["scan", "--rev", "v1", "-"]).run().exits(2);
    let blob = project.ask("git", &["rev-parse", "v1:a.env"]);
    std::fs::remove_file(project.path(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    let ran = project.stanch(["scan", "--rev", "v1", "--format", "json"]).run();
    ran.exits(1);
    assert_eq!(ran.json()["gaps"][0]["reason"], "missing");
}
