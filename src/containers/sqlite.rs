//! SQLite databases (<https://www.sqlite.org/fileformat2.html>): the rows of every table, as `sqlite3 -line FILE
//! 'select * from TABLE'` prints them. A name beside each value tells rules what it is.
//!
//! Read page by page and never by SQL: no view, trigger or function that a hostile schema names is run, no file
//! beside the database is opened, and no page is held but those on the way to a row.

use std::collections::VecDeque;
use std::io::{self, Read, SeekFrom};

use super::{Fault, Input, Opening, ReadSeek};
use crate::model::GapReason;

/// What a database begins with.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Longer rows are cut off, in bytes.
const LONGEST: usize = 1 << 20;

/// No tree is deeper: with two entries in a page it holds more rows than there are numbers for them.
const DEEPEST: usize = 64;

/// So many tables are read.
const MOST_TABLES: usize = 100_000;

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let reader = input.seekable(opening.budget()).ok_or_else(super::held_too_much)?;
    let mut file = File::open(reader)?;
    let mut tables = vec![];
    let mut rows = Rows::of(1);
    while let Some(row) = rows.next(&mut file) {
        tables.extend(Table::of(&row, file.encoding));
        if tables.len() > MOST_TABLES {
            break;
        }
    }
    let mut broken = rows.broken;
    for table in tables {
        let mut lines = Lines::of(&table, &mut file);
        opening.member(&table.name, &mut lines)?;
        broken |= lines.rows.broken;
    }
    match broken {
        true => Err(Fault::Gap(GapReason::Corrupt, "a page is damaged; its rows are not read".into())),
        false => Ok(()),
    }
}

/// How texts are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

struct File<'a> {
    reader: &'a mut dyn ReadSeek,
    page_size: usize,
    /// Bytes of a page that are in use.
    usable: usize,
    pages: u64,
    encoding: Encoding,
}

impl<'a> File<'a> {
    fn open(reader: &'a mut dyn ReadSeek) -> Result<File<'a>, Fault> {
        let size = reader.seek(SeekFrom::End(0))?;
        reader.rewind()?;
        let mut header = [0; 100];
        reader.read_exact(&mut header)?;
        let page_size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => usize::from(size),
        };
        let usable = page_size.saturating_sub(header[20].into());
        if !page_size.is_power_of_two() || page_size < 512 || usable < 480 {
            return Err(Fault::Gap(GapReason::Corrupt, "its header is damaged".into()));
        }
        let encoding = match header[59] {
            2 => Encoding::Utf16Le,
            3 => Encoding::Utf16Be,
            _ => Encoding::Utf8,
        };
        Ok(File { reader, page_size, usable, pages: size.div_ceil(page_size as u64), encoding })
    }

    /// A page, counted from 1; nothing where there is none.
    fn page(&mut self, number: u64) -> Option<Vec<u8>> {
        if number == 0 || number > self.pages {
            return None;
        }
        let mut page = vec![0; self.page_size];
        self.reader.seek(SeekFrom::Start((number - 1) * self.page_size as u64)).ok()?;
        self.reader.read_exact(&mut page).ok()?;
        Some(page)
    }
}

/// A row as it is stored.
struct Row {
    id: Option<i64>,
    payload: Vec<u8>,
}

/// The rows of a tree, in its order.
struct Rows {
    /// Pages that were begun.
    open: Vec<Page>,
    /// Pages that were visited: no more than there are, so that circles end.
    visited: u64,
    root: Option<u64>,
    broken: bool,
}

struct Page {
    bytes: Vec<u8>,
    kind: u8,
    steps: VecDeque<Step>,
}

/// What comes next in a page.
enum Step {
    /// The rows of the page with this number.
    Page(u64),
    /// The row here.
    Row(usize),
}

const TABLE_LEAF: u8 = 0x0d;
const TABLE_INNER: u8 = 0x05;
/// Tables without row ids are stored as indexes are.
const INDEX_LEAF: u8 = 0x0a;
const INDEX_INNER: u8 = 0x02;

impl Rows {
    fn of(root: u64) -> Rows {
        Rows { open: vec![], visited: 0, root: Some(root), broken: false }
    }

    fn next(&mut self, file: &mut File<'_>) -> Option<Row> {
        if let Some(root) = self.root.take() {
            self.enter(root, file);
        }
        while let Some(page) = self.open.last_mut() {
            match page.steps.pop_front() {
                None => drop(self.open.pop()),
                Some(Step::Page(number)) => self.enter(number, file),
                Some(Step::Row(at)) => match row_at(page, at, file) {
                    Some(row) => return Some(row),
                    None => self.broken = true,
                },
            }
        }
        None
    }

    fn enter(&mut self, number: u64, file: &mut File<'_>) {
        self.visited += 1;
        let page =
            (self.open.len() < DEEPEST && self.visited <= file.pages).then(|| file.page(number)).flatten();
        match page.and_then(|bytes| Page::of(bytes, number)) {
            Some(page) => self.open.push(page),
            None => self.broken = true,
        }
    }
}

impl Page {
    fn of(bytes: Vec<u8>, number: u64) -> Option<Page> {
        let at = if number == 1 { 100 } else { 0 };
        let kind = *bytes.get(at)?;
        let is_inner = match kind {
            TABLE_LEAF | INDEX_LEAF => false,
            TABLE_INNER | INDEX_INNER => true,
            _ => return None,
        };
        let count = usize::from(short(&bytes, at + 3)?);
        let begin = at + if is_inner { 12 } else { 8 };
        let mut steps = VecDeque::new();
        for cell in 0..count {
            let cell = usize::from(short(&bytes, begin + 2 * cell)?);
            if is_inner {
                steps.push_back(Step::Page(long(&bytes, cell)?.into()));
            }
            match kind {
                TABLE_INNER => {}
                INDEX_INNER => steps.push_back(Step::Row(cell + 4)),
                _ => steps.push_back(Step::Row(cell)),
            }
        }
        if is_inner {
            steps.push_back(Step::Page(long(&bytes, at + 8)?.into()));
        }
        Some(Page { bytes, kind, steps })
    }
}

fn row_at(page: &Page, at: usize, file: &mut File<'_>) -> Option<Row> {
    let bytes = &page.bytes;
    let (size, at) = varint(bytes, at)?;
    let (id, at) = match page.kind {
        TABLE_LEAF => varint(bytes, at).map(|(id, at)| (Some(id.cast_signed()), at))?,
        _ => (None, at),
    };
    // How much of a row is in its page ("Cell Payload Overflow Pages").
    let (usable, size) = (file.usable, usize::try_from(size).ok()?);
    let most = if page.kind == TABLE_LEAF { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
    let least = (usable - 12) * 32 / 255 - 23;
    let spilled = least + size.saturating_sub(least) % (usable - 4);
    let local = match () {
        () if size <= most => size,
        () if spilled <= most => spilled,
        () => least,
    };
    let mut payload = bytes.get(at..at + local)?.to_vec();
    let mut next = if local < size { u64::from(long(bytes, at + local)?) } else { 0 };
    let wanted = size.min(LONGEST);
    while next != 0 && payload.len() < wanted {
        let page = file.page(next)?;
        next = long(&page, 0)?.into();
        let more = (size - payload.len()).min(usable - 4);
        payload.extend_from_slice(&page[4..4 + more]);
    }
    Some(Row { id, payload })
}

/// A value of a row.
enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Blob(&'a [u8]),
    Text(&'a [u8]),
}

/// The values of a row; those that are cut off are left out ("Record Format").
fn values(payload: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let (end, mut head) = varint(payload, 0).unwrap_or((0, 0));
    let end = usize::try_from(end).unwrap_or(usize::MAX).min(payload.len());
    let mut at = end;
    std::iter::from_fn(move || {
        if head >= end {
            return None;
        }
        let (kind, next) = varint(payload, head)?;
        head = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let from = at.min(payload.len());
        at = at.saturating_add(usize::try_from(length).ok()?);
        let bytes = &payload[from..at.min(payload.len())];
        let integer = bytes.first().map_or(0, |first| {
            let sign = if *first >= 0x80 { -1 } else { 0 };
            bytes.iter().fold(sign, |sum: i64, &byte| sum << 8 | i64::from(byte))
        });
        Some(match kind {
            0 => Value::Null,
            7 => Value::Real(f64::from_bits(integer.cast_unsigned())),
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            1..=6 => Value::Integer(integer),
            _ if kind % 2 == 0 => Value::Blob(bytes),
            _ => Value::Text(bytes),
        })
    })
}

/// A table as the schema tells of it.
struct Table {
    name: Vec<u8>,
    root: u64,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    /// Its values are the ids of the rows, and not stored.
    is_id: bool,
}

impl Table {
    /// The table of a row of the schema: type, name, table, root page, SQL.
    fn of(row: &Row, encoding: Encoding) -> Option<Table> {
        let values: Vec<Value<'_>> = values(&row.payload).collect();
        let [Value::Text(kind), Value::Text(name), _, Value::Integer(root), Value::Text(sql)] = values[..]
        else {
            return None;
        };
        if text(kind, encoding) != "table" {
            return None;
        }
        let columns = columns(&text(sql, encoding));
        Some(Table { name: text(name, encoding).into_bytes(), root: u64::try_from(root).ok()?, columns })
    }

    fn column(&self, number: usize) -> (String, bool) {
        match self.columns.get(number) {
            Some(Column { name, is_id }) => (name.clone(), *is_id),
            None => (format!("column{}", number + 1), false),
        }
    }
}

/// The rows of a table, as text.
struct Lines<'a, 'f> {
    table: &'a Table,
    file: &'a mut File<'f>,
    rows: Rows,
    is_first: bool,
    line: io::Cursor<Vec<u8>>,
}

impl<'a, 'f> Lines<'a, 'f> {
    fn of(table: &'a Table, file: &'a mut File<'f>) -> Lines<'a, 'f> {
        Lines { table, file, rows: Rows::of(table.root), is_first: true, line: io::Cursor::new(vec![]) }
    }

    fn print(&mut self, row: &Row) -> Vec<u8> {
        let mut out = vec![];
        if !std::mem::take(&mut self.is_first) {
            out.push(b'\n');
        }
        // As wide as the longest name, and five at least (shell.c of SQLite, MODE_Line).
        let width =
            self.table.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0).max(5);
        for (number, value) in values(&row.payload).enumerate() {
            let (name, is_id) = self.table.column(number);
            out.extend(format!("{name:>width$} = ").into_bytes());
            match (value, row.id) {
                (Value::Null, Some(id)) if is_id => out.extend(id.to_string().into_bytes()),
                (Value::Null, _) => {}
                (Value::Integer(number), _) => out.extend(number.to_string().into_bytes()),
                (Value::Real(number), _) => out.extend(format!("{number:?}").into_bytes()),
                (Value::Text(bytes), _) => out.extend(text(bytes, self.file.encoding).into_bytes()),
                (Value::Blob(bytes), _) => out.extend_from_slice(bytes),
            }
            out.push(b'\n');
        }
        out
    }
}

impl Read for Lines<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.line.read(buffer)? {
                0 if !buffer.is_empty() => {}
                read => return Ok(read),
            }
            match self.rows.next(self.file) {
                Some(row) => self.line = io::Cursor::new(self.print(&row)),
                None => return Ok(0),
            }
        }
    }
}

/// The columns of a `CREATE TABLE`: what begins the parts between its commas, but for constraints of the whole.
fn columns(sql: &str) -> Vec<Column> {
    const OF_THE_WHOLE: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    let Some(open) = sql.find('(') else { return vec![] };
    let is_column = |part: &&str| {
        let word = part.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
        !part.is_empty() && !OF_THE_WHOLE.iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    let column = |part: &str| {
        let name = first_name(part);
        let rest = part.to_ascii_uppercase();
        Column { is_id: rest.contains(" INTEGER PRIMARY KEY"), name }
    };
    parts(&sql[open + 1..]).into_iter().map(str::trim).filter(is_column).map(column).collect()
}

/// What stands between commas, up to the closing parenthesis.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (vec![], 0, 0);
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(letter),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => {
                parts.push(&text[from..at]);
                return parts;
            }
            (None, ')') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// The name that a part begins with.
fn first_name(part: &str) -> String {
    let close = match part.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => quote,
        Some('[') => ']',
        _ => return part.split(char::is_whitespace).next().unwrap_or_default().to_owned(),
    };
    part[1..].split(close).next().unwrap_or_default().to_owned()
}

fn text(bytes: &[u8], encoding: Encoding) -> String {
    let unit = match encoding {
        Encoding::Utf8 => return String::from_utf8_lossy(bytes).into_owned(),
        Encoding::Utf16Le => u16::from_le_bytes,
        Encoding::Utf16Be => u16::from_be_bytes,
    };
    let (units, _) = bytes.as_chunks::<2>();
    char::decode_utf16(units.iter().map(|&bytes| unit(bytes)))
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// A number of one to nine bytes, and what comes after it.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number = 0;
    for length in 0..8 {
        let byte = *bytes.get(at + length)?;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((number, at + length + 1));
        }
    }
    Some((number << 8 | u64::from(*bytes.get(at + 8)?), at + 9))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_table() {
        for (sql, expected) in [
            ("CREATE TABLE t(a, b)", "a b"),
            ("CREATE TABLE t (id INTEGER PRIMARY KEY, \"b, c\" text DEFAULT '(', [d] int)", "id* b, c d"),
            (
                "CREATE TABLE t(a varchar(10, 2) CHECK (a in (1, 2)), PRIMARY KEY (a), FOREIGN KEY(a) REFERENCES b(c))",
                "a",
            ),
            ("CREATE TABLE t", ""),
            ("CREATE TABLE t(a", "a"),
        ] {
            let told: Vec<String> = columns(sql)
                .iter()
                .map(|c| format!("{}{}", c.name, if c.is_id { "*" } else { "" }))
                .collect();
            assert_eq!(told.join(" "), expected, "{sql}");
        }
    }

    #[test]
    fn numbers_of_any_length() {
        for (bytes, expected) in [
            (&[0x05][..], Some((5, 1))),
            (&[0x81, 0x00], Some((128, 2))),
            (&[0xff; 9], Some((u64::MAX, 9))),
            (&[0xff; 8], None),
            (&[], None),
        ] {
            assert_eq!(varint(bytes, 0), expected, "{bytes:?}");
        }
    }
}
