//! `stanch git` on repositories that git itself made: what is found, and in which commit.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Project, Ran, assert_kept_secret, commit, repository, token};
use stanch::rules::template;

fn scan(project: &Project) -> Ran {
    project.stanch(["git", "--format", "json", "."]).run()
}

/// `kind path since REMOVED HEAD` of each place, where commits are told by their place in `git log`.
#[track_caller]
fn places(project: &Project, ran: &Ran) -> Vec<String> {
    let subject = |commit: &serde_json::Value| match commit.as_str() {
        None => "-".to_owned(),
        Some(id) => project.ask("git", &["log", "-1", "--format=%s", id]),
    };
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    let places = findings.iter().flat_map(|finding| finding["places"].as_array().unwrap());
    let mut told: Vec<String> = places
        .map(|place| {
            let (kind, path) = (place["kind"].as_str().unwrap(), place["path"].as_str().unwrap());
            let (since, removed) = (subject(&place["commit"]), subject(&place["removed"]["commit"]));
            let head = if place["in_head"] == true { "HEAD" } else { "-" };
            format!("{kind} {path} {since} {removed} {head}")
        })
        .collect();
    told.sort();
    told
}

#[track_caller]
fn assert_places(project: &Project, expected: &[&str]) {
    let ran = scan(project);
    assert_eq!(places(project, &ran), expected, "{}", ran.told());
    ran.exits(1);
}

#[test]
fn a_secret_that_was_removed_is_found_in_the_commit_that_brought_it() {
    let project = repository(&[]);
    commit(&project, "a.env", &format!("KEY={}\n", token(1)), "brought");
    commit(&project, "a.env", &format!("KEY={}\nMORE=1\n", token(1)), "edited");
    commit(&project, "a.env", "KEY=\nMORE=1\n", "removed");
    assert_places(&project, &["file a.env brought removed -"]);
    let ran = project.stanch(["git"]).run();
    ran.exits(1).has("a.env:1:5").has("since ").has("removed in ");
    assert_kept_secret(&ran, &token(1));
}

#[test]
fn every_object_counts_once_and_every_path_is_told() {
    let project = repository(&[]);
    let text = format!("KEY={}\n", token(2));
    commit(&project, "one.env", &text, "first");
    commit(&project, "deep/er/two.env", &text, "second");
    project.git(&["gc", "-q"]);
    assert_places(&project, &["file deep/er/two.env second - HEAD", "file one.env first - HEAD"]);
    assert_eq!(scan(&project).tally("files"), 1);
}

#[test]
fn what_no_patch_shows_is_found() {
    let project = repository(&[]);
    commit(&project, "base", "base\n", "base");
    project.git(&["checkout", "-q", "-b", "side"]);
    commit(&project, "side", "side\n", "side");
    project.git(&["checkout", "-q", "main"]);
    commit(&project, ".gitattributes", "*.bin -diff\n*.dat binary\n", "attributes");
    project.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    project.write("evil.env", format!("KEY={}\n", token(3)));
    project.write("x.bin", format!("KEY={}\n", token(4)));
    let wide: Vec<u8> = format!("KEY={}\r\n", token(5)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    project.write("wide.dat", wide);
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "merge"]);
    let expected = ["file evil.env merge - HEAD", "file wide.dat merge - HEAD", "file x.bin merge - HEAD"];
    assert_places(&project, &expected);
}

#[test]
fn what_no_ref_reaches_is_found() {
    let project = repository(&[]);
    commit(&project, "base", "base\n", "base");
    project.write("stashed.env", format!("KEY={}\n", token(6)));
    project.git(&["add", "-A"]).git(&["stash", "-q"]);
    commit(&project, "lost.env", &format!("KEY={}\n", token(7)), "lost");
    project.git(&["reset", "-q", "--hard", "HEAD~1"]);
    project.write("loose.env", format!("KEY={}\n", token(8)));
    project.git(&["hash-object", "-w", "loose.env"]);
    let ran = scan(&project);
    let told = places(&project, &ran);
    assert!(told.iter().any(|place| place.starts_with("file lost.env lost ")), "{told:?}");
    assert!(told.iter().any(|place| place.starts_with("file stashed.env ")), "{told:?}");
    assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 3, "{}", ran.told());
}

#[test]
fn text_that_is_no_file_is_looked_at() {
    let project = repository(&[]);
    commit(&project, "a", "a\n", &format!("use {}", token(9)));
    project.git(&["tag", "-a", "v1", "-m", &format!("for {}", token(10))]);
    project.git(&["branch", &format!("try-{}", token(11))]);
    project.git(&["remote", "add", "origin", &format!("https://x:{}@git.acme-corp.dev/a.git", token(12))]);
    commit(&project, &format!("{}.txt", token(13)), "b\n", "named");
    let ran = scan(&project);
    let report = ran.json();
    let mut kinds: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|finding| finding["places"].as_array().unwrap())
        .map(|place| place["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["config", "message", "name", "ref", "tag"], "{}", ran.told());
    (9..14).for_each(|seed| assert_kept_secret(&ran, &token(seed)));
}

#[test]
fn a_repository_with_sha_256_is_read() {
    let project = repository(&["--object-format=sha256"]);
    commit(&project, "a.env", &format!("KEY={}\n", token(14)), "brought");
    assert_places(&project, &["file a.env brought - HEAD"]);
}

#[test]
fn a_rule_for_files_of_one_name_holds_for_that_name_only() {
    let project = repository(&[]);
    let password = template::fill("{base62:6}-{base62:8}7", 1).unwrap();
    let netrc = format!("machine git.acme-corp.dev login ann password {password}\n");
    commit(&project, ".netrc", &netrc, "netrc");
    let ran = project.stanch(["git", "--confidence", "possible", "--format", "json", "."]).run();
    assert_eq!(places(&project, &ran), ["file .netrc netrc - HEAD"], "{}", ran.told());
    commit(&project, "home/.pgpass", &format!("db.acme-corp.dev:5432:shop:ann:{password}\n"), "pgpass");
    let ran = project.stanch(["git", "--confidence", "possible", "--format", "json", "."]).run();
    let expected = ["file .netrc netrc - HEAD", "file home/.pgpass pgpass - HEAD"];
    assert_eq!(places(&project, &ran), expected, "{}", ran.told());
}

#[test]
fn a_shallow_clone_is_not_called_clean() {
    let project = repository(&[]);
    commit(&project, "a", "a\n", "first");
    commit(&project, "a", "b\n", "second");
    project.git(&[
        "clone",
        "-q",
        "--depth",
        "1",
        &format!("file://{}", project.path("").display()),
        "shallow",
    ]);
    let ran = project.stanch(["git", "shallow"]).run();
    ran.exits(3).has("git fetch --unshallow").has("missing");
}

#[test]
fn a_clean_repository_is_clean_and_no_repository_is_an_error() {
    let project = repository(&[]);
    project.stanch(["git", "."]).run().exits(0);
    commit(&project, "a", "a\n", "first");
    project.stanch(["git", "."]).run().exits(0).has("No secrets found.");
    let empty = Project::new();
    empty.stanch(["git", "."]).run().exits(2);
}

#[test]
fn an_ignored_id_is_not_told() {
    let project = repository(&[]);
    commit(&project, "a.env", &format!("KEY={}\n", token(15)), "brought");
    let id = scan(&project).json()["findings"][0]["id"].as_str().unwrap().to_owned();
    project.write(".stanchignore", format!("id {id} reason=\"revoked\"\n"));
    let ran = scan(&project);
    ran.exits(0);
    assert_eq!(ran.tally("ignored_by_file"), 1);
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_gap() {
    let project = repository(&[]);
    commit(&project, "a.txt", "a\n", "base");
    project.git(&["config", "extensions.worktreeConfig", "true"]);
    project.write(
        ".git/config.worktree",
        format!("[http]\n\textraheader = Authorization: Bearer {}\n", token(40)),
    );
    assert_places(&project, &["config .git/config.worktree - - -"]);
    std::fs::remove_file(project.path(".git/config.worktree")).unwrap();
    project.write("elsewhere", "[core]\n");
    std::os::unix::fs::symlink(project.path("elsewhere"), project.path(".git/config.worktree")).unwrap();
    let ran = scan(&project);
    ran.exits(3);
    assert_eq!(ran.json()["gaps"][0]["path"], ".git/config.worktree");
}
