//! The rules that ship with stanch, as statics that the build script wrote from `rules/*.toml`.

use crate::model::*;
use crate::model::{
    Algorithm::*, At::*, Body::*, By::*, Damage::*, Encoding::*, FoundBy::*, Hash::*, Method::*, Sign::*,
};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));
