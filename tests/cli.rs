//! What a person types and what comes back: exit codes, messages, reports, rules. Each test runs the built
//! program on a project of its own.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::Duration;

use common::{Project, Ran, assert_kept_secret, example, token, told};
use snapbox::str;
use stanch::rules::template;

const FORMATS: [&str; 4] = ["human", "json", "jsonl", "sarif"];

/// Rules of a user: one for each confidence that a rule can name.
const OWN_RULES: &str = r#"provider = "Acme"

[[rule]]
id = "acme-token"
name = "Acme token"
category = "saas"
severity = "high"
risk = "Reads and writes every document."
source = "own"
pattern = 'acme_[0-9a-f]{32}'
examples = ["acme_{hex:32}"]
near_misses = ["acme_{hex:31}", "acme_{hex:33}"]

[[rule]]
id = "acme-guess"
name = "Acme guess"
category = "saas"
severity = "low"
risk = "May read a document."
source = "own"
confidence = "possible"
pattern = 'guess_[0-9a-f]{32}'
examples = ["guess_{hex:32}"]
near_misses = ["guess_{hex:31}", "guess_{hex:33}"]
"#;

fn filled(template: &str, seed: u64) -> String {
    template::fill(template, seed).unwrap()
}

/// A project with a finding of each confidence.
fn of_each_confidence() -> Project {
    let project = Project::of(&[("rules/own.toml", OWN_RULES)]);
    project.write("proven.txt", token(1));
    project.write("likely.txt", filled("acme_{hex:32}", 2));
    project.write("possible.txt", filled("guess_{hex:32}", 3));
    project
}

// Wrong use

#[test]
fn wrong_use_is_told_with_exit_code_2() {
    let project = Project::new();
    told!(
        project.stanch(["scan", "--format", "xml"]).run(),
        str![[r#"
exit code 2
-- stderr
error: invalid value 'xml' for '--format <FORMAT>'
  [possible values: human, json, jsonl, sarif]

For more information, try '--help'.

"#]]
    );
    told!(
        project.stanch(["scan", "--jobs", "0"]).run(),
        str![[r#"
exit code 2
-- stderr
error: invalid value '0' for '--jobs <N>': 0 is not in 1..=1024

For more information, try '--help'.

"#]]
    );
    told!(
        project.stanch(["scan", "--confidence", "sure"]).run(),
        str![[r#"
exit code 2
-- stderr
error: invalid value 'sure' for '--confidence <LEVEL>'
  [possible values: possible, likely, proven]

For more information, try '--help'.

"#]]
    );
    told!(
        project.stanch(["scan", "--fail-on", "maybe"]).run(),
        str![[r#"
exit code 2
-- stderr
error: invalid value 'maybe' for '--fail-on <LEVEL>'
  [possible values: possible, likely, proven, live, never]

For more information, try '--help'.

"#]]
    );
    told!(
        project.stanch(["scan", "--frmat", "json"]).run(),
        str![[r#"
exit code 2
-- stderr
error: unexpected argument '--frmat' found

  tip: a similar argument exists: '--format'

Usage: stanch scan --format <FORMAT> [PATH]...

For more information, try '--help'.

"#]]
    );
    told!(
        project.stanch(["scna"]).run(),
        str![[r#"
exit code 2
-- stderr
error: unrecognized subcommand 'scna'

  tip: a similar subcommand exists: 'scan'

Usage: stanch <COMMAND>

For more information, try '--help'.

"#]]
    );
    for args in [
        &["scan", "--jobs", "1025"][..],
        &["scan", "--jobs", "many"],
        &["scan", "--jobs", "-1"],
        &[],
        &["rules"],
        &["rules", "check"],
    ] {
        project.stanch(args).run().exits(2);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let project = Project::new();
    for args in
        [&["--help"][..], &["-h"], &["scan", "--help"], &["rules", "--help"], &["rules", "new", "--help"]]
    {
        let ran = project.stanch(args).run();
        ran.exits(0).has("Usage: stanch");
        assert!(ran.stderr.is_empty(), "{}", ran.told());
    }
    let version = format!("stanch {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(project.stanch(["--version"]).run().exits(0).stdout(), version);
    project.stanch_after("exec > /dev/full", ["--help"]).run().exits(2);
}

#[test]
fn no_message_tells_a_token_that_was_typed_by_mistake() {
    let project = Project::new();
    let token = token(10);
    for args in [
        &[&token[..]][..],
        &["scan", &token],
        &["scan", "--format", &token],
        &["scan", "--rule", &token],
        &["scan", "--rules", &token],
        &["scan", "--ignore-file", &token],
        &["scan", "--output", &format!("{token}/report")],
        &["scan", &format!("--{token}")],
        &["scan", "--exclude", &format!("[z-a]{token}")],
        &["rules", "explain", &token],
        &["rules", "check", &token],
    ] {
        assert_kept_secret(project.stanch(args).run().exits(2), &token);
    }
    assert_kept_secret(project.stanch(["rules", "new", &token]).run().exits(0), &token);
}

#[test]
fn messages_are_harmless_on_a_terminal() {
    let project = Project::new();
    let missing = OsStr::from_bytes(b"caf\xe9\n\x1b[2Jstanch: all clear\xe2\x80\xae");
    told!(
        project.stanch([OsStr::new("scan"), missing]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: caf�\n\u{1b}[2Jstanch: all clear\u{202e}: No such file or directory (os error 2); name a file or a folder, or `-` for standard input

"#]]
    );
    told!(
        project.stanch([OsStr::new("scan"), OsStr::new("--rules"), missing]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: caf�\n\u{1b}[2Jstanch: all clear\u{202e}: the rules cannot be read: No such file or directory (os error 2)

"#]]
    );
}

#[test]
fn no_message_brings_a_backtrace() {
    let project = Project::new();
    for args in [&["scan", "missing"][..], &["scan", "--rule", "nope"], &["rules", "check", "missing"]] {
        let ran = project.stanch(args).env("RUST_BACKTRACE", "full").run();
        assert_eq!(ran.exits(2).stderr().lines().count(), 1, "{}", ran.told());
    }
}

// Rules that were chosen or brought along

#[test]
fn a_rule_that_is_not_there_is_an_error_that_names_the_nearest() {
    let project = Project::new();
    told!(
        project.stanch(["scan", "--rule", "nope"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: there is no rule `nope`; `stanch rules list` shows all

"#]]
    );
    told!(
        project.stanch(["scan", "--rule", "github-pat-clasic"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: there is no rule `github-pat-clasic`; did you mean github-pat-classic?

"#]]
    );
    told!(
        project.stanch(["rules", "explain", "slack-token"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: there is no rule `slack-token`; did you mean slack-bot-token or slack-user-token or consul-acl-token?

"#]]
    );
}

#[test]
fn only_chosen_rules_report_and_the_others_still_mask() {
    let project = Project::new();
    let (github, slack) = (token(20), example("slack-bot-token", 20));
    project.write("a.env", format!("A={github} B={slack}\n")).write("b.env", format!("B={slack}\n"));
    for format in FORMATS {
        let ran = project.stanch(["scan", "--rule", "github-pat-classic", "--format", format]).run();
        ran.exits(1);
        assert_kept_secret(&ran, &github);
        assert_kept_secret(&ran, secret_of(&slack));
    }
    told!(
        project.stanch(["scan", "--rule", "github-pat-classic"]).run(),
        str![[r#"
exit code 1
-- stdout
critical[github-pat-classic]: GitHub personal access token (classic)
  Acts as its owner in every repository and organization that its scopes reach.
  Revoke it: https://github.com/settings/tokens

  a.env:1:3
    │ A=ghp_… B=xoxb-…
  proven: its checksum is right · id d4bbc9e8f7dd70ab

Not a secret? stanch ignore ID --reason "why"

Found 1 secret in 1 place: 1 critical.
Scanned 2 files, 161 B.

"#]]
    );
    let both = ["scan", "--format", "json", "--rule", "github-pat-classic", "--rule", "slack-bot-token"];
    assert_eq!(project.stanch(both).run().paths(), ["a.env", "a.env", "b.env"]);
}

#[test]
fn own_rules_are_looked_for_beside_those_that_ship() {
    let project = of_each_confidence();
    let json = |more: &[&str]| project.stanch(["scan", "--format", "json"].iter().chain(more)).run();
    assert_eq!(json(&[]).paths(), ["proven.txt"]);
    assert_eq!(json(&["--rules", "rules"]).paths(), ["likely.txt", "proven.txt"]);
    assert_eq!(json(&["--rules", "rules/own.toml"]).paths(), ["likely.txt", "proven.txt"]);
    assert_eq!(json(&["--rules", "rules", "--rule", "acme-token"]).paths(), ["likely.txt"]);
}

#[test]
fn faulty_rules_are_told_all_at_once() {
    let project = Project::new();
    let rule = |id: &str, pattern: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nname = \"n\"\ncategory = \"saas\"\nseverity = \"low\"\nrisk = \"r\"\nsource = \"own\"\n\
             pattern = '''{pattern}'''\nexamples = [\"x\"]\nnear_misses = [\"y\", \"z\"]\n"
        )
    };
    let patterns = [
        ("broken", "acme_[0-9"),
        ("empty", "(acme)?"),
        ("endless", "acme_.+"),
        ("huge", "(?:(?:(?:a{250}){250}){250}){250}"),
        ("too-long", "a{70000}"),
        ("nested", &format!("{}a{}", "(?:".repeat(200), ")".repeat(200))),
        ("groups", "(a)(b)"),
        ("look-around", "(?<=a)b{20}"),
        ("boundary", r"\bacme[0-9]{20}"),
        ("back-reference", r"(a)\1"),
    ];
    let file = |patterns: &[(&str, &str)]| {
        let rules: String = patterns.iter().map(|(id, pattern)| rule(id, pattern)).collect();
        format!("provider = \"Acme\"\n{rules}")
    };
    project.write("own.toml", file(&patterns));
    let dear = [("too-big", "(?:[a-z][0-9]|[b-y]{2}){1,30000}"), ("slow", "(?:[a-z ][^a-z]){1,800}")];
    project.write("dear.toml", file(&dear));
    project.write("taken.toml", file(&[("github-pat-classic", "acme_[0-9a-f]{32}")]));
    project.write(
        "typo.toml",
        "provider = \"Acme\"\nprovder = 1\n\n[[rule]]\nid = \"Not Kebab\"\nseverty = \"low\"\nproof = \"luhn\"\nclaims = [\"iss=acme\"]\n",
    );
    project.write("torn.toml", "provider = \"Acme\"\n[[rule]\nid = \"torn\n");
    project.write("latin.toml", b"provider = \"Caf\xe9\"\n");
    for file in ["own.toml", "dear.toml", "typo.toml", "torn.toml", "latin.toml"] {
        let scanned = project.stanch_after("ulimit -v 400000", ["scan", "--rules", file]).run();
        let checked = project.stanch_after("ulimit -v 400000", ["rules", "check", file]).run();
        scanned.exits(2);
        assert!(scanned.time < Duration::from_secs(10), "{file}: {:?}", scanned.time);
        assert_eq!(scanned.told(), checked.told());
    }
    told!(
        project.stanch(["scan", "--rules", "own.toml"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: own.toml:9:11: unclosed character class
own.toml:19:11: the pattern matches the empty string
own.toml:29:11: the pattern has no upper length; bound its repetitions or set max_length
own.toml:39:11: a match can be 3906250000 bytes long; at most 65536 are allowed
own.toml:49:11: a match can be 70000 bytes long; at most 65536 are allowed
own.toml:59:11: exceed the maximum number of nested parentheses/brackets (50)
own.toml:69:11: the pattern has 2 capture groups; one, around the secret, is allowed (write (?:...) for the others)
own.toml:79:11: look-around, including look-ahead and look-behind, is not supported
own.toml:89:11: the pattern looks at what stands beside it (`^`, `$`, `\b`); say with not_before and not_after what must not stand beside it
own.toml:99:11: backreferences are not supported

"#]]
    );
    told!(
        project.stanch(["scan", "--rules", "dear.toml"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: dear.toml:2:1: rule `too-big`: the pattern needs more than 2097152 bytes when compiled; use shorter repetitions, or `+` with max_length
dear.toml:12:1: rule `slow`: nothing in the pattern can be looked for quickly, and a match can be 1600 bytes long; add a fixed text, or bound it to 1024 bytes

"#]]
    );
    told!(
        project.stanch(["scan", "--rules", "taken.toml"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: the id `github-pat-classic` is used twice; rename your rule

"#]]
    );
    told!(
        project.stanch(["scan", "--rules", "typo.toml", "--rules", "torn.toml"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: torn.toml:1:1: the file holds no `[[rule]]`
torn.toml:2:8: unclosed array table, expected `]`
torn.toml:3:1: unknown key `id`; a rule file has `provider` and `[[rule]]`
typo.toml:2:1: unknown key `provder`; a rule file has `provider` and `[[rule]]`
typo.toml:4:1: `category` is missing
typo.toml:4:1: `name` is missing
typo.toml:4:1: `pattern` is missing
typo.toml:4:1: `risk` is missing
typo.toml:4:1: `severity` is missing
typo.toml:4:1: `source` is missing
typo.toml:4:1: at least one template in `examples` is needed: it is the rule's test
typo.toml:4:1: at least two templates in `near_misses` are needed: look-alikes that are no token
typo.toml:5:6: `Not Kebab` must be lower-case words and digits joined by single hyphens
typo.toml:6:1: unknown key `severty` in a rule; known are: category, claims, companions, confidence, context, docs, drop_samples, endpoint, examples, family, files, id, in_binary, login, max_length, name, near_misses, needs_both_cases, needs_digit, not_after, not_before, owner, parts, pattern, promises, proof, provider, revoke, revoke_page, risk, severity, source, specificity, strength, tells, verify, wrong_proof
typo.toml:7:9: there is no proof `luhn`; `rules/README.md` lists them
typo.toml:8:10: a claim is `/pointer` or `/pointer=value|value`

"#]]
    );
    told!(
        project.stanch(["scan", "--rules", "latin.toml"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: latin.toml: the rule file cannot be read: stream did not contain valid UTF-8

"#]]
    );
}

#[test]
fn hostile_rules_take_bounded_time() {
    let project = Project::new();
    let rule = r#"provider = "Acme"
[[rule]]
id = "hostile"
name = "n"
category = "saas"
severity = "low"
risk = "r"
source = "own"
pattern = '''(?:(?:a+)+)+b'''
max_length = 1000
examples = ["aaaaaaaab"]
near_misses = ["y", "z"]
"#;
    project.write("own.toml", rule).write("big.txt", "a".repeat(1_000_000));
    let ran = project.stanch_after("ulimit -v 400000", ["scan", "--rules", "own.toml", "big.txt"]).run();
    assert!(ran.time < Duration::from_secs(30), "{:?}", ran.time);
    ran.exits(0);
}

#[test]
fn rules_that_are_not_there_are_an_error() {
    let project = Project::of(&[("empty/readme.md", "")]);
    told!(
        project.stanch(["scan", "--rules", "missing"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: missing: the rules cannot be read: No such file or directory (os error 2)

"#]]
    );
    told!(
        project.stanch(["scan", "--rules", "empty"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: empty: no rule file is there (*.toml)

"#]]
    );
    told!(
        project.stanch(["rules", "check", "empty", "missing"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: missing: the rules cannot be read: No such file or directory (os error 2)

"#]]
    );
}

// Where the report goes

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let project = Project::of(&[("a.txt", &token(30)), ("folder/b.txt", "")]);
    told!(
        project.stanch(["scan", "--output", "missing/report"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: missing/report: the report cannot be written: No such file or directory (os error 2); choose another place with --output

"#]]
    );
    told!(
        project.stanch(["scan", "--output", "folder"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: folder: the report cannot be written: is a directory; choose another place with --output

"#]]
    );
    told!(
        project.stanch(["scan", "--output", "a.txt/report"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: a.txt/report: the report cannot be written: not a directory; choose another place with --output

"#]]
    );
    told!(
        project.stanch(["scan", "--output", "/dev/full"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: /dev/full: the report cannot be written: No space left on device (os error 28); choose another place with --output

"#]]
    );
    told!(
        project.stanch_after("exec > /dev/full", ["scan"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: standard output: No space left on device (os error 28)

"#]]
    );
    fs::set_permissions(project.path("folder"), fs::Permissions::from_mode(0o555)).unwrap();
    told!(
        project.stanch_as_nobody(["scan", "--output", "folder/report"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: folder/report: the report cannot be written: permission denied; choose another place with --output

"#]]
    );
    assert_eq!(fs::read_dir(project.path("folder")).unwrap().count(), 1);
}

#[test]
fn an_output_file_holds_what_standard_output_would() {
    let project = Project::of(&[("in/a.txt", &token(31))]);
    for format in FORMATS {
        let shown = project.stanch(["scan", "--format", format, "in"]).run();
        let ran = project.stanch(["scan", "--format", format, "in", "--output", "report"]).run();
        assert_eq!(ran.exits(1).stdout(), "");
        assert_eq!(project.read("report"), shown.stdout());
    }
    assert_eq!(fs::read_dir(project.path("")).unwrap().count(), 2, "no other file is left");
}

#[test]
fn an_output_file_keeps_its_permissions_and_its_link() {
    let project = Project::of(&[("in/a.txt", &token(32)), ("old", "old"), ("target", "old")]);
    let mode = |name: &str| fs::metadata(project.path(name)).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(project.path("old"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("target", project.path("link")).unwrap();
    for (umask, name, expected) in
        [("022", "new", 0o644), ("077", "private", 0o600), ("022", "old", 0o640), ("022", "link", 0o644)]
    {
        project.stanch_after(&format!("umask {umask}"), ["scan", "in", "--output", name]).run().exits(1);
        assert_eq!(format!("{:o}", mode(name)), format!("{expected:o}"), "{name}");
    }
    assert!(fs::symlink_metadata(project.path("link")).unwrap().is_symlink());
    assert!(project.read("target").contains("github-pat-classic"));
    project.stanch_after("exec > redirected", ["scan", "in", "--output", "/dev/stdout"]).run().exits(1);
    assert!(project.read("redirected").contains("github-pat-classic"));
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let project = Project::of(&[("clean/a.txt", "nothing"), ("found/a.txt", &token(33))]);
    // More than a pipe holds, so that the writer is bound to notice.
    for seed in 0..500 {
        project.write(format!("found/{seed}.txt"), token(seed));
    }
    for format in FORMATS {
        for (folder, code) in [("clean", 0), ("found", 1)] {
            let script =
                "exec 3>&1; { \"$0\" scan --format \"$1\" \"$2\"; echo $? >&3; } | head -c 1 > /dev/null";
            let output = Command::new("sh")
                .args(["-c", script, env!("CARGO_BIN_EXE_stanch"), format, folder])
                .current_dir(project.path(""))
                .output()
                .unwrap();
            let told = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!((told.0.trim(), &*told.1), (&*code.to_string(), ""), "{format} {folder}");
        }
    }
    for args in ["rules list", "rules list --format json", "demo", "--help"] {
        let script = format!("exec 3>&1; {{ \"$0\" {args}; echo $? >&3; }} | :");
        let output = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_stanch")]).output().unwrap();
        let told = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((told.0.trim(), &*told.1), ("0", ""), "{args}");
    }
}

#[test]
fn standard_input_is_scanned_alone_and_beside_folders() {
    let project = Project::of(&[("in/a.txt", &token(34))]);
    let piped = || format!("first line\nGITHUB_TOKEN={}\n", token(35));
    told!(
        project.stanch(["scan", "-"]).input(piped()).run(),
        str![[r#"
exit code 1
-- stdout
critical[github-pat-classic]: GitHub personal access token (classic)
  Acts as its owner in every repository and organization that its scopes reach.
  Revoke it: https://github.com/settings/tokens

  <stdin>:2:14
    │ GITHUB_TOKEN=ghp_…
  proven: its checksum is right · id 581cce60b733a80b

Not a secret? stanch ignore ID --reason "why"

Found 1 secret in 1 place: 1 critical.
Scanned 1 file, 65 B.

"#]]
    );
    let ran = project.stanch(["scan", "--format", "json", "-", "in", "-"]).input(piped()).run();
    assert_eq!(
        (ran.exits(1).paths(), ran.tally("files")),
        (vec!["<stdin>".to_owned(), "a.txt".to_owned()], 2)
    );
    told!(
        project.stanch(["scan", "-"]).run(),
        str![[r#"
exit code 0
-- stdout
No secrets found.
Scanned 1 file, 0 B.

"#]]
    );
}

// What fails and what is shown

#[test]
fn confidence_says_what_is_shown_and_fail_on_what_fails() {
    let project = of_each_confidence();
    let all = ["likely.txt", "possible.txt", "proven.txt"];
    let (two, one) = (["likely.txt", "proven.txt"], ["proven.txt"]);
    let cases: [(&str, &[&str], i32, u64); 13] = [
        ("", &two, 1, 1),
        ("--confidence possible", &all, 1, 0),
        ("--confidence likely", &two, 1, 1),
        ("--confidence proven", &one, 1, 2),
        ("--fail-on possible", &all, 1, 0),
        ("--fail-on likely", &two, 1, 1),
        ("--fail-on proven", &two, 1, 1),
        ("--fail-on live", &two, 0, 1),
        ("--fail-on never", &two, 0, 1),
        ("--confidence proven --fail-on possible", &all, 1, 0),
        ("--confidence proven --fail-on likely", &two, 1, 1),
        ("--confidence possible --fail-on proven", &all, 1, 0),
        ("--confidence possible --fail-on never", &all, 0, 0),
    ];
    let run = |args: &str| {
        let more = args.split_whitespace();
        project.stanch(["scan", "--rules", "rules", "--format", "json"].into_iter().chain(more)).run()
    };
    for (args, paths, code, hidden) in cases {
        let ran = run(args);
        ran.check(ran.code == Some(code), args);
        assert_eq!(
            (ran.paths(), ran.tally("hidden")),
            (paths.iter().map(|&path| path.to_owned()).collect(), hidden),
            "{args}"
        );
    }
    fs::remove_file(project.path("proven.txt")).unwrap();
    for (args, code) in
        [("", 1), ("--confidence proven", 0), ("--fail-on proven", 0), ("--confidence possible", 1)]
    {
        let ran = run(args);
        ran.check(ran.code == Some(code), args);
    }
    fs::remove_file(project.path("likely.txt")).unwrap();
    for (args, code) in [("", 0), ("--confidence possible", 0), ("--fail-on possible", 1)] {
        let ran = run(args);
        ran.check(ran.code == Some(code), args);
    }
    told!(
        project.stanch(["scan", "--rules", "rules"]).run(),
        str![[r#"
exit code 0
-- stdout
No secrets found.
Scanned 2 files, 569 B.
Not shown: 1 less sure (--confidence possible shows them).

"#]]
    );
}

// What is not a leak

#[test]
fn stanchignore_hides_by_id_and_path_and_tells_what_is_of_no_use() {
    let project =
        Project::of(&[("a.txt", &token(40)), ("sub/b.txt", &token(41)), ("docs/c.txt", &token(42))]);
    let report = project.stanch(["scan", "--format", "json", "a.txt"]).run().json();
    let id = report["findings"][0]["id"].as_str().unwrap().to_owned();
    project.write(
        ".stanchignore",
        format!(
            "# why not\n\nid {id} reason=\"revoked in March\"\npath /docs/** reason=\"made up\" expires=2999-12-31\n\
             id 0123456789abcdef reason=\"gone\"\npath sub/** reason=\"over\" expires=2020-01-01\n"
        ),
    );
    told!(
        project.stanch(["scan"]).run(),
        str![[r#"
exit code 1
-- stdout
critical[github-pat-classic]: GitHub personal access token (classic)
  Acts as its owner in every repository and organization that its scopes reach.
  Revoke it: https://github.com/settings/tokens

  sub/b.txt:1:1
    │ ghp_…
  proven: its checksum is right · id 02d35e8548ae4c0f

Not a secret? stanch ignore ID --reason "why"

note: .stanchignore:5: the entry matches nothing; remove it
note: .stanchignore:6: the entry has expired; renew it or remove it

Found 1 secret in 1 place: 1 critical.
Scanned 4 files, 306 B.
Not shown: 2 ignored by .stanchignore.

"#]]
    );
    let ran = project.stanch(["scan", "--format", "json"]).run();
    assert_eq!((ran.paths(), ran.tally("ignored_by_file")), (vec!["sub/b.txt".to_owned()], 2));
    // Where only a part was scanned, nobody can tell which entries are of no use.
    let ran = project.stanch(["scan", "a.txt", "docs/c.txt"]).run();
    ran.exits(0).has("2 ignored by .stanchignore").has_not("matches nothing");
    project.stanch(["scan", "--rule", "slack-bot-token"]).run().exits(0).has_not("matches nothing");
}

#[test]
fn each_root_has_its_own_stanchignore() {
    let project = Project::of(&[
        ("a/x/1.txt", &token(43)),
        ("a/y/1.txt", &token(44)),
        ("a/.stanchignore", "path x/** reason=\"made up\"\n"),
        ("b/x/1.txt", &token(45)),
        ("other", "path b/** reason=\"made up\"\n"),
    ]);
    let json = |more: &[&str]| project.stanch(["scan", "--format", "json"].iter().chain(more)).run();
    assert_eq!(json(&["a"]).paths(), ["y/1.txt"]);
    assert_eq!(json(&["a", "b"]).paths(), ["a/y/1.txt", "b/x/1.txt"]);
    assert_eq!(json(&["./a/", "b"]).paths(), ["./a/y/1.txt", "b/x/1.txt"]);
    assert_eq!(json(&["a", "b", "--ignore-file", "other"]).paths(), ["a/x/1.txt", "a/y/1.txt"]);
}

#[test]
fn a_broken_stanchignore_is_an_error_with_every_line() {
    let project = Project::of(&[(
        "in/.stanchignore",
        "id 0123456789abcdef\nid short reason=\"r\"\npath a reason=\"\"\n\nfile a reason=\"r\"\ngap odd * reason=\"r\"\n",
    )]);
    told!(
        project.stanch(["scan", "in"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: in/.stanchignore:1:1: the entry has no reason; add reason="why this is no leak"
in/.stanchignore:2:4: `id` takes one finding id of 16 hex digits, not `short`
in/.stanchignore:3:8: the reason is empty
in/.stanchignore:5:1: an entry is `id ID`, `path GLOB` or `gap REASON GLOB`, then reason="..."
in/.stanchignore:6:5: `odd` is no reason of a gap; there are unreadable, vanished, changed, too-many-findings, broken-index, missing, corrupt, too-large, unsupported, encrypted, too-deep, too-many-members, ratio, unsafe-name, decode-limit

"#]]
    );
    told!(
        project.stanch(["scan", "in", "--ignore-file", "missing"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: missing: the ignore file cannot be read: No such file or directory (os error 2)

"#]]
    );
    project.write("in/.stanchignore", b"path \xff reason=\"r\"\n");
    told!(
        project.stanch(["scan", "in"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: in/.stanchignore: the ignore file cannot be read: stream did not contain valid UTF-8

"#]]
    );
}

#[test]
fn a_gap_can_be_accepted() {
    let project = Project::of(&[(".stanchignore", "gap unreadable mem reason=\"nobody reads it\"\n")]);
    let entry = "gap unreadable /proc/** reason=\"not a file\"\n";
    told!(
        project.stanch(["scan", "/proc/self/mem"]).run(),
        str![[r#"
exit code 0
-- stdout
Not scanned, as .stanchignore accepts: 1
  unreadable (could not be opened or read): 1
    /proc/self/mem: Input/output error (os error 5)

No secrets in what was scanned, but not everything was.
Scanned 1 file, 0 B.

"#]]
    );
    project.write("accepted", entry.replace("/proc/**", "/proc/self/*"));
    project.stanch(["scan", "--ignore-file", "accepted", "/proc/self/mem"]).run().exits(0);
}

#[test]
fn marks_hold_on_the_lines_that_they_are_for() {
    let same_line = [
        "stanch:ignore",
        "stanch:ignore[github-pat-classic]",
        "stanch:ignore[slack-bot-token, github-pat-classic] made up",
        "gitleaks:allow",
        "betterleaks:allow",
        "trufflehog:ignore",
        "kingfisher:ignore",
        "ggignore",
        "pragma: allowlist secret",
        "pragma: whitelist secret",
        "secretlint-disable-line",
    ];
    let next_line = [
        "stanch:ignore-next-line",
        "stanch:ignore-next-line[github-pat-classic] made up",
        "pragma: allowlist nextline secret",
        "secretlint-disable-next-line",
    ];
    let no_marks = ["stanch:ignore[slack-bot-token]", "stanch: ignore", "stanch:ignored", "nothing"];
    let report = |project: &Project, more: &[&str]| {
        project.stanch(["scan", "--format", "json"].iter().chain(more)).run()
    };
    let every = ["above.py", "below.py", "same.py"];
    for (marks, covered) in [(&same_line[..], "same.py"), (&next_line, "below.py"), (&no_marks, "none")] {
        for mark in marks {
            let project = Project::new();
            let token = token(50);
            project.write("above.py", format!("x = \"{token}\"\n# {mark}\n"));
            project.write("below.py", format!("# {mark}\nx = \"{token}\"\n\n"));
            project.write("same.py", format!("x = 1\ny = \"{token}\"  # {mark}\nz = 1\n"));
            let expected: Vec<&str> = every.into_iter().filter(|name| *name != covered).collect();
            assert_eq!(report(&project, &[]).exits(1).paths(), expected, "{mark}");
            assert_eq!(report(&project, &["--no-inline-ignore"]).exits(1).paths(), every, "{mark}");
            if covered != "none" {
                // Where marks cover every place, the finding is counted.
                expected.iter().for_each(|name| fs::remove_file(project.path(name)).unwrap());
                assert_eq!(report(&project, &[]).exits(0).tally("ignored_inline"), 1, "{mark}");
            }
        }
    }
}

#[test]
fn a_mark_covers_a_secret_of_several_lines_and_blocks_reach_across_large_files() {
    let key = example("pem-rsa-pkcs1-private-key", 51);
    let project = Project::new();
    let found = |text: &str| {
        project.write("key.pem", text);
        let ran = project.stanch(["scan", "--format", "json"]).run();
        (ran.paths().len(), ran.tally("ignored_inline"))
    };
    assert_eq!(found(&format!("{}\n", key.trim_end())), (1, 0));
    assert_eq!(found(&format!("{} # gitleaks:allow\n", key.trim_end())), (0, 1));
    assert_eq!(found(&format!("# stanch:ignore-next-line\n{key}\n")), (0, 1));
    assert_eq!(found(&format!("# gitleaks:allow\n{key}\n")), (1, 0));
    let long = "some words of prose\n".repeat(500_000);
    let token = token(52);
    assert_eq!(found(&format!("# secretlint-disable\n{long}{token}\n")), (0, 1));
    assert_eq!(found(&format!("# secretlint-disable\n{long}# secretlint-enable\n{long}{token}\n")), (1, 0));
}

// The same input gives the same bytes

#[test]
fn every_run_gives_the_same_bytes() {
    let project = Project::of(&[("rules/own.toml", OWN_RULES)]);
    for number in 0..300 {
        let twice = token(number % 100);
        let text = format!(
            "A={twice}\nB={}\nC={}\n",
            filled("acme_{hex:32}", number),
            filled("guess_{hex:32}", number)
        );
        project.write(format!("{}/{}/{number}.txt", number % 3, number % 7), text);
    }
    project.write("large.bin", vec![b'\n'; 9_000_000]);
    project.write(".stanchignore", "path 1/** reason=\"made up\"\n");
    let absolute = project.path("").display().to_string();
    for format in FORMATS {
        let run = |jobs: &str, root: &str| {
            let args = [
                "scan",
                "--rules",
                "rules",
                "--confidence",
                "possible",
                "--format",
                format,
                "--jobs",
                jobs,
                root,
            ];
            project.stanch(args).run()
        };
        let first = run("1", ".");
        first.exits(1).has_not("/tmp/");
        for (jobs, root) in [("8", "."), ("8", "."), ("64", "."), ("2", &absolute)] {
            assert!(run(jobs, root).told() == first.told(), "{format} with {jobs} jobs in {root}");
        }
    }
}

// Secrets are kept

/// What is secret of a token of Slack: its team and its bot are told.
fn secret_of(slack: &str) -> &str {
    slack.rsplit('-').next().unwrap()
}

#[test]
fn no_format_tells_a_secret_wherever_it_stands() {
    let project = Project::new();
    let (github, slack) = (token(60), example("slack-bot-token", 60));
    let password = filled("{base62:14}", 60);
    let address = format!("postgres://svc:{password}@db.internal:5432/orders");
    project.write(
        format!("in/{github}/{slack}.txt"),
        format!("{slack} and {github} again {github}\n{address}\n"),
    );
    project.write("in/tight.txt", format!("{github},{slack};{github}"));
    project.write("in/half.txt", format!("{} {github} {}", "x".repeat(100), [&*slack; 3].join(",")));
    project.write("in/ignored.txt", format!("{github} {slack} stanch:ignore[slack-bot-token]\n"));
    project.write(format!("in/{slack}.log"), format!("{address} gitleaks:allow\n"));
    symlink(format!("../{github}"), project.path("in/link")).unwrap();
    let mut runs: Vec<Ran> = vec![];
    for format in FORMATS {
        for more in [
            &[][..],
            &["--rule", "postgres-uri"],
            &["--confidence", "possible"],
            &["--rule", "github-pat-classic"],
        ] {
            runs.push(project.stanch(["scan", "--format", format, "in"].iter().chain(more)).run());
        }
        let named = format!("in/{github}/{slack}.txt");
        runs.push(project.stanch(["scan", "--format", format, &named]).run());
        runs.push(
            project.stanch(["scan", "--format", format, "--exclude", "*", "--fail-on", "never", "in"]).run(),
        );
        runs.push(project.stanch(["scan", "--format", format, "in", &format!("in/{github}")]).run());
    }
    for ran in &runs {
        ran.check(matches!(ran.code, Some(0 | 1)), "it should end well");
        assert_kept_secret(ran, &github);
        assert_kept_secret(ran, secret_of(&slack));
        ran.has_not(&password);
    }
    // Of what can be guessed not even the length is told.
    let report = project.stanch(["scan", "--format", "json", "--rule", "postgres-uri", "in"]).run().json();
    assert_eq!(report["findings"][0]["secret"], serde_json::json!({"masked": "…", "length": null}));
}

#[test]
fn reveal_needs_a_terminal_or_a_private_file() {
    let project = Project::of(&[("in/a.txt", &token(61))]);
    let token = token(61);
    told!(
        project.stanch(["scan", "--reveal", "in"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: --reveal shows secrets on a terminal only; add --output FILE to write them to a file that only you can read

"#]]
    );
    told!(
        project.stanch(["scan", "--reveal", "--format", "sarif", "--output", "report", "in"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: the sarif format is made for upload and shows no secret; choose another --format

"#]]
    );
    told!(
        project.stanch(["scan", "--reveal", "--output", "/dev/null", "in"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: /dev/null: the report cannot be written: secrets are written to regular files only; choose another place with --output

"#]]
    );
    project.command("mkfifo", ["pipe"]);
    project.stanch(["scan", "--reveal", "--output", "pipe", "in"]).run().exits(2);
    project.write("report", "anyone may read this");
    for format in ["human", "json", "jsonl"] {
        let ran = project.stanch(["scan", "--reveal", "--format", format, "--output", "report", "in"]).run();
        assert_kept_secret(ran.exits(1), &token);
        assert!(project.read("report").contains(&token), "{format}: {}", project.read("report"));
        let mode = fs::metadata(project.path("report")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{format}");
    }
}

/// Runs the program on a terminal of its own.
fn on_a_terminal(project: &Project, args: &str, env: &[(&str, &str)]) -> String {
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} {args}", env!("CARGO_BIN_EXE_stanch")), "/dev/null"]);
    command.current_dir(project.path("")).env("TERM", "xterm").env_remove("NO_COLOR");
    command.envs(env.iter().copied()).stdin(std::process::Stdio::null());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn a_terminal_shows_colour_and_on_request_the_secret() {
    let project = Project::of(&[("a.txt", &token(62))]);
    let shown = on_a_terminal(&project, "scan", &[]);
    assert!(shown.contains("\u{1b}[1m") && !shown.contains(&token(62)), "{shown:?}");
    let shown = on_a_terminal(&project, "scan --reveal", &[]);
    assert!(shown.contains(&format!("value: {}", token(62))), "{shown:?}");
    let shown = on_a_terminal(&project, "scan", &[("NO_COLOR", "1")]);
    assert!(shown.contains("github-pat-classic") && !shown.contains('\u{1b}'), "{shown:?}");
    let shown = on_a_terminal(&project, "scan --format json", &[]);
    assert!(shown.contains("github-pat-classic") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn a_pipe_shows_no_colour_unless_it_is_forced() {
    let project = Project::of(&[("a.txt", &token(63))]);
    project.stanch(["scan"]).run().exits(1).has_not("\u{1b}");
    project.stanch(["scan"]).env("CLICOLOR_FORCE", "1").run().exits(1).has("\u{1b}[");
    project.stanch(["scan"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run().exits(1).has_not("\u{1b}");
    project.stanch(["scan", "--output", "report"]).env("CLICOLOR_FORCE", "1").run().exits(1);
    assert!(!project.read("report").contains('\u{1b}'));
}

#[test]
fn every_format_tells_the_same_findings() {
    let project = Project::of(&[("a.txt", &token(64)), ("b.txt", &token(65))]);
    let run = |format: &str| project.stanch(["scan", "--format", format]).run();
    let ids = |findings: &[serde_json::Value], pointer: &str| -> Vec<String> {
        findings
            .iter()
            .map(|finding| finding.pointer(pointer).unwrap().as_str().unwrap().to_owned())
            .collect()
    };
    let json = ids(run("json").json()["findings"].as_array().unwrap(), "/id");
    let lines: Vec<serde_json::Value> =
        run("jsonl").stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sarif = run("sarif").json();
    assert_eq!(json.len(), 2);
    assert_eq!(ids(&lines[..2], "/id"), json);
    assert_eq!(lines[2]["type"], "tally");
    assert_eq!(
        ids(sarif["runs"][0]["results"].as_array().unwrap(), "/partialFingerprints/stanchFindingId~1v1"),
        json
    );
    let human = run("human").stdout();
    assert!(json.iter().all(|id| human.contains(id)), "{human}");
    for (schema, report) in [
        ("fixtures/schema/report-v1.schema.json", run("json").json()),
        ("tests/schema/sarif-schema-2.1.0.json", sarif),
    ] {
        let text = fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(schema)).unwrap();
        let schema = jsonschema::validator_for(&serde_json::from_slice(&text).unwrap()).unwrap();
        assert!(schema.is_valid(&report), "{:?}", schema.iter_errors(&report).next());
    }
}

// Rules and the demo

#[test]
fn rules_list_tells_every_rule() {
    let project = Project::new();
    let human = project.stanch(["rules", "list"]).run();
    let json = project.stanch(["rules", "list", "--format", "json"]).run();
    let rules = json.exits(0).json();
    let rules = rules.as_array().unwrap();
    human.exits(0).has(&format!("\n{} rules: ", rules.len()));
    let keys = [
        "category",
        "id",
        "name",
        "proof",
        "provider",
        "revoke",
        "revoke_by",
        "revoke_page",
        "severity",
        "source",
        "tells",
        "verify",
    ];
    for rule in rules {
        let rule = rule.as_object().unwrap();
        let mut there: Vec<&str> = rule.keys().map(String::as_str).collect();
        there.sort_unstable();
        assert_eq!(there, keys);
        for key in ["id", "provider", "severity"] {
            assert!(rule[key].as_str().is_some_and(|text| !text.is_empty()), "{rule:?}");
        }
        human.has(rule["id"].as_str().unwrap());
    }
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted(), "rules should be listed in the order of their ids");
    let github = rules.iter().find(|rule| rule["id"] == "github-pat-classic").unwrap();
    assert_eq!((&github["proof"], &github["severity"]), (&"crc32-base62".into(), &"critical".into()));
    project.stanch(["rules", "list", "--format", "yaml"]).run().exits(2);
}

#[test]
fn rules_explain_tells_one_rule() {
    let project = Project::new();
    told!(
        project.stanch(["rules", "explain", "github-pat-classic"]).run(),
        str![[r#"
exit code 0
-- stdout
GitHub personal access token (classic) (GitHub, code-host, critical)

  Acts as its owner in every repository and organization that its scopes reach.

  begins with  ghp_
  pattern      ghp_[0-9A-Za-z]{36}
  proof        crc32-base62
  confidence   likely
  verify       GET https://api.github.com/user (vendor-doc)
  whose it is  GET https://api.github.com/orgs/{github_org}/audit-log?phrase=hashed_token%3A%22{token_hash}%22&include=all&per_page=1, with GITHUB_ORG and GITHUB_ADMIN_TOKEN
  whose it is  GET https://api.github.com/orgs/{github_org}/credential-authorizations?per_page=100, with GITHUB_ORG and GITHUB_ADMIN_TOKEN
  revoke       POST https://api.github.com/credentials/revoke (vendor-doc)
               dies: token; cannot be undone. GitHub revokes it everywhere for good, mails its owner and writes it into their security log.
  delete-as-admin DELETE {endpoint}/admin/tokens/{token_id} (vendor-doc), with GITHUB_ADMIN_TOKEN
               dies: token; cannot be undone. The token is deleted from the instance.
  your server  --endpoint github=URL
  by hand      https://github.com/settings/tokens
  see          https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens

"#]]
    );
    let listed = project.stanch(["rules", "list", "--format", "json"]).run().json();
    for rule in listed.as_array().unwrap().iter().step_by(20) {
        project.stanch(["rules", "explain", rule["id"].as_str().unwrap()]).run().exits(0);
    }
}

#[test]
fn a_new_rule_file_is_right_and_works() {
    for (provider, file) in
        [("Acme", "acme"), ("1Password", "1password"), ("Ac\"me's \\ Café\u{200b}", "ac-me-s-caf")]
    {
        let project = Project::new();
        let name = format!("{file}.toml");
        let ran = project.stanch(["rules", "new", provider]).run();
        assert_eq!(
            ran.exits(0).stdout(),
            format!("wrote {name}; edit it, then run `stanch rules check {name}`\n")
        );
        let ran = project.stanch(["rules", "check", &name]).run();
        assert_eq!(ran.exits(0).stdout(), "1 rule, no faults\n");
        let prefix = file.split('-').next().unwrap();
        project.write("a.txt", filled(&format!("{prefix}_{{base62:32}}"), 1));
        project.stanch(["scan", "--rules", &name]).run().exits(1).has(&format!("[{file}-token]"));
        // What is there is not overwritten.
        project.write(&name, "mine");
        let ran = project.stanch(["rules", "new", provider]).run();
        ran.exits(2).has("File exists");
        assert_eq!(project.read(&name), "mine");
    }
    let project = Project::new();
    told!(
        project.stanch(["rules", "new", "…"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: `…` holds no letter or digit to name a file after

"#]]
    );
}

#[test]
fn rules_check_tries_the_examples() {
    let project = Project::new();
    let own = OWN_RULES
        .replace("examples = [\"acme_{hex:32}\"]", "examples = [\"acme_{hex:30}\", \"acme_{hex}\"]")
        .replace("near_misses = [\"guess_{hex:31}\"", "near_misses = [\"guess_{hex:32}\"");
    project.write("own.toml", own);
    told!(
        project.stanch(["rules", "check", "own.toml"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: own.toml:3:1: rule `acme-token`: the example `acme_{hex:30}` is found 0 times, not once
own.toml:3:1: rule `acme-token`: in the template `acme_{hex}`: `` is no length; write a number or a range such as `20-40`
own.toml:14:1: rule `acme-guess`: the near miss `guess_{hex:32}` is found, and must not be

"#]]
    );
    project.write("own.toml", OWN_RULES);
    told!(
        project.stanch(["rules", "check", "own.toml"]).run(),
        str![[r#"
exit code 0
-- stdout
2 rules, no faults

"#]]
    );
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    project.stanch([OsStr::new("rules"), OsStr::new("check"), shipped.as_os_str()]).run().exits(0);
}

#[test]
fn the_demo_finds_what_it_plants_and_leaves_nothing_behind() {
    let project = Project::of(&[("tmp/keep", "")]);
    let tmp = project.path("tmp").display().to_string();
    let ran = project.stanch(["demo"]).env("TMPDIR", &tmp).run();
    ran.exits(0).has("Found 6 secrets in 6 places").has("deploy/.env:2:14").has("ghp_…").has_not(&tmp);
    assert_eq!(fs::read_dir(tmp).unwrap().count(), 1);
    let ran = project.stanch(["demo"]).env("TMPDIR", "/nowhere").run();
    ran.exits(2).has("stanch: the temporary project cannot be made");
}
