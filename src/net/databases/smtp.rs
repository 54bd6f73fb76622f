//! SMTP.
//!
//! Sources: RFC 5321 for commands and replies, RFC 3207 for STARTTLS, RFC 4954 for AUTH and what a wrong password is
//! answered with (535), RFC 4616 for PLAIN; LOGIN is in no standard and everywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::address::Address;
use super::bytes::text;
use super::wire::Wire;
use super::{Facts, Halt};

/// This machine has no name that a mail server need know (RFC 5321, 4.1.4).
const EHLO: &[u8] = b"EHLO [127.0.0.1]\r\n";

/// No reply has more lines.
const MOST_LINES: usize = 100;

/// A code and its lines, without the code.
struct Reply {
    code: u16,
    lines: Vec<Vec<u8>>,
}

pub(super) fn log_in(address: &Address, wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    let greeting = reply(wire)?.expect(220)?;
    let mut able = ask(wire, EHLO)?.expect(250)?;
    if wire.wants_tls() {
        if able.offers("STARTTLS") {
            ask(wire, b"STARTTLS\r\n")?.expect(220)?;
            wire.start_tls()?;
            able = ask(wire, EHLO)?.expect(250)?;
        } else {
            wire.go_without_tls()?;
        }
    }
    wire.may_tell_password()?;
    let answer = authenticate(address, wire, &able)?;
    match answer.code {
        235 => {}
        535 if !answer.tells_of_a_policy() => return Err(Halt::Refused),
        code => return Err(unclear(code)),
    }
    // The password was taken; what comes of the question is all the same.
    let _ = ask(wire, b"NOOP\r\n").and_then(|_| wire.send(b"QUIT\r\n"));
    let banner = greeting.lines.first().map(|line| text(line)).unwrap_or_default();
    Ok(vec![("owner", address.user.clone()), ("type", banner)])
}

fn authenticate(address: &Address, wire: &mut Wire<'_>, able: &Reply) -> Result<Reply, Halt> {
    let (user, password) = (address.user.as_bytes(), address.password.expose());
    if able.has_way("PLAIN") {
        let plain = Zeroizing::new([&[0], user, &[0], password].concat());
        ask(wire, &line("AUTH PLAIN ", &plain))
    } else if able.has_way("LOGIN") {
        let first = ask(wire, b"AUTH LOGIN\r\n")?;
        if first.code != 334 {
            return Ok(first);
        }
        let second = ask(wire, &line("", user))?;
        if second.code != 334 {
            return Ok(second);
        }
        ask(wire, &line("", password))
    } else {
        Err(Halt::unclear("the server offers no login by password"))
    }
}

fn line(before: &str, secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(STANDARD.encode(secret));
    Zeroizing::new([before.as_bytes(), encoded.as_bytes(), b"\r\n"].concat())
}

fn ask(wire: &mut Wire<'_>, command: &[u8]) -> Result<Reply, Halt> {
    wire.send(command)?;
    reply(wire)
}

/// The next reply: lines of a code and `-`, and a last one of the code and a space.
fn reply(wire: &mut Wire<'_>) -> Result<Reply, Halt> {
    let mut lines = vec![];
    while lines.len() < MOST_LINES {
        let line = wire.line()?;
        let (code, rest) = line.split_at_checked(3).ok_or_else(Halt::strange)?;
        let code =
            std::str::from_utf8(code).ok().and_then(|code| code.parse().ok()).ok_or_else(Halt::strange)?;
        let is_last = match rest.first() {
            None | Some(b' ') => true,
            Some(b'-') => false,
            Some(_) => return Err(Halt::strange()),
        };
        lines.push(rest.get(1..).unwrap_or_default().to_vec());
        if is_last {
            return Ok(Reply { code, lines });
        }
    }
    Err(Halt::strange())
}

fn unclear(code: u16) -> Halt {
    Halt::Unclear(format!("the server answers with the code {code}"))
}

impl Reply {
    fn expect(self, code: u16) -> Result<Reply, Halt> {
        if self.code == code { Ok(self) } else { Err(unclear(self.code)) }
    }

    fn offers(&self, ability: &str) -> bool {
        self.lines.iter().any(|line| line.eq_ignore_ascii_case(ability.as_bytes()))
    }

    /// Whether a way to log in is offered; old servers write `AUTH=`.
    fn has_way(&self, way: &str) -> bool {
        let mut offers = self.lines.iter().filter(|line| {
            line.get(..5)
                .is_some_and(|start| start[..4].eq_ignore_ascii_case(b"AUTH") && b" =".contains(&start[4]))
        });
        offers.any(|line| {
            line[5..].split(|byte| *byte == b' ').any(|word| word.eq_ignore_ascii_case(way.as_bytes()))
        })
    }

    /// Whether it is 5.7.139, with which Exchange Online says that nobody logs in so there: right passwords do not,
    /// either (<https://learn.microsoft.com/en-us/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission>).
    fn tells_of_a_policy(&self) -> bool {
        self.lines.iter().any(|line| line.starts_with(b"5.7.139"))
    }
}
