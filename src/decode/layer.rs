//! What was decoded from a part of a text, and which bytes of that text each of its bytes comes from.

use std::ops::Range;

/// What was decoded from a part of a text.
pub(super) struct Layer {
    /// How that part is encoded, for people.
    pub(super) encoding: Encoding,
    /// The part, in the text around it.
    pub(super) range: Range<usize>,
    /// What it says.
    pub(super) text: Vec<u8>,
    /// Whether it looks like text that is hidden by its encoding. If not, its range needs no second look.
    pub(super) is_worth: bool,
    /// Whether more would have come out than was allowed.
    pub(super) is_cut: bool,
    pub(super) origin: Origin,
}

/// How a part of a text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 4648, sections 4 and 5, with or without padding.
    Base64,
    /// Base64 of what gzip or zlib made (RFC 1952, RFC 1950).
    Deflate,
    /// Two digits a byte.
    Hex,
    /// RFC 3986, section 2.1.
    Percent,
    /// `\u0041`, `\x41` and their kin.
    Escapes,
    /// `&#65;`, `&#x41;` and the five entities of XML.
    Entities,
    /// RFC 2045, section 6.7.
    QuotedPrintable,
    /// Literals that stand side by side or are added up.
    Joins,
}

impl Encoding {
    /// Its name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Base64 => "base64",
            Encoding::Deflate => "deflate in base64",
            Encoding::Hex => "hex",
            Encoding::Percent => "percent-encoding",
            Encoding::Escapes => "escapes",
            Encoding::Entities => "HTML entities",
            Encoding::QuotedPrintable => "quoted-printable",
            Encoding::Joins => "joined literals",
        }
    }

    /// Whether nothing of what it says can be read as it stands.
    pub fn is_opaque(self) -> bool {
        matches!(self, Encoding::Base64 | Encoding::Deflate | Encoding::Hex)
    }
}

/// Which bytes the decoded ones come from.
pub(super) enum Origin {
    /// Characters of so many bits each. Stretches of them: the number of the first, counted from 0, and its offset.
    Bits(usize, Vec<(usize, usize)>),
    /// Pieces in their order, without gaps in what was decoded.
    Pieces(Vec<Piece>),
    /// Any of them from all of this.
    Whole(Range<usize>),
}

/// A piece of what was decoded. It stands there as it is where it is as long; otherwise it comes from all of `outer`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) inner: Range<usize>,
    pub(super) outer: Range<usize>,
}

impl Layer {
    /// The same in a text in which its own begins at `base`.
    pub(super) fn moved_by(mut self, base: usize) -> Layer {
        self.range = self.range.start + base..self.range.end + base;
        match &mut self.origin {
            Origin::Bits(_, stretches) => stretches.iter_mut().for_each(|(_, at)| *at += base),
            Origin::Pieces(pieces) => pieces.iter_mut().for_each(|piece| {
                piece.outer = piece.outer.start + base..piece.outer.end + base;
            }),
            Origin::Whole(range) => *range = range.start + base..range.end + base,
        }
        self
    }

    /// The smallest range of the text around that `inner`, which is not empty, comes from.
    pub(super) fn origin_of(&self, inner: Range<usize>) -> Range<usize> {
        match &self.origin {
            Origin::Bits(bits, stretches) => {
                let offset = |character: usize| {
                    let after = stretches.partition_point(|(first, _)| *first <= character);
                    let (first, at) = stretches[after - 1];
                    at + character - first
                };
                offset(inner.start * 8 / bits)..offset((inner.end * 8 - 1) / bits) + 1
            }
            Origin::Pieces(pieces) => {
                let piece = |at: usize| {
                    &pieces[pieces.partition_point(|piece| piece.inner.end <= at).min(pieces.len() - 1)]
                };
                let (first, last) = (piece(inner.start), piece(inner.end - 1));
                let is_plain = |piece: &Piece| piece.inner.len() == piece.outer.len();
                let start = if is_plain(first) { inner.start - first.inner.start } else { 0 };
                let end = if is_plain(last) { last.inner.end - inner.end } else { 0 };
                first.outer.start + start..last.outer.end - end
            }
            Origin::Whole(range) => range.clone(),
        }
    }
}

/// Collects pieces from the left to the right.
#[derive(Default)]
pub(super) struct Pieces {
    pub(super) text: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
}

impl Pieces {
    /// Takes what stands at `outer` of `text` as it is.
    pub(super) fn plain(&mut self, text: &[u8], outer: Range<usize>) {
        if !outer.is_empty() {
            self.push(&text[outer.clone()], outer);
        }
    }

    /// Takes `decoded`, which stands at `outer` in another form.
    pub(super) fn push(&mut self, decoded: &[u8], outer: Range<usize>) {
        if !decoded.is_empty() {
            let start = self.text.len();
            self.text.extend_from_slice(decoded);
            self.pieces.push(Piece { inner: start..self.text.len(), outer });
        }
    }
}
