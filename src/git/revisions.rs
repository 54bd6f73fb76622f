//! What somebody means by a revision, a range of them, or a date (gitrevisions(7)).

use std::time::{SystemTime, UNIX_EPOCH};

use gix_hash::ObjectId;

use super::refs::id_of;
use super::{Problem, Refs, Repository, Trouble, child};

/// Where to start from, and what to leave out with all that it leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Commits, or tags and other objects, to start from.
    pub tips: Vec<ObjectId>,
    /// What is left out with all its ancestors.
    pub excluded: Vec<ObjectId>,
}

/// Where a short name of a ref is looked for, in this order (gitrevisions(7), "refname").
const PLACES: [&str; 5] = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];

impl Repository {
    /// What a range or a revision stands for: `A..B`, `A...B`, `B`, `^A`, where each side may be any form
    /// that git knows. Whole ids and names of refs are looked up in-process, for all else a git of the machine
    /// is asked.
    ///
    /// # Errors
    /// When it stands for nothing here, or git is needed and there is none.
    pub fn revisions(&self, range: &str) -> Result<Revisions, Problem> {
        if range.is_empty() || range.starts_with('-') {
            return Err(self.unknown(range));
        }
        match self.plain(range) {
            Some(revisions) => Ok(revisions),
            None => self.told_by_git(range),
        }
    }

    /// The object that a revision stands for; a tag is not followed.
    ///
    /// # Errors
    /// As [`Repository::revisions`]; and when it stands for several.
    pub fn revision(&self, name: &str) -> Result<ObjectId, Problem> {
        match self.revisions(name)? {
            Revisions { tips, excluded } if tips.len() == 1 && excluded.is_empty() => Ok(tips[0]),
            _ => Err(self.about(format!("`{name}` is a range; a single revision is needed"))),
        }
    }

    /// The second since 1970 that a date stands for, in any form that git knows, such as `2.weeks.ago`.
    ///
    /// # Errors
    /// When it is none, or there is no git that could tell.
    pub fn seconds_of(&self, date: &str) -> Result<i64, Problem> {
        let lines = child::rev_parse(self, &format!("--since={date}"))?;
        let age = lines.iter().find_map(|line| line.strip_prefix("--max-age=")?.parse().ok());
        // Git takes what it does not understand for now, since when there can be nothing.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let is_past = |age: &i64| age.saturating_add(5) < now.cast_signed();
        age.filter(is_past).ok_or_else(|| {
            self.about(format!("`{date}` is no date in the past; write one as 2026-01-31 or 2.weeks.ago"))
        })
    }

    fn plain(&self, range: &str) -> Option<Revisions> {
        let refs = self.refs();
        let find = |name: &str| self.find_name(&refs, name);
        match range.split_once("..") {
            Some((from, to)) => {
                let tip = find(if to.is_empty() { "HEAD" } else { to })?;
                let base = find(if from.is_empty() { "HEAD" } else { from })?;
                Some(Revisions { tips: vec![tip], excluded: vec![base] })
            }
            None => Some(Revisions { tips: vec![find(range)?], excluded: vec![] }),
        }
    }

    fn find_name(&self, refs: &Refs, name: &str) -> Option<ObjectId> {
        let of_ref = |place: &&str| refs.resolve(format!("{place}{name}").as_bytes()).copied();
        let id = id_of(name.as_bytes(), self.object_format());
        id.or_else(|| PLACES.iter().find_map(of_ref))
    }

    fn told_by_git(&self, range: &str) -> Result<Revisions, Problem> {
        let mut revisions = Revisions::default();
        for line in child::rev_parse(self, range)? {
            let (side, hex) = match line.strip_prefix('^') {
                Some(hex) => (&mut revisions.excluded, hex),
                None => (&mut revisions.tips, line.as_str()),
            };
            let id = id_of(hex.as_bytes(), self.object_format());
            side.push(id.ok_or_else(|| self.unknown(range))?);
        }
        Ok(revisions)
    }

    fn unknown(&self, range: &str) -> Problem {
        self.about(format!(
            "`{range}` is no revision here; name a commit, a branch, a tag, or a range `A..B`"
        ))
    }

    fn about(&self, detail: String) -> Problem {
        Problem::file(self.git_dir(), Trouble::Missing, detail)
    }
}
