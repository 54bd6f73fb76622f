//! The only door to the network: requests that rules declare, filled in, signed, paced, sent to the hosts that the
//! rule or the person named, and their answers.

mod answer;
mod client;
mod credentials;
pub mod databases;
mod digest;
mod endpoints;
mod exchange;
mod guard;
mod jwt;
mod pace;
mod sign;
mod trust;
mod values;

pub use answer::Answer;
pub use client::{Client, Options, Sent, Trouble, Watch};
pub use credentials::Credentials;
pub use endpoints::{Endpoints, address};
pub use exchange::{Kind, Stop, exchange, host_of, look_up};
pub use trust::Trust;
pub use values::Values;
