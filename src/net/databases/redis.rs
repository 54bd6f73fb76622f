//! Redis, and what speaks like it.
//!
//! Sources: <https://redis.io/docs/latest/develop/reference/protocol-spec/>,
//! <https://redis.io/docs/latest/commands/auth/>, and the words of errors from `src/acl.c` and `src/server.c`.

use zeroize::Zeroizing;

use super::address::Address;
use super::bytes::text;
use super::wire::Wire;
use super::{Facts, Halt};

/// Who logs in where no user is named (Redis 6, ACLs).
const DEFAULT: &str = "default";

/// So many lines of an answer to HELLO hold what it says of the server itself.
const MOST_LINES: usize = 12;

/// What came of an AUTH.
enum Answer {
    Fine,
    Wrong,
    /// A server older than 6 knows no users.
    KnowsNoUsers,
}

pub(super) fn log_in(address: &Address, wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    let user = Some(&*address.user).filter(|user| !user.is_empty() && *user != DEFAULT);
    let is_open = ping(wire)?;
    if is_open && user.is_none() {
        return Err(Halt::open_to_all());
    }
    wire.may_tell_password()?;
    let password = address.password.expose();
    let owner = match (authenticate(wire, user, password)?, user) {
        (Answer::Fine, user) => user.unwrap_or(DEFAULT),
        (Answer::KnowsNoUsers, _) if is_open => return Err(Halt::open_to_all()),
        // Clients of before Redis 6 never sent the user, and addresses of then hold any.
        (_, Some(_)) if !is_open => match authenticate(wire, None, password)? {
            Answer::Fine => DEFAULT,
            Answer::Wrong => return Err(Halt::Refused),
            Answer::KnowsNoUsers => return Err(Halt::strange()),
        },
        (Answer::Wrong, _) => return Err(Halt::Refused),
        (Answer::KnowsNoUsers, _) => return Err(Halt::strange()),
    };
    let mut facts = vec![("owner", owner.to_owned())];
    // The password was taken; whether the user may ask for the version is another matter.
    facts.extend(version(wire).ok().flatten().map(|version| ("type", version)));
    Ok(facts)
}

/// Whether the server answers to whoever comes.
fn ping(wire: &mut Wire<'_>) -> Result<bool, Halt> {
    send(wire, &[b"PING"])?;
    let line = wire.line()?;
    match &*line {
        b"+PONG" => Ok(true),
        // Let in, and may do little.
        _ if line.starts_with(b"-NOPERM") => Ok(true),
        _ if line.starts_with(b"-NOAUTH") => Ok(false),
        // Redis before 2.6.
        _ if line.starts_with(b"-ERR operation not permitted") => Ok(false),
        _ if line.starts_with(b"-") => Err(unclear(&word(&line))),
        _ => Err(Halt::strange()),
    }
}

fn authenticate(wire: &mut Wire<'_>, user: Option<&str>, password: &[u8]) -> Result<Answer, Halt> {
    match user {
        Some(user) => send(wire, &[b"AUTH", user.as_bytes(), password])?,
        None => send(wire, &[b"AUTH", password])?,
    }
    let line = wire.line()?;
    let says = |text: &str| line.starts_with(text.as_bytes());
    if line == b"+OK" {
        Ok(Answer::Fine)
    } else if says("-WRONGPASS") || says("-ERR invalid password") || says("-ERR invalid username-password") {
        Ok(Answer::Wrong)
    } else if says("-ERR wrong number of arguments") {
        Ok(Answer::KnowsNoUsers)
    } else if says("-ERR Client sent AUTH") || says("-ERR AUTH <password> called without") {
        Err(Halt::open_to_all())
    } else if says("-") {
        Err(unclear(&word(&line)))
    } else {
        Err(Halt::strange())
    }
}

/// A command: an array of strings.
fn send(wire: &mut Wire<'_>, words: &[&[u8]]) -> Result<(), Halt> {
    let mut command = Zeroizing::new(format!("*{}\r\n", words.len()).into_bytes());
    for word in words {
        command.extend(format!("${}\r\n", word.len()).into_bytes());
        command.extend(*word);
        command.extend(b"\r\n");
    }
    wire.send(&command)
}

/// The kind of an error: its first word, in capitals. The rest may repeat what was sent.
fn word(line: &[u8]) -> String {
    let word = line[1..].split(|byte| *byte == b' ').next().unwrap_or_default();
    if word.iter().all(u8::is_ascii_uppercase) { text(word) } else { String::new() }
}

fn unclear(word: &str) -> Halt {
    Halt::Unclear(format!("the server answers with an error {word}").trim_end().to_owned())
}

/// Asks what server it is: `PING` and, known since Redis 6, `HELLO`, whose answer begins with the names and values
/// of `server` and `version`.
fn version(wire: &mut Wire<'_>) -> Result<Option<String>, Halt> {
    send(wire, &[b"PING"])?;
    wire.line()?;
    send(wire, &[b"HELLO"])?;
    if !wire.line()?.starts_with(b"*") {
        return Ok(None);
    }
    let mut server = None;
    for _ in 0..MOST_LINES {
        match &*wire.line()? {
            b"server" => server = Some(value(wire)?),
            b"version" => return Ok(Some(format!("{} {}", server.unwrap_or_default(), value(wire)?))),
            _ => {}
        }
    }
    Ok(None)
}

/// A string: the line of its length, and itself.
fn value(wire: &mut Wire<'_>) -> Result<String, Halt> {
    wire.line()?;
    Ok(text(&wire.line()?))
}
