//! Tables of published values: rows of a hash and where the value was published, sorted by the hash.

/// Where the value with that hash was published, if it was. Searches the text itself: nothing is read
/// before the first value is met.
pub(super) fn find(table: &'static str, digits: &str) -> Option<&'static str> {
    let mut text = table;
    while !text.is_empty() {
        let middle = text[..text.len() / 2].rfind('\n').map_or(0, |newline| newline + 1);
        let (before, from) = text.split_at(middle);
        let (row, after) = from.split_once('\n').unwrap_or((from, ""));
        let (known, origin) = row.split_once('\t')?;
        match digits.cmp(known) {
            std::cmp::Ordering::Equal => return Some(origin),
            std::cmp::Ordering::Less => text = before,
            std::cmp::Ordering::Greater => text = after,
        }
    }
    None
}

/// Asserts that a table is sorted, that its hashes have so many hex digits, and that each is found.
#[cfg(test)]
pub(super) fn assert_sound(table: &'static str, length: usize) {
    let rows: Vec<(&str, &str)> = table.lines().map(|row| row.split_once('\t').unwrap()).collect();
    for pair in rows.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} stands before {}", pair[0].0, pair[1].0);
    }
    for (digits, origin) in rows {
        assert!(digits.len() == length && digits.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
        assert!(!origin.is_empty() && origin.trim() == origin, "{digits}: {origin}");
        assert_eq!(find(table, digits), Some(origin));
    }
    for digits in ["", "0", &"f".repeat(length), &"0".repeat(length)] {
        assert_eq!(find(table, digits), None);
    }
}
