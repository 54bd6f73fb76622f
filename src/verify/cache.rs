//! Remembers verdicts for later runs: keyed ids and what the provider said, never a value.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::model::{Answered, Fact, Finding, LABELS, Verdict};

/// How long a verdict holds, in seconds: a live token may be revoked at any time, a dead one stays dead.
const LIVE_FOR: u64 = 60 * 60;
const DEAD_FOR: u64 = 7 * 24 * 60 * 60;

/// What is remembered; nothing, unless it was opened from a folder.
#[derive(Default)]
pub struct Cache {
    kept: Option<Kept>,
}

struct Kept {
    file: PathBuf,
    key: [u8; 32],
    entries: BTreeMap<String, Entry>,
    now: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    state: String,
    host: String,
    at: u64,
    facts: Vec<(String, String)>,
}

impl Cache {
    /// What was remembered in a folder, which is made where it is not there. A file that cannot be read is begun anew.
    ///
    /// # Errors
    /// When the folder or its key cannot be had.
    pub fn open(folder: &Path) -> Result<Cache, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        let key = key(&folder.join("verdicts.key")).map_err(failed)?;
        let file = folder.join("verdicts.json");
        let entries = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(Cache { kept: Some(Kept { file, key, entries: entries.unwrap_or_default(), now }) })
    }

    /// What was said of a finding not long ago.
    pub(super) fn get(&self, finding: &Finding) -> Option<Verdict> {
        let kept = self.kept.as_ref()?;
        let entry = kept.entries.get(&kept.id(finding)).filter(|entry| entry.holds(kept.now))?;
        let fact = |(label, text): &(String, String)| {
            let label = LABELS.iter().find(|known| *known == label)?;
            Some(Fact { label, text: text.clone() })
        };
        let answered =
            Answered { host: entry.host.clone(), facts: entry.facts.iter().filter_map(fact).collect() };
        match entry.state.as_str() {
            "live" => Some(Verdict::Live(answered)),
            "dead" => Some(Verdict::Dead(answered)),
            _ => None,
        }
    }

    /// Keeps what was said of a finding, where that means something.
    pub(super) fn keep(&mut self, finding: &Finding, verdict: &Verdict) {
        let Some(kept) = &mut self.kept else { return };
        let (Verdict::Live(answered) | Verdict::Dead(answered)) = verdict else { return };
        let id = kept.id(finding);
        if kept.entries.get(&id).is_some_and(|entry| entry.holds(kept.now) && entry.state == verdict.as_str())
        {
            return;
        }
        let facts = answered.facts.iter().map(|fact| (fact.label.to_owned(), fact.text.clone())).collect();
        let entry =
            Entry { state: verdict.as_str().to_owned(), host: answered.host.clone(), at: kept.now, facts };
        kept.entries.insert(id, entry);
    }

    /// Writes what still holds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(self) -> Result<(), String> {
        let Some(mut kept) = self.kept else { return Ok(()) };
        let now = kept.now;
        kept.entries.retain(|_, entry| entry.holds(now));
        let failed = |error: std::io::Error| format!("{}: {error}", kept.file.display());
        let text = serde_json::to_vec(&kept.entries).map_err(|error| error.to_string())?;
        let folder = kept.file.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.persist(&kept.file).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

impl Kept {
    /// Of rule, value and companions; says nothing to whoever lacks the key.
    fn id(&self, finding: &Finding) -> String {
        let mut code = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key may have any length");
        let nearby = finding.nearby.iter().flat_map(|nearby| [nearby.name.as_bytes(), nearby.value.expose()]);
        for part in [finding.rule.id.as_bytes(), finding.secret.expose()].into_iter().chain(nearby) {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part);
        }
        code.finalize().into_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Entry {
    fn holds(&self, now: u64) -> bool {
        let life = if self.state == "live" { LIVE_FOR } else { DEAD_FOR };
        (self.at..self.at.saturating_add(life)).contains(&now)
    }
}

/// The key of this user: that of `STANCH_KEY`, or a random one in a file that only they can read.
fn key(file: &Path) -> std::io::Result<[u8; 32]> {
    use sha2::Digest;
    if let Some(given) = std::env::var_os("STANCH_KEY").filter(|given| !given.is_empty()) {
        return Ok(Sha256::digest(given.as_encoded_bytes()).into());
    }
    if let Some(key) = fs::read(file).ok().and_then(|bytes| bytes.try_into().ok()) {
        return Ok(key);
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
    let mut written = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
    written.write_all(&key)?;
    written.persist(file).map_err(|error| error.error)?;
    Ok(key)
}
