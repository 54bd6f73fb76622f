//! Container images in a tar, as `docker save` and skopeo write them: which of its members are the layers, and in
//! what order.
//!
//! The lists that tell it stand behind the layers, mostly: only a tar that can be read from any place is looked
//! through for them before. What a layer deletes stands in the layers below it, and is read there.

use std::collections::HashMap;
use std::io::{self, Read, SeekFrom};

use serde_json::Value;

use super::ReadSeek;
use super::tar::{BLOCK, Block, is_header, name_in, size_in};

/// Lists are not larger, in bytes.
const LARGEST: u64 = 4 << 20;

/// So many lists are read, and so deep in each other: an image for every platform has a dozen.
const MOST_LISTS: usize = 100;

/// So many members are looked at.
const MOST_MEMBERS: usize = 100_000;

/// Names of members, and what they are called instead: `layer/1` is the lowest layer of the image, `image/2/layer/1`
/// that of the second one where there are several.
pub(super) type Layers = HashMap<Vec<u8>, Vec<u8>>;

/// Where members stand in a tar: offset and size.
type Members = HashMap<Vec<u8>, (u64, u64)>;

/// The layers in a tar, which is at its first byte again.
///
/// # Errors
/// When it cannot be read from any place.
pub(super) fn layers(reader: &mut dyn ReadSeek) -> io::Result<Layers> {
    let mut image = Image { reader, members: Members::new(), lists: 0 };
    let layers = image.read();
    image.reader.rewind()?;
    layers
}

struct Image<'a> {
    reader: &'a mut dyn ReadSeek,
    members: Members,
    /// How many lists were read.
    lists: usize,
}

impl Image<'_> {
    fn read(&mut self) -> io::Result<Layers> {
        if !self.list_members()? {
            return Ok(Layers::new());
        }
        let mut images = self.of_docker();
        if images.is_empty() {
            self.of_oci("index.json", &mut images);
        }
        let mut layers = Layers::new();
        let several = images.len() > 1;
        for (image, names) in (1..).zip(images) {
            for (layer, name) in (1..).zip(names) {
                let shown =
                    if several { format!("image/{image}/layer/{layer}") } else { format!("layer/{layer}") };
                layers.entry(name.into_bytes()).or_insert(shown.into_bytes());
            }
        }
        Ok(layers)
    }

    /// Finds where members are, if the first one is such as images have.
    fn list_members(&mut self) -> io::Result<bool> {
        let mut block: Block = [0; BLOCK];
        let mut at = 0;
        for _ in 0..MOST_MEMBERS {
            self.reader.seek(SeekFrom::Start(at))?;
            let size = match self.reader.read_exact(&mut block) {
                Ok(()) if is_header(&block) => size_in(&block),
                _ => break,
            };
            let name = name_in(&block);
            if at == 0 && !is_of_image(&name) {
                return Ok(false);
            }
            let (Some(size), true) = (size, at < u64::MAX / 4) else { break };
            self.members.insert(name, (at + BLOCK as u64, size));
            at = (at + BLOCK as u64).saturating_add(size).next_multiple_of(BLOCK as u64);
        }
        Ok(true)
    }

    /// What `docker save` writes (the "Combined Image JSON + Filesystem Changeset Format" of Docker's image
    /// specification 1.2): a list of images with the names of their layers.
    fn of_docker(&mut self) -> Vec<Vec<String>> {
        let Some(Value::Array(images)) = self.list("manifest.json") else { return vec![] };
        let names =
            |image: &Value| image["Layers"].as_array().map(|layers| layers.iter().filter_map(text).collect());
        images.iter().filter_map(names).collect()
    }

    /// What an OCI image layout is (image-spec 1.1, "Image Layout"): lists of digests, of lists or of layers.
    fn of_oci(&mut self, name: &str, images: &mut Vec<Vec<String>>) {
        let Some(list) = self.list(name) else { return };
        let digests = |key: &str| -> Vec<String> {
            let all = list[key].as_array();
            all.into_iter().flatten().filter_map(|one| blob(one["digest"].as_str()?)).collect()
        };
        let layers = digests("layers");
        if !layers.is_empty() {
            images.push(layers);
        }
        for manifest in digests("manifests") {
            self.of_oci(&manifest, images);
        }
    }

    fn list(&mut self, name: &str) -> Option<Value> {
        self.lists += 1;
        let &(at, size) = self.members.get(name.as_bytes())?;
        if self.lists > MOST_LISTS || size > LARGEST {
            return None;
        }
        self.reader.seek(SeekFrom::Start(at)).ok()?;
        let mut text = vec![];
        (&mut *self.reader).take(size).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// The member that holds what has this digest.
fn blob(digest: &str) -> Option<String> {
    let (algorithm, hex) = digest.split_once(':')?;
    Some(format!("blobs/{algorithm}/{hex}"))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Whether the first member of a tar is one that images begin with: a folder or file named after a digest, or one of
/// the lists.
fn is_of_image(name: &[u8]) -> bool {
    let is_digest = name.len() >= 64 && name[..64].iter().all(u8::is_ascii_hexdigit);
    let known = [&b"blobs/"[..], b"oci-layout", b"index.json", b"manifest.json", b"repositories"];
    is_digest || known.iter().any(|start| name.starts_with(start))
}
