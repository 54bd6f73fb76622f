//! `stanch hook commit-msg`: the message of a commit, as git will store it.

use std::fs;
use std::path::Path;

use super::dismissals::read_dismissed;
use super::examine::examine;
use super::scan::{Prepared, Seen, finish};
use super::{CommandError, Ended, ScanTask};
use crate::findings::Extent;
use crate::git::hooks::Comments;
use crate::git::{Environment, Repository};
use crate::model::{BlobPath, PlaceKind};
use crate::sources::{Blob, Content};

/// What git writes above what it shows and does not store (git-commit(1), `--cleanup=scissors`).
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// Scans the message in `file`.
///
/// # Errors
/// As for a scan; and when the file cannot be read.
pub fn commit_msg(task: &ScanTask, file: &Path) -> Result<Ended, CommandError> {
    let prepared = Prepared::of(task)?;
    let text = fs::read(file).map_err(|error| CommandError::new(format!("{}: {error}", file.display())))?;
    let here = std::env::current_dir().unwrap_or_default();
    let repository = Repository::from_environment(Environment::of_process(), &here).ok();
    // Git sets this for hooks where nobody edited the message: then all of it is stored.
    let edited = std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let text = match edited {
        true => stored(&text, &repository.as_ref().map_or(Comments::Unknown, Repository::comments)),
        false => text,
    };
    let worktree = repository.as_ref().and_then(Repository::worktree).map(Path::to_owned);
    let dismissed = read_dismissed(task, worktree.as_slice())?;
    let path = BlobPath::from(&*file.to_string_lossy());
    let blob =
        Blob { path: &path, kind: PlaceKind::Message, appearance: None, content: Content::Whole(&text) };
    let mut seen = Seen::default();
    seen.add_uncounted(&path, PlaceKind::Message, examine(&prepared, blob));
    finish(task, &prepared, seen, dismissed, Extent::Part)
}

/// What git keeps of a message that was edited: neither comments nor what stands below the scissors. The lines
/// that are kept stay where they are.
fn stored(text: &[u8], comments: &Comments) -> Vec<u8> {
    let mut kept = vec![];
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let bare = line.trim_ascii_end();
        let is_cut = match comments {
            Comments::Begin(begin) => bare.strip_prefix(begin.as_bytes()) == Some(SCISSORS),
            Comments::Unknown => bare.ends_with(SCISSORS),
        };
        if is_cut {
            break;
        }
        match comments {
            Comments::Begin(begin) if line.starts_with(begin.as_bytes()) => kept.push(b'\n'),
            _ => kept.extend_from_slice(line),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_what_is_cut_off_are_not_stored() {
        let text =
            b"subject\n# note\nbody # kept\n# ------------------------ >8 ------------------------\ndiff\n";
        let begin = |begin: &str| Comments::Begin(begin.into());
        assert_eq!(stored(text, &begin("#")), b"subject\n\nbody # kept\n");
        assert_eq!(stored(text, &Comments::Unknown), b"subject\n# note\nbody # kept\n");
        assert_eq!(stored(text, &begin("//")), text);
        assert_eq!(stored(b"no end", &begin("#")), b"no end");
    }
}
