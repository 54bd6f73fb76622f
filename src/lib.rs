//! `stanch` finds leaked tokens in code, proves what it can about them, reports where they are without repeating
//! them, asks providers about them when told to, and revokes them.
//!
//! ```text
//!  Source --visit--> Blob --scan--> Candidate --settle--> Finding --ask--> Verdict --> Report --> Format
//!  tree, stdin, git  bytes          rule + ranges         secret + places  live, dead  sorted    human json jsonl sarif
//!                                                                    \--> Plan --agree--> call --> seen dead --> Ledger
//! ```
//!
//! Imports point down; `tests/layers.rs` keeps it so:
//!
//! ```text
//!  cli        clap lives here only: what was typed -> what is meant (a Task)
//!  commands   one file a subcommand; reads as a table of contents
//!  sources | engine | findings | verify | revoke | report      siblings do not see each other
//!  rules | proofs | decode | containers | git | net       net is the only door to the network
//!  vector     what is done to many bytes at once
//!  model      the nouns; no I/O
//! ```

pub mod bindings;
pub mod cli;
pub mod commands;
pub mod containers;
pub mod decode;
pub mod engine;
pub mod findings;
pub mod git;
pub mod judge;
pub mod model;
pub mod net;
pub mod proofs;
pub mod report;
pub mod revoke;
pub mod rules;
pub mod sources;
mod vector;
pub mod verify;
