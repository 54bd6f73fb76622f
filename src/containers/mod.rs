//! Containers: archives, compressed files and other files that hold files. Their members are handed over one after
//! the other, out of each other, without ever being unpacked to a disk; what cannot be opened becomes a gap.
//!
//! A container is told by its first bytes. A member's place is the place of its container, `!`, and its own name:
//! `image.tar!app.jar!config.properties`. A tar or cpio in a compressed file takes the place of that file. Where a
//! container turns out to be damaged, what came before the fault counts, and as far as it is at hand its bytes are
//! scanned as they are stored, too.

mod ar;
mod budget;
mod class;
mod content;
mod cpio;
mod format;
mod har;
mod image;
mod inflate;
mod input;
mod mail;
mod notebook;
mod pdf;
mod program;
mod rpm;
mod sevenz;
mod sqlite;
mod streams;
mod tar;
mod zip;
mod zip_stream;

pub use budget::Limits;
pub use content::{Content, ReadSeek};
pub use format::{Format, Reading};
pub use input::fill;

use std::io::{self, Cursor, Read, SeekFrom};
use std::ops::ControlFlow;

use self::budget::{Budget, MayTell, Metered, Outermost, Over};
use self::format::HEAD;
use self::input::Input;
use crate::model::{BlobPath, Gap, GapReason, PlaceKind, is_telling};

/// One thing met in a file.
pub enum Met<'a> {
    /// Bytes to be scanned: the file itself where it is no container, a member, or text around members.
    Blob {
        /// Where.
        path: &'a BlobPath,
        /// What of it.
        kind: PlaceKind,
        /// The bytes.
        content: Content<'a>,
    },
    /// A container is opened.
    Container {
        /// Where.
        path: &'a BlobPath,
        /// What it is.
        format: Format,
    },
    /// Something that could not be opened.
    Gap(Gap),
}

/// Takes what is met, and says whether to go on.
pub type Each<'a> = &'a mut dyn FnMut(Met<'_>) -> ControlFlow<()>;

/// Hands over all that is in a file: the file itself where it is no container, otherwise its members, and those of
/// containers among them. Returns the size of the file where it is a container or a stream.
pub fn open(path: &BlobPath, content: Content<'_>, limits: Limits, each: Each<'_>) -> Option<u64> {
    match content {
        Content::Whole(bytes) => match Format::of_whole(bytes) {
            None => whole(path, Content::Whole(bytes), each),
            Some(format) => {
                let size = bytes.len() as u64;
                let budget = Budget::new(limits, size);
                let mut bytes = Cursor::new(bytes);
                Opening::of_file(path, &budget, each).enter(path, format, Input::Seekable(&mut bytes));
                Some(size)
            }
        },
        Content::Seekable(reader) => match begin(reader) {
            // The source tells what cannot be read.
            Err(_) | Ok((None, _)) => whole(path, Content::Seekable(reader), each),
            Ok((Some(format), size)) => {
                let budget = Budget::new(limits, size);
                Opening::of_file(path, &budget, each).enter(path, format, Input::Seekable(reader));
                Some(size)
            }
        },
        Content::Stream(reader) => {
            let budget = Budget::new(limits, 0);
            let mut reader = Outermost { reader, budget: &budget };
            Opening::of_file(path, &budget, each).look(path, &mut reader, None);
            Some(budget.stored())
        }
    }
}

/// A file that is no container.
fn whole(path: &BlobPath, mut content: Content<'_>, each: Each<'_>) -> Option<u64> {
    let _ = each(Met::Blob { path, kind: PlaceKind::File, content: content.reborrow() });
    None
}

/// The format and the size of a file, which is at its first byte again.
fn begin(reader: &mut dyn ReadSeek) -> io::Result<(Option<Format>, u64)> {
    let mut head = [0; HEAD];
    let read = fill(reader, &mut head).0;
    let size = reader.seek(SeekFrom::End(0))?;
    let format = match Format::of(&head[..read]) {
        None => {
            let mut end = [0; HEAD];
            reader.seek(SeekFrom::Start(size.saturating_sub(HEAD as u64)))?;
            let read = fill(reader, &mut end).0;
            Format::of_whole(&end[..read]).filter(|format| *format == Format::Zip)
        }
        format => format,
    };
    reader.rewind()?;
    Ok((format, size))
}

/// Why a container was not read to its end.
pub(crate) enum Fault {
    /// What was told already, or is told elsewhere; or nobody wants more.
    Told,
    /// This is to be told.
    Gap(GapReason, String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        match error.kind() {
            _ if budget::is_noted(&error) => Fault::Told,
            _ if streams::needs_too_much(&error) => streams::too_much(),
            io::ErrorKind::UnexpectedEof => Fault::Gap(GapReason::Corrupt, "it ends too early".into()),
            _ => Fault::Gap(GapReason::Corrupt, error.to_string()),
        }
    }
}

/// What is told of a container that would have to be held.
fn held_too_much() -> Fault {
    let detail = format!(
        "it has to be read from any place, comes in a stream, and is larger than the {} MiB that are held of such; \
         unpack the file it is in and scan what comes out",
        budget::HELD >> 20
    );
    Fault::Gap(GapReason::TooLarge, detail)
}

/// A container that is being read, or the file that may be one.
pub(crate) struct Opening<'a> {
    path: BlobPath,
    /// How many containers are around its members; those that take the place of others are not counted.
    depth: u32,
    /// The same, all counted.
    level: usize,
    budget: &'a Budget,
    each: Each<'a>,
}

impl<'a> Opening<'a> {
    fn of_file(path: &BlobPath, budget: &'a Budget, each: Each<'a>) -> Opening<'a> {
        Opening { path: path.clone(), depth: 0, level: 0, budget, each }
    }

    fn path(&self) -> &BlobPath {
        &self.path
    }

    fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// Takes a member.
    ///
    /// # Errors
    /// When nothing more is to be read.
    fn member(&mut self, name: &[u8], reader: &mut dyn Read) -> Result<(), Fault> {
        self.named(name)?;
        let path = self.path.member(name);
        self.hand_over(&path, reader, None)
    }

    /// Takes all that a compressed file holds.
    fn content(&mut self, name: &[u8], reader: &mut dyn Read) -> Result<(), Fault> {
        let (path, outside) = (self.path.member(name), self.path.clone());
        self.hand_over(&path, reader, Some(&outside))
    }

    /// Takes the name of a member, which counts as one.
    fn named(&mut self, name: &[u8]) -> Result<(), Fault> {
        self.budget.count_member();
        let path = self.path.member(name);
        if leads_out(name) {
            let detail = "its name leads out of the archive; what it holds was scanned all the same";
            self.tell(&path, GapReason::UnsafeName, detail.into());
        }
        if is_telling(path.file_name()) {
            self.meet(Met::Blob {
                path: &path,
                kind: PlaceKind::Name,
                content: Content::Whole(path.file_name()),
            });
        }
        self.go_on(&path)
    }

    /// Takes text that stands beside the members, about the one with this name or about all.
    fn text(&mut self, name: &[u8], kind: PlaceKind, text: &[u8]) -> Result<(), Fault> {
        let path = self.path.member(name);
        if !text.is_empty() {
            self.meet(Met::Blob { path: &path, kind, content: Content::Whole(text) });
        }
        self.go_on(&path)
    }

    /// Tells of a member that it cannot be read.
    fn gap(&mut self, name: &[u8], reason: GapReason, detail: String) -> Result<(), Fault> {
        let path = self.path.member(name);
        self.tell(&path, reason, detail);
        self.go_on(&path)
    }

    fn hand_over(
        &mut self,
        path: &BlobPath,
        reader: &mut dyn Read,
        outside: Option<&BlobPath>,
    ) -> Result<(), Fault> {
        let mut reader = Metered::new(reader, self.budget, self.level);
        self.look(path, &mut reader, outside);
        let fault = reader.failure.map(Fault::from);
        match (fault, outside) {
            // It is the container itself that is damaged.
            (Some(fault), Some(_)) => return Err(fault),
            (Some(Fault::Gap(reason, detail)), None) => self.tell(path, reason, detail),
            _ => {}
        }
        self.go_on(path)
    }

    /// Hands over what a reader gives, or opens it where it is a container; a tar or cpio takes the place `outside`.
    fn look(&mut self, path: &BlobPath, reader: &mut dyn Read, outside: Option<&BlobPath>) {
        let mut head = vec![0; HEAD];
        // What cannot be read is told by the one who reads it.
        let read = fill(reader, &mut head).0;
        head.truncate(read);
        let format = Format::of(&head);
        let outside = outside.filter(|_| matches!(format, Some(Format::Tar | Format::Cpio)));
        match format {
            Some(format) if outside.is_some() || self.depth < self.budget.limits.depth => {
                let depth = self.depth - u32::from(outside.is_some());
                let mut opening = Opening { depth, ..self.reborrow() };
                opening.enter(outside.unwrap_or(path), format, Input::Stream(head, reader));
            }
            Some(format) => {
                let depth = self.budget.limits.depth;
                let detail =
                    format!("a {} file in {depth} others is not opened (--max-depth)", format.name());
                self.tell(path, GapReason::TooDeep, detail);
                self.scan(path, &mut head.chain(reader));
            }
            None => self.scan(path, &mut head.chain(reader)),
        }
    }

    /// Opens a container at `path`.
    fn enter(&mut self, path: &BlobPath, format: Format, mut input: Input<'_>) {
        self.meet(Met::Container { path, format });
        let (depth, level) = (self.depth + 1, self.level + 1);
        let mut opening = Opening { path: path.clone(), depth, level, ..self.reborrow() };
        // What is read twice has to be at hand twice.
        let is_at_hand = format.reading() == Reading::Members || input.seekable(opening.budget).is_some();
        let fault = match format {
            _ if !is_at_hand => Err(held_too_much()),
            Format::Gzip | Format::Bzip2 | Format::Xz | Format::Zstd => {
                streams::read(format, &mut input, &mut opening)
            }
            Format::Zip => zip::read(&mut input, &mut opening),
            Format::Tar => tar::read(&mut input, &mut opening),
            Format::SevenZ => sevenz::read(&mut input, &mut opening),
            Format::Ar => ar::read(&mut input, &mut opening),
            Format::Rpm => rpm::read(&mut input, &mut opening),
            Format::Cpio => cpio::read(&mut input, &mut opening),
            Format::Sqlite => sqlite::read(&mut input, &mut opening),
            Format::Class => class::read(&mut input, &mut opening),
            Format::Program => program::read(&mut input, &mut opening),
            Format::Pdf => pdf::read(&mut input, &mut opening),
            Format::Mail => mail::read(&mut input, &mut opening),
            Format::Har => har::read(&mut input, &mut opening),
            Format::Notebook => notebook::read(&mut input, &mut opening),
            Format::Unread(_) => Err(Fault::Gap(
                GapReason::Unsupported,
                "it is not opened here; unpack it and scan what comes out".into(),
            )),
        };
        let is_damaged = match fault {
            Err(Fault::Gap(reason, detail)) => {
                self.tell(path, reason, format!("as a {} file: {detail}", format.name()));
                true
            }
            _ => false,
        };
        if (is_damaged || format.reading() != Reading::Members) && input.rewind() {
            self.scan(path, &mut *input.reader());
        }
        input.let_go(self.budget);
    }

    fn reborrow(&mut self) -> Opening<'_> {
        let Opening { ref path, depth, level, budget, ref mut each } = *self;
        Opening { path: path.clone(), depth, level, budget, each: &mut **each }
    }

    fn scan(&mut self, path: &BlobPath, reader: &mut dyn Read) {
        self.meet(Met::Blob { path, kind: PlaceKind::File, content: Content::Stream(reader) });
    }

    fn tell(&mut self, path: &BlobPath, reason: GapReason, detail: String) {
        let detail = match self.budget.count_gap() {
            MayTell::Yes => detail,
            MayTell::ThatThereAreMore => "more than is told here could not be opened".into(),
            MayTell::No => return,
        };
        self.meet(Met::Gap(Gap { path: path.clone(), reason, detail }));
    }

    fn meet(&mut self, met: Met<'_>) {
        if self.budget.over() != Over::Ended && (self.each)(met).is_break() {
            self.budget.end();
        }
    }

    /// Ends the reading where a limit was hit or nobody wants more.
    fn go_on(&mut self, path: &BlobPath) -> Result<(), Fault> {
        let reason = match self.budget.over() {
            Over::No => return Ok(()),
            Over::Hit(reason) => reason,
            Over::Ended => return Err(Fault::Told),
        };
        let Limits { ratio, members, .. } = self.budget.limits;
        let detail = match reason {
            GapReason::Ratio => format!("the file unpacks to more than {ratio} times its size (--max-ratio)"),
            _ => format!("the file has more than {members} members (--max-members)"),
        };
        self.tell(path, reason, format!("{detail}; nothing from here on was read"));
        self.budget.end();
        Err(Fault::Told)
    }
}

/// Whether a program that unpacks by name would write elsewhere than where it was told to.
fn leads_out(name: &[u8]) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    let is_absolute = name.first().is_some_and(is_separator) || name.get(1) == Some(&b':');
    is_absolute || name.split(is_separator).any(|part| part == b"..")
}

/// What is told where a header does not say what it must.
fn damaged_header() -> Fault {
    Fault::Gap(GapReason::Corrupt, "a header is damaged".into())
}

/// A number of headers that are text.
fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out() {
        for (name, expected) in [
            (&b"a/b"[..], false),
            (b"a..b/..c", false),
            (b"", false),
            (b"../a", true),
            (b"a/../../b", true),
            (b"a\\..\\b", true),
            (b"/etc/passwd", true),
            (b"C:\\x", true),
        ] {
            assert_eq!(leads_out(name), expected, "{name:?}");
        }
    }
}
