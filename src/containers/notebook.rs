//! Jupyter notebooks: the text of each cell and of what it printed, where it is not written in the file as it is
//! read (nbformat 4).

use serde_json::Value;

use super::{Fault, Input, Opening};

/// Whether a file begins as notebooks do: with the list of its cells.
pub(super) fn is_notebook(head: &[u8]) -> bool {
    let rest = head.strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
    rest.starts_with(b"\"cells\"")
}

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let bytes = input.whole(opening.budget()).ok_or_else(super::held_too_much)?;
    // What is no notebook is read as it is stored, as this is, too.
    let Ok(notebook) = serde_json::from_slice::<Value>(&bytes) else { return Ok(()) };
    for (number, cell) in (1..).zip(notebook["cells"].as_array().into_iter().flatten()) {
        let name = format!("cell/{number}");
        opening.member(name.as_bytes(), &mut joined(&cell["source"]).as_bytes())?;
        let mut printed = String::new();
        for output in cell["outputs"].as_array().into_iter().flatten() {
            printed += &joined(&output["text"]);
            printed += &joined(&output["traceback"]);
            for (kind, data) in output["data"].as_object().into_iter().flatten() {
                if kind.starts_with("text/") {
                    printed += &joined(data);
                }
            }
        }
        if !printed.is_empty() {
            opening.member(format!("{name}/output").as_bytes(), &mut printed.as_bytes())?;
        }
    }
    Ok(())
}

/// A text, which may be a list of its lines.
fn joined(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}
