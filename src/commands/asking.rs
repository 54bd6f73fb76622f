//! What a person says of asking providers, and how it is done.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::credentials::credentials;
use super::xdg::config_home;
use super::{CommandError, registries};
use crate::findings::Settled;
use crate::model::{Confidence, Rule};
use crate::net::{Client, Endpoints, Options, Sent, Trust};
use crate::report::sanitize;
use crate::rules::BUILTIN;
use crate::verify::{Cache, Policy, ask_all, learn_owners};

/// By this variable a person names their own servers, too: `gitlab=https://git.example.com, npm=...`.
const ENDPOINTS: &str = "STANCH_ENDPOINTS";

/// How providers are asked.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// What may be asked.
    pub policy: Policy,
    /// The person's own servers, as typed: `NAME=URL`.
    pub endpoints: Vec<String>,
    /// The tools whose credentials are taken, as typed: `aws=PROFILE`.
    pub credentials: Vec<String>,
    /// A file with certificates that are trusted beside those of the system.
    pub ca_bundle: Option<PathBuf>,
    /// How many seconds a request may take.
    pub timeout: Option<u64>,
    /// The folder in which verdicts are kept for later runs.
    pub verdicts: Option<PathBuf>,
    /// Whether it is learnt whose tokens are without using them.
    pub owners: bool,
    /// Whether every request is told on standard error.
    pub loud: bool,
}

impl Asking {
    /// Asks about all findings that may be asked about.
    pub(super) fn ask(&self, settled: &mut Settled, rules: &[&'static Rule]) -> Result<(), CommandError> {
        let client = self.client(rules)?;
        let mut cache = match &self.verdicts {
            Some(folder) => Cache::open(folder).map_err(CommandError::new)?,
            None => Cache::default(),
        };
        if self.owners {
            let missing = learn_owners(&mut settled.findings, &client, &self.policy);
            missing.iter().for_each(|why| drop(writeln!(io::stderr(), "stanch: {}", sanitize(why))));
        }
        let before: Vec<Confidence> = settled.findings.iter().map(|finding| finding.confidence).collect();
        ask_all(&mut settled.findings, &client, &self.policy, &mut cache);
        for (finding, before) in settled.findings.iter().zip(before) {
            *settled.found.entry(before.as_str()).or_default() -= 1;
            *settled.found.entry(finding.confidence.as_str()).or_default() += 1;
        }
        cache.save().map_err(CommandError::new)
    }

    /// The client for it. The services of these rules may be named.
    pub(super) fn client(&self, rules: &[&'static Rule]) -> Result<Client, CommandError> {
        let trust = match &self.ca_bundle {
            Some(path) => {
                let failed = |why: String| CommandError::new(format!("{}: {why}", path.display()));
                let pem = fs::read(path)
                    .map_err(|error| failed(format!("the certificates cannot be read: {error}")))?;
                Trust::with(&pem).map_err(failed)?
            }
            None => Trust::default(),
        };
        let loud = |sent: &Sent<'_>| {
            let status = sent.status.map_or("no answer".to_owned(), |status| status.to_string());
            let line = format!("{} {} {} -> {status}", sent.method, sent.host, sent.template);
            let _ = writeln!(io::stderr(), "stanch: {}", sanitize(&line));
        };
        Ok(Client::new(Options {
            endpoints: self.endpoints(rules)?,
            credentials: credentials(&self.credentials)?,
            trust,
            timeout: self.timeout.map(Duration::from_secs),
            watch: if self.loud { Some(Box::new(loud)) } else { None },
        }))
    }

    /// The person's servers: those of their settings, of the environment, and as typed, the later ones first.
    fn endpoints(&self, rules: &[&'static Rule]) -> Result<Endpoints, CommandError> {
        let mut endpoints = Endpoints::default();
        let (mut faults, mut named) = (vec![], vec![]);
        named.extend(settings()?.into_iter().map(|(name, url)| (name, url, "endpoints.toml")));
        let variable = std::env::var(ENDPOINTS).unwrap_or_default();
        let typed = variable.split([',', ' ']).filter(|pair| !pair.is_empty()).map(|pair| (pair, ENDPOINTS));
        let typed = typed.chain(self.endpoints.iter().map(|pair| (pair.as_str(), "--endpoint")));
        for (pair, from) in typed {
            match pair.split_once('=') {
                Some((name, url)) => named.push((name.trim().to_owned(), url.trim().to_owned(), from)),
                None => faults.push(format!(
                    "{from}: `{pair}` must be NAME=URL, such as gitlab=https://git.example.com"
                )),
            }
        }
        let is_known = |name: &str| rules.iter().any(|rule| rule.endpoint == name);
        for (name, url, from) in named {
            let url = match (from, &*url) {
                // Only where a person says so, and not in what is remembered for all runs.
                ("--endpoint", registries::NPMRC) => registries::of_npm(),
                ("--endpoint", registries::CARGO) => registries::of_cargo(),
                _ => Ok(url),
            };
            let url = match url {
                Ok(url) => url,
                Err(why) => {
                    faults.push(format!("{from} {name}: {why}"));
                    continue;
                }
            };
            if !is_known(&name) {
                faults.push(format!("{from}: no rule asks a service `{name}`; {}", suggested(&name)));
            } else if let Err(why) = endpoints.add(&name, &url) {
                faults.push(format!("{from}: {name}: {why}"));
            }
        }
        if faults.is_empty() { Ok(endpoints) } else { Err(CommandError::all(faults)) }
    }
}

/// The known name that is most like it.
fn suggested(name: &str) -> String {
    let names = BUILTIN.iter().filter(|rule| !rule.verify.is_empty() || !rule.revoke.is_empty());
    let best = names
        .map(|rule| rule.endpoint)
        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    match best {
        Some(best) => format!("did you mean `{best}`? `stanch rules explain ID` names that of a rule"),
        None => "`stanch rules explain ID` names that of a rule".into(),
    }
}

/// `endpoints.toml` in the person's own settings: `gitlab = "https://git.example.com"`.
fn settings() -> Result<Vec<(String, String)>, CommandError> {
    let Ok(folder) = config_home() else { return Ok(vec![]) };
    let file = folder.join("stanch/endpoints.toml");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(CommandError::new(format!("{}: {error}", file.display()))),
    };
    let failed = |why: String| CommandError::new(format!("{}: {why}", file.display()));
    let table = toml::de::DeTable::parse(&text).map_err(|error| failed(error.message().to_owned()))?;
    let pair =
        |(name, url): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<toml::de::DeValue<'_>>)| {
            let name = name.get_ref().to_string();
            match url.get_ref().as_str() {
                Some(url) => Ok((name, url.to_owned())),
                None => Err(failed(format!("`{name}` must be a URL in quotes"))),
            }
        };
    table.get_ref().iter().map(pair).collect()
}
