//! HTTP archives, as browsers save them: what was sent and what came back (HAR 1.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Fault, Input, Opening};

/// Whether a file begins as such archives do: with the log of a version and a creator.
pub(super) fn is_har(head: &[u8]) -> bool {
    let rest = head.strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    rest.starts_with(b"\"log\"") && has(b"\"version\"") && has(b"\"creator\"")
}

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let bytes = input.whole(opening.budget()).ok_or_else(super::held_too_much)?;
    // What is no such archive is read as it is stored, as this is, too.
    let Ok(archive) = serde_json::from_slice::<Value>(&bytes) else { return Ok(()) };
    for (number, entry) in (1..).zip(archive["log"]["entries"].as_array().into_iter().flatten()) {
        let (sent, came) = (&entry["request"]["postData"], &entry["response"]["content"]);
        for (name, body) in [("request", sent), ("response", came)] {
            let body = decoded(body);
            if !body.is_empty() {
                opening.member(format!("entry/{number}/{name}").as_bytes(), &mut &body[..])?;
            }
        }
    }
    Ok(())
}

/// A body, which may be in Base64.
fn decoded(body: &Value) -> Vec<u8> {
    let text = body["text"].as_str().unwrap_or_default();
    match body["encoding"].as_str() {
        Some("base64") => STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec()),
        _ => text.as_bytes().to_vec(),
    }
}
