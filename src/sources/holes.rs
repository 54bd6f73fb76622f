//! Large files with holes: what was never written is zeros, and nobody has to fetch those.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// A file, read from its start, that makes up the zeros of its holes.
#[cfg(target_os = "linux")]
pub(super) struct Holed {
    file: File,
    at: u64,
    /// The stretch that `at` is in goes on up to here.
    until: u64,
    in_hole: bool,
}

#[cfg(target_os = "linux")]
impl Holed {
    pub(super) fn new(file: File) -> Holed {
        Holed { file, at: 0, until: 0, in_hole: false }
    }

    /// Finds out what the next stretch is, see lseek(2). Where the system cannot tell, it is data.
    fn look_ahead(&mut self) {
        use rustix::fs::{SeekFrom, seek};
        use rustix::io::Errno;
        let seek = |to| seek(&self.file, to);
        (self.in_hole, self.until) = match seek(SeekFrom::Data(self.at)) {
            Ok(data) if data > self.at => (true, data),
            Ok(_) => (false, seek(SeekFrom::Hole(self.at)).unwrap_or(u64::MAX)),
            Err(Errno::NXIO) => match seek(SeekFrom::End(0)) {
                Ok(end) if end > self.at => (true, end),
                _ => (false, u64::MAX),
            },
            Err(_) => (false, u64::MAX),
        };
    }
}

#[cfg(target_os = "linux")]
impl Read for Holed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.until {
            self.look_ahead();
        }
        let most = usize::try_from(self.until - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let read = if self.in_hole {
            buffer[..most].fill(0);
            most
        } else {
            std::os::unix::fs::FileExt::read_at(&self.file, &mut buffer[..most], self.at)?
        };
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(target_os = "linux")]
impl Seek for Holed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Current(by) => self.at.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
            to => (&self.file).seek(to)?,
        };
        // What stretch it is in is looked up by the next read.
        self.until = self.at;
        Ok(self.at)
    }
}

/// A file, read from its start.
#[cfg(not(target_os = "linux"))]
pub(super) struct Holed(File);

#[cfg(not(target_os = "linux"))]
impl Holed {
    pub(super) fn new(file: File) -> Holed {
        Holed(file)
    }
}

#[cfg(not(target_os = "linux"))]
impl Read for Holed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

#[cfg(not(target_os = "linux"))]
impl Seek for Holed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn gives_the_bytes_that_any_reader_gets() {
        const BLOCK: u64 = 1 << 20;
        for (written, length) in [
            (&[][..], 3 * BLOCK),
            (&[0], 3 * BLOCK),
            (&[1], 3 * BLOCK),
            (&[0, 2], 3 * BLOCK),
            (&[2], 2 * BLOCK + 5),
            (&[0, 1, 2], 2 * BLOCK + 5),
            (&[], 0),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            for block in written {
                file.seek(SeekFrom::Start(block * BLOCK)).unwrap();
                file.write_all(b"bytes").unwrap();
            }
            file.set_len(length).unwrap();
            file.rewind().unwrap();
            let (mut plain, mut holed) = (vec![], vec![]);
            file.try_clone().unwrap().read_to_end(&mut plain).unwrap();
            let mut file = Holed::new(file);
            file.read_to_end(&mut holed).unwrap();
            assert!(plain == holed, "{written:?} of {length}");
            assert_eq!(holed.len() as u64, length);
            for at in [0, BLOCK - 1, 2 * BLOCK, length] {
                let mut rest = vec![];
                file.seek(SeekFrom::Start(at)).unwrap();
                file.read_to_end(&mut rest).unwrap();
                assert!(rest == plain[(at as usize).min(plain.len())..], "{written:?} of {length} from {at}");
            }
        }
    }
}
