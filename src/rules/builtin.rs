//! The rules that ship with stanch, as statics that the build script wrote from `rules/*.toml`.

use crate::model::*;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));
