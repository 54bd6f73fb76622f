//! The family of zip (PKWARE APPNOTE), read by its directory.

use std::io::{self, BufRead, BufReader, Read};

use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipFileHeaderRecord};

use super::inflate::Inflater;
use super::streams::{bzip2, xz, zstd};
use super::{Fault, Input, Opening, zip_stream};
use crate::model::{GapReason, PlaceKind};

/// How much of the compressed data is read at once, in bytes.
pub(super) const CHUNK: usize = 32 * 1024;

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let seekable = match input.seekable(opening.budget()) {
        Some(seekable) => seekable,
        None => return zip_stream::read(&mut *input.reader(), opening),
    };
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_seekable(seekable, &mut buffer).map_err(corrupt)?;
    let mut comment = vec![];
    archive.comment().read_to_end(&mut comment)?;
    opening.text(b"", PlaceKind::File, &comment)?;
    let mut inflater = Inflater::new();
    let (mut entries, mut count) = (archive.entries(&mut buffer), 0);
    while let Some(entry) = entries.next_entry().map_err(corrupt)? {
        count += 1;
        member(&archive, &entry, &mut inflater, opening)?;
    }
    match archive.entries_hint() {
        claimed if claimed == count => Ok(()),
        claimed => Err(Fault::Gap(
            GapReason::Corrupt,
            format!("its directory claims {claimed} members and lists {count}"),
        )),
    }
}

fn member<R: ReaderAt>(
    archive: &ZipArchive<R>,
    record: &ZipFileHeaderRecord<'_>,
    inflater: &mut Inflater,
    opening: &mut Opening<'_>,
) -> Result<(), Fault> {
    let name = record.file_path();
    let name = name.as_bytes();
    opening.text(name, PlaceKind::Name, record.comment().as_bytes())?;
    if record.is_dir() && record.uncompressed_size_hint() == 0 {
        return opening.named(name);
    }
    if record.flags().is_encrypted() {
        return opening.gap(name, GapReason::Encrypted, "its password is not known here".into());
    }
    let entry = match archive.get_entry(record.wayfinder()) {
        Ok(entry) => entry,
        Err(error) => return opening.gap(name, GapReason::Corrupt, error.to_string()),
    };
    let method = record.compression_method();
    let raw = BufReader::with_capacity(CHUNK, entry.reader());
    let checked = |reader: &mut dyn Read| {
        let mut checked = Checked::new(reader, record.crc32(), record.uncompressed_size_hint());
        opening.member(name, &mut checked)
    };
    match unpack(method, raw, inflater, checked) {
        Some(done) => done,
        None => opening.gap(name, GapReason::Unsupported, unknown(method)),
    }
}

/// Calls `take` with what a member unpacks to, where its method is known.
pub(super) fn unpack(
    method: CompressionMethod,
    mut raw: impl BufRead,
    inflater: &mut Inflater,
    take: impl FnOnce(&mut dyn Read) -> Result<(), Fault>,
) -> Option<Result<(), Fault>> {
    Some(match method {
        CompressionMethod::STORE => take(&mut raw),
        CompressionMethod::DEFLATE => take(&mut inflater.read_from(raw)),
        CompressionMethod::BZIP2 => take(&mut bzip2(raw)),
        CompressionMethod::XZ => take(&mut xz(raw)),
        CompressionMethod::ZSTD | CompressionMethod::ZSTD_DEPRECATED => match zstd(raw) {
            Ok(mut reader) => take(&mut reader),
            Err(error) => Err(error.into()),
        },
        _ => return None,
    })
}

pub(super) fn unknown(method: CompressionMethod) -> String {
    format!("it is compressed by the method {method}, which is not known here")
}

/// Content that is not what the directory says is damage, once all of it was handed over.
pub(super) struct Checked<'a> {
    reader: &'a mut dyn Read,
    crc: crc32fast::Hasher,
    size: u64,
    expected: (u32, u64),
}

impl<'a> Checked<'a> {
    pub(super) fn new(reader: &'a mut dyn Read, crc: u32, size: u64) -> Checked<'a> {
        Checked { reader, crc: crc32fast::Hasher::new(), size: 0, expected: (crc, size) }
    }
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.crc.update(&buffer[..read]);
        self.size += read as u64;
        let is_wrong = || (self.crc.clone().finalize(), self.size) != self.expected;
        if read == 0 && !buffer.is_empty() && is_wrong() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum or size is wrong"));
        }
        Ok(read)
    }
}

fn corrupt(error: rawzip::Error) -> Fault {
    match error.into_kind() {
        rawzip::ErrorKind::IO(error) => error.into(),
        kind => Fault::Gap(GapReason::Corrupt, rawzip::Error::from(kind).to_string()),
    }
}
