//! Which entries of a working tree `.gitignore` hides: untracked ones only, as in git itself. `.ignore`,
//! `.git/info/exclude`, global excludes and ignore files above the repository have no say.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::Match;
use ignore::gitignore::Gitignore;

use super::git::Repository;

/// Answers for one walk, from many threads.
pub(super) struct Ignores {
    /// Where the walk begins: who names a folder means it, hidden or not.
    root: PathBuf,
    scopes: Mutex<HashMap<PathBuf, Arc<Scope>>>,
}

/// What holds for the entries of one folder.
struct Scope {
    repository: Option<Arc<Repository>>,
    /// The `.gitignore` files from the top of the repository down to the folder.
    rules: Vec<Arc<Gitignore>>,
    /// The folder is hidden itself and is walked only for what is tracked in it.
    hidden: bool,
}

/// What `.gitignore` says of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Say {
    /// It is scanned.
    Visible,
    /// It is passed over.
    Hidden,
    /// A rule hides it, but whether it is tracked cannot be told, since the index of the repository that
    /// begins at `top` cannot be read; it is scanned, and this is a gap.
    Doubtful { top: PathBuf, why: String },
}

impl Ignores {
    /// What holds for a walk from `root`.
    pub(super) fn from(root: &Path) -> Ignores {
        Ignores { root: root.to_owned(), scopes: Mutex::default() }
    }

    /// What holds for the entry at `path`, which lies in a folder that was walked.
    pub(super) fn say(&self, path: &Path, is_folder: bool) -> Say {
        let Some(folder) = path.parent() else { return Say::Visible };
        let scope = self.scope(folder);
        let Some(repository) = &scope.repository else { return Say::Visible };
        if !scope.hides(path, is_folder) {
            return Say::Visible;
        }
        match repository.tracks(path) {
            Ok(true) => Say::Visible,
            Ok(false) => Say::Hidden,
            Err(why) => Say::Doubtful { top: repository.top().to_owned(), why: why.to_owned() },
        }
    }

    fn scope(&self, folder: &Path) -> Arc<Scope> {
        let known = || self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scope) = known().get(folder) {
            return Arc::clone(scope);
        }
        let scope = Arc::new(self.look_at(folder));
        known().insert(folder.to_owned(), Arc::clone(&scope));
        scope
    }

    fn look_at(&self, folder: &Path) -> Scope {
        let own = || rules_in(folder).into_iter().collect::<Vec<_>>();
        if let Some(repository) = Repository::at(folder) {
            return Scope { repository: Some(Arc::new(repository)), rules: own(), hidden: false };
        }
        let above = folder.parent().map(|parent| self.scope(parent));
        let Some(above) = above.filter(|above| above.repository.is_some()) else {
            return Scope { repository: None, rules: vec![], hidden: false };
        };
        let rules = above.rules.iter().cloned().chain(own()).collect();
        let hidden = folder != self.root && above.hides(folder, true);
        Scope { repository: above.repository.clone(), rules, hidden }
    }
}

impl Scope {
    fn hides(&self, path: &Path, is_folder: bool) -> bool {
        self.hidden
            || self
                .rules
                .iter()
                .rev()
                .map(|rules| rules.matched(path, is_folder))
                .find(|say| !say.is_none())
                .is_some_and(|say| matches!(say, Match::Ignore(_)))
    }
}

fn rules_in(folder: &Path) -> Option<Arc<Gitignore>> {
    let file = folder.join(".gitignore");
    // A linked .gitignore is not followed, as in git since 2.32.
    file.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
    // Lines that are no valid pattern are passed over, as in git; the others hold.
    Some(Arc::new(Gitignore::new(file).0))
}
