//! Rules as data: what a rule file may say, what follows from its pattern, and the rules that ship with
//! stanch. The form is described for people in `rules/README.md`.

pub mod analyse;
mod builtin;
pub mod fours;
pub mod frequency;
pub mod pattern;
pub mod schema;
pub mod template;

pub use builtin::BUILTIN;
