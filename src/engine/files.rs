//! Which files a rule is for.

use crate::model::{BlobPath, Rule};

/// Whether `rule` looks into the file at `path`.
pub(super) fn is_for(rule: &Rule, path: &BlobPath) -> bool {
    rule.files.is_empty() || rule.files.iter().any(|pattern| matches(pattern.as_bytes(), path))
}

/// What the last part of a path looks like that `rule` looks into.
pub(super) fn names_of(rule: &Rule) -> impl Iterator<Item = &'static [u8]> {
    rule.files.iter().filter_map(|pattern| pattern.rsplit('/').next()).map(str::as_bytes)
}

/// A pattern with a `/` is held against the end of the path, any other against the last part.
fn matches(pattern: &[u8], path: &BlobPath) -> bool {
    if !pattern.contains(&b'/') {
        return wildcard(pattern, path.file_name());
    }
    let path = path.as_bytes();
    let depth = memchr::memchr_iter(b'/', pattern).count();
    let from = memchr::memrchr_iter(b'/', path).nth(depth).map_or(0, |slash| slash + 1);
    wildcard(pattern, &path[from..])
}

/// Whether `name` is `pattern`, in which `*` stands for any bytes but `/`.
pub(super) fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => {
            let reach = memchr::memchr(b'/', name).unwrap_or(name.len());
            (0..=reach).any(|taken| wildcard(rest, &name[taken..]))
        }
        Some((byte, rest)) => name.first() == Some(byte) && wildcard(rest, &name[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_paths() {
        for (pattern, path, expected) in [
            (".netrc", ".netrc", true),
            (".netrc", "home/me/.netrc", true),
            (".netrc", "home/.netrc/x", false),
            ("*.ppk", "a/b.ppk", true),
            ("*.ppk", "a/b.ppk.txt", false),
            ("gh/hosts.yml", "home/.config/gh/hosts.yml", true),
            ("gh/hosts.yml", "gh/hosts.yml", true),
            ("gh/hosts.yml", "xgh/hosts.yml", false),
            ("*/config", "a/.git/config", true),
            ("*/config", "config", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), &BlobPath::from(path)), expected, "{pattern} {path}");
        }
    }
}
