//! `stanch hook install` and `uninstall`: scripts that git runs before a commit, for its message, and before a
//! push. What was there before runs first, and comes back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::CommandError;
use super::xdg::config_home;
use crate::git::{Environment, Repository, hooks};

/// A hook that scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Before a commit is made.
    PreCommit,
    /// Once its message is written.
    CommitMsg,
    /// Before anything is sent.
    PrePush,
}

/// Whose commits and pushes are scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those in the repository at hand.
    Repository,
    /// Those in all repositories of this user.
    Global,
}

impl Hook {
    /// Those that are installed where none is named.
    pub const ALL: [Hook; 3] = [Hook::PreCommit, Hook::CommitMsg, Hook::PrePush];

    /// As git calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Hook::PreCommit => "pre-commit",
            Hook::CommitMsg => "commit-msg",
            Hook::PrePush => "pre-push",
        }
    }
}

/// What a script that was here before is called; behind a dot follows what it was called.
const BEFORE: &str = "before-stanch";

/// Puts hooks where git runs them, and returns what was done, one sentence each.
///
/// # Errors
/// When the hooks of this repository are elsewhere or in other hands, or a file there cannot be written. Hooks
/// that were put there before the one that failed stay.
pub fn install(chosen: &[Hook], reach: Reach) -> Result<Vec<String>, CommandError> {
    let folder = Folder::of(reach)?;
    fs::create_dir_all(&folder.path).map_err(|error| failed(&folder.path, &error))?;
    let mut told = vec![];
    for hook in chosen {
        let script = Script::of(hook.as_str(), Does::Scans, folder.forwards);
        told.push(put(&folder.path, hook.as_str(), &script)?);
    }
    if folder.forwards {
        let others = hooks::HOOKS.iter().filter(|name| !chosen.iter().any(|hook| hook.as_str() == **name));
        for name in others {
            put(&folder.path, name, &Script::of(name, Does::Forwards, true))?;
        }
        hooks::set_global_hooks_folder(Some(&folder.path))?;
        told.push(format!("core.hooksPath is {} for all repositories", folder.path.display()));
    }
    Ok(told)
}

/// Takes all hooks of stanch away again, puts back what was there before, and returns what was done.
///
/// # Errors
/// When a hook was changed since; it stays as it is. Hooks before it are gone.
pub fn uninstall(reach: Reach) -> Result<Vec<String>, CommandError> {
    let folder = Folder::of(reach)?;
    let mut told = vec![];
    for name in hooks::HOOKS {
        told.extend(take_away(&folder.path, name)?);
    }
    if folder.forwards && folder.path.is_dir() {
        let set = hooks::global_hooks_folder()?;
        if set.as_deref() == Some(&folder.path) {
            hooks::set_global_hooks_folder(None)?;
            told.push("core.hooksPath is no longer set for all repositories".into());
        }
        // Somebody may have put something else there.
        let _ = fs::remove_dir(&folder.path);
    }
    if told.is_empty() {
        told.push(format!("no hook of stanch is in {}", folder.path.display()));
    }
    Ok(told)
}

/// A folder of hooks.
struct Folder {
    path: PathBuf,
    /// Whether it is our own, that hides those of the repositories.
    forwards: bool,
}

impl Folder {
    fn of(reach: Reach) -> Result<Folder, CommandError> {
        match reach {
            Reach::Repository => own_folder(),
            Reach::Global => global_folder(),
        }
    }
}

fn own_folder() -> Result<Folder, CommandError> {
    let here = std::env::current_dir()
        .map_err(|error| CommandError::new(format!("the current folder cannot be told: {error}")))?;
    let repository = Repository::from_environment(Environment::of_process(), &here)?;
    let path = repository.hooks_folder()?;
    let shown = path.display();
    if path.components().any(|part| part.as_os_str() == ".husky") {
        return Err(CommandError::new(format!(
            "{shown}: husky writes the hooks of this repository; add the line `stanch hook pre-commit` to .husky/pre-commit instead, and the like for commit-msg and pre-push"
        )));
    }
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let inside = [Some(repository.common_dir()), repository.worktree()]
        .into_iter()
        .flatten()
        .any(|top| real(&path).starts_with(real(top)));
    if !inside {
        return Err(CommandError::new(format!(
            "{shown}: core.hooksPath leads out of this repository, to hooks that others may share; use `stanch hook install --global`, or unset it"
        )));
    }
    Ok(Folder { path, forwards: false })
}

/// The folder that the user set for all repositories, or one of our own.
fn global_folder() -> Result<Folder, CommandError> {
    let own = config_home()?.join("stanch").join("hooks");
    let set = hooks::global_hooks_folder()?;
    Ok(match set {
        Some(path) if path != own => Folder { path, forwards: false },
        _ => Folder { path: own, forwards: true },
    })
}

fn failed(path: &Path, error: &io::Error) -> CommandError {
    CommandError::new(format!("{}: {error}", path.display()))
}

/// Puts a hook into a folder; what is there and not ours is kept beside it.
fn put(folder: &Path, name: &str, script: &Script) -> Result<String, CommandError> {
    let (path, before) = (folder.join(name), folder.join(format!("{name}.{BEFORE}")));
    let mut told = format!("{name} is scanned by {}", path.display());
    match whose(&path)? {
        Whose::Nobodys | Whose::Ours => {}
        Whose::Changed => return Err(changed(&path)),
        Whose::Others if before.symlink_metadata().is_ok() => {
            return Err(CommandError::new(format!(
                "{}: there is a hook here and one in {} as well, so none can be kept; remove one of them",
                path.display(),
                before.display()
            )));
        }
        Whose::Others => {
            fs::rename(&path, &before).map_err(|error| failed(&path, &error))?;
            told = format!("{told}, after {}", before.display());
        }
    }
    write_executable(&path, &script.text()).map_err(|error| failed(&path, &error))?;
    Ok(told)
}

/// Takes a hook of ours away and puts back what was there before.
fn take_away(folder: &Path, name: &str) -> Result<Option<String>, CommandError> {
    let (path, before) = (folder.join(name), folder.join(format!("{name}.{BEFORE}")));
    match whose(&path)? {
        Whose::Nobodys | Whose::Others => return Ok(None),
        Whose::Changed => return Err(changed(&path)),
        Whose::Ours => {}
    }
    if before.symlink_metadata().is_ok() {
        fs::rename(&before, &path).map_err(|error| failed(&path, &error))?;
        return Ok(Some(format!("{} is again what it was", path.display())));
    }
    fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
    Ok(Some(format!("{} is gone", path.display())))
}

fn changed(path: &Path) -> CommandError {
    CommandError::new(format!(
        "{}: stanch wrote this hook, and somebody changed it; it stays as it is: move it away first",
        path.display()
    ))
}

enum Whose {
    Nobodys,
    Ours,
    /// Ours, with changes.
    Changed,
    Others,
}

fn whose(path: &Path) -> Result<Whose, CommandError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Whose::Nobodys),
        Err(error) => return Err(failed(path, &error)),
        Ok(metadata) if !metadata.is_file() || metadata.len() > 64 * 1024 => return Ok(Whose::Others),
        Ok(_) => {}
    }
    let text = fs::read(path).map_err(|error| failed(path, &error))?;
    let Some((mark, body)) = Script::split(&text) else { return Ok(Whose::Others) };
    Ok(if mark == checksum(body).as_bytes() { Whose::Ours } else { Whose::Changed })
}

/// What a script is for.
#[derive(Clone, Copy)]
enum Does {
    Scans,
    /// Only runs the repository's own hook.
    Forwards,
}

struct Script {
    body: String,
}

const FIRST_LINES: &str =
    "#!/bin/sh\n# Written by `stanch hook install`; `stanch hook uninstall` takes it away. Checksum: ";

impl Script {
    /// A hook in POSIX shell. `forwards` tells that it stands in for the repository's own one.
    fn of(name: &str, does: Does, forwards: bool) -> Script {
        // Only hooks that are told something on standard input may read it: others would take it from a
        // terminal.
        let is_fed = matches!(
            name,
            "pre-push" | "pre-receive" | "post-receive" | "post-rewrite" | "reference-transaction"
        );
        let feed = if is_fed { "printf '%s' \"$input\" | " } else { "" };
        let mut body = String::new();
        if is_fed {
            body.push_str("input=$(cat; echo .)\ninput=${input%.}\n");
        }
        body.push_str(&format!(
            "before=$(dirname \"$0\")/{name}.{BEFORE}\nif [ -x \"$before\" ]; then\n    {feed}\"$before\" \"$@\" || exit\nfi\n"
        ));
        if forwards {
            body.push_str(&format!(
                "own=$(git rev-parse --git-common-dir)/hooks/{name}\nif [ -x \"$own\" ]; then\n    {feed}\"$own\" \"$@\" || exit\nfi\n"
            ));
        }
        if matches!(does, Does::Scans) {
            let program = std::env::current_exe().unwrap_or_default();
            let program = quoted(&program.display().to_string());
            body.push_str(&format!(
                "stanch=$(command -v stanch) || stanch={program}\n\
                 if [ ! -x \"$stanch\" ]; then\n    \
                     if [ -n \"$STANCH_SKIP\" ]; then exit 0; fi\n    \
                     echo \"stanch: this hook needs stanch on PATH; install it, or set STANCH_SKIP=1 to go on without\" >&2\n    \
                     exit 1\n\
                 fi\n\
                 {feed}\"$stanch\" hook {name} \"$@\"\n"
            ));
        }
        Script { body }
    }

    fn text(&self) -> String {
        format!("{FIRST_LINES}{}\n{}", checksum(&self.body), self.body)
    }

    /// The checksum in a script of ours, and what it is of.
    fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
        let rest = text.strip_prefix(FIRST_LINES.as_bytes())?;
        let end = memchr::memchr(b'\n', rest)?;
        Some((&rest[..end], &rest[end + 1..]))
    }
}

fn checksum(body: impl AsRef<[u8]>) -> String {
    format!("{:08x}", crc32fast::hash(body.as_ref()))
}

/// A word of the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Writes a program, whole or not at all.
fn write_executable(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
