//! The identity of a finding: stable when lines move, when history is rewritten and on other machines,
//! and useless to whoever wants to confirm a guess.

use sha2::{Digest, Sha256};

use crate::model::{FindingId, Sighting, Strength};

/// Parts of the hashed text are told apart by their lengths; the first names the form of the id.
const FORM: &[u8] = b"stanch finding id 1";

/// How many bits of a weak value go into its id.
const WEAK_BITS: u32 = 10;

/// The id of what was seen: of the rule's family and the value where nobody can guess the value, otherwise
/// of the family, the bound name, the path and ten bits of the value.
pub(super) fn of(sighting: &Sighting) -> FindingId {
    let family = sighting.rule.family.as_bytes();
    let value = sighting.secret.expose();
    let digest = match sighting.strength {
        Strength::Random => hash(&[FORM, family, value]),
        Strength::Weak => {
            let bits =
                u16::from_be_bytes([hash(&[FORM, value])[0], hash(&[FORM, value])[1]]) >> (16 - WEAK_BITS);
            let name = sighting.bound_name.as_deref().unwrap_or_default().as_bytes();
            hash(&[FORM, family, name, sighting.place.path.as_bytes(), &bits.to_be_bytes()])
        }
    };
    FindingId(digest[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
