//! What a repository's own configuration says about its form (gitformat, "extensions.*" in
//! git-config(1)). As in git, `include` is not followed for this.

use std::io;
use std::path::{Path, PathBuf};

use super::files::{if_there, path_of, read_short};
use super::{Problem, Trouble};

/// A configuration is a page or two; some tools note every branch in it.
const LONGEST_CONFIG: u64 = 16 * 1024 * 1024;

/// How refs are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefStorage {
    /// Loose files and `packed-refs`.
    Files,
    /// gitformat-reftable(5).
    Reftable,
}

/// The form of a repository.
#[derive(Debug, Clone)]
pub(super) struct Format {
    pub(super) hash: gix_hash::Kind,
    pub(super) refs: RefStorage,
    /// What `core.bare` says.
    pub(super) bare: Option<bool>,
    /// What `core.worktree` says, relative to the repository's folder.
    pub(super) worktree: Option<PathBuf>,
    /// The first remote that promises the objects that are not here.
    pub(super) promisor: Option<String>,
    /// What `lfs.storage` says, relative to the repository's folder.
    pub(super) lfs_storage: Option<PathBuf>,
    /// Extensions that nothing is known of.
    pub(super) unknown: Vec<String>,
}

impl Format {
    /// The form of the repository whose shared part is `common` and whose own part, in a linked worktree
    /// another one, is `git_dir`.
    ///
    /// # Errors
    /// When a configuration cannot be read, or the repository has a form that is not known.
    pub(super) fn read(git_dir: &Path, common: &Path) -> Result<Format, Problem> {
        let path = common.join("config");
        let Some(config) = parse(&path)? else { return Ok(Format::default()) };
        let mut format = Format::default().amended(&config, &path)?;
        let told = config.boolean("extensions.worktreeConfig");
        if told.ok().flatten() == Some(true) {
            let own = git_dir.join("config.worktree");
            if let Some(config) = parse(&own)? {
                format.place(&config);
            }
        }
        Ok(format)
    }

    fn amended(mut self, config: &gix_config::File, path: &Path) -> Result<Format, Problem> {
        let version = config.integer("core.repositoryFormatVersion").ok().flatten().unwrap_or(0);
        if !(0..=1).contains(&version) {
            return Err(unsupported(path, format!("names the repository format {version}")));
        }
        for section in config.sections_by_name("extensions").into_iter().flatten() {
            for name in section.value_names() {
                let name = name.to_string().to_ascii_lowercase();
                if version == 1 && !KNOWN_EXTENSIONS.contains(&name.as_str()) && !self.unknown.contains(&name)
                {
                    self.unknown.push(name);
                }
            }
        }
        self.hash = match lowercase(config, "extensions.objectFormat").as_deref() {
            None | Some("sha1") => gix_hash::Kind::Sha1,
            Some("sha256") => gix_hash::Kind::Sha256,
            Some(_) => return Err(unsupported(path, "names an object format other than sha1 and sha256")),
        };
        // The form of the value may be `reftable` or `reftable://PATH`.
        let storage = lowercase(config, "extensions.refStorage");
        self.refs = match storage.as_deref().map(|value| value.split(':').next().unwrap_or(value)) {
            None | Some("files") => RefStorage::Files,
            Some("reftable") => RefStorage::Reftable,
            Some(_) => return Err(unsupported(path, "names a ref storage other than files and reftable")),
        };
        let is_promisor = |section: gix_config::file::SectionRef<'_>| match section.value_implicit("promisor")
        {
            // A key alone means yes.
            Some(None) => true,
            Some(Some(value)) => gix_config::Boolean::try_from(value).is_ok_and(|value| value.0),
            None => false,
        };
        let mut remotes = config.sections_by_name("remote").into_iter().flatten();
        let named = remotes.find_map(|section| {
            let name = section.header().subsection_name()?.to_string();
            is_promisor(section).then_some(name)
        });
        self.promisor = config.string("extensions.partialClone").map(|name| name.to_string()).or(named);
        self.place(config);
        Ok(self)
    }

    /// Takes what says where the working tree is.
    fn place(&mut self, config: &gix_config::File) {
        if let Some(bare) = config.boolean("core.bare").ok().flatten() {
            self.bare = Some(bare);
        }
        if let Some(worktree) = config.string("core.worktree").and_then(|bytes| path_of(&bytes).ok()) {
            self.worktree = Some(worktree);
        }
        if let Some(storage) = config.string("lfs.storage").and_then(|bytes| path_of(&bytes).ok()) {
            self.lfs_storage = Some(storage);
        }
    }
}

impl Default for Format {
    fn default() -> Format {
        Format {
            hash: gix_hash::Kind::Sha1,
            refs: RefStorage::Files,
            bare: None,
            worktree: None,
            promisor: None,
            lfs_storage: None,
            unknown: vec![],
        }
    }
}

/// Those that change nothing about how objects are read, and those that are handled.
const KNOWN_EXTENSIONS: [&str; 10] = [
    "compatobjectformat",
    "noop",
    "noop-v1",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "refstorage",
    "relativeworktrees",
    "submodulepathconfig",
    "worktreeconfig",
];

fn lowercase(config: &gix_config::File, key: &str) -> Option<String> {
    Some(config.string(key)?.to_string().to_ascii_lowercase())
}

fn unsupported(path: &Path, what: impl std::fmt::Display) -> Problem {
    Problem::file(path, Trouble::Unsupported, format!("{what}; a newer version of stanch may read it"))
}

fn parse(path: &Path) -> Result<Option<gix_config::File>, Problem> {
    let read = if_there(read_short(path, LONGEST_CONFIG)).map_err(|error| Problem::io(path, &error))?;
    let Some(bytes) = read else { return Ok(None) };
    let options = gix_config::file::init::Options::default();
    let parsed = gix_config::File::from_bytes_no_includes(&bytes, gix_config::file::Metadata::api(), options);
    // What the parser says quotes the file, and a configuration may hold passwords.
    let invalid = io::Error::new(
        io::ErrorKind::InvalidData,
        "is no configuration that git would read; repair it (`git config --list` tells the line)",
    );
    parsed.map(Some).map_err(|_| Problem::io(path, &invalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &str) -> Result<Format, Problem> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), config).unwrap();
        Format::read(folder.path(), folder.path())
    }

    #[test]
    fn tells_the_form_of_a_repository() {
        for (config, hash, refs, promised) in [
            ("", gix_hash::Kind::Sha1, RefStorage::Files, false),
            ("[extensions]\n objectFormat = SHA256", gix_hash::Kind::Sha256, RefStorage::Files, false),
            ("[Extensions] REFSTORAGE = \"reftable\"", gix_hash::Kind::Sha1, RefStorage::Reftable, false),
            ("[remote \"a.b\"]\n promisor", gix_hash::Kind::Sha1, RefStorage::Files, true),
            ("[remote \"a\"]\n promisor = 0", gix_hash::Kind::Sha1, RefStorage::Files, false),
            ("[extensions]\n partialclone = a", gix_hash::Kind::Sha1, RefStorage::Files, true),
        ] {
            let format = of(config).unwrap();
            assert_eq!(
                (format.hash, format.refs, format.promisor.is_some()),
                (hash, refs, promised),
                "{config}"
            );
        }
    }

    #[test]
    fn refuses_forms_that_are_not_known() {
        for config in [
            "[core]\n repositoryformatversion = 2",
            "[extensions]\n objectformat = blake3",
            "[extensions]\n refstorage = sqlite",
        ] {
            assert_eq!(of(config).unwrap_err().trouble, Trouble::Unsupported, "{config}");
        }
        let broken = of("[core\nurl = https://user:hidden@example.com").unwrap_err();
        assert_eq!(broken.trouble, Trouble::Corrupt);
        assert!(!broken.detail.contains("hidden"));
    }

    #[test]
    fn names_extensions_that_are_not_known() {
        let config = "[core]\n repositoryformatversion = 1\n[extensions]\n noop = 1\n novel = 1";
        assert_eq!(of(config).unwrap().unknown, ["novel"]);
    }
}
