//! Reads how a rule's tokens are asked about and revoked: the tables `verify` and `revoke` of a rule, and what
//! their templates refer to.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::{Reader, SOURCES, leak};
use crate::model::{
    Algorithm, At, Body, By, Call, Companion, Condition, Damage, Encoding, FoundBy, Hash, Header, LABELS,
    List, Lookup, Method, Piece, Revoke, Safety, Sample, Sign, Step, Test, Told, Verify, pieces,
};
use crate::proofs::names::READINGS;
use crate::rules::analyse::parse;

/// Every key of a call.
const CALL: &[&str] =
    &["auth", "basic", "delete", "form", "get", "headers", "json", "patch", "post", "put", "sign"];

/// Every key of `first`, beside those of a call.
const STEP: &[&str] = &["list", "matching", "take", "when"];

/// Every key of `verify`, beside those of a call.
const VERIFY: &[&str] = &[
    "by",
    "changes_state",
    "dead",
    "first",
    "live",
    "locks_out",
    "samples",
    "secret_in_url",
    "shows_in_log",
    "source",
    "tell",
];

/// Every key of `revoke`, beside those of a call.
const REVOKE: &[&str] = &[
    "accepts_any",
    "already",
    "batch",
    "by",
    "damage",
    "done",
    "effect",
    "first",
    "refused",
    "reversible",
    "samples",
    "secret_in_url",
    "source",
    "verb",
];

/// Every key of `owner`, beside those of a call and of `first`.
const LOOKUP: &[&str] = &["by", "source"];

/// What templates may name without anyone having to say where it is from.
const GIVEN: &[&str] = &[
    "address",
    "assertion",
    "endpoint",
    "fingerprint",
    "http_date",
    "now",
    "nonce",
    "secret",
    "secrets",
    "signature",
    "timestamp",
    "timestamp_ms",
];

/// What can be done to a value in a template: `{secret|split:.:1}`.
const FILTERS: &[&str] = &[
    "after",
    "base64",
    "base64-decode",
    "before",
    "first",
    "hex-decode",
    "json",
    "last",
    "lower",
    "path",
    "plus",
    "sha256-base64",
    "sha256-base64url",
    "sha256-hex",
    "split",
    "ssh-fingerprint",
    "url",
    "url-decode",
];

/// All that a rule says of calls.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) parts: List<Header>,
    pub(super) companions: List<Companion>,
    pub(super) verify: List<Verify>,
    pub(super) owner: List<Lookup>,
    pub(super) revoke: List<Revoke>,
}

impl Reader<'_, '_, '_> {
    pub(super) fn calls(&mut self, source: &'static str) -> Calls {
        let parts = self.pairs("parts");
        let companions = self.companions();
        let known: BTreeSet<&str> = parts
            .iter()
            .map(|part| part.0)
            .chain(companions.iter().map(|companion| companion.name))
            .chain(GIVEN.iter().copied())
            .collect();
        parts.iter().for_each(|part| self.template("parts", part.1, &known));
        let verify = self.below("verify", |table| table.verify(source, &known));
        let revoke = self.tables("revoke", |table| table.revoke(source, &known));
        if revoke.iter().any(|revoke| revoke.first.is_empty() && revoke.call.url.is_empty()) {
            self.fault("revoke", "a revocation needs a call".into());
        }
        let owner = self.tables("owner", |table| table.lookup(source, &known));
        Calls { parts, companions, verify: List::of(verify.into_iter().flatten().collect()), owner, revoke }
    }

    /// The name of the companion that is the address of a server.
    pub(super) fn login(&mut self, companions: &[Companion]) -> Option<&'static str> {
        let name = self.optional("login")?;
        let known =
            companions.iter().find(|companion| companion.name == name).map(|companion| companion.name);
        if known.is_none() {
            self.fault("login", format!("`{name}` is none of the rule's companions"));
        }
        known
    }

    fn companions(&mut self) -> List<Companion> {
        let named = self.pairs("companions");
        let companions = named.iter().map(|&Header(name, from)| {
            let from = match from.strip_prefix("rule:") {
                Some(rule) => FoundBy::OtherRule(rule),
                None => FoundBy::Pattern(from),
            };
            Companion { name: name.trim_end_matches('?'), from, optional: name.ends_with('?') }
        });
        let companions: Vec<Companion> = companions.collect();
        for companion in &companions {
            if let FoundBy::Pattern(pattern) = companion.from
                && regex_syntax::ParserBuilder::new()
                    .unicode(false)
                    .utf8(false)
                    .build()
                    .parse(pattern)
                    .is_err()
            {
                self.fault("companions", format!("the pattern of `{}` cannot be read", companion.name));
            }
        }
        List::of(companions)
    }

    fn verify(&mut self, source: &'static str, known: &BTreeSet<&str>) -> Option<Verify> {
        self.known_keys(&[CALL, VERIFY].concat(), "`verify`");
        let source = self.one_of("source", SOURCES, Some(source))?;
        let (by, lower) = self.credentials();
        let known: BTreeSet<&str> = known.iter().copied().chain(lower.iter().map(String::as_str)).collect();
        let (first, known) = self.first(&known);
        let call = self.call(&known)?;
        let verify = Verify {
            by: if by.is_empty() { By::Itself } else { By::Admin(by) },
            first,
            call,
            live: self.conditions("live"),
            dead: self.conditions("dead"),
            tell: self.tell(),
            safety: Safety {
                changes_state: self.flag("changes_state").unwrap_or(false),
                shows_in_log: self.flag("shows_in_log").unwrap_or(false),
                locks_out: self.flag("locks_out").unwrap_or(false),
            },
            secret_in_url: self.secret_in_url(&first, &call),
            source,
            samples: self.samples(&["live", "dead", "unknown"]),
        };
        if verify.live.is_empty() {
            self.fault("live", "`live` must name the answers that mean the token works".into());
        }
        for condition in verify.dead.iter().filter(|condition| condition.tests.is_empty()) {
            if source != "vendor-doc" && condition.statuses.iter().any(|status| *status != 401) {
                self.fault(
                    "dead",
                    "only 401 means `dead` by its status alone, unless the vendor documents it so".into(),
                );
            }
        }
        for meaning in ["live", "dead"] {
            let conditions = if meaning == "live" { verify.live } else { verify.dead };
            let shown = verify.samples.iter().any(|sample| sample.says == meaning);
            if !shown && !conditions.is_empty() {
                self.fault("samples", format!("`samples` must show an answer that says `{meaning}`"));
            }
        }
        Some(verify)
    }

    /// The variables with a person's own credentials, and their names in templates.
    fn credentials(&mut self) -> (List<&'static str>, Vec<String>) {
        let by = self.strings("by");
        let named = by.iter().map(|name| name.trim_end_matches('?').to_ascii_lowercase());
        (List(by), named.collect())
    }

    fn lookup(&mut self, source: &'static str, known: &BTreeSet<&str>) -> Option<Lookup> {
        self.known_keys(&[CALL, STEP, LOOKUP].concat(), "`owner`");
        let source = self.one_of("source", SOURCES, Some(source))?;
        let (by, lower) = self.credentials();
        let known = known.iter().copied().chain(lower.iter().map(String::as_str)).collect();
        let step = self.step(&known)?;
        for Header(label, _) in step.take.iter() {
            if !LABELS.contains(label) {
                self.fault(
                    "take",
                    format!("`{label}` is told by none; choose one of: {}", LABELS.join(", ")),
                );
            }
        }
        Some(Lookup { step, by, source })
    }

    fn revoke(&mut self, source: &'static str, known: &BTreeSet<&str>) -> Option<Revoke> {
        self.known_keys(&[CALL, REVOKE].concat(), "`revoke`");
        let source = self.one_of("source", SOURCES, Some(source))?;
        let (by, lower) = self.credentials();
        let known: BTreeSet<&str> = known.iter().copied().chain(lower.iter().map(String::as_str)).collect();
        let (first, known) = self.first(&known);
        let call = self.call(&known)?;
        let damage = self.one_of("damage", &Damage::ALL.map(Damage::as_str), None)?;
        let batch = self.number("batch").unwrap_or(1);
        let revoke = Revoke {
            verb: self.optional("verb").unwrap_or("revoke"),
            first,
            call,
            done: self.conditions("done"),
            already: self.conditions("already"),
            refused: self.conditions("refused"),
            damage: Damage::ALL.into_iter().find(|known| known.as_str() == damage)?,
            reversible: self.flag("reversible").unwrap_or(false),
            effect: self.required("effect")?,
            by: if by.is_empty() { By::Itself } else { By::Admin(by) },
            batch,
            accepts_any: self.flag("accepts_any").unwrap_or(false),
            secret_in_url: self.secret_in_url(&first, &call),
            source,
            samples: self.samples(&["done", "already", "refused"]),
        };
        if revoke.done.is_empty() {
            self.fault("done", "`done` must name the answers that mean it was accepted".into());
        }
        if !revoke.samples.iter().any(|sample| sample.says == "done") {
            self.fault("samples", "`samples` must show an answer that says `done`".into());
        }
        let lists = call.templates().iter().any(|template| template.contains("{secrets}"));
        if lists != (batch > 1) {
            self.fault("batch", "`{secrets}` goes with a `batch` of more than one".into());
        }
        Some(revoke)
    }

    /// The steps before a call, and what its templates may name after them.
    fn first<'k>(&mut self, known: &BTreeSet<&'k str>) -> (List<Step>, BTreeSet<&'k str>) {
        let mut known = known.clone();
        let steps = self.tables("first", |table| {
            table.known_keys(&[CALL, STEP].concat(), "`first`");
            let step = table.step(&known)?;
            known.extend(step.take.iter().map(|field| field.0));
            Some(step)
        });
        (steps, known)
    }

    fn step(&mut self, known: &BTreeSet<&str>) -> Option<Step> {
        let step = Step {
            call: self.call(known)?,
            when: self.conditions("when"),
            list: self.pointer("list"),
            matching: self.pairs("matching"),
            take: self.pairs("take"),
        };
        step.matching.iter().for_each(|field| self.template("matching", field.1, known));
        step.take.iter().for_each(|field| self.template("take", field.1, known));
        if step.when.is_empty() {
            self.fault("when", "`when` must name the answers after which the call goes on".into());
        }
        Some(step)
    }

    fn call(&mut self, known: &BTreeSet<&str>) -> Option<Call> {
        let methods = ["get", "post", "put", "patch", "delete"];
        let given: Vec<&str> =
            methods.into_iter().filter(|method| self.table.contains_key(*method)).collect();
        let [method] = given[..] else {
            let span = self.span.clone();
            self.faults.add(span, format!("a call has one of: {}", methods.join(", ")));
            return None;
        };
        let url = self.required(method)?;
        if let Err(why) = host(url) {
            self.fault(method, why);
        }
        let auth = self.optional("auth").map(|auth| Header("Authorization", auth));
        let headers = self.pairs("headers");
        let body = match (self.table.contains_key("form"), self.optional("json")) {
            (true, None) => Body::Form(self.pairs("form")),
            (false, Some(text)) => Body::Json(text),
            (false, None) => Body::Empty,
            (true, Some(_)) => {
                self.fault("json", "a call has `form` or `json`, not both".into());
                Body::Empty
            }
        };
        let basic = self.basic();
        let call = Call {
            method: Method::named(&method.to_ascii_uppercase())?,
            url,
            basic,
            headers: List::of(auth.into_iter().chain(headers.iter().copied()).collect()),
            body,
            sign: self.below("sign", |table| table.sign()).flatten(),
        };
        for template in call.templates() {
            self.template(method, template, known);
        }
        Some(call)
    }

    /// User and password, of which either may be empty.
    fn basic(&mut self) -> Option<Header> {
        self.table.get("basic")?;
        let pair = match &self.texts("basic")?[..] {
            [user] => Some(Header(user, "")),
            [user, password] => Some(Header(user, password)),
            _ => None,
        };
        if pair.is_none() {
            self.fault("basic", "`basic` is a list of user and password".into());
        }
        pair
    }

    /// A list of strings in their order.
    fn texts(&mut self, key: &str) -> Option<Vec<&'static str>> {
        let list = self.table.get(key)?.get_ref().as_array();
        let texts: Option<Vec<&'static str>> =
            list.and_then(|list| list.iter().map(|item| item.get_ref().as_str().map(leak)).collect());
        if texts.is_none() {
            self.fault(key, format!("`{key}` must be a list of strings"));
        }
        texts
    }

    fn sign(&mut self) -> Option<Sign> {
        let ways = ["aws", "digest", "edgegrid", "hmac", "jwt", "rsa", "tc3"];
        let given: Vec<&str> = ways.into_iter().filter(|way| self.table.contains_key(*way)).collect();
        let [way] = given[..] else {
            let span = self.span.clone();
            self.faults.add(span, format!("`sign` has one of: {}", ways.join(", ")));
            return None;
        };
        let more: &[&str] = match way {
            "aws" => &["region"],
            "hmac" => &["encoding", "key", "message"],
            "jwt" => &["claims", "header", "key"],
            "rsa" => &["message"],
            "tc3" => &["key", "key_id"],
            _ => &[],
        };
        self.known_keys(&[more, &[way]].concat(), "`sign`");
        match way {
            "aws" => Some(Sign::AwsV4 { service: self.required("aws")?, region: self.required("region")? }),
            "digest" => match self.texts(way)?[..] {
                [user, password] => Some(Sign::Digest { user, password }),
                _ => self.no_sign(way, "a list of user and password"),
            },
            "edgegrid" => match self.texts(way)?[..] {
                [client_token, access_token, key] => Some(Sign::EdgeGrid { client_token, access_token, key }),
                _ => self.no_sign(way, "a list of client token, access token and client secret"),
            },
            "jwt" => self.jwt(),
            "rsa" => Some(Sign::Rsa { key: self.required("rsa")?, message: self.required("message")? }),
            "tc3" => Some(Sign::Tc3 {
                service: self.required("tc3")?,
                key_id: self.required("key_id")?,
                key: self.required("key")?,
            }),
            _ => self.hmac(),
        }
    }

    fn no_sign(&mut self, way: &str, is: &str) -> Option<Sign> {
        self.fault(way, format!("`{way}` is {is}"));
        None
    }

    fn hmac(&mut self) -> Option<Sign> {
        Some(Sign::Hmac {
            hash: match self.one_of("hmac", &["sha1", "sha256", "sha512"], None)? {
                "sha1" => Hash::Sha1,
                "sha256" => Hash::Sha256,
                _ => Hash::Sha512,
            },
            key: self.required("key")?,
            message: self.required("message")?,
            encoding: match self.one_of("encoding", &["hex", "base64"], Some("hex"))? {
                "hex" => Encoding::Hex,
                _ => Encoding::Base64,
            },
        })
    }

    fn jwt(&mut self) -> Option<Sign> {
        let algorithm = self.one_of("jwt", &Algorithm::ALL.map(Algorithm::as_str), None)?;
        let (header, claims) = (self.optional("header").unwrap_or(""), self.required("claims")?);
        for (key, text) in [("header", header), ("claims", claims)] {
            let is_object = text.starts_with('{') && text.ends_with('}');
            let is_left_out = key == "header" && text.is_empty();
            if !(is_object || is_left_out) {
                self.fault(key, format!("`{key}` must be a JSON object with something in it"));
            }
        }
        Some(Sign::Jwt {
            algorithm: Algorithm::ALL.into_iter().find(|known| known.as_str() == algorithm)?,
            key: self.required("key")?,
            header,
            claims,
        })
    }

    fn secret_in_url(&mut self, first: &[Step], call: &Call) -> bool {
        let urls = first.iter().map(|step| step.call.url).chain([call.url]);
        let there =
            urls.flat_map(placeholders).any(|inner| inner == "secret" || inner.starts_with("secret|"));
        let said = self.flag("secret_in_url").unwrap_or(false);
        if there != said {
            let span = self.span.clone();
            self.faults.add(
                span,
                "`secret_in_url = true` says that the URL holds the secret since the vendor offers no other form; public parts of a secret are named in `parts`".into(),
            );
        }
        said
    }

    /// Labels and what of a value a finding tells under them: pointers into its JSON, or patterns of its parts.
    pub(super) fn tells(&mut self) -> List<Header> {
        let tells = self.pairs("tells");
        for Header(label, text) in tells.iter() {
            if label.bytes().any(|byte| !byte.is_ascii_lowercase() && byte != b'_') {
                self.fault("tells", format!("the label `{label}` must be lower-case letters"));
            }
            let pattern = READINGS.iter().find_map(|reading| text.strip_prefix(reading)).unwrap_or(text);
            let groups = || Some(parse(pattern).ok()?.properties().explicit_captures_len());
            if !text.starts_with('/') && groups() != Some(1) {
                let known = READINGS.join(", ");
                self.fault(
                    "tells",
                    format!(
                        "`{text}` must be a JSON pointer, or a pattern with one capture group, perhaps behind one of: {known}"
                    ),
                );
            }
        }
        tells
    }

    /// What a rule asks of the JSON in a value: tests of what pointers lead to.
    pub(super) fn claims(&mut self) -> List<Test> {
        let texts = self.strings("claims");
        let claims: Vec<_> = texts.iter().map(|text| test(text)).collect();
        if claims.iter().any(|claim| !matches!(claim, Ok(Test { at: At::Pointer(_), .. }))) {
            self.fault("claims", "a claim is `/pointer` or `/pointer=value|value`".into());
        }
        List::of(claims.into_iter().flatten().collect())
    }

    fn conditions(&mut self, key: &str) -> List<Condition> {
        let mut conditions = vec![];
        for text in self.strings(key) {
            match condition(text) {
                Ok(condition) => conditions.push(condition),
                Err(why) => self.fault(key, format!("`{text}`: {why}")),
            }
        }
        List::of(conditions)
    }

    fn tell(&mut self) -> List<Told> {
        let mut told = vec![];
        for &Header(label, from) in self.pairs("tell").iter() {
            match (LABELS.iter().find(|known| **known == label), at(from)) {
                (Some(label), Some(at)) => told.push(Told(label, at)),
                (None, _) => {
                    self.fault(
                        "tell",
                        format!("`{label}` is told by none; choose one of: {}", LABELS.join(", ")),
                    );
                }
                (_, None) => self.fault("tell", format!("`{from}` is no place in an answer")),
            }
        }
        List::of(told)
    }

    fn samples(&mut self, meanings: &'static [&'static str]) -> List<Sample> {
        self.tables("samples", |table| {
            table.known_keys(&["body", "headers", "says", "status"], "`samples`");
            Some(Sample {
                status: u16::try_from(table.number("status")?).ok()?,
                headers: table.pairs("headers"),
                body: table.optional("body").unwrap_or(""),
                says: table.one_of("says", meanings, None)?,
            })
        })
    }

    /// Holds a template against what it may name.
    fn template(&mut self, key: &str, template: &str, known: &BTreeSet<&str>) {
        for inner in placeholders(template) {
            let mut steps = inner.split('|');
            let name = steps.next().unwrap_or_default();
            if !known.contains(name) {
                let known: Vec<&str> = known.iter().copied().collect();
                self.fault(key, format!("`{{{name}}}` is not known here; known are: {}", known.join(", ")));
            }
            for filter in steps {
                let filter = filter.split(':').next().unwrap_or_default();
                if !FILTERS.contains(&filter) {
                    self.fault(
                        key,
                        format!("`{filter}` is done to no value; known are: {}", FILTERS.join(", ")),
                    );
                }
            }
        }
    }

    /// A JSON pointer; the empty one is the whole answer.
    fn pointer(&mut self, key: &str) -> Option<&'static str> {
        let text =
            self.table.get(key)?.get_ref().as_str().filter(|text| text.is_empty() || text.starts_with('/'));
        if text.is_none() {
            self.fault(
                key,
                format!("`{key}` must be a JSON pointer: `/data`, or the empty one for the whole answer"),
            );
        }
        text.map(leak)
    }

    fn number(&mut self, key: &str) -> Option<usize> {
        let value = self.table.get(key)?.get_ref();
        let number =
            value.as_integer().and_then(|number| usize::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            self.fault(key, format!("`{key}` must be a number"));
        }
        number
    }

    /// A table of strings, in the order of its keys.
    pub(super) fn pairs(&mut self, key: &str) -> List<Header> {
        let Some(value) = self.table.get(key) else { return List::EMPTY };
        let pairs: Option<Vec<Header>> = value.get_ref().as_table().and_then(|table| {
            let pair = |(name, text): (
                &toml::Spanned<std::borrow::Cow<'_, str>>,
                &toml::Spanned<toml::de::DeValue<'_>>,
            )| { Some(Header(leak(name.get_ref()), leak(text.get_ref().as_str()?))) };
            table.iter().map(pair).collect()
        });
        if pairs.is_none() {
            self.fault(key, format!("`{key}` must be a table of strings"));
        }
        List::of(pairs.unwrap_or_default())
    }

    /// What is read from a table below this one, where it is there.
    fn below<T>(&mut self, key: &str, read: impl FnOnce(&mut Reader<'_, '_, '_>) -> T) -> Option<T> {
        let value = self.table.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.fault(key, format!("`{key}` must be a table"));
            return None;
        };
        Some(read(&mut Reader { table, span: value.span(), faults: &mut *self.faults }))
    }

    /// What is read from each table of a list.
    fn tables<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&mut Reader<'_, '_, '_>) -> Option<T>,
    ) -> List<T> {
        let Some(value) = self.table.get(key) else { return List::EMPTY };
        let tables: Option<Vec<(&DeTable<'_>, std::ops::Range<usize>)>> =
            value.get_ref().as_array().and_then(|list| {
                list.iter().map(|item| Some((item.get_ref().as_table()?, item.span()))).collect()
            });
        let Some(tables) = tables else {
            self.fault(key, format!("`{key}` must be a list of tables"));
            return List::EMPTY;
        };
        let read = |(table, span)| read(&mut Reader { table, span, faults: &mut *self.faults });
        List::of(tables.into_iter().filter_map(read).collect())
    }
}

/// What stands in the braces of a template.
fn placeholders(template: &str) -> Vec<&str> {
    let place = |piece| match piece {
        Piece::Place(inner) => Some(inner),
        Piece::Text(_) => None,
    };
    pieces(template).into_iter().filter_map(place).collect()
}

/// Whether a URL goes to a host that the rule fixes, but for one label below a vendor's domain, or to one that the
/// person names.
fn host(url: &str) -> Result<(), String> {
    if url == "{endpoint}" || url.starts_with("{endpoint}/") {
        return Ok(());
    }
    let Some(rest) = url.strip_prefix("https://") else {
        return Err("a URL starts with `https://` and a host, or with `{endpoint}/`".into());
    };
    let host = rest.split('/').next().unwrap_or_default();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let (before, domain) = match host.split_once('{').map(|(before, rest)| (before, rest.split_once("}."))) {
        None => ("", host),
        Some((before, Some((_, domain)))) => (before, domain),
        Some((_, None)) => ("", ""),
    };
    let is_before =
        before.is_empty() || before.strip_suffix('.').is_some_and(|name| name.split('.').all(is_label));
    if is_before && domain.split('.').count() >= 2 && domain.split('.').all(is_label) {
        Ok(())
    } else {
        Err("only one label before a domain that the rule fixes may be filled in".into())
    }
}

/// Reads a condition.
fn condition(text: &str) -> Result<Condition, String> {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let statuses: Option<Vec<u16>> =
        words.next().unwrap_or_default().split('|').map(|status| status.parse().ok()).collect();
    let statuses = statuses.ok_or("a condition starts with a status: `200`, `401|403`")?;
    if let Some(status) = statuses.iter().find(|status| !matches!(status, 200..=299 | 400..=499)) {
        return Err(format!("a redirect or an error of the server says nothing of a token: {status}"));
    }
    if statuses.contains(&429) {
        return Err("429 says that the host wants no more calls for now, and nothing of a token".into());
    }
    let tests: Result<Vec<Test>, String> = words.map(test).collect();
    Ok(Condition { statuses: List::of(statuses), tests: List::of(tests?) })
}

/// Reads a test: a place, and what may stand there after a `=`; `%20` is a space in it.
fn test(word: &str) -> Result<Test, String> {
    let (place, values) = word.split_once('=').map_or((word, None), |(place, values)| (place, Some(values)));
    let at = at(place).ok_or_else(|| {
        format!(
            "`{place}` is no place in an answer; write `/pointer`, `header:name`, `xml:Element` or `text`"
        )
    })?;
    let values = values
        .map_or(vec![], |values| values.split('|').map(|value| leak(&value.replace("%20", " "))).collect());
    Ok(Test { at, values: List::of(values) })
}

fn at(place: &str) -> Option<At> {
    if place.starts_with('/') {
        return Some(At::Pointer(leak(place)));
    }
    match place.split_once(':') {
        Some(("header", name)) => Some(At::Field(leak(name))),
        Some(("xml", name)) => Some(At::Element(leak(name))),
        None if place == "text" => Some(At::Text),
        _ => None,
    }
}
