//! Credentials that a person gave another tool, read where `--credentials` names it: `aws=PROFILE`, `gh=HOST`,
//! `glab=HOST`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::CommandError;
use super::xdg::{config_home, home};
use crate::model::Secret;
use crate::net::Credentials;

/// What the tools keep, by the variables that rules name.
pub(super) fn credentials(typed: &[String]) -> Result<Credentials, CommandError> {
    let mut credentials = Credentials::default();
    let mut faults = vec![];
    for from in typed {
        let (tool, of) = from.split_once('=').map_or((from.as_str(), None), |(tool, of)| (tool, Some(of)));
        let found = match tool {
            "aws" => aws(of),
            "gh" => gh(of.unwrap_or("github.com")),
            "glab" => glab(of.unwrap_or("gitlab.com")),
            _ => Err(format!("`{tool}` is no tool whose credentials are known; known are: aws, gh, glab")),
        };
        match found {
            Ok(found) => found.into_iter().for_each(|(variable, value)| credentials.add(variable, value)),
            Err(why) => faults.push(format!("--credentials {from}: {why}")),
        }
    }
    if faults.is_empty() { Ok(credentials) } else { Err(CommandError::all(faults)) }
}

/// Values by variable; what has none must not be taken from the environment either, where it belongs to another key.
type Found = Vec<(&'static str, Option<Secret>)>;

/// A profile of the file that AWS's tools share (AWS, "Configuration and credential file settings").
fn aws(profile: Option<&str>) -> Result<Found, String> {
    let of_environment = env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    let profile = profile.or(of_environment.as_deref()).unwrap_or("default");
    let file = in_home("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")?;
    let text = read(&file)?;
    let value = |key| of_section(&text, profile, key).map(|value| Secret::new(value.as_bytes()));
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(id), Some(key)) => Ok(vec![
            ("AWS_ACCESS_KEY_ID", Some(id)),
            ("AWS_SECRET_ACCESS_KEY", Some(key)),
            ("AWS_SESSION_TOKEN", value("aws_session_token")),
        ]),
        _ => Err(format!(
            "{}: the profile `{profile}` holds no key; where another tool makes one, as for single sign-on, let it set AWS_ACCESS_KEY_ID and its like",
            file.display()
        )),
    }
}

/// A value of a section in a file of `[section]` and `key = value`.
fn of_section<'a>(text: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name.trim() == section;
        } else if inside
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            return Some(value.trim()).filter(|value| !value.is_empty());
        }
    }
    None
}

fn gh(host: &str) -> Result<Found, String> {
    let file = in_config("GH_CONFIG_DIR", "gh").map(|folder| folder.join("hosts.yml"))?;
    let token = at(&read(&file)?, &[host, "oauth_token"]).ok_or_else(|| {
        let file = file.display();
        format!(
            "{file}: there is no token for {host}; where gh keeps it in the system's keyring, set GITHUB_ADMIN_TOKEN to what `gh auth token` prints"
        )
    })?;
    Ok(vec![("GITHUB_ADMIN_TOKEN", Some(token.clone())), ("GITHUB_TOKEN", Some(token))])
}

fn glab(host: &str) -> Result<Found, String> {
    let file = in_config("GLAB_CONFIG_DIR", "glab-cli").map(|folder| folder.join("config.yml"))?;
    let token = at(&read(&file)?, &["hosts", host, "token"])
        .ok_or_else(|| format!("{}: there is no token for {host}; set GITLAB_ADMIN_TOKEN", file.display()))?;
    Ok(vec![("GITLAB_ADMIN_TOKEN", Some(token))])
}

/// A value in a file of YAML as these tools write it: mappings by indentation, a scalar behind its key. Anything else
/// is not found.
fn at(text: &str, path: &[&str]) -> Option<Secret> {
    let mut above: Vec<(usize, &str)> = vec![];
    for line in text.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        let Some((key, value)) = bare.split_once(':').filter(|_| !bare.starts_with(['#', '-'])) else {
            continue;
        };
        above.retain(|(before, _)| *before < indent);
        above.push((indent, unquoted(key)));
        if above.iter().map(|(_, key)| *key).eq(path.iter().copied()) {
            // glab has written its token behind a tag.
            let value = value.trim();
            let value = unquoted(value.strip_prefix("!!null ").unwrap_or(value).trim());
            return Some(value).filter(|value| !value.is_empty()).map(|value| Secret::new(value.as_bytes()));
        }
    }
    None
}

fn unquoted(text: &str) -> &str {
    let within = |mark| text.strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

fn read(file: &Path) -> Result<Zeroizing<String>, String> {
    fs::read_to_string(file).map(Zeroizing::new).map_err(|error| format!("{}: {error}", file.display()))
}

/// A file in the person's own folder, unless a variable names another.
pub(super) fn in_home(variable: &str, usual: &str) -> Result<PathBuf, String> {
    match env::var_os(variable).filter(|path| !path.is_empty()) {
        Some(path) => Ok(PathBuf::from(path)),
        None => home("HOME", "", "it").map(|home| home.join(usual)).map_err(|error| error.to_string()),
    }
}

fn in_config(variable: &str, usual: &str) -> Result<PathBuf, String> {
    match env::var_os(variable).filter(|path| !path.is_empty()) {
        Some(path) => Ok(PathBuf::from(path)),
        None => config_home().map(|folder| folder.join(usual)).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles() {
        let file =
            "[default]\naws_access_key_id = A\n# x\n\n[ admin ]\naws_access_key_id=B\n empty =\n[last]\n";
        for (section, key, expected) in [
            ("default", "aws_access_key_id", Some("A")),
            ("admin", "aws_access_key_id", Some("B")),
            ("admin", "empty", None),
            ("last", "aws_access_key_id", None),
            ("other", "aws_access_key_id", None),
        ] {
            assert_eq!(of_section(file, section, key), expected, "{section} {key}");
        }
    }

    #[test]
    fn scalars_by_their_keys() {
        let file = "# made by hand\na.example:\n    user: ada\n    oauth_token: one\n    users:\n        ada:\n            \
                    oauth_token: two\nhosts:\n    \"b.example\":\n        token: !!null three\n    c.example:\n        \
                    token: 'four'\n        list:\n        - token: five\n    d.example:\n        token:\n";
        for (path, expected) in [
            (&["a.example", "oauth_token"][..], Some("one")),
            (&["a.example", "users", "ada", "oauth_token"], Some("two")),
            (&["hosts", "b.example", "token"], Some("three")),
            (&["hosts", "c.example", "token"], Some("four")),
            (&["hosts", "d.example", "token"], None),
            (&["b.example", "token"], None),
            (&["token"], None),
        ] {
            let found = at(file, path);
            let found = found.as_ref().map(|found| String::from_utf8_lossy(found.expose()).into_owned());
            assert_eq!(found.as_deref(), expected, "{path:?}");
        }
    }
}
