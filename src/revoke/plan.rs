//! What would be done: each secret, its provider's call, how much dies with it, whose it is, what is left for a
//! person. No secret stands in it; `fixtures/schema/plan-v1.schema.json` describes it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Ledger;
use crate::model::{Appearance, BlobPath, By, Fact, Finding, Place, PlaceKind, Revoke, Verdict, moment};

/// Version of the form.
const SCHEMA: u32 = 1;

/// What is for plans only, so that no other document is taken for one.
const KIND: &str = "revocation-plan";

/// A plan older than this must be made again, in seconds.
const LIFE: i64 = 24 * 60 * 60;

/// A clock may differ by so much, in seconds.
const SKEW: i64 = 5 * 60;

/// A plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    schema: u32,
    kind: String,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// The same for people.
    pub made_at: String,
    /// The folder or repository that places are in, as typed.
    pub below: String,
    /// How many records the ledger had.
    pub ledger_records: u64,
    /// What would be done.
    pub items: Vec<Item>,
    /// SHA-256 of all of the above, in hex.
    #[serde(default)]
    pub digest: String,
}

/// What would be done about one secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Id of the finding.
    pub id: String,
    /// Id of its rule.
    pub rule: String,
    /// Who issued it.
    pub provider: String,
    /// What they call it.
    pub name: String,
    /// The value without anything that is secret.
    pub masked: String,
    /// Where it stands.
    pub places: Vec<ItemPlace>,
    /// The files in which what belongs to it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ItemPlace>,
    /// What its provider said when the plan was made.
    pub verdict: Said,
    /// What would be done, unless nothing can be.
    pub action: Option<Action>,
    /// Why nothing can be done.
    pub why_not: Option<String>,
    /// Id of the finding with which it dies, where no call of its own is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dies_with: Option<String>,
    /// Who must be told, as far as it is known.
    pub tell: Vec<String>,
    /// Where a person does the rest.
    pub by_hand: Option<String>,
    /// What the ledger knows of it from before.
    pub earlier: Vec<String>,
}

/// Where a secret stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemPlace {
    /// Path below the folder.
    pub path: String,
    /// The same in base64, where it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// What of the file.
    pub kind: String,
    /// The object that holds it, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

/// What a provider said.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// `live`, `dead` or `unknown`.
    pub state: String,
    /// Why it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What they told of it, by label.
    pub facts: Vec<(String, String)>,
}

/// A call that would be made.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What the vendor calls it.
    pub verb: String,
    /// Method of the request.
    pub method: String,
    /// Where it goes.
    pub host: String,
    /// Template of the URL.
    pub url: String,
    /// How much dies with it: `token`, `grant`, `app`, `account`.
    pub damage: String,
    /// Whether the vendor can undo it.
    pub reversible: bool,
    /// What happens besides.
    pub effect: String,
    /// `itself`, or variables of the environment with an administrator's credential.
    pub by: Vec<String>,
    /// Whether the URL holds the secret.
    pub secret_in_url: bool,
    /// How firmly the facts behind it stand.
    pub source: String,
}

impl Plan {
    /// A plan of these.
    pub fn new(below: &str, items: Vec<Item>, ledger: &Ledger, now: i64) -> Plan {
        let mut plan = Plan {
            schema: SCHEMA,
            kind: KIND.into(),
            made: now,
            made_at: moment(now),
            below: below.to_owned(),
            ledger_records: ledger.records().len() as u64,
            items,
            digest: String::new(),
        };
        plan.digest = plan.worked_out();
        plan
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// When it is none, was changed, or is too old.
    pub fn read(text: &str, now: i64) -> Result<Plan, String> {
        let plan: Plan = serde_json::from_str(text).map_err(|error| format!("this is no plan: {error}"))?;
        if plan.kind != KIND || plan.schema != SCHEMA {
            return Err("this is no plan of this version; make it again with `stanch revoke plan`".into());
        }
        if plan.digest != plan.worked_out() {
            return Err(
                "the plan was changed since it was made: its digest does not fit; make it again".into()
            );
        }
        match now - plan.made {
            age if age > LIFE => {
                Err(format!("the plan was made {}, more than 24 hours ago; make it again", plan.made_at))
            }
            age if age < -SKEW => Err(format!(
                "the plan was made {}, which is still to come; check the clock, or make it again",
                plan.made_at
            )),
            _ => Ok(plan),
        }
    }

    /// The plan as JSON.
    ///
    /// # Errors
    /// What the writer of JSON says.
    pub fn to_json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| error.to_string())
    }

    fn worked_out(&self) -> String {
        let bare = Plan { digest: String::new(), ..self.clone() };
        // Fields and text only: writing it cannot fail.
        let text = serde_json::to_vec(&bare).unwrap_or_default();
        Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

impl Item {
    /// What would be done about a finding.
    pub fn of(finding: &Finding, masked: String, action: Result<Action, String>, ledger: &Ledger) -> Item {
        let rule = finding.rule;
        let (action, why_not) = match action {
            Ok(action) => (Some(action), None),
            Err(why) => (None, Some(why)),
        };
        Item {
            id: finding.id.0.clone(),
            rule: rule.id.into(),
            provider: rule.provider.into(),
            name: rule.name.into(),
            masked,
            places: finding.places.iter().map(|(place, _)| ItemPlace::of(place)).collect(),
            parts: finding.parts().iter().map(|(near, _)| ItemPlace::of_file(&near.path)).collect(),
            verdict: Said::of(&finding.verdict, &finding.owner),
            action,
            why_not,
            dies_with: None,
            tell: tell(finding),
            by_hand: rule.revoke_page.map(str::to_owned),
            earlier: ledger.of_finding(&finding.id.0).map(|record| record.sentence()).collect(),
        }
    }

    /// What its provider said of it under a label.
    pub fn fact(&self, label: &str) -> Option<&str> {
        self.verdict.facts.iter().find(|(known, _)| known == label).map(|(_, text)| text.as_str())
    }
}

impl Action {
    /// The action that a rule's call is.
    pub fn of(revoke: &Revoke, host: String) -> Action {
        Action {
            verb: revoke.verb.into(),
            method: revoke.call.method.as_str().into(),
            host,
            url: revoke.call.url.into(),
            damage: revoke.damage.as_str().into(),
            reversible: revoke.reversible,
            effect: revoke.effect.into(),
            by: match revoke.by {
                By::Itself => vec!["itself".into()],
                By::Admin(names) => names.iter().map(|name| (*name).to_owned()).collect(),
            },
            secret_in_url: revoke.secret_in_url,
            source: revoke.source.into(),
        }
    }
}

impl ItemPlace {
    fn of(place: &Place) -> ItemPlace {
        let object = place.appearance.as_deref().map(|appearance: &Appearance| appearance.object.clone());
        ItemPlace {
            kind: place.kind.as_str().into(),
            object: object.filter(|object| !object.is_empty()),
            ..ItemPlace::of_file(&place.path)
        }
    }

    fn of_file(path: &BlobPath) -> ItemPlace {
        use base64::Engine as _;
        let encode = || base64::engine::general_purpose::STANDARD.encode(path.as_bytes());
        ItemPlace {
            path: path.to_lossy().into_owned(),
            path_base64: path.as_str().is_none().then(encode),
            kind: PlaceKind::File.as_str().into(),
            object: None,
        }
    }
}

impl Said {
    /// The same in words.
    pub fn of(verdict: &Verdict, owner: &[Fact]) -> Said {
        let (detail, host) = match verdict {
            Verdict::NotAsked => (None, None),
            Verdict::Live(answered) | Verdict::Dead(answered) => (None, Some(answered.host.clone())),
            Verdict::Unknown(unknown) => (Some(unknown.detail.clone()), None),
        };
        let facts = verdict
            .facts()
            .iter()
            .chain(owner)
            .map(|fact| (fact.label.to_owned(), fact.text.clone()))
            .collect();
        Said { state: verdict.as_str().into(), detail, host, facts }
    }
}

/// Whom the provider names, and who brought it in.
fn tell(finding: &Finding) -> Vec<String> {
    let facts: Vec<&Fact> = finding.verdict.facts().iter().chain(&finding.owner).collect();
    let named = ["owner", "email", "organization", "account"];
    let of_label = |label: &&str| facts.iter().filter(|fact| fact.label == *label).collect::<Vec<_>>();
    let mut tell: Vec<String> =
        named.iter().flat_map(of_label).map(|fact| format!("{} {}", fact.label, fact.text)).collect();
    let appearances = finding.places.iter().filter_map(|(place, _)| place.appearance.as_deref());
    let authors = appearances.filter_map(|appearance| appearance.introduced.as_ref());
    tell.extend(authors.map(|commit| format!("author {}", commit.author)));
    tell.sort();
    tell.dedup();
    tell
}
