//! Encodings: how stored bytes become text, what stands in a text in encoded form, and how places in what was
//! decoded become places in the bytes.

mod base64;
mod escapes;
mod joins;
mod layer;
pub mod layers;
pub mod utf16;
