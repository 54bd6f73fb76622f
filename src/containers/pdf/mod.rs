//! PDF files (ISO 32000-1): the text of their pages, files that are attached, and whatever else stands in objects and
//! streams, each under the number of its object. What later changes replaced is there, too: it is still in the file.
//!
//! Read object by object as they stand in the file, and nothing of it is held but what pages and fonts are made of. A
//! reader that goes by the file's tables does not see what these no longer lead to.

mod document;
mod file;
mod filters;
mod font;
mod lexer;
mod object;
mod text;
mod walk;

use std::collections::{HashMap, HashSet};

use self::document::Document;
use self::file::{File, Stretch};
use self::object::{Dictionary, Object};
use self::text::Canvas;
use self::walk::{Failure, Found, Met, Meter, walk};
use super::{Fault, Input, Opening};
use crate::model::GapReason;

/// What a document begins with.
pub(super) const MAGIC: &[u8] = b"%PDF-";

/// Shorter texts that no page shows are no secrets, in bytes: most are languages and labels.
const SHORTEST: usize = 6;

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let reader = input.seekable(opening.budget()).ok_or_else(super::held_too_much)?;
    let file = File::new(reader)?;
    let meter = Meter { budget: opening.budget(), level: opening.level };
    let (document, damage) = Document::of(file.whole(), meter);
    if document.is_encrypted {
        let detail = "it is not decrypted here; scan what `qpdf --decrypt` makes of it";
        return Err(Fault::Gap(GapReason::Encrypted, detail.into()));
    }
    opening.go_on(&opening.path().clone())?;
    let mut reader = Reader { document, shown: HashMap::new(), listed: HashSet::new(), opening };
    reader.pages()?;
    reader.objects(file.whole())?;
    if reader.document.is_cut {
        let detail =
            "it has more objects or larger fonts than are held; the text of some of its pages is not read";
        return Err(Fault::Gap(GapReason::TooLarge, detail.into()));
    }
    damage.map_or(Ok(()), |damage| Err(Fault::Gap(GapReason::Corrupt, damage.into())))
}

struct Reader<'r, 'f, 'a> {
    document: Document<'f, 'a>,
    /// The streams that drew pages, each with the number of its page.
    shown: HashMap<u32, u32>,
    /// The pages that the document has now.
    listed: HashSet<u32>,
    opening: &'r mut Opening<'a>,
}

impl Reader<'_, '_, '_> {
    /// Reads the pages that the document has now.
    fn pages(&mut self) -> Result<(), Fault> {
        for (place, number) in (1..).zip(self.document.pages()) {
            let page = self.document.page(number);
            self.listed.insert(number);
            let contents = self.document.contents(&page);
            self.page(&format!("page/{place}"), (number, &page), &contents)?;
        }
        Ok(())
    }

    fn page(
        &mut self,
        name: &str,
        (number, page): (u32, &Dictionary),
        contents: &[u32],
    ) -> Result<(), Fault> {
        let fonts = self.document.fonts(page);
        let mut canvas = Canvas::new(&fonts);
        let mut failures = vec![];
        for &content in contents {
            let read = self.document.read_stream(content, |content| canvas.take(content));
            failures.extend(read.err());
            if self.document.is_stream(content) {
                self.shown.insert(content, number);
            }
        }
        self.show(name, canvas, failures)
    }

    /// Hands over a text, and tells what is not in it.
    fn show(&mut self, name: &str, canvas: Canvas<'_>, failures: Vec<Failure>) -> Result<(), Fault> {
        let (has_unknown, is_cut) = (canvas.has_unknown, canvas.is_cut);
        let text = canvas.text();
        if !text.is_empty() {
            self.opening.member(name.as_bytes(), &mut &text[..])?;
        }
        for failure in failures {
            self.tell(name, failure)?;
        }
        if has_unknown {
            let detail = "some of its text is in fonts that do not tell what their glyphs mean";
            self.opening.gap(name.as_bytes(), GapReason::Unsupported, detail.into())?;
        }
        if is_cut {
            let detail = "it has more text than is taken of one page; the rest was not read";
            self.opening.gap(name.as_bytes(), GapReason::TooLarge, detail.into())?;
        }
        self.opening.go_on(&self.opening.path().member(name.as_bytes()))
    }

    fn tell(&mut self, name: &str, failure: Failure) -> Result<(), Fault> {
        let (reason, detail) = match failure {
            Failure::Unsupported(detail) => (GapReason::Unsupported, detail),
            Failure::Broken(error) => match Fault::from(error) {
                Fault::Gap(reason, detail) => (reason, detail),
                Fault::Told => return Ok(()),
            },
        };
        self.opening.gap(name.as_bytes(), reason, detail)
    }

    /// Reads whatever no page that is listed has.
    fn objects(&mut self, whole: Stretch<'_>) -> Result<(), Fault> {
        let meter = self.document.meter;
        walk(whole, meter, &mut |met| match met {
            Met::Object(found) => self.object(&found),
            Met::Trailer(_) => Ok(()),
            Met::Unread(number, failure) => self.tell(&named(number), failure),
        })
        .map(|_| ())
    }

    fn object(&mut self, found: &Found<'_>) -> Result<(), Fault> {
        let name = named(found.number);
        let mut lines = vec![];
        texts(&found.value, b"", &mut lines);
        if !lines.is_empty() {
            self.opening.member(name.as_bytes(), &mut &lines[..])?;
        }
        let Some(dictionary) = found.dictionary() else { return Ok(()) };
        match found.stream {
            Some(stream) => self.stream(found, dictionary, stream),
            None if dictionary.is("Type", "Page") => self.former_page(found, dictionary),
            None => Ok(()),
        }
    }

    /// A page that is not listed: it was replaced, or taken out. What listed ones show is not shown again.
    fn former_page(&mut self, found: &Found<'_>, page: &Dictionary) -> Result<(), Fault> {
        if self.listed.contains(&found.number) && self.document.is_last(found.number, found.at) {
            return Ok(());
        }
        let mut contents = self.document.contents(page);
        contents.retain(|content| !self.shown.contains_key(content));
        self.page(&named(found.number), (found.number, page), &contents)
    }

    fn stream(
        &mut self,
        found: &Found<'_>,
        dictionary: &Dictionary,
        stream: Stretch<'_>,
    ) -> Result<(), Fault> {
        let is_shown = self.shown.get(&found.number).copied();
        match is_shown {
            _ if dictionary.is("Type", "ObjStm") || dictionary.is("Type", "XRef") => Ok(()),
            // What is seen in pixels is no text.
            _ if dictionary.is("Subtype", "Image") => Ok(()),
            Some(_) if self.document.is_last(found.number, found.at) => Ok(()),
            // It was drawn by what stood here before.
            Some(page) => {
                let page = self.document.page(page);
                self.drawing(found.number, &page, (dictionary, stream))
            }
            None if dictionary.is("Subtype", "Form") => {
                self.drawing(found.number, dictionary, (dictionary, stream))
            }
            None => self.content(found.number, dictionary, stream),
        }
    }

    /// A stream that draws, with the fonts of what has it.
    fn drawing(
        &mut self,
        number: u32,
        holder: &Dictionary,
        (dictionary, stream): (&Dictionary, Stretch<'_>),
    ) -> Result<(), Fault> {
        let fonts = self.document.fonts(holder);
        let mut canvas = Canvas::new(&fonts);
        let read = self.document.read(stream, dictionary, |content| canvas.take(content));
        self.show(&named(number), canvas, read.err().into_iter().collect())
    }

    /// A stream that is read as it is, once it is unpacked: a file that is attached has its own name.
    fn content(&mut self, number: u32, dictionary: &Dictionary, stream: Stretch<'_>) -> Result<(), Fault> {
        let file_name = self.document.file_names.get(&number);
        let name = file_name.cloned().unwrap_or_else(|| named(number).into_bytes());
        match self.document.content(stream, dictionary) {
            Ok(mut content) => self.opening.member(&name, &mut content),
            Err(detail) => self.opening.gap(&name, GapReason::Unsupported, detail),
        }
    }
}

fn named(number: u32) -> String {
    format!("object/{number}")
}

/// The texts in a value, one a line after the key that it has; that of a field in a form has the name of the field
/// (12.7.3).
fn texts(value: &Object, key: &[u8], lines: &mut Vec<u8>) {
    match value {
        Object::Text(text) => {
            let text = object::decoded(text);
            if text.len() >= SHORTEST && text.iter().all(is_written) {
                lines.extend([key, b" = ", &text, b"\n"].concat());
            }
        }
        Object::Array(members) => members.iter().for_each(|member| texts(member, key, lines)),
        Object::Dictionary(dictionary) => {
            let field = dictionary.get("T").text().map(object::decoded);
            for (key, value) in dictionary.entries() {
                let key = field.as_deref().filter(|_| key == b"V").unwrap_or(key);
                texts(value, key, lines);
            }
        }
        _ => {}
    }
}

/// Whether people write this byte.
fn is_written(byte: &u8) -> bool {
    !byte.is_ascii_control() || byte.is_ascii_whitespace()
}
