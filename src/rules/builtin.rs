//! The rules that ship with stanch, as statics that the build script wrote from `rules/*.toml`.

use crate::model::{Anchor, ByteSet, Confidence, Rule, Severity, Specificity, Strength, WrongProof};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));
