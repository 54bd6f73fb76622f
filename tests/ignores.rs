//! `stanch ignore`, `stanch baseline`, and what scans make of the files that they write.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use common::{Project, Ran, assert_kept_secret, commit, key, repository, token, told};
use snapbox::str;

/// A rule whose values can be guessed.
const WEAK: &str = r#"
provider = "Acme"

[[rule]]
id = "acme-pin"
name = "Acme PIN"
category = "saas"
severity = "high"
risk = "Opens the door."
source = "vendor-doc"
strength = "weak"
pattern = 'acme_pin = ([0-9]{4})'
docs = ["https://docs.acme.example/pins"]
examples = ["acme_pin = {digits:4}"]
near_misses = ["acme_pin = {digits:3}", "acme_pun = {digits:4}"]
"#;

/// The ids of what a scan finds, sorted.
fn ids(project: &Project, more: &[&str]) -> Vec<String> {
    let args = ["scan", "--format", "json", "--no-baseline", "--confidence", "possible"];
    let report = project.stanch(args.iter().chain(more)).run().json();
    let findings = report["findings"].as_array().unwrap();
    let mut ids: Vec<String> =
        findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn run(project: &Project, args: &[&str]) -> Ran {
    project.stanch(args).run()
}

fn scan(project: &Project) -> Ran {
    run(project, &["scan", "--format", "json"])
}

/// A project with `fixtures/a.tar`, which holds `b/c.env`, `test/d.env`, a damaged `bad.gz` and `e.tar`, and that `f.env`.
fn packed() -> Project {
    let project = Project::of(&[
        ("in/b/c.env", &key(1)),
        ("in/test/d.env", &format!("# a sample\n{}", key(2))),
        ("deep/f.env", &key(3)),
        ("text", "some text"),
    ]);
    project.write("fixtures/.keep", "");
    project.command("sh", ["-ec", "gzip -c text | head -c 12 > in/bad.gz; tar cf in/e.tar -C deep f.env"]);
    project.command("sh", ["-ec", "tar cf fixtures/a.tar -C in .; rm -r in deep text"]);
    project
}

// stanch ignore

#[test]
fn ignore_writes_what_a_scan_reads() {
    let project = Project::of(&[("a.env", &key(1)), ("docs/b.env", &key(2)), ("docs/real.env", &key(3))]);
    let id = ids(&project, &["a.env"]).remove(0);
    told!(
        run(&project, &["ignore", &id.to_uppercase(), "--reason", "said \"no\"", "--owner", "team a"]),
        str![[r#"
exit code 0
-- stdout
.stanchignore: finding 88c42087168c2e45 is ignored

"#]]
    );
    told!(
        run(
            &project,
            &[
                "ignore",
                "--path",
                "docs/",
                "--path",
                "!docs/real.env",
                "--gap",
                "unreadable",
                "a b",
                "--reason",
                "r"
            ]
        ),
        str![[r#"
exit code 0
-- stdout
.stanchignore: findings in docs/ are ignored
.stanchignore: findings in docs/real.env are reported again
.stanchignore: the gap `unreadable` in a b is accepted

"#]]
    );
    assert_eq!(
        project.read(".stanchignore"),
        format!(
            "id {id} reason=\"said \\\"no\\\"\" owner=\"team a\"\npath docs/ reason=\"r\"\npath !docs/real.env reason=\"r\"\ngap unreadable \"a b\" reason=\"r\"\n"
        )
    );
    let ran = scan(&project);
    assert_eq!((ran.exits(1).paths(), ran.tally("ignored_by_file")), (vec!["docs/real.env".to_owned()], 2));
    told!(
        run(&project, &["ignore", &id, "--reason", "revoked", "--expires", "2999-12-31"]),
        str![[r#"
exit code 0
-- stdout
.stanchignore: finding 88c42087168c2e45 is ignored; the entry that said so before is replaced

"#]]
    );
    assert!(
        project
            .read(".stanchignore")
            .starts_with(&format!("id {id} reason=\"revoked\" expires=2999-12-31\n"))
    );
}

/// Who is told below the top of a repository to ignore a finding would write where no hook looks.
#[test]
fn ignore_tells_where_hooks_look() {
    let project = repository(&[]);
    let id = "0123456789abcdef";
    project.write("a/b/c.txt", "");
    let ran = project.stanch_after("cd a/b", ["ignore", id, "--reason", "r"]).run();
    ran.exits(0).has("--file ../../.stanchignore");
    let file = "../../.stanchignore";
    let ran = project.stanch_after("cd a/b", ["ignore", id, "--reason", "r", "--file", file]).run();
    ran.exits(0).has_not("hooks");
    run(&project, &["ignore", id, "--reason", "r"]).exits(0).has_not("hooks").has("replaced");
    assert_eq!(project.read("a/b/.stanchignore"), project.read(".stanchignore"));
}

#[test]
fn ignore_keeps_what_is_there() {
    let project = Project::new();
    let mine = "# Ours.\r\n\r\n# The docs.\r\npath docs/   reason=unquoted\r\n";
    project.write("list", mine);
    fs::set_permissions(project.path("list"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("list", project.path("link")).unwrap();
    run(&project, &["ignore", "0123456789abcdef", "--reason", "r", "--file", "link"]).exits(0);
    assert_eq!(project.read("list"), format!("{mine}id 0123456789abcdef reason=\"r\"\r\n"));
    assert_eq!(fs::metadata(project.path("list")).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(project.path("link")).unwrap().is_symlink());
}

/// Whoever works on another branch adds another entry: neither is lost, and no order has to be mended.
#[test]
fn entries_of_two_branches_merge() {
    let project = repository(&[]);
    let ids: Vec<String> =
        (0..20).map(|number| format!("{:016x}", number * 0x00ab_cdef_0123_4567_u64)).collect();
    let ignore = |id: &String| {
        run(&project, &["ignore", id, "--reason", "r"]).exits(0);
    };
    ids.iter().step_by(2).for_each(ignore);
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "base"]).git(&["checkout", "-q", "-b", "side"]);
    ignore(&ids[3]);
    project.git(&["commit", "-q", "-am", "side"]).git(&["checkout", "-q", "main"]);
    ignore(&ids[15]);
    project.git(&["commit", "-q", "-am", "main"]).git(&["merge", "-q", "-m", "merge", "side"]);
    let text = project.read(".stanchignore");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 12 && lines.is_sorted(), "{text}");
    scan(&project).exits(0);
}

#[test]
fn ignore_refuses_what_is_wrong_and_changes_nothing() {
    let project = Project::of(&[
        ("broken", "path docs/\n"),
        ("conflict", "<<<<<<< HEAD\nid 0123456789abcdef reason=\"a\"\n=======\n>>>>>>> side\n"),
    ]);
    let id = "0123456789abcdef";
    told!(
        run(&project, &["ignore", "nope", "123", "--path", "/", "--gap", "odd", "*", "--reason", "r"]),
        str![[r#"
exit code 2
-- stderr
stanch: `nope` is no finding's id, which has 16 hex digits; reports show it
`123` is no finding's id, which has 16 hex digits; reports show it
`/` matches no path; write a name, a path or a pattern as in .gitignore
`odd` is no reason of a gap; there are unreadable, vanished, changed, too-many-findings, broken-index, missing, corrupt, too-large, unsupported, encrypted, too-deep, too-many-members, ratio, unsafe-name, decode-limit

"#]]
    );
    told!(
        run(&project, &["ignore", id]),
        str![[r#"
exit code 2
-- stderr
error: the following required arguments were not provided:
  --reason <TEXT>

Usage: stanch ignore --reason <TEXT> <ID|--path <GLOB>|--gap <REASON> <GLOB>>

For more information, try '--help'.

"#]]
    );
    told!(
        run(&project, &["ignore", "--reason", "r"]),
        str![[r#"
exit code 2
-- stderr
error: the following required arguments were not provided:
  <ID|--path <GLOB>|--gap <REASON> <GLOB>>

Usage: stanch ignore --reason <TEXT> <ID|--path <GLOB>|--gap <REASON> <GLOB>>

For more information, try '--help'.

"#]]
    );
    for wrong in [
        &["--reason", ""][..],
        &["--reason", "two\nlines"],
        &["--reason", "r", "--owner", " "],
        &["--reason", "r", "--expires", "2020-01-01"],
        &["--reason", "r", "--expires", "2027-02-30"],
        &["--reason", "r", "--expires", "soon"],
        &["--reason", &token(1)],
        &["--reason", "r", "--path", &format!("docs/{}.txt", token(1))],
        &["--reason", "r", "--gap", "unreadable", &token(1)],
        &["--reason", "r", "--file", "broken"],
        &["--reason", "r", "--file", "conflict"],
        &["--reason", "r", "--file", "no/such/folder"],
    ] {
        let before = [project.read("broken"), project.read("conflict")];
        let ran = run(&project, &[&["ignore", id], wrong].concat());
        ran.exits(2).has("stanch: ");
        assert_kept_secret(&ran, &token(1));
        assert_eq!([project.read("broken"), project.read("conflict")], before);
    }
    assert_eq!(fs::read_dir(project.path("")).unwrap().count(), 2);
    told!(
        run(&project, &["scan", "--ignore-file", "conflict"]),
        str![[r#"
exit code 2
-- stderr
stanch: conflict:1:1: a merge conflict is not resolved here; keep the entries of both sides and remove the lines that git put around and between them

"#]]
    );
}

#[test]
fn a_folder_that_cannot_be_written_keeps_its_file() {
    let project = Project::of(&[
        ("in/.stanchignore", "# ours\n"),
        ("in/.stanch-baseline", "# stanch baseline 1 files\n"),
        ("in/a.env", &key(1)),
    ]);
    for folder in ["", "in"] {
        fs::set_permissions(project.path(folder), fs::Permissions::from_mode(0o555)).unwrap();
    }
    let as_nobody = |args: &[&str]| project.stanch_as_nobody(args).run();
    told!(
        as_nobody(&["ignore", "0123456789abcdef", "--reason", "r", "--file", "in/.stanchignore"]),
        str![[r#"
exit code 2
-- stderr
stanch: in/.stanchignore: the ignore file cannot be written: permission denied; it is as it was; choose another place with --file

"#]]
    );
    told!(
        as_nobody(&["baseline", "update", "in"]),
        str![[r#"
exit code 2
-- stderr
stanch: in/.stanch-baseline: the baseline cannot be written: permission denied; it is as it was; choose another place with --output

"#]]
    );
    told!(
        as_nobody(&["baseline", "create", "in", "--output", "in/new"]),
        str![[r#"
exit code 2
-- stderr
stanch: in/new: the baseline cannot be written: permission denied; it is as it was; choose another place with --output

"#]]
    );
    assert_eq!(project.read("in/.stanchignore"), "# ours\n");
    assert_eq!(project.read("in/.stanch-baseline"), "# stanch baseline 1 files\n");
}

// stanch baseline

#[test]
fn a_baseline_hides_what_was_there_and_nothing_else() {
    let project =
        Project::of(&[("a.env", &key(1)), ("docs/b.env", &key(2)), ("c.env", &key(3)), ("d.env", &key(4))]);
    let ignored = ids(&project, &["c.env"]).remove(0);
    run(&project, &["ignore", &ignored, "--reason", "r"]).exits(0);
    project.write("d.env", format!("{} # stanch:ignore\n", key(4).trim_end()));
    told!(
        run(&project, &["baseline", "create"]),
        str![[r#"
exit code 0
-- stdout
.stanch-baseline: made with 2 entries

"#]]
    );
    snapbox::assert_data_eq!(
        project.read(".stanch-baseline"),
        str![[r#"
# stanch baseline 1 files
id 05025dc05e249590
id 88c42087168c2e45

"#]]
    );
    told!(
        run(&project, &["scan"]),
        str![[r#"
exit code 0
-- stdout
No secrets found.
Scanned 6 files, 293 B.
Not shown: 1 ignored on their line, 1 ignored by .stanchignore, 2 in the baseline.

"#]]
    );
    let ran = scan(&project);
    let tally = ["ignored_inline", "ignored_by_file", "ignored_by_baseline"].map(|name| ran.tally(name));
    assert_eq!(tally, [1, 1, 2]);
    // The line moves and another secret takes its place.
    project.write("a.env", format!("# moved\n\n{}", key(1)));
    scan(&project).exits(0);
    project.write("a.env", key(5));
    assert_eq!(scan(&project).exits(1).paths(), ["a.env"]);
    assert_eq!(
        run(&project, &["scan", "--no-baseline", "--format", "json"]).paths(),
        ["a.env", "docs/b.env"]
    );
    told!(
        run(&project, &["baseline", "create"]),
        str![[r#"
exit code 2
-- stderr
stanch: .stanch-baseline: there is a file already, and it stays; `stanch baseline update` adds what is new, `stanch baseline prune` takes out what is gone

"#]]
    );
    told!(
        run(&project, &["baseline", "update", "--reason", "until the move", "--owner", "ops"]),
        str![[r#"
exit code 0
-- stdout
.stanch-baseline: 1 entry added, 2 as before

"#]]
    );
    told!(
        run(&project, &["baseline", "prune"]),
        str![[r#"
exit code 0
-- stdout
.stanch-baseline: 1 entry taken out, 2 kept

"#]]
    );
    snapbox::assert_data_eq!(
        project.read(".stanch-baseline"),
        str![[r##"
# stanch baseline 1 files
id 05025dc05e249590
id 244ac919167aff7f reason="until the move" owner=ops

"##]]
    );
    scan(&project).exits(0);
    let before = project.read(".stanch-baseline");
    run(&project, &["baseline", "update", "--reason", "another"]).exits(0).has("0 entries added");
    run(&project, &["baseline", "prune"]).exits(0).has("0 entries taken out");
    assert_eq!(project.read(".stanch-baseline"), before);
}

#[test]
fn a_baseline_is_read_by_every_scan_of_its_root() {
    let project = repository(&[]);
    commit(&project, "a.env", &key(1), "first");
    commit(&project, "a.env", &key(2), "second");
    run(&project, &["baseline", "create", "--git"]).exits(0).has(".stanch-baseline: made with 2 entries");
    assert!(project.read(".stanch-baseline").starts_with("# stanch baseline 1 history\nid "));
    let hidden = |args: &[&str]| {
        let ran = run(&project, &[args, &["--format", "json"]].concat());
        ran.exits(0).tally("ignored_by_baseline")
    };
    assert_eq!(hidden(&["git"]), 2);
    assert_eq!(hidden(&["git", "--range", "HEAD~1..HEAD"]), 1);
    assert_eq!(hidden(&["scan"]), 1);
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "baseline"]);
    assert_eq!(hidden(&["scan", "--rev", "HEAD~2", "."]), 1);
    project.write("b.env", key(2));
    project.git(&["add", "-A"]);
    assert_eq!(hidden(&["git", "--staged"]), 1);
    assert_eq!(hidden(&["hook", "pre-commit"]), 1);
    project.write("message", token(2));
    assert_eq!(hidden(&["hook", "commit-msg", "message"]), 1);
    project.write("elsewhere/c.env", key(3));
    project.write("elsewhere/.stanchignore", "");
    assert_eq!(
        run(&project, &["scan", "elsewhere", "--format", "json"]).exits(1).tally("ignored_by_baseline"),
        0
    );
    run(&project, &["baseline", "create", "elsewhere"])
        .exits(0)
        .has("elsewhere/.stanch-baseline: made with 1");
    assert_eq!(hidden(&["scan", "elsewhere"]), 1);
    fs::rename(project.path("elsewhere/.stanch-baseline"), project.path("named")).unwrap();
    assert_eq!(hidden(&["scan", "elsewhere", "--baseline", "named"]), 1);
    // What was known all along is still asked about.
    let asked = run(&project, &["verify", "--dry-run", "--format", "json", "a.env"]).exits(0).json();
    assert_eq!(asked["questions"].as_array().unwrap().len(), 1, "{asked}");
}

#[test]
fn a_baseline_of_a_history_is_kept_by_scans_of_the_history() {
    let project = repository(&[]);
    commit(&project, "a.env", &key(1), "first");
    commit(&project, "a.env", "", "second");
    run(&project, &["baseline", "create", "--git"]).exits(0);
    let text = project.read(".stanch-baseline");
    run(&project, &["scan"]).exits(0).has_not("note");
    run(&project, &["baseline", "prune"]).exits(0).has("0 entries taken out, 1 kept");
    commit(&project, "b.env", &key(2), "third");
    run(&project, &["baseline", "update"]).exits(0).has("1 entry added, 1 as before");
    let later = project.read(".stanch-baseline");
    assert!(text.lines().all(|line| later.contains(line)), "{later}");
    project.git(&["reset", "-q", "--hard", "HEAD~1"]);
    project.git(&["reflog", "expire", "--expire=now", "--all"]).git(&["gc", "-q", "--prune=now"]);
    project.write(".stanch-baseline", later);
    run(&project, &["git"]).exits(0).has("1 entry was not found any more");
    run(&project, &["baseline", "prune"]).exits(0).has("1 entry taken out, 1 kept");
    assert_eq!(project.read(".stanch-baseline"), text);
}

#[test]
fn entries_are_not_taken_out_where_something_was_not_scanned() {
    let project = repository(&[]);
    let oid = stanch::rules::template::fill("{hex:64}", 1).unwrap();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n");
    commit(&project, "large.bin", &pointer, "first");
    told!(
        run(&project, &["baseline", "create", "--git"]),
        str![[r#"
exit code 3
-- stdout
.stanch-baseline: made with 0 entries
-- stderr
stanch: not everything in scope could be scanned (large.bin; a scan tells why)

"#]]
    );
    let old = format!("{}id 0123456789abcdef\n", project.read(".stanch-baseline"));
    project.write(".stanch-baseline", &old);
    run(&project, &["git"]).exits(3).has_not("was not found any more");
    told!(
        run(&project, &["baseline", "prune"]),
        str![[r#"
exit code 2
-- stderr
stanch: .stanch-baseline: nothing is taken out: not everything in scope could be scanned (large.bin; a scan tells why), and what was not found (1 entry) may be there; mend that, or use --despite-gaps

"#]]
    );
    assert_eq!(project.read(".stanch-baseline"), old);
    told!(
        run(&project, &["baseline", "update"]),
        str![[r#"
exit code 3
-- stdout
.stanch-baseline: 0 entries added, 1 as before
-- stderr
stanch: not everything in scope could be scanned (large.bin; a scan tells why)

"#]]
    );
    told!(
        run(&project, &["baseline", "prune", "--despite-gaps"]),
        str![[r#"
exit code 3
-- stdout
.stanch-baseline: 1 entry taken out, 0 kept
-- stderr
stanch: not everything in scope could be scanned (large.bin; a scan tells why)

"#]]
    );
    assert_eq!(project.read(".stanch-baseline"), "# stanch baseline 1 history\n");
    // A gap that was accepted is none.
    project.write(".stanch-baseline", &old);
    run(&project, &["ignore", "--gap", "missing", "large.bin", "--reason", "not fetched here"]).exits(0);
    run(&project, &["git"]).exits(0).has("was not found any more");
    run(&project, &["baseline", "prune"]).exits(0).has("1 entry taken out, 0 kept");
}

#[test]
fn a_baseline_that_cannot_be_read_is_an_error() {
    let project = Project::of(&[
        ("a.env", &key(1)),
        ("newer", "# stanch baseline 2 files\nodd\n"),
        ("none", "id 0123456789abcdef\n"),
        (
            "faulty",
            "# stanch baseline 1 files\nid short\nid 0123456789abcdef until=2030\npath a reason=\"r\"\n",
        ),
        ("conflict", "# stanch baseline 1 files\n<<<<<<< HEAD\nid 0123456789abcdef\n=======\n>>>>>>> side\n"),
    ]);
    told!(
        run(&project, &["scan", "--baseline", "newer"]),
        str![[r#"
exit code 2
-- stderr
stanch: newer:1:1: this baseline has version 2, and this stanch reads version 1; update stanch

"#]]
    );
    told!(
        run(&project, &["scan", "--baseline", "none"]),
        str![[r#"
exit code 2
-- stderr
stanch: none:1:1: this is no baseline: its first line should be `# stanch baseline 1 files`; `stanch baseline create` makes one

"#]]
    );
    told!(
        run(&project, &["scan", "--baseline", "faulty"]),
        str![[r#"
exit code 2
-- stderr
stanch: faulty:2:4: `id` takes one finding id of 16 hex digits, not `short`
faulty:3:21: unknown attribute `until`; there are reason="...", expires=YYYY-MM-DD and owner="..."
faulty:4:1: a baseline takes entries by id only; put this one into .stanchignore

"#]]
    );
    told!(
        run(&project, &["scan", "--baseline", "conflict"]),
        str![[r#"
exit code 2
-- stderr
stanch: conflict:2:1: a merge conflict is not resolved here; keep the entries of both sides and remove the lines that git put around and between them

"#]]
    );
    told!(
        run(&project, &["scan", "--baseline", "missing"]),
        str![[r#"
exit code 2
-- stderr
stanch: missing: the baseline cannot be read: No such file or directory (os error 2)

"#]]
    );
    for file in ["newer", "none", "faulty", "conflict"] {
        let before = project.read(file);
        run(&project, &["baseline", "update", "--output", file]).exits(2);
        run(&project, &["baseline", "prune", "--output", file]).exits(2);
        run(&project, &["baseline", "create", "--output", file]).exits(2);
        assert_eq!(project.read(file), before);
    }
    told!(
        run(&project, &["baseline", "prune"]),
        str![[r#"
exit code 2
-- stderr
stanch: .stanch-baseline: there is no baseline; `stanch baseline create` makes one

"#]]
    );
    told!(
        run(&project, &["baseline", "create", ".", "a.env"]),
        str![[r#"
exit code 2
-- stderr
stanch: a baseline is that of one root, where a scan looks for it; name one folder, or say with --output where it is

"#]]
    );
    told!(
        run(&project, &["baseline", "create", "-"]),
        str![[r#"
exit code 2
-- stderr
stanch: a baseline is of files or of a history, not of standard input

"#]]
    );
    told!(
        run(&project, &["scan", "--baseline", "none", "--no-baseline"]),
        str![[r#"
exit code 2
-- stderr
error: the argument '--baseline <FILE>' cannot be used with '--no-baseline'

Usage: stanch scan --baseline <FILE> [PATH]...

For more information, try '--help'.

"#]]
    );
}

#[test]
fn a_push_does_not_bring_its_own_baseline() {
    let project = repository(&[]);
    commit(&project, "a.env", &key(1), "first");
    run(&project, &["baseline", "create"]).exits(0);
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "second"]);
    project.git(&["init", "-q", "--bare", "server"]);
    let push = |more: &str| {
        let stanch = env!("CARGO_BIN_EXE_stanch");
        project.write(
            "server/hooks/pre-receive",
            format!("#!/bin/sh\nexec '{stanch}' hook pre-receive {more}\n"),
        );
        let hook = project.path("server/hooks/pre-receive");
        fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).unwrap();
        project.program("git", ["push", "-q", "server", "main"]).run()
    };
    push("").exits(1).has("the push is stopped");
    push("--no-baseline").exits(1);
    fs::copy(project.path(".stanch-baseline"), project.path("server/info/stanch-baseline")).unwrap();
    push("").exits(0);
}

// What is of no use

#[test]
fn strict_ignores_make_entries_of_no_use_fail() {
    let project = Project::of(&[("a.txt", "nothing\n")]);
    let strict = |more: &[&str]| run(&project, &[&["scan", "--strict-ignores"], more].concat());
    strict(&[]).exits(0);
    project.write(".stanchignore", "id 0123456789abcdef reason=\"r\"\n");
    run(&project, &["scan"]).exits(0).has("matches nothing");
    told!(
        strict(&[]),
        str![[r#"
exit code 2
-- stdout
note: .stanchignore:1: the entry matches nothing; remove it

No secrets found.
Scanned 2 files, 39 B.
-- stderr
stanch: entries of an ignore file or a baseline have expired or match nothing, as the notes say, and --strict-ignores makes that fail; renew them or remove them

"#]]
    );
    // Where only a part was scanned, nobody knows.
    strict(&["a.txt"]).exits(0);
    project.write(".stanchignore", "id 0123456789abcdef reason=\"r\" expires=2020-01-01\n");
    strict(&["a.txt"]).exits(2).has("has expired");
    project.write(".stanchignore", "");
    project
        .write(".stanch-baseline", "# stanch baseline 1 files\nid 0123456789abcdef\nid 0123456789abcdee\n");
    strict(&[]).exits(2).has("2 entries were not found any more");
    project.write(".stanch-baseline", "# stanch baseline 1 history\nid 0123456789abcdef\n");
    strict(&[]).exits(0);
    // A leak is the worse news.
    project.write(".stanchignore", "id 0123456789abcdef reason=\"r\"\n");
    project.write("b.env", key(1));
    strict(&[]).exits(1);
}

// What an entry is about

#[test]
fn what_is_ignored_stays_so_when_it_moves_and_what_is_new_does_not() {
    let project = repository(&[]);
    commit(&project, "a.env", &format!("one\n{}", key(1)), "first");
    let id = ids(&project, &[]).remove(0);
    run(&project, &["ignore", &id, "--reason", "r"]).exits(0);
    project.write("a.env", format!("\n\n\n  {}", key(1)));
    scan(&project).exits(0);
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "moved"]);
    project.git(&["reset", "-q", "--soft", "HEAD~1"]).git(&["commit", "-q", "--amend", "-m", "squashed"]);
    run(&project, &["git"]).exits(0);
    project.git(&["mv", "a.env", "b.env"]);
    scan(&project).exits(0);
    // On the line where the ignored one stood.
    project.write("b.env", format!("\n\n\n  {}", key(2)));
    assert_eq!(scan(&project).exits(1).places().len(), 1);
}

#[test]
fn a_rename_brings_back_weak_values_only() {
    let project =
        Project::of(&[("rules/acme.toml", WEAK), ("in/a.conf", "acme_pin = 4711\n"), ("in/b.env", &key(1))]);
    let own = ["--rules", "rules"];
    let baseline = run(&project, &["baseline", "create", "in", "--rules", "rules"]);
    baseline.exits(0).has("made with 2 entries");
    let scan = || run(&project, &[&["scan", "in", "--format", "json"], &own[..]].concat());
    scan().exits(0);
    fs::rename(project.path("in/b.env"), project.path("in/c.env")).unwrap();
    scan().exits(0);
    project.write("in/a.conf", "\nacme_pin = 4711\n");
    scan().exits(0);
    fs::rename(project.path("in/a.conf"), project.path("in/d.conf")).unwrap();
    assert_eq!(scan().exits(1).paths(), ["d.conf"]);
}

/// Whoever reads the file can try all PINs and is left with one in 1024 of them, not with the one.
#[test]
fn a_file_confirms_no_guess() {
    let project = Project::of(&[("rules/acme.toml", WEAK)]);
    let id = |pin: &str| {
        project.write("one/a.conf", format!("acme_pin = {pin}\n"));
        ids(&project, &["one", "--rules", "rules"])
    };
    let all: BTreeSet<String> = (0..60).flat_map(|pin| id(&format!("{:04}", 1000 + pin))).collect();
    assert!(all.len() > 50, "{} ids", all.len());
    // Many values at one path and name share few ids.
    let lines: String = (1000..9999).map(|pin| format!("acme_pin = {pin}\n")).collect();
    project.write("many/a.conf", lines);
    let ids: BTreeSet<String> = ids(&project, &["many", "--rules", "rules"]).into_iter().collect();
    assert!((1000..=1024).contains(&ids.len()), "{} ids", ids.len());
    run(&project, &["baseline", "create", "many", "--rules", "rules"]).exits(0).has("entries");
    let text = project.read("many/.stanch-baseline");
    let form = |line: &str| line.len() == 19 && line.starts_with("id ");
    assert!(text.lines().skip(1).all(form) && text.lines().count() == ids.len() + 1, "{text}");
}

// Members of archives

#[test]
fn entries_about_paths_are_about_members_too() {
    let project = packed();
    let [c, d, f] = ["fixtures/a.tar!b/c.env", "fixtures/a.tar!test/d.env", "fixtures/a.tar!e.tar!f.env"];
    assert_eq!(scan(&project).exits(1).paths(), [c, f, d]);
    for (patterns, left) in [
        (&["fixtures/a.tar"][..], &[][..]),
        (&["fixtures/"], &[]),
        (&["*.tar", "!c.env"], &[c]),
        (&["fixtures/a.tar!b/c.env"], &[f, d]),
        (&["fixtures/a.tar!e.tar"], &[c, d]),
        (&["**/*.tar!**/test/**"], &[c, f]),
        (&["test/"], &[c, f]),
    ] {
        let mut args = vec!["ignore", "--reason", "made for tests", "--file", "ignores"];
        patterns.iter().for_each(|pattern| args.extend(["--path", pattern]));
        run(&project, &args).exits(0);
        let ran =
            run(&project, &["scan", "--format", "json", "--ignore-file", "ignores", "--fail-on", "never"]);
        assert_eq!(
            (ran.paths(), ran.tally("ignored_by_file")),
            (left.iter().map(ToString::to_string).collect(), 3 - left.len() as u64),
            "{patterns:?}"
        );
        fs::remove_file(project.path("ignores")).unwrap();
    }
}

#[test]
fn gaps_of_members_are_accepted() {
    let project = packed();
    for (pattern, code) in [
        ("fixtures/a.tar!bad.gz", 0),
        ("*.gz", 0),
        ("*.tar!**", 0),
        ("fixtures/a.tar", 0),
        ("fixtures/a.tar!b/", 3),
    ] {
        project.write("ignores", format!("gap corrupt {pattern} reason=\"half a file\"\n"));
        let ran = run(&project, &["scan", "--ignore-file", "ignores", "--fail-on", "never"]);
        ran.exits(code).has("fixtures/a.tar!bad.gz");
    }
}

#[test]
fn members_are_known_by_a_baseline_and_new_ones_are_not() {
    let project = packed();
    run(&project, &["baseline", "create"]).exits(3);
    let ran = scan(&project);
    assert_eq!((ran.exits(3).paths(), ran.tally("ignored_by_baseline")), (vec![], 3));
    project.write("in/moved/c.env", format!("# moved\n{}", key(1))).write("in/new.env", key(4));
    project.command("tar", ["cf", "fixtures/a.tar", "-C", "in", "."]);
    project.command("rm", ["-r", "in"]);
    assert_eq!(scan(&project).exits(1).paths(), ["fixtures/a.tar!new.env"]);
}

#[test]
fn marks_in_members_are_honoured() {
    let project = Project::new();
    project.write("in/a.env", format!("{} # stanch:ignore\n{}", key(1).trim_end(), key(2)));
    project.write("in/b.env", format!("# stanch:ignore-next-line\n{}", key(3)));
    project.command("tar", ["czf", "a.tgz", "-C", "in", "."]);
    project.command("rm", ["-r", "in"]);
    let ran = scan(&project);
    assert_eq!((ran.exits(1).places().len(), ran.tally("ignored_inline")), (1, 2));
    assert_eq!(run(&project, &["scan", "--format", "json", "--no-inline-ignore"]).exits(1).places().len(), 3);
}
