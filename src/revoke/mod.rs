//! Ends leaks: what would be done (a plan), what is done of it, and what was done (the ledger).
//!
//! A plan holds no secret. They are found again when it is carried out, and whoever does that is told, by the layer
//! above, whether a token works: asking is not done here.

mod act;
mod applied;
mod choice;
mod ledger;
mod plan;

pub use act::{Answered, Outcome, Target, act};
pub use applied::{Applied, End};
pub use choice::{Choice, chosen};
pub use ledger::{Event, Ledger, LedgerError, Record, who};
pub use plan::{Action, Item, ItemPlace, Plan, Said};
