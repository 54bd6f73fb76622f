//! Credentials of a person's own, for what a leaked token cannot do itself.

use std::collections::BTreeMap;
use std::env;

use crate::model::{By, Secret};

/// Credentials by the variable of the environment that rules name them by: those that a person had read from the
/// settings of another tool, and the environment for all others.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<&'static str, Option<Secret>>);

impl Credentials {
    /// Takes one in place of the environment's; nothing, where there is to be none.
    pub fn add(&mut self, variable: &'static str, value: Option<Secret>) {
        self.0.insert(variable, value);
    }

    /// The value for a variable, unless there is none or an empty one.
    pub fn get(&self, variable: &str) -> Option<Secret> {
        let value = match self.0.get(variable) {
            Some(value) => value.clone(),
            None => env::var_os(variable).map(|value| Secret::new(value.as_encoded_bytes())),
        };
        value.filter(|value| !value.expose().trim_ascii().is_empty())
    }

    /// What a call takes, by names as in templates.
    ///
    /// # Errors
    /// The names of all variables that it needs, where one of them has no value.
    pub(super) fn of(&self, by: By) -> Result<Vec<(String, Secret)>, String> {
        let By::Admin(names) = by else { return Ok(vec![]) };
        let mut found = vec![];
        for name in names.iter() {
            let plain = name.trim_end_matches('?');
            match self.get(plain) {
                Some(value) => found.push((plain.to_ascii_lowercase(), value)),
                None if plain != *name => {}
                None => {
                    let needed = names.iter().filter(|name| !name.ends_with('?'));
                    return Err(needed.copied().collect::<Vec<_>>().join(" and "));
                }
            }
        }
        Ok(found)
    }
}
