//! JSON Lines: findings, then gaps, then notes, and last the tally. Whoever reads no tally knows that the
//! report was cut short.

use std::io::{self, Write};

use super::{View, safe_json, v1};
use crate::model::Report;

pub(super) fn write(report: &Report, view: View, out: &mut impl Write) -> io::Result<()> {
    for line in v1::Line::all(report, view) {
        safe_json::compact(&line, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
