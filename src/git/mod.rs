//! Git repositories, read in-process. Knows nothing of secrets, rules or reports.

pub mod history;
