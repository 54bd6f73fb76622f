//! 7z archives.

use std::io::Read;

use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, Error, Password};

use super::budget::DICTIONARY;
use super::{Fault, Input, Opening, ReadSeek, streams};
use crate::model::GapReason;

/// What an archive begins with.
pub(super) const MAGIC: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// The list of members is not larger, in KiB: that of a hundred thousand files is, and it is held.
const LIST: usize = 4 * 1024;

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let mut source = input.seekable(opening.budget()).ok_or_else(super::held_too_much)?;
    let archive = Archive::read_with_memory_limit(&mut source, &Password::empty(), LIST).map_err(fault)?;
    for block in 0..archive.blocks.len() {
        read_block(&archive, block, &mut source, opening)?;
    }
    let in_no_block = archive.files.iter().zip(&archive.stream_map.file_block_index);
    for (file, _) in in_no_block.filter(|(_, block)| block.is_none()) {
        opening.named(name(file))?;
    }
    Ok(())
}

/// Members that are compressed together: where one of them fails, so do those after it.
fn read_block(
    archive: &Archive,
    number: usize,
    source: &mut &mut dyn ReadSeek,
    opening: &mut Opening<'_>,
) -> Result<(), Fault> {
    let password = Password::empty();
    let memory = usize::try_from(DICTIONARY / 1024).unwrap_or(usize::MAX) + 1024;
    let block = BlockDecoder::new_with_memory_limit(1, memory, number, archive, &password, source);
    let from = archive.stream_map.block_first_file_index[number];
    let files = &archive.files[from..from + block.entry_count()];
    let (mut taken, mut ended) = (0, None);
    let done = block.for_each_entries(&mut |file, reader| {
        taken += 1;
        let next = member(file, reader, opening);
        Ok(next.map_err(|fault| ended = Some(fault)).is_ok())
    });
    if let Some(fault) = ended {
        return Err(fault);
    }
    let Err(error) = done else { return Ok(()) };
    match fault(error) {
        Fault::Told => Err(Fault::Told),
        // What failed on the way was told at its member, which was the last one that came.
        Fault::Gap(reason, detail) => files[taken.min(files.len())..]
            .iter()
            .try_for_each(|file| opening.gap(name(file), reason, detail.clone())),
    }
}

fn member(file: &ArchiveEntry, reader: &mut dyn Read, opening: &mut Opening<'_>) -> Result<(), Fault> {
    match file.has_stream {
        true => opening.member(name(file), &mut { reader }),
        false => opening.named(name(file)),
    }
}

fn name(file: &ArchiveEntry) -> &[u8] {
    file.name.as_bytes()
}

fn fault(error: Error) -> Fault {
    match error {
        Error::Io(error, _) | Error::MaybeBadPassword(error) => error.into(),
        Error::MaxMemLimited { .. } => streams::too_much(),
        Error::PasswordRequired => encrypted(),
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") => encrypted(),
        Error::UnsupportedCompressionMethod(method) => {
            Fault::Gap(GapReason::Unsupported, format!("it is compressed by the method {method}"))
        }
        Error::Unsupported(why) => Fault::Gap(GapReason::Unsupported, why.into_owned()),
        Error::Other(why) => Fault::Gap(GapReason::Corrupt, why.into_owned()),
        error => Fault::Gap(GapReason::Corrupt, error.to_string()),
    }
}

fn encrypted() -> Fault {
    Fault::Gap(GapReason::Encrypted, "its password is not known here".into())
}
