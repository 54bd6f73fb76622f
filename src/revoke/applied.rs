//! What came of a plan, item by item: for machines as `fixtures/schema/revocation-v1.schema.json` describes it, and for
//! people. No secret stands in it.

use serde::Serialize;

use super::{Item, Plan};

/// Version of the form.
const SCHEMA: u32 = 1;

/// What came of a plan.
#[derive(Debug, Clone, Serialize)]
pub struct Applied {
    schema: u32,
    kind: &'static str,
    /// Digest of the plan.
    plan: String,
    items: Vec<AppliedItem>,
}

/// What came of one item.
#[derive(Debug, Clone, Serialize)]
struct AppliedItem {
    id: String,
    rule: String,
    provider: String,
    masked: String,
    verb: Option<String>,
    host: Option<String>,
    outcome: End,
    detail: String,
    by_hand: Option<String>,
}

/// What became of a token in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// A call was sent, and after it the token was seen dead.
    Revoked,
    /// It was dead before anything was sent.
    AlreadyDead,
    /// Nothing was sent about it; it died with another finding.
    DiedWithOther,
    /// It stands at none of its places any more; nothing was sent.
    NotFound,
    /// It was not done.
    Refused,
    /// It cannot be done so.
    Unsupported,
    /// A call was sent, and what came of it is not known.
    Unknown,
    /// A person did not ask for it.
    Left,
}

impl Applied {
    /// Nothing yet.
    pub fn of(plan: &Plan) -> Applied {
        Applied { schema: SCHEMA, kind: "revocation", plan: plan.digest.clone(), items: vec![] }
    }

    /// Notes what became of an item, and why.
    pub fn note(&mut self, item: &Item, outcome: End, detail: &str) {
        let left_to_people = matches!(outcome, End::Refused | End::Unsupported | End::Unknown | End::Left);
        self.items.push(AppliedItem {
            id: item.id.clone(),
            rule: item.rule.clone(),
            provider: item.provider.clone(),
            masked: item.masked.clone(),
            verb: item.action.as_ref().map(|action| action.verb.clone()),
            host: item.action.as_ref().map(|action| action.host.clone()),
            outcome,
            detail: detail.to_owned(),
            by_hand: item.by_hand.clone().filter(|_| left_to_people),
        });
    }

    /// Notes what becomes of an item that is not carried out, and why it is not; after all that are.
    pub fn note_left(&mut self, item: &Item, why: &str) {
        let died = |other: &str| self.items.iter().any(|item| item.id == other && item.outcome.is_dead());
        let outcome = match &item.dies_with {
            _ if item.verdict.state == "dead" => End::AlreadyDead,
            Some(other) if died(other) => End::DiedWithOther,
            _ => End::Left,
        };
        self.note(item, outcome, why);
    }

    /// Whether all that was planned is dead.
    pub fn is_all_dead(&self) -> bool {
        self.items.iter().all(|item| item.outcome.is_dead())
    }

    /// All of it as JSON.
    ///
    /// # Errors
    /// What the writer of JSON says.
    pub fn to_json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| error.to_string())
    }

    /// A line for each item that was carried out; as it came, so that it is for the caller to sanitise.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.items.iter().filter_map(|item| {
            let by_hand = item.by_hand.as_ref().map_or(String::new(), |page| format!("; by hand: {page}"));
            let AppliedItem { id, rule, masked, detail, .. } = item;
            Some(format!("{:<7} {id} {rule} {masked}: {detail}{by_hand}", item.outcome.word()?))
        })
    }
}

impl End {
    /// Whether the token is known to be dead.
    fn is_dead(self) -> bool {
        matches!(self, End::Revoked | End::AlreadyDead | End::DiedWithOther)
    }

    /// For people, who were told before what is left.
    fn word(self) -> Option<&'static str> {
        match self {
            End::Revoked => Some("revoked"),
            End::AlreadyDead => Some("dead"),
            End::NotFound => Some("lost"),
            End::Refused => Some("refused"),
            End::Unsupported => Some("cannot"),
            End::Unknown => Some("unknown"),
            End::DiedWithOther | End::Left => None,
        }
    }
}
