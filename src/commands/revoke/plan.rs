//! What would be done about each finding.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::consent::summary;
use super::{PlanTask, failed, now, say, tell};
use crate::commands::conceal::conceal;
use crate::commands::dismissals::read_ignores;
use crate::commands::scan::{Prepared, visit_roots};
use crate::commands::verify::{recalled, report_among};
use crate::commands::{CommandError, Ended, ScanTask};
use crate::findings::{Dismissed, settle};
use crate::model::{Call, Confidence, Finding, Piece, Report, Revoke, UnknownReason, Verdict, pieces};
use crate::net::{Client, Values, host_of};
use crate::report::{masked_findings, masked_value};
use crate::revoke::{Action, Item, Ledger, Plan};
use crate::verify::{Cache, Policy, ask_all, learn_owners};

pub(super) fn plan(task: &PlanTask) -> Result<Ended, CommandError> {
    let prepared = Prepared::of(&task.scan)?;
    let listed = report_among(&task.scan.roots)?;
    let is_listed = listed.is_some();
    let (seen, mut dismissed, below) = match listed {
        Some(listed) => {
            (recalled(&listed, &task.below, &prepared)?, Dismissed::default(), task.below.clone())
        }
        None => {
            let below = match &task.scan.roots[..] {
                [root] if root.is_dir() => root.clone(),
                _ => PathBuf::from("."),
            };
            (visit_roots(&task.scan, &prepared)?, read_ignores(&task.scan, &task.scan.roots)?, below)
        }
    };
    let mut settled = settle(seen.sightings, seen.gaps, &mut dismissed, Confidence::Possible);
    let asking = task.scan.asking.clone().unwrap_or_default();
    // What a person named is planned for, however sure it is.
    settled.findings.retain(|finding| {
        finding.confidence >= task.scan.confidence || is_listed || asking.policy.names(finding)
    });
    let ledger = Ledger::read(&task.ledger)?;
    let below = below.to_string_lossy().into_owned();
    let plan = planned(settled.findings, &below, (&task.scan, &prepared), task.verb.as_deref(), &ledger)?;
    let text = plan.to_json().map_err(CommandError::new)?;
    match &task.output {
        Some(path) => {
            fs::write(path, text).map_err(|error| failed(path, &error))?;
            say(&summary(&plan, plan.items.iter()))?;
            say(&format!("Plan {} is in {}. Nothing was revoked.\n", plan.digest, path.display()))?;
        }
        None => say(&text)?,
    }
    Ok(if settled.gaps.is_empty() { Ended::Clean } else { Ended::Gaps })
}

/// Asks about the findings and says what would be done about each.
pub(super) fn planned(
    mut findings: Vec<Finding>,
    below: &str,
    (scan, prepared): (&ScanTask, &Prepared),
    verb: Option<&str>,
    ledger: &Ledger,
) -> Result<Plan, CommandError> {
    let asking = scan.asking.clone().unwrap_or_default();
    let client = asking.client(prepared.engine.rules())?;
    if asking.owners {
        learn_owners(&mut findings, &client, &asking.policy)
            .iter()
            .for_each(|why| tell(&format!("stanch: {why}\n")));
    }
    ask_all(&mut findings, &client, &asking.policy, &mut Cache::default());
    let actions: Vec<Result<Action, String>> =
        findings.iter().map(|finding| action(finding, verb, &client, &asking.policy)).collect();
    // What a provider says, and paths, may hold a secret themselves.
    let mut told = Report { findings, ..Report::default() };
    conceal(&mut told, &prepared.engine);
    let told = masked_findings(told.findings);
    let item = |(finding, action): (&Finding, Result<Action, String>)| {
        let dies_with = dies_with(finding, &told);
        let action = match &dies_with {
            Some(other) => action.map_err(|_| format!("it dies with finding {other}")),
            None => action,
        };
        Item { dies_with, ..Item::of(finding, masked_value(finding), action, ledger) }
    };
    let items = told.iter().zip(actions).map(item).collect();
    Ok(Plan::new(below, items, ledger, now()))
}

/// The finding with which one dies that no call of its own revokes: the key id beside which a secret key stands.
fn dies_with(finding: &Finding, all: &[Finding]) -> Option<String> {
    let holds = |other: &&Finding| other.nearby.iter().any(|nearby| nearby.value == finding.secret);
    let is_alone = finding.rule.revoke.is_empty();
    let other =
        all.iter().filter(|other| !other.rule.revoke.is_empty() && other.id != finding.id).find(holds);
    other.filter(|_| is_alone).map(|other| other.id.0.clone())
}

/// What would be done about a finding.
fn action(finding: &Finding, verb: Option<&str>, client: &Client, policy: &Policy) -> Result<Action, String> {
    if matches!(finding.verdict, Verdict::Dead(_)) {
        return Err("it is dead already".into());
    }
    if let Verdict::Unknown(unknown) = &finding.verdict
        && matches!(unknown.reason, UnknownReason::Contested | UnknownReason::Unsure)
        && !policy.names(finding)
    {
        return Err(unknown.detail.clone());
    }
    let revoke = call_of(finding, verb)?;
    if let Some(name) = lacking(finding, revoke) {
        return Err(format!("`{name}`, which the call needs, was not found beside it"));
    }
    let host = host_of(client, finding.rule.endpoint, &revoke.call, &Values::of(finding));
    let host = host.map_err(|_| {
        let name = finding.rule.endpoint;
        format!("it is not known where its provider is; name the server: --endpoint {name}=URL")
    })?;
    Ok(Action::of(revoke, host))
}

/// A companion that a call needs and that was not found.
fn lacking(finding: &Finding, revoke: &Revoke) -> Option<&'static str> {
    let calls = revoke.first.iter().map(|step| &step.call).chain([&revoke.call]);
    let places = calls.flat_map(Call::templates).flat_map(pieces).filter_map(|piece| match piece {
        Piece::Place(inner) => inner.split('|').next(),
        Piece::Text(_) => None,
    });
    let named: BTreeSet<&str> = places.collect();
    let is_near = |name| finding.nearby.iter().any(|nearby| nearby.name == name);
    let mut needed = finding.rule.companions.iter().filter(|companion| !companion.optional);
    needed
        .find(|companion| named.contains(companion.name) && !is_near(companion.name))
        .map(|found| found.name)
}

/// The call about a finding: that of the verb, or what the vendor can undo, or the first.
fn call_of(finding: &Finding, verb: Option<&str>) -> Result<&'static Revoke, String> {
    let calls = finding.rule.revoke.0;
    let by_verb = verb.and_then(|verb| calls.iter().find(|revoke| revoke.verb == verb));
    let call = by_verb.or_else(|| calls.iter().find(|revoke| revoke.reversible)).or_else(|| calls.first());
    call.ok_or_else(|| match finding.rule.revoke_page {
        Some(page) => format!("no call is known that revokes it; a person does so at {page}"),
        None => "no call is known that revokes it; a person does so where it was issued".into(),
    })
}
