//! From candidates to findings: which of overlapping ones wins, where it stands, what is ignored, and
//! what is one secret at many places.

mod apart;
mod baseline;
mod companions;
mod entry;
mod entry_file;
mod excerpt;
mod id;
mod ignore_file;
mod lines;
mod marks;
mod overlap;
mod settle;
mod sighted;

pub use apart::Apart;
pub use baseline::{Baseline, Extent, empty_baseline, parse_baseline};
pub use entry::{Covers, Entry, Pattern, Why, finding_id, gap_reason};
pub use entry_file::{EntryFile, Put};
pub use excerpt::{bound_name, masked};
pub use ignore_file::{IgnoreFile, Today};
pub use settle::{Dismissed, Settled, settle};
pub use sighted::{Chosen, Sighter, Stretch};
