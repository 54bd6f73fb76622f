//! What of a plan is carried out.

use super::Item;

/// What a person allows.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// What the vendor cannot undo as well.
    pub irreversible: bool,
    /// Calls that no vendor documents as well.
    pub unconfirmed: bool,
    /// The only finding.
    pub only: Option<String>,
    /// Logins, organizations or domains; only their tokens.
    pub owners: Vec<String>,
}

/// Whether an item is carried out; why not.
///
/// # Errors
/// Why it is left, and what allows it.
pub fn chosen(item: &Item, choice: &Choice) -> Result<(), String> {
    let is_only = choice.only.as_deref() == Some(item.id.as_str());
    if choice.only.is_some() && !is_only {
        return Err("another finding was named with --id".into());
    }
    let Some(action) = &item.action else {
        return Err(item.why_not.clone().unwrap_or_else(|| "nothing can be done".into()));
    };
    if !action.reversible && !choice.irreversible {
        return Err("its vendor cannot undo it; --irreversible allows that".into());
    }
    if action.source != "vendor-doc" && !choice.unconfirmed {
        return Err("its vendor does not document the call; --unconfirmed allows it".into());
    }
    if matches!(action.damage.as_str(), "app" | "account") && !is_only {
        return Err(format!("its whole {} dies with it; name it alone: --id {}", action.damage, item.id));
    }
    if !choice.owners.is_empty() && !is_only && !belongs_to(item, &choice.owners) {
        return Err(format!(
            "it is not known to belong to {}; name it alone: --id {}",
            choice.owners.join(" or "),
            item.id
        ));
    }
    Ok(())
}

/// Whether the provider says that it belongs to one of these: a login, an organization, or the domain of a mail
/// address.
fn belongs_to(item: &Item, owners: &[String]) -> bool {
    let said: Vec<&str> =
        ["owner", "organization", "account", "email"].iter().filter_map(|label| item.fact(label)).collect();
    owners.iter().any(|owner| {
        said.iter().any(|said| {
            let domain = said.rsplit_once('@').map(|(_, domain)| domain);
            said.eq_ignore_ascii_case(owner)
                || domain.is_some_and(|domain| domain.eq_ignore_ascii_case(owner))
        })
    })
}
