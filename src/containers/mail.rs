//! Messages with parts (MIME): what is encoded in them, and what they carry.

use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{Fault, Input, Opening};

/// Messages that are sent on within each other deeper than this are read as they are stored.
const DEEPEST: usize = 8;

/// Whether a file begins as messages with parts do: with a header, and among its headers the one that says so
/// (RFC 2045, 4).
pub(super) fn is_mail(head: &[u8]) -> bool {
    let name = head.split(|&byte| byte == b':').next().unwrap_or_default();
    let is_header = name.len() < 64 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let begins = |line: &[u8], header: &[u8]| {
        line.get(..header.len()).is_some_and(|start| start.eq_ignore_ascii_case(header))
    };
    is_header
        && head
            .split(|&byte| byte == b'\n')
            .take_while(|line| !line.trim_ascii().is_empty())
            .any(|line| begins(line, b"MIME-Version:"))
}

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let bytes = input.whole(opening.budget()).ok_or_else(super::held_too_much)?;
    match MessageParser::default().parse(&bytes) {
        Some(message) => parts(&message, "", DEEPEST, opening),
        None => Ok(()),
    }
}

fn parts(message: &Message<'_>, above: &str, depth: usize, opening: &mut Opening<'_>) -> Result<(), Fault> {
    for (number, part) in (1..).zip(&message.parts) {
        let name = match part.attachment_name() {
            Some(name) => format!("{above}{name}"),
            None => format!("{above}part/{number}"),
        };
        match (&part.body, depth.checked_sub(1)) {
            (PartType::Message(inner), Some(depth)) => parts(inner, &format!("{name}/"), depth, opening)?,
            _ => {
                if let Some(mut content) = content(part) {
                    opening.member(name.as_bytes(), &mut content)?;
                }
            }
        }
    }
    Ok(())
}

/// What a part holds, where that does not stand in the message as it is read.
fn content<'p>(part: &'p MessagePart<'_>) -> Option<&'p [u8]> {
    match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(bytes),
        PartType::Text(text) | PartType::Html(text) if part.encoding != Encoding::None => {
            Some(text.as_bytes())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_what_looks_like_one() {
        for (head, expected) in [
            ("From: a@example.com\nMIME-Version: 1.0\n\n", true),
            ("Received: from a\n b\r\nmime-version: 1.0\r\n\r\n", true),
            ("From: a@example.com\n\nMIME-Version: 1.0\n", false),
            ("Package: a\nVersion: 1\n", false),
            ("key = 1 # MIME-Version:\n", false),
        ] {
            assert_eq!(is_mail(head.as_bytes()), expected, "{head}");
        }
    }
}
