//! What a provider answered, and what a rule says it means.

use std::sync::OnceLock;

use serde_json::Value;

use crate::model::{At, Condition, Secret, Test};

/// More of a text from outside is not told.
const LONGEST: usize = 200;

/// An answer. Its body may repeat the secret and is shown to nobody.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Secret,
    json: OnceLock<Option<Value>>,
}

impl Answer {
    /// An answer; names of headers in lower case.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: &[u8]) -> Answer {
        Answer { status, headers, body: Secret::new(body), json: OnceLock::new() }
    }

    /// Whether it is a page for people: a login, a captcha, what a firewall says. It means nothing.
    pub fn is_page(&self) -> bool {
        let start: Vec<u8> =
            self.body.expose().trim_ascii_start().iter().take(15).map(u8::to_ascii_lowercase).collect();
        self.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
            || start.starts_with(b"<!doctype html")
            || start.starts_with(b"<html")
    }

    /// Whether it is one of these.
    pub fn meets_any(&self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| self.meets(condition))
    }

    /// Whether it is so.
    pub fn meets(&self, condition: &Condition) -> bool {
        condition.statuses.contains(&self.status) && condition.tests.iter().all(|test| self.passes(test))
    }

    fn passes(&self, test: &Test) -> bool {
        if test.at == At::Text {
            let body = self.body.expose();
            return match &test.values[..] {
                [] => !body.is_empty(),
                values => values.iter().any(|value| memchr::memmem::find(body, value.as_bytes()).is_some()),
            };
        }
        match (self.read(test.at), &test.values[..]) {
            (None, _) => false,
            (Some(_), []) => true,
            (Some(text), values) => values.iter().any(|value| *value == text),
        }
    }

    /// What stands at a place, unless it is null or empty; lists joined by commas.
    pub fn read(&self, at: At) -> Option<String> {
        match at {
            At::Pointer(pointer) => text(self.json()?.pointer(pointer)?),
            At::Field(name) => self.header(name).map(str::to_owned),
            At::Element(name) => element(self.body.expose(), name),
            At::Text => String::from_utf8(self.body.expose().to_vec()).ok(),
        }
        .filter(|text| !text.is_empty())
    }

    /// The same, short enough to be told.
    pub fn tell(&self, at: At) -> Option<String> {
        Some(shortened(&self.read(at)?)).filter(|text| !text.trim().is_empty())
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The id under which the provider keeps the request, for their support.
    pub fn request_id(&self) -> Option<&str> {
        [
            "x-github-request-id",
            "x-request-id",
            "request-id",
            "x-amzn-requestid",
            "x-amz-request-id",
            "cf-ray",
        ]
        .iter()
        .find_map(|name| self.header(name))
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(self.body.expose()).ok()).as_ref()
    }
}

/// A text from outside, short enough to be told.
pub(super) fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

/// A JSON value as text; nothing for null and for what is empty.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(text).collect();
            (!items.is_empty()).then(|| items.join(","))
        }
        Value::Object(fields) => (!fields.is_empty()).then(|| value.to_string()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
    }
}

/// The text of the first XML element of that name, whatever its namespace.
fn element(body: &[u8], name: &str) -> Option<String> {
    use quick_xml::events::Event;
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if start.local_name().as_ref() == name => {
                let Event::Text(inner) = reader.read_event().ok()? else { return None };
                return Some(inner.trim().to_owned());
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::List;

    fn answer(status: u16, kind: &str, body: &str) -> Answer {
        Answer::new(status, vec![("content-type".into(), kind.into())], body.as_bytes())
    }

    #[test]
    fn pages_are_recognised() {
        for (kind, body, page) in [
            ("text/html; charset=utf-8", "", true),
            ("application/json", "{}", false),
            ("text/plain", " \n<!DOCTYPE html><p>", true),
            ("", "<HTML>", true),
            ("text/xml", "<ErrorResponse/>", false),
        ] {
            assert_eq!(answer(200, kind, body).is_page(), page, "{kind} {body}");
        }
    }

    #[test]
    fn answers_are_held_against_conditions() {
        const OK: Test = Test { at: At::Pointer("/ok"), values: List(&["true"]) };
        const LOGIN: Test = Test { at: At::Pointer("/user/login"), values: List(&[]) };
        const CODE: Test = Test { at: At::Element("Code"), values: List(&["InvalidClientTokenId"]) };
        const WORD: Test = Test { at: At::Text, values: List(&["bad token", "no token"]) };
        for (status, body, test, met) in [
            (200, r#"{"ok":true}"#, OK, true),
            (200, r#"{"ok":false}"#, OK, false),
            (401, r#"{"ok":true}"#, OK, false),
            (200, r#"{"user":{"login":"octo"}}"#, LOGIN, true),
            (200, r#"{"user":{"login":""}}"#, LOGIN, false),
            (200, r#"{"user":{"login":null}}"#, LOGIN, false),
            (200, "no json", LOGIN, false),
            (200, "<e><Error><Code>InvalidClientTokenId</Code></Error></e>", CODE, true),
            (200, "<e><Error><Code>AccessDenied</Code></Error></e>", CODE, false),
            (200, "<e><Error", CODE, false),
            (200, "a bad token it is", WORD, true),
            (200, "a good one", WORD, false),
        ] {
            let condition = Condition { statuses: List(&[200]), tests: List::of(vec![test]) };
            assert_eq!(answer(status, "", body).meets(&condition), met, "{status} {body}");
        }
    }
}
