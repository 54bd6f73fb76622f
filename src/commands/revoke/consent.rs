//! Shows a person what would be done, and has them agree to it.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};

use super::{Applying, tell};
use crate::commands::CommandError;
use crate::commands::ci::{Place, place};
use crate::report::sanitize;
use crate::revoke::{Item, Plan, chosen};

/// Fails where nothing may be revoked, and so nobody has to be asked either.
pub(super) fn permitted(how: &Applying) -> Result<(), CommandError> {
    match (place(), how.allow_ci) {
        (Place::Fork, _) => Err(CommandError::new(
            "this is a pipeline of a pull request from a fork, which runs on what a stranger wrote; nothing is revoked here",
        )),
        (Place::Pipeline, false) => {
            Err(CommandError::new("this is a pipeline; nothing is revoked without --allow-ci"))
        }
        _ => Ok(()),
    }
}

/// What of a plan a person agreed to, and what is left, each with why.
pub(super) struct Agreed<'a> {
    pub(super) items: Vec<&'a Item>,
    pub(super) left: Vec<(&'a Item, String)>,
}

/// The items of a plan that are to be carried out, once a person agreed.
pub(super) fn agreed<'a>(plan: &'a Plan, how: &Applying) -> Result<Agreed<'a>, CommandError> {
    if let Some(id) = how.choice.only.as_deref().filter(|id| !plan.items.iter().any(|item| item.id == **id)) {
        return Err(CommandError::new(format!("the plan has no finding {id}; its ids are in `items`")));
    }
    let (mut items, mut left) = (vec![], vec![]);
    for item in &plan.items {
        match chosen(item, &how.choice) {
            Ok(()) => items.push(item),
            Err(why) => left.push((item, why)),
        }
    }
    let mut text = summary(plan, items.iter().copied());
    for (item, why) in &left {
        text.push_str(&format!("left    {} {} {}: {why}\n", item.id, item.rule, item.masked));
    }
    tell(&text);
    let agreed = Agreed { items, left };
    if agreed.items.is_empty() {
        return Ok(agreed);
    }
    match &how.yes {
        Some(digest) if *digest == plan.digest => Ok(agreed),
        Some(_) => Err(CommandError::new(format!(
            "--yes names another plan; the digest of this one is {}; nothing was done",
            plan.digest
        ))),
        None => confirmed(&agreed.items).map(|()| agreed),
    }
}

/// What is done, provider by provider.
pub(super) fn summary<'a>(plan: &Plan, items: impl Iterator<Item = &'a Item>) -> String {
    let mut text = String::new();
    for item in items {
        let place = item.places.first().map_or("", |place| place.path.as_str());
        let said = match item.verdict.facts.iter().find(|(label, _)| label == "owner" || label == "account") {
            Some((label, who)) => format!("{}, {label} {who}", item.verdict.state),
            None => item.verdict.state.clone(),
        };
        let line = match &item.action {
            Some(action) => {
                let undone = if action.reversible { "can be undone" } else { "cannot be undone" };
                format!(
                    "{:<7} {} {} {} in {place} ({said}) at {}; {undone}; dies: {}. {}",
                    action.verb, item.id, item.rule, item.masked, action.host, action.damage, action.effect
                )
            }
            None => format!(
                "by hand {} {} {} in {place} ({said}): {}",
                item.id,
                item.rule,
                item.masked,
                item.why_not.as_deref().unwrap_or_default()
            ),
        };
        text.push_str(&sanitize(&line));
        text.push('\n');
        for earlier in &item.earlier {
            text.push_str(&format!("        before: {earlier}\n"));
        }
    }
    if plan.items.is_empty() {
        text.push_str("There is nothing to revoke.\n");
    }
    text
}

/// Has a person type, for each provider, its name and how many of its tokens die.
fn confirmed(items: &[&Item]) -> Result<(), CommandError> {
    let no_terminal = |error: io::Error| {
        CommandError::new(format!(
            "there is no terminal to ask on ({error}); look at the plan and give its digest: --yes DIGEST"
        ))
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    items.iter().for_each(|item| *counts.entry(&item.provider).or_default() += 1);
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(no_terminal)?;
    let mut reader = BufReader::new(terminal.try_clone().map_err(no_terminal)?);
    for (provider, count) in counts {
        let wanted = format!("{provider} {count}");
        write!(&terminal, "Type \"{wanted}\" to go on: ").map_err(no_terminal)?;
        let mut typed = String::new();
        reader.read_line(&mut typed).map_err(no_terminal)?;
        if typed.trim() != wanted {
            return Err(CommandError::new("that was not it; nothing was done"));
        }
    }
    Ok(())
}
