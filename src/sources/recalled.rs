//! Places that a report names, read again: the report holds no secrets.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::history::LARGEST;
use super::tree::{bytes_of, open, path_of};
use super::{Blob, Content, History, Source, SourceError, Visit};
use crate::containers::Format;
use crate::git::{Lookup, ObjectId};
use crate::model::{Appearance, BlobPath, Gap, GapReason, PlaceKind};

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recall {
    /// Which file.
    pub path: BlobPath,
    /// What of it.
    pub kind: PlaceKind,
    /// The object that holds it, in hex, for what was found in a history.
    pub object: Option<String>,
}

impl Recall {
    /// The file that holds the container, for a place in one: all that is in it is found again.
    fn outermost(self, root: &Path) -> Recall {
        let path = self.path.as_bytes();
        let is_file = |path: &[u8]| root.join(path_of(path)).symlink_metadata().is_ok();
        if self.object.is_some() || is_file(path) {
            return self;
        }
        let mut ends = memchr::memchr_iter(b'!', path).map(|end| &path[..end]);
        match ends.find(|outer| is_file(outer)) {
            Some(outer) => Recall { path: BlobPath::new(outer), kind: PlaceKind::File, object: None },
            None => self,
        }
    }
}

/// The places of a report below the folder, or in the repository, that was scanned.
pub struct Recalled {
    root: PathBuf,
    places: BTreeSet<Recall>,
}

impl Recalled {
    /// These places below `root`.
    pub fn new(root: &Path, places: impl IntoIterator<Item = Recall>) -> Recalled {
        Recalled {
            root: root.to_owned(),
            places: places.into_iter().map(|place| place.outermost(root)).collect(),
        }
    }

    fn visit_file(&self, place: &Recall, each: &(dyn Fn(Visit<'_>) + Sync)) {
        let path = self.root.join(path_of(place.path.as_bytes()));
        let gap = |detail: String| {
            each(Visit::Gap(Gap { path: place.path.clone(), reason: GapReason::Vanished, detail }));
        };
        match (place.kind, open(&path)) {
            (PlaceKind::Name, _) => {
                let target = fs::read_link(&path).map(|target| bytes_of(&target)).unwrap_or_default();
                for text in [place.path.file_name(), &target] {
                    visit_whole(place, None, text, each);
                }
            }
            (_, Ok(Some((mut file, _)))) => {
                let content = Content::Seekable(&mut file);
                each(Visit::Blob(Blob { path: &place.path, kind: place.kind, appearance: None, content }));
            }
            (_, Ok(None)) => gap("is no file any more".into()),
            (_, Err(error)) => gap(error.to_string()),
        }
    }

    fn visit_object(
        &self,
        place: &Recall,
        object: &str,
        lookup: &Lookup<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) {
        let mut bytes = vec![];
        let found = ObjectId::from_hex(object.as_bytes())
            .map_err(|_| "is no object".to_owned())
            .and_then(|id| lookup.find(&id, &mut bytes).map_err(|problem| problem.to_string()));
        match found {
            Ok(Some(_)) => {
                let appearance = Appearance { object: object.to_owned(), ..Appearance::default() };
                let end = memchr::memchr(b'!', place.path.as_bytes());
                match end.filter(|_| Format::of_whole(&bytes).is_some()) {
                    Some(end) => {
                        let path = BlobPath::new(&place.path.as_bytes()[..end]);
                        let file = Recall { path, kind: PlaceKind::File, object: None };
                        visit_whole(&file, Some(&appearance), &bytes, each);
                    }
                    None => visit_whole(place, Some(&appearance), &bytes, each),
                }
            }
            Ok(None) => {
                let detail = format!("object {object} is not in the repository any more");
                each(Visit::Gap(Gap { path: place.path.clone(), reason: GapReason::Vanished, detail }));
            }
            Err(detail) => {
                each(Visit::Gap(Gap { path: place.path.clone(), reason: GapReason::Unreadable, detail }));
            }
        }
    }
}

fn visit_whole(
    place: &Recall,
    appearance: Option<&Appearance>,
    bytes: &[u8],
    each: &(dyn Fn(Visit<'_>) + Sync),
) {
    let content = Content::Whole(bytes);
    each(Visit::Blob(Blob { path: &place.path, kind: place.kind, appearance, content }));
}

impl Source for Recalled {
    fn visit(&self, each: &(dyn Fn(Visit<'_>) + Sync)) -> Result<(), SourceError> {
        let history = match self.places.iter().any(|place| place.object.is_some()) {
            true => Some(History::open(Some(&self.root), 1)?),
            false => None,
        };
        let lookup = history.as_ref().map(|history| Lookup::new(&history.store, LARGEST));
        for place in &self.places {
            match (&place.object, &lookup) {
                (Some(object), Some(lookup)) => self.visit_object(place, object, lookup, each),
                _ => self.visit_file(place, each),
            }
        }
        Ok(())
    }
}
