//! Which files a rule is for.

use crate::model::{BlobPath, Rule};

/// Rules for certain files, by the names of these.
pub(super) struct Named {
    /// Whole names and their rules, in order.
    whole: Vec<(&'static [u8], usize)>,
    /// What names end with that begin with a star.
    ends: Vec<(&'static [u8], usize)>,
    /// Names with other stars.
    starred: Vec<(&'static [u8], usize)>,
}

/// Bytes that a name must have beside its stars to tell few files; `*.yaml.*` has one less.
const TELLING: usize = 7;

impl Named {
    /// Rules and their numbers.
    pub(super) fn of(rules: impl Iterator<Item = (usize, &'static Rule)>) -> Named {
        let mut named = Named { whole: vec![], ends: vec![], starred: vec![] };
        for (name, rule) in rules.flat_map(|(number, rule)| names_of(rule).map(move |name| (name, number))) {
            let has_star = |name: &[u8]| name.contains(&b'*');
            match name.split_first() {
                Some((b'*', end)) if !has_star(end) => named.ends.push((end, rule)),
                _ if has_star(name) => named.starred.push((name, rule)),
                _ => named.whole.push((name, rule)),
            }
        }
        named.whole.sort_unstable();
        named
    }

    /// The rules of which some file has this name; one of them may be told several times.
    pub(super) fn for_name(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let from = self.whole.partition_point(|(known, _)| *known < name);
        let whole = self.whole[from..].iter().take_while(move |(known, _)| *known == name);
        let ends = self.ends.iter().filter(move |(end, _)| name.ends_with(end));
        let starred = self.starred.iter().filter(move |(pattern, _)| wildcard(pattern, name));
        whole.chain(ends).chain(starred).map(|(_, rule)| *rule)
    }
}

/// Whether `rule` is for files that are few, and told by their names.
pub(super) fn are_telling(rule: &'static Rule) -> bool {
    let fixed = |name: &[u8]| name.iter().filter(|&&byte| byte != b'*').count();
    let is_telling = |name: &[u8]| !name.contains(&b'*') || fixed(name) >= TELLING;
    !rule.files.is_empty() && names_of(rule).all(is_telling)
}

/// Whether `rule` looks into the file at `path`.
pub(super) fn is_for(rule: &Rule, path: &BlobPath) -> bool {
    rule.files.is_empty() || rule.files.iter().any(|pattern| matches(pattern.as_bytes(), path))
}

/// What the last part of a path looks like that `rule` looks into.
fn names_of(rule: &'static Rule) -> impl Iterator<Item = &'static [u8]> {
    rule.files.iter().filter_map(|pattern| pattern.rsplit('/').next()).map(str::as_bytes)
}

/// A pattern with a `/` is held against the end of the path, any other against the last part.
fn matches(pattern: &[u8], path: &BlobPath) -> bool {
    if !pattern.contains(&b'/') {
        return wildcard(pattern, path.file_name());
    }
    let path = path.own();
    let depth = memchr::memchr_iter(b'/', pattern).count();
    let from = memchr::memrchr_iter(b'/', path).nth(depth).map_or(0, |slash| slash + 1);
    wildcard(pattern, &path[from..])
}

/// Whether `name` is `pattern`, in which `*` stands for any bytes but `/`.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    // Mostly the last byte is another one.
    if pattern.last().is_some_and(|last| *last != b'*' && name.last() != Some(last)) {
        return false;
    }
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', [])) => !name.contains(&b'/'),
        Some((b'*', rest)) => {
            let reach = memchr::memchr(b'/', name).unwrap_or(name.len());
            let may_begin = |at: &usize| rest[0] == b'*' || name.get(*at) == Some(&rest[0]);
            (0..=reach).filter(may_begin).any(|taken| wildcard(rest, &name[taken..]))
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
