//! What the documentation claims, held against the program. `STANCH_REWRITE=1 cargo test` rewrites what
//! is generated.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use stanch::proofs;
use stanch::rules::schema;

const START: &str = "<!-- proofs -->\n";
const END: &str = "<!-- /proofs -->";

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
    let page = read("rules/README.md");
    let row = |name: &&str| format!("| `{name}` | {} |\n", proofs::by_name(name).unwrap().summary);
    let table = format!(
        "| proof | what it looks at |\n|---|---|\n{}",
        proofs::names::NAMES.iter().map(row).collect::<String>()
    );
    let (before, rest) = page.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{START}{table}{END}{after}");
    if std::env::var_os("STANCH_REWRITE").is_some() {
        fs::write(path("rules/README.md"), &expected).unwrap();
    } else {
        assert!(page == expected, "rules/README.md is out of date; run STANCH_REWRITE=1 cargo test");
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
