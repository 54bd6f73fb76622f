//! Makes a call that a rule declares: its steps, one after the other, and then the call itself.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use url::Url;

use super::answer::{shortened, text};
use super::client::{Request, host_and_port};
use super::values::{Values, Written, filtered};
use super::{Answer, Client, Trouble, digest, sign};
use crate::model::{At, Body, Call, Header, Method, Piece, Secret, Sign, Step, moment, pieces};

/// Whether a call may change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It may be made again.
    Question,
    /// It is made once.
    Change,
}

/// Why a call was not made, or brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Something that its templates name is not known.
    Missing(String),
    /// The service has no host of its own, and the person named none: `--endpoint NAME=URL`.
    NoEndpoint(String),
    /// It takes credentials of the person's own, from these variables of the environment.
    NoCredential(String),
    /// What is filled into the host is no label of one.
    NoHost,
    /// A step before it was answered otherwise than it must be.
    Refused(u16),
    /// So many entries of a list match, not one.
    Entries(usize),
    /// The network.
    Trouble(Trouble),
}

/// Makes a call for what is known.
///
/// `endpoint` is the name under which a person gives the address of their own server. `about_to` is called once,
/// before the first request that may change something, and at the latest before the call itself; an error of it stops
/// everything.
///
/// # Errors
/// Why there is no answer.
pub fn exchange(
    client: &Client,
    endpoint: &str,
    (first, call, kind): (&[Step], &Call, Kind),
    values: &Values,
    about_to: &mut dyn FnMut() -> Result<(), Stop>,
) -> Result<Answer, Stop> {
    let mut values = values.clone();
    let mut told = false;
    for step in first {
        let changes = kind == Kind::Change && step.call.method != Method::Get;
        let request =
            request(client, endpoint, &step.call, if changes { kind } else { Kind::Question }, &mut values)?;
        if changes && !told {
            told = true;
            about_to()?;
        }
        let answer = client.send(&request).map_err(Stop::Trouble)?;
        take(step, &answer, &mut values)?;
    }
    let request = request(client, endpoint, call, kind, &mut values)?;
    if !told {
        about_to()?;
    }
    client.send(&request).map_err(Stop::Trouble)
}

/// The host that a call goes to, as far as it is known without making it.
pub fn host_of(client: &Client, endpoint: &str, call: &Call, values: &Values) -> Result<String, Stop> {
    // What only steps before it bring does not stand in a host.
    let host = call.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let named = client.endpoints().get(endpoint);
    match named {
        Some(base) => Ok(host_and_port(base)),
        None if call.url.starts_with("{endpoint}") => Err(Stop::NoEndpoint(endpoint.to_owned())),
        None => Ok(host_and_port(&parsed(&filled_url(&host, values)?)?)),
    }
}

/// Keeps what a step brings for later templates.
fn take(step: &Step, answer: &Answer, values: &mut Values) -> Result<(), Stop> {
    if answer.is_page() || !answer.meets_any(&step.when) {
        return Err(Stop::Refused(answer.status));
    }
    let (elements, pointers): (Vec<&Header>, Vec<&Header>) =
        step.take.iter().partition(|Header(_, at)| at.starts_with("xml:"));
    for Header(name, at) in elements {
        let text = answer.read(At::Element(at.trim_start_matches("xml:")));
        values.set(name, text.ok_or_else(|| Stop::Missing((*name).to_owned()))?.as_bytes());
    }
    if pointers.is_empty() && step.list.is_none() && step.matching.is_empty() {
        return Ok(());
    }
    let Some(json) = answer.json() else { return Err(Stop::Refused(answer.status)) };
    let entries = match step.list {
        None => std::slice::from_ref(json),
        Some(list) => json.pointer(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
    };
    let entry = only_entry(step, entries, values)?;
    for Header(name, pointer) in pointers {
        let value = at_pointer(entry, pointer, values)?.ok_or_else(|| Stop::Missing((*name).to_owned()))?;
        values.set(name, value.expose());
    }
    Ok(())
}

/// What stands at a pointer, which is a template and may end in a filter: `/key|ssh-fingerprint`.
fn at_pointer(entry: &Value, pointer: &str, values: &Values) -> Result<Option<Secret>, Stop> {
    let (pointer, filter) =
        pointer.split_once('|').map_or((pointer, None), |(at, filter)| (at, Some(filter)));
    let pointer = values.fill(pointer, Written::Plain).map_err(Stop::Missing)?;
    let pointer = String::from_utf8_lossy(pointer.expose());
    // What does not begin as a pointer does is meant as it is.
    let value = match pointer.starts_with('/') || pointer.is_empty() {
        true => entry.pointer(&pointer).and_then(text),
        false => Some(pointer.into_owned()),
    };
    let value = value.map(|text| Secret::new(text.as_bytes()));
    Ok(match filter {
        Some(filter) => value.and_then(|value| filtered(&value, filter)),
        None => value,
    })
}

/// Asks one question for what its answer tells, by the names of its `take`; nothing where no entry of its list matches.
///
/// # Errors
/// Why there is no answer.
pub fn look_up(
    client: &Client,
    endpoint: &str,
    step: &Step,
    values: &Values,
) -> Result<Vec<(&'static str, String)>, Stop> {
    let mut values = values.clone();
    let answer = client.send(&request(client, endpoint, &step.call, Kind::Question, &mut values)?);
    match take(step, &answer.map_err(Stop::Trouble)?, &mut values) {
        Err(Stop::Entries(0)) => return Ok(vec![]),
        other => other?,
    }
    let told = step.take.iter().filter_map(|Header(name, _)| {
        let text = String::from_utf8_lossy(values.get(name)?.expose()).into_owned();
        Some((*name, shortened(&text)))
    });
    Ok(told.collect())
}

/// The one entry that matches.
fn only_entry<'a>(step: &Step, entries: &'a [Value], values: &Values) -> Result<&'a Value, Stop> {
    let mut wanted = vec![];
    for Header(pointer, template) in step.matching.iter() {
        wanted.push((*pointer, values.fill(template, Written::Plain).map_err(Stop::Missing)?));
    }
    let matches = |entry: &&Value| {
        wanted.iter().all(|(pointer, value)| {
            at_pointer(entry, pointer, values).is_ok_and(|found| found.as_ref() == Some(value))
        })
    };
    let matching: Vec<&Value> = entries.iter().filter(matches).collect();
    match matching[..] {
        [entry] => Ok(entry),
        _ => Err(Stop::Entries(matching.len())),
    }
}

fn request(
    client: &Client,
    endpoint: &str,
    call: &Call,
    kind: Kind,
    values: &mut Values,
) -> Result<Request, Stop> {
    let now = SystemTime::now();
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    values.set("timestamp", since_1970.as_secs().to_string().as_bytes());
    values.set("timestamp_ms", since_1970.as_millis().to_string().as_bytes());
    values.set("now", moment(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)).as_bytes());
    values.set("http_date", httpdate::fmt_http_date(now).as_bytes());
    values.set("nonce", fastrand::u64(..).to_string().as_bytes());
    let named = client.endpoints().get(endpoint);
    if let Some(base) = named {
        values.set("endpoint", base.as_str().trim_end_matches('/').as_bytes());
    }
    if let Some(sign_by) = call.sign {
        sign::before(sign_by, values).map_err(Stop::Missing)?;
    }
    let url = match named {
        Some(base) => parsed(&at_endpoint(base, call.url, values)?)?,
        None if call.url.starts_with("{endpoint}") => return Err(Stop::NoEndpoint(endpoint.to_owned())),
        None => parsed(&filled_url(call.url, values)?)?,
    };
    let fill = |template, written| values.fill(template, written).map_err(Stop::Missing);
    let mut headers = vec![];
    if let Some(Header(user, password)) = call.basic {
        let mut pair = zeroize::Zeroizing::new(fill(user, Written::Plain)?.expose().to_vec());
        pair.push(b':');
        pair.extend_from_slice(fill(password, Written::Plain)?.expose());
        let basic = Values::default().with("pair", &pair).fill("Basic {pair|base64}", Written::Plain);
        headers.push(("Authorization".to_owned(), basic.map_err(Stop::Missing)?));
    }
    for Header(name, value) in call.headers.iter() {
        headers.push(((*name).to_owned(), fill(value, Written::Plain)?));
    }
    let (kind_of_body, body) = match call.body {
        Body::Empty => (None, Secret::new(b"")),
        Body::Json(text) => (Some("application/json"), fill(text, Written::Json)?),
        Body::Form(fields) => {
            let mut form = zeroize::Zeroizing::new(vec![]);
            for Header(name, value) in fields.iter() {
                if !form.is_empty() {
                    form.push(b'&');
                }
                form.extend_from_slice(name.as_bytes());
                form.push(b'=');
                let plain = fill(value, Written::Plain)?;
                let written = Values::default().with("value", plain.expose()).fill("{value}", Written::Url);
                form.extend_from_slice(written.map_err(Stop::Missing)?.expose());
            }
            (Some("application/x-www-form-urlencoded"), Secret::new(&form))
        }
    };
    let usual = [("Content-Type", kind_of_body), ("Accept", Some("application/json"))];
    for (name, value) in usual.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), Secret::new(value.as_bytes())));
        }
    }
    let mut request =
        Request { method: call.method, url, template: call.url, named: named.is_some(), headers, body, kind };
    if let Some(sign_by) = call.sign {
        sign::after(sign_by, &mut request, values, now).map_err(Stop::Missing)?;
    }
    if let Some(Sign::Digest { user, password }) = call.sign {
        // Nothing is changed by asking, whatever the server thinks of requests without a password.
        let (method, body, kind) = (Method::Get, Secret::new(b""), Kind::Question);
        let asking = Request { method, body, kind, ..request.clone() };
        let answer = client.send(&asking).map_err(Stop::Trouble)?;
        let challenge = digest::challenge(&answer).ok_or(Stop::Refused(answer.status))?;
        let answer =
            challenge.answer(&request, &fill(user, Written::Plain)?, &fill(password, Written::Plain)?);
        request.headers.push(("Authorization".to_owned(), answer));
    }
    Ok(request)
}

/// A URL at the person's own server.
fn at_endpoint(base: &Url, template: &str, values: &Values) -> Result<Secret, Stop> {
    let after_host = match template.strip_prefix("{endpoint}") {
        Some(rest) => rest,
        None => {
            template.splitn(4, '/').nth(3).map_or("", |rest| &template[template.len() - rest.len() - 1..])
        }
    };
    let rest = values.fill(after_host, Written::Url).map_err(Stop::Missing)?;
    let base = base.as_str().trim_end_matches('/');
    Ok(Secret::new(&zeroize::Zeroizing::new([base.as_bytes(), rest.expose()].concat())))
}

/// A URL at the host of the rule. What is filled into the host is one label of a name.
fn filled_url(template: &str, values: &Values) -> Result<Secret, Stop> {
    let host = template.split('/').nth(2).unwrap_or_default();
    for piece in pieces(host) {
        if let Piece::Place(inner) = piece {
            let label = values.fill(&format!("{{{inner}}}"), Written::Plain).map_err(Stop::Missing)?;
            if !is_label(label.expose()) {
                return Err(Stop::NoHost);
            }
        }
    }
    values.fill(template, Written::Url).map_err(Stop::Missing)
}

/// A label of a host name (RFC 1123 section 2.1).
fn is_label(label: &[u8]) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    (1..=63).contains(&label.len())
        && label.iter().all(inner)
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
}

fn parsed(url: &Secret) -> Result<Url, Stop> {
    let url = std::str::from_utf8(url.expose()).ok().and_then(|text| Url::parse(text).ok());
    url.ok_or(Stop::NoHost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Condition, List};

    #[test]
    fn exactly_one_entry_must_match() {
        let step = |list| Step {
            call: Call {
                method: Method::Get,
                url: "https://api.example.com/tokens",
                basic: None,
                headers: List::EMPTY,
                body: Body::Empty,
                sign: None,
            },
            when: List::of(vec![Condition { statuses: List(&[200]), tests: List::EMPTY }]),
            list,
            matching: List(&[Header("/last", "{secret|last:2}")]),
            take: List(&[Header("id", "/id")]),
        };
        for (list, body, expected) in [
            (None, r#"{"id":7,"last":"yz"}"#, Ok("7")),
            (None, r#"{"id":7,"last":"ab"}"#, Err(Stop::Entries(0))),
            (None, r#"[{"id":7,"last":"yz"}]"#, Err(Stop::Entries(0))),
            (Some(""), r#"[{"id":7,"last":"yz"},{"id":8,"last":"ab"}]"#, Ok("7")),
            (Some("/data"), r#"{"data":[{"id":7,"last":"yz"},{"id":8,"last":"yz"}]}"#, Err(Stop::Entries(2))),
            (Some("/data"), r#"{"data":[]}"#, Err(Stop::Entries(0))),
            (Some("/data"), r#"{"other":1}"#, Err(Stop::Entries(0))),
            (Some("/data"), r#"{"data":[{"last":"yz"}]}"#, Err(Stop::Missing("id".into()))),
            (None, "no json", Err(Stop::Refused(200))),
        ] {
            let mut values = Values::default().with("secret", b"wxyz");
            let answer = Answer::new(200, vec![], body.as_bytes());
            let taken = take(&step(list), &answer, &mut values);
            let id = taken.map(|()| values.get("id").map(|id| id.expose().to_vec()).unwrap_or_default());
            assert_eq!(id, expected.map(|id| id.as_bytes().to_vec()), "{list:?} {body}");
        }
    }
}
