//! How findings are taken out of a history for good: what keeps them there, and the commands that remove them
//! (git-filter-repo(1), "Sensitive data removal").

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::sanitize;
use crate::model::{Appearance, Finding, Place, PlaceKind};

/// What has to be rewritten.
#[derive(Default)]
struct Plan<'a> {
    /// Blobs, which are removed by their ids: no command names a secret.
    blobs: BTreeSet<&'a str>,
    /// Files that the commit that is checked out still has.
    in_head: BTreeSet<String>,
    /// Commits and tags in whose messages something stands.
    messages: BTreeSet<String>,
    people: BTreeSet<String>,
    names: BTreeSet<String>,
    refs: BTreeSet<String>,
    configuration: BTreeSet<String>,
    /// By what keeps it: the ids of findings.
    kept_by: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Findings that nothing leads to.
    loose: BTreeSet<&'a str>,
}

/// Writes the plan for these findings; nothing where there are none.
pub(super) fn write(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let plan = Plan::of(findings);
    writeln!(out, "\nHow to take this out of the history\n")?;
    writeln!(
        out,
        "Revoke each secret first. Whoever has a copy of the repository keeps it, whatever is done here."
    )?;
    plan.kept(out)?;
    let mut step = 0;
    let mut step = |out: &mut dyn Write, text: &str| {
        step += 1;
        writeln!(out, "\n{step}. {text}")
    };
    if !plan.in_head.is_empty() {
        step(out, "Take it out of the files that still have it, and commit:")?;
        plan.in_head.iter().try_for_each(|path| writeln!(out, "     {path}"))?;
    }
    if !plan.configuration.is_empty() {
        step(out, "Take it out of the configuration, which no rewrite touches (git config --edit):")?;
        plan.configuration.iter().try_for_each(|path| writeln!(out, "     {path}"))?;
    }
    if !plan.refs.is_empty() {
        step(out, "Rename or delete these refs, here and on every remote (git update-ref -d NAME):")?;
        plan.refs.iter().try_for_each(|name| writeln!(out, "     {name}"))?;
    }
    plan.rewrite(out, &mut step)?;
    step(out, "Send the new history to the server, and ask who runs it to remove what is cached there:")?;
    writeln!(out, "     git push --force --mirror origin")?;
    step(out, "In every other clone, the one at hand included: clone anew, or let go of what keeps it:")?;
    writeln!(out, "     git stash clear && git reflog expire --expire=now --all && git gc --prune=now")?;
    step(out, "Prove it: in the rewritten clone this ends with exit code 0.")?;
    writeln!(out, "     stanch git .")
}

impl<'a> Plan<'a> {
    fn of(findings: &'a [Finding]) -> Plan<'a> {
        let mut plan = Plan::default();
        for finding in findings {
            for (place, _) in &finding.places {
                plan.add(&finding.id.0, place);
            }
        }
        plan
    }

    fn add(&mut self, id: &'a str, place: &'a Place) {
        let path = || sanitize(&place.path.to_lossy()).into_owned();
        match place.kind {
            PlaceKind::File | PlaceKind::Note => {}
            PlaceKind::Message | PlaceKind::Tag => drop(self.messages.insert(path())),
            PlaceKind::Author => drop(self.people.insert(path())),
            PlaceKind::Name => drop(self.names.insert(path())),
            PlaceKind::Ref => drop(self.refs.insert(path())),
            PlaceKind::Config => drop(self.configuration.insert(path())),
        }
        let Some(appearance) = &place.appearance else { return };
        let Appearance { object, objects, refs, in_head, .. } = &**appearance;
        self.blobs.extend(objects.iter().chain([object]).map(String::as_str).filter(|id| !id.is_empty()));
        if *in_head {
            self.in_head.insert(path());
        }
        for name in refs {
            self.kept_by.entry(name).or_default().insert(id);
        }
        if refs.is_empty() {
            self.loose.insert(id);
        }
    }

    fn kept(&self, out: &mut dyn Write) -> io::Result<()> {
        let list = |ids: &BTreeSet<&str>| ids.iter().copied().collect::<Vec<_>>().join(" ");
        if !self.kept_by.is_empty() {
            writeln!(out, "\nWhat keeps it (refs, stashes, reflogs), each with the ids of findings:")?;
        }
        for (name, ids) in &self.kept_by {
            writeln!(out, "     {}: {}", sanitize(name), list(ids))?;
        }
        if !self.loose.is_empty() {
            writeln!(out, "\nNothing leads to these any more; they go with git gc --prune=now:")?;
            writeln!(out, "     {}", list(&self.loose))?;
        }
        Ok(())
    }

    fn rewrite(
        &self,
        out: &mut dyn Write,
        step: &mut dyn FnMut(&mut dyn Write, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut options = String::new();
        step(out, "Rewrite a fresh clone, with git-filter-repo 2.47 or later:")?;
        writeln!(
            out,
            "     git clone --mirror <address of the repository> rewritten.git && cd rewritten.git"
        )?;
        if !self.blobs.is_empty() {
            writeln!(out, "     cat > blobs.txt <<'END'")?;
            self.blobs.iter().try_for_each(|id| writeln!(out, "{id}"))?;
            writeln!(out, "END")?;
            options.push_str(" --strip-blobs-with-ids blobs.txt");
        }
        if !self.messages.is_empty() {
            options.push_str(" --replace-message messages.txt");
        }
        if !self.people.is_empty() {
            options.push_str(" --mailmap people.txt");
        }
        if !self.names.is_empty() {
            options.push_str(" --filename-callback 'return filename'");
        }
        writeln!(out, "     git filter-repo --sensitive-data-removal{options}")?;
        let remarks = [
            (
                &self.messages,
                "messages.txt holds each value in these messages, one a line; let nobody else read it:",
            ),
            (&self.people, "people.txt is a mailmap (gitmailmap(5)) for who made these:"),
            (&self.names, "the callback returns another name for these files:"),
        ];
        for (objects, remark) in remarks.into_iter().filter(|(objects, _)| !objects.is_empty()) {
            writeln!(out, "   {remark}")?;
            objects.iter().try_for_each(|object| writeln!(out, "     {object}"))?;
        }
        Ok(())
    }
}
