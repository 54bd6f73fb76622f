//! Answers that a provider gives: those of the samples, and for the steps before a call such as the rule asks for.

use serde_json::{Map, Value, json};
use stanch::model::{At, Call, Condition, Header, Piece, Sample, Step, pieces};
use stanch::net::Values;

use crate::common::server::Reply;

/// What stands in the list of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entries {
    /// One that matches.
    One,
    /// None that matches.
    None,
    /// Two that match.
    Two,
}

/// A sample as an answer.
pub(crate) fn of_sample(sample: &Sample) -> Reply {
    let headers: Vec<(String, String)> = sample
        .headers
        .iter()
        .map(|Header(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()))
        .collect();
    let has_type = headers.iter().any(|(name, _)| name == "content-type");
    let reply = Reply::Answer { status: sample.status, headers, body: sample.body.as_bytes().to_vec() };
    if has_type { reply } else { reply.with("content-type", kind(sample.body)) }
}

fn kind(body: &str) -> &'static str {
    match body.trim_start().to_ascii_lowercase() {
        body if body.starts_with("<html") || body.starts_with("<!doctype html") => "text/html",
        body if body.starts_with('<') => "application/xml",
        body if body.starts_with(['{', '[']) => "application/json",
        _ => "text/plain",
    }
}

/// An answer to a step as its rule describes it, and what the rule takes from it. `later` are the calls after it.
pub(crate) fn of_step(
    step: &Step,
    values: &Values,
    later: &[&Call],
    entries: Entries,
) -> Result<(Reply, Values), String> {
    let condition = step.when.first().ok_or("a step without `when`")?;
    if step.take.iter().any(|take| take.1.starts_with("xml:")) {
        return Ok(of_xml_step(step, values, later));
    }
    let mut entry = Value::Null;
    for Header(pointer, template) in step.matching.iter() {
        let value = values.filled(template).ok_or(format!("`{template}` cannot be filled"))?;
        set(&mut entry, pointer, Value::from(String::from_utf8_lossy(value.expose())));
    }
    for Header(name, pointer) in step.take.iter() {
        if entry.pointer(pointer).is_none() {
            set(&mut entry, pointer, Value::from(made_up(name, later)));
        }
    }
    let mut root = match step.list {
        None => std::mem::take(&mut entry),
        Some(list) => {
            let mut root = Value::Null;
            set(&mut root, list, Value::Array(vec![filled(entry)]));
            root
        }
    };
    let mut reply_headers = vec![];
    for test in condition.tests.iter() {
        match (test.at, test.values.first()) {
            (At::Pointer(pointer), Some(value)) => set(&mut root, pointer, scalar(value)),
            (At::Pointer(pointer), None) if root.pointer(pointer).is_none() => {
                set(&mut root, pointer, Value::from("there"));
            }
            (At::Pointer(_), None) => {}
            (At::Field(name), value) => reply_headers.push((name, *value.unwrap_or(&"there"))),
            (At::Text, Some(value)) => hold(&mut root, value),
            (at, _) => return Err(format!("a step cannot be asked for {at:?} by this test")),
        }
    }
    let root = filled(root);
    let list = step.list.and_then(|list| root.pointer(list));
    let one = match list {
        None => &root,
        Some(list) => list.get(0).ok_or("the list has no entry")?,
    };
    let mut taken = values.clone();
    for Header(name, pointer) in step.take.iter() {
        let value = one.pointer(pointer).ok_or(format!("`{pointer}` leads nowhere"))?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        taken = taken.with(name, text.as_bytes());
    }
    let root = match step.list {
        Some(list) => with_entries(root.clone(), list, step, entries),
        None => root.clone(),
    };
    let mut reply = Reply::json(status(condition), &root.to_string());
    for (name, value) in reply_headers {
        reply = reply.with(name, value);
    }
    Ok((reply, taken))
}

/// The same where what is taken are elements, which are what is asked for as well.
fn of_xml_step(step: &Step, values: &Values, later: &[&Call]) -> (Reply, Values) {
    let (mut body, mut taken) = ("<Answer>".to_owned(), values.clone());
    for Header(name, at) in step.take.iter() {
        let (element, value) = (at.trim_start_matches("xml:"), made_up(name, later));
        body += &format!("<{element}>{value}</{element}>");
        taken = taken.with(name, value.as_bytes());
    }
    (Reply::of(status(&step.when[0]), "application/xml", &(body + "</Answer>")), taken)
}

fn status(condition: &Condition) -> u16 {
    condition.statuses.first().copied().unwrap_or(200)
}

fn with_entries(mut root: Value, list: &str, step: &Step, entries: Entries) -> Value {
    let Some(Value::Array(all)) = root.pointer_mut(list) else { return root };
    match entries {
        Entries::One => {}
        // What else stands in a list must not be taken for it.
        Entries::None if step.matching.is_empty() => all.clear(),
        Entries::None => {
            for Header(pointer, _) in step.matching.iter() {
                set(&mut all[0], pointer, Value::from("of another"));
            }
        }
        Entries::Two => all.push(all[0].clone()),
    }
    root
}

/// A value for a name, of which later templates can take the parts that they want.
fn made_up(name: &str, later: &[&Call]) -> String {
    let places = later.iter().flat_map(|call| call.templates()).flat_map(pieces);
    for place in places {
        let Piece::Place(inner) = place else { continue };
        let Some(filter) = inner.strip_prefix(name).and_then(|rest| rest.strip_prefix('|')) else { continue };
        if let Some((separator, _)) = filter.strip_prefix("split:").and_then(|split| split.rsplit_once(':')) {
            let parts: Vec<String> = (0..9).map(|part| format!("{name}-{part}")).collect();
            return parts.join(separator);
        }
    }
    format!("made-up-{}", name.replace('_', "-"))
}

/// Puts a value where a JSON pointer leads, and makes what must be above it.
fn set(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        at = match token.parse::<usize>() {
            Ok(index) if at.is_null() || at.is_array() => {
                if at.is_null() {
                    *at = json!([]);
                }
                let Some(list) = at.as_array_mut() else { return };
                while list.len() <= index {
                    list.push(Value::Null);
                }
                &mut list[index]
            }
            _ => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                &mut at[token]
            }
        };
    }
    *at = value;
}

/// An object in place of nothing.
fn filled(value: Value) -> Value {
    if value.is_null() { json!({}) } else { value }
}

fn scalar(text: &str) -> Value {
    serde_json::from_str(text)
        .ok()
        .filter(|value: &Value| value.is_boolean() || value.is_number())
        .unwrap_or_else(|| Value::from(text))
}

/// Makes a JSON text hold another, such as `"label":"start`: the value of that key begins so.
fn hold(value: &mut Value, text: &str) {
    let Some((key, start)) = text.trim_start_matches('"').split_once("\":\"") else { return };
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner {
                    Value::String(old) if name == key => *inner = Value::from(format!("{start}{old}")),
                    _ => hold(inner, text),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hold(item, text)),
        _ => {}
    }
}
