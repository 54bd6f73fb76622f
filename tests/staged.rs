//! `stanch git --staged`: exactly what git would commit.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Project, Ran, commit, key, repository, token};

fn staged(project: &Project) -> Ran {
    project.stanch(["git", "--staged", "--format", "json", "."]).run()
}

/// `kind path novelty` of each place.
#[track_caller]
fn assert_staged(project: &Project, code: i32, expected: &[&str]) {
    let ran = staged(project);
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut told: Vec<String> = findings
        .flat_map(|finding| finding["places"].as_array().unwrap())
        .map(|place| {
            let words = ["kind", "path", "novelty"].map(|name| place[name].as_str().unwrap_or("-"));
            words.join(" ")
        })
        .collect();
    told.sort();
    assert_eq!(told, expected, "{}", ran.told());
    ran.exits(code);
}

#[test]
fn the_first_commit_is_all_new() {
    let project = repository(&[]);
    assert_staged(&project, 0, &[]);
    project.write("deep/er/a.env", key(1)).write("unadded.env", key(2));
    project.git(&["add", "deep"]);
    assert_staged(&project, 1, &["file deep/er/a.env new"]);
}

#[test]
fn the_index_counts_and_not_the_worktree() {
    let project = repository(&[]);
    commit(&project, "a.env", "KEY=\n", "base");
    // Staged, then taken out of the worktree; and the other way round.
    project.write("a.env", key(3)).write("b.env", "KEY=\n");
    project.git(&["add", "-A"]);
    project.write("a.env", "KEY=\n").write("b.env", key(4));
    assert_staged(&project, 1, &["file a.env new"]);
    project.git(&["add", "-A"]);
    assert_staged(&project, 1, &["file b.env new"]);
    project.git(&["rm", "-q", "--cached", "b.env"]);
    assert_staged(&project, 0, &[]);
}

#[test]
fn what_the_commit_holds_already_is_no_news() {
    let project = repository(&[]);
    commit(&project, "a.env", &key(5), "base");
    project.write("a.env", format!("# more\n{}", key(5)));
    project.git(&["add", "-A"]);
    assert_staged(&project, 0, &[]);
    project.write("a.env", format!("{}{}", key(5), key(6)));
    project.git(&["add", "-A"]);
    assert_staged(&project, 1, &["file a.env new"]);
    project.git(&["reset", "-q", "--hard"]).git(&["mv", "a.env", "b.env"]);
    // Shown, but not brought by this commit.
    assert_staged(&project, 0, &["file b.env moved"]);
}

#[test]
fn only_a_part_of_a_file_may_be_staged() {
    let project = repository(&[]);
    commit(&project, "a.env", "one=1\ntwo=2\n", "base");
    let blob = {
        project.write("part", format!("one=1\n{}", key(7)));
        project.ask("git", &["hash-object", "-w", "part"])
    };
    project.git(&["update-index", "--cacheinfo", &format!("100644,{blob},a.env")]);
    assert_staged(&project, 1, &["file a.env new"]);
    project.write("later.env", key(8));
    project.git(&["reset", "-q"]).git(&["add", "--intent-to-add", "later.env"]);
    assert_staged(&project, 0, &[]);
}

#[test]
fn another_index_is_looked_at_where_git_uses_one() {
    let project = repository(&[]);
    commit(&project, "a.env", "KEY=\n", "base");
    project.write("a.env", key(9));
    project.command("env", ["GIT_INDEX_FILE=.git/other", "git", "read-tree", "HEAD"]);
    project.command("env", ["GIT_INDEX_FILE=.git/other", "git", "add", "a.env"]);
    assert_staged(&project, 0, &[]);
    let ran = project.stanch(["git", "--staged"]).env("GIT_INDEX_FILE", ".git/other").run();
    ran.exits(1).has("a.env:1:5");
}

#[test]
fn links_names_and_conflicts_are_read() {
    let project = repository(&[]);
    commit(&project, "base.txt", "base\n", "base");
    std::os::unix::fs::symlink(format!("/srv/{}", token(10)), project.path("link")).unwrap();
    project.write(format!("{}.txt", token(11)), "x\n");
    project.git(&["add", "-A"]);
    let report = staged(&project).json();
    let kinds: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["places"][0]["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 2, "{report}");
    assert!(kinds.contains(&"name") && kinds.contains(&"file"), "{kinds:?}");
    project.git(&["reset", "-q", "--hard"]).git(&["checkout", "-q", "-b", "side"]);
    commit(&project, "base.txt", &key(12), "side");
    project.git(&["checkout", "-q", "main"]);
    commit(&project, "base.txt", "main\n", "main");
    project.command("sh", ["-c", "git merge -q side || true"]);
    assert_staged(&project, 1, &["file base.txt new"]);
}

#[test]
fn a_sparse_index_hides_nothing() {
    let project = repository(&[]);
    project.write("in/a.txt", "a\n").write("out/deep/b.env", "KEY=\n");
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "base"]);
    project.git(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
    project.git(&["sparse-checkout", "set", "in"]);
    assert!(project.ask("git", &["ls-files", "--sparse"]).contains("out/"));
    assert_staged(&project, 0, &[]);
    // The same index is staged against a commit that does not have the folder as it is there.
    let tree = project.ask("git", &["rev-parse", "HEAD:in"]);
    commit(&project, "in/a.txt", "b\n", "next");
    let tree = project.ask("sh", &["-c", &format!("printf '040000 tree {tree}\\tin\\n' | git mktree")]);
    let commit = project.ask(
        "git",
        &["-c", "user.name=n", "-c", "user.email=n@example.com", "commit-tree", &tree, "-m", "less"],
    );
    project.git(&["update-ref", "refs/heads/main", &commit]);
    assert_staged(&project, 0, &[]);
    assert!(staged(&project).tally("files") >= 1);
}

#[test]
fn a_worktree_has_an_index_of_its_own() {
    let project = repository(&[]);
    commit(&project, "a.env", "KEY=\n", "base");
    project.git(&["worktree", "add", "-q", "-b", "side", "linked"]);
    project.write("linked/b.env", key(13));
    project.command("git", ["-C", "linked", "add", "b.env"]);
    assert_staged(&project, 0, &[]);
    let ran = project.stanch(["git", "--staged", "linked"]).run();
    ran.exits(1).has("b.env:1:5");
}

#[test]
fn what_cannot_be_read_is_told() {
    let project = repository(&[]);
    project.write("a.env", key(14));
    project.git(&["add", "-A"]);
    let blob = project.ask("git", &["rev-parse", ":a.env"]);
    std::fs::remove_file(project.path(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    let ran = staged(&project);
    ran.exits(3);
    assert_eq!(ran.json()["gaps"][0]["reason"], "missing");
    project.write(".git/index", "no index");
    staged(&project).exits(2).has("the index cannot be read");
}
