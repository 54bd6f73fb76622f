//! One JSON document.

use std::io::{self, Write};

use super::{View, safe_json, v1};
use crate::model::Report;

pub(super) fn write(report: &Report, view: View, out: &mut impl Write) -> io::Result<()> {
    safe_json::pretty(&v1::Document::of(report, view), out)
}
