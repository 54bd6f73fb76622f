//! Which files a rule is for.

use foldhash::HashMap;
use foldhash::HashMapExt;

use crate::model::{BlobPath, Rule};

/// Rules for certain files, by the names of these.
pub(super) struct Named {
    /// Whole names.
    whole: HashMap<&'static [u8], Vec<usize>>,
    /// What follows the last dot of a name, where nothing else is asked of it.
    endings: HashMap<&'static [u8], Vec<usize>>,
    /// What stands between two dots somewhere in a name, in a copy of a file: `*.yaml.*`.
    between: HashMap<&'static [u8], Vec<usize>>,
    /// Other names with stars in them, by their last bytes; a star stands for any.
    starred: HashMap<u8, Vec<(&'static [u8], usize)>>,
}

/// Bytes that a name must have beside its stars to tell few files; `*.yaml.*` has one less.
const TELLING: usize = 7;

impl Named {
    /// Rules and their numbers.
    pub(super) fn of(rules: impl Iterator<Item = (usize, &'static Rule)>) -> Named {
        Named::of_names(rules.flat_map(|(number, rule)| names_of(rule).map(move |name| (name, number))))
    }

    fn of_names(names: impl Iterator<Item = (&'static [u8], usize)>) -> Named {
        let mut named = Named {
            whole: HashMap::new(),
            endings: HashMap::new(),
            between: HashMap::new(),
            starred: HashMap::new(),
        };
        for (name, rule) in names {
            let is_plain = |part: &[u8]| !part.iter().any(|byte| b"*.".contains(byte));
            let ending = name.strip_prefix(b"*.");
            let between = ending.and_then(|ending| ending.strip_suffix(b".*"));
            match (ending, between, name.last()) {
                (Some(ending), _, _) if is_plain(ending) => {
                    named.endings.entry(ending).or_default().push(rule);
                }
                (_, Some(between), _) if is_plain(between) => {
                    named.between.entry(between).or_default().push(rule);
                }
                (_, _, Some(last)) if name.contains(&b'*') => {
                    named.starred.entry(*last).or_default().push((name, rule));
                }
                _ => named.whole.entry(name).or_default().push(rule),
            }
        }
        named
    }

    /// The rules of which some file has this name; one of them may be told several times.
    pub(super) fn for_name(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let last_dot = memchr::memrchr(b'.', name);
        let ending = last_dot.and_then(|dot| self.endings.get(&name[dot + 1..]));
        let inside = last_dot.map_or(&b""[..], |dot| &name[..dot]);
        let between = inside.split(|&byte| byte == b'.').skip(1).filter_map(|part| self.between.get(part));
        let known = self.whole.get(name).into_iter().chain(ending).chain(between).flatten();
        let starred = name.last().into_iter().chain([&b'*']).filter_map(|last| self.starred.get(last));
        let starred = starred.flatten().filter(move |(pattern, _)| wildcard(pattern, name));
        known.chain(starred.map(|(_, rule)| rule)).copied()
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
    let Some(star) = memchr::memchr(b'*', pattern) else { return pattern == name };
    let (before, mut rest) = (&pattern[..star], &pattern[star + 1..]);
    let Some(mut name) = name.strip_prefix(before) else { return false };
    // What stands between two stars is taken where it stands first.
    while let Some(star) = memchr::memchr(b'*', rest) {
        let (between, after) = (&rest[..star], &rest[star + 1..]);
        let reach = memchr::memchr(b'/', name).unwrap_or(name.len());
        let begins = between.first().map_or(Some(0), |first| {
            memchr::memchr_iter(*first, &name[..name.len().min(reach + 1)])
                .find(|&at| name[at..].starts_with(between))
        });
        let Some(at) = begins else { return false };
        (name, rest) = (&name[at + between.len()..], after);
    }
    name.strip_suffix(rest).is_some_and(|left| !left.contains(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_known_by_the_names_of_their_files() {
        let patterns = ["*.pem", "*.yaml.*", ".netrc", "id*key", "wp-config*"].map(str::as_bytes);
        let named = Named::of_names(patterns.into_iter().zip(0..));
        for name in [
            "a.pem",
            "pem",
            ".pem",
            "a.yaml.bak",
            "a.yaml",
            ".yaml.x",
            "a.b.yaml.c.d",
            ".netrc",
            "x.netrc",
            "id_key",
            "idkey",
            "idkeys",
            "wp-config.php",
            "wp-config",
            "",
            ".",
            "..",
        ] {
            let mut seen: Vec<usize> = named.for_name(name.as_bytes()).collect();
            seen.sort_unstable();
            let expected: Vec<usize> =
                (0..patterns.len()).filter(|&number| wildcard(patterns[number], name.as_bytes())).collect();
            assert_eq!(seen, expected, "{name}");
        }
    }

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
            ("a/*b*/c", "a/xbx/c", true),
            ("a/*b*/c", "a/x/xb/c", false),
            ("*.yaml.*", "a.yaml.bak", true),
            ("*.yaml.*", "a.yaml", false),
            ("*a*a", "aba", true),
            ("*a*a", "ba", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), &BlobPath::from(path)), expected, "{pattern} {path}");
        }
    }
}
