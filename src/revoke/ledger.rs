//! What was done: JSON Lines, only ever added to, each record bound to the one before it by a hash, on the disk before
//! and after each call. It holds no secret.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Number, from 1.
    pub seq: u64,
    /// When, as `YYYY-MM-DDThh:mm:ssZ`.
    pub time: String,
    /// Whose account of the system ran it.
    pub user: String,
    /// On which machine.
    pub host: String,
    /// Digest of the plan.
    pub plan: String,
    /// What happened.
    pub event: Event,
    /// Who issued the token.
    pub provider: String,
    /// The rule.
    pub rule: String,
    /// Id of the finding.
    pub finding: String,
    /// What was done: `revoke`, `deactivate`, ...
    pub verb: String,
    /// Where.
    pub to: String,
    /// What was known of the token before.
    pub before: String,
    /// What is known of it now.
    pub after: String,
    /// Status of the answer.
    pub status: Option<u16>,
    /// The id under which the provider keeps the request.
    pub request_id: Option<String>,
    /// Why, where there is something to say.
    pub detail: Option<String>,
    /// Hash of the record before; zeros at the start.
    pub prev: String,
    /// SHA-256 of this record with an empty hash, in hex.
    #[serde(default)]
    pub hash: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A call is about to be sent.
    Sending,
    /// The provider accepted it.
    Accepted,
    /// There was nothing left to do.
    AlreadyDead,
    /// The provider did not do it.
    Refused,
    /// Whether it was done is not known.
    Unknown,
    /// The token was seen dead.
    ConfirmedDead,
    /// The token was seen to work still.
    StillLive,
}

/// The ledger, held by this process alone.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: Option<File>,
    records: Vec<Record>,
    /// Whether the last write was cut, so that the next record begins on a line of its own.
    torn: bool,
}

/// Why the ledger cannot be used.
#[derive(Debug)]
pub struct LedgerError(pub String);

impl std::fmt::Display for LedgerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ledger {
    /// Opens the ledger for this process alone; it is made where it is not there.
    ///
    /// # Errors
    /// When another process has it, it cannot be read or written, or its chain is broken.
    pub fn open(path: &Path) -> Result<Ledger, LedgerError> {
        let failed = |error: &dyn std::fmt::Display| LedgerError(format!("{}: {error}", path.display()));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(failed(&"another revocation has the ledger; wait until it is done"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let text = text_of(&mut file).map_err(|error| failed(&error))?;
        let (records, torn) = records(&text).map_err(|why| failed(&why))?;
        Ok(Ledger { path: path.to_owned(), file: Some(file), records, torn })
    }

    /// What the ledger says, without writing to it. One that is not there is empty.
    ///
    /// # Errors
    /// When it cannot be read or its chain is broken.
    pub fn read(path: &Path) -> Result<Ledger, LedgerError> {
        let failed = |error: &dyn std::fmt::Display| LedgerError(format!("{}: {error}", path.display()));
        let text = match File::open(path) {
            Ok(mut file) => text_of(&mut file).map_err(|error| failed(&error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(&error)),
        };
        let (records, torn) = records(&text).map_err(|why| failed(&why))?;
        Ok(Ledger { path: path.to_owned(), file: None, records, torn })
    }

    /// All records, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Whether its last line was cut while it was written.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// What it says of a finding, oldest first.
    pub fn of_finding<'a>(&'a self, id: &'a str) -> impl DoubleEndedIterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.finding == id)
    }

    /// Adds records, and returns when they are on the disk.
    ///
    /// # Errors
    /// When that fails. Then nothing may be sent that the records are about.
    pub fn add(&mut self, records: impl IntoIterator<Item = Record>) -> Result<(), LedgerError> {
        let failed = |error: &io::Error| {
            LedgerError(format!("{}: the ledger cannot be written: {error}", self.path.display()))
        };
        let mut text = if self.torn { String::from("\n") } else { String::new() };
        let before = self.records.len();
        let mut added: Vec<Record> = vec![];
        for mut record in records {
            let last = added.last().or(self.records.last());
            record.seq = last.map_or(1, |last| last.seq + 1);
            record.prev = last.map_or_else(|| "0".repeat(64), |last| last.hash.clone());
            record.hash = record.worked_out();
            let line = serde_json::to_string(&record).map_err(|error| LedgerError(error.to_string()))?;
            text.push_str(&line);
            text.push('\n');
            added.push(record);
        }
        debug_assert_eq!(before, self.records.len());
        let file =
            self.file.as_mut().ok_or_else(|| LedgerError("the ledger is open for reading only".into()))?;
        self.torn = true;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| failed(&error))?;
        self.torn = false;
        self.records.append(&mut added);
        Ok(())
    }
}

/// What a ledger holds. A device or a pipe is none: it keeps nothing, and may never end.
fn text_of(file: &mut File) -> io::Result<String> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("this is no file, and a ledger has to stay"));
    }
    let mut bytes = vec![];
    file.read_to_end(&mut bytes)?;
    // A line may be cut within a character. Within a whole line no byte can be another: its hash would not fit.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Record {
    fn worked_out(&self) -> String {
        let bare = Record { hash: String::new(), ..self.clone() };
        hex(&Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
    }

    /// For people.
    pub fn sentence(&self) -> String {
        let status = self.status.map_or(String::new(), |status| format!(", answered {status}"));
        format!("{} {} {} at {}{status}", self.time, self.event.as_str(), self.verb, self.to)
    }
}

impl Event {
    /// The word used in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Sending => "sending",
            Event::Accepted => "accepted",
            Event::AlreadyDead => "already_dead",
            Event::Refused => "refused",
            Event::Unknown => "unknown",
            Event::ConfirmedDead => "confirmed_dead",
            Event::StillLive => "still_live",
        }
    }
}

/// The records of a ledger, each held against the one before it, and whether its last line was cut. A line that a
/// process was killed at is cut short; it is told, and what comes after it stands on a line of its own.
fn records(text: &str) -> Result<(Vec<Record>, bool), String> {
    let mut records: Vec<Record> = vec![];
    let ends_whole = text.is_empty() || text.ends_with('\n');
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in (1..).zip(&lines) {
        if line.is_empty() {
            continue;
        }
        let record: Record = match serde_json::from_str(line) {
            Ok(record) => record,
            // Only what was cut while it was written begins like a record and ends before its end.
            Err(error) if error.is_eof() => continue,
            Err(error) => return Err(format!("line {number} is no record: {error}")),
        };
        let prev = records.last().map_or_else(|| "0".repeat(64), |last| last.hash.clone());
        let seq = records.last().map_or(1, |last| last.seq + 1);
        if record.prev != prev || record.seq != seq {
            return Err(format!(
                "line {number} does not follow the record before it: something was taken out, added or moved"
            ));
        }
        if record.hash != record.worked_out() {
            return Err(format!("line {number} was changed after it was written"));
        }
        records.push(record);
    }
    Ok((records, !ends_whole))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Whose account runs this, and on which machine.
pub fn who() -> (String, String) {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER").or_else(|| variable("LOGNAME")).or_else(|| variable("USERNAME"));
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    (user, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(finding: &str, event: Event) -> Record {
        Record {
            seq: 0,
            time: "2026-01-31T12:00:00Z".into(),
            user: "octo".into(),
            host: "box".into(),
            plan: "d".into(),
            event,
            provider: "Example".into(),
            rule: "example-token".into(),
            finding: finding.into(),
            verb: "revoke".into(),
            to: "api.example.com".into(),
            before: "live".into(),
            after: "unknown".into(),
            status: Some(204),
            request_id: None,
            detail: None,
            prev: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn what_is_added_is_read_again_and_changes_are_seen() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("deep/ledger.jsonl");
        let mut ledger = Ledger::open(&path).expect("opens");
        ledger.add([record("a", Event::Sending), record("b", Event::Sending)]).expect("written");
        assert!(Ledger::open(&path).is_err(), "one process at a time");
        drop(ledger);
        let mut ledger = Ledger::open(&path).expect("opens again");
        ledger.add([record("a", Event::Accepted)]).expect("written");
        assert_eq!(ledger.of_finding("a").count(), 2);
        drop(ledger);
        let text = fs::read_to_string(&path).expect("there");
        let lines: Vec<&str> = text.lines().collect();
        for (what, changed) in [
            ("a line less", format!("{}\n{}\n", lines[0], lines[2])),
            ("the first less", format!("{}\n{}\n", lines[1], lines[2])),
            ("moved", format!("{}\n{}\n{}\n", lines[1], lines[0], lines[2])),
            ("changed", text.replacen("octo", "eve", 1)),
            ("the last one changed", text.replace("accepted", "refused")),
            ("no record", format!("{text}[]\n")),
        ] {
            fs::write(&path, changed).expect("written");
            assert!(Ledger::read(&path).is_err(), "{what}");
        }
    }

    #[test]
    fn a_line_that_was_cut_is_left_and_the_next_follows_the_last_whole_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ledger.jsonl");
        let mut ledger = Ledger::open(&path).expect("opens");
        ledger.add([record("a", Event::Sending)]).expect("written");
        drop(ledger);
        let whole = fs::read_to_string(&path).expect("there");
        for cut in 1..whole.len() - 1 {
            fs::write(&path, format!("{whole}{}", &whole[..cut])).expect("written");
            let mut ledger = Ledger::open(&path).expect("opens");
            assert!(ledger.is_torn());
            ledger.add([record("a", Event::Accepted)]).expect("written");
            drop(ledger);
            let ledger = Ledger::read(&path).expect("its chain is whole");
            let events: Vec<Event> = ledger.of_finding("a").map(|record| record.event).collect();
            assert_eq!(events, [Event::Sending, Event::Accepted], "cut at {cut}");
        }
    }
}
