//! `stanch git --cache`: a run passes over what an earlier one knew, and reports what a full run would.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;

use common::{Project, Ran, commit, repository, token};
use stanch::rules::template;

/// A repository with a token in its past and many clean files, all in a pack.
fn packed() -> Project {
    let project = repository(&[]);
    for number in 0..30 {
        project.write(format!("src/{number}.txt"), format!("nothing of number {number}\n").repeat(40));
    }
    commit(&project, "a.env", &format!("KEY={}\n", token(1)), "brought");
    commit(&project, "a.env", "KEY=\n", "removed");
    project.git(&["gc", "-q"]);
    project
}

/// Where the caches of a project are; outside of its repository.
fn folder(project: &Project) -> PathBuf {
    project.path("").with_extension("cache")
}

/// JSON, unless another form is asked for.
fn format_of(more: &[&str]) -> &'static [&'static str] {
    if more.contains(&"--format") { &[] } else { &["--format", "json"] }
}

fn cached(project: &Project, more: &[&str]) -> Ran {
    let cache = format!("--cache={}", folder(project).display());
    project.stanch([&["git", &cache], format_of(more), more].concat()).run()
}

fn full(project: &Project, more: &[&str]) -> Ran {
    project.stanch([&["git"], format_of(more), more].concat()).run()
}

/// Runs with the cache and without; both must report the same. Returns what was said of the cache.
#[track_caller]
fn said(project: &Project, more: &[&str]) -> String {
    let (cached, full) = (cached(project, more), full(project, more));
    assert_eq!(cached.stdout(), full.stdout());
    assert_eq!(cached.code, full.code);
    cached.stderr()
}

/// The cache file of the one repository that was scanned whose name ends so.
fn file(project: &Project, end: &str) -> PathBuf {
    let entries = fs::read_dir(folder(project)).unwrap().flatten().map(|entry| entry.path());
    let files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == end)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

const SAME: &str = "stanch: nothing changed since a run with the same rules\n";
const ALL: &str = "stanch: all blobs without a sign of a secret were scanned before with the same rules\n";

#[test]
fn a_second_run_passes_over_what_the_first_one_knew() {
    let project = packed();
    assert_eq!(said(&project, &[]), "");
    assert_eq!(said(&project, &[]), SAME);
    project.git(&["branch", "other"]);
    assert_eq!(said(&project, &[]), ALL);
    assert_eq!(said(&project, &["--purge-plan"]), ALL);
    assert_eq!(said(&project, &["--purge-plan"]), SAME);
    assert_eq!(said(&project, &[]), ALL);
    commit(&project, "b.env", &format!("KEY={}\n", token(2)), "another");
    commit(&project, "c.txt", "clean\n", "clean");
    // What is new is loose and not in the pack.
    let told = "stanch: 31 of 32 blobs without a sign of a secret were scanned before with the same rules\n";
    assert_eq!(said(&project, &[]), told);
    project.git(&["gc", "-q"]);
    assert_eq!(said(&project, &[]), ALL);
    assert_eq!(cached(&project, &[]).json()["findings"].as_array().unwrap().len(), 2);
}

#[test]
fn other_rules_see_everything_again() {
    let project = packed();
    commit(&project, "own.txt", &template::fill("acme_{hex:17}\n", 5).unwrap(), "own");
    project.git(&["gc", "-q"]);
    cached(&project, &[]);
    assert_eq!(said(&project, &[]), SAME);
    project.write(
        "own.toml",
        "provider = \"Acme\"\n\n[[rule]]\nid = \"acme-token\"\nname = \"Acme token\"\ncategory = \"generic\"\n\
         severity = \"high\"\nrisk = \"Opens everything.\"\nsource = \"vendor-doc\"\n\
         pattern = 'acme_[0-9a-f]{17}'\nexamples = [\"acme_{hex:17}\"]\n\
         near_misses = [\"acme_{hex:16}\", \"acme-{hex:17}\"]\n",
    );
    let own = project.path("own.toml");
    let own = ["--rules", own.to_str().unwrap()];
    assert_eq!(said(&project, &own), "");
    cached(&project, &own).has("acme-token");
    assert_eq!(said(&project, &own), SAME);
    assert_eq!(said(&project, &[]), "");
}

/// What one rule alone found says nothing of the others.
#[test]
fn a_run_for_one_rule_is_not_told_again_for_all() {
    let project = packed();
    for rule in ["aws-access-key-id", "github-pat-classic"] {
        let only = ["--rule", rule];
        assert_eq!(said(&project, &only), "");
        assert_eq!(said(&project, &only), SAME);
        assert_eq!(said(&project, &[]), "");
        assert_eq!(cached(&project, &[]).json()["findings"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_cache_that_is_not_whole_is_not_believed() {
    let project = packed();
    cached(&project, &[]);
    for (end, otherwise) in [("memo", ALL), ("git", "")] {
        let (path, whole) = (file(&project, end), fs::read(file(&project, end)).unwrap());
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for broken in [&[][..], &whole[..whole.len() - 1], &whole[1..], &flipped] {
            fs::write(&path, broken).unwrap();
            fs::write(file(&project, "memo"), if end == "memo" { broken } else { &[] }).unwrap();
            assert_eq!(said(&project, &[]), otherwise);
            assert_eq!(said(&project, &[]), SAME);
        }
    }
}

#[test]
fn what_was_damaged_since_is_a_gap() {
    let project = packed();
    cached(&project, &[]);
    let packs = fs::read_dir(project.path(".git/objects/pack")).unwrap().flatten().map(|entry| entry.path());
    let pack = packs.into_iter().find(|path| path.extension().is_some_and(|end| end == "pack")).unwrap();
    fs::set_permissions(&pack, fs::Permissions::from_mode(0o644)).unwrap();
    let whole = fs::read(&pack).unwrap();
    for at in (12..whole.len() - 20).step_by(97) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        fs::write(&pack, damaged).unwrap();
        assert_eq!(said(&project, &[]), "", "byte {at}");
    }
}

#[test]
fn what_is_gone_is_forgotten() {
    let project = packed();
    project.git(&["checkout", "-q", "-b", "side"]);
    commit(&project, "side.txt", "to be dropped\n", "side");
    project.git(&["gc", "-q"]);
    assert_eq!(said(&project, &[]), "");
    project.git(&["checkout", "-q", "main"]).git(&["branch", "-q", "-D", "side"]);
    project.git(&["reflog", "expire", "--expire=now", "--all"]).git(&["gc", "-q", "--prune=now"]);
    assert_eq!(said(&project, &[]), ALL);
}

#[test]
fn nothing_of_a_repository_can_be_read_from_its_cache() {
    let project = packed();
    cached(&project, &[]);
    let bytes =
        [fs::read(file(&project, "git")).unwrap(), fs::read(file(&project, "memo")).unwrap()].concat();
    let holds = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    for id in project.ask("git", &["rev-list", "--objects", "--all"]).lines() {
        let hex = &id[..40];
        let raw: Vec<u8> =
            (0..20).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
        assert!(!holds(hex.as_bytes()) && !holds(&raw[..8]) && !holds(&raw[12..]), "{hex}");
    }
    assert!(!holds(token(1).as_bytes()) && !holds(b"a.env"));
    for path in
        [folder(&project), file(&project, "git"), file(&project, "memo"), folder(&project).join("key")]
    {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn runs_side_by_side_agree() {
    let project = packed();
    let expected = full(&project, &[]).stdout();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| assert_eq!(cached(&project, &[]).stdout(), expected));
        }
    });
    assert_eq!(said(&project, &[]), SAME);
    let left = fs::read_dir(folder(&project)).unwrap().count();
    assert_eq!(left, 3, "the key and two files");
}

#[test]
fn submodules_have_caches_of_their_own() {
    let inner = packed();
    let outer = Project::new();
    outer.git(&["init", "-q", "-b", "main"]);
    outer.git(&["submodule", "add", "-q", inner.path("").to_str().unwrap(), "inner"]);
    outer.git(&["commit", "-q", "-m", "with"]).git(&["gc", "-q"]);
    cached(&outer, &["--recurse-submodules"]);
    assert_eq!(said(&outer, &["--recurse-submodules"]).matches(SAME).count(), 2);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let project = packed();
    project.write("taken", "no folder");
    let ran = project.stanch(["git", "--cache=taken/below"]).run();
    ran.exits(2).has("taken/below: no cache can be kept there").has("--cache=DIR");
    let home = project.path("home");
    let ran = project.stanch(["git", "--cache"]).env("XDG_CACHE_HOME", home.to_str().unwrap()).run();
    ran.exits(1);
    assert!(home.join("stanch/key").is_file());
    let ran = project.stanch(["git", "--cache", "--range", "HEAD~1..HEAD"]).run();
    ran.exits(2).has("--cache");
}

/// Whatever a repository holds: what is told again is what was told.
#[test]
fn all_that_is_told_is_told_again() {
    let project = packed();
    let mut binary = vec![0, 1, 2, 3];
    binary.extend(format!("KEY={}\n", token(3)).bytes());
    project.write("binary.bin", &binary);
    project.write(
        "wide.txt",
        format!("KEY={}\n", token(4)).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
    );
    commit(&project, "again.env", &format!("KEY={}\n", token(1)), &format!("see {}", token(5)));
    project.git(&["tag", "-a", "-m", &format!("or {}", token(6)), "v1"]);
    project.git(&["notes", "add", "-m", &format!("note {}", token(7))]);
    project.git(&["branch", &token(8)]).git(&[
        "commit",
        "-q",
        "--allow-empty",
        "--author",
        &format!("{} <a@example.com>", token(9)),
        "-m",
        "by",
    ]);
    commit(&project, "stashed.env", "", "to be stashed");
    project.write("stashed.env", format!("KEY={}\n", token(10))).git(&["stash", "-q"]);
    commit(&project, "dropped.env", &format!("KEY={}\n", token(11)), "dropped");
    project.git(&["reset", "-q", "--hard", "HEAD~1"]);
    project.git(&["config", "remote.origin.url", &format!("https://me:{}@example.com/a.git", token(12))]);
    for packed in [false, true] {
        if packed {
            project.git(&["gc", "-q", "--prune=never"]);
        }
        said(&project, &[]);
        assert_eq!(said(&project, &[]), SAME);
        for format in ["sarif", "jsonl", "human"] {
            assert_eq!(said(&project, &["--format", format]), SAME);
        }
    }
    assert_eq!(cached(&project, &[]).json()["findings"].as_array().unwrap().len(), 11);
    // A name of a file that may be a token, and content that Git LFS has elsewhere, are read anew each time.
    commit(&project, &token(13), "", "named");
    said(&project, &[]);
    assert_eq!(said(&project, &[]).matches(SAME).count(), 0);
}
