//! What a run remembers for the next one: which blobs of a repository hold nothing that any rule looks for, and
//! what was told of it in the end.
//!
//! Two files for each repository, outside of it; the second one is that of a [`Memo`]. In the first are the digest
//! of the rules, and for each blob a keyed hash of its id, and its size: nothing of what the blob holds, nor which
//! one it is to anyone without the key. A file is replaced as a whole, so that runs side by side, and runs that
//! are cut short, leave a whole one; what is not whole, or was made with other rules, is not believed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use foldhash::HashMap;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use siphasher::sip128::SipHasher24;
use tempfile::NamedTempFile;

use super::memo::Memo;
use super::{SourceError, Visit};
use crate::git::{Repository, oid};

/// A folder with such files.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    /// SipHash-2-4 with a random key says nothing of what was hashed to those who do not have it (Aumasson and
    /// Bernstein, "SipHash: a fast short-input PRF", 2012).
    keyed: SipHasher24,
    key: [u8; 16],
    rules: [u8; 32],
}

/// Blobs that hold nothing: the keyed hashes of their ids, and their sizes in bytes.
pub(super) type Known = HashMap<u128, u64>;

/// What a file begins with.
const FORM: &[u8] = b"stanch cache 1\n";

/// What the file of a memo begins with.
const MEMO_FORM: &[u8] = b"stanch memo 1\n";

/// The file with the key.
const KEY: &str = "key";

impl Cache {
    /// The cache in `folder`, which is made where it is not there, for what rules with this digest find.
    ///
    /// # Errors
    /// When the folder cannot be made, or its key can neither be read nor written.
    pub fn open(folder: &Path, rules: [u8; 32]) -> Result<Cache, SourceError> {
        let failed = |error: io::Error| {
            let shown = folder.display();
            SourceError(format!(
                "{shown}: no cache can be kept there: {error}; name another folder: --cache=DIR"
            ))
        };
        make_private(folder).map_err(failed)?;
        let key = key(folder).map_err(failed)?;
        Ok(Cache { folder: folder.to_owned(), keyed: SipHasher24::new_with_key(&key), key, rules })
    }

    /// The keyed hash of an id.
    pub(super) fn hash(&self, id: &oid) -> u128 {
        self.keyed.hash(id.as_bytes()).as_u128()
    }

    /// What earlier runs with the same rules knew of a repository.
    pub(super) fn known(&self, repository: &Repository) -> Known {
        let bytes = fs::read(self.file(repository, "git")).unwrap_or_default();
        self.parsed(&bytes).unwrap_or_default()
    }

    /// Keeps what is known of a repository for later runs.
    ///
    /// # Errors
    /// When that cannot be written. What was kept before is still there.
    pub(super) fn keep(&self, repository: &Repository, known: &Known) -> io::Result<()> {
        let mut bytes = [FORM, &self.rules].concat();
        bytes.reserve(known.len() * ENTRY + CHECK);
        for (hash, size) in known {
            bytes.extend(hash.to_le_bytes());
            bytes.extend(size.to_le_bytes());
        }
        bytes.extend(self.keyed.hash(&bytes).as_u128().to_le_bytes());
        self.replace(&self.file(repository, "git"), &bytes)
    }

    /// What a run with the same rules told of a repository in this state.
    pub(super) fn memo(&self, repository: &Repository, state: [u8; 32]) -> Option<Memo> {
        let bytes = fs::read(self.file(repository, "memo")).ok()?;
        let (nonce, sealed) = bytes.strip_prefix(MEMO_FORM)?.split_first_chunk()?;
        let payload = Payload { msg: sealed, aad: &self.rules };
        let text = self.cipher(state).decrypt(&Nonce::from(*nonce), payload).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps what was told of a repository in this state.
    ///
    /// # Errors
    /// When that cannot be written.
    pub(super) fn keep_memo(&self, repository: &Repository, state: [u8; 32], memo: &Memo) -> io::Result<()> {
        let text = serde_json::to_vec(memo)?;
        let mut nonce = [0; 12];
        fill_randomly(&mut nonce)?;
        let payload = Payload { msg: &text[..], aad: &self.rules };
        let sealed = self.cipher(state).encrypt(&Nonce::from(nonce), payload).map_err(io::Error::other)?;
        self.replace(&self.file(repository, "memo"), &[MEMO_FORM, &nonce, &sealed].concat())
    }

    /// ChaCha20-Poly1305 (RFC 8439) with a key that both the cache and the repository are needed for.
    fn cipher(&self, state: [u8; 32]) -> ChaCha20Poly1305 {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(&state);
        ChaCha20Poly1305::new(&mac.finalize().into_bytes())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }

    /// A file for a repository.
    fn file(&self, repository: &Repository, what: &str) -> PathBuf {
        let folder = fs::canonicalize(repository.common_dir());
        let folder = folder.unwrap_or_else(|_| repository.common_dir().to_owned());
        let name = self.keyed.hash(folder.as_os_str().as_encoded_bytes()).as_u128();
        self.folder.join(format!("{name:032x}.{what}"))
    }

    /// What is in a file, if it is whole and was made with the same rules.
    fn parsed(&self, bytes: &[u8]) -> Option<Known> {
        let (rest, check) = bytes.split_last_chunk::<CHECK>()?;
        let entries = rest.strip_prefix(FORM)?.strip_prefix(&self.rules)?;
        if self.keyed.hash(rest).as_u128() != u128::from_le_bytes(*check) {
            return None;
        }
        let (entries, []) = entries.as_chunks::<ENTRY>() else { return None };
        let entry = |entry: &[u8; ENTRY]| {
            let (hash, size) = (entry.first_chunk()?, entry.last_chunk()?);
            Some((u128::from_le_bytes(*hash), u64::from_le_bytes(*size)))
        };
        entries.iter().map(entry).collect()
    }
}

/// Says so where something could not be kept: the run is as good without.
pub(super) fn tell_unless_kept(kept: io::Result<()>, each: &(dyn Fn(Visit<'_>) + Sync)) {
    if let Err(error) = kept {
        each(Visit::Remark(format!("the cache could not be written: {error}")));
    }
}

/// Bytes of a hash and a size.
const ENTRY: usize = 16 + 8;

/// Bytes of the hash of all before it, at the end of a file.
const CHECK: usize = 16;

/// The key of a folder; made by the first run that needs one.
fn key(folder: &Path) -> io::Result<[u8; 16]> {
    let path = folder.join(KEY);
    if !path.try_exists()? {
        let mut fresh = [0; 16];
        fill_randomly(&mut fresh)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(&fresh)?;
        match file.persist_noclobber(&path) {
            // Another run was faster.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            written => drop(written?),
        }
    }
    let broken = || io::Error::other(format!("{KEY} is not 16 bytes long; remove the folder"));
    fs::read(path)?.try_into().map_err(|_| broken())
}

fn fill_randomly(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))
}

/// A folder that only its owner sees, if it is new.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
