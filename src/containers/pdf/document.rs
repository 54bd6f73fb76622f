//! What is known of a document before it is read: its objects by their numbers, and its pages (ISO 32000-1, 7.7).

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::io::Read;
use std::rc::Rc;

use super::file::Stretch;
use super::filters::{Inflaters, Unpacking};
use super::font::Font;
use super::lexer::Lexer;
use super::object::{Dictionary, Object, decoded};
use super::text::Fonts;
use super::walk::{Failure, Found, Met, Meter, walk};

/// How much is held of the objects that pages and fonts are made of, in bytes.
const MOST_HELD: usize = 12 << 20;

/// How much of that where the document itself is held.
const LEAST_HELD: usize = 4 << 20;

/// What an object takes in a table, in bytes.
const ENTRY: usize = 112;

/// How much is held of fonts for later pages, in entries of their tables.
const MOST_OF_FONTS: usize = 50_000;

/// How much is held of the fonts of one page.
const MOST_OF_PAGE: usize = 150_000;

/// References that lead to references, and pages in groups of pages, go no deeper.
const DEEPEST: usize = 50;

/// What it costs to look at something, in bytes that were unpacked: nothing is looked at for ever.
const LOOK: usize = 64;

pub(super) struct Document<'f, 'a> {
    whole: Stretch<'f>,
    pub(super) meter: Meter<'a>,
    /// How objects are written, one after the other.
    held: Vec<u8>,
    objects: HashMap<u32, Held>,
    /// What lists the pages: the last object that the document says it is, and the last that says so itself.
    root: Option<u32>,
    catalog: Option<u32>,
    pub(super) is_encrypted: bool,
    /// More objects and fonts were there than are held.
    pub(super) is_cut: bool,
    /// The names of files that are attached, by the numbers of their streams.
    pub(super) file_names: HashMap<u32, Vec<u8>>,
    fonts: HashMap<u32, Rc<Font>>,
    /// How large they are.
    of_fonts: usize,
    inflaters: Inflaters,
}

/// The last object of a number.
struct Held {
    at: u64,
    /// From where to where it stands in what is held.
    written: (u32, u32),
    /// The same in the document.
    stream: Option<(u64, u64)>,
}

impl<'f, 'a> Document<'f, 'a> {
    /// Reads what there is, and says what is wrong with it, if anything is.
    pub(super) fn of(whole: Stretch<'f>, meter: Meter<'a>) -> (Document<'f, 'a>, Option<&'static str>) {
        let mut document = Document {
            whole,
            meter,
            held: vec![],
            objects: HashMap::new(),
            root: None,
            catalog: None,
            is_encrypted: false,
            is_cut: false,
            file_names: HashMap::new(),
            fonts: HashMap::new(),
            of_fonts: 0,
            inflaters: Inflaters::default(),
        };
        let done = walk(whole, meter, &mut |met| {
            document.meet(met);
            Ok::<(), Infallible>(())
        });
        match done {
            Ok(damage) => (document, damage),
            Err(never) => match never {},
        }
    }

    fn meet(&mut self, met: Met<'f>) {
        match met {
            Met::Trailer(trailer) => self.look_at_trailer(&trailer),
            Met::Object(found) => self.hold(found),
            // It is told when it is read.
            Met::Unread(..) => {}
        }
    }

    fn look_at_trailer(&mut self, trailer: &Dictionary) {
        self.root = trailer.get("Root").reference().or(self.root);
        self.is_encrypted |= trailer.has("Encrypt");
    }

    fn hold(&mut self, found: Found<'f>) {
        if let Some(dictionary) = found.dictionary() {
            self.look_at(found.number, dictionary);
        }
        // Whatever had the number before is replaced.
        self.objects.remove(&found.number);
        if !is_needed(&found.value) {
            return;
        }
        let taken = self.held.len() + self.objects.len() * ENTRY + found.written.len();
        if taken > MOST_HELD.min(LEAST_HELD + self.meter.budget.may_hold()) {
            self.is_cut = true;
            return;
        }
        // Fewer bytes are held than fit into 32 bits.
        let from = self.held.len() as u32;
        self.held.extend_from_slice(&found.written);
        let written = (from, self.held.len() as u32);
        let held = Held { at: found.at, written, stream: found.stream.map(|stream| stream.ends()) };
        self.objects.insert(found.number, held);
    }

    fn look_at(&mut self, number: u32, dictionary: &Dictionary) {
        if dictionary.is("Type", "XRef") {
            self.look_at_trailer(dictionary);
        }
        if dictionary.is("Type", "Catalog") {
            self.catalog = Some(number);
        }
        self.look_for_file(dictionary);
    }

    /// Takes the name of a file that is attached (7.11.3, 7.11.4).
    fn look_for_file(&mut self, dictionary: &Dictionary) {
        let Some(streams) = dictionary.get("EF").dictionary() else { return };
        let names = ["UF", "F"].map(|key| dictionary.get(key).text());
        let Some(name) = names.into_iter().flatten().next() else { return };
        for (_, stream) in streams.entries() {
            if let Some(number) = stream.reference().filter(|_| self.file_names.len() < 10_000) {
                self.file_names.insert(number, decoded(name).into_iter().take(1000).collect());
            }
        }
    }

    /// Whether this is the last object of its number.
    pub(super) fn is_last(&self, number: u32, at: u64) -> bool {
        self.objects.get(&number).is_some_and(|held| held.at == at)
    }

    fn object(&self, number: u32) -> Object {
        let Some(held) = self.objects.get(&number) else { return Object::Null };
        let written = &self.held[held.written.0 as usize..held.written.1 as usize];
        if !self.meter.may_look(LOOK + written.len()) {
            return Object::Null;
        }
        Object::read(&mut Lexer::new(written, 0)).unwrap_or(Object::Null)
    }

    /// What a value is or refers to.
    pub(super) fn resolved(&self, value: &Object) -> Object {
        let mut value = value.clone();
        for _ in 0..DEEPEST {
            match value.reference() {
                Some(number) => value = self.object(number),
                None => return value,
            }
        }
        Object::Null
    }

    /// The value of a key, with what it refers to.
    pub(super) fn get(&self, dictionary: &Dictionary, key: &str) -> Object {
        self.resolved(dictionary.get(key))
    }

    /// How a stream is packed; what that refers to is looked up.
    pub(super) fn unpacking(&self, dictionary: &Dictionary) -> Result<Unpacking, String> {
        let deep = |key: &str| {
            let value = self.get(dictionary, key);
            Object::Array(value.members().iter().map(|member| self.resolved(member)).collect())
        };
        Unpacking::by(&deep("Filter"), &deep("DecodeParms"))
    }

    /// Hands over what the stream of this number unpacks to, if there is one.
    pub(super) fn read_stream(
        &mut self,
        number: u32,
        take: impl FnOnce(&mut dyn Read),
    ) -> Result<(), Failure> {
        let Some((from, to)) = self.objects.get(&number).and_then(|held| held.stream) else { return Ok(()) };
        let stream = self.whole.part(from, to);
        match self.object(number).dictionary() {
            Some(dictionary) => self.read(stream, dictionary, take),
            None => Ok(()),
        }
    }

    /// Hands over what a stream unpacks to.
    pub(super) fn read(
        &mut self,
        stream: Stretch<'_>,
        dictionary: &Dictionary,
        take: impl FnOnce(&mut dyn Read),
    ) -> Result<(), Failure> {
        if !self.meter.may_look(LOOK) {
            return Ok(());
        }
        let unpacking = self.unpacking(dictionary).map_err(Failure::Unsupported)?;
        self.meter.read(stream, &unpacking, &mut self.inflaters, take)
    }

    /// What a stream unpacks to, which whoever reads it counts.
    ///
    /// # Errors
    /// What is not known.
    pub(super) fn content<'c>(
        &'c mut self,
        stream: Stretch<'c>,
        dictionary: &Dictionary,
    ) -> Result<Box<dyn Read + 'c>, String> {
        self.meter.may_look(LOOK);
        self.unpacking(dictionary)?.reader(stream, &mut self.inflaters)
    }

    /// Whether there is a stream of this number.
    pub(super) fn is_stream(&self, number: u32) -> bool {
        self.objects.get(&number).is_some_and(|held| held.stream.is_some())
    }

    /// The numbers of the pages, in their order (7.7.3).
    pub(super) fn pages(&self) -> Vec<u32> {
        let root = self.root.or(self.catalog).map_or(Object::Null, |root| self.object(root));
        let top = root.dictionary().and_then(|root| root.get("Pages").reference());
        let (mut pages, mut seen) = (vec![], HashSet::new());
        let mut open: Vec<u32> = top.into_iter().collect();
        while let Some(number) = open.pop() {
            let node = self.object(number);
            let Some(node) = node.dictionary().filter(|_| seen.insert(number)) else { continue };
            match self.get(node, "Kids") {
                Object::Array(kids) => {
                    open.extend(
                        kids.iter().rev().filter_map(Object::reference).filter(|kid| !seen.contains(kid)),
                    );
                }
                _ => pages.push(number),
            }
        }
        pages
    }

    /// The page of this number.
    pub(super) fn page(&self, number: u32) -> Dictionary {
        self.object(number).dictionary().cloned().unwrap_or_default()
    }

    /// The numbers of the streams that draw a page (7.7.3.3).
    pub(super) fn contents(&self, page: &Dictionary) -> Vec<u32> {
        let contents = page.get("Contents");
        match self.resolved(contents) {
            Object::Array(streams) => streams.iter().filter_map(Object::reference).collect(),
            _ => contents.reference().into_iter().collect(),
        }
    }

    /// The fonts of a page, which it may have from a group that it is in (7.7.3.4), or of what is drawn on pages.
    pub(super) fn fonts(&mut self, holder: &Dictionary) -> Fonts {
        let mut resources = self.get(holder, "Resources");
        let mut node = holder.clone();
        for _ in 0..DEEPEST {
            if resources != Object::Null {
                break;
            }
            let Some(parent) = self.get(&node, "Parent").dictionary().cloned() else { break };
            resources = self.get(&parent, "Resources");
            node = parent;
        }
        let fonts = resources.dictionary().map_or(Object::Null, |resources| self.get(resources, "Font"));
        let Some(fonts) = fonts.dictionary() else { return Fonts::new() };
        let (mut taken, mut size) = (Fonts::new(), 0);
        for (name, font) in fonts.entries() {
            let font = self.font(font);
            size += font.size();
            if !self.meter.may_look(LOOK) {
                break;
            }
            if size > MOST_OF_PAGE {
                self.is_cut = true;
                break;
            }
            taken.insert(name.to_vec(), font);
        }
        taken
    }

    fn font(&mut self, font: &Object) -> Rc<Font> {
        let number = font.reference();
        if let Some(known) = number.and_then(|number| self.fonts.get(&number)) {
            return known.clone();
        }
        let font = self.resolved(font);
        let font = Rc::new(font.dictionary().map_or_else(Font::default, |font| Font::of(font, self)));
        if let Some(number) = number {
            self.of_fonts += font.size();
            if self.of_fonts > MOST_OF_FONTS {
                self.fonts.clear();
                self.of_fonts = font.size();
            }
            self.fonts.insert(number, font.clone());
        }
        font
    }
}

/// Whether pages and fonts may be made of an object.
fn is_needed(value: &Object) -> bool {
    match value {
        Object::Dictionary(dictionary) => !is_beside(dictionary),
        // A place on a page (12.3.2.2).
        Object::Array(array) => !matches!(array[..], [Object::Reference(_), Object::Name(_), ..]),
        _ => false,
    }
}

/// Whether documents have many of what an object is: notes on pages, what happens at a click, the outline, the
/// structure, names of places, and images. A table of fonts may have any key, and has references under it.
fn is_beside(dictionary: &Dictionary) -> bool {
    let has = |key: &str| !matches!(dictionary.get(key), Object::Null | Object::Reference(_));
    let is_of_pages = ["Catalog", "Pages", "Page", "Font"].iter().any(|name| dictionary.is("Type", name));
    let is_other = ["S", "D", "Names", "Nums", "Limits", "Rect"].iter().any(|key| has(key));
    !is_of_pages
        && (is_other || has("Title") && dictionary.has("Parent") || dictionary.is("Subtype", "Image"))
}
