//! `stanch revoke`: plans what would be done about leaked tokens, does it once a person said so, and tells from the
//! ledger what was done.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::ci::{Place, place};
use super::conceal::conceal;
use super::examine::examine;
use super::scan::{Prepared, Seen, read_ignores, visit_roots};
use super::verify::{recalled, report_among};
use super::{CommandError, Ended, ScanTask};
use crate::findings::{IgnoreFile, settle};
use crate::model::{
    BlobPath, Confidence, Finding, FindingId, PlaceKind, Report, Revoke, Secret, UnknownReason, Verdict,
    moment,
};
use crate::net::{Client, host_of};
use crate::report::{Listed, ListedPlace, masked_findings, masked_value, sanitize};
use crate::revoke::{
    Action, Answered, Choice, Event, Item, ItemPlace, Ledger, LedgerError, Outcome, Plan, Record, Target,
    act, chosen, values, who,
};
use crate::sources::{Blob, Content};
use crate::verify::{Cache, Policy, ask_all, learn_owners, verdict_of};

/// What is to be done.
#[derive(Debug, Clone)]
pub enum RevokeTask {
    /// A plan of what would be done.
    Plan(PlanTask),
    /// A plan carried out.
    Apply {
        /// The plan.
        plan: PathBuf,
        /// The folder or repository that it is about, where that is not the one it names.
        below: Option<PathBuf>,
        /// How secrets are found again and providers asked.
        scan: ScanTask,
        /// How it is carried out.
        how: Applying,
    },
    /// Secrets from standard input, planned and carried out at once.
    Stdin {
        /// How they are recognised and providers asked.
        scan: ScanTask,
        /// How it is carried out.
        how: Applying,
        /// What is done, where the vendor offers several things.
        verb: Option<String>,
    },
}

/// A plan that is to be made.
#[derive(Debug, Clone)]
pub struct PlanTask {
    /// What is scanned, or the report that is read, and how providers are asked.
    pub scan: ScanTask,
    /// The folder or repository that a report is about.
    pub below: PathBuf,
    /// Where the plan is written; standard output where there is no file.
    pub output: Option<PathBuf>,
    /// What is done, where the vendor offers several things.
    pub verb: Option<String>,
    /// The ledger.
    pub ledger: PathBuf,
}

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct Applying {
    /// What of it.
    pub choice: Choice,
    /// The digest of the plan, instead of an answer on the terminal.
    pub yes: Option<String>,
    /// Whether it may be done in a pipeline.
    pub allow_ci: bool,
    /// For how long it is watched whether a token dies.
    pub wait: Duration,
    /// The ledger.
    pub ledger: PathBuf,
}

/// What is told of the ledger.
#[derive(Debug, Clone)]
pub struct LedgerTask {
    /// The ledger.
    pub file: PathBuf,
    /// Whether it is only told that its chain is whole.
    pub verify: bool,
    /// Whether it is written as it is stored.
    pub json: bool,
}

/// Plans or carries out.
///
/// # Errors
/// When the task cannot be carried out: a plan that cannot be read, no answer of a person, a ledger that cannot be
/// written. What was not confirmed dead is no error but [`Ended::Unrevoked`].
pub fn revoke(task: &RevokeTask) -> Result<Ended, CommandError> {
    match task {
        RevokeTask::Plan(task) => plan(task),
        RevokeTask::Apply { plan, below, scan, how } => {
            permitted(how)?;
            let text = fs::read_to_string(plan).map_err(|error| failed(plan, &error))?;
            let plan = Plan::read(&text, now()).map_err(|why| failed(plan, &why))?;
            let prepared = Prepared::of(scan)?;
            let below = below.clone().unwrap_or_else(|| PathBuf::from(&plan.below));
            let asked = agreed(&plan, how)?;
            let listed: Vec<Listed> = asked.iter().map(|item| listed(item)).collect();
            let seen = recalled(&listed, &below, &prepared)?;
            let found =
                settle(seen.sightings, vec![], &mut IgnoreFile::default(), Confidence::Possible).findings;
            carry_out(&plan, &asked, &found, (scan, &prepared), how)
        }
        RevokeTask::Stdin { scan, how, verb } => from_stdin(scan, how, verb.as_deref()),
    }
}

/// Prints the ledger, or checks it.
///
/// # Errors
/// When it cannot be read, or its chain is broken.
pub fn ledger(task: &LedgerTask, out: &mut dyn Write) -> Result<(), CommandError> {
    let ledger = Ledger::read(&task.file)?;
    if task.verify {
        let records = ledger.records().len();
        writeln!(
            out,
            "{records} records, each bound to the one before it; nothing was taken out or changed."
        )?;
    } else if task.json {
        for record in ledger.records() {
            writeln!(
                out,
                "{}",
                serde_json::to_string(record).map_err(|error| CommandError::new(error.to_string()))?
            )?;
        }
    } else {
        for record in ledger.records() {
            let line = format!(
                "{} by {}@{}: {} {}",
                record.sentence(),
                record.user,
                record.host,
                record.rule,
                record.finding
            );
            writeln!(out, "{}", sanitize(&line))?;
        }
    }
    if ledger.is_torn() {
        writeln!(
            out,
            "The last line was cut while it was written; what it was about is asked again by the next run."
        )?;
    }
    Ok(())
}

fn plan(task: &PlanTask) -> Result<Ended, CommandError> {
    let prepared = Prepared::of(&task.scan)?;
    let listed = report_among(&task.scan.roots)?;
    let is_listed = listed.is_some();
    let (seen, mut ignores, below) = match listed {
        Some(listed) => {
            (recalled(&listed, &task.below, &prepared)?, IgnoreFile::default(), task.below.clone())
        }
        None => {
            let below = match &task.scan.roots[..] {
                [root] if root.is_dir() => root.clone(),
                _ => PathBuf::from("."),
            };
            (visit_roots(&task.scan, &prepared)?, read_ignores(&task.scan, &task.scan.roots)?, below)
        }
    };
    let mut settled = settle(seen.sightings, seen.gaps, &mut ignores, Confidence::Possible);
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
fn planned(
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
    let host = host_of(client, finding.rule.endpoint, &revoke.call, &values(finding));
    let host = host.map_err(|_| {
        let name = finding.rule.endpoint;
        format!("it is not known where its provider is; name the server: --endpoint {name}=URL")
    })?;
    Ok(Action::of(revoke, host))
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

/// Fails where nothing may be revoked, and so nobody has to be asked either.
fn permitted(how: &Applying) -> Result<(), CommandError> {
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

/// The items of a plan that are to be carried out, once a person agreed.
fn agreed<'a>(plan: &'a Plan, how: &Applying) -> Result<Vec<&'a Item>, CommandError> {
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
    if items.is_empty() {
        return Ok(items);
    }
    match &how.yes {
        Some(digest) if *digest == plan.digest => Ok(items),
        Some(_) => Err(CommandError::new(format!(
            "--yes names another plan; the digest of this one is {}; nothing was done",
            plan.digest
        ))),
        None => confirmed(&items).map(|()| items),
    }
}

/// What is done, provider by provider.
fn summary<'a>(plan: &Plan, items: impl Iterator<Item = &'a Item>) -> String {
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

fn from_stdin(scan: &ScanTask, how: &Applying, verb: Option<&str>) -> Result<Ended, CommandError> {
    permitted(how)?;
    let prepared = Prepared::of(scan)?;
    let mut bytes = zeroize::Zeroizing::new(vec![]);
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| CommandError::new(format!("standard input: {error}")))?;
    let (path, content) = (BlobPath::from("<stdin>"), Content::Whole(&bytes));
    let blob = Blob { path: &path, kind: PlaceKind::File, appearance: None, content };
    let mut seen = Seen::default();
    seen.add_uncounted(&path, PlaceKind::File, examine(&prepared.engine, &prepared.chosen, blob));
    let found = settle(seen.sightings, vec![], &mut IgnoreFile::default(), Confidence::Likely).findings;
    let typed = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    if found.len() < typed {
        tell(&format!(
            "{} of {typed} lines hold no token that a rule knows; they are left alone.\n",
            typed - found.len()
        ));
    }
    let ledger = Ledger::read(&how.ledger)?;
    let plan = planned(found.clone(), "", (scan, &prepared), verb, &ledger)?;
    let items = agreed(&plan, how)?;
    carry_out(&plan, &items, &found, (scan, &prepared), how)
}

/// What became of an item.
enum State {
    /// The call was accepted or there was nothing to do; whether it is dead is still to be seen.
    Pending { accepted: bool, why: Option<String> },
    /// It is over.
    Over(Over),
}

/// How it ended.
enum Over {
    Revoked,
    AlreadyDead,
    NotFound,
    Refused(String),
    Unsupported(String),
    Unknown(String),
}

/// One item on its way.
struct Work<'a> {
    item: &'a Item,
    finding: Option<&'a Finding>,
    call: Option<&'static Revoke>,
    before: Verdict,
    state: Option<State>,
}

/// When it is asked whether a token died, in seconds after the call; then every minute.
const LOOKS: [u64; 5] = [0, 2, 5, 15, 60];

fn carry_out(
    plan: &Plan,
    items: &[&Item],
    found: &[Finding],
    (scan, prepared): (&ScanTask, &Prepared),
    how: &Applying,
) -> Result<Ended, CommandError> {
    if items.is_empty() {
        let open = plan.items.iter().any(|item| item.verdict.state != "dead");
        return Ok(if open { Ended::Unrevoked } else { Ended::Clean });
    }
    let mut ledger = Ledger::open(&how.ledger)?;
    let asking = scan.asking.clone().unwrap_or_default();
    let client = asking.client(prepared.engine.rules())?;
    // A person agreed to each of these, so that their questions are allowed as the policy says and no more.
    let policy = Policy { named: items.iter().map(|item| item.id.clone()).collect(), ..asking.policy };
    let mut works: Vec<Work<'_>> = items.iter().map(|item| Work::of(item, found, &client)).collect();
    let mut run = Run { plan, ledger: &mut ledger, client: &client, policy: &policy };
    run.look_before(&mut works)?;
    run.call_all(&mut works)?;
    run.watch(&mut works, how.wait)?;
    let outcome = told(&works);
    say(&outcome)?;
    let is_done =
        |work: &Work<'_>| matches!(&work.state, Some(State::Over(Over::Revoked | Over::AlreadyDead)));
    let done: Vec<&str> =
        works.iter().filter(|work| is_done(work)).map(|work| work.item.id.as_str()).collect();
    let dies_with = |item: &Item| item.dies_with.as_deref().is_some_and(|other| done.contains(&other));
    let is_dead =
        |item: &Item| item.verdict.state == "dead" || done.contains(&item.id.as_str()) || dies_with(item);
    Ok(if plan.items.iter().all(is_dead) { Ended::Clean } else { Ended::Unrevoked })
}

impl<'a> Work<'a> {
    fn of(item: &'a Item, found: &'a [Finding], client: &Client) -> Work<'a> {
        let finding = found.iter().find(|finding| finding.id.0 == item.id && finding.rule.id == item.rule);
        let verb = item.action.as_ref().map(|action| action.verb.as_str());
        let call =
            finding.and_then(|finding| finding.rule.revoke.iter().find(|revoke| Some(revoke.verb) == verb));
        let mut work = Work { item, finding, call, before: Verdict::NotAsked, state: None };
        if let Some(action) = work.action_now(client).filter(|action| Some(action) != item.action.as_ref()) {
            let why = format!(
                "now it would be {} at {}, which is not what the plan says; make it again",
                action.verb, action.host
            );
            work.end(Over::Unsupported(why));
        }
        work
    }

    /// What would be done by the rules and servers of this run: a person agreed to what the plan says.
    fn action_now(&self, client: &Client) -> Option<Action> {
        let (finding, call) = self.finding.zip(self.call)?;
        let host = host_of(client, finding.rule.endpoint, &call.call, &values(finding)).ok()?;
        Some(Action::of(call, host))
    }

    fn end(&mut self, over: Over) {
        self.state = Some(State::Over(over));
    }

    /// Whether it can still be learnt whether the token is dead.
    fn waits_for_an_answer(&self) -> bool {
        let can_be_asked = self.finding.is_some_and(|finding| !finding.rule.verify.is_empty());
        can_be_asked && matches!(self.state, Some(State::Pending { .. }))
    }
}

struct Run<'a> {
    plan: &'a Plan,
    ledger: &'a mut Ledger,
    client: &'a Client,
    policy: &'a Policy,
}

impl Run<'_> {
    /// What is dead, gone, or was called about before is not called about.
    fn look_before(&mut self, works: &mut [Work<'_>]) -> Result<(), CommandError> {
        for work in works.iter_mut().filter(|work| work.state.is_none()) {
            let (Some(finding), Some(_)) = (work.finding, work.call) else {
                work.end(Over::NotFound);
                continue;
            };
            work.before = verdict_of(finding, self.client, self.policy);
            if matches!(work.before, Verdict::Dead(_)) {
                let record = self.record(work, Event::ConfirmedDead, "dead", &Answered::default(), None);
                self.ledger.add([record])?;
                // Where this plan's call was sent before, it was this call that ended it.
                let sent = self.sent_since(work.item).is_some();
                work.end(if sent { Over::Revoked } else { Over::AlreadyDead });
            } else if let Some(accepted) = self.sent_since(work.item) {
                work.state = Some(State::Pending { accepted, why: None });
            } else if let Some(why) = unheard(&work.before) {
                work.end(Over::Refused(why));
            }
        }
        Ok(())
    }

    /// Whether a call about it was sent since the plan was made, and may have been carried out; and whether it was
    /// accepted.
    fn sent_since(&self, item: &Item) -> Option<bool> {
        let of_plan =
            |record: &&Record| record.plan == self.plan.digest || record.seq > self.plan.ledger_records;
        let mut sent = None;
        for record in self.ledger.of_finding(&item.id).filter(of_plan) {
            match record.event {
                Event::Sending => sent = Some(false),
                Event::Accepted | Event::AlreadyDead => sent = Some(true),
                Event::Refused => sent = None,
                Event::Unknown | Event::ConfirmedDead | Event::StillLive => {}
            }
        }
        sent
    }

    /// Makes the calls, one after the other; those that take a list with as many as they take.
    fn call_all(&mut self, works: &mut [Work<'_>]) -> Result<(), CommandError> {
        for batch in batches(works) {
            let targets: Vec<Target<'_>> = batch
                .iter()
                .filter_map(|&at| Some(Target { finding: works[at].finding?, revoke: works[at].call? }))
                .collect();
            let sending: Vec<Record> = batch
                .iter()
                .map(|&at| {
                    self.record(
                        &works[at],
                        Event::Sending,
                        works[at].before.as_str(),
                        &Answered::default(),
                        None,
                    )
                })
                .collect();
            let ledger = &mut *self.ledger;
            let mut about_to = || ledger.add(sending.clone()).map_err(|error| error.to_string());
            let (outcome, answered) = act(self.client, &targets, &mut about_to);
            let (event, detail) = match &outcome {
                Outcome::Accepted => (Event::Accepted, None),
                Outcome::AlreadyDead => (Event::AlreadyDead, None),
                Outcome::Refused(why) | Outcome::Unsupported(why) => (Event::Refused, Some(why.clone())),
                Outcome::Unknown(why) => (Event::Unknown, Some(why.clone())),
            };
            let records: Vec<Record> = batch
                .iter()
                .map(|&at| self.record(&works[at], event, "unknown", &answered, detail.clone()))
                .collect();
            for &at in &batch {
                works[at].state = Some(match &outcome {
                    Outcome::Accepted | Outcome::AlreadyDead => State::Pending { accepted: true, why: None },
                    Outcome::Refused(why) => State::Over(Over::Refused(why.clone())),
                    Outcome::Unsupported(why) => State::Over(Over::Unsupported(why.clone())),
                    Outcome::Unknown(why) => State::Pending { accepted: false, why: Some(why.clone()) },
                });
            }
            self.ledger.add(records)?;
        }
        Ok(())
    }

    /// Asks until every token is dead, or for as long as was said.
    fn watch(&mut self, works: &mut [Work<'_>], wait: Duration) -> Result<(), CommandError> {
        let start = Instant::now();
        for look in LOOKS.into_iter().chain((2..).map(|minutes| minutes * 60)).map(Duration::from_secs) {
            let pending = works.iter().any(Work::waits_for_an_answer);
            if !pending || look > wait {
                break;
            }
            thread::sleep(look.saturating_sub(start.elapsed()));
            for work in works.iter_mut() {
                self.look_after(work)?;
            }
        }
        for work in works {
            if let Some(State::Pending { accepted, why }) = &work.state {
                let why = match (accepted, why, &work.before) {
                    (true, _, Verdict::Live(_)) => "its provider accepted the call, and still takes the token".into(),
                    (true, _, _) => "its provider accepted the call; whether it is dead could not be asked".into(),
                    (false, Some(why), _) => {
                        format!("the call was sent, and {why}; make a new plan to send another")
                    }
                    (false, None, _) => {
                        "a call was sent before, and what came of it is not known; make a new plan to send another"
                            .into()
                    }
                };
                let detail = Some(String::clone(&why));
                let record = self.record(work, Event::Unknown, "unknown", &Answered::default(), detail);
                self.ledger.add([record])?;
                work.end(Over::Unknown(why));
            }
        }
        Ok(())
    }

    fn look_after(&mut self, work: &mut Work<'_>) -> Result<(), CommandError> {
        let (Some(State::Pending { .. }), Some(finding)) = (&work.state, work.finding) else { return Ok(()) };
        let verdict = verdict_of(finding, self.client, self.policy);
        let event = match &verdict {
            Verdict::Dead(_) => Event::ConfirmedDead,
            Verdict::Live(_) => Event::StillLive,
            Verdict::NotAsked | Verdict::Unknown(_) => return Ok(()),
        };
        let record = self.record(work, event, verdict.as_str(), &Answered::default(), None);
        self.ledger.add([record])?;
        if event == Event::ConfirmedDead {
            work.end(Over::Revoked);
        } else {
            work.before = verdict;
        }
        Ok(())
    }

    fn record(
        &self,
        work: &Work<'_>,
        event: Event,
        after: &str,
        answered: &Answered,
        detail: Option<String>,
    ) -> Record {
        let (user, host) = who();
        let action = work.item.action.as_ref();
        Record {
            seq: 0,
            time: moment(now()),
            user,
            host,
            plan: self.plan.digest.clone(),
            event,
            provider: work.item.provider.clone(),
            rule: work.item.rule.clone(),
            finding: work.item.id.clone(),
            verb: action.map_or_else(String::new, |action| action.verb.clone()),
            to: action.map_or_else(String::new, |action| action.host.clone()),
            before: work.before.as_str().to_owned(),
            after: after.to_owned(),
            status: answered.status,
            request_id: answered.request_id.clone().filter(|id| is_harmless(id, work.finding)),
            detail: detail.filter(|detail| is_harmless(detail, work.finding)),
            prev: String::new(),
            hash: String::new(),
        }
    }
}

/// Whether a text from outside is short and holds nothing of a secret.
fn is_harmless(text: &str, finding: Option<&Finding>) -> bool {
    const PART: usize = 6;
    let secret = finding.map(|finding| &finding.secret).map_or(&[][..], Secret::expose);
    let holds_part = |part: &[u8]| memchr::memmem::find(text.as_bytes(), part).is_some();
    text.len() <= 200
        && !text.contains(char::is_control)
        && !secret.windows(PART.min(secret.len().max(1))).any(holds_part)
}

/// Why it cannot be told whether a token works, where its provider was asked and not heard: then nothing is sent.
fn unheard(before: &Verdict) -> Option<String> {
    use UnknownReason as Reason;
    let Verdict::Unknown(unknown) = before else { return None };
    let is_unheard = matches!(
        unknown.reason,
        Reason::RateLimited
            | Reason::TimedOut
            | Reason::Unreachable
            | Reason::Redirected
            | Reason::Page
            | Reason::ServerError
            | Reason::AcceptsAnything
    );
    is_unheard
        .then(|| format!("whether it works could not be asked before: {}; nothing was sent", unknown.detail))
}

/// What still is to be called about, by call: those of one list together, what can be undone first.
fn batches(works: &[Work<'_>]) -> Vec<Vec<usize>> {
    let open = |work: &Work<'_>| work.state.is_none();
    let mut singles: Vec<Vec<usize>> = vec![];
    let mut lists: Vec<(&'static Revoke, &'static str, Vec<usize>)> = vec![];
    for (at, work) in works.iter().enumerate().filter(|(_, work)| open(work)) {
        let (Some(call), Some(finding)) = (work.call, work.finding) else { continue };
        if call.batch < 2 {
            singles.push(vec![at]);
            continue;
        }
        let endpoint = finding.rule.endpoint;
        let same = |(other, of, list): &&mut (&'static Revoke, &'static str, Vec<usize>)| {
            other.call == call.call && *of == endpoint && list.len() < call.batch
        };
        match lists.iter_mut().find(same) {
            Some((_, _, list)) => list.push(at),
            None => lists.push((call, endpoint, vec![at])),
        }
    }
    singles.extend(lists.into_iter().map(|(_, _, list)| list));
    singles.sort_by_key(|list| works[list[0]].call.is_none_or(|call| !call.reversible));
    singles
}

/// What became of each, for people.
fn told(works: &[Work<'_>]) -> String {
    let mut text = String::new();
    for Work { item, state, .. } in works {
        let (word, why) = match state {
            Some(State::Over(Over::Revoked)) => ("revoked", "seen dead"),
            Some(State::Over(Over::AlreadyDead)) => ("dead", "already dead, nothing was sent"),
            Some(State::Over(Over::NotFound)) => ("lost", "not found at any of its places; nothing was sent"),
            Some(State::Over(Over::Refused(why))) => ("refused", why.as_str()),
            Some(State::Over(Over::Unsupported(why))) => ("cannot", why.as_str()),
            Some(State::Over(Over::Unknown(why))) => ("unknown", why.as_str()),
            Some(State::Pending { .. }) | None => ("unknown", "nothing came of it"),
        };
        let by_hand = match (word, &item.by_hand) {
            ("refused" | "cannot" | "unknown", Some(page)) => format!("; by hand: {page}"),
            _ => String::new(),
        };
        let line = format!("{word:<7} {} {} {}: {why}{by_hand}", item.id, item.rule, item.masked);
        text.push_str(&sanitize(&line));
        text.push('\n');
    }
    text
}

fn listed(item: &Item) -> Listed {
    use base64::Engine as _;
    let place = |place: &ItemPlace| {
        let decode = |text: &String| base64::engine::general_purpose::STANDARD.decode(text).ok();
        let path = place.path_base64.as_ref().and_then(decode);
        let kind = PlaceKind::ALL.into_iter().find(|kind| kind.as_str() == place.kind);
        ListedPlace {
            path: BlobPath::new(path.unwrap_or_else(|| place.path.clone().into_bytes())),
            kind: kind.unwrap_or(PlaceKind::File),
            object: place.object.clone(),
        }
    };
    Listed {
        id: FindingId(item.id.clone()),
        rule: item.rule.clone(),
        places: item.places.iter().map(place).collect::<Vec<_>>(),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn say(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(CommandError::from)
        .or_else(super::closed_pipe_is_fine)
}

/// Tells the person beside the output proper.
fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn failed(path: &Path, why: &dyn std::fmt::Display) -> CommandError {
    CommandError::new(format!("{}: {why}", path.display()))
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> CommandError {
        CommandError::new(error.to_string())
    }
}
