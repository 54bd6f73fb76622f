//! `stanch rules`: list, explain, check and start rules; and the rules that a user brings along.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::CommandError;
use crate::engine::{Engine, Text};
use crate::model::{BlobPath, By, Rule};
use crate::rules::schema::{self, Fault, Located};
use crate::rules::{BUILTIN, pattern, template};
use crate::{proofs, report};

/// How many seeds every template is filled from.
const SEEDS: u64 = 5;

/// How alike ids are, from 0 to 1, where one may be meant by the other.
const ALIKE: f64 = 0.6;

/// A longest match up to this many bytes is bearable for a rule that is tried at every place.
const BEARABLE: usize = 1024;

/// One line a rule, for people.
///
/// # Errors
/// When `out` cannot be written to.
pub fn list(out: &mut dyn Write) -> Result<(), CommandError> {
    let width =
        |of: fn(&Rule) -> &str| BUILTIN.iter().map(|rule| of(rule).chars().count()).max().unwrap_or(0);
    let (id, provider) = (width(|rule| rule.id), width(|rule| rule.provider));
    writeln!(
        out,
        "{:id$}  {:provider$}  {:8}  {:11}  {:11}  proof",
        "id", "provider", "severity", "verify", "revoke"
    )?;
    for rule in BUILTIN {
        let severity = rule.severity.as_str();
        writeln!(
            out,
            "{:id$}  {:provider$}  {severity:8}  {:11}  {:11}  {}",
            rule.id,
            rule.provider,
            rule.verify.first().map_or("-", |verify| verify.source),
            rule.revoke.first().map_or("-", |revoke| revoke.source),
            offline(rule).unwrap_or("-")
        )?;
    }
    let count = |has: fn(&&Rule) -> bool| BUILTIN.iter().filter(has).count();
    writeln!(
        out,
        "{} rules: {} say something of a token offline, {} ask its provider, {} revoke it",
        BUILTIN.len(),
        count(|rule| offline(rule).is_some()),
        count(|rule| !rule.verify.is_empty() || rule.login.is_some()),
        count(|rule| !rule.revoke.is_empty())
    )?;
    Ok(())
}

/// What is learnt of a token without asking anyone: by its proof, or from the parts of it that are public.
fn offline(rule: &Rule) -> Option<&'static str> {
    rule.proof.or((!rule.tells.is_empty()).then_some("public parts"))
}

/// A rule in `stanch rules list --format json`.
#[derive(Serialize)]
struct Listed {
    id: &'static str,
    provider: &'static str,
    name: &'static str,
    category: &'static str,
    severity: &'static str,
    proof: Option<&'static str>,
    tells: Vec<&'static str>,
    verify: Option<&'static str>,
    /// `itself`, or `admin` where another's credential is needed.
    revoke_by: Option<&'static str>,
    revoke: Option<&'static str>,
    revoke_page: Option<&'static str>,
    source: &'static str,
}

/// All rules as a JSON array.
///
/// # Errors
/// When `out` cannot be written to.
pub fn list_json(out: &mut dyn Write) -> Result<(), CommandError> {
    let listed: Vec<Listed> = BUILTIN
        .iter()
        .map(|rule| Listed {
            id: rule.id,
            provider: rule.provider,
            name: rule.name,
            category: rule.category,
            severity: rule.severity.as_str(),
            proof: rule.proof,
            tells: labels(rule),
            verify: rule.verify.first().map(|verify| verify.source),
            revoke: rule.revoke.first().map(|revoke| revoke.source),
            revoke_by: rule.revoke.first().map(|revoke| match revoke.by {
                By::Itself => "itself",
                By::Admin(_) => "admin",
            }),
            revoke_page: rule.revoke_page,
            source: rule.source,
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &listed).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// What the rule looks for, why it matters, and what to do.
///
/// # Errors
/// When there is no such rule, or `out` cannot be written to.
pub fn explain(id: &str, out: &mut dyn Write) -> Result<(), CommandError> {
    let all: Vec<&Rule> = BUILTIN.iter().collect();
    let rule = BUILTIN.iter().find(|rule| rule.id == id).ok_or_else(|| unknown(id, &all))?;
    writeln!(out, "{} ({}, {}, {})", rule.name, rule.provider, rule.category, rule.severity.as_str())?;
    writeln!(out, "\n  {}\n", rule.risk)?;
    if !rule.prefix.is_empty() {
        writeln!(out, "  begins with  {}", rule.prefix)?;
    }
    writeln!(out, "  pattern      {}", rule.pattern)?;
    if !rule.context.is_empty() {
        writeln!(out, "  near         {}", rule.context.join(", "))?;
    }
    if !rule.files.is_empty() {
        writeln!(out, "  in files     {}", rule.files.join(", "))?;
    }
    writeln!(out, "  proof        {}", rule.proof.unwrap_or("none"))?;
    if !rule.tells.is_empty() {
        writeln!(out, "  tells        {}", labels(rule).join(", "))?;
    }
    writeln!(out, "  confidence   {}", rule.confidence.as_str())?;
    calls(rule, out)?;
    writeln!(
        out,
        "  by hand      {}",
        rule.revoke_page.unwrap_or("revoke or change it where it was issued")
    )?;
    for page in rule.docs {
        writeln!(out, "  see          {page}")?;
    }
    Ok(())
}

/// Under which labels a finding tells what the token says of itself.
fn labels(rule: &Rule) -> Vec<&'static str> {
    rule.tells.iter().map(|told| told.0).collect()
}

/// How its provider is asked, and how it is revoked.
fn calls(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let credentials = |by: By| match by {
        By::Itself => String::new(),
        By::Admin(names) => format!(", with {}", names.join(" and ")),
    };
    for verify in rule.verify.iter() {
        let call = verify.call;
        let with = credentials(verify.by);
        writeln!(out, "  verify       {} {} ({}){with}", call.method.as_str(), call.url, verify.source)?;
    }
    for lookup in rule.owner.iter() {
        let call = lookup.step.call;
        let with =
            if lookup.by.is_empty() { String::new() } else { format!(", with {}", lookup.by.join(" and ")) };
        writeln!(out, "  whose it is  {} {}{with}", call.method.as_str(), call.url)?;
    }
    for revoke in rule.revoke.iter() {
        let (call, with) = (revoke.call, credentials(revoke.by));
        let undone = if revoke.reversible { "can be undone" } else { "cannot be undone" };
        writeln!(
            out,
            "  {:12} {} {} ({}){with}",
            revoke.verb,
            call.method.as_str(),
            call.url,
            revoke.source
        )?;
        writeln!(out, "               dies: {}; {undone}. {}", revoke.damage.as_str(), revoke.effect)?;
    }
    if !(rule.verify.is_empty() && rule.revoke.is_empty()) {
        writeln!(out, "  your server  --endpoint {}=URL", rule.endpoint)?;
    }
    Ok(())
}

/// The error for an id that no rule has, with those that are nearest to it.
pub(super) fn unknown(id: &str, rules: &[&Rule]) -> CommandError {
    let mut near: Vec<(f64, &str)> = rules
        .iter()
        .map(|rule| (strsim::normalized_damerau_levenshtein(id, rule.id), rule.id))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let near: Vec<&str> = near.into_iter().map(|(_, id)| id).take(3).collect();
    let hint = match near[..] {
        [] => "`stanch rules list` shows all".to_owned(),
        _ => format!("did you mean {}?", near.join(" or ")),
    };
    CommandError::new(format!("there is no rule `{id}`; {hint}"))
}

/// The rules of files and folders that a user named.
///
/// # Errors
/// All faults of all files, one a line.
pub(super) fn load(paths: &[PathBuf]) -> Result<Vec<&'static Rule>, CommandError> {
    if paths.is_empty() {
        return Ok(vec![]);
    }
    let mut rules: Vec<&'static Rule> = vec![];
    let mut faults = vec![];
    for file in rule_files(paths)? {
        match read(&file)? {
            Ok((_, located)) => rules.extend(located.iter().map(|located| located.rule)),
            Err(found) => faults.extend(found.iter().map(|fault| format!("{}:{fault}", file.display()))),
        }
    }
    for rule in &rules {
        let same = BUILTIN.iter().chain(rules.iter().copied()).filter(|other| other.id == rule.id).count();
        if same > 1 {
            faults.push(format!("the id `{}` is used twice; rename your rule", rule.id));
        }
    }
    faults.dedup();
    if faults.is_empty() { Ok(rules) } else { Err(CommandError::all(faults)) }
}

/// Checks rule files: their form, their patterns, and that their own examples hold.
///
/// # Errors
/// All faults of all files, one a line; or a file that cannot be read.
pub fn check(paths: &[PathBuf], out: &mut dyn Write) -> Result<(), CommandError> {
    let mut faults = vec![];
    let mut checked = 0;
    for file in rule_files(paths)? {
        let found = match read(&file)? {
            Ok((text, located)) => {
                checked += located.len();
                located.iter().flat_map(|located| try_out(&text, located)).collect()
            }
            Err(found) => found,
        };
        faults.extend(found.iter().map(|fault| format!("{}:{fault}", file.display())));
    }
    if !faults.is_empty() {
        return Err(CommandError::all(faults));
    }
    writeln!(out, "{checked} {}, no faults", if checked == 1 { "rule" } else { "rules" })?;
    Ok(())
}

/// Writes a rule file to start from.
///
/// # Errors
/// When the file is there already or cannot be written.
pub fn create(provider: &str, folder: &Path, out: &mut dyn Write) -> Result<(), CommandError> {
    let words: Vec<String> = provider
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() {
        return Err(CommandError::new(format!("`{provider}` holds no letter or digit to name a file after")));
    }
    let slug = words.join("-");
    let path = folder.join(format!("{slug}.toml"));
    let failed = |error: io::Error| {
        CommandError::new(format!("{}: the rule file cannot be made: {error}", path.display()))
    };
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(starter(provider, &slug, &words[0]).as_bytes()).map_err(failed)?;
    writeln!(out, "wrote {}; edit it, then run `stanch rules check {}`", path.display(), path.display())?;
    Ok(())
}

fn starter(provider: &str, slug: &str, prefix: &str) -> String {
    // A string of JSON is one of TOML as well.
    let provider = serde_json::Value::from(provider).to_string();
    format!(
        r#"# What {slug} tokens look like. `stanch rules check` says what is wrong with this file.
provider = {provider}

[[rule]]
id = "{slug}-token"
name = "{slug} token"
category = "saas"
severity = "high"
risk = "Say in one sentence what a thief can do with it."
source = "own"
pattern = '{prefix}_[0-9A-Za-z]{{32}}'
examples = ["{prefix}_{{base62:32}}"]
near_misses = ["{prefix}_{{base62:31}}", "{prefix}_{{base62:20}}-{{base62:11}}"]
"#
    )
}

/// Rule files among the named paths, folders opened, sorted.
fn rule_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = vec![];
    for path in paths {
        let failed = |error: io::Error| {
            CommandError::new(format!("{}: the rules cannot be read: {error}", path.display()))
        };
        if fs::metadata(path).map_err(failed)?.is_dir() {
            for entry in fs::read_dir(path).map_err(failed)? {
                let file = entry.map_err(failed)?.path();
                files.extend(
                    Some(file).filter(|file| file.extension().is_some_and(|extension| extension == "toml")),
                );
            }
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(CommandError::new(format!("{}: no rule file is there (*.toml)", named.join(", "))));
    }
    Ok(files)
}

type Read = Result<(String, Vec<Located>), Vec<Fault>>;

fn read(file: &Path) -> Result<Read, CommandError> {
    let text = fs::read_to_string(file).map_err(|error| {
        CommandError::new(format!("{}: the rule file cannot be read: {error}", file.display()))
    })?;
    Ok(schema::parse(&text, &|name| proofs::by_name(name).is_some()).and_then(|located| {
        let faults: Vec<Fault> = located.iter().filter_map(|located| compile_fault(&text, located)).collect();
        if faults.is_empty() { Ok((text, located)) } else { Err(faults) }
    }))
}

/// A pattern that cannot be afforded.
fn compile_fault(text: &str, located: &Located) -> Option<Fault> {
    let rule = located.rule;
    let everywhere = rule.files.is_empty() && rule.is_tried_everywhere();
    let message = match pattern::compile(rule.pattern) {
        Err(message) => message,
        Ok(_) if everywhere && rule.max_len > BEARABLE => format!(
            "nothing in the pattern can be looked for quickly, and a match can be {} bytes long; add a fixed text, or bound it to {BEARABLE} bytes",
            rule.max_len
        ),
        Ok(_) => return None,
    };
    Some(fault(text, located, message))
}

fn fault(text: &str, located: &Located, message: String) -> Fault {
    let (line, column) = schema::line_and_column(text, located.offset);
    Fault { line, column, message: format!("rule `{}`: {message}", located.rule.id) }
}

/// Fills the templates of a rule and looks for them with this rule alone.
fn try_out(text: &str, located: &Located) -> Vec<Fault> {
    let rule = located.rule;
    let engine = Engine::new(vec![rule]);
    let path = BlobPath::from(rule.files.first().map_or("file", |name| name.trim_start_matches("*")));
    let word = rule.context.first().map_or(String::new(), |word| format!("{word} = "));
    let found = |text: &str| engine.scan(Text { bytes: text.as_bytes(), path: &path, binary: false }).len();
    let mut messages = vec![];
    // A near miss brings its own context words, an example stands beside the first one of its rule.
    for (templates, before, wanted) in [(rule.examples, &word[..], 1), (rule.near_misses, "", 0)] {
        for template in templates {
            for seed in 0..SEEDS {
                match template::fill(template, seed).map(|value| found(&format!("{before}{value}\n"))) {
                    Err(message) => messages.push(message),
                    Ok(times) if times == wanted => {}
                    Ok(times) if wanted == 1 => {
                        messages.push(format!("the example `{template}` is found {times} times, not once"));
                    }
                    Ok(_) => messages.push(format!("the near miss `{template}` is found, and must not be")),
                }
            }
        }
    }
    messages.dedup();
    messages
        .into_iter()
        .map(|message| fault(text, located, report::sanitize(&message).into_owned()))
        .collect()
}
