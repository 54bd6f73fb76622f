//! Asks providers whether tokens work: one question a secret, of the provider whose rule won, and only such
//! questions as the person allowed.

mod ask;
mod cache;
mod control;
mod owner;
mod policy;
mod questions;

pub use cache::Cache;
pub use owner::learn_owners;
pub use policy::Policy;
pub use questions::{ask_all, questions, verdict_of};
