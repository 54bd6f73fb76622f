//! Imports point down: this test fails when one points up or sideways.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// From the top; a layer may use what stands below it. Modules of one layer do not see each other.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["commands"],
    &["sources", "engine", "findings", "verify", "revoke", "report"],
    &["rules", "judge", "bindings"],
    &["proofs", "decode", "containers", "git", "net"],
    &["vector"],
    &["model"],
];

#[test]
fn imports_point_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = vec![];
    for (depth, layer) in LAYERS.iter().enumerate() {
        for module in *layer {
            for file in sources(&root.join(module)) {
                let text = fs::read_to_string(&file).unwrap();
                for (number, line) in (1..).zip(text.lines()) {
                    for used in used_modules(line) {
                        let below = LAYERS[depth + 1..].iter().any(|layer| layer.contains(&used));
                        if used != *module && !below {
                            wrong.push(format!("{}:{number}: {module} uses {used}", file.display()));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that do not point down:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_layer() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for module in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let module = module.trim_end_matches(';');
        assert!(LAYERS.iter().any(|layer| layer.contains(&module)), "{module} has no layer");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The top modules that a line of code names as `crate::x` or `crate::{x, y}`.
fn used_modules(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(list) => list
                    .split([',', '}'])
                    .map(|item| item.trim().split("::").next().unwrap_or_default())
                    .collect(),
                None => vec![
                    rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                        .next()
                        .unwrap_or_default(),
                ],
            }
        })
        .filter(|module| LAYERS.iter().any(|layer| layer.contains(module)))
        .collect()
}
