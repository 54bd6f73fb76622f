//! What the documentation claims, held against the program. `STANCH_REWRITE=1 cargo test` rewrites what
//! is generated.

#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/page.rs"]
mod page;

use std::sync::atomic::{AtomicBool, Ordering};

use common::server::{Reply, Server};
use common::{Project, token};
use page::{assert_holds, read};
use stanch::model::{By, Rule};
use stanch::proofs;
use stanch::rules::{BUILTIN, schema, template};

#[test]
fn the_rule_reference_names_every_key() {
    let page = read("rules/README.md");
    for key in schema::KEYS {
        assert!(page.contains(&format!("`{key}`")), "rules/README.md does not name the key `{key}`");
    }
    for category in schema::CATEGORIES {
        assert!(
            page.contains(&format!("`{category}`")),
            "rules/README.md does not name the category `{category}`"
        );
    }
}

#[test]
fn the_rule_reference_lists_every_proof() {
    let row = |name: &&str| format!("| `{name}` | {} |\n", proofs::by_name(name).unwrap().summary);
    let table = format!(
        "| proof | what it looks at |\n|---|---|\n{}",
        proofs::names::NAMES.iter().map(row).collect::<String>()
    );
    assert_holds("rules/README.md", ("<!-- proofs -->\n", "<!-- /proofs -->"), &table);
}

#[test]
fn the_rule_reference_lists_every_rule() {
    let row = |rule: &Rule| {
        let labels: Vec<&str> = rule.tells.iter().map(|told| told.0).collect();
        let offline =
            [rule.proof.map(|proof| format!("`{proof}`")), (!labels.is_empty()).then(|| labels.join(", "))];
        let offline: Vec<String> = offline.into_iter().flatten().collect();
        let login = rule.login.map_or("", |_| "login");
        let verify = rule.verify.first().map_or(login, |verify| verify.source);
        let revokes = rule.revoke.iter().map(|revoke| match revoke.by {
            By::Itself => format!("{} ({})", revoke.verb, revoke.source),
            By::Admin(_) => format!("{} by an administrator ({})", revoke.verb, revoke.source),
        });
        let revokes = revokes.collect::<Vec<_>>().join(", ");
        let severity = rule.severity.as_str();
        format!(
            "| `{}` | {} | {severity} | {} | {verify} | {revokes} |\n",
            rule.id,
            rule.provider,
            offline.join("; ")
        )
    };
    let table = format!(
        "| rule | provider | severity | offline | verify | revoke |\n|---|---|---|---|---|---|\n{}",
        BUILTIN.iter().map(row).collect::<String>()
    );
    assert_holds("rules/README.md", ("<!-- rules -->\n", "<!-- /rules -->"), &table);
}

#[test]
fn the_front_page_shows_what_a_scan_prints() {
    let project = Project::new();
    project.write("deploy/.env", format!("STAGE=production\nGITHUB_TOKEN={}\n", token(2026)));
    let command = "stanch scan --rule github-pat-classic deploy";
    let ran = project.stanch(command.split(' ').skip(1)).run();
    ran.exits(1);
    let shown = format!("```console\n$ {command}\n{}```\n", ran.stdout());
    assert_holds("README.md", ("<!-- demo -->\n", "<!-- /demo -->"), &shown);
}

#[test]
fn the_front_page_shows_how_a_baseline_is_made() {
    let project = Project::new();
    project.write("deploy/.env", format!("STAGE=production\nGITHUB_TOKEN={}\n", token(2026)));
    let show = |command: &str| {
        let ran = project.stanch(command.split(' ').skip(1)).run();
        ran.exits(0);
        format!("$ {command}\n{}", ran.stdout())
    };
    let shown = show("stanch baseline create") + &show("stanch scan");
    assert_holds(
        "README.md",
        ("<!-- baseline -->\n", "<!-- /baseline -->"),
        &format!("```console\n{shown}```\n"),
    );
}

#[test]
fn the_front_page_shows_what_is_explained() {
    let project = Project::new();
    let password = template::fill("{base62:9}7{base62:4}", 2026).unwrap();
    let text =
        format!("db_password = \"{password}\"\ntoken_type = \"{password}\"\nsecret_key = settings.SECRET\n");
    project.write("app/db.py", text);
    let show = |command: &str| {
        let ran = project.stanch(command.split(' ').skip(1)).run();
        ran.exits(0);
        format!("$ {command}\n{}", ran.stdout())
    };
    let shown = show("stanch explain app/db.py:1") + &show("stanch explain app/db.py:3");
    assert!(!shown.contains(&password), "{shown}");
    assert_holds(
        "README.md",
        ("<!-- explain -->\n", "<!-- /explain -->"),
        &format!("```console\n{shown}```\n"),
    );
}

#[test]
fn the_front_page_names_every_option_about_ignoring() {
    let page = read("README.md");
    let known = ["--help", "--rules", "--jobs", "--no-ignore", "--file"];
    for command in ["ignore", "baseline create", "baseline update", "baseline prune"] {
        let help = Project::new().stanch(command.split(' ').chain(["--help"])).run().stdout();
        let options = help.split_whitespace().filter(|word| word.starts_with("--"));
        for option in options.filter(|option| !known.contains(option)) {
            assert!(page.contains(option), "README.md does not tell of {option}");
        }
    }
    for option in ["--baseline", "--no-baseline", "--no-inline-ignore", "--strict-ignores", "--no-decode"] {
        assert!(page.contains(option), "README.md does not tell of {option}");
    }
}

#[test]
fn the_front_page_names_every_option_of_a_history() {
    let page = read("README.md");
    let help = Project::new().stanch(["git", "--help"]).run().stdout();
    let options = help.split_whitespace().filter(|word| word.starts_with("--"));
    let common = Project::new().stanch(["scan", "--help"]).run().stdout();
    // A value may follow in brackets: `--cache[=<DIR>]`.
    let options = options.map(|option| option.split('[').next().unwrap_or(option));
    for option in options.filter(|option| !common.contains(option)) {
        assert!(page.contains(option), "README.md does not tell of {option}");
    }
}

/// A server in place of GitHub that takes a token until it is revoked.
fn github() -> Server {
    let revoked = AtomicBool::new(false);
    Server::start(move |received| match received.method.as_str() {
        "POST" => {
            revoked.store(true, Ordering::SeqCst);
            Reply::json(202, "{}")
        }
        _ if revoked.load(Ordering::SeqCst) => Reply::json(401, r#"{"message":"Bad credentials"}"#),
        _ => {
            Reply::json(200, r#"{"login":"octocat","type":"User"}"#).with("x-oauth-scopes", "repo, read:org")
        }
    })
}

#[test]
fn the_front_page_shows_what_verify_and_revoke_print() {
    let project = Project::new();
    project.write("deploy/.env", format!("STAGE=production\nGITHUB_TOKEN={}\n", token(2026)));
    let state = project.path("state").display().to_string();
    let server = github();
    let (endpoint, host) = (format!("github={}", server.url()), server.url().replace("http://", ""));
    let show = |command: &str, more: &[&str], code: u8| {
        let args = command.split(' ').skip(1).chain(more.iter().copied()).chain(["--endpoint", &endpoint]);
        let ran = project.stanch(args).env("XDG_STATE_HOME", &state).run();
        ran.exits(code.into());
        format!("$ {command}\n{}", ran.stdout())
    };
    // The server stands in for the vendor's host.
    let page = |shown: String| format!("```console\n{}```\n", shown.replace(&host, "api.github.com"));
    let verify = show("stanch verify deploy", &[], 1);
    assert_holds("README.md", ("<!-- verify -->\n", "<!-- /verify -->"), &page(verify));
    let plan = show("stanch revoke plan deploy -o plan.json", &[], 0);
    let written = project.read("plan.json");
    let digest = written.split('"').rev().nth(1).unwrap();
    let apply = show("stanch revoke apply plan.json --irreversible", &["--yes", digest], 0);
    let ledger = project.stanch(["revoke", "ledger", "--verify"]).env("XDG_STATE_HOME", &state).run();
    let ledger = format!("$ stanch revoke ledger --verify\n{}", ledger.stdout());
    let revoke = (plan + &apply + &ledger).replace(digest, "5c1f…");
    assert_holds("README.md", ("<!-- revoke -->\n", "<!-- /revoke -->"), &page(revoke));
}

#[test]
fn the_front_page_names_every_option_about_providers() {
    let page = read("README.md");
    let help = |args: &[&str]| Project::new().stanch(args).run().stdout();
    let common = help(&["git", "--help"]);
    let own =
        ["--verify", "--dry-run", "--databases", "--unconfirmed", "--owners", "--endpoint", "--verdicts"];
    for args in [&["verify", "--help"][..], &["revoke", "plan", "--help"], &["revoke", "apply", "--help"]] {
        let help = help(args);
        let options = help.split_whitespace().filter(|word| word.starts_with("--"));
        let options = options.map(|option| option.trim_end_matches([',', '.', ';', ')', '`']));
        let options = options.map(|option| option.split(['[', '=']).next().unwrap_or(option));
        for option in options.filter(|option| own.contains(option) || !common.contains(option)) {
            assert!(page.contains(option), "README.md does not tell of {option}");
        }
    }
}

#[test]
fn a_plan_is_as_its_schema_says() {
    let schema: serde_json::Value =
        serde_json::from_str(&read("fixtures/schema/plan-v1.schema.json")).unwrap();
    let project = Project::new();
    project.write("a.env", format!("GITHUB_TOKEN={}\n", token(2026)));
    let state = project.path("state").display().to_string();
    let server = github();
    let endpoint = format!("github={}", server.url());
    let ran =
        project.stanch(["revoke", "plan", ".", "--endpoint", &endpoint]).env("XDG_STATE_HOME", &state).run();
    let plan: serde_json::Value = serde_json::from_str(&ran.stdout()).unwrap();
    assert_eq!(plan["items"].as_array().unwrap().len(), 1, "{plan}");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&plan).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}\n{plan:#}");
}
