//! Makes the calls of a plan, and says what came of each.

use crate::model::{Finding, ProofLevel, Revoke, Secret};
use crate::net::{Answer, Client, Kind, Stop, Trouble, Values, exchange};

/// What came of a call, before anybody was asked whether the token is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider accepted it.
    Accepted,
    /// There was nothing left to do.
    AlreadyDead,
    /// It was not done.
    Refused(String),
    /// It cannot be done so.
    Unsupported(String),
    /// Whether it was done is not known.
    Unknown(String),
}

/// A secret that was found again, and the call about it.
pub struct Target<'a> {
    /// What was found.
    pub finding: &'a Finding,
    /// The call.
    pub revoke: &'static Revoke,
}

/// The answer, as far as it is kept.
#[derive(Debug, Clone, Default)]
pub struct Answered {
    /// Its status.
    pub status: Option<u16>,
    /// The id under which the provider keeps it.
    pub request_id: Option<String>,
}

/// Makes one call for these, which all are of the same rule's call; several only where the call takes a list.
/// `about_to` is called directly before something may change, and stops everything with an error.
pub fn act(
    client: &Client,
    targets: &[Target<'_>],
    about_to: &mut dyn FnMut() -> Result<(), String>,
) -> (Outcome, Answered) {
    let none = Answered::default();
    let Some(Target { finding, revoke }) = targets.first() else {
        return (Outcome::Unsupported("there is nothing to do".into()), none);
    };
    if let Some(why) = targets.iter().find_map(|target| unproven(target)) {
        return (Outcome::Unsupported(why), none);
    }
    let values = match Values::of(finding).with_credentials(revoke.by, client.credentials()) {
        Ok(values) => values,
        Err(names) => {
            let why = format!("it takes an administrator's credential; set {names} and try again");
            return (Outcome::Unsupported(why), none);
        }
    };
    let secrets: Vec<Secret> = targets.iter().map(|target| target.finding.secret.clone()).collect();
    let values = values.with_batch(secrets);
    let (mut stopped, mut may_have_changed) = (None, false);
    let mut ready = || {
        may_have_changed = true;
        about_to().map_err(|why| {
            stopped = Some(why);
            Stop::Missing(String::new())
        })
    };
    let call = (&revoke.first.0, &revoke.call, Kind::Change);
    let answer = exchange(client, finding.rule.endpoint, (call.0, call.1, call.2), &values, &mut ready);
    match (stopped, answer) {
        (Some(why), _) => (Outcome::Refused(why), none),
        (None, Ok(answer)) => {
            let id = answer.request_id().filter(|id| !values.is_repeated_in(id));
            let kept = Answered { status: Some(answer.status), request_id: id.map(str::to_owned) };
            (outcome(revoke, &answer), kept)
        }
        // A question that came before it failed: nothing was sent that changes anything.
        (None, Err(stop)) => match stopped_by(&stop) {
            Outcome::Unknown(why) if !may_have_changed => (Outcome::Refused(why), none),
            outcome => (outcome, none),
        },
    }
}

/// A call that takes any value must not be sent one that is no token: it needs the fixed start of its kind, and the
/// right checksum where there is one.
fn unproven(target: &Target<'_>) -> Option<String> {
    let Target { finding, revoke } = target;
    if !revoke.accepts_any {
        return None;
    }
    let rule = finding.rule;
    let has_prefix = !rule.prefix.is_empty() && finding.secret.expose().starts_with(rule.prefix.as_bytes());
    let has_checksum = rule.proof.is_some_and(|proof| proof.starts_with("crc32"));
    let is_proven = !has_checksum || finding.evidence.level == ProofLevel::Checksum;
    (!has_prefix || !is_proven).then(|| {
        format!("{} takes any value, and nothing proves that this is one of its tokens", rule.provider)
    })
}

fn outcome(revoke: &Revoke, answer: &Answer) -> Outcome {
    let status = answer.status;
    if answer.is_page() {
        return Outcome::Unknown(format!("it answered {status} with a page for people"));
    }
    let refused = answer.meets_any(&revoke.refused);
    match (answer.meets_any(&revoke.done), answer.meets_any(&revoke.already)) {
        (true, true) => Outcome::Unknown(format!("it answered {status}, which can mean either")),
        (false, true) => Outcome::AlreadyDead,
        (true, false) if !refused => Outcome::Accepted,
        _ if refused || (400..500).contains(&status) => Outcome::Refused(format!("it answered {status}")),
        _ => Outcome::Unknown(format!("it answered {status}, of which nothing follows")),
    }
}

fn stopped_by(stop: &Stop) -> Outcome {
    match stop {
        Stop::Missing(name) => Outcome::Unsupported(format!("`{name}`, which the call needs, is not known")),
        Stop::NoEndpoint(name) => {
            Outcome::Unsupported(format!("name the server it is for: --endpoint {name}=URL"))
        }
        Stop::NoCredential(names) => Outcome::Unsupported(format!("set {names} and try again")),
        Stop::NoHost => Outcome::Unsupported("what was found beside it is no name of a host".into()),
        Stop::Refused(status) => Outcome::Refused(format!("a question before it was answered {status}")),
        Stop::Entries(number) => Outcome::Refused(format!(
            "{number} entries of the provider's list could be it, not one; nothing was done"
        )),
        Stop::Trouble(trouble) => {
            let why = match trouble {
                Trouble::Unreachable(why) | Trouble::Cut(why) | Trouble::Unwritable(why) => why.clone(),
                Trouble::TimedOut => "no answer came in time".into(),
                Trouble::Limited(seconds) => format!("the host wants no more calls for {seconds} s"),
                Trouble::GivenUp => "the host failed several times in a row".into(),
                Trouble::TooLarge => "the answer is larger than 1 MiB".into(),
            };
            if trouble.nothing_done() { Outcome::Refused(why) } else { Outcome::Unknown(why) }
        }
    }
}
