//! Where a person's package manager has its registry, in the person's own settings and never in those of a project:
//! `--endpoint npm=npmrc`, `--endpoint cargo-registry=cargo`.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;

use serde_json::Value;
use toml::de::DeTable;
use url::Url;

use super::credentials::in_home;

/// What is written in place of an address.
pub(super) const NPMRC: &str = "npmrc";
pub(super) const CARGO: &str = "cargo";

/// The registry that npm asks (npm, "npmrc").
///
/// # Errors
/// Where it is not told, and what to do.
pub(super) fn of_npm() -> Result<String, String> {
    let of_environment = ["npm_config_registry", "NPM_CONFIG_REGISTRY"].into_iter().find_map(env::var_os);
    if let Some(url) = of_environment.and_then(|url| url.into_string().ok()).filter(|url| !url.is_empty()) {
        return Ok(url);
    }
    let file = in_home("NPM_CONFIG_USERCONFIG", ".npmrc")?;
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    // The last line counts.
    let mut pairs = text.lines().rev().filter_map(|line| line.split_once('='));
    let registry = pairs.find(|(key, _)| key.trim() == "registry");
    match registry.map(|(_, url)| url.trim().trim_matches('"')) {
        Some(url) if !url.contains("${") => Ok(url.to_owned()),
        Some(_) => Err(format!("{}: `registry` holds a variable; write the URL instead", file.display())),
        None => Err(format!("{}: it names no `registry`; write the URL instead", file.display())),
    }
}

/// The registry that cargo asks: where its configuration names a default, that one, otherwise the only one it has used.
/// An index says itself where its API is, and cargo keeps what it said (The Cargo Book, "Registry Index").
///
/// # Errors
/// Where it is not told, and what to do.
pub(super) fn of_cargo() -> Result<String, String> {
    let folder = in_home("CARGO_HOME", ".cargo")?;
    let host = default_of(&folder.join("config.toml"))?;
    let indexes = folder.join("registry/index");
    let entries = fs::read_dir(&indexes).map_err(|error| format!("{}: {error}", indexes.display()))?;
    let mut apis = BTreeSet::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // HOST-HASH
        let is_wanted =
            host.as_deref().is_none_or(|host| name.rsplit_once('-').is_some_and(|name| name.0 == host));
        let told = fs::read_to_string(entry.path().join("config.json")).ok().filter(|_| is_wanted);
        let told: Option<Value> = told.and_then(|text| serde_json::from_str(&text).ok());
        apis.extend(told.as_ref().and_then(|told| told["api"].as_str()).map(str::to_owned));
    }
    match (apis.len(), apis.pop_first()) {
        (1, Some(api)) => Ok(api),
        (0, _) => Err(format!(
            "{}: no index there says where its API is; let cargo use the registry once, or write the URL instead",
            indexes.display()
        )),
        _ => Err(format!(
            "{}: several registries are known; name one with `registry.default` in cargo's config.toml, or write the URL instead",
            indexes.display()
        )),
    }
}

/// The host of the index of the default registry, where the configuration names one.
fn default_of(file: &Path) -> Result<Option<String>, String> {
    let failed = |why: &str| format!("{}: {why}", file.display());
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error.to_string())),
    };
    let table = DeTable::parse(&text).map_err(|error| failed(error.message()))?;
    let Some(name) = text_at(table.get_ref(), &["registry", "default"]) else { return Ok(None) };
    let index = text_at(table.get_ref(), &["registries", &name, "index"])
        .ok_or_else(|| failed(&format!("`registries.{name}` names no index; write the URL instead")))?;
    let url = Url::parse(index.trim_start_matches("sparse+")).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.map(|host| Some(host.to_owned()))
        .ok_or_else(|| failed(&format!("`{index}` is no address of an index")))
}

/// A text below keys of a document.
fn text_at(table: &DeTable<'_>, path: &[&str]) -> Option<String> {
    match path {
        [key] => table.get(*key)?.get_ref().as_str().map(str::to_owned),
        [key, rest @ ..] => text_at(table.get(*key)?.get_ref().as_table()?, rest),
        [] => None,
    }
}
