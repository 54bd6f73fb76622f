//! Reads a rule file: one provider, its rules, and every fault of the file at once.
//!
//! The keys are described in `rules/README.md`; a test holds that page against [`KEYS`].

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

mod calls;

use super::analyse::{Given, MAX_LEN, analyse};
use crate::model::{ByteSet, Confidence, Promise, Rule, Severity, Specificity, Strength, WrongProof};
use crate::proofs::names::DECODING;

/// One thing that is wrong with a rule file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// A rule and where its parts stand in the file, for faults that show only when the rule is tried.
#[derive(Debug)]
pub struct Located {
    /// The rule.
    pub rule: &'static Rule,
    /// Byte offset of its `[[rule]]` table.
    pub offset: usize,
}

/// Every key that a `[[rule]]` may have.
pub const KEYS: &[&str] = &[
    "category",
    "claims",
    "companions",
    "confidence",
    "context",
    "docs",
    "drop_samples",
    "endpoint",
    "examples",
    "family",
    "files",
    "id",
    "in_binary",
    "login",
    "max_length",
    "name",
    "near_misses",
    "needs_both_cases",
    "needs_digit",
    "not_after",
    "not_before",
    "owner",
    "parts",
    "pattern",
    "promises",
    "proof",
    "provider",
    "revoke",
    "revoke_page",
    "risk",
    "severity",
    "source",
    "specificity",
    "strength",
    "tells",
    "verify",
    "wrong_proof",
];

/// Sorts of services; the same words as in reports.
pub const CATEGORIES: &[&str] = &[
    "ai",
    "ci-cd",
    "cloud",
    "code-host",
    "comms",
    "crypto",
    "database",
    "email",
    "generic",
    "identity",
    "infra",
    "key-material",
    "observability",
    "package-registry",
    "payments",
    "saas",
];

const SOURCES: &[&str] = &["vendor-doc", "peers-agree", "one-source", "own"];

/// Reads a rule file. Its `provider` is that of all its rules but those that name their own, as in files
/// about a kind of secret (private keys) that many issue. The rules are leaked: they live as long as the process, see [`Rule`].
///
/// `is_proof` tells whether a proof of that name exists.
///
/// # Errors
/// All faults of the file, in the order of their lines.
pub fn parse(text: &str, is_proof: &dyn Fn(&str) -> bool) -> Result<Vec<Located>, Vec<Fault>> {
    let mut faults = Faults { text, list: vec![] };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        faults.add(error.span().unwrap_or(0..0), error.message().to_owned());
    }
    let rules = file(document.get_ref(), document.span(), is_proof, &mut faults);
    faults.list.sort();
    faults.list.dedup();
    if faults.list.is_empty() { Ok(rules) } else { Err(faults.list) }
}

/// Line and column, both from 1, of a byte offset.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

struct Faults<'a> {
    text: &'a str,
    list: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, span: Range<usize>, message: String) {
        let (line, column) = line_and_column(self.text, span.start);
        self.list.push(Fault { line, column, message });
    }
}

fn file(
    document: &DeTable<'_>,
    span: Range<usize>,
    is_proof: &dyn Fn(&str) -> bool,
    faults: &mut Faults<'_>,
) -> Vec<Located> {
    for (key, _) in document.iter() {
        if !["provider", "rule"].contains(&key.get_ref().as_ref()) {
            faults.add(
                key.span(),
                format!("unknown key `{}`; a rule file has `provider` and `[[rule]]`", key.get_ref()),
            );
        }
    }
    let provider = match document.get("provider").map(|value| (value.get_ref().as_str(), value.span())) {
        Some((Some(provider), _)) if !provider.trim().is_empty() => leak(provider),
        Some((_, span)) => {
            return refuse(faults, span, "`provider` must be the vendor's name, a non-empty string");
        }
        None => return refuse(faults, span, "`provider = \"...\"` is missing at the top of the file"),
    };
    let tables = match document.get("rule").map(|value| (value.get_ref().as_array(), value.span())) {
        Some((Some(tables), _)) => tables,
        Some((None, span)) => {
            return refuse(faults, span, "`rule` must be a list of tables: write `[[rule]]`");
        }
        None => return refuse(faults, span, "the file holds no `[[rule]]`"),
    };
    let mut rules: Vec<Located> = vec![];
    for table in tables.iter() {
        let Some(entries) = table.get_ref().as_table() else {
            faults.add(table.span(), "`rule` must be a list of tables: write `[[rule]]`".into());
            continue;
        };
        let mut reader = Reader { table: entries, span: table.span(), faults };
        if let Some(rule) = reader.rule(provider, is_proof) {
            if rules.iter().any(|other| other.rule.id == rule.id) {
                faults.add(table.span(), format!("the id `{}` is used twice", rule.id));
            }
            rules.push(Located { rule: Box::leak(Box::new(rule)), offset: table.span().start });
        }
    }
    rules
}

fn refuse(faults: &mut Faults<'_>, span: Range<usize>, message: &str) -> Vec<Located> {
    faults.add(span, message.to_owned());
    vec![]
}

/// One `[[rule]]` table.
struct Reader<'a, 'f, 't> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
    faults: &'f mut Faults<'t>,
}

impl Reader<'_, '_, '_> {
    fn rule(&mut self, provider: &'static str, is_proof: &dyn Fn(&str) -> bool) -> Option<Rule> {
        self.known_keys(KEYS, "a rule");
        let id = self.id();
        let provider = self.optional("provider").unwrap_or(provider);
        let name = self.required("name");
        let risk = self.required("risk");
        let severity = self.one_of("severity", &["low", "medium", "high", "critical"], None);
        let category = self.one_of("category", CATEGORIES, None);
        let source = self.one_of("source", SOURCES, None);
        let confidence = self.one_of("confidence", &["likely", "possible"], Some("likely"));
        let wrong_proof = self.one_of("wrong_proof", &["drops", "lowers"], Some("drops"));
        let specificity =
            self.one_of("specificity", &["auto", "prefix", "structure", "context", "generic"], Some("auto"));
        let strength = self.one_of("strength", &["auto", "random", "weak"], Some("auto"));
        let context = self.context();
        let examples = self.strings("examples");
        let near_misses = self.strings("near_misses");
        if examples.is_empty() {
            self.fault(
                "examples",
                "at least one template in `examples` is needed: it is the rule's test".into(),
            );
        }
        if near_misses.len() < 2 {
            self.fault(
                "near_misses",
                "at least two templates in `near_misses` are needed: look-alikes that are no token".into(),
            );
        }
        let proof = self.optional("proof");
        if let Some(proof) = proof.filter(|proof| !is_proof(proof)) {
            self.fault("proof", format!("there is no proof `{proof}`; `rules/README.md` lists them"));
        }
        let (claims, tells) = (self.claims(), self.tells());
        let decodes = proof.is_some_and(|proof| DECODING.contains(&proof));
        let reads = |key| match key {
            "claims" => !claims.is_empty(),
            _ => tells.iter().any(|told| told.1.starts_with('/')),
        };
        for key in ["claims", "tells"].into_iter().filter(|key| reads(key) && !decodes) {
            let known = DECODING.join(", ");
            self.fault(key, format!("`{key}` speaks of JSON, which one of these proofs decodes: {known}"));
        }
        let promises = self.one_of("promises", &["nothing", "password", "token", "salt"], Some("nothing"));
        let promise = match promises? {
            "password" => Some(Promise::Password),
            "token" => Some(Promise::Token),
            "salt" => Some(Promise::Salt),
            _ => None,
        };
        let max_length = self.max_length();
        let pattern = self.required("pattern")?;
        let analysis = match analyse(pattern, max_length) {
            Ok(analysis) => analysis,
            Err(message) => {
                self.fault("pattern", message);
                return None;
            }
        };
        let guard = |natural| if promise.is_some() { ByteSet::EMPTY } else { natural };
        let not_before = self.class("not_before")?.unwrap_or(guard(analysis.not_before));
        let not_after = self.class("not_after")?.unwrap_or(guard(analysis.not_after));
        let files = self.strings("files");
        let specificity = match specificity? {
            "prefix" => Specificity::Prefix,
            "structure" => Specificity::Structure,
            "context" => Specificity::Context,
            "generic" => Specificity::Generic,
            _ if promise.is_some() => Specificity::Judged,
            _ if !context.is_empty() => Specificity::Context,
            _ if analysis.prefix.len() >= 3 => Specificity::Prefix,
            _ => Specificity::Structure,
        };
        let strength = match strength? {
            "random" => Strength::Random,
            "weak" => Strength::Weak,
            _ if promise.is_some() => Strength::Weak,
            _ => analysis.strength,
        };
        let sure_in_binary =
            specificity == Specificity::Prefix && strength == Strength::Random && files.is_empty();
        // Words near a value and its shape are little to go by: there it must look as random as it should be.
        let must_look_random = specificity == Specificity::Context;
        let needs_digit = self.flag("needs_digit").unwrap_or(must_look_random);
        let has_context = !context.is_empty();
        let anchors = analysis.anchors(Given { not_before, not_after, has_context, needs_digit });
        let calls = self.calls(source?);
        Some(Rule {
            id: id?,
            family: self.optional("family").or(id)?,
            provider,
            name: name?,
            category: category?,
            severity: Severity::ALL.into_iter().find(|known| Some(known.as_str()) == severity)?,
            risk: risk?,
            revoke_page: self.optional("revoke_page"),
            docs: self.strings("docs"),
            source: source?,
            pattern,
            promise,
            max_len: analysis.max_len,
            prefix: if promise.is_some() { "" } else { leak(&analysis.prefix) },
            specificity,
            confidence: if confidence? == "likely" { Confidence::Likely } else { Confidence::Possible },
            strength,
            anchors: Vec::leak(anchors),
            head: Vec::leak(analysis.head),
            not_before,
            not_after,
            context,
            proof,
            wrong_proof: if wrong_proof? == "drops" { WrongProof::Drops } else { WrongProof::Lowers },
            claims,
            tells,
            needs_digit,
            needs_both_cases: self
                .flag("needs_both_cases")
                .unwrap_or(must_look_random && analysis.mixes_cases),
            drop_samples: self.flag("drop_samples").unwrap_or(true),
            files,
            in_binary: self.flag("in_binary").unwrap_or(sure_in_binary),
            endpoint: self.optional("endpoint").unwrap_or_else(|| leak(&slug(provider))),
            parts: calls.parts,
            companions: calls.companions,
            login: self.login(&calls.companions),
            verify: calls.verify,
            owner: calls.owner,
            revoke: calls.revoke,
            examples,
            near_misses,
        })
    }

    fn known_keys(&mut self, known: &[&str], place: &str) {
        for (key, _) in self.table.iter() {
            if !known.contains(&key.get_ref().as_ref()) {
                self.faults.add(
                    key.span(),
                    format!("unknown key `{}` in {place}; known are: {}", key.get_ref(), known.join(", ")),
                );
            }
        }
    }

    fn id(&mut self) -> Option<&'static str> {
        let id = self.required("id")?;
        let kebab = id.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if !kebab {
            self.fault("id", format!("`{id}` must be lower-case words and digits joined by single hyphens"));
        }
        kebab.then_some(id)
    }

    fn required(&mut self, key: &str) -> Option<&'static str> {
        if !self.table.contains_key(key) {
            self.faults.add(self.span.clone(), format!("`{key}` is missing"));
            return None;
        }
        self.optional(key)
    }

    fn optional(&mut self, key: &str) -> Option<&'static str> {
        let value = self.table.get(key)?;
        let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.fault(key, format!("`{key}` must be a non-empty string"));
        }
        text.map(leak)
    }

    fn one_of(
        &mut self,
        key: &str,
        words: &[&'static str],
        default: Option<&'static str>,
    ) -> Option<&'static str> {
        if !self.table.contains_key(key) && default.is_some() {
            return default;
        }
        let given = self.required(key)?;
        let known = words.iter().copied().find(|word| *word == given);
        if known.is_none() {
            self.fault(key, format!("`{given}` is no {key}; choose one of: {}", words.join(", ")));
        }
        known
    }

    fn strings(&mut self, key: &str) -> &'static [&'static str] {
        let Some(value) = self.table.get(key) else { return &[] };
        let texts: Option<Vec<&'static str>> = value
            .get_ref()
            .as_array()
            .and_then(|list| list.iter().map(|item| item.get_ref().as_str().map(leak)).collect());
        match texts {
            Some(texts) if texts.iter().all(|text| !text.is_empty()) => texts.leak(),
            _ => {
                self.fault(key, format!("`{key}` must be a list of non-empty strings"));
                &[]
            }
        }
    }

    fn context(&mut self) -> &'static [&'static str] {
        let words = self.strings("context");
        for word in words {
            if word.len() < 3 || word.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
                self.fault("context", format!("`{word}` must be at least three ASCII characters, lower case (case is ignored in the text)"));
            }
        }
        words
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let flag = self.table.get(key)?.get_ref().as_bool();
        if flag.is_none() {
            self.fault(key, format!("`{key}` must be true or false"));
        }
        flag
    }

    fn max_length(&mut self) -> Option<usize> {
        let value = self.table.get("max_length")?.get_ref();
        let length = value
            .as_integer()
            .and_then(|integer| usize::from_str_radix(integer.as_str(), integer.radix()).ok());
        let length = length.filter(|length| (1..=MAX_LEN).contains(length));
        if length.is_none() {
            self.fault("max_length", format!("`max_length` must be a number of bytes from 1 to {MAX_LEN}"));
        }
        length
    }

    /// A character class such as `[A-Za-z_]`; the empty string is the empty set. The outer `None` means
    /// that a fault was noted.
    fn class(&mut self, key: &str) -> Option<Option<ByteSet>> {
        let Some(value) = self.table.get(key) else { return Some(None) };
        let set = value.get_ref().as_str().and_then(super::analyse::class);
        if set.is_none() {
            self.fault(
                key,
                format!("`{key}` must be a character class such as \"[A-Za-z0-9_]\", or \"\" for no guard"),
            );
        }
        set.map(Some)
    }

    fn fault(&mut self, key: &str, message: String) {
        let span = self.table.get(key).map_or(self.span.clone(), Spanned::span);
        self.faults.add(span, message);
    }
}

/// What joins the words of a name, in one language or another: `api-key`, `api_key`, `apiKey`, `api.key`.
pub const JOINTS: [&str; 4] = ["-", "_", "", "."];

/// Whether a context word is a name, whose hyphens stand for any of the [`JOINTS`].
pub fn is_name(word: &str) -> bool {
    word.contains('-') && word.split('-').all(|part| !part.is_empty())
}

/// What a context word stands for: a name however it is spelled. The word itself comes first.
pub fn spellings(word: &str) -> Vec<String> {
    if is_name(word) { JOINTS.map(|joint| word.replace('-', joint)).to_vec() } else { vec![word.to_owned()] }
}

/// A name in lower-case words and hyphens.
fn slug(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
