//! What the documentation claims, held against the program. `STANCH_REWRITE=1 cargo test` rewrites what
//! is generated.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{Project, token};
use stanch::proofs;
use stanch::rules::schema;

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

/// Holds what stands between two marks of a page against what it should be, or writes it there.
#[track_caller]
fn assert_holds(name: &str, (start, end): (&str, &str), text: &str) {
    let page = read(name);
    let (before, rest) = page.split_once(start).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let expected = format!("{before}{start}{text}{end}{after}");
    if std::env::var_os("STANCH_REWRITE").is_some() {
        fs::write(path(name), &expected).unwrap();
    } else {
        assert!(page == expected, "{name} is out of date; run STANCH_REWRITE=1 cargo test");
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
