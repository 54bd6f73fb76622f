//! `stanch hook pre-push` and `stanch hook pre-receive`, called by git itself on real pushes.

#![allow(clippy::unwrap_used)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use common::{Project, commit, key, token};
use stanch::rules::template;

const STANCH: &str = env!("CARGO_BIN_EXE_stanch");

/// A repository with one commit, and a bare one in it to push to that has that commit.
fn with_server() -> Project {
    let project = Project::new();
    project.git(&["init", "-q", "-b", "main"]).git(&["init", "-q", "--bare", "-b", "main", "server.git"]);
    project.write(".gitignore", "server.git\n");
    commit(&project, "base.txt", "base\n", "base");
    project.git(&["remote", "add", "origin", "server.git"]).git(&["push", "-q", "origin", "main"]);
    project
}

fn hook(project: &Project, path: &str, command: &str) {
    project.write(path, format!("#!/bin/sh\nexec {command}\n"));
    std::fs::set_permissions(project.path(path), std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn on_server(project: &Project) {
    hook(project, "server.git/hooks/pre-receive", &format!("'{STANCH}' hook pre-receive"));
}

fn push(project: &Project, args: &[&str]) -> (bool, String) {
    let mut command = Command::new("git");
    command.args(["push"]).args(args).current_dir(project.path("")).env("HOME", project.path(""));
    let Output { status, stdout, stderr } = command.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[track_caller]
fn assert_passes(project: &Project, args: &[&str]) {
    let (passed, told) = push(project, args);
    assert!(passed, "{told}");
}

#[track_caller]
fn assert_stopped(project: &Project, args: &[&str], secret: u64, texts: &[&str]) {
    let (passed, told) = push(project, args);
    assert!(!passed, "{told}");
    for text in texts {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    assert!(!told.contains(&token(secret)[4..]), "{told}");
}

#[test]
fn a_server_takes_what_is_clean_and_nothing_else() {
    let project = with_server();
    on_server(&project);
    commit(&project, "clean.txt", "clean\n", "clean");
    assert_passes(&project, &["origin", "main"]);
    commit(&project, "a.env", &key(1), "secret");
    assert_stopped(&project, &["origin", "main"], 1, &["a.env:1:5", "the push is stopped"]);
    // Taken out by a later commit only, it is in the history all the same.
    commit(&project, "a.env", "KEY=\n", "too late");
    assert_stopped(&project, &["origin", "main"], 1, &["a.env:1:5", "stays in the history"]);
    project.git(&["reset", "-q", "--hard", "HEAD~2"]);
    commit(&project, "b.txt", "b\n", "clean again");
    assert_passes(&project, &["origin", "main"]);
}

#[test]
fn a_server_looks_at_what_is_new_only() {
    let project = with_server();
    commit(&project, "old.env", &key(2), "old");
    assert_passes(&project, &["origin", "main"]);
    on_server(&project);
    // The packs of pushes hold differences from what the server has, and are completed with it.
    let long: String = (0..2000).map(|line| format!("line {line}\n")).collect();
    commit(&project, "old.env", &format!("{}{long}", key(2)), "longer");
    assert_passes(&project, &["origin", "main"]);
    commit(&project, "old.env", &format!("{}{long}more\n", key(2)), "longer still");
    assert_passes(&project, &["origin", "main:refs/heads/side"]);
    assert_passes(&project, &["origin", ":side"]);
}

#[test]
fn marks_and_ignore_files_of_a_push_count_for_nothing() {
    let project = with_server();
    on_server(&project);
    commit(&project, "a.env", &format!("KEY={} # stanch:ignore\n", token(3)), "marked");
    assert_stopped(&project, &["origin", "main"], 3, &["a.env:1:5"]);
    let report = project.stanch(["scan", "--format", "json", "a.env"]).run();
    assert_eq!(report.tally("ignored_inline"), 1);
    project.write("a.env", key(3));
    let id = project.stanch(["scan", "--format", "json", "a.env"]).run().json()["findings"][0]["id"].clone();
    let ignored = format!("id {} reason=\"a test key that never was live\"\n", id.as_str().unwrap());
    commit(&project, ".stanchignore", &ignored, "ignored by the push itself");
    assert_stopped(&project, &["origin", "main"], 3, &["a.env:1:5"]);
    project.write("server.git/info/stanchignore", &ignored);
    assert_passes(&project, &["origin", "main"]);
}

#[test]
fn a_server_reads_messages_tags_names_and_what_leads_nowhere() {
    let project = with_server();
    on_server(&project);
    project.git(&["commit", "-q", "--allow-empty", "-m", &format!("use {}", token(4))]);
    assert_stopped(&project, &["origin", "main"], 4, &["message"]);
    project.git(&["reset", "-q", "--hard", "HEAD~1"]);
    project.git(&["tag", "-a", "v1", "-m", &format!("use {}", token(5))]);
    assert_stopped(&project, &["origin", "v1"], 5, &["tag"]);
    // Git itself repeats the name.
    let (passed, told) = push(&project, &["origin", &format!("main:refs/heads/{}", token(6))]);
    assert!(!passed && told.contains("in the name or the log of a ref"), "{told}");
    project.write("loose.env", key(7));
    let blob = project.ask("git", &["hash-object", "-w", "loose.env"]);
    assert_stopped(&project, &["origin", &format!("{blob}:refs/tags/blob")], 7, &["the push is stopped"]);
}

/// Whoever pushes cannot let a server look away, and is not told so.
#[test]
fn a_server_tells_what_it_could_not_scan() {
    let project = with_server();
    on_server(&project);
    let oid = template::fill("{hex:64}", 1).unwrap();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n");
    commit(&project, "large.bin", &pointer, "pointer");
    let (passed, told) = push(&project, &["origin", "main"]);
    assert!(!passed && told.contains("not everything could be scanned"), "{told}");
    assert!(told.contains("info/stanchignore") && !told.contains("STANCH_SKIP"), "{told}");
}

#[test]
fn a_push_is_scanned_before_it_is_sent() {
    let project = with_server();
    hook(&project, ".git/hooks/pre-push", &format!("'{STANCH}' hook pre-push \"$@\""));
    commit(&project, "clean.txt", "clean\n", "clean");
    assert_passes(&project, &["origin", "main"]);
    project.git(&["checkout", "-q", "-b", "side"]);
    commit(&project, "a.env", &key(8), "secret");
    assert_stopped(&project, &["origin", "side"], 8, &["a.env:1:5", "stanch ignore ID"]);
    assert_stopped(&project, &["server.git", "side"], 8, &["a.env:1:5"]);
    // What is not pushed is not looked at.
    assert_passes(&project, &["origin", "main:other"]);
    let id = project.stanch(["scan", "--format", "json", "a.env"]).run().json()["findings"][0]["id"].clone();
    project.write(
        ".stanchignore",
        format!("id {} reason=\"a test key that never was live\"\n", id.as_str().unwrap()),
    );
    assert_passes(&project, &["origin", "side"]);
    assert_passes(&project, &["origin", ":other"]);
}

#[test]
fn what_git_would_not_say_is_an_error() {
    let project = with_server();
    for line in ["one two\n", "a b c d\n", "one two three four five\n"] {
        project.stanch(["hook", "pre-push", "origin"]).input(line).run().exits(2).has("githooks(5)");
        project.stanch(["hook", "pre-receive"]).input(line).run().exits(2).has("githooks(5)");
    }
    project.stanch(["hook", "pre-receive"]).input("").run().exits(0);
}
