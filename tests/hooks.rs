//! `stanch hook install` and what git then does.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use common::{Project, key, repository, token};

fn with_user() -> Project {
    let project = repository(&[]);
    project.git(&["config", "user.name", "n"]).git(&["config", "user.email", "n@example.com"]);
    project
}

fn git(project: &Project, environment: &[(&str, &str)], args: &[&str]) -> (bool, String) {
    let mut command = Command::new("git");
    command.args(args).current_dir(project.path("")).env("HOME", project.path(""));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env_remove("STANCH_SKIP").envs(environment.iter().copied());
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[track_caller]
fn assert_passes(project: &Project, args: &[&str]) -> String {
    let (passed, told) = git(project, &[], args);
    assert!(passed, "{told}");
    told
}

#[track_caller]
fn assert_stopped(project: &Project, args: &[&str], text: &str) {
    let (passed, told) = git(project, &[], args);
    assert!(!passed && told.contains(text), "{text}: {told}");
}

fn install(project: &Project) {
    project.stanch(["hook", "install"]).run().exits(0).has("pre-commit is scanned by ");
}

fn executable(project: &Project, path: &str, text: &str) {
    project.write(path, text);
    fs::set_permissions(project.path(path), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Names, modes and contents of what is in a folder.
fn snapshot(folder: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| {
            let mode = entry.metadata().unwrap().permissions().mode();
            (entry.file_name().into_string().unwrap(), mode, fs::read(entry.path()).unwrap())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn commits_messages_and_pushes_are_scanned() {
    let project = with_user();
    install(&project);
    project.write("a.txt", "a\n").git(&["add", "-A"]);
    assert_passes(&project, &["commit", "-q", "-m", "clean"]);
    project.write("a.env", key(1)).git(&["add", "-A"]);
    assert_stopped(&project, &["commit", "-q", "-m", "secret"], "a.env:1:5");
    assert_stopped(&project, &["commit", "-q", "-m", "secret"], "nothing is committed");
    let (passed, told) = git(&project, &[("STANCH_SKIP", "1")], &["commit", "-q", "-m", "skipped"]);
    assert!(passed && told.contains("STANCH_SKIP"), "{told}");
    project.write("a.txt", "b\n").git(&["add", "-A"]);
    assert_stopped(&project, &["commit", "-q", "-m", &format!("use {}", token(2))], "COMMIT_EDITMSG");
    project.git(&["init", "-q", "--bare", "server.git"]);
    assert_stopped(&project, &["push", "server.git", "main"], "the push is stopped");
}

#[test]
fn what_git_puts_into_the_index_by_itself_is_scanned() {
    let project = with_user();
    project.write("a.env", "KEY=\n").write("b.env", "KEY=\n").git(&["add", "-A"]);
    project.git(&["commit", "-q", "-m", "base"]);
    install(&project);
    // With -a, and of one file alone, git commits from an index of its own.
    project.write("a.env", key(3));
    assert_stopped(&project, &["commit", "-q", "-a", "-m", "all"], "a.env:1:5");
    assert_stopped(&project, &["commit", "-q", "-m", "one", "a.env"], "a.env:1:5");
    project.write("b.env", "KEY=1\n");
    assert_passes(&project, &["commit", "-q", "-m", "other", "b.env"]);
    project.git(&["checkout", "-q", "a.env"]).git(&["rm", "-q", "a.env"]);
    assert_passes(&project, &["commit", "-q", "-m", "gone"]);
}

#[test]
fn messages_are_scanned_as_they_are_stored() {
    let project = with_user();
    install(&project);
    project.write("a.txt", "a\n").git(&["add", "-A"]);
    // Without an editor a line that begins like a comment is stored.
    let comment = format!("subject\n\n# {}", token(4));
    assert_stopped(&project, &["commit", "-q", "-m", &comment], "nothing is committed");
    // With one it is not.
    let editor = project.path("editor");
    executable(&project, "editor", &format!("#!/bin/sh\nprintf 'subject\\n\\n# {}\\n' > \"$1\"\n", token(5)));
    let (passed, told) = git(&project, &[("GIT_EDITOR", &editor.display().to_string())], &["commit", "-q"]);
    assert!(passed, "{told}");
    assert_eq!(project.ask("git", &["log", "-1", "--format=%B"]), "subject");
}

#[test]
fn hooks_that_were_there_run_first_and_come_back() {
    let project = with_user();
    executable(&project, ".git/hooks/pre-commit", "#!/bin/sh\necho before-ran\n[ ! -e stop ]\n");
    executable(&project, ".git/hooks/pre-push", "#!/bin/sh\necho \"pushed to $1:\"\ncat\n");
    let before = snapshot(&project.path(".git/hooks"));
    install(&project);
    install(&project);
    project.write("a.txt", "a\n").git(&["add", "-A"]);
    assert!(assert_passes(&project, &["commit", "-q", "-m", "clean"]).contains("before-ran"));
    project.write("stop", "");
    project.write("a.txt", "b\n").git(&["add", "-A"]);
    assert_stopped(&project, &["commit", "-q", "-m", "stopped"], "before-ran");
    fs::remove_file(project.path("stop")).unwrap();
    project.git(&["init", "-q", "--bare", "server.git"]);
    let told = assert_passes(&project, &["push", "server.git", "main"]);
    assert!(told.contains("pushed to server.git:") && told.contains("refs/heads/main"), "{told}");
    project.stanch(["hook", "uninstall"]).run().exits(0).has("is again what it was");
    assert_eq!(snapshot(&project.path(".git/hooks")), before);
    project.stanch(["hook", "uninstall"]).run().exits(0).has("no hook of stanch");
}

#[test]
fn what_somebody_changed_is_left_alone() {
    let project = with_user();
    install(&project);
    let hook = ".git/hooks/pre-commit";
    let changed = project.read(hook) + "echo more\n";
    project.write(hook, &changed);
    for command in ["install", "uninstall"] {
        project.stanch(["hook", command]).run().exits(2).has("somebody changed it");
        assert_eq!(project.read(hook), changed);
    }
}

#[test]
fn hooks_outside_the_repository_and_those_of_husky_are_not_touched() {
    let project = with_user();
    let outside = Project::new();
    project.git(&["config", "core.hooksPath", &outside.path("").display().to_string()]);
    project.stanch(["hook", "install"]).run().exits(2).has("leads out of this repository");
    assert!(snapshot(&outside.path("")).is_empty());
    project.git(&["config", "core.hooksPath", ".husky/_"]);
    project.stanch(["hook", "install"]).run().exits(2).has(".husky/pre-commit");
    project.git(&["config", "core.hooksPath", "own hooks"]);
    install(&project);
    assert!(project.read("own hooks/pre-commit").contains("stanch"));
    project.write("a.env", key(6)).git(&["add", "a.env"]);
    assert_stopped(&project, &["commit", "-q", "-m", "secret"], "a.env:1:5");
}

#[test]
fn a_single_hook_can_be_chosen() {
    let project = with_user();
    project.stanch(["hook", "install", "--hook", "commit-msg"]).run().exits(0).has_not("pre-commit");
    assert!(
        project.path(".git/hooks/commit-msg").exists() && !project.path(".git/hooks/pre-commit").exists()
    );
}

#[test]
fn a_linked_worktree_shares_the_hooks() {
    let project = with_user();
    project.write("a.txt", "a\n").git(&["add", "-A"]).git(&["commit", "-q", "-m", "base"]);
    project.git(&["worktree", "add", "-q", "-b", "linked", "linked tree"]);
    install(&project);
    project.write("linked tree/a.env", key(7));
    let (passed, told) = git(&project, &[], &["-C", "linked tree", "add", "-A"]);
    assert!(passed, "{told}");
    assert_stopped(&project, &["-C", "linked tree", "commit", "-q", "-m", "secret"], "a.env:1:5");
}

#[test]
fn without_stanch_git_is_stopped_with_a_word_why() {
    let project = with_user();
    install(&project);
    let hook = ".git/hooks/pre-commit";
    let lost = project.read(hook).replace(env!("CARGO_BIN_EXE_stanch"), "/nowhere/stanch");
    project.write(hook, &lost);
    project.write("a.txt", "a\n").git(&["add", "-A"]);
    let commit = ["commit", "-q", "-m", "clean"];
    let path = "/usr/local/bin:/usr/bin:/bin";
    let (passed, told) = git(&project, &[("PATH", path)], &commit);
    assert!(!passed && told.contains("needs stanch on PATH"), "{told}");
}

#[test]
fn all_repositories_of_a_user() {
    let home = Project::new();
    let set = home.path("");
    let at_home =
        |ran: common::Stanch| ran.env("HOME", &set.display().to_string()).env("XDG_CONFIG_HOME", "").run();
    at_home(home.stanch(["hook", "install", "--global"])).exits(0).has("for all repositories");
    home.git(&["init", "-q", "-b", "main", "project"]);
    executable(&home, "project/.git/hooks/pre-commit", "#!/bin/sh\necho own-ran\n");
    executable(&home, "project/.git/hooks/post-commit", "#!/bin/sh\necho post-ran\n");
    let run = |args: &[&str]| {
        let who = ["-C", "project", "-c", "user.name=n", "-c", "user.email=n@example.com"];
        git(&home, &[], &[&who[..], args].concat())
    };
    home.write("project/a.txt", "a\n");
    run(&["add", "-A"]);
    let (passed, told) = run(&["commit", "-q", "-m", "clean"]);
    assert!(passed && told.contains("own-ran") && told.contains("post-ran"), "{told}");
    home.write("project/a.env", key(8));
    run(&["add", "-A"]);
    let (passed, told) = run(&["commit", "-q", "-m", "secret"]);
    assert!(!passed && told.contains("a.env:1:5"), "{told}");
    // Git checks out what is pushed by itself only where no hook does.
    assert!(!home.path(".config/stanch/hooks/push-to-checkout").exists());
    at_home(home.stanch(["hook", "uninstall", "--global"])).exits(0).has("no longer set");
    assert!(!home.path(".config/stanch/hooks").exists());
    let (passed, told) = run(&["commit", "-q", "-m", "secret"]);
    assert!(passed && told.contains("own-ran"), "{told}");
}

#[test]
fn the_pre_commit_framework_tells_of_a_push_in_variables() {
    let project = with_user();
    project.write("a.txt", "a\n").git(&["add", "-A"]).git(&["commit", "-q", "-m", "base"]);
    let old = project.ask("git", &["rev-parse", "HEAD"]);
    project.write("a.env", key(9)).git(&["add", "-A"]).git(&["commit", "-q", "-m", "secret"]);
    let new = project.ask("git", &["rev-parse", "HEAD"]);
    let push = |from: &str, to: &str| {
        let ran = project.stanch(["hook", "pre-push"]).env("PRE_COMMIT_FROM_REF", from);
        ran.env("PRE_COMMIT_TO_REF", to).env("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main").run()
    };
    push(&old, &new).exits(1).has("a.env:1:5");
    push(&new, &new).exits(0);
    push("HEAD", &new).exits(2).has("githooks(5)");
}
