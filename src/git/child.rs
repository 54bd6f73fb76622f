//! A `git` of the machine, for what cannot be read in-process: refs in reftables, what people mean by a
//! revision, and what a user configured about hooks.
//!
//! But for the latter, the repository may be anyone's, and its configuration is read by that git. What keeps anything in it
//! from being run:
//! - Only `for-each-ref` and `rev-parse` are asked. They read and write nothing, so hooks, filters, textconv,
//!   merge drivers, editors, signing programs and credential helpers have no part in it; the format names no
//!   signature, which alone would start one. A configured alias cannot replace a built-in command.
//! - `core.fsmonitor` and `core.hooksPath` are overridden for the day on which it looks at an index.
//! - In a partial clone it could want to fetch an object, and so start `core.sshCommand` or a remote
//!   helper. `GIT_NO_LAZY_FETCH` forbids that; git older than 2.44 does not know it, so
//!   `GIT_ALLOW_PROTOCOL`, which no configuration overrides, allows no protocol either.
//! - Output is no terminal and `--no-pager` stands there: no pager.
//! - The environment holds nothing else; system and user configuration are not read.
//! - Includes of its configuration may name a FIFO, or a file without an end. Whoever is silent for
//!   [`PATIENCE`] is ended.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::refs::id_of;
use super::{Problem, Ref, Refs, Repository, Target, Trouble};

/// The first ref comes within seconds, even from millions.
const PATIENCE: Duration = Duration::from_secs(60);

/// All refs of a repository that does not keep them in files.
///
/// # Errors
/// When there is no git on the machine, or it is too old for this repository or does not get done.
pub(super) fn refs(repository: &Repository) -> Result<Refs, Problem> {
    let mut refs = Refs::default();
    let hash = repository.object_format();
    for (dir, prefix) in repository.worktree_dirs() {
        let is_first = prefix.is_empty();
        lines(&dir, &["for-each-ref", "--include-root-refs", FORMAT], PATIENCE, &mut |line| {
            let Some(Ref { name, target }) = parse(line, hash) else {
                let detail = "git told a ref in a form that is not known here";
                return refs.problems.push(Problem::file(&dir, Trouble::Unsupported, detail));
            };
            // All others are shared, so they were told with the first worktree.
            let is_own = [&b"refs/"[..], b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/"]
                .map(|start| name.starts_with(start));
            if is_first || !is_own[0] || is_own[1..].contains(&true) {
                refs.all.push(Ref { name: [&prefix[..], &name].concat(), target });
            }
        })
        .map_err(|failure| {
            let detail = match failure {
                Failure::NoGit => {
                    "its refs can only be read with git, and there is none on PATH; install git 2.45 or newer"
                }
                Failure::NotStarted(error) => return Problem::io(&dir, &error),
                Failure::NotDone => "git did not get done with its refs and was ended",
                Failure::Refused => "git could not read its refs; refs of this form need git 2.45 or newer",
            };
            Problem::file(&dir, Trouble::Unsupported, detail)
        })?;
    }
    refs.all.sort_unstable();
    Ok(refs)
}

/// What `git rev-parse` makes of one argument, line by line.
///
/// # Errors
/// When git takes it for nothing, or there is no git on the machine, or it does not get done.
pub(super) fn rev_parse(repository: &Repository, argument: &str) -> Result<Vec<String>, Problem> {
    let mut told = vec![];
    let dir = repository.git_dir();
    lines(dir, &["rev-parse", argument], PATIENCE, &mut |line| {
        told.push(String::from_utf8_lossy(line).into_owned());
    })
    .map_err(|failure| {
        let detail = match failure {
            Failure::NoGit => format!(
                "what `{argument}` means is a question for git, and there is none on PATH; install it, or write whole ids"
            ),
            Failure::NotStarted(error) => return Problem::io(dir, &error),
            Failure::NotDone => format!("git did not get done with `{argument}` and was ended"),
            Failure::Refused => {
                format!("`{argument}` stands for nothing here; name a commit, a branch, a tag, or a range `A..B`")
            }
        };
        Problem::file(dir, Trouble::Missing, detail)
    })?;
    Ok(told)
}

/// Whose configuration is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// What holds in this folder, the user's own settings included.
    Here(&'a Path),
    /// What the user set for all repositories.
    User,
}

/// What `git config` says with these arguments; `None` where nothing is set. It is asked on behalf of the user,
/// who runs git here anyway, and so with the user's own environment. `git config` runs nothing that is
/// configured.
///
/// # Errors
/// When there is no git on the machine, or it refuses.
pub(super) fn configured(scope: Scope<'_>, args: &[&str]) -> Result<Option<String>, Problem> {
    let told = |detail: String| Problem::file(Path::new("git config"), Trouble::Unsupported, detail);
    let git = find_git().ok_or_else(|| told("there is no git on PATH; install it".into()))?;
    let mut command = Command::new(&git);
    match scope {
        Scope::Here(folder) => command.current_dir(folder).arg("config"),
        Scope::User => command.args(["config", "--global"]),
    };
    command.args(args).stdin(Stdio::null());
    let output = command.output().map_err(|error| Problem::io(&git, &error))?;
    match output.status.code() {
        Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())),
        // Not set; and where it is to be taken away, not there.
        Some(1 | 5) => Ok(None),
        _ => Err(told(String::from_utf8_lossy(&output.stderr).trim_end().to_owned())),
    }
}

const FORMAT: &str = "--format=%(objectname) %(symref) %(refname)";

fn parse(line: &[u8], hash: gix_hash::Kind) -> Option<Ref> {
    let mut parts = line.splitn(3, |&byte| byte == b' ');
    let (id, other, name) = (parts.next()?, parts.next()?, parts.next()?);
    let target = match other {
        b"" => Target::Object(id_of(id, hash)?),
        other => Target::Ref(other.to_vec()),
    };
    Some(Ref { name: name.to_vec(), target })
}

/// Why there is no answer.
#[derive(Debug)]
enum Failure {
    NoGit,
    NotStarted(std::io::Error),
    NotDone,
    Refused,
}

/// Runs a command of git on the repository whose own folder is `git_dir`, and calls `each` for every line
/// it writes.
fn lines(
    git_dir: &Path,
    args: &[&str],
    patience: Duration,
    each: &mut dyn FnMut(&[u8]),
) -> Result<(), Failure> {
    let absolute = std::path::absolute(git_dir).map_err(Failure::NotStarted)?;
    let git = find_git().ok_or(Failure::NoGit)?;
    let mut child = command(&git, &absolute, args).spawn().map_err(Failure::NotStarted)?;
    let is_done = each_line(&mut child, patience, each);
    if !is_done {
        // It may have ended this moment, which is as good.
        let _ = child.kill();
    }
    let status = child.wait().map_err(Failure::NotStarted)?;
    match (is_done, status.success()) {
        (false, _) => Err(Failure::NotDone),
        (true, false) => Err(Failure::Refused),
        (true, true) => Ok(()),
    }
}

/// Whether all output came before patience ended.
fn each_line(child: &mut Child, patience: Duration, each: &mut dyn FnMut(&[u8])) -> bool {
    let Some(output) = child.stdout.take() else { return true };
    // Bounded, so that a slow reader does not have it all in memory.
    let (send, lines) = mpsc::sync_channel(1024);
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        match lines.recv_timeout(patience) {
            Ok(line) => each(&line),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
    }
}

fn command(git: &Path, git_dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(git);
    command.args(["--no-pager", "--no-replace-objects"]);
    for setting in
        ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never", "safe.directory=*"]
    {
        command.args(["-c", setting]);
    }
    command.args(args);
    command.env_clear();
    for (name, value) in [
        ("GIT_ALLOW_PROTOCOL", "none"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("LC_ALL", "C"),
    ] {
        command.env(name, value);
    }
    // In the environment no path is taken for an option.
    command.env("GIT_DIR", git_dir).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// The first `git` on PATH. Entries that are not absolute are passed over: they may lead into what is
/// scanned.
fn find_git() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = OsStr::new(if cfg!(windows) { "git.exe" } else { "git" });
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|git| git.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        assert!(git(folder.path(), &["init", "--quiet"]).success());
        folder
    }

    fn git(folder: &Path, args: &[&str]) -> std::process::ExitStatus {
        Command::new("git").args(args).current_dir(folder).output().unwrap().status
    }

    #[test]
    fn nothing_that_a_configuration_names_is_run() {
        let folder = repository();
        let (top, mark) = (folder.path(), folder.path().join("mark"));
        let run = format!("touch {}", mark.display());
        let hook = top.join("hooks/reference-transaction");
        std::fs::create_dir(top.join("hooks")).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\n{run}\n")).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(&hook).status().unwrap().success());
        for (key, value) in [
            ("core.fsmonitor", &*run),
            ("core.hooksPath", "hooks"),
            ("core.pager", &run),
            ("core.sshCommand", &run),
            ("core.alternateRefsCommand", &run),
            ("core.editor", &run),
            ("alias.for-each-ref", &format!("!{run}")),
            ("credential.helper", &format!("!{run}")),
            ("gpg.program", &run),
            ("protocol.allow", "always"),
            ("protocol.ext.allow", "always"),
            ("extensions.partialClone", "there"),
            ("remote.there.promisor", "true"),
            ("remote.there.url", &format!("ext::{run}")),
        ] {
            assert!(git(top, &["config", key, value]).success());
        }
        // Where git looks at its index it does run what is named.
        git(top, &["status", "--short"]);
        assert!(mark.exists());
        std::fs::remove_file(&mark).unwrap();
        // An object that git would have to fetch.
        let missing = "1".repeat(40);
        std::fs::write(top.join(".git/refs/heads/missing"), &missing).unwrap();
        let mut told = vec![];
        let args = ["for-each-ref", FORMAT];
        lines(&top.join(".git"), &args, PATIENCE, &mut |line| {
            told.extend(parse(line, gix_hash::Kind::Sha1));
        })
        .unwrap();
        let id = gix_hash::ObjectId::from_hex(missing.as_bytes()).unwrap();
        assert_eq!(told, [Ref { name: b"refs/heads/missing".to_vec(), target: Target::Object(id) }]);
        assert!(!mark.exists());
    }

    #[test]
    fn a_git_that_waits_for_a_pipe_is_ended() {
        let folder = repository();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(git(folder.path(), &["config", "include.path", &pipe.display().to_string()]).success());
        let patience = Duration::from_millis(200);
        let ended = lines(&folder.path().join(".git"), &["for-each-ref", FORMAT], patience, &mut |_| {});
        assert!(matches!(ended, Err(Failure::NotDone)), "{ended:?}");
    }

    #[test]
    fn symbolic_refs_are_told_from_others() {
        let id = "1".repeat(40);
        let hash = gix_hash::Kind::Sha1;
        let whole = parse(format!("{id}  refs/heads/a").as_bytes(), hash).unwrap();
        assert!(matches!(whole.target, Target::Object(_)));
        let symbolic = parse(format!("{id} refs/heads/a HEAD").as_bytes(), hash).unwrap();
        assert_eq!(symbolic, Ref { name: b"HEAD".to_vec(), target: Target::Ref(b"refs/heads/a".to_vec()) });
        assert_eq!(parse(b"words only", hash), None);
    }
}
