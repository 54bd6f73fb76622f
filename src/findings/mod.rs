//! From candidates to findings: which of overlapping ones wins, where it stands, what is ignored, and
//! what is one secret at many places.

mod apart;
mod companions;
mod excerpt;
mod id;
mod ignore_file;
mod lines;
mod marks;
mod overlap;
mod settle;
mod sighted;

pub use apart::Apart;
pub use excerpt::masked;
pub use ignore_file::{IgnoreFile, Today};
pub use settle::{Settled, settle};
pub use sighted::{Chosen, Sighter, Stretch};
