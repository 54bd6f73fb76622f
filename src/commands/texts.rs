//! The text that a place of a report names: that of a file, or of a member of an archive.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::CommandError;
use crate::containers::{self, Limits, Met};
use crate::model::{BlobPath, Gap, PlaceKind};
use crate::report::sanitize;
use crate::sources::Content;

/// A text that has the name which was asked for.
pub(super) struct Named {
    pub(super) path: BlobPath,
    pub(super) bytes: Vec<u8>,
}

/// The texts with this name: an archive may have several members of one name.
///
/// # Errors
/// When there is none; the message says what there is.
pub(super) fn texts_named(name: &Path, limits: Limits) -> Result<Vec<Named>, CommandError> {
    let file = outermost(name);
    let unreadable =
        |error| CommandError::new(format!("{}: the file cannot be read: {error}", file.display()));
    let mut content = File::open(&file).map_err(unreadable)?;
    let mut search = Search::of(name);
    let path = BlobPath::from(&*shown(&file));
    let mut failed = None;
    containers::open(&path, Content::Seekable(&mut content), limits, &mut |met| {
        failed = search.take(met).err();
        if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match failed {
        Some(error) => Err(unreadable(error)),
        None if search.found.is_empty() => Err(CommandError::new(search.nothing(&shown(&file)))),
        None => Ok(search.found),
    }
}

/// The file in which something with this name lies: what stands before the first `!` at which there is a file.
fn outermost(name: &Path) -> PathBuf {
    let is_there = name.symlink_metadata().is_ok();
    let text = name.to_str().filter(|_| !is_there).unwrap_or_default();
    let outer = text.match_indices('!').map(|(end, _)| Path::new(&text[..end])).find(|path| path.is_file());
    outer.unwrap_or(name).to_owned()
}

/// A path as reports write it.
fn shown(path: &Path) -> String {
    path.to_string_lossy().trim_start_matches("./").to_owned()
}

/// Looks for a name among all that a file holds.
struct Search {
    wanted: String,
    found: Vec<Named>,
    is_container: bool,
    /// What else can be named.
    others: Vec<String>,
    gaps: Vec<Gap>,
}

impl Search {
    fn of(name: &Path) -> Search {
        let wanted = sanitize(&shown(name)).into_owned();
        Search { wanted, found: vec![], is_container: false, others: vec![], gaps: vec![] }
    }

    fn take(&mut self, met: Met<'_>) -> std::io::Result<()> {
        match met {
            Met::Blob { path, kind: PlaceKind::File, mut content } => {
                let name = sanitize(&path.to_lossy()).into_owned();
                if name == self.wanted {
                    let mut bytes = vec![];
                    content.read_to_end(&mut bytes)?;
                    self.found.push(Named { path: path.clone(), bytes });
                } else {
                    self.others.push(name);
                }
            }
            Met::Gap(gap) => self.gaps.push(gap),
            Met::Container { .. } => self.is_container = true,
            Met::Blob { .. } => {}
        }
        Ok(())
    }

    /// Why nothing with the name was found in `file`.
    fn nothing(&self, file: &str) -> String {
        let wanted = &self.wanted;
        let what = match self.is_container {
            true if wanted == file => "lines are those of what is in this archive".to_owned(),
            true => "there is no such member".to_owned(),
            false => format!("there is no such file, and {} is no archive", sanitize(file)),
        };
        let about = |gap: &&Gap| wanted.starts_with(&*sanitize(&gap.path.to_lossy()));
        let gaps = self.gaps.iter().filter(about).map(|gap| {
            let path = gap.path.to_lossy();
            format!(
                "; {} could not be read ({}): {}",
                sanitize(&path),
                gap.reason.as_str(),
                sanitize(&gap.detail)
            )
        });
        format!("{wanted}: {what}{}{}", self.choice(file), gaps.collect::<String>())
    }

    /// What can be named: what is most like the name that was wanted.
    fn choice(&self, file: &str) -> String {
        let likeness = |name: &str| strsim::normalized_damerau_levenshtein(&self.wanted, name);
        let members = self.others.iter().filter(|other| *other != file);
        let mut near: Vec<(f64, &String)> = members.map(|name| (likeness(name), name)).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        let more = near.len().saturating_sub(FEW);
        let names: Vec<String> = near.iter().take(FEW).map(|(_, name)| format!("`{name}`")).collect();
        match (near.len(), more) {
            (0, _) => String::new(),
            (_, 0) => format!("; there are {}", names.join(", ")),
            _ => format!("; there are {} and {more} more", names.join(", ")),
        }
    }
}

/// So many names are shown.
const FEW: usize = 3;
