//! All questions of a run: which are asked, in what order, and what they bring.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use super::ask::{Asker, told};
use super::{Cache, Policy};
use crate::model::{
    Asked, Confidence, Distance, Finding, How, Question, Secret, Unknown, UnknownReason, Verdict, Verify,
};
use crate::net::{Client, Values, databases, host_of};

/// So many hosts are asked at a time; of each, one question after the other.
const HOSTS_AT_A_TIME: usize = 32;

/// So many sets of companions are tried.
const MOST_SETS: usize = 3;

/// Asks about all findings that may be asked about. What is live is proven.
pub fn ask_all(findings: &mut [Finding], client: &Client, policy: &Policy, cache: &mut Cache) {
    let mut waiting: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut first_with: HashMap<(&str, Secret), usize> = HashMap::new();
    let mut same_as: Vec<(usize, usize)> = vec![];
    for (at, finding) in findings.iter_mut().enumerate() {
        match prepared(finding, client, policy) {
            Err(unknown) => finding.verdict = Verdict::Unknown(unknown),
            Ok(asked) => match first_with.get(&(finding.rule.id, finding.secret.clone())) {
                Some(&first) => same_as.push((at, first)),
                None => {
                    first_with.insert((finding.rule.id, finding.secret.clone()), at);
                    waiting.entry(asked.host).or_default().push(at);
                }
            },
        }
    }
    for (at, verdict) in asked(findings, waiting, client, cache) {
        cache.keep(&findings[at], &verdict);
        findings[at].verdict = verdict;
    }
    for (at, first) in same_as {
        findings[at].verdict = findings[first].verdict.clone();
    }
    for finding in findings.iter_mut().filter(|finding| matches!(finding.verdict, Verdict::Live(_))) {
        finding.confidence = Confidence::Proven;
    }
}

/// Asks host by host, several hosts at a time.
fn asked(
    findings: &[Finding],
    waiting: BTreeMap<String, Vec<usize>>,
    client: &Client,
    cache: &Cache,
) -> Vec<(usize, Verdict)> {
    let asker = Asker::new(client);
    let hosts = Mutex::new(waiting.into_values());
    let verdicts = Mutex::new(vec![]);
    let next = || hosts.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(of_host) = next() {
            for at in of_host {
                let finding = &findings[at];
                let verdict = cache.get(finding).unwrap_or_else(|| put(finding, &asker));
                verdicts.lock().unwrap_or_else(PoisonError::into_inner).push((at, verdict));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..HOSTS_AT_A_TIME {
            scope.spawn(work);
        }
    });
    verdicts.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What would be asked about each finding.
pub fn questions(findings: &[Finding], client: &Client, policy: &Policy) -> Vec<Question> {
    let question = |finding: &Finding| Question {
        finding: finding.id.clone(),
        rule: finding.rule,
        asked: prepared(finding, client, policy),
    };
    findings.iter().map(question).collect()
}

/// Asks about one finding, whatever is remembered.
pub fn verdict_of(finding: &Finding, client: &Client, policy: &Policy) -> Verdict {
    match prepared(finding, client, policy) {
        Err(unknown) => Verdict::Unknown(unknown),
        Ok(_) => put(finding, &Asker::new(client)),
    }
}

/// Puts a question that is allowed.
fn put(finding: &Finding, asker: &Asker<'_>) -> Verdict {
    match (finding.rule.verify.first(), address(finding)) {
        (Some(verify), _) => asker.ask(finding.rule, verify, &sets(finding, verify)),
        (None, Some(address)) => asker.log_in(address),
        (None, None) => Verdict::NotAsked,
    }
}

/// The address of a server that the secret stands in, where its rule knows one.
fn address(finding: &Finding) -> Option<&Secret> {
    let name = finding.rule.login?;
    let around =
        finding.nearby.iter().find(|nearby| nearby.name == name && nearby.distance == Distance::Bytes(0));
    around.map(|nearby| &nearby.value)
}

fn prepared(finding: &Finding, client: &Client, policy: &Policy) -> Result<Asked, Unknown> {
    let Some(verify) = finding.rule.verify.0.first() else {
        if let Some(host) = address(finding).and_then(databases::host) {
            policy.allows_login(finding)?;
            return Ok(Asked { how: How::Login, host });
        }
        let detail = "no way is known to ask about tokens of this kind".into();
        return Err(Unknown { reason: UnknownReason::NoVerifier, detail });
    };
    policy.allows(finding, verify)?;
    let sets = sets(finding, verify);
    let host = host_of(client, finding.rule.endpoint, &verify.call, &sets[0]).map_err(|stop| told(&stop))?;
    Ok(Asked { how: How::Request(verify), host })
}

/// What the templates of a finding's calls stand for, with its companions: the nearest of each name, and after that
/// the others in turn.
fn sets(finding: &Finding, verify: &Verify) -> Vec<Values> {
    let first = Values::of(finding);
    let named = |name: &'static str| finding.nearby.iter().filter(move |nearby| nearby.name == name);
    let others = finding.rule.companions.iter().flat_map(|companion| named(companion.name).skip(1));
    let alternatives = others.map(|nearby| first.clone().with(nearby.name, nearby.value.expose()));
    let most = if verify.safety.locks_out { 1 } else { MOST_SETS };
    std::iter::once(first.clone()).chain(alternatives).take(most).collect()
}
