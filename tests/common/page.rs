//! Pages of the documentation, and what is generated in them. `STANCH_REWRITE=1` rewrites it.

use std::fs;
use std::path::{Path, PathBuf};

/// Holds what stands between two marks of a page against what it should be, or writes it there.
#[track_caller]
pub(crate) fn assert_holds(name: &str, (start, end): (&str, &str), text: &str) {
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

/// A page.
pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
